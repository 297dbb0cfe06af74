"""Time courses of many people at once: stretches between what happens to them, in lanes.

The machine code (`eutone.engine.course_emit`) takes every person from where they are to the end of their stretch,
writing what was asked for on the way. What happens between stretches is in `eutone.engine.course_run`. Any permutation,
chunking, lane width and number of threads gives the same bits.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import ModelError
from eutone.engine import dosing
from eutone.engine.agenda import EventFormulas
from eutone.engine.chunks import Stop, in_chunks, threads_of
from eutone.engine.clocks import Clock, clocks
from eutone.engine.course_emit import emit_course
from eutone.engine.course_kernel import CourseLayout, build_course_kernel
from eutone.engine.course_run import INFLOW, Settings, integrate
from eutone.engine.course_verify import Rehearsed, fault, rehearse
from eutone.engine.derivative import Derivative
from eutone.engine.dosing import Dose
from eutone.engine.edges import CommonJumps, common_jumps
from eutone.engine.expr import const, symbol
from eutone.engine.machine import fetch, host_lane_width, mark_of, no_collections
from eutone.engine.network import Network
from eutone.engine.plain import pack
from eutone.engine.remember import key_of, used
from eutone.engine.status import Status

__all__ = ["CourseCode", "Courses", "Dose", "compile_course", "jumps_until", "solve_course"]

Array = NDArray[np.float64]

_CHUNK_BYTES = 16 * 2**20  # of output: a thread works on what stays in a cache beside it
_MOST_CHUNK = 1024  # people: more make no code faster, and ``stop`` and progress coarser


@dataclass(frozen=True)
class Pace:
    """Steps that are written down (``NOTES``), or taken whatever their error (``FOLLOWS``).

    Attributes
    ----------
    kind : int
    steps : array, (n_lists, most)
    lists : array of int, (n,)
        Which list is whose.
    """

    kind: int
    steps: Array
    lists: NDArray[np.intp]


@dataclass(frozen=True)
class CoursePlan:
    """What is known of machine code without its programs.

    Attributes
    ----------
    mark : str
        Of the module's text (`eutone.engine.machine.mark_of`).
    layout : CourseLayout
    clocks : tuple of Clock
    rehearsed : Rehearsed
    """

    mark: str
    layout: CourseLayout
    clocks: tuple[Clock, ...]
    rehearsed: Rehearsed


@dataclass(frozen=True)
class CourseCode:
    """Machine code for the time courses of one network with one choice of free parameters.

    Attributes
    ----------
    network : Network
    free : tuple of str
        Columns of the parameter array.
    lane_width : int
    origin : str
        ``compiled`` or ``cache``.
    layout : CourseLayout
        Its free parameters are ``free``, then an inflow for each species of ``infused``.
    infused : tuple of str
    clocks : tuple of Clock
        What jumps in time.
    events : EventFormulas or None
    """

    network: Network
    free: tuple[str, ...]
    lane_width: int
    origin: str
    layout: CourseLayout
    infused: tuple[str, ...]
    clocks: tuple[Clock, ...]
    events: EventFormulas | None = field(repr=False)
    engine: Any = field(repr=False)  # owns the code
    run: Callable[..., None] = field(repr=False)


@dataclass(frozen=True)
class Courses:
    """States over time.

    Attributes
    ----------
    times : array, (n_times,)
    species : tuple of str
    states : array, (n, n_times, n_species)
        Not a number from where a person's integration failed.
    status : array of int8, (n,)
        A `Status` each; only where it is ``CONVERGED`` every time was reached.
    steps, refused : array of int32, (n,)
        Steps tried, and how many of them had too large an error.
    """

    times: Array
    species: tuple[str, ...]
    states: Array
    status: NDArray[np.int8]
    steps: NDArray[np.int32]
    refused: NDArray[np.int32]

    def counts(self) -> dict[str, int]:
        """How many ended how, by name; endings that did not occur are absent."""
        return {s.name: int((self.status == s).sum()) for s in Status if (self.status == s).any()}


@no_collections()
def compile_course(
    network: Network, free: Sequence[str] = (), *, infused: Sequence[str] = (), lane_width: int | None = None
) -> CourseCode:
    """Machine code that integrates ``network`` for many people at once.

    Parameters
    ----------
    network : Network
    free : sequence of str
        Parameters that differ between people, in the order of the columns they will be given in.
    infused : sequence of str
        Species into which doses may flow over a time.
    lane_width : int, optional
        People per vector: a power of 2 up to 16. It changes speed, never results.

    Raises
    ------
    ModelError
        If a name is not known, or the network has no state.
    """
    free = tuple(free)
    for name in free:
        network.values_with({name: 1.0})  # refuses what is not a parameter, naming the nearest
    if len(set(free)) < len(free) or len(set(infused)) < len(infused):
        raise ModelError(f"{network.name}: the same name is free, or infused, twice")
    if not network.species:
        raise ModelError(f"{network.name}: nothing in it changes")
    width = host_lane_width() if lane_width is None else lane_width
    if width not in (1, 2, 4, 8, 16):
        raise ValueError(f"lane_width is {width}, not a power of 2 up to 16")
    for name in infused:
        if name not in network.species:
            raise ModelError(f"{network.name}: '{name}' is not a species of the model, so nothing can flow into it")
    infused = tuple(infused)
    flowing, read = _with_inflows(network, infused), (*free, *(f"{INFLOW}{s}" for s in infused))
    written: list[str] = []

    def plan() -> CoursePlan:
        kernel = build_course_kernel(flowing, read)
        written.append(emit_course(kernel, width))
        found = clocks(network, frozenset(infused))
        return CoursePlan(mark_of(written[0]), kernel.layout, found, rehearse(kernel, network, free))

    def text() -> str:
        return written[0] if written else emit_course(build_course_kernel(flowing, read), width)

    events = EventFormulas(Derivative(network)) if network.events else None
    pointer, integer = ctypes.c_void_p, ctypes.c_int64
    prototype = ctypes.CFUNCTYPE(
        None, pointer, integer, pointer, pointer, integer, pointer, integer, pointer, pointer, integer
    )

    def code_of(planned: CoursePlan) -> CourseCode:
        def make(engine: Any, origin: str) -> CourseCode:
            run = prototype(engine.get_function_address("course"))
            known = planned.layout, infused, planned.clocks
            return CourseCode(network, free, width, origin, *known, events, engine, run)

        return fetch(planned.mark, text, network.name, make, lambda made: fault(made, planned.rehearsed))

    key = key_of("course", pack((network, free, infused, width)))
    return used(key, (CoursePlan, CourseLayout, Clock, Rehearsed), plan, code_of)


def _with_inflows(network: Network, infused: Sequence[str]) -> Network:
    """``network`` with a constant inflow into each of ``infused``, 0 by default."""
    labels = [f"{INFLOW}{s}" for s in infused]
    drift = dict(network.drift)
    for name, label in zip(infused, labels, strict=True):
        drift[name] = drift.get(name, const(0)) + symbol(label)
    return replace(
        network,
        parameters=(*network.parameters, *labels),
        values=np.concatenate([network.values, np.zeros(len(labels))]),
        drift=drift,
    )


def jumps_until(code: CourseCode, times: ArrayLike) -> CommonJumps:
    """When the clocks of everybody jump in a course of ``times``: for `solve_course`, where that is called again.

    Finding them may take longer than a short course does.

    Raises
    ------
    ModelError
        If the times do not increase from 0 on.
    """
    network, at = code.network, _times(code.network, times)
    fixed = dict(zip(network.parameters, network.values.tolist(), strict=True))
    return common_jumps(code.clocks, fixed, (*code.free, *network.species), float(at[-1]) if len(at) else 0.0)


def solve_course(
    code: CourseCode,
    parameters: ArrayLike,
    times: ArrayLike,
    *,
    doses: Sequence[Dose] = (),
    start: ArrayLike | None = None,
    wanted: Sequence[str] | None = None,
    rtol: float = 1e-6,
    atol: ArrayLike = 1e-9,
    max_steps: int = 100_000,
    threads: int | None = None,
    stop: Stop | None = None,
    progress: Callable[[int, int], object] | None = None,
    pace: Pace | None = None,
    jumps: CommonJumps | None = None,
) -> Courses:
    """States of every person at ``times``; time 0 is where they begin.

    Parameters
    ----------
    code : CourseCode
    parameters : array, (n, n_free)
        Values of ``code.free``, one row per person.
    times : array, (n_times,)
        Increasing, from 0 on.
    doses : sequence of Dose
        At a time that is asked for and at which a dose falls the state is the one after it.
    start : array, (n_species,) or (n, n_species), optional
        Where to begin. The network's default state, under each person's parameters, if not given.
    wanted : sequence of str, optional
        Species to keep; all if not given.
    rtol, atol : float; float or array, (n_species,)
        Error allowed in a step: ``atol + rtol |x|`` for each species, the root of the mean square of these shares at
        most 1.
    max_steps : int
        Before a person is given up.
    threads : int, optional
        Default: the processors this process may use.
    stop : object with ``is_set()``, optional
        When it is set, everybody not finished ends as ``STOPPED`` within 0.1 s.
    progress : callable, optional
        Called as ``progress(done, n)`` from this thread.
    pace : Pace, optional
        Steps to write down, or to take (`eutone.engine.sensitivity`).
    jumps : CommonJumps, optional
        What `jumps_until` found for a course that ends when this one does; found anew if not given.

    Raises
    ------
    ModelError
        If shapes, times or tolerances do not fit.
    ValueError
        If ``jumps`` are those of a course that ends at another time.
    """
    network = code.network
    values, at, first, keep, absolute = _checked(code, parameters, times, start, wanted, rtol, atol)
    n, threads = len(values), threads_of(threads)
    last = float(at[-1]) if len(at) else 0.0
    doses = dosing.checked(doses, n, network, code.free, code.infused, last)
    fixed = dict(zip(network.parameters, network.values.tolist(), strict=True))
    common = jumps_until(code, at) if jumps is None else jumps
    if common.last != last:
        raise ValueError(f"the jumps were looked for until {common.last}, and the course ends at {last}")
    result = Courses(
        at,
        tuple(network.species[k] for k in keep),
        np.empty((n, len(at), len(keep))),  # touched first by the thread that fills it
        np.full(n, Status.STOPPED, dtype=np.int8),
        np.zeros(n, dtype=np.int32),
        np.zeros(n, dtype=np.int32),
    )
    settings = Settings(rtol, absolute, max_steps, keep, fixed, common.times)
    # a dose takes some eight numbers of each person while they are worked on: its edges, sorted, and its own three
    size = max(1, _CHUNK_BYTES // (8 * max(len(at) * len(keep), 8 * len(doses), 1)))
    most = max(code.lane_width, min(size, _MOST_CHUNK))
    word = np.zeros(1, dtype=np.uint8)

    def work(mine: slice) -> None:
        result.states[mine] = np.nan
        if not word[0]:
            begin = network.starts(code.free, values[mine]) if first is None else first[mine]
            integrate(code, values[mine], begin, at, [d.of(mine) for d in doses], settings, word, result, mine,
                      None if pace is None else replace(pace, lists=pace.lists[mine]))  # fmt: skip

    in_chunks(work, n, min(most, 8 * code.lane_width), most, threads, word, stop, progress)
    return result


def _times(network: Network, times: ArrayLike) -> Array:
    at = np.ascontiguousarray(times, dtype=np.float64)
    if at.ndim != 1 or not np.isfinite(at).all() or (len(at) and at[0] < 0) or (np.diff(at) < 0).any():
        raise ModelError(f"{network.name}: times must increase from 0 on")
    return at


def _checked(
    code: CourseCode,
    parameters: ArrayLike,
    times: ArrayLike,
    start: ArrayLike | None,
    wanted: Sequence[str] | None,
    rtol: float,
    atol: ArrayLike,
) -> tuple[Array, Array, Array | None, NDArray[np.int64], Array]:
    network = code.network
    values = np.ascontiguousarray(parameters, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(code.free):
        raise ModelError(f"{network.name}: parameters have shape {values.shape}, not (n, {len(code.free)})")
    at = _times(network, times)
    absolute = np.broadcast_to(np.asarray(atol, dtype=np.float64), (len(network.species),))
    if not (np.isfinite(absolute).all() and (absolute >= 0).all() and 0 < rtol < 1):
        raise ModelError(f"{network.name}: rtol must lie between 0 and 1, atol must not be negative")
    absolute = np.maximum(absolute, np.finfo(np.float64).tiny)  # what stays 0 has no error, and not 0/0
    names = network.species if wanted is None else tuple(wanted)
    missing = [name for name in names if name not in network.species]
    if missing:
        raise ModelError(f"{network.name}: '{missing[0]}' is not a species of the model")
    keep = np.array([network.species.index(name) for name in names], dtype=np.int64)
    if start is None:
        return values, at, None, keep, absolute
    first = np.asarray(start, dtype=np.float64)
    shape = (len(values), len(network.species))
    if first.shape not in (shape, shape[1:]):
        raise ModelError(f"{network.name}: start has shape {first.shape}, not {shape[1:]} or {shape}")
    return values, at, np.broadcast_to(first, shape), keep, absolute
