"""Round numbers along an axis, their labels, and how wide a text is where no font can be asked."""

from __future__ import annotations

import itertools
import math
import unicodedata
from collections.abc import Sequence

__all__ = ["labels", "shortened", "ticks", "wide"]

_GLYPH, _BOLD = 0.58, 0.7  # width of a letter by its size: a little more than most have in common fonts
_ROUND = (1, 2, 2.5, 5, 10)
_DIGITS = 13  # what tells apart numbers that differ by a billionth, the least that a scale shows


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers from ``low`` to ``high``, some ``about`` of them; the ends where there are none."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 0.0
    if power == 0.0:
        return sorted({low, high})
    step = next(s * power for s in _ROUND if s * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)] or [low, high]


def labels(marks: Sequence[float]) -> list[str]:
    """All with as many digits as tell them apart."""
    most = max(map(abs, marks))
    power = max(math.floor(math.log10(most)), -300) if most else 0  # lower powers of ten are rounded, or 0
    power = 0 if -3 <= power <= 5 else power
    scaled = [t / 10.0**power for t in marks]
    near = 1e-6 * min((b - a for a, b in itertools.pairwise(scaled)), default=1.0)
    digits = next((d for d in range(_DIGITS) if all(abs(round(t, d) - t) <= near for t in scaled)), _DIGITS)
    return [f"{t:.{digits}f}" + (f"e{power}" if power and t else "") for t in scaled]


def wide(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide a text is, in the unit of ``size``; rather too wide than too narrow."""
    one = _BOLD if bold else _GLYPH
    return size * sum(1.0 if unicodedata.east_asian_width(glyph) in "WF" else one for glyph in text)


def shortened(text: str, size: float, most: float) -> str:
    """A bold text, or as much of its beginning and its end as ``most`` holds: ids often differ at their end."""
    if wide(text, size, bold=True) <= most:
        return text
    for kept in range(len(text) - 1, 1, -1):
        short = f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"
        if wide(short, size, bold=True) <= most:
            return short
    return "…"
