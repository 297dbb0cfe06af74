"""The laboratory's own interval in a FHIR Observation: which of its reference ranges, and as what numbers."""

from __future__ import annotations

import re

from eutone.forms.fhir_node import UCUM, Node
from eutone.forms.values import shown
from eutone.knowledge import units

__all__ = ["interval_of", "unit_of"]

_NUMBER = r"(\d+(?:\.\d+)?)"
_BETWEEN = re.compile(rf"{_NUMBER}\s*(?:-|–|—|to|\.\.)\s*{_NUMBER}\s*(\D.*)?", re.DOTALL)
_ONE_SIDED = re.compile(rf"(<=?|>=?|[≤≥])\s*{_NUMBER}\s*(\D.*)?", re.DOTALL)


def unit_of(quantity: Node) -> str:
    """The unit as its UCUM code or, where that says nothing to us, as it is printed."""
    code, printed = quantity.text("code"), quantity.text("unit")
    if code and UCUM in quantity.text("system"):
        try:
            units.parse(code)
            return code
        except units.UnitError:
            return printed or code
    return printed or code


def interval_of(node: Node, unit: str) -> tuple[str, str, str]:
    """Low, high, and why there are none although a reference range stands there; each may be empty.

    Used is the only range of healthy people; where several stand there, the only one that is not for certain people.
    A range in another unit than the value, or in words, is not.
    """
    found = [one for one in node.children("referenceRange") if _of_the_healthy(one)]
    general = [one for one in found if not (one.has("appliesTo") or one.has("age"))]
    if len(found) > 1 and len(general) == 1:
        found = general
    said = list(dict.fromkeys(_read(one, unit) for one in found))
    if len(said) > 1:
        return "", "", "several reference ranges stand there, and not which one is meant"
    return said[0] if said else ("", "", "")


def _of_the_healthy(one: Node) -> bool:
    kinds = one.child("type").codes("")
    return not kinds or "normal" in kinds


def _read(one: Node, unit: str) -> tuple[str, str, str]:
    low, high = one.child("low"), one.child("high")
    numbers = (low.number("value"), high.number("value"))
    if numbers == (None, None):
        return _of_text(one.text("text"), unit)
    others = {unit_of(each) for each in (low, high) if each.has("value")} - {unit, ""}
    if others:
        return (
            "",
            "",
            f"the reference range is in {shown(min(others), 20)}, the value in {shown(unit, 20) or 'no unit'}",
        )
    at, to = ("" if number is None else repr(number) for number in numbers)
    return at, to, ""


def _of_text(text: str, unit: str) -> tuple[str, str, str]:
    """``4.5 - 15 umol/L`` or ``<15``."""
    if not text:
        return "", "", ""
    found = _BETWEEN.fullmatch(text) or _ONE_SIDED.fullmatch(text)
    if found is None or (found[3] or unit).strip().lower() != unit.lower():
        return "", "", f"the reference range '{shown(text, 40)}' cannot be read"
    if found.re is _BETWEEN:
        return found[1], found[2], ""
    return ("", found[2], "") if found[1][0] in "<≤" else (found[2], "", "")
