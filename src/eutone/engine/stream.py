"""Courses of more people than memory holds: piece by piece into a folder, whole pieces only, to be taken up again.

A folder holds a manifest, ``_manifest.json`` (in a Zarr store, an attribute of its root), and one part per piece of
people::

    npz      part-000000.npz        arrays person, status, steps, and each quantity (people, times)
    nc       part-000000.nc         the same as NetCDF
    parquet  part-000000.parquet    columns person, time and quantities, a row for each person and time;
             _people/part-000000.parquet    status, steps and parameters, a row for each person
    zarr     one store, whose chunks along ``person`` are the pieces

A part is written beside its place, flushed and renamed; the manifest then counts it, in the same way. Who comes back
after a kill goes on at the first part that is not whole. Everything that numbers depend on is hashed into the manifest,
so that a folder is never continued with something else. What is drawn depends on the person, not on the piece, and the
engine gives the same bits for any piece: the size of the pieces changes no number.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import InputError, ModelError, StoppedError
from eutone.engine.course import CourseCode, solve_course
from eutone.engine.dosing import Dose
from eutone.engine.expr import Expr, walk
from eutone.engine.network import Network
from eutone.engine.observe import Wanted, observe, wanted_of
from eutone.engine.pieces import FORMS, Part, Shape, is_there, writer
from eutone.engine.status import Status

__all__ = ["FORMS", "Streamed", "begun", "stream_course"]

Array = NDArray[np.float64]

_PIECE_BYTES = 64 * 2**20  # of states
_MOST = 16_384  # so that a kill costs little
_MANIFEST = "_manifest.json"
_STORE, _ATTRIBUTE = "zarr.json", "eutone"
_FORMAT = "eutone.stream/1"


@dataclass(frozen=True)
class Streamed:
    """What lies in the folder.

    Attributes
    ----------
    folder : Path
    people, pieces, piece : int
        How many people, in how many pieces, of how many people.
    found : int
        Pieces that were there already.
    counts : dict of str to int
        How many people ended how, by name of their `Status`.
    """

    folder: Path
    people: int
    pieces: int
    piece: int
    found: int
    counts: dict[str, int]


@dataclass(frozen=True)
class _Manifest:
    format: str
    key: str
    form: str
    people: int
    piece: int
    dtype: str
    done: int
    counts: dict[str, int]
    about: dict[str, Any]


def stream_course(
    code: CourseCode,
    draw: Callable[[int, int], ArrayLike],
    n: int,
    times: ArrayLike,
    folder: str | Path,
    *,
    key: str,
    form: str = "npz",
    piece: int | None = None,
    dtype: str = "float64",
    wanted: Sequence[str] | None = None,
    doses: Sequence[Dose] = (),
    start: Callable[[int, int], Array | None] | None = None,
    about: Mapping[str, Any] | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_steps: int = 100_000,
    threads: int | None = None,
    stop: Any = None,
    progress: Callable[[int, int], object] | None = None,
) -> Streamed:
    """Integrate ``n`` people and write their courses into ``folder``; go on where an earlier call was ended.

    Parameters
    ----------
    code : CourseCode
    draw : callable
        ``draw(low, high)`` gives the parameters (high - low, n_free) of these people, whatever was drawn before.
    n : int
    times : array, (n_times,)
    folder : path
        Made if it is missing; one that holds something else is refused.
    key : str
        What ``draw`` and ``start`` depend on, such as a seed and spreads.
    form : str
        One of `FORMS`; ``parquet`` and ``zarr`` need the extra ``stream``.
    piece : int, optional
        People at a time; as many as fit 64 MiB if not given.
    dtype : str
        ``float64`` or ``float32``, on disk.
    wanted, doses, rtol, atol, max_steps, threads
        As `solve_course`; ``wanted`` may also name rules and reactions.
    start : callable, optional
        ``start(low, high)``: where these people begin.
    about : mapping, optional
        Kept in the manifest for a reader.
    stop : object with ``is_set()``, optional
        Once it is set, the piece at hand is given up and there is a `StoppedError`; whole pieces stay.
    progress : callable, optional
        Called as ``progress(people done, n)``.

    Raises
    ------
    InputError
        If the folder holds something else or cannot be written (a full disk, too: whole pieces stay).
    """
    asked = wanted_of(code.network, wanted)
    at = np.ascontiguousarray(times, dtype=np.float64)
    if n < 1 or (piece is not None and piece < 1):
        raise ModelError(f"{code.network.name}: {n} people in pieces of {piece}")
    if dtype not in ("float64", "float32"):
        raise InputError(f"there is no form of number '{dtype}'", hint="float64 or float32")
    kept = max(1, len(asked.species) + len(asked.formulas))
    size = min(n, piece or max(1, min(_MOST, _PIECE_BYTES // max(8 * kept * at.size, 1))))
    if piece is None and size > 1024:
        size -= size % 1024  # people are drawn in blocks of so many
    folder = Path(folder)
    numbers = {"rtol": rtol, "atol": atol, "max_steps": max_steps, "n": n, "dtype": dtype, "key": key}
    fresh = _Manifest(
        _FORMAT, _hash(code, asked, at, doses, numbers), form, n, size, dtype, 0, {}, dict(about or {}) | {"key": key}
    )
    with _writable(folder):
        manifest = _opened(folder, fresh, chosen=piece is not None)
        size = manifest.piece
        shape = Shape(n, at, asked.names, code.free, dtype, size)
        found, pieces = manifest.done, -(-n // size)
        write = writer(folder, form, shape, {_ATTRIBUTE: asdict(manifest)} if found == 0 else None)
        _keep(folder, manifest)
        for k in range(found, pieces):
            low, high = k * size, min(n, k * size + size)
            part = _part(
                code, draw, start, asked, at, [_of(d, low, high) for d in doses], low, high,
                {"rtol": rtol, "atol": atol, "max_steps": max_steps, "threads": threads, "stop": stop}
                | {"progress": None if progress is None else _shifted(progress, low, n)},
            )  # fmt: skip
            if stop is not None and stop.is_set():
                raise StoppedError(f"stopped as asked; {low} of {n} people are whole in {folder}")
            write(k, part)
            counts = dict(manifest.counts)
            for s in Status:
                if number := int((part.status == s).sum()):
                    counts[s.name] = counts.get(s.name, 0) + number
            manifest = replace(manifest, done=k + 1, counts=counts)
            _keep(folder, manifest)
    return Streamed(folder, n, pieces, size, found, manifest.counts)


def begun(folder: str | Path) -> dict[str, Any] | None:
    """The manifest of a folder, or None if it has none."""
    try:
        store = Path(folder) / _STORE
        if store.exists():
            return dict(json.loads(store.read_text(encoding="utf-8"))["attributes"][_ATTRIBUTE])
        return dict(json.loads((Path(folder) / _MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _part(
    code: CourseCode,
    draw: Callable[[int, int], ArrayLike],
    start: Callable[[int, int], Array | None] | None,
    asked: Wanted,
    at: Array,
    doses: Sequence[Dose],
    low: int,
    high: int,
    options: Mapping[str, Any],
) -> Part:
    values = np.ascontiguousarray(draw(low, high), dtype=np.float64)
    begin = None if start is None else start(low, high)
    found = solve_course(code, values, at, doses=doses, start=begin, wanted=asked.species, **options)
    columns = observe(code.network, asked, at, found.states, code.free, values, doses)
    return Part(low, high, values, columns, found.status, found.steps)


def _shifted(progress: Callable[[int, int], object], low: int, n: int) -> Callable[[int, int], object]:
    return lambda done, _of: progress(low + done, n)


def _of(dose: Dose, low: int, high: int) -> Dose:
    """A dose for some people: its arrays cut, its numbers kept."""
    parts = {name: np.asarray(getattr(dose, name), dtype=float) for name in ("time", "amount", "duration")}
    cut: dict[str, Any] = {name: v[low:high] if v.ndim else v for name, v in parts.items()}
    return replace(dose, **cut)


def _hash(code: CourseCode, asked: Wanted, at: Array, doses: Sequence[Dose], numbers: Mapping[str, Any]) -> str:
    """Of all that the numbers depend on."""
    digest = hashlib.sha256()
    for text in (_network_text(code.network), repr((code.free, code.infused, asked.names)), json.dumps(numbers)):
        digest.update(text.encode() + b"\x1f")
    digest.update(at.tobytes())
    for dose in doses:
        digest.update(dose.target.encode() + b"\x1f")
        for value in (dose.time, dose.amount, dose.duration):
            digest.update(np.ascontiguousarray(value, dtype=np.float64).tobytes() + b"\x1f")
    return digest.hexdigest()


def _network_text(network: Network) -> str:
    """Everything that a network is, as text; shared nodes of its expressions once."""
    number: dict[Expr, int] = {}
    lines = [repr((network.species, network.parameters, network.reactions))]
    for name in sorted(vars(network)):
        value = getattr(network, name)
        if isinstance(value, np.ndarray):
            lines.append(f"{name} {value.shape} {hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}")
            continue
        roots = list(_expressions(value))
        for node in walk(*roots):
            if node not in number:
                number[node] = len(number)
                lines.append(f"{node.op} {[number[a] for a in node.args]} {node.value!r}")
        lines.append(f"{name} {[number[root] for root in roots]} {_names(value)}")
    return "\n".join(lines)


def _expressions(value: object) -> Iterator[Expr]:
    if isinstance(value, Expr):
        yield value
    elif isinstance(value, Mapping):
        yield from _expressions(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _expressions(one)
    elif hasattr(value, "__dataclass_fields__"):
        yield from _expressions(list(vars(value).values()))


def _names(value: object) -> str:
    """What of a field is not an expression."""
    if isinstance(value, Expr):
        return "~"
    if isinstance(value, Mapping):
        return repr([(str(k), _names(v)) for k, v in value.items()])
    if isinstance(value, list | tuple):
        return repr([_names(v) for v in value])
    if hasattr(value, "__dataclass_fields__"):
        return repr([(k, _names(v)) for k, v in vars(value).items()])
    return repr(value)


def _opened(folder: Path, fresh: _Manifest, *, chosen: bool) -> _Manifest:
    """The manifest to go on from.

    Raises
    ------
    InputError
        If the folder holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file", file=str(folder), hint="Name a folder")
    folder.mkdir(exist_ok=True)
    for left in folder.rglob("*.part"):
        left.unlink(missing_ok=True)
    old = begun(folder)
    if old is None:
        if any(folder.iterdir()):
            raise InputError("holds something else", file=str(folder), hint="Name an empty folder, or a new one")
        return fresh
    wrong = InputError(
        "holds people of another model, seed or setting", file=str(folder), hint="Name another folder, or remove this"
    )
    if old.get("format") != _FORMAT or set(old) != set(asdict(fresh)):
        raise wrong
    kept = _Manifest(**old)
    if (kept.key, kept.form, kept.people) != (fresh.key, fresh.form, fresh.people):
        raise wrong
    if not all(is_there(folder, kept.form, k) for k in range(kept.done)):
        raise InputError("a part that was whole is gone", file=str(folder), hint="Remove the folder, and begin again")
    if chosen and kept.piece != fresh.piece:
        raise InputError(f"was begun in pieces of {kept.piece} people, not {fresh.piece}", file=str(folder))
    return kept


def _keep(folder: Path, manifest: _Manifest) -> None:
    place, content = folder / _MANIFEST, asdict(manifest)
    if manifest.form == "zarr":  # which takes any file that it does not know for damage
        place = folder / _STORE
        content = json.loads(place.read_text(encoding="utf-8"))
        content["attributes"][_ATTRIBUTE] = asdict(manifest)
    beside = place.with_name(f".{place.name}.part")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(place)


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """Say in one line what the disk refused."""
    try:
        yield
    except OSError as error:
        for left in folder.rglob("*.part") if folder.is_dir() else ():
            left.unlink(missing_ok=True)
        raise InputError(
            f"cannot be written ({error.strerror or error})",
            file=str(folder),
            hint="What is whole stays; the same command goes on from there",
        ) from error
