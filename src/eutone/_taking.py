"""What a person takes in a simulation: `Model.taking`, and ``eutone simulate --take``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from eutone._errors import InputError

if TYPE_CHECKING:
    from eutone._loaded import Model
    from eutone._protocol import Protocol
    from eutone.engine.dosing import Dose

__all__ = ["taking", "taking_daily"]

_HOUR = 3600.0


def taking(
    model: Model, items: str | Iterable[str], hours: float, *, weight_kg: float = 70.0, age_years: float = 35.0
) -> tuple[Model, list[Dose], list[str]]:
    """``model`` with what is taken, the doses to give it, and a line for each item that says how it was understood.

    Parameters
    ----------
    model : Model
        The body, or the whole person.
    items, hours, weight_kg, age_years
        As in `Model.taking`, which also says what is raised.
    """
    from eutone._person import Person
    from eutone.body._taken import with_taken

    protocol = _protocol(model, items)
    taken = with_taken(model.network, protocol, Person(age_years=age_years, weight_kg=weight_kg), hours)
    _all_modelled(taken.not_modelled)
    lines = [f"{name}: {how}" for name, how in taken.modelled]
    return replace(model, network=taken.network), list(taken.doses), lines


def taking_daily(
    model: Model, items: str | Iterable[str], *, weight_kg: float = 70.0, age_years: float = 35.0
) -> dict[str, float]:
    """The daily means of the parameters that what is taken moves, once it has added up, by id.

    Raises
    ------
    InputError
        As `taking`.
    """
    from eutone._person import Person
    from eutone.body._taken import daily_means

    protocol = _protocol(model, items)
    means = daily_means(model.network, protocol, Person(age_years=age_years, weight_kg=weight_kg))
    _all_modelled(means.not_modelled)
    return dict(means.values)


def _protocol(model: Model, items: str | Iterable[str]) -> Protocol:
    """What is taken, if this model is a person."""
    from eutone._model import BODY, WHOLE
    from eutone.forms.taking import protocol_of

    if model.name not in (BODY, WHOLE) or model.network.seconds != _HOUR:
        raise InputError(
            f"'{model.name}' is no person, so nothing can be taken by it",
            hint=f"Simulate {WHOLE} or {BODY}; --dose gives something to a species of any model",
        )
    return protocol_of([items] if isinstance(items, str) else list(items))[0]


def _all_modelled(missing: Sequence[tuple[str, str]]) -> None:
    if missing:
        name, why = missing[0]
        raise InputError(f"{name}: {why}", hint="docs/interventions.md lists what the whole person answers")
