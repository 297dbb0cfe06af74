"""What is due when: triggers watched, executions that wait, and the order in which they are done.

At an instant (Hucka et al., J Integr Bioinform 2018, 15:20170081, section 4.11.6):

1. An event whose trigger went from false to true fires: its delay is taken and, if it says so, its values. One whose
   trigger went from true to false takes back what waits, unless it is persistent.
2. Of all that is due, the one of highest priority is executed, and it alone: all its values are assigned at once. Which
   of equals goes first SBML leaves to chance: to the generator given, without one to the order of the document, as
   always among those without priority.
3. Again from 1 with the new state, until nothing is due.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError
from eutone.engine.derivative import Derivative, Formulas
from eutone.engine.expr import Expr, substitute

__all__ = ["MOST", "MOST_AT_ONCE", "Agenda", "BadDelayError", "EventFormulas", "EventStormError"]

Array = NDArray[np.float64]

#: More executions than this while time stands all but still, or in all, are a storm.
MOST_AT_ONCE, MOST = 1_000, 1_000_000


class EventStormError(Exception):
    """Events that never end; the message names one."""


class BadDelayError(ModelError):
    """A delay that is negative, or not a number."""


@dataclass(frozen=True)
class _Due:
    time: float
    event: int
    values: Array | None  # None: to be taken when it executes


class EventFormulas:
    """What the events of a network compute; one for everybody."""

    def __init__(self, derivative: Derivative) -> None:
        network = derivative.network
        self.name, self.events = network.name, network.events

        def formulas(expressions: list[Expr]) -> Formulas:
            return Formulas(substitute(expressions, derivative.rules), network)

        self.triggers = formulas([e.trigger for e in self.events])
        self.delays = [None if e.delay is None else formulas([e.delay]) for e in self.events]
        self.priorities = [None if e.priority is None else formulas([e.priority]) for e in self.events]
        self.values = [formulas([value for _, value in e.assignments]) for e in self.events]
        self.factors = [formulas([value for _, value in e.factors]) for e in self.events]
        index = {name: i for i, name in enumerate(network.species)}
        self.targets = [[index[name] for name, _ in e.assignments] for e in self.events]
        self.scaled = [[index[name] for name, _ in e.factors] for e in self.events]


class Agenda:
    """The memory of one time course: what each trigger was, and what waits."""

    def __init__(self, formulas: EventFormulas, span: float, chance: np.random.Generator | None = None) -> None:
        self._still, self._chance = 1e-9 * span, chance
        self._mark, self._here = -math.inf, 0  # since when time stands all but still, and executions since then
        self.formulas, self.name, self.events = formulas, formulas.name, formulas.events
        self.truth = [e.initial_value for e in self.events]
        self._waiting: list[_Due] = []
        self._done = 0

    def truths(self, t: float, x: Array, p: Array) -> list[bool]:
        """What each trigger is at one point."""
        return [value != 0 for value in self.formulas.triggers(t, x, p).tolist()]  # not a number is true, as for NumPy

    def next(self) -> float:
        """When the next execution that waits is due; infinity if nothing waits."""
        return min((due.time for due in self._waiting), default=math.inf)

    def settle(self, t: float, x: Array, p: Array) -> Array:
        """The state when everything due at ``t`` is done.

        Raises
        ------
        EventStormError
            If that never ends.
        BadDelayError
            If a delay is negative or not a number.
        """
        while True:
            self._watch(t, x, p)
            ready = [due for due in self._waiting if due.time <= t]
            if not ready:
                return x
            first = self._chosen(ready, t, x, p)
            self._waiting.remove(first)
            x = self._executed(first, t, x, p)
            if t > self._mark + self._still:
                self._mark, self._here = t, 0
            self._here, self._done = self._here + 1, self._done + 1
            if self._here > MOST_AT_ONCE or self._done > MOST:
                name = self.events[first.event].id
                raise EventStormError(f"event '{name}' is executed without end at time {t}")

    def _chosen(self, ready: list[_Due], t: float, x: Array, p: Array) -> _Due:
        ready = sorted(ready, key=lambda due: (due.event, due.time))
        if len(ready) == 1:
            return ready[0]
        ranks = [self._rank(due.event, t, x, p) for due in ready]
        best = max(ranks)
        equals = [due for due, rank in zip(ready, ranks, strict=True) if rank == best]
        if self._chance is None or best == -math.inf:
            return equals[0]
        return equals[int(self._chance.integers(len(equals)))]

    def _watch(self, t: float, x: Array, p: Array) -> None:
        now = self.truths(t, x, p)
        for k, (before, after) in enumerate(zip(self.truth, now, strict=True)):
            if after and not before:
                values = self.formulas.values[k](t, x, p) if self.events[k].from_trigger_time else None
                self._waiting.append(_Due(t + self._delay(k, t, x, p), k, values))
            elif before and not after and not self.events[k].persistent:
                self._waiting = [due for due in self._waiting if due.event != k]
        self.truth = now

    def _delay(self, k: int, t: float, x: Array, p: Array) -> float:
        formula = self.formulas.delays[k]
        delay = 0.0 if formula is None else float(formula(t, x, p)[0])
        if not delay >= 0:
            raise BadDelayError(f"{self.name}: the delay of event '{self.events[k].id}' is {delay} at time {t}")
        return delay

    def _rank(self, k: int, t: float, x: Array, p: Array) -> float:
        formula = self.formulas.priorities[k]
        rank = -math.inf if formula is None else float(formula(t, x, p)[0])
        return -math.inf if math.isnan(rank) else rank

    def _executed(self, due: _Due, t: float, x: Array, p: Array) -> Array:
        values = self.formulas.values[due.event](t, x, p) if due.values is None else due.values
        after = x.copy()
        after[self.formulas.targets[due.event]] = values
        if scaled := self.formulas.scaled[due.event]:
            after[scaled] *= self.formulas.factors[due.event](t, x, p)
        return after
