"""What a person takes, hour by hour, as part of the network: for courses (`_treatment` gives its daily mean).

``tables/exposures.csv`` says for each drug which parameter it moves, how far at the daily mean, and how the effect
comes and goes. Here every dose enters first-order stages (absorption where it is known, then decline), whose outflow
``r`` is 1 on average once doses have added up; the parameter follows it:

* an inflow is its own plus the drug's times ``r`` (what boosts the uptake of a dose multiplies that);
* an activity of which ``a`` is left at the mean is ``1/(1 + (1/a - 1) r)`` where the block is reversible, and
  ``1 - (1 - a) min(r, 1)`` where it ends with the making of new enzyme;
* one that rises to ``a`` is ``1 + (a - 1) r``.

So any drug that has rows there can be taken in a simulation, in any module of the whole person, with nothing said of it
in code.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError
from eutone._person import Person
from eutone._protocol import Dose, Protocol
from eutone.body._compose import all_parameters
from eutone.body._treatment import Effect, _beside, _shift, effects
from eutone.engine import Network
from eutone.engine.dosing import Dose as Given
from eutone.engine.dosing import repeated
from eutone.engine.expr import Expr, call, const, substitute, symbol

__all__ = ["NOW", "Taken", "TakenBy", "together", "with_taken", "with_taken_by"]

Array = NDArray[np.float64]

NOW = "now."
"""Before the flat id of a parameter: what it is at the moment, with all that is taken."""

_SIZE = "size."
"""Before the name of a part of what is taken: the parameter that says how far it moves its target, 0 for nothing."""


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
    parts, modelled, missing = _parts(protocol, person, network)
    moved = _network(network, [(part.name, part.effect, const(part.size)) for part in parts])
    return Taken(moved, tuple(_doses(parts, hours)), tuple(modelled), tuple(missing))


def with_taken_by(network: Network, protocols: Sequence[Protocol], person: Person, hours: Sequence[float]) -> TakenBy:
    """``network`` for several people, each of whom takes their own.

    Parameters
    ----------
    network, person :
        As of `with_taken`.
    protocols : sequence of Protocol, (n,)
    hours : sequence of float, (n,)
        How long each of them takes it.

    Raises
    ------
    ModelError
        If one of ``hours`` is not a number of hours.
    """
    told = [_parts(protocol, person, network) for protocol in protocols]
    every = {name: effect for name, effect in _named(e for listed in effects().values() for e in listed)
             if _flat()[effect.parameter] in network.parameters}  # fmt: skip
    every |= {part.name: part.effect for parts, _, _ in told for part in parts}
    moved = _network(network, [(name, effect, symbol(_SIZE + name)) for name, effect in every.items()])
    free = tuple(_SIZE + name for name in every)
    column = {name: k for k, name in enumerate(every)}
    sizes = np.zeros((len(told), len(free)))
    for row, (parts, _, _) in zip(sizes, told, strict=True):
        for part in parts:
            row[column[part.name]] = part.size
    moved = replace(
        moved,
        parameters=(*moved.parameters, *free),
        values=np.concatenate([moved.values, np.zeros(len(free))]),
    )
    doses = tuple(tuple(_doses(parts, end)) for (parts, _, _), end in zip(told, hours, strict=True))
    return TakenBy(moved, free, sizes, doses, tuple(tuple(missing) for _, _, missing in told))


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


@dataclass(frozen=True)
class _Part:
    """What one item does to one parameter: ``size`` is 0 for nothing."""

    name: str
    effect: Effect
    item: Dose
    size: float


def _flat() -> dict[str, str]:
    return {p.id: p.flat for p in all_parameters()}


def _named(found: Iterable[Effect]) -> list[tuple[str, Effect]]:
    """Effects by name: the second of one drug on one parameter has another name than the first."""
    count: dict[tuple[str, str], int] = {}
    named = []
    for effect in found:
        place = (effect.drug, _flat()[effect.parameter])
        if effect.kind != "boost":
            named.append((f"taken.{count.setdefault(place, 0)}.{'.'.join(place)}", effect))
            count[place] += 1
    return named


def _parts(
    protocol: Protocol, person: Person, network: Network
) -> tuple[list[_Part], list[tuple[str, str]], list[tuple[str, str]]]:
    """What one person's items do, and a line for each item that is modelled, or why it is not."""
    flat, found = _flat(), list[tuple[Effect, Dose, float]]()
    boosts: dict[str, float] = {}
    modelled, missing = list[tuple[str, str]](), list[tuple[str, str]]()
    for item, drug in _items(protocol):
        mine = [e for e in effects().get(drug or "", ()) if flat.get(e.parameter) in network.parameters]
        if not mine:
            missing.append((item.name, "not known" if drug is None else "no mechanism in this model"))
            continue
        said = []
        for effect in mine:
            mean, _, how = _shift(effect, item, person)
            said.append(how)
            if effect.kind == "boost":
                boosts[effect.parameter] = boosts.get(effect.parameter, 1.0) * math.exp(mean)
            else:
                found.append((effect, item, mean if effect.kind == "input" else _size(effect, math.exp(mean))))
        modelled.append((item.name, "; ".join(said)))
    names = [name for name, _ in _named(effect for effect, _, _ in found)]
    parts = [
        _Part(name, effect, item, size * (boosts.get(effect.parameter, 1.0) if effect.kind == "input" else 1.0))
        for name, (effect, item, size) in zip(names, found, strict=True)
    ]
    return parts, modelled, missing


def _doses(parts: Iterable[_Part], hours: float) -> list[Given]:
    if not 0 <= hours < math.inf:
        raise ModelError(f"{hours} is no time to take something for")
    timed = [part for part in parts if part.effect.half_time_h is not None]
    return [dose for part in timed for dose in _given(part.item, _first(part.name, part.effect), hours)]


def _first(name: str, effect: Effect) -> str:
    """The stage that a dose enters."""
    return f"{name}.absorbed" if effect.absorption else name


def _network(network: Network, parts: Iterable[tuple[str, Effect, Expr]]) -> Network:
    """``network`` in which parameters follow the parts: name, effect and size of each."""
    factors: dict[str, list[Expr]] = {}
    inflows: dict[str, list[Expr]] = {}
    stages: list[tuple[str, str | None, float]] = []  # name, the next one, rate
    for name, effect, size in parts:
        target = _flat()[effect.parameter]
        r = _level(effect, name, stages)
        if effect.kind == "input":
            inflows.setdefault(target, []).append(size * r)
        else:
            factors.setdefault(target, []).append(_left(effect, size, r))
    rules: dict[str, Expr] = {}
    for target in sorted({*factors, *inflows}):
        value: Expr = symbol(target)
        for factor in factors.get(target, ()):
            value = value * factor
        for inflow in inflows.get(target, ()):
            value = value + inflow
        rules[target] = value
    return _driven(network, rules, stages)


def _items(protocol: Protocol) -> list[tuple[Dose, str | None]]:
    """What is taken, decarboxylase inhibitors of their own among it."""
    items = [(dose, dose.drug) for dose in protocol.doses]
    taken = {drug for _, drug in items}
    beside = {d.inhibitor: d for d in protocol.doses if d.inhibitor and d.inhibitor not in taken}
    return [*items, *((_beside(name, dose), name) for name, dose in beside.items())]


def _level(effect: Effect, name: str, stages: list[tuple[str, str | None, float]]) -> Expr:
    """The course of an effect, 1 on average, and its stages written down; 1 where no half-time is known."""
    if effect.half_time_h is None:
        return const(1.0)
    rate = math.log(2.0) / effect.half_time_h
    stages.append((name, None, rate))
    if effect.absorption:
        stages.append((_first(name, effect), name, math.log(2.0) / effect.absorption))
    return rate * symbol(name)


def _rises(effect: Effect) -> bool:
    return effect.kind == "factor" and effect.value >= 1


def _size(effect: Effect, left: float) -> float:
    """How far an effect of which ``left`` is there at the mean moves its target: gain, blocked share or odds."""
    if _rises(effect):
        return left - 1
    return 1 - left if effect.irreversible else 1 / left - 1


def _left(effect: Effect, size: Expr, r: Expr) -> Expr:
    if _rises(effect):
        return 1 + size * r
    if effect.irreversible:
        return 1 - size * call("min", r, 1)
    return 1 / (1 + size * r)


def _given(item: Dose, stage: str, hours: float) -> list[Given]:
    """Doses into a stage, so many hours of mean each as lie between them."""
    end = hours if item.days is None else min(hours, 24.0 * item.days)
    if item.clock_hours:
        share = 24.0 / len(item.clock_hours)
        days = range(math.ceil(end / 24.0))
        times = [24.0 * day + hour for day in days for hour in item.clock_hours]
        return [Given(stage, time, share) for time in times if time < end]
    times_a_day = item.times_per_day or (3.0 if item.per_day else 1.0)
    interval = 24.0 / times_a_day
    count = max(1, math.ceil(end / interval - 1e-9))
    return repeated(stage, interval, every=interval, count=count)


def _driven(network: Network, rules: Mapping[str, Expr], stages: list[tuple[str, str | None, float]]) -> Network:
    """``network`` with stages, and with parameters that follow them."""
    now = {name: symbol(NOW + name) for name in rules}

    def moved(expressions: list[Expr]) -> list[Expr]:
        return substitute(expressions, now)

    n, m, k = len(network.species), len(network.reactions), len(stages)
    rows = np.zeros((n + k, m + k))
    rows[:n, :m] = network.stoichiometry
    place = {name: n + i for i, (name, _, _) in enumerate(stages)}
    flows = []
    for i, (name, onward, rate) in enumerate(stages):
        rows[place[name], m + i] = -1.0
        if onward is not None:
            rows[place[onward], m + i] = 1.0
        flows.append(rate * symbol(name))
    return replace(
        network,
        species=(*network.species, *place),
        initial=np.append(network.initial, np.zeros(k)),
        reactions=(*network.reactions, *(f"{name}.out" for name in place)),
        rates=(*moved(list(network.rates)), *flows),
        stoichiometry=rows,
        rules=(
            *((NOW + name, value) for name, value in rules.items()),
            *zip((r for r, _ in network.rules), moved([e for _, e in network.rules]), strict=True),
        ),
        drift=dict(zip(network.drift, moved(list(network.drift.values())), strict=True)),
        volumes=np.append(network.volumes, np.ones(k)) if len(network.volumes) else network.volumes,
    )
