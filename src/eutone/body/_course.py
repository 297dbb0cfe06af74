"""The course of one dose: when it was taken, and what each read-out sees of it hours later (`_timing` says why).

The network is taken as linear about the state of the typical person who takes the daily mean; dose, absorption and
decline are first-order stages in front of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from eutone.body._tables import readouts

if TYPE_CHECKING:
    from eutone.body._body import Body

__all__ = ["About", "Course", "course", "level", "peak", "scaled", "seen"]

Array = NDArray[np.float64]

_MOST_DOSES = 200
_LEAST = 1e-4
"""As good as nothing: of an inflow that is 100 times the healthy one, this share is 1 % of the healthy one."""

_NOTHING = 1e-3
"""A read-out that answers the drug with less than this ln change per ln change does not see it at all."""

_HELD = 0.05
"""Beyond a bound by more than this share of the daily mean a read-out is named as strained; less is rounding."""


@dataclass(frozen=True)
class Course:
    """When one item that moves one parameter was taken.

    Attributes
    ----------
    parameter : str
    size : float
        Of what the item does, to weigh items on the same parameter.
    hours : float or None
        Since the last dose; None where it is not said (the daily mean).
    at : tuple of (str, float)
        Read-outs whose sample has hours of its own.
    interval : float
        Hours between doses.
    doses : int or None
        How many there were; None for very many.
    stage : float
        Half-time in hours of the first-order stage between dose and parameter.
    stage_ln_sd : float
        Its spread, and that of what follows it.
    irreversible : bool
        Whether a block ends with its share, not with its odds.
    absorption : float
        Half-time in hours of a stage before that one; 0 where a dose is there at once.
    """

    parameter: str
    size: float
    hours: float | None
    at: tuple[tuple[str, float], ...]
    interval: float
    doses: int | None
    stage: float
    stage_ln_sd: float
    irreversible: bool
    absorption: float = 0.0

    @property
    def stages(self) -> tuple[float, ...]:
        """Half-times of the stages between dose and parameter, in order."""
        return (self.absorption, self.stage) if self.absorption else (self.stage,)


def scaled(part: Array | float, ratio: Array | float, irreversible: bool = False) -> Array:
    """The treatment's ln shift ``part`` where ``ratio`` of the drug's daily mean is there.

    A gain or an inflow ``exp(part) = 1 + g`` becomes ``1 + ratio g``; an activity that is left, ``1 / (1 + odds)``,
    becomes ``1 / (1 + ratio odds)``, or ``1 - ratio (1 - left)`` for what blocks for good. More than the mean of what
    blocks for good blocks by its odds as well: no more than everything can be blocked.
    """
    part = np.asarray(part, dtype=np.float64)
    down = -np.log1p(ratio * np.expm1(-np.minimum(part, 0.0)))
    if irreversible:
        share = np.log1p(np.minimum(ratio, 1.0) * np.expm1(np.minimum(part, 0.0)))
        down = np.where(np.asarray(ratio) < 1.0, share, down)
    return np.asarray(np.where(part < 0, down, np.log1p(ratio * np.expm1(np.maximum(part, 0.0)))), dtype=np.float64)


def course(matrix: Array, last: int, c: Course, times: Sequence[float]) -> Array:
    """States at ``times`` hours after the last dose, (n_times, n).

    Parameters
    ----------
    matrix : array, (n, n)
        Of the linear system; state ``last`` is the stage that a dose enters. A dose is ``interval`` in size, so that 1
        per hour leaves the stage on average.
    """
    pulse = np.zeros(len(matrix))
    pulse[last] = c.interval
    once = expm(matrix * c.interval)
    if c.doses is None or c.doses > _MOST_DOSES:
        begin = np.linalg.solve(np.eye(len(matrix)) - once, pulse)
    else:
        begin = pulse.copy()
        for _ in range(c.doses - 1):
            begin = once @ begin + pulse
    return np.array([expm(matrix * t) @ begin for t in times])


@dataclass(frozen=True)
class About:
    """The network, linear about the state of the typical person who takes the daily mean of everything.

    Attributes
    ----------
    body : Body
    x : array, (n,)
        That state.
    p : array, (n_parameters,)
    J : array, (n, n)
    C : array, (n_readouts, n)
        Gradient of the ln read-outs.
    """

    body: Body
    x: Array
    p: Array
    J: Array
    C: Array

    @classmethod
    def of(cls, body: Body, shifts: Mapping[str, float]) -> About:
        """About the state under these ln shifts of the daily mean, by parameter id."""
        network = body.network
        p = np.asarray(network.values, dtype=np.float64).copy()
        for name, shift in shifts.items():
            p[network.parameters.index(body.names[name])] *= math.exp(shift)
        x = body.rest(shifts)
        size = 1e-5 * np.maximum(np.abs(x), 1e-12)
        up, down = x[:, None] + np.diag(size), x[:, None] - np.diag(size)
        C = (_logs(body, up, p) - _logs(body, down, p)) / (2.0 * size)
        return cls(body, x, p, body.derivative.jacobian(0.0, x, p), C)

    def drive(self, parameter: str) -> tuple[Array, Array]:
        """What a ln change of ``parameter`` does: ``b`` (n,) to the state, ``D`` (n_readouts,) to the ln read-outs."""
        body, f = self.body, self.body.derivative
        high, low = self.p.copy(), self.p.copy()
        k = body.network.parameters.index(body.names[parameter])
        high[k] *= 1.0 + 1e-5
        low[k] *= 1.0 - 1e-5
        b = (f(0.0, self.x, high) - f(0.0, self.x, low)) / 2e-5
        return b, (_logs(body, self.x, high) - _logs(body, self.x, low)) / 2e-5


def _logs(body: Body, x: Array, p: Array) -> Array:
    """Ln read-outs of states ``x``, (n_readouts, ...)."""
    network = body.network
    values = {**dict(zip(network.parameters, p, strict=True)), **body.derivative.values(0.0, x, p)}
    found = [np.broadcast_to(values[r.observable], x.shape[1:]) for r in readouts()]
    return np.asarray(np.log(found), dtype=np.float64)


def seen(about: About, c: Course) -> tuple[Array, NDArray[np.bool_]]:
    """What each read-out sees of the drug's daily mean; 1 where no hours are said.

    Returns
    -------
    array, (n_readouts,)
        Between nothing and the drug's own peak.
    array of bool, (n_readouts,)
        Whether it would have been beyond and is held there.
    """
    names = about.body.readouts
    found, strained = np.ones(len(names)), np.zeros(len(names), dtype=bool)
    own = dict(c.at)
    hours = [own.get(name, c.hours) for name in names]
    times = sorted({h for h in hours if h is not None})
    if not times:
        return found, strained
    b, D = about.drive(c.parameter)
    rates = [math.log(2.0) / half for half in reversed(c.stages)]  # the last before the parameter comes first
    n, m = len(b), len(rates)
    matrix = np.zeros((n + m, n + m))
    matrix[:n, :n], matrix[:n, n] = about.J, b * rates[0]
    for k, rate in enumerate(rates):
        matrix[n + k, n + k] = -rate
        if k:
            matrix[n + k - 1, n + k] = rate
    states = course(matrix, n + m - 1, c, times)
    mean = about.C @ np.linalg.solve(about.J, -b) + D
    answers = np.abs(mean) > _NOTHING
    with np.errstate(divide="ignore", invalid="ignore"):
        table = (states[:, :n] @ about.C.T + rates[0] * states[:, n : n + 1] * D) / mean
    most = peak(c)
    for j, h in enumerate(hours):
        if h is not None and answers[j]:
            exact = table[times.index(h), j]
            found[j] = min(max(exact, _LEAST), most)
            strained[j] = abs(exact - found[j]) > _HELD * max(1.0, found[j])
    return found, strained


def level(c: Course, times: Sequence[float]) -> list[float]:
    """The drug's own level over its daily mean at ``times`` hours after the last dose."""
    rates = [math.log(2.0) / half for half in reversed(c.stages)]
    m = len(rates)
    matrix = np.diag([-rate for rate in rates]) + np.diag(rates[1:], 1)
    return [float(rates[0] * state) for state in course(matrix, m - 1, c, times)[:, 0]]


def peak(c: Course) -> float:
    """The drug's own highest level over its daily mean."""
    return max(level(c, np.linspace(0.0, c.interval, 97).tolist() if c.absorption else [0.0]))
