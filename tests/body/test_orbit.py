"""Levels once doses have added up."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body._orbit import Course, blocked, days_of

TIMES = (np.arange(24 * 600) + 0.5) / 600


@pytest.mark.parametrize(("half", "peak"), [(2.7, 1.5), (24.0, 0.0), (0.5, 0.7), (300.0, 5.0)])
@pytest.mark.parametrize("clock", [(0.0,), (8.0, 12.0, 22.0)])
def test_the_mean_is_one(half: float, peak: float, clock: tuple[float, ...]) -> None:
    assert np.mean(Course.of(half, peak).orbit(TIMES, clock, 24.0)) == pytest.approx(1, rel=2e-3)


def test_a_dose_is_highest_at_its_peak_and_leaves_all_of_itself() -> None:
    at = np.linspace(0, 200, 200001)
    level = Course.of(6.0, 2.0).after(at)
    assert at[np.argmax(level)] == pytest.approx(2.0, abs=0.01)
    assert np.trapezoid(level, at) == pytest.approx(1, rel=1e-5)
    assert Course.of(6.0, 2.0).ratio(2.0, None) == pytest.approx(24 * level.max(), rel=1e-6)


def test_an_enzyme_without_and_with_steady_loss() -> None:
    assert blocked(np.zeros(48), 0.01, 0.5) == pytest.approx(0, abs=1e-12)
    assert blocked(np.full(48, 0.03), 0.01, 0.5) == pytest.approx(0.75)


def test_pulses_block_less_than_the_same_loss_all_day() -> None:
    pulses = np.zeros(240)
    pulses[:5] = 48.0
    assert np.mean(blocked(pulses, 0.01, 0.1)) < np.mean(blocked(np.full(240, 1.0), 0.01, 0.1))


def test_days_in_which_everything_comes_round() -> None:
    assert days_of([24.0, 8.0]) == 1
    assert days_of([48.0, 24.0]) == 2
    assert days_of([36.0]) == 3
    assert days_of([25.0]) == 25
    assert days_of([]) == 1
