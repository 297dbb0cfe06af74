"""Small texts about a person: age, sex, weight, height, genes.

An age without a unit is refused: 3.5 may be years or months, and the healthy interval of nearly every marker in a
newborn's cerebrospinal fluid depends on it. A Python number is years (kilograms, centimetres), as its name says where
it is documented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import isfinite

from eutone._errors import InputError
from eutone.forms.values import clean, shown

__all__ = ["age_years", "genes", "height_cm", "sex", "weight_kg"]

OLDEST_YEARS = 125.0
_DAYS_PER_YEAR = 365.25
_AGE_UNITS = {
    **dict.fromkeys(("y", "yr", "yrs", "year", "years", "a"), 1.0),
    **dict.fromkeys(("mo", "mos", "mon", "month", "months"), 1.0 / 12.0),
    **dict.fromkeys(("wk", "wks", "w", "week", "weeks"), 7.0 / _DAYS_PER_YEAR),
    **dict.fromkeys(("d", "day", "days"), 1.0 / _DAYS_PER_YEAR),
}
_WEIGHT_UNITS = {"kg": 1.0, "g": 1e-3, "lb": 0.45359237, "lbs": 0.45359237}
_HEIGHT_UNITS = {"cm": 1.0, "m": 100.0, "mm": 0.1, "in": 2.54}
_PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]+)\s*", re.ASCII)
_THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2},\d{3}(?!\d)")
_BARE = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)
_GENE = re.compile(r"([A-Za-z][A-Za-z0-9-]*)(?::([^=\s][^=]*))?=(\S.*)", re.ASCII)
_AGE_HINT = "Write it with its unit: 3.5y, 6mo, 2wk or 12d"


def _amount(given: str | float, units: Mapping[str, float], name: str, hint: str) -> float:
    """A number as it is, a text as the sum of its parts, each a number and a unit (``1y 6mo``)."""
    if not isinstance(given, str):
        try:
            return float(given)
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"the {name} is not a number", column=name, hint=hint) from None
    text = given
    plain = text.strip().lower()
    if _BARE.fullmatch(plain):
        raise InputError(f"the {name} '{shown(text)}' has no unit", column=name, hint=hint)
    if _THOUSANDS.search(plain):
        raise InputError(
            f"the {name} '{shown(text)}' may have a decimal comma or a thousands separator",
            column=name,
            hint="Write the number with a point and without thousands separators",
        )
    total, at = 0.0, 0
    while at < len(plain):
        part = _PART.match(plain, at)
        if not part or part[2] not in units:
            raise InputError(f"the {name} '{shown(text)}' cannot be read", column=name, hint=hint)
        total += float(part[1].replace(",", ".")) * units[part[2]]
        at = part.end()
    if not plain:
        raise InputError(f"the {name} is empty", column=name, hint=hint)
    return total


def _checked(found: float, low: float, high: float, name: str, unit: str, hint: str) -> float:
    if not isfinite(found) or not low <= found <= high:
        raise InputError(
            f"the {name} of {found:g} {unit} is impossible",
            column=name,
            hint=f"{hint}; between {low:g} and {high:g} {unit}",
        )
    return found


def age_years(age: str | float) -> float:
    """Age in years from ``3.5y``, ``6mo``, ``2wk``, ``12d``, ``1y6mo``; a number is years.

    Raises
    ------
    InputError
        If it has no unit, cannot be read, or no person has that age.
    """
    found = _amount(age, _AGE_UNITS, "age", _AGE_HINT)
    return _checked(found, 0.0, OLDEST_YEARS, "age", "years", _AGE_HINT)


def sex(text: object) -> str:
    """``female`` or ``male`` (also f, m; any case).

    Raises
    ------
    InputError
    """
    word = text.strip().lower() if isinstance(text, str) else text
    if word in ("female", "f"):
        return "female"
    if word in ("male", "m"):
        return "male"
    raise InputError(
        f"the sex '{shown(str(text))}' is not known",
        column="sex",
        hint="Write female or male; leave it out to average over both",
    )


def weight_kg(weight: str | float) -> float:
    """Weight in kg from ``14kg``, ``3200g``, ``30lb``; a number is kilograms. Raises `InputError`."""
    hint = "Write it with its unit: 14kg or 3200g"
    found = _amount(weight, _WEIGHT_UNITS, "weight", hint)
    return _checked(found, 0.3, 650.0, "weight", "kg", hint)


def height_cm(height: str | float) -> float:
    """Height in cm from ``98cm``, ``0.98m``; a number is centimetres. Raises `InputError`."""
    hint = "Write it with its unit: 98cm or 0.98m"
    found = _amount(height, _HEIGHT_UNITS, "height", hint)
    return _checked(found, 20.0, 280.0, "height", "cm", hint)


def genes(given: Iterable[object] | Mapping[str, str]) -> dict[str, str]:
    """Genotypes by ``GENE:VARIANT`` (or ``GENE`` alone) from ``COMT:rs4680=A/A``.

    Raises
    ------
    InputError
        If an item has another form, or two items contradict each other.
    """
    hint = "Write GENE:VARIANT=GENOTYPE, such as COMT:rs4680=A/A, or GENE=GENOTYPE"
    if isinstance(given, str):
        given = [given]
    items = [f"{key}={value}" for key, value in given.items()] if isinstance(given, Mapping) else list(given)
    found: dict[str, str] = {}
    for item in items:
        match = _GENE.fullmatch(item.strip()) if isinstance(item, str) else None
        if not match:
            raise InputError(f"the gene '{shown(str(item))}' cannot be read", column="genes", hint=hint)
        key = f"{match[1].upper()}:{match[2].strip()}" if match[2] else match[1].upper()
        if found.setdefault(key, clean(match[3])) != clean(match[3]):
            raise InputError(
                f"{key} is given as {shown(found[key])} and as {shown(match[3])}",
                column="genes",
                hint="Give each variant once",
            )
    return found
