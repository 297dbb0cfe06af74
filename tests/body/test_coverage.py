"""Of the interventions that people ask about, how many the whole person answers."""

from __future__ import annotations

from eutone.body._coverage import coverage
from eutone.knowledge import drugs


def test_at_least_seventy_of_a_hundred_are_bound() -> None:
    listed = coverage()
    assert len(listed) == 100
    assert len({one.name for one in listed}) == 100
    assert sum(one.bound for one in listed) >= 70
    assert sum(one.bound and any(move.doses for move in one.moves) for one in listed) >= 60
    for one in listed:
        assert set(one.drugs) <= set(drugs.load())
        assert bool(one.drugs) == bool(one.moves)
        assert one.bound or one.missing


def test_behaviour_and_what_people_drink_and_smoke_are_bound() -> None:
    bound = {drug for one in coverage() if one.bound for drug in one.drugs}
    assert {"aerobic-exercise", "sleep-deprivation", "high-carbohydrate-meal", "alcohol", "caffeine", "nicotine",
            "cigarettes"} <= bound  # fmt: skip
