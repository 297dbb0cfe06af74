import time

import numpy as np
import pytest
from scipy import integrate, stats

from eutone.inference.likelihood import Likelihood, Observation

T7 = stats.t(7)
SCALE = np.sqrt(5 / 7)


def point(column, value, load=0.3, sd=0.2):
    return Observation(f"m{column}", ((column, 1.0),), (value,), (value,), load, sd)


def test_it_is_the_integral_over_the_shared_factor():
    observations = (
        point(0, -0.4),
        point(1, -0.7, load=0.25, sd=0.3),
        Observation("m2", ((2, 1.0),), (-np.inf,), (-1.0,), 0.1, 0.25),
        Observation("r", ((0, 1.0), (1, -1.0)), (0.1,), (0.1,), 0.0, 0.2),
    )
    folds = np.array([[0.1, -0.3, -0.5]])

    def density(z):
        p = stats.norm.pdf(z)
        p *= T7.pdf((-0.4 - 0.1 - 0.3 * z) / (0.2 * SCALE)) / (0.2 * SCALE)
        p *= T7.pdf((-0.7 + 0.3 - 0.25 * z) / (0.3 * SCALE)) / (0.3 * SCALE)
        p *= T7.cdf((-1.0 + 0.5 - 0.1 * z) / (0.25 * SCALE))
        return p * T7.pdf((0.1 - 0.4) / (0.2 * SCALE)) / (0.2 * SCALE)

    expected = np.log(integrate.quad(density, -10, 10, epsabs=1e-14)[0])
    assert Likelihood(observations)(folds)[0] == pytest.approx(expected, abs=5e-3)  # 21 nodes


def test_leaving_one_out_is_the_panel_without_it():
    rng = np.random.default_rng(0)
    folds = rng.normal(0, 0.5, (300, 4))
    panel = Likelihood((point(0, 0.2), point(1, -2.0), Observation("c", ((2, 1.0),), (-1.0,), (np.inf,), 0.1, 0.3)))
    full, partial = panel.leave_one_out(folds)
    assert np.array_equal(full, panel(folds))
    for k in range(3):
        assert partial[:, k] == pytest.approx(panel.without(k)(folds), abs=1e-9)


def test_any_number_of_threads_gives_the_same_bits():
    folds = np.random.default_rng(1).normal(0, 1, (9_000, 3)).astype(np.float32)
    panel = (point(0, 0.2), point(1, -0.4), point(2, 3.0, load=0.0))
    one = Likelihood(panel, threads=1).leave_one_out(folds)
    four = Likelihood(panel, threads=4).leave_one_out(folds)
    assert np.array_equal(one[0], four[0])
    assert np.array_equal(one[1], four[1])


def test_contexts_are_averaged():
    folds = np.linspace(-1, 1, 7)[:, None]

    def at(value):
        return Likelihood((point(0, value),))(folds)

    both = Observation("m0", ((0, 1.0),), (0.1, -0.6), (0.1, -0.6), 0.3, 0.2)
    mixed = Likelihood((both,), (0.25, 0.75))(folds)
    assert np.exp(mixed) == pytest.approx(0.25 * np.exp(at(0.1)) + 0.75 * np.exp(at(-0.6)))


def test_a_value_beyond_reach_is_finite_and_a_panel_without_values_says_nothing():
    folds = np.full((1, 40), 60.0)
    far = Likelihood(tuple(point(k, -60.0, sd=0.05) for k in range(40)))(folds)
    assert np.isfinite(far).all()
    assert far[0] < -1000
    assert Likelihood(())(folds)[0] == 0.0


def test_wider_errors_forgive():
    panel = Likelihood((point(0, 2.0, load=0.0),))
    assert panel.widened(2.0)(np.zeros((1, 1)))[0] > panel(np.zeros((1, 1)))[0]


def test_a_bank_is_weighed_in_a_moment():
    """The budget is 0.3 s for 100,000 people and 12 markers; the bound here only catches a lost vectorisation."""
    folds = np.random.default_rng(2).normal(0, 1, (100_000, 12)).astype(np.float32)
    panel = Likelihood(tuple(point(k, 0.1 * k) for k in range(12)))
    start = time.perf_counter()
    panel(folds)
    assert time.perf_counter() - start < 5.0
