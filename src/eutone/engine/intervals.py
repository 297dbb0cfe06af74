"""Bounds of expressions over boxes: interval arithmetic, for many boxes at once.

What an expression can be while its symbols lie between bounds (Moore, Kearfott and Cloud 2009, Introduction to Interval
Analysis, chapters 2 and 5). Bounds are safe, not tight: every operation widens them by more than it may have rounded.
Where an operator may not be defined on all of a box, nothing is known: bounds are not a number, and so is what follows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from eutone.engine.expr import Expr, walk

__all__ = ["Interval", "enclose"]

Array = NDArray[np.float64]
Interval = tuple[Array, Array]
"""Lower and upper bounds, arrays of one shape."""

_WIDER = 2.0**-50  # four units in the last place: what NumPy's vector functions promise
_SURE = 1e15  # beyond it the quarter of a period in which an angle lies is not known


def enclose(
    roots: list[Expr], bounds: Mapping[str, Interval], known: Mapping[Expr, Interval] | None = None
) -> list[Interval]:
    """Bounds of each of ``roots``.

    Parameters
    ----------
    roots : list of Expr
    bounds : dict of str to Interval
        Of every symbol; arrays that broadcast against each other.
    known : dict of Expr to Interval, optional
        Bounds of subexpressions that are known otherwise.

    Raises
    ------
    KeyError
        If a symbol has no bounds.
    """
    done: dict[Expr, Interval] = dict(known or {})
    with np.errstate(all="ignore"):
        for node in walk(*roots):
            if node in done:
                continue
            if node.op == "const":
                done[node] = (np.float64(node.value), np.float64(node.value))  # type: ignore[assignment]
            elif node.op == "symbol":
                done[node] = bounds[str(node.value)]
            else:
                low, high = _RULES[node.op](*(done[a] for a in node.args))
                lost = np.isnan(low) | np.isnan(high)
                done[node] = np.where(lost, np.nan, low), np.where(lost, np.nan, high)
    return [done[root] for root in roots]


def _wider(low: Array, high: Array) -> Interval:
    return low - _WIDER * np.abs(low), high + _WIDER * np.abs(high)


def _hull(*candidates: Array) -> Interval:
    low, high = candidates[0], candidates[0]
    for one in candidates[1:]:
        low, high = np.minimum(low, one), np.maximum(high, one)
    return _wider(low, high)


def _mul(a: Interval, b: Interval) -> Interval:
    return _hull(*(x * y for x in a for y in b))


def _div(a: Interval, b: Interval) -> Interval:
    low, high = _hull(*(x / y for x in a for y in b))
    whole = (b[0] <= 0) & (b[1] >= 0)
    return np.where(whole, np.nan, low), high


def _pow(a: Interval, b: Interval) -> Interval:
    low, high = _hull(*(np.power(x, y) for x in a for y in b))  # monotone in each where the base is not negative
    exponent = b[0]
    whole = (b[0] == b[1]) & (exponent == np.floor(exponent))
    even = whole & (np.mod(exponent, 2) == 0)
    # an even power of what may be 0 is least, or without bound, there
    inside = (a[0] < 0) & (a[1] > 0)
    low = np.where(even & inside, np.where(exponent < 0, low, np.minimum(low, 0.0)), low)
    # 0 to a negative power is infinity here, of one sign; just below 0 the power may have the other
    pole = (exponent < 0) & (a[0] < 0) & (a[1] >= 0)
    lost = np.where(whole, pole, a[0] < 0)
    return np.where(lost, np.nan, low), high


def _rising(f: Callable[[Array], Array]) -> Callable[[Interval], Interval]:
    return lambda a: _wider(f(a[0]), f(a[1]))


def _abs(a: Interval) -> Interval:
    return np.maximum(0.0, np.maximum(a[0], -a[1])), np.maximum(-a[0], a[1])


def _even_cosh(a: Interval) -> Interval:
    low, high = _abs(a)
    return _wider(np.cosh(low), np.cosh(high))


def _passes(a: Interval, where: float) -> NDArray[np.bool_]:
    """Whether an angle may pass ``where`` plus whole turns."""
    turn = 2.0 * math.pi
    low, high = (a[0] - where) / turn, (a[1] - where) / turn
    slack = _WIDER * (1.0 + np.abs(low) + np.abs(high))
    return np.asarray((np.ceil(low - slack) <= high + slack) | ~(np.abs(a[0]) + np.abs(a[1]) < _SURE))


def _wave(f: Callable[[Array], Array], top: float) -> Callable[[Interval], Interval]:
    def bounds(a: Interval) -> Interval:
        low, high = _hull(f(a[0]), f(a[1]))
        # the argument itself is taken as it is, so that the value is off by no more than its own rounding
        low = np.where(_passes(a, top + math.pi), -1.0, np.maximum(low, -1.0))
        high = np.where(_passes(a, top), 1.0, np.minimum(high, 1.0))
        return np.where(np.isfinite(a[0] + a[1]), low, np.nan), high

    return bounds


def _tan(a: Interval) -> Interval:
    low, high = _wider(np.tan(a[0]), np.tan(a[1]))
    pole = _passes(a, 0.5 * math.pi) | _passes(a, -0.5 * math.pi)
    return np.where(pole, np.nan, low), high


def _truth(never: NDArray[np.bool_], always: NDArray[np.bool_]) -> Interval:
    """0 where something never holds, 1 where it always does, else between."""
    return np.where(always, 1.0, 0.0), np.where(never, 0.0, 1.0)


def _is(a: Interval) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether something is never, and always, true (not 0)."""
    return (a[0] == 0) & (a[1] == 0), (a[0] > 0) | (a[1] < 0)


def _eq(a: Interval, b: Interval) -> Interval:
    same = (a[0] == a[1]) & (b[0] == b[1]) & (a[0] == b[0])
    return _truth((a[1] < b[0]) | (b[1] < a[0]), same)


def _opposite(a: Interval) -> Interval:
    return 1.0 - a[1], 1.0 - a[0]


def _lt(a: Interval, b: Interval) -> Interval:
    return _truth(a[0] >= b[1], a[1] < b[0])


def _le(a: Interval, b: Interval) -> Interval:
    return _truth(a[0] > b[1], a[1] <= b[0])


def _and(a: Interval, b: Interval) -> Interval:
    return _truth(_is(a)[0] | _is(b)[0], _is(a)[1] & _is(b)[1])


def _or(a: Interval, b: Interval) -> Interval:
    return _truth(_is(a)[0] & _is(b)[0], _is(a)[1] | _is(b)[1])


def _select(c: Interval, a: Interval, b: Interval) -> Interval:
    never, always = _is(c)
    low = np.where(always, a[0], np.where(never, b[0], np.minimum(a[0], b[0])))
    return low, np.where(always, a[1], np.where(never, b[1], np.maximum(a[1], b[1])))


_RULES: dict[str, Callable[..., Interval]] = {
    "add": lambda a, b: _wider(a[0] + b[0], a[1] + b[1]),
    "sub": lambda a, b: _wider(a[0] - b[1], a[1] - b[0]),
    "mul": _mul,
    "div": _div,
    "neg": lambda a: (-a[1], -a[0]),
    "pow": _pow,
    "exp": _rising(np.exp),
    "ln": _rising(np.log),
    "sqrt": _rising(np.sqrt),
    "abs": _abs,
    "floor": lambda a: (np.floor(a[0]), np.floor(a[1])),
    "ceil": lambda a: (np.ceil(a[0]), np.ceil(a[1])),
    "sin": _wave(np.sin, 0.5 * math.pi),
    "cos": _wave(np.cos, 0.0),
    "tan": _tan,
    "arcsin": _rising(np.arcsin),
    "arccos": lambda a: _wider(np.arccos(a[1]), np.arccos(a[0])),
    "arctan": _rising(np.arctan),
    "sinh": _rising(np.sinh),
    "cosh": _even_cosh,
    "tanh": _rising(np.tanh),
    "min": lambda a, b: (np.minimum(a[0], b[0]), np.minimum(a[1], b[1])),
    "max": lambda a, b: (np.maximum(a[0], b[0]), np.maximum(a[1], b[1])),
    "lt": _lt,
    "le": _le,
    "gt": lambda a, b: _lt(b, a),
    "ge": lambda a, b: _le(b, a),
    "eq": _eq,
    "ne": lambda a, b: _opposite(_eq(a, b)),
    "and": _and,
    "or": _or,
    "not": lambda a: _opposite(_truth(*_is(a))),
    "select": _select,
}
