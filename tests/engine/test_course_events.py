"""Events in lanes: the same as on the reference path, whoever stands beside."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eutone.engine import load_network
from eutone.engine.course import Dose, compile_course, solve_course
from eutone.engine.reference import Dose as OneDose
from eutone.engine.reference import time_course
from eutone.engine.status import Status

MODELS = {
    "threshold": "species x=1; k=0.5; J: x ->; k*x; E: at x < 0.4: x = 1;",
    "time": "species x=1; k=0.5; J: x ->; k*x; E: at time >= 5: x = 2;",
    "delay": "species x=1; k=0.5; J: x ->; k*x; E: at 1.3 after x < 0.4: x = x + 1;",
    "values of then": "species x=1; k=0.5; J: x ->; k*x; E: at 1.3 after (x < 0.4), fromTrigger=true: x = 10*x;",
    "parameter": "species x=1; k=0.5; v=1; J: x ->; k*v*x; E: at x < 0.5: v = 0.1;",
    "two at once": "species x=1, y=0; k=0.5; J: x ->; k*x; E1: at time > 2, priority=1: y = 5;"
    "E2: at time > 2, priority=2: y = y + 1;",
    "chain": "species x=0, y=0; J: -> x; 1; E1: at x > 2: y = 1; E2: at y > 0.5: x = 0;",
    "not persistent": "species x=1; J: x ->; x; E: at 5 after (x > 0.1 && x < 0.5), persistent=false: x = 100;",
    "oscillator": "species x=0; J: -> x; 1; E1: at x >= 1: x = 0;",
    "back at once": "species a=1, b=2, c=1; J1: a + b -> c; 0.75*a*b; J2: c -> a + b; 0.25*c;"
    "E1: at 4*time after a < 0.75: b = 1; E2: at c > 1.4: a = 0.25;",
    "a rule of time": "species x=1; k=0.5; w := 1 + sin(time); J: x ->; k*x; E: at w > 1.9 && x < 0.6: x = 1;",
    "at the start": "species x=3; J: x ->; x; E: at x > 2, t0=false: x = 7;",
}


@pytest.mark.parametrize("name", MODELS)
def test_as_on_the_reference_path(name):
    network = load_network(f"model m(); {MODELS[name]} end")
    times = np.linspace(0, 9.7, 32)
    slow = time_course(network, times, rtol=1e-10, atol=1e-13)
    fast = solve_course(compile_course(network), np.zeros((1, 0)), times, rtol=1e-10, atol=1e-13)
    assert slow.status == 0, slow.reason
    assert fast.counts() == {"CONVERGED": 1}
    np.testing.assert_allclose(fast.states[0], slow.states, rtol=1e-6, atol=1e-7)


def test_a_threshold_is_hit_to_the_last_bits():
    network = load_network(f"model m(); {MODELS['threshold']} end")
    k = np.array([0.5, 0.7, 1.1, 3.0])
    times = np.linspace(0, 6, 61)
    found = solve_course(compile_course(network, ("k",)), k[:, None], times, rtol=1e-11, atol=1e-14)
    period = math.log(1 / 0.4) / k[:, None]
    phase = times - np.floor(times / period) * period
    near = np.minimum(phase, period - phase) < 1e-6  # before or after the jump is a matter of a bit there
    truth = np.exp(-k[:, None] * phase)
    np.testing.assert_allclose(found.states[:, :, 0][~near], truth[~near], rtol=1e-7)


def test_everybody_has_their_own_events_whoever_stands_beside():
    network = load_network(f"model m(); {MODELS['delay']} end")
    k = 0.5 * np.exp(0.3 * np.random.default_rng(0).standard_normal(37))
    times = np.linspace(0, 12, 25)
    all_ = solve_course(compile_course(network, ("k",)), k[:, None], times)
    for width in (1, 4):
        other = solve_course(compile_course(network, ("k",), lane_width=width), k[::-1, None], times, threads=1)
        np.testing.assert_array_equal(all_.states, other.states[::-1])


def test_a_short_while_is_seen_although_nothing_else_would_make_a_step_short():
    network = load_network("model m(); species x=0, y=0; J: -> x; 1; E: at 1 after (x > 4.5 && x < 5.1): y = 1; end")
    times = np.array([0.0, 5.4, 5.6, 100.0])
    found = solve_course(compile_course(network), np.zeros((1, 0)), times)
    np.testing.assert_array_equal(found.states[0, :, 1], [0, 0, 1, 1])


def test_doses_and_events_together():
    network = load_network("model m(); species x=0; k=0.3; J: x ->; k*x; E: at x > 3: x = 1; end")
    times = np.linspace(0, 10, 21)
    given = [("x", 1.0, 2.0), ("x", 2.5, 2.5), ("x", 7.0, 1.0)]
    slow = time_course(network, times, doses=[OneDose(*d) for d in given], rtol=1e-10, atol=1e-13)
    doses = [Dose(*d) for d in given]
    fast = solve_course(compile_course(network), np.zeros((1, 0)), times, doses=doses, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(fast.states[0], slow.states, rtol=1e-7, atol=1e-9)


def test_a_storm_is_said_and_harms_nobody():
    network = load_network(
        "model m(); species x=0, y=1; v=1; J: -> x; v;E1: at x > 1 && y > 0: y = -1; E2: at x > 1 && y < 0: y = 1; end"
    )
    found = solve_course(compile_course(network, ("v",)), [[1.0], [0.1], [1.0]], [0.0, 0.5, 2.0])
    assert found.status.tolist() == [Status.EVENT_STORM, 0, Status.EVENT_STORM]
    np.testing.assert_allclose(found.states[1, :, 0], [0, 0.05, 0.2], rtol=1e-9)
    assert np.isnan(found.states[0, 2]).all()
