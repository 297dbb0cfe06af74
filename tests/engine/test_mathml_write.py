"""Every expression can be written as the mathematics of SBML, and reads back as what it meant."""

from __future__ import annotations

import math

import libsbml
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone._errors import ModelError
from eutone.engine.expr import FUNCTIONS, Expr, call, const, evaluate, symbol
from eutone.engine.mathml_write import FormulaWriter
from eutone.engine.parts import RATE_OF
from eutone.engine.sbml import Reader

VALUES = {"a": 0.7, "b": -1.3, "c": 2.0, "time": 3.5}
WRITER = FormulaWriter(libsbml, {}, {})
ARITY = {"select": 3} | dict.fromkeys(
    ("neg", "exp", "ln", "sqrt", "abs", "floor", "ceil", "sin", "cos", "tan", "sinh", "cosh", "tanh", "not"), 1
)
ARITY |= dict.fromkeys(("arcsin", "arccos", "arctan"), 1)


def expressions(names: tuple[str, ...] = tuple(VALUES), most: int = 12) -> st.SearchStrategy[Expr]:
    numbers = st.sampled_from([0.0, 1.0, 2.0, -1.5, 0.1, 1e-7, 3.25e12, math.inf, math.nan, 1e-300])
    leaves = st.one_of(st.sampled_from(names).map(symbol), numbers.map(const))

    def grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        one = st.sampled_from(sorted(FUNCTIONS))
        return one.flatmap(lambda op: st.builds(lambda *xs: call(op, *xs), *[inner] * ARITY.get(op, 2)))

    return st.recursive(leaves, grown, max_leaves=most)


def through(expression: Expr, *, condition: bool = False) -> Expr:
    """Written into a document, and read from its text."""
    document = libsbml.SBMLDocument(3, 2)
    node = WRITER.condition(expression, "test") if condition else WRITER.number(expression, "test")
    again = libsbml.readMathMLFromString(libsbml.writeMathMLToString(node))
    return Reader(libsbml, document, document.createModel(), "test").math(again, "test")


def value(expression: Expr) -> float:
    return float(np.asarray(evaluate([expression], VALUES)[0]))


@given(expressions())
@settings(max_examples=150)
def test_a_number_reads_back(expression: Expr) -> None:
    assert value(through(expression)) == pytest.approx(value(expression), rel=1e-13, nan_ok=True)


@given(expressions())
@settings(max_examples=150)
def test_a_condition_reads_back(expression: Expr) -> None:
    assert (value(through(expression, condition=True)) != 0) == (value(expression) != 0)


@given(expressions())
@settings(max_examples=100)
def test_what_was_read_once_stays(expression: Expr) -> None:
    once = through(expression)
    assert through(once) is once


@given(st.sampled_from(sorted(FUNCTIONS)))
def test_plain_operators_come_back_as_they_were(op: str) -> None:
    operands = [symbol(name) for name in ("a", "b", "c")[: ARITY.get(op, 2)]]
    node = call(op, *operands)
    if op not in ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "select"):
        assert through(node) is node


def test_chains_and_tables_are_written_flat() -> None:
    a, b, c = map(symbol, "abc")
    assert WRITER.number(a + b + c, "x").getNumChildren() == 3
    assert WRITER.number(a * b * c, "x").getNumChildren() == 3
    table = call("select", call("lt", a, 1.0), b, call("select", call("lt", a, 2.0), c, const(5)))
    assert WRITER.number(table, "x").getNumChildren() == 5
    assert through(table) is table


def test_names_may_differ_in_the_document() -> None:
    writer = FormulaWriter(libsbml, {"r.k": "k"}, {"S.amount": symbol("S") * symbol("V")})
    text = libsbml.formulaToL3String(writer.number(symbol("r.k") + symbol("S.amount") + symbol(RATE_OF + "V"), "x"))
    assert text == "k + S * V + rateOf(V)"


def test_what_is_shared_is_not_written_out_without_end() -> None:
    node = symbol("a")
    for _ in range(60):
        node = call("sin", node) + call("cos", node)
    with pytest.raises(ModelError, match=r"rate of 'r' has 4\.61e\+18 .*written out"):
        WRITER.number(node, "rate of 'r'")
