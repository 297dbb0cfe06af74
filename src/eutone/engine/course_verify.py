"""Is this machine code right? One step of it, near the default state, against the same step in slow NumPy.

The slow step interprets the same programs one operation at a time and does the sums over stages as the tableau says
them; the derivative is besides compared with the rates as the network states them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eutone.engine.course_emit import PROBES
from eutone.engine.course_kernel import LANE, WORK, CourseKernel
from eutone.engine.derivative import Derivative
from eutone.engine.program import Program, interpret
from eutone.engine.tableau import DENSE, NODES, SLOPES, STAGES, A, C

if TYPE_CHECKING:
    from eutone.engine.course import CourseCode

__all__ = ["fault", "slow_step"]

Array = NDArray[np.float64]


def slow_step(kernel: CourseKernel, people: Array) -> Array:
    """What one pass makes of ``people`` (n, kept): one step of everybody, output aside."""
    table = np.zeros((kernel.rows, len(people)))
    table[: kernel.kept] = people.T
    rows = {name: slice(a, a + k) for name, (a, k) in kernel.blocks.items()}
    lane = {name: kernel.blocks["lane"][0] + k for k, name in enumerate(LANE)}
    lane |= {name: kernel.blocks["work"][0] + k for k, name in enumerate(WORK)}
    n, first = rows["x"].stop, kernel.blocks["U"][0]
    stages = table[rows["U"]].reshape(STAGES, n, -1)

    def run(program: Program, into: int = 0) -> None:
        done = interpret(program, table)
        for row, _ in program.outputs:
            table[into + row] = done[row]

    run(kernel.begin)
    step = table[lane["~step"]]
    for s in range(STAGES):
        stages = table[rows["U"]].reshape(STAGES, n, -1)
        rest = sum((c * stages[j] for j, c in enumerate(C[s])), np.zeros_like(stages[0])) * table[lane["~inverse"]]
        if kernel.timed:
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
    if kernel.blocks["probe"][1]:
        stages, x = table[rows["U"]].reshape(STAGES, n, -1), table[rows["x"]]
        K = [sum(h * stages[j] for j, h in enumerate(row)) for row in DENSE]
        for theta in PROBES:
            table[lane["~tp"]] = np.minimum(table[lane["~t"]] + theta * step, table[lane["~end"]])
            inside = new + (1 - theta) * (K[0] + theta * (K[1] + theta * K[2]))
            table[rows["probe"]] = (1 - theta) * x + theta * inside
            run(kernel.watch)
    run(kernel.decide)
    table[rows["x"]] = np.where(table[lane["~good"]] != 0, new, table[rows["x"]])
    table[lane["~t"]], table[lane["~h"]] = table[lane["~tnew"]], table[lane["~hnew"]]
    return np.asarray(table[: kernel.kept].T)


def fault(code: CourseCode) -> str | None:
    """What the machine code gets wrong near the default state, or None."""
    network, kernel = code.network, code.kernel
    n = len(network.species)
    lane = {name: kernel.blocks["lane"][0] + k for k, name in enumerate(LANE)}
    typical = np.where(network.initial != 0, np.abs(network.initial), 1e-3)
    # off the default by different shares, since at rest rates cancel and nothing could be compared
    state = network.initial + typical * (0.01 + 0.2 * (np.arange(n) * 0.618 % 1))
    values = dict(zip(network.parameters, network.values, strict=True))
    people = np.zeros((1, kernel.kept))
    people[0, :n] = state
    first = kernel.blocks["free"][0]
    people[0, first : first + len(code.free)] = [values[name] for name in code.free]
    people[0, kernel.blocks["atol"][0] : kernel.blocks["atol"][0] + n] = typical
    change = Derivative(network)(0.0, state, network.values)
    fastest = float(np.max(np.abs(change) / typical, initial=0.0))
    h = 0.01 / fastest if 0 < fastest < np.inf else 1e-3
    told = {"~h": h, "~end": 10.0 * h, "~tout": np.inf, "~rtol": 1.0, "~limit": 1.0, "~longest": np.inf}
    for name, number in told.items():
        people[0, lane[name]] = number
    expected = slow_step(kernel, people)
    stop, nothing = np.zeros(1, dtype=np.uint8), np.zeros(1)
    found = people.copy()
    empty = nothing.ctypes.data
    code.run(found.ctypes.data, 1, stop.ctypes.data, empty, 0, empty, 0, empty, empty, 1)
    for name in ("~t", "~h", "~done", "~steps"):
        if not np.isclose(found[0, lane[name]], expected[0, lane[name]], rtol=1e-6, equal_nan=True):
            return f"'{name[1:]}' is {found[0, lane[name]]} after a step, not {expected[0, lane[name]]}"
    moved, meant = found[0, :n] - state, expected[0, :n] - state
    allowed = 1e-6 * np.abs(meant) + 1e-9 * typical
    wrong = ~(np.abs(moved - meant) <= allowed) & ~(np.isnan(moved) & np.isnan(meant))
    if wrong.any():
        return f"'{network.species[int(np.argmax(wrong))]}' moves otherwise"
    if np.isfinite(change).all() and fastest > 0 and found[0, lane["~t"]] > 0:
        rough = np.abs(meant - h * change) > 0.5 * h * np.abs(change) + 0.05 * h * fastest * typical
        if not kernel.timed and rough.all():
            return "no species moves as the rates say"
    return None
