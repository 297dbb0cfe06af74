"""Is this machine code right? One step of it, near the default state, against the same step in slow NumPy.

The slow step interprets the same programs one operation at a time and does the sums over stages and the output within
the step as the tableau says them; the derivative of every species is besides compared with the rates as the network
states them.
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


_WITHIN = 0.37  # of the step: where output is asked for


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
    began = table[rows["f"]].copy()
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
    stages, x = table[rows["U"]].reshape(STAGES, n, -1), table[rows["x"]].copy()
    K = [sum(h * stages[j] for j, h in enumerate(row)) for row in DENSE]

    def inside(theta: float) -> Array:
        return np.asarray((1 - theta) * x + theta * (new + (1 - theta) * (K[0] + theta * (K[1] + theta * K[2]))))

    if kernel.blocks["probe"][1]:
        for theta in PROBES:
            table[lane["~tp"]] = np.minimum(table[lane["~t"]] + theta * step, table[lane["~end"]])
            table[rows["probe"]] = inside(theta)
            run(kernel.watch)
    run(kernel.decide)
    table[rows["x"]] = np.where(table[lane["~good"]] != 0, new, table[rows["x"]])
    table[lane["~t"]], table[lane["~h"]] = table[lane["~tnew"]], table[lane["~hnew"]]
    return np.asarray(table[: kernel.kept].T), np.asarray(began.T), inside(_WITHIN).T


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
    expected, began, within = slow_step(kernel, people)
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
