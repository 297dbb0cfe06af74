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


QUANTITY = {"unit": "nmol/L", "code": "nmol/L", "system": UCUM}


def ranged(low: float | None = None, high: float | None = None, **more: Any) -> dict[str, Any]:
    bounds = {name: QUANTITY | {"value": value} for name, value in (("low", low), ("high", high)) if value is not None}
    return bounds | more


MEN = ranged(1, 2, appliesTo=[coded(text="male")])


@pytest.mark.parametrize(
    ("ranges", "low", "high", "said"),
    [
        ([ranged(300, 900)], 300, 900, None),
        ([ranged(None, 900)], None, 900, None),
        ([ranged(text="300 - 900 nmol/L")], 300, 900, None),
        ([ranged(text="<900")], None, 900, None),
        ([ranged(text="≥ 300 nmol/L")], 300, None, None),
        ([ranged(text="see the report")], None, None, "see the report"),
        ([ranged(text="0.3-0.9 umol/L")], None, None, "0.3-0.9"),
        ([{"low": {"value": 0.3, "unit": "umol/L"}}], None, None, "umol/L"),
        ([ranged(100, 200, type={"coding": [{"code": "critical"}]}), ranged(300, 900)], 300, 900, None),
        ([MEN, ranged(300, 900)], 300, 900, None),
        ([MEN, ranged(3, 4, age={"low": {"value": 1}})], None, None, "several"),
    ],
)  # fmt: skip
def test_a_reference_range_is_used_or_said_not_to_be(
    ranges: list[dict[str, Any]], low: float | None, high: float | None, said: str | None, tmp_path: Path
) -> None:
    case = read(tmp_path, bundle(PATIENT, observation(referenceRange=ranges)))
    (found,) = case.panel.measurements
    assert (found.low, found.high) == (low, high)
    assert any(said in issue and "not used" in issue for issue in case.issues) if said else case.issues == ()


def test_an_observation_inside_a_report_is_read_with_the_specimen_beside_it(tmp_path: Path) -> None:
    inside = observation(id="o", specimen={"reference": "#s"}, effectiveDateTime=None)
    specimen = {"resourceType": "Specimen", "id": "s", "type": coded(text="CSF")}
    report = {
        "resourceType": "DiagnosticReport",
        "effectiveDateTime": "2023-07-02",
        "contained": [specimen, inside],
        "result": [{"reference": "#o"}],
    }
    (found,) = read(tmp_path, bundle(PATIENT, report)).panel.measurements
    assert (found.marker, found.collected) == ("csf.HVA", datetime(2023, 7, 2))


def test_references_may_name_a_server_and_a_version(tmp_path: Path) -> None:
    specimen = {"resourceType": "Specimen", "id": "s", "type": coded(text="CSF")}
    one = observation(specimen={"reference": "https://x.example/fhir/Specimen/s/_history/2"})
    two = observation("BH4", subject={"reference": "https://x.example/fhir/Patient/p/_history/7"})
    found = read(tmp_path, bundle(PATIENT, one, two, specimen)).panel.measurements
    assert [m.marker for m in found] == ["csf.HVA", "csf.BH4"]


def test_what_is_not_about_the_patient_is_not_the_patients(tmp_path: Path) -> None:
    room = observation("BH4", subject={"reference": "Location/1"})
    fetus = observation("5-HIAA", focus=[{"display": "fetus"}])
    case = read(tmp_path, bundle(PATIENT, observation(), room, fetus))
    assert [m.marker for m in case.panel.measurements] == ["csf.HVA"]
    assert any("focus" in issue for issue in case.issues)
    assert any("passed over" in issue for issue in case.issues)
    medicine = {"resourceType": "MedicationRequest", "status": "active", "subject": {"reference": "Patient/mother"}}
    for other in (
        bundle(PATIENT, observation(subject={"reference": "Patient/q"})),
        bundle(PATIENT, observation(), medicine),
    ):
        with pytest.raises(InputError, match="several people"):
            read(tmp_path, other)


def test_an_observation_without_any_value_is_kept_as_unused(tmp_path: Path) -> None:
    empty = observation("BH4", valueQuantity=None)
    heading = observation("panel", valueQuantity=None, hasMember=[{"reference": "urn:uuid:1"}])
    case = read(tmp_path, bundle(PATIENT, observation(), empty, heading))
    assert [m.why for m in case.panel.measurements] == ["", "no value"]


def test_a_weight_at_birth_is_not_the_weight_and_the_order_of_entries_decides_nothing(tmp_path: Path) -> None:
    def weight(code: str, value: float) -> dict[str, Any]:
        quantity = {"value": value, "unit": "kg"}
        return observation(code=coded(loinc=code), valueQuantity=quantity, specimen=None)

    one, two, birth = weight("29463-7", 14.0), weight("29463-7", 15.0), weight("8339-4", 3.4)
    for order in ((one, two, birth), (birth, two, one)):
        assert read(tmp_path, bundle(PATIENT, observation(), *order)).person.weight_kg == 14.0


def test_medication_is_that_of_the_day_of_the_sample(tmp_path: Path) -> None:
    """The panel is of 2023-07-02: what begins later was not in the body, and what ended since was."""

    def statement(name: str, status: str = "active", **more: Any) -> dict[str, Any]:
        base = {"resourceType": "MedicationStatement", "status": status, "medicationCodeableConcept": coded(text=name)}
        return base | more

    def period(start: str | None, end: str | None = None) -> dict[str, Any]:
        return {"effectivePeriod": {k: v for k, v in (("start", start), ("end", end)) if v}}

    case = read(
        tmp_path,
        bundle(
            PATIENT,
            observation(),
            statement("levodopa", **period("2023-07-03")),
            statement("sertraline", **period("2023-07-02")),
            statement("5-HTP", **period("2020", "2023-06")),
            statement("fluoxetine", **period("2020", "2099-01-01")),
            statement("sapropterin", "completed", **period("2022-01-01", "2023-08-01T10:00:00Z")),
            statement("haloperidol", "stopped", **period("2022-01-01")),
        ),
    )
    assert [dose.drug for dose in case.taking.doses] == ["sertraline", "fluoxetine", "sapropterin"]
    assert any("levodopa" in issue and "begins 2023-07-03, after" in issue for issue in case.issues)
    assert any("5-HTP" in issue and "ended 2023-06, before" in issue for issue in case.issues)
    with pytest.raises(InputError, match="not a date"):
        read(tmp_path, bundle(PATIENT, observation(), statement("levodopa", **period("July"))))


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
