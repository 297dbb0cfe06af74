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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eutone._errors import ModelError
from eutone._person import Person
from eutone._protocol import Dose, Protocol
from eutone.body._effects import Acting, acting
from eutone.engine import Network
from eutone.engine.dosing import Dose as Given
from eutone.engine.dosing import repeated
from eutone.engine.expr import Expr, substitute, symbol

__all__ = ["NOW", "Means", "Taken", "daily_means", "with_taken"]

NOW = "now."
"""Before the flat id of a parameter: what it is at the moment, with all that is taken."""


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
    made = acting(network, protocol, person, "taken")
    default = dict(zip(network.parameters, network.values.tolist(), strict=True))
    return Means(made.means(default), tuple(made.modelled), tuple(made.missing))


def with_taken(network: Network, protocols: Protocol | Sequence[Protocol], person: Person, hours: float) -> Taken:
    """``network`` with what is taken from time 0 for ``hours``, or for as long as an item says.

    Parameters
    ----------
    network : Network
        The body or the whole person (time in hours).
    protocols : Protocol or sequence of Protocol
        One for everybody, or one for each of n people: doses then are arrays (n,), nan for the others'. Where an item
        says hours of the day they count from time 0 as midnight; else it is taken at once and then at even intervals.
        Amounts that are not said are usual ones.
    person : Person
        Its weight is asked for.
    hours : float

    Raises
    ------
    ModelError
        If ``hours`` is not a number of hours.
    """
    if not 0 <= hours < math.inf:
        raise ModelError(f"{hours} is no time to take something for")
    if isinstance(protocols, Protocol):
        made = acting(network, protocols, person, "taken")
        doses = _doses(made, 0, hours)
    else:
        made, doses = Acting(), []
        for k, protocol in enumerate(protocols):
            before = len(made.levels)
            acting(network, protocol, person, f"taken.{k}", made)
            doses += [_only(dose, k, len(protocols)) for dose in _doses(made, before, hours)]
    return Taken(_driven(network, made), tuple(doses), tuple(made.modelled), tuple(made.missing))


def _doses(made: Acting, first: int, hours: float) -> list[Given]:
    """Into the stages of levels from the ``first`` on."""
    return [dose for level in made.levels[first:] for dose in _given(level.item, level.entry, level.interval, hours)]


def _only(dose: Given, k: int, n: int) -> Given:
    """The same for person ``k`` of ``n``, and nothing for the others."""
    mine = [np.full(n, np.nan) for _ in range(3)]
    for array, number in zip(mine, (dose.time, dose.amount, dose.duration), strict=True):
        array[k] = np.asarray(number, dtype=float)
    return Given(dose.target, *mine)


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
