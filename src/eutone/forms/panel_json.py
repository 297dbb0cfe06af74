"""The panel as JSON: ``person``, ``taking``, ``genes`` and ``measurements``, each of which means what it means in CSV.

::

    {"person": {"age": "12d", "sex": "female", "weight": "3.2kg"},
     "taking": ["levodopa 2 mg/kg/d with carbidopa"],
     "genes": ["COMT:rs4680=A/A"],
     "measurements": [{"marker": "HVA", "specimen": "csf", "value": 157, "unit": "nmol/L"}]}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from typing import Any, NoReturn

from eutone._errors import InputError
from eutone.forms import text as texts
from eutone.forms.panel_csv import COLUMNS, REQUIRED, column_of
from eutone.forms.rows import Row
from eutone.forms.values import clean, shown

__all__ = ["Given", "panel_of", "parse_json"]

_TOP = ("person", "taking", "genes", "measurements", "schema")
_PERSON = (
    "age", "age_years", "sex", "weight", "weight_kg", "height", "height_cm", "id", "citation", "synthetic",
)  # fmt: skip


@dataclass(frozen=True)
class Given:
    """What a form says besides measurements; None where it says nothing."""

    age_years: float | None = None
    sex: str | None = None
    weight_kg: float | None = None
    height_cm: float | None = None
    taking: tuple[str, ...] | None = None
    genes: dict[str, str] | None = None
    id: str | None = None
    citation: str | None = None
    synthetic: bool = False


class _NotOnceError(ValueError):
    """A key is there twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _NotOnceError(f"the key '{shown(key)}' is there twice in one object")
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise _NotOnceError(f"{name} is not a number of JSON")


def parse_json(text: str, *, file: str | None = None) -> Any:
    """The value that the JSON text is.

    Raises
    ------
    InputError
        If it is not JSON, a key stands twice in one object, or it is nested absurdly deep.
    """
    try:
        return json.loads(text.lstrip("\ufeff"), object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise InputError(
            f"this is not JSON: {error.msg}",
            file=file,
            row=error.lineno,
            hint=f"See character {error.colno} of that line",
        ) from error
    except _NotOnceError as error:
        raise InputError(str(error), file=file, hint="Keep one value") from error
    except RecursionError as error:
        raise InputError("the JSON is nested too deep", file=file, hint="A panel has three levels") from error
    except ValueError as error:  # an integer of more digits than Python converts
        raise InputError(f"this is not usable JSON: {error}", file=file, hint="Write plain numbers") from error


def cell(value: object) -> str | None:
    """A JSON value as the text that stands in a cell; None for an object or a list."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if isinstance(value, float) and not isfinite(value):
            return "infinite"
        try:
            return repr(value)
        except ValueError:  # more digits than Python prints
            return "too many digits"
    return value if isinstance(value, str) else None


def panel_of(data: Any, *, file: str | None = None) -> tuple[tuple[Row, ...], Given, tuple[str, ...]]:
    """Rows, person and treatment of a panel in JSON form, and what is to be said about it.

    Raises
    ------
    InputError
        If a part is missing or is not what it should be.
    """
    if not isinstance(data, dict):
        raise InputError(
            "the panel is not a JSON object", file=file, hint='Write {"person": {...}, "measurements": [...]}'
        )
    if "measurements" not in data:
        profile = str(data.get("schema", "")).startswith("eutone.")
        hint = (
            "This is a result of Eutone: give the panel, or the case file that --save wrote"
            if profile
            else 'Write {"person": {...}, "measurements": [...]}'
        )
        raise InputError("the key is missing", file=file, column="measurements", hint=hint)
    issues = [f"'{shown(key)}': not a part of a panel, not used" for key in data if key not in _TOP]
    measured = data["measurements"]
    if not isinstance(measured, list) or not measured:
        raise InputError(
            "the panel has no measurements", file=file, column="measurements", hint="Write a list with at least one"
        )
    rows = tuple(_row(one, at, file, issues) for at, one in enumerate(measured, start=1))
    return rows, _given(data, file, issues), tuple(issues)


def _row(one: object, at: int, file: str | None, issues: list[str]) -> Row:
    if not isinstance(one, dict):
        raise InputError(
            "a measurement is not a JSON object",
            file=file,
            row=at,
            hint='Write {"marker": ..., "value": ..., "unit": ...}',
        )
    cells: dict[str, str] = {}
    for key, value in one.items():
        name = column_of(key)
        if name in cells:
            raise InputError("the key is there twice", file=file, row=at, column=name, hint="Keep one of them")
        if name not in COLUMNS:
            issues.append(f"measurement {at}: '{shown(key)}' is not a column of a panel, not used")
            continue
        found = cell(value)
        if found is None:
            raise InputError("this is neither text nor number", file=file, row=at, column=name, hint="Write one value")
        cells[name] = found
    for name in REQUIRED:
        if name not in cells:
            raise InputError("the key is missing", file=file, row=at, column=name, hint=f"Write {', '.join(REQUIRED)}")
    return Row(cells, file, at)


def _given(data: dict[str, Any], file: str | None, issues: list[str]) -> Given:
    person = data.get("person")
    if person is None:
        person = {}
    if not isinstance(person, dict):
        raise InputError("the person is not a JSON object", file=file, column="person", hint='Write {"age": "3.5y"}')
    issues += [f"person: '{shown(key)}' is not known, not used" for key in person if key not in _PERSON]
    try:
        return Given(
            age_years=_either(person, "age", "age_years", texts.age_years),
            sex=None if person.get("sex") is None else texts.sex(person["sex"]),
            weight_kg=_either(person, "weight", "weight_kg", texts.weight_kg),
            height_cm=_either(person, "height", "height_cm", texts.height_cm),
            taking=_taking(data.get("taking")),
            genes=_genes(data.get("genes")),
            id=_text(person, "id"),
            citation=_text(person, "citation"),
            synthetic=person.get("synthetic") is True,
        )
    except InputError as error:
        raise InputError(error.message, file=file, column=error.column, hint=error.hint) from error


def _text(person: dict[str, Any], key: str) -> str | None:
    found = person.get(key)
    return None if found is None else clean(cell(found) or "") or None


def _either(person: dict[str, Any], text_key: str, number_key: str, reader: Any) -> float | None:
    """The amount under ``text_key`` (a text with its unit) or ``number_key`` (a number in the unit of its name)."""
    as_text, as_number = person.get(text_key), person.get(number_key)
    if as_text is not None and as_number is not None:
        raise InputError(f"{text_key} and {number_key} are both given", column=text_key, hint="Keep one")
    if as_text is not None:
        return float(reader(cell(as_text) or ""))  # 3.5 without a unit is refused in JSON as it is on the command line
    if as_number is None:
        return None
    if isinstance(as_number, bool) or not isinstance(as_number, int | float):
        raise InputError(
            f"{number_key} is not a number", column=number_key, hint=f"Write a number, or {text_key} as text"
        )
    return float(reader(_as_float(as_number, number_key)))


def _as_float(number: float, key: str) -> float:
    try:
        return float(number)
    except OverflowError:
        raise InputError(f"{key} is too large for a number", column=key, hint="Write a plain number") from None


def _taking(found: object) -> tuple[str, ...] | None:
    if found is None:
        return None
    items = [found] if isinstance(found, str) else found
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise InputError(
            "taking is not a list of texts",
            column="taking",
            hint='Write ["levodopa 100 mg 3/d"], or [] for nothing taken',
        )
    return tuple(items)


def _genes(found: object) -> dict[str, str] | None:
    if found is None:
        return None
    if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
        return texts.genes(found)
    if isinstance(found, str | list):
        return texts.genes(found)
    raise InputError("genes is not a list of texts", column="genes", hint='Write ["COMT:rs4680=A/A"]')
