"""An event: what happens at once, when a condition becomes true. What solvers of time courses take besides rates.

The meaning is that of SBML Level 3 (Hucka et al., J Integr Bioinform 2018, 15:20170081, section 4.11): an event *fires*
whenever its trigger goes from false to true, and *executes* when its delay has passed. `eutone.engine.agenda` says in
which order, and what happens in between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from eutone.engine.expr import Expr

__all__ = ["Event"]


@dataclass(frozen=True)
class Event:
    """One event. Every expression is over states, parameters, rules and ``time``.

    Attributes
    ----------
    id : str
    trigger : Expr
        Not 0 where it is true.
    delay : Expr or None
        Time between firing and executing, taken when the event fires. None is 0.
    priority : Expr or None
        Of events that execute at the same time the one with the highest goes first; taken anew before each execution.
        None comes after every number.
    persistent : bool
        Whether an execution that waits stays, should the trigger become false.
    initial_value : bool
        What the trigger was before the start: False fires at the start if it is true there.
    from_trigger_time : bool
        Whether the values to assign are taken when the event fires, else when it executes.
    assignments : tuple of (str, Expr)
        States, and what they become; all values are taken before any is assigned.
    factors : tuple of (str, Expr)
        States whose assigned value is multiplied by an expression, taken just before the event executes: the size of a
        compartment, where what is assigned is a concentration and what is held is an amount. Only events that take
        their values when they fire have them; in all others the size is part of the assignment.
    """

    id: str
    trigger: Expr
    delay: Expr | None = None
    priority: Expr | None = None
    persistent: bool = True
    initial_value: bool = True
    from_trigger_time: bool = True
    assignments: tuple[tuple[str, Expr], ...] = ()
    factors: tuple[tuple[str, Expr], ...] = ()

    def expressions(self) -> list[Expr]:
        """Every expression of the event, in a fixed order."""
        written = [self.trigger, self.delay, self.priority]
        return [e for e in written if e is not None] + [e for _, e in (*self.assignments, *self.factors)]

    def mapped(self, change: Callable[[list[Expr]], list[Expr]]) -> Event:
        """The same with ``change`` made to every expression."""

        def maybe(expression: Expr | None) -> Expr | None:
            return None if expression is None else change([expression])[0]

        def pairs(of: tuple[tuple[str, Expr], ...]) -> tuple[tuple[str, Expr], ...]:
            return tuple(zip((name for name, _ in of), change([e for _, e in of]), strict=True))

        return replace(
            self,
            trigger=change([self.trigger])[0],
            delay=maybe(self.delay),
            priority=maybe(self.priority),
            assignments=pairs(self.assignments),
            factors=pairs(self.factors),
        )
