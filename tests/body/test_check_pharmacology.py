"""A broken row of the tables of the whole person's drugs is found, and named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eutone.body import _check_pharmacology as checker
from eutone.body._pharmacology import Action, actions


def faults_of(monkeypatch: pytest.MonkeyPatch, *changed: Action) -> list[str]:
    table = {**actions(), "zolpidem": changed}
    monkeypatch.setattr(checker, "actions", lambda: table)
    return checker.pharmacology_faults()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "magic"}, "is none of"),
        ({"parameter": "drug.nothing"}, "no such parameter"),
        ({"unit": "nM"}, "clearance_l_h is needed"),
        ({"unit": "stones"}, "is no unit of a level"),
        ({"value": 0.0}, "float division"),
        ({"ln_sd": 0.0}, "not above 0"),
        ({"grade": "RECALLED", "ln_sd": 0.1}, "nobody looked it up"),
        ({"source": ""}, "no source"),
        ({"kind": "inactivate"}, "no row in renewal.csv"),
        ({"kind": "none"}, "no row of exposures.csv"),
        ({"kind": "input", "unit": "L/kg"}, "does not fit"),
        ({"kind": "input", "unit": "nM"}, "is no unit of an input"),
    ],
)
def test_a_broken_row_is_named(monkeypatch: pytest.MonkeyPatch, change: dict[str, object], said: str) -> None:
    row = actions()["zolpidem"][0]
    found = faults_of(monkeypatch, replace(row, **change))
    assert any("zolpidem" in fault and said in fault for fault in found), found


def test_a_row_given_twice_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    row = actions()["zolpidem"][0]
    assert any("given twice" in fault for fault in faults_of(monkeypatch, row, row))
