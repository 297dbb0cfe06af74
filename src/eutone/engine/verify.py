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
from eutone.engine.ending import ENDED
from eutone.engine.expr import evaluate
from eutone.engine.follow import FOLLOW
from eutone.engine.network import Network
from eutone.engine.people import BOLD, Code, begin, common, run, solve, workplace
from eutone.engine.program import interpret

if TYPE_CHECKING:
    from eutone.engine.compile import Compiled

__all__ = ["fault"]

Array = NDArray[np.float64]


def fault(compiled: Compiled) -> str | None:
    """What the machine code gets wrong near the default state, or None."""
    network, kernel = compiled.network, compiled.kernel
    # off the default by different shares, since at rest rates cancel and nothing could be compared
    state = network.initial * (1 + 0.2 * (np.arange(len(network.species)) * 0.618 % 1)) + 1e-3 * kernel.typical
    values = dict(zip(network.parameters, network.values, strict=True))
    stop = np.zeros(1, dtype=np.uint8)
    own = np.array([[values[name] for name in compiled.free]])
    # a short step of a lane that accepts anything and gives up at once; all grains are 1
    settings = np.ones(len(SETTINGS) + len(network.species))
    settings[: len(SETTINGS)] = (1, 1, 1, 1e300)
    people = np.ones((1, kernel.width))
    people[:, kernel.parts["free"]], people[:, kernel.parts["start"]] = own, state

    def differs(name: str, code: Code) -> str | None:
        """Run it on the table, which it changes."""
        at = np.append(people[0], settings)[:, None]
        if name == "step":
            at = interpret(kernel.solution, at)
        wanted = interpret(getattr(kernel, name), at)[: kernel.width, 0]
        wanted[kernel.parts["solution"]] = 1.0  # a lane keeps it to itself
        run(code, people, stop, settings)
        wrong = _differs(people[0], wanted, kernel.parts["lot"])
        return f"program {name}, {wrong}" if wrong else None

    if wrong := differs("begin", compiled.begin) or differs("begin_at", compiled.begin_at):
        return wrong
    known = {name: people[0, kernel.rows[name]] for name in (*compiled.free, *kernel.independent, *kernel.totals)}
    people[:, kernel.parts["control"]] = (1e3, *[0] * (len(CONTROL) - 1))
    at = people.copy()
    if wrong := differs("step", compiled.step):
        return wrong
    people[:] = at
    if wrong := differs("finish", compiled.finish):
        return wrong
    species = dict(zip(network.species, state, strict=True))
    wrong = _differs(people[0, kernel.parts["change"]], _change(network, {**values, **species}))
    return wrong or _follow_fault(compiled, known) or _solve_fault(compiled, own, state)


def _follow_fault(compiled: Compiled, known: dict[str, float]) -> str | None:
    """What a run of the check gets wrong that is near its goal at once, so that one run decides everything."""
    kernel = compiled.kernel
    follow = np.ones((1, len(kernel.follow_rows)))
    told = zip(FOLLOW, (1e3, 0, 0, 0, 0, 1e300, 1), strict=True)
    for name, number in (*known.items(), *told):
        follow[0, kernel.follow_rows[name]] = number
    wanted = interpret(kernel.follow, interpret(kernel.solution, follow.T))[:, 0]
    run(compiled.follow, follow, np.zeros(1, dtype=np.uint8))
    wrong = _differs(follow[0], wanted)
    return f"program follow, {wrong}" if wrong else None


def _solve_fault(compiled: Compiled, own: Array, state: Array) -> str | None:
    """Where the whole way differs from its parts, for two people who begin at ``state`` and at the default."""
    kernel, stop = compiled.kernel, np.zeros(1, dtype=np.uint8)
    for starts in (state[None], None):
        people = begin(compiled, own, starts, BOLD)
        for code in (compiled.step, compiled.finish):
            run(code, people, stop, common(compiled.typical, BOLD))
        out = np.empty((1, len(kernel.typical))), np.empty((1, len(kernel.observables))), np.empty((1, len(ENDED)))
        solve(compiled, own, starts, BOLD, workplace(compiled), out, stop)
        for name, whole in zip(("species", "observed", "ended"), out, strict=True):
            if whole.tobytes() != np.ascontiguousarray(people[:, kernel.parts[name]]).tobytes():
                return f"the whole way, {name}"
    return None


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


def _differs(got: NDArray[np.float64], wanted: NDArray[np.float64], lot: slice | None = None) -> str | None:
    """How many numbers differ by more than a millionth of themselves.

    Of the lot, a millionth of 1: it stands behind the decimal point of a sum that may be hundreds of millions, and has
    no more digits than that leaves it, however small it is.
    """
    with np.errstate(all="ignore"):
        finite = np.isfinite(wanted) & np.isfinite(got)
        scale = np.abs(wanted) + 1e-9 * np.max(np.abs(wanted), initial=1e-300, where=finite)
        scale[lot or slice(0)] = 1.0
        bad = finite & (np.abs(got - wanted) > 1e-6 * scale) | (np.isfinite(wanted) != np.isfinite(got))
    return f"{int(bad.sum())} of {bad.size} numbers" if bad.any() else None
