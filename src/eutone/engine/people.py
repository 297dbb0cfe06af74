"""The tables of people that machine code works through: filling them, running the code, reading them.

One row per person; `eutone.engine.kernel.Layout` says which column is what. Only copies and elementwise arithmetic
happen here, so nobody's bits depend on how many others there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eutone.engine.control import CONTROL, GRAIN
from eutone.engine.kernel import Layout
from eutone.engine.steady_emit import ARGUMENTS, block_of

if TYPE_CHECKING:
    from eutone.engine.compile import Compiled

__all__ = ["BOLD", "CAREFUL", "SIGNED", "Code", "Pace", "begin", "common", "run", "solve", "workplace"]

Array = NDArray[np.float64]
Code = Callable[..., None]  # (people, n, stop) or (people, n, stop, common), addresses and a number


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


def common(typical: Array, pace: Pace) -> Array:
    """What is the same for everybody: the pace's settings, and the grains (n_species,)."""
    return np.array([pace.most, pace.aim, pace.limit, pace.below, *(GRAIN * typical)])


def control(layout: Layout, pace: Pace) -> Array:
    """What a lane remembers before its first step, shape (8,)."""
    first = dict.fromkeys(CONTROL, 0.0) | {"~q": layout.rate / pace.first, "~u": 1e300}
    return np.array(list(first.values()))


def run(code: Code, people: Array, stop: NDArray[np.uint8], common: Array | None = None) -> None:
    """Run machine code on ``people`` (in place) until all are done or ``stop`` is not 0."""
    more = () if common is None else (common.ctypes.data,)
    code(people.ctypes.data, len(people), stop.ctypes.data, *more)


def begin(compiled: Compiled, values: Array, starts: Array | None, pace: Pace) -> Array:
    """The table, (n, width), of people who begin at ``starts``, or at the network's default with their own values."""
    layout = compiled.layout
    people = np.empty((len(values), layout.width))
    people[:, layout.parts["free"]] = values
    people[:, layout.parts["control"]] = control(layout, pace)
    if starts is not None:
        people[:, layout.parts["start"]] = starts
    # nothing of it is kept from people by a stop: whoever has not begun could not be told how it ended
    code = compiled.begin if starts is None else compiled.begin_at
    run(code, people, np.zeros(1, dtype=np.uint8), common(compiled.typical, pace))
    return people


def workplace(compiled: Compiled) -> Array:
    """A table for `solve` to work on, which several calls may use after each other."""
    return np.empty((block_of(compiled.layout), compiled.layout.width))


def solve(
    compiled: Compiled,
    values: Array,
    starts: Array | None,
    pace: Pace,
    table: Array,
    out: tuple[Array, Array, Array],
    stop: NDArray[np.uint8],
) -> None:
    """Take people from where they begin to where the search ends, all in machine code.

    Parameters
    ----------
    values, starts : arrays, (n, n_free) and (n, n_species)
    table : array
        From `workplace`.
    out : arrays, (n, n_species), (n, n_observables) and (n, n_ended)
        Written: states, observables and `eutone.engine.ending.ENDED`. These, and ``values``, have their rows one behind
        the other, without gaps.
    """
    given = np.empty(0) if starts is None else np.ascontiguousarray(starts)
    tables = (values, given, control(compiled.layout, pace), common(compiled.typical, pace), table)
    arrays = dict(zip(ARGUMENTS, (*tables, *out), strict=True))
    places = [0 if starts is None and name == "start" else a.ctypes.data for name, a in arrays.items()]
    arguments = np.array(places, dtype=np.uintp)
    compiled.solve(arguments.ctypes.data, len(values), stop.ctypes.data)
