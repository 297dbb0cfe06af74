"""Solving a sparse linear system whose pattern is known beforehand, written as expressions.

Gaussian elimination with the pivots on the diagonal, in an order fixed once: each pivot is the one that would cause
least work (Markowitz: fewest products), among those that are not small beside the rest of their row at a typical
point. The elimination itself happens on expressions, so the fill-in appears only where it is, the right-hand side is
eliminated along with the matrix, and the result is straight-line code without an index in it.

The matrices here are ``I/h - J`` of reaction networks: diagonally dominant for short steps ``h``, and nearly so in the
columns for long ones, since what a reaction takes from one species it gives to others. There is no pivoting at run
time; whoever uses the solution must check it (`eutone.engine.kernel` looks at contraction and residual, both
independent of the factors).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from eutone.engine.expr import Expr, const

__all__ = ["Solution", "order", "solve"]

_SMALL = 1e-3  # a pivot this small beside its row waits, if it can
Entry = tuple[int, int]


@dataclass(frozen=True)
class Solution:
    """The unknowns, the pivots in elimination order, and how many entries the factors have."""

    unknowns: tuple[Expr, ...]
    pivots: tuple[Expr, ...]
    entries: int


def order(pattern: Mapping[Entry, float], n: int) -> list[int]:
    """The order of elimination.

    Parameters
    ----------
    pattern : mapping of (row, column) to float
        The matrix at a typical point; entries that are not finite count as ones.
    n : int
        Its size. The diagonal is taken as present.

    Returns
    -------
    list of int
        A permutation of ``range(n)``.
    """
    rows: list[dict[int, float]] = [{} for _ in range(n)]
    columns: list[set[int]] = [set() for _ in range(n)]
    for (i, j), value in pattern.items():
        rows[i][j] = value if np.isfinite(value) else 1.0
        columns[j].add(i)
    for i in range(n):
        rows[i].setdefault(i, 0.0)
        columns[i].add(i)
    left, result = set(range(n)), []
    while left:
        k = min(left, key=lambda i: (_is_small(rows[i], i), (len(rows[i]) - 1) * (len(columns[i]) - 1), i))
        result.append(k)
        left.remove(k)
        pivot, row = rows[k].pop(k) or 1.0, rows[k]
        columns[k].discard(k)
        for i in columns[k]:
            factor = rows[i].pop(k) / pivot
            for j, value in row.items():
                rows[i][j] = rows[i].get(j, 0.0) - factor * value
                columns[j].add(i)
        for j in row:
            columns[j].discard(k)
    return result


def _is_small(row: dict[int, float], i: int) -> bool:
    return abs(row[i]) <= _SMALL * max(map(abs, row.values()))


def solve(matrix: Mapping[Entry, Expr], right: list[Expr], sequence: list[int]) -> Solution:
    """The solution ``x`` of ``matrix @ x = right``, eliminating in ``sequence``.

    Parameters
    ----------
    matrix : mapping of (row, column) to Expr
        Entries that are not identically zero, the whole diagonal among them.
    right : list of Expr, (n,)
    sequence : list of int
        From `order`.
    """
    n = len(right)
    rows: list[dict[int, Expr]] = [{} for _ in range(n)]
    columns: list[set[int]] = [set() for _ in range(n)]
    for (i, j), entry in matrix.items():
        rows[i][j] = entry
        columns[j].add(i)
    b, zero = list(right), const(0)
    pivots, reciprocals, entries = [], {}, n
    for k in sequence:
        pivot, row = rows[k].pop(k), rows[k]
        columns[k].discard(k)
        for j in row:
            columns[j].discard(k)
        pivots.append(pivot)
        reciprocals[k] = 1 / pivot
        entries += len(row) + len(columns[k])
        for i in sorted(columns[k]):
            factor = rows[i].pop(k) * reciprocals[k]
            for j, value in row.items():
                rows[i][j] = rows[i].get(j, zero) - factor * value
                columns[j].add(i)
            b[i] = b[i] - factor * b[k]
    x: dict[int, Expr] = {}
    for k in reversed(sequence):
        total = b[k]
        for j, value in rows[k].items():
            total = total - value * x[j]
        x[k] = total * reciprocals[k]
    return Solution(tuple(x[i] for i in range(n)), tuple(pivots), entries)
