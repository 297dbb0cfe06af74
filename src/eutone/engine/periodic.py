"""The orbit that a periodically driven network settles into, solved for and not waited for.

A state ``x`` lies on the orbit if one period later it is the same: ``P(x) = x`` for the period map ``P``. Newton's
method on the independent species needs the derivative of ``P``. That of the default person (finite differences, all
of them in lanes at once) serves everybody as preconditioner, and what is particular to a person is learned on the way
by Anderson's mixing of the last few residuals (Walker and Ni, SIAM J Numer Anal 2011, 49:1715). So a person takes a
handful of periods, however slow the slowest process is. Who is too unlike the default person for that gets a derivative
of their own, and Newton's method with it: as many periods as there are species, side by side, for each step. Totals of
conserved moieties stay what they were at the start. Nobody's orbit depends on who stands beside them.

What is solved is that the state repeats, not that it attracts: from beside an orbit that repels, that one is found.
Where a network may have both, integrate on from beside what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import ModelError
from eutone.engine import dosing
from eutone.engine.chunks import Stop
from eutone.engine.course import CourseCode, jumps_until, solve_course
from eutone.engine.dosing import Dose
from eutone.engine.edges import CommonJumps
from eutone.engine.expr import evaluate, substitute, symbols
from eutone.engine.moieties import Moieties, conserved_moieties, restore, totals
from eutone.engine.network import Network
from eutone.engine.status import Status

__all__ = ["Orbits", "periodic_orbits"]

Array = NDArray[np.float64]

_MEMORY = 6  # residuals that are mixed: more are no longer independent of each other to the accuracy of a course
_DIFFERENCE = 1e-5  # of a species: a course is right to 1e-9, so a slope is to 1e-4, and curvature costs less
_SHARED = 20  # periods with everybody's preconditioner; who is not there then is too unlike the default person
_STEPS = 8  # of Newton's method with a derivative of one's own
_ROWS = 8192  # courses at once for these derivatives
_WARM = 2  # periods that only bring people near, before anything is extrapolated
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
    free = moieties.independent
    typical = np.maximum(np.abs(network.initial), 1e-6 * np.abs(network.initial).max(initial=1e-6))

    jumps = jumps_until(code, [0.0, period])  # of all these courses

    def after(x: Array, rows: NDArray[np.intp]) -> tuple[Array, NDArray[np.int8]]:
        run = solve_course(
            code, values[rows], [0.0, period], start=x, doses=[d.of(rows) for d in doses], rtol=rtol, atol=atol,
            threads=threads, stop=stop, jumps=jumps,
        )  # fmt: skip
        return run.states[:, 1], run.status

    x = np.array(solve_course(code, values, [0.0], start=start).states[:, 0])
    constants = np.stack([totals(moieties, row) for row in x]) if n else np.zeros((0, len(moieties.dependent)))
    status = np.full(n, Status.STEP_LIMIT, dtype=np.int8)
    residual, periods = np.full(n, np.inf), np.zeros(n, dtype=np.int64)
    for _ in range(_WARM):
        moved, ended = after(x, np.arange(n))
        periods += 1
        x = np.where((ended == 0)[:, None], moved, x)
    if not n:
        return Orbits(network.species, x, residual, periods, status)
    inverse = _preconditioner(code, period, jumps, free, moieties, typical, rtol, atol, threads, stop)
    search = _Search(free, moieties, inverse, typical, tolerance, most)
    _settle(search, after, x, constants, residual, periods, status)
    # shorter searches say that they are to be short
    left = np.flatnonzero((status == Status.STEP_LIMIT) & (most > _SHARED))
    together = max(1, _ROWS // (len(free) + 1))
    for k in range(0, len(left), together):
        _newton(search, after, left[k : k + together], x, constants, residual, periods, status)
    return Orbits(network.species, x, residual, periods, status)


@dataclass(frozen=True)
class _Search:
    """What is the same for everybody: independent species, conserved totals, preconditioner, sizes, and when to end."""

    free: NDArray[np.intp]
    moieties: Moieties
    inverse: Array
    typical: Array
    tolerance: float
    most: int


def _settle(
    search: _Search,
    after: Callable[[Array, NDArray[np.intp]], tuple[Array, NDArray[np.int8]]],
    x: Array,
    constants: Array,
    residual: Array,
    periods: NDArray[np.int64],
    status: NDArray[np.int8],
) -> None:
    """Move everybody towards their orbit, in place, until all are there, lost or out of periods.

    ``after`` gives states one period later, and how that ended, for states of some people and their numbers.
    """
    typical, free = search.typical, search.free
    going = np.arange(len(x))
    history: list[tuple[Array, Array]] = []  # of (independent species, preconditioned residual), everybody's
    # what grows for ever hardly changes in the end, relative to itself
    most_size = _GROWTH * (np.abs(x) + typical)
    for _ in range(min(search.most, _SHARED) - _WARM):
        moved, ended = after(x[going], going)
        periods[going] += 1
        change = moved - x[going]
        residual[going] = np.max(np.abs(change) / (np.abs(x[going]) + 1e-6 * typical), axis=1, initial=0.0)
        near = (np.abs(x[going]) <= most_size[going]).all(axis=1)
        status[going[ended != 0]] = ended[ended != 0]
        there = (ended == 0) & near & (residual[going] <= search.tolerance)
        status[going[there]] = Status.CONVERGED
        kept = (ended == 0) & ~there
        history = [(a[kept], b[kept]) for a, b in history]
        going, change = going[kept], change[kept]
        if not len(going):
            return
        y = x[going][:, free]
        g = change[:, free] @ search.inverse.T
        history = [*history, (y, g)][-_MEMORY:]
        new = _mixed(history, typical[free])
        new = np.where((y > 0) & (new < 0.2 * y), 0.2 * y, new)  # nobody loses more than four fifths at once
        x[going] = np.stack([restore(search.moieties, new[k], constants[i]) for k, i in enumerate(going)])


def _newton(
    search: _Search,
    after: Callable[[Array, NDArray[np.intp]], tuple[Array, NDArray[np.int8]]],
    who: NDArray[np.intp],
    x: Array,
    constants: Array,
    residual: Array,
    periods: NDArray[np.int64],
    status: NDArray[np.int8],
) -> None:
    """Move these people to their orbit, in place, each with the derivative of the period map at their own state."""
    free, m = search.free, len(search.free)
    most_size = _GROWTH * (np.abs(x) + search.typical)
    for _ in range(_STEPS):
        y = x[who][:, free]
        size = _DIFFERENCE * np.maximum(np.abs(y), search.typical[free])
        points = np.repeat(y[:, None], m + 1, axis=1)  # the state, and one beside it for each species
        points[:, np.arange(1, m + 1), np.arange(m)] += size
        rows = np.repeat(who, m + 1)
        begin = np.stack(
            [restore(search.moieties, p, constants[i]) for p, i in zip(points.reshape(-1, m), rows, strict=True)]
        )
        moved, ended = after(begin, rows)
        periods[who] += m + 1
        moved, ended = moved.reshape(len(who), m + 1, -1), ended.reshape(len(who), m + 1)
        change = moved[:, 0] - x[who]
        residual[who] = np.max(np.abs(change) / (np.abs(x[who]) + 1e-6 * search.typical), axis=1, initial=0.0)
        near = (np.abs(x[who]) <= most_size[who]).all(axis=1)
        lost = (ended != 0).any(axis=1)
        status[who[lost]] = ended[lost].max(axis=1)
        there = ~lost & near & (residual[who] <= search.tolerance)
        status[who[there]] = Status.CONVERGED
        for k in np.flatnonzero(~lost & ~there):
            # each species in its own size: else what is small beside others is lost where a direction is given up
            slope = (moved[k, 1:][:, free] - moved[k, 0, free]).T / size[k][:, None]
            step = size[k] * np.linalg.lstsq(np.eye(m) - slope, change[k, free] / size[k], rcond=1e-12)[0]
            new = y[k] + step
            new = np.where((y[k] > 0) & (new < 0.2 * y[k]), 0.2 * y[k], new)
            x[who[k]] = restore(search.moieties, new, constants[who[k]])
        who = who[~lost & ~there]
        if not len(who):
            return


def _mixed(history: list[tuple[Array, Array]], scale: Array) -> Array:
    """Anderson's next point of everybody: the combination of the last points whose residual is smallest."""
    y, g = history[-1]
    if len(history) == 1:
        return y + g
    dy = np.stack([b[0] - a[0] for a, b in pairwise(history)], axis=2)
    dg = np.stack([b[1] - a[1] for a, b in pairwise(history)], axis=2)
    new = np.empty_like(y)
    for k in range(len(y)):  # each person's own numbers alone
        weight = np.linalg.lstsq(dg[k] / scale[:, None], g[k] / scale, rcond=1e-10)[0]
        new[k] = y[k] + g[k] - (dy[k] + dg[k]) @ weight
    return new


def _preconditioner(
    code: CourseCode,
    period: float,
    jumps: CommonJumps,
    free: NDArray[np.intp],
    moieties: Moieties,
    typical: Array,
    rtol: float,
    atol: ArrayLike,
    threads: int | None,
    stop: Stop | None,
) -> Array:
    """``(I - P')^-1`` of the default person without doses, on the independent species."""
    network = code.network
    default = dict(zip(network.parameters, network.values, strict=True))
    own = np.array([[default[name] for name in code.free]])
    options: dict[str, Any] = {"rtol": min(rtol, 1e-9), "atol": atol, "threads": threads, "stop": stop}
    middle = solve_course(code, own, [0.0, _WARM * period], **options).states[0]
    held, warm = totals(moieties, middle[0]), middle[1][free]
    size = _DIFFERENCE * np.maximum(np.abs(warm), typical[free])
    points = np.concatenate([warm + np.diag(size), warm - np.diag(size)])
    begin = np.stack([restore(moieties, p, held) for p in points])
    run = solve_course(code, np.tile(own, (len(begin), 1)), [0.0, period], start=begin, jumps=jumps, **options)
    m = len(free)
    if (run.status != 0).any():  # then everybody learns from their own residuals alone
        return np.eye(m)
    ends = run.states[:, 1][:, free]
    slope = ((ends[:m] - ends[m:]) / (2.0 * size[:, None])).T
    return np.asarray(np.linalg.pinv(np.eye(m) - slope, rcond=1e-12))


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
    own = [k for k, name in enumerate(free) if name in symbols(*roots)]
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
