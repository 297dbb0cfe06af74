"""What a dose does in the whole person: three tables, one way from milligrams to an effect.

``tables/kinetics.csv`` (a row for each drug) takes milligrams to a level: molar mass, bioavailability, clearance, the
share that is free in brain, half-time, hour of the peak. ``tables/exposures_whole.csv`` (a row for each drug and
parameter) takes the level to an effect. ``x`` is the level over that of half the effect, and kinds of row are:

``effect``      the parameter times ``1 + emax x/(1 + x)``: -1 (not said) blocks all of it, 0.5 raises it by half.
``occupy``      plus ``emax x/(1 + x)``: what is 0 without a drug, such as a modulator's share of sites.
``agonist``     plus ``x``; ``emax`` is the drug's efficacy, for the parameter of that name beside it.
``inactivate``  for good: the enzyme that is left falls by ``k x`` and is made again (``tables/renewal.csv``).
``input``       plus an inflow.
``factor``      times ``value``, whatever the dose.
``none``        the row of ``exposures.csv`` for this drug and parameter does not hold in the whole person.

Several on one parameter compete: the sum of ``emax x`` over 1 plus the sum of ``x``. ``unit`` says what ``value`` is:

=====================  ==============================================================================================
``nM``, ``ng/mL``      level in plasma at half the effect; ``nM free``: free in brain
``mg``, ``mg/d``       dose at half the effect; ``mg/kg`` by weight
``share at N mg``      share of ``emax`` that was seen on that dose
``share after N mg``   share of an enzyme that one dose takes away (``inactivate``)
``L/kg``               of an input in umol per litre and hour: the volume that it spreads in
``per mg``             of an input that is relative: what a milligram a day adds
``umol``, ``g``        of an input in umol or grams per hour: ``value`` is the share that arrives
``fold``               of a factor
=====================  ==============================================================================================

Where ``measured_h`` says at which hour after a dose ``value`` was seen (``measured_every_h``: after how many hours the
dose was repeated, else there was one), it is taken down to the daily mean. A row stands in place of that of
``exposures.csv`` for the same drug and parameter; ``exposures.csv`` is what inference has, and knows nothing of these.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache

from eutone._errors import InputError, ModelError
from eutone._person import Person
from eutone._protocol import Dose
from eutone.body._orbit import Course
from eutone.body._tables import rows
from eutone.body._treatment import effects, usual_weight

__all__ = [
    "KINDS",
    "Action",
    "Kinetics",
    "actions",
    "course_of",
    "daily_mg",
    "inflow_of",
    "kinetics",
    "level_of",
    "renewal",
    "sources_of",
]

KINDS = ("effect", "occupy", "agonist", "inactivate", "input", "factor", "none")
ADULT_KG = 70.0
DAY = 24.0

_SHARE = re.compile(r"share (at|after) ([\d.]+) mg(?:/d)?")
_MG = {"g": 1e3, "mg": 1.0, "ug": 1e-3, "mcg": 1e-3}
_MOL = {"mmol": 1.0, "umol": 1e-3}


@dataclass(frozen=True)
class Kinetics:
    """How a drug comes and goes.

    Attributes
    ----------
    drug : str
    molar_mass, bioavailability, clearance, free : float or None
        g/mol; share that reaches blood; litres of plasma an hour at 70 kg; share of plasma that is free in brain.
    half_time, peak : float
        Hours; ``peak`` 0 where a dose is there at once.
    usual, each : float or None
        Milligrams a day where nothing is said; of one, where it is counted (a cigarette, a session).
    ln_sd : float
    grade, source : str
    """

    drug: str
    molar_mass: float | None
    bioavailability: float | None
    clearance: float | None
    free: float | None
    half_time: float
    peak: float
    usual: float | None
    each: float | None
    ln_sd: float
    grade: str
    source: str


@dataclass(frozen=True)
class Action:
    """What a drug does to one parameter.

    Attributes
    ----------
    drug, parameter, kind : str
    emax, value : float
    unit : str
    measured_h, measured_every_h, half_time : float or None
        Hours; ``half_time`` goes before the drug's own where the effect outlasts its level.
    ln_sd : float
    grade, source : str
    """

    drug: str
    parameter: str
    kind: str
    emax: float
    value: float
    unit: str
    measured_h: float | None
    measured_every_h: float | None
    half_time: float | None
    ln_sd: float
    grade: str
    source: str

    @property
    def doses(self) -> bool:
        """Whether what it does follows the dose."""
        return self.kind not in ("factor", "none")


@dataclass(frozen=True)
class Renewal:
    """How fast a protein that was blocked for good is made again: half-time in hours."""

    parameter: str
    half_time: float
    ln_sd: float
    grade: str
    source: str


def _number(text: str) -> float | None:
    return float(text) if text else None


@cache
def kinetics() -> dict[str, Kinetics]:
    """By drug."""
    found = {}
    for r in rows("kinetics"):
        found[r["drug"]] = Kinetics(
            drug=r["drug"],
            molar_mass=_number(r["molar_mass"]),
            bioavailability=_number(r["bioavailability"]),
            clearance=_number(r["clearance_l_h"]),
            free=_number(r["free_in_brain"]),
            half_time=float(r["half_time_h"]),
            peak=float(r["peak_h"] or 0),
            usual=_number(r["usual_mg_d"]),
            each=_number(r["each_mg"]),
            ln_sd=float(r["ln_sd"]),
            grade=r["grade"],
            source=r["source"],
        )
    return found


@cache
def renewal() -> dict[str, Renewal]:
    """By parameter."""
    return {
        r["parameter"]: Renewal(r["parameter"], float(r["half_time_h"]), float(r["ln_sd"]), r["grade"], r["source"])
        for r in rows("renewal")
    }


@cache
def actions() -> dict[str, tuple[Action, ...]]:
    """By drug, in the table's order."""
    found: dict[str, list[Action]] = {}
    for r in rows("exposures_whole"):
        action = Action(
            drug=r["drug"],
            parameter=r["parameter"],
            kind=r["kind"],
            emax=float(r["emax"] or (-1.0 if r["kind"] == "effect" else 1.0)),
            value=float(r["value"] or "nan"),
            unit=r["unit"],
            measured_h=_number(r["measured_h"]),
            measured_every_h=_number(r["measured_every_h"]),
            half_time=_number(r["half_time_h"]),
            ln_sd=float(r["ln_sd"] or 0),
            grade=r["grade"],
            source=r["source"],
        )
        found.setdefault(action.drug, []).append(action)
    return {drug: tuple(listed) for drug, listed in found.items()}


def sources_of(drug: str) -> list[str]:
    """On whose word the whole person answers a drug: of rows that act, and of what they rest on."""
    mine = actions().get(drug, ())
    replaced = {a.parameter for a in mine}
    found = [e.source for e in effects().get(drug, ()) if e.parameter not in replaced] + [a.source for a in mine]
    if drug in kinetics():
        found.append(kinetics()[drug].source)
    return found + [renewal()[a.parameter].source for a in mine if a.kind == "inactivate"]


def course_of(action: Action) -> Course:
    """How its level runs on doses once a day."""
    own = kinetics()[action.drug]
    return Course.of(action.half_time or own.half_time, own.peak)


def daily_mg(own: Kinetics, dose: Dose, person: Person) -> float:
    """Milligrams a day: what was said, else what is usual.

    Raises
    ------
    InputError
        If the amount is in a unit that says no mass of this drug, or none is said and there is no usual one.
    """
    times = dose.times_per_day or 1.0
    if dose.amount is None:
        if own.each is not None and dose.times_per_day is not None:
            return own.each * times
        if own.usual is None:
            raise InputError(f"{dose.name}: no dose is said, and there is no usual one", hint="Say it: 10 mg/d")
        return own.usual
    if dose.unit in _MG:
        amount = dose.amount * _MG[dose.unit]
    elif dose.unit in _MOL and own.molar_mass is not None:
        amount = dose.amount * _MOL[dose.unit] * own.molar_mass
    else:
        raise InputError(
            f"{dose.name}: {dose.amount:g} {dose.unit} is no mass that is known here", hint="Say it in mg, g or ug"
        )
    if dose.per_kg:
        amount *= _weight(person)
    return amount if dose.per_day else amount * times


def level_of(action: Action, mg_d: float, person: Person) -> float:
    """``x``: the mean level over that of half the effect; of ``inactivate`` e-folds of loss an hour.

    Raises
    ------
    ModelError
        If the drug's kinetics lack what the unit needs.
    """
    own = kinetics()[action.drug]
    if found := _SHARE.fullmatch(action.unit):
        seen = float(found[2])
        if action.kind == "inactivate":
            return mg_d * ADULT_KG / _weight(person) * _losses(action, found[1]) / seen
        half = seen * (1.0 / action.value - 1.0)
    elif action.unit in ("mg", "mg/d"):
        half = action.value
    elif action.unit == "mg/kg":
        half = action.value * ADULT_KG
    else:
        half = action.value * _mg_for_one(own, action.unit)
    if action.measured_h is not None:
        half *= course_of(action).ratio(action.measured_h, action.measured_every_h)
    return mg_d / half * ADULT_KG / _weight(person)


def inflow_of(action: Action, mg_d: float, person: Person) -> float:
    """In the parameter's own unit, per hour as a daily mean.

    Raises
    ------
    ModelError
        If the drug's kinetics lack what the unit needs.
    """
    own = kinetics()[action.drug]
    if action.unit == "g":
        return action.value * mg_d / 1e3 / DAY
    if action.unit == "per mg":
        return action.value * mg_d
    if action.unit not in ("umol", "L/kg"):
        raise ModelError(f"exposures_whole.csv, {own.drug}: {action.unit!r} is no unit of an input")
    molar_mass, arrives = _needed(own.molar_mass, own, "molar_mass"), own.bioavailability or 1.0
    umol_h = mg_d * 1e3 / molar_mass / DAY
    return umol_h * action.value if action.unit == "umol" else umol_h * arrives / (action.value * _weight(person))


def _losses(action: Action, when: str) -> float:
    """E-folds of loss: on the dose once (``after``), or an hour at the steady state of it each day."""
    if when == "after":
        return -math.log1p(-action.value) / DAY
    rate = math.log(2.0) / renewal()[action.parameter].half_time
    return rate * action.value / (1.0 - action.value)


def _mg_for_one(own: Kinetics, unit: str) -> float:
    """Milligrams a day for a mean of one of ``unit``, at 70 kg."""
    if unit not in ("nM", "nM free", "ng/mL"):
        raise ModelError(f"exposures_whole.csv, {own.drug}: {unit!r} is no unit of a level or a dose")
    litres = _needed(own.clearance, own, "clearance_l_h") * DAY / (own.bioavailability or 1.0)
    if unit == "ng/mL":
        return litres / 1e3
    free = _needed(own.free, own, "free_in_brain") if unit == "nM free" else 1.0
    return litres * _needed(own.molar_mass, own, "molar_mass") / 1e6 / free


def _needed(number: float | None, own: Kinetics, column: str) -> float:
    if number is None:
        raise ModelError(f"kinetics.csv, {own.drug}: {column} is needed")
    return number


def _weight(person: Person) -> float:
    return person.weight_kg or usual_weight(person.age_years)
