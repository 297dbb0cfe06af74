"""The orbit that a periodically driven network settles into, solved for and not waited for.

A state ``x`` lies on the orbit if one period later it is the same: ``P(x) = x`` for the period map ``P``. Newton's
method on the independent species needs the derivative of ``P``. Everybody gets their own, to first order along their
own course in a few pieces (`eutone.engine.linearized`); what that leaves out is learned on the way, by Anderson's
mixing of the last few residuals (Walker and Ni, SIAM J Numer Anal 2011, 49:1715). So a person takes a handful of
periods, however slow the slowest process is. Who is not there after a while is linearized anew. Totals of conserved
moieties stay what they were at the start. Nobody's orbit depends on who stands beside them.

What is solved is that the state repeats, not that it attracts: from beside an orbit that repels, that one is found.
Where a network may have both, integrate on from beside what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import ModelError
from eutone.engine import dosing
from eutone.engine.chunks import Stop
from eutone.engine.course import CourseCode, jumps_until, solve_course
from eutone.engine.dosing import Dose
from eutone.engine.expr import evaluate, substitute, symbols
from eutone.engine.linearized import Linearized
from eutone.engine.moieties import Moieties, conserved_moieties, restore, totals
from eutone.engine.network import Network
from eutone.engine.status import Status

__all__ = ["Orbits", "periodic_orbits"]

Array = NDArray[np.float64]

_MEMORY = 6  # residuals that are mixed: more are no longer independent of each other to the accuracy of a course
_PIECES = 3  # of a period, each with a Jacobian of its own
_AGAIN = 12  # periods after which who is not there is linearized anew
_TOGETHER = 64  # people: each holds a matrix
_WARM = 2  # periods that only bring people near, before anything is extrapolated
_ROUGH = 1e-6  # how right these are
_GROWTH = 1e4
_PHASES = 97  # moments of a period, prime so that no clock beats with them


@dataclass(frozen=True)
class Orbits:
    """Where people are at the beginning of a period that repeats for ever.

    Attributes
    ----------
    species : tuple of str
    states : array, (n, n_species)
        On the orbit where ``status`` is ``CONVERGED``, else where the search ended.
    residual : array, (n,)
        Largest change over a period, relative to ``|x|`` and a millionth of the typical value. (What has grown more
        than ten thousand-fold has not come to rest, however little it changes by itself.)
    periods : array of int, (n,)
        How many were integrated.
    status : array of int8, (n,)
    """

    species: tuple[str, ...]
    states: Array
    residual: Array
    periods: NDArray[np.int64]
    status: NDArray[np.int8]


def periodic_orbits(
    code: CourseCode,
    parameters: ArrayLike,
    period: float,
    *,
    doses: Sequence[Dose] = (),
    start: ArrayLike | None = None,
    tolerance: float = 1e-7,
    most: int = 60,
    rtol: float = 1e-9,
    atol: ArrayLike = 1e-12,
    threads: int | None = None,
    stop: Stop | None = None,
) -> Orbits:
    """The periodic state of everybody.

    Parameters
    ----------
    code : CourseCode
    parameters : array, (n, n_free)
    period : float
        Clocks of the model and ``doses`` repeat after it.
    doses : sequence of Dose
        Of one period. An infusion may go on into the next.
    start : array, optional
        Where the search begins; it fixes the totals of conserved moieties.
    tolerance : float
        On the change over a period.
    most : int
        Periods before a person is given up (``STEP_LIMIT``).

    Raises
    ------
    ModelError
        If the model or a dose does not repeat after ``period``, or the model has events.
    """
    network = code.network
    values = np.ascontiguousarray(parameters, dtype=np.float64)
    if not 0 < period < np.inf:
        raise ModelError(f"{network.name}: a period must be positive")
    if network.events:
        raise ModelError(f"{network.name}: event '{network.events[0].id}': no periodic state is looked for with events")
    _refuse_other_clocks(network, code.free, values, period)
    n = len(values)
    doses = _within(dosing.checked(doses, n, network, code.free, code.infused, period), period, network)
    moieties = conserved_moieties(network)
    typical = np.maximum(np.abs(network.initial), 1e-6 * np.abs(network.initial).max(initial=1e-6))
    own = np.tile(network.values, (n, 1))
    own[:, [network.parameters.index(name) for name in code.free]] = values
    times = period * np.array([0.0, *((k + 0.5) / _PIECES for k in range(_PIECES)), 1.0])
    jumps = jumps_until(code, times)  # of all these courses

    def after(x: Array, rows: NDArray[np.intp], rtol: float = rtol) -> tuple[Array, Array, NDArray[np.int8]]:
        run = solve_course(
            code, values[rows], times, start=x, doses=[d.of(rows) for d in doses], rtol=rtol, atol=atol,
            threads=threads, stop=stop, jumps=jumps,
        )  # fmt: skip
        return run.states[:, -1], run.states[:, 1:-1], run.status

    x = np.array(solve_course(code, values, [0.0], start=start).states[:, 0])
    found = Orbits(
        network.species, x, np.full(n, np.inf), np.zeros(n, dtype=np.int64),
        np.full(n, Status.STEP_LIMIT, dtype=np.int8),
    )  # fmt: skip
    search = _Search(moieties, Linearized(network, moieties), period, own, typical, tolerance, most)
    for k in range(0, n, _TOGETHER):
        _settle(search, after, np.arange(k, min(n, k + _TOGETHER)), found)
    return found


@dataclass(frozen=True)
class _Search:
    """What is the same for everybody, but for ``own``, everybody's parameters (n, n_parameters)."""

    moieties: Moieties
    linearized: Linearized
    period: float
    own: Array
    typical: Array
    tolerance: float
    most: int


def _settle(search: _Search, after: Callable[..., tuple[Array, Array, NDArray[np.int8]]], who: NDArray[np.intp],
            found: Orbits) -> None:  # fmt: skip
    """Move these people to their orbit, in ``found``, until all are there, lost or out of periods.

    ``after`` gives states one period later, those in the middle of its pieces, and how that ended, for states of some
    people and their numbers.
    """
    x, status, free, floor = found.states, found.status, search.moieties.independent, 1e-6 * search.typical
    for _ in range(_WARM):
        moved, _, ended = after(x[who], who, _ROUGH)
        found.periods[who] += 1
        x[who] = np.where((ended == 0)[:, None], moved, x[who])
    constants = totals(search.moieties, x)
    # what grows for ever hardly changes in the end, relative to itself
    most_size = _GROWTH * (np.abs(x) + search.typical)
    history: list[tuple[Array, Array]] = []  # of (independent species, step that Newton's method would take)
    inverse = np.empty((0, len(free), len(free)))
    for k in range(search.most - _WARM):
        moved, middles, ended = after(x[who], who)
        found.periods[who] += 1
        change, size = moved - x[who], np.abs(x[who]) + floor
        found.residual[who] = np.max(np.abs(change) / size, axis=1, initial=0.0)
        near = (np.abs(x[who]) <= most_size[who]).all(axis=1)
        status[who[ended != 0]] = ended[ended != 0]
        there = (ended == 0) & near & (found.residual[who] <= search.tolerance)
        status[who[there]] = Status.CONVERGED
        kept = (ended == 0) & ~there
        who, change, size, middles = who[kept], change[kept][:, free], size[kept][:, free], middles[kept]
        if not len(who):
            return
        if k % _AGAIN == 0:
            history, rows = [], zip(middles, search.own[who], size, strict=True)
            inverse = np.stack([search.linearized.newton(search.period, *row) for row in rows])
        else:
            history, inverse = [(a[kept], b[kept]) for a, b in history], inverse[kept]
        y = x[who][:, free]
        # each person's own numbers alone
        g = np.stack([a @ b for a, b in zip(inverse, change, strict=True)])
        history = [*history, (y, g)][-_MEMORY:]
        new = _mixed(history, size)
        new = np.where((y > 0) & (new < 0.2 * y), 0.2 * y, new)  # nobody loses more than four fifths at once
        x[who] = np.stack([restore(search.moieties, a, constants[i]) for a, i in zip(new, who, strict=True)])


def _mixed(history: list[tuple[Array, Array]], scale: Array) -> Array:
    """Anderson's next point of everybody: the combination of the last points whose residual is smallest."""
    y, g = history[-1]
    if len(history) == 1:
        return y + g
    dy = np.stack([b[0] - a[0] for a, b in pairwise(history)], axis=2)
    dg = np.stack([b[1] - a[1] for a, b in pairwise(history)], axis=2)
    new = np.empty_like(y)
    for k in range(len(y)):  # each person's own numbers alone
        weight = np.linalg.lstsq(dg[k] / scale[k, :, None], g[k] / scale[k], rcond=1e-10)[0]
        new[k] = y[k] + g[k] - (dy[k] + dg[k]) @ weight
    return new


def _within(doses: Sequence[Dose], period: float, network: Network) -> list[Dose]:
    """Doses of one period; what still flows when it ends flows on at the beginning of the next."""
    found = []
    for dose in doses:
        time, amount, duration = (np.asarray(v) for v in (dose.time, dose.amount, dose.duration))
        given = ~np.isnan(time)
        if (time[given] >= period).any() or (duration[given] > period).any():
            raise ModelError(
                f"{network.name}: the dose to '{dose.target}' begins after the period of {period:g}, or lasts longer"
            )
        if dose.target not in network.species and (duration[given] == 0).any():
            raise ModelError(f"{network.name}: the dose to '{dose.target}' raises it for ever, which does not repeat")
        rest = np.where(given, time + duration - period, 0.0)
        late = rest > 0
        if not late.any():
            found.append(dose)
            continue
        first = np.where(late, duration - rest, duration)
        flows = dose.target in network.species
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(late & flows, first / duration, 1.0)
        found.append(Dose(dose.target, time, amount * share, first))
        left = np.where(late & flows, 1.0 - share, 1.0)
        found.append(Dose(dose.target, np.where(late, 0.0, np.nan), amount * left, np.where(late, rest, 0.0)))
    return found


def _refuse_other_clocks(network: Network, free: tuple[str, ...], values: Array, period: float) -> None:
    """A model whose rates do not repeat, for anybody, has no orbit of that period."""
    known = network.inlined()
    roots = [e for e in substitute([*network.rates, *network.drift.values()], known) if "time" in symbols(e)]
    if not roots:
        return
    named: dict[str, object] = dict(zip(network.parameters, network.values, strict=True))
    named |= dict(zip(network.species, network.initial + 0.1 * (np.abs(network.initial) + 1.0), strict=True))
    clocked = symbols(*roots)
    own = [k for k, name in enumerate(free) if name in clocked]
    people = np.unique(values[:, own], axis=0) if own else np.zeros((1, 0))
    times = period * (np.arange(_PHASES) + 0.377) / _PHASES
    for row in people:
        person = named | {free[k]: float(v) for k, v in zip(own, row, strict=True)}
        now, later = (
            [np.broadcast_to(np.asarray(v, dtype=float), times.shape) for v in evaluate(roots, person | {"time": t})]
            for t in (times, times + period)
        )
        scale = max(float(np.nanmax(np.abs(now))), 1e-300)
        if not np.allclose(now, later, rtol=1e-6, atol=1e-9 * scale, equal_nan=True):
            theirs = ", ".join(f"{free[k]} = {v:g}" for k, v in zip(own, row, strict=True))
            raise ModelError(
                f"{network.name}: the model does not repeat after {period:g}{' with ' * bool(own)}{theirs}"
            )
