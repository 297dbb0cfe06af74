"""Where clocks jump: the smooth stretches of an interval of time, for the reference path.

A comparison of formulas linear in time changes where they meet, which is computed. Where there are others, jumps are
those that `eutone.engine.clocks` finds by bounds, however short a pulse is, and those that a fine grid sees, or a
finer one in each stretch: one that the lanes miss by a fault shows as a difference between the two paths. Each is
closed in on to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from eutone.engine.clocks import Clock, jumps
from eutone.engine.expr import Expr, evaluate, symbols, walk

__all__ = ["smooth_stretches"]

Array = NDArray[np.float64]

_GRID, _FINE = 20_001, 501
_ROUNDING = 1e-13  # of the sizes that a meeting point is computed from


def smooth_stretches(
    clocks: tuple[Clock, ...], constants: Mapping[str, float], a: float, b: float
) -> list[tuple[float, float]]:
    """The stretches of [a, b] between jumps of ``clocks``; each but the first begins with the first number after.

    Parameters
    ----------
    clocks : tuple of Clock
    constants : dict of str to float
        What they depend on.
    """
    if not clocks or b <= a:
        return [(a, b)]
    nodes = [clock.node for clock in clocks]
    linear = [clock for clock in clocks if _linear(clock)]
    known, timed = {clock.node for clock in linear}, dict[Expr, bool]()
    for node in walk(*nodes):  # what follows linear clocks alone jumps where they do
        timed[node] = node not in known and (node.value == "time" or any(timed[a] for a in node.args))
    grid = any(timed[node] for node in nodes)
    marks = np.array([m for clock in linear for m in _meetings(clock, constants, a, b)])
    if grid:
        after = jumps(clocks, constants, np.array([a]), b)[0]
        marks = np.concatenate([marks, np.nextafter(after, -math.inf), after])

    def at(t: Array) -> Array:
        return np.array([np.broadcast_to(np.asarray(v), t.shape) for v in evaluate(nodes, {**constants, "time": t})])

    def split(a: float, b: float, count: int) -> list[tuple[float, float]]:
        inside = marks[(a <= marks) & (marks <= b)]
        points = np.unique(np.concatenate([np.linspace(a, b, count if grid else 2), inside]))
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


def _linear(clock: Clock) -> bool:
    """Whether two formulas are compared in whose difference time enters by arithmetic alone, and with one slope."""
    return (
        len(clock.node.args) == 2
        and "time" not in symbols(clock.slope)
        and all(
            n.op in ("add", "sub", "mul", "div", "neg", "symbol") or "time" not in symbols(n)
            for n in walk(*clock.node.args)
        )
    )


def _meetings(clock: Clock, constants: Mapping[str, float], a: float, b: float) -> list[float]:
    """Where both sides of a linear comparison meet within [a, b], and points on either side beyond rounding."""
    difference = clock.node.args[0] - clock.node.args[1]
    gap, pace = (float(np.asarray(v)) for v in evaluate([difference, clock.slope], {**constants, "time": a}))
    zero = float(np.asarray(evaluate([difference], {**constants, "time": 0.0})[0]))
    marks: list[float] = []
    for meeting in (a - gap / pace, -zero / pace) if pace else ():
        near = _ROUNDING * max(abs(a), abs(meeting), abs(gap / pace))
        points = (np.nextafter(meeting, -math.inf), meeting, np.nextafter(meeting, math.inf))
        marks += [float(m) for m in (meeting - near, *points, meeting + near) if a <= m <= b]
    return marks
