"""Steady states of many people at once: chunks of a batch over threads, a status for everyone.

The search itself is machine code (`eutone.engine.kernel` says what one step is); this module only lays out the table of
people, starts the code on each chunk, sends those that had a hard time through once more, slowly, and says how each
ended. Everything that touches a person's numbers uses that person's numbers alone, so any permutation, chunking, lane
width and number of threads gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import ModelError
from eutone.engine.basin import confirm, selected
from eutone.engine.chunks import Stop, in_chunks, threads_of
from eutone.engine.compile import Compiled
from eutone.engine.people import BOLD, CAREFUL, SIGNED, begin, finish, search
from eutone.engine.status import Status

__all__ = ["SteadyStates", "solve_steady"]

Array = NDArray[np.float64]

_CHUNK = 2048  # people; their tables then lie in the second-level cache
RESIDUAL = 1e-9  # net over gross change


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
    size = max(64, min(_CHUNK, -(-n // (2 * threads))))
    word = np.zeros(1, dtype=np.uint8)
    result = _empty(compiled, n)

    def work(mine: slice) -> tuple[int, int]:
        if word[0]:
            result.states[mine] = result.observables[mine] = result.residual[mine] = np.nan
            return 0, 0
        first = None if starts is None else starts[mine]
        return _solve(compiled, values[mine], first, check, word, result, mine)

    counts = in_chunks(work, n, size, threads, word, stop, progress)
    checked, disagreed = (sum(k) for k in zip(*counts, strict=True)) if counts else (0, 0)
    return replace(result, checked=checked, disagreed=disagreed)


def _solve(
    compiled: Compiled,
    values: Array,
    starts: Array | None,
    check: float,
    stop: NDArray[np.uint8],
    result: SteadyStates,
    mine: slice,
) -> tuple[int, int]:
    """Solve for some people and write what was found into ``result``; how many were checked, how many disagreed."""
    kernel, m = compiled.kernel, len(compiled.kernel.independent)
    done, steps, folds, why = (kernel.step_rows[name] for name in ("~done", "~steps", "~folds", "~why"))
    begun = begin(compiled, values, starts)
    people = search(compiled, begun, BOLD, stop)
    hard = np.flatnonzero((people[:, done] != 1) | (people[:, folds] > 0))
    if len(hard):
        # where a rate law has an infinite slope at zero, nothing can start there; a trace of everything can
        trace = 1e-9 * compiled.typical[kernel.independent_index] * kernel.positive[kernel.independent_index]
        x = begun.independent
        x[hard] = np.where((people[hard, why] == 1)[:, None] & (x[hard] == 0), trace, x[hard])
    left = hard
    for pace in (CAREFUL, SIGNED):
        if not len(left) or stop[0]:
            break
        again = search(compiled, begun.only(left), pace, stop)
        again[:, steps] += people[left, steps]
        people[left] = again
        left = left[again[:, done] != 1]
    species, change, observables, residual = finish(compiled, people[:, :m], begun)
    status = _status(compiled, people, species, change, residual)

    ask = (status == Status.CONVERGED) & selected(begun, check)
    ask[hard] = status[hard] == Status.CONVERGED
    asked = np.flatnonzero(ask)
    confirmed, answered = confirm(compiled, begun.only(asked), people[asked, :m], stop)
    status[asked[answered & ~confirmed]] = Status.OTHER_BASIN
    status[asked[~answered]] = Status.STOPPED

    result.states[mine], result.observables[mine], result.residual[mine] = species, observables, residual
    result.status[mine], result.iterations[mine] = status, people[:, steps]
    return int(answered.sum()), int((answered & ~confirmed).sum())


def _status(compiled: Compiled, people: Array, species: Array, change: Array, residual: Array) -> NDArray[np.int8]:
    """How each person's search ended, the basin apart."""
    kernel = compiled.kernel
    done, why, refused = (people[:, kernel.step_rows[name]] for name in ("~done", "~why", "~refused"))
    status = np.full(len(people), Status.CONVERGED, dtype=np.int8)
    other = np.flatnonzero(~((done == 1) & (residual <= RESIDUAL) & (species.min(axis=1, initial=0.0) >= 0)))
    done, why, refused, species, change = done[other], why[other], refused[other], species[other], change[other]
    below = np.any((species < 0) & kernel.positive, axis=1)
    # a concentration that is being pushed through zero lies against it, where steps can only get shorter
    pushed = np.any((species <= 1e-9 * compiled.typical) & kernel.positive & (change < 0), axis=1)
    finite = np.isfinite(change).all(axis=1) & np.isfinite(species).all(axis=1)
    conditions = [
        (done == 0, Status.STOPPED),
        (~finite, Status.NOT_FINITE),
        ((done == 1) & (residual[other] <= RESIDUAL) & ~below, Status.CONVERGED),
        (below | pushed, Status.NEGATIVE),
        ((done == 1) | ((refused > 0) & (why < 3)), Status.SINGULAR),
    ]
    status[other] = np.select(
        [c for c, _ in conditions], [np.int8(s) for _, s in conditions], np.int8(Status.STEP_LIMIT)
    )
    return status


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
