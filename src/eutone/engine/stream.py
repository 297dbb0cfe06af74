"""Courses of more people than memory holds: piece by piece into a folder, whole pieces only, to be taken up again.

A folder holds a manifest, ``_manifest.json`` (in a Zarr store, an attribute of its root), and one part per piece of
people::

    npz      part-000000.npz        arrays person, status, steps, and each quantity (people, times)
    parquet  part-000000.parquet    columns person, time and quantities, a row for each person and time;
             _people/part-000000.parquet    status, steps and parameters, a row for each person
    zarr     one store, whose chunks along ``person`` are the pieces; of people not come to yet ``status`` is
             ``NOT_COMPUTED`` (-1), ``person`` and ``steps`` are -1, and quantities and parameters are not numbers

Units stand in the manifest (``about``), with the columns of Parquet, and in the attributes of Zarr arrays.

A part is written beside its place, renamed, and on disk, names and all, before the manifest counts it, in the same way:
after a power cut, too, what is counted is there. Who comes back goes on at the first part that is not whole, and ends
with the same bytes as if nothing had happened. Everything that numbers depend on is
hashed into the manifest, so that a folder is never continued with something else. What is drawn depends on the person,
not on the piece, and the engine gives the same bits for any piece: the size of the pieces changes no number.

One writer at a time: whoever writes holds a lock, ``.NAME.lock`` beside the folder, which the system takes back when
the process ends, however it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import InputError, StoppedError
from eutone._files import alone
from eutone._memory import fits, most_bytes
from eutone.engine.chunks import threads_of
from eutone.engine.course import CourseCode, jumps_until, solve_course
from eutone.engine.dosing import Dose
from eutone.engine.identity import hash_of
from eutone.engine.manifest import ATTRIBUTE, FORMAT, Manifest, begun, keep, opened
from eutone.engine.observe import Wanted, observe, wanted_of
from eutone.engine.pieces import FORMS, Part, Shape, check_form, writer
from eutone.engine.status import Status

__all__ = ["FORMS", "Streamed", "begun", "stream_course"]

Array = NDArray[np.float64]

_BYTES = 256 * 2**20  # of a piece while it is worked on,
_SHARE = 1 / 8  # and no more than this of what the process may have
_MOST = 16_384  # people, so that a kill costs little
_BLOCK = 1024  # people are drawn in blocks of so many
_AGAIN = "The same again goes on from there"


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

    def __str__(self) -> str:
        ends = ", ".join(f"{number:,} {name}" for name, number in self.counts.items())
        before = f", {self.found:,} of them found there" if self.found else ""
        return f"{self.folder}: {self.people:,} people in {self.pieces:,} pieces{before}: {ends}"


def stream_course(
    code: CourseCode,
    draw: Callable[[int, int], tuple[ArrayLike, Array | None]],
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
    units: Mapping[str, str] | None = None,
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
        ``draw(low, high)`` gives the parameters (high - low, n_free) of these people, whatever was drawn before, and
        where they begin, (high - low, n_species) or None for the network's own start. Called once for each piece.
    n : int
    times : array, (n_times,)
    folder : path
        Made if it is missing; one that holds something else is refused.
    key : str
        What ``draw`` depends on, such as a seed and spreads.
    form : str
        One of `FORMS`; ``parquet`` and ``zarr`` need the extra ``stream``.
    piece : int, optional
        People at a time; if not given, at most 16,384, and as many as fit 256 MiB or an eighth of what memory this
        process may have.
    dtype : str
        ``float64`` or ``float32``, on disk.
    wanted, doses, rtol, atol, max_steps, threads
        As `solve_course`; ``wanted`` may also name rules and reactions.
    units : mapping, optional
        Of quantities, parameters and ``time``, where they are known, by name.
    about : mapping, optional
        Kept in the manifest for a reader.
    stop : object with ``is_set()``, optional
        Once it is set, the piece at hand is given up and there is a `StoppedError`; whole pieces stay.
    progress : callable, optional
        Called as ``progress(people done, n)``.

    Raises
    ------
    InputError
        If an argument is impossible, somebody else writes into the folder, or it holds something else or cannot be
        written (a full disk, too: whole pieces stay).
    StoppedError
        If ``stop`` was set. Like what Ctrl-C raises (in a note), it says how many people are whole.
    """
    asked = wanted_of(code.network, wanted)
    at = np.ascontiguousarray(times, dtype=np.float64)
    _check(n, piece, dtype, max_steps)
    check_form(form, asked.names, code.free)
    threads = threads_of(threads)
    each = _bytes(code, asked, at.size)
    size = min(n, piece or _fitting(each))
    fits(size * each / 8, hint="Ask for fewer people at a time (piece), fewer times, or less (wanted)")
    numbers = {"rtol": rtol, "atol": atol, "max_steps": max_steps, "n": n, "dtype": dtype, "key": key}
    told = dict(about or {}) | {"key": key, "units": dict(units or {})}
    told |= {"wanted": list(asked.names), "parameters": list(code.free)}
    jumps = jumps_until(code, at)  # of every piece
    fresh = Manifest(FORMAT, hash_of(code, asked, at, doses, numbers), form, n, size, dtype, 0, {}, told)
    folder = Path(folder)
    with _alone_in(folder):
        with _disk(folder, "Name another folder"):
            manifest = opened(folder, fresh, chosen=piece is not None)
            size, found = manifest.piece, manifest.done
            fits(size * each / 8, hint=f"It was begun in pieces of {size:,} people: go on where there is more memory")
            shape = Shape(n, at, asked.names, code.free, dtype, size, manifest.about)
            write = writer(folder, form, shape, {ATTRIBUTE: asdict(manifest)} if found == 0 else None)
            keep(folder, manifest)
        pieces = -(-n // size)
        try:
            for k in range(found, pieces):
                low, high = k * size, min(n, k * size + size)
                part = _part(
                    code, draw, asked, at, [d.of(slice(low, high)) for d in doses], low, high,
                    {"rtol": rtol, "atol": atol, "max_steps": max_steps, "threads": threads, "stop": stop}
                    | {"jumps": jumps, "progress": None if progress is None else _shifted(progress, low, n)},
                )  # fmt: skip
                if stop is not None and stop.is_set():
                    raise StoppedError(f"stopped as asked; {manifest.whole} in {folder}. {_AGAIN}")
                with _disk(folder, f"{manifest.whole}. {_AGAIN}"):
                    write(k, part)
                    more = replace(manifest, done=k + 1, counts=_counted(manifest.counts, part.status))
                    keep(folder, more)
                manifest = more
        except (KeyboardInterrupt, SystemExit, MemoryError) as ended:
            kept = begun(folder)  # it may have come between a manifest on disk and ours
            ended.add_note(f"{(Manifest(**kept) if kept else manifest).whole} in {folder}. {_AGAIN}")
            raise
    return Streamed(folder, n, pieces, size, found, manifest.counts)


def _check(n: object, piece: object, dtype: str, max_steps: object) -> None:
    for what, number in (("people", n), ("people at a time", 1 if piece is None else piece), ("steps", max_steps)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
            raise InputError(f"there cannot be {number!r} {what}", hint="Give a whole number, 1 at least")
    if dtype not in ("float64", "float32"):
        raise InputError(f"there is no form of number '{dtype}'", hint="float64 or float32")


def _bytes(code: CourseCode, asked: Wanted, times: int) -> int:
    """What one person takes while a piece is worked on.

    States and formulas; what is written, twice (turned, and encoded), beside person and time; parameters and start.
    """
    columns = len(asked.species) + len(asked.formulas) + 2 * (len(asked.names) + 2)
    return 8 * (times * columns + 2 * len(code.free) + len(code.network.species))


def _fitting(each: int) -> int:
    """How many people at a time, if nobody says."""
    size = int(max(1, min(_MOST, min(_BYTES, _SHARE * most_bytes()) // each)))
    return size - size % _BLOCK if size > _BLOCK else size


def _part(
    code: CourseCode,
    draw: Callable[[int, int], tuple[ArrayLike, Array | None]],
    asked: Wanted,
    at: Array,
    doses: Sequence[Dose],
    low: int,
    high: int,
    options: Mapping[str, Any],
) -> Part:
    drawn, begin = draw(low, high)
    values = np.ascontiguousarray(drawn, dtype=np.float64)
    found = solve_course(code, values, at, doses=doses, start=begin, wanted=asked.species, **options)
    columns = observe(code.network, asked, at, found.states, code.free, values, doses)
    return Part(low, high, values, columns, found.status, found.steps)


def _shifted(progress: Callable[[int, int], object], low: int, n: int) -> Callable[[int, int], object]:
    return lambda done, _of: progress(low + done, n)


def _counted(before: Mapping[str, int], status: NDArray[np.int8]) -> dict[str, int]:
    found = {s.name: int((status == s).sum()) for s in Status}
    return {name: total for name, k in found.items() if (total := before.get(name, 0) + k)}


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold ``folder`` against other writers."""
    real = folder.resolve()  # one lock, whatever the folder is called
    if real.exists() and not real.is_dir():
        raise InputError("is a file", file=str(folder), hint="Name a folder")
    with ExitStack() as held:
        try:
            held.enter_context(alone(real.with_name(f".{real.name}.lock")))
        except BlockingIOError:
            raise InputError(
                "is being written by somebody else", file=str(folder), hint="Wait for them, or name another folder"
            ) from None
        except OSError as error:
            raise _refused(folder, error, "Name another folder") from error
        yield


@contextmanager
def _disk(folder: Path, hint: str) -> Iterator[None]:
    """Say in one line what the disk refused."""
    try:
        yield
    except OSError as error:
        raise _refused(folder, error, hint) from error


def _refused(folder: Path, error: OSError, hint: str) -> InputError:
    return InputError(f"cannot be written ({error.strerror or error})", file=str(folder), hint=hint)
