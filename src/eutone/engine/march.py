"""One smooth stretch of a time course, integrated until its end or until a condition changes, whichever comes first.

A change is looked for after every step of the integrator, at its end, at points within it, and wherever something turns
that the condition is made of (`eutone.engine.crossings`); and closed in on to the last bit on the integrator's own
interpolant (dense output).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import BDF, DOP853, LSODA, RK23, RK45, Radau

__all__ = ["METHODS", "March", "march", "scale"]

Array = NDArray[np.float64]

#: Integrators by name.
METHODS: dict[str, Any] = {"BDF": BDF, "LSODA": LSODA, "Radau": Radau, "DOP853": DOP853, "RK45": RK45, "RK23": RK23}

_WITH_JACOBIAN = ("BDF", "Radau", "LSODA")
#: So many steps that together are no more than this share of the stretch: a rate that jumps to and fro, or a pole. BDF
#: sees that by itself, LSODA would go on for ever.
_PATIENCE, _PROGRESS = 5_000, 1e-4

_WITHIN = 4  # points within a step at which conditions are always looked at


@dataclass(frozen=True)
class March:
    """How far it went.

    Attributes
    ----------
    end : float
        The end of the stretch; or the first number at which a condition has changed; or where the integrator failed.
    state : array, (n_species,)
        The state there.
    states : array, (n_asked, n_species)
        States at the times asked for that are before or at ``end``.
    complaint : str
        The integrator's, if it failed.
    """

    end: float
    state: Array
    states: Array
    complaint: str = ""


def march(
    f: Callable[[float, Array], Array],
    jacobian: Callable[[float, Array], Array],
    moving: NDArray[np.intp],
    x: Array,
    lo: float,
    hi: float,
    ask: Array,
    changed: Callable[[float, Array], bool] | None = None,
    turns: Callable[[Callable[[Any], Array], float, float], list[float]] | None = None,
    *,
    method: str = "BDF",
    rtol: float,
    atol: Array,
) -> March:
    """Integrate ``dx/dt = f(t, x)`` from ``lo`` towards ``hi``.

    Parameters
    ----------
    moving : array of int
        Which states change; the others are left out of the integration.
    ask : array
        Times in (lo, hi], increasing, at which the state is wanted.
    changed : callable, optional
        Whether a condition is other than it was at ``lo``; it ends the stretch.
    turns : callable, optional
        More times to look at within a step: of the state by time (of many at once, too), and the step's begin and end.
    """
    if not len(moving):  # nothing but the clock changes, and that jumps nowhere in a smooth stretch
        return March(hi, x, np.repeat(x[None], len(ask), axis=0))
    found: list[Array] = []

    def whole(y: Array) -> Array:
        full = np.empty((len(x), *y.shape[1:]))
        full.T[:] = x
        full[moving] = y
        return full

    def fail(message: object) -> March:
        return March(solver_time, x, np.array(found).reshape(-1, len(x)), str(message))

    solver_time = lo
    options: dict[str, Any] = {"rtol": rtol, "atol": atol[moving]}
    if method in _WITH_JACOBIAN:
        options["jac"] = lambda t, y: jacobian(t, whole(y))[np.ix_(moving, moving)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # the integrator's complaints come back as its status
        try:
            solver = METHODS[method](lambda t, y: f(t, whole(y))[moving], lo, x[moving], hi, **options)
            count, mark = 0, lo
            while solver.status == "running":
                message, count = solver.step(), count + 1
                if count % _PATIENCE == 0:
                    if solver.t - mark < _PROGRESS * (hi - lo):
                        return fail("no progress")
                    mark = solver.t
                if solver.status == "failed" or not np.isfinite(solver.y).all():
                    return fail(message or "not finite")
                dense, before, now = solver.dense_output(), solver_time, float(solver.t)
                inside = None
                if changed is not None:
                    at = _state_at(whole, dense)
                    inside = _first(changed, at, before, now, turns(at, before, now) if turns else [])
                solver_time = now if inside is None else inside
                found += [whole(dense(t)) for t in ask[len(found) :] if t <= solver_time]
                if inside is not None:
                    return March(inside, whole(dense(inside)), np.array(found).reshape(-1, len(x)))
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            return fail(error)
    return March(hi, whole(solver.y), np.array(found).reshape(-1, len(x)))


def _state_at(whole: Callable[[Array], Array], dense: Callable[[Any], Array]) -> Callable[[Any], Array]:
    """The state at a time, or at many side by side."""
    return lambda t: whole(dense(t))


def _first(
    changed: Callable[[float, Array], bool], at: Callable[[Any], Array], lo: float, hi: float, turns: list[float]
) -> float | None:
    """The first number in (lo, hi] at which the condition has changed, as far as the points looked at show."""
    before = lo
    points: list[float] = sorted({*np.linspace(lo, hi, _WITHIN + 2).tolist()[1:], *turns} - {lo})
    for point in points:
        if changed(point, at(point)):
            while before < (middle := 0.5 * (before + point)) < point:
                if changed(middle, at(middle)):
                    point = middle
                else:
                    before = middle
            return point
        before = point
    return None


def scale(x: Array) -> Array:
    """The size of each state, by where it starts; the smallest other one where a state starts at 0."""
    size = np.where(np.isfinite(x), np.abs(x), 0.0)
    return np.where(size > 0, size, size[size > 0].min(initial=1.0))
