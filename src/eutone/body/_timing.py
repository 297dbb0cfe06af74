"""When something was taken: what each read-out sees of a dose hours after it.

An exposure is a daily mean (`_treatment`). Where it is said how long ago the last dose was, blood has more or less than
that, and what follows blood with a lag sees an average over the hours before. How long each lag is, the network itself
says: about the state of a person who takes the daily mean it is linear,

    dx/dt = J x + b r(t),    y = C x + D r(t)

with ``J`` its Jacobian, ``b`` and ``D`` the effects of the parameter that the drug moves, ``C`` the gradient of the
read-outs, and ``r`` the course of the drug relative to its mean: a dose every ``interval`` hours through a first-order
stage (absorption of an inflow, which the network then clears itself; the decline of an effect). With the stage as one
more state the course of everything is a matrix exponential, and what a read-out *sees* at time t is ``y(t)`` over the
``y`` of the mean: near 1 for whatever is slow, several-fold up or down for the drug itself in blood.

A person is then solved once per group of read-outs that see alike, with the treatment's part of each parameter scaled:
an inflow by what is seen, an activity that is left as the odds of block (reversible) or as the blocked share
(irreversible). Chemistry stays at steady state; only what drives it is taken at its time. Quantities are those of the
daily mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from eutone.body._tables import readouts
from eutone.engine.derivative import Derivative

if TYPE_CHECKING:
    from eutone.body._body import Body, Solved
    from eutone.body._treatment import Exposure

__all__ = ["PREFIX", "Course", "TimedBody", "scaled", "seen"]

Array = NDArray[np.float64]

PREFIX = "taken."
"""Before the id of a parameter: the column that holds the treatment's part of it."""

_MOST_DOSES = 200
_LEAST, _MOST = 1e-4, 10.0
_NOTHING = 1e-3
"""A read-out that answers the drug with less than this ln change per ln change does not see it at all."""

_GROUPS = 10
"""At most so many groups of read-outs are solved apart."""


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


def scaled(part: Array, ratio: Array | float, irreversible: bool = False) -> Array:
    """The treatment's ln shift ``part`` where ``ratio`` of the drug's daily mean is there.

    A gain or an inflow ``exp(part) = 1 + g`` becomes ``1 + ratio g``; an activity that is left, ``1 / (1 + odds)``,
    becomes ``1 / (1 + ratio odds)``, or ``1 - ratio (1 - left)`` for what blocks for good.
    """
    part = np.asarray(part, dtype=np.float64)
    if irreversible:
        down = np.log1p(-np.minimum(ratio * -np.expm1(np.minimum(part, 0.0)), 1.0 - 1e-6))
    else:
        down = -np.log1p(ratio * np.expm1(-np.minimum(part, 0.0)))
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


def seen(body: Body, shifts: Mapping[str, float], c: Course) -> Array:
    """What each read-out sees of the drug's daily mean, (n_readouts,); 1 where no hours are said.

    Parameters
    ----------
    shifts : mapping of str to float
        Ln shifts of the daily mean of everything that is taken.
    """
    found = np.ones(len(body.readouts))
    own = dict(c.at)
    hours = [own.get(name, c.hours) for name in body.readouts]
    times = sorted({h for h in hours if h is not None})
    row = {h: k for k, h in enumerate(times)}
    if not times:
        return found
    A, b, C, D = _linear(body, shifts, c.parameter)
    n, rate = len(A), math.log(2.0) / c.stage
    matrix = np.zeros((n + 1, n + 1))
    matrix[:n, :n], matrix[:n, n], matrix[n, n] = A, b * rate, -rate
    states = course(matrix, n, c, times)
    mean = C @ np.linalg.solve(A, -b) + D
    answers = np.abs(mean) > _NOTHING
    with np.errstate(divide="ignore", invalid="ignore"):
        table = (states[:, :n] @ C.T + rate * states[:, n:] * D) / mean
    for j, h in enumerate(hours):
        if h is not None and answers[j]:
            found[j] = np.clip(table[row[h], j], _LEAST, _MOST)
    return found


def _linear(body: Body, shifts: Mapping[str, float], parameter: str) -> tuple[Array, Array, Array, Array]:
    """``J``, ``b``, ``C``, ``D`` of this module: (n, n), (n,), (n_readouts, n), (n_readouts,), of ln read-outs."""
    network, f = body.network, Derivative(body.network)
    p = np.asarray(network.values, dtype=np.float64).copy()
    for name, shift in shifts.items():
        p[network.parameters.index(body.names[name])] *= math.exp(shift)
    x = body.rest(shifts)
    k = network.parameters.index(body.names[parameter])
    step = 1e-5 * p[k]
    high, low = p.copy(), p.copy()
    high[k] += step
    low[k] -= step
    b = (f(0.0, x, high) - f(0.0, x, low)) / 2e-5
    names = [r.observable for r in readouts()]

    def logs(x: Array, p: Array) -> Array:
        values = {**dict(zip(network.parameters, p, strict=True)), **f.values(0.0, x, p)}
        return np.asarray(np.log([np.broadcast_to(values[name], x.shape[1:]) for name in names]), dtype=np.float64)

    D = (logs(x, high) - logs(x, low)) / 2e-5
    size = 1e-5 * np.maximum(np.abs(x), 1e-12)
    C = (logs(x[:, None] + np.diag(size), p) - logs(x[:, None] - np.diag(size), p)) / (2.0 * size)
    return f.jacobian(0.0, x, p), b, C, D


@dataclass(frozen=True)
class TimedBody:
    """A body under a treatment whose time is known: each read-out is that of its own exposure.

    Has the interface of `Body`, and before its columns one ``taken.`` column for each parameter with a `Course`.
    """

    body: Body
    exposure: Exposure

    @property
    def free(self) -> tuple[str, ...]:
        """The treatment's parts, then the columns of the body."""
        return (*(PREFIX + name for name in self._timed), *self.body.free)

    @property
    def spread(self) -> Array:
        """Ln standard deviation between people: none of the treatment's own."""
        return np.concatenate([np.zeros(len(self._timed)), self.body.spread])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("body", "exposure"):
            raise AttributeError(name)
        return getattr(self.body, name)

    @cached_property
    def _timed(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c.parameter for c in self.exposure.courses))

    @cached_property
    def ratios(self) -> Array:
        """What each read-out sees of each timed parameter's daily mean, (n_timed, n_readouts)."""
        shifts = {name.removeprefix(PREFIX): mean for name, mean, _ in self.exposure.shifts}
        rows = []
        for name in self._timed:
            mine = [c for c in self.exposure.courses if c.parameter == name]
            weights = np.array([c.size for c in mine])
            rows.append(weights @ np.array([seen(self.body, shifts, c) for c in mine]) / weights.sum())
        return np.array(rows)

    @cached_property
    def groups(self) -> tuple[tuple[Array, NDArray[np.intp]], ...]:
        """Ratios (n_timed,) and read-outs of each group that sees nearly the same."""
        logs, width = np.log(self.ratios), 0.05
        while True:
            _, at = np.unique(np.round(logs / width), axis=1, return_inverse=True)
            members = [np.flatnonzero(at.ravel() == g) for g in range(int(at.max()) + 1)]
            if len(members) <= _GROUPS:
                return tuple((np.exp(logs[:, m].mean(axis=1)), m) for m in members)
            width *= 1.5

    def solve(self, ln_factors: Array, threads: int | None = None, stop: Any = None) -> Solved:
        """As `Body.solve`; read-outs of each group at its own exposure, quantities at the daily mean."""
        from eutone.body._body import Solved

        timed = self._timed
        parts, rest = ln_factors[:, : len(timed)], np.asarray(ln_factors[:, len(timed) :], dtype=np.float64)
        columns = [self.body.free.index(name) for name in timed]
        moments = {name.removeprefix(PREFIX): (mean, sd) for name, mean, sd in self.exposure.shifts}

        def run(ratio: Array | None) -> Solved:
            ln = rest.copy()
            for k, (name, column) in enumerate(zip(timed, columns, strict=True)):
                mine = parts[:, k]
                if ratio is not None:
                    # who has more of a drug than others clears it more slowly, and has more of it left as well
                    mean, sd = moments[name]
                    more = np.sign(mean) * (mine - mean) / sd
                    own = ratio[k] ** np.exp(-self._slower[k] * more) if ratio[k] < 1.0 else ratio[k]
                    mine = scaled(mine, own, self._irreversible[k])
                ln[:, column] += mine
            return self.body.solve(ln, threads=threads, stop=stop)

        base = run(None)
        folds, status = base.log_readouts.copy(), base.status.copy()
        for ratio, members in self.groups:
            if np.allclose(ratio, 1.0, atol=0.03):
                continue
            found = run(ratio)
            folds[:, members] = found.log_readouts[:, members]
            status = np.where(status == 0, found.status, status)
        folds[status != 0] = np.nan
        return Solved(folds, base.log_quantities, status)

    @cached_property
    def _slower(self) -> tuple[float, ...]:
        return tuple(max(c.stage_ln_sd for c in self.exposure.courses if c.parameter == n) for n in self._timed)

    @cached_property
    def _irreversible(self) -> tuple[bool, ...]:
        return tuple(all(c.irreversible for c in self.exposure.courses if c.parameter == n) for n in self._timed)
