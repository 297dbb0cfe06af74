"""The arms of trials as people: what each begins with, what is changed, and what is taken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from eutone._errors import InputError, did_you_mean
from eutone._people import Variation
from eutone._person import Person
from eutone._protocol import Protocol
from eutone.body._compose import all_parameters, load_whole
from eutone.body._couplings import coupling_parameters
from eutone.body._formula import formula, names_in
from eutone.body._ids import flat_ids
from eutone.body._spreads import shares
from eutone.body._statistic import Statistic
from eutone.body._taken import daily_means, moving
from eutone.body._trials import DOSE, Arm, Trial
from eutone.forms.taking import protocol_of

__all__ = ["PERSON", "Row", "SimulatedArm", "arm_of", "check", "defaults", "flat_names", "flats"]

Array = NDArray[np.float64]

PERSON = Person(age_years=35.0, weight_kg=70.0)


@dataclass(frozen=True)
class Row:
    """One person in one arm: by flat id what they are born with, what is so for good, windows; and what is taken."""

    own: Mapping[str, float]
    values: Mapping[str, float]
    windows: tuple[tuple[str, float, float, float], ...]  # flat id, amount, begin, end
    taken: Protocol


@dataclass(frozen=True)
class SimulatedArm:
    """One arm of one trial, with its rows: one person, several, or one at each dose."""

    trial: Trial
    looked: Statistic
    rows: tuple[Row, ...]

    @property
    def before(self) -> float:
        """Hours, in whole days, that lie before hour 0."""
        earliest = min([0.0, *self.looked.hours, *(w[2] for row in self.rows for w in row.windows)])
        return 24.0 * math.ceil(max(self.trial.run_in_d, -earliest / 24.0))

    @property
    def hours(self) -> tuple[float, ...]:
        """That are looked at; none of a steady state."""
        bare = () if self.trial.at_h is None or not self.looked.bare else (self.trial.at_h,)
        return tuple(sorted({*self.looked.hours, *bare})) if self.trial.timed else ()


def check(trial: Trial) -> None:
    """Refuse a trial that looks at, or takes, what is not in the whole person.

    Raises
    ------
    InputError
        With file, row and column.
    """
    column = "observable"
    try:
        for name in trial.observable.names if trial.observable else ():
            flat_names(name)
        for letter, arm in trial.arms.items():
            column = {"a": "taking", "b": "versus_taking"}.get(letter, f"{letter}_taking")
            _protocol(arm, 1.0)
    except InputError as error:
        raise InputError(error.message, file=trial.file, row=trial.row, column=column, hint=error.hint) from None


@cache
def _known() -> dict[str, None]:
    network = load_whole()
    return dict.fromkeys((*network.species, *network.parameters, *(n for n, _ in network.rules), *network.reactions))


@cache
def flat_names(name: str) -> tuple[str, ...]:
    """What the modules call it: one name, or those of the expression that a dotted id stands for."""
    if name in _known():
        return (name,)
    if name not in flat_ids():
        near = did_you_mean(name, (*_known(), *flat_ids()))
        raise InputError(f"'{name}' is nothing of the whole person", hint=near or "'eutone model show whole' lists it")
    return names_in(formula(flat_ids()[name]))


def _protocol(arm: Arm, dose: float) -> Protocol:
    items = [item.replace(DOSE, f"{dose:.9f}") for item in arm.taking]
    protocol = protocol_of(items)[0] if items else Protocol()
    for item in protocol.doses:
        if item.drug is None or item.drug not in moving():
            near = did_you_mean(item.name, moving())
            raise InputError(f"'{item.name}' has no mechanism in the whole person", hint=near or None)
        if item.hours_since_dose is not None:
            raise InputError(
                f"'{item.name}': when it is looked at is the trial's to say", hint="Write the hour in at_h"
            )
    return protocol


def arm_of(trial: Trial, letter: str, neutral: bool) -> SimulatedArm:
    """One arm, in the body with couplings or without (``neutral``)."""
    looked, arm = trial.observable, trial.arms[letter]
    if looked is None:
        raise InputError(f"the trial of {trial.finding} cannot be simulated: {trial.untestable}")
    off = dict.fromkeys((p.flat for p in coupling_parameters()), 0.0) if neutral else {}
    if trial.people > 1:
        names, drawn = _people(trial.people, trial.seed)
        people = [{**dict(zip(names, row, strict=True)), **off} for row in drawn.tolist()]
        return SimulatedArm(trial, looked, tuple(_row(trial, arm, own, math.nan) for own in people))
    doses = looked.doses.tolist() if arm.dosed else [math.nan]
    return SimulatedArm(trial, looked, tuple(_row(trial, arm, off, dose) for dose in doses))


def _row(trial: Trial, arm: Arm, own: dict[str, float], dose: float) -> Row:
    flat = flats()
    default = defaults()
    values, windows = dict(own), []
    taken = _protocol(arm, dose) if arm.taking else Protocol()
    if not trial.timed:
        network = load_whole()
        there = replace(network, values=np.array([values.get(name, default[name]) for name in network.parameters]))
        values |= daily_means(there, taken, PERSON).values
        taken = Protocol()
    for c in arm.change:
        name, value = flat[c.parameter], dose if c.value is None else c.value
        before = values.get(name, default[name])
        after = before * value if c.times else value
        if c.begin is None or c.end is None:
            values[name] = after
        else:
            windows.append((name, after - before, c.begin, c.end))
    return Row(own, values, tuple(windows), taken)


@cache
def flats() -> dict[str, str]:
    """Flat id of each parameter by its dotted one."""
    return {p.id: p.flat for p in all_parameters()}


@cache
def defaults() -> dict[str, float]:
    """The whole person's parameters by flat id."""
    network = load_whole()
    return dict(zip(network.parameters, network.values.tolist(), strict=True))


@cache
def _people(n: int, seed: int) -> tuple[tuple[str, ...], Array]:
    """Ids and values (n, k) of people drawn from the spreads between people; of shares the odds are drawn."""
    default = defaults()
    rows = [p for p in all_parameters() if p.person_ln_sd > 0 and p.grade != "COMPUTED" and default.get(p.flat)]
    names = tuple(p.flat for p in rows)
    centre, spread = np.array([default[name] for name in names]), np.array([p.person_ln_sd for p in rows])
    taken = shares(load_whole())
    share = np.array([name in taken for name in names]) & (centre < 1)
    odds = np.where(share, centre / np.where(share, 1 - centre, 1.0), centre)
    drawn = Variation(names, odds, spread, seed).draw(0, n)
    return names, np.where(share, drawn / (1 + drawn), drawn)
