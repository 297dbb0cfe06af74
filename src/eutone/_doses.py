"""Doses of a model: a line of text, or numbers, to what the engine takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from eutone._errors import InputError, did_you_mean
from eutone._time_unit import seconds_of
from eutone.engine.dosing import MOST, Dose
from eutone.engine.network import Network

__all__ = ["GRAMMAR", "doses_of", "parse", "series", "unknown"]

GRAMMAR = "TARGET AMOUNT at T [for D] [every E x COUNT]"

_N = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
_T = _N + r"\s*([a-z]+)??"
_LINE = re.compile(
    rf"\s*([\w.]+)\s+{_N}\s*([^\s\d]\S*)??\s+at\s+{_T}(?:\s+(?:for|over)\s+{_T})?"
    rf"(?:\s+every\s+{_T}\s*[x×*]\s*(\d+))?\s*",
    re.IGNORECASE,
)
_MOST = 10_000  # doses of one line; the engine holds each as two numbers for every person


def unknown(model: str, name: str, names: Sequence[str], what: str) -> InputError:
    """That ``name`` is none of ``names``, with the nearest ones."""
    hint = did_you_mean(name, names) or f"'eutone model show' names every {what}"
    return InputError(f"{model}: there is no {what} '{name}'", hint=hint)


def parse(network: Network, text: str) -> tuple[Dose, ...]:
    """The doses of one line, ``GRAMMAR``; of several with ``;`` between them.

    Numbers are in the model's own units; a time may name its own (``8 h``) where the model declares one.

    Raises
    ------
    InputError
        If it cannot be read, or the model has no such target.
    """
    return tuple(dose for line in text.rstrip("; ").split(";") for dose in _line(network, line))


def _line(network: Network, text: str) -> tuple[Dose, ...]:
    found = _LINE.fullmatch(text)
    if found is None:
        raise InputError(f"'{text.strip()}' is no dose", hint=f"Write {GRAMMAR}, such as: ldopa 50 at 4 every 8 x 3")
    target, amount, unit, at, at_unit, over, over_unit, every, every_unit, count = found.groups()
    if unit is not None:
        raise InputError(f"'{text.strip()}': an amount is in the model's own unit", hint=f"Leave out '{unit}'")

    def time(number: str, sign: str | None) -> float:
        return float(number) * (1.0 if sign is None else _scale(network, text.strip(), sign))

    return series(
        network,
        target,
        float(amount),
        time(at, at_unit),
        over=time(over or "0", over_unit),
        every=None if every is None else time(every, every_unit),
        count=int(count or 1),
    )


def _scale(network: Network, text: str, sign: str) -> float:
    """How many of the model's units of time one ``sign`` is."""
    seconds = seconds_of(sign)
    if seconds is None:
        raise InputError(f"'{text}': '{sign}' is no unit of time", hint="Write ms, s, min, h, d or wk, or none")
    if network.seconds is None:
        raise InputError(
            f"'{text}' is in '{sign}', and {network.name} does not say in which unit it counts time",
            hint="Write times without a unit, in the one that the model means",
        )
    return seconds / network.seconds


def series(
    network: Network, target: str, amount: float, at: float, *, over: float, every: float | None, count: int
) -> tuple[Dose, ...]:
    """``count`` doses, ``every`` so long, the first ``at`` a time.

    Raises
    ------
    InputError
        If a number is impossible, or the target is neither species nor parameter.
    """
    if target not in network.species and target not in network.parameters:
        raise unknown(network.name, target, (*network.species, *network.parameters), "species or parameter")
    if not np.isfinite([amount, at, over]).all() or at < 0 or over < 0:
        raise InputError(
            f"the dose to '{target}' has an impossible amount, time or duration: {amount:g} at {at:g} for {over:g}",
            hint="A time and a duration are 0 or more",
        )
    if not 1 <= count <= MOST or (every is None and count > 1) or (every is not None and not 0 < every < np.inf):
        raise InputError(
            f"the dose to '{target}' is repeated impossibly: {count} times, every {every}",
            hint=f"Say 'every', above 0, and a count from 1 to {MOST:,}",
        )
    return tuple(Dose(target, at + k * (every or 0.0), amount, over) for k in range(count))


def doses_of(network: Network, given: object) -> tuple[Dose, ...]:
    """Doses from text, `Dose` objects, or any nesting of them.

    Raises
    ------
    InputError
        As `parse` does.
    """
    if isinstance(given, str):
        return parse(network, given)
    if isinstance(given, Dose):
        if given.target not in network.species and given.target not in network.parameters:
            raise unknown(network.name, given.target, (*network.species, *network.parameters), "species or parameter")
        return (given,)
    if isinstance(given, Iterable):
        return tuple(dose for one in given for dose in doses_of(network, one))
    raise InputError(f"{given!r} is no dose", hint="model.dose(...) makes one, or text such as: ldopa 50 at 4")
