"""When each person's next stretch begins: at the next dose, end of an infusion, or jump of a clock.

Jumps are found for the whole course at its beginning, and again from where a person is when a dose or an event has
changed what that person's clocks depend on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone.engine import dosing
from eutone.engine.clocks import Clock, jumps
from eutone.engine.dosing import Dose

__all__ = ["CommonJumps", "Edges", "common_jumps"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CommonJumps:
    """When clocks jump, where that is the same for everybody.

    Attributes
    ----------
    last : float
        Until when they were looked for.
    times : array, (1, most), or None
        None where something that differs between people moves clocks.
    """

    last: float
    times: Array | None


def common_jumps(
    clocks: tuple[Clock, ...], values: Mapping[str, float], own: Collection[str], last: float
) -> CommonJumps:
    """The jumps of everybody until ``last``, if none of ``own``, what differs between people, moves clocks."""
    names = _names(clocks)
    alike = not names & set(own)
    return CommonJumps(last, jumps(clocks, {k: values[k] for k in names}, np.zeros(1), last) if alike else None)


def _names(clocks: tuple[Clock, ...]) -> set[str]:
    return set[str]().union(*(clock.names for clock in clocks))


class Edges:
    """What is to come, for some people.

    Parameters
    ----------
    doses : sequence of Dose
        With an array (n,) of each number.
    clocks : tuple of Clock
    values : dict of str to float
        Of every parameter that is the same for everybody.
    columns, species : dict of str to int
        Where what differs between people stands, in their free parameters and in their states.
    n : int
    last : float
        End of the course.
    common : array, (1, most), optional
        The jumps of everybody, where clocks do not differ (`common_jumps`).
    """

    def __init__(
        self,
        doses: Sequence[Dose],
        clocks: tuple[Clock, ...],
        values: Mapping[str, float],
        columns: Mapping[str, int],
        species: Mapping[str, int],
        n: int,
        last: float,
        common: Array | None = None,
    ) -> None:
        names = _names(clocks)
        self._own = sorted(name for name in names if name in columns or name in species)
        self._fixed: dict[str, float | Array] = {name: values[name] for name in names if name not in self._own}
        self._columns, self._species = columns, species
        self._clocks, self._last = (clocks if common is None else ()), last
        self._given = _ended(dosing.sorted_until(dosing.edges(doses, n), last))
        self._jumps = (
            np.full((n, 1), np.inf) if common is None else np.broadcast_to(_ended(common), (n, common.size + 1))
        )
        self._used = np.full((n, 1 + len(self._own)), np.nan)  # what the jumps were found with
        self._turns = np.zeros((2, n), dtype=np.intp)

    def next(self, now: Array, who: NDArray[np.intp], x: Array, free: Array) -> Array:
        """The first edge of each of ``who`` after ``now``, infinity if there is none.

        Parameters
        ----------
        now : array, (n,)
        who : array of int, (k,)
        x, free : arrays, (n, n_species), (n, n_free)

        Returns
        -------
        array, (k,)
        """
        if self._clocks:
            self._look_again(now, who, x, free)
        found = np.full(len(who), np.inf)
        for table, turn in zip((self._given, self._jumps), self._turns, strict=True):
            while (past := who[table[who, turn[who]] <= now[who]]).size:
                turn[past] += 1
            found = np.minimum(found, table[who, turn[who]])
        return found

    def _look_again(self, now: Array, who: NDArray[np.intp], x: Array, free: Array) -> None:
        """Find the jumps of those whose clocks are no longer what they were."""
        current = np.zeros((len(who), 1 + len(self._own)))
        for k, name in enumerate(self._own):
            current[:, 1 + k] = x[who, self._species[name]] if name in self._species else free[who, self._columns[name]]
        other = ~(current == self._used[who]).all(axis=1)
        if not other.any():
            return
        rows, own = who[other], dict(zip(self._own, current[other, 1:].T, strict=True))
        found = _ended(jumps(self._clocks, self._fixed | own, now[rows], self._last))
        more = found.shape[1] - self._jumps.shape[1]
        if more > 0:
            self._jumps = np.pad(self._jumps, ((0, 0), (0, more)), constant_values=np.inf)
        self._jumps[rows] = np.inf
        self._jumps[rows, : found.shape[1]] = found
        self._used[rows] = current[other]
        self._turns[1, rows] = 0


def _ended(table: Array) -> Array:
    """With one more column, of infinity."""
    return np.concatenate([table, np.full((len(table), 1), np.inf)], axis=1)
