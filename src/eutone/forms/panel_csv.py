"""The panel as a table: a header row, then one measurement a row. ``docs/panel-format.md`` describes it for people."""

from __future__ import annotations

import re

from eutone._errors import InputError
from eutone.forms.rows import Row
from eutone.forms.tables import Line, read_table
from eutone.forms.values import shown

__all__ = ["COLUMNS", "REQUIRED", "column_of", "rows_of"]

REQUIRED = ("marker", "value", "unit")
COLUMNS = (
    *REQUIRED, "specimen", "low", "high", "collected", "fasting", "hours_since_dose", "csf_fraction_ml", "note",
)  # fmt: skip
_NUMBERS = ("value", "low", "high", "hours_since_dose", "csf_fraction_ml")
_POINT = re.compile(r"\d\.\d")
_COMMA_TRIPLE = re.compile(r"(?<!\d)[1-9]\d{0,2},\d{3}(?!\d)")


def column_of(heading: str) -> str:
    """The column that a heading, or a key in JSON, means: any case; blanks and hyphens are underscores."""
    return re.sub(r"[\s-]+", "_", heading.strip().lower())


def rows_of(text: str, *, file: str | None = None) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """The rows of a panel in CSV form, and what is to be said about the table.

    Raises
    ------
    InputError
        If a required column is missing, there is no row, or the table is broken.
    """
    table = read_table(text, COLUMNS, column_of, file=file)
    missing = [name for name in REQUIRED if name not in table.columns]
    if missing:
        if {"case_id", "analyte"} <= table.columns.keys():
            hint = "This is a table of published cases: give it to scripts/evaluate_cases"
        else:
            there = ", ".join(shown(heading, 20) for heading in list(table.columns.values())[:12])
            hint = f"The header needs {', '.join(REQUIRED)}; it has {there or 'no names'}"
        raise InputError("the column is missing", file=file, row=1, column=missing[0], hint=hint)
    if not table.lines:
        raise InputError("the panel has no rows", file=file, row=2, hint="Write one measurement in each row")
    comma = table.delimiter != ","
    if comma:
        _refuse_mixed_commas(table.lines, file)
    issues = tuple(
        f"column '{shown(heading)}': not a column of a panel, not used"
        for name, heading in table.columns.items()
        if name not in COLUMNS
    )
    return tuple(Row(line.cells, file, line.row, comma, table.columns) for line in table.lines), issues


def _refuse_mixed_commas(lines: tuple[Line, ...], file: str | None) -> None:
    """Refuse a table in which 1,234 may be a thousand: one that also writes numbers with a point."""
    with_point = any(_POINT.search(line.cells.get(name, "")) for line in lines for name in _NUMBERS)
    for line in lines if with_point else ():
        for name in _NUMBERS:
            cell = line.cells.get(name, "")
            if _COMMA_TRIPLE.search(cell):
                raise InputError(
                    f"'{shown(cell)}' may be a decimal comma or a thousands separator: other rows use a point",
                    file=file,
                    row=line.row,
                    column=name,
                    hint="Write all numbers the same way, without thousands separators",
                )
