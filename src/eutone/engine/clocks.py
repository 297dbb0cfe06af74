"""When the clocks of a model jump: times at which a rate is not smooth, found before anything is integrated.

A clock is a comparison, floor or ceiling of a formula in time and parameters alone (light from 6 to 18, a pulse every
8 h, a meal). No step of an integrator may straddle its jump. Jumps are looked for on a grid, for all people at once,
and closed in on to the last bit; where a comparison is of time with something that does not depend on time, that is a
grid point, too, so that no pulse between such times is too short to be seen.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from eutone.engine.expr import Expr, evaluate, substitute, symbol, symbols, walk
from eutone.engine.network import Network

__all__ = ["clocks", "jumps"]

Array = NDArray[np.float64]

_JUMPS = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "floor", "ceil"})
_GRID = 4_001
_TIME = symbol("time")


def clocks(network: Network) -> list[Expr]:
    """What jumps: comparisons, floors and ceilings over time and parameters."""
    known: dict[str, Expr] = {}
    for name, rule in network.rules:
        known[name] = substitute([rule], known)[0]
    roots = substitute([*network.rates, *network.drift.values()], known)
    names = {"time", *network.parameters}
    return [e for e in walk(*roots) if e.op in _JUMPS and "time" in symbols(e) and symbols(e) <= names]


def jumps(network: Network, free: tuple[str, ...], values: Array, begin: float, end: float) -> Array:
    """The first moments after each jump between ``begin`` and ``end``, (n, most), padded with infinity.

    Parameters
    ----------
    free : tuple of str
    values : array, (n, n_free)
        Parameters that differ between people.
    """
    found = clocks(network)
    n = len(values)
    if not found or end <= begin:
        return np.full((n, 0), np.inf)
    if not symbols(*found) & set(free):  # the same for everybody
        once = _search(network, (), np.zeros((1, 0)), found, begin, end)
        return np.broadcast_to(once, (n, once.shape[1]))
    return _search(network, free, values, found, begin, end)


def _search(
    network: Network, free: tuple[str, ...], values: Array, found: list[Expr], begin: float, end: float
) -> Array:
    n = len(values)
    fixed: dict[str, object] = dict(zip(network.parameters, network.values, strict=True))

    def at(t: Array, who: NDArray[np.intp]) -> Array:
        """Values of all clocks at times ``t`` (k,) of people ``who`` (k,), (n_clocks, k)."""
        named = fixed | {name: values[who, k] for k, name in enumerate(free)} | {"time": t}
        with np.errstate(all="ignore"):
            return np.array([np.broadcast_to(np.asarray(v, dtype=float), t.shape) for v in evaluate(found, named)])

    everyone = np.arange(n)
    grid = np.tile(np.linspace(begin, end, _GRID), (n, 1))
    for node in found:
        for one, other in permutations(node.args, 2) if len(node.args) == 2 else ():
            if one is _TIME and "time" not in symbols(other):
                named = fixed | {name: values[:, k] for k, name in enumerate(free)}
                edge = np.broadcast_to(np.asarray(evaluate([other], named)[0], dtype=float), (n,))
                edge = np.clip(np.where(np.isfinite(edge), edge, begin), begin, end)
                near = (np.nextafter(edge, -np.inf), edge, np.nextafter(edge, np.inf))
                grid = np.concatenate([grid, np.clip(np.stack(near, axis=1), begin, end)], axis=1)
    grid = np.sort(grid, axis=1)
    who = np.repeat(everyone, grid.shape[1])
    table = at(grid.ravel(), who).reshape(len(found), n, -1)
    person, cell = np.nonzero((table[:, :, 1:] != table[:, :, :-1]).any(axis=0))
    low, high, before = grid[person, cell], grid[person, cell + 1], table[:, person, cell]
    while True:
        middle = 0.5 * (low + high)
        open_ = (low < middle) & (middle < high)
        if not open_.any():
            break
        same = (at(middle, person) == before).all(axis=0)
        low = np.where(open_ & same, middle, low)
        high = np.where(open_ & ~same, middle, high)
    most = int(np.bincount(person, minlength=n).max(initial=0))
    result = np.full((n, most), np.inf)
    place = np.arange(len(person)) - np.searchsorted(person, person)
    result[person, place] = high
    return result
