"""Doses of a model: a line of text, or numbers, to what the engine takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from eutone._errors import InputError, did_you_mean
from eutone.engine.dosing import MOST, Dose
from eutone.engine.network import Network

__all__ = ["GRAMMAR", "doses_of", "parse", "series", "unknown"]

GRAMMAR = "TARGET AMOUNT at T [for D] [every E x COUNT]"

_N = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
_LINE = re.compile(
    rf"\s*([\w.]+)\s+{_N}\s+at\s+{_N}(?:\s+(?:for|over)\s+{_N})?(?:\s+every\s+{_N}\s*[x×*]\s*(\d+))?\s*", re.IGNORECASE
)


def unknown(model: str, name: str, names: Sequence[str], what: str) -> InputError:
    """That ``name`` is none of ``names``, with the nearest ones."""
    hint = did_you_mean(name, names) or f"'eutone model show' names every {what}"
    return InputError(f"{model}: there is no {what} '{name}'", hint=hint)


def parse(network: Network, text: str) -> tuple[Dose, ...]:
    """The doses of one line, ``GRAMMAR``, numbers in the model's own units.

    Raises
    ------
    InputError
        If it cannot be read, or the model has no such target.
    """
    found = _LINE.fullmatch(text)
    if found is None:
        raise InputError(f"'{text}' is no dose", hint=f"Write {GRAMMAR}, such as: ldopa 50 at 4 every 8 x 3")
    target, amount, at, over, every, count = found.groups()
    return series(
        network,
        target,
        float(amount),
        float(at),
        over=float(over or 0.0),
        every=None if every is None else float(every),
        count=int(count or 1),
    )


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
        raise InputError(f"the dose to '{target}' has an impossible amount, time or duration")
    if not 1 <= count <= MOST or (every is None and count > 1) or (every is not None and not 0 < every < np.inf):
        raise InputError(
            f"the dose to '{target}' is repeated impossibly",
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
