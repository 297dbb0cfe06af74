"""The screen of influence finds known shares, and refuses to rank where there is nothing to rank."""

from __future__ import annotations

from dataclasses import replace
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from eutone._errors import SolveError
from eutone.body._spreads import Drawn
from eutone.body._tables import parameters

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = SourceFileLoader("influence_script", str(ROOT / "scripts" / "influence"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def two() -> Drawn:
    """Two numbers of ln sd 0.2 and 0.1: of their product the first has four fifths of the variance."""
    rows = tuple(replace(parameters()[0], id=name, flat=name) for name in "pq")
    return Drawn(rows, np.array([3.0, -1.0]), np.array([0.2, 0.1]), np.zeros(2, dtype=bool))


def solve(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The product, what neither moves, and the second alone."""
    product = values.prod(axis=1)
    return np.column_stack([product, np.ones(len(values)), values[:, 1]]), np.ones(len(values), dtype=bool)


def test_known_shares_are_found(script: ModuleType, two: Drawn):
    """Of ranks of normal numbers that correlate with 1 - S the share is 1 - 6/pi asin((1 - S)/2)."""
    draws = 2048
    total, solves, lost = script.screen(solve, two, draws)
    assert (solves, lost) == (3 * draws, 0)
    wanted = [1 - 6 / np.pi * np.arcsin((1 - share) / 2) for share in (0.8, 0.2)]
    assert total[0] == pytest.approx(wanted, rel=4 * np.sqrt(2 / draws))
    assert (total[1] == 0).all()
    assert total[2] == pytest.approx([0, 1], abs=4 * np.sqrt(2 / draws))


def test_one_person_in_another_state_decides_nothing(script: ModuleType, two: Drawn):
    def odd(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen, good = solve(values)
        seen[values[:, 1] > np.sort(values[:, 1])[-2]] *= 1e-40
        return seen, good

    total, *_ = script.screen(odd, two, 1024)
    assert total[0, 0] > 3 * total[0, 1]


def test_a_few_without_steady_state_are_left_out(script: ModuleType, two: Drawn):
    def some(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen, good = solve(values)
        good[::100] = False
        seen[::100] = np.nan
        return seen, good

    total, solves, lost = script.screen(some, two, 1024)
    assert 0 < lost < 0.02 * solves
    assert total[0] == pytest.approx(script.screen(solve, two, 1024)[0][0], rel=0.1)


@pytest.mark.parametrize("share", [0.03, 1.0])
def test_many_without_steady_state_are_an_error(script: ModuleType, two: Drawn, share: float):
    """Once all were, and every influence was 0."""

    def few(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen, good = solve(values)
        good[: int(np.ceil(share * len(good)))] = False
        return seen, good

    with pytest.raises(SolveError, match="have no steady state"):
        script.screen(few, two, 64)


def test_the_page_that_stands_has_influences():
    text = (ROOT / "docs" / "influence.md").read_text(encoding="utf-8")
    shares = [float(line.split("|")[6]) for line in text.splitlines() if line.startswith("| ") and "`" in line]
    assert len(shares) == 100
    assert 0.1 < min(shares) <= max(shares) < 1.5
