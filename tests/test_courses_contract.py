"""The contract ``eutone.courses/1``: its keys, what it refuses, and that the command writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from eutone import cli
from eutone._results import COURSES_ID, CourseBand, CoursesResult, numbers

# This list may grow at the end and never otherwise.
KEYS = [
    *("schema", "model", "time_unit", "people", "spread", "seed", "settings", "doses", "rtol", "atol"),
    *("version", "status", "times", "quantities", "band_people", "vary", "wanted", "take", "rest"),
]


def result(**changed: Any) -> CoursesResult:
    band = CourseBand(id="A", unit="µM", median=(1.0, None), low=(0.5, None), high=(2.0, None))
    fields: dict[str, Any] = {
        "model": "decay", "time_unit": "hour", "people": 5, "spread": 0.2, "seed": 0, "settings": {"k": 1.0},
        "doses": ("A 5 at 4",), "rtol": 1e-6, "atol": 1e-9, "version": "0.1.0", "status": {"CONVERGED": 5},
        "times": (0.0, 1.0), "quantities": (band,),
    }  # fmt: skip
    return CoursesResult(**fields | changed)


def test_the_keys_are_those_promised_in_order() -> None:
    document = result().model_dump(mode="json")
    assert list(document) == KEYS
    assert document["schema"] == COURSES_ID == "eutone.courses/1"
    assert list(document["quantities"][0]) == ["id", "unit", "median", "low", "high"]
    assert (document["vary"], document["wanted"]) == (None, None)
    json.dumps(document, allow_nan=False)


def test_what_is_not_a_number_is_null() -> None:
    assert numbers([1.0, float("nan"), float("inf")]) == (1.0, None, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"times": (0.0,)},
        {"times": (0.0, float("nan"))},
        {"seed": -1},
        {"spread": -0.1},
        {"status": {"CONVERGED": -1}},
        {"surprise": 1},
        {"schema_": "eutone.profile/1"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_makes_no_sense_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        result(**changed)


def test_the_command_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("d.ant").write_text("model d() species A; A = 1; J: A -> ; k*A; k = 1; end", encoding="utf-8")
    command = "simulate d.ant --until 2 --people 3 --vary k --wanted A,J --json a.json --quiet"
    with pytest.raises(SystemExit) as end:
        cli.main(command.split())
    assert end.value.code in (0, None)
    text = Path("a.json").read_text(encoding="utf-8")
    found = CoursesResult.model_validate_json(text)
    assert {*json.loads(text)} <= {*KEYS}
    assert (found.model, found.people, [band.id for band in found.quantities]) == ("d", 3, ["A", "J"])
