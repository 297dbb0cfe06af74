"""The JSON panel means what the CSV panel means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import eutone
from eutone import InputError

HVA = {"marker": "HVA", "specimen": "csf", "value": 157, "unit": "nmol/L"}


def written(folder: Path, data: Any) -> Path:
    path = folder / "panel.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def test_a_whole_panel(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {
            "person": {"age": "12d", "sex": "female", "weight_kg": 3.2, "id": "P2", "synthetic": True},
            "taking": ["levodopa 2 mg/kg/d with carbidopa"],
            "genes": {"COMT:rs4680": "A/A"},
            "measurements": [HVA, {**HVA, "marker": "BH4", "value": "<5", "fasting": True}],
        },
    )
    case = eutone.read(path)
    assert case.person.age_years == pytest.approx(12 / 365.25)
    assert (case.person.sex, case.person.weight_kg, case.person.id, case.person.synthetic) == (
        "female",
        3.2,
        "P2",
        True,
    )
    assert case.person.genes == {"COMT:rs4680": "A/A"}
    assert case.taking.stated
    assert case.taking.doses[0].inhibitor == "carbidopa"
    hva, bh4 = case.panel.measurements
    assert (hva.value, hva.written, hva.row) == (157.0, "157", 1)
    assert (bh4.comparator, bh4.fasting, bh4.row) == ("<", True, 2)
    assert case.issues == ()


def test_json_and_csv_give_the_same_measurements(tmp_path: Path) -> None:
    table = tmp_path / "panel.csv"
    table.write_text("marker,specimen,value,unit,low,high\nHVA,csf,157,nmol/L,300,900\nBH4,csf,low,qualitative,,\n")
    rows = [{**HVA, "low": 300, "high": 900}, {**HVA, "marker": "BH4", "value": "low", "unit": "qualitative"}]
    from_json = eutone.read(written(tmp_path, {"measurements": rows})).panel.measurements
    from_csv = eutone.read(table).panel.measurements
    for a, b in zip(from_csv, from_json, strict=True):
        assert (a.marker, a.comparator, a.value, a.low, a.high) == (b.marker, b.comparator, b.value, b.low, b.high)


def test_options_override_with_a_notice(tmp_path: Path) -> None:
    path = written(tmp_path, {"person": {"age": "3y", "sex": "male"}, "taking": "none", "measurements": [HVA]})
    case = eutone.read(path, age="4y", sex="male", taking=["sertraline"], genes=["DDC=p.Gly102Ser"])
    assert case.person.age_years == 4.0
    assert [dose.drug for dose in case.taking.doses] == ["sertraline"]
    assert any("age: 4 years is used, not 3 years" in issue for issue in case.issues)
    assert any("--taking is used" in issue for issue in case.issues)
    assert not any("sex" in issue for issue in case.issues)


def test_taking_is_stated_or_not(tmp_path: Path) -> None:
    for given, stated in (("none", True), ([], True), (None, False), ("absent", False)):
        data: dict[str, Any] = {"measurements": [HVA]} | ({} if given == "absent" else {"taking": given})
        assert eutone.read(written(tmp_path, data)).taking == eutone.Protocol((), stated=stated)


@pytest.mark.parametrize(
    ("data", "row", "column", "part"),
    [
        ("{", 1, None, "not JSON"),
        ('{"measurements": [],\n "a": }', 2, None, "not JSON"),
        ('{"measurements": 1, "measurements": 2}', None, None, "twice"),
        ('{"measurements": NaN}', None, None, "NaN"),
        ("[" * 100_000, None, None, "nested too deep"),
        ('{"measurements": ' + "9" * 5000 + "}", None, None, "JSON"),
        ([1], None, None, "not a JSON object"),
        ({}, None, "measurements", "missing"),
        ({"schema": "eutone.profile/1"}, None, "measurements", "--save"),
        ({"measurements": []}, None, "measurements", "no measurements"),
        ({"measurements": ["HVA"]}, 1, None, "not a JSON object"),
        ({"measurements": [HVA, {"marker": "HVA", "value": 1}]}, 2, "unit", "missing"),
        ({"measurements": [HVA | {"value": [1]}]}, 1, "value", "neither text nor number"),
        ({"measurements": [HVA | {"value": -1}]}, 1, "value", "negative"),
        ({"measurements": [HVA | {"unit": "furlong"}]}, 1, "unit", "furlong"),
        ({"measurements": [HVA, HVA | {"value": 170}]}, 2, "value", "row 1"),
        ({"measurements": [HVA], "person": 3}, None, "person", "not a JSON object"),
        ({"measurements": [HVA], "person": {"age": 3}}, None, "age", "no unit"),
        ({"measurements": [HVA], "person": {"age_years": "3"}}, None, "age_years", "not a number"),
        ({"measurements": [HVA], "person": {"age": "3y", "age_years": 3}}, None, "age", "both"),
        ({"measurements": [HVA], "person": {"age_years": 10**400}}, None, "age_years", "too large"),
        ({"measurements": [HVA], "person": {"sex": 1}}, None, "sex", "female or male"),
        ({"measurements": [HVA], "taking": [{"drug": "levodopa"}]}, None, "taking", "list of texts"),
        ({"measurements": [HVA], "taking": ["levodopa 100"]}, None, "taking", "not understood"),
        ({"measurements": [HVA], "genes": 3}, None, "genes", "COMT:rs4680"),
    ],
)
def test_what_is_wrong_is_named(data: Any, row: int | None, column: str | None, part: str, tmp_path: Path) -> None:
    path = written(tmp_path, data)
    with pytest.raises(InputError) as caught:
        eutone.read(path)
    assert (caught.value.file, caught.value.row, caught.value.column) == (str(path), row, column)
    assert part in str(caught.value)


def test_what_is_not_known_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, {"mood": 3, "person": {"shoe": 43}, "measurements": [HVA | {"colour": "clear"}]})
    issues = " | ".join(eutone.read(path).issues)
    assert "'mood'" in issues
    assert "'shoe'" in issues
    assert "'colour'" in issues


def test_what_cannot_be_printed_does_not_come_in(tmp_path: Path) -> None:
    odd = '{"person": {"id": "\\ud800P\\u001b[31m2"}, "taking": ["myst\\u0007erium"], "genes": ["DDC=\\ud83dx"],'
    odd += (
        '"measurements": [{"marker": "\\u200bHVA\\u00a0", "specimen": "csf", "value": "157\\u202f", "unit": "nmol/L",'
    )
    odd += '"note": "a\\u001b]0;b"}, {"marker": "fo\\ud800o\\u0000", "value": 1, "unit": "\\u001bx"}]}'
    case = eutone.read(written(tmp_path, odd))
    hva, foo = case.panel.measurements
    assert (hva.marker, hva.name, hva.value, hva.note) == ("csf.HVA", "HVA", 157.0, "a]0;b")
    assert (foo.name, foo.unit) == ("foo", "x")
    assert case.person.id == "P[31m2"
    assert case.taking.doses[0].name == "mysterium"
    assert case.person.genes == {"DDC": "x"}
    for text in (*case.issues, repr(case)):
        assert text.isprintable()


def test_a_column_that_two_keys_mean_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="twice") as caught:
        eutone.read(written(tmp_path, {"measurements": [{**HVA, "Value": 5}]}))
    assert (caught.value.row, caught.value.column) == (1, "value")
    (one,) = eutone.read(written(tmp_path, {"measurements": [{**HVA, "CSF-fraction ml": 3}]})).panel.measurements
    assert one.csf_fraction_ml == 3.0
