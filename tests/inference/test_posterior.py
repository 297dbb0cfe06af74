from dataclasses import replace

import numpy as np
import pytest

from eutone._errors import SolveError
from eutone.inference import bank as banks
from eutone.inference.evidence import ess_of, estimate, normalise
from eutone.inference.likelihood import Likelihood, Observation
from eutone.inference.posterior import ENOUGH, calibrate, drivers, probabilities


def point(column, value, load=0.2, sd=0.2):
    return Observation(f"m{column}", ((column, 1.0),), (value,), (value,), load, sd)


AADC = Likelihood((point(0, -2.0), point(1, -2.1), point(2, 3.0), point(3, 0.0)))
HEALTHY = Likelihood((point(0, 0.1), point(1, 0.0), point(2, 0.1), point(3, 0.0), point(5, 0.0, 0.0)))


def answer(ready, panel, **options):
    return calibrate(ready, panel, **options)


def leader(posterior):
    return posterior.ids[int(np.argmax(posterior.probability))]


def test_a_clear_panel_has_a_clear_answer(ready):
    found = answer(ready, AADC)
    assert leader(found) == "DDC"
    assert found.probability.max() > 0.95
    assert found.probability.sum() == pytest.approx(1.0)
    assert found.weights.sum() == pytest.approx(1.0)
    shares = np.bincount(found.owner, found.weights, minlength=len(found.ids))
    assert shares == pytest.approx(found.probability, abs=1e-6)


def test_a_healthy_panel_is_nobodys_defect(ready):
    found = answer(ready, HEALTHY)
    assert leader(found) == "none"
    primary = found.probability[2:].sum()
    assert primary < 0.05


def test_thin_explanations_are_sampled_and_only_those_that_matter(ready):
    found = answer(ready, AADC)
    for name, evidence, share in zip(found.ids, found.evidence, found.probability, strict=True):
        if share > 0.01 and name not in found.refined:
            assert evidence.ess >= ENOUGH
    assert not answer(ready, AADC, sample=False).refined
    assert "PAH" not in found.refined


def test_sampling_and_a_bank_agree(toy, ready):
    body, explanations, _, _ = toy
    large = replace(ready, bank=banks.make(body, explanations, sizes=banks.Sizes(60_000, 60_000), seed=7))
    panel = Likelihood((point(0, -0.9), point(1, -0.2), point(2, -0.7), point(5, 0.0, 0.0)))
    exact = calibrate(large, panel, sample=False)
    assert answer(ready, panel).probability == pytest.approx(exact.probability, abs=0.05)


def test_no_panel_leaves_the_prior(ready):
    found = answer(ready, Likelihood(()))
    assert found.probability == pytest.approx(ready.weights)
    assert not found.refined


def test_drivers_speak_for_what_they_show(ready):
    found = answer(ready, AADC)
    told = drivers(found)
    assert told.shape == (7, 4)
    ddc = told[found.ids.index("DDC")]
    assert ddc[2] > 3  # 3-OMD: e^3 times
    assert np.argmin(ddc) == 3  # a normal neopterin says least
    assert told[found.ids.index("TH"), 2] < 0


def test_leaving_out_agrees_with_the_panel_without_it(ready):
    found = answer(ready, HEALTHY, sample=False)
    for k in range(3):
        rest = answer(ready, HEALTHY.without(k), sample=False)
        assert found.without[:, k] == pytest.approx([e.log for e in rest.evidence], abs=1e-9)


def test_evidence_error_is_that_of_repetitions(toy):
    _, _, _, bank = toy
    fit = HEALTHY(bank.log_readouts[bank.rows("none")])
    parts = [estimate(part) for part in np.split(fit[: fit.size // 20 * 20], 20)]
    observed = np.std([p.log for p in parts], ddof=1)
    assert np.mean([p.se for p in parts]) == pytest.approx(observed, rel=0.5)


def test_weights_survive_extremes():
    weights, total = normalise(np.array([-1e5, -1e5 - 1.0]))
    assert weights.sum() == pytest.approx(1.0)
    assert total == pytest.approx(-1e5 + np.log1p(np.exp(-1.0)))
    assert ess_of(weights) == pytest.approx(1 / np.square(weights).sum())
    assert estimate(np.full(10, -np.inf)).log == -np.inf
    with pytest.raises(SolveError, match="no explanation"):
        probabilities(np.array([0.5, 0.5]), np.array([-np.inf, -np.inf]))


def test_threads_do_not_change_the_answer(ready):
    one = answer(ready, AADC)
    four = answer(ready, replace(AADC, threads=4))
    assert np.array_equal(one.probability, four.probability)
    assert np.array_equal(one.weights, four.weights)
