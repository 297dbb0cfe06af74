"""Whether a rate jumps at a value of the state (a switch), or only bends there (a threshold, a curve, a minimum).

The state is taken to where both sides of a comparison meet, or a formula is whole, from random points along one species
(Newton's method), and rates are compared on either side: nearer to the meeting a bend becomes smaller, a jump does not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from eutone.engine.differentiate import gradients
from eutone.engine.expr import Expr, evaluate, substitute, symbols, walk
from eutone.engine.network import Network

__all__ = ["switched"]

Array = NDArray[np.float64]

_COMPARISONS = frozenset({"lt", "le", "gt", "ge"})  # numbers of a course are equal, or not, for no time at all
_ROUNDED = frozenset({"floor", "ceil"})
_POINTS = 64
_NEWTON = 60
_BESIDE = 1e-5  # of the species: how far from the meeting rates are compared first, then ten times nearer


def switched(network: Network) -> str | None:
    """A species at some value of which a rate jumps, under the default parameters; None if none was found."""
    roots = substitute([*network.rates, *network.drift.values()], network.inlined())
    draw = np.random.default_rng(0)
    typical = np.where(network.initial != 0, np.abs(network.initial), 1.0)
    states = typical * np.exp(draw.normal(size=(_POINTS, len(typical))))
    point: dict[str, object] = dict(zip(network.parameters, network.values.tolist(), strict=True))
    point |= dict(zip(network.species, states.T, strict=True)) | {"time": draw.uniform(0.0, 10.0, _POINTS)}
    for node in walk(*roots):
        if node.op not in _COMPARISONS | _ROUNDED:
            continue
        gap = node.args[0] - node.args[1] if node.op in _COMPARISONS else node.args[0]
        for name in sorted(symbols(gap) & network.moving):
            if _jumps(roots, gap, node.op in _ROUNDED, name, point):
                return name
    return None


def _jumps(roots: list[Expr], gap: Expr, whole: bool, name: str, point: Mapping[str, object]) -> bool:
    """Whether one of ``roots`` jumps where ``gap`` is 0, or ``whole``, as ``name`` is moved there from ``point``."""
    here = _met(gap, whole, name, point)
    with np.errstate(all="ignore"):
        size = _BESIDE * (np.abs(here) + 1e-3)
        far, near = (_across(roots, name, point, here, step) for step in (size, 0.1 * size))
        # rounding is no jump
        large = far[0] > 1e-9 * far[1]
        return bool((large & (near[0] > 0.5 * far[0]) & np.isfinite(far[0]) & np.isfinite(near[0])).any())


def _met(gap: Expr, whole: bool, name: str, point: Mapping[str, object]) -> Array:
    """Values of ``name`` at which ``gap`` is 0, or the whole number next to it; not a number if not found."""
    slope = gradients([gap], [name])[0].get(name)
    x = np.array(point[name], dtype=np.float64)
    if slope is None:
        return np.full(len(x), np.nan)
    level = np.zeros(len(x))
    with np.errstate(all="ignore"):
        for turn in range(_NEWTON):
            value, pace = (np.asarray(v, dtype=np.float64) for v in evaluate([gap, slope], {**point, name: x}))
            if whole and turn == 0:
                level = np.broadcast_to(np.round(value), x.shape)
            x = x - (value - level) / pace
        value = np.asarray(evaluate([gap], {**point, name: x})[0], dtype=np.float64)
        return np.asarray(np.where(np.abs(value - level) <= 1e-9 * np.abs(pace) * (np.abs(x) + 1e-3), x, np.nan))


def _across(roots: list[Expr], name: str, point: Mapping[str, object], here: Array, step: Array) -> tuple[Array, Array]:
    """By how much each root differs from ``step`` below to ``step`` above ``here``, and how large it is there."""
    below, above = (
        np.stack([np.broadcast_to(np.asarray(v), here.shape) for v in evaluate(roots, {**point, name: x})])
        for x in (here - step, here + step)
    )
    return np.abs(above - below), np.maximum(np.abs(above), np.abs(below))
