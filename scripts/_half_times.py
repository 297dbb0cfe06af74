"""How long something takes to fall by half, from its values at some times."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["half_time"]

Array = NDArray[np.float64]


def half_time(times: Array, values: Array) -> float:
    """Time from ``times[0]`` until ``values`` are half of what they were there, by lines between them; nan if never."""
    below = np.flatnonzero(values < values[0] / 2)
    if not len(below):
        return math.nan
    j = int(below[0])
    share = (values[j - 1] - values[0] / 2) / (values[j - 1] - values[j])
    return float(times[j - 1] + share * (times[j] - times[j - 1]) - times[0])
