"""What many courses have in common: the median and the range between the 5 and 95 % quantiles, time by time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "Band", "Bands", "bands_of"]

LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Band:
    """One quantity over time: its id, its unit if one is known, and three arrays (n_times,)."""

    id: str
    unit: str | None
    low: NDArray[np.float64]
    median: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class Bands:
    """Several quantities over the same times.

    Attributes
    ----------
    times : array, (n_times,)
    time_unit : str or None
    people : int or None
        How many were looked at: those whose course was found. None for one person without spread.
    bands : tuple of Band
    """

    times: NDArray[np.float64]
    time_unit: str | None
    people: int | None
    bands: tuple[Band, ...]


def bands_of(courses: Any, names: Sequence[str]) -> Bands:
    """The bands of ``names`` in what `eutone.simulate` returns; who failed is left out."""
    many = "person" in courses.dims
    reached = np.flatnonzero(courses["status"].values == 0) if many else None
    found = []
    for name in names:
        values = courses[name].values
        if reached is None:
            low = median = high = values
        else:
            low, median, high = np.quantile(values[reached], LEVELS, axis=0)
        found.append(Band(name, courses[name].attrs.get("units"), low, median, high))
    count = None if reached is None else len(reached)
    return Bands(courses["time"].values, courses["time"].attrs.get("unit"), count, tuple(found))
