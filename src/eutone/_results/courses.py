"""The JSON contract ``eutone.courses/1``: what ``eutone simulate --json`` writes. It changes only by adding.

What is unknown is ``null``: a band where nobody's course reaches, a unit that no source says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from eutone._results.contract import Model, finite

__all__ = ["COURSES_ID", "CourseBand", "CoursesResult", "numbers"]

COURSES_ID: Final = "eutone.courses/1"

Numbers = tuple[float | None, ...]
Count = Annotated[int, Field(ge=0)]


def numbers(values: Iterable[float]) -> Numbers:
    """An array as it enters the result: ``null`` where it is not a finite number."""
    return tuple(finite(float(value)) for value in values)


class CourseBand(Model):
    """One quantity over ``times``."""

    id: str
    unit: str | None
    median: Numbers
    low: Numbers
    """5 % quantile of the people whose course was found; the median where there is one person."""
    high: Numbers
    """95 % quantile."""


class CoursesResult(Model):
    """What many courses have in common, and all that was asked for."""

    schema_: Literal["eutone.courses/1"] = Field(default=COURSES_ID, alias="schema")
    model: str
    time_unit: str | None
    """``second``, ``minute``, ``hour`` or ``day``; null if the model does not say."""
    people: int | None
    """How many were asked for; null is the model as it stands."""
    spread: Annotated[float, Field(ge=0)] | dict[str, float] | None
    """Standard deviation of the ln of each parameter that varies, or of each by id; null for one person."""
    seed: Count
    settings: dict[str, float]
    """Parameters, and where species begin, for everybody."""
    doses: tuple[str, ...]
    rtol: float
    atol: float
    version: str
    status: dict[str, Count]
    """How many people ended how; only those who are ``CONVERGED`` are in the bands."""
    times: tuple[float, ...]
    quantities: tuple[CourseBand, ...]
    band_people: int | None = None
    """How many the bands are of: those who were looked at and have a course; null for one person."""
    vary: tuple[str, ...] | None = None
    """Ids and patterns of the parameters that differ between people; null if none were named: the usual ones do."""
    wanted: tuple[str, ...] | None = None
    """What was asked to be shown; null is every species."""
    take: tuple[str, ...] = ()
    """What is taken from time 0 on, as it was said."""
    rest: bool = False
    """Whether people begin in their own steady state, and not where the model does."""

    @model_validator(mode="after")
    def _as_long_as_times(self) -> Self:
        for band in self.quantities:
            if {len(band.median), len(band.low), len(band.high)} != {len(self.times)}:
                raise ValueError(f"the band of {band.id} has not one value for each of {len(self.times)} times")
        return self
