"""`simulate_to`: a model and more people than memory holds, written into a folder piece by piece."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import InputError
from eutone._loaded import Model, load
from eutone._people import People
from eutone._setup import checked_times, setup

if TYPE_CHECKING:
    from eutone.engine.chunks import Stop
    from eutone.engine.stream import Streamed

__all__ = ["form_of", "simulate_to"]

_SUFFIXES = {".parquet": "parquet", ".zarr": "zarr", ".npz": "npz", ".nc": "nc"}


def form_of(folder: str | Path) -> str:
    """The form that the name of a folder says: ``parquet``, ``zarr``, ``npz`` or ``nc``.

    Raises
    ------
    InputError
        If it says none.
    """
    suffix = Path(folder).suffix.lower()
    if suffix not in _SUFFIXES:
        raise InputError("does not say its form", file=str(folder), hint=f"End it with {', '.join(_SUFFIXES)}")
    return _SUFFIXES[suffix]


def simulate_to(
    folder: str | Path,
    model: Model | str | Path,
    people: People | int,
    times: ArrayLike = range(169),
    doses: object = (),
    *,
    spread: float | Mapping[str, float] = 0.2,
    only: str | Sequence[str] | None = None,
    set: Mapping[str, float] | None = None,  # noqa: A002
    wanted: str | Sequence[str] | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    dtype: str = "float64",
    piece: int | None = None,
    threads: int | None = None,
    progress: Callable[[str, float], object] | None = None,
    stop: Stop | None = None,
    seed: int = 0,
) -> Streamed:
    """As `simulate`, for any number of people: into a folder, in memory that does not grow with them.

    The numbers are those of `simulate` with ``model.sample(people, spread, seed, only)``, whatever the pieces. A call
    that was ended (a kill, a full disk) is repeated as it was, and goes on where whole pieces end.

    Parameters
    ----------
    folder : path
        Its ending says the form: ``.npz``, ``.nc`` (NetCDF), ``.parquet`` or ``.zarr`` (these need
        ``eutone[stream]``). `eutone.engine.stream` says what lies in it.
    people : int or People
        How many to draw, or who.
    spread, only, seed
        As ``Model.sample``, where ``people`` is a number.
    dtype : str
        ``float64`` or ``float32``, on disk.
    piece : int, optional
        People at a time; as many as fit 64 MiB if not given.
    model, times, doses, set, wanted, rtol, atol, threads, progress, stop
        As `simulate`.

    Returns
    -------
    Streamed
        The folder, and how many people ended how.

    Raises
    ------
    InputError
        If the folder holds something else or cannot be written, or something asked for is impossible.
    ModelError, StoppedError
        As `simulate`.
    """
    from eutone import __version__
    from eutone.engine.course import compile_course
    from eutone.engine.stream import stream_course

    model, form, at = load(model), form_of(folder), checked_times(times, rtol, atol)
    if isinstance(people, People):
        n, varied, key = len(people), people.parameters, hashlib.sha256(people.values.tobytes()).hexdigest()
        draw = _rows(people.values)
    else:
        if people < 1:
            raise InputError(f"{people} people cannot be drawn", hint="Ask for one at least")
        variation = model.variation(spread, seed, only)
        n, varied, draw = people, variation.parameters, variation.draw
        key = repr((seed, varied, variation.centre.tolist(), variation.spread.tolist()))
    asked = setup(model, varied, set, doses, wanted)
    key = repr((__version__, varied, key, sorted(asked.fixed.items())))
    tell = progress or (lambda _stage, _share: None)
    tell("compiling", 0.0)
    code = compile_course(model.network, asked.free, infused=asked.infused)
    return stream_course(
        code,
        lambda low, high: asked.parameters(draw(low, high)),
        n,
        at,
        folder,
        key=hashlib.sha256(key.encode()).hexdigest(),
        form=form,
        piece=piece,
        dtype=dtype,
        wanted=asked.wanted.names,
        doses=asked.doses,
        start=lambda low, high: asked.start(draw(low, high)),
        about={"model": model.name, "time_unit": model.time_unit, "seed": seed, "eutone": __version__},
        rtol=rtol,
        atol=atol,
        threads=threads,
        stop=stop,
        progress=lambda done, of: tell("integrating", done / of),
    )


def _rows(values: NDArray[np.float64]) -> Callable[[int, int], NDArray[np.float64]]:
    return lambda low, high: values[low:high]
