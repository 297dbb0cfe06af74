"""Time courses in lanes: against analytic truths, the reference path and themselves in other company."""

from __future__ import annotations

import math
import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone._errors import ModelError
from eutone.engine import load_network
from eutone.engine.course import Dose, Pace, compile_course, solve_course
from eutone.engine.course_kernel import FOLLOWS, build_course_kernel
from eutone.engine.course_verify import fault, rehearse
from eutone.engine.dosing import repeated
from eutone.engine.reference import Dose as OneDose
from eutone.engine.reference import time_course
from eutone.engine.status import Status
from eutone.engine.tableau import GAMMA, STAGES, A, C

DECAY = load_network("model d(); species x=1, y=0; k=0.3; v=1; J1: x -> y; k*x; J2: y ->; v*y; end")
ROBERTSON = load_network(
    "model r(); species a=1, b=0, c=0; k1=0.04; k2=3e7; k3=1e4;"
    "J1: a -> b; k1*a; J2: 2 b -> b + c; k2*b*b; J3: b + c -> a + c; k3*b*c; end"
)
CLOCK = load_network(
    "model c(); species x=0; k=0.2; p=24; J0: -> x; k*piecewise(1, sin(2*pi*time/p) > 0, 0); J1: x ->; k*x; end"
)


def bateman(t: np.ndarray, k: float, v: float) -> np.ndarray:
    return k / (v - k) * (np.exp(-k * t) - np.exp(-v * t))


# --- the method ---


def test_the_tableau_is_of_order_five_on_a_linear_equation():
    """On x' = l x a method of order p has the stability function exp(z) up to z^p."""

    def stability(z: float) -> float:
        stages: list[float] = []
        for s in range(STAGES):
            point = 1.0 + sum(a * u for a, u in zip(A[s], stages, strict=True))
            right = z * point + sum(c * u for c, u in zip(C[s], stages, strict=True))
            stages.append(right / (1.0 / GAMMA - z))
        return 1.0 + sum(a * u for a, u in zip(A[-1], stages, strict=False)) + stages[-1]

    errors = [abs(stability(z) - math.exp(z)) for z in (-0.2, -0.1, -0.05)]
    orders = np.diff(np.log(errors)) / math.log(0.5)
    assert (orders > 5.7).all()
    assert abs(stability(-1e8)) < 1e-6, "stiffly accurate: what decays fast is gone after a step"


def test_steps_are_of_order_five_and_what_lies_within_of_order_four():
    """On x' = -2 t x^2, x = 1 / (1 + t^2): not linear, and time enters, so every number of the tableau counts."""
    network = load_network("model n(); species x=1; J: x ->; 2*time*x*x; end")
    code, ends, within = compile_course(network), [], []
    for steps in (16, 32, 64, 128):
        h = 2.0 / steps
        times = np.array([0.0, *(h * (np.arange(steps) + 0.6)), 2.0])
        pace = Pace(FOLLOWS, np.full((1, steps + 1), h), np.zeros(1, dtype=np.intp))
        found = solve_course(code, np.zeros((1, 0)), times, pace=pace).states[0, :, 0]
        error = np.abs(found - 1 / (1 + times**2))
        ends.append(error[-1])
        within.append(error[1:-1].max())
    for errors, order in ((ends, 5), (within, 4)):
        found_orders = np.diff(np.log(errors)) / math.log(0.5)
        assert found_orders[-1] > order - 0.2, (errors, found_orders)
        assert errors[0] < 1e-4


@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8, 1e-10])
def test_errors_follow_the_tolerance(rtol):
    times = np.linspace(0, 20, 41)
    found = solve_course(compile_course(DECAY, ("k", "v")), [[0.3, 1.0]], times, rtol=rtol, atol=rtol * 1e-3)
    assert found.counts() == {"CONVERGED": 1}
    truth = np.stack([np.exp(-0.3 * times), bateman(times, 0.3, 1.0)], axis=1)
    assert np.abs(found.states[0] - truth).max() < 3 * rtol


def test_robertson_over_eleven_decades():
    times = np.array([0.4, 40.0, 4e3, 4e5, 4e7])
    found = solve_course(compile_course(ROBERTSON), np.zeros((1, 0)), times, rtol=1e-8, atol=1e-14)
    truth = [9.85172114e-01, 7.15827069e-01, 1.83202258e-01, 4.93827452e-03, 5.20307184e-05]  # Radau, 1e-12
    np.testing.assert_allclose(found.states[0, :, 0], truth, rtol=1e-7)
    assert np.abs(found.states[0].sum(axis=1) - 1).max() < 1e-10, "what is conserved stays"


# --- neighbours ---


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_bits_do_not_depend_on_lane_width(width):
    rng = np.random.default_rng(0)
    values = np.array([0.04, 3e7, 1e4]) * np.exp(0.3 * rng.standard_normal((21, 3)))
    times = np.linspace(0, 50, 23)
    one = solve_course(compile_course(ROBERTSON, ("k1", "k2", "k3"), lane_width=1), values, times)
    other = solve_course(compile_course(ROBERTSON, ("k1", "k2", "k3"), lane_width=width), values, times)
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_array_equal(one.steps, other.steps)


def test_bits_do_not_depend_on_company_order_or_threads():
    rng = np.random.default_rng(1)
    code = compile_course(ROBERTSON, ("k1", "k2", "k3"))
    values = np.array([0.04, 3e7, 1e4]) * np.exp(0.3 * rng.standard_normal((300, 3)))
    times = np.linspace(0, 10, 11)
    doses = [Dose("b", rng.uniform(0, 10, 300), rng.uniform(0, 1, 300))]
    all_ = solve_course(code, values, times, doses=doses, threads=2)
    order = rng.permutation(300)
    shuffled = solve_course(
        code, values[order], times, doses=[Dose("b", doses[0].time[order], doses[0].amount[order])], threads=1
    )
    np.testing.assert_array_equal(all_.states[order], shuffled.states)
    alone = solve_course(code, values[7:8], times, doses=[Dose("b", doses[0].time[7], doses[0].amount[7])])
    np.testing.assert_array_equal(all_.states[7], alone.states[0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300, -1e6])
def test_who_fails_harms_nobody(bad):
    code = compile_course(ROBERTSON, ("k1",))
    times = np.linspace(0, 10, 5)
    values = np.full((9, 1), 0.04)
    good = solve_course(code, values, times)
    values[4] = bad
    found = solve_course(code, values, times, max_steps=2000)
    assert found.status[4] in (Status.NOT_FINITE, Status.STEP_LIMIT)
    assert np.isnan(found.states[4, -1]).all()
    others = np.arange(9) != 4
    np.testing.assert_array_equal(found.states[others], good.states[others])
    assert (found.status[others] == 0).all()


def test_a_step_limit_is_said():
    found = solve_course(compile_course(ROBERTSON), np.zeros((2, 0)), [0.0, 1e6], max_steps=5)
    assert found.counts() == {"STEP_LIMIT": 2}
    assert np.isfinite(found.states[:, 0]).all()
    assert np.isnan(found.states[:, 1]).all()


def test_stop_ends_it():
    stop = threading.Event()
    stop.set()
    found = solve_course(compile_course(ROBERTSON), np.zeros((50, 0)), [0.0, 1e3], stop=stop)
    assert set(found.counts()) <= {"STOPPED", "CONVERGED"}
    assert "STOPPED" in found.counts()


# --- doses and clocks ---


def test_a_bolus_an_infusion_and_a_parameter():
    code = compile_course(DECAY, ("k",), infused=("x",))
    times = np.array([0.0, 1.0, 2.0, 3.0, 5.0])
    bolus = solve_course(code, [[0.3]], times, doses=[Dose("x", 2.0, 1.0)], rtol=1e-9, atol=1e-12).states[0, :, 0]
    expected = np.exp(-0.3 * times) + np.where(times >= 2, np.exp(-0.3 * (times - 2)), 0)
    np.testing.assert_allclose(bolus, expected, rtol=1e-7)
    slow = solve_course(code, [[0.3]], times, doses=[Dose("x", 1.0, 2.0, 2.0)], rtol=1e-9, atol=1e-12).states[0, :, 0]
    during = np.clip(times - 1, 0, 2)
    after = np.clip(times - 3, 0, None)
    expected = np.exp(-0.3 * times) + (1 - np.exp(-0.3 * during)) / 0.3 * np.exp(-0.3 * after)
    np.testing.assert_allclose(slow, expected, rtol=1e-7)
    faster = solve_course(code, [[0.3]], times, doses=[Dose("k", 1.0, 0.7, 1.0)], rtol=1e-9, atol=1e-12)
    gone = 0.3 * times + 0.7 * np.clip(times - 1, 0, 1)
    np.testing.assert_allclose(faster.states[0, :, 0], np.exp(-gone), rtol=1e-7)


def test_a_dose_at_a_time_that_is_asked_for_counts():
    found = solve_course(compile_course(DECAY), np.zeros((1, 0)), [0.0, 0.0, 1.0, 1.0], doses=[Dose("y", 0.0, 5.0)])
    np.testing.assert_array_equal(found.states[0, :2, 1], [5.0, 5.0])
    np.testing.assert_array_equal(found.states[0, 2], found.states[0, 3])


def test_repeated_doses_are_missed_and_tapered():
    doses = repeated("x", 8.0, every=6.0, count=6, missed=(1,), taper=(0.5, 0.25))
    assert [(d.time, d.amount) for d in doses] == [(0, 8), (12, 8), (18, 8), (24, 4), (30, 2)]


def test_everybody_has_their_own_doses_and_nan_is_never():
    code = compile_course(DECAY)
    times = np.array([0.0, 4.0])
    found = solve_course(
        code, np.zeros((3, 0)), times, doses=[Dose("x", [1.0, 3.0, np.nan], [1.0, 2.0, 3.0])], rtol=1e-9, atol=1e-12
    ).states[:, 1, 0]
    np.testing.assert_allclose(found, math.exp(-1.2) + np.array([math.exp(-0.9), 2 * math.exp(-0.3), 0]), rtol=1e-7)


def test_a_clock_is_hit_exactly_whatever_its_period():
    """Light half of the time: x' = k (L - x) has its closed form between jumps."""
    periods = np.array([24.0, 20.0, 7.3])
    times = np.linspace(0, 100, 101)
    code = compile_course(CLOCK, ("p",))
    found = solve_course(code, periods[:, None], times, rtol=1e-10, atol=1e-13)
    for period, states in zip(periods, found.states[:, :, 0], strict=True):
        grid = np.unique(np.concatenate([times, np.arange(0, 101, period / 2)]))
        x, truth = 0.0, {0.0: 0.0}
        for a, b in pairwise(grid):
            light = 1.0 if (0.5 * (a + b)) % period < period / 2 else 0.0
            x = light + (x - light) * math.exp(-0.2 * (b - a))
            truth[b] = x
        np.testing.assert_allclose(states, [truth[t] for t in times], atol=1e-9)
    assert (found.steps < 1500).all(), "no step straddles a jump, so none is refused down to nothing"


def test_against_the_reference_path_with_doses_and_a_clock():
    network = load_network(
        "model m(); species gut=0, blood=0, deep=1; ka=0.9; ke=0.2; kd=0.3; amp=0.5;"
        "J1: gut -> blood; ka*gut; J2: blood ->; ke*blood*(1+amp*sin(2*pi*time/24)); "
        "J3: blood -> deep; kd*blood/(1+blood); J4: deep -> blood; 0.1*deep; end"
    )
    times = np.linspace(0, 60, 61)
    given = [("gut", 0.0, 10.0, 0.0), ("gut", 12.5, 5.0, 0.0), ("blood", 30.0, 6.0, 4.0)]
    slow = time_course(network, times, None, [OneDose(*d) for d in given], rtol=1e-11, atol=1e-13)
    code = compile_course(network, infused=("blood",))
    fast = solve_course(code, np.zeros((1, 0)), times, doses=[Dose(*d) for d in given], rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(fast.states[0], slow.states, rtol=1e-7, atol=1e-9)


# --- what is refused ---


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": [1.0, 0.0]}, "increase"),
        ({"times": [-1.0]}, "increase"),
        ({"rtol": 0.0}, "rtol"),
        ({"atol": -1.0}, "atol"),
        ({"wanted": ["z"]}, "'z'"),
        ({"start": np.zeros(5)}, "start"),
        ({"parameters": np.zeros((1, 3))}, "shape"),
        ({"doses": [Dose("z", 0.0, 1.0)]}, "'z'"),
        ({"doses": [Dose("x", 0.0, 1.0, 2.0)]}, "infused"),
        ({"doses": [Dose("x", -1.0, 1.0)]}, "impossible"),
        ({"doses": [Dose("x", [1.0, 2.0], 1.0)]}, "people"),
    ],
)
def test_impossible_wishes_are_refused(change, message):
    wishes = {"parameters": [[0.3]], "times": [0.0, 1.0], **change}
    with pytest.raises(ModelError, match=message):
        solve_course(compile_course(DECAY, ("k",)), wishes.pop("parameters"), wishes.pop("times"), **wishes)


def test_unknown_names_are_refused_when_compiling():
    with pytest.raises(ModelError, match="'q'"):
        compile_course(DECAY, ("q",))
    with pytest.raises(ModelError, match="flow"):
        compile_course(DECAY, infused=("q",))
    with pytest.raises(ModelError, match="nothing"):
        compile_course(load_network("model n(); k=1; end"))


def test_code_of_another_model_is_noticed():
    code = compile_course(DECAY, ("k", "v"))
    other = load_network("model d(); species x=1, y=0; k=0.3; v=1; J1: x -> y; 2*k*x; J2: y ->; v*y; end")
    rehearsed = rehearse(build_course_kernel(DECAY, code.free), DECAY, code.free)
    assert fault(code, rehearsed) is None
    wrong = compile_course(other, ("k", "v"))
    from dataclasses import replace

    assert fault(replace(code, run=wrong.run), rehearsed) is not None


# --- random networks ---


@st.composite
def chains(draw):
    n = draw(st.integers(2, 6))
    numbers = st.floats(-2, 2).map(lambda e: 10.0**e)
    lines = [f"species {', '.join(f's{i}={draw(numbers):.6g}' for i in range(n))};"]
    for j in range(draw(st.integers(n, 2 * n))):
        a, b = draw(st.integers(0, n - 1)), draw(st.integers(0, n - 1))
        k, km = draw(numbers), draw(numbers)
        law = draw(st.sampled_from([f"{k:.6g}*s{a}", f"{k:.6g}*s{a}/({km:.6g}+s{a})", f"{k:.6g}*s{a}^2/(1+s{b}+s{a})"]))
        target = f"s{b}" if a != b and draw(st.booleans()) else ""
        lines.append(f"J{j}: s{a} -> {target}; {law};")
    return "model random()\n" + "\n".join(lines) + "\nend"


@settings(max_examples=12, deadline=None)
@given(chains())
def test_random_networks_agree_with_the_reference_path(text):
    network = load_network(text)
    if not network.species:
        return
    times = np.array([0.0, 0.01, 0.3, 5.0])
    slow = time_course(network, times, rtol=1e-10, atol=1e-13)
    fast = solve_course(compile_course(network), np.zeros((1, 0)), times, rtol=1e-9, atol=1e-13)
    assert fast.counts() == {"CONVERGED": 1}
    scale = np.abs(slow.states).max(axis=0)
    assert (np.abs(fast.states[0] - slow.states) <= 1e-6 * np.abs(slow.states) + 1e-8 * scale.max()).all()


# --- hard networks ---


def test_a_stiffness_of_twelve_decades():
    """x relaxes in 1e-9 to what y says, y decays in 1e3."""
    network = load_network(
        "model stiff(); species x=0, y=1; k=1e9; d=1e-3; J1: -> x; k*y; J2: x ->; k*x; J3: y ->; d*y; end"
    )
    times = np.array([0.0, 1.0, 100.0, 3000.0])
    found = solve_course(compile_course(network), np.zeros((1, 0)), times, rtol=1e-8, atol=1e-14)
    truth = np.exp(-1e-3 * times[1:])
    np.testing.assert_allclose(found.states[0, 1:, 1], truth, rtol=1e-6)
    np.testing.assert_allclose(found.states[0, 1:, 0], truth, rtol=1e-6)
    assert found.steps[0] < 300


def test_totals_stay_to_the_tenth_digit():
    network = load_network(
        "model c(); species a=1, b=0, ab=0, e=1e-3, ea=0; J1: a + b -> ab; 30*a*b; J2: ab -> a + b; 0.2*ab;"
        "J3: a + e -> ea; 1e4*a*e; J4: ea -> b + e; 5*ea; end"
    )
    times = np.geomspace(1e-3, 1e4, 15)
    found = solve_course(compile_course(network), np.zeros((1, 0)), times, rtol=1e-4, atol=1e-7).states[0]
    a, b, ab, e, ea = (found[:, network.species.index(s)] for s in ("a", "b", "ab", "e", "ea"))
    np.testing.assert_allclose(e + ea, 1e-3, rtol=1e-10)
    np.testing.assert_allclose(a + b + 2 * ab + ea, 1.0, rtol=1e-10)


def test_what_runs_away_is_said():
    network = load_network("model r(); species x=1; k=1; J: -> x; k*x^2; end")
    found = solve_course(compile_course(network, ("k",)), [[1.0], [0.1]], [0.0, 0.5, 5.0], max_steps=20_000)
    assert found.status[0] in (Status.NOT_FINITE, Status.STEP_LIMIT)
    np.testing.assert_allclose(found.states[0, 1], 2.0, rtol=1e-4)
    np.testing.assert_allclose(found.states[1, :, 0], [1, 1 / (1 - 0.05), 2.0], rtol=1e-4)


def test_no_absolute_tolerance_is_a_tolerance():
    network = load_network("model z(); species x=1, y=0; J: x ->; 0.5*x; K: y ->; y; end")
    found = solve_course(compile_course(network), np.zeros((1, 0)), [0.0, 2.0], rtol=1e-8, atol=0.0)
    assert found.counts() == {"CONVERGED": 1}
    np.testing.assert_allclose(found.states[0, 1], [np.exp(-1), 0.0], rtol=1e-6)
