"""`simulate_to`: a model and more people than memory holds, written into a folder piece by piece."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import InputError
from eutone._loaded import Model, load
from eutone._people import People
from eutone._setup import checked_times, people_of, setup

if TYPE_CHECKING:
    from eutone.engine.chunks import Stop
    from eutone.engine.stream import Streamed

__all__ = ["form_of", "simulate_to"]

_SUFFIXES = {".parquet": "parquet", ".zarr": "zarr", ".npz": "npz"}


def form_of(folder: str | Path) -> str:
    """The form that the name of a folder says: ``parquet``, ``zarr`` or ``npz``. What ends with ``.nc`` is one file.

    Raises
    ------
    InputError
        If it says none.
    """
    suffix = Path(folder).suffix.lower()
    if suffix == ".nc":
        raise InputError(
            "a NetCDF file holds what fits into memory",
            file=str(folder),
            hint=f"eutone.simulate(...).to_netcdf(...) writes one; for any number of people, a folder that ends with "
            f"{', '.join(_SUFFIXES)}",
        )
    if suffix not in _SUFFIXES:
        raise InputError("does not say its form", file=str(folder), hint=f"End it with {', '.join(_SUFFIXES)}")
    return _SUFFIXES[suffix]


def simulate_to(
    folder: str | Path,
    model: Model | str | Path,
    people: People | Mapping[str, ArrayLike] | int | None,
    times: ArrayLike = range(169),
    doses: object = (),
    *,
    spread: float | Mapping[str, float] | None = None,
    only: str | Sequence[str] | None = None,
    set: Mapping[str, float] | None = None,  # noqa: A002
    wanted: str | Sequence[str] | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_steps: int = 100_000,
    dtype: str = "float64",
    piece: int | None = None,
    threads: int | None = None,
    progress: Callable[[str, float], object] | None = None,
    stop: Stop | None = None,
    seed: int = 0,
) -> Streamed:
    """As `simulate`, for any number of people: into a folder, in memory that does not grow with them.

    The numbers are those of `simulate` with ``model.sample(people, spread, seed, only)``, whatever the pieces. A call
    that was ended (Ctrl-C, a kill, a full disk) is repeated as it was, and goes on where whole pieces end, to the same
    bytes.

    Parameters
    ----------
    folder : path
        Its ending says the form: ``.npz``, ``.parquet`` or ``.zarr`` (these two need ``eutone[stream]``).
        `eutone.engine.stream` says what lies in it.
    people : int, People, mapping, data frame or None
        Who, as `simulate` takes them; a number is drawn piece by piece.
    spread, only, seed
        As ``Model.sample``, where ``people`` is a number; not to be given otherwise.
    dtype : str
        ``float64`` or ``float32``, on disk.
    piece : int, optional
        People at a time; if not given, as many as fit 256 MiB or an eighth of what memory this process may have, and
        16,384 at most. It changes no number.
    model, times, doses, set, wanted, rtol, atol, max_steps, threads, progress, stop
        As `simulate`.

    Returns
    -------
    Streamed
        The folder, and how many people ended how.

    Raises
    ------
    InputError
        If the folder holds something else, is being written by somebody else or cannot be written, or something asked
        for is impossible.
    ModelError
        As `simulate`.
    StoppedError
        If ``stop`` was set. It says how many people are whole, as Ctrl-C does (in a note of the KeyboardInterrupt).
    """
    from eutone import __version__
    from eutone.engine.course import compile_course
    from eutone.engine.stream import stream_course

    model, form, at = load(model), form_of(folder), checked_times(times, rtol, atol)
    who = _who(model, people, spread, only, seed)
    asked = setup(model, who.varied, set, doses, wanted)
    key = repr((__version__, who.varied, who.key, sorted(asked.fixed.items())))
    tell = progress or (lambda _stage, _share: None)
    tell("compiling", 0.0)
    code = compile_course(model.network, asked.free, infused=asked.infused)

    def draw(low: int, high: int) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        table = who.rows(low, high)
        return asked.parameters(table), asked.start(table)

    shown = {*asked.wanted.names, *asked.free}
    units = {name: unit for name, unit in model.units.items() if name in shown}
    return stream_course(
        code,
        draw,
        who.n,
        at,
        folder,
        key=hashlib.sha256(key.encode()).hexdigest(),
        form=form,
        piece=piece,
        dtype=dtype,
        wanted=asked.wanted.names,
        doses=asked.doses,
        units=units | ({} if model.time_unit is None else {"time": model.time_unit}),
        about={"model": model.name, "seed": who.seed, "eutone": __version__},
        rtol=rtol,
        atol=atol,
        max_steps=max_steps,
        threads=threads,
        stop=stop,
        progress=lambda done, of: tell("integrating", done / of),
    )


@dataclass(frozen=True)
class _Who:
    """How many people, what differs between them, their rows from one number to another, and what these depend on."""

    n: int
    varied: tuple[str, ...]
    rows: Callable[[int, int], NDArray[np.float64]]
    key: str
    seed: int | None


def _who(
    model: Model,
    people: object,
    spread: float | Mapping[str, float] | None,
    only: str | Sequence[str] | None,
    seed: int,
) -> _Who:
    if isinstance(people, int | np.integer) and not isinstance(people, bool):
        if people < 1:
            raise InputError(f"{people} people cannot be drawn", hint="Ask for one at least")
        drawn = model.variation(spread, seed, only)
        key = repr((drawn.seed, drawn.parameters, drawn.centre.tolist(), drawn.spread.tolist()))
        return _Who(int(people), drawn.parameters, drawn.draw, key, drawn.seed)
    found = people_of(model, people, seed)
    if spread is not None or only is not None:
        raise InputError("the people are given, so that nothing is drawn", hint="Leave out 'spread' and 'only'")
    given = People((), np.empty((1, 0))) if found is None else found
    key = hashlib.sha256(given.values.tobytes()).hexdigest()
    return _Who(len(given), given.parameters, lambda low, high: given.values[low:high], key, given.seed)
