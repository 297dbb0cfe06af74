"""`eutone simulate`: from what was asked in words to the verb, the summary and the files."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eutone import _doses, _simulated, _terminal
from eutone._bands import bands_of
from eutone._errors import InputError
from eutone._loaded import Model, load
from eutone._model import WHOLE
from eutone._people import People
from eutone._rest import at_rest
from eutone._setup import MOST_TIMES, setup
from eutone._simulate import simulate
from eutone._streamed import form_of, simulate_to
from eutone._taking import taking
from eutone._time_unit import SECONDS
from eutone._written import first_people
from eutone.engine.status import Status

if TYPE_CHECKING:
    import xarray as xr

    from eutone.engine.dosing import Dose

__all__ = ["Request", "ids", "run", "settings_of", "times_of"]

_POINTS = 169  # times, if no step is asked for: every hour of a week
_SHOWN = 12  # quantities in the summary and the picture, unless they are named: a screen, or a page
_SUMMARISED = 10_000  # people whose bands are shown where more go to a folder: quantiles to some 2 % of a spread
_SUMMARISED_NUMBERS = 2**27  # and so many numbers of theirs at most: a gigabyte
_AFTER_SECONDS = 2.0  # of silence, then there is a bar


@dataclass(frozen=True)
class Request:
    """One command as it was typed: each attribute is the option of that name, None where it was left out.

    Attributes
    ----------
    model : str
    days, until, every : float or None
    people, seed, threads : int or None
    spread : float or None
    vary, wanted : str or None
        Ids between commas or spaces; those of ``vary`` may be patterns.
    set_, dose, take : sequence of str or None
    rest : bool
    rtol, atol : float
    csv, json, out, svg : str or None
        Paths; ``json`` may be ``-``.
    quiet : bool
    """

    model: str
    days: float | None
    until: float | None
    every: float | None
    people: int | None
    spread: float | None
    vary: str | None
    set_: Sequence[str] | None
    dose: Sequence[str] | None
    take: Sequence[str] | None
    wanted: str | None
    seed: int | None
    rest: bool
    rtol: float
    atol: float
    csv: str | None
    json: str | None
    out: str | None
    svg: str | None
    threads: int | None
    quiet: bool

    @property
    def files(self) -> dict[str, str]:
        """Where something goes, by option."""
        named = {f"--{name}": getattr(self, name) for name in ("csv", "json", "svg", "out")}
        return {option: path for option, path in named.items() if path is not None}

    @property
    def folder(self) -> str | None:
        """Where people go piece by piece, if they do."""
        return self.out if self.out is not None and Path(self.out).suffix.lower() != ".nc" else None


def ids(option: str, text: str | None) -> tuple[str, ...] | None:
    """Ids between commas or spaces, each once; None where the option was left out.

    Raises
    ------
    InputError
        If the option was given and names nothing.
    """
    if text is None:
        return None
    found = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if not found:
        raise InputError(f"{option} names nothing", hint="Name ids, or leave it out")
    return found


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
            raise InputError(f"--set '{item}' is not id=number", hint="Such as: --set V_TH=100 --set V_MAT=2000")
        if name in found:
            raise InputError(f"--set gives '{name}' twice", hint="Give it once")
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
        if model.network.seconds is None:
            raise InputError(
                f"{model.name} does not say in which unit it counts time, so days cannot be counted",
                hint="Say --until T, in the unit that the model means",
            )
        until = days * SECONDS["day"] / model.network.seconds
    if until is None or not 0 < until < math.inf:
        raise InputError(f"the end is {until:g}, and must lie after 0", hint="Say --days N or --until T")
    if every is None:
        begins = np.array([float(np.asarray(d.time)) for d in doses])
        ends = begins + np.array([float(np.asarray(d.duration)) for d in doses])
        edges = np.unique(np.concatenate([begins, ends]))
        return np.union1d(np.linspace(0.0, until, _POINTS), edges[edges <= until])
    if not 0 < every <= until or until / every > MOST_TIMES - 1:  # both ends are among them
        raise InputError(
            f"--every {every:g} does not fit an end at {until:g}",
            hint=f"It is the step from one time to the next, and there may be {MOST_TIMES:,} of them",
        )
    # 0.3 / 0.1 is 2.9999999999999996: what is whole but for rounding counts as whole
    times = every * np.arange(math.floor(until / every * (1 + 1e-12)) + 1)
    return times if math.isclose(times[-1], until) else np.append(times, until)


def run(request: Request) -> None:
    """Simulate as asked, print the summary and write the files; every path is checked before anything is computed.

    Raises
    ------
    EutoneError
        As the verbs do.
    """
    request = _completed(request)
    _check_files(request)
    with _terminal.progress(request.quiet, after=_AFTER_SECONDS) as advance:
        advance("reading the model", 0.0)
        model = load(request.model)
        given_by_drugs: list[Dose] = []
        settings, wanted = settings_of(request.set_ or ()), ids("--wanted", request.wanted)
        given = {text: _doses.parse(model.network, text) for text in request.dose or ()}
        doses = [dose for several in given.values() for dose in several]
        times = times_of(model, request.days, request.until, request.every, doses)
        for text, several in given.items():
            if min(float(np.asarray(dose.time)) for dose in several) > times[-1]:
                raise InputError(f"--dose '{text}' begins after the end, {times[-1]:g}", hint="Ask for a longer time")
        base = model
        if request.take:
            own = tuple(model.network.species)
            model, given_by_drugs, said = taking(model, request.take, float(times[-1]))
            wanted = wanted or own
            for line in said if not request.quiet else ():
                print(f"note: {line}", file=sys.stderr)  # noqa: T201
        names = setup(model, (), settings, [*doses, *given_by_drugs], wanted).wanted.names
        shown = names if request.wanted is not None else names[:_SHOWN]
        common = {
            "times": times, "doses": [*doses, *given_by_drugs], "set": settings, "rtol": request.rtol,
            "atol": request.atol, "threads": request.threads,
        }  # fmt: skip
        needed = names if any((request.csv, request.json, request.out and not request.folder)) else shown
        counts, courses = _computed(request, model, base, common, names, needed, _part(advance, 0.02, 0.8))
        bands = bands_of(
            courses,
            needed if request.json else shown,
            request.people,
            lambda done: advance("quantiles", 0.8 + 0.05 * done),
        )
        answer = _simulated.Answer(
            model, courses, bands, counts, settings, doses, names, shown, ids("--vary", request.vary), wanted,
            request.model == WHOLE,
        )  # fmt: skip
        _simulated.write(answer, request, _part(advance, 0.85, 1.0))
    _simulated.show(answer, request)


def _completed(request: Request) -> Request:
    """The same with numbers for what was left out; options that would change nothing are refused."""
    if request.people is None:
        for option in ("spread", "vary", "seed"):
            if getattr(request, option) is not None:
                raise InputError(
                    f"--{option} says how people differ, and there is one person",
                    hint="Say --people N, or leave it out",
                )
    if request.folder is not None and request.csv is not None:
        raise InputError("--csv and a folder would both hold every course", hint="Leave out --csv or --out")
    if request.folder is not None and request.rest:
        raise InputError(
            "--rest holds everybody in memory, and a folder is for more", hint="Leave out --rest, or write FILE.nc"
        )
    for name in ids("--vary", request.vary) or ():
        if name in settings_of(request.set_ or ()):
            raise InputError(f"'{name}' is set by --set, so that --vary changes nothing", hint="Leave out one of them")
    return replace(request, seed=request.seed or 0)


def _check_files(request: Request) -> None:
    """Make sure that every file, and the folder, can be written."""
    inputs = {}
    if _names_a_file(request.model):
        inputs[Path(request.model).resolve()] = "the model"
    paths = request.files
    if request.folder is not None:
        form_of(request.folder)
        folder = Path(request.folder)
        if folder.exists() and not folder.is_dir():
            raise InputError("is a file", file=str(folder), hint="Name a folder")
        paths["--out"] = str(folder / "part" if folder.is_dir() else folder)
    _terminal.check_paths(inputs, paths)


def _names_a_file(model: str) -> bool:
    try:
        return Path(model).is_file()
    except OSError:  # a name that is too long for the system
        return False


def _computed(
    request: Request,
    model: Model,
    base: Model,
    common: Mapping[str, Any],
    names: Sequence[str],
    needed: Sequence[str],
    advance: Callable[[str, float], None],
) -> tuple[Mapping[str, int], xr.Dataset]:
    """How many ended how, and the courses of ``needed``; of more people than memory holds those of the first.

    ``base`` is the model without what is taken, in which people rest.
    """
    drawn: dict[str, Any] = {"spread": request.spread, "seed": request.seed or 0, "only": ids("--vary", request.vary)}
    if request.folder is not None:
        who = {} if request.people is None else drawn
        progress = _part(advance, 0.0, 0.9)
        written = simulate_to(request.folder, model, request.people, wanted=names, progress=progress, **who, **common)
        advance("reading back", 0.9)
        fitting = max(1, _SUMMARISED_NUMBERS // (len(needed) * len(common["times"])))
        courses = first_people(request.folder, min(_SUMMARISED, fitting), needed)
        return written.counts, courses if request.people is not None else courses.isel(person=0, drop=True)
    people = None if request.people is None else model.sample(request.people, **drawn)
    if request.rest:
        people = _resting(base, people, common, request, _part(advance, 0.0, 0.4))
        # where a species was set to begin is in the totals of the rest, and would lead away from it
        moved = {name: value for name, value in common["set"].items() if name not in base.network.species}
        common = {**common, "set": moved}
        advance = _part(advance, 0.4, 1.0)
    courses = simulate(model, people, wanted=needed, progress=advance, **common)
    if request.people is None and people is not None:  # one person, who brings a start
        courses = courses.isel(person=0, drop=True)
    status = np.atleast_1d(courses["status"].values)
    return {s.name: int((status == s).sum()) for s in Status if (status == s).any()}, courses


def _resting(
    base: Model,
    people: People | None,
    common: Mapping[str, Any],
    request: Request,
    advance: Callable[[str, float], None],
) -> People:
    """The same people, who begin where ``base`` rests with what it has of them; of what is taken it has nothing."""
    its = {*base.network.parameters, *base.network.species}
    settings = {name: value for name, value in common["set"].items() if name in its}
    drawn = People((), np.empty((1, 0))) if people is None else people
    known = [k for k, name in enumerate(drawn.parameters) if name in its]
    own = [k for k, name in enumerate(drawn.parameters) if name not in its]
    resting, found = at_rest(base, _columns(drawn, known), set=settings, threads=request.threads, progress=advance)
    if not found.all() and not request.quiet:
        lost = f"{int((~found).sum()):,} of {len(found):,} people have no steady state and begin as without --rest"
        print(f"note: {lost}", file=sys.stderr)  # noqa: T201
    added = _columns(drawn, own)
    values = np.hstack([resting.values, added.values])
    return People((*resting.parameters, *added.parameters), values, drawn.seed, (*resting.spread, *added.spread))


def _columns(people: People, which: Sequence[int]) -> People:
    spread = tuple(people.spread[k] for k in which) if people.spread else ()
    return People(tuple(people.parameters[k] for k in which), people.values[:, which], people.seed, spread)


def _part(advance: Callable[[str, float], None], low: float, high: float) -> Callable[[str, float], None]:
    """Progress of a part that reaches from one share of the whole to another."""
    return lambda stage, done: advance(stage, low + (high - low) * done)
