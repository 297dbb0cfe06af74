"""A model as it is written: quantities, and the expressions that set or change them. No meaning yet.

`eutone.engine.sbml` reads a document into `Parts`; `eutone.engine.assemble` makes a `Network` of them. Expressions may
use the ids of quantities and reactions, ``time``, and ``rateOf X`` (a name with a space, which no id has).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from eutone._errors import ModelError
from eutone.engine.events import Event
from eutone.engine.expr import Expr, symbols

__all__ = ["OWN_TIME", "RATE_OF", "TIME", "Parts", "Quantity", "Reaction", "dependencies", "ordered"]

TIME = "time"

#: What a model's own ``time`` is called: in expressions and results that is the clock. No id has a dot, and no local
#: parameter is called so: its reaction would be ``time``, and is called this itself.
OWN_TIME = "time.own"

#: What comes before an id where its rate of change is meant.
RATE_OF = "rateOf "


@dataclass(frozen=True)
class Quantity:
    """A compartment, parameter, species or stoichiometry, as written.

    ``value`` is None where the source gives none. For a species, ``amount`` says that its id means an amount in
    expressions (else a concentration), and ``given_amount`` that ``value`` is one. ``fixed`` species are not changed by
    reactions (boundary condition). ``conversion`` is the parameter by which a reaction's extent becomes the species'
    amount, if there is one.
    """

    kind: str
    value: float | None
    compartment: str = ""
    amount: bool = True
    given_amount: bool = True
    fixed: bool = False
    conversion: str = ""


@dataclass(frozen=True)
class Reaction:
    """A rate (extent per time) and the net stoichiometry of what it changes, boundary species included."""

    rate: Expr
    stoichiometry: Mapping[str, float | Expr]

    def expressions(self) -> list[Expr]:
        """The rate, and the stoichiometries that are formulas."""
        return [self.rate, *(n for n in self.stoichiometry.values() if isinstance(n, Expr))]


@dataclass(frozen=True)
class Parts:
    """A model as written: quantities in the source's order, and the expressions that set or change them."""

    name: str
    quantities: dict[str, Quantity]
    reactions: dict[str, Reaction] = field(default_factory=dict)
    initial_assignments: dict[str, Expr] = field(default_factory=dict)
    rules: dict[str, Expr] = field(default_factory=dict)
    rate_rules: dict[str, Expr] = field(default_factory=dict)
    events: tuple[Event, ...] = ()

    def written(self) -> list[Expr]:
        """Every expression of the model."""
        return [
            *self.initial_assignments.values(),
            *self.rules.values(),
            *self.rate_rules.values(),
            *(e for r in self.reactions.values() for e in r.expressions()),
            *(e for event in self.events for e in event.expressions()),
        ]

    def moved(self) -> set[str]:
        """What reactions change."""
        return {
            name
            for r in self.reactions.values()
            for name, number in r.stoichiometry.items()
            if number != 0.0 and not self.quantities[name].fixed
        }

    def assigned(self) -> set[str]:
        """What events assign to."""
        return {name for event in self.events for name, _ in event.assignments}

    def mapped(self, change: Callable[[list[Expr]], list[Expr]]) -> Parts:
        """The same with ``change`` made to every expression."""

        def one(expression: Expr) -> Expr:
            return change([expression])[0]

        def table(of: Mapping[str, Expr]) -> dict[str, Expr]:
            return dict(zip(of, change(list(of.values())), strict=True))

        return replace(
            self,
            reactions={
                name: Reaction(
                    one(r.rate), {s: one(n) if isinstance(n, Expr) else n for s, n in r.stoichiometry.items()}
                )
                for name, r in self.reactions.items()
            },
            initial_assignments=table(self.initial_assignments),
            rules=table(self.rules),
            rate_rules=table(self.rate_rules),
            events=tuple(event.mapped(change) for event in self.events),
        )


def dependencies(names: Iterable[str], table: Mapping[str, Expr]) -> set[str]:
    """The keys of ``table`` that ``names`` depend on, themselves included."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in table:
            found.add(name)
            waiting.extend(symbols(table[name]))
    return found


def ordered(table: Mapping[str, Expr], what: str) -> list[str]:
    """The keys of ``table``, each after those that its expression uses, else in the table's order.

    Raises
    ------
    ModelError
        If they go round in a circle; ``what`` they are is said in the message.
    """
    order: dict[str, None] = {}
    open_: set[str] = set()
    for root in table:
        stack = [(root, False)]
        while stack:
            name, ready = stack.pop()
            if ready:
                open_.discard(name)
                order.setdefault(name)
            elif name not in order:
                if name in open_:
                    raise ModelError(f"the {what} go round in a circle through '{name}'")
                open_.add(name)
                stack.append((name, True))
                stack.extend((s, False) for s in sorted(symbols(table[name])) if s in table and s not in order)
    return list(order)
