"""Whether two networks mean the same: what is asked of a document in a second language before it is given out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eutone.engine.derivative import Derivative
from eutone.engine.expr import Expr, call, evaluate
from eutone.engine.network import Network

__all__ = ["difference"]

#: Documents have 15 digits, of which differences of near numbers lose some; a formula that is wrong is wrong by more.
_NEAR = 1e-9


def difference(a: Network, b: Network, called: Mapping[str, str] | None = None, time: float = 0.37) -> str:
    """What ``b`` lacks or has otherwise than ``a``, in words; empty if nothing.

    Ids are compared, whatever their order; defaults and starts; what events are like, in their order; and every rule,
    rate, formula of an event and ``dx/dt``, at the start and away from it, where ``dx/dt`` is measured by what is
    turned over. ``called`` says which ids of ``a`` are others in ``b``.
    """
    names = called or {}
    for ours, others in ((a.species, b.species), (a.parameters, b.parameters), (a.reactions, b.reactions)):
        if odd := {names.get(name, name) for name in ours} ^ {*others}:
            return f"'{min(odd)}' is {'added' if min(odd) in others else 'lost'}"
    if other := {names.get(name, name) for name, _ in a.rules} ^ {name for name, _ in b.rules}:
        return f"the rule for '{min(other)}' is on one side only"
    if _kinds(a, names) != _kinds(b, {}):
        return "an event waits, stays or assigns otherwise"
    for off in (0.0, 0.1):
        mine, sizes = _numbers(a, names, off, time)
        theirs, _ = _numbers(b, {}, off, time)
        for name, number in mine.items():
            near = abs(theirs[name] - number) <= _NEAR * max(sizes.get(name, 0.0), abs(number))
            if not (near or theirs[name] == number or (np.isnan(number) and np.isnan(theirs[name]))):
                return f"{name} is {theirs[name]:.15g} and not {number:.15g}"
    return ""


def _kinds(network: Network, names: Mapping[str, str]) -> list[tuple[object, ...]]:
    """What is not a number in each event."""
    return [
        (
            *(e.persistent, e.initial_value, e.from_trigger_time, e.delay is None, e.priority is None),
            *sorted(names.get(name, name) for name, _ in (*e.assignments, *e.factors)),
        )
        for e in network.events
    ]


def _of_events(network: Network, names: Mapping[str, str]) -> dict[str, Expr]:
    found: dict[str, Expr] = {}
    for i, e in enumerate(network.events, start=1):
        formulas: dict[str, Expr | None] = {
            "trigger": call("ne", e.trigger, 0.0),
            "delay": e.delay,
            "priority": e.priority,
        }
        formulas |= {f"'{names.get(name, name)}'": value for name, value in e.assignments}
        formulas |= {f"size of '{names.get(name, name)}'": value for name, value in e.factors}
        found |= {f"{what} of event {i}": formula for what, formula in formulas.items() if formula is not None}
    return found


def _numbers(
    network: Network, names: Mapping[str, str], off: float, time: float
) -> tuple[dict[str, float], dict[str, float]]:
    """What everything is, and how large that is whose terms cancel."""
    f, p = Derivative(network), network.values * (1 + off)
    x = network.start(network.values) * (1 + off) + off
    rates = [f"rate of change of '{names.get(name, name)}'" for name in network.species]
    found = dict(zip(network.parameters, p.tolist(), strict=True)) | f.values(time, x, p)
    events = _of_events(network, names)
    told = dict(zip(events, evaluate(list(events.values()), found | {"time": time}), strict=True))
    found = {names.get(name, name): float(value) for name, value in found.items()}
    found |= {what: float(np.asarray(number)) for what, number in told.items()}
    found |= dict(zip(rates, f(time, x, p).tolist(), strict=True))
    return found, dict(zip(rates, f.turnover(time, x, p).tolist(), strict=True))
