"""The prior of one explanation, as a map from standard normals to the parameters of a person.

Everything that varies between people under one explanation is written as independent standard normals ``u``: one for
the form, one per parameter of the body that varies between people, one per shift by treatment, and as many as the form
with most draws has. The map to ln factors is deterministic, so that a sampler can move in ``u`` and leave the prior
exactly invariant (`smc`), and a bank need not store its draws (`draw` makes them again).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from eutone.engine.chunks import Stop
from eutone.inference.streams import stream
from eutone.knowledge.explanations import Explanation, Form

__all__ = ["BodyLike", "ExposureLike", "Prior", "SolvedLike", "UNTREATED", "missing", "resolve"]

Array = NDArray[np.float64]


class SolvedLike(Protocol):
    """What a body answers: ln fold of read-outs, ln of quantities, and 0 where the solve converged."""

    @property
    def log_readouts(self) -> Array:
        """``(n, n_readouts)``, ln of the fold of the default body."""

    @property
    def log_quantities(self) -> Array:
        """``(n, n_quantities)``, ln of the value in the quantity's unit."""

    @property
    def status(self) -> NDArray[np.integer]:
        """``(n,)``, 0 where converged."""


class QuantityLike(Protocol):
    """A row of the body's table of quantities."""

    id: str
    name: str
    system: str
    region: str | None
    unit: str


class BodyLike(Protocol):
    """What inference needs of a body (`eutone.body.Body`)."""

    @property
    def free(self) -> Sequence[str]:
        """Ids of the parameters that may differ, ``(n_free,)``."""

    @property
    def spread(self) -> Array:
        """Ln standard deviation between people, ``(n_free,)``."""

    @property
    def readouts(self) -> Sequence[str]:
        """Ids of the read-outs (``csf.HVA``), ``(n_readouts,)``."""

    @property
    def quantities(self) -> Sequence[QuantityLike]:
        """Table of what is reported, ``(n_quantities,)``."""

    @property
    def model_hash(self) -> str:
        """Name of this model, structure and values."""

    def solve(self, ln_factors: Array, threads: int | None = None, stop: Stop | None = None) -> SolvedLike:
        """Steady states at ``default * exp(ln_factors)``."""

    def looking_at(self, columns: Collection[int]) -> BodyLike:
        """A body that answers these read-outs as this one does, and the others as far as that costs nothing."""


class ExposureLike(Protocol):
    """What a person takes, as the body sees it: the same under every explanation."""

    @property
    def shifts(self) -> Sequence[tuple[str, float, float]]:
        """Parameter id, mean and standard deviation of its ln shift."""

    @property
    def class_key(self) -> str:
        """Name of the treatment class: equal keys have equal shifts."""


class _Untreated:
    shifts: tuple[tuple[str, float, float], ...] = ()
    class_key: str = "untreated"


UNTREATED: ExposureLike = _Untreated()
"""Nothing taken."""


def resolve(body: BodyLike, parameter: str) -> int | None:
    """Column of ``parameter`` (dotted or flat id) in ``body.free``; None if the body does not have it."""
    names = getattr(body, "names", {})
    for candidate in (parameter, names.get(parameter) if isinstance(names, Mapping) else None):
        if candidate is not None and candidate in body.free:
            return list(body.free).index(candidate)
    flat = parameter.replace(".", "_").replace("-", "_")
    return list(body.free).index(flat) if flat in body.free else None


def missing(body: BodyLike, explanation: Explanation) -> tuple[str, ...]:
    """Parameters that the explanation touches and the body lacks."""
    return tuple(p for p in explanation.parameters if resolve(body, p) is None)


class Prior:
    """The prior of one explanation over one body, with one treatment.

    Parameters
    ----------
    body : Body
    explanation : Explanation
        Effects on parameters that the body lacks are left out; see `missing`.
    exposure : Exposure
        What is taken.

    Attributes
    ----------
    size : int
        Number of standard normals per person.
    """

    def __init__(self, body: BodyLike, explanation: Explanation, exposure: ExposureLike = UNTREATED) -> None:
        self.explanation = explanation
        self._n_free = len(body.free)
        spread = np.asarray(body.spread, dtype=np.float64)
        self._varying = np.flatnonzero(spread > 0)
        self._spread = spread[self._varying]
        shifts = [(resolve(body, name), mean, sd) for name, mean, sd in exposure.shifts]
        self._shifts = [(column, mean, sd) for column, mean, sd in shifts if column is not None]
        self._edges = np.cumsum([form.weight for form in explanation.forms])
        self._forms = [_columns(body, form) for form in explanation.forms]
        self._n_draws = max((len(draws) for draws, _ in self._forms), default=0)
        self.size = 1 + self._varying.size + len(self._shifts) + self._n_draws

    def draw(self, n: int, seed: int, purpose: str = "bank") -> Array:
        """``n`` draws of the standard normals, ``(n, size)``; the same for the same seed and purpose."""
        return stream(seed, purpose, self.explanation.id).standard_normal((n, self.size))

    def forms(self, u: Array) -> NDArray[np.intp]:
        """Index of the form of each draw, ``(n,)``."""
        form = np.searchsorted(self._edges, np.asarray(ndtr(u[:, 0]), dtype=np.float64), side="right")
        return np.minimum(form, len(self._forms) - 1)

    def ln_factors(self, u: Array) -> Array:
        """Ln factors of the body's free parameters.

        Parameters
        ----------
        u : array, (n, size)

        Returns
        -------
        array, (n, n_free)
            Spread between people, plus treatment, plus the effects of the form.
        """
        found = np.zeros((u.shape[0], self._n_free))
        at = 1 + self._varying.size
        found[:, self._varying] = u[:, 1:at] * self._spread
        for column, mean, sd in self._shifts:
            found[:, column] += mean + sd * u[:, at]
            at += 1
        form = self.forms(u)
        for index, (draws, effects) in enumerate(self._forms):
            rows = np.flatnonzero(form == index)
            if not rows.size or not effects:
                continue
            own = u[rows, at : at + len(draws)]
            t = np.stack([_truncate(own[:, k], bound) for k, bound in enumerate(draws)], axis=1)
            for column, k, ln_median, ln_sd, power in effects:
                found[rows, column] += power * (ln_median + ln_sd * t[:, k])
        return found


def _columns(body: BodyLike, form: Form) -> tuple[list[float], list[tuple[int, int, float, float, float]]]:
    """Upper bound of each draw of ``form``, and (column, draw, ln median, ln sd, power) of each effect."""
    names: list[str] = []
    bounds: list[float] = []
    effects = []
    for effect in form.effects:
        column = resolve(body, effect.parameter)
        if column is None:
            continue
        if effect.draw not in names:
            names.append(effect.draw)
            bounds.append(np.inf)
        k = names.index(effect.draw)
        ln_median = float(np.log(effect.median))
        if effect.upper is not None and effect.ln_sd > 0:
            bounds[k] = min(bounds[k], (float(np.log(effect.upper)) - ln_median) / effect.ln_sd)
        effects.append((column, k, ln_median, effect.ln_sd, effect.power))
    return bounds, effects


def _truncate(u: Array, bound: float) -> Array:
    """Standard normals mapped to standard normals that do not exceed ``bound``, order kept."""
    if not np.isfinite(bound):
        return u
    return np.minimum(np.asarray(ndtri(ndtr(u) * ndtr(bound)), dtype=np.float64), bound)
