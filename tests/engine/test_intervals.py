"""Bounds hold at every point of a box."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone.engine.expr import FUNCTIONS, Expr, call, const, evaluate, symbol
from eutone.engine.intervals import _RULES, enclose

UNARY = sorted(op for op in FUNCTIONS if op in {"neg", "exp", "ln", "sqrt", "abs", "floor", "ceil", "sin", "cos", "tan",
         "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "not"})  # fmt: skip
BINARY = sorted(set(FUNCTIONS) - set(UNARY) - {"select"})
NUMBERS = st.floats(-30, 30) | st.sampled_from([0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 3.0])


def test_every_operator_has_a_rule():
    assert set(_RULES) == set(FUNCTIONS)


def _deeper(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return (
        st.builds(call, st.sampled_from(UNARY), inner)
        | st.builds(call, st.sampled_from(BINARY), inner, inner)
        | st.builds(call, st.just("select"), inner, inner, inner)
    )


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "y"]).map(symbol) | NUMBERS.map(const), _deeper, max_leaves=12
)  # fmt: skip


@given(EXPRESSIONS, st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), st.integers(0, 2**32 - 1))
@settings(max_examples=1500, deadline=None)
def test_bounds_hold(expression: Expr, corners: tuple[float, float, float, float], seed: int):
    x, y = sorted(corners[:2]), sorted(corners[2:])
    low, high = enclose([expression], {"x": (np.float64(x[0]), np.float64(x[1])),
                                       "y": (np.float64(y[0]), np.float64(y[1]))})[0]  # fmt: skip
    draw = np.random.default_rng(seed)
    share = draw.uniform(size=(2, 200))
    points = {
        "x": np.clip(np.concatenate([x[0] + share[0] * (x[1] - x[0]), [x[0], x[0], x[1], x[1]]]), *x),
        "y": np.clip(np.concatenate([y[0] + share[1] * (y[1] - y[0]), [y[0], y[1], y[0], y[1]]]), *y),
    }
    with np.errstate(all="ignore"):
        found = np.broadcast_to(np.asarray(evaluate([expression], points)[0], dtype=float), (204,))
    if not np.isnan(low):  # else nothing is said
        assert not np.isnan(found).any()
        assert (found >= low).all()
        assert (found <= high).all()


@pytest.mark.parametrize(
    ("op", "box", "bounds"),
    [
        ("sin", (0.0, 3.0), (0.0, 1.0)),
        ("sin", (1e-3, 1.0), (np.sin(1e-3), np.sin(1.0))),
        ("cos", (-1.0, 7.0), (-1.0, 1.0)),
        ("abs", (-2.0, 1.0), (0.0, 2.0)),
        ("floor", (0.5, 2.5), (0.0, 2.0)),
        ("tan", (1.0, 2.0), (np.nan, np.nan)),
        ("ln", (-1.0, 2.0), (np.nan, np.nan)),
        ("cosh", (-1.0, 2.0), (1.0, np.cosh(2.0))),
    ],
)
def test_bounds_are_tight_where_they_can_be(op: str, box: tuple[float, float], bounds: tuple[float, float]):
    found = enclose([call(op, symbol("x"))], {"x": (np.float64(box[0]), np.float64(box[1]))})[0]
    np.testing.assert_allclose(found, bounds, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("high", [0.0, -0.0, 1.0])
@pytest.mark.parametrize("power", [-1.0, -2.0, -3.0])
def test_nothing_is_known_of_a_negative_power_from_below_up_to_its_pole(high: float, power: float):
    box = {"x": (np.float64(-4.0), np.float64(high))}
    low, high_ = enclose([call("pow", symbol("x"), const(power))], box)[0]
    assert np.isnan(low)
    assert np.isnan(high_)


def test_what_is_known_is_taken():
    x = symbol("x")
    inner = call("floor", x)
    box = {"x": (np.array([0.0, 1.0]), np.array([1.0, 2.0]))}
    low, high = enclose([x - inner], box, {inner: (np.array([0.0, 1.0]), np.array([0.0, 1.0]))})[0]
    np.testing.assert_allclose(low, 0.0, atol=1e-14)
    np.testing.assert_allclose(high, 1.0, rtol=1e-14)
