"""One piece of people on disk, in one of four forms: each part whole or not there.

NumPy's own ``npz`` and NetCDF need nothing more than Eutone does. Parquet and Zarr need the extra ``stream``, imported
when one of them is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eutone._errors import InputError

__all__ = ["FORMS", "Part", "Shape", "is_there", "writer"]

#: Form of a part, and the library it needs beyond Eutone's own.
FORMS: dict[str, str | None] = {"npz": None, "nc": None, "parquet": "pyarrow", "zarr": "zarr"}

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """What the whole will hold: people, times, quantities, parameters, form of numbers, people per part."""

    people: int
    times: Array
    names: tuple[str, ...]
    parameters: tuple[str, ...]
    dtype: str
    piece: int


@dataclass(frozen=True)
class Part:
    """People ``low`` to ``high - 1``: parameters (k, n_free), each quantity (k, n_times), status and steps (k,)."""

    low: int
    high: int
    parameters: Array
    columns: list[Array]
    status: NDArray[np.int8]
    steps: NDArray[np.int32]


def writer(
    folder: Path, form: str, shape: Shape, attributes: dict[str, Any] | None = None
) -> Callable[[int, Part], None]:
    """What writes part ``k`` into ``folder``; ``attributes``, given where nothing is there yet, begin a Zarr store.

    Raises
    ------
    InputError
        If there is no such form, its library is missing, or two things of the model would have one name.
    """
    if form not in FORMS:
        raise InputError(f"there is no form '{form}'", hint=f"One of {', '.join(FORMS)}")
    library = FORMS[form]
    if library is not None:
        try:
            import_module(library)
        except ImportError:
            raise InputError(
                f"writing {form} needs {library}, which is not installed",
                hint='pip install "eutone[stream]"; npz and nc need nothing more',
            ) from None
    clash = {*shape.names} & {"person", "time", "status", "steps"}
    if clash:
        raise InputError(f"'{clash.pop()}' is a column of every part", hint="Leave it out of what is wanted")
    if form == "zarr":
        return _zarr(folder, shape, attributes)
    write = {"npz": _npz, "nc": _nc, "parquet": _parquet}[form]
    return lambda k, part: write(folder, k, part, shape)


def is_there(folder: Path, form: str, k: int) -> bool:
    """Whether part ``k`` lies in ``folder`` (of a Zarr store this is not asked: a chunk of zeros is no file)."""
    return form == "zarr" or (folder / f"part-{k:06}.{form}").is_file()


def _whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside ``path``, flush to disk, rename."""
    beside = path.with_name(f".{path.name}.part")
    try:
        write(beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _arrays(part: Part, shape: Shape) -> dict[str, Any]:
    columns = {name: c.astype(shape.dtype) for name, c in zip(shape.names, part.columns, strict=True)}
    return {"person": np.arange(part.low, part.high), "status": part.status, "steps": part.steps} | columns


def _npz(folder: Path, k: int, part: Part, shape: Shape) -> None:
    def write(path: Path) -> None:
        with path.open("wb") as file:
            parameters = {f"parameter.{name}": v for name, v in zip(shape.parameters, part.parameters.T, strict=True)}
            np.savez(file, time=shape.times, **_arrays(part, shape), **parameters)

    _whole(folder / f"part-{k:06}.npz", write)


def _nc(folder: Path, k: int, part: Part, shape: Shape) -> None:
    import xarray as xr

    arrays = _arrays(part, shape)
    person = arrays.pop("person")
    variables: dict[str, Any] = {name: (("person", "time")[: v.ndim], v) for name, v in arrays.items()}
    names, values = shape.parameters, part.parameters.T
    variables |= {n: ("person", v) for n, v in zip(names, values, strict=True) if n not in variables}
    data = xr.Dataset(variables, {"person": person, "time": shape.times})
    _whole(folder / f"part-{k:06}.nc", lambda path: data.to_netcdf(path, engine="h5netcdf"))


def _parquet(folder: Path, k: int, part: Part, shape: Shape) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    count = len(shape.times)
    arrays = _arrays(part, shape)
    person = arrays.pop("person")
    status, steps = arrays.pop("status"), arrays.pop("steps")
    rows = {"person": np.repeat(person, count), "time": np.tile(shape.times, len(person))}
    rows |= {name: np.ascontiguousarray(v).ravel() for name, v in arrays.items()}
    people = {"person": person, "status": status, "steps": steps}
    people |= dict(zip(shape.parameters, map(np.ascontiguousarray, part.parameters.T), strict=True))
    (folder / "_people").mkdir(exist_ok=True)
    _whole(folder / "_people" / f"part-{k:06}.parquet", lambda path: parquet.write_table(pa.table(people), path))
    _whole(folder / f"part-{k:06}.parquet", lambda path: parquet.write_table(pa.table(rows), path))


def _zarr(folder: Path, shape: Shape, attributes: dict[str, Any] | None) -> Callable[[int, Part], None]:
    import zarr

    n, count, piece = shape.people, len(shape.times), shape.piece
    if attributes is not None:
        root = zarr.create_group(store=str(folder), overwrite=True, attributes=attributes)

        def make(name: str, size: tuple[int, ...], chunks: tuple[int, ...], dtype: str, dims: tuple[str, ...]) -> Any:
            return root.create_array(
                name=name, shape=size, chunks=chunks, dtype=dtype, dimension_names=dims, fill_value=0
            )

        make("time", (count,), (max(count, 1),), "float64", ("time",))[:] = shape.times
        make("person", (n,), (piece,), "int64", ("person",))
        make("status", (n,), (piece,), "int8", ("person",))
        make("steps", (n,), (piece,), "int32", ("person",))
        for name in shape.names:
            make(name, (n, count), (piece, max(count, 1)), shape.dtype, ("person", "time"))
        for name in shape.parameters:
            if name not in shape.names:
                make(name, (n,), (piece,), "float64", ("person",))
    root = zarr.open_group(store=str(folder), mode="r+")

    def write(_k: int, part: Part) -> None:
        mine = slice(part.low, part.high)
        for name, values in _arrays(part, shape).items():
            root[name][mine] = values
        for name, values in zip(shape.parameters, part.parameters.T, strict=True):
            if name not in shape.names:
                root[name][mine] = values

    return write
