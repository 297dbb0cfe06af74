"""Is this machine code right? Each program is run once and compared with what it is meant to be.

A step, a finish and a run of the check, near the default state, are compared with the slow interpretation of the same
programs (`rehearse`, kept with the plan of the code), and the net change of every species with the rates as the network
states them. That takes milliseconds and notices an object of another model, another processor or another version,
whatever its checksum says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eutone.engine.control import CONTROL, SETTINGS
from eutone.engine.ending import ENDED
from eutone.engine.expr import evaluate
from eutone.engine.follow import FOLLOW
from eutone.engine.kernel import Kernel, Layout
from eutone.engine.network import Network
from eutone.engine.people import BOLD, Code, begin, common, run, solve, workplace
from eutone.engine.program import Program, interpret

if TYPE_CHECKING:
    from eutone.engine.compile import Compiled

__all__ = ["change_of", "check_fault", "fault", "rehearse", "rehearse_check"]

Array = NDArray[np.float64]


def rehearse(kernel: Kernel, network: Network, free: tuple[str, ...]) -> dict[str, tuple[Array, Array]]:
    """For each function of the machine code a person's numbers before it, and after it by interpretation."""
    layout = kernel.layout
    parts, shared = layout.parts, _shared(network)
    people = np.ones(layout.width)
    people[parts["free"]], people[parts["start"]] = _own(network, free)[0], _state(network, layout)
    done: dict[str, tuple[Array, Array]] = {}

    def play(name: str, *programs: Program) -> Array:
        """What a lane gives back."""
        table = np.append(people, shared)[:, None]
        for program in programs:
            table = interpret(program, table)
        after = table[: layout.width, 0]
        after[parts["solution"]] = people[parts["solution"]]  # which a lane keeps to itself
        done[name] = people.copy(), after
        return after.copy()

    people = play("begin", kernel.begin)
    people = play("begin_at", kernel.begin_at)
    people[parts["control"]] = (1e3, *[0] * (len(CONTROL) - 1))
    play("step", kernel.solution, kernel.step)
    play("finish", kernel.finish)
    return done


def rehearse_check(kernel: Kernel, rehearsed: dict[str, tuple[Array, Array]]) -> tuple[Array, Array]:
    """Numbers of a person who is checked, before the run of the check that decides, and once it has its solution."""
    layout, person = kernel.layout, rehearsed["step"][0]
    follow = np.ones(len(layout.follow_rows))
    for name in ("free", "totals", "independent"):
        follow[layout.parts[name]] = person[layout.parts[name]]
    for name, number in zip(FOLLOW, (1e3, 0, 0, 0, 0, 1e300, 1), strict=True):  # near the goal at once
        follow[layout.follow_rows[name]] = number
    return follow, interpret(kernel.solution, follow[:, None])[:, 0]


def _state(network: Network, layout: Layout) -> Array:
    """Off the default by different shares, since at rest rates cancel and nothing could be compared."""
    shares = 0.2 * (np.arange(len(network.species)) * 0.618 % 1)
    return np.asarray(network.initial * (1 + shares) + 1e-3 * layout.typical)


def _own(network: Network, free: tuple[str, ...]) -> Array:
    values = dict(zip(network.parameters, network.values, strict=True))
    return np.array([[values[name] for name in free]])


def _shared(network: Network) -> Array:
    """Settings of a lane that accepts anything and gives up at once; all grains are 1."""
    shared = np.ones(len(SETTINGS) + len(network.species))
    shared[: len(SETTINGS)] = (1, 1, 1, 1e300)
    return shared


def fault(compiled: Compiled, rehearsed: dict[str, tuple[Array, Array]]) -> str | None:
    """What the machine code gets wrong near the default state, or None."""
    network, parts = compiled.network, compiled.layout.parts
    stop, shared, state = np.zeros(1, dtype=np.uint8), _shared(network), _state(network, compiled.layout)
    for name, (before, after) in rehearsed.items():
        people = before[None].copy()
        run(getattr(compiled, name), people, stop, shared)
        wrong = _differs(people[0], after, parts["lot"])
        if wrong:
            return f"program {name}, {wrong}"
        if name == "finish":
            values = dict(zip(network.parameters, network.values, strict=True))
            wrong = _differs(people[0, parts["change"]], change_of(network, values, state))
            if wrong:
                return wrong
    return _solve_fault(compiled, _own(network, compiled.free), state)


def check_fault(code: Code, before: Array, after: Array) -> str | None:
    """What the machine code of the check gets wrong in the run that was rehearsed, or None."""
    people = before[None].copy()
    run(code, people, np.zeros(1, dtype=np.uint8))
    wrong = _differs(people[0], after)
    return f"program follow, {wrong}" if wrong else None


def _solve_fault(compiled: Compiled, own: Array, state: Array) -> str | None:
    """Where the whole way differs from its parts, for two people who begin at ``state`` and at the default."""
    layout, stop = compiled.layout, np.zeros(1, dtype=np.uint8)
    for starts in (state[None], None):
        people = begin(compiled, own, starts, BOLD)
        for code in (compiled.step, compiled.finish):
            run(code, people, stop, common(compiled.typical, BOLD))
        out = np.empty((1, len(layout.typical))), np.empty((1, len(layout.observables))), np.empty((1, len(ENDED)))
        solve(compiled, own, starts, BOLD, workplace(compiled), out, stop)
        for name, whole in zip(("species", "observed", "ended"), out, strict=True):
            if whole.tobytes() != np.ascontiguousarray(people[:, layout.parts[name]]).tobytes():
                return f"the whole way, {name}"
    return None


def change_of(network: Network, values: Mapping[str, float], state: Array) -> Array:
    """dx/dt as the network states it, at time 0, (n_species,)."""
    point: dict[str, object] = {"time": 0.0, **values, **dict(zip(network.species, state, strict=True))}
    for name, rule in network.rules:
        (point[name],) = evaluate([rule], point)
    rates = np.array([float(np.asarray(v)) for v in evaluate(list(network.rates), point)])
    with np.errstate(all="ignore"):
        change: Array = network.stoichiometry @ rates
    for name, drift in zip(network.drift, evaluate(list(network.drift.values()), point), strict=True):
        change[network.species.index(name)] += float(np.asarray(drift))
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
