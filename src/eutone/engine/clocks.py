"""When the clocks of a model jump: times at which a rate is not smooth, found before anything is integrated.

A clock is a comparison, floor or ceiling of a formula in time and in what stands still (light from 6 to 18, a pulse
every 8 h, a meal). No step of an integrator may straddle its jump. Time is cut in two, and again, until in every cell
bounds (`eutone.engine.intervals`) say that the clock shows one thing throughout, or that its formula only rises or only
falls and so passes its jump once; the jump is then closed in on to the last bit. So no pulse is too short to be seen,
however long the course. Where a formula stays undecided in more than 16,384 cells of one person at a time (the sine of
an exponential, say), the ends of the cells are compared, as on a grid.

Everything here is done with the numbers of one person alone; people go side by side for speed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone.engine.differentiate import gradients
from eutone.engine.expr import Expr, call, evaluate, substitute, symbols, walk
from eutone.engine.intervals import enclose
from eutone.engine.network import Network

__all__ = ["Clock", "clocks", "jumps"]

Array = NDArray[np.float64]

_JUMPS = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "floor", "ceil"})
_CELLS = 2**14  # undecided ones of one person; a sine takes about 16 a turn
_TOGETHER = 2**18  # cells of everybody that are bounded at once


@dataclass(frozen=True)
class Clock:
    """One thing that jumps.

    Attributes
    ----------
    node : Expr
        A comparison, floor or ceiling.
    level : Expr
        A formula that only falls or rises where ``argument`` does, and is other than it was wherever ``node`` is: the
        node, or where numbers are compared for being equal, the sign of their difference.
    slope : Expr
        Derivative in time of the argument (of the difference of what is compared), where no other clock jumps.
    inner : tuple of int
        Clocks that occur in it, by number.
    """

    node: Expr
    level: Expr
    slope: Expr
    inner: tuple[int, ...]

    @property
    def names(self) -> set[str]:
        """What it depends on besides time."""
        return symbols(self.node) - {"time"}


def clocks(network: Network, moved: frozenset[str] = frozenset()) -> tuple[Clock, ...]:
    """What jumps: comparisons, floors and ceilings over time, parameters and states that only events and doses change.

    Parameters
    ----------
    network : Network
    moved : frozenset of str
        States that something else moves, too (an infusion).
    """
    known = network.inlined()
    roots = substitute([*network.rates, *network.drift.values(), *(e.trigger for e in network.events)], known)
    still = {*network.species} - network.moving - moved
    names = {"time", *network.parameters, *still}
    nodes = [e for e in walk(*roots) if e.op in _JUMPS and "time" in (used := symbols(e)) and used <= names]
    return tuple(_clock(node, nodes) for node in nodes)


def _clock(node: Expr, nodes: list[Expr]) -> Clock:
    argument = node.args[0] if len(node.args) == 1 else node.args[0] - node.args[1]
    slope = gradients([argument], ["time"])[0].get("time", argument * 0.0)
    level = node
    if node.op in ("eq", "ne"):
        level = call("gt", *node.args) - call("lt", *node.args)
    below = set(walk(*node.args))
    return Clock(node, level, slope, tuple(k for k, other in enumerate(nodes) if other in below))


def jumps(found: tuple[Clock, ...], constants: Mapping[str, float | Array], begin: Array, end: float) -> Array:
    """The first moments after each jump after ``begin`` and until ``end``, (n, most), padded with infinity.

    Parameters
    ----------
    found : tuple of Clock
    constants : dict of str to float or array, (n,)
        What clocks depend on.
    begin : array, (n,)
    """
    n = len(begin)
    own = {k: v for k, v in constants.items() if np.ndim(v)}
    if not found or not n:
        return np.full((n, 0), np.inf)
    if n > 1 and (begin == begin[0]).all() and all((np.asarray(v) == np.asarray(v)[0]).all() for v in own.values()):
        first = {k: np.asarray(v)[:1] if k in own else v for k, v in constants.items()}  # the same for everybody
        once = jumps(found, first, begin[:1], end)
        return np.broadcast_to(once, (n, once.shape[1]))
    tables: list[Array] = []
    for clock in found:
        inner = _joined([tables[k] for k in clock.inner], n)
        changes = _changes(clock, [found[k].node for k in clock.inner], constants, begin, inner, end)
        tables.append(_joined([inner, changes], n))
    return _joined(tables, n)


def _joined(tables: list[Array], n: int) -> Array:
    """The times of several tables in order, each once, padded with infinity."""
    rows = np.sort(np.concatenate([np.full((n, 0), np.inf), *tables], axis=1), axis=1)
    rows[:, 1:] = np.where(rows[:, 1:] == rows[:, :-1], np.inf, rows[:, 1:])
    rows = np.sort(rows, axis=1)
    return rows[:, : int(np.isfinite(rows).sum(axis=1).max(initial=0))]


def _changes(
    clock: Clock, inner: list[Expr], constants: Mapping[str, float | Array], begin: Array, breaks: Array, end: float
) -> Array:
    """When one clock jumps while those in it do not, (n, most), padded with infinity."""
    n = len(begin)
    starts = np.concatenate([begin[:, None], breaks], axis=1)
    ends = np.concatenate([np.nextafter(breaks, -np.inf), np.full((n, 1), np.inf)], axis=1)
    person, place = np.nonzero(starts < np.minimum(ends, end))
    low, high = starts[person, place], np.minimum(ends, end)[person, place]

    def named(who: NDArray[np.intp], t: Array) -> Mapping[str, object]:
        return {k: np.asarray(v)[who] if np.ndim(v) else v for k, v in constants.items()} | {"time": t}

    def level(who: NDArray[np.intp], t: Array) -> Array:
        return np.broadcast_to(np.asarray(evaluate([clock.level], named(who, t))[0], dtype=float), t.shape)

    held: dict[Expr, Array] = {}  # what clocks inside show in each cell
    for node in inner:
        held[node] = np.broadcast_to(np.asarray(evaluate([node], named(person, low))[0], dtype=float), low.shape)
    found: list[tuple[NDArray[np.intp], Array, Array]] = []
    while len(low):
        open_ = np.zeros(len(low), dtype=bool)
        for k in range(0, len(low), _TOGETHER):
            part = slice(k, k + _TOGETHER)
            box = named(person[part], low[part])
            bounds = {name: (np.asarray(v, dtype=float),) * 2 for name, v in box.items()}
            bounds["time"] = (low[part], high[part])
            fixed = {node: (v[part], v[part]) for node, v in held.items()}
            (a, b), (down, up) = enclose([clock.level, clock.slope], bounds, fixed)
            one_way = (down >= 0) | (up <= 0)
            open_[part] = ~(a == b)
            jumped = np.abs(level(person[part], high[part]) - level(person[part], low[part]))
            once = one_way & (jumped <= 1)
            open_[part] &= ~(once & (jumped == 0))
            ready = open_[part] & (once | (np.nextafter(low[part], np.inf) >= high[part])) & (jumped > 0)
            found.append((person[part][ready], low[part][ready], high[part][ready]))
            open_[part] &= ~ready & (np.nextafter(low[part], np.inf) < high[part])
        many = np.bincount(person[open_], minlength=n)[person] > _CELLS
        if (given_up := open_ & many).any():
            differ = given_up & (level(person, low) != level(person, high))
            found.append((person[differ], low[differ], high[differ]))
            open_ &= ~many
        middle = 0.5 * (low[open_] + high[open_])
        low, high = np.concatenate([low[open_], middle]), np.concatenate([middle, high[open_]])
        person = np.tile(person[open_], 2)
        held = {node: np.tile(v[open_], 2) for node, v in held.items()}
    person, low, high = (np.concatenate([f[k] for f in found]) for k in range(3)) if found else (person, low, high)
    _close_in(level, person, low, high)
    before, after = (np.asarray(evaluate([clock.node], named(person, t))[0]) for t in (low, high))
    seen = np.broadcast_to(before != after, low.shape)  # two that are rounded may pass each other and never be equal
    return _by_person(person[seen], high[seen], n)


def _close_in(
    level: Callable[[NDArray[np.intp], Array], Array], person: NDArray[np.intp], low: Array, high: Array
) -> None:
    """Move ``low`` up and ``high`` down, in place, until they are neighbours and the level changes between them."""
    before = level(person, low)
    while True:
        middle = 0.5 * (low + high)
        open_ = np.flatnonzero((low < middle) & (middle < high))
        if not len(open_):
            return
        same = level(person[open_], middle[open_]) == before[open_]
        low[open_] = np.where(same, middle[open_], low[open_])
        high[open_] = np.where(same, high[open_], middle[open_])


def _by_person(person: NDArray[np.intp], times: Array, n: int) -> Array:
    """Times of everybody as rows, padded with infinity."""
    order = np.argsort(person, kind="stable")
    person, times = person[order], times[order]
    most = int(np.bincount(person, minlength=n).max(initial=0))
    table = np.full((n, most), np.inf)
    table[person, np.arange(len(person)) - np.searchsorted(person, person)] = times
    return table
