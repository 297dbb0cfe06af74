import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from eutone.inference import student

T7 = stats.t(7)


@given(st.floats(-1e4, 1e4))
def test_density_and_distribution_agree_with_scipy(t):
    assert student.log_density(np.array([t]))[0] == pytest.approx(T7.logpdf(t), rel=1e-12, abs=1e-12)
    assert student.cdf(np.array([t]))[0] == pytest.approx(T7.cdf(t), rel=1e-8)


@pytest.mark.parametrize("edge", [-1.0, 1.0])
def test_closed_form_and_series_meet_without_a_step(edge):
    at = edge * student._FAR * np.sqrt(student.DOF) * np.array([1 - 1e-9, 1 + 1e-9, 1.5, 100.0])
    tail = student.cdf(-np.abs(at))
    assert tail == pytest.approx(T7.sf(np.abs(at)), rel=1e-9)
    assert student.cdf(at) == pytest.approx(tail if edge < 0 else 1 - tail, abs=1e-15)


@given(st.floats(1e-3, 1e3))
def test_the_power_is_that_of_the_density(t):
    assert student.raised(np.array([t]))[0] == pytest.approx(t**4, rel=1e-14)
    assert student.POWER == 4


@given(st.floats(-300, 300), st.floats(1e-3, 300))
def test_intervals_keep_their_digits_in_both_tails(low, width):
    high = low + width
    expected = T7.cdf(high) - T7.cdf(low) if low + high <= 0 else T7.sf(low) - T7.sf(high)
    got = student.interval(np.array([low]), np.array([high]))[0]
    assert got == pytest.approx(expected, rel=1e-5, abs=1e-14)


def test_an_open_interval_is_a_tail():
    assert student.interval(np.array([-np.inf]), np.array([-2.0]))[0] == pytest.approx(T7.cdf(-2.0))
    assert student.interval(np.array([-np.inf]), np.array([np.inf]))[0] == pytest.approx(1.0)


def test_the_scale_gives_the_standard_deviation_asked_for():
    draws = student.scale_of(0.4) * student.sample(np.random.default_rng(0), 400_000)
    assert np.std(draws) == pytest.approx(0.4, rel=0.02)
