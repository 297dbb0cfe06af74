"""What a person takes becomes shifts of parameters, with spread.

``tables/exposures.csv`` says for each drug which parameter it moves and how. Four kinds of row:

``input``   the dose adds an inflow: ``F * dose / (V * 24 h)`` in umol per litre and hour, as a daily mean; the shift is
            ``ln((inflow + default) / default)``.
``factor``  the parameter is multiplied by ``value`` (the activity that is left, or the gain), whatever the dose.
``boost``   the inflow of a dose into the parameter is multiplied by ``value``: nothing where no dose flows in.
``dose``    the activity left is ``1 / (1 + dose / value)``, with ``value`` the daily dose that halves it.

An occupancy is measured at some hour after a dose, and a shift is a daily mean. ``measured_h`` says at which hour
``value`` was measured, ``measured_every_h`` how often the dose was taken then (empty: once), ``peak_h`` when the drug
is highest; with the half-time of its decline they say how many times its daily mean the effect was then, and ``value``
is taken down by that (`_daily`). Without an hour ``value`` is the daily mean.

Where weight or dose is not said, usual ones are taken and the spread is widened. Where it is said how long ago the last
dose was, by the item or by the panel, the shift gets a `Course`, and each read-out sees its own share of the daily mean
(`_timing`). Doses whose times are not said are every 8 h where an amount per day is, else every 24 h.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from scipy.optimize import brentq

from eutone._errors import ModelError
from eutone._person import Person
from eutone._protocol import Dose, Protocol
from eutone.body._course import Course, level, scaled
from eutone.body._tables import parameters, rows
from eutone.body._timing import PREFIX

__all__ = ["Effect", "Exposure", "absorption_of", "effects", "exposure", "times_the_mean", "usual_weight"]

UNSAID_DOSE_LN_SD = 0.6
"""Added where the dose is not said: usual doses differ three-fold either way."""

UNSAID_WEIGHT_LN_SD = 0.2

_MICROMOL = {"g": 1e6, "mg": 1e3, "ug": 1.0, "mcg": 1.0}


@dataclass(frozen=True)
class Effect:
    """One row of ``exposures.csv``."""

    drug: str
    parameter: str
    kind: str
    value: float
    ln_sd: float
    molar_mass: float | None
    bioavailability: float | None
    volume_l_kg: float | None
    usual_mg_kg_d: float | None
    usual_mg_d: float | None
    grade: str
    source: str
    half_time_h: float | None
    half_time_ln_sd: float | None
    irreversible: bool
    measured_h: float | None = None
    measured_every_h: float | None = None
    peak_h: float | None = None

    @property
    def absorption(self) -> float:
        """Half-time of absorption in hours, so that the drug is highest at ``peak_h``; 0 where that is not known."""
        return absorption_of(self.peak_h, self.half_time_h) if self.peak_h and self.half_time_h else 0.0


@dataclass(frozen=True)
class Exposure:
    """What is taken, as the body sees it.

    Attributes
    ----------
    shifts : tuple of (parameter id, mean, sd) of the ln shift
    modelled, not_modelled : tuple of (name, why)
        Items as written, and how or why not they were modelled.
    class_key : str
        Equal keys have equal shifts and courses.
    courses : tuple of Course
        Of what was taken at a known time. The shifts of these parameters carry ``taken.`` before their id: they belong
        to the columns of a `_timing.TimedBody`.
    """

    shifts: tuple[tuple[str, float, float], ...] = ()
    modelled: tuple[tuple[str, str], ...] = ()
    not_modelled: tuple[tuple[str, str], ...] = ()
    class_key: str = "untreated"
    courses: tuple[Course, ...] = ()


def absorption_of(peak_h: float, half_time_h: float) -> float:
    """Half-time of first-order absorption with which a drug of this half-time is highest at ``peak_h``.

    ``ln(a / e) / (a - e)`` falls from infinity to 0 with the rate of absorption ``a``; of the two stages either may be
    the slower one.
    """
    decline = math.log(2.0) / half_time_h

    def late(ln_ratio: float) -> float:
        a = decline * math.exp(ln_ratio)
        return (ln_ratio / (a - decline) if abs(ln_ratio) > 1e-9 else 1.0 / decline) - peak_h

    return half_time_h / math.exp(float(brentq(late, -20.0, 20.0)))


def times_the_mean(effect: Effect) -> float:
    """How many times its daily mean the effect is at ``measured_h``; 1 where no hour is given.

    The mean is that of one dose a day where the dose was taken once.
    """
    if effect.measured_h is None:
        return 1.0
    if effect.half_time_h is None:
        raise ModelError(f"exposures.csv, {effect.drug}: an hour of measurement without a half-time")
    every = effect.measured_every_h
    taken = Course(effect.parameter, 1.0, effect.measured_h, (), every or 24.0, None if every else 1,
                   effect.half_time_h, 0.0, effect.irreversible, effect.absorption)  # fmt: skip
    return level(taken, [effect.measured_h])[0]


def _daily(effect: Effect) -> Effect:
    """The row with ``value`` as a daily mean."""
    times = times_the_mean(effect)
    if effect.kind == "dose":
        return replace(effect, value=effect.value * times)
    if effect.kind == "factor" and times != 1.0:
        return replace(effect, value=math.exp(float(scaled(math.log(effect.value), 1.0 / times, effect.irreversible))))
    return effect


@cache
def effects() -> dict[str, tuple[Effect, ...]]:
    """The table, by drug id."""

    def number(text: str) -> float | None:
        return float(text) if text else None

    found: dict[str, list[Effect]] = {}
    for r in rows("exposures"):
        effect = Effect(
            drug=r["drug"],
            parameter=r["parameter"],
            kind=r["kind"],
            value=float(r["value"] or "nan"),
            ln_sd=float(r["ln_sd"]),
            molar_mass=number(r["molar_mass"]),
            bioavailability=number(r["bioavailability"]),
            volume_l_kg=number(r["volume_l_kg"]),
            usual_mg_kg_d=number(r["usual_mg_kg_d"]),
            usual_mg_d=number(r["usual_mg_d"]),
            grade=r["grade"],
            source=r["source"],
            half_time_h=number(r["half_time_h"]),
            half_time_ln_sd=number(r["half_time_ln_sd"]),
            irreversible=r["ends"] == "share",
            measured_h=number(r["measured_h"]),
            measured_every_h=number(r["measured_every_h"]),
            peak_h=number(r["peak_h"]),
        )
        found.setdefault(effect.drug, []).append(_daily(effect))
    return {drug: tuple(listed) for drug, listed in found.items()}


def usual_weight(age_years: float | None) -> float:
    """A usual body weight in kg: 3.5 at birth, 10 at one year, 70 for adults (WHO and CDC medians, rounded)."""
    if age_years is None:
        return 40.0
    ages = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 18.0)
    weights = (3.5, 7.5, 9.8, 12.5, 18.5, 32.0, 55.0, 68.0)
    if age_years >= ages[-1]:
        return weights[-1]
    i = max(k for k, a in enumerate(ages) if a <= age_years)
    share = (age_years - ages[i]) / (ages[i + 1] - ages[i])
    return weights[i] + share * (weights[i + 1] - weights[i])


def exposure(
    protocol: Protocol, person: Person, free: Sequence[str], hours: Mapping[str, float] | None = None
) -> Exposure:
    """The shifts that ``protocol`` makes for ``person``; parameters outside ``free`` are named in ``not_modelled``.

    Parameters
    ----------
    hours : mapping of str to float, optional
        Read-outs whose sample says how many hours after the last dose it was taken; goes before what an item says.
    """
    defaults = {p.id: p.value for p in parameters()}
    items = [(dose, dose.drug) for dose in protocol.doses]
    taken = {drug for _, drug in items}
    inhibitors = {d.inhibitor: d for d in protocol.doses if d.inhibitor and d.inhibitor not in taken}
    items += [(_beside(name, dose), name) for name, dose in inhibitors.items()]
    found: list[tuple[Dose, list[Effect]]] = []
    missing: list[tuple[str, str]] = []
    for dose, drug in items:
        listed = [e for e in effects().get(drug or "", ()) if e.parameter in free]
        if listed:
            found.append((dose, listed))
        else:
            missing.append((dose.name, "not known" if drug is None else "no mechanism in this body"))
    inputs: dict[str, list[tuple[float, float]]] = {}
    factors: dict[str, list[tuple[float, float]]] = {}
    boosts: dict[str, list[tuple[float, float]]] = {}
    places = {"input": inputs, "factor": factors, "dose": factors, "boost": boosts}
    modelled: list[tuple[str, str]] = []
    courses: list[Course] = []
    for dose, listed in found:
        said = []
        for effect in listed:
            mean, sd, how = _shift(effect, dose, person)
            places[effect.kind].setdefault(effect.parameter, []).append((mean, sd))
            said.append(how)
            courses += _course(effect, dose, abs(mean), hours or {})
        modelled.append((dose.name, "; ".join(said)))
    shifts: dict[str, tuple[float, float]] = {}
    for name in sorted({*inputs, *factors}):
        mean = sum(m for m, _ in factors.get(name, ()))
        var = sum(s**2 for _, s in factors.get(name, ()))
        if name in inputs:
            # amounts add up; what boosts the uptake of a dose boosts nothing where there is none
            inflow = sum(m for m, _ in inputs[name]) * math.exp(sum(m for m, _ in boosts.get(name, ())))
            mean += math.log1p(inflow / defaults[name])
            var += max(s for _, s in inputs[name]) ** 2 + sum(s**2 for _, s in boosts.get(name, ()))
        shifts[name] = (mean, math.sqrt(var))
    if not shifts:
        return Exposure((), tuple(modelled), tuple(missing))
    timed = {c.parameter for c in courses if c.hours is not None or c.at}
    named = [(PREFIX + n if n in timed else n, m, sd) for n, (m, sd) in shifts.items()]
    kept = tuple(sorted((c for c in courses if c.parameter in timed), key=repr))
    key = ",".join([*(f"{name}:{m:.6g}:{sd:.6g}" for name, m, sd in named), *map(repr, kept)])
    return Exposure(tuple(named), tuple(modelled), tuple(missing), key, kept)


def _beside(inhibitor: str, dose: Dose) -> Dose:
    """The inhibitor that is taken with ``dose``, at the same times."""
    return replace(dose, name=inhibitor, drug=inhibitor, amount=None, unit=None, inhibitor=None)


def _course(effect: Effect, dose: Dose, size: float, hours: Mapping[str, float]) -> list[Course]:
    """The course of one effect of one dose; none of what only boosts another."""
    if effect.half_time_h is None or effect.half_time_ln_sd is None or not size:
        return []
    times = dose.times_per_day or (3.0 if dose.per_day else 1.0)
    doses = max(1, round(dose.days * times)) if dose.days is not None else None
    at = tuple(sorted(hours.items()))
    return [Course(effect.parameter, size, dose.hours_since_dose, at, 24.0 / times, doses, effect.half_time_h,
                   effect.half_time_ln_sd, effect.irreversible, effect.absorption)]  # fmt: skip


def _shift(effect: Effect, dose: Dose, person: Person) -> tuple[float, float, str]:
    """Mean and sd of one effect of one dose (an inflow for inputs, ln otherwise), and a line that says so."""
    name = effect.parameter
    if effect.kind in ("factor", "boost"):
        what = name if effect.kind == "factor" else f"uptake into {name}"
        return math.log(effect.value), effect.ln_sd, f"{what} x{effect.value:.3g} (ln sd {effect.ln_sd:.2g})"
    mg_d, widen = _daily_mg(effect, dose, person)
    sd = math.hypot(effect.ln_sd, widen)
    if effect.kind == "dose":
        left = 1.0 / (1.0 + mg_d / effect.value)
        return math.log(left), sd, f"{name} x{left:.3g} (ln sd {sd:.2g})"
    weight = person.weight_kg or usual_weight(person.age_years)
    inflow = _inflow(effect, mg_d, weight)
    return inflow, sd, f"{name} +{inflow:.3g} per h (ln sd {sd:.2g})"


def _inflow(effect: Effect, mg_d: float, weight: float) -> float:
    """Inflow in the parameter's own unit: umol per litre of distribution volume and hour, or intakes where no mass."""
    if effect.molar_mass is None:
        return effect.value * mg_d / (weight / 70.0)
    micromol = mg_d * 1e3 / effect.molar_mass
    return micromol * (effect.bioavailability or 1.0) / ((effect.volume_l_kg or 1.0) * weight * 24.0)


def _daily_mg(effect: Effect, dose: Dose, person: Person) -> tuple[float, float]:
    """Milligrams per day, and what must be added to the ln sd because something was not said."""
    weight = person.weight_kg or usual_weight(person.age_years)
    widen = 0.0 if person.weight_kg is not None else UNSAID_WEIGHT_LN_SD
    if dose.amount is None or dose.unit not in _MICROMOL:
        if effect.usual_mg_kg_d is not None:
            return effect.usual_mg_kg_d * weight, UNSAID_DOSE_LN_SD
        return effect.usual_mg_d or 1.0, UNSAID_DOSE_LN_SD
    amount = dose.amount * _MICROMOL[dose.unit] / 1e3
    if dose.per_kg:
        amount *= weight
    if not dose.per_day:
        amount *= dose.times_per_day or 1.0
        widen = widen if dose.times_per_day is not None else math.hypot(widen, UNSAID_DOSE_LN_SD)
    return amount, widen
