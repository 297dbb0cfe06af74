"""Is this machine code right? Each program is run once and compared with what it is meant to be.

A step, a run of the check and a finish, near the default state, are compared with the slow interpretation of the same
programs, and the net change of every species with the rates as the network states them. That takes milliseconds and
notices an object of another model, another processor or another version, whatever its checksum says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eutone.engine.control import CONTROL, SETTINGS
from eutone.engine.expr import evaluate
from eutone.engine.follow import FOLLOW
from eutone.engine.network import Network
from eutone.engine.people import Function
from eutone.engine.program import interpret

if TYPE_CHECKING:
    from eutone.engine.compile import Compiled

__all__ = ["fault"]


def fault(compiled: Compiled) -> str | None:
    """What the machine code gets wrong near the default state, or None."""
    network, kernel = compiled.network, compiled.kernel
    # off the default by different shares, since at rest rates cancel and nothing could be compared
    state = network.initial * (1 + 0.2 * (np.arange(len(network.species)) * 0.618 % 1)) + 1e-3 * kernel.typical
    values = dict(zip(network.parameters, network.values, strict=True))
    stop = np.zeros(1, dtype=np.uint8)

    def run(function: Function, table: NDArray[np.float64]) -> NDArray[np.float64]:
        people = np.ascontiguousarray(table.T)
        function(people.ctypes.data, len(people), stop.ctypes.data)
        return people.T

    start = np.zeros((len(kernel.begin_rows), 1))
    start[: len(network.species), 0] = state
    for name in compiled.free:
        start[kernel.begin_rows[name]] = values[name]
    begun = run(compiled.begin, start)
    known = {name: begun[kernel.begin_rows[name]] for name in (*compiled.free, *kernel.independent, *kernel.totals)}

    step = np.ones((len(kernel.step_rows), 1))
    finish = np.ones((len(kernel.finish_rows), 1))
    for name, value in known.items():
        step[kernel.step_rows[name]] = finish[kernel.finish_rows[name]] = value
    # near its goal at once, so that one run decides everything; what is kept, is at 1
    follow = np.ones((len(kernel.follow_rows), 1))
    for name, value in known.items():
        follow[kernel.follow_rows[name]] = value
    for name, number in zip(FOLLOW, (1e3, 0, 0, 0, 0, 1e300, 1), strict=True):
        follow[kernel.follow_rows[name]] = number
    # a short step of a lane that accepts anything and gives up at once
    for name, number in zip((*CONTROL, *SETTINGS), (1e3, 1, 0, 0, 0, 0, 0, 0, 1e300, 1, 1, 1e300), strict=True):
        step[kernel.step_rows[name]] = number
    for name, function, program, table in (
        ("begin", compiled.begin, kernel.begin, start),
        ("step", compiled.step, kernel.step, step),
        ("follow", compiled.follow, kernel.follow, follow),
        ("finish", compiled.finish, kernel.finish, finish),
    ):
        wrong = _differs(run(function, table), interpret(program, table))
        if wrong:
            return f"program {name}, {wrong}"
    species = dict(zip(network.species, state, strict=True))
    rows = [kernel.finish_rows[f"~f {s}"] for s in network.species]
    return _differs(run(compiled.finish, finish)[rows, 0], _change(network, {**values, **species}))


def _change(network: Network, point: dict[str, object]) -> NDArray[np.float64]:
    """dx/dt as the network states it."""
    for name, rule in network.rules:
        point[name] = evaluate([rule], {**point, "time": 0.0})[0]
    rates = np.array([float(np.asarray(v)) for v in evaluate(list(network.rates), {**point, "time": 0.0})])
    with np.errstate(all="ignore"):
        change: NDArray[np.float64] = network.stoichiometry @ rates
    for name, rule in network.drift.items():
        value = evaluate([rule], {**point, "time": 0.0})[0]
        change[network.species.index(name)] += float(np.asarray(value))
    return change


def _differs(got: NDArray[np.float64], wanted: NDArray[np.float64]) -> str | None:
    with np.errstate(all="ignore"):
        finite = np.isfinite(wanted) & np.isfinite(got)
        scale = np.abs(wanted) + 1e-9 * np.max(np.abs(wanted), initial=1e-300, where=finite)
        bad = finite & (np.abs(got - wanted) > 1e-6 * scale) | (np.isfinite(wanted) != np.isfinite(got))
    return f"{int(bad.sum())} of {bad.size} numbers" if bad.any() else None
