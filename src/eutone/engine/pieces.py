"""One piece of people on disk, in one of three forms: each part whole or not there.

NumPy's own ``npz`` needs nothing more than Eutone does. Parquet and Zarr need the extra ``stream``, imported when one
of them is asked for.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eutone._errors import InputError
from eutone._files import flush, put
from eutone.engine.status import Status

__all__ = ["FORMS", "Part", "Shape", "attributes_of", "check_form", "is_there", "read_part", "writer"]

#: Form of a part, and the library it needs beyond Eutone's own.
FORMS: dict[str, str | None] = {"npz": None, "parquet": "pyarrow", "zarr": "zarr"}

Array = NDArray[np.float64]

_OF_PEOPLE = ("person", "status", "steps")


@dataclass(frozen=True)
class Shape:
    """What the whole will hold: people, times, quantities, parameters, form of numbers, people per part.

    ``about`` is for readers; its ``units`` are those of quantities, parameters and ``time``, by name.
    """

    people: int
    times: Array
    names: tuple[str, ...]
    parameters: tuple[str, ...]
    dtype: str
    piece: int
    about: Mapping[str, Any]

    def attributes(self, name: str) -> dict[str, Any]:
        """As `attributes_of`."""
        return attributes_of(name, self.about.get("units", {}))


def attributes_of(name: str, units: Mapping[str, str]) -> dict[str, Any]:
    """What is to be said of a quantity, a parameter, ``time`` or ``status``, in the conventions of NetCDF."""
    if name == "status":
        return {"flag_values": [int(s) for s in Status], "flag_meanings": " ".join(s.name for s in Status)}
    # "unit", not "units": a reader would take a time with "units" for a duration, and rescale it
    return {"unit" if name == "time" else "units": units[name]} if name in units else {}


@dataclass(frozen=True)
class Part:
    """People ``low`` to ``high - 1``: parameters (k, n_free), each quantity (k, n_times), status and steps (k,)."""

    low: int
    high: int
    parameters: Array
    columns: list[Array]
    status: NDArray[np.int8]
    steps: NDArray[np.int32]


def check_form(form: str, names: Sequence[str], parameters: Sequence[str]) -> None:
    """Make sure that quantities and parameters can be written in that form, before there is a folder.

    Raises
    ------
    InputError
        If there is no such form, its library is missing, or something of the model has the name of a column.
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
    columns = {"time", *_OF_PEOPLE}
    if clash := columns & set(names):
        raise InputError(
            f"'{min(clash)}' is a column of every part, and a quantity that is wanted",
            hint="Rename it in the model, or leave it out of what is wanted",
        )
    if clash := columns & set(parameters):
        raise InputError(
            f"'{min(clash)}' is a column of every part, and a parameter that is varied, set or dosed",
            hint="Rename it in the model, or leave it as it is for everybody",
        )


def writer(
    folder: Path, form: str, shape: Shape, attributes: dict[str, Any] | None = None
) -> Callable[[int, Part], None]:
    """What writes part ``k`` into ``folder``; ``attributes``, given where nothing is there yet, begin a Zarr store.

    The form is one that `check_form` passed.
    """
    if form == "zarr":
        return _zarr(folder, shape, attributes)
    write = {"npz": _npz, "parquet": _parquet}[form]
    return lambda k, part: write(folder, k, part, shape)


def is_there(folder: Path, form: str, k: int) -> bool:
    """Whether part ``k`` lies in ``folder``."""
    part = folder / "status" / "c" / str(k) if form == "zarr" else folder / f"part-{k:06}.{form}"
    return part.is_file()


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    put(path, path.with_name(f".{path.name}.part"), write)


def _arrays(part: Part, shape: Shape) -> dict[str, Any]:
    columns = {name: c.astype(shape.dtype, copy=False) for name, c in zip(shape.names, part.columns, strict=True)}
    return {"person": np.arange(part.low, part.high), "status": part.status, "steps": part.steps} | columns


def _npz(folder: Path, k: int, part: Part, shape: Shape) -> None:
    arrays = {"time": shape.times} | _arrays(part, shape)
    arrays |= {f"parameter.{name}": v for name, v in zip(shape.parameters, part.parameters.T, strict=True)}

    _whole(folder / f"part-{k:06}.npz", lambda path: _savez(path, arrays))


def _savez(path: Path, arrays: Mapping[str, Any]) -> None:
    """As np.savez, whose own arguments a quantity may be called like (``file``)."""
    with zipfile.ZipFile(path, "w") as whole:
        for name, values in arrays.items():
            with whole.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(values), allow_pickle=False)


def _parquet(folder: Path, k: int, part: Part, shape: Shape) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    def table(columns: dict[str, Any]) -> Any:
        made = pa.table(columns)
        fields = [f.with_metadata({k: str(v) for k, v in shape.attributes(f.name).items()}) for f in made.schema]
        return pa.Table.from_arrays(made.columns, schema=pa.schema(fields, {"eutone": json.dumps(dict(shape.about))}))

    count = len(shape.times)
    arrays = _arrays(part, shape)
    person = arrays.pop("person")
    status, steps = arrays.pop("status"), arrays.pop("steps")
    rows = {"person": np.repeat(person, count), "time": np.tile(shape.times, len(person))}
    rows |= {name: np.ascontiguousarray(v).ravel() for name, v in arrays.items()}
    people = {"person": person, "status": status, "steps": steps}
    people |= dict(zip(shape.parameters, map(np.ascontiguousarray, part.parameters.T), strict=True))
    (folder / "_people").mkdir(exist_ok=True)
    _whole(folder / "_people" / f"part-{k:06}.parquet", lambda path: parquet.write_table(table(people), path))
    _whole(folder / f"part-{k:06}.parquet", lambda path: parquet.write_table(table(rows), path))


def _zarr(folder: Path, shape: Shape, attributes: dict[str, Any] | None) -> Callable[[int, Part], None]:
    import zarr

    n, count, piece = shape.people, len(shape.times), shape.piece
    if attributes is not None and not (folder / "zarr.json").exists():
        zarr.create_group(store=str(folder), attributes=attributes)
    root: Any = zarr.open_group(store=str(folder), mode="r+")

    def make(name: str, size: tuple[int, ...], chunks: tuple[int, ...], dtype: str, dims: tuple[str, ...]) -> Any:
        # what nobody has computed yet must not look like an answer
        fill = float("nan") if np.dtype(dtype).kind == "f" else int(Status.NOT_COMPUTED)
        return root.create_array(
            name=name, shape=size, chunks=chunks, dtype=dtype, dimension_names=dims, fill_value=fill, overwrite=True,
            attributes=shape.attributes(name),
        )  # fmt: skip

    if attributes is not None:
        make("time", (count,), (max(count, 1),), "float64", ("time",))[:] = shape.times
        make("person", (n,), (piece,), "int64", ("person",))
        make("status", (n,), (piece,), "int8", ("person",))
        make("steps", (n,), (piece,), "int32", ("person",))
        for name in shape.names:
            make(name, (n, count), (piece, max(count, 1)), shape.dtype, ("person", "time"))
        for name in shape.parameters:
            if name not in shape.names:
                make(name, (n,), (piece,), "float64", ("person",))

        # Zarr renames what it writes, and flushes nothing
        _flush(folder, [folder / "time" / "c" / "0", *(folder / name / "zarr.json" for name in root)])

    def write(k: int, part: Part) -> None:
        mine = slice(part.low, part.high)
        arrays = _arrays(part, shape)
        status = arrays.pop("status")
        arrays |= {n: v for n, v in zip(shape.parameters, part.parameters.T, strict=True) if n not in shape.names}
        for name, values in arrays.items():
            root[name][mine] = values
        root["status"][mine] = status  # last: where it says an answer, there is one
        chunks = [folder / name / "c" / str(k) for name in (*arrays, "status")]
        _flush(folder, [chunk / "0" if chunk.is_dir() else chunk for chunk in chunks])

    return write


def _flush(store: Path, files: Sequence[Path]) -> None:
    """Have these files of a Zarr store on disk, and the folders they are in; a chunk of nothing but gaps is no file."""
    for file in files:
        if file.exists():
            flush(file)
    for place in sorted({place for file in files for place in file.parents if store in (place, *place.parents)}):
        if place.exists():
            flush(place)


def read_part(folder: Path, form: str, k: int, names: Sequence[str], mine: slice) -> tuple[Array, dict[str, Any]]:
    """Of part ``k`` the times (n_times,); and ``person``, ``status``, ``steps`` (n,), quantities (n, n_times) by name.

    Parameters
    ----------
    names : sequence of str
        The quantities that are wanted.
    mine : slice
        The people of the part, which is where a Zarr store has them.
    """
    if form == "npz":
        with np.load(folder / f"part-{k:06}.npz") as file:
            return file["time"], {name: file[name] for name in (*_OF_PEOPLE, *names)}
    if form == "zarr":
        import zarr

        root: Any = zarr.open_group(store=str(folder), mode="r")
        return root["time"][:], {name: root[name][mine] for name in (*_OF_PEOPLE, *names)}
    from pyarrow import parquet

    people = parquet.ParquetFile(folder / "_people" / f"part-{k:06}.parquet").read(columns=[*_OF_PEOPLE])
    rows = parquet.ParquetFile(folder / f"part-{k:06}.parquet").read(columns=["time", *names])
    found = {name: people[name].to_numpy() for name in _OF_PEOPLE}
    count = len(people)
    return rows["time"].to_numpy()[: len(rows) // count], found | {
        name: rows[name].to_numpy().reshape(count, -1) for name in names
    }
