"""What must hold of ``kinetics.csv``, ``exposures_whole.csv`` and ``renewal.csv``."""

from __future__ import annotations

from collections.abc import Iterator

from eutone._errors import ModelError
from eutone._person import Person
from eutone.body._pharmacology import KINDS, Action, actions, course_of, inflow_of, kinetics, level_of, renewal
from eutone.body._tables import GRADES, parameters
from eutone.body._treatment import effects
from eutone.knowledge import drugs
from eutone.knowledge.check import RECALLED_LN_SD

__all__ = ["pharmacology_faults"]

_PERSON = Person(age_years=35.0, weight_kg=70.0)
_INPUTS = {"L/kg": "uM/h", "umol": "umol/h", "g": "g/h"}


def pharmacology_faults() -> list[str]:
    """Every fault found, in plain words."""
    found = []
    known = drugs.load()
    for own in kinetics().values():
        name = f"kinetics.csv, {own.drug}"
        found += [f"{name}: {fault}" for fault in _graded(own.ln_sd, own.grade, own.source)]
        if own.drug not in known:
            found.append(f"{name}: no drug has this id")
        if own.drug not in actions():
            found.append(f"{name}: it does nothing (exposures_whole.csv)")
    for one in renewal().values():
        found += [f"renewal.csv, {one.parameter}: {f}" for f in _graded(one.ln_sd, one.grade, one.source)]
    units = {p.id: p.unit for p in parameters()}
    for listed in actions().values():
        pairs = [a.parameter for a in listed]
        for action in listed:
            name = f"exposures_whole.csv, {action.drug} on {action.parameter}"
            found += [f"{name}: {fault}" for fault in _faults(action, units)]
            if pairs.count(action.parameter) > 1:
                found.append(f"{name}: given twice")
    return found


def _faults(action: Action, units: dict[str, str]) -> Iterator[str]:
    if action.kind not in KINDS:
        yield f"kind {action.kind!r} is none of {', '.join(KINDS)}"
        return
    if action.parameter not in units:
        yield "there is no such parameter"
        return
    if action.kind == "none":
        if action.parameter not in {e.parameter for e in effects().get(action.drug, ())}:
            yield "there is no row of exposures.csv that it could take away"
        return
    yield from _graded(action.ln_sd, action.grade, action.source)
    if action.drug not in kinetics():
        yield "no row in kinetics.csv"
        return
    if action.kind == "inactivate" and action.parameter not in renewal():
        yield "no row in renewal.csv"
        return
    if action.kind == "input" and _INPUTS.get(action.unit, "1") != units[action.parameter]:
        yield f"{action.unit} does not fit an input in {units[action.parameter]}"
    try:
        course_of(action)
        if action.doses:
            amount = inflow_of(action, 1.0, _PERSON) if action.kind == "input" else level_of(action, 1.0, _PERSON)
            if not amount > 0:
                yield f"a milligram does {amount}"
        elif not action.value > 0:
            yield "value must be above 0"
    except (ModelError, ValueError, ZeroDivisionError) as error:
        yield str(error)


def _graded(ln_sd: float, grade: str, source: str) -> Iterator[str]:
    if not ln_sd > 0:
        yield f"ln_sd is {ln_sd}, not above 0"
    elif grade == "RECALLED" and ln_sd < RECALLED_LN_SD:
        yield f"ln_sd is {ln_sd}, and nobody looked it up: at least {RECALLED_LN_SD:g}"
    if grade not in GRADES:
        yield f"grade {grade!r} is none of {', '.join(GRADES)}"
    if not source:
        yield "no source"
