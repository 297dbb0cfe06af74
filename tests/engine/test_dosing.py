"""More doses than anybody means are refused before there is a list of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    several = dosing.repeated("A", 1.0, every=1.0, count=doses)
    solve_course(code, np.ones((3000, 1)), [0.0, 1.0], doses=several, threads=1)
    (size,) = sizes
    assert 1 <= size <= 1024
    assert size * doses * (2 + 2 + 3) * 8 <= 16 * 2**20


def test_a_taper_ends_the_course() -> None:
    found: list[Any] = [d.amount for d in dosing.repeated("A", 8.0, every=1.0, count=4, taper=(0.5, 0.25))]
    assert found == [8, 8, 4, 2]


def test_numbers_for_everybody_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    least = dosing.least_stretch
    monkeypatch.setattr(dosing, "least_stretch", lambda time, last: sizes.append(np.size(time)) or least(time, last))
    network = eu.load("species A; A = 1; J: A -> ; k*A; k = 1").network
    several = [*dosing.repeated("A", 1.0, every=1.0, count=5, duration=0.5), dosing.Dose("A", np.arange(7.0), 1.0, 2.0)]
    found = dosing.checked(several, 7, network, ("k",), ("A",), 9.0)
    assert sizes == [1] * 5 + [7]
    assert {np.shape(v) for dose in found for v in (dose.time, dose.amount, dose.duration)} == {(7,)}


@pytest.mark.parametrize("wrong", [{"time": -1.0}, {"time": np.inf}, {"amount": np.nan}, {"duration": [0.0, -1.0]}])
def test_an_impossible_number_is_refused_for_everybody_and_for_one(wrong: dict[str, Any]) -> None:
    network = eu.load("species A; A = 1; J: A -> ; k*A; k = 1").network
    numbers: dict[str, Any] = {"time": 1.0, "amount": 1.0, "duration": 0.0} | wrong
    with pytest.raises(eu.ModelError, match="an impossible time, amount or duration"):
        dosing.checked([dosing.Dose("A", **numbers)], 2, network, ("k",), ("A",), 9.0)
    never = dosing.Dose("A", **numbers | {"time": np.nan})
    assert len(dosing.checked([never], 2, network, ("k",), ("A",), 9.0)) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "k"]),
            st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.30000000000000004, np.nan]), min_size=3, max_size=3),
            st.lists(st.sampled_from([0.0, 0.1, 0.7]), min_size=3, max_size=3),
            st.lists(st.sampled_from([0.0, 0.1, 0.2]), min_size=3, max_size=3),
        ),
        max_size=6,
    ),
    st.sampled_from([0.0, 0.1, 0.2, 0.30000000000000004]),
    st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_what_falls_on_a_time_is_what_one_dose_of_one_person_after_the_other_says(
    rows: list[tuple[str, list[float], list[float], list[float]]], now: float, who: list[bool]
) -> None:
    doses = [dosing.Dose(target, *map(np.array, numbers)) for target, *numbers in rows]
    species, columns = {"A": 0, "B": 1}, {"k": 0, "~A": 1, "~B": 2}
    x, free, undosed = np.full((3, 2), 0.3), np.full((3, 3), 9.0), np.full((3, 3), 0.6)
    state, value = x.copy(), free.copy()
    dosing.apply(dosing.series(doses, species, columns, "~"), np.full(3, now), np.array(who), x, free, undosed)
    for person in np.flatnonzero(who):
        edges: dict[int, bool] = {}
        flows: dict[int, list[float]] = {}
        for target, times, amounts, durations in rows:
            begin, amount, duration = times[person], amounts[person], durations[person]
            column = columns[target if target == "k" else f"~{target}"]
            if target != "k" and duration == 0:
                state[person, species[target]] += amount if begin == now else 0.0
                continue
            end = begin + duration if duration else np.inf
            edges[column] = edges.get(column, False) or now in (begin, end)
            if begin <= now < end:
                flows.setdefault(column, []).append(amount if target == "k" else amount / duration)
        for column in (column for column, edge in edges.items() if edge):
            value[person, column] = undosed[person, column]
            for amount in flows.get(column, ()):
                value[person, column] += amount
    np.testing.assert_array_equal(x, state)
    np.testing.assert_array_equal(free, value)
