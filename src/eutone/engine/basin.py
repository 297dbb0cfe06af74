"""Does the start really run to the state that was found? Asked of a share of every batch, by integrating in time.

The search (`eutone.engine.kernel`) follows time only loosely. Here the same machine code takes single steps of the
linearly implicit Euler method, one of length h and two of h/2; their difference controls the error, and extrapolating
them gives second order. The error allowed per step is a hundredth of the state, and never more than a tenth of the
distance to the state that was found: so the numerical damping of large steps cannot make an unstable state look like
the end of the path. The state found is confirmed when the path has come within a thousandth of it (or, where it began
closer than that, a hundred times closer than it began). It is not when the path comes to rest elsewhere, or does not
arrive.

Who is asked is decided by a hash of their own parameters: one in a hundred, the same ones in any order and company.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eutone.engine.compile import Compiled
from eutone.engine.people import Begun, Pace, call, prepare

__all__ = ["confirm", "selected"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_ONE_IN = 100
_SALT = np.uint64(0x9E3779B97F4A7C15)
_NEAR = 1e-3  # arrived
_ERROR = 1e-2  # of a step, relative
_MOST_STEPS = 4000
_SINGLE = Pace(most=1e300, aim=1.0, limit=1.0, below=1e300, first=1.0)


def selected(begun: Begun) -> Mask:
    """Which people are checked, shape (n,)."""
    numbers = np.concatenate([begun.values, begun.independent, begun.totals], axis=1)
    bits = np.ascontiguousarray(numbers).view(np.uint64)
    multipliers = _mix(np.arange(1, bits.shape[1] + 1, dtype=np.uint64) * _SALT) | np.uint64(1)
    return np.asarray(_mix((_mix(bits) * multipliers).sum(axis=1, dtype=np.uint64)) % np.uint64(_ONE_IN) == 0)


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
    n = len(found)
    confirmed, asked = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    floor = 1e-6 * compiled.typical[compiled.kernel.independent_index]
    x, h = begun.independent.copy(), np.full(n, 1e-3 / compiled.kernel.rate)
    bounds = 1e-30 / compiled.kernel.rate, 1e30 / compiled.kernel.rate
    at_rest, table = np.zeros(n), prepare(compiled, begun, _SINGLE)
    distance = _distance(x, found, floor)
    target = np.maximum(np.minimum(_NEAR, 0.01 * distance), 1e-8)
    left = np.arange(n)
    for _ in range(_MOST_STEPS):
        arrived = distance[left] <= target[left]
        confirmed[left[arrived]] = True
        over = arrived | (at_rest[left] >= 8)
        asked[left[over]] = True
        left = left[~over]
        if not len(left) or stop[0]:
            return confirmed, asked
        xl, hl, rows = x[left], h[left], table[left]
        one, ok_one = _single(compiled, rows, xl, 1 / hl, stop)
        half, ok_half = _single(compiled, rows, xl, 2 / hl, stop)
        two, ok_two = _single(compiled, rows, half, 2 / hl, stop)
        better = 2 * two - one
        scale = np.maximum(np.abs(xl), np.abs(found[left])) + floor
        with np.errstate(all="ignore"):
            error = _largest(np.abs(two - one) / scale)
            error = np.where(np.isfinite(error), error, np.inf)
            allowed = np.minimum(_ERROR, 0.1 * distance[left])
            fine = ok_one & ok_half & ok_two & (error <= allowed)
            factor = np.where(error <= 4 * allowed, np.clip(0.9 * np.sqrt(allowed / error), 0.2, 5.0), 0.2)
        moved = _largest(np.abs(better - xl) / scale)
        x[left[fine]] = better[fine]
        at_rest[left] = np.where(fine & (moved < 1e-10), at_rest[left] + 1, np.where(fine, 0, at_rest[left]))
        distance[left] = _distance(x[left], found[left], floor)
        h[left] = np.clip(hl * np.where(fine, factor, np.minimum(factor, 0.5)), *bounds)
    asked[left] = True
    return confirmed, asked


def _single(compiled: Compiled, rows: Array, x: Array, q: Array, stop: NDArray[np.uint8]) -> tuple[Array, Mask]:
    """One step of everyone, and whether it could be taken."""
    table = rows.copy()
    table[:, : x.shape[1]] = x
    table[:, compiled.kernel.step_rows["~q"]] = q
    call(compiled.step, table, stop)
    return table[:, : x.shape[1]], table[:, compiled.kernel.step_rows["~refused"]] == 0


def _distance(x: Array, found: Array, floor: Array) -> Array:
    return _largest(np.abs(x - found) / (np.abs(found) + floor))


def _largest(values: Array) -> Array:
    result: Array = np.max(values, axis=1, initial=0.0)
    return result
