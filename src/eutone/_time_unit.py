"""Units of time: how long each is, and how it is said. What a model does not declare is not guessed."""

from __future__ import annotations

__all__ = ["SECONDS", "axis", "named", "plural", "seconds_of", "short"]

#: How long each unit is.
SECONDS = {
    "millisecond": 1e-3,
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86400.0,
    "week": 604800.0,
}

_SHORT = {"millisecond": "ms", "second": "s", "minute": "min", "hour": "h", "day": "d", "week": "wk"}

#: How people write each unit.
_WORDS = {word: unit for unit, sign in _SHORT.items() for word in (sign, unit, f"{unit}s")}


def named(seconds: float | None) -> str | None:
    """The name of a unit that is so long: a key of `SECONDS`, such as ``hour``; else ``1800 s``; None of None."""
    if seconds is None:
        return None
    return next((name for name, length in SECONDS.items() if length == seconds), f"{seconds:g} s")


def seconds_of(text: str) -> float | None:
    """How long the unit is that people write so (``h``, ``hours``); None if it is none."""
    unit = _WORDS.get(text.lower())
    return None if unit is None else SECONDS[unit]


def plural(unit: str | None) -> str:
    """What comes after a number of such units: ``hours``; ``time units`` where the model does not say which."""
    if unit is None:
        return "time units"
    return f"{unit}s" if unit in SECONDS else f"units of {unit}"


def short(unit: str | None) -> str:
    """The same as a sign with its space, for a narrow place: `` h``; nothing where the model does not say."""
    if unit is None:
        return ""
    return f" {_SHORT[unit]}" if unit in SECONDS else f" × {unit}"


def axis(unit: str | None) -> str:
    """What a time axis counts."""
    return "time in the model's own unit, which it does not name" if unit is None else f"time in {plural(unit)}"
