"""How a drug's level runs once its doses have added up: absorption and decline, both first order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone.body._treatment import absorption_of

__all__ = ["Course", "blocked", "days_of"]

Array = NDArray[np.float64]

_MOST_DAYS = 28
_LONG = 700.0  # e-folds in which everything is gone


@dataclass(frozen=True)
class Course:
    """First-order stages: rates per hour of absorption (None: a dose is there at once) and of decline."""

    absorption: float | None
    decline: float

    @classmethod
    def of(cls, half_time: float, peak: float) -> Course:
        """From the half-time of decline and the hour of the peak."""
        decline = math.log(2.0) / half_time
        return cls(math.log(2.0) / absorption_of(peak, half_time) if peak else None, decline)

    def after(self, hours: Array, every: float | None = None) -> Array:
        """What of one dose of 1 leaves in an hour, ``hours`` after it; repeated for ever where ``every`` is given."""

        def sum_of(rate: float) -> Array:
            scale = 1.0 if every is None else -1.0 / math.expm1(-min(rate * every, _LONG))
            return np.exp(-np.minimum(rate * hours, _LONG)) * scale

        e, a = self.decline, self.absorption
        if a is None:
            return e * sum_of(e)
        a = a if abs(a / e - 1) > 1e-6 else a * (1 + 1e-6)
        return a * e / (a - e) * (sum_of(e) - sum_of(a))

    def ratio(self, hours: float, every: float | None) -> float:
        """How many times its daily mean the level is; of one dose, not repeated, that of one a day."""
        at = np.array([hours if every is None else math.fmod(hours, every)])
        return float(self.after(at, every)[0]) * (every or 24.0)

    def orbit(self, times: Array, clock: Sequence[float], period: float) -> Array:
        """The level over its mean at ``times``, doses at the hours ``clock`` of each period for ever."""
        parts = [self.after(np.mod(times - hour, period), period) for hour in clock]
        return np.asarray(np.mean(parts, axis=0) * period)


def days_of(intervals: Sequence[float]) -> int:
    """After how many days all doses stand as they stood; at most four weeks."""
    for days in range(1, _MOST_DAYS + 1):
        if all(abs(24.0 * days / every - round(24.0 * days / every)) < 1e-6 for every in intervals):
            return days
    return _MOST_DAYS


def blocked(losses: Array, renewal: float, step: float) -> Array:
    """Share of an enzyme that is blocked, at the times of ``losses`` (1/h), round and round.

    ``d left/dt = renewal (1 - left) - losses left``, with losses constant through each step.
    """
    rate = losses + renewal
    keep = np.exp(-rate * step)
    rest = renewal / rate
    mean = -np.expm1(-rate * step) / (rate * step)  # of exp over a step
    whole, begin = np.prod(keep), 0.0
    for k, r in zip(keep, rest, strict=True):
        begin = r + (begin - r) * k
    left, found = begin / (1.0 - whole), np.empty_like(rest)
    for i, (k, r, m) in enumerate(zip(keep, rest, mean, strict=True)):
        found[i] = 1.0 - (r + (left - r) * m)
        left = r + (left - r) * k
    return found
