"""Every jump of a clock is found, to the last bit, for everybody by their own numbers alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone.engine.clocks import clocks, jumps
from eutone.engine.expr import Expr, call, const, symbol
from eutone.engine.network import Network
from eutone.engine.stretches import smooth_stretches

T, P = symbol("time"), symbol("p")


def network(rate: Expr, **parameters: float) -> Network:
    return Network(
        name="clock",
        species=("x", "y"),
        initial=np.zeros(2),
        parameters=tuple(parameters),
        values=np.array(list(parameters.values())),
        reactions=("in",),
        rates=(rate,),
        stoichiometry=np.array([[1.0], [0.0]]),
        explicit_time=True,
    )


def found(rate: Expr, end: float, begin: float = 0.0, **constants: object) -> np.ndarray:
    n = max([np.size(v) for v in constants.values()], default=1)
    floats = {k: 1.0 for k in constants if k not in ("x", "y")}
    return jumps(clocks(network(rate, **floats)), constants, np.full(n, begin), end)


def on(condition: Expr) -> Expr:
    return call("select", condition, const(2.0), const(0.5))


def daily(start: float, stop: float) -> Expr:
    hour = T - 24.0 * call("floor", T / 24.0)
    return on(call("and", call("ge", hour, start), call("lt", hour, stop)))


def test_no_clock():
    assert clocks(network(symbol("x") * T)) == ()
    assert found(P * T, 10.0, p=1.0).shape == (1, 0)


def test_one_comparison_to_the_bit():
    assert found(on(call("ge", T, 6.0)), 10.0).tolist() == [[6.0]]
    assert found(on(call("gt", T, 6.0)), 10.0).tolist() == [[np.nextafter(6.0, 7.0)]]
    assert found(on(call("lt", T, 16.0)), 10.0).shape == (1, 0)


def test_equality_is_on_for_one_number():
    assert found(on(call("eq", T, 6.0)), 10.0).tolist() == [[6.0, np.nextafter(6.0, 7.0)]]


def test_days_on_a_year():
    edges = found(daily(6.0, 18.0), 24.0 * 365)[0]
    days = 24.0 * np.arange(366)
    expected = np.unique(np.concatenate([days + 6.0, days + 18.0, days[1:]]))
    np.testing.assert_array_equal(edges, expected[expected <= 24.0 * 365])


def test_a_short_pulse_on_a_long_course():
    wave = call("sin", 2.0 * math.pi * T / 24.0)
    edges = found(on(call("gt", wave, 0.99)), 9600.0)[0]
    half = 24.0 * math.acos(0.99) / (2.0 * math.pi)
    tops = 6.0 + 24.0 * np.arange(400)
    np.testing.assert_allclose(edges[::2], tops - half, rtol=1e-12)
    np.testing.assert_allclose(edges[1::2], tops + half, rtol=1e-12)


def test_pulses_of_one_second_on_a_year_of_hours():
    phase = T - 24.0 * call("floor", T / 24.0)
    edges = found(on(call("lt", call("abs", phase - 7.3), 0.5 / 3600.0)), 24.0 * 365)[0]
    assert len(edges) == 365 * 2 + 365


def test_what_only_touches_is_no_jump():
    assert found(on(call("gt", call("sin", T), 1.0)), 1000.0).shape == (1, 0)


def test_a_formula_that_cannot_be_bounded_ends():
    wild = call("sin", call("exp", T))
    assert 0 < found(on(call("gt", wild, 0.0)), 40.0).shape[1] < 10 * 2**14


def test_own_numbers_alone():
    generator = np.random.default_rng(3)
    p = generator.uniform(0.5, 30.0, 23)
    rate = on(call("gt", call("sin", T / P), 0.3)) + on(call("ge", T - P * call("floor", T / P), 0.5 * P))
    together = found(rate, 500.0, p=p)
    for k in range(len(p)):
        alone = found(rate, 500.0, p=p[k : k + 1])[0]
        row = together[k][np.isfinite(together[k])]
        assert row.tobytes() == alone.tobytes()


def test_each_from_their_own_beginning():
    rate = on(call("ge", T, P))
    table = jumps(clocks(network(rate, p=1.0)), {"p": np.array([3.0, 3.0, 8.0])}, np.array([0.0, 4.0, 4.0]), 9.0)
    assert table.tolist() == [[3.0], [np.inf], [8.0]]


def test_states_that_stand_still_move_clocks():
    rate = on(call("ge", T, symbol("y") + 1.0))
    assert len(clocks(network(rate))) == 1
    assert clocks(network(rate), frozenset({"y"})) == ()
    assert clocks(network(on(call("ge", T, symbol("x"))))) == ()
    assert jumps(clocks(network(rate)), {"y": np.array([2.0])}, np.zeros(1), 9.0).tolist() == [[3.0]]


NUMBERS = st.floats(0.2, 30.0).map(lambda v: round(v, 2))
TIMES = st.sampled_from([
    T, T - 0.3 * T, T * T, call("sin", T), call("cos", T * 0.7), call("exp", -0.1 * T), call("sqrt", T), T - 5.0,
    T - 7.0 * call("floor", T / 7.0), call("abs", T - 11.0), call("min", T, 20.0 - T), call("ceil", 0.3 * T),
])  # fmt: skip
SIDES = st.builds(lambda e, a, b: e * a - b, TIMES, NUMBERS, NUMBERS) | TIMES
COMPARED = st.builds(call, st.sampled_from(["lt", "le", "gt", "ge"]), SIDES, SIDES | NUMBERS.map(const))
# whether two computed numbers are ever equal is a matter of rounding
COMPARED |= st.builds(call, st.sampled_from(["eq", "ne"]), st.just(T), NUMBERS.map(const))
CONDITIONS = COMPARED | st.builds(call, st.sampled_from(["and", "or"]), COMPARED, COMPARED)


@given(CONDITIONS, st.floats(1.0, 60.0))
@settings(max_examples=150, deadline=None)
def test_as_the_reference_finds_them(condition: Expr, end: float):
    # the reference looks at 20,001 points besides, and again between: whatever those see is found without them
    mine = found(on(condition), end)[0]
    stretches = smooth_stretches(clocks(network(on(condition))), {}, 0.0, end)
    theirs = np.array([low for low, _ in stretches[1:]])
    short = 64.0 * np.spacing(end)  # where rounding lets a comparison flicker each may see other flickers

    def beside(some: np.ndarray, others: np.ndarray) -> np.ndarray:
        near = np.abs(some[:, None] - others[None, :]).min(axis=1, initial=np.inf)
        return some[near > short + 1e-7]

    for lonely in beside(theirs, mine):
        pytest.fail(f"the reference has a jump at {lonely!r}, the lanes do not: {condition}")
    for lonely in beside(mine, theirs):
        pytest.fail(f"the lanes have a jump at {lonely!r}, the reference does not: {condition}")
