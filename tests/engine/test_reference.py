"""The reference path against what can be known without it: closed forms, conservation, and its own other ways."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone._errors import ModelError
from eutone.engine import Network, load_network
from eutone.engine.expr import call, const, symbol
from eutone.engine.reference import Derivative, Dose, steady_state, time_course
from eutone.engine.status import Status

# --- steady states ---


def test_a_chain_rests_where_inflow_meets_outflow() -> None:
    network = load_network("-> A; v; A -> B; V*A/(K + A); B -> ; k*B; v = 2; V = 10; K = 3; k = 0.5; A = 0; B = 100")
    found = steady_state(network)
    assert found.status is Status.CONVERGED
    assert found.residual < 1e-12
    assert found["A"] == pytest.approx(2 * 3 / (10 - 2), rel=1e-12)
    assert found["B"] == pytest.approx(4, rel=1e-12)
    np.testing.assert_allclose(found.rates, 2, rtol=1e-12)
    assert steady_state(network, {"k": 1.0})["B"] == pytest.approx(2, rel=1e-12)


@settings(max_examples=30)
@given(st.lists(st.floats(0.05, 20), min_size=6, max_size=6), st.lists(st.floats(0.01, 10), min_size=3, max_size=3))
def test_a_closed_cycle_keeps_its_total_and_balances(k: list[float], start: list[float]) -> None:
    """Reversible A, B, C in a ring: linear, so the steady state solves a linear system with the total."""
    network = load_network(
        "A -> B; k1*A - h1*B; B -> C; k2*B - h2*C; C -> A; k3*C - h3*A; A = 1; B = 1; C = 1;"
        + "; ".join(f"{name} = 1" for name in ("k1", "k2", "k3", "h1", "h2", "h3"))
    )
    names = ("k1", "k2", "k3", "h1", "h2", "h3")
    found = steady_state(network, dict(zip(names, k, strict=True)), start=start)
    k1, k2, k3, h1, h2, h3 = k
    matrix = np.array([[-k1 - h3, h1, k3], [k1, -h1 - k2, h2], [1, 1, 1]])
    expected = np.linalg.solve(matrix, [0, 0, sum(start)])
    assert found.status is Status.CONVERGED
    np.testing.assert_allclose(found.state, expected, rtol=1e-8)
    assert found.state.sum() == pytest.approx(sum(start), rel=1e-12)


def test_the_residual_means_the_same_at_equilibrium_and_in_any_unit() -> None:
    text = "A -> B; k*(A - B/K); k = {k}; K = 4; A = {a}; B = 0"
    at_rest = steady_state(load_network(text.format(k=3, a=5)))
    assert at_rest.residual < 1e-14, "net rates vanish here; what is turned over does not"
    residuals = []
    for scale in (1e-9, 1.0, 1e9):
        network = load_network(text.format(k=3 / scale, a=5 * scale))
        f = Derivative(network)
        residuals.append(f.residual(0.0, np.array([2.0, 3.0]) * scale, network.values))
    np.testing.assert_allclose(residuals, (2 - 3 / 4) / (2 + 3 / 4), rtol=1e-9)


TOGGLE = """
-> A; v/(1 + B^4) ; -> B; v/(1 + A^4); A -> ; A; B -> ; B; v = 3; A = {a}; B = {b}
"""


def test_the_basin_is_that_of_the_start() -> None:
    """Two genes that repress each other: two stable states and an unstable one between them."""
    one = steady_state(load_network(TOGGLE.format(a=2, b=0.5)))
    other = steady_state(load_network(TOGGLE.format(a=0.5, b=2)))
    assert one.status is other.status is Status.CONVERGED
    assert one["A"] > 2.5 > 0.5 > one["B"]
    assert other["B"] > 2.5 > 0.5 > other["A"]
    balanced = steady_state(load_network(TOGGLE.format(a=1, b=1)))
    assert balanced.status is Status.OTHER_BASIN
    assert "not stable" in balanced.reason


def test_what_never_rests_says_so() -> None:
    growing = steady_state(load_network("-> A; 1; A = 1"), max_steps=300)
    assert growing.status is not Status.CONVERGED
    assert growing.reason
    swinging = steady_state(load_network("X' = Y; Y' = 5*(1 - X^2)*Y - X; X = 1; Y = 0"), max_steps=500)
    assert swinging.status is Status.STEP_LIMIT
    assert "still moving" in swinging.reason


def test_a_rest_that_is_not_isolated_says_so() -> None:
    """A catalyst decays: what it has not turned over by then stays, and any such mixture is at rest."""
    found = steady_state(load_network("A -> C; A*B; B -> ; B; A = 1; B = 2; C = 0"))
    assert found["A"] == pytest.approx(math.exp(-2), rel=1e-4)
    assert found.status is Status.SINGULAR
    assert "singular" in found.reason


def test_a_rate_that_is_not_finite_says_so() -> None:
    found = steady_state(load_network("A -> ; ln(A); A = -1"))
    assert found.status is Status.NOT_FINITE
    assert found.residual == math.inf


def test_a_negative_answer_says_so() -> None:
    found = steady_state(load_network("A -> ; 2; -> A; 1 - k*A; k = 1; A = 1"))
    assert found.status is Status.NEGATIVE
    assert found["A"] == pytest.approx(-1)
    assert "'A'" in found.reason


def test_a_model_with_a_clock_has_no_steady_state() -> None:
    network = load_network("-> A; 2; A -> ; A*(1 + amp*sin(time)); A = 1; amp = 0.5")
    with pytest.raises(ModelError, match="explicit time"):
        steady_state(network)
    assert steady_state(network, {"amp": 0.0})["A"] == pytest.approx(2), "a clock of amplitude 0 is none"


def test_nothing_that_moves_is_at_rest() -> None:
    found = steady_state(load_network("k = 2; y := 3*k"))
    assert found.status is Status.CONVERGED
    assert found["y"] == 6


def test_rate_rules_rest_too() -> None:
    found = steady_state(load_network("X' = 3 - X*A; X = 1; -> A; 1; A -> ; A/2; A = 1"))
    assert found["X"] == pytest.approx(1.5, rel=1e-10)


# --- the derivative ---


@given(st.floats(0.1, 5), st.floats(0.1, 5), st.floats(0.1, 5))
def test_the_jacobian_is_that_of_the_formula(a: float, b: float, k: float) -> None:
    network = load_network("A -> B; k*A^2/(1 + B); B -> ; B*A; A = 1; B = 1; k = 1")
    found = Derivative(network).jacobian(0.0, np.array([a, b]), np.array([k]))
    up, down = 2 * k * a / (1 + b), -k * a * a / (1 + b) ** 2
    np.testing.assert_allclose(found, [[-up, -down], [up - b, down - a]], rtol=1e-6, atol=1e-7)


def test_outside_a_domain_the_derivative_is_not_a_number_and_nothing_stops() -> None:
    a = symbol("A")
    rates = (call("ln", a), const(1) / a, call("exp", a * 1e4), call("pow", a, 0.5))
    network = Network("edge", ("A",), np.zeros(1), (), np.zeros(0), tuple("abcd"), rates, np.ones((1, 4)))
    f = Derivative(network)
    at_zero = f.terms(0.0, np.zeros(1), np.zeros(0))
    np.testing.assert_array_equal(at_zero, [-np.inf, np.inf, 1.0, 0.0])
    below = f.terms(0.0, np.array([-1.0]), np.zeros(0))
    assert np.isnan(below[[0, 3]]).all()
    assert f.terms(0.0, np.ones(1), np.zeros(0))[2] == np.inf


# --- time courses ---

DECAY = "A -> ; k*A; k = 0.5; A = 8"


def test_decay_is_exponential_at_any_times() -> None:
    times = [0.0, 0.1, 0.1, 3.0, 40.0]
    found = time_course(load_network(DECAY), times)
    np.testing.assert_allclose(found["A"], 8 * np.exp(-0.5 * np.array(times)), rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(found["_J0"], 0.5 * found["A"])
    assert found.status is Status.CONVERGED


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.floats(0.1, 5), st.sampled_from([0.0, 0.5, 2.25])), max_size=5),
    st.floats(0.1, 2),
)
def test_doses_add_up(table: list[tuple[int, float, float]], k: float) -> None:
    """A linear model: the answer to several doses is the sum of the closed-form answers to each."""
    doses = [Dose("A", quarter / 4, amount, duration) for quarter, amount, duration in table]
    times = np.linspace(0, 12, 49)
    found = time_course(load_network(DECAY), times, {"k": k}, doses)
    expected = 8 * np.exp(-k * times)
    for dose in doses:
        since = np.maximum(times - dose.time, 0)
        if dose.duration == 0:
            expected += np.where(times >= dose.time, dose.amount * np.exp(-k * since), 0)
        else:
            fed = np.minimum(since, dose.duration)
            expected += dose.amount / dose.duration / k * (1 - np.exp(-k * fed)) * np.exp(-k * (since - fed))
    np.testing.assert_allclose(found["A"], expected, rtol=2e-6, atol=1e-9)


def test_at_the_time_of_a_dose_the_state_is_the_one_after_it() -> None:
    found = time_course(load_network(DECAY), [0.0, 1.0, 2.0], doses=[Dose("A", 0, 1), Dose("A", 2, 5)])
    assert found["A"][0] == 9
    assert found["A"][2] == pytest.approx(9 * math.exp(-1) + 5, rel=1e-7)


def test_what_flows_in_within_the_rounding_of_time_is_given_at_once() -> None:
    network = load_network("species A = 0; A -> ; k*A; k = 0.01")
    found = time_course(network, [1e6, 1e6 + 10], doses=[Dose("A", 1e6, 2.0, 1e-12)])
    np.testing.assert_allclose(found["A"], [2.0, 2.0 * math.exp(-0.1)], rtol=1e-6)


def test_a_dose_to_a_parameter_lasts_as_long_as_it_says() -> None:
    network = load_network("-> A; v; v = 1; A = 0")
    found = time_course(network, [0, 2, 4, 6, 8], doses=[Dose("v", 2, 3, 2), Dose("v", 6, -1)])
    np.testing.assert_allclose(found["A"], [0, 2, 10, 12, 12], atol=1e-8)
    np.testing.assert_array_equal(found["_J0"], [1, 4, 1, 0, 0])


def test_short_pulses_of_a_clock_are_not_missed() -> None:
    """A pulse of a hundredth of an hour in a thousand, after a long calm in which steps grow."""
    network = load_network("-> A; piecewise(100, time >= 700 && time < 700.01, 0); A = 1")
    found = time_course(network, [0, 699, 700.005, 701, 1000])
    np.testing.assert_allclose(found["A"], [1, 1, 1.5, 2, 2], rtol=1e-7)


def test_periodic_clocks_restart_at_every_edge() -> None:
    network = load_network("-> A; piecewise(1, time - 24*floor(time/24) < 3, 0); A = 0; B' = sin(time); B = 0")
    times = np.array([3.0, 24.0, 27.0, 50.0, 240.0])
    found = time_course(network, times, rtol=1e-10)
    np.testing.assert_allclose(found["A"], [3, 3, 6, 8, 30], atol=1e-6)
    np.testing.assert_allclose(found["B"], 1 - np.cos(times), atol=1e-5)


def test_short_pulses_that_recur_are_not_missed() -> None:
    network = load_network("-> A; piecewise(1000, time - 24*floor(time/24) < 0.001, 0); A = 0")
    np.testing.assert_allclose(time_course(network, [12, 240.0])["A"], [1, 10], rtol=1e-6)


def test_a_course_may_begin_later() -> None:
    found = time_course(load_network("-> A; time; A = 0"), [2.0, 4.0], begin=2.0)
    np.testing.assert_allclose(found["A"], [0, 6], atol=1e-8)


def test_a_long_course_arrives_at_the_steady_state() -> None:
    network = load_network("-> A; 2; A -> B; 10*A/(3 + A); B -> C; B; C -> B; C/3; B -> ; B/2; A = 0; B = 9; C = 1")
    found = time_course(network, [500.0])
    np.testing.assert_allclose(found.states[-1], steady_state(network).state, rtol=1e-7)


def test_small_species_beside_large_ones_are_accurate() -> None:
    network = load_network("X -> ; X; X = 1e6; A -> ; 3*A; A = 1e-6")
    found = time_course(network, [2.0])
    assert found["A"][0] == pytest.approx(1e-6 * math.exp(-6), rel=1e-6)


def test_what_blows_up_says_when() -> None:
    found = time_course(load_network("-> A; A^2; A = 1"), [0.5, 2.0])
    assert found.status is Status.NOT_FINITE
    assert "failed after time" in found.reason
    assert np.isnan(found["A"][1])


@pytest.mark.parametrize(
    ("times", "doses", "message"),
    [
        ([0, 1], [Dose("Z", 0, 1)], "'Z', which is neither"),
        ([0, 1], [Dose("A", -1, 1)], "impossible"),
        ([0, 1], [Dose("A", 0, 1, -2)], "impossible"),
        ([0, 1], [Dose("A", 0, math.nan)], "impossible"),
        ([1, 0], [], "increase"),
        ([-1, 0], [], "increase"),
    ],
)
def test_impossible_tables_are_refused(times: list[float], doses: list[Dose], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        time_course(load_network(DECAY), times, doses=doses)
