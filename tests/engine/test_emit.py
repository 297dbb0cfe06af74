"""Machine code does what the program says, with the same bits on every lane width, for any number of people."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone.engine.expr import FUNCTIONS, call, symbol
from eutone.engine.program import interpret, lower

_spec = importlib.util.spec_from_file_location("machine", Path(__file__).with_name("machine.py"))
assert _spec is not None
assert _spec.loader is not None
machine = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(machine)

X, Y, Z = symbol("x"), symbol("y"), symbol("z")
ROWS = {"x": 0, "y": 1, "z": 2}
UNARY = [
    "neg",
    "exp",
    "ln",
    "sqrt",
    "abs",
    "floor",
    "ceil",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "not",
]
ARITY = {"select": 3} | dict.fromkeys(UNARY, 1)
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, 3.7, -2.2, math.inf, -math.inf, math.nan, 1e-310, 1e300])


def units_apart(got: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Distance in units in the last place of what is wanted."""
    return np.abs(got - wanted) / np.spacing(np.maximum(np.abs(wanted), 2.3e-308))


@pytest.mark.parametrize("op", sorted(FUNCTIONS))
def test_every_operator_on_special_numbers(op: str) -> None:
    program = lower([(3, call(op, *(X, Y, Z)[: ARITY.get(op, 2)]))], ROWS)
    a, b = (m.ravel() for m in np.meshgrid(SPECIAL, SPECIAL))
    table = np.vstack([a, b, a[::-1], np.zeros(a.size)])
    got, wanted = machine.run(program, table)[3], interpret(program, table)[3]
    np.testing.assert_array_equal(np.isnan(got), np.isnan(wanted))
    np.testing.assert_allclose(got, wanted, rtol=4e-15)


@pytest.mark.parametrize(("op", "low", "high"), [("exp", -700.0, 700.0), ("exp", -1.0, 1.0), ("ln", 1e-300, 10.0)])
def test_error_of_exp_and_ln_is_at_most_one_unit(op: str, low: float, high: float) -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(low, high, 200_000)
    if op == "ln":
        x = np.concatenate([x, np.exp(rng.uniform(-700, 700, 200_000)), 1 + rng.standard_normal(200_000) * 1e-3])
    table = np.vstack([x, np.zeros((3, x.size))])
    got = machine.run(lower([(3, call(op, X))], ROWS), table)[3]
    # long double has 11 bits more
    wanted = (np.exp if op == "exp" else np.log)(x.astype(np.longdouble))
    error = np.abs(got.astype(np.longdouble) - wanted) / np.spacing(np.abs(wanted).astype(float))
    assert float(error.max()) <= 1.0


@pytest.mark.parametrize("op", ["sin", "cos"])
def test_error_of_sin_and_cos_is_at_most_one_unit(op: str) -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [rng.uniform(-8, 8, 200_000), rng.uniform(-1e4, 1e4, 200_000), rng.uniform(-1, 1, 50_000) * 2.0**30]
    )
    turns = np.arange(-20_000, 20_001) * (np.pi / 2)  # where one of them is all but 0
    x = np.concatenate([x, turns, np.nextafter(turns, 9e9), np.exp(rng.uniform(-700, 0, 20_000))])
    got = machine.run(lower([(3, call(op, X))], ROWS), np.vstack([x, np.zeros((3, x.size))]))[3]
    wanted = (np.sin if op == "sin" else np.cos)(x.astype(np.longdouble))
    error = np.abs(got.astype(np.longdouble) - wanted) / np.spacing(np.abs(wanted).astype(float))
    assert float(error.max()) <= 1.0


@pytest.mark.parametrize("op", ["sin", "cos"])
def test_sin_and_cos_of_far_arguments_leave_their_neighbours_alone(op: str) -> None:
    x = np.array([0.3, 1e300, -0.0, 2.0**30, 1.1 * 2.0**30, np.inf, -np.inf, np.nan, 5.0, 1e15, 0.0, 7.0])
    got = machine.run(lower([(3, call(op, X))], ROWS), np.vstack([x, np.zeros((3, x.size))]))[3]
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(got, (np.sin if op == "sin" else np.cos)(x), rtol=1e-15)
    near = x[np.abs(x) <= 2.0**30]
    alone = machine.run(lower([(3, call(op, X))], ROWS), np.vstack([near, np.zeros((3, near.size))]), width=1)[3]
    assert alone.tobytes() == got[np.abs(x) <= 2.0**30].tobytes()


def test_exp_overflows_and_underflows_where_it_should() -> None:
    x = np.array([709.78, 709.79, 1e5, -745.1, -746.0, -1e5, -720.0])
    got = machine.run(lower([(3, call("exp", X))], ROWS), np.vstack([x, np.zeros((3, x.size))]))[3]
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(got, np.exp(x), rtol=1e-12, atol=1e-323)


def test_power_error_grows_with_its_logarithm_only() -> None:
    rng = np.random.default_rng(2)
    x, y = np.exp(rng.uniform(-20, 20, 50_000)), rng.uniform(-10, 10, 50_000)
    got = machine.run(lower([(3, X**Y)], ROWS), np.vstack([x, y, x, x]))[3]
    wanted = x.astype(np.longdouble) ** y.astype(np.longdouble)
    error = np.abs(got - wanted) / np.spacing(np.abs(wanted).astype(float))
    assert float((error / (2 + 1.5 * np.abs(y * np.log(x)))).max()) <= 1.0


MIXED = [
    (3, call("exp", -X) / (1 + Y**2.5) - Z * call("ln", 1 + X)),
    (4, call("select", call("and", call("lt", X, Y), call("not", call("gt", Z, 1))), X / (1 + Y), call("tanh", Z))),
    (5, call("max", X, call("min", Y, Z)) ** -3 + call("floor", 10 * X)),
]


@pytest.mark.parametrize("width", [1, 2, 4, 16])
def test_bits_do_not_depend_on_the_lane_width(width: int) -> None:
    program = lower(MIXED, ROWS)
    table = np.random.default_rng(0).uniform(0.01, 4, (6, 333))
    np.testing.assert_array_equal(machine.run(program, table, width), machine.run(program, table, 8))


@settings(max_examples=15)
@given(st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_any_number_of_people_in_any_order(n: int, seed: int) -> None:
    program = lower(MIXED, ROWS)
    rng = np.random.default_rng(seed)
    table = rng.uniform(0.01, 4, (6, n))
    order = rng.permutation(n)
    got = machine.run(program, table)
    np.testing.assert_array_equal(machine.run(program, table[:, order]), got[:, order])
    np.testing.assert_allclose(got, interpret(program, table), rtol=1e-13, atol=1e-13)


def test_each_lane_runs_until_its_own_person_is_finished() -> None:
    """Row x counts up to row y; z remembers the count at which the lane said that it was done."""
    running = call("eq", Z, 0)
    up = call("select", running, X + 1, X)
    program = lower([(0, up), (2, call("select", call("ge", up, Y), up, 0))], ROWS)
    wanted = np.random.default_rng(3).integers(1, 50, 101).astype(float)
    table = np.vstack([np.zeros(101), wanted, np.zeros(101)])
    got = machine.run(program, table, finished=2)
    np.testing.assert_array_equal(got[0], wanted)
    np.testing.assert_array_equal(got[2], wanted)


def test_no_operation_is_fused_that_the_program_does_not_fuse() -> None:
    """x * y - x * y rounded the same way twice is 0; fused on one side it is the rounding error."""
    product = X * Y
    program = lower([(3, product - product), (4, product)], ROWS)
    table = np.vstack([np.random.default_rng(4).uniform(1, 2, (2, 64)), np.zeros((3, 64))])
    got = machine.run(program, table, 8)
    np.testing.assert_array_equal(got[3], 0)
    np.testing.assert_array_equal(got[4], table[0] * table[1])
