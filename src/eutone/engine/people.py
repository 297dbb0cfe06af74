"""The tables of people that machine code works through: filling them, running the code, reading them.

One row per person; `eutone.engine.kernel.Kernel` says which column is what. Only copies and elementwise arithmetic
happen here, so nobody's bits depend on how many others there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eutone.engine.control import CONTROL, GRAIN, SETTINGS

if TYPE_CHECKING:
    from eutone.engine.compile import Compiled

__all__ = ["BOLD", "CAREFUL", "SIGNED", "Begun", "Function", "Pace", "begin", "call", "finish", "prepare", "search"]

Array = NDArray[np.float64]
Function = Callable[[int, int, int], None]


@dataclass(frozen=True)
class Begun:
    """Where people begin: independent species (n, m), moiety totals (n, t), free parameters (n, n_free)."""

    independent: Array
    totals: Array
    values: Array

    def only(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Begun:
        """These people."""
        return Begun(self.independent[which], self.totals[which], self.values[which])


@dataclass(frozen=True)
class Pace:
    """How boldly to step.

    Largest change in a step and change to aim at (halving and doubling are 1/2), steps before giving up, how far below
    zero concentrations may come (in grains), and the first step in units of 1 over the network's typical rate.
    """

    most: float
    aim: float
    limit: float
    below: float
    first: float


BOLD = Pace(most=0.9, aim=0.7, limit=200, below=1e-6, first=1.0)
CAREFUL = Pace(most=0.3, aim=0.1, limit=1500, below=1e-6, first=0.01)
SIGNED = Pace(most=0.3, aim=0.1, limit=1500, below=1e300, first=0.01)


def call(function: Function, people: Array, stop: NDArray[np.uint8]) -> None:
    """Run machine code on ``people`` (in place) until all are done or ``stop`` is not 0."""
    function(people.ctypes.data, len(people), stop.ctypes.data)


def begin(compiled: Compiled, values: Array, starts: Array | None) -> Begun:
    """Where people begin: at ``starts`` (n, n_species), or at the network's default under their own parameters."""
    kernel = compiled.kernel
    n, n_species, m = len(values), len(compiled.network.species), len(kernel.independent)
    people = np.empty((n, len(kernel.begin_rows)))
    people[:, :n_species] = compiled.network.initial if starts is None else starts
    people[:, n_species] = 1.0 if starts is None else 0.0
    people[:, n_species + 1 : n_species + 1 + values.shape[1]] = values
    call(compiled.begin, people, np.zeros(1, dtype=np.uint8))
    rest = people[:, n_species + 1 + values.shape[1] :]
    return Begun(rest[:, :m].copy(), rest[:, m:].copy(), values)


def prepare(compiled: Compiled, begun: Begun, pace: Pace) -> Array:
    """The table of a search that has not begun."""
    kernel = compiled.kernel
    m, c, s = len(kernel.independent), len(CONTROL), len(SETTINGS)
    people = np.zeros((len(begun.values), len(kernel.step_rows)))
    people[:, :m] = begun.independent
    people[:, kernel.step_rows["~q"]] = kernel.rate / pace.first
    people[:, kernel.step_rows["~u"]] = 1e300
    people[:, m + c : m + c + s] = (pace.most, pace.aim, pace.limit, pace.below)
    people[:, m + c + s : m + c + s + begun.values.shape[1]] = begun.values
    people[:, m + c + s + begun.values.shape[1] : -len(compiled.typical)] = begun.totals
    people[:, -len(compiled.typical) :] = GRAIN * compiled.typical
    return people


def search(compiled: Compiled, begun: Begun, pace: Pace, stop: NDArray[np.uint8]) -> Array:
    """The table of a search that has ended."""
    people = prepare(compiled, begun, pace)
    call(compiled.step, people, stop)
    return people


def finish(compiled: Compiled, independent: Array, begun: Begun) -> tuple[Array, Array, Array, Array]:
    """Species (n, n_species), net change (n, n_species), observables (n, n_observables) and residual (n,)."""
    kernel = compiled.kernel
    n, m, k, t = len(independent), len(kernel.independent), begun.values.shape[1], begun.totals.shape[1]
    n_species = len(compiled.network.species)
    people = np.empty((n, len(kernel.finish_rows)))
    people[:, :m] = independent
    people[:, m : m + k] = begun.values
    people[:, m + k : m + k + t] = begun.totals
    people[:, m + k + t : m + k + t + n_species] = GRAIN * compiled.typical
    # not stopped: what was found so far is reported, whoever asked to stop
    call(compiled.finish, people, np.zeros(1, dtype=np.uint8))
    species, change, rest = np.split(people[:, m + k + t + n_species :], [n_species, 2 * n_species], axis=1)
    # what is left over of a total, when all of it is elsewhere, may be less than zero by a rounding
    if np.any(species < 0):
        species[kernel.positive & (species < 0) & (species >= -1e-9 * compiled.typical)] = 0.0
    return species, change, rest[:, :-1], rest[:, -1]
