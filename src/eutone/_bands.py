"""What many courses have in common: the median and the range between the 5 and 95 % quantiles, time by time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "Band", "Bands", "bands_of"]

LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Band:
    """One quantity over time: its id, its unit if one is known, and three arrays (n_times,).

    ``healthy``: 2.5 and 97.5 % of healthy people, of any hour, where that is known.
    """

    id: str
    unit: str | None
    low: NDArray[np.float64]
    median: NDArray[np.float64]
    high: NDArray[np.float64]
    healthy: tuple[float, float] | None = None


@dataclass(frozen=True)
class Bands:
    """Several quantities over the same times.

    Attributes
    ----------
    times : array, (n_times,)
    time_unit : str or None
    people : int or None
        Whose courses the bands are of: those that were found. None for one person without spread.
    bands : tuple of Band
    looked, of : int or None
        How many people were looked at, and how many there are; those of ``people`` if not given.
    """

    times: NDArray[np.float64]
    time_unit: str | None
    people: int | None
    bands: tuple[Band, ...]
    looked: int | None = None
    of: int | None = None

    def who(self) -> str:
        """Whom the bands are of, in words: what a reader must know who does not see everybody."""
        if self.people is None:
            return "one person"
        looked = self.people if self.looked is None else self.looked
        first = "" if self.of is None or self.of == looked else f"the first {looked:,} of "
        lost = f", {looked - self.people:,} of them left out without a course" if looked > self.people else ""
        return f"{first}{self.of or looked:,} people{lost}"


def bands_of(
    courses: Any,
    names: Sequence[str],
    of: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> Bands:
    """The bands of ``names`` in what `eutone.simulate` returns; who failed is left out.

    Parameters
    ----------
    courses : xarray.Dataset
    names : sequence of str
    of : int, optional
        How many people there are, if these are only the first of them.
    progress : callable, optional
        Called with the share done.
    """
    many = "person" in courses.dims
    reached = np.flatnonzero(courses["status"].values == 0) if many else None
    found = []
    for k, name in enumerate(names):
        if progress is not None:
            progress(k / len(names))
        values = courses[name].values
        if reached is None:
            low = median = high = values
        else:
            with np.errstate(invalid="ignore"):  # between infinities lies no number
                low, median, high = np.quantile(values[reached], LEVELS, axis=0)
        found.append(Band(name, courses[name].attrs.get("units"), low, median, high))
    count = None if reached is None else len(reached)
    looked = None if reached is None else courses.sizes["person"]
    return Bands(courses["time"].values, courses["time"].attrs.get("unit"), count, tuple(found), looked, of or looked)
