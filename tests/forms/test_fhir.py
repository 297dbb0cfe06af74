"""FHIR R4 Bundles."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import eutone
from eutone import InputError

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
PATIENT = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "2020-01-01"}


def coded(*, loinc: str | None = None, text: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if loinc:
        found["coding"] = [{"system": LOINC, "code": loinc, "display": text or "a display"}]
    if text:
        found["text"] = text
    return found


def observation(text: str = "HVA", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": coded(text=text),
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2023-07-02T09:30:00+02:00",
        "specimen": {"display": "Cerebrospinal fluid sample"},
        "valueQuantity": {"value": 157, "unit": "nmol/L", "system": UCUM, "code": "nmol/L"},
    } | more


def bundle(*resources: dict[str, Any], kind: str = "collection") -> dict[str, Any]:
    entries = [{"fullUrl": f"urn:uuid:{at}", "resource": one} for at, one in enumerate(resources)]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def read(folder: Path, data: dict[str, Any], **options: Any) -> eutone.Case:
    path = folder / "bundle.json"
    path.write_text(json.dumps(data))
    return eutone.read(path, **options)


@pytest.mark.parametrize("kind", ["collection", "searchset", "transaction"])
def test_a_record(kind: str, tmp_path: Path) -> None:
    low = {"value": 300, "unit": "nmol/L", "code": "nmol/L", "system": UCUM}
    case = read(
        tmp_path,
        bundle(
            PATIENT,
            observation(
                referenceRange=[{"low": low, "high": low | {"value": 900}}], note=[{"text": "second fraction"}]
            ),
            observation("BH4", valueQuantity={"value": 5, "comparator": "<", "unit": "nmol/L"}),
            observation("neopterin", valueQuantity=None, valueString="123 nmol/L"),
            observation("5-HIAA", valueQuantity=None, valueCodeableConcept={"text": "low"}),
            kind=kind,
        ),
    )
    hva, bh4, neopterin, hiaa = case.panel.measurements
    assert (hva.marker, hva.value, hva.low, hva.high, hva.note) == ("csf.HVA", 157.0, 300.0, 900.0, "second fraction")
    assert hva.collected == datetime(2023, 7, 2, 9, 30)
    assert hva.row == 2
    assert (bh4.marker, bh4.comparator, bh4.value) == ("csf.BH4", "<", 5.0)
    assert (neopterin.marker, neopterin.value) == ("csf.neopterin", 123.0)
    assert (hiaa.marker, hiaa.comparator, hiaa.value) == ("csf.5-HIAA", "low", None)
    assert case.person.age_years == pytest.approx(3.5, abs=0.01)
    assert (case.person.sex, case.person.id) == ("female", "p")
    assert not case.taking.stated


def test_a_loinc_code_is_enough(tmp_path: Path) -> None:
    # phenylalanine [moles/volume] in serum or plasma
    one = observation(
        code=coded(loinc="14875-9", text="Phe"), specimen=None, valueQuantity={"value": 250, "unit": "umol/L"}
    )
    (found,) = read(tmp_path, bundle(PATIENT, one)).panel.measurements
    assert (found.marker, found.name, found.value) == ("plasma.phenylalanine", "Phe", 250.0)


def test_a_report_gives_time_and_specimen_to_its_results(tmp_path: Path) -> None:
    one = observation(specimen=None, effectiveDateTime=None)
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": coded(text="CSF"),
        "effectiveDateTime": "2023-07-02",
        "specimen": [{"reference": "Specimen/s"}],
        "result": [{"reference": "urn:uuid:1"}],
    }
    specimen = {"resourceType": "Specimen", "id": "s", "type": coded(text="CSF")}
    (found,) = read(tmp_path, bundle(PATIENT, one, report, specimen)).panel.measurements
    assert (found.marker, found.collected) == ("csf.HVA", datetime(2023, 7, 2))


def test_what_cannot_be_used_is_kept_with_the_reason(tmp_path: Path) -> None:
    case = read(
        tmp_path,
        bundle(
            PATIENT,
            observation(),
            observation("BH4", valueQuantity=None, dataAbsentReason={"text": "not performed"}),
            observation("neopterin", valueQuantity=None, valueString="haemolysed"),
            observation("5-HIAA", valueQuantity={"value": 78}),
            observation("glucose"),
            observation("3-OMD", specimen={"display": "bone marrow"}),
            observation("MHPG", valueQuantity=None, valueRatio={}),
            observation("MHPG", status="entered-in-error"),
            observation("Pain", category=[{"coding": [{"code": "survey"}]}]),
        ),
    )
    used, *unused = case.panel.measurements
    assert used.marker == "csf.HVA"
    reasons = [
        "not performed",
        "haemolysed",
        "no unit",
        "not a marker",
        "bone marrow",
        "Ratio",
    ]
    assert len(unused) == len(reasons)
    for one, part in zip(unused, reasons, strict=True):
        assert one.marker is None
        assert part in one.why
    issues = " | ".join(case.issues)
    assert "entered-in-error" in issues
    assert "passed over" in issues


def test_the_body_comes_from_vital_signs_near_the_visit(tmp_path: Path) -> None:
    def vital(code: str, value: float, unit: str, day: str) -> dict[str, Any]:
        quantity = {"value": value, "unit": unit}
        return observation(code=coded(loinc=code), effectiveDateTime=day, valueQuantity=quantity, specimen=None)

    case = read(
        tmp_path,
        bundle(
            PATIENT,
            observation(),
            vital("29463-7", 9.1, "kg", "2021-01-01"),
            vital("29463-7", 14_000, "g", "2023-07-01"),
            vital("8302-2", 98, "cm", "2022-07-01"),
        ),
    )
    assert (case.person.weight_kg, case.person.height_cm) == (14.0, 98.0)
    assert any("height" in issue and "2022-07-01" in issue for issue in case.issues)
    assert not any("weight" in issue for issue in case.issues)


def test_active_medication_is_taken(tmp_path: Path) -> None:
    def request(name: str, **more: Any) -> dict[str, Any]:
        base = {"resourceType": "MedicationRequest", "status": "active", "intent": "order"}
        return base | {"medicationCodeableConcept": coded(text=name), "subject": {"reference": "Patient/p"}} | more

    daily = {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}
    tablets = {"timing": daily, "doseAndRate": [{"doseQuantity": {"value": 2, "unit": "tablet"}}]}
    weighed = {"timing": daily, "doseAndRate": [{"doseQuantity": {"value": 50, "unit": "mg", "code": "mg"}}]}
    resources = (
        PATIENT,
        observation(),
        request("Levodopa 100 MG / Carbidopa 25 MG Oral Tablet", dosageInstruction=[tablets]),
        request("5-HTP", dosageInstruction=[weighed]),
        request("sertraline", status="stopped"),
        request("fluoxetine", intent="proposal"),
        {
            "resourceType": "MedicationStatement",
            "status": "active",
            "medicationReference": {"reference": "#m"},
            "contained": [{"resourceType": "Medication", "id": "m", "code": coded(text="mysterium")}],
        },
    )
    case = read(tmp_path, bundle(*resources))
    levodopa, htp, unknown = case.taking.doses
    assert case.taking.stated
    assert (levodopa.drug, levodopa.inhibitor, levodopa.amount, levodopa.unit, levodopa.times_per_day) == (
        "levodopa",
        "carbidopa",
        200.0,
        "mg",
        3.0,
    )
    assert (htp.drug, htp.amount, htp.times_per_day) == ("5-HTP", 50.0, 3.0)
    assert (unknown.drug, unknown.name) == (None, "mysterium")
    assert any("mysterium" in issue for issue in case.issues)
    overridden = read(tmp_path, bundle(*resources), taking="none")
    assert overridden.taking == eutone.Protocol()
    assert any("--taking is used" in issue for issue in overridden.issues)


def test_stopped_medication_does_not_state_that_nothing_is_taken(tmp_path: Path) -> None:
    stopped = {"resourceType": "MedicationRequest", "status": "stopped", "medicationCodeableConcept": coded(text="x")}
    case = read(tmp_path, bundle(PATIENT, observation(), stopped))
    assert case.taking == eutone.Protocol(stated=False)


@pytest.mark.parametrize(
    ("data", "row", "column", "part"),
    [
        ({"resourceType": "Observation"}, None, "resourceType", "not a Bundle"),
        ({"resourceType": "Bundle", "type": "history"}, None, "Bundle.type", "history"),
        ({"resourceType": "Bundle", "type": "collection", "entry": 3}, None, "Bundle.entry", "list of objects"),
        (bundle(PATIENT, PATIENT), 2, "Patient", "second patient"),
        (
            bundle(PATIENT, observation(), observation(subject={"reference": "Patient/q"})),
            3,
            "Observation.subject",
            "several people",
        ),
        (bundle(PATIENT, observation(status=None)), 2, "Observation.status", "requires"),
        (bundle(PATIENT, observation(code=None)), 2, "Observation.code", "requires"),
        (bundle(PATIENT, observation(code="HVA")), 2, "Observation.code", "not an object"),
        (
            bundle(PATIENT, observation(valueQuantity={"value": "157", "unit": "nmol/L"})),
            2,
            "Observation.valueQuantity.value",
            "not a number",
        ),
        (
            bundle(PATIENT, observation(valueQuantity={"value": 157, "unit": "mmHg"})),
            2,
            "Observation.valueQuantity.unit",
            "mmHg",
        ),
        (
            bundle(PATIENT, observation(valueQuantity={"value": -157, "unit": "nmol/L"})),
            2,
            "Observation.value",
            "negative",
        ),
        (bundle(PATIENT, observation(effectiveDateTime="July")), 2, "Observation.effectiveDateTime", "July"),
        (bundle(PATIENT | {"birthDate": "2031-01-01"}, observation()), 1, "Patient.birthDate", "future"),
        (bundle(PATIENT | {"birthDate": "2023-08-01"}, observation()), 1, "Patient.birthDate", "years old"),
        (
            bundle(PATIENT, observation(), observation(valueQuantity={"value": 170, "unit": "nmol/L"})),
            3,
            "Observation.value",
            "row 2",
        ),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, Any], row: int | None, column: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, data)
    assert (caught.value.row, caught.value.column) == (row, column)
    assert part in str(caught.value)
