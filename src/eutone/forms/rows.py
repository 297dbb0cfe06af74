"""One row of a panel, whatever the form: from its cells to a `Measurement`, and from many to a panel without repeats.

What happens to a row, in this order: the marker is looked up by its name, specimen and unit; the value is read; if the
marker is known, value and interval are converted into its canonical unit, and a number that no body can hold is
refused. A marker that is not known keeps what was written, with the reason why it is not used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from eutone._errors import InputError
from eutone._panel import Measurement
from eutone.forms import values
from eutone.forms.values import CellError, shown
from eutone.knowledge import intervals, markers, units

__all__ = ["SPECIMENS", "Row", "measure", "without_repeats"]

T = TypeVar("T")

SPECIMENS = ("csf", "plasma", "serum", "whole_blood", "platelets", "urine", "dbs", "saliva")

ABSURD_FOLD = 1e5
"""A value so many times above or below the healthy centre is a wrong unit or a slip: the highest known, prolactin of a
giant prolactinoma, is some ten thousand times its centre; nmol/L written as mmol/L is a million."""

DOUBTFUL_FOLD = 300.0
"""From here on the unit is worth a second look, and the reader says so."""

ABSURD_Z = 100.0

_Z_UNITS = frozenset(("z", "z-score", "z score", "zscore", "z_score"))
_LINEAR = re.compile(r"(?<![\w-])linear\b", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """The cells of one measurement as text, and where they stand.

    ``cells`` has the columns of the panel contract; a column that is missing or empty is the empty text.
    """

    cells: dict[str, str]
    file: str | None = None
    row: int | None = None
    decimal_comma: bool = False
    columns: dict[str, str] = field(default_factory=dict)  # what a column is called in this form, for messages
    label: str = ""  # what to call the measurement, where the marker is a code

    def __getitem__(self, column: str) -> str:
        return values.clean(self.cells.get(column, ""))

    def error(self, message: str, column: str, hint: str = "") -> InputError:
        """The error that ``message`` is, with this row's place."""
        called = self.columns.get(column, column)
        return InputError(message, file=self.file, row=self.row, column=called, hint=hint or None)

    def read(self, column: str, reader: Callable[[str], T]) -> T | None:
        """The cell of ``column`` as ``reader`` reads it, None where it is empty."""
        if not self[column]:
            return None
        try:
            return reader(self[column])
        except CellError as error:
            raise self.error(str(error), column, error.hint) from error

    def value(self) -> values.Value:
        """What the value cell says; an empty one is an error too."""
        try:
            return values.value(self["value"], decimal_comma=self.decimal_comma)
        except CellError as error:
            raise self.error(str(error), "value", error.hint) from error


def _specimen(text: str) -> str:
    found = markers.specimen_of(text)
    if found is None:
        raise CellError(f"'{shown(text)}' is not a specimen", f"One of {', '.join(SPECIMENS)}")
    return found


def _span(text: str, most: float, *, decimal_comma: bool) -> float:
    """A number from 0 to ``most``."""
    found, _ = values.number(text, decimal_comma=decimal_comma)
    if not 0.0 <= found <= most:
        raise CellError(f"{found:g} is impossible here", f"A number from 0 to {most:g}")
    return found


def measure(row: Row, *, age: float | None = None, sex: str | None = None) -> tuple[Measurement, tuple[str, ...]]:
    """The measurement that the row says, and what is to be said about it.

    Parameters
    ----------
    row : Row
    age : float, optional
        Years; like ``sex`` only to recognise values that no body can hold.
    sex : str, optional

    Raises
    ------
    InputError
        If a cell cannot be read, the unit is not known or not this marker's, or the value is impossible.
    """
    name = row["marker"]
    if not name:
        raise row.error("the marker is missing", "marker", "Write its name, a synonym or its LOINC code")
    word = row["unit"].lower()
    scale = "z" if word in _Z_UNITS else "word" if word == "qualitative" else "number"
    specimen = row.read("specimen", _specimen)
    given = row.value()
    try:
        marker = markers.find(name, specimen, row["unit"] or None)
    except markers.AmbiguousMarker as error:
        raise row.error(error.message, "specimen" if specimen is None else "marker", error.hint or "") from error
    measurement = Measurement(
        marker=marker.id if marker else None,
        name=row.label or name,
        specimen=specimen or (marker.specimen if marker else None),
        comparator=given.comparator,
        value=given.number,
        unit=row["unit"],
        written=row["value"],
        collected=row.read("collected", values.moment),
        fasting=row.read("fasting", values.yes_no),
        hours_since_dose=row.read("hours_since_dose", lambda t: _span(t, 8760.0, decimal_comma=row.decimal_comma)),
        csf_fraction_ml=row.read("csf_fraction_ml", lambda t: _span(t, 100.0, decimal_comma=row.decimal_comma)),
        note=row["note"],
        row=row.row,
    )
    if scale == "z":
        measurement = _as_z(row, measurement, given)
    elif scale == "word" and given.number is not None:
        raise row.error(
            "a number cannot have the unit 'qualitative'", "unit", "Write the number's unit, or low, normal or high"
        )
    if marker is None:
        why = _why_unknown(name, specimen)
        return replace(measurement, why=why), (f"{_place(row)}{shown(measurement.name)}: {why}; kept, not used",)
    if scale == "z":
        return measurement, _no_interval(row, measurement, "a z-score is a position already")
    return _converted(row, measurement, given, marker, age, sex)


def _place(row: Row) -> str:
    return f"row {row.row}: " if row.row is not None else ""


def _as_z(row: Row, measurement: Measurement, given: values.Value) -> Measurement:
    """A z-score already is a position: the row's own interval says nothing more and is left out."""
    if given.comparator in ("<", ">"):
        raise row.error("a z-score cannot be a bound", "value", "Write the z-score as a number, or low, normal or high")
    if given.number is None:
        return measurement
    if abs(given.number) > ABSURD_Z:
        raise row.error(f"a z-score of {given.number:g} is absurd", "value", "Write the value in its own unit instead")
    return replace(measurement, comparator="z-linear" if _LINEAR.search(measurement.note) else "z")


def _no_interval(row: Row, measurement: Measurement, why: str) -> tuple[str, ...]:
    """What is to be said where the laboratory's interval stands beside something that it cannot place."""
    given = row["low"] or row["high"]
    return (f"{_place(row)}{shown(measurement.name)}: the interval is not used: {why}",) if given else ()


def _why_unknown(name: str, specimen: str | None) -> str:
    """Why ``name`` found no marker: another specimen may have found one."""
    try:
        elsewhere = markers.find(name) if specimen else None
    except markers.AmbiguousMarker as error:
        return f"not known in {specimen} ({error.hint})" if specimen else error.message
    if elsewhere:
        return f"not known in {specimen}, only as {elsewhere.id}"
    return "not a marker that Eutone knows"


def _converted(
    row: Row,
    measurement: Measurement,
    given: values.Value,
    marker: markers.Marker,
    age: float | None,
    sex: str | None,
) -> tuple[Measurement, tuple[str, ...]]:
    """``measurement`` in the canonical unit of ``marker``, after the checks that need it."""
    low, high = (_canonical(row, column, marker) for column in ("low", "high"))
    if high == 0:
        raise row.error(f"an upper limit of {row['high']} says nothing", "high", "Leave it empty if there is none")
    if low is not None and high is not None and not low < high:
        raise row.error(
            f"the interval {row['low']} to {row['high']} is empty", "low", "Write the lower limit under low"
        )
    measurement = replace(measurement, low=low, high=high)
    interval = intervals.healthy(marker.id, age, sex)
    issues: tuple[str, ...] = ()
    if interval is not None and any(limit and not _believable(limit, interval) for limit in (low, high)):
        issues = (
            f"{_place(row)}{shown(measurement.name)}: the interval {row['low']} to {row['high']} {row['unit']} is far "
            f"from {interval.low:.3g}-{interval.high:.3g} {marker.unit}: is its unit right?",
        )
    if given.number is None:
        if row["unit"].lower() == "qualitative":
            return measurement, _no_interval(row, measurement, "its unit is not said beside a word")
        if row["unit"]:
            _convert(row, 1.0, marker)  # a wrong unit is a wrong row even where no number stands
        return measurement, issues
    if not row["unit"] and marker.kind != "ratio":
        raise row.error("the unit is missing", "unit", f"{marker.name} is given in {marker.unit}")
    if given.number < 0:
        raise row.error(f"{row['value']} is negative", "value", f"{marker.name} cannot be below 0")
    value = _convert(row, given.number, marker)
    if given.number == 0:
        if given.comparator != "=":
            raise row.error(f"{row['value']} says nothing", "value", "Write the limit of detection: <5")
        # no assay finds none of it: a printed 0 is a value below the limit of detection, which is not printed
        issue = f"{_place(row)}{shown(measurement.name)}: 0 is read as below the limit of detection"
        return replace(measurement, comparator="low", value=None), (*issues, issue)
    if interval is not None and interval.centre > 0:
        fold = value / interval.centre
        usual = f"healthy people have about {interval.centre:.3g} {marker.unit}"
        if not 1.0 / ABSURD_FOLD < fold < ABSURD_FOLD:
            raise row.error(
                f"{row['value']} {row['unit']} is absurd: {value:.3g} {marker.unit}",
                "value",
                f"Check the unit: {usual}",
            )
        if not _believable(value, interval) and given.comparator == "=":
            issues += (
                f"{_place(row)}{shown(measurement.name)}: {value:.3g} {marker.unit}, but {usual}: is the unit right?",
            )
    return replace(measurement, value=value), issues


def _believable(value: float, healthy: intervals.Interval) -> bool:
    return 1.0 / DOUBTFUL_FOLD < value / healthy.centre < DOUBTFUL_FOLD


def _canonical(row: Row, column: str, marker: markers.Marker) -> float | None:
    """A limit of the laboratory's own interval, canonical unit; None where there is none."""
    if row["unit"].lower() == "qualitative":
        return None
    limit = row.read(column, lambda text: values.limit(text, column, decimal_comma=row.decimal_comma))
    if limit is None:
        return None
    if limit < 0:
        raise row.error(f"{row[column]} is negative", column, f"{marker.name} cannot be below 0")
    return _convert(row, limit, marker)


def _convert(row: Row, number: float, marker: markers.Marker) -> float:
    try:
        return units.to_canonical(number, row["unit"], marker)
    except units.UnitError as error:
        raise row.error(error.message, "unit", error.hint or "") from error


def _same(a: Measurement, b: Measurement, half: Callable[[Measurement], float]) -> bool:
    """Whether two rows of one marker say the same within the rounding of what was written."""
    if a.comparator != b.comparator:
        return False
    if a.value is None or b.value is None:
        return a.value is b.value
    # two units of one value are two roundings and two molar masses
    allowed = half(a) + half(b) + (0.005 * max(abs(a.value), abs(b.value)) if a.unit != b.unit else 0.0)
    return a.value == b.value or abs(a.value - b.value) < allowed


def _half_digit(one: Measurement) -> float:
    """Half a unit of the last digit that was written, canonical unit."""
    if one.value is None:
        return 0.0
    given = values.value(one.written, decimal_comma=True)
    if not given.number:
        return 0.0
    return abs(given.half_digit * one.value / given.number)


def without_repeats(
    measured: Iterable[Measurement], file: str | None = None, column: str = "value"
) -> tuple[Measurement, ...]:
    """The measurements with equal rows taken once. Different ``collected`` make a series, and all of it stays.

    ``file`` and ``column`` (what the value's column is called in this form) are for messages.

    Raises
    ------
    InputError
        If two rows have the same marker, specimen and ``collected`` and differ by more than rounding.
    """
    kept: list[Measurement] = []
    seen: dict[tuple[object, ...], int] = {}
    for one in measured:
        key = (one.marker, one.specimen, one.collected)
        if one.marker is None or one.why or key not in seen:
            seen.setdefault(key, len(kept))
            kept.append(one)
            continue
        at = seen[key]
        first = kept[at]
        if not _same(first, one, _half_digit):
            when = f" at {one.collected.isoformat()}" if one.collected else ""
            raise InputError(
                f"{one.name}{when} is {one.written} {one.unit} here, "
                f"and {first.written} {first.unit} in row {first.row}",
                file=file,
                row=one.row,
                column=column,
                hint=f"Keep row {first.row} or row {one.row}, or say in 'collected' when each was drawn",
            )
        if first.low is None or first.high is None:  # the row that also knows the laboratory's interval says more
            kept[at] = one if one.low is not None and one.high is not None else first
    return tuple(kept)
