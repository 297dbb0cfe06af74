"""What a person takes, as part of the network: hour by hour for courses, or as daily means for steady states.

Every dose enters first-order stages (absorption where it is known, then decline), whose outflow ``r`` is 1 on average
once doses have added up. In the whole person a parameter follows as ``exposures_whole.csv`` says (`_pharmacology`),
else, and in the body that inference uses, by ``exposures.csv``:

* an inflow is its own plus the drug's times ``r`` (what boosts the uptake of a dose multiplies that);
* an activity of which ``a`` is left at the mean is ``1/(1 + (1/a - 1) r)`` where the block is reversible, and
  ``1 - (1 - a) min(r, 1)`` where it ends with the making of new enzyme;
* one that rises to ``a`` is ``1 + (a - 1) r``.

So any drug that has rows there can be taken in a simulation, in any module of the whole person, with nothing said of it
in code.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError
from eutone._person import Person
from eutone._protocol import Dose, Protocol
from eutone.body._compose import all_parameters
from eutone.body._effects import Acting, acting, items
from eutone.body._pharmacology import actions
from eutone.body._treatment import effects
from eutone.engine import Network
from eutone.engine.dosing import Dose as Given
from eutone.engine.dosing import repeated
from eutone.engine.expr import Expr, substitute, symbol

__all__ = ["NOW", "Means", "Taken", "TakenBy", "daily_means", "moving", "together", "with_taken", "with_taken_by"]

Array = NDArray[np.float64]

NOW = "now."
"""Before the flat id of a parameter: what it is at the moment, with all that is taken."""


@cache
def moving() -> dict[str, tuple[str, ...]]:
    """Every drug with rows, and the parameters (dotted ids) that it moves in the whole person."""
    known, found = {p.id for p in all_parameters()}, dict[str, dict[str, None]]()
    rows = [(e.drug, e.parameter) for listed in effects().values() for e in listed]
    rows += [(a.drug, a.parameter) for listed in actions().values() for a in listed]
    for drug, parameter in rows:
        if parameter in known:
            found.setdefault(drug, {})[parameter] = None
    return {drug: tuple(parameters) for drug, parameters in found.items()}


@dataclass(frozen=True)
class Taken:
    """A network in which something is taken.

    Attributes
    ----------
    network : Network
    doses : tuple of Dose
        To the stages, from time 0 on.
    modelled, not_modelled : tuple of (name, why)
        Items as written, and how or why not they were modelled.
    """

    network: Network
    doses: tuple[Given, ...]
    modelled: tuple[tuple[str, str], ...]
    not_modelled: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Means:
    """Daily means of the parameters that are moved.

    Attributes
    ----------
    values : mapping of str to float
        By flat id, in the parameter's own unit.
    modelled, not_modelled : tuple of (name, why)
    """

    values: Mapping[str, float]
    modelled: tuple[tuple[str, str], ...]
    not_modelled: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TakenBy:
    """One network for people who take different things, so that one compilation serves them all.

    Attributes
    ----------
    network : Network
        With the stages of everything that the table has, whoever takes it.
    free : tuple of str, (k,)
        Parameters that say who takes how much.
    sizes : array, (n, k)
        Their values; 0 is nothing.
    doses : tuple of tuple of Dose, (n,)
        Each person's own, from time 0 on.
    not_modelled : tuple of tuple of (name, why), (n,)
    """

    network: Network
    free: tuple[str, ...]
    sizes: Array
    doses: tuple[tuple[Given, ...], ...]
    not_modelled: tuple[tuple[tuple[str, str], ...], ...]


def daily_means(network: Network, protocol: Protocol, person: Person) -> Means:
    """What parameters are on average over a day, once what is taken has added up.

    The mean is taken along the orbit of each drug's own level (for a row of ``exposures.csv``, whose number is a daily
    mean already, it is that number), so it is what `with_taken` comes to.

    Parameters
    ----------
    network : Network
        The body or the whole person.
    protocol : Protocol
    person : Person
        Its weight is asked for.
    """
    made = acting(network, protocol, person)
    default = dict(zip(network.parameters, network.values.tolist(), strict=True))
    return Means(made.means(default), tuple(made.modelled), tuple(made.missing))


def with_taken(network: Network, protocol: Protocol, person: Person, hours: float) -> Taken:
    """``network`` with what is taken from time 0 for ``hours``, or for as long as an item says.

    Parameters
    ----------
    network : Network
        The body or the whole person (time in hours).
    protocol : Protocol
        Where an item says hours of the day they count from time 0 as midnight; else it is taken at once and then at
        even intervals. Amounts that are not said are usual ones.
    person : Person
        Its weight is asked for.
    hours : float

    Raises
    ------
    ModelError
        If ``hours`` is not a number of hours.
    """
    made = acting(network, protocol, person)
    return Taken(_driven(network, made), tuple(_doses(made, hours)), tuple(made.modelled), tuple(made.missing))


def with_taken_by(
    network: Network,
    protocols: Sequence[Protocol],
    person: Person,
    hours: Sequence[float],
    drugs: Iterable[str] = (),
) -> TakenBy:
    """``network`` for several people, each of whom takes their own.

    Parameters
    ----------
    network, person :
        As of `with_taken`.
    protocols : sequence of Protocol, (n,)
    hours : sequence of float, (n,)
        How long each of them takes it.
    drugs : iterable of str, optional
        What has a place in the network though nobody here takes it, so that the next people find the same network.

    Raises
    ------
    ModelError
        If one of ``hours`` is not a number of hours.
    """
    told = [acting(network, protocol, person) for protocol in protocols]
    times = Counter[str](dict.fromkeys(drugs, 1))
    for protocol in protocols:
        for drug, n in Counter(drug for _, drug in items(protocol) if drug is not None).items():
            times[drug] = max(times[drug], n)
    everything = Protocol(tuple(Dose(drug, drug) for drug in sorted(times) for _ in range(times[drug])))
    every = acting(network, everything, person, lambda name, _: symbol(name))
    free = tuple(every.amounts)
    moved = _driven(network, every)
    moved = replace(
        moved, parameters=(*moved.parameters, *free), values=np.concatenate([moved.values, np.zeros(len(free))])
    )
    sizes = np.array([[made.amounts.get(name, 0.0) for name in free] for made in told]).reshape(len(told), len(free))
    doses = tuple(tuple(_doses(made, end)) for made, end in zip(told, hours, strict=True))
    return TakenBy(moved, free, sizes, doses, tuple(tuple(made.missing) for made in told))


def together(doses: Sequence[Iterable[Given]]) -> list[Given]:
    """The doses of n people, numbers each, as doses with arrays (n,): as few as hold them all."""
    found: dict[tuple[str, int], Array] = {}
    for k, mine in enumerate(doses):
        count: dict[str, int] = {}
        for dose in mine:
            place = (dose.target, count.setdefault(dose.target, 0))
            count[dose.target] += 1
            numbers = found.setdefault(place, np.full((3, len(doses)), np.nan))
            numbers[:, k] = (
                float(np.asarray(dose.time)),
                float(np.asarray(dose.amount)),
                float(np.asarray(dose.duration)),
            )
    return [Given(target, *numbers) for (target, _), numbers in found.items()]


def _doses(made: Acting, hours: float) -> list[Given]:
    """Into the stages of levels."""
    if not 0 <= hours < math.inf:
        raise ModelError(f"{hours} is no time to take something for")
    return [dose for level in made.levels for dose in _given(level.item, level.entry, level.interval, hours)]


def _given(item: Dose, stage: str, interval: float, hours: float) -> list[Given]:
    """Doses into a stage, so many hours of mean each as lie between them."""
    end = hours if item.days is None else min(hours, 24.0 * item.days)
    if item.clock_hours:
        share = 24.0 / len(item.clock_hours)
        days = range(math.ceil(end / 24.0))
        times = [24.0 * day + hour for day in days for hour in item.clock_hours]
        return [Given(stage, time, share) for time in times if time < end]
    count = max(1, math.ceil(end / interval - 1e-9))
    return repeated(stage, interval, every=interval, count=count)


def _driven(network: Network, made: Acting) -> Network:
    """``network`` with the states of what is taken, and with parameters that follow them."""
    rules, states = made.rules(), made.states()
    now = {name: symbol(NOW + name) for name in rules}

    def moved(expressions: list[Expr]) -> list[Expr]:
        return substitute(expressions, now)

    reactions: dict[str, Expr] = {name: rate for _, own in states for name, rate, _ in own}
    n, m, k = len(network.species), len(network.reactions), len(states)
    rows = np.zeros((n + k, m + len(reactions)))
    rows[:n, :m] = network.stoichiometry
    place = {name: m + i for i, name in enumerate(reactions)}
    for i, (_, own) in enumerate(states):
        for name, _, sign in own:
            rows[n + i, place[name]] = sign
    return replace(
        network,
        species=(*network.species, *(name for name, _ in states)),
        initial=np.append(network.initial, np.zeros(k)),
        reactions=(*network.reactions, *reactions),
        rates=(*moved(list(network.rates)), *reactions.values()),
        stoichiometry=rows,
        rules=(
            *((NOW + name, value) for name, value in rules.items()),
            *zip((r for r, _ in network.rules), moved([e for _, e in network.rules]), strict=True),
        ),
        drift=dict(zip(network.drift, moved(list(network.drift.values())), strict=True)),
        volumes=np.append(network.volumes, np.ones(k)) if len(network.volumes) else network.volumes,
    )
