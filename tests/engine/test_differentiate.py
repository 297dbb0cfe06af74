"""Symbolic derivatives against finite differences and against what calculus says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone.engine.differentiate import gradients
from eutone.engine.expr import Expr, call, const, evaluate, symbol

X, Y = symbol("x"), symbol("y")

SMOOTH = ["neg", "exp", "ln", "sqrt", "abs", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"]


def value(e: Expr, **at: float) -> float:
    return float(np.asarray(evaluate([e], at)[0]))


def slope(e: Expr, **at: float) -> float:
    """Central difference in x."""
    h = 1e-6 * max(1.0, abs(at["x"]))
    return (value(e, **{**at, "x": at["x"] + h}) - value(e, **{**at, "x": at["x"] - h})) / (2 * h)


@pytest.mark.parametrize("op", SMOOTH)
def test_every_function(op: str) -> None:
    e = call(op, 0.3 * X + 0.1)
    (row,) = gradients([e], ["x"])
    assert value(row["x"], x=0.7) == pytest.approx(slope(e, x=0.7), rel=1e-7)


@pytest.mark.parametrize("op", ["add", "sub", "mul", "div", "pow", "min", "max"])
def test_every_operator_in_both_places(op: str) -> None:
    e = call(op, X * X + 1, 0.5 * X + 2)
    (row,) = gradients([e], ["x"])
    assert value(row["x"], x=0.7) == pytest.approx(slope(e, x=0.7), rel=1e-7)


@pytest.mark.parametrize("x", [0.5, 1.5])
def test_choice_takes_the_slope_of_the_branch_taken(x: float) -> None:
    e = call("select", call("lt", X, 1), X * X, 7 * X)
    (row,) = gradients([e], ["x"])
    assert value(row["x"], x=x) == (2 * x if x < 1 else 7)


@pytest.mark.parametrize("op", ["floor", "ceil"])
def test_steps_have_no_slope(op: str) -> None:
    assert gradients([call(op, X)], ["x"]) == [{}]


def test_what_is_not_used_is_absent() -> None:
    (row,) = gradients([X * 2 + symbol("k")], ["x", "y"])
    assert set(row) == {"x"}


def test_power_of_zero_is_flat_in_its_exponent() -> None:
    (row,) = gradients([X**Y], ["y"])
    assert value(row["y"], x=0.0, y=2.0) == 0.0


def test_denominators_are_shared_between_rate_and_slope() -> None:
    """A quotient and its derivatives divide by the same node, so one reciprocal serves them all."""
    bottom = X + Y
    (row,) = gradients([X / bottom], ["x", "y"])
    assert all(d.op == "div" and d.args[1] is bottom for d in row.values())


terms = st.recursive(
    st.sampled_from([X, Y]) | st.floats(0.5, 3).map(const),
    lambda inner: (
        st.tuples(st.sampled_from(["add", "mul", "div"]), inner, inner).map(lambda t: call(*t))
        | inner.map(lambda e: call("sqrt", e))
        | inner.map(lambda e: e / (1 + e))
        | st.tuples(inner, st.sampled_from([2.0, 3.0, -1.0, 1.5])).map(lambda t: t[0] ** t[1])
    ),
    max_leaves=12,
)


@given(terms, st.floats(0.5, 2), st.floats(0.5, 2))
def test_random_positive_expressions(e: Expr, x: float, y: float) -> None:
    (row,) = gradients([e], ["x"])
    exact = value(row["x"], x=x, y=y) if "x" in row else 0.0
    size = abs(value(e, x=x, y=y))
    assert exact == pytest.approx(slope(e, x=x, y=y), rel=1e-5, abs=1e-7 * (size + 1))
