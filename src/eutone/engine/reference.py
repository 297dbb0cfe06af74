"""The reference path: SciPy, one person at a time, slow and obvious. It is the oracle that every fast path answers to.

The derivative is written out as plain Python from the network's expressions; nothing here shares code with the compiled
path but the expressions themselves. Jacobians are finite differences on purpose.

Steady state: the state that the *default* state runs to. A stiff integrator (BDF) runs until Newton's method would move
the state by less than a thousandth and the Jacobian there (conserved moieties eliminated) is stable; Newton then
polishes. Time courses are in `eutone.engine.timeline`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import BDF

from eutone._errors import ModelError
from eutone.engine.derivative import Derivative
from eutone.engine.expr import const, substitute, symbols
from eutone.engine.march import scale
from eutone.engine.moieties import Moieties, conserved_moieties, restore, totals
from eutone.engine.network import Network
from eutone.engine.status import Status
from eutone.engine.timeline import Dose, TimeCourse, time_course

__all__ = ["Derivative", "Dose", "SteadyState", "TimeCourse", "steady_state", "time_course"]

Array = NDArray[np.float64]

_MOVE = 1e-3  # Newton may polish, not travel: at most this relative change
_QUIET = 3  # attempts, 20 steps apart, at which the Jacobian is singular and nothing moves: no isolated rest


@dataclass(frozen=True)
class SteadyState:
    """A steady state, or why there is none.

    Attributes
    ----------
    state : array, (n_species,)
    rates : array, (n_reactions,)
    residual : float
        As defined in this module.
    status : Status
        Only ``CONVERGED`` is an answer; otherwise ``state`` is where the search ended.
    reason : str
        In words, empty if converged.
    values : dict of str to float
        Every species, rule and reaction by id.
    """

    state: Array
    rates: Array
    residual: float
    status: Status
    reason: str
    values: dict[str, float] = field(repr=False)

    def __getitem__(self, name: str) -> float:
        return self.values[name]


def steady_state(
    network: Network,
    parameters: Mapping[str, float] | None = None,
    *,
    start: ArrayLike | None = None,
    tolerance: float = 1e-10,
    max_steps: int = 3_000,
    derivative: Derivative | None = None,
) -> SteadyState:
    """The steady state that ``network`` reaches from ``start``.

    Parameters
    ----------
    parameters : mapping, optional
        Values by id that differ from the network's defaults.
    start : array, (n_species,), optional
        Where to begin; it also fixes the totals of conserved moieties. The default state if not given.
    tolerance : float
        Largest residual that counts as converged.
    max_steps : int
        Steps of the integrator before giving up.
    derivative : Derivative, optional
        Made from the same network before, to save making it again.

    Raises
    ------
    ModelError
        If the network has events or depends on time explicitly at these parameters, or a parameter is not one of its
        own.
    """
    if network.events:
        raise ModelError(f"{network.name}: a model with events has no steady state")
    f = derivative or Derivative(network)
    p = network.values_with(parameters)
    if network.explicit_time:  # a clock with amplitude 0 is none
        numbers = {name: const(value) for name, value in zip(network.parameters, p, strict=True)}
        if "time" in symbols(*substitute(f.roots, numbers)):
            raise ModelError(f"{network.name}: a model with explicit time has no steady state")
    x = network.start(p) if start is None else np.array(start, dtype=np.float64)
    moieties = conserved_moieties(network)
    constants = totals(moieties, x)

    def end(x: Array, status: Status, reason: str = "") -> SteadyState:
        rates = f.terms(0.0, x, p)[: len(network.reactions)]
        values = {name: float(value) for name, value in f.values(0.0, x, p).items()}
        return SteadyState(x, rates, f.residual(0.0, x, p), status, reason, values)

    if not np.isfinite(f(0.0, x, p)).all():
        return end(x, Status.NOT_FINITE, "a rate is not finite at the start")
    if not len(x):
        return end(x, Status.CONVERGED)
    singular, quiet = False, 0
    solver = BDF(lambda t, y: f(t, y, p), 0.0, x, math.inf, jac=lambda t, y: f.jacobian(t, y, p), **_first(f, x, p))
    for step in range(max_steps):
        if step % 20 == 0:
            polished = _polish(f, solver.y, p, moieties, constants, tolerance)
            singular = polished is None
            quiet = quiet + 1 if singular and _still(f, solver, p) else 0
            if quiet == _QUIET:
                break
            if polished is not None and _near(solver.y, polished) and f.residual(0.0, polished, p) <= tolerance:
                return _judged(f, polished, p, moieties, end)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # not-finite trial points: the solver shortens its step
            try:
                message = solver.step() if solver.status == "running" else solver.status
            except ValueError as error:  # SciPy refuses a matrix that is not finite: the state, or time, ran away
                return end(solver.y, Status.NOT_FINITE, f"the state runs away: {error}")
        if solver.status == "failed" or not np.isfinite(solver.y).all():
            return end(solver.y, Status.NOT_FINITE, f"the integration failed: {message}")
    if singular:
        return end(
            solver.y, Status.SINGULAR, "the Jacobian (moieties removed) is singular where the network stands still"
        )
    moving = network.species[int(np.argmax(np.abs(f(0.0, solver.y, p)) / np.maximum(np.abs(solver.y), 1e-300)))]
    return end(solver.y, Status.STEP_LIMIT, f"still moving after {max_steps} steps, '{moving}' most")


def _first(f: Derivative, x: Array, p: Array) -> dict[str, Any]:
    """Tolerances and a first step: a hundredth of the fastest time in the Jacobian's diagonal."""
    fastest = float(np.abs(np.diag(f.jacobian(0.0, x, p))).max(initial=0.0))
    return {"rtol": 1e-6, "atol": 1e-8 * scale(x), "first_step": 0.01 / fastest if 0 < fastest < math.inf else 1e-6}


def _near(a: Array, b: Array) -> bool:
    scale = np.maximum(np.abs(a), np.abs(b)) + 1e-9 * float(np.abs(a).max(initial=0.0)) + 1e-300
    return bool((np.abs(a - b) <= _MOVE * scale).all())


def _still(f: Derivative, solver: BDF, p: Array) -> bool:
    """Whether the state would hardly move in as long again as has passed."""
    size = np.abs(solver.y) + 1e-6 * float(np.abs(solver.y).max(initial=0.0))
    return bool((np.abs(f(0.0, solver.y, p)) * solver.t <= _MOVE * size).all()) and solver.t > 0


def _reduced(jacobian: Array, moieties: Moieties) -> Array:
    i, d = moieties.independent, moieties.dependent
    result: Array = jacobian[np.ix_(i, i)] + jacobian[np.ix_(i, d)] @ moieties.link
    return result


def _polish(f: Derivative, x: Array, p: Array, moieties: Moieties, constants: Array, tolerance: float) -> Array | None:
    """Newton on the independent species from ``x``; the best point found, or None where the Jacobian is singular."""
    origin = x
    x = best = restore(moieties, x[moieties.independent], constants)
    best_residual = f.residual(0.0, x, p)
    for _ in range(25):
        jacobian = _reduced(f.jacobian(0.0, x, p), moieties)
        change = f(0.0, x, p)[moieties.independent]
        if not np.isfinite(jacobian).all():
            return best
        # rows per turnover, columns per concentration: what is singular then is so in any units
        columns = np.maximum(np.abs(x[moieties.independent]), 1e-9 * float(np.abs(x).max(initial=0.0)) + 1e-300)
        scaled = jacobian * columns
        rows = np.abs(scaled).max(axis=1, initial=0.0)
        if (rows == 0).any() or (len(rows) and np.linalg.cond(scaled / rows[:, None]) > 1e14):
            return None
        step = columns * np.linalg.solve(scaled / rows[:, None], -change / rows)
        x = restore(moieties, x[moieties.independent] + step, constants)
        residual = f.residual(0.0, x, p)
        if residual < best_residual:
            best, best_residual = x, residual
        elif best_residual <= tolerance or not math.isfinite(residual):
            break
        if not _near(origin, x):
            break
    return best


def _judged(
    f: Derivative,
    x: Array,
    p: Array,
    moieties: Moieties,
    end: Callable[..., SteadyState],
) -> SteadyState:
    """The verdict on a point where the equations are met: can concentrations be there, and stay there."""
    names = f.network.species
    negative = [i for i, name in enumerate(names) if name not in f.network.drift and x[i] < -1e-12 * np.abs(x).max()]
    if negative:
        return end(x, Status.NEGATIVE, f"'{names[negative[0]]}' is negative")
    modes = np.linalg.eigvals(_reduced(f.jacobian(0.0, x, p), moieties)).real
    if len(modes) and modes.max() > 1e-9 * np.abs(modes).max():
        return end(x, Status.OTHER_BASIN, "the steady state is not stable: the network does not stay there")
    return end(x, Status.CONVERGED)
