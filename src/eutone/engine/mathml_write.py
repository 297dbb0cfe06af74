"""Expressions as the mathematics of SBML Level 3 Version 2: what `eutone.engine.mathml` reads, written.

What is written reads back as the same expression, up to what SBML keeps apart and expressions do not: a condition is
not a number there. So a condition used as a number becomes ``piecewise(1, condition, 0)``, and a number ``x`` used as a
condition ``x != 0``; both mean what the expression means, to every reader.

Chains that lean to the left (``a + b + c``) and choices that lean to the right (a table, a curve) become one operator
with many operands, as people write them. Numbers have the 15 significant digits that libSBML writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eutone._errors import ModelError
from eutone.engine.expr import Expr, const, walk
from eutone.engine.parts import RATE_OF, TIME

__all__ = ["FormulaWriter"]

#: Operations in one formula written out: an expression shares what a document must repeat.
_LARGEST = 200_000

_INT = 2**31

#: What the clock is called beside an id ``time``; no id has a space.
_CLOCK = "the time"

_CHAINS = {"add": "AST_PLUS", "mul": "AST_TIMES", "min": "AST_FUNCTION_MIN", "max": "AST_FUNCTION_MAX"}
_LOGIC = {"and": "AST_LOGICAL_AND", "or": "AST_LOGICAL_OR"}
_RELATIONS = {
    "lt": "AST_RELATIONAL_LT",
    "le": "AST_RELATIONAL_LEQ",
    "gt": "AST_RELATIONAL_GT",
    "ge": "AST_RELATIONAL_GEQ",
    "eq": "AST_RELATIONAL_EQ",
    "ne": "AST_RELATIONAL_NEQ",
}
_CONDITIONS = {*_LOGIC, *_RELATIONS, "not"}
_PLAIN = {"sub": "AST_MINUS", "neg": "AST_MINUS", "div": "AST_DIVIDE", "pow": "AST_POWER"} | {
    name: f"AST_FUNCTION_{name.upper()}"
    for name in (
        *("abs", "exp", "floor", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan"),
    )
}
_PLAIN["ceil"] = "AST_FUNCTION_CEILING"


@dataclass(frozen=True)
class FormulaWriter:
    """Writes expressions for one document.

    Attributes
    ----------
    lib : module
        libSBML.
    names : mapping of str to str
        What ids are called in the document, where that differs.
    instead : mapping of str to Expr
        What stands for ids that the document does not have.
    """

    lib: Any
    names: Mapping[str, str]
    instead: Mapping[str, Expr]

    def number(self, expression: Expr, where: str) -> Any:
        """The node of libSBML for ``expression`` as a number.

        Raises
        ------
        ModelError
            If the formula of ``where`` is too large to be written out.
        """
        _bounded(expression, where)
        return self._number(expression)

    def condition(self, expression: Expr, where: str) -> Any:
        """The node of libSBML for ``expression`` as something true or false.

        Raises
        ------
        ModelError
            As `number`.
        """
        _bounded(expression, where)
        return self._condition(expression)

    def _number(self, node: Expr) -> Any:
        if node.op == "const":
            return self._constant(float(node.value or 0.0))
        if node.op == "symbol":
            return self._symbol(str(node.value))
        if node.op in _CHAINS:
            return self._apply(_CHAINS[node.op], *map(self._number, _leaning(node)))
        if node.op == "select":
            return self._choice(node)
        if node.op in _CONDITIONS:
            return self._apply("AST_FUNCTION_PIECEWISE", self._constant(1.0), self._condition(node), self._constant(0))
        if node.op == "sqrt":
            return self._apply("AST_FUNCTION_ROOT", self._constant(2.0), self._number(node.args[0]))
        return self._apply(_PLAIN[node.op], *map(self._number, node.args))

    def _condition(self, node: Expr) -> Any:
        if node.op == "ne" and node.args[1] is const(0) and node.args[0].op in _CONDITIONS:
            return self._condition(node.args[0])
        if node.op in _RELATIONS:
            return self._apply(_RELATIONS[node.op], *map(self._number, node.args))
        if node.op in _LOGIC:
            return self._apply(_LOGIC[node.op], *map(self._condition, _leaning(node)))
        if node.op == "not":
            return self._apply("AST_LOGICAL_NOT", self._condition(node.args[0]))
        if node.op == "const":
            return self.lib.ASTNode(self.lib.AST_CONSTANT_TRUE if node.value != 0 else self.lib.AST_CONSTANT_FALSE)
        return self._apply(_RELATIONS["ne"], self._number(node), self._constant(0.0))

    def _choice(self, node: Expr) -> Any:
        pieces = []
        while node.op == "select":
            pieces += [self._number(node.args[1]), self._condition(node.args[0])]
            node = node.args[2]
        return self._apply("AST_FUNCTION_PIECEWISE", *pieces, self._number(node))

    def _apply(self, kind: str, *operands: Any) -> Any:
        node = self.lib.ASTNode(getattr(self.lib, kind))
        for operand in operands:
            node.addChild(operand)
        return node

    def _constant(self, value: float) -> Any:
        whole = abs(value) < _INT and value == int(value) and str(value) != "-0.0"
        node = self.lib.ASTNode(self.lib.AST_INTEGER if whole else self.lib.AST_REAL)
        node.setValue(int(value) if whole else value)
        return node

    def _symbol(self, name: str) -> Any:
        if name.startswith(RATE_OF):
            return self._apply("AST_FUNCTION_RATE_OF", self._symbol(name.removeprefix(RATE_OF)))
        if name in self.instead:
            return self._number(self.instead[name])
        node = self.lib.ASTNode(self.lib.AST_NAME_TIME if name == TIME else self.lib.AST_NAME)
        # libSBML, looking for circles, takes the clock for what is called like it: where there is such, by another name
        node.setName(_CLOCK if name == TIME and TIME in self.names.values() else self.names.get(name, name))
        return node


def _leaning(node: Expr) -> list[Expr]:
    """``[a, b, c]`` of ``op(op(a, b), c)``."""
    op, operands = node.op, []
    while node.op == op:
        operands.append(node.args[1])
        node = node.args[0]
    return [node, *reversed(operands)]


def _bounded(expression: Expr, where: str) -> None:
    size: dict[Expr, int] = {}
    for node in walk(expression):
        size[node] = 1 + sum(size[a] for a in node.args)
    if size[expression] > _LARGEST:
        raise ModelError(f"the {where} has {size[expression]:.3g} operations written out, too many for a document")
