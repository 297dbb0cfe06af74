"""What the command line does around `simulate`: times and settings from words, the summary, the files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eutone import _doses, _terminal
from eutone._bands import Bands, bands_of
from eutone._errors import InputError
from eutone._loaded import Model, load
from eutone._results import write_atomic
from eutone._simulate import simulate
from eutone._streamed import form_of, simulate_to
from eutone._time_unit import SECONDS
from eutone.engine.status import Status

if TYPE_CHECKING:
    import xarray as xr

    from eutone.engine.dosing import Dose

__all__ = ["Request", "run", "settings_of", "times_of"]

_POINTS = 169
_SHOWN = 12  # quantities in the summary and the picture, unless they are named
_SUMMARISED = 10_000  # people, where more are written to a folder
_AFTER_SECONDS = 2.0


@dataclass(frozen=True)
class Request:
    """One command, read.

    Attributes
    ----------
    model : str
    people : int or None
    spread : float
    vary : tuple of str
        Ids or patterns; empty for all.
    settings : dict of str to float
    doses : tuple of str
    wanted : tuple of str or None
    seed, threads, rtol, atol
        As `eutone.simulate`.
    days, until, every : float or None
    csv, json, out, svg : str or None
        Paths; ``json`` may be ``-``.
    quiet : bool
    """

    model: str
    people: int | None
    spread: float
    vary: tuple[str, ...]
    settings: dict[str, float]
    doses: tuple[str, ...]
    wanted: tuple[str, ...] | None
    seed: int
    threads: int | None
    rtol: float
    atol: float
    days: float | None
    until: float | None
    every: float | None
    csv: str | None
    json: str | None
    out: str | None
    svg: str | None
    quiet: bool


def settings_of(items: Sequence[str]) -> dict[str, float]:
    """``id=value`` items as a mapping.

    Raises
    ------
    InputError
        If one is no such thing, or an id is set twice.
    """
    found: dict[str, float] = {}
    for item in items:
        name, equals, text = (part.strip() for part in item.partition("="))
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (name and equals and math.isfinite(value)):
            raise InputError(f"--set '{item}' is not id=number", hint="Such as: --set V_TH=100")
        if name in found:
            raise InputError(f"--set gives '{name}' twice")
        found[name] = value
    return found


def times_of(
    model: Model, days: float | None, until: float | None, every: float | None, doses: Sequence[Dose] = ()
) -> np.ndarray[Any, Any]:
    """From ``--days`` or ``--until``, and ``--every``: the times in the model's own unit.

    Without ``--every`` they are evenly spaced, and those at which a dose begins or ends are among them.

    Raises
    ------
    InputError
        If there is no end or two, one is impossible, or days are asked of a model that does not say its unit.
    """
    if (days is None) == (until is None):
        raise InputError("how long is not said" if days is None else "--days and --until are both given",
                         hint="Say --days N, or --until T in the model's own unit of time")  # fmt: skip
    if days is not None:
        if model.time_unit is None:
            raise InputError(
                f"{model.name} does not say in which unit it counts time, so days cannot be counted",
                hint="Say --until T, in the unit that the model means",
            )
        until = days * SECONDS["day"] / SECONDS[model.time_unit]
    if until is None or not 0 < until < math.inf:
        raise InputError("the end must lie after 0", hint="Say --days N or --until T")
    if every is None:
        begins = np.array([float(np.asarray(d.time)) for d in doses])
        ends = begins + np.array([float(np.asarray(d.duration)) for d in doses])
        edges = np.unique(np.concatenate([begins, ends]))
        return np.union1d(np.linspace(0.0, until, _POINTS), edges[edges <= until])
    if not 0 < every <= until or until / every > 1e7:
        raise InputError(f"--every {every:g} does not fit an end at {until:g}", hint="It is a step between two times")
    times = every * np.arange(math.floor(until / every * (1 + 1e-12)) + 1)
    return times if math.isclose(times[-1], until) else np.append(times, until)


def run(request: Request) -> None:
    """Simulate as asked, print the summary and write the files; every path is checked before anything is computed.

    Raises
    ------
    EutoneError
        As the verbs do.
    """
    folder = request.out is not None and Path(request.out).suffix.lower() != ".nc"
    _terminal.check_paths(
        {Path(request.model).resolve(): "the model"} if Path(request.model).is_file() else {},
        {"--csv": request.csv, "--json": request.json, "--svg": request.svg, "--out": None if folder else request.out},
    )
    if folder and request.out is not None:
        _check_folder(Path(request.out))
    model = load(request.model)
    given = _doses.doses_of(model.network, list(request.doses))
    times = times_of(model, request.days, request.until, request.every, given)
    people = request.people
    only = request.vary or None
    common: dict[str, Any] = {
        "times": times, "doses": given, "set": request.settings, "wanted": request.wanted, "rtol": request.rtol,
        "atol": request.atol, "threads": request.threads,
    }  # fmt: skip
    counts: Mapping[str, int] | None = None
    with _terminal.progress(request.quiet, after=_AFTER_SECONDS) as advance:
        if folder and request.out is not None:
            written = simulate_to(
                request.out, model, people or 1, spread=request.spread if people else 0.0, only=only,
                seed=request.seed, progress=advance, **common,
            )  # fmt: skip
            counts, people = written.counts, None if people is None else min(people, _SUMMARISED)
        who = None if people is None else model.sample(people, request.spread, request.seed, only)
        courses = simulate(model, who, progress=advance, **common)
    names = [str(name) for name in courses.data_vars if name not in ("status", "steps")]
    shown = names if request.wanted is not None else names[:_SHOWN]
    bands = bands_of(courses, shown)
    counts = counts or _counted(courses)
    if request.csv:
        table = courses.drop_vars(["status", "steps"], errors="ignore").to_dataframe().to_csv(lineterminator="\n")
        write_atomic(Path(request.csv).resolve(), table.encode())
    if request.out and not folder:
        write_atomic(Path(request.out).resolve(), lambda path: courses.to_netcdf(path, engine="h5netcdf"))
    if request.svg:
        write_atomic(Path(request.svg).resolve(), _picture(model, bands, given, request).encode())
    if request.json:
        _terminal.put(
            request.json, json.dumps(_json(model, bands_of(courses, names), counts, request), indent=1) + "\n"
        )
    files = any((request.csv, request.json, request.out, request.svg))
    if not (request.quiet and files):
        _terminal.courses(_headline(model, bands, counts, request), bands, len(names) - len(shown),
                          to_error=request.json == "-")  # fmt: skip
    failed = sum(counts.values()) - counts.get(Status.CONVERGED.name, 0)
    if failed and not request.quiet:
        ends = ", ".join(f"{number:,} {name}" for name, number in counts.items() if name != Status.CONVERGED.name)
        _terminal.notes([f"{failed:,} of {sum(counts.values()):,} people have no course: {ends}"])


def _check_folder(folder: Path) -> None:
    form_of(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file", file=str(folder), hint="Name a folder")
    _terminal.check_paths({}, {"--out": str(folder / "part") if folder.is_dir() else str(folder)})


def _counted(courses: xr.Dataset) -> dict[str, int]:
    status = np.atleast_1d(courses["status"].values)
    return {s.name: int((status == s).sum()) for s in Status if (status == s).any()}


def _headline(model: Model, bands: Bands, counts: Mapping[str, int], request: Request) -> str:
    total = sum(counts.values())
    unit = f" {model.time_unit}s" if model.time_unit else ""
    who = "one person" if request.people is None else f"{total:,} people, seed {request.seed}"
    some = f" (summary of the first {bands.people:,})" if bands.people is not None and bands.people < total else ""
    return f"{model.name}: {who}{some}, 0 to {bands.times[-1]:g}{unit}"


def _picture(model: Model, bands: Bands, given: Sequence[Dose], request: Request) -> str:
    from eutone.report import bands as picture

    marks = [(dose.target, float(np.asarray(dose.time))) for dose in given]
    said = ", ".join([f"{name} = {value:g}" for name, value in request.settings.items()])
    return picture.draw(bands, f"{model.name}{': ' + said if said else ''}", doses=marks)


def _json(model: Model, bands: Bands, counts: Mapping[str, int], request: Request) -> dict[str, Any]:
    from eutone import __version__

    def numbers(values: np.ndarray[Any, Any]) -> list[float | None]:
        return [float(v) if math.isfinite(v) else None for v in values]

    return {
        "schema": "eutone.courses/1",
        "model": model.name,
        "time_unit": model.time_unit,
        "people": request.people,
        "spread": None if request.people is None else request.spread,
        "seed": request.seed,
        "settings": request.settings,
        "doses": list(request.doses),
        "rtol": request.rtol,
        "atol": request.atol,
        "version": __version__,
        "status": dict(counts),
        "times": numbers(bands.times),
        "quantities": [
            {
                "id": band.id,
                "unit": band.unit,
                "median": numbers(band.median),
                "low": numbers(band.low),
                "high": numbers(band.high),
            }
            for band in bands.bands
        ],
    }
