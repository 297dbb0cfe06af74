"""Calibration: the scores themselves, and a small simulation-based calibration of the inference on the toy body."""

import numpy as np
import pytest

from eutone.inference.calibration import (
    brier,
    calibration_error,
    floor_of_calibration_error,
    judge,
    panel_of,
    rank_band,
    rank_of,
    rate,
    reliability,
)
from eutone.inference.likelihood import Likelihood, Observation
from eutone.inference.posterior import calibrate


def point(column, sd=0.2, load=0.3):
    return Observation(f"m{column}", ((column, 1.0),), (0.0,), (0.0,), load, sd)


PANEL = Likelihood((point(0), point(1), point(2), point(3), point(5, load=0.0)))


def people(ready, n, rng):
    """(true explanation, row of the bank, panel) of ``n`` people drawn from the prior."""
    for _ in range(n):
        truth = int(rng.choice(ready.weights.size, p=ready.weights))
        row = int(rng.integers(ready.bank.edges[truth], ready.bank.edges[truth + 1]))
        mu = np.array([o.predicted(ready.bank.log_readouts[row : row + 1])[0] for o in PANEL.observations])
        yield truth, row, panel_of(PANEL, mu, rng)


def test_stated_probabilities_are_the_frequencies(ready):
    """When it says 0.8 it is right eight times in ten; when it is sure it is right."""
    found, truths = [], []
    for truth, row, panel in people(ready, 300, np.random.default_rng(0)):
        found.append(judge(ready, panel, leave_out=row))
        truths.append(truth)
    probability, truth = np.array(found), np.array(truths)
    stated, right = probability.max(axis=1), probability.argmax(axis=1) == truth
    floor = floor_of_calibration_error(stated, np.random.default_rng(1))
    assert calibration_error(stated, right) <= floor + 0.03
    sure = stated >= 0.8
    assert sure.sum() > 80
    assert right[sure].mean() >= 0.9
    assert brier(probability, truth) < brier(np.tile(ready.weights, (truth.size, 1)), truth)


def test_ranks_of_quantities_are_uniform_and_intervals_cover(ready):
    """Simulation-based calibration (Talts et al. 2018): the truth is a draw like the others."""
    rng = np.random.default_rng(3)
    ranks, covered, n = [], [], 150
    for _, row, panel in people(ready, n, rng):
        posterior = calibrate(ready, panel, sample=False)
        keep = posterior.log_quantities[:, :] != ready.bank.log_quantities[row]
        own = ~keep.any(axis=1)
        weights = np.where(own, 0.0, posterior.weights)
        weights /= weights.sum()
        below = weights @ (posterior.log_quantities < ready.bank.log_quantities[row])
        ranks.append(below)
        covered.append((below > 0.05) & (below < 0.95))
    ranks, covered = np.array(ranks), np.array(covered)
    low, high = rank_band(n, 1000, ranks.shape[1], bins=5)
    for q in range(ranks.shape[1]):
        counts = np.histogram(ranks[:, q], bins=5, range=(0, 1))[0]
        assert low <= counts.min() <= counts.max() <= high
    assert covered.mean(axis=0) == pytest.approx(0.9, abs=3.3 * np.sqrt(0.09 / n))


def test_a_panel_is_reported_as_its_template_was(ready):
    limit = Observation("l", ((0, 1.0),), (-np.inf,), (-0.5,), 0.0, 0.1)
    words = Observation("w", ((1, 1.0),), (-np.inf,), (-0.5,), 0.0, 0.1, cuts=(-0.5, 0.5))
    template = Likelihood((limit, words))
    rng = np.random.default_rng(0)
    below, above = panel_of(template, np.array([-3.0, 3.0]), rng).observations
    assert (below.low, below.high) == ((-np.inf,), (-0.5,))
    assert (above.low, above.high) == ((0.5,), (np.inf,))
    number, normal = panel_of(template, np.array([2.0, 0.0]), rng).observations
    assert number.measured
    assert number.low[0] == pytest.approx(2.0, abs=1.0)
    assert (normal.low, normal.high) == ((-0.5,), (0.5,))


def test_contexts_keep_their_distance():
    two = Observation("m", ((0, 1.0),), (1.0, 3.0), (1.0, 3.0), 0.0, 0.1)
    (o,) = panel_of(Likelihood((two,), (0.5, 0.5)), np.zeros(1), np.random.default_rng(0)).observations
    assert o.low[1] - o.low[0] == pytest.approx(2.0)


def test_the_rank_of_a_class_counts_classes_above_it():
    ids, members = ("a", "b", "c", "d"), (("a", "b"), ("c",), ("d",))
    p = np.array([0.3, 0.05, 0.4, 0.25])
    assert rank_of(p, ids, ["b"], members) == 2
    assert rank_of(p, ids, ["c"], members) == 1
    assert rank_of(p, ids, ["d", "a"], members) == 2


def test_rates_know_their_error():
    half = rate(50, 100)
    assert (half.low, half.high) == (pytest.approx(0.404, abs=0.001), pytest.approx(0.596, abs=0.001))
    assert half.not_below(0.55)
    assert not half.not_below(0.70)
    assert half.not_above(0.45)
    assert not half.not_above(0.30)
    assert rate(0, 0).not_below(0.9)


def test_calibration_error_of_made_up_answers():
    stated = np.full(1000, 0.85)
    right = np.arange(1000) < 500
    assert calibration_error(stated, right) == pytest.approx(0.35)
    assert reliability(stated, right) == [(pytest.approx(0.85), 0.5, 1000)]
    assert floor_of_calibration_error(stated, np.random.default_rng(0)) < 0.02
    assert brier(np.array([[1.0, 0.0]]), np.array([1])) == 2.0
