"""What is taken, as expressions: the levels that run through stages, and what each parameter makes of them.

One place for both ways to take something: hour by hour (`_taken.with_taken`) the stages and blocked enzymes are states
of the network; as a daily mean (`_taken.daily_means`) the same expressions are averaged along the orbit of the same
stages. In the whole person the rows of ``exposures_whole.csv`` act (`_pharmacology`), and of ``exposures.csv`` what
those do not replace; in the body that inference uses ``exposures.csv`` alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from eutone._person import Person
from eutone._protocol import Dose, Protocol
from eutone.body._compose import all_parameters
from eutone.body._couplings import coupling_parameters
from eutone.body._orbit import Course, blocked, days_of
from eutone.body._pharmacology import Action, actions, course_of, daily_mg, inflow_of, kinetics, level_of, renewal
from eutone.body._treatment import Effect, _beside, _shift, effects
from eutone.engine import Network
from eutone.engine.expr import Expr, call, const, evaluate, symbol

__all__ = ["Acting", "Amount", "Level", "acting", "is_whole", "items"]

Array = NDArray[np.float64]
Amount = Callable[[str, float], Expr]
"""How far a row moves its parameter, 0 for nothing, as an expression: from its name and number."""

_SAT_ON = ("transporter.", "enzyme.", "drug.")  # what a drug sits on, so that another cannot
_NONE = 1e-6  # an agonist over its K that is as good as none
_A_DAY = 288  # points of an orbit: every five minutes


@dataclass(frozen=True)
class Level:
    """A level that doses drive, 1 on average.

    Attributes
    ----------
    name : str
        Of its last stage; ``name.absorbed`` is the one before, if there is one.
    course : Course
    item : Dose
    orbit : bool
        Whether the daily mean is that along the orbit; else it is that of the mean level, which is what the numbers of
        ``exposures.csv`` say.
    """

    name: str
    course: Course
    item: Dose
    orbit: bool

    @property
    def expression(self) -> Expr:
        return self.course.decline * symbol(self.name)

    @property
    def entry(self) -> str:
        """The stage that a dose enters."""
        return self.name if self.course.absorption is None else f"{self.name}.absorbed"

    @property
    def interval(self) -> float:
        """Hours between doses, evenly spaced."""
        return 24.0 / (self.item.times_per_day or (3.0 if self.item.per_day else 1.0))

    def at(self, times: Array) -> Array:
        """Its course once doses have added up."""
        if not self.orbit:
            return np.ones_like(times)
        clock = self.item.clock_hours
        return self.course.orbit(times, clock or (0.0,), 24.0 if clock else self.interval)


@dataclass
class Acting:
    """All that acts, by flat id of the parameter."""

    factors: dict[str, list[Expr]] = field(default_factory=dict)
    inflows: dict[str, list[Expr]] = field(default_factory=dict)
    sitting: dict[str, list[tuple[str, float, Expr]]] = field(default_factory=dict)  # kind, emax, x
    losses: dict[str, list[Expr]] = field(default_factory=dict)
    renewal: dict[str, float] = field(default_factory=dict)  # 1/h
    levels: list[Level] = field(default_factory=list)
    amounts: dict[str, float] = field(default_factory=dict)  # by name
    modelled: list[tuple[str, str]] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)

    def rules(self) -> dict[str, Expr]:
        """What each parameter is."""
        found: dict[str, Expr] = {}
        for target in sorted({*self.factors, *self.inflows, *self.sitting, *self.losses}):
            value: Expr = symbol(target)
            sitting = self.sitting.get(target, [])
            free = 1.0 + _sum([x for _, _, x in sitting])
            for factor in self.factors.get(target, ()):
                value = value * factor
            if any(kind == "effect" for kind, _, _ in sitting):
                value = value * (1.0 + _sum([emax * x for kind, emax, x in sitting if kind == "effect"]) / free)
            if target in self.losses:
                value = value * (1.0 - symbol(_blocked(target)))
            if any(kind == "occupy" for kind, _, _ in sitting):
                value = value + _sum([emax * x for kind, emax, x in sitting if kind == "occupy"]) / free
            agonists = [(emax, x) for kind, emax, x in sitting if kind == "agonist"]
            if agonists:
                value = value + _sum([x for _, x in agonists])
            if any(kind == "efficacy" for kind, _, _ in sitting):
                shares = [(emax, x) for kind, emax, x in sitting if kind == "efficacy"]
                value = (_NONE * value + _sum([e * x for e, x in shares])) / (_NONE + _sum([x for _, x in shares]))
            for inflow in self.inflows.get(target, ()):
                value = value + inflow
            found[target] = value
        return found

    def states(self) -> list[tuple[str, tuple[tuple[str, Expr, float], ...]]]:
        """Species beside the network's, each with (reaction, rate, +1 or -1) of its own."""
        found: list[tuple[str, tuple[tuple[str, Expr, float], ...]]] = []
        for level in self.levels:
            out = (f"{level.name}.out", level.expression, -1.0)
            if level.course.absorption is None:
                found.append((level.name, (out,)))
                continue
            absorbed = level.course.absorption * symbol(level.entry)
            found.append((level.name, ((f"{level.name}.in", absorbed, 1.0), out)))
            found.append((level.entry, ((f"{level.entry}.out", absorbed, -1.0),)))
        for target, losses in self.losses.items():
            name = _blocked(target)
            lost, made = _sum(losses) * (1.0 - symbol(name)), self.renewal[target] * symbol(name)
            found.append((name, ((f"{name}.loss", lost, 1.0), (f"{name}.renewal", made, -1.0))))
        return found

    def means(self, values: Mapping[str, float]) -> dict[str, float]:
        """The mean of each parameter along the orbit, where ``values`` are what they are without anything taken."""
        days = days_of([24.0 if one.item.clock_hours else one.interval for one in self.levels if one.orbit])
        step = 24.0 / _A_DAY
        times = np.asarray((np.arange(days * _A_DAY) + 0.5) * step, dtype=np.float64)
        states: dict[str, object] = dict(values)
        for level in self.levels:
            states[level.name] = level.at(times) / level.course.decline
        for target, losses in self.losses.items():
            rate = np.broadcast_to(np.asarray(evaluate([_sum(losses)], states)[0], dtype=float), times.shape)
            states[_blocked(target)] = blocked(rate, self.renewal[target], step)
        rules = self.rules()
        found = evaluate(list(rules.values()), states)
        return {name: float(np.mean(np.asarray(value))) for name, value in zip(rules, found, strict=True)}


def is_whole(network: Network) -> bool:
    """Whether a network is the whole person, in which ``exposures_whole.csv`` acts."""
    return coupling_parameters()[0].flat in network.parameters


def acting(network: Network, protocol: Protocol, person: Person, amount: Amount | None = None) -> Acting:
    """What ``protocol`` does in ``network`` to ``person``.

    ``amount`` decides how amounts stand in expressions; as numbers, if it is not given. Names of levels and amounts are
    the same for everybody who takes the same drug.
    """
    made = Acting()
    flat = {p.id: p.flat for p in all_parameters()}
    here = {dotted: name for dotted, name in flat.items() if name in network.parameters}
    inflows: dict[str, list[tuple[str, float, Expr]]] = {}
    boosts: dict[str, float] = {}
    whole, count = is_whole(network), Counter[str | None]()
    if amount is None:
        amount = _number
    for item, drug in items(protocol):
        mine = [a for a in actions().get(drug or "", ()) if whole and a.parameter in here]
        replaced = {a.parameter for a in mine}
        older = [e for e in effects().get(drug or "", ()) if e.parameter in here and e.parameter not in replaced]
        mine = [a for a in mine if a.kind != "none"]
        if not mine and not older:
            made.missing.append((item.name, "not known" if drug is None else "no mechanism in this model"))
            continue
        who = _Taker(made, item, person, f"taken.{count[drug]}.{drug}", here, amount)
        count[drug] += 1
        said = []
        for effect in older:
            said.append(who.older(effect, inflows, boosts, whole))
        for action in mine:
            said.append(who.acts(action))
        made.modelled.append((item.name, "; ".join(said)))
    for target, several in inflows.items():
        for name, inflow, r in several:
            made.amounts[name] = inflow * boosts.get(target, 1.0)
            made.inflows.setdefault(target, []).append(amount(name, made.amounts[name]) * r)
    return made


def _number(_name: str, number: float) -> Expr:
    return const(number)


@dataclass(frozen=True)
class _Taker:
    """One item of one person."""

    made: Acting
    item: Dose
    person: Person
    prefix: str
    flat: Mapping[str, str]
    amount: Amount

    def _amount(self, number: float) -> Expr:
        name = self._name()
        self.made.amounts[name] = number
        return self.amount(name, number)

    def _name(self) -> str:
        """Of the next amount; one that is not written down yet is only counted once it is."""
        count = sum(name.startswith(f"size.{self.prefix}.") for name in self.made.amounts)
        return f"size.{self.prefix}.{count}"

    def acts(self, action: Action) -> str:
        """Add one row of ``exposures_whole.csv``, and say it."""
        target, name = self.flat[action.parameter], action.parameter
        r = self._level(course_of(action), orbit=True)
        if action.kind == "factor":
            self.made.factors.setdefault(target, []).append(1.0 + (action.value - 1.0) * r)
            return f"{name} x{action.value:.3g} whatever the dose"
        mg_d = daily_mg(kinetics()[action.drug], self.item, self.person)
        if action.kind == "input":
            inflow = inflow_of(action, mg_d, self.person)
            self.made.inflows.setdefault(target, []).append(self._amount(inflow) * r)
            return f"{name} +{inflow:.3g} on average"
        x = level_of(action, mg_d, self.person)
        if action.kind == "inactivate":
            rate = math.log(2.0) / renewal()[name].half_time
            self.made.renewal[target] = rate
            self.made.losses.setdefault(target, []).append(self._amount(x) * r)
            return f"{name} x{rate / (rate + x):.3g} in the end"
        sits = self._amount(x) * r
        self.made.sitting.setdefault(target, []).append((action.kind, action.emax, sits))
        if action.kind == "effect":
            return f"{name} x{1 + action.emax * x / (1 + x):.3g}"
        if action.kind == "occupy":
            return f"{name} +{action.emax * x / (1 + x):.3g}"
        beside = name.removesuffix("agonist") + "efficacy"
        if beside in self.flat and beside != name and action.emax != 1.0:
            self.made.sitting.setdefault(self.flat[beside], []).append(("efficacy", action.emax, sits))
        return f"{name} +{x:.3g} (efficacy {action.emax:g})"

    def older(
        self, effect: Effect, inflows: dict[str, list[tuple[str, float, Expr]]], boosts: dict[str, float], whole: bool
    ) -> str:
        """Add one row of ``exposures.csv``, and say it."""
        target = self.flat[effect.parameter]
        mean, _, said = _shift(effect, self.item, self.person)
        if effect.kind == "boost":
            boosts[target] = boosts.get(target, 1.0) * math.exp(mean)
            return said
        r: Expr = const(1.0)
        if effect.half_time_h is not None:
            decline = math.log(2.0) / effect.half_time_h
            r = self._level(Course(math.log(2.0) / effect.absorption if effect.absorption else None, decline))
        left = math.exp(mean)
        if effect.kind == "input":
            name = self._name()
            self.made.amounts[name] = mean  # what boosts it is not known yet
            inflows.setdefault(target, []).append((name, mean, r))
        elif effect.kind == "factor" and effect.value >= 1:
            self.made.factors.setdefault(target, []).append(1 + self._amount(left - 1) * r)
        elif effect.irreversible:
            self.made.factors.setdefault(target, []).append(1 - self._amount(1 - left) * call("min", r, 1))
        elif whole and effect.parameter.startswith(_SAT_ON):
            self.made.sitting.setdefault(target, []).append(("effect", -1.0, self._amount(1 / left - 1) * r))
        else:
            self.made.factors.setdefault(target, []).append(1 / (1 + self._amount(1 / left - 1) * r))
        return said

    def _level(self, course: Course, *, orbit: bool = False) -> Expr:
        """The level of this course, made where it is not there yet: several effects share one."""
        for level in self.made.levels:
            if level.name.startswith(f"{self.prefix}.") and level.course == course and level.orbit == orbit:
                return level.expression
        count = sum(level.name.startswith(f"{self.prefix}.") for level in self.made.levels)
        made = Level(f"{self.prefix}.{count}", course, self.item, orbit)
        self.made.levels.append(made)
        return made.expression


def items(protocol: Protocol) -> list[tuple[Dose, str | None]]:
    """What is taken, decarboxylase inhibitors among it as items of their own."""
    items = [(dose, dose.drug) for dose in protocol.doses]
    taken = {drug for _, drug in items}
    beside = {d.inhibitor: d for d in protocol.doses if d.inhibitor and d.inhibitor not in taken}
    return [*items, *((_amount(_beside(name, dose), dose), name) for name, dose in beside.items())]


def _amount(inhibitor: Dose, dose: Dose) -> Dose:
    """The inhibitor with the amount that was said of it, per dose."""
    if dose.inhibitor_amount is None:
        return inhibitor
    times = dose.times_per_day or (3.0 if dose.per_day else 1.0)
    return replace(inhibitor, amount=dose.inhibitor_amount, unit=dose.inhibitor_unit, per_kg=False, per_day=False,
                   times_per_day=times)  # fmt: skip


def _blocked(target: str) -> str:
    return f"taken.{target}.blocked"


def _sum(parts: list[Expr]) -> Expr:
    total: Expr = const(0.0)
    for part in parts:
        total = total + part
    return total
