"""The nearest distribution with given moments, against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest

from eutone._errors import SolveError
from eutone.population.entropy import carried, effective, rake, resample, tilt


def covariance(k: int, seed: int) -> np.ndarray:
    root = np.random.default_rng(seed).standard_normal((k, 2 * k))
    return root @ root.T / (2 * k)


def test_raking_sets_what_is_asked_and_no_other_precision() -> None:
    before = covariance(6, 1)
    variances = np.array([0.2, 1.0, 3.0, 1.0, 0.5, 2.0])
    after = rake(before, variances, {(1, 2): 0.9})
    assert np.diag(after) == pytest.approx(variances)
    assert after[1, 2] == pytest.approx(0.9)
    # the least relative entropy: only the precisions of what was asked for move
    moved = np.linalg.inv(after) - np.linalg.inv(before)
    free = ~np.eye(6, dtype=bool)
    free[1, 2] = free[2, 1] = False
    assert np.abs(moved[free]).max() < 1e-6
    assert np.abs(moved[1, 2]) > 1e-3


def test_raking_says_that_blocks_contradict_each_other() -> None:
    impossible = {(0, 1): 0.95, (1, 2): 0.95, (0, 2): -0.95}
    with pytest.raises((SolveError, np.linalg.LinAlgError)):
        rake(np.eye(3), np.ones(3), impossible, rounds=300)


def test_carrying_makes_one_covariance_of_another() -> None:
    before, after = covariance(5, 2), covariance(5, 3)
    m = carried(before, after)
    assert m @ before @ m.T == pytest.approx(after)
    assert m == pytest.approx(m.T)
    assert np.linalg.eigvalsh(m).min() > 0  # what moves least is a gradient of something convex


def test_tilting_a_gaussian_moves_its_mean_and_nothing_else() -> None:
    x = np.random.default_rng(0).standard_normal(200_000)
    weights, multipliers = tilt(x[:, None], np.array([0.5]))
    assert weights @ x == pytest.approx(0.5, abs=1e-6)
    assert multipliers[0] == pytest.approx(0.5, abs=0.02)  # exactly, for endless people; five Monte Carlo errors
    assert weights @ (x - 0.5) ** 2 == pytest.approx(1.0, abs=0.02)
    assert effective(weights) / len(x) == pytest.approx(np.exp(-0.25), abs=0.02)


def test_tilting_says_what_no_weights_can_do() -> None:
    x = np.random.default_rng(0).uniform(0, 1, 1000)
    with pytest.raises(SolveError, match="number 0 of 1 misses"):
        tilt(x[:, None], np.array([1.5]))


def test_resampling_takes_each_row_as_often_as_its_weight_says() -> None:
    weights = np.array([0.1, 0.0, 0.6, 0.3])
    counts = np.bincount(resample(weights, 1000, 0.37), minlength=4)
    assert np.abs(counts - 1000 * weights).max() <= 1
    assert counts[1] == 0
