"""Where clocks jump: the smooth stretches of an interval of time, for the reference path.

Jumps are those that `eutone.engine.clocks` finds by bounds, however short a pulse is, and those that a fine grid sees,
and a finer one within each stretch: a jump that the lanes miss by a fault shows as a difference between the two paths.
Each is closed in on to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from eutone.engine.clocks import Clock, jumps
from eutone.engine.expr import evaluate

__all__ = ["smooth_stretches"]

Array = NDArray[np.float64]

_GRID, _FINE = 20_001, 501


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
    after = jumps(clocks, constants, np.array([a]), b)[0]
    marks = np.concatenate([np.nextafter(after, -math.inf), after])

    def at(t: Array) -> Array:
        return np.array([np.broadcast_to(np.asarray(v), t.shape) for v in evaluate(nodes, {**constants, "time": t})])

    def split(a: float, b: float, count: int) -> list[tuple[float, float]]:
        points = np.unique(np.concatenate([np.linspace(a, b, count), marks[(a <= marks) & (marks <= b)]]))
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
