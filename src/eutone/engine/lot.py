"""Who is checked: decided by each person's own numbers, so that it is the same ones in any order and company.

A share of every batch is checked (`eutone.engine.basin`). Whether a person is, must not depend on the others, and
should look like chance: the weighted sum of the person's numbers, each in units of its default, is taken times a
million, and what stands behind the decimal point is the lot. People who differ by a millionth, or more, draw lots of
their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from eutone.engine.expr import Expr, call, const

__all__ = ["lot"]

_GOLDEN = (math.sqrt(5) - 1) / 2  # its multiples fill the interval from 0 to 1 most evenly
_SPREAD = 1e6


def lot(numbers: Iterable[tuple[Expr, float]]) -> Expr:
    """A number from 0 up to 1 (or no number, if one of them is none or they are too large).

    Parameters
    ----------
    numbers : iterable of (Expr, float)
        A person's numbers, and how large each usually is.
    """
    total = const(_GOLDEN)
    for k, (number, size) in enumerate(numbers, 1):
        scale = abs(size) if math.isfinite(size) and abs(size) > 1e-290 else 1.0
        total = total + number * (_SPREAD * (0.5 + k * _GOLDEN % 1) / scale)
    return total - call("floor", total)
