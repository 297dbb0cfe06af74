"""Whatever is given, `read` returns a Case or raises an InputError: never anything else."""

from __future__ import annotations

import copy
import dataclasses
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eutone
from eutone import InputError
from eutone.forms.cases import read_cases

CELLS = st.sampled_from(
    [
        *(
            "HVA",
            "5-HIAA",
            "BH4",
            "Phe",
            "VMA",
            "13995-3",
            "csf.HVA",
            "HVA/5-HIAA ratio",
            "foo",
            "",
            "csf",
            "CSF",
            "urine",
        ),
        *("plasma", "dbs", "serum", "nmol/L", "µmol/L", "mg/24h", "mmol/mol creatinine", "ng/mL", "z", "ratio", "IU/L"),
        *(
            "qualitative",
            "furlong",
            "157",
            "0",
            "-1",
            "<5",
            ">1e300",
            "1e-300",
            "<LOD",
            "low",
            "normal",
            "1,5",
            "1.234,5",
        ),
        *(
            "nan",
            "inf",
            "-0",
            "٣",
            "½",
            "1_000",
            "0x10",
            "2023-05-06",
            "2023-02-31",
            "2023",
            "yes",
            "no",
            "\x1b[31m",
            '"',
        ),
        *("'", ";", ",", "\t", "\n", "\r", "\x00", "\ufeff", "\u2028", "=1+1", "a" * 300),
    ]
)
HEADINGS = st.permutations(
    ["marker", "value", "unit", "specimen", "low", "high", "collected", "fasting", "hours_since_dose", "note"]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def attempt(path: Path, **options: Any) -> None:
    try:
        case = eutone.read(path, **options)
    except InputError as error:
        assert str(error)  # noqa: PT017
        return
    for one in case.panel.measurements:
        assert one.marker is not None or one.why
        assert one.value is None or one.value == one.value
        assert one.marker is None or one.comparator.startswith("z") or one.value is None or one.value > 0
        assert one.low is None or one.low >= 0


@given(HEADINGS, st.lists(st.lists(CELLS, min_size=1, max_size=11), max_size=4), st.sampled_from(",;\t"))
def test_tables_of_odd_cells(folder: Path, headings: list[str], rows: list[list[str]], delimiter: str) -> None:
    path = folder / "panel.csv"
    lines = [delimiter.join(row) for row in [headings, *rows]]
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    attempt(path, age=3.0)


@given(CELLS, CELLS, CELLS, CELLS, CELLS)
def test_one_row_of_odd_cells(folder: Path, marker: str, specimen: str, value: str, unit: str, low: str) -> None:
    path = folder / "row.json"
    cells = {"marker": marker, "specimen": specimen, "value": value, "unit": unit, "low": low}
    path.write_text(json.dumps({"measurements": [cells]}), encoding="utf-8")
    attempt(path)


KEYS = ("marker", "specimen", "value", "unit", "low", "high", "collected", "note")
CLEAN = CELLS.filter(lambda text: not set(text) & set("\x00\ufeff"))


@given(st.lists(st.tuples(*[CLEAN] * len(KEYS)), min_size=1, max_size=3))
def test_a_table_and_json_say_the_same(folder: Path, rows: list[tuple[str, ...]]) -> None:
    """The same cells give the same measurements and notes, or the same complaint, in both forms."""
    table, panel = folder / "same.csv", folder / "same.json"
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [KEYS, *rows]]
    table.write_text("\n".join(quoted), encoding="utf-8", newline="")
    panel.write_text(
        json.dumps({"measurements": [dict(zip(KEYS, row, strict=True)) for row in rows]}), encoding="utf-8"
    )
    said = []
    for path in (table, panel):
        try:
            case = eutone.read(path, age=3.0)
        except InputError as error:
            said.append((error.message.partition(" in row ")[0], error.column))
            continue
        said.append(tuple(dataclasses.replace(one, row=None) for one in case.panel.measurements))
    if any(all(not cell.strip() for cell in row) for row in rows):
        return  # an empty row is none in a table and an empty measurement in JSON
    assert said[0] == said[1]


@given(st.permutations(range(5)), st.integers(0, 9))
def test_the_order_of_a_bundle_decides_nothing(folder: Path, order: list[int], seed: int) -> None:
    chance = random.Random(seed)
    changed: Any = swapped(BUNDLE, chance.choice(places(BUNDLE)), copy.deepcopy(chance.choice(ODD))) if seed else BUNDLE
    entries = changed.get("entry") if isinstance(changed, dict) else None
    if not isinstance(entries, list) or len(entries) != len(order):
        return
    seen = []
    for arranged in (entries, [entries[at] for at in order]):
        path = folder / "order.json"
        path.write_text(json.dumps(changed | {"entry": arranged}), encoding="utf-8")
        try:
            case = eutone.read(path)
        except InputError:
            seen.append(None)
            continue
        found = sorted(repr(dataclasses.replace(one, row=None)) for one in case.panel.measurements)
        seen.append((found, case.person, case.taking))
    assert seen[0] == seen[1]


@given(st.binary(max_size=200))
def test_bytes(folder: Path, raw: bytes) -> None:
    path = folder / "bytes"
    path.write_bytes(raw)
    attempt(path)
    path.write_bytes(b"marker,value,unit\n" + raw)
    attempt(path)


PANEL = {
    "person": {"age": "12d", "sex": "female", "weight_kg": 3.2, "id": "x"},
    "taking": ["levodopa 2 mg/kg/d with carbidopa"],
    "genes": {"COMT:rs4680": "A/A"},
    "measurements": [
        {"marker": "HVA", "specimen": "csf", "value": 157, "unit": "nmol/L", "low": 300, "high": 900},
        {"marker": "BH4", "specimen": "csf", "value": "<5", "unit": "nmol/L", "collected": "2023-05-06"},
    ],
}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "2020-01-01"}},
        {
            "fullUrl": "urn:uuid:1",
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "category": [{"coding": [{"code": "laboratory"}]}],
                "code": {"coding": [{"system": "http://loinc.org", "code": "1-1", "display": "HVA"}], "text": "HVA"},
                "subject": {"reference": "Patient/p"},
                "effectiveDateTime": "2023-07-02",
                "specimen": {"reference": "Specimen/s"},
                "valueQuantity": {"value": 157, "comparator": "<", "unit": "nmol/L"},
                "referenceRange": [{"low": {"value": 300, "unit": "nmol/L"}}],
                "component": [{"code": {"text": "BH4"}, "valueString": "<5 nmol/L"}],
            },
        },
        {"resource": {"resourceType": "Specimen", "id": "s", "type": {"text": "CSF"}}},
        {"resource": {"resourceType": "DiagnosticReport", "result": [{"reference": "urn:uuid:1"}]}},
        {
            "resource": {
                "resourceType": "MedicationRequest",
                "status": "active",
                "intent": "order",
                "medicationCodeableConcept": {"text": "Levodopa 100 MG"},
                "dosageInstruction": [
                    {
                        "timing": {
                            "repeat": {"frequency": 3, "period": 1, "periodUnit": "d", "timeOfDay": ["08:00:00"]}
                        },
                        "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
                    }
                ],
            }
        },
    ],
}
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**400,
    "",
    "x",
    "157",
    "none",
    "2023-02-30",
    "\x00",
    [],
    [1],
    ["x"],
    {},
    {"a": 1},
    [[]],
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = node.keys() if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    return [path, *(found for key in keys for found in places(node[key], (*path, key)))]


def swapped(data: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = copy.deepcopy(data)
    node = changed
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    return changed


@pytest.mark.parametrize("data", [PANEL, BUNDLE], ids=["panel", "bundle"])
def test_anything_in_any_place(data: dict[str, Any], folder: Path) -> None:
    path = folder / "swapped.json"
    for place in places(data):
        for value in ODD:
            path.write_text(json.dumps(swapped(data, place, value)), encoding="utf-8")
            attempt(path)


@pytest.mark.parametrize("data", [PANEL, BUNDLE], ids=["panel", "bundle"])
def test_several_changes_at_once(data: dict[str, Any], folder: Path) -> None:
    chance = random.Random(0)
    path = folder / "several.json"
    for _ in range(300):
        changed = data
        for _ in range(chance.randint(2, 5)):
            changed = swapped(changed, chance.choice(places(changed)), copy.deepcopy(chance.choice(ODD)))
        path.write_text(json.dumps(changed), encoding="utf-8")
        attempt(path)


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=60), st.text(max_size=60), st.text(max_size=40))
def test_options(age: str, sex: str, weight: str, gene: str, taking: str) -> None:
    panel = Path(__file__).parents[2] / "examples" / "mm2015-p2.csv"
    for options in (
        {"age": age},
        {"sex": sex},
        {"weight": weight},
        {"height": weight},
        {"genes": [gene]},
        {"taking": [taking]},
    ):
        attempt(panel, **options)


@given(st.lists(st.lists(CELLS, min_size=9, max_size=9), min_size=1, max_size=4))
def test_tables_of_cases(folder: Path, rows: list[list[str]]) -> None:
    path = folder / "cases.csv"
    names = ("case_id", "gene", "timepoint", "treatment", "matrix", "analyte", "value", "unit", "age_years")
    quoted = [
        ",".join('"' + cell.replace('"', '""').replace("\x00", "") + '"' for cell in row) for row in [names, *rows]
    ]
    path.write_text("\n".join(quoted), encoding="utf-8", newline="")
    try:
        found = read_cases(path)
    except InputError as error:
        assert error.column == "case_id"  # noqa: PT017
        return
    assert sum(len(one.case.panel.measurements) for one in found) <= len(rows)
