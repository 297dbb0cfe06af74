"""Does the start really run to the state that was found? Asked of a share of every batch, by integrating in time.

The machine code integrates (`eutone.engine.follow`) from the start, independently of how the search went. The state
found is confirmed when the path has come within a thousandth of it (or, where it began closer than that, a hundred
times closer than it began). It is not when the path comes to rest elsewhere, or does not arrive.

Who is asked is decided by a hash of their own numbers: the same ones in any order and company.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eutone.engine.compile import Compiled
from eutone.engine.control import GRAIN
from eutone.engine.follow import FOLLOW
from eutone.engine.people import Begun, call

__all__ = ["confirm", "selected"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SALT = np.uint64(0x9E3779B97F4A7C15)
_NEAR = 1e-3  # arrived
_MOST_RUNS = 12_000


def selected(begun: Begun, share: float) -> Mask:
    """Which people are checked, about ``share`` of them, shape (n,)."""
    numbers = np.concatenate([begun.values, begun.independent, begun.totals], axis=1)
    bits = np.ascontiguousarray(numbers).view(np.uint64)
    multipliers = _mix(np.arange(1, bits.shape[1] + 1, dtype=np.uint64) * _SALT) | np.uint64(1)
    lot = _mix((bits * multipliers).sum(axis=1, dtype=np.uint64)) >> np.uint64(11)
    return np.asarray(lot < share * 2.0**53)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble bits (the finaliser of splitmix64); wraps round on purpose."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def confirm(compiled: Compiled, begun: Begun, found: Array, stop: NDArray[np.uint8]) -> tuple[Mask, Mask]:
    """Integrate from the start until ``found`` is reached, or is clearly not.

    Parameters
    ----------
    compiled : Compiled
    begun : Begun
    found : array, (n, m)
        Independent species of the states found.
    stop : array of uint8, (1,)

    Returns
    -------
    confirmed, asked : arrays of bool, (n,)
        ``asked`` is False for those that a stop left undecided.
    """
    kernel, (n, m) = compiled.kernel, found.shape
    grain = GRAIN * compiled.typical[kernel.independent_index]
    size = np.maximum(np.abs(begun.independent), np.abs(found)) + 1e-3 * grain
    distance = np.max(np.abs(begun.independent - found) / size, axis=1, initial=0.0)
    people = np.empty((n, len(kernel.follow_rows)))
    people[:, :m] = begun.independent
    people[:, m : m + len(FOLLOW)] = (1e3 * kernel.rate, 0, 0, 0, 0, 0, _MOST_RUNS)
    people[:, kernel.follow_rows["~goal"]] = np.maximum(np.minimum(_NEAR, 0.01 * distance), 1e-8)
    rest = people[:, m + len(FOLLOW) :]
    parts = (begun.values, begun.totals, begun.independent, begun.independent, found, np.broadcast_to(grain, (n, m)))
    np.concatenate(parts, axis=1, out=rest)
    call(compiled.follow, people, stop)
    done = people[:, kernel.follow_rows["~done"]]
    return done == 1, done > 0
