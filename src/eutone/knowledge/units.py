"""Units of laboratory reports, and the way from any of them to a marker's own.

A report writes one concentration as ``nmol/L``, ``nM``, ``pmol/mL``, ``ng/dL`` or ``µg/l``. `parse` turns the spelling
into what is counted (moles, grams, international units), over what (litres, moles or grams of creatinine, a day's
urine, a thousand million cells), and one factor. `to_canonical` then crosses between mass and amount with the marker's
molar mass. The spellings stand in ``tables/units.csv``; what that table does not know is asked of UCUM (pint and
ucumvert, loaded then and only then: their registry takes most of a second).

Case is read as a chemist would: exactly where the exact spelling is known (``nM``), otherwise without regard to it
(``MG/DL``), and no prefix above kilo exists, because in a laboratory report ``MMOL`` is never a megamole.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING

from eutone._errors import InputError
from eutone.knowledge._table import number, rows

if TYPE_CHECKING:
    from eutone.knowledge.markers import Marker

__all__ = ["CREATININE", "Unit", "UnitError", "kind_of", "parse", "to_canonical"]

CREATININE = 113.12
"""Molar mass of creatinine, C4H7N3O, g/mol."""

_PREFIXES = {
    "": 1.0,
    "k": 1e3,
    "d": 1e-1,
    "c": 1e-2,
    "m": 1e-3,
    "u": 1e-6,
    "mc": 1e-6,
    "n": 1e-9,
    "p": 1e-12,
    "f": 1e-15,
}
_KINDS = {
    "L": "concentration",
    "day": "24h",
    "count": "count",
    "gHb": "activity",
    "spot": "activity",
    "mol": "creatinine",
    "g": "creatinine",
}
_LONGEST = 60
_CREATININE_WORD = re.compile(r"[\s.{(\[]*(?:creatinine|creatinin|creat|crea|cre|crn|cr)[.})\]\s]*$", re.IGNORECASE)
_PLATELET_WORD = re.compile(r"[\s{(\[]*(?:platelets?|plts?|thrombocytes?|cells?)[})\]\s]*$", re.IGNORECASE)
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


class UnitError(InputError):
    """A unit that nobody knows, or that this marker cannot have. The hint says what would be right."""


@dataclass(frozen=True)
class Unit:
    """What one unit measures.

    Attributes
    ----------
    top : str
        What is counted: ``mol``, ``g``, ``IU``, ``U``, ``ratio``, ``z``, ``qualitative`` or ``pressure``.
    bottom : str
        Over what: ``L``, ``mol creatinine``, ``g creatinine``, ``day``, ``count`` (10^9 cells), ``gHb``, ``spot``
        (one punch of dried blood), ``mol`` or ``g`` (of something not named), or empty.
    factor : float
        A value in this unit times ``factor`` is the value in ``top`` per ``bottom``.
    """

    top: str
    bottom: str
    factor: float

    @property
    def kind(self) -> str | None:
        """The kind of marker that takes this unit, None if any or none does.

        ``concentration``, ``creatinine``, ``24h``, ``count``, ``ratio`` or ``activity``. An amount over an amount of
        something not named is per creatinine, as UCUM writes it in urine, unless the marker is a ratio itself.
        """
        if self.top == "ratio":
            return "ratio"
        if "creatinine" in self.bottom:
            return "creatinine"
        return _KINDS.get(self.bottom)


@lru_cache(maxsize=1)
def _spellings() -> tuple[dict[str, tuple[str, float]], dict[str, tuple[str, float]]]:
    """Spelling -> (dimension, factor), above and below the line, with every prefix that the table allows."""
    above: dict[str, tuple[str, float]] = {}
    below: dict[str, tuple[str, float]] = {}
    for row in rows("units"):
        factor = number(row, "factor")
        if factor is None:
            raise InputError("a unit without a factor", file=row.file, row=row.line, column="factor")
        table = below if row["over"] else above
        for prefix, scale in _PREFIXES.items() if row["prefixes"] == "yes" else (("", 1.0),):
            table[prefix + row["spelling"]] = (row["dimension"], scale * factor)
    for table in (above, below):  # the exact spelling wins; M (molar) has no lower-case reading, m is milli
        for spelling, meaning in list(table.items()):
            if not spelling.endswith("M"):
                table.setdefault(spelling.lower(), meaning)
    return above, below


def _look(table: dict[str, tuple[str, float]], spelling: str) -> tuple[str, float] | None:
    return table.get(spelling) or table.get(spelling.lower())


def _clean(text: str) -> str:
    """One spelling for what is the same: micro signs, superscripts, dots, dashes, comments in parentheses."""
    raised = re.sub(r"(?<=10)([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "^" + m[1].translate(_SUPERSCRIPT), text)
    plain = unicodedata.normalize("NFKC", raised.translate(_SUPERSCRIPT)).strip()
    for odd, usual in (("μ", "u"), ("·", "."), ("⋅", "."), ("×", "*"), ("−", "-"), ("–", "-"), ("∕", "/"), ("⁄", "/")):
        plain = plain.replace(odd, usual)
    comment = re.search(r"(?<=\S)\s+\(([^()]*)\)$", plain)
    if comment and not _CREATININE_WORD.fullmatch(comment[1]):
        plain = plain[: comment.start()]
        if re.match(r"24\s*-?\s*h", comment[1], re.IGNORECASE) and "/" not in plain:
            plain += "/24h"
    plain = re.sub(r"\s+per\s+", "/", plain, flags=re.IGNORECASE)
    plain = re.sub(r"^(\w+)[\s.*]*[lL]\^?-1$", r"\1/L", plain)
    return re.sub(r"\s*/\s*", "/", plain)


def _bottom(text: str) -> tuple[str, float] | None:
    """What stands below the line, None if it is not one of ours."""
    above, below = _spellings()
    if (word := _CREATININE_WORD.search(text)) and word.start() > 0:
        found = _look(above, text[: word.start()].strip())
        return (f"{found[0]} creatinine", found[1]) if found and found[0] in ("mol", "g") else None
    if _CREATININE_WORD.fullmatch(text):
        return None  # "mmol/creatinine" does not say how much creatinine
    if (word := _PLATELET_WORD.search(text)) and word.start() > 0:
        found = _look(below, text[: word.start()].strip().replace(" ", ""))
        return found if found and found[0] == "count" else None
    tight = text.replace(" ", "")
    if tight.startswith("(") and tight.endswith(")"):
        tight = tight[1:-1]
    found = _look(below, tight) or _look(above, tight)
    return found if found and found[0] in ("L", "day", "count", "mol", "g") else None


@lru_cache(maxsize=4096)
def _parse(text: str) -> Unit | None:
    above, _ = _spellings()
    plain = _clean(text)
    whole = _look(above, plain.replace(" ", ""))
    if whole:
        top, _, bottom = whole[0].partition("/")
        return Unit(top, bottom, whole[1])
    top_text, slash, bottom_text = plain.partition("/")
    top_found = _look(above, top_text.replace(" ", ""))
    if slash and top_found and "/" not in top_found[0]:
        bottom_found = _bottom(bottom_text)
        if bottom_found and top_found[0] in ("mol", "g", "IU", "U"):
            return Unit(top_found[0], bottom_found[0], top_found[1] / bottom_found[1])
    return _ask_ucum(plain)


@lru_cache(maxsize=1)
def _registry() -> object:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


def _ask_ucum(text: str) -> Unit | None:
    """What UCUM makes of ``text``: the slow way, for spellings such as ``10*-9.mol.L-1``."""
    if not text or not text.isascii() or not re.search(r"[a-zA-Z]", text):
        return None
    try:
        quantity = _registry().from_ucum(text)  # type: ignore[attr-defined]
        for top, bottom, unit in (
            ("mol", "L", "mol/L"),
            ("g", "L", "g/L"),
            ("mol", "day", "mol/day"),
            ("g", "day", "g/day"),
            ("mol", "g", "mol/g"),
        ):
            if quantity.check(f"[{'substance' if top == 'mol' else 'mass'}]" + _PINT_BOTTOM[bottom]):
                factor = float(quantity.to(unit).magnitude)
                return Unit(top, bottom, factor) if isfinite(factor) and factor > 0 else None
    except Exception:  # the parser and the registry raise a dozen kinds for text that is not a unit
        return None
    return None


_PINT_BOTTOM = {"L": "/[length]**3", "day": "/[time]", "g": "/[mass]"}


def parse(text: str) -> Unit:
    """What the unit ``text`` measures.

    Raises
    ------
    UnitError
        If neither the table of laboratory spellings nor UCUM knows it.
    """
    found = _parse(text) if len(text) <= _LONGEST else None
    if found is None:
        shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
        raise UnitError(f"the unit '{shown}' is not known", hint="UCUM or a usual laboratory spelling: nmol/L, ug/dL")
    return found


def kind_of(text: str) -> str | None:
    """The kind of marker that takes the unit ``text``, None if it does not tell (see `Unit.kind`)."""
    found = _parse(text) if len(text) <= _LONGEST else None
    return found.kind if found else None


def to_canonical(value: float, unit: str, marker: Marker) -> float:
    """``value`` in ``unit`` as a value in ``marker.unit``.

    Raises
    ------
    UnitError
        If the unit is not known, or the marker cannot have it (a mass where no molar mass exists, a concentration for
        a 24-hour excretion, international units without a standard), or the result is not a finite number.
    """
    result = value * _factor(unit, marker)
    if not isfinite(result):
        raise UnitError(f"{value} {unit} is not a finite amount", hint=f"a number in {marker.unit}")
    return result


def _factor(unit: str, marker: Marker) -> float:
    """What a value in ``unit`` is multiplied with to be in the marker's unit."""
    own = parse(marker.unit)
    wanted = f"{marker.name} in {marker.specimen.replace('_', ' ')} is given in {marker.unit}"
    if not unit.strip():
        if own.top == "ratio":
            return 1.0 / own.factor
        raise UnitError(f"there is no unit for {marker.id}", hint=f"{wanted}{_else(own, marker)}")
    try:
        given = parse(unit)
    except UnitError as error:
        raise UnitError(error.message, hint=f"{wanted}{_else(own, marker)}") from None
    if own.top == "ratio":
        if given.top == "ratio" or (given.top, given.bottom) == ("mol", "mol"):
            return given.factor / own.factor
        raise UnitError(f"'{unit}' is no unit of a ratio", hint=wanted)
    bottom = _cross_bottom(given.bottom, own.bottom)
    top = _cross_top(given.top, own.top, marker)
    if bottom is None or top is None:
        raise UnitError(f"'{unit}' is no unit of {marker.id}", hint=f"{wanted}{_else(own, marker)}")
    return given.factor * top * bottom / own.factor


def _else(own: Unit, marker: Marker) -> str:
    over = {"L": "volume", "day": "24 h", "count": "number of cells"}.get(own.bottom, "amount or mass of creatinine")
    tops = ["amount"] + (["mass"] if marker.molar_mass else []) + (["IU"] if marker.iu_per_g else [])
    return f", or another {' or '.join(tops)} per {over}" if own.top in ("mol", "g") else ""


def _cross_bottom(given: str, own: str) -> float | None:
    if given == own:
        return 1.0
    if "creatinine" in own:
        of_mol = {"mol creatinine": 1.0, "mol": 1.0, "g creatinine": CREATININE, "g": CREATININE}
        return of_mol[given] / of_mol[own] if given in of_mol else None
    return None


def _cross_top(given: str, own: str, marker: Marker) -> float | None:
    """From ``given`` to ``own`` through grams."""
    if given == own:
        return 1.0
    grams = {"g": 1.0, "mol": marker.molar_mass, "IU": None, "U": None}
    if marker.iu_per_g:
        grams["IU"] = grams["U"] = 1.0 / marker.iu_per_g
    a, b = grams.get(given), grams.get(own)
    return a / b if a and b else None
