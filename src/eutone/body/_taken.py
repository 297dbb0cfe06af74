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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from eutone._errors import ModelError
from eutone._person import Person
from eutone._protocol import Dose, Protocol
from eutone.body._compose import all_parameters
from eutone.body._treatment import Effect, _beside, _shift, effects
from eutone.engine import Network
from eutone.engine.dosing import Dose as Given
from eutone.engine.dosing import repeated
from eutone.engine.expr import Expr, call, const, substitute, symbol

__all__ = ["NOW", "Taken", "with_taken"]

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
    everybody = isinstance(protocols, Protocol)
    several = [protocols] if isinstance(protocols, Protocol) else list(protocols)
    made = _Made({p.id: p.flat for p in all_parameters()}, network)
    for k, protocol in enumerate(several):
        before = len(made.doses)
        _add(made, protocol, person, hours, "taken" if everybody else f"taken.{k}")
        if not everybody:
            for at in range(before, len(made.doses)):
                made.doses[at] = _only(made.doses[at], k, len(several))
    rules: dict[str, Expr] = {}
    for target in sorted({*made.factors, *made.inflows}):
        value: Expr = symbol(target)
        for factor in made.factors.get(target, ()):
            value = value * factor
        for inflow in made.inflows.get(target, ()):
            value = value + inflow
        rules[target] = value
    return Taken(_driven(network, rules, made.stages), tuple(made.doses), tuple(made.modelled), tuple(made.missing))


@dataclass
class _Made:
    """What comes together while items are gone through."""

    flat: dict[str, str]
    network: Network
    factors: dict[str, list[Expr]] = field(default_factory=dict)
    inflows: dict[str, list[Expr]] = field(default_factory=dict)
    stages: list[tuple[str, str | None, float]] = field(default_factory=list)  # name, the next one, rate
    doses: list[Given] = field(default_factory=list)
    modelled: list[tuple[str, str]] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)


def _add(made: _Made, protocol: Protocol, person: Person, hours: float, prefix: str) -> None:
    """Add what one person takes."""
    inflows: dict[str, list[Expr]] = {}
    boosts: dict[str, float] = {}
    for item, drug in _items(protocol):
        mine = [e for e in effects().get(drug or "", ()) if made.flat.get(e.parameter) in made.network.parameters]
        if not mine:
            made.missing.append((item.name, "not known" if drug is None else "no mechanism in this model"))
            continue
        said = []
        for effect in mine:
            mean, _, how = _shift(effect, item, person)
            said.append(how)
            target = made.flat[effect.parameter]
            if effect.kind == "boost":
                boosts[target] = boosts.get(target, 1.0) * math.exp(mean)
                continue
            name = f"{prefix}.{len(made.stages)}.{effect.drug}.{target}"
            level = _level(effect, name, made.stages)
            if level is not None:
                made.doses += _given(item, made.stages[-1][0] if effect.absorption else name, hours)
            r = const(1.0) if level is None else level
            if effect.kind == "input":
                inflows.setdefault(target, []).append(mean * r)
            else:
                left = _left(math.exp(mean), r, irreversible=effect.irreversible)
                made.factors.setdefault(target, []).append(left)
        made.modelled.append((item.name, "; ".join(said)))
    for target, several in inflows.items():
        made.inflows.setdefault(target, []).extend(inflow * boosts.get(target, 1.0) for inflow in several)


def _only(dose: Given, k: int, n: int) -> Given:
    """The same for person ``k`` of ``n``, and nothing for the others."""
    mine = [np.full(n, np.nan) for _ in range(3)]
    for array, number in zip(mine, (dose.time, dose.amount, dose.duration), strict=True):
        array[k] = np.asarray(number, dtype=float)
    return Given(dose.target, *mine)


def _items(protocol: Protocol) -> list[tuple[Dose, str | None]]:
    """What is taken, decarboxylase inhibitors of their own among it."""
    items = [(dose, dose.drug) for dose in protocol.doses]
    taken = {drug for _, drug in items}
    beside = {d.inhibitor: d for d in protocol.doses if d.inhibitor and d.inhibitor not in taken}
    return [*items, *((_beside(name, dose), name) for name, dose in beside.items())]


def _level(effect: Effect, name: str, stages: list[tuple[str, str | None, float]]) -> Expr | None:
    """The course of an effect, 1 on average, and its stages written down; None where no half-time is known."""
    if effect.half_time_h is None:
        return None
    rate = math.log(2.0) / effect.half_time_h
    stages.append((name, None, rate))
    if effect.absorption:
        stages.append((f"{name}.absorbed", name, math.log(2.0) / effect.absorption))
    return rate * symbol(name)


def _left(left: float, r: Expr, *, irreversible: bool) -> Expr:
    if left >= 1:
        return 1 + (left - 1) * r
    if irreversible:
        return 1 - (1 - left) * call("min", r, 1)
    return 1 / (1 + (1 / left - 1) * r)


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
