"""How long something takes to fall, from its values at some times."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["first_passage", "half_time"]

Array = NDArray[np.float64]


def first_passage(times: Array, values: Array, level: float) -> float | None:
    """When ``values``, from ``times[0]`` on, are first below ``level``, by lines between them; None if above at no time.

    Returns infinity if they never fall below it.
    """
    if values[0] < level:
        return None
    below = np.flatnonzero(values < level)
    if not len(below):
        return math.inf
    j = int(below[0])
    share = (values[j - 1] - level) / (values[j - 1] - values[j])
    return float(times[j - 1] + share * (times[j] - times[j - 1]))


def half_time(times: Array, values: Array) -> float:
    """Time from ``times[0]`` until ``values`` are half of what they were there."""
    passed = first_passage(times, values, values[0] / 2)
    return math.nan if passed is None else passed - float(times[0])
