"""The reference path: SciPy, one person at a time, slow and obvious. It is the oracle that every fast path answers to.

The derivative is written out as plain Python from the network's expressions; nothing here shares code with the compiled
path but the expressions themselves. Jacobians are finite differences on purpose.

Steady state: the state that the *default* state runs to. A stiff integrator (BDF) runs until Newton's method would move
the state by less than a thousandth and the Jacobian there (conserved moieties eliminated) is stable; Newton then
polishes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import BDF, solve_ivp

from eutone._errors import ModelError
from eutone.engine.derivative import Derivative
from eutone.engine.expr import const, evaluate, substitute, symbol, symbols, walk
from eutone.engine.moieties import Moieties, conserved_moieties, restore, totals
from eutone.engine.network import Network
from eutone.engine.status import Status

__all__ = ["Derivative", "Dose", "SteadyState", "TimeCourse", "steady_state", "time_course"]

Array = NDArray[np.float64]

_MOVE = 1e-3  # Newton may polish, not travel: at most this relative change
_QUIET = 3  # attempts, 20 steps apart, at which the Jacobian is singular and nothing moves: no isolated rest


@dataclass(frozen=True)
class SteadyState:
    """A steady state, or why there is none.

    Attributes
    ----------
    state : array, (n_species,)
    rates : array, (n_reactions,)
    residual : float
        As defined in this module.
    status : Status
        Only ``CONVERGED`` is an answer; otherwise ``state`` is where the search ended.
    reason : str
        In words, empty if converged.
    values : dict of str to float
        Every species, rule and reaction by id.
    """

    state: Array
    rates: Array
    residual: float
    status: Status
    reason: str
    values: dict[str, float] = field(repr=False)

    def __getitem__(self, name: str) -> float:
        return self.values[name]


@dataclass(frozen=True)
class TimeCourse:
    """States over time.

    Attributes
    ----------
    times : array, (n_times,)
    states : array, (n_times, n_species)
        Not a number from where the integration failed.
    status : Status
        ``CONVERGED`` if every time was reached.
    reason : str
        In words, empty if every time was reached.
    values : dict of str to array, (n_times,)
        Every species, rule and reaction by id.
    """

    times: Array
    states: Array
    status: Status
    reason: str
    values: dict[str, Array] = field(repr=False)

    def __getitem__(self, name: str) -> Array:
        return self.values[name]


@dataclass(frozen=True)
class Dose:
    """One row of a dose table.

    To a species (state): ``amount``, in the unit of the state, is added at once, or evenly over ``duration``. To a
    parameter: ``amount`` is added to its value from ``time`` on, or for as long as ``duration``.
    """

    target: str
    time: float
    amount: float
    duration: float = 0.0


def steady_state(
    network: Network,
    parameters: Mapping[str, float] | None = None,
    *,
    start: ArrayLike | None = None,
    tolerance: float = 1e-10,
    max_steps: int = 3_000,
    derivative: Derivative | None = None,
) -> SteadyState:
    """The steady state that ``network`` reaches from ``start``.

    Parameters
    ----------
    parameters : mapping, optional
        Values by id that differ from the network's defaults.
    start : array, (n_species,), optional
        Where to begin; it also fixes the totals of conserved moieties. The default state if not given.
    tolerance : float
        Largest residual that counts as converged.
    max_steps : int
        Steps of the integrator before giving up.
    derivative : Derivative, optional
        Made from the same network before, to save making it again.

    Raises
    ------
    ModelError
        If the network depends on time explicitly at these parameters, or a parameter is not one of its own.
    """
    f = derivative or Derivative(network)
    p = network.values_with(parameters)
    if network.explicit_time:  # a clock with amplitude 0 is none
        numbers = {name: const(value) for name, value in zip(network.parameters, p, strict=True)}
        if "time" in symbols(*substitute(f.roots, numbers)):
            raise ModelError(f"{network.name}: a model with explicit time has no steady state")
    x = network.start(p) if start is None else np.array(start, dtype=np.float64)
    moieties = conserved_moieties(network)
    constants = totals(moieties, x)

    def end(x: Array, status: Status, reason: str = "") -> SteadyState:
        rates = f.terms(0.0, x, p)[: len(network.reactions)]
        values = {name: float(value) for name, value in f.values(0.0, x, p).items()}
        return SteadyState(x, rates, f.residual(0.0, x, p), status, reason, values)

    if not np.isfinite(f(0.0, x, p)).all():
        return end(x, Status.NOT_FINITE, "a rate is not finite at the start")
    if not len(x):
        return end(x, Status.CONVERGED)
    singular, quiet = False, 0
    solver = BDF(lambda t, y: f(t, y, p), 0.0, x, math.inf, jac=lambda t, y: f.jacobian(t, y, p), **_first(f, x, p))
    for step in range(max_steps):
        if step % 20 == 0:
            polished = _polish(f, solver.y, p, moieties, constants, tolerance)
            singular = polished is None
            quiet = quiet + 1 if singular and _still(f, solver, p) else 0
            if quiet == _QUIET:
                break
            if polished is not None and _near(solver.y, polished) and f.residual(0.0, polished, p) <= tolerance:
                return _judged(f, polished, p, moieties, end)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # not-finite trial points: the solver shortens its step
            try:
                message = solver.step() if solver.status == "running" else solver.status
            except ValueError as error:  # SciPy refuses a matrix that is not finite: the state, or time, ran away
                return end(solver.y, Status.NOT_FINITE, f"the state runs away: {error}")
        if solver.status == "failed" or not np.isfinite(solver.y).all():
            return end(solver.y, Status.NOT_FINITE, f"the integration failed: {message}")
    if singular:
        return end(
            solver.y, Status.SINGULAR, "the Jacobian (moieties removed) is singular where the network stands still"
        )
    moving = network.species[int(np.argmax(np.abs(f(0.0, solver.y, p)) / np.maximum(np.abs(solver.y), 1e-300)))]
    return end(solver.y, Status.STEP_LIMIT, f"still moving after {max_steps} steps, '{moving}' most")


def _first(f: Derivative, x: Array, p: Array) -> dict[str, Any]:
    """Tolerances and a first step: a hundredth of the fastest time in the Jacobian's diagonal."""
    fastest = float(np.abs(np.diag(f.jacobian(0.0, x, p))).max(initial=0.0))
    return {"rtol": 1e-6, "atol": 1e-8 * _scale(x), "first_step": 0.01 / fastest if 0 < fastest < math.inf else 1e-6}


def _scale(x: Array) -> Array:
    """The size of each state, by where it starts."""
    size = np.abs(x)
    return np.where(size > 0, size, size[size > 0].min(initial=1.0))


def _near(a: Array, b: Array) -> bool:
    scale = np.maximum(np.abs(a), np.abs(b)) + 1e-9 * float(np.abs(a).max(initial=0.0)) + 1e-300
    return bool((np.abs(a - b) <= _MOVE * scale).all())


def _still(f: Derivative, solver: BDF, p: Array) -> bool:
    """Whether the state would hardly move in as long again as has passed."""
    size = np.abs(solver.y) + 1e-6 * float(np.abs(solver.y).max(initial=0.0))
    return bool((np.abs(f(0.0, solver.y, p)) * solver.t <= _MOVE * size).all()) and solver.t > 0


def _reduced(jacobian: Array, moieties: Moieties) -> Array:
    i, d = moieties.independent, moieties.dependent
    result: Array = jacobian[np.ix_(i, i)] + jacobian[np.ix_(i, d)] @ moieties.link
    return result


def _polish(f: Derivative, x: Array, p: Array, moieties: Moieties, constants: Array, tolerance: float) -> Array | None:
    """Newton on the independent species from ``x``; the best point found, or None where the Jacobian is singular."""
    origin = x
    x = best = restore(moieties, x[moieties.independent], constants)
    best_residual = f.residual(0.0, x, p)
    for _ in range(25):
        jacobian = _reduced(f.jacobian(0.0, x, p), moieties)
        change = f(0.0, x, p)[moieties.independent]
        if not np.isfinite(jacobian).all():
            return best
        # rows per turnover, columns per concentration: what is singular then is so in any units
        columns = np.maximum(np.abs(x[moieties.independent]), 1e-9 * float(np.abs(x).max(initial=0.0)) + 1e-300)
        scaled = jacobian * columns
        rows = np.abs(scaled).max(axis=1, initial=0.0)
        if (rows == 0).any() or (len(rows) and np.linalg.cond(scaled / rows[:, None]) > 1e14):
            return None
        step = columns * np.linalg.solve(scaled / rows[:, None], -change / rows)
        x = restore(moieties, x[moieties.independent] + step, constants)
        residual = f.residual(0.0, x, p)
        if residual < best_residual:
            best, best_residual = x, residual
        elif best_residual <= tolerance or not math.isfinite(residual):
            break
        if not _near(origin, x):
            break
    return best


def _judged(
    f: Derivative,
    x: Array,
    p: Array,
    moieties: Moieties,
    end: Callable[..., SteadyState],
) -> SteadyState:
    """The verdict on a point where the equations are met: can concentrations be there, and stay there."""
    names = f.network.species
    negative = [i for i, name in enumerate(names) if name not in f.network.drift and x[i] < -1e-12 * np.abs(x).max()]
    if negative:
        return end(x, Status.NEGATIVE, f"'{names[negative[0]]}' is negative")
    modes = np.linalg.eigvals(_reduced(f.jacobian(0.0, x, p), moieties)).real
    if len(modes) and modes.max() > 1e-9 * np.abs(modes).max():
        return end(x, Status.OTHER_BASIN, "the steady state is not stable: the network does not stay there")
    return end(x, Status.CONVERGED)


def time_course(
    network: Network,
    times: ArrayLike,
    parameters: Mapping[str, float] | None = None,
    doses: Sequence[Dose] = (),
    start: ArrayLike | None = None,
    *,
    begin: float = 0.0,
    rtol: float = 1e-8,
    atol: float = 1e-12,
    method: str = "BDF",
    derivative: Derivative | None = None,
) -> TimeCourse:
    """States of ``network`` at ``times``, from ``start`` (the default state) at time ``begin``.

    The integration stops and starts again at every discontinuity: doses, ends of infusions, and where a comparison, a
    floor or a ceiling of a formula in time (a clock, a meal) changes its value. At such a time the state is the one
    *after* it.

    Parameters
    ----------
    times : array, (n_times,)
        Increasing, from ``begin`` on.
    doses : sequence of Dose
        Rows after the last time have no effect.
    atol : float
        Absolute tolerance, as a share of each state's start (of the smallest other one where a state starts at 0).

    Raises
    ------
    ModelError
        If a parameter or a target of a dose is not one of the network's, or a dose or a time lies before ``begin``.
    """
    at = np.asarray(times, dtype=np.float64)
    f = derivative or Derivative(network)
    p = network.values_with(parameters)
    x = network.start(p) if start is None else np.array(start, dtype=np.float64)
    if len(at) and (at[0] < begin or (np.diff(at) < 0).any() or not np.isfinite(at).all()):
        raise ModelError(f"{network.name}: times must increase from {begin} on")
    for dose in doses:
        if dose.target not in network.species and dose.target not in network.parameters:
            raise ModelError(f"{network.name}: a dose goes to '{dose.target}', which is neither state nor parameter")
        if dose.time < begin or dose.duration < 0 or not math.isfinite(dose.time + dose.amount + dose.duration):
            raise ModelError(f"{network.name}: the dose to '{dose.target}' has an impossible time, amount or duration")
    last = float(at[-1]) if len(at) else begin
    states = np.full((len(at), len(x)), math.nan)
    used = np.repeat(p[:, None], len(at), axis=1)
    tolerance = atol * _scale(x)
    status, reason = Status.CONVERGED, ""
    edges = {begin, last} | {d.time for d in doses} | {d.time + d.duration for d in doses}
    marks = sorted(e for e in edges if begin <= e <= last)
    for a, b in zip(marks, [*marks[1:], last], strict=True):
        for dose in doses:
            if dose.time == a and dose.duration == 0 and dose.target in network.species:
                x[network.species.index(dose.target)] += dose.amount
        now, inflow = _between(network, p, doses, a)
        used[:, at >= a] = now[:, None]
        for lo, hi in _smooth(f, now, a, b):
            states[at == lo] = x
            inside = (at > lo) & (at <= hi)
            if hi == lo:
                continue
            ask = np.union1d(at[inside], hi)
            found = _segment(f, now, inflow, x, lo, hi, ask, method, rtol, tolerance)
            if isinstance(found, str):
                status, reason = Status.NOT_FINITE, f"the integration failed after time {lo}: {found}"
                break
            states[inside] = found[np.searchsorted(ask, at[inside])]
            x = found[-1]
        if status is not Status.CONVERGED:
            break
    values = {name: np.asarray(v) for name, v in f.values(at, states.T, used).items()}
    return TimeCourse(at, states, status, reason, values)


def _between(network: Network, p: Array, doses: Sequence[Dose], t: float) -> tuple[Array, Array]:
    """Parameters, and constant inflow into each state, from ``t`` until the next edge."""
    now, inflow = p.copy(), np.zeros(len(network.species))
    for dose in doses:
        until = dose.time + dose.duration if dose.duration > 0 else math.inf
        if not dose.time <= t < until:
            continue
        if dose.target in network.parameters:
            now[network.parameters.index(dose.target)] += dose.amount
        elif dose.duration > 0:
            inflow[network.species.index(dose.target)] += dose.amount / dose.duration
    return now, inflow


def _segment(
    f: Derivative,
    p: Array,
    inflow: Array,
    x: Array,
    lo: float,
    hi: float,
    ask: Array,
    method: str,
    rtol: float,
    atol: Array,
) -> Array | str:
    """States at ``ask`` of a smooth stretch, or the integrator's complaint."""
    if not len(x):
        return np.empty((len(ask), 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the integrator's complaints come back as its status
        found = solve_ivp(
            lambda t, y: f(t, y, p) + inflow,
            (lo, hi),
            x,
            method=method,
            t_eval=ask,
            jac=lambda t, y: f.jacobian(t, y, p),
            rtol=rtol,
            atol=atol,
        )
    if not found.success or not np.isfinite(found.y).all():
        return str(found.message) if not found.success else "not finite"
    result: Array = found.y.T
    return result


def _smooth(f: Derivative, p: Array, a: float, b: float) -> list[tuple[float, float]]:
    """The stretches of [a, b] between jumps of clocks.

    A jump is where a comparison, floor or ceiling of a formula in time and parameters alone changes its value: looked
    for on a fine grid, then closed in on to the last bit, and again within each stretch. Where a comparison is of time
    with a number, that number is a grid point too, so that no pulse between such numbers, or that begins with another
    jump, is too short to be seen.
    """
    names = {"time", *f.network.parameters}
    clocks = [n for n in walk(*f.roots) if n.op in _JUMPS and "time" in symbols(n) and symbols(n) <= names]
    if not clocks or b <= a:
        return [(a, b)]
    named: dict[str, object] = dict(zip(f.network.parameters, p, strict=True))
    edges = [
        float(np.asarray(evaluate([other], named)[0]))
        for node in clocks
        for one, other in permutations(node.args, 2)
        if one is _CLOCK and "time" not in symbols(other)
    ]

    def at(t: Array) -> Array:
        return np.array([np.broadcast_to(np.asarray(v), t.shape) for v in evaluate(list(clocks), {**named, "time": t})])

    def split(a: float, b: float, count: int) -> list[tuple[float, float]]:
        marks = [m for e in edges for m in (np.nextafter(e, -math.inf), e, np.nextafter(e, math.inf)) if a <= m <= b]
        points = np.unique(np.concatenate([np.linspace(a, b, count), marks]))
        values = at(points)
        stretches, begun = [], a
        for k in np.flatnonzero((values[:, 1:] != values[:, :-1]).any(axis=0)):
            lo, hi, before = float(points[k]), float(points[k + 1]), values[:, k]
            while lo < (middle := 0.5 * (lo + hi)) < hi:
                if (at(np.array([middle]))[:, 0] == before).all():
                    lo = middle
                else:
                    hi = middle
            stretches += split(begun, lo, _FINE)
            begun = hi
        return [*stretches, *(split(begun, b, _FINE) if stretches else [(a, b)])]

    return split(a, b, _GRID)


_CLOCK = symbol("time")
_JUMPS = ("lt", "le", "gt", "ge", "eq", "ne", "floor", "ceil")
_GRID, _FINE = 20_001, 501
