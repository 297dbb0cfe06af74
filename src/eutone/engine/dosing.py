"""What happens to people at certain times: doses, as a table of numbers for everybody or one for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import InputError, ModelError
from eutone.engine.network import Network

__all__ = [
    "MOST",
    "Dose",
    "Series",
    "apply",
    "checked",
    "edges",
    "least_stretch",
    "repeated",
    "series",
    "sorted_until",
]

Array = NDArray[np.float64]

MOST = 10_000
"""Doses of one series: one an hour for a year. More is a slip of the pen, refused before it takes memory."""


@dataclass(frozen=True)
class Dose:
    """Something that is given. Numbers for everybody, or arrays (n,) with one for each person; nan is never.

    Attributes
    ----------
    target : str
        A species: ``amount``, in the unit of the state, is added at once, or evenly over ``duration``. A free
        parameter: ``amount`` is added to its value from ``time`` on, or for as long as ``duration``.
    time, amount, duration : float or array, (n,)
    """

    target: str
    time: ArrayLike
    amount: ArrayLike
    duration: ArrayLike = 0.0

    def of(self, mine: slice | NDArray[np.intp]) -> Dose:
        """The same for some people; numbers for everybody stay."""
        time, amount, duration = (
            v[mine] if v.ndim else v
            for v in (np.asarray(p, dtype=float) for p in (self.time, self.amount, self.duration))
        )
        return Dose(self.target, time, amount, duration)

    def typical(self) -> Dose:
        """One for everybody: the middle of its numbers."""
        return Dose(self.target, *(np.nanmedian(np.asarray(p)) for p in (self.time, self.amount, self.duration)))


def repeated(
    target: str,
    amount: float,
    *,
    every: float,
    count: int,
    first: float = 0.0,
    duration: float = 0.0,
    missed: Sequence[int] = (),
    taper: Sequence[float] = (),
) -> list[Dose]:
    """The same dose again and again.

    Parameters
    ----------
    every : float
        Time from one to the next.
    count : int
    missed : sequence of int
        Which are left out, counted from 0.
    taper : sequence of float
        Factors of the last doses, in order: ``(0.75, 0.5, 0.25)`` ends the course in three steps.

    Raises
    ------
    InputError
        If there would be more than `MOST`.
    """
    if count > MOST:
        raise InputError(
            f"{count:,} doses to '{target}' are too many", hint=f"Give {MOST:,} at most, or let it flow in"
        )
    factors = [1.0] * max(count - len(taper), 0) + list(taper)[-count:]
    return [
        Dose(target, first + k * every, amount * factor, duration)
        for k, factor in enumerate(factors)
        if k not in missed
    ]


def least_stretch(time: ArrayLike, last: float) -> Array:
    """The shortest time that is integrated over: what is shorter cannot be told from rounding in times beside it."""
    return np.asarray(4.0 * np.spacing(np.maximum(time, 1e-6 * last)))


def checked(
    doses: Sequence[Dose], n: int, network: Network, free: tuple[str, ...], infused: tuple[str, ...], last: float
) -> list[Dose]:
    """The doses of a course that ends at ``last``, with an array (n,) of each number.

    Raises
    ------
    ModelError
        If a target cannot be dosed, or a time, amount or duration is impossible.
    """
    found = []
    for dose in doses:
        time, amount, duration = numbers = tuple(
            np.asarray(v, dtype=float) for v in (dose.time, dose.amount, dose.duration)
        )
        if any(v.shape not in ((), (1,), (n,)) for v in numbers):
            raise ModelError(f"{network.name}: the dose to '{dose.target}' is not for {n} people")
        # on numbers for everybody as they came: ten thousand doses are then looked at once, not once a person
        possible = (time >= 0) & (time < np.inf) & np.isfinite(amount) & (duration >= 0) & (duration < np.inf)
        given = ~np.isnan(time)
        if (given & ~possible).any():
            raise ModelError(f"{network.name}: the dose to '{dose.target}' has an impossible time, amount or duration")
        if dose.target in network.species:
            if (given & (duration > 0)).any() and dose.target not in infused:
                raise ModelError(f"{network.name}: compile with infused=('{dose.target}',) to let a dose flow into it")
        elif dose.target not in free:
            raise ModelError(
                f"{network.name}: a dose goes to '{dose.target}', which is neither state nor free parameter"
            )
        kept = _possible(dose.target in network.species, time, amount, duration, last)
        found.append(Dose(dose.target, *(np.broadcast_to(v, (n,)) for v in kept)))
    return found


def _possible(state: bool, time: Array, amount: Array, duration: Array, last: float) -> tuple[Array, Array, Array]:
    """What flows in for less time than numbers can tell apart is given at once; a parameter is not changed at all."""
    if not (duration > 0).any():
        return time, amount, duration
    with np.errstate(invalid="ignore"):
        short = (duration > 0) & (time + duration <= time + 2.0 * least_stretch(time, last))
    if not short.any():
        return time, amount, duration
    return time, amount if state else np.where(short, 0.0, amount), np.where(short, 0.0, duration)


def edges(doses: Sequence[Dose], n: int) -> Array:
    """When something begins or ends, (n, 2 n_doses); infinity where nothing does."""
    table = np.full((n, 2 * len(doses)), np.inf)
    for k, dose in enumerate(doses):
        time, duration = np.asarray(dose.time), np.asarray(dose.duration)
        table[:, 2 * k] = np.where(np.isnan(time), np.inf, time)
        table[:, 2 * k + 1] = np.where(np.isnan(time) | (duration == 0), np.inf, time + duration)
    return table


def sorted_until(table: Array, last: float) -> Array:
    """Each row's times after 0 and up to ``last``, in order, each once, padded with infinity."""
    rows = np.sort(np.where((table > 0) & (table <= last), table, np.inf), axis=1)
    rows[:, 1:] = np.where(rows[:, 1:] == rows[:, :-1], np.inf, rows[:, 1:])
    rows = np.sort(rows, axis=1)
    most = int(np.isfinite(rows).sum(axis=1).max(initial=0))
    return rows[:, :most]


@dataclass(frozen=True)
class Series:
    """The doses of some people to one target, laid out for `apply`.

    Attributes
    ----------
    state : int or None
        Where the target stands among the states, if doses are added to it at once.
    column : int or None
        Where it, or the flow into it, stands among the free parameters, if doses change that.
    begin, end : array, (n_doses, n)
        Not a number for never. A parameter that is raised for ever is so until infinity.
    size : array, (n_doses, n)
        The amount, or the amount in a unit of time where a species gets it slowly.
    once : array of bool, (n_doses, n)
        Whether it is added to a state at once.
    """

    state: int | None
    column: int | None
    begin: Array
    end: Array
    size: Array
    once: NDArray[np.bool_]


def series(
    doses: Sequence[Dose], species: Mapping[str, int], columns: Mapping[str, int], inflow: str
) -> tuple[Series, ...]:
    """`checked` doses, those to one target together and in order.

    Parameters
    ----------
    species, columns : dict of str to int
        Where what can be dosed stands, in the states and in the free parameters; a flow into a species begins with
        ``inflow`` there.
    """
    found = []
    for target in dict.fromkeys(dose.target for dose in doses):
        mine = [dose for dose in doses if dose.target == target]
        begin, size, duration = (np.stack([np.asarray(p) for p in v]) for v in zip(*map(_numbers, mine), strict=True))
        state = species.get(target)
        once = (duration == 0) if state is not None else np.zeros(duration.shape, dtype=bool)
        if state is not None:
            np.divide(size, duration, out=size, where=~once)
        end = np.where(duration == 0, np.inf, begin + duration)
        found.append(Series(state, columns.get(target if state is None else inflow + target), begin, end, size, once))
    return tuple(found)


def _numbers(dose: Dose) -> tuple[ArrayLike, ArrayLike, ArrayLike]:
    return dose.time, dose.amount, dose.duration


def apply(doses: Sequence[Series], now: Array, who: NDArray[np.bool_], x: Array, free: Array, undosed: Array) -> None:
    """Change states ``x`` and parameters ``free`` of ``who`` by what falls on their time ``now``, in place.

    A parameter becomes what it is without doses, ``undosed``, and what is given at that time: after all of them have
    ended it is what it was, to the bit.
    """
    for given in doses:
        begins = (given.begin == now) & who
        if given.state is not None:
            at_once = begins & given.once
            for k in np.flatnonzero(at_once.any(axis=1)):  # in order, so that sums are the same in any company
                x[at_once[k], given.state] += given.size[k, at_once[k]]
        if given.column is None:
            continue
        edge = np.flatnonzero((~given.once & (begins | ((given.end == now) & who))).any(axis=0))
        if not edge.size:
            continue
        free[edge, given.column] = undosed[edge, given.column]
        lasts = ~given.once[:, edge] & (given.begin[:, edge] <= now[edge]) & (now[edge] < given.end[:, edge])
        for k in np.flatnonzero(lasts.any(axis=1)):
            free[edge, given.column] += np.where(lasts[k], given.size[k, edge], 0.0)
