"""Time courses of the reference path: SciPy's integrators, doses, clocks and events, one person at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import ModelError
from eutone.engine.agenda import Agenda, EventFormulas, EventStormError
from eutone.engine.clocks import clocks
from eutone.engine.crossings import Crossings
from eutone.engine.derivative import Derivative
from eutone.engine.march import METHODS, March, march, scale
from eutone.engine.network import Network
from eutone.engine.status import Status
from eutone.engine.stretches import smooth_stretches

__all__ = ["Dose", "TimeCourse", "time_course"]

Array = NDArray[np.float64]


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
    chance: np.random.Generator | None = None,
) -> TimeCourse:
    """States of ``network`` at ``times``, from ``start`` (the default state) at time ``begin``.

    The integration stops and starts again at every discontinuity: doses, ends of infusions, where a comparison, a floor
    or a ceiling of a formula in time (a clock, a meal) changes its value, and where events fire or execute
    (`eutone.engine.agenda`). At such a time the state is the one *after* it. A dose comes before an event.

    However short a trigger is true, its event fires: if it depends on time and what stands still alone, by bounds of
    its formula (`eutone.engine.clocks`); if on the state, wherever one of its comparisons passes its limit on the
    integrator's interpolant (`eutone.engine.crossings`, which says what it cannot see). How near the limit a state
    comes is known to the tolerances, and no better.

    Parameters
    ----------
    times : array, (n_times,)
        Increasing, from ``begin`` on.
    doses : sequence of Dose
        Rows after the last time have no effect.
    atol : float
        Absolute tolerance, as a share of each state's start (of the smallest other one where a state starts at 0).
    chance : numpy Generator, optional
        Decides which of simultaneous events of equal priority goes first; the order of the model if not given.

    Raises
    ------
    ModelError
        If a parameter or a target of a dose is not one of the network's, a dose or a time lies before ``begin``, or a
        delay is negative.
    """
    at = np.asarray(times, dtype=np.float64)
    f = derivative or Derivative(network)
    p = network.values_with(parameters)
    x = network.start(p) if start is None else np.array(start, dtype=np.float64)
    if len(at) and (at[0] < begin or (np.diff(at) < 0).any() or not np.isfinite(at).all()):
        raise ModelError(f"{network.name}: times must increase from {begin} on")
    if method not in METHODS:
        raise ModelError(f"{network.name}: '{method}' is not one of {', '.join(METHODS)}")
    for dose in doses:
        if dose.target not in network.species and dose.target not in network.parameters:
            raise ModelError(f"{network.name}: a dose goes to '{dose.target}', which is neither state nor parameter")
        if dose.time < begin or dose.duration < 0 or not math.isfinite(dose.time + dose.amount + dose.duration):
            raise ModelError(f"{network.name}: the dose to '{dose.target}' has an impossible time, amount or duration")
    last = float(at[-1]) if len(at) else begin
    agenda = Agenda(EventFormulas(f), last - begin, chance) if network.events else None
    infused = frozenset(dose.target for dose in doses if dose.duration > 0)
    run = _Run(f, at, x, agenda, infused, method, rtol, atol * scale(x))
    used = np.repeat(p[:, None], len(at), axis=1)
    edges = {begin, last} | {d.time for d in doses} | {d.time + d.duration for d in doses}
    marks = sorted(e for e in edges if begin <= e <= last)
    for a, b in zip(marks, [*marks[1:], last], strict=True):
        for dose in doses:
            at_once = dose.time + dose.duration == dose.time  # or in less time than numbers tell apart
            if dose.time == a and at_once and dose.target in network.species:
                run.x[network.species.index(dose.target)] += dose.amount
        now, inflow = _between(network, p, doses, a)
        used[:, at >= a] = now[:, None]
        run.between(a, b, now, inflow)
        if run.status is not Status.CONVERGED:
            break
    values = {name: np.asarray(v) for name, v in f.values(at, run.states.T, used).items()}
    return TimeCourse(at, run.states, run.status, run.reason, values)


class _Run:
    """Where a time course is, and what it has found so far."""

    def __init__(
        self,
        f: Derivative,
        at: Array,
        x: Array,
        agenda: Agenda | None,
        infused: frozenset[str],
        method: str,
        rtol: float,
        atol: Array,
    ) -> None:
        self.agenda = agenda
        self.f, self.at, self.x, self.method, self.rtol, self.atol = f, at, x.copy(), method, rtol, atol
        self.states = np.full((len(at), len(x)), math.nan)
        self.status, self.reason = Status.CONVERGED, ""
        network = f.network
        self.moves = np.array([n in network.moving for n in network.species], dtype=bool)
        self.clocks = clocks(network, infused)
        self.crossings = Crossings(agenda.formulas.triggers, [c.node for c in self.clocks]) if agenda else None
        used = set[str]().union(*(clock.names for clock in self.clocks))
        self.timers = [(i, n) for i, n in enumerate(network.species) if n in used]  # they stand until an event comes
        self.numbers = [(i, n) for i, n in enumerate(network.parameters) if n in used]
        self.known: tuple[float, tuple[float, ...]] = (math.nan, ())
        self.found: list[tuple[float, float]] = []

    def between(self, a: float, b: float, p: Array, inflow: Array) -> None:
        """Go from ``a`` to ``b``, with parameters and constant inflow into each state."""
        moving = np.flatnonzero(self.moves | (inflow != 0))
        t = a
        try:
            self._arrive(t, p)
            while t < b:
                for lo, hi in self._stretches(t, b, p):
                    if lo > t:
                        t = lo
                        if self._arrive(t, p):
                            break
                    if lo == hi:
                        continue
                    t, again = self._stretch(lo, hi, p, inflow, moving)
                    if self.status is not Status.CONVERGED:
                        return
                    if again:
                        break
        except EventStormError as storm:
            self.status, self.reason = Status.EVENT_STORM, str(storm)

    def _stretches(self, a: float, b: float, p: Array) -> list[tuple[float, float]]:
        """The smooth stretches from ``a`` to ``b``; found once for as long as nothing that clocks depend on changes."""
        if not self.clocks:
            return [(a, b)]
        constants = {name: float(self.x[i]) for i, name in self.timers}
        constants |= {name: float(p[i]) for i, name in self.numbers}
        known = (b, tuple(constants.values()))
        if known != self.known:
            self.known, self.found = known, smooth_stretches(self.clocks, constants, a, b)
        return [(max(lo, a), hi) for lo, hi in self.found if hi >= a]

    def _arrive(self, t: float, p: Array) -> bool:
        """Do what is due at ``t`` and note the state; whether anything was done."""
        before = self.x
        if self.agenda:
            self.x = self.agenda.settle(t, self.x, p)
        self.states[self.at == t] = self.x
        return self.x is not before

    def _stretch(self, lo: float, hi: float, p: Array, inflow: Array, moving: NDArray[np.intp]) -> tuple[float, bool]:
        """Go along a smooth stretch; where it ended, and whether what comes after must be looked at anew."""
        agenda, t = self.agenda, lo
        while t < hi:
            until = min(hi, agenda.next()) if agenda else hi
            went = self._march(t, until, p, inflow, moving)
            noted = (self.at > t) & (self.at <= went.end)
            self.states[noted] = went.states[: int(noted.sum())]
            if went.complaint:
                self.status = Status.NOT_FINITE
                self.reason = f"the integration failed after time {went.end}: {went.complaint}"
                return went.end, False
            t, self.x = went.end, went.state
            if self._arrive(t, p):
                return t, True
        return t, False

    def _march(self, lo: float, hi: float, p: Array, inflow: Array, moving: NDArray[np.intp]) -> March:
        f, agenda, crossings = self.f, self.agenda, self.crossings
        if not np.isfinite(self.x[moving]).all():
            return March(lo, self.x, np.empty((0, len(self.x))), "the state is not finite")
        truth = agenda.truth if agenda else []
        return march(
            lambda t, x: f(t, x, p) + inflow,
            lambda t, x: f.jacobian(t, x, p),
            moving,
            self.x,
            lo,
            hi,
            self.at[(self.at > lo) & (self.at <= hi)],
            (lambda t, x: agenda.truths(t, x, p) != truth) if agenda else None,
            (lambda at, a, b: crossings.within(at, a, b, p)) if crossings else None,
            method=self.method,
            rtol=self.rtol,
            atol=self.atol,
        )


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
