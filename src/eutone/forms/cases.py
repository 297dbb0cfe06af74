"""Published cases: one table for many people, in the columns of papers rather than of laboratories.

Columns (what stands in parentheses in a heading explains it and is not part of the name): ``case_id``,
``source_doi_or_url``, ``age_years``, ``sex``, ``condition``, ``gene``, ``confirmed``, ``timepoint``, ``treatment``,
``matrix``, ``analyte``, ``value``, ``unit``, ``ref_low``, ``ref_high``, ``note``. A panel is what shares ``case_id``,
``timepoint`` and ``treatment``; ids that begin with ``GRP_`` are groups of people and are left out.

A table of hundreds of people is not refused for one cell: a row that cannot be used is kept with the reason, like a
marker that nobody knows. Only the table itself (columns, quotation marks, a case id that is missing) must be right.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eutone._errors import InputError
from eutone._panel import Measurement, Panel
from eutone._person import Person
from eutone.forms import text as texts
from eutone.forms.case import Case
from eutone.forms.rows import Row, measure, without_repeats
from eutone.forms.source import text_of
from eutone.forms.tables import Line, read_table
from eutone.forms.treatment import treatment_of
from eutone.forms.values import clean, shown

__all__ = ["COLUMNS", "GROUP", "PublishedPanel", "read_cases", "repeats"]

COLUMNS = (
    "case_id", "source_doi_or_url", "age_years", "sex", "condition", "gene", "confirmed", "timepoint", "treatment",
    "matrix", "analyte", "value", "unit", "ref_low", "ref_high", "note",
)  # fmt: skip
_REQUIRED = ("case_id", "gene", "timepoint", "treatment", "matrix", "analyte", "value", "unit")
GROUP = "GRP_"
"""What the ids of groups of people begin with."""

_CELLS = {
    "marker": "analyte",
    "specimen": "matrix",
    "value": "value",
    "unit": "unit",
    "low": "ref_low",
    "high": "ref_high",
    "note": "note",
}
_ABOUT = re.compile(r"^(?:~|≈|∼|about|approximately|approx\.?|ca\.?|c\.)\s*(?=[\d.])", re.IGNORECASE)
_SEXES = {"girl": "female", "woman": "female", "boy": "male", "man": "male"}
_PARENTHESIS = re.compile(r"\s*\([^)]*\)")


@dataclass(frozen=True)
class PublishedPanel:
    """One panel of a published person.

    Attributes
    ----------
    id : str
        ``case_id / timepoint / treatment``.
    case_id, timepoint, treatment : str
        As written.
    truth_gene : str
        Without what stands in parentheses; ``none`` where no gene is at fault.
    condition : str
    confirmed : bool
    case : Case
        Rows that cannot be used are in the panel with ``marker=None`` and the reason.
    citation : str
    """

    id: str
    case_id: str
    timepoint: str
    treatment: str
    truth_gene: str
    condition: str
    confirmed: bool
    case: Case
    citation: str


def _name(heading: str) -> str:
    return re.sub(r"[\s-]+", "_", _PARENTHESIS.sub("", heading).strip().lower())


def read_cases(path: str | os.PathLike[str]) -> list[PublishedPanel]:
    """Every panel of every person in a table of published cases, in the order of the table; groups are left out.

    Raises
    ------
    InputError
        If the file cannot be read, a column is missing or a row has no ``case_id``.
    """
    file = os.fspath(path)
    table = read_table(text_of(path), COLUMNS, _name, file=file)
    missing = [name for name in _REQUIRED if name not in table.columns]
    if missing:
        hint = f"The header needs {', '.join(_REQUIRED)}"
        raise InputError("the column is missing", file=file, row=1, column=missing[0], hint=hint)
    groups: dict[tuple[str, str, str], list[Line]] = {}
    for line in table.lines:
        case_id, timepoint, treatment = (_cell(line, name) for name in ("case_id", "timepoint", "treatment"))
        if not case_id:
            raise InputError("the case has no id", file=file, row=line.row, column="case_id", hint="Name the person")
        if not case_id.startswith(GROUP):
            groups.setdefault((case_id, timepoint, treatment), []).append(line)
    return [_panel(key, lines, file) for key, lines in groups.items()]


def repeats(panels: Iterable[PublishedPanel]) -> dict[str, str]:
    """Panels that say what an earlier one says, and which: id of the panel -> id of the first such.

    A paper that prints one result for all its patients (``HVA low in both``) has told one thing, however many people it
    is about; counted each, that paper would weigh as many times as it has patients. So panels of one source and gene,
    under the same treatment, with the same values of the same markers count once. Age and sex may differ, and so may
    rows that no marker answers to.
    """
    first: dict[object, str] = {}
    found = {}
    for panel in panels:
        told = frozenset((m.marker, m.comparator, m.value) for m in panel.case.panel.measurements if m.marker)
        same = first.setdefault((panel.citation, panel.truth_gene, panel.case.taking, told), panel.id)
        if told and same != panel.id:
            found[panel.id] = same
    return found


def _cell(line: Line, column: str) -> str:
    return " ".join(clean(line.cells.get(column, "")).split())


def _said(lines: Sequence[Line], column: str, issues: list[str]) -> str:
    """What the rows of one panel say in a column: the first that says anything."""
    found = list(dict.fromkeys(cell for line in lines if (cell := _cell(line, column))))
    if len(found) > 1:
        issues.append(f"{column}: the rows say {', '.join(shown(one, 30) for one in found)}; the first is used")
    return found[0] if found else ""


def _panel(key: tuple[str, str, str], lines: Sequence[Line], file: str) -> PublishedPanel:
    issues: list[str] = []
    citation = _said(lines, "source_doi_or_url", issues)
    age = _age(_said(lines, "age_years", issues), issues)
    sex = _sex(_said(lines, "sex", issues), issues)
    taking, said = treatment_of(key[2])
    issues += said
    measured: list[Measurement] = []
    for line in lines:
        one = _measured(line, age, sex, file, issues)
        try:
            measured = list(without_repeats([*measured, one], file))
        except InputError as error:
            measured.append(_unused(line, error.message, issues))
    person = Person(age_years=age, sex=sex, id=key[0], citation=citation or None)
    gene = _PARENTHESIS.sub("", _said(lines, "gene", issues)).strip()
    return PublishedPanel(
        id=" / ".join(key),
        case_id=key[0],
        timepoint=key[1],
        treatment=key[2],
        truth_gene="none" if gene.lower() == "none" else gene,
        condition=_said(lines, "condition", issues),
        confirmed=_said(lines, "confirmed", issues).lower() in ("y", "yes"),
        case=Case(Panel(tuple(measured), file), person, taking, tuple(issues)),
        citation=citation,
    )


def _age(text: str, issues: list[str]) -> float | None:
    """Years, from a number of years or an age with its unit."""
    text = _ABOUT.sub("", text)
    if not text:
        return None
    try:
        return texts.age_years(float(text))
    except ValueError:
        pass
    except InputError as error:
        issues.append(f"age_years: {error.message}; not used")
        return None
    try:
        return texts.age_years(text)
    except InputError as error:
        issues.append(f"age_years: {error.message}; not used")
        return None


def _sex(text: str, issues: list[str]) -> str | None:
    if not text:
        return None
    try:
        return texts.sex(_SEXES.get(text.lower(), text))
    except InputError as error:
        issues.append(f"sex: {error.message}; not used")
        return None


def _measured(line: Line, age: float | None, sex: str | None, file: str, issues: list[str]) -> Measurement:
    cells = {name: line.cells.get(column, "") for name, column in _CELLS.items()}
    if _ABOUT.match(cells["value"].strip()):
        cells["value"] = _ABOUT.sub("", cells["value"].strip())
        issues.append(f"row {line.row}: '{shown(_cell(line, 'value'))}' is read as {shown(cells['value'])}")
    try:
        found, said = measure(Row(cells, file, line.row, columns=_CELLS), age=age, sex=sex)
    except InputError as error:
        if error.column not in ("ref_low", "ref_high"):
            return _unused(line, f"{error.message}. {error.hint}" if error.hint else error.message, issues)
        issues.append(f"row {line.row}: {error.message}; the interval is not used")
        return _measured(Line(line.cells | {"ref_low": "", "ref_high": ""}, line.row), age, sex, file, issues)
    issues += said
    return found


def _unused(line: Line, why: str, issues: list[str]) -> Measurement:
    name = _cell(line, "analyte") or "no analyte"
    issues.append(f"row {line.row}: {shown(name)}: {why}; kept, not used")
    return Measurement(
        None,
        name,
        None,
        "=",
        None,
        _cell(line, "unit"),
        _cell(line, "value"),
        note=_cell(line, "note"),
        row=line.row,
        why=why,
    )
