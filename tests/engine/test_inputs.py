"""Depots and curves: closed forms, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from eutone._errors import ModelError
from eutone.engine import load_network
from eutone.engine.course import Dose, compile_course, solve_course
from eutone.engine.inputs import with_curve, with_depot

BLOOD = load_network("model b(); species blood=0; ke=0.2; J: blood ->; ke*blood; end")
FOLLOWS = load_network("model f(); species x=0; u=0; J: -> x; u; end")


def test_an_oral_dose_has_bateman_s_course():
    network = with_depot(BLOOD, "blood", rate=0.8, bioavailability=0.5)
    times = np.linspace(0, 24, 49)
    lag = 1.5
    found = solve_course(
        compile_course(network), np.zeros((1, 0)), times, doses=[Dose("depot.blood", lag, 10.0)], rtol=1e-9, atol=1e-12
    ).states[0, :, 0]
    t = np.clip(times - lag, 0, None)
    np.testing.assert_allclose(found, 5 * 0.8 / (0.8 - 0.2) * (np.exp(-0.2 * t) - np.exp(-0.8 * t)), atol=1e-8)


def test_the_depot_s_numbers_are_parameters():
    network = with_depot(BLOOD, "blood", rate=0.8)
    code = compile_course(network, ("depot.blood.rate", "depot.blood.share"))
    found = solve_course(code, [[0.8, 1.0], [0.8, 0.25]], [0, 3.0], doses=[Dose("depot.blood", 0.0, 1.0)])
    np.testing.assert_allclose(found.states[1, 1, 0], 0.25 * found.states[0, 1, 0], rtol=1e-5)


@pytest.mark.parametrize("smooth", [False, True])
def test_the_integral_of_a_curve(smooth):
    at, to = [0.0, 2.0, 5.0, 9.0], [0.0, 3.0, 1.0, 4.0]
    network = with_curve(FOLLOWS, "u", at, to, smooth=smooth)
    times = np.linspace(0, 9, 37)
    found = solve_course(compile_course(network), np.zeros((1, 0)), times, rtol=1e-10, atol=1e-12).states[0, :, 0]
    if smooth:
        truth = CubicSpline(at, to, bc_type="natural").antiderivative()(times)
    else:
        fine = np.linspace(0, 9, 9001)
        area = np.concatenate(
            [[0], np.cumsum(np.diff(fine) * (np.interp(fine, at, to)[1:] + np.interp(fine, at, to)[:-1]) / 2)]
        )
        truth = np.interp(times, fine, area)
    np.testing.assert_allclose(found, truth, atol=1e-6)


def test_a_curve_stays_at_its_ends_or_repeats():
    once = with_curve(FOLLOWS, "u", [1.0, 2.0], [2.0, 4.0])
    found = solve_course(compile_course(once), np.zeros((1, 0)), [0.0, 1.0, 2.0, 5.0], rtol=1e-9).states[0, :, 0]
    np.testing.assert_allclose(found, [0, 2, 5, 17], rtol=1e-7)
    again = with_curve(FOLLOWS, "u", [0.0, 1.0, 4.0], [0.0, 3.0, 0.0], period=4.0)
    found = solve_course(compile_course(again), np.zeros((1, 0)), [4.0, 8.0, 9.0], rtol=1e-9).states[0, :, 0]
    np.testing.assert_allclose(found, [6, 12, 13.5], rtol=1e-7)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: with_depot(BLOOD, "brain", rate=1.0),
        lambda: with_depot(BLOOD, "blood", rate=0.0),
        lambda: with_depot(BLOOD, "blood", rate=1.0, bioavailability=1.5),
        lambda: with_depot(BLOOD, "blood", rate=1.0, name="ke"),
        lambda: with_curve(FOLLOWS, "v", [0, 1], [0, 1]),
        lambda: with_curve(FOLLOWS, "u", [0, 0], [0, 1]),
        lambda: with_curve(FOLLOWS, "u", [0.0], [0.0]),
        lambda: with_curve(FOLLOWS, "u", [0, 1], [0, 1], period=1.0),
        lambda: with_curve(FOLLOWS, "u", [0, 1], [0, 0], period=2.0),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ModelError):
        wrong()


def test_what_begins_where_a_curve_does():
    network = load_network("model i(); species x=3*u+w; u=1; w=2; J: -> x; u; end")
    driven = with_curve(network, "u", [0.0, 2.0], [5.0, 7.0])
    found = solve_course(compile_course(driven, ("w",)), [[2.0], [4.0]], [0.0, 2.0], rtol=1e-9)
    np.testing.assert_allclose(found.states[:, 0, 0], [17.0, 19.0])
    np.testing.assert_allclose(found.states[:, 1, 0], [29.0, 31.0], rtol=1e-7)
    assert driven.initial[0] == 17.0


def test_a_period_in_other_units_is_the_same_period():
    at = np.array([0.0, 0.3, 0.7, 1.1]) * 0.1
    driven = with_curve(FOLLOWS, "u", at, [1.0, 2.0, 0.5, 1.0], period=0.11, smooth=True)
    found = solve_course(compile_course(driven), np.zeros((1, 0)), [0.0, 0.11, 0.33], rtol=1e-9, atol=1e-12).states[0]
    np.testing.assert_allclose(found[2], 3 * found[1], rtol=1e-6)


@pytest.mark.parametrize("at", [[0.0, np.nan], [0.0, np.inf]])
def test_times_of_a_curve_are_finite(at):
    with pytest.raises(ModelError):
        with_curve(FOLLOWS, "u", at, [1.0, 2.0])
