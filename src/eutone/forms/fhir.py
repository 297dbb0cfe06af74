"""A FHIR R4 Bundle: one patient's record as a panel.

Used are Patient (birth date, gender), Observation (code, value, reference range, time, specimen; each component),
DiagnosticReport (time and specimen of the observations it groups), Specimen, and the medication that is active
(`fhir_medication`). Everything else in the Bundle is passed over. Observations of what Eutone does not know, or whose
value it cannot use, are kept with the reason. An observation that was entered in error is left out.

The person's age is the age at the newest observation that Eutone can use (if it can use none, at the newest of all),
never the age today.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from eutone._errors import InputError
from eutone._panel import Measurement
from eutone._protocol import Protocol
from eutone.forms import values
from eutone.forms.fhir_medication import medication_of
from eutone.forms.fhir_node import LOINC, Node
from eutone.forms.fhir_range import interval_of, unit_of
from eutone.forms.panel_json import Given
from eutone.forms.rows import Row
from eutone.forms.text import OLDEST_YEARS
from eutone.forms.values import CellError, shown
from eutone.knowledge import markers

__all__ = ["Record", "record_of"]

_TYPES = ("collection", "searchset", "transaction", "batch", "document", "message")
_WITHDRAWN = ("entered-in-error", "cancelled")
_WEIGHT = ("29463-7", "3141-9")
"""Not birth weight (8339-4): it is often recorded years later, under the date of the recording."""
_HEIGHT = ("8302-2", "3137-7", "8306-3")
_BODY_UNITS = {"kg": 1.0, "g": 1e-3, "[lb_av]": 0.45359237, "cm": 1.0, "m": 100.0, "[in_i]": 2.54}
_STALE_DAYS = 90
_COLUMNS = {
    "marker": "Observation.code",
    "value": "Observation.value",
    "unit": "Observation.valueQuantity.unit",
    "specimen": "Observation.specimen",
    "low": "Observation.referenceRange.low",
    "high": "Observation.referenceRange.high",
    "collected": "Observation.effective",
}
_NUMBER_AND_UNIT = re.compile(r"([<>≤≥]?=?\s*[\d.,]+(?:[eE][+-]?\d+)?)\s*([^\d\s<>=].*)?", re.DOTALL)
_SPECIMEN_TAIL = re.compile(r"\s+(?:specimen|sample)s?$|\s*\(.*\)$", re.IGNORECASE)


@dataclass(frozen=True)
class Record:
    """What a Bundle says: rows to be measured, what cannot be used, and the person."""

    rows: tuple[Row, ...]
    unused: tuple[Measurement, ...]
    given: Given
    taking: Protocol | None
    issues: tuple[str, ...]


@dataclass
class _Reader:
    """Collects from one Bundle."""

    file: str | None
    resources: tuple[Node, ...] = ()
    by_reference: dict[str, Node] = field(default_factory=dict)
    reports: dict[int | None, Node] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    unused: list[Measurement] = field(default_factory=list)
    body: dict[str, list[tuple[datetime | None, float]]] = field(default_factory=dict)
    passed_over: int = 0
    issues: list[str] = field(default_factory=list)

    def resolve(self, reference: Node, holder: Node) -> Node | None:
        """The resource that a Reference points to: contained, or in the Bundle. None if it is elsewhere."""
        target = reference.text("reference").partition("/_history/")[0]
        if target.startswith("#"):
            # what is contained in a report refers to its neighbours there
            holders = (holder, *(one for one in (self.reports.get(holder.row),) if one))
            within = (one for each in holders for one in each.children("contained"))
            return next((one for one in within if one.text("id") == target[1:]), None)
        return self.by_reference.get(target) or self.by_reference.get("/".join(target.split("/")[-2:]))

    def observation(self, node: Node) -> None:
        """Turn one Observation into rows, unused measurements, or a fact about the body."""
        node.required("status")
        node.required("code")
        if node.text("status") in _WITHDRAWN:
            self.issues.append(f"entry {node.row}: an observation that is {node.text('status')} is left out")
            return
        if node.has("focus"):
            self.issues.append(f"entry {node.row}: an observation about somebody or something else (focus) is left out")
            return
        for part in (node, *node.children("component")):
            part.required("code")
            self._part(part, node)

    def _part(self, part: Node, whole: Node) -> None:
        concept = part.child("code")
        codes = concept.codes(LOINC)
        collected = self._collected(whole)
        grouping = part is whole and (whole.has("component") or whole.has("hasMember"))
        if grouping and not _has_value(part) and not part.has("dataAbsentReason"):
            return  # a heading
        for name, known in (("weight_kg", _WEIGHT), ("height_cm", _HEIGHT)):
            if any(code in known for code in codes):
                self._body(name, part, collected)
                return
        value, unit, why = _value_of(part)
        specimen_text = self._specimen(whole)
        specimen = markers.specimen_of(_SPECIMEN_TAIL.sub("", specimen_text)) if specimen_text else None
        names = (*codes, *concept.names())
        marker_name = None if specimen_text and specimen is None else _known(names, specimen, unit)
        categories = {code for one in whole.children("category") for code in one.codes("")}
        if marker_name is None and categories and "laboratory" not in categories:
            self.passed_over += 1
            return
        label = (concept.names() or codes or ("an observation without a name",))[0]
        note = "; ".join(one.text("text") for one in whole.children("note") if one.text("text"))
        if marker_name is None:
            why = f"the specimen is {shown(specimen_text)}" if specimen_text and specimen is None else "unknown"
        elif not why and not unit and values.value(value).number is not None:
            why = "the value has no unit"
        if why:
            why = "not a marker that Eutone knows" if why == "unknown" else why
            when = None if not collected else values.moment(collected)
            found = Measurement(
                None, label, specimen, "=", None, unit, value, collected=when, note=note, row=whole.row, why=why
            )
            self.unused.append(found)
            if marker_name is not None:
                self.issues.append(f"entry {whole.row}: {shown(label)}: {why}; kept, not used")
            return
        low, high, no_interval = interval_of(part if part.has("referenceRange") else whole, unit)
        if no_interval:
            self.issues.append(f"entry {whole.row}: {shown(label)}: {no_interval}; not used")
        cells = {
            "marker": marker_name or "",
            "value": value,
            "unit": unit,
            "specimen": specimen or "",
            "low": low,
            "high": high,
            "collected": collected,
            "note": note,
        }
        self.rows.append(Row(cells, self.file, whole.row, False, _COLUMNS, label))

    def _body(self, name: str, part: Node, collected: str) -> None:
        quantity = part.child("valueQuantity")
        number = quantity.number("value")
        factor = _BODY_UNITS.get(quantity.text("code")) or _BODY_UNITS.get(quantity.text("unit"))
        if number is None or factor is None or number <= 0:
            return
        self.body.setdefault(name, []).append((values.moment(collected) if collected else None, number * factor))

    def _collected(self, node: Node) -> str:
        """When the sample was drawn, as text that is a date; empty if it is not said."""
        specimen = self.resolve(node.child("specimen"), node)
        collection = specimen.child("collection") if specimen else None
        report = self.reports.get(node.row)
        for holder, key in (
            (collection, "collectedDateTime"),
            (node, "effectiveDateTime"),
            (node, "effectiveInstant"),
            (node.child("effectivePeriod"), "start"),
            (report, "effectiveDateTime"),
        ):
            if holder is not None and holder.text(key):
                try:
                    values.moment(holder.text(key))
                except CellError as error:
                    raise holder.error(str(error), key, error.hint) from error
                return holder.text(key)
        return ""

    def _specimen(self, node: Node) -> str:
        report = self.reports.get(node.row)
        references = [(node.child("specimen"), node)]
        references += [(one, report) for one in report.children("specimen")[:1]] if report else []
        for reference, holder in references:
            found = self.resolve(reference, holder)
            names = found.child("type").names() if found else ()
            said = [*names, reference.text("display")]
            if any(said):
                known = [one for one in said if one and markers.specimen_of(_SPECIMEN_TAIL.sub("", one))]
                return (known or [one for one in said if one])[0]
        return ""


def _has_value(node: Node) -> bool:
    return any(key.startswith("value") and node.has(key) for key in node.data)


def _known(names: Iterable[str], specimen: str | None, unit: str) -> str | None:
    """The first of the names that is a marker, None if none is or it is not clear which."""
    for name in names:
        try:
            if markers.find(name, specimen, unit or None):
                return name
        except markers.AmbiguousMarker:
            continue
    return None


def _value_of(node: Node) -> tuple[str, str, str]:
    """Value and unit as they would stand in a cell, and why the value cannot be used (empty if it can)."""
    if not _has_value(node):
        if not node.has("dataAbsentReason"):
            return "", "", "no value"
        reason = node.child("dataAbsentReason")
        said = (*reason.names(), *reason.codes(""))
        return "", "", f"no value: {shown(said[0]) if said else 'no reason given'}"
    if node.has("valueQuantity"):
        return _quantity(node.child("valueQuantity"))
    if node.has("valueString") or node.has("valueCodeableConcept"):
        text = (
            node.text("valueString")
            if node.has("valueString")
            else "".join(node.child("valueCodeableConcept").names()[:1])
        )
        try:
            said_value = values.value(text)
            return text, "qualitative" if said_value.number is None else "", ""
        except CellError as error:
            split = _NUMBER_AND_UNIT.fullmatch(text)
            if not split or not split[2]:
                return text, "", str(error)
        try:
            values.value(split[1])
        except CellError as error:
            return text, "", str(error)
        return split[1], split[2].strip(), ""
    if node.has("valueInteger"):
        number = node.number("valueInteger")
        return f"{number:.17g}", "", ""
    form = next(key for key in node.data if key.startswith("value") and node.has(key))
    return "", "", f"its value is a {shown(form[5:], 30)}"


def _quantity(quantity: Node) -> tuple[str, str, str]:
    number, comparator = quantity.number("value"), quantity.text("comparator")
    unit = unit_of(quantity)
    if number is None:
        return "", unit, "no value"
    if comparator not in ("", "<", "<=", ">", ">="):
        return repr(number), unit, f"the comparator '{shown(comparator, 20)}' is not a bound"
    return f"{comparator}{number!r}", unit, ""


def record_of(data: dict[str, Any], *, file: str | None = None) -> Record:
    """The record that the Bundle is.

    Raises
    ------
    InputError
        If it is no Bundle, holds several patients, or a resource that is used is not as FHIR R4 defines it.
    """
    kind = data.get("resourceType")
    if kind != "Bundle":
        raise InputError(
            f"this is a FHIR {shown(str(kind), 40)}, not a Bundle",
            file=file,
            column="resourceType",
            hint="Give a Bundle with the patient and the observations",
        )
    bundle = Node(data, "Bundle", file, None)
    if bundle.text("type") not in _TYPES:
        raise bundle.error(
            f"'{shown(bundle.text('type'), 40)}' is not a type that holds one record",
            "type",
            f"One of {', '.join(_TYPES)}",
        )
    reader = _Reader(file)
    resources = []
    for at, entry in enumerate(bundle.children("entry"), start=1):
        resource = Node(entry.child("resource").data, entry.child("resource").text("resourceType"), file, at)
        if resource.path and entry.child("request").text("method") != "DELETE":
            resources.append(resource)
            name = f"{resource.path}/{resource.text('id')}"
            for reference in (entry.text("fullUrl"), name if resource.text("id") else ""):
                if reference:
                    reader.by_reference.setdefault(reference, resource)
    reader.resources = tuple(resources)
    observations = _of(resources, "Observation")
    for report in _of(resources, "DiagnosticReport"):
        for result in report.children("result"):
            found = reader.resolve(result, report)
            if found is not None:
                reader.reports.setdefault(found.row, report)
                if found.row == report.row and found.text("resourceType") == "Observation":  # contained in the report
                    observations.append(replace(found, path="Observation"))
    observations = [one for one in observations if _of_a_person(reader, one)]
    medication = _of(resources, "MedicationStatement", "MedicationRequest")
    patient = _patient(reader, _of(resources, "Patient"), [*observations, *medication])
    for observation in observations:
        reader.observation(observation)
    if not reader.rows and not reader.unused:
        reader.issues.append("the Bundle has no laboratory observation")
    visit = _visit(reader)
    taking, said = medication_of(medication, reader.resolve, visit)
    issues = [*reader.issues, *said, *_summary(reader)]
    given = _given(reader, patient, visit, issues)
    return Record(tuple(reader.rows), tuple(reader.unused), given, taking, tuple(issues))


def _of(resources: Iterable[Node], *kinds: str) -> list[Node]:
    return [one for one in resources if one.path in kinds]


def _of_a_person(reader: _Reader, one: Node) -> bool:
    """Whether an Observation is of a patient, and not of a group, a device or a place."""
    subject = one.child("subject")
    found = reader.resolve(subject, one)
    kind = found.path if found else subject.text("type") or _whose(subject.text("reference"))[0]
    if kind in ("Group", "Device", "Location"):
        reader.passed_over += 1
        return False
    return True


def _whose(reference: str) -> tuple[str, str]:
    """Type and id in ``Patient/p``, wherever it is served and in whatever version; an empty type if it has none."""
    kind, _, name = "/".join(reference.partition("/_history/")[0].split("/")[-2:]).rpartition("/")
    return kind, name


def _patient(reader: _Reader, patients: list[Node], about: list[Node]) -> Node | None:
    """The one patient of the record, if it is in the Bundle. ``about`` is everything that has a subject."""
    if len(patients) > 1:
        raise patients[1].error("the Bundle holds a second patient", hint="Give the record of one person")
    # a patient whom nothing in the Bundle could refer to may be anybody's subject
    named = {one.row for one in reader.by_reference.values()}
    subjects: dict[object, Node] = {("entry", one.row): one for one in patients if one.row in named}
    for one in about:
        reference = one.child("subject").text("reference")
        found = reader.resolve(one.child("subject"), one)
        if reference:
            subjects.setdefault(("entry", found.row) if found else _whose(reference), one)
    if len(subjects) > 1:
        raise list(subjects.values())[1].error(
            "the Bundle holds the record of several people", "subject", "Give the record of one person"
        )
    return patients[0] if patients else None


def _visit(reader: _Reader) -> datetime | None:
    """When the newest observation that can be used was drawn; of all, if none can."""
    drawn = [values.moment(row["collected"]) for row in reader.rows if row["collected"]]
    return max(drawn or [one.collected for one in reader.unused if one.collected], default=None)


def _summary(reader: _Reader) -> list[str]:
    """One line for all that is not known, instead of hundreds."""
    said = []
    unknown = list(dict.fromkeys(one.name for one in reader.unused if one.why.startswith("not a marker")))
    if unknown:
        names = ", ".join(shown(name, 40) for name in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        said.append(
            f"{len(unknown)} laboratory observations are no markers that Eutone knows ({names}); kept, not used"
        )
    if reader.passed_over:
        said.append(f"{reader.passed_over} observations are no laboratory results and were passed over")
    return said


def _given(reader: _Reader, patient: Node | None, visit: datetime | None, issues: list[str]) -> Given:
    """Who the patient is at the newest observation that can be used."""
    if patient is None:
        issues.append("the Bundle has no Patient: age and sex are not known")
        return replace(Given(), **_body(reader, visit, issues))
    gender = patient.text("gender")
    if gender not in ("female", "male"):
        issues.append(f"the patient's gender is {shown(gender, 20) or 'not given'}: averaged over both sexes")
    age = None
    birth = patient.text("birthDate")
    if birth and visit is None:
        issues.append("no observation has a date: the patient's age is not known")
    elif birth and visit is not None:
        try:
            born = values.moment(birth)
        except CellError as error:
            raise patient.error(str(error), "birthDate", error.hint) from error
        # a year or a month alone means its middle
        half = {4: 182.6, 7: 15.2}.get(len(birth), 0.0)
        age = ((visit - born).total_seconds() / 86400.0 - half) / 365.25
        if -1.0 < age < 0 and half:
            age = 0.0
        # born at an hour of the day that is not recorded: the first day counts as age 0
        if not -1.0 / 365.25 <= age <= OLDEST_YEARS:
            raise patient.error(
                f"born {birth}, the patient would be {age:.0f} years old at the newest observation", "birthDate"
            )
        age = max(age, 0.0)
    given = Given(
        age_years=age,
        sex=gender if gender in ("female", "male") else None,
        id=patient.text("id") or None,
    )
    return replace(given, **_body(reader, visit, issues))


def _body(reader: _Reader, visit: datetime | None, issues: list[str]) -> dict[str, Any]:
    """Weight and height nearest in time to the visit."""
    found: dict[str, Any] = {}
    for name, measured in reader.body.items():
        limits = (0.3, 650.0) if name == "weight_kg" else (20.0, 280.0)
        usable = [(when, value) for when, value in measured if limits[0] <= value <= limits[1]]
        if not usable:
            continue
        day = datetime.max if visit is None else visit
        # the value decides between equally near ones, so that the order of the entries does not
        when, value = min(usable, key=lambda one: (abs((day - (one[0] or datetime.min)).total_seconds()), one[1]))
        found[name] = value
        if when is not None and visit is not None and abs((visit - when).days) > _STALE_DAYS:
            issues.append(
                f"{name.partition('_')[0]}: {value:.4g} {name.rpartition('_')[2]} was measured {when:%Y-%m-%d}"
            )
    return found
