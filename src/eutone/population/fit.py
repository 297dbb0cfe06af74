"""How well the population shows what was published: means and standard deviations, correlations, the default person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import ndtri

from eutone.knowledge.intervals import LOWER, UPPER, Interval
from eutone.population.draw import NEAR, Population, typical, weighted
from eutone.population.targets import Correlation, Stratum, correlations, published, sampled, strata

__all__ = ["WITHIN", "Fit", "Seen", "default_within", "fits", "moments", "role", "seen"]

WITHIN = 0.2
"""Of a published mean or standard deviation: how far the population may be off."""

_Z = ndtri((np.arange(4000) + 0.5) / 4000)


@dataclass(frozen=True)
class Fit:
    """One marker in one stratum. ``role``: as `role` says."""

    marker: str
    stratum: Stratum
    unit: str
    role: str
    grade: str
    source: str
    mean: float
    sd: float
    own_mean: float
    own_sd: float

    @property
    def mean_ratio(self) -> float:
        """Simulated over published mean."""
        return self.own_mean / self.mean

    @property
    def sd_ratio(self) -> float:
        """Simulated over published standard deviation."""
        return self.own_sd / self.sd

    @property
    def within(self) -> bool:
        """Whether both are within `WITHIN`."""
        return max(abs(self.mean_ratio - 1.0), abs(self.sd_ratio - 1.0)) <= WITHIN


@dataclass(frozen=True)
class Seen:
    """A published correlation, its 95 % interval (Fisher), and the population's."""

    published: Correlation
    low: float
    high: float
    own: float


def moments(interval: Interval) -> tuple[float, float]:
    """Mean and standard deviation of the healthy people that an interval speaks of."""
    values = np.where(_Z >= 0, (interval.high / interval.centre), (interval.centre / interval.low))
    told = interval.centre * np.exp(_Z / 1.959963984540054 * np.log(values))
    return float(told.mean()), float(told.std())


@cache
def role(marker: str, stratum: Stratum) -> str:
    """What a marker is in a stratum.

    ``weighted``; ``ratio``; ``one-sided``; ``twin`` of an earlier marker of the same observable; ``off``, where the
    typical person is too far from what was published; ``unpublished``.
    """
    told = published(marker, stratum)
    if told is None:
        return "unpublished"
    if marker in weighted(stratum):
        return "weighted"
    if told.basis in (UPPER, LOWER):
        return "one-sided"
    if ":" in marker:
        return "ratio"
    return "off" if abs(told.z(typical(stratum)[marker])) > NEAR else "twin"


def fits(people: Population) -> Iterator[Fit]:
    """Every marker with a published two-sided distribution, in every stratum."""
    for group in people.groups:
        for m in sampled():
            kind = role(m.marker, group.stratum)
            told = published(m.marker, group.stratum)
            if told is None or kind == "one-sided":
                continue
            mean, sd = moments(told)
            own = group.first[m.marker]
            yield Fit(m.marker, group.stratum, m.unit, kind, told.grade, told.source, mean, sd, float(own.mean()),
                      float(own.std()))  # fmt: skip


def seen(people: Population) -> Iterator[Seen]:
    """Every published correlation of two markers of the population, all strata together."""
    names = {m.marker for m in sampled()}
    for c in correlations():
        other, _, again = c.b.partition(" ")
        if c.a not in names or other not in names:
            continue
        x = np.concatenate([g.first[c.a] for g in people.groups])
        y = np.concatenate([(g.again if again else g.first)[other] for g in people.groups])
        half = 1.96 / np.sqrt(max(c.n - 3, 1))
        low, high = np.tanh(np.arctanh(c.r) + np.array([-half, half]))
        yield Seen(c, float(low), float(high), float(np.corrcoef(np.log(x), np.log(y))[0, 1]))


def default_within() -> dict[str, tuple[float, Interval, bool]]:
    """Every marker with a published interval: the default person's value, the interval, whether it lies inside.

    The default person is a woman before the menopause. Of a one-sided limit only that side counts.
    """
    home = next(s for s in strata() if s.sex == "female" and s.low <= 35 < s.high)
    found = {}
    for m in sampled():
        told = published(m.marker, home)
        if told is not None:
            value = typical(home)[m.marker]
            above, below = value > told.high and told.basis != LOWER, value < told.low and told.basis != UPPER
            found[m.marker] = value, told, not (above or below)
    return found
