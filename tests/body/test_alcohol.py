"""Alcohol: gone at a constant rate, less excitation while it is there, more when it has gone."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body import load_module
from eutone.engine.course import compile_course, solve_course
from eutone.engine.derivative import Derivative
from eutone.engine.dosing import Dose

MM_PER_G = 0.606


def run(grams: float, at: list[float], hours: float) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    network = load_module("alcohol")
    times = np.arange(0.0, hours + 0.25, 0.25)
    doses = [Dose("A_alc", t, grams * MM_PER_G) for t in at]
    found = solve_course(compile_course(network), np.empty((1, 0)), times, doses=doses, rtol=1e-8)
    assert found.status[0] == 0
    states = found.states[0]
    assert states.min() > -1e-6
    rules = [Derivative(network).values(t, x, network.values) for t, x in zip(times, states, strict=True)]
    return times, {
        **{name: states[:, k] for k, name in enumerate(network.species)},
        **{name: np.array([float(r[name]) for r in rules]) for name in ("f_ALC_NMDA", "f_TOL_NMDA", "f_TOL_GABA")},
    }


def test_three_drinks_are_gone_by_the_night_at_a_constant_rate() -> None:
    times, found = run(36.0, [0.0], 12.0)
    per_mille = found["ALC"] * 0.04607
    assert 0.6 < per_mille.max() < 0.95
    assert 0.5 < times[int(np.argmax(per_mille))] < 1.5
    fall = (np.interp(2.5, times, per_mille) - np.interp(4.0, times, per_mille)) / 1.5
    assert 0.1 < fall < 0.2  # per mille an hour, as every textbook has it
    assert per_mille[-1] < 0.01


def test_twice_as_much_stays_more_than_twice_as_long_above_nothing() -> None:
    one, two = (np.trapezoid(run(g, [0.0], 24.0)[1]["ALC"], dx=0.25) for g in (20.0, 40.0))
    assert two > 2.5 * one


def test_stopping_after_weeks_shows_withdrawal_for_days() -> None:
    times, found = run(20.0, [24.0 * d + h for d in range(21) for h in (10, 13, 16, 19, 22)], 24.0 * 28)
    effect = found["f_ALC_NMDA"] * found["f_TOL_NMDA"]
    first, last = effect[times < 24].min(), effect[(times > 480) & (times < 504)].min()
    assert first < last < 1.05  # tolerance: the same drinks do less
    stopped = 24 * 21
    assert np.interp(stopped + 12, times, effect) > 1.1
    assert np.interp(stopped + 12, times, found["f_TOL_GABA"]) < 0.92
    assert np.interp(stopped + 150, times, effect) < 1.05
    assert effect[0] == pytest.approx(1)
