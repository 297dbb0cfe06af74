"""Programs mean what the expressions mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone.engine.expr import FUNCTIONS, Expr, call, const, evaluate, symbol
from eutone.engine.program import interpret, lower

X, Y, Z = symbol("x"), symbol("y"), symbol("z")
ROWS = {"x": 0, "y": 1, "z": 2}
LANES = np.array([[0.3, 1.0, 2.5, 7.0], [1.1, 0.2, 3.0, 0.9], [-2.0, 0.0, 0.5, 4.0]])


def run(*roots: Expr) -> np.ndarray:
    program = lower([(3 + k, e) for k, e in enumerate(roots)], ROWS)
    return interpret(program, np.vstack([LANES, np.zeros((len(roots), 4))]))[3:]


def ops(*roots: Expr) -> list[str]:
    return [i.op for i in lower([(3 + k, e) for k, e in enumerate(roots)], ROWS).code]


def oracle(e: Expr) -> np.ndarray:
    return np.broadcast_to(np.asarray(evaluate([e], {k: LANES[r] for k, r in ROWS.items()})[0], dtype=float), (4,))


ARITY = {"neg": 1, "exp": 1, "ln": 1, "sqrt": 1, "select": 3, "not": 1}
UNARY = {"abs", "floor", "ceil", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"}


@pytest.mark.parametrize("op", sorted(FUNCTIONS))
def test_every_operator(op: str) -> None:
    e = call(op, *(X * 0.1, Y, Z)[: 1 if op in UNARY else ARITY.get(op, 2)])
    np.testing.assert_allclose(run(e)[0], oracle(e), rtol=1e-14)


expressions = st.recursive(
    st.sampled_from([X, Y]) | st.floats(0.1, 5).map(const),
    lambda inner: (
        st.tuples(st.sampled_from(["add", "mul", "div", "sub", "max"]), inner, inner).map(lambda t: call(*t))
        | st.tuples(inner, st.sampled_from([2.0, 4.0, -2.0, 0.5, 2.5, -0.5])).map(lambda t: call("abs", t[0]) ** t[1])
        | st.tuples(inner, inner, inner).map(lambda t: call("select", call("lt", t[0], t[1]), t[1], t[2]))
    ),
    max_leaves=20,
)


def _scale(e: Expr) -> np.ndarray:
    """How large ``e`` would be without cancellation."""
    if e.op in ("add", "sub"):
        return _scale(e.args[0]) + _scale(e.args[1])
    return np.abs(oracle(e))


@given(expressions)
def test_random_expressions(e: Expr) -> None:
    wanted = oracle(e)
    with np.errstate(all="ignore"):
        comparable = np.isfinite(wanted) & (np.abs(wanted) < 1e100) & (np.abs(wanted) > 1e-6 * _scale(e))
    # a difference inside may cancel: then neither is right to more digits than are left
    cancels = any(
        n.op == "sub" and np.any(np.abs(oracle(n)) < 1e-4 * np.abs(oracle(n.args[0]))) for n in _nodes(e)
    ) or any(n.op in ("lt", "max") and np.any(np.abs(oracle(n.args[0]) - oracle(n.args[1])) < 1e-9) for n in _nodes(e))
    if not cancels:
        np.testing.assert_allclose(run(e)[0][comparable], wanted[comparable], rtol=1e-9)


def _nodes(e: Expr) -> list[Expr]:
    return [e, *(n for a in e.args for n in _nodes(a))]


def test_common_subexpressions_are_computed_once() -> None:
    assert ops(call("exp", X + Y) + Z, call("exp", X + Y) * Z).count("exp") == 1


@pytest.mark.parametrize("power", [2, 3, 4, 7, -1, -2, 0.5, 1.5, -2.5, 64])
def test_half_integer_powers_need_no_logarithm(power: float) -> None:
    e = X**power
    assert not {"ln", "exp", "pow"} & set(ops(e))
    np.testing.assert_allclose(run(e)[0], oracle(e), rtol=1e-13)


@pytest.mark.parametrize("power", [0.3, 2.2, -1.7, 100.0])
def test_other_powers_share_the_logarithm(power: float) -> None:
    e = X**power
    assert ops(e, X ** (power - 1)).count("ln") == 1
    np.testing.assert_allclose(run(e)[0], oracle(e), rtol=1e-13)


def test_zero_to_the_zero_is_one() -> None:
    program = lower([(2, X**Y)], ROWS)
    got = interpret(program, np.array([[0.0, 0.0, 2.0], [0.0, 2.0, 0.0], [9.0, 9.0, 9.0]]))[2]
    np.testing.assert_array_equal(got, [1.0, 0.0, 1.0])


def test_one_reciprocal_for_a_shared_denominator() -> None:
    assert ops(X / (Y + 1), Z / (Y + 1)).count("div") == 1
    assert ops(X / 3).count("div") == 0
    assert ops(X / (Y + 1)).count("div") == 1


def test_a_product_with_one_use_is_fused_and_one_with_two_is_not() -> None:
    assert ops(X * Y + Z)[-1] == "fma"
    assert ops(Z - X * Y)[-1] == "fnma"
    assert ops(X * Y - Z)[-1] == "fms"
    assert "fma" not in ops(X * Y + Z, X * Y)
    for e in (X * Y + Z, Z - X * Y, X * Y - Z, X / 3 + Z):
        np.testing.assert_allclose(run(e)[0], oracle(e), rtol=1e-15)


def test_signed_zeros_stay_apart() -> None:
    got = interpret(lower([(0, const(0.0)), (1, const(-0.0))], ROWS), LANES)
    np.testing.assert_array_equal(np.signbit(got[:2, 0]), [False, True])


def test_a_symbol_without_a_row_is_refused() -> None:
    with pytest.raises(KeyError):
        lower([(0, symbol("unknown"))], ROWS)
