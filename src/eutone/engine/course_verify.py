"""Is this machine code right? One step of it, near the default state, against the same step in slow NumPy.

The slow step, kept with the plan of the code, interprets the same programs one operation at a time and does the sums
over stages and the output within the step as the tableau says them; the derivative of every species is besides compared
with the rates as the network states them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eutone.engine.course_emit import PROBES
from eutone.engine.course_kernel import LANE, WORK, CourseKernel
from eutone.engine.network import Network
from eutone.engine.program import Program, interpret
from eutone.engine.tableau import DENSE, NODES, SLOPES, STAGES, A, C
from eutone.engine.verify import change_of

if TYPE_CHECKING:
    from eutone.engine.course import CourseCode

__all__ = ["Rehearsed", "fault", "rehearse", "slow_step"]

Array = NDArray[np.float64]


_WITHIN = 0.37  # of the step: where output is asked for


@dataclass(frozen=True)
class Rehearsed:
    """One step of one person by `slow_step`: its length, the person before and after, and what `slow_step` says."""

    step: float
    before: Array
    after: Array
    change: Array
    within: Array


def slow_step(kernel: CourseKernel, people: Array) -> tuple[Array, Array, Array]:
    """What one pass makes of ``people`` (n, kept): one step of everybody.

    Returns
    -------
    array, (n, kept)
    array, (n, n_species)
        The derivative at the beginning.
    array, (n, n_species)
        What dense output says at ``_WITHIN`` of the step.
    """
    layout = kernel.layout
    table = np.zeros((layout.rows, len(people)))
    table[: layout.kept] = people.T
    rows = {name: slice(a, a + k) for name, (a, k) in layout.blocks.items()}
    lane = {name: layout.blocks["lane"][0] + k for k, name in enumerate(LANE)}
    lane |= {name: layout.blocks["work"][0] + k for k, name in enumerate(WORK)}
    n, first = rows["x"].stop, layout.blocks["U"][0]
    stages = table[rows["U"]].reshape(STAGES, n, -1)

    def run(program: Program, into: int = 0) -> None:
        done = interpret(program, table)
        for row, _ in program.outputs:
            table[into + row] = done[row]

    run(kernel.begin)
    began = table[rows["f"]].copy()
    step = table[lane["~step"]]
    for s in range(STAGES):
        stages = table[rows["U"]].reshape(STAGES, n, -1)
        rest = sum((c * stages[j] for j, c in enumerate(C[s])), np.zeros_like(stages[0])) * table[lane["~inverse"]]
        if layout.timed:
            rest = rest + step * SLOPES[s] * table[rows["slope"]]
            table[lane["~ts"]] = np.minimum(table[lane["~t"]] + NODES[s] * step, table[lane["~end"]])
        table[rows["g"]] = rest
        if s:
            table[rows["u"]] = table[rows["x"]] + sum(a * stages[j] for j, a in enumerate(A[s]))
            run(kernel.rate)
        run(kernel.solve, first + s * n)
    new = table[rows["u"]] + table[rows["U"]].reshape(STAGES, n, -1)[-1]
    size = table[rows["atol"]] + table[lane["~rtol"]] * np.maximum(abs(table[rows["x"]]), abs(new))
    with np.errstate(all="ignore"):
        table[lane["~sum"]] = np.square(table[rows["U"]].reshape(STAGES, n, -1)[-1] / size).sum(axis=0)
    stages, x = table[rows["U"]].reshape(STAGES, n, -1), table[rows["x"]].copy()
    K = [sum(h * stages[j] for j, h in enumerate(row)) for row in DENSE]

    def inside(theta: float) -> Array:
        return np.asarray((1 - theta) * x + theta * (new + (1 - theta) * (K[0] + theta * (K[1] + theta * K[2]))))

    if layout.blocks["probe"][1]:
        for theta in PROBES:
            table[lane["~tp"]] = np.minimum(table[lane["~t"]] + theta * step, table[lane["~end"]])
            table[rows["probe"]] = inside(theta)
            run(kernel.watch)
    run(kernel.decide)
    table[rows["x"]] = np.where(table[lane["~good"]] != 0, new, table[rows["x"]])
    table[lane["~t"]], table[lane["~h"]] = table[lane["~tnew"]], table[lane["~hnew"]]
    return np.asarray(table[: layout.kept].T), np.asarray(began.T), inside(_WITHIN).T


def rehearse(kernel: CourseKernel, network: Network, free: tuple[str, ...]) -> Rehearsed:
    """What the machine code is to make of one person near the default state, by `slow_step`.

    Parameters
    ----------
    kernel : CourseKernel
    network : Network
    free : tuple of str
        The first of the kernel's free parameters; the others are 0.
    """
    layout, n = kernel.layout, len(network.species)
    lane = {name: layout.blocks["lane"][0] + k for k, name in enumerate(LANE)}
    state, typical, change = _near(network)
    values = dict(zip(network.parameters, network.values, strict=True))
    people = np.zeros((1, layout.kept))
    people[0, :n] = state
    first = layout.blocks["free"][0]
    people[0, first : first + len(free)] = [values[name] for name in free]
    people[0, layout.blocks["atol"][0] : layout.blocks["atol"][0] + n] = typical
    fastest = float(np.max(np.abs(change) / typical, initial=0.0))
    h = 0.01 / fastest if 0 < fastest < np.inf else 1e-3
    told = {"~h": h, "~end": 10.0 * h, "~tout": np.inf, "~rtol": 1.0, "~limit": 1.0, "~longest": np.inf}
    for name, number in told.items():
        people[0, lane[name]] = number
    return Rehearsed(h, people, *slow_step(kernel, people))


def _near(network: Network) -> tuple[Array, Array, Array]:
    """A state off the default, how large species are, and how the network changes it."""
    typical = np.where(network.initial != 0, np.abs(network.initial), 1e-3)
    # by different shares, since at rest rates cancel and nothing could be compared
    state = network.initial + typical * (0.01 + 0.2 * (np.arange(len(network.species)) * 0.618 % 1))
    values = dict(zip(network.parameters, network.values.tolist(), strict=True))
    return state, typical, change_of(network, values, state)


def fault(code: CourseCode, rehearsed: Rehearsed) -> str | None:
    """What the machine code gets wrong near the default state, or None."""
    network, n, h = code.network, len(code.network.species), rehearsed.step
    lane = {name: code.layout.blocks["lane"][0] + k for k, name in enumerate(LANE)}
    people, expected, began, within = rehearsed.before, rehearsed.after, rehearsed.change, rehearsed.within
    state, typical, change = _near(network)
    fastest = float(np.max(np.abs(change) / typical, initial=0.0))
    far = ~np.isclose(began[0], change, rtol=1e-6, atol=1e-9 * fastest * typical, equal_nan=True)
    if np.isfinite(change).all() and far.any():
        return f"'{network.species[int(np.argmax(far))]}' changes otherwise than the rates say"
    stop, lists, states = np.zeros(1, dtype=np.uint8), np.zeros(1), np.arange(n)
    times, out = np.array([_WITHIN * h]), np.full((1, n), np.nan)
    found = people.copy()
    found[0, lane["~tout"]] = times[0]
    code.run(
        found.ctypes.data, 1, stop.ctypes.data, times.ctypes.data, 1, out.ctypes.data, n, states.ctypes.data,
        lists.ctypes.data, 1,
    )  # fmt: skip
    for name in ("~t", "~h", "~done", "~steps"):
        if not np.isclose(found[0, lane[name]], expected[0, lane[name]], rtol=1e-6, equal_nan=True):
            return f"'{name[1:]}' is {found[0, lane[name]]} after a step, not {expected[0, lane[name]]}"
    written = found[0, lane["~t"]] >= times[0]
    for moved, meant, what in ((found[0, :n], expected[0, :n], "moves"), (out[0], within[0], "is written")):
        allowed = 1e-6 * np.abs(meant - state) + 1e-9 * typical
        wrong = ~(np.abs(moved - meant) <= allowed) & ~(np.isnan(moved) & np.isnan(meant))
        if wrong.any() and (written or what == "moves"):
            return f"'{network.species[int(np.argmax(wrong))]}' {what} otherwise"
    return None
