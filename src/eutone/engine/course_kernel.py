"""The programs of a time course: what one step of a lane computes, stage by stage.

A step (`eutone.engine.tableau` has its equations) is not one program, as a step of a steady state is, but a few that
are run in turn, so that the code stays small: the derivative at the beginning with the factors of ``W``; for each stage
the derivative at its point and one solution with these factors; and the decision. What connects them (sums over stages,
the error, the output) are loops, written by `eutone.engine.course_emit`.

The whole state is integrated, conserved moieties included: the method keeps every linear invariant to rounding, and a
small species is never the difference of large ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from eutone.engine.control import choose
from eutone.engine.differentiate import gradients
from eutone.engine.expr import Expr, call, const, evaluate, substitute, symbol, symbols
from eutone.engine.factor import decompose, order, unwind
from eutone.engine.network import Network
from eutone.engine.program import Program, lower
from eutone.engine.tableau import GAMMA, ORDER, STAGES

__all__ = ["FOLLOWS", "LANE", "NOTES", "WORK", "CourseKernel", "CourseLayout", "build_course_kernel"]

#: What a pace is: steps are written down, or those of a list are taken whatever their error.
NOTES, FOLLOWS = 1, 2

#: What a lane remembers between steps: time; proposed step; where to stop; 0 while running, 1 arrived, 2 steps ran
#: out, 3 steps became too short or nothing is finite, 4 the trigger of an event changed; steps tried; refused; refused
#: in a row; number and time of the next output; relative tolerance; most steps; pace (0 its own, 1 its own, written
#: down, 2 that of a list); number of the list of steps; place in it; longest step.
LANE = (
    "~t", "~h", "~end", "~done", "~steps", "~refused", "~streak", "~next", "~tout", "~rtol", "~limit", "~pace", "~list",
    "~place", "~longest",
)  # fmt: skip
#: What it works with inside a step: step taken; 1/h; time of a stage; sum of squared errors; whether the step is taken;
#: the new time and step; whether a trigger is other than it was; time of a point where triggers are looked at.
WORK = ("~step", "~inverse", "~ts", "~sum", "~good", "~tnew", "~hnew", "~changed", "~tp")

# of the usual step control (Hairer and Wanner 1996, Solving Ordinary Differential Equations II, section IV.8)
_SAFETY, _LEAST, _MOST = 0.9, 0.2, 6.0
_STREAK = 50  # refusals in a row: at a fifth each, no step is left
_SHORT = 1e3  # times the largest entry of the Jacobian: every diagonal is above the sum of a row
_MOMENT = 1e-12  # of the time: a trigger computed from it is rounded to about a thousandth of that


@dataclass(frozen=True)
class CourseLayout:
    """The rows of a lane.

    Attributes
    ----------
    blocks : dict of str to (int, int)
        First row and number of rows of: ``x, lane, free, atol, truth`` (what a person brings), ``work, u`` (a stage's
        point), ``f, g`` (derivative and the rest of its right side), ``slope``, ``U`` (all stages), ``K`` (dense
        output) and ``factors``.
    rows : int
        All of them.
    kept : int
        Those that a person brings, and takes away.
    timed : bool
        Whether time occurs.
    """

    blocks: dict[str, tuple[int, int]]
    rows: int
    kept: int
    timed: bool


@dataclass(frozen=True)
class CourseKernel:
    """The programs, and the rows of a lane.

    Attributes
    ----------
    layout : CourseLayout
    begin, rate, solve, watch, decide : Program
        Derivative at the beginning, its slope in time and the factors; derivative of a stage; one solution (its outputs
        are rows of the stage's own block, counted from 0); triggers of events at the new state; decision.
    """

    layout: CourseLayout
    begin: Program
    rate: Program
    solve: Program
    watch: Program
    decide: Program


def build_course_kernel(network: Network, free: tuple[str, ...]) -> CourseKernel:
    """The programs of ``network`` with ``free`` read per person and every other parameter a number."""
    names = list(network.species)
    n = len(names)
    net = _derivative(network, free)
    timed = any("time" in symbols(e) for e in net)
    point: dict[str, object] = dict(zip(names, network.initial, strict=True))
    values = dict(zip(network.parameters, network.values, strict=True))
    point |= {name: values[name] for name in free} | {"time": 0.0}
    matrix = _matrix(names, net)
    # at a step shorter than everything, so that only sparsity orders the elimination: where a long step makes a pivot
    # small beside its row, the error estimate shortens the step, and with it the pivot grows
    slopes = _pattern(matrix, point | {"~inverse": 0.0}).values()
    fastest = max((abs(v) for v in slopes if math.isfinite(v)), default=0.0)
    factors = decompose(matrix, n, order(_pattern(matrix, point | {"~inverse": _SHORT * (fastest or 1.0)}), n))

    labels = [f"~{kind}{i},{j}" for kind, table in factors.tables for i, j in table]
    sizes = {
        "x": n, "lane": len(LANE), "free": len(free), "atol": n, "truth": len(network.events), "work": len(WORK),
        "u": n, "f": n, "g": n,
        "slope": n if timed else 0, "U": STAGES * n, "K": 3 * n, "probe": n if network.events else 0,
        "factors": len(labels),
    }  # fmt: skip
    blocks: dict[str, tuple[int, int]] = {}
    total = 0
    for name, size in sizes.items():
        blocks[name] = (total, size)
        total += size

    def rows(**named: Iterable[str]) -> dict[str, int]:
        return {label: blocks[block][0] + k for block, labels in named.items() for k, label in enumerate(labels)}

    lane = rows(lane=LANE, work=WORK)
    here = rows(x=names, free=free) | lane
    taken = _taken()
    outputs = [(lane[name], e) for name, e in (taken | {"~changed": const(0)}).items()]
    inside = {"~inverse": taken["~inverse"], "time": symbol("~t")}
    wanted = substitute([*net, *factors.values, *(_slopes(net) if timed else ())], inside)
    targets = [blocks["f"][0] + k for k in range(n)]
    targets += [blocks["factors"][0] + k for k in range(len(labels))]
    targets += [blocks["slope"][0] + k for k in range(n if timed else 0)]
    begin = lower([*outputs, *zip(targets, wanted, strict=True)], here)

    there = rows(u=names, free=free) | lane
    stage = substitute(net, {"time": symbol("~ts")})
    rate = lower([(blocks["f"][0] + k, e) for k, e in enumerate(stage)], there)

    right = [symbol(f"~f{k}") + symbol(f"~g{k}") for k in range(n)]
    solved = unwind(factors, right)
    needed = rows(f=[f"~f{k}" for k in range(n)], g=[f"~g{k}" for k in range(n)], factors=labels)
    solve = lower(list(enumerate(solved)), needed)
    truths = [f"~truth{k}" for k in range(len(network.events))]
    after = rows(probe=names if network.events else (), free=free, truth=truths) | lane
    watch = lower([(lane["~changed"], _changed(network, free, truths))], after)
    decide = lower([(lane[name], e) for name, e in _decision(n).items()], lane)
    kept = blocks["work"][0]
    return CourseKernel(CourseLayout(blocks, total, kept, timed), begin, rate, solve, watch, decide)


def _changed(network: Network, free: tuple[str, ...], truths: list[str]) -> Expr:
    """Whether any trigger is, or at another point of this step was, other than it was at its beginning."""
    triggers = substitute([e.trigger for e in network.events], network.inlined(free))
    triggers = substitute(triggers, {"time": symbol("~tp")})
    changed: Expr = symbol("~changed")
    for trigger, truth in zip(triggers, truths, strict=True):
        changed = call("or", changed, call("ne", call("ne", trigger, 0), symbol(truth)))
    return changed


def _derivative(network: Network, free: tuple[str, ...]) -> list[Expr]:
    """``dx/dt`` of every species over species, free parameters and time."""
    known = network.inlined(free)
    found = substitute([*network.rates, *network.drift.values()], known)
    rates, drift = found[: len(network.rates)], dict(zip(network.drift, found[len(network.rates) :], strict=True))
    net = []
    for i, name in enumerate(network.species):
        total = drift.get(name, const(0))
        for j in np.flatnonzero(network.stoichiometry[i]):
            factor = float(network.stoichiometry[i, j])
            total = total - -factor * rates[j] if factor < 0 else total + factor * rates[j]
        net.append(total)
    return net


def _matrix(names: list[str], net: list[Expr]) -> dict[tuple[int, int], Expr]:
    """``I / (h gamma) - J``."""
    index = {name: k for k, name in enumerate(names)}
    diagonal = symbol("~inverse") * (1.0 / GAMMA)
    matrix = {(k, k): diagonal for k in range(len(names))}
    for k, row in enumerate(gradients(net, names)):
        for name, slope in row.items():
            matrix[k, index[name]] = matrix.get((k, index[name]), const(0)) - slope
    return matrix


def _pattern(matrix: dict[tuple[int, int], Expr], point: dict[str, object]) -> dict[tuple[int, int], float]:
    numbers = evaluate(list(matrix.values()), point)
    return {entry: float(np.asarray(v)) for entry, v in zip(matrix, numbers, strict=True)}


def _slopes(net: list[Expr]) -> list[Expr]:
    """Derivatives in time at a fixed state."""
    return [row.get("time", const(0)) for row in gradients(net, ["time"])]


def _taken() -> dict[str, Expr]:
    """The step that is tried: to the end if that is not much farther, not quite there if it is a little farther."""
    t, h, end = symbol("~t"), symbol("~h"), symbol("~end")
    left = end - t
    half = call("and", call("ge", 2.0 * h, left), call("lt", symbol("~pace"), FOLLOWS))
    step = call("select", call("ge", 1.01 * h, left), left, call("select", half, 0.5 * left, h))
    return {"~step": step, "~inverse": 1 / step}


def _reached() -> tuple[Expr, Expr]:
    """Whether the step that is tried leads to the end, and to which time."""
    t, end = symbol("~t"), symbol("~end")
    arrives = call("ge", 1.01 * symbol("~h"), end - t)
    return arrives, call("select", arrives, end, t + symbol("~step"))


def _decision(n: int) -> dict[str, Expr]:
    t, h, end, done, steps, refused, streak, *_ = map(symbol, LANE)
    step, limit = symbol("~step"), symbol("~limit")
    mean = symbol("~sum") * (1.0 / n)
    running = call("eq", done, 0)
    finite = call("lt", mean, 1e200)
    # who takes the steps of somebody else takes them whatever their error
    small = call("or", call("le", mean, 1), call("ge", symbol("~pace"), FOLLOWS))
    small = call("and", running, call("and", finite, small))
    # a step over an event is halved until it ends at the first moment after it: a moment long enough that rounding does
    # not turn the trigger back
    changed = call("and", small, symbol("~changed"))
    moment = call("le", step, _MOMENT * choose("gt", call("abs", t), 1e-2 * call("abs", end)))
    over = call("and", changed, call("not", moment))
    good = call("and", small, call("not", over))
    # (err)^(-1/5), err the root of the mean square; below 1e-30 nothing is left to gain
    factor = _SAFETY * call("exp", (-0.5 / ORDER) * call("ln", choose("gt", mean, const(1e-30))))
    longest = call("select", call("gt", streak, 0), 1.0, _MOST)
    factor = choose("lt", choose("gt", factor, const(_LEAST)), longest)
    factor = call("select", over, 0.5, call("select", finite, factor, 0.1))
    proposed = step * factor
    # what was cut short to meet the end says nothing against the step that was meant
    short = call("and", call("and", good, call("lt", step, h)), call("eq", streak, 0))
    after = call("select", short, choose("gt", proposed, h), proposed)
    after = choose("lt", after, symbol("~longest"))
    arrived, reached = _reached()
    tnew = call("select", good, reached, t)
    stuck = call("select", good, 0, call("select", over, choose("gt", streak, const(1)), streak + 1))
    tiny = call("le", call("abs", proposed), 1e-15 * call("abs", t) + 1e-300)
    lost = call("and", call("not", good), call("or", call("ge", stuck, _STREAK), tiny))
    lost = call("and", lost, call("not", over))
    ended = call("select", call("and", good, arrived), 1, call("select", lost, 3, 0))
    ended = call("select", call("and", good, changed), 4, ended)
    ended = call("select", call("and", call("eq", ended, 0), call("ge", steps + 1, limit)), 2, ended)
    new = {
        "~hnew": after,
        "~tnew": tnew,
        "~done": ended,
        "~steps": steps + 1,
        "~refused": refused + call("select", good, 0, 1),
        "~streak": stuck,
    }
    keep = {"~hnew": h, "~tnew": t}
    update = {name: call("select", running, e, keep.get(name, symbol(name))) for name, e in new.items()}
    update["~good"] = good
    return update
