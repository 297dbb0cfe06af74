"""The mathematics of SBML (MathML content markup), as functions from operands to an expression.

Each entry of `OPERATORS` is named after libSBML's constant for the node. A builder returns None where the use is not
supported (a wrong number of operands): the reader then refuses it by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

from eutone.engine.expr import Expr, call, const

__all__ = ["OPERATORS"]

Builder = Callable[[list[Expr]], "Expr | None"]


def _chain(op: str, empty: float) -> Builder:
    def build(xs: list[Expr]) -> Expr:
        result = xs[0] if xs else const(empty)
        for x in xs[1:]:
            result = call(op, result, x)
        return result

    return build


def _constant(value: float) -> Builder:
    return lambda xs: None if xs else const(value)


def _unary(op: str) -> Builder:
    return lambda xs: call(op, *xs) if len(xs) == 1 else None


def _logic(op: str, empty: float) -> Builder:
    """n-ary logic gives 1 or 0, also for a single operand."""
    chain = _chain(op, empty)
    return lambda xs: chain([call("ne", x, 0.0) for x in xs])


def _relation(op: str) -> Builder:
    """``a < b < c`` holds where each neighbouring pair does."""

    def build(xs: list[Expr]) -> Expr | None:
        if len(xs) < 2:
            return None
        return _chain("and", 1.0)([call(op, a, b) for a, b in pairwise(xs)])

    return build


def _minus(xs: list[Expr]) -> Expr | None:
    return -xs[0] if len(xs) == 1 else xs[0] - xs[1] if len(xs) == 2 else None


def _binary(op: str) -> Builder:
    return lambda xs: call(op, *xs) if len(xs) == 2 else None


def _log(xs: list[Expr]) -> Expr | None:
    """Base first, as in MathML; base 10 where none is written."""
    if len(xs) == 1:
        xs = [const(10), *xs]
    return call("ln", xs[1]) / call("ln", xs[0]) if len(xs) == 2 else None


def _root(xs: list[Expr]) -> Expr | None:
    """Degree first; the square root where none is written."""
    if len(xs) == 1 or (len(xs) == 2 and xs[0] is const(2)):
        return call("sqrt", xs[-1])
    return call("pow", xs[1], 1.0 / xs[0]) if len(xs) == 2 else None


def _piecewise(xs: list[Expr]) -> Expr | None:
    """Value, condition, value, condition, ..., otherwise; without otherwise the value is undefined elsewhere."""
    result = xs[-1] if len(xs) % 2 else const(math.nan)
    for i in range(len(xs) // 2 - 1, -1, -1):
        result = call("select", xs[2 * i + 1], xs[2 * i], result)
    return result


def _factorial(xs: list[Expr]) -> Expr | None:
    """A table: not a number where it is undefined, infinite where it exceeds a double."""
    if len(xs) != 1:
        return None
    x, result = xs[0], call("select", call("gt", xs[0], 170.0), const(math.inf), const(math.nan))
    result = call("select", call("eq", call("floor", x), x), result, const(math.nan))
    for n in range(170, -1, -1):
        result = call("select", call("eq", x, float(n)), const(math.factorial(n)), result)
    return result


def _of(formula: Callable[[Expr], Expr]) -> Builder:
    return lambda xs: formula(xs[0]) if len(xs) == 1 else None


def _truncated(x: Expr) -> Expr:
    return call("select", call("lt", x, 0.0), call("ceil", x), call("floor", x))


def _arcsinh(x: Expr) -> Expr:
    """Odd, as written: for a large negative ``x`` the sum under the usual logarithm would cancel."""
    up = _ln(call("abs", x) + _sqrt(x * x + 1.0))
    return call("select", call("lt", x, 0.0), -up, up)


def _sqrt(x: Expr) -> Expr:
    return call("sqrt", x)


def _ln(x: Expr) -> Expr:
    return call("ln", x)


#: Builder by libSBML's name of the node.
OPERATORS: dict[str, Builder] = {
    "AST_PLUS": _chain("add", 0.0),
    "AST_TIMES": _chain("mul", 1.0),
    "AST_MINUS": _minus,
    "AST_DIVIDE": _binary("div"),
    "AST_POWER": _binary("pow"),
    "AST_FUNCTION_POWER": _binary("pow"),
    "AST_FUNCTION_ROOT": _root,
    "AST_FUNCTION_LOG": _log,
    "AST_FUNCTION_PIECEWISE": _piecewise,
    "AST_FUNCTION_FACTORIAL": _factorial,
    "AST_FUNCTION_MIN": lambda xs: _chain("min", 0.0)(xs) if xs else None,
    "AST_FUNCTION_MAX": lambda xs: _chain("max", 0.0)(xs) if xs else None,
    "AST_FUNCTION_QUOTIENT": lambda xs: _truncated(xs[0] / xs[1]) if len(xs) == 2 else None,
    "AST_FUNCTION_REM": lambda xs: xs[0] - xs[1] * _truncated(xs[0] / xs[1]) if len(xs) == 2 else None,
    "AST_LOGICAL_AND": _logic("and", 1.0),
    "AST_LOGICAL_OR": _logic("or", 0.0),
    "AST_LOGICAL_XOR": _logic("ne", 0.0),
    "AST_LOGICAL_NOT": _unary("not"),
    "AST_LOGICAL_IMPLIES": lambda xs: call("or", call("not", xs[0]), call("ne", xs[1], 0.0)) if len(xs) == 2 else None,
    "AST_RELATIONAL_EQ": _relation("eq"),
    "AST_RELATIONAL_NEQ": _binary("ne"),
    "AST_RELATIONAL_LT": _relation("lt"),
    "AST_RELATIONAL_LEQ": _relation("le"),
    "AST_RELATIONAL_GT": _relation("gt"),
    "AST_RELATIONAL_GEQ": _relation("ge"),
    "AST_CONSTANT_E": _constant(math.e),
    "AST_CONSTANT_PI": _constant(math.pi),
    "AST_CONSTANT_TRUE": _constant(1),
    "AST_CONSTANT_FALSE": _constant(0),
    "AST_FUNCTION_CEILING": _unary("ceil"),
    "AST_FUNCTION_SEC": _of(lambda x: 1.0 / call("cos", x)),
    "AST_FUNCTION_CSC": _of(lambda x: 1.0 / call("sin", x)),
    "AST_FUNCTION_COT": _of(lambda x: 1.0 / call("tan", x)),
    "AST_FUNCTION_SECH": _of(lambda x: 1.0 / call("cosh", x)),
    "AST_FUNCTION_CSCH": _of(lambda x: 1.0 / call("sinh", x)),
    "AST_FUNCTION_COTH": _of(lambda x: 1.0 / call("tanh", x)),
    "AST_FUNCTION_ARCSEC": _of(lambda x: call("arccos", 1.0 / x)),
    "AST_FUNCTION_ARCCSC": _of(lambda x: call("arcsin", 1.0 / x)),
    "AST_FUNCTION_ARCCOT": _of(lambda x: call("arctan", 1.0 / x)),
    "AST_FUNCTION_ARCSINH": _of(_arcsinh),
    "AST_FUNCTION_ARCCOSH": _of(lambda x: _ln(x + _sqrt(x - 1.0) * _sqrt(x + 1.0))),
    "AST_FUNCTION_ARCTANH": _of(lambda x: 0.5 * _ln((1.0 + x) / (1.0 - x))),
    "AST_FUNCTION_ARCSECH": _of(lambda x: _ln((1.0 + _sqrt(1.0 - x * x)) / x)),
    "AST_FUNCTION_ARCCSCH": _of(lambda x: _arcsinh(1.0 / x)),
    "AST_FUNCTION_ARCCOTH": _of(lambda x: 0.5 * _ln((x + 1.0) / (x - 1.0))),
} | {
    f"AST_FUNCTION_{name.upper()}": _unary(name)
    for name in (
        *("abs", "exp", "floor", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan"),
    )
}
