"""Algebraic rules ``0 = f``, each as the assignment rule that it amounts to where it determines one quantity.

What a rule determines is what nothing else does (Hucka et al., J Integr Bioinform 2018, 15:20170081, section 4.9.3): no
constant, nothing that an assignment, a rate rule, a reaction, an event or another rule sets. If that is one quantity
``x``, and ``f = a x + b`` with ``a`` and ``b`` free of it, then ``x = -b/a``. Rules that only together determine
quantities are a system of equations, and refused.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from eutone.engine.expr import Expr, const, symbols, walk
from eutone.engine.parts import RATE_OF

__all__ = ["linear", "solved"]


def solved(rules: Sequence[Expr], free: Collection[str]) -> dict[str, Expr] | None:
    """What ``rules``, each a formula that is 0, say of quantities; None where they are no assignments.

    Parameters
    ----------
    rules : sequence of Expr
    free : collection of str
        What nothing else determines.
    """
    found: dict[str, Expr] = {}
    waiting = list(rules)
    while waiting:
        for rule in waiting:
            names = (symbols(rule) & {*free}) - found.keys()
            if len(names) == 1:
                break
        else:
            return None
        (name,) = names
        terms = linear(rule, name)
        if terms is None or terms[0].value == 0:
            return None
        slope, rest = terms
        found[name] = rest if slope is const(-1) else -(rest / slope)
        waiting.remove(rule)
    return found


def linear(expression: Expr, name: str) -> tuple[Expr, Expr] | None:
    """``a`` and ``b`` of ``expression = a name + b``, both free of ``name``; None where it is not of that form."""
    if RATE_OF + name in symbols(expression):
        return None
    zero, done = const(0), dict[Expr, tuple[Expr, Expr]]()
    for node in walk(expression):
        parts = [done[a] for a in node.args]
        match node.op, parts:
            case "symbol", _ if node.value == name:
                done[node] = const(1), zero
            case _, _ if all(rest is a for (_, rest), a in zip(parts, node.args, strict=True)):
                done[node] = zero, node  # no operand has it
            case "neg", [(a, b)]:
                done[node] = -a, -b
            case "add", [(a, b), (c, d)]:
                done[node] = a + c, b + d
            case "sub", [(a, b), (c, d)]:
                done[node] = a - c, b - d
            case "mul", [(a, b), (c, d)] if c is zero:
                done[node] = a * d, b * d
            case "mul", [(a, b), (c, d)] if a is zero:
                done[node] = b * c, b * d
            case "div", [(a, b), (c, d)] if c is zero:
                done[node] = a / d, b / d
            case _:
                return None
    return done[expression]
