"""Student's t with seven degrees of freedom: the tails of every measurement error.

With an odd number of degrees of freedom the density is a rational function, ``(1 + t²/7)⁻⁴`` up to a constant, so that
the likelihood of a panel is a product of reciprocals without a logarithm or a power per marker. A published value of
HVA four standard deviations out costs 5.7 in ln instead of the normal's 8, one ten out 12 instead of 50: one bad number
cannot decide a case alone. Fewer degrees forgive more than measurements err: with five, a mistake that makes a plasma
phenylalanine of 1500 umol/L was as likely as a disease of one in 20,000.

Everything follows from `DOF`, which must be odd: the power of the density, the closed form of the distribution function
(Abramowitz and Stegun 1964, 26.7.3) and its series far out, which is the binomial series of the density, integrated.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["DOF", "LOG_NORM", "POWER", "cdf", "interval", "log_density", "raised", "sample", "scale_of"]

Array = NDArray[np.float64]

DOF = 7

POWER = (DOF + 1) // 2
"""The density is ``(1 + t²/DOF)`` to minus this, up to a constant."""

LOG_NORM = math.lgamma((DOF + 1) / 2) - math.lgamma(DOF / 2) - 0.5 * math.log(DOF * math.pi)
"""ln of the density at zero for scale one."""

_CLOSED = tuple(math.prod(2 * j / (2 * j + 1) for j in range(1, k + 1)) for k in range(POWER - 1))
"""``1, 2/3, 2/3 * 4/5, ...``: coefficients of ``1/(1 + x²)`` in the closed form."""

_SERIES = tuple((-1) ** j * math.comb(POWER + j - 1, j) / (DOF + 2 * j) for j in range(8))
"""Coefficients of ``1/x²`` in the series."""

_FAR = 10.0
"""Beyond this many ``sqrt(DOF)`` the closed form cancels, and the series in 1/x has converged to the last digits."""


def scale_of(sd: Array | float) -> Array:
    """Scale that gives a standard deviation of ``sd``: the variance is ``scale² * DOF/(DOF - 2)``."""
    return np.asarray(sd, dtype=np.float64) * math.sqrt((DOF - 2) / DOF)


def raised(x: Array) -> Array:
    """``x`` to the power of `POWER`."""
    return _power(x, POWER)


def _power(x: Array, n: int) -> Array:
    """``x`` to the power of ``n``, by multiplication: ``numpy.power`` takes four times as long."""
    found = x
    for bit in f"{n:b}"[1:]:
        found = found * found
        if bit == "1":
            found = found * x
    return found


def log_density(t: Array) -> Array:
    """Ln density at ``t`` for scale one."""
    return LOG_NORM - POWER * np.log1p(np.square(t) / DOF)


def _polynomial(x: Array, coefficients: tuple[float, ...]) -> Array:
    """``c0 + c1 x + c2 x² + ...``."""
    found = x * coefficients[-1]
    for c in coefficients[-2:0:-1]:
        found += c
        found *= x
    return found + coefficients[0]


def _lower(x: Array) -> Array:
    """P(T < -sqrt(DOF) x) for ``x`` not negative."""
    near = np.minimum(x, _FAR)
    g = np.asarray(1.0 / (1.0 + np.square(near)))
    tail = np.asarray((np.arctan2(1.0, near) - near * g * _polynomial(g, _CLOSED)) / math.pi)
    beyond = x > _FAR
    if np.any(beyond):
        r = 1.0 / x[beyond]
        norm = math.exp(LOG_NORM) * math.sqrt(DOF)
        tail[beyond] = norm * _power(r, DOF) * _polynomial(np.square(r), _SERIES)
    return tail


def cdf(t: Array) -> Array:
    """P(T <= t); accurate in both tails in the sense of `interval`."""
    t = np.asarray(t, dtype=np.float64)
    tail = _lower(np.abs(t) / math.sqrt(DOF))
    return np.where(t < 0, tail, 1.0 - tail)


def interval(low: Array, high: Array) -> Array:
    """P(low < T <= high), without cancellation in either tail. Bounds may be infinite; never below 1e-300."""
    low, high = np.broadcast_arrays(np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64))
    above = high > -low  # nearer to the upper tail: use the mirror image
    a, b = np.where(above, -high, low), np.where(above, -low, high)
    return np.maximum(cdf(b) - cdf(a), 1e-300)


def sample(rng: np.random.Generator, size: tuple[int, ...] | int) -> Array:
    """Draws for scale one."""
    return rng.standard_t(DOF, size)
