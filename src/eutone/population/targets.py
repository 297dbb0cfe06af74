"""What the healthy population is told: its markers, what was published of them, what age and sex do, correlations.

``markers.csv``
    Which observable of the whole person a marker is, times ``factor`` in its unit. Only what is in the same place and
    unit is here: a stand-in (brain PLP for CSF PLP) has no published number. ``noise`` is the ln sd of one measurement
    within a person, assay included, where the knowledge has no row for it. Beyond ``ill_below`` and ``ill_above`` a
    person is not healthy, whatever else.
``published.csv``
    Distributions in healthy adults that are not in the knowledge's ``intervals.csv`` (same columns and forms).
``ages.csv``
    How a parameter follows age and sex: ``set`` (its value), ``shift`` (of its ln), ``decade`` (of its ln, by every ten
    years after ``from_age``, before it the other way), ``menopause`` (1 before the last period, 0 after, by its
    mean age).
``correlations.csv``
    Of ln values of two markers in healthy people.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from eutone.body import parameters
from eutone.knowledge import markers
from eutone.knowledge._table import rows
from eutone.knowledge.intervals import Interval
from eutone.population.ranges import FOLDER, SEXES, told

__all__ = ["AGES", "Correlation", "Sampled", "Stratum", "aged", "correlations", "fitted_pair", "held_out", "published",
           "sampled",
           "strata"]  # fmt: skip

Array = NDArray[np.float64]

AGES = ((18, 30), (30, 40), (40, 50), (50, 60), (60, 70), (70, 80))

MENOPAUSE_SD, MENOPAUSE_SCALE = 4.0, 0.5
"""Between women, and how long it takes in one (logistic), in years."""

LEAST = 1e-4
"""Of a gland that someone does not have: above 0, so that it has a logarithm."""

_PUBLISHED = ("SEEN", "COMPUTED", "RECALLED")


@dataclass(frozen=True)
class Stratum:
    """One sex and one age group, from ``low`` to below ``high`` years."""

    sex: str
    low: int
    high: int

    @property
    def middle(self) -> float:
        """The age for which what was published is read."""
        return (self.low + self.high) / 2

    def __str__(self) -> str:
        return f"{self.sex} {self.low}-{self.high}"


@dataclass(frozen=True)
class Sampled:
    """A marker of the population. ``load``: ln sd of what one spinal tap shares; ``noise``: of one measurement."""

    marker: str
    observable: str
    factor: float
    unit: str
    load: float
    noise: float
    ill_below: float
    ill_above: float
    note: str


@dataclass(frozen=True)
class Correlation:
    """Of the ln values of ``a`` and ``b``; ``b`` may be ``<a> again``, the same person's at another time."""

    a: str
    b: str
    r: float
    n: int
    grade: str
    source: str
    note: str


@cache
def strata() -> tuple[Stratum, ...]:
    """Women then men, ages rising."""
    return tuple(Stratum(sex, *ages) for sex in SEXES for ages in AGES)


@cache
def sampled() -> tuple[Sampled, ...]:
    """Every marker of the population.

    What varies within a person was measured with an assay, so the larger of the two is the noise, not both; a figure
    without a source does not stand against one that has one.
    """
    known = markers.load()
    found = []
    for r in rows("markers", FOLDER):
        marker = known.get(r["marker"])
        noise = float(r["noise"]) if r["noise"] else None
        if marker is not None and noise is None:
            known_ones = [f.value for f in (marker.within, marker.analytic) if f.grade != markers.UNKNOWN]
            noise = max(known_ones, default=marker.within.value)
        found.append(
            Sampled(
                r["marker"], r["observable"], float(r["factor"]), r["unit"],
                marker.load.value if marker else (0.1 if r["marker"].startswith("csf.") else 0.0),
                noise or 0.0,
                float(r["ill_below"] or "0"), float(r["ill_above"] or "inf"), r["note"],
            )
        )  # fmt: skip
    return tuple(found)


@cache
def published(marker: str, stratum: Stratum) -> Interval | None:
    """What healthy adults of that age and sex have of it; nothing where it is only assumed or not known."""
    found = told(marker, stratum.middle, stratum.sex)
    return found if found is not None and found.grade in _PUBLISHED else None


def held_out(marker: str) -> bool:
    """Whether the marker is kept from the weights when they are tested: one in four, by a digest of its name alone."""
    return hashlib.sha256(marker.encode()).digest()[0] % 4 == 0


def aged(stratum: Stratum, ages: Array, z: Array) -> dict[str, Array]:
    """Factors (n,) on parameters by flat id, for people of these ages (n,); ``z`` (n,) says whose menopause is late.

    Of a parameter that is 0 by default they are its values.
    """
    flat = {p.id: p.flat for p in parameters()}
    found: dict[str, Array] = {}
    for r in rows("ages", FOLDER):
        if r["sex"] not in ("any", stratum.sex):
            continue
        value = float(r["value"])
        match r["form"]:
            case "set":
                factor = np.full(len(ages), max(value, LEAST))
            case "shift":
                factor = np.full(len(ages), np.exp(value))
            case "decade":
                factor = np.exp(value * (ages - float(r["from_age"])) / 10.0)
            case _:
                late = (ages - value - MENOPAUSE_SD * z) / MENOPAUSE_SCALE
                factor = LEAST + (1.0 - LEAST) / (1.0 + np.exp(np.clip(late, -500.0, 500.0)))
        name = flat[r["parameter"]]
        found[name] = found.get(name, np.ones(len(ages))) * factor
    return found


@cache
def correlations() -> tuple[Correlation, ...]:
    """Every published correlation."""
    return tuple(
        Correlation(r["a"], r["b"], float(r["r"]), int(r["n"]), r["grade"], r["source"], r["note"])
        for r in rows("correlations", FOLDER)
    )


def fitted_pair(c: Correlation) -> bool:
    """Whether a correlation may be used for weights: of one sample, not of a ratio, and a hundred people had it."""
    return c.n >= 100 and not any(":" in name or name.endswith(" again") for name in (c.a, c.b))
