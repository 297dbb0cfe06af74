"""Expressions: the one form in which every rate law, rule and derivative is written.

An expression is a node of a directed acyclic graph. Nodes are interned: two expressions that are written the same
*are* the same object, so sharing of common subexpressions costs nothing later, and a table keyed by node visits each
subexpression once. Nothing here knows chemistry, units or people.

Operators (``op``):

=============  ==========================================================================================
``const``      a number, in ``value``
``symbol``     a name, in ``value`` (species, parameter, or ``time``)
arithmetic     ``add``, ``sub``, ``mul``, ``div``, ``neg``, ``pow``
functions      ``exp``, ``ln``, ``sqrt``, ``abs``, ``floor``, ``ceil``, ``sin``, ``cos``, ``tan``, ``arcsin``,
               ``arccos``, ``arctan``, ``sinh``, ``cosh``, ``tanh``
comparisons    ``lt``, ``le``, ``gt``, ``ge``, ``eq``, ``ne`` (1.0 or 0.0), ``and``, ``or``, ``not``
choice         ``select`` (condition, value if not 0, value if 0), ``min``, ``max``
=============  ==========================================================================================

Only exact simplifications are made when a node is built (``x + 0``, ``x * 1``, ``x * 0``, folding of constants where
the result is finite), so an expression evaluates to what was written.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from weakref import WeakValueDictionary

import numpy as np

__all__ = ["Expr", "call", "const", "evaluate", "exactly", "substitute", "symbol", "symbols", "walk"]

_BINARY: dict[str, Callable[[float, float], float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
}

FUNCTIONS: dict[str, Callable[..., object]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "pow": np.power,
    "exp": np.exp,
    "ln": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "floor": np.floor,
    "ceil": np.ceil,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "min": np.minimum,
    "max": np.maximum,
    "lt": lambda a, b: np.less(a, b) * 1.0,
    "le": lambda a, b: np.less_equal(a, b) * 1.0,
    "gt": lambda a, b: np.greater(a, b) * 1.0,
    "ge": lambda a, b: np.greater_equal(a, b) * 1.0,
    "eq": lambda a, b: np.equal(a, b) * 1.0,
    "ne": lambda a, b: np.not_equal(a, b) * 1.0,
    "and": lambda a, b: np.logical_and(a, b) * 1.0,
    "or": lambda a, b: np.logical_or(a, b) * 1.0,
    "not": lambda a: np.logical_not(a) * 1.0,
    "select": lambda c, a, b: np.where(np.asarray(c) != 0, a, b),
}


class Expr:
    """One interned node. Build with `const`, `symbol`, `call` or the arithmetic operators; never directly."""

    __slots__ = ("__weakref__", "args", "op", "value")

    op: str
    args: tuple[Expr, ...]
    value: float | str | None

    def __add__(self, other: Expr | float) -> Expr:
        return call("add", self, other)

    def __radd__(self, other: float) -> Expr:
        return call("add", other, self)

    def __sub__(self, other: Expr | float) -> Expr:
        return call("sub", self, other)

    def __rsub__(self, other: float) -> Expr:
        return call("sub", other, self)

    def __mul__(self, other: Expr | float) -> Expr:
        return call("mul", self, other)

    def __rmul__(self, other: float) -> Expr:
        return call("mul", other, self)

    def __truediv__(self, other: Expr | float) -> Expr:
        return call("div", self, other)

    def __rtruediv__(self, other: float) -> Expr:
        return call("div", other, self)

    def __pow__(self, other: Expr | float) -> Expr:
        return call("pow", self, other)

    def __neg__(self) -> Expr:
        return call("neg", self)

    def __repr__(self) -> str:
        if self.op in ("const", "symbol"):
            return str(self.value)
        return f"{self.op}({', '.join(map(repr, self.args))})"


_interned: WeakValueDictionary[tuple[object, ...], Expr] = WeakValueDictionary()


def _intern(op: str, args: tuple[Expr, ...], value: float | str | None) -> Expr:
    # -0.0 == 0.0 as a key, and nan != nan: the bits of a number are its identity
    key = (op, *map(id, args), value.hex() if isinstance(value, float) else value)
    node = _interned.get(key)
    if node is None:
        node = Expr()
        node.op, node.args, node.value = op, args, value
        _interned[key] = node
    return node


def const(value: float) -> Expr:
    """The number ``value``."""
    return _intern("const", (), float(value))


def symbol(name: str) -> Expr:
    """The species, parameter or clock called ``name``."""
    return _intern("symbol", (), name)


def call(op: str, *operands: Expr | float) -> Expr:
    """The operator ``op`` applied to ``operands`` (numbers become constants), exactly simplified.

    Raises
    ------
    KeyError
        If ``op`` is not an operator of the table above.
    """
    if op not in FUNCTIONS:
        raise KeyError(op)
    args = tuple([a if isinstance(a, Expr) else const(a) for a in operands])
    if "const" not in [a.op for a in args]:  # most of them, so it is quick
        return args[0].args[0] if op == "neg" and args[0].op == "neg" else _intern(op, args, None)
    values = [a.value if a.op == "const" else None for a in args]
    match op, values:
        case "add" | "sub" | "mul" | "div", [float(a), float(b)] if not (op == "div" and b == 0):
            return const(_BINARY[op](a, b))
        case "neg", [float(a)]:
            return const(-a)
        case "add", [0.0, _]:
            return args[1]
        case "add" | "sub", [_, 0.0]:
            return args[0]
        case "sub", [0.0, _]:
            return call("neg", args[1])
        case "mul", [0.0, _] | [_, 0.0]:
            return const(0)
        case "mul", [1.0, _]:
            return args[1]
        case "mul" | "div" | "pow", [_, 1.0]:
            return args[0]
        case "div", [0.0, _]:
            return const(0)
        case "pow", [_, 0.0]:
            return const(1)
        case "select", [float(c), _, _]:
            return args[1] if c != 0 else args[2]
    if all(isinstance(v, float) for v in values):
        folded = evaluate([_intern(op, args, None)], {})[0]
        if math.isfinite(number := float(np.asarray(folded))):
            return const(number)
    return _intern(op, args, None)


def exactly(op: str, args: tuple[Expr, ...], value: float | str | None) -> Expr:
    """The node as it is said, nothing simplified: for what was a node before, and was written down.

    Raises
    ------
    KeyError
        If there is no such operator.
    """
    if op not in FUNCTIONS and op not in ("const", "symbol"):
        raise KeyError(op)
    return _intern(op, args, value)


def walk(*roots: Expr) -> Iterator[Expr]:
    """Every node under ``roots`` once, operands before their users (no recursion: expressions may be deep)."""
    seen: set[Expr] = set()
    for root in roots:
        stack = [root]
        while stack:
            node = stack[-1]
            waiting = [a for a in node.args if a not in seen]
            if waiting and node not in seen:
                stack.extend(reversed(waiting))
                continue
            stack.pop()
            if node not in seen:
                seen.add(node)
                yield node


def symbols(*roots: Expr) -> set[str]:
    """The names that ``roots`` depend on."""
    return {str(node.value) for node in walk(*roots) if node.op == "symbol"}


def substitute(roots: list[Expr], replacements: Mapping[str, Expr]) -> list[Expr]:
    """``roots`` with each symbol in ``replacements`` replaced (once: replacements are not searched again)."""
    done: dict[Expr, Expr] = {}
    for node in walk(*roots):
        if node.op == "symbol":
            done[node] = replacements.get(str(node.value), node)
        elif node.op == "const":
            done[node] = node
        else:
            done[node] = call(node.op, *(done[a] for a in node.args))
    return [done[root] for root in roots]


def evaluate(roots: list[Expr], values: Mapping[str, object]) -> list[object]:
    """The numbers (or NumPy arrays, broadcast) that ``roots`` take at ``values``: slow, obvious, the oracle.

    Raises
    ------
    KeyError
        If a symbol has no value.
    """
    done: dict[Expr, object] = {}
    with np.errstate(all="ignore"):
        for node in walk(*roots):
            if node.op == "const":
                done[node] = node.value
            elif node.op == "symbol":
                done[node] = values[str(node.value)]
            else:
                done[node] = FUNCTIONS[node.op](*(done[a] for a in node.args))
    return [done[root] for root in roots]
