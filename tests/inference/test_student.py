import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from eutone.inference import student

T5 = stats.t(5)


@given(st.floats(-1e4, 1e4))
def test_density_and_distribution_agree_with_scipy(t):
    assert student.log_density(np.array([t]))[0] == pytest.approx(T5.logpdf(t), rel=1e-12, abs=1e-12)
    assert student.cdf(np.array([t]))[0] == pytest.approx(T5.cdf(t), rel=1e-8)


@given(st.floats(-300, 300), st.floats(1e-3, 300))
def test_intervals_keep_their_digits_in_both_tails(low, width):
    high = low + width
    expected = T5.cdf(high) - T5.cdf(low) if low + high <= 0 else T5.sf(low) - T5.sf(high)
    got = student.interval(np.array([low]), np.array([high]))[0]
    assert got == pytest.approx(expected, rel=1e-5, abs=1e-14)


def test_an_open_interval_is_a_tail():
    assert student.interval(np.array([-np.inf]), np.array([-2.0]))[0] == pytest.approx(T5.cdf(-2.0))
    assert student.interval(np.array([-np.inf]), np.array([np.inf]))[0] == pytest.approx(1.0)


def test_the_scale_gives_the_standard_deviation_asked_for():
    draws = student.scale_of(0.4) * student.sample(np.random.default_rng(0), 400_000)
    assert np.std(draws) == pytest.approx(0.4, rel=0.02)
