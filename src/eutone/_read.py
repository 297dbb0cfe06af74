"""`read`: a file in, a `Case` out.

The form (CSV, JSON, FHIR R4 Bundle) is seen in the content, not in the name. What the file says about the person is
completed by the options, which win where both speak. Whatever cannot be read ends in an `InputError`; whatever can be
read but not used is kept, and said in `Case.issues`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eutone._errors import InputError
from eutone._panel import Measurement, Panel
from eutone._person import Person
from eutone._protocol import Protocol
from eutone.forms import fhir, panel_csv, panel_json
from eutone.forms import text as texts
from eutone.forms.case import Case
from eutone.forms.panel_json import Given
from eutone.forms.rows import Row, measure, without_repeats
from eutone.forms.source import looks_like_json, text_of
from eutone.forms.taking import protocol_of

__all__ = ["Case", "read"]

LONG_SERIES_DAYS = 31.0


def read(
    source: str | os.PathLike[str],
    *,
    age: str | float | None = None,
    sex: str | None = None,
    weight: str | float | None = None,
    height: str | float | None = None,
    taking: str | Iterable[str] | Protocol | None = None,
    genes: Iterable[str] | Mapping[str, str] | None = None,
) -> Case:
    """Read one person's laboratory panel.

    Parameters
    ----------
    source : path
        A CSV panel, a JSON panel or a FHIR R4 Bundle in JSON, in UTF-8.
    age : str or float, optional
        ``3.5y``, ``6mo``, ``2wk``, ``12d``; a number is years. Like everything below it overrides what the file says.
    sex : str, optional
        ``female`` or ``male``.
    weight : str or float, optional
        ``14kg``, ``3200g``; a number is kilograms.
    height : str or float, optional
        ``98cm``, ``0.98m``; a number is centimetres.
    taking : texts, optional
        One for each item taken, in the grammar of ``docs/panel-format.md``. An empty list or ``none`` declares that
        nothing is taken; None says nothing about it.
    genes : texts or mapping, optional
        ``COMT:rs4680=A/A``.

    Returns
    -------
    Case

    Raises
    ------
    InputError
        With file, row and column as far as they are known, and what would be right.
    """
    asked = Given(
        age_years=None if age is None else texts.age_years(age),
        sex=None if sex is None else texts.sex(sex),
        weight_kg=None if weight is None else texts.weight_kg(weight),
        height_cm=None if height is None else texts.height_cm(height),
        genes=None if genes is None else texts.genes(genes),
    )
    protocol, taking_issues = protocol_of(taking)
    file = os.fspath(source)
    text = text_of(source)
    if not looks_like_json(text):
        rows, said = panel_csv.rows_of(text, file=file)
        return _case(file, rows, (), Given(), asked, (protocol, taking_issues), said)
    data = panel_json.parse_json(text, file=file)
    if isinstance(data, dict) and "resourceType" in data:
        record = fhir.record_of(data, file=file)
        if taking is None and record.taking is not None:
            protocol = record.taking
        elif taking is not None and record.taking is not None and record.taking.doses:
            taking_issues += ("--taking is used, not the medication of the record",)
        return _case(file, record.rows, record.unused, record.given, asked, (protocol, taking_issues), record.issues)
    rows, given, said = panel_json.panel_of(data, file=file)
    if given.taking is not None:
        try:
            in_file, file_issues = protocol_of(given.taking)
        except InputError as error:
            raise InputError(error.message, file=file, column=error.column, hint=error.hint) from error
        if taking is None:
            protocol, taking_issues = in_file, file_issues
        elif in_file != protocol:
            taking_issues += ("--taking is used, not what the file says is taken",)
    return _case(file, rows, (), given, asked, (protocol, taking_issues), said)


def _case(
    file: str,
    rows: Sequence[Row],
    unused: Sequence[Measurement],
    given: Given,
    asked: Given,
    taking: tuple[Protocol, tuple[str, ...]],
    said: Sequence[str],
) -> Case:
    person, overridden = _person(given, asked)
    issues = [*said, *overridden]
    measured = []
    for row in rows:
        measurement, noticed = measure(row, age=person.age_years, sex=person.sex)
        measured.append(measurement)
        issues += noticed
    column = rows[0].columns.get("value", "value") if rows else "value"
    kept = (*without_repeats(measured, file, column), *unused)
    issues += [*_series(kept), *taking[1]]
    if any(dose.per_kg for dose in taking[0].doses) and person.weight_kg is None:
        issues.append("taking: a dose is per kilogram, and the weight is not given: it is taken from age and sex")
    return Case(Panel(kept, file), person, taking[0], tuple(issues))


def _person(given: Given, asked: Given) -> tuple[Person, tuple[str, ...]]:
    """The person of the file with what was asked for instead."""
    issues = []
    merged: dict[str, Any] = {}
    for field, name, unit in (
        ("age_years", "age", " years"),
        ("sex", "sex", ""),
        ("weight_kg", "weight", " kg"),
        ("height_cm", "height", " cm"),
    ):
        in_file, wanted = getattr(given, field), getattr(asked, field)
        merged[field] = in_file if wanted is None else wanted
        if in_file is not None and wanted is not None and in_file != wanted:
            issues.append(f"{name}: {_brief(wanted)}{unit} is used, not {_brief(in_file)}{unit} as in the file")
    genes = dict(given.genes or {})
    for key, genotype in (asked.genes or {}).items():
        if genes.get(key, genotype) != genotype:
            issues.append(f"gene {key}: {genotype} is used, not {genes[key]} as in the file")
        genes[key] = genotype
    person = Person(**merged, genes=genes, id=given.id, citation=given.citation, synthetic=given.synthetic)
    return person, tuple(issues)


def _brief(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _series(measured: Sequence[Measurement]) -> list[str]:
    """What is to be said about measurements of different times."""
    times: dict[tuple[str, str | None], int] = {}
    dates = [one.collected for one in measured if one.marker and one.collected]
    for one in measured:
        if one.marker:
            times[one.marker, one.specimen] = times.get((one.marker, one.specimen), 0) + 1
    issues = [
        f"{marker}: {count} measurements; a profile uses the newest"
        for (marker, _), count in times.items()
        if count > 1
    ]
    if dates and (max(dates) - min(dates)).days > LONG_SERIES_DAYS:
        days = (max(dates) - min(dates)).days
        issues.append(f"the measurements were collected over {days} days and are read as those of one visit")
    return issues
