"""The healthy range of anything in the whole person, at an age and a sex: read from ``tables/ranges.csv``.

The table holds 2.5, 50 and 97.5 % of the healthy virtual population (`eutone.population.draw`, made
by ``scripts/population``) in six age groups of women and of men. Between the middles of two groups a range is
interpolated, before the first and after the last it is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from eutone._errors import InputError, did_you_mean
from eutone.knowledge import intervals
from eutone.knowledge._table import rows
from eutone.knowledge.intervals import Interval

__all__ = [
    "FOLDER",
    "HOME",
    "OLDEST",
    "SEXES",
    "YOUNGEST",
    "Healthy",
    "healthy_range",
    "ranges",
    "said",
    "span_of",
    "told",
]

FOLDER = Path(__file__).parent / "tables"

SEXES = ("female", "male")
YOUNGEST, OLDEST = 18.0, 80.0

HOME = (35.0, "female")
"""Age and sex of the default person."""

Rows = tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class Healthy:
    """2.5 to 97.5 % of the healthy people of one age and sex.

    Attributes
    ----------
    low, median, high : float
        In ``unit``. Of a marker as it is measured, assay and day-to-day variation included; of anything else as it is.
    unit : str
    published : Interval or None
        What was published of the marker at that age and sex, in the same unit, where something was.
    """

    low: float
    median: float
    high: float
    unit: str
    published: Interval | None


@cache
def ranges() -> dict[tuple[str, str], tuple[str, Rows]]:
    """By name and sex: the unit, and (middle of the age group, low, median, high), ages rising."""
    found: dict[tuple[str, str], tuple[str, list[tuple[float, float, float, float]]]] = {}
    for r in rows("ranges", FOLDER):
        middle = (float(r["age_low"]) + float(r["age_high"])) / 2
        listed = found.setdefault((r["name"], r["sex"]), (r["unit"], []))[1]
        listed.append((middle, float(r["low"]), float(r["median"]), float(r["high"])))
    return {key: (unit, tuple(sorted(listed))) for key, (unit, listed) in found.items()}


def told(marker: str, age: float, sex: str) -> Interval | None:
    """What was published of a marker in adults of that age and sex: ``tables/published.csv``, else the knowledge."""
    for r in rows("published", FOLDER):
        low, high = float(r["age_low"]), float(r["age_high"] or "inf")
        if r["marker"] == marker and r["sex"] in ("any", sex) and low <= age < high:
            middle, below, above, unsure, basis = intervals.width(r)
            centre, lower, upper = (float(np.exp(end)) for end in (middle, middle - below, middle + above))
            return Interval(centre, lower, upper, r["source"], basis, r["grade"], unsure)
    return intervals.healthy(marker, age, sex)


def healthy_range(name: str, age: float, sex: str) -> Healthy:
    """What healthy people have of a marker, a quantity or a state.

    Parameters
    ----------
    name : str
        A marker (``plasma.cortisol``), a quantity (``striatum.dopamine.extracellular``) or a state or signal of the
        whole person (``CORT``).
    age : float
        Years, from 18 to 80.
    sex : str
        ``female`` or ``male``.

    Raises
    ------
    InputError
        If nothing of that name is in the population, or there are no people of that age and sex in it.
    """
    if sex not in SEXES:
        raise InputError(f"the sex is '{sex}'", hint="The virtual population has 'female' and 'male'")
    if not YOUNGEST <= age <= OLDEST:
        raise InputError(
            f"the age is {age:g} years, and the virtual population is {YOUNGEST:g} to {OLDEST:g}",
            hint="For children there are published intervals of markers only",
        )
    if (name, sex) not in ranges():
        from eutone.body._ids import flat_ids

        name = flat_ids().get(name, name)
    if (name, sex) not in ranges():
        names = sorted({known for known, _ in ranges()})
        raise InputError(f"nobody in the virtual population has a '{name}'", hint=did_you_mean(name, names, most=3))
    unit, groups = ranges()[name, sex]
    table = np.array(groups)
    low, median, high = (float(np.interp(age, table[:, 0], column)) for column in table[:, 1:].T)
    return Healthy(low, median, high, unit, told(name, age, sex))


def span_of(name: str) -> tuple[float, float] | None:
    """The healthy range of something at the default person's age and sex; None where the population has none."""
    try:
        found = healthy_range(name, *HOME)
    except InputError:
        return None
    return found.low, found.high


def said(flat: str) -> list[str]:
    """Lines on the healthy range of what has this flat id, and of the markers that measure it."""
    listed = [flat] if (flat, HOME[1]) in ranges() else []
    listed += [r["marker"] for r in rows("markers", FOLDER) if r["observable"] == flat]
    lines = []
    for name in listed:
        for sex, who in zip(SEXES, ("women", "men"), strict=True):
            found = healthy_range(name, HOME[0], sex)
            unit = "" if found.unit == "1" else f" {found.unit}"
            line = f"healthy {who} of {HOME[0]:g} y: {found.low:.3g} to {found.high:.3g}{unit} (virtual population)"
            if found.published is not None:
                p = found.published
                line += f"; published {p.low:.3g} to {p.high:.3g} ({p.grade}, {p.basis})"
            lines.append(f"  {line}" if name == flat else f"  {name}, as measured: {line}")
    return lines
