"""When the clocks of a model jump: times at which a rate is not smooth, found before anything is integrated.

A clock is a comparison, floor or ceiling of a formula in time and parameters alone (light from 6 to 18, a pulse every
8 h, a meal). No step of an integrator may straddle its jump. Jumps are looked for on a grid, for all people at once,
and closed in on to the last bit; where a comparison is of time with something that does not depend on time, that is a
grid point, too, so that no pulse between such times is too short to be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from eutone.engine.expr import Expr, evaluate, substitute, symbol, symbols, walk
from eutone.engine.network import Network

__all__ = ["clocks", "jumps"]

Array = NDArray[np.float64]

_JUMPS = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "floor", "ceil"})
_GRID = 2_001
_BLOCK = 8  # people at a time: their grids lie in the second-level cache
_TIME = symbol("time")


def clocks(network: Network) -> list[Expr]:
    """What jumps: comparisons, floors and ceilings over time and parameters."""
    known: dict[str, Expr] = {}
    for name, rule in network.rules:
        known[name] = substitute([rule], known)[0]
    roots = substitute([*network.rates, *network.drift.values(), *(e.trigger for e in network.events)], known)
    names = {"time", *network.parameters}
    return [e for e in walk(*roots) if e.op in _JUMPS and "time" in symbols(e) and symbols(e) <= names]


def jumps(
    network: Network, found: Sequence[Expr], free: tuple[str, ...], values: Array, begin: float, end: float
) -> Array:
    """The first moments after each jump between ``begin`` and ``end``, (n, most), padded with infinity.

    Parameters
    ----------
    found : sequence of Expr
        What jumps (`clocks`).
    free : tuple of str
    values : array, (n, n_free)
        Parameters that differ between people.
    """
    n = len(values)
    if not found or end <= begin:
        return np.full((n, 0), np.inf)
    if not symbols(*found) & set(free):  # the same for everybody
        once = _search(network, (), np.zeros((1, 0)), list(found), begin, end)
        return np.broadcast_to(once, (n, once.shape[1]))
    return _search(network, free, values, list(found), begin, end)


def _search(
    network: Network, free: tuple[str, ...], values: Array, found: list[Expr], begin: float, end: float
) -> Array:
    fixed: dict[str, object] = dict(zip(network.parameters, network.values, strict=True))
    own = [k for k, name in enumerate(free) if name in symbols(*found)]

    def at(t: Array, who: slice | NDArray[np.intp]) -> Array:
        """Values of all clocks at times ``t`` of people ``who``, in the shape that the two make together."""
        people = {free[k]: values[who, k] if t.ndim == 1 else values[who, k, None] for k in own}
        shape = np.broadcast_shapes(t.shape, *(v.shape for v in people.values()))
        with np.errstate(all="ignore"):
            numbers = evaluate(found, fixed | people | {"time": t})
        return np.array([np.broadcast_to(np.asarray(v, dtype=float), shape) for v in numbers])

    parts = [_block(at, slice(k, min(k + _BLOCK, len(values))), found, fixed, values, free, begin, end)
             for k in range(0, len(values), _BLOCK)]  # fmt: skip
    person = np.concatenate([p for p, *_ in parts])
    low, high = (np.concatenate([part[k] for part in parts]) for k in (1, 2))
    before = np.concatenate([part[3] for part in parts], axis=1)
    while True:
        middle = 0.5 * (low + high)
        open_ = np.flatnonzero((low < middle) & (middle < high))
        if not len(open_):
            break
        same = (at(middle[open_], person[open_]) == before[:, open_]).all(axis=0)
        low[open_] = np.where(same, middle[open_], low[open_])
        high[open_] = np.where(same, high[open_], middle[open_])
    most = int(np.bincount(person, minlength=1).max(initial=0))
    result = np.full((len(values), most), np.inf)
    result[person, np.arange(len(person)) - np.searchsorted(person, person)] = high
    return result


def _block(
    at: Callable[..., Array],
    who: slice,
    found: list[Expr],
    fixed: dict[str, object],
    values: Array,
    free: tuple[str, ...],
    begin: float,
    end: float,
) -> tuple[NDArray[np.intp], Array, Array, Array]:
    """For each jump of some people: who, between which points of the grid, and what the clocks showed before."""
    grid = np.linspace(begin, end, _GRID)[None]
    edges = []
    for node in found:
        for one, other in permutations(node.args, 2) if len(node.args) == 2 else ():
            if one is _TIME and "time" not in symbols(other):
                named = fixed | {name: values[who, k] for k, name in enumerate(free)}
                edge = np.broadcast_to(np.asarray(evaluate([other], named)[0], dtype=float), (who.stop - who.start,))
                edge = np.clip(np.where(np.isfinite(edge), edge, begin), begin, end)
                edges += [np.nextafter(edge, -np.inf), edge, np.nextafter(edge, np.inf)]
    if edges:
        named_points = np.clip(np.stack(edges, axis=1), begin, end)
        grid = np.sort(np.concatenate([np.tile(grid, (len(named_points), 1)), named_points], axis=1), axis=1)
    table = at(grid, who)
    table = np.broadcast_to(table, (len(found), who.stop - who.start, table.shape[-1]))
    person, cell = np.nonzero((table[:, :, 1:] != table[:, :, :-1]).any(axis=0))
    row = person if len(grid) > 1 else np.zeros_like(person)
    return person + who.start, grid[row, cell], grid[row, cell + 1], table[:, person, cell]
