"""What a FHIR record says is taken: MedicationStatement and MedicationRequest that are active."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from eutone._protocol import Dose, Protocol
from eutone.forms.fhir_node import Node
from eutone.forms.taking import UNITS, joined
from eutone.forms.values import shown
from eutone.knowledge import drugs

__all__ = ["medication_of"]

_ORDERS = ("order", "original-order", "reflex-order", "filler-order", "instance-order")
_PERIOD_DAYS = {"h": 1.0 / 24.0, "d": 1.0, "wk": 7.0, "mo": 30.4375, "min": 1.0 / 1440.0, "a": 365.25}
_STRENGTH = re.compile(r"\s+(\d+(?:\.\d+)?)\s*([a-zA-Zµμ]+)\b")
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2}(?:T.*)?)?)?", re.ASCII | re.DOTALL)
_CLOCK = re.compile(r"(\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?")

Resolve = Callable[[Node, Node], Node | None]


def medication_of(
    nodes: Iterable[Node], resolve: Resolve, visit: datetime | None = None
) -> tuple[Protocol | None, tuple[str, ...]]:
    """The protocol that the active medication is, None if the record has no medication at all.

    What begins after the ``visit`` or ended before it was not taken then, and what was stopped since was: dates go
    before the status. A record in which everything was stopped does not state that nothing is taken: then ``stated`` is
    False.
    """
    issues: list[str] = []
    newest: dict[str, tuple[str, Dose]] = {}
    seen = False
    for node in nodes:
        node.required("status")
        seen = True
        dates = _dates(node)
        if not _active(node, dates, visit):
            continue
        name = _name(node, resolve)
        if not name:
            issues.append(f"entry {node.row}: an active medication without a name is left out")
            continue
        if visit is not None and (why := _elsewhen(dates, visit)):
            issues.append(f"taking: '{shown(name)}' {why} the newest observation ({visit:%Y-%m-%d}); left out")
            continue
        when = node.text("authoredOn") or node.text("effectiveDateTime") or node.text("dateAsserted")
        for dose in _doses(name, node):
            if dose.drug is None:
                issues.append(f"taking: '{shown(name)}' is not known, and cannot be modelled")
            key = dose.drug or name
            if key not in newest or when >= newest[key][0]:
                newest[key] = (when, dose)
    if not seen:
        return None, ()
    if not newest:
        issues.append("no medication of the record is active at that time: what is taken counts as not stated")
        return Protocol(stated=False), tuple(issues)
    return Protocol(joined(dose for _, dose in newest.values())), tuple(issues)


def _dates(node: Node) -> tuple[str, str]:
    """From and until when it is taken, as the record writes days; empty where it does not say."""
    instruction = next(iter(node.children("dosageInstruction") or node.children("dosage")), None)
    bounds = [instruction.child("timing").child("repeat").child("boundsPeriod")] if instruction else []
    periods = [node.child("effectivePeriod"), *bounds]
    starts = [(one, "start") for one in periods] + [(node, "effectiveDateTime"), (node, "authoredOn")]
    return _first(starts), _first([(one, "end") for one in periods])


def _first(places: Iterable[tuple[Node, str]]) -> str:
    for node, key in places:
        if text := node.text(key):
            if not _DATE.fullmatch(text):
                raise node.error(f"'{shown(text)}' is not a date", key, "Write ISO 8601: 2024-03-05")
            return text[:10]
    return ""


def _elsewhen(dates: tuple[str, str], visit: datetime) -> str:
    """How an item lies in time to a visit that is not within its dates; the day itself belongs to both."""
    day = visit.strftime("%Y-%m-%d")
    start, end = dates
    if start > day[: len(start)]:
        return f"begins {start}, after"
    return f"ended {end}, before" if end and end < day[: len(end)] else ""


def _active(node: Node, dates: tuple[str, str], visit: datetime | None) -> bool:
    over = node.text("status") in ("completed", "stopped")
    then = over and visit is not None and all(dates) and not _elsewhen(dates, visit)
    if not (node.text("status") == "active" or then) or node.flag("doNotPerform"):
        return False
    return node.path != "MedicationRequest" or node.text("intent") in ("", *_ORDERS)


def _name(node: Node, resolve: Resolve) -> str:
    found = resolve(node.child("medicationReference"), node)
    for concept in (node.child("medicationCodeableConcept"), found.child("code") if found else None):
        if concept is not None and concept.names():
            return concept.names()[0]
    return node.child("medicationReference").text("display")


def _doses(name: str, node: Node) -> tuple[Dose, ...]:
    """The items of one medication: what its name contains, with the dose of its first instruction."""
    instructions = node.children("dosageInstruction") or node.children("dosage")
    dose = Dose(shown(name, 200))
    if instructions:
        dose = _timed(dose, instructions[0])
    found = drugs.find_within(name)
    parts = tuple(dict.fromkeys(part for one in found for part in (one.contains or (one.id,))))
    if not parts:
        return (dose,)
    table = drugs.load()
    inhibitors = [part for part in parts if table[part].kind == drugs.AADC_INHIBITOR]
    mains = [part for part in parts if part not in inhibitors] or list(parts)
    items = []
    for part in mains:
        item = _amount(replace(dose, drug=part), name, table[part], instructions)
        if inhibitors and part == "levodopa":
            item = replace(item, inhibitor=inhibitors[0])
        items.append(item)
    return tuple(items)


def _timed(dose: Dose, instruction: Node) -> Dose:
    repeat = instruction.child("timing").child("repeat")
    clock = tuple(
        sorted(
            {
                int(m[1]) + int(m[2]) / 60.0
                for m in map(_CLOCK.fullmatch, repeat.texts("timeOfDay"))
                if m and int(m[1]) < 24
            }
        )
    )
    if clock:
        return replace(dose, clock_hours=clock, times_per_day=float(len(clock)))
    period, frequency = repeat.number("period"), repeat.number("frequency")
    days = _PERIOD_DAYS.get(repeat.text("periodUnit"))
    if not period or period < 0 or days is None or instruction.flag("asNeededBoolean"):
        return dose
    times = (1.0 if frequency is None else frequency) / (period * days)
    return replace(dose, times_per_day=times) if 0 < times <= 48 else dose


def _amount(dose: Dose, name: str, drug: drugs.Drug, instructions: tuple[Node, ...]) -> Dose:
    """``dose`` with its amount: as instructed in mass, or so many tablets of the strength that the name prints."""
    rates = instructions[0].children("doseAndRate") if instructions else ()
    quantity = rates[0].child("doseQuantity") if rates else None
    number = quantity.number("value") if quantity else None
    if quantity is None or number is None or number <= 0:
        return dose
    unit, _, per = (quantity.text("code") or quantity.text("unit")).partition("/")
    if unit.lower() in UNITS and per in ("", "kg"):
        return replace(dose, amount=number, unit=UNITS[unit.lower()], per_kg=per == "kg")
    for word in (drug.name, *drug.synonyms):
        at = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", name, re.IGNORECASE)
        strength = _STRENGTH.match(name, at.end()) if at else None
        if strength and strength[2].lower() in UNITS:
            return replace(dose, amount=number * float(strength[1]), unit=UNITS[strength[2].lower()])
    return dose
