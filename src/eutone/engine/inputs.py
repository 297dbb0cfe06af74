"""What drives a network from outside: a depot that a dose leaves slowly, a parameter that follows a curve in time.

Both give a new network; what it was is not touched.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline

from eutone._errors import ModelError
from eutone.engine.expr import Expr, call, const, substitute, symbol
from eutone.engine.network import Network

__all__ = ["with_curve", "with_depot"]

_SAME = 1e-9  # of a period: hours and days that were converted are the same


def with_depot(network: Network, target: str, *, rate: float, bioavailability: float = 1.0, name: str = "") -> Network:
    """``network`` with a state that is absorbed into ``target`` at first order: where an oral dose goes.

    Parameters
    ----------
    target : str
        A species.
    rate : float
        Per unit of time; becomes the parameter ``name.rate``.
    bioavailability : float
        Share of the depot that arrives; becomes the parameter ``name.share``.
    name : str
        Of the new state; ``depot.target`` if not given. A lag is a later dose.

    Raises
    ------
    ModelError
        If there is no such species, the name is taken, or a number is impossible.
    """
    name = name or f"depot.{target}"
    if target not in network.species:
        raise ModelError(f"{network.name}: '{target}' is not a species of the model")
    if name in (*network.species, *network.parameters, *network.reactions):
        raise ModelError(f"{network.name}: '{name}' is there already")
    if not (0 < rate < np.inf and 0 < bioavailability <= 1):
        raise ModelError(f"{network.name}: a rate must be above 0, a bioavailability between 0 and 1")
    flow = symbol(f"{name}.rate") * symbol(name)
    into = network.species.index(target)
    volume = float(network.volumes[into]) if len(network.volumes) else 1.0
    rows = np.zeros((len(network.species) + 1, len(network.reactions) + 2))
    rows[:-1, :-2] = network.stoichiometry
    rows[-1, -2] = -1.0
    rows[into, -1] = 1.0 / volume
    return replace(
        network,
        species=(*network.species, name),
        initial=np.append(network.initial, 0.0),
        parameters=(*network.parameters, f"{name}.rate", f"{name}.share"),
        values=np.append(network.values, [rate, bioavailability]),
        reactions=(*network.reactions, f"{name}.out", f"{name}.in"),
        rates=(*network.rates, flow, symbol(f"{name}.share") * flow),
        stoichiometry=rows,
        volumes=np.append(network.volumes, 1.0) if len(network.volumes) else network.volumes,
    )


def with_curve(
    network: Network,
    parameter: str,
    times: ArrayLike,
    values: ArrayLike,
    *,
    period: float | None = None,
    smooth: bool = False,
) -> Network:
    """``network`` with a parameter that follows a curve through points, and stays at its ends.

    What begins where it says begins with the curve's value at time 0.

    Parameters
    ----------
    times, values : array, (n_points,)
        Times increase. Between them the curve is straight, or a cubic spline (natural; periodic with a period).
    period : float, optional
        The curve is repeated; times then lie within one period, and the last value is the first.
    smooth : bool
        A spline instead of straight lines.

    Raises
    ------
    ModelError
        If there is no such parameter, or the points are impossible.
    """
    at, to = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    if parameter not in network.parameters:
        raise ModelError(f"{network.name}: '{parameter}' is not a parameter of the model")
    if at.ndim != 1 or at.shape != to.shape or len(at) < 2 or not (np.diff(at) > 0).all():
        raise ModelError(f"{network.name}: a curve needs two points or more, their times increasing")
    if not (np.isfinite(at).all() and np.isfinite(to).all()):
        raise ModelError(f"{network.name}: times and values of a curve are finite numbers")
    if period is not None:
        if abs(at[-1] - at[0] - period) > _SAME * period or abs(to[-1] - to[0]) > _SAME * abs(to[0]):
            raise ModelError(f"{network.name}: points of a periodic curve span one period and end as they begin")
        to = np.append(to[:-1], to[0])
    t = symbol("time")
    if period is not None:
        t = at[0] + (t - at[0]) - period * call("floor", (t - at[0]) / period)
    pieces = _spline(at, to, periodic=period is not None) if smooth else _straight(at, to)
    curve: Expr = const(float(to[-1]))
    for left, right, coefficients in reversed(list(zip(at[:-1], at[1:], pieces, strict=True))):
        u, piece = t - float(left), const(float(coefficients[0]))
        for c in coefficients[1:]:
            piece = piece * u + float(c)
        curve = call("select", call("lt", t, float(right)), piece, curve)
    if period is None:
        curve = call("select", call("lt", t, float(at[0])), float(to[0]), curve)
    kept = [k for k, name in enumerate(network.parameters) if name != parameter]
    begun = substitute([curve], {"time": const(0.0)})[0]
    initials = zip(network.initials, substitute(list(network.initials.values()), {parameter: begun}), strict=True)
    driven = replace(
        network,
        parameters=tuple(network.parameters[k] for k in kept),
        values=network.values[kept],
        rules=((parameter, curve), *network.rules),
        initials=dict(initials),
        explicit_time=True,
    )
    return replace(driven, initial=driven.start(driven.values))


def _straight(at: np.ndarray, to: np.ndarray) -> list[tuple[float, ...]]:
    return [(float(b), float(a)) for a, b in zip(to[:-1], np.diff(to) / np.diff(at), strict=True)]


def _spline(at: np.ndarray, to: np.ndarray, *, periodic: bool) -> list[tuple[float, ...]]:
    found = CubicSpline(at, to, bc_type="periodic" if periodic else "natural")
    return [tuple(float(c) for c in column) for column in found.c.T]
