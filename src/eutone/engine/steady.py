"""Steady states of many people at once: chunks of a batch over threads, a status for everyone.

The search itself is machine code (`eutone.engine.kernel` says what one step is); this module only starts the code on
each chunk, sends those that had a hard time through once more, slowly, and has some of the answers checked. Everything
that touches a person's numbers uses that person's numbers alone, so any permutation, chunking, lane width and number of
threads gives the same bits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import ModelError
from eutone.engine.basin import confirm
from eutone.engine.chunks import Stop, in_chunks, threads_of
from eutone.engine.compile import Compiled
from eutone.engine.ending import ENDED
from eutone.engine.people import BOLD, CAREFUL, SIGNED, begin, common, control, run, solve, workplace
from eutone.engine.status import Status

__all__ = ["SteadyStates", "solve_steady"]

Array = NDArray[np.float64]

_MOST = 8192  # people for whom a thread needs the interpreter once
_RESIDUAL, _STATUS, _TRIED, _SMOOTH, _REASON, _DRAWN = range(len(ENDED))


@dataclass(frozen=True)
class SteadyStates:
    """How every person's search ended, and where.

    Attributes
    ----------
    species, names : tuple of str
        Columns of ``states`` and of ``observables``.
    states : array, (n, n_species)
        Where the search ended; an answer only where ``status`` is ``CONVERGED``.
    observables : array, (n, n_observables)
    status : array of int8, (n,)
        A `Status` each.
    residual : array, (n,)
        The largest, over species, of net change over gross change.
    iterations : array of int32, (n,)
        Linear systems solved for the answer.
    checked, disagreed : int
        How many were integrated with error control to see where the start runs to, and how many of them do not run to
        the state found (these have the status ``OTHER_BASIN``).
    """

    species: tuple[str, ...]
    names: tuple[str, ...]
    states: Array
    observables: Array
    status: NDArray[np.int8]
    residual: Array
    iterations: NDArray[np.int32]
    checked: int
    disagreed: int

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Which are answers, shape (n,)."""
        return np.asarray(self.status == Status.CONVERGED)

    def counts(self) -> dict[str, int]:
        """How many ended how, by name; endings that did not occur are absent."""
        return {s.name: int((self.status == s).sum()) for s in Status if (self.status == s).any()}


def solve_steady(
    compiled: Compiled,
    parameters: ArrayLike,
    *,
    start: ArrayLike | None = None,
    threads: int | None = None,
    check: float = 0.01,
    stop: Stop | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> SteadyStates:
    """The steady state that each person's start runs to.

    Parameters
    ----------
    compiled : Compiled
    parameters : array, (n, n_free)
        Values of ``compiled.free``, one row per person.
    start : array, (n_species,) or (n, n_species), optional
        Where to begin; it also fixes the totals of conserved moieties. The network's default state if not given.
    threads : int, optional
        Default: the processors this process may use.
    check : float
        The share of people for whom the network is also integrated in time, to see that the start runs to the state
        found (besides all those who had a hard time). Where ``disagreed`` is not 0, the network has several steady
        states or none that is stable, and 1.0 asks for everyone: some 25 times slower.
    stop : object with ``is_set()``, optional
        Such as a `threading.Event`: when it is set, everybody not finished ends as ``STOPPED`` within 0.1 s.
    progress : callable, optional
        Called as ``progress(done, n)`` from this thread.

    Raises
    ------
    ModelError
        If the shapes do not fit the network.
    """
    values, starts = _checked_input(compiled, parameters, start)
    n, threads = len(values), threads_of(threads)
    word = np.zeros(1, dtype=np.uint8)
    result = _empty(compiled, n)
    mine = threading.local()  # a table for each thread
    waiting: list[int] = []  # to be checked, of each chunk
    traced = np.zeros(n, dtype=np.bool_)  # who could not begin at zero
    told = [0]

    def tell(done: int) -> None:
        if progress is not None and done > told[0]:
            told[0] = done
            progress(done, n)

    def search(chunk: slice) -> NDArray[np.intp]:
        if word[0]:
            result.states[chunk] = result.observables[chunk] = result.residual[chunk] = np.nan
            return np.empty(0, dtype=np.intp)
        if not hasattr(mine, "table"):
            mine.table = workplace(compiled)
        first = None if starts is None else starts[chunk]
        own = _part(result, chunk)
        doubtful = _solve(compiled, values[chunk], first, check, word, own, traced[chunk], mine.table)
        waiting.append(len(doubtful))
        return np.asarray(doubtful + chunk.start)

    found = in_chunks(
        search, n, _least(n, threads), _MOST, threads, word, stop, lambda done, _: tell(done - sum(waiting))
    )
    asked = np.sort(np.concatenate([*found, np.empty(0, dtype=np.intp)]))

    def look(chunk: slice) -> tuple[int, int]:
        who = asked[chunk]
        begun = begin(compiled, values[who], None if starts is None else starts[who], BOLD)
        _leave_zero(compiled, begun, traced[who])
        confirmed, answered = confirm(compiled, begun, result.states[who], word)
        result.status[who[confirmed]] = Status.CONVERGED
        result.status[who[answered & ~confirmed]] = Status.OTHER_BASIN
        return int(answered.sum()), int((answered & ~confirmed).sum())

    counts = in_chunks(
        look,
        len(asked),
        _least(len(asked), threads),
        _MOST,
        threads,
        word,
        stop,
        lambda done, _: tell(n - len(asked) + done),
    )
    checked, disagreed = (sum(k) for k in zip(*counts, strict=True)) if counts else (0, 0)
    return replace(result, checked=checked, disagreed=disagreed)


def _solve(
    compiled: Compiled,
    values: Array,
    starts: Array | None,
    check: float,
    stop: NDArray[np.uint8],
    result: SteadyStates,
    traced: NDArray[np.bool_],
    table: Array,
) -> NDArray[np.intp]:
    """Solve for some people and write what was found into ``result``, and into ``traced`` who could not begin at zero.

    Gives who of them is to be checked. Until then they are ``STOPPED``.
    """
    ended = np.empty((len(values), len(ENDED)))
    solve(compiled, values, starts, BOLD, table, (result.states, result.observables, ended), stop)
    hard = np.flatnonzero(ended[:, _SMOOTH] != 1)
    if len(hard):
        traced[hard] = ended[hard, _REASON] == 1
        _search_again(compiled, values, starts, hard, traced[hard], result, ended, stop)
    result.status[:], result.iterations[:], result.residual[:] = ended[:, [_STATUS, _TRIED, _RESIDUAL]].T
    drawn = ~(ended[:, _DRAWN] >= check)  # whoever has no lot is checked
    drawn[hard] = True
    doubtful = np.flatnonzero(drawn & (result.status == Status.CONVERGED))
    result.status[doubtful] = Status.STOPPED
    return doubtful


def _search_again(
    compiled: Compiled,
    values: Array,
    starts: Array | None,
    hard: NDArray[np.intp],
    traced: NDArray[np.bool_],
    result: SteadyStates,
    ended: Array,
    stop: NDArray[np.uint8],
) -> None:
    """Slowly, for those who had a hard time; what is found replaces what stands in ``result`` and ``ended``."""
    layout, parts = compiled.layout, compiled.layout.parts
    begun = begin(compiled, values[hard], None if starts is None else starts[hard], CAREFUL)
    _leave_zero(compiled, begun, traced)
    never = np.zeros_like(stop)  # a stop ends the search, and leaves to say how it ended
    for pace in (CAREFUL, SIGNED):
        people = begun.copy()
        people[:, parts["control"]] = control(layout, pace)
        for code, word in ((compiled.step, stop), (compiled.finish, never)):
            run(code, people, word, common(compiled.typical, pace))
        tried = ended[hard, _TRIED]
        result.states[hard], result.observables[hard] = people[:, parts["species"]], people[:, parts["observed"]]
        ended[hard] = people[:, parts["ended"]]
        ended[hard, _TRIED] += tried
        left = people[:, layout.rows["~done"]] != 1
        hard, begun = hard[left], begun[left]


def _least(n: int, threads: int) -> int:
    """People in the shortest chunks: in shorter ones lanes idle, and the interpreter takes a larger share."""
    return max(64, min(512, n // (8 * threads)))


def _checked_input(compiled: Compiled, parameters: ArrayLike, start: ArrayLike | None) -> tuple[Array, Array | None]:
    network = compiled.network
    values = np.ascontiguousarray(parameters, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(compiled.free):
        raise ModelError(f"{network.name}: parameters have shape {values.shape}, not (n, {len(compiled.free)})")
    if start is None:
        return values, None
    starts = np.asarray(start, dtype=np.float64)
    wanted = (len(values), len(network.species))
    if starts.shape not in (wanted, wanted[1:]):
        raise ModelError(f"{network.name}: start has shape {starts.shape}, not {wanted[1:]} or {wanted}")
    return values, np.broadcast_to(starts, wanted)


def _empty(compiled: Compiled, n: int) -> SteadyStates:
    """Nothing found yet; whose numbers these will be touches them first, so that threads share that work, too."""
    return SteadyStates(
        compiled.network.species,
        compiled.observables,
        np.empty((n, len(compiled.network.species))),
        np.empty((n, len(compiled.observables))),
        np.full(n, Status.STOPPED, dtype=np.int8),
        np.empty(n),
        np.zeros(n, dtype=np.int32),
        0,
        0,
    )


def _leave_zero(compiled: Compiled, begun: Array, traced: NDArray[np.bool_]) -> None:
    """Where a rate law has an infinite slope at zero, nothing can start there; a trace of everything can."""
    layout = compiled.layout
    trace = 1e-9 * compiled.typical[layout.independent_index] * layout.positive[layout.independent_index]
    x = begun[:, layout.parts["independent"]]
    x[:] = np.where(traced[:, None] & (x == 0), trace, x)


def _part(result: SteadyStates, chunk: slice) -> SteadyStates:
    """Views of some people's results, to be written through."""
    arrays = ("states", "observables", "status", "residual", "iterations")
    return replace(result, **{name: getattr(result, name)[chunk] for name in arrays})
