import numpy as np
import pytest

from eutone.inference.classes import simulate
from eutone.inference.discrepancy import check, widening
from eutone.inference.likelihood import Likelihood, Observation
from eutone.inference.posterior import calibrate


def panel(values, sd=0.2):
    return Likelihood(
        tuple(Observation(f"m{k}", ((k, 1.0),), (v,), (v,), 0.0 if k == 5 else 0.3, sd) for k, v in values.items())
    )


def fit(ready, likelihood):
    posterior = calibrate(ready, likelihood, sample=False)
    return check(ready, posterior, likelihood)


def test_a_person_of_the_model_fits_and_the_alarm_is_as_rare_as_it_says(ready):
    prior, bank = ready.weights, ready.bank
    rng = np.random.default_rng(0)
    template = panel(dict.fromkeys((0, 1, 2, 3, 5), 0.0)).observations
    p_values = []
    for _ in range(80):
        name = bank.ids[rng.choice(len(prior), p=prior)]
        rows = bank.rows(name)
        row = rng.integers(rows.start, rows.stop)
        mu = np.stack([o.predicted(bank.log_readouts[row : row + 1]) for o in template], axis=1)
        y = simulate(mu, template, rng)[0]
        p_values.append(fit(ready, panel(dict(zip((0, 1, 2, 3, 5), y, strict=True)))).p_value)
    assert np.mean(np.array(p_values) < 0.05) <= 0.11  # 5 % and its error


def test_a_contradiction_is_seen_and_named(ready):
    """Phe fifty times normal with a high HVA: nothing in the body makes both."""
    found = fit(ready, panel({0: 2.0, 1: 0.0, 2: 0.0, 3: 0.0, 5: 3.9}, sd=0.15))
    assert found.status == "does-not-fit"
    assert found.p_value < 0.01
    assert found.markers
    assert widening(found) > 1


def test_a_healthy_panel_fits(ready):
    found = fit(ready, panel({0: 0.1, 1: 0.0, 2: 0.1, 3: 0.0}))
    assert found.status == "fits"
    assert widening(found) == 1.0


def test_one_marker_cannot_contradict_itself(ready):
    found = fit(ready, panel({0: -2.0}))
    assert found.status == "not-testable"
    assert found.p_value is None


def test_an_interval_can_contradict(ready):
    high = Observation("m2", ((2, 1.0),), (6.0,), (np.inf,), 0.0, 0.2)
    both = Likelihood((*panel({0: 0.0, 1: 0.0}).observations, high))
    posterior = calibrate(ready, both, sample=False)
    assert check(ready, posterior, both).tails[2] == pytest.approx(0.0, abs=0.02)


def test_a_rare_defect_that_one_marker_shows_is_no_misfit(ready):
    """TH deficiency: HVA alone is far out, and the others are normal. Rare is not odd."""
    found = fit(ready, panel({0: -3.5, 1: 0.0, 3: 0.0}))
    assert found.status == "fits"
