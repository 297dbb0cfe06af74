"""No number of the whole person is taken for certain unless it is said why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eutone._model import check_named
from eutone.body import _check, check
from eutone.body._check_spreads import spread_faults
from eutone.body._spreads import Spread, spreads
from eutone.body._tables import parameters

BY_ID = {p.id: p for p in parameters()}


def test_every_number_has_a_spread_or_a_reason():
    assert spread_faults(parameters()) == []


def test_a_number_without_spread_is_a_fault(monkeypatch: pytest.MonkeyPatch):
    """In either table: its row loses its spread, or its row of spreads.csv is gone."""
    bare = [replace(p, structural_ln_sd=0.0, person_ln_sd=0.0) if p.id == "ADORA1.K" else p for p in parameters()]
    monkeypatch.setattr(_check, "parameters", lambda: tuple(bare))
    assert check() == ["ADORA1.K: no spread; say in its row, or in spreads.csv, how uncertain it is"]
    gone = {k: v for k, v in spreads().items() if k != "NET.K"}
    assert [f.split(":")[0] for f in spread_faults(parameters(), gone)] == ["NET.K"]


@pytest.mark.parametrize("kept", ["clock.day.length", "barrier.Phe.in", "reference.LAT1.brain", "striatum.DOPAC"])
def test_what_may_stand_without_a_spread(kept: str):
    """A definition, what closes the default, a reference, where a species begins."""
    assert BY_ID[kept].person_ln_sd == BY_ID[kept].structural_ln_sd == 0
    assert kept not in spreads()


def test_closing_is_said_in_the_words_that_the_closing_script_reads():
    closing = replace(BY_ID["barrier.Phe.in"], source="so that B_Phe rests")
    assert "no spread" in spread_faults([closing], {})[0]


@pytest.mark.parametrize(
    ("name", "change", "fault"),
    [
        ("NET.K", {"source": ""}, "no source"),
        ("NET.K", {"grade": "SURE"}, "grade 'SURE'"),
        ("NET.K", {"structural_ln_sd": 0.0}, "neither is 0 nor follows"),
        ("NET.K", {"structural_ln_sd": -0.1}, "neither is 0 nor follows"),
        ("ABAT.K", {"structural_ln_sd": 0.2}, "nobody looked the value up: at least 0.4"),
        ("ADORA1.K", {}, "has a spread already"),
    ],
)
def test_a_broken_row_is_a_fault(name: str, change: dict[str, object], fault: str):
    good = spreads().get(name, Spread(name, 0.4, False, "ASSUMED", "rule: RECALLED"))
    found = spread_faults([BY_ID[name]], {name: replace(good, **change)})  # type: ignore[arg-type]
    assert len(found) == 1
    assert fault in found[0]


def test_a_row_of_nothing_is_a_fault():
    row = Spread("NET.Q", 0.4, False, "ASSUMED", "rule: RECALLED")
    assert spread_faults([], {"NET.Q": row}) == ["spreads.csv, NET.Q: is no parameter"]


def test_model_check_asks_it_of_the_whole_person_too():
    tables = check_named("whole")[0]
    assert "spread" in tables.question
    assert tables.passed, tables.finding
