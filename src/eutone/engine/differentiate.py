"""Derivatives of expressions, written as expressions.

Gradients are carried forward through the graph, each node once, as a sparse row: the species a node does not depend
on are absent, and whatever two rates share, their derivatives share too (nodes are interned). A quotient is
differentiated as ``(a' - (a/b) b') / b``, so a rate and all its derivatives divide by the same denominators and the
program can share one reciprocal among them.

Where a function has a kink (``abs``, ``min``, ``select``) the derivative is that of the branch taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from eutone.engine.expr import Expr, call, const, walk

__all__ = ["gradients"]

Row = dict[str, Expr]

# derivative of f(a), given a and f(a) itself
_CHAIN: dict[str, Callable[[Expr, Expr], Expr]] = {
    "neg": lambda _a, _f: const(-1),
    "exp": lambda _a, f: f,
    "ln": lambda a, _f: 1 / a,
    "sqrt": lambda _a, f: 0.5 / f,
    "abs": lambda a, _f: call("select", call("lt", a, 0), -1, 1),
    "sin": lambda a, _f: call("cos", a),
    "cos": lambda a, _f: -call("sin", a),
    "tan": lambda _a, f: 1 + f * f,
    "arcsin": lambda a, _f: 1 / call("sqrt", 1 - a * a),
    "arccos": lambda a, _f: -1 / call("sqrt", 1 - a * a),
    "arctan": lambda a, _f: 1 / (1 + a * a),
    "sinh": lambda a, _f: call("cosh", a),
    "cosh": lambda a, _f: call("sinh", a),
    "tanh": lambda _a, f: 1 - f * f,
}

# piecewise constant: no gradient wherever there is one
_FLAT = frozenset({"floor", "ceil", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"})


def gradients(roots: list[Expr], names: Collection[str]) -> list[Row]:
    """Partial derivatives of each root with respect to the symbols in ``names``.

    Parameters
    ----------
    roots : list of Expr
    names : collection of str

    Returns
    -------
    list of dict
        For each root, ``{name: derivative}``; a name whose derivative is identically zero is absent.
    """
    wanted = frozenset(names)
    rows: dict[Expr, Row] = {}
    for node in walk(*roots):
        rows[node] = {k: d for k, d in _row(node, rows, wanted).items() if not _is_zero(d)}
    return [rows[root] for root in roots]


def _is_zero(node: Expr) -> bool:
    return node.op == "const" and node.value == 0.0


def _row(node: Expr, rows: dict[Expr, Row], wanted: frozenset[str]) -> Row:
    op, args = node.op, node.args
    if op == "symbol":
        return {str(node.value): const(1)} if node.value in wanted else {}
    if op == "const" or op in _FLAT or not any(rows[a] for a in args):
        return {}
    if op in _CHAIN:
        slope = _CHAIN[op](args[0], node)
        return {k: -d if op == "neg" else slope * d for k, d in rows[args[0]].items()}
    if op == "select":
        condition, yes, no = args
        return _merge(rows[yes], rows[no], lambda a, b: call("select", condition, a, b))
    left, right = args
    a, b = rows[left], rows[right]
    match op:
        case "add":
            return _merge(a, b, lambda x, y: x + y)
        case "sub":
            return _merge(a, b, lambda x, y: x - y)
        case "mul":
            return _merge(a, b, lambda x, y: x * right + left * y)
        case "div":
            return _merge(a, b, lambda x, y: (x - node * y) / right if not _is_zero(y) else x / right)
        case "min" | "max":
            first = call("le" if op == "min" else "ge", left, right)
            return _merge(a, b, lambda x, y: call("select", first, x, y))
        case "pow":
            return _power(node, a, b)
    raise KeyError(op)  # pragma: no cover - every operator of the table is above


def _power(node: Expr, a: Row, b: Row) -> Row:
    base, exponent = node.args
    slope = exponent * base ** (exponent - 1)
    if not b:
        return {k: slope * d for k, d in a.items()}
    # 0 ** y is flat in y > 0; the logarithm would turn that into not-a-number
    log = call("select", call("eq", base, 0), 0, call("ln", base))
    return _merge(a, b, lambda x, y: slope * x + node * log * y)


def _merge(a: Row, b: Row, combine: Callable[[Expr, Expr], Expr]) -> Row:
    zero = const(0)
    return {k: combine(a.get(k, zero), b.get(k, zero)) for k in a | b}
