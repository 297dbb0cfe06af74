import numpy as np
import pytest
from scipy import stats

from eutone.inference.likelihood import Likelihood, Observation
from eutone.inference.posterior import GROUPS, calibrate
from eutone.inference.verdict import BINS, informed, prior_sample, quantiles, verdict


def samples(seed, n=20_000):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, 1)), np.full(n, 1 / n), np.arange(n) % GROUPS


def test_a_known_divergence_is_found_with_its_error():
    """A normal posterior at +1 with half the spread, against a standard normal prior, over 32 equal bins."""
    cuts = stats.norm.ppf(np.arange(1, BINS) / BINS)
    mass = np.diff(np.concatenate([[0], stats.norm.cdf(cuts, 1.0, 0.5), [1]]))
    exact = float(np.sum(mass * np.log2(mass * BINS)))
    prior, weights, _ = samples(0)
    found = []
    for seed in range(1, 9):
        values, w, group = samples(seed, 1000)
        found.append(informed(prior, weights, 1.0 + 0.5 * values, w, group))
    bits = np.array([f.bits[0] for f in found])
    assert bits.mean() == pytest.approx(exact, abs=0.04)
    assert np.mean([f.se[0] for f in found]) == pytest.approx(bits.std(ddof=1), rel=0.7)
    assert all(f.contraction[0] == pytest.approx(0.75, abs=0.05) for f in found)
    assert all(f.verdicts == ("informed",) for f in found)


def test_no_information_is_not_made_up_from_few_draws():
    prior, weights, _ = samples(0)
    verdicts = []
    for seed in range(1, 61):
        values, w, group = samples(seed, 300)
        verdicts.append(informed(prior, weights, values, w, group).verdicts[0])
    assert verdicts.count("prior-only") >= 57


def test_weights_count_as_weights():
    prior, weights, _ = samples(0)
    w = np.exp(-0.5 * np.square((prior[:, 0] - 1) / 0.5) + 0.5 * np.square(prior[:, 0]))
    found = informed(prior, weights, prior, w / w.sum(), np.arange(prior.shape[0]) % GROUPS)
    assert found.bits[0] == pytest.approx(1.22, abs=0.1)


def test_a_constant_has_no_contraction_and_says_nothing():
    ones = np.ones((500, 1))
    found = informed(ones, np.full(500, 0.002), ones, np.full(500, 0.002), np.arange(500) % GROUPS)
    assert found.bits[0] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(found.contraction[0])
    assert found.verdicts == ("prior-only",)


@pytest.mark.parametrize(
    ("bits", "se", "expected"),
    [
        (0.04, 0.0, "prior-only"),
        (0.3, 0.2, "prior-only"),
        (0.3, 0.1, "weak"),
        (0.5, 0.1, "informed"),
        (2, 1.5, "prior-only"),
    ],
)
def test_the_rule(bits, se, expected):
    assert verdict(bits, se) == expected


def test_quantiles_are_those_of_the_weighted_sample():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((30_000, 2))
    assert quantiles(values, np.full(30_000, 1 / 30_000), (0.05, 0.5, 0.95)) == pytest.approx(
        np.quantile(values, (0.05, 0.5, 0.95), axis=0), abs=1e-3
    )
    tilted = np.exp(values[:, 0])
    assert quantiles(values, tilted / tilted.sum(), (0.5,))[0, 0] == pytest.approx(1.0, abs=0.05)


def test_the_prior_sample_is_the_prior(toy):
    _, _, prior, bank = toy
    sample = prior_sample(bank, prior, 3000)
    assert sample.weights.sum() == pytest.approx(1)
    assert np.bincount(sample.owner, sample.weights) == pytest.approx(prior)


def within(ready, panel, name):
    """Bits of each quantity when only one explanation is possible."""
    bank = ready.bank
    only = np.array([float(i == name) for i in bank.ids])
    found = calibrate(ready, panel, prior=only)
    sample = prior_sample(bank, only)
    return informed(bank.log_quantities[sample.rows], sample.weights, found.log_quantities, found.weights, found.group)


def test_one_marker_tells_about_its_own_branch_only(ready):
    """Phe sees the hydroxylase and its cofactor; what no path joins to it stays as it was."""
    phe = Observation("plasma.phenylalanine", ((5, 1.0),), (1.0,), (1.0,), 0.0, 0.15)
    found = within(ready, Likelihood((phe,)), "PTS")
    ids = [q.id for q in ready.body.quantities]
    assert found.verdicts[ids.index("brain.BH4")] == "informed"
    assert found.verdicts[ids.index("nowhere.free")] == "prior-only"
    assert abs(found.contraction[ids.index("nowhere.free")]) < 0.12


def test_an_irrelevant_panel_informs_nothing(ready):
    prior, bank = ready.weights, ready.bank
    blunt = Observation("csf.HVA", ((0, 1.0),), (0.0,), (0.0,), 0.0, 50.0)
    found = calibrate(ready, Likelihood((blunt,)))
    sample = prior_sample(bank, prior)
    told = informed(bank.log_quantities[sample.rows], sample.weights, found.log_quantities, found.weights, found.group)
    assert set(told.verdicts) == {"prior-only"}
