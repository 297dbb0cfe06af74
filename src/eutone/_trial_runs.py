"""Simulating arms: everybody in one batch, whatever they take and whatever is changed.

What differs between people is a column: parameters that any trial of the package changes, strengths of couplings, how
much of what is taken. So all trials share one compilation, and one more where people are drawn; and a trial gives the
same numbers in any company. The body without couplings is the same code with their strengths at 0.

An arm without hours is a steady state. One with hours is a course that begins whole days before hour 0 in the person's
own steady state; arms that are looked at in the same hours are integrated together, and no longer than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from eutone._arms import PERSON, Row, SimulatedArm, defaults, flat_names, flats
from eutone._errors import StoppedError
from eutone.body._compose import load_whole
from eutone.body._couplings import coupling_parameters
from eutone.body._formula import compute, formula
from eutone.body._ids import flat_ids
from eutone.body._taken import NOW, moving, together, with_taken_by
from eutone.body._trials import DOSE, trials
from eutone.engine import Network, compile_network, solve_steady
from eutone.engine.chunks import Stop
from eutone.engine.compile import Compiled
from eutone.engine.course import compile_course, solve_course
from eutone.engine.dosing import Dose
from eutone.engine.expr import symbols
from eutone.engine.observe import Wanted, observe, wanted_of
from eutone.engine.status import Status
from eutone.forms.taking import protocol_of

__all__ = ["Progress", "simulate_arms"]

Array = NDArray[np.float64]
Progress = Callable[[str, float], object]

_LOST = 0.05  # of drawn people who may come to no end before their arm has no answer


def simulate_arms(
    arms: Sequence[SimulatedArm],
    *,
    threads: int | None = None,
    stop: Stop | None = None,
    progress: Progress | None = None,
) -> list[float]:
    """What is looked at in each arm; nan where there is no answer.

    Parameters
    ----------
    arms : sequence of SimulatedArm
    threads, stop, progress
        As in `eutone._validate.validate`, which also says what is raised.
    """
    found, work, done = np.full(len(arms), np.nan), sum(len(arm.rows) for arm in arms), 0

    def advance(stage: str, people: int = 0) -> None:
        nonlocal done
        done += people
        if stop is not None and stop.is_set():
            raise StoppedError(f"stopped as asked while {stage}")
        if progress is not None:
            progress(stage, done / max(work, 1))

    # people who are drawn differ in far more columns
    for drawn in (False, True):
        family = [k for k, arm in enumerate(arms) if (arm.trial.people > 1) is drawn]
        mine = [arms[k] for k in family]
        still = _free(mine, timed=False)
        for timed in (False, True):
            places = [k for k in family if bool(arms[k].hours) is timed]
            some = [arms[k] for k in places]
            if timed and some:
                found[places] = _courses(some, still, _free(mine, timed=True), threads, stop, advance)
            elif some:
                found[places] = _steady(some, still, threads, stop, advance)
    return [float(number) for number in found]


def _free(arms: Iterable[SimulatedArm], *, timed: bool) -> tuple[str, ...]:
    """Columns: what a drug, a trial of the package or one of ``arms`` moves, so that most arms need no compilation.

    Those of courses, or of steady states, which have no clocks.
    """
    flat = flats()
    moved = {flat[c.parameter] for t in trials() if t.timed is timed for arm in t.arms.values() for c in arm.change}
    moved |= {flat[parameter] for parameters in moving().values() for parameter in parameters}
    moved |= {p.flat for p in coupling_parameters()}
    for arm in arms:
        for row in arm.rows:
            moved.update(row.own)
            if bool(arm.hours) is timed:
                moved.update(row.values, (name for name, *_ in row.windows))
    return tuple(name for name in load_whole().parameters if name in moved)


def _table(free: Sequence[str], people: Iterable[Mapping[str, float]]) -> Array:
    default = defaults()
    return np.array([[one.get(name, default[name]) for name in free] for one in people]).reshape(-1, len(free))


@cache
def _drugs() -> frozenset[str]:
    """What is taken in any course of the package's trials."""
    items = [item.replace(DOSE, "1") for t in trials() if t.timed for arm in t.arms.values() for item in arm.taking]
    doses = protocol_of(items)[0].doses if items else ()
    return frozenset(name for d in doses for name in (d.drug, d.inhibitor) if name)


@cache
def _compiled(free: tuple[str, ...]) -> Compiled:
    return compile_network(load_whole(), free)


def _rest(free: tuple[str, ...], values: Array, threads: int | None, stop: Stop | None) -> Array:
    """Steady states, (n, n_species), not a number where there is none; who is alike is solved once."""
    different, which = np.unique(values, axis=0, return_inverse=True)
    rest = solve_steady(_compiled(free), different, threads=threads, check=1.0, stop=stop)
    return np.where(rest.converged[:, None], rest.states, np.nan)[which.reshape(-1)]


def _steady(
    arms: list[SimulatedArm],
    free: tuple[str, ...],
    threads: int | None,
    stop: Stop | None,
    advance: Callable[..., None],
) -> list[float]:
    network, wanted = load_whole(), _wanted(load_whole(), arms)
    advance("making code")
    values = _table(free, (row.values for arm in arms for row in arm.rows))
    states = _rest(free, values, threads, stop)[:, None, [network.species.index(s) for s in wanted.species]]
    seen = dict(zip(wanted.names, observe(network, wanted, np.zeros(1), states, free, values), strict=True))
    advance("simulating findings", len(values))
    return _answers(arms, (), seen)


def _courses(
    arms: list[SimulatedArm],
    still: tuple[str, ...],
    free: tuple[str, ...],
    threads: int | None,
    stop: Stop | None,
    advance: Callable[..., None],
) -> list[float]:
    groups: dict[tuple[float, tuple[float, ...]], list[int]] = {}
    for k, arm in enumerate(arms):
        groups.setdefault((arm.before, arm.hours), []).append(k)
    rows = [[(k, row) for row in arm.rows] for k, arm in enumerate(arms)]
    order = [one for group in groups.values() for k in group for one in rows[k]]
    ends = [arms[k].before + arms[k].hours[-1] for k, _ in order]
    taken = with_taken_by(load_whole(), [row.taken for _, row in order], PERSON, ends, _drugs())
    network, columns = taken.network, (*free, *taken.free)
    advance("making code")
    start = np.zeros((len(order), len(network.species)))
    rest = _rest(still, _table(still, (row.own for _, row in order)), threads, stop)
    start[:, : rest.shape[1]] = rest
    values = np.column_stack([_table(free, (row.values for _, row in order)), taken.sizes])
    every = _wanted(network, arms)
    code = compile_course(network, columns)
    found, low = np.empty(len(arms)), 0
    for (before, hours), group in groups.items():
        part = slice(low, low + sum(len(rows[k]) for k in group))
        low = part.stop
        mine = [arms[k] for k in group]
        wanted, times = _only(every, network, mine), before + np.array(hours)
        given = zip(order[part], taken.doses[part], strict=True)
        doses = together([_given(row, own, before) for (_, row), own in given])
        lost = np.isnan(start[part].sum(axis=1))
        run = solve_course(code, values[part], times, start=np.where(lost[:, None], 0.0, start[part]), doses=doses,
                           wanted=wanted.species, rtol=1e-7, threads=threads, stop=stop)  # fmt: skip
        run.states[np.asarray(lost) | (run.status != Status.CONVERGED)] = np.nan
        seen = observe(network, wanted, times, run.states, columns, values[part], doses)
        found[group] = _answers(mine, hours, dict(zip(wanted.names, seen, strict=True)))
        advance("simulating findings", part.stop - part.start)
    return [float(number) for number in found]


def _given(row: Row, doses: Iterable[Dose], before: float) -> list[Dose]:
    """What happens to one person, counted from when their course begins."""
    taken = [Dose(d.target, float(np.asarray(d.time)) + before, d.amount, d.duration) for d in doses]
    return [*taken, *(Dose(name, before + begin, amount, end - begin) for name, amount, begin, end in row.windows)]


def _name(network: Network, flat: str) -> str:
    """A parameter that a drug moves is what it is at that hour."""
    return NOW + flat if NOW + flat in dict(network.rules) else flat


def _names(network: Network, arms: Iterable[SimulatedArm]) -> tuple[str, ...]:
    flat = (one for arm in arms for name in arm.looked.names for one in flat_names(name))
    return tuple(dict.fromkeys(_name(network, one) for one in flat))


def _wanted(network: Network, arms: Iterable[SimulatedArm]) -> Wanted:
    return wanted_of(network, _names(network, arms))


def _only(every: Wanted, network: Network, arms: Iterable[SimulatedArm]) -> Wanted:
    """That part of ``every`` at which these arms look."""
    names = _names(network, arms)
    formulas = {name: every.formulas[name] for name in names if name in every.formulas}
    needed = set(names) | symbols(*formulas.values())
    return Wanted(names, tuple(s for s in every.species if s in needed) or every.species[:1], formulas)


def _answers(arms: Iterable[SimulatedArm], hours: tuple[float, ...], seen: Mapping[str, Array]) -> list[float]:
    """What each arm says, from everything at all hours, (rows of all arms, hours)."""
    found, low = [], 0
    for arm in arms:
        part = slice(low, low + len(arm.rows))
        low = part.stop
        ended = np.isfinite(sum(x[part].sum(axis=1) for x in seen.values()))
        drawn = arm.trial.people > 1
        if drawn and 1 - ended.mean() > _LOST:
            found.append(float("nan"))
            continue
        kept = np.flatnonzero(ended) + part.start if drawn else part

        found.append(arm.looked.of(partial(_looked, seen, kept, hours, arm.trial.at_h)))
    return found


def _looked(
    seen: Mapping[str, Array],
    rows: slice | NDArray[np.intp],
    hours: tuple[float, ...],
    at_h: float | None,
    name: str,
    window: Array | None,
) -> Array:
    """What `Look` asks for."""
    if name not in flat_names(name):
        return compute(formula(flat_ids()[name]), lambda one: _looked(seen, rows, hours, at_h, one, window))
    wanted = np.array([at_h], dtype=np.float64) if window is None else window
    at = np.searchsorted(hours, wanted) if hours else np.zeros(1, dtype=np.intp)
    return np.asarray(seen.get(NOW + name, seen.get(name)))[rows][:, at]
