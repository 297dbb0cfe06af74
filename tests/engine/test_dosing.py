"""More doses than anybody means are refused before there is a list of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import eutone as eu
from eutone.engine import course, dosing
from eutone.engine.course import compile_course, solve_course


def test_as_many_as_are_meant_and_no_more() -> None:
    assert len(dosing.repeated("A", 1.0, every=1.0, count=dosing.MOST)) == dosing.MOST
    with pytest.raises(eu.InputError, match="10,000 at most"):
        dosing.repeated("A", 1.0, every=1e-9, count=31_536_000_000_000_000)  # would be some exabytes
    with pytest.raises(eu.InputError, match="a count from 1 to 10,000"):
        eu.simulate("species A; A = 1; J: A -> ; k*A; k = 1", doses="A 1 at 0 every 1e-9 x 31536000000000000")


@pytest.mark.parametrize("doses", [0, 1, dosing.MOST])
def test_a_chunk_of_people_is_no_larger_with_many_doses(monkeypatch: pytest.MonkeyPatch, doses: int) -> None:
    """Edges (two a dose), their sorted copy, and the three numbers of each dose."""
    sizes: list[int] = []
    monkeypatch.setattr(course, "in_chunks", lambda _work, _n, _least, most, *_: sizes.append(most))
    code = compile_course(eu.load("species A; A = 1; J: A -> ; k*A; k = 1").network, ("k",), lane_width=1)
    given = dosing.repeated("A", 1.0, every=1.0, count=doses)
    solve_course(code, np.ones((3000, 1)), [0.0, 1.0], doses=given, threads=1)
    (size,) = sizes
    assert 1 <= size <= 1024
    assert size * doses * (2 + 2 + 3) * 8 <= 16 * 2**20


def test_a_taper_ends_the_course() -> None:
    found: list[Any] = [d.amount for d in dosing.repeated("A", 8.0, every=1.0, count=4, taper=(0.5, 0.25))]
    assert found == [8, 8, 4, 2]
