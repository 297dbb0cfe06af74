"""Species in compartments that change size: their amount is what is held, their concentration follows from it.

Where a compartment of size ``V(t)`` grows, the amount ``n`` inside stays and the concentration ``c = n / V`` falls. So
such a species ``S`` becomes a quantity ``S.amount`` (an id with a dot cannot clash with one of SBML) and a rule
``S := S.amount / V``; what set or changed the concentration is rewritten to set or change the amount::

    c(0) = e          n(0) = e V(0)
    dc/dt = f         dn/dt = f V + c dV/dt
    event: c = e      event: n = e V      (V just before the event, as in the SBML Test Suite, 01506)

Species whose id means an amount, and those given by an assignment rule, need none of this.
"""

from __future__ import annotations

from dataclasses import replace

from eutone.engine.events import Event
from eutone.engine.expr import Expr, const, symbol
from eutone.engine.parts import RATE_OF, Parts, Quantity, Reaction

__all__ = ["hold_amounts"]


def hold_amounts(parts: Parts) -> Parts:
    """``parts`` with every concentration in a compartment of changing size turned into an amount and a rule."""
    set_ = parts.rules.keys() | parts.rate_rules.keys() | parts.assigned()
    held = {
        name: q
        for name, q in parts.quantities.items()
        if q.kind == "species" and not q.amount and q.compartment in set_ and name not in parts.rules
    }
    if not held:
        return parts
    quantities: dict[str, Quantity] = {}
    initial, rules, rates = dict(parts.initial_assignments), dict(parts.rules), dict(parts.rate_rules)
    for name, q in parts.quantities.items():
        if name not in held:
            quantities[name] = q
            continue
        inside, size = _inside(name), symbol(q.compartment)
        quantities[inside] = replace(q, value=q.value if q.given_amount else None, amount=True, given_amount=True)
        quantities[name] = Quantity("concentration", None, q.compartment)
        rules[name] = symbol(inside) / size
        if name in initial:
            initial[inside] = initial.pop(name) * size
        elif q.value is not None and not q.given_amount:
            initial[inside] = const(q.value) * size
        if name in rates:
            rates[inside] = rates.pop(name) * size + symbol(name) * symbol(RATE_OF + q.compartment)
    reactions = {
        name: Reaction(r.rate, {_inside(s) if s in held else s: n for s, n in r.stoichiometry.items()})
        for name, r in parts.reactions.items()
    }
    events = tuple(_amounts_assigned(event, held) for event in parts.events)
    return replace(
        parts,
        quantities=quantities,
        reactions=reactions,
        initial_assignments=initial,
        rules=rules,
        rate_rules=rates,
        events=events,
    )


def _inside(name: str) -> str:
    return f"{name}.amount"


def _amounts_assigned(event: Event, held: dict[str, Quantity]) -> Event:
    """``event`` with assignments of concentrations made assignments of amounts.

    The size is the one just before the event executes, also where the event changes it. Where the values are taken
    when it fires, that is not known yet (it may wait, or another that is due at the same time goes first and changes
    the size), so the size becomes a factor.
    """
    waits = event.from_trigger_time
    assignments: list[tuple[str, Expr]] = []
    factors: list[tuple[str, Expr]] = list(event.factors)
    for name, value in event.assignments:
        if name not in held:
            assignments.append((name, value))
            continue
        size = symbol(held[name].compartment)
        assignments.append((_inside(name), value if waits else value * size))
        if waits:
            factors.append((_inside(name), size))
    return replace(event, assignments=tuple(assignments), factors=tuple(factors))
