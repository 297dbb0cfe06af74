"""Events against closed forms: when they fire, in which order they are done, and what they may change."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone._errors import ModelError
from eutone.engine import compile_network, load_network
from eutone.engine.reference import Dose, TimeCourse, steady_state, time_course
from eutone.engine.status import Status

METHODS = ("BDF", "LSODA")


def course(text: str, times: list[float], method: str = "LSODA", **options: object) -> TimeCourse:
    found = time_course(load_network(text), times, method=method, rtol=1e-10, **options)  # type: ignore[arg-type]
    assert found.status is Status.CONVERGED, found.reason
    return found


@pytest.mark.parametrize("method", METHODS)
def test_a_clock_event_acts_at_its_time_to_the_last_bit(method: str) -> None:
    found = course("A' = -A; A = 1; dose: at time >= 2: A = A + 3", [1, math.nextafter(2, 0), 2, 3], method)
    np.testing.assert_allclose(
        found["A"], [math.exp(-1), math.exp(-2), math.exp(-2) + 3, math.exp(-3) + 3 * math.exp(-1)], rtol=1e-8
    )


def test_greater_than_is_false_at_the_time_itself() -> None:
    found = course("p = 0; now: at time > 2: p = 1", [2, math.nextafter(2, 3)])
    np.testing.assert_array_equal(found["p"], [0, 1])


def test_a_clock_event_is_seen_however_short_it_is_true() -> None:
    found = course("n = 0; e: at sin(2*pi*time) > 0.9999999: n = n + 1", [0, 999.5])
    np.testing.assert_array_equal(found["n"], [0, 1000])


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 0.95), st.floats(-9, -1), st.floats(0.2, 5))
def test_a_state_event_is_seen_however_short_it_is_true(method: str, upper: float, width: float, k: float) -> None:
    lower = upper * (1 - 10**width)
    text = f"A' = -{k}*A; A = 1; n = 0; when = 0; e: at A < {upper} && A > {lower!r}: n = n + 1, when = time"
    found = course(text, [0, 10 / k], method)
    np.testing.assert_array_equal(found["n"], [0, 1])
    assert found["when"][1] == pytest.approx(-math.log(upper) / k, rel=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.999, 0.9999999), st.floats(0.1, 3.0))
def test_a_state_that_rises_over_a_threshold_for_a_moment_is_seen(top: float, phase: float) -> None:
    x, v = math.cos(phase), -math.sin(phase)
    text = f"x' = v; v' = -x; x = {x!r}; v = {v!r}; n = 0; e: at x > {top} || x*v < -0.4999999: n = n + 1"
    found = course(text, [0, 2 * math.pi * 5])
    # once a turn over the top, twice a turn fastest in falling; not where the start is one of them
    assert abs(found["n"][1] - 15) <= 2


@settings(max_examples=30)
@given(st.floats(0.05, 0.95), st.floats(0.2, 5))
def test_a_state_event_acts_where_the_state_crosses(threshold: float, k: float) -> None:
    """Decay from 1, put back to 1 at the threshold: a sawtooth of period ln(1/threshold)/k."""
    period = -math.log(threshold) / k
    times = np.array([0.5, 1.5, 2.5, 5.25]) * period
    found = course(f"A' = -{k}*A; A = 1; n = 0; back: at A < {threshold}: A = 1, n = n + 1", times.tolist())
    np.testing.assert_allclose(found["A"], np.exp(-k * (times % period)), rtol=1e-7)
    np.testing.assert_array_equal(found["n"], [0, 1, 2, 5])


def test_a_trigger_that_is_true_at_the_start_fires_only_if_it_was_false_before() -> None:
    for begins, expected in (("true", 0), ("false", 7)):
        found = course(f"p = 0; e: at time >= 0, t0={begins}: p = 7", [0, 1])
        np.testing.assert_array_equal(found["p"], expected)


@pytest.mark.parametrize(("persistent", "expected"), [("true", 1.0), ("false", 0.0)])
def test_what_waits_is_taken_back_unless_persistent(persistent: str, expected: float) -> None:
    text = f"p = 0; e: at 2 after time >= 1 && time < 2, persistent={persistent}: p = 1"
    np.testing.assert_array_equal(course(text, [2.5, 3, 4])["p"], [0, expected, expected])


@pytest.mark.parametrize(("early", "expected"), [("true", 1.0), ("false", 3.0)])
def test_values_are_those_of_firing_or_of_executing(early: str, expected: float) -> None:
    text = f"x' = 1; x = 0; p = 0; e: at 2 after time >= 1, fromTrigger={early}: p = x"
    np.testing.assert_allclose(course(text, [2, 3])["p"], [0, expected], atol=1e-9)


def test_an_event_may_wait_twice() -> None:
    text = "p = 0; e: at 5 after sin(pi*time) > 0.5, t0=false, persistent=true, fromTrigger=false: p = p + 1"
    np.testing.assert_array_equal(course(text, [5, 5.5, 7.5, 9.5])["p"], [0, 1, 2, 3])


def test_higher_priority_goes_first_and_others_see_what_it_did() -> None:
    text = """
    p = 1; q = 0
    low: at time >= 1, priority = 1, fromTrigger=false: p = 10*p
    high: at time >= 1, priority = 2, fromTrigger=false: p = p + 1
    """
    np.testing.assert_array_equal(course(text, [1])["p"], 20)
    early = course(text.replace("fromTrigger=false", "fromTrigger=true"), [1])
    np.testing.assert_array_equal(early["p"], 10)


def test_priorities_are_taken_anew_before_every_execution() -> None:
    text = """
    p = 0; last = 0
    one: at time >= 1, priority = 5: p = 1, last = 1
    two: at time >= 1, priority = 4 - 10*p: last = 2
    three: at time >= 1, priority = 0: last = 3
    """
    np.testing.assert_array_equal(course(text, [1])["last"], 2)


def test_an_execution_takes_back_what_is_due_at_the_same_time() -> None:
    text = """
    p = 0; q = 0
    one: at time >= 1, priority = 2, persistent=false: p = p + 1, q = 1
    two: at time >= 1 && q < 0.5, priority = 1, persistent=false: p = p + 10
    """
    np.testing.assert_array_equal(course(text, [1])["p"], 1)


def test_events_set_off_each_other_at_once() -> None:
    text = "a = 0; b = 0; c = 0; x: at time >= 1: a = 1; y: at a > 0: b = a + 1; z: at b > 1: c = b + 1"
    found = course(text, [0.5, 1])
    np.testing.assert_array_equal([found["a"], found["b"], found["c"]], [[0, 1], [0, 2], [0, 3]])


def test_assignments_of_one_event_are_made_together() -> None:
    found = course("a = 1; b = 2; swap: at time >= 1: a = b, b = a", [1])
    assert (found["a"][0], found["b"][0]) == (2, 1)


def test_equals_go_in_order_or_by_the_chance_that_is_given() -> None:
    text = """
    a = 0; b = 0
    tick' = 1; tick = 0
    one: at tick >= 1, priority = 1, persistent=false: a = a + 1, tick = 0
    two: at tick >= 1, priority = 1, persistent=false: b = b + 1, tick = 0
    """
    ordered = course(text, [200.5])
    assert (ordered["a"][0], ordered["b"][0]) == (200, 0)
    chances = [course(text, [200.5], chance=np.random.default_rng(seed))["a"][0] for seed in (1, 1, 2)]
    assert chances[0] == chances[1] != chances[2]
    assert all(abs(a - 100) < 6 * math.sqrt(50) for a in chances), "each goes first half of the time"


def test_parameters_that_events_change_drive_rates_rules_and_clocks() -> None:
    text = """
    A' = v*high; high := piecewise(1, time < until, 0); A = 0; v = 1; until = 2
    e: at time >= 1: v = 3, until = 4
    """
    np.testing.assert_allclose(course(text, [1, 2, 4, 5])["A"], [1, 4, 10, 10], atol=1e-8)


def test_events_and_doses_go_together() -> None:
    found = course(
        "A' = -A; A = 0; n = 0; seen: at A > 1: n = n + 1", [1, 2, 3, 10], doses=[Dose("A", 2, 3), Dose("A", 9, 2)]
    )
    np.testing.assert_array_equal(found["n"], [0, 1, 1, 2])
    np.testing.assert_allclose(found["A"][:3], [0, 3, 3 * math.exp(-1)], rtol=1e-8)


def test_events_without_end_are_a_storm_and_no_answer() -> None:
    for text in ("a = 0; e: at 0.5 - a > 0, t0=false: a = 1; f: at a > 0.5: a = 0",
                 "x' = v; v' = -9.81; x = 1; v = 0; bounce: at x < 0: v = -0.8*v, x = 0"):  # fmt: skip
        found = time_course(load_network(text), [0, 100])
        assert found.status is Status.EVENT_STORM
        assert "without end at time" in found.reason
        assert np.isnan(found.states[-1]).all()


def test_a_negative_delay_is_an_error() -> None:
    with pytest.raises(ModelError, match="the delay of event 'e' is -1"):
        course("p = 0; e: at (0 - 1) after time >= 1: p = 1", [2])


def test_a_model_with_events_has_no_steady_state() -> None:
    network = load_network("A -> ; A; A = 1; e: at time >= 1: A = 2")
    for find in (steady_state, compile_network):
        with pytest.raises(ModelError, match="events has no steady state"):
            find(network)


def test_what_only_events_change_is_state_that_does_not_drift() -> None:
    network = load_network("A -> ; k*A; A = 1; k = 2; e: at time >= 1: k = 3")
    assert network.species == ("A", "k")
    assert repr(network.drift) == "{'k': 0.0}"
    assert network.events[0].assignments[0][0] == "k"


def test_a_rate_that_jumps_to_and_fro_says_so() -> None:
    for method in METHODS:
        found = time_course(load_network("A' = piecewise(1, A < 0.5, -1); A = 0"), [0.4, 2], method=method)
        assert found.status is Status.NOT_FINITE
        assert found["A"][0] == pytest.approx(0.4)
