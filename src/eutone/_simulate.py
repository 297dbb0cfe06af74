"""`simulate` and `steady_state`: a model and people in, courses or states at rest out, as labelled arrays."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import SolveError, StoppedError
from eutone._loaded import Model, load
from eutone._memory import fits
from eutone._setup import Setup, checked_times, people_of, setup
from eutone.engine.observe import observe
from eutone.engine.pieces import attributes_of
from eutone.engine.status import Status

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from eutone._people import People
    from eutone.engine.chunks import Stop


__all__ = ["simulate", "steady_state"]

Array = NDArray[np.float64]

_COMPILED, _SOLVED = 0.05, 0.95  # of the whole, when it is compiled and when it is solved: about so for many people


def simulate(
    model: Model | str | Path,
    people: People | Mapping[str, ArrayLike] | int | None = None,
    times: ArrayLike = range(169),
    doses: object = (),
    *,
    set: Mapping[str, float] | None = None,  # noqa: A002
    wanted: str | Sequence[str] | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_steps: int = 100_000,
    threads: int | None = None,
    progress: Callable[[str, float], object] | None = None,
    stop: Stop | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """How a model changes over time, for one person or many.

    Parameters
    ----------
    model : Model, or what `eutone.load` takes
    people : People, mapping, data frame, int or None
        Who: what ``model.sample`` draws; columns by id; or a number, for ``model.sample(number, seed=seed)``. None
        is the model as it stands, and the result then has no ``person``.
    times : array
        Increasing, from 0 on, in the model's own unit of time.
    doses : text, or what ``model.dose`` makes, or a sequence of these
        ``"TARGET AMOUNT at T [for D] [every E x COUNT]"``. At the time of a dose the state is the one after it.
    set : mapping, optional
        Parameters, and values that species begin with, for everybody: it goes before what people bring. What other
        species begin with follows parameters, not what a species is set to.
    wanted : str or sequence of str, optional
        Species, rules, reactions (their rates) and parameters, by id. Every species if not given; every rule of a model
        that has no species.
    rtol, atol : float
        Error allowed in a step: ``atol + rtol |x|``.
    max_steps : int
        Before a person is given up.
    threads : int, optional
        All available processors by default. The answer does not depend on it.
    progress : callable, optional
        Called with the name of the stage and the share done.
    stop : object with ``is_set()``, optional
        Once it is set there is a `StoppedError` instead of a result.
    seed : int
        Of the people, where ``people`` is a number.

    Returns
    -------
    xarray.Dataset
        One variable (person, time) for each of ``wanted``; ``status`` (person), 0 where every time was reached (else a
        `Status`, and values are not numbers from where it failed); ``steps`` (person).

    Raises
    ------
    InputError, ModelError
        If something that was asked for is not in the model, or impossible.
    SolveError
        If nobody's course could be computed.
    StoppedError
        If ``stop`` was set.
    """
    from eutone.engine.course import compile_course, solve_course

    at = checked_times(times, rtol, atol)
    model, who, table, asked = _prepared(model, people, seed, set, doses, wanted)
    fits(len(table) * at.size * (len(asked.wanted.species) + len(asked.wanted.formulas)))
    tell = progress or (lambda _stage, _share: None)
    parameters = asked.parameters(table)
    if model.network.species:
        tell("compiling", 0.0)
        code = compile_course(model.network, asked.free, infused=asked.infused)
        found = solve_course(
            code,
            parameters,
            at,
            doses=asked.doses,
            start=asked.start(table),
            wanted=asked.wanted.species,
            rtol=rtol,
            atol=atol,
            max_steps=max_steps,
            threads=threads,
            stop=stop,
            progress=lambda done, n: tell("integrating", min(_SOLVED, _COMPILED + (_SOLVED - _COMPILED) * done / n)),
        )
        states, status, steps = found.states, found.status, found.steps
    else:  # rules alone, of time and parameters: there is nothing to integrate
        states = np.empty((len(table), at.size, 0))
        status, steps = np.zeros(len(table), np.int8), np.zeros(len(table), np.int32)
    _answered(status, stop)
    tell("laying out", _SOLVED)
    columns = observe(model.network, asked.wanted, at, states, asked.free, parameters, asked.doses)
    attributes = {"rtol": rtol, "atol": atol} | _doses_said(asked)
    return _dataset(model, asked.wanted.names, columns, status, steps, who, at, attributes)


def steady_state(
    model: Model | str | Path,
    people: People | Mapping[str, ArrayLike] | int | None = None,
    *,
    set: Mapping[str, float] | None = None,  # noqa: A002
    wanted: str | Sequence[str] | None = None,
    check: float = 0.01,
    threads: int | None = None,
    progress: Callable[[str, float], object] | None = None,
    stop: Stop | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """Where a model comes to rest, for one person or many.

    Parameters
    ----------
    model, people, set, wanted, threads, progress, stop, seed
        As in `simulate`. Species begin, and conserved totals are fixed, by the start.
    check : float
        Share of people for whom it is confirmed, by integration, that their start runs to the state found.

    Returns
    -------
    xarray.Dataset
        One variable (person) for each of ``wanted``, not a number where there is no answer; ``status`` (person), 0 for
        an answer, else a `Status`; ``steps`` (person).

    Raises
    ------
    InputError, ModelError, SolveError, StoppedError
        As `simulate`; ModelError also if the model depends on time.
    """
    from eutone.engine.compile import compile_network
    from eutone.engine.steady import solve_steady

    model, who, table, asked = _prepared(model, people, seed, set, (), wanted)
    tell = progress or (lambda _stage, _share: None)
    tell("compiling", 0.0)
    others = tuple(asked.wanted.formulas)
    compiled = compile_network(model.network, asked.free, others)
    found = solve_steady(
        compiled,
        asked.parameters(table),
        start=asked.start(table),
        threads=threads,
        check=check,
        stop=stop,
        progress=lambda done, n: tell("solving", min(_SOLVED, _COMPILED + (_SOLVED - _COMPILED) * done / n)),
    )
    _answered(found.status, stop)
    names = asked.wanted.names
    columns = [
        found.observables[:, others.index(name)] if name in others else found.states[:, found.species.index(name)]
        for name in names
    ]
    columns = [np.where(found.converged, column, np.nan) for column in columns]
    attributes = {"checked": found.checked, "disagreed": found.disagreed}
    return _dataset(model, names, columns, found.status, found.iterations, who, None, attributes)


def _prepared(
    model: Model | str | Path,
    people: object,
    seed: int,
    fixed: Mapping[str, float] | None,
    doses: object,
    wanted: str | Sequence[str] | None,
) -> tuple[Model, People | None, Array, Setup]:
    """The model, the people, their values (n, n_varied), one row without columns where nobody differs, and the rest."""
    model = load(model)
    who = people_of(model, people, seed)
    table = np.empty((1, 0)) if who is None else who.values
    return model, who, table, setup(model, () if who is None else who.parameters, fixed, doses, wanted)


def _answered(status: NDArray[np.int8], stop: Stop | None) -> None:
    if stop is not None and stop.is_set():
        raise StoppedError(f"stopped as asked ({int((status != Status.STOPPED).sum())} of {len(status)} were done)")
    if (status != Status.CONVERGED).all():
        ends = ", ".join(f"{int((status == s).sum())} {s.name}" for s in Status if (status == s).any())
        raise SolveError(f"nobody's numbers could be found: {ends}. Check what is set, given and varied")


def _doses_said(asked: Setup) -> dict[str, str]:
    said = [
        f"{dose.target} {amount:g} at {time:g}" + (f" for {duration:g}" if duration else "")
        for dose in asked.doses
        for time, amount, duration in [np.broadcast_arrays(dose.time, dose.amount, dose.duration)]
        if time.ndim == 0
    ]
    settings = {"doses": "; ".join(said)} if said else {}
    if len(said) < len(asked.doses):
        settings["doses_per_person"] = str(len(asked.doses) - len(said))
    return settings


def _dataset(
    model: Model,
    names: Sequence[str],
    columns: Sequence[Array],
    status: NDArray[np.int8],
    steps: NDArray[np.int32],
    who: People | None,
    at: Array | None,
    attributes: Mapping[str, Any],
) -> xr.Dataset:
    import xarray as xr

    from eutone import __version__

    person = () if who is None else ("person",)
    one = 0 if who is None else slice(None)
    dims = person if at is None else (*person, "time")
    units = {**model.units} | ({} if model.time_unit is None else {"time": model.time_unit})
    variables: dict[str, Any] = {
        name: (dims, column[one], attributes_of(name, units)) for name, column in zip(names, columns, strict=True)
    }
    variables |= {"status": (person, status[one], attributes_of("status", units)), "steps": (person, steps[one])}
    coordinates: dict[str, Any] = {} if at is None else {"time": ("time", at, attributes_of("time", units))}
    if who is not None:
        coordinates["person"] = np.arange(len(who))
    described = {"model": model.name, **attributes, "eutone": __version__, "python": platform.python_version()}
    if who is not None:
        described["varied"] = " ".join(who.parameters)
        if who.seed is not None:
            described |= {"seed": who.seed, "spread": who.spread[0] if len({*who.spread}) == 1 else list(who.spread)}
    return xr.Dataset(variables, coordinates, described)
