"""Where a clock jumps: the smooth stretches of an interval of time.

A jump is where a comparison, floor or ceiling of a formula in time and constants alone changes its value. A comparison
of formulas linear in time changes where they meet, which is computed; all others are looked for on a fine grid. Both
are then closed in on to the last bit, and again within each stretch. Where things meet is a grid point too, so that no
pulse between such points, or that begins with another jump, is too short to be seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone.engine.differentiate import gradients
from eutone.engine.expr import Expr, evaluate, symbols, walk

__all__ = ["Jumps", "jumps_of", "smooth_stretches"]

Array = NDArray[np.float64]

_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
_JUMPS = (*_COMPARISONS, "floor", "ceil")
_GRID, _FINE = 20_001, 501
_ROUNDING = 1e-13  # of the sizes that a meeting point is computed from


@dataclass(frozen=True)
class Jumps:
    """What may jump, and where it can be computed: comparisons ``a`` with ``b`` by ``a - b`` and its slope in time.

    Attributes
    ----------
    nodes : list of Expr
        Comparisons, floors and ceilings of time and constants.
    linear : list of (Expr, Expr)
        Difference and slope of those that are linear in time.
    grid : bool
        Whether there are others.
    """

    nodes: list[Expr]
    linear: list[tuple[Expr, Expr]]
    grid: bool


def jumps_of(roots: list[Expr], constants: set[str]) -> Jumps:
    """The comparisons, floors and ceilings in ``roots`` that depend on time, and else on ``constants`` only."""
    names = {"time", *constants}
    nodes = [n for n in walk(*roots) if n.op in _JUMPS and "time" in (used := symbols(n)) and used <= names]
    linear = []
    for node in nodes:
        if node.op in _COMPARISONS:
            difference = node.args[0] - node.args[1]
            slope = gradients([difference], ["time"])[0].get("time")
            if slope is not None and "time" not in symbols(slope) and _plain(difference):
                linear.append((difference, slope))
    return Jumps(nodes, linear, len(linear) < len(nodes))


def _plain(expression: Expr) -> bool:
    """Whether time enters by arithmetic alone (the slope of a step is 0 where it is not a jump)."""
    return all(
        n.op in ("add", "sub", "mul", "div", "neg", "symbol", "const") or "time" not in symbols(n)
        for n in walk(expression)
    )


def smooth_stretches(jumps: Jumps, constants: Mapping[str, float], a: float, b: float) -> list[tuple[float, float]]:
    """The stretches of [a, b] between changes of ``jumps``; each but the first begins with the first number after."""
    if not jumps.nodes or b <= a:
        return [(a, b)]
    named: dict[str, object] = dict(constants)
    marks = _meetings(jumps, named, a, b)
    nodes = jumps.nodes

    def at(t: Array) -> Array:
        return np.array([np.broadcast_to(np.asarray(v), t.shape) for v in evaluate(nodes, {**named, "time": t})])

    def split(a: float, b: float, count: int) -> list[tuple[float, float]]:
        inside = [m for m in marks if a <= m <= b]
        points = np.unique(np.concatenate([np.linspace(a, b, count if jumps.grid else 2), inside]))
        values = at(points)
        stretches, begun = [], a
        for k in np.flatnonzero((values[:, 1:] != values[:, :-1]).any(axis=0)):
            lo, hi, before = float(points[k]), float(points[k + 1]), values[:, k]
            while lo < (middle := 0.5 * (lo + hi)) < hi:
                if (at(np.array([middle]))[:, 0] == before).all():
                    lo = middle
                else:
                    hi = middle
            stretches += split(begun, lo, _FINE)
            begun = hi
        return [*stretches, *(split(begun, b, _FINE) if stretches else [(a, b)])]

    return split(a, b, _GRID)


def _meetings(jumps: Jumps, named: Mapping[str, object], a: float, b: float) -> list[float]:
    """Where both sides of linear comparisons meet within [a, b], and points on either side beyond rounding."""
    marks: list[float] = []
    for difference, slope in jumps.linear:
        gap, pace = (float(np.asarray(v)) for v in evaluate([difference, slope], {**named, "time": a}))
        zero = float(np.asarray(evaluate([difference], {**named, "time": 0.0})[0]))
        for meeting in (a - gap / pace, -zero / pace) if pace else ():
            near = _ROUNDING * max(abs(a), abs(meeting), abs(gap / pace))
            points = (np.nextafter(meeting, -math.inf), meeting, np.nextafter(meeting, math.inf))
            marks += [float(m) for m in (meeting - near, *points, meeting + near) if a <= m <= b]
    return marks
