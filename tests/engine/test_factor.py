"""The sparse solution written as expressions is the solution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone.engine.expr import Expr, const, evaluate, symbol
from eutone.engine.factor import order, solve


def solved(matrix: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    n = len(right)
    entries = {(i, j): symbol(f"a{i}_{j}") for i, j in zip(*np.nonzero(matrix), strict=True)}
    values = {f"a{i}_{j}": matrix[i, j] for i, j in entries} | {f"b{i}": right[i] for i in range(n)}
    pattern = {k: float(matrix[k]) for k in entries}
    found = solve(entries, [symbol(f"b{i}") for i in range(n)], order(pattern, n))
    numbers = [float(np.asarray(v)) for v in evaluate([*found.unknowns, *found.pivots], values)]
    return np.array(numbers[:n]), np.array(numbers[n:]), found.entries


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_random_dominant_systems(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((n, n)) * (rng.random((n, n)) < 0.3)
    np.fill_diagonal(matrix, np.abs(matrix).sum(axis=0) + rng.random(n) + 0.1)
    right = rng.standard_normal(n)
    x, pivots, _ = solved(matrix, right)
    np.testing.assert_allclose(x, np.linalg.solve(matrix, right), rtol=1e-8, atol=1e-12)
    assert np.prod(pivots) == pytest.approx(np.linalg.det(matrix), rel=1e-9)


def test_the_arrow_is_eliminated_without_fill() -> None:
    """Head first, an arrow fills up entirely; tail first, not at all."""
    n = 20
    matrix = np.eye(n) * 4
    matrix[0, :] = matrix[:, 0] = 1.0
    matrix[0, 0] = 30.0
    _, _, entries = solved(matrix, np.ones(n))
    assert entries == 3 * n - 2


def test_a_small_pivot_waits() -> None:
    pattern = {(0, 0): 1e-9, (0, 1): 1.0, (1, 0): 1.0, (1, 1): 5.0, (1, 2): 1.0, (2, 1): 1.0, (2, 2): 3.0}
    assert order(pattern, 3)[0] != 0


def test_a_pattern_that_is_not_finite_still_has_an_order() -> None:
    assert sorted(order({(0, 0): np.nan, (0, 1): np.inf, (1, 1): 1.0}, 2)) == [0, 1]


def test_empty() -> None:
    found = solve({}, [], order({}, 0))
    assert found.unknowns == ()
    assert found.entries == 0


def test_only_what_is_needed_is_written() -> None:
    """A triangular system has no elimination at all."""
    matrix: dict[tuple[int, int], Expr] = {(i, i): const(2) for i in range(3)} | {(0, 2): symbol("u")}
    found = solve(matrix, [symbol(f"b{i}") for i in range(3)], [0, 1, 2])
    assert found.entries == 4
