"""What a person takes, and what a plan proposes: the same `Protocol` of `Dose` items. Data only."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Dose", "Protocol"]


@dataclass(frozen=True)
class Dose:
    """One item taken. What is None was not said and is averaged over its usual range.

    Attributes
    ----------
    name : str
        As written.
    drug : str or None
        Id in ``knowledge`` (``levodopa``); None if unknown: reported as not modelled.
    amount : float or None
        Per dose, in ``unit``, unless ``per_day``.
    unit : str or None
        ``mg``, ``g``, ``ug``, ``mmol``, ``IU``.
    per_kg, per_day : bool
        Whether ``amount`` is per kilogram of body weight, per day.
    times_per_day : float or None
    clock_hours : tuple of float
        Hours of the day at which it is taken, if said.
    inhibitor : str or None
        Id of the decarboxylase inhibitor given with it (``carbidopa``, ``benserazide``).
    inhibitor_amount : float or None
    inhibitor_unit : str or None
    hours_since_dose : float or None
    days : float or None
        For how long it has been (or is to be) taken.
    """

    name: str
    drug: str | None = None
    amount: float | None = None
    unit: str | None = None
    per_kg: bool = False
    per_day: bool = False
    times_per_day: float | None = None
    clock_hours: tuple[float, ...] = ()
    inhibitor: str | None = None
    inhibitor_amount: float | None = None
    inhibitor_unit: str | None = None
    hours_since_dose: float | None = None
    days: float | None = None


@dataclass(frozen=True)
class Protocol:
    """What is taken. ``stated`` is False when nothing was said (then an undeclared drug stays possible)."""

    doses: tuple[Dose, ...] = ()
    stated: bool = True
