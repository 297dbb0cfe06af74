"""What `eutone simulate` found, as files and on the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eutone import _terminal
from eutone._bands import Bands
from eutone._loaded import Model
from eutone._results import CourseBand, CoursesResult, numbers, write_atomic
from eutone._time_unit import plural
from eutone.engine.status import Status
from eutone.population import span_of

if TYPE_CHECKING:
    import xarray as xr

    from eutone._simulating import Request
    from eutone.engine.dosing import Dose

__all__ = ["Answer", "show", "write"]

_ROWS = 2**17  # of CSV at a time: little memory, and progress is seen


@dataclass(frozen=True)
class Answer:
    """What was found.

    Attributes
    ----------
    model : Model
    courses : xarray.Dataset
        Of everybody who is looked at.
    bands : Bands
        Of what is shown, or of everything where the JSON holds it.
    counts : mapping of str to int
        How many ended how, of all people.
    settings : mapping of str to float
    doses : sequence of Dose
    names, shown : sequence of str
        What was asked for, and what of it is shown.
    vary, wanted : tuple of str or None
        As they were named, if they were.
    whole : bool
        Whether the model is the whole person, of whom healthy ranges are known.
    """

    model: Model
    courses: xr.Dataset
    bands: Bands
    counts: Mapping[str, int]
    settings: Mapping[str, float]
    doses: Sequence[Dose]
    names: Sequence[str]
    shown: Sequence[str]
    vary: tuple[str, ...] | None
    wanted: tuple[str, ...] | None
    whole: bool

    def of_shown(self) -> Bands:
        """The bands of what is shown."""
        return replace(self.bands, bands=self.bands.bands[: len(self.shown)])


def write(answer: Answer, request: Request, advance: Callable[[str, float], None]) -> None:
    """Write the files that were asked for; every file whole or not at all."""
    if request.csv:
        write_atomic(
            Path(request.csv).resolve(),
            lambda path: _csv(answer.courses, path, lambda done: advance("writing CSV", 0.6 * done)),
        )
    if request.out and not request.folder:
        advance("writing NetCDF", 0.6)
        write_atomic(Path(request.out).resolve(), lambda path: answer.courses.to_netcdf(path, engine="h5netcdf"))
    if request.svg:
        advance("drawing", 0.8)
        write_atomic(Path(request.svg).resolve(), _picture(answer).encode())
    if request.json:
        advance("writing JSON", 0.9)
        _terminal.put(request.json, json.dumps(_json(answer, request), indent=1) + "\n")


def show(answer: Answer, request: Request) -> None:
    """Print the summary, and who has no course."""
    if request.quiet and request.files:
        return
    bands, total = answer.of_shown(), sum(answer.counts.values())
    seed = "" if request.people is None else f", seed {request.seed}"
    headline = f"{answer.model.name}: {bands.who()}{seed}, 0 to {bands.times[-1]:g} {plural(bands.time_unit)}"
    more = len(answer.names) - len(answer.shown)
    _terminal.courses(headline, bands, more, to_error=request.json == "-")
    failed = {name: number for name, number in answer.counts.items() if name != Status.CONVERGED.name}
    if failed and not request.quiet:
        ends = ", ".join(f"{number:,} {name}" for name, number in failed.items())
        _terminal.notes([f"{sum(failed.values()):,} of {total:,} people have no course: {ends}"])


def _csv(courses: xr.Dataset, path: Path, tell: Callable[[float], None]) -> None:
    """A row for each person and time."""
    table = courses.drop_vars(["status", "steps"])
    people = courses.sizes.get("person", 1)
    size = max(1, _ROWS // courses.sizes["time"])
    with path.open("w", encoding="utf-8", newline="") as file:
        for low in range(0, people, size):
            tell(low / people)
            part = table.isel(person=slice(low, low + size)) if "person" in table.dims else table
            part.to_dataframe().to_csv(file, header=low == 0, lineterminator="\n")


def _picture(answer: Answer) -> str:
    from eutone.report import bands as picture

    marks = [(dose.target, float(np.asarray(dose.time))) for dose in answer.doses]
    said = ", ".join(f"{name} = {value:g}" for name, value in answer.settings.items())
    title = f"{answer.model.name}{': ' + said if said else ''}"
    return picture.draw(_healthy(answer), title, doses=marks, more=len(answer.names) - len(answer.shown))


def _healthy(answer: Answer) -> Bands:
    """The bands that are shown, in the whole person with the ranges of the default person's age and sex."""
    bands = answer.of_shown()
    if answer.whole:
        bands = replace(bands, bands=tuple(replace(b, healthy=span_of(b.id)) for b in bands.bands))
    return bands


def _json(answer: Answer, request: Request) -> dict[str, Any]:
    from eutone import __version__

    bands, model = answer.bands, answer.model
    spread = model.usual_spread if request.spread is None else request.spread
    if isinstance(spread, dict) and answer.vary is not None:  # of those that vary
        spread = {name: value for name, value in spread.items() if any(fnmatchcase(name, p) for p in answer.vary)}
    result = CoursesResult(
        model=model.name,
        time_unit=model.time_unit,
        people=request.people,
        band_people=bands.people,
        spread=None if request.people is None else spread,
        seed=request.seed or 0,
        vary=answer.vary,
        wanted=answer.wanted,
        take=tuple(request.take or ()),
        rest=request.rest,
        settings=dict(answer.settings),
        doses=tuple(request.dose or ()),
        rtol=request.rtol,
        atol=request.atol,
        version=__version__,
        status=dict(answer.counts),
        times=tuple(bands.times.tolist()),
        quantities=tuple(
            CourseBand(
                id=band.id,
                unit=band.unit,
                median=numbers(band.median),
                low=numbers(band.low),
                high=numbers(band.high),
            )
            for band in bands.bands
        ),
    )
    found: dict[str, Any] = result.model_dump(mode="json", by_alias=True)
    return found
