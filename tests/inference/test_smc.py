import numpy as np
import pytest

from eutone.inference import bank as banks
from eutone.inference.evidence import estimate
from eutone.inference.likelihood import Likelihood, Observation
from eutone.inference.prior import Prior
from eutone.inference.smc import Start, refine, systematic


def point(column, value, load=0.2, sd=0.1):
    return Observation(f"m{column}", ((column, 1.0),), (value,), (value,), load, sd)


PANEL = Likelihood((point(0, -2.6), point(1, 0.1), point(2, -1.5), point(3, 0.0), point(5, 0.1, 0.0)))


@pytest.fixture(scope="module")
def reference(toy):
    """Evidence and posterior of one hard panel under TH, from a bank of 600,000."""
    body, explanations, _, _ = toy
    bank = banks.make(body, [explanations[2]], sizes=banks.Sizes(1, 600_000), seed=99)
    fit = PANEL(bank.log_readouts)
    weights = np.exp(fit - fit.max())
    weights /= weights.sum()
    return estimate(fit), float(weights @ bank.log_quantities[:, 0])


def run(toy, seed):
    body, explanations, _, bank = toy
    rows = bank.rows("TH")
    prior = Prior(body, explanations[2])
    start = Start(prior.draw(2000, 0)[bank.index[rows]], bank.log_readouts[rows], bank.log_quantities[rows])
    return refine(body, prior, start, PANEL, seed=seed, particles=400)


def test_evidence_and_posterior_agree_with_brute_force(toy, reference):
    exact, mean = reference
    found = [run(toy, seed) for seed in range(6)]
    logs = np.array([f.evidence.log for f in found])
    means = np.array([f.log_quantities[:, 0].mean() for f in found])
    assert exact.se < 0.05
    assert logs.mean() == pytest.approx(exact.log, abs=4 * (logs.std(ddof=1) / np.sqrt(6) + exact.se))
    assert means.mean() == pytest.approx(mean, abs=0.03)
    assert logs.std(ddof=1) < 2.5 * np.mean([f.evidence.se for f in found])
    assert all(f.stages > 1 and 0.05 < f.acceptance < 0.9 for f in found)


def test_a_seed_gives_the_same_bits(toy):
    one, two = run(toy, 0), run(toy, 0)
    assert np.array_equal(one.u, two.u)
    assert one.evidence == two.evidence
    assert not np.array_equal(one.u, run(toy, 1).u)


def test_the_body_answers_for_the_draws_that_are_returned(toy):
    body = toy[0]
    found = run(toy, 3)
    solved = body.solve(Prior(body, toy[1][2]).ln_factors(found.u))
    assert found.log_readouts == pytest.approx(solved.log_readouts.astype(np.float32), abs=1e-5)
    assert found.log_likelihood == pytest.approx(PANEL(found.log_readouts), abs=1e-9)


def test_systematic_resampling_keeps_expected_counts():
    weights = np.array([0.5, 0.25, 0.125, 0.125])
    rows = systematic(weights, 8, np.random.default_rng(0))
    assert np.bincount(rows).tolist() == [4, 2, 1, 1]


class Partial:
    """The toy body, which leaves out what is not asked for; and some have no steady state when all is asked."""

    def __init__(self, body, columns=None, limp=1):
        self.body, self.columns, self.limp = body, columns, limp

    def __getattr__(self, name):
        return getattr(self.body, name)

    def looking_at(self, columns):
        return Partial(self.body, sorted(columns))

    def solve(self, ln_factors, threads=None, stop=None):
        solved = self.body.solve(ln_factors)
        if self.columns is None:
            solved.status[:: self.limp] = 0 if self.limp == 1 else 1
        else:
            solved.log_readouts[:, [k for k in range(solved.log_readouts.shape[1]) if k not in self.columns]] = 0.0
        return solved


def test_what_was_not_asked_for_on_the_way_is_there_in_the_end(toy):
    body, *rest = toy
    plain, found = run(toy, 0), run((Partial(body), *rest), 0)
    assert found.evidence == plain.evidence
    assert np.array_equal(found.u, plain.u)
    assert np.array_equal(found.log_readouts, plain.log_readouts)
    assert found.solves == plain.solves + 400


def test_who_fails_when_all_is_asked_is_replaced_and_counted(toy):
    body, *rest = toy
    found = run((Partial(body, limp=10), *rest), 0)
    assert found.failed == 40
    assert found.u.shape[0] == found.log_likelihood.size == 400
    solved = body.solve(Prior(body, toy[1][2]).ln_factors(found.u))
    assert found.log_readouts == pytest.approx(solved.log_readouts.astype(np.float32), abs=1e-5)
