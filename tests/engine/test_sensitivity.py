"""Slopes against closed forms and against solutions that chose their own steps."""

from __future__ import annotations

import numpy as np
import pytest

from eutone._errors import ModelError
from eutone.engine import load_network, sensitivity
from eutone.engine.course import Dose, compile_course, solve_course
from eutone.engine.sensitivity import sensitivities

CHAIN = load_network("model d(); species x=1, y=0; k=0.3; v=1; J1: x -> y; k*x; J2: y ->; v*y; end")
ROBERTSON = load_network(
    "model r(); species a=1, b=0, c=0; k1=0.04; k2=3e7; k3=1e4;"
    "J1: a -> b; k1*a; J2: 2 b -> b + c; k2*b*b; J3: b + c -> a + c; k3*b*c; end"
)


def test_a_decay_has_its_slope():
    k = np.array([0.3, 0.1, 2.0])
    times = np.linspace(0, 10, 11)
    values = np.stack([k, np.ones(3)], axis=1)
    found = sensitivities(compile_course(CHAIN, ("k", "v")), values, times, rtol=1e-9, atol=1e-12)
    truth = -k[:, None] * times * np.exp(-k[:, None] * times)
    np.testing.assert_allclose(found.slopes[:, :, 0, 0], truth, atol=3e-6)
    np.testing.assert_allclose(found.slopes[:, :, 0, 1], 0.0, atol=1e-9)


def test_doses_count_and_people_have_their_own():
    code = compile_course(CHAIN, ("k",))
    doses = [Dose("x", [1.0, 2.0], [5.0, 3.0])]
    times = np.array([0.0, 4.0])
    found = sensitivities(code, [[0.3], [0.5]], times, doses=doses, rtol=1e-9, atol=1e-12).slopes[:, 1, 0, 0]
    k = np.array([0.3, 0.5])
    since = 4 - np.array([1.0, 2.0])
    truth = -k * 4 * np.exp(-k * 4) - np.array([5.0, 3.0]) * k * since * np.exp(-k * since)
    np.testing.assert_allclose(found, truth, rtol=1e-5)


def test_stiff_slopes_agree_with_careful_differences():
    code = compile_course(ROBERTSON, ("k1", "k2", "k3"))
    values, times = np.array([[0.04, 3e7, 1e4]]), np.array([0.0, 0.4, 40.0, 4000.0])
    found = sensitivities(code, values, times, rtol=1e-8, atol=1e-14).slopes[0]
    for j in range(3):
        d = 1e-3
        both = np.repeat(values, 2, axis=0)
        both[:, j] *= [1 + d, 1 - d]
        states = solve_course(code, both, times, rtol=1e-12, atol=1e-18).states
        slope = (states[0] - states[1]) / (2 * d)
        assert (np.abs(found[:, :, j] - slope) <= 1e-4 * np.abs(slope).max(axis=0) + 1e-10).all()


def test_slopes_are_smooth_at_a_loose_tolerance():
    """The noise of step choices would be as large as the tolerance over the difference."""
    code = compile_course(CHAIN, ("k",))
    k = np.linspace(0.299, 0.301, 41)
    slopes = sensitivities(code, k[:, None], [0.0, 5.0], rtol=1e-3, atol=1e-6).slopes[:, 1, 0, 0]
    assert np.abs(slopes + k * 5 * np.exp(-k * 5)).max() < 5e-3


def test_it_costs_a_course_per_parameter(monkeypatch):
    code = compile_course(ROBERTSON, ("k1", "k2", "k3"))
    values = np.array([[0.04, 3e7, 1e4], [0.05, 2e7, 1e4]])
    steps = []

    def counted(*args, **kwargs):
        found = solve_course(*args, **kwargs)
        steps.append(int(found.steps.sum()))
        return found

    monkeypatch.setattr(sensitivity, "solve_course", counted)
    many = sensitivities(code, values, [0.0, 1e4])
    alone, beside = steps
    assert 0 < beside <= 3 * alone  # steps that were refused are not taken again
    np.testing.assert_array_equal(many.courses.states, solve_course(code, values, [0.0, 1e4]).states)


def test_who_takes_more_steps_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(sensitivity, "_ROOM", 3)
    code = compile_course(ROBERTSON, ("k1",))
    few = sensitivities(code, [[0.04], [0.05]], [0.0, 1e4])
    monkeypatch.undo()
    np.testing.assert_array_equal(few.slopes, sensitivities(code, [[0.04], [0.05]], [0.0, 1e4]).slopes)


def test_blocks_of_people_change_nothing(monkeypatch):
    code = compile_course(CHAIN, ("k",))
    values, doses = np.linspace(0.1, 2.0, 7)[:, None], [Dose("x", np.linspace(0, 3, 7), 2.0)]
    whole = sensitivities(code, values, [0.0, 4.0], doses=doses)
    monkeypatch.setattr(sensitivity, "_BLOCK_BYTES", 1)
    np.testing.assert_array_equal(sensitivities(code, values, [0.0, 4.0], doses=doses).slopes, whole.slopes)


def test_events_are_refused():
    network = load_network("model e(); species x=1; k=1; J: x ->; k*x; E: at x < 0.5: x = 1; end")
    with pytest.raises(ModelError, match="event 'E'"):
        sensitivities(compile_course(network, ("k",)), [[1.0]], [0.0, 1.0])


def test_a_rate_that_jumps_with_the_state_is_refused_and_one_that_bends_is_not():
    # y grows from ln(2)/k on, so that its slope in ln k is ln(2)/k; fixed steps do not see when
    jump = load_network("model j(); k=1; x=1; y=0; x' = -k*x; y' = piecewise(1, x < 0.5, 0); end")
    with pytest.raises(ModelError, match="jumps at a value of 'x'"):
        sensitivities(compile_course(jump, ("k",)), [[1.0]], [0.0, 2.0])
    bend = load_network("model b(); k=1; x=1; y=0; x' = -k*x; y' = piecewise(0.5 - x, x < 0.5, 0); end")
    found = sensitivities(compile_course(bend, ("k",)), [[1.0]], [0.0, 2.0], rtol=1e-8)
    exact = 2 * (0.5 - np.exp(-2)) - (0.5 * (2 - np.log(2)) - (0.5 - np.exp(-2)))  # T y' - y, as y = g(kT)/k
    np.testing.assert_allclose(found.slopes[0, -1, 1], exact, rtol=1e-4)


def test_what_has_no_slope_is_refused_or_said():
    clock = load_network("model c(); species x=0; p=24; J0: -> x; piecewise(1, sin(2*pi*time/p) > 0, 0); end")
    with pytest.raises(ModelError, match="clock"):
        sensitivities(compile_course(clock, ("p",)), [[24.0]], [0.0, 30.0])
    with pytest.raises(ModelError, match="not a free"):
        sensitivities(compile_course(CHAIN, ("k",)), [[0.3]], [0.0, 1.0], ["v"])
    code = compile_course(CHAIN, ("k",))
    found = sensitivities(code, [[0.3], [0.0], [np.nan]], [0.0, 1.0])
    assert np.isfinite(found.slopes[0]).all()
    assert np.isnan(found.slopes[1:, 1]).all()
    assert sensitivities(code, np.zeros((0, 1)), [0.0, 1.0]).slopes.shape == (0, 2, 2, 1)


@pytest.mark.parametrize("people", [1, 3])
def test_a_dose_or_a_start_for_others_is_refused(people: int):
    code = compile_course(CHAIN, ("k",))
    free = [[0.3], [0.4]]
    dose = Dose(CHAIN.species[0], np.arange(float(people)), 1.0)
    if people != 1:  # one is for everybody
        with pytest.raises(ModelError, match="not for 2 people"):
            sensitivities(code, free, [0.0, 1.0], doses=[dose])
    else:
        assert np.isfinite(sensitivities(code, free, [0.0, 1.0], doses=[dose]).slopes).all()
    with pytest.raises(ModelError, match="start"):
        sensitivities(code, free, [0.0, 1.0], start=np.ones((people, 2)))
    with pytest.raises(ModelError, match="start"):
        sensitivities(code, free, [0.0, 1.0], start=np.ones(people))
