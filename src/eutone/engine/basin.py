"""Does the start really run to the state that was found? Asked of a share of every batch, by integrating in time.

The machine code integrates (`eutone.engine.follow`) from the start, independently of how the search went. The state
found is confirmed when the path has come within a thousandth of it (or, where it began closer than that, a hundred
times closer than it began). It is not when the path comes to rest elsewhere, or does not arrive.

Who is asked is decided by a number that each person draws (`eutone.engine.lot`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eutone.engine.compile import Compiled
from eutone.engine.control import GRAIN
from eutone.engine.follow import FOLLOW
from eutone.engine.people import run

__all__ = ["confirm"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_NEAR = 1e-3  # arrived
_MOST_RUNS = 12_000


def confirm(compiled: Compiled, begun: Array, found: Array, stop: NDArray[np.uint8]) -> tuple[Mask, Mask]:
    """Integrate from the start until ``found`` is reached, or is clearly not.

    Parameters
    ----------
    compiled : Compiled
    begun : array, (n, width)
        The table of people who have begun, and not stepped.
    found : array, (n, n_species)
        The states found.
    stop : array of uint8, (1,)

    Returns
    -------
    confirmed, asked : arrays of bool, (n,)
        ``asked`` is False for those that a stop left undecided.
    """
    layout, n = compiled.layout, len(found)
    m, parts, found = len(layout.independent), layout.parts, found[:, layout.independent_index]
    start = begun[:, parts["independent"]]
    grain = GRAIN * compiled.typical[layout.independent_index]
    size = np.maximum(np.abs(start), np.abs(found)) + 1e-3 * grain
    distance = np.max(np.abs(start - found) / size, axis=1, initial=0.0)
    people = np.empty((n, len(layout.follow_rows)))
    people[:, : layout.width] = begun
    for name, number in zip(FOLLOW, (1e3 * layout.rate, 0, 0, 0, 0, 0, _MOST_RUNS), strict=True):
        people[:, layout.follow_rows[name]] = number
    people[:, layout.follow_rows["~goal"]] = np.maximum(np.minimum(_NEAR, 0.01 * distance), 1e-8)
    np.concatenate(
        (start, start, found, np.broadcast_to(grain, (n, m))), axis=1, out=people[:, people.shape[1] - 4 * m :]
    )
    run(compiled.follow, people, stop)
    done = people[:, layout.follow_rows["~done"]]
    return done == 1, done > 0
