"""Quantities without a value: whether an event gives them one at the very start, else what to do about them.

SBML leaves a value undefined until something sets it (Hucka et al., J Integr Bioinform 2018, 15:20170081, sections 4.5
to 4.7). A course cannot begin without it, so it must be there once everything due at time 0 is done.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError
from eutone.engine.agenda import Agenda, BadDelayError, EventFormulas, EventStormError
from eutone.engine.derivative import Derivative
from eutone.engine.events import Event
from eutone.engine.expr import Expr, const, substitute, symbols
from eutone.engine.network import Network
from eutone.engine.parts import TIME, Parts, dependencies

__all__ = ["first_values", "no_value"]


def no_value(parts: Parts, name: str) -> ModelError:
    """The error that says that ``name`` has no value, and what would give it one."""
    kind = parts.quantities[name].kind
    said = f"{parts.name}: {kind} '{name.removesuffix('.amount')}' has no value"
    if name not in parts.assigned():
        return ModelError(f"{said}: give it one in the model, an initial assignment or a rule")
    return ModelError(
        f"{said} before an event sets it: give it one in the model or an initial assignment, or let an event without "
        "delay set it whose trigger is false before the start and true at time 0, such as time >= 0"
    )


def _certain(event: Event) -> bool:
    """Whether the event is executed at time 0 whatever the parameters and the state."""
    (begins,) = substitute([event.trigger], {TIME: const(0.0)})
    return event.delay is None and not event.initial_value and begins.op == "const" and begins.value != 0


def first_values(
    parts: Parts, starts: Mapping[str, Expr], missing: Collection[str], network: Network
) -> NDArray[np.float64]:
    """The initial state of ``network`` with the ``missing`` as they are when all that is due at time 0 is done.

    An event sets them again when a course begins, and nothing has looked at them by then: what is done at time 0 must
    be the same whether they are not numbers or what they become.

    Raises
    ------
    ModelError
        If one is no number then, or its value matters before.
    """
    for name in missing:
        if not any(_certain(event) and name in dict(event.assignments) for event in network.events):
            raise no_value(parts, name)
    others = [name for name in starts if name not in parts.rules and name not in missing]
    used = set().union(*(symbols(starts[name]) for name in dependencies(others, starts)))
    if made := [name for name in missing if name in used]:
        raise no_value(parts, made[0])
    formulas, rows = EventFormulas(Derivative(network)), [network.species.index(name) for name in missing]

    def after(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        agenda = Agenda(formulas, 1.0)
        return agenda.settle(0.0, x.copy(), network.values), agenda.next()

    filled = network.initial.copy()
    try:
        state, due = after(network.initial)
        filled[rows] = state[rows]
        again, due_again = after(filled)
    except (EventStormError, BadDelayError):
        raise no_value(parts, next(iter(missing))) from None
    for name, row in zip(missing, rows, strict=True):
        if math.isnan(state[row]):
            raise no_value(parts, name)
    if due != due_again or not np.array_equal(state, again, equal_nan=True):
        raise no_value(parts, next(iter(missing)))
    return filled
