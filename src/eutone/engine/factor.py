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

from eutone.engine.expr import Expr, const, symbol

__all__ = ["Factors", "Solution", "decompose", "order", "solve", "unwind"]

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


@dataclass(frozen=True)
class Factors:
    """The factors of a matrix, each entry an expression.

    Attributes
    ----------
    sequence : tuple of int
        Order of elimination.
    lower, upper : dict of (row, column) to Expr
        Multipliers, and what remains of the rows right of their pivots.
    reciprocals : dict of (row, row) to Expr
        Of the pivots.
    """

    sequence: tuple[int, ...]
    lower: dict[Entry, Expr]
    upper: dict[Entry, Expr]
    reciprocals: dict[Entry, Expr]

    @property
    def tables(self) -> tuple[tuple[str, dict[Entry, Expr]], ...]:
        """``L``, ``R`` and ``D`` with their entries."""
        return (("L", self.lower), ("R", self.upper), ("D", self.reciprocals))

    @property
    def values(self) -> list[Expr]:
        """All entries, in the order of `tables`."""
        return [e for _, table in self.tables for e in table.values()]


def decompose(matrix: Mapping[Entry, Expr], n: int, sequence: list[int]) -> Factors:
    """The factors of ``matrix`` (n, n), eliminating in ``sequence``, to be used for many right-hand sides."""
    rows: list[dict[int, Expr]] = [{} for _ in range(n)]
    columns: list[set[int]] = [set() for _ in range(n)]
    for (i, j), entry in matrix.items():
        rows[i][j] = entry
        columns[j].add(i)
    lower: dict[Entry, Expr] = {}
    upper: dict[Entry, Expr] = {}
    reciprocals: dict[Entry, Expr] = {}
    for k in sequence:
        pivot, row = rows[k].pop(k), rows[k]
        columns[k].discard(k)
        for j in row:
            columns[j].discard(k)
            upper[k, j] = row[j]
        reciprocals[k, k] = 1 / pivot
        for i in sorted(columns[k]):
            factor = rows[i].pop(k) * reciprocals[k, k]
            lower[i, k] = factor
            for j, value in row.items():
                rows[i][j] = rows[i].get(j, const(0)) - factor * value
                columns[j].add(i)
    return Factors(tuple(sequence), lower, upper, reciprocals)


def unwind(factors: Factors, right: list[Expr]) -> list[Expr]:
    """The solution for ``right`` (n,), with the factors read from rows named ``~L i,k``, ``~R k,j`` and ``~D k,k``."""
    b = list(right)
    below: dict[int, list[int]] = {k: [] for k in factors.sequence}
    beside: dict[int, list[int]] = {k: [] for k in factors.sequence}
    for i, k in factors.lower:
        below[k].append(i)
    for k, j in factors.upper:
        beside[k].append(j)
    for k in factors.sequence:
        for i in below[k]:
            b[i] = b[i] - symbol(f"~L{i},{k}") * b[k]
    x: dict[int, Expr] = {}
    for k in reversed(factors.sequence):
        total = b[k]
        for j in beside[k]:
            total = total - symbol(f"~R{k},{j}") * x[j]
        x[k] = total * symbol(f"~D{k},{k}")
    return [x[i] for i in range(len(right))]
