"""What happens to people at certain times: doses, as a table of numbers for everybody or one for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import InputError, ModelError
from eutone.engine.network import Network

__all__ = ["MOST", "Dose", "apply", "checked", "edges", "least_stretch", "repeated", "sorted_until"]

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
        try:
            time, amount, duration = (
                np.broadcast_to(np.asarray(v, dtype=float), (n,)) for v in (dose.time, dose.amount, dose.duration)
            )
        except ValueError:
            raise ModelError(f"{network.name}: the dose to '{dose.target}' is not for {n} people") from None
        given = ~np.isnan(time)
        numbers = np.stack([time, amount, duration])[:, given]
        if not np.isfinite(numbers).all() or (time[given] < 0).any() or (duration[given] < 0).any():
            raise ModelError(f"{network.name}: the dose to '{dose.target}' has an impossible time, amount or duration")
        if dose.target in network.species:
            if (duration[given] > 0).any() and dose.target not in infused:
                raise ModelError(f"{network.name}: compile with infused=('{dose.target}',) to let a dose flow into it")
        elif dose.target not in free:
            raise ModelError(
                f"{network.name}: a dose goes to '{dose.target}', which is neither state nor free parameter"
            )
        found.append(_possible(Dose(dose.target, time, amount, duration), dose.target in network.species, last))
    return found


def _possible(dose: Dose, state: bool, last: float) -> Dose:
    """What flows in for less time than numbers can tell apart is given at once; a parameter is not changed at all."""
    time, amount, duration = (np.asarray(v) for v in (dose.time, dose.amount, dose.duration))
    with np.errstate(invalid="ignore"):
        short = (duration > 0) & (time + duration <= time + 2.0 * least_stretch(time, last))
    if not short.any():
        return dose
    return Dose(dose.target, time, amount if state else np.where(short, 0.0, amount), np.where(short, 0.0, duration))


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


def apply(
    doses: Sequence[Dose],
    now: Array,
    who: NDArray[np.bool_],
    x: Array,
    free: Array,
    undosed: Array,
    species: Mapping[str, int],
    columns: Mapping[str, int],
    inflow: str,
) -> None:
    """Change states ``x`` and parameters ``free`` of ``who`` by what falls on their time ``now``, in place.

    A parameter becomes what it is without doses, ``undosed``, and what is given at that time: after all of them have
    ended it is what it was, to the bit.
    """
    touched: dict[int, NDArray[np.bool_]] = {}
    for dose in doses:
        time, amount, duration = np.asarray(dose.time), np.asarray(dose.amount), np.asarray(dose.duration)
        begins = who & (time == now)
        if dose.target in species:
            once = begins & (duration == 0)
            x[once, species[dose.target]] += amount[once]
        slow = duration > 0
        edge = (begins & (slow | (dose.target not in species))) | (who & slow & (time + duration == now))
        if edge.any():
            column = columns[inflow + dose.target if dose.target in species else dose.target]
            touched[column] = touched.get(column, np.zeros(len(now), dtype=bool)) | edge
    for column, edge in touched.items():
        free[edge, column] = undosed[edge, column]
    for dose in doses:
        column = columns.get(inflow + dose.target if dose.target in species else dose.target, -1)
        if column not in touched:
            continue
        edge = touched[column]
        time, amount, duration = (np.asarray(v)[edge] for v in (dose.time, dose.amount, dose.duration))
        lasts = (time <= now[edge]) & ((duration == 0) | (now[edge] < time + duration))
        if dose.target in species:
            with np.errstate(divide="ignore", invalid="ignore"):
                amount, lasts = amount / duration, lasts & (duration > 0)
        free[edge, column] += np.where(lasts, amount, 0.0)
