"""Where within a step the comparisons of triggers turn, so that what is true for a short while is seen.

A comparison of a and b turns where its level ``a - b`` passes 0. Over one step a level is taken for the polynomial
through its values at Chebyshev points (Trefethen 2019, Approximation Theory and Approximation Practice, chapters 3 and
18), which it is where it is linear in the state: integrators give polynomials of degree 12 at most in a step.
A level whose coefficients cannot add up to 0 stays on its side. Any other is looked at where its polynomial may be
largest or smallest; between two such neighbours on either side of 0 it passes 0 once, and that is closed in on to the
last bit.

A level that is no polynomial of that degree (a floor of the state, its 20th power) may turn twice unseen between the
points; so may one that passes 0 by no more than its own rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from eutone.engine.derivative import Formulas, gross
from eutone.engine.expr import Expr, call, walk

__all__ = ["Crossings"]

Array = NDArray[np.float64]

_COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
_DEGREE = 15
_NODES = chebyshev.chebpts1(_DEGREE + 1)
_FIT = np.linalg.inv(chebyshev.chebvander(_NODES, _DEGREE))
_ROUNDING = 64 * np.finfo(float).eps  # of the terms that a level is the difference of


class Crossings:
    """The comparisons in some formulas, besides those of ``known``."""

    def __init__(self, formulas: Formulas, known: Collection[Expr] = ()) -> None:
        nodes = [node for node in walk(*formulas.roots) if node.op in _COMPARISONS and node not in known]
        levels = [node.args[0] - node.args[1] for node in nodes]
        self._levels = Formulas(levels, formulas.network)
        self._terms = Formulas([gross(level) for level in levels], formulas.network)
        # two that are rounded may pass each other and never be equal
        sides = [call("gt", *n.args) - call("lt", *n.args) if n.op in ("eq", "ne") else n for n in nodes]
        self._sides = Formulas(sides, formulas.network)

    def within(self, at: Callable[[Any], Array], lo: float, hi: float, p: Array) -> list[float]:
        """The last number before, and the first after, each turn in (lo, hi); in order.

        Parameters
        ----------
        at : callable
            The state at a time, or at many side by side.
        p : array
            Parameters.
        """
        if not self._levels.roots:
            return []
        times, many = 0.5 * (lo + hi) + 0.5 * (hi - lo) * _NODES, p[:, None]
        values = self._levels.many(times, at(times), many)
        found: set[float] = set()
        for k, coefficients in enumerate(values @ _FIT.T):
            size = np.abs(coefficients)
            if not np.isfinite(size).all() or size[0] > size[1:].sum():
                continue
            own = chebyshev.chebtrim(coefficients, 1e-14 * size.max()) if size.max() else coefficients[:1]
            turns = chebyshev.chebroots(chebyshev.chebder(own)).real if len(own) > 1 else np.empty(0)
            inner = 0.5 * (lo + hi) + 0.5 * (hi - lo) * turns[np.abs(turns) < 1]
            points = np.unique(np.concatenate([[lo, hi], times, inner]))
            levels, terms = (formulas.many(points, at(points), many)[k] for formulas in (self._levels, self._terms))
            sure = np.abs(levels) > _ROUNDING * terms
            points, above = points[sure], levels[sure] > 0
            for i in np.flatnonzero(above[1:] != above[:-1]):
                found.update(self._closed(k, at, float(points[i]), float(points[i + 1]), p))
        return sorted(found)

    def _closed(self, k: int, at: Callable[[Any], Array], lo: float, hi: float, p: Array) -> tuple[float, float]:
        before = self._sides(lo, at(lo), p)[k]
        while lo < (middle := 0.5 * (lo + hi)) < hi:
            if self._sides(middle, at(middle), p)[k] == before:
                lo = middle
            else:
                hi = middle
        return lo, hi
