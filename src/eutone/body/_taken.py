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
from collections.abc import Mapping
from dataclasses import dataclass, replace

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

__all__ = ["Taken", "with_taken"]

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


def with_taken(network: Network, protocol: Protocol, person: Person, hours: float) -> Taken:
    """``network`` with what ``protocol`` says taken from time 0 for ``hours``, or as long as an item says.

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
    if not 0 <= hours < math.inf:
        raise ModelError(f"{hours} is no time to take something for")
    flat = {p.id: p.flat for p in all_parameters()}
    factors: dict[str, list[Expr]] = {}
    inflows: dict[str, list[Expr]] = {}
    boosts: dict[str, float] = {}
    stages: list[tuple[str, str | None, float]] = []  # name, the next one, rate
    doses: list[Given] = []
    modelled, missing = [], []
    for item, drug in _items(protocol):
        mine = [e for e in effects().get(drug or "", ()) if flat.get(e.parameter) in network.parameters]
        if not mine:
            missing.append((item.name, "not known" if drug is None else "no mechanism in this model"))
            continue
        said = []
        for effect in mine:
            mean, _, how = _shift(effect, item, person)
            said.append(how)
            target = flat[effect.parameter]
            if effect.kind == "boost":
                boosts[target] = boosts.get(target, 1.0) * math.exp(mean)
                continue
            name = f"taken.{len(stages)}.{effect.drug}.{target}"
            level = _level(effect, name, stages)
            if level is not None:
                doses += _given(item, stages[-1][0] if effect.absorption else name, hours)
            r = const(1.0) if level is None else level
            if effect.kind == "input":
                inflows.setdefault(target, []).append(mean * r)
            else:
                factors.setdefault(target, []).append(_left(math.exp(mean), r, irreversible=effect.irreversible))
        modelled.append((item.name, "; ".join(said)))
    rules: dict[str, Expr] = {}
    for target in sorted({*factors, *inflows}):
        value: Expr = symbol(target)
        for factor in factors.get(target, ()):
            value = value * factor
        for inflow in inflows.get(target, ()):
            value = value + inflow * boosts.get(target, 1.0)
        rules[target] = value
    return Taken(_driven(network, rules, stages), tuple(doses), tuple(modelled), tuple(missing))


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
