"""What ids of reactions and rates of change mean, written out.

In an expression the id of a reaction is its rate, and ``rateOf x`` is ``dx/dt``: the rate rule of ``x``, what reactions
do to it, 0 if nothing does, and by the chain rule for what an assignment rule gives.
"""

from __future__ import annotations

from eutone._errors import ModelError
from eutone.engine.differentiate import gradients
from eutone.engine.expr import Expr, const, substitute, symbol, symbols
from eutone.engine.parts import RATE_OF, TIME, Parts, ordered

__all__ = ["expand"]


def expand(parts: Parts) -> Parts:
    """``parts`` with no id of a reaction and no rate of change left in any expression.

    Raises
    ------
    ModelError
        If a rate depends on itself, or a rate of change is asked of what is not defined or of another rate of change.
    """
    table = {name: reaction.rate for name, reaction in parts.reactions.items()}
    waiting = sorted(_rates_in(parts.written()))
    while waiting:
        name = waiting.pop()
        if name not in table:
            table[name] = _rate_of(parts, name.removeprefix(RATE_OF))
            waiting.extend(sorted(_rates_in([table[name]])))
    if not table:
        return parts
    expanded: dict[str, Expr] = {}
    for name in ordered(table, "reaction rates"):
        (expanded[name],) = substitute([table[name]], expanded)
    return parts.mapped(lambda expressions: substitute(expressions, expanded))


def _rates_in(expressions: list[Expr]) -> set[str]:
    return {name for name in symbols(*expressions) if name.startswith(RATE_OF)}


def _rate_of(parts: Parts, name: str) -> Expr:
    """``dx/dt``; it may ask for other rates of change."""
    if name in parts.rate_rules:
        return parts.rate_rules[name]
    if name in parts.rules:
        return _chain(parts, name, parts.rules[name])
    if name in parts.reactions:
        return _chain(parts, name, parts.reactions[name].rate)
    if name not in parts.quantities:
        raise ModelError(f"{parts.name}: the rate of change of '{name}' is asked for, which is not defined")
    q, change = parts.quantities[name], const(0)
    if name in parts.moved():
        for reaction, r in parts.reactions.items():
            if name in r.stoichiometry:
                change = change + r.stoichiometry[name] * symbol(reaction)
        if q.conversion:
            change = change * symbol(q.conversion)
        if not q.amount:
            change = change / symbol(q.compartment)
    return change


def _chain(parts: Parts, name: str, expression: Expr) -> Expr:
    used = symbols(expression)
    if any(s.startswith(RATE_OF) for s in used):
        raise ModelError(f"{parts.name}: the rate of change of '{name}', itself one of a rate of change, not supported")
    total = const(0)
    for s, slope in sorted(gradients([expression], used)[0].items()):
        total = total + (slope if s == TIME else slope * symbol(RATE_OF + s))
    return total
