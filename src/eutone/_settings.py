"""What a caller sets: parameters, and where species begin; looked at before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from eutone import _doses
from eutone._errors import InputError
from eutone.engine.network import Network

__all__ = ["checked_name", "checked_settings", "with_settings"]


def checked_name(network: Network, name: str) -> None:
    """Make sure that ``name`` can be set.

    Raises
    ------
    InputError
        If it is no parameter and no species.
    """
    settable = (*network.parameters, *network.species)
    if name in settable:
        return
    if name in dict(network.rules):
        raise InputError(f"{network.name}: '{name}' follows from a rule", hint="Set what the rule uses")
    raise _doses.unknown(network.name, name, settable, "parameter or species")


def checked_settings(network: Network, given: Mapping[str, float] | None) -> dict[str, float]:
    """``given``, with names that can be set and finite numbers.

    Raises
    ------
    InputError
        If one is not.
    """
    found = {name: _number(network.name, name, value) for name, value in (given or {}).items()}
    for name in found:
        checked_name(network, name)
    return found


def with_settings(network: Network, given: Mapping[str, float] | None) -> Network:
    """``network`` with other defaults.

    Raises
    ------
    InputError
        As `checked_settings`.
    """
    found = checked_settings(network, given)
    if not found:
        return network
    values = network.values_with({name: value for name, value in found.items() if name in network.parameters})
    start = network.start(values)
    for i, name in enumerate(network.species):
        start[i] = found.get(name, start[i])
    initials = {name: start_ for name, start_ in network.initials.items() if name not in found}
    return replace(network, values=values, initial=start, initials=initials)


def _number(model: str, name: str, value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{model}: '{name}' is set to {value!r}, which is not a finite number")
    return number
