"""Expressions: simplification never changes a value, nodes are shared, choices are made as written."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone.engine.derivative import Derivative, gross
from eutone.engine.expr import FUNCTIONS, Expr, call, const, evaluate, substitute, symbol, symbols, walk
from eutone.engine.network import Network

ONE = ("neg", "exp", "ln", "sqrt", "abs", "floor", "ceil", "sin", "cos", "tan", "not")
TWO = ("add", "sub", "mul", "div", "pow", "min", "max", "lt", "le", "gt", "ge", "eq", "ne", "and", "or")
ARITY = dict.fromkeys(ONE, 1) | dict.fromkeys(TWO, 2)
ARITY["select"] = 3

#: A formula before anything looks at it: an operator and operands, a name, or a number.
Tree = tuple[object, ...] | str | float

trees: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from(["x", "y", "z", 0.0, 1.0, -1.0, 2.0, 0.5, 3.0, -2.5]),
    lambda inner: st.sampled_from(sorted(ARITY)).flatmap(
        lambda op: st.tuples(st.just(op), *[inner] * ARITY[op]).map(tuple)
    ),
    max_leaves=25,
)
numbers = st.floats(-4, 4).map(lambda v: round(v, 3))
points = st.fixed_dictionaries({"x": numbers, "y": numbers, "z": numbers})


def build(tree: Tree) -> Expr:
    if isinstance(tree, str):
        return symbol(tree)
    if isinstance(tree, float):
        return const(tree)
    return call(str(tree[0]), *(build(t) for t in tree[1:]))  # type: ignore[arg-type]


def plain(tree: Tree, values: dict[str, float]) -> tuple[float, bool]:
    """The value of a formula as written, without any node, and whether every intermediate value is finite."""
    if isinstance(tree, str):
        return values[tree], True
    if isinstance(tree, float):
        return tree, True
    parts = [plain(t, values) for t in tree[1:]]  # type: ignore[arg-type]
    with np.errstate(all="ignore"):
        value = float(np.asarray(FUNCTIONS[str(tree[0])](*(np.float64(v) for v, _ in parts))))
    return value, math.isfinite(value) and all(ok for _, ok in parts)


@given(trees, points)
def test_simplified_expressions_have_the_value_that_was_written(tree: Tree, values: dict[str, float]) -> None:
    value, finite = plain(tree, values)
    if finite:
        assert float(np.asarray(evaluate([build(tree)], values)[0])) == pytest.approx(value, rel=1e-12, abs=1e-300)


@given(trees)
def test_the_same_formula_is_the_same_node(tree: Tree) -> None:
    one = build(tree)
    assert build(tree) is one
    assert len(set(walk(one))) == len(list(walk(one)))


@given(trees)
def test_operands_come_before_their_users(tree: Tree) -> None:
    seen: set[Expr] = set()
    for node in walk(build(tree)):
        assert all(a in seen for a in node.args)
        seen.add(node)


@given(trees, trees, points)
def test_substituting_is_evaluating_with_the_replacement(outer: Tree, inner: Tree, values: dict[str, float]) -> None:
    replaced = build(inner)
    (direct,) = substitute([build(outer)], {"x": replaced})
    with np.errstate(all="ignore"):
        x = float(np.asarray(evaluate([replaced], values)[0]))
    if not math.isfinite(x):
        return
    found = float(np.asarray(evaluate([direct], values)[0]))
    expected = float(np.asarray(evaluate([build(outer)], {**values, "x": x})[0]))
    if math.isfinite(found) and math.isfinite(expected):
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-300)


@given(trees, points)
def test_generated_python_agrees_with_the_walk(tree: Tree, values: dict[str, float]) -> None:
    """The reference derivative is written out as Python; it must be what `evaluate` says, in domain and out of it."""
    expression = build(tree)
    network = Network("one", ("x",), np.zeros(1), ("y", "z"), np.zeros(2), ("r",), (expression,), np.ones((1, 1)))
    p = np.array([values["y"], values["z"]])
    (found,) = Derivative(network).terms(0.0, np.array([values["x"]]), p)
    expected = float(np.asarray(evaluate([expression], {k: np.float64(v) for k, v in values.items()})[0]))
    if math.isfinite(expected):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(trees, points)
def test_what_is_turned_over_is_at_least_what_is_left(tree: Tree, values: dict[str, float]) -> None:
    expression = build(tree)
    net, whole = (float(np.asarray(v)) for v in evaluate([expression, gross(expression)], values))
    if math.isfinite(net) and math.isfinite(whole):
        assert whole >= abs(net) * (1 - 1e-9)


def test_choice_takes_the_first_branch_that_holds() -> None:
    x = symbol("x")
    ramp = call("select", call("lt", x, 1.0), 0.0, call("select", call("lt", x, 3.0), x - 1.0, 2.0))
    (found,) = evaluate([ramp], {"x": np.array([0.0, 0.999, 1.0, 2.0, 3.0, 9.0])})
    np.testing.assert_array_equal(np.asarray(found), [0.0, 0.0, 0.0, 1.0, 2.0, 2.0])


def test_the_sign_of_zero_and_not_a_number_are_kept_apart() -> None:
    assert const(0.0) is not const(-0.0)
    assert const(math.nan) is const(math.nan)


def test_deep_expressions_do_not_recurse() -> None:
    deep = symbol("x")
    for _ in range(20_000):
        deep = call("sin", deep)
    assert symbols(deep) == {"x"}
    assert sum(1 for _ in walk(deep)) == 20_001


def test_an_unknown_operator_or_name_is_an_error() -> None:
    with pytest.raises(KeyError, match="gamma"):
        call("gamma", 1.0)
    with pytest.raises(KeyError, match="q"):
        evaluate([symbol("q")], {})
