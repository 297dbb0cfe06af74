"""Do the units agree through every equation? Each rule and rate of the whole person, from the units of the table.

A unit is a product of powers (``1/h/uM``); numbers written in a module are pure, and 0 fits anything. What is added,
compared or chosen between must have one unit; exponents and the arguments of functions must be pure; what a reaction
brings to a species must be the species' unit per hour. A power with a number from the table as exponent takes that
number, so that ``x^h/(K^h + x^h)`` is pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import numpy as np

from eutone._errors import ModelError
from eutone.body._compose import all_parameters, load_whole
from eutone.engine.expr import Expr, evaluate, walk

__all__ = ["Unit", "dimension_faults", "unit_of", "units", "written"]

Unit = tuple[tuple[str, float], ...]
"""Base units and their powers, in the order of their names; empty where it is pure."""

_PART = re.compile(r"([*/]?)\s*([A-Za-zµ%]+|1)(?:\^(-?\d+(?:\.\d+)?))?\s*")
_SAME = ("add", "sub", "min", "max")
_COMPARE = ("lt", "le", "gt", "ge", "eq", "ne")
_KEEP = ("neg", "abs")
_TRUTH = ("and", "or", "not")
_TOLERANCE = 1e-9


class _FaultError(Exception):
    """What is wrong, in words."""


def unit_of(text: str) -> Unit:
    """The unit that a cell of the table says.

    Raises
    ------
    ModelError
        If it cannot be read.
    """
    powers: dict[str, float] = {}
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or (at > 0) != bool(found[1]):
            raise ModelError(f"parameters.csv: cannot read the unit {text!r}")
        sign = -1.0 if found[1] == "/" else 1.0
        if found[2] != "1":
            powers[found[2]] = powers.get(found[2], 0.0) + sign * float(found[3] or 1)
        at = found.end()
    return _unit(powers)


def written(unit: Unit) -> str:
    """``uM/h`` and its like; ``1`` where it is pure."""
    up = "*".join(f"{n}^{p:g}" if p != 1 else n for n, p in unit if p > 0)
    down = "".join(f"/{n}^{-p:g}" if p != -1 else f"/{n}" for n, p in unit if p < 0)
    return f"{up or '1'}{down}"


def dimension_faults() -> list[str]:
    """Every rule and reaction whose units do not agree, in plain words; empty if all do."""
    return _worked_out()[1]


@cache
def units() -> dict[str, str]:
    """The unit of everything in the whole person that has one: of numbers as the table says, of the rest as follows."""
    return {name: written(unit) for name, unit in _worked_out()[0].items() if unit is not None}


def _worked_out() -> tuple[dict[str, Unit | None], list[str]]:
    network = load_whole()
    units: dict[str, Unit | None] = {p.flat: unit_of(p.unit) for p in all_parameters()}
    values: dict[str, object] = dict(zip(network.parameters, network.values, strict=True))
    units["time"] = unit_of("h")
    faults = []
    for name, expression in network.rules:
        try:
            units[name] = _of(expression, units, values)
        except _FaultError as fault:
            faults.append(f"{name}: {fault}")
            units[name] = None  # unknown from here on: one fault is told once
    per_hour = unit_of("1/h")
    for j, (name, rate) in enumerate(zip(network.reactions, network.rates, strict=True)):
        try:
            units[name] = unit = _of(rate, units, values)
        except _FaultError as fault:
            faults.append(f"{name}: {fault}")
            continue
        for i in np.flatnonzero(network.stoichiometry[:, j]):
            species = network.species[i]
            wanted = _times(units[species] or (), per_hour)
            if unit is not None and not _equal(unit, wanted):
                faults.append(
                    f"{name}: brings {written(unit)} to {species}, which is in {written(units[species] or ())}"
                )
    return units, faults


def _of(root: Expr, units: Mapping[str, Unit | None], values: Mapping[str, object]) -> Unit | None:
    """The unit of an expression; None where it fits anything, or is not known."""
    done: dict[Expr, Unit | None] = {}
    for node in walk(root):
        done[node] = _node(node, [done[a] for a in node.args], units, values)
    return done[root]


def _node(
    node: Expr, args: list[Unit | None], units: Mapping[str, Unit | None], values: Mapping[str, object]
) -> Unit | None:
    if node.op == "const":
        return None if node.value == 0 else ()
    if node.op == "symbol":
        return units.get(str(node.value), ())
    if node.op in _KEEP:
        return args[0]
    if node.op in _TRUTH:
        return ()
    if node.op in (*_SAME, *_COMPARE, "select"):
        one = _common(node.op, args[1:] if node.op == "select" else args)
        return () if node.op in _COMPARE else one
    if node.op in ("mul", "div"):
        left, right = args
        if left is None or right is None:
            return None
        return _times(left, right, -1.0 if node.op == "div" else 1.0)
    if node.op == "sqrt":
        return None if args[0] is None else _unit({n: p / 2 for n, p in args[0]})
    if node.op == "pow":
        return _power(node, args, values)
    if args[0]:
        raise _FaultError(f"{node.op} of {written(args[0])}")
    return ()


def _power(node: Expr, args: list[Unit | None], values: Mapping[str, object]) -> Unit | None:
    base, exponent = args
    if exponent:
        raise _FaultError(f"an exponent in {written(exponent)}")
    if not base:
        return base
    try:
        power = float(np.asarray(evaluate([node.args[1]], values)[0]))
    except KeyError as error:
        raise _FaultError(f"{written(base)} to a power that changes ({error})") from None
    return _unit({n: p * power for n, p in base})


def _common(op: str, args: list[Unit | None]) -> Unit | None:
    known = [a for a in args if a is not None]
    for other in known[1:]:
        if not _equal(known[0], other):
            raise _FaultError(f"{op} of {written(known[0])} and {written(other)}")
    return known[0] if known else None


def _times(a: Unit, b: Unit, sign: float = 1.0) -> Unit:
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0.0) + sign * power
    return _unit(powers)


def _unit(powers: Mapping[str, float]) -> Unit:
    return tuple(sorted((n, p) for n, p in powers.items() if abs(p) > _TOLERANCE))


def _equal(a: Unit, b: Unit) -> bool:
    return not _times(a, b, -1.0)
