"""The programs of a steady state: where to begin, a step of the search, a step of its check, and what came of it.

**The solution** of ``(I/h - J) dx = F`` on the independent species is most of a step, and of a run of the check: it is
one program, which both begin with. **The step** measures the change and decides (`eutone.engine.control` says how).
**The check** integrates in time (`eutone.engine.follow`). **The finish** evaluates,
at the state found, every species, the observables, and how the search ended (`eutone.engine.ending`).

Beginning, stepping and finishing work on one table with a row of numbers for each person, so that nothing is carried
from one to the next; what is the same for everybody (settings, grains) stands apart from it, once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError
from eutone.engine.control import CONTROL, PIVOTS, SETTINGS, choose, control
from eutone.engine.differentiate import gradients
from eutone.engine.ending import ENDED, ending, gross_change
from eutone.engine.expr import Expr, call, const, evaluate, substitute, symbol, symbols
from eutone.engine.factor import Solution, order, solve
from eutone.engine.follow import FOLLOW, follow
from eutone.engine.lot import lot
from eutone.engine.moieties import Moieties, conserved_moieties
from eutone.engine.network import Network
from eutone.engine.program import Program, lower

__all__ = ["Kernel", "Layout", "build_check", "build_kernel"]

_TOTAL = "~total"


@dataclass(frozen=True)
class Layout:
    """Which of a person's numbers is what, and what else the solver needs to know of a network.

    Attributes
    ----------
    rows : dict of str to int
        Rows of all programs, in order the parts ``start`` (``~start species``), ``free``, ``totals``, ``lot``,
        ``independent``, ``control``, ``solution`` (``~d independent`` and `PIVOTS`), ``species`` (``~x species``),
        ``change`` (``~f species``), ``observed`` (``~o observables``) and ``ended``; from ``width`` on what is the same
        for everybody, ``settings`` and ``grains`` (``~grain species``).
    parts : dict of str to slice
        Where these parts lie.
    width : int
        Numbers that each person has.
    follow_rows : dict of str to int
        Rows of the check, which has those of a person too: `FOLLOW` and ``~base, ~one, ~found, ~grain independent``.
    independent_index : array of int
        Where the independent species stand among all.
    typical : array, (n_species,)
        How large species are, judged by their initial values.
    positive : array of bool, (n_species,)
        Which cannot be negative: all that do not begin negative and have no rate rule.
    rate : float
        A typical rate of the network at its default state, 1 over the unit of time of first steps.
    factor_entries : int
        Entries of the factors of the Jacobian, fill-in included.
    """

    rows: dict[str, int]
    parts: dict[str, slice]
    width: int
    follow_rows: dict[str, int]
    independent: tuple[str, ...]
    totals: tuple[str, ...]
    observables: tuple[str, ...]
    independent_index: NDArray[np.int64]
    typical: NDArray[np.float64]
    positive: NDArray[np.bool_]
    rate: float
    factor_entries: int


@dataclass(frozen=True)
class Kernel:
    """The programs, and the layout of what they work on.

    Attributes
    ----------
    layout : Layout
    begin, begin_at : Program
        To the totals of the moieties, the lot and the independent species: from the free parameters (and the initial
        assignments), or from them and a whole start.
    solution, step, finish : Program
        As in the module's text.
    """

    layout: Layout
    begin: Program
    begin_at: Program
    solution: Program
    step: Program
    finish: Program


def build_kernel(network: Network, free: tuple[str, ...], observables: tuple[tuple[str, Expr], ...]) -> Kernel:
    """The programs of ``network`` with ``free`` read per person and every other parameter a number.

    Raises
    ------
    ModelError
        If anything asked for depends on time.
    """
    moieties = conserved_moieties(network)
    names = [network.species[i] for i in moieties.independent]
    totals = [f"{_TOTAL}{k}" for k in range(len(moieties.dependent))]
    x = {name: symbol(name) for name in names}
    for k, i in enumerate(moieties.dependent):
        terms = [(float(moieties.link[k, j]), x[name]) for j, name in enumerate(names)]
        x[network.species[i]] = _sum([(1.0, symbol(totals[k])), *terms])
    expressions = _resolved(network, free, x, [*network.rates, *network.drift.values(), *(e for _, e in observables)])
    rates, rest = expressions[: len(network.rates)], expressions[len(network.rates) :]
    drift = dict(zip(network.drift, rest, strict=False))
    observed = rest[len(drift) :]
    _refuse_time(network, rates, drift, [name for name, _ in observables], observed)

    labels = {
        "start": [f"~start {s}" for s in network.species],
        "free": free,
        "totals": totals,
        "lot": ["~lot"],
        "independent": names,
        "control": CONTROL,
        "solution": [*(f"~d {name}" for name in names), *PIVOTS],
        "species": [f"~x {s}" for s in network.species],
        "change": [f"~f {s}" for s in network.species],
        "observed": [f"~o {name}" for name, _ in observables],
        "ended": ENDED,
        "settings": SETTINGS,
        "grains": [f"~grain {s}" for s in network.species],
    }
    rows = _rows(*labels.values())
    ends = np.cumsum([len(group) for group in labels.values()]).tolist()
    parts = {name: slice(end - len(group), end) for end, (name, group) in zip(ends, labels.items(), strict=True)}

    def program(outputs: Iterable[tuple[str, Expr]]) -> Program:
        return lower(((rows[name], e) for name, e in outputs), rows)

    net = [_net(network, i, rates, drift) for i in range(len(network.species))]
    gross = gross_change(network, x, lambda at, wanted: _resolved(network, free, at, wanted))
    positive = _positive(network)
    found, rate = _newton(names, [net[i] for i in moieties.independent], _default(network, free, totals, moieties))
    whole = [x[s] for s in network.species]
    kept = [f"~{kind} {name}" for kind in ("base", "one", "found", "grain") for name in names]
    width = parts["ended"].stop
    own = [name for name in (*FOLLOW, *kept) if rows.get(name, width) >= width]
    follow_rows = {name: k for name, k in rows.items() if k < width} | {name: width + k for k, name in enumerate(own)}
    given = {s: symbol(label) for s, label in zip(network.species, labels["start"], strict=True)}
    layout = Layout(
        rows,
        parts,
        width,
        follow_rows,
        tuple(names),
        tuple(totals),
        tuple(name for name, _ in observables),
        moieties.independent.astype(np.int64),
        _typical(network),
        positive,
        rate,
        found.entries,
    )
    return Kernel(
        layout,
        program(_begin(network, moieties, names, totals, free, _own_start(network, free))),
        program(_begin(network, moieties, names, totals, free, given)),
        program(zip(labels["solution"], [*found.unknowns, *_pivots(found)], strict=True)),
        program(_step(network, moieties, x)),
        program(
            [
                *zip(labels["change"], net, strict=True),
                *zip(labels["observed"], observed, strict=True),
                *ending(network.species, labels["species"], whole, net, gross, positive).items(),
            ]
        ),
    )


def build_check(layout: Layout) -> Program:
    """The program of the check, behind the solution in the same lane."""
    rows = layout.follow_rows
    return lower(((rows[name], e) for name, e in follow(list(layout.independent)).items()), rows)


def _own_start(network: Network, free: tuple[str, ...]) -> dict[str, Expr]:
    """Where the network begins by itself, over free parameters."""
    start = {s: const(float(v)) for s, v in zip(network.species, network.initial, strict=True)}
    assigned = _resolved(network, free, start, list(network.initials.values()))
    return start | dict(zip(network.initials, assigned, strict=True))


def _begin(
    network: Network,
    moieties: Moieties,
    names: list[str],
    totals: list[str],
    free: tuple[str, ...],
    start: dict[str, Expr],
) -> list[tuple[str, Expr]]:
    outputs = [(name, start[name]) for name in names]
    for k, i in enumerate(moieties.dependent):
        terms = [(-float(moieties.link[k, j]), start[name]) for j, name in enumerate(names)]
        outputs.append((totals[k], _sum([(1.0, start[network.species[i]]), *terms])))
    defaults = dict(zip(network.parameters, network.values, strict=True))
    numbers = [(symbol(name), float(defaults[name])) for name in free]
    # what is a number of the network is the same for everybody, and decides nothing
    numbers += [(e, float(v)) for e, v in zip(start.values(), _typical(network), strict=True) if e.op != "const"]
    return [*outputs, ("~lot", lot(numbers))]


def _rows(*groups: Iterable[str]) -> dict[str, int]:
    return {name: k for k, name in enumerate(name for group in groups for name in group)}


def _resolved(network: Network, free: tuple[str, ...], x: dict[str, Expr], wanted: list[Expr]) -> list[Expr]:
    """``wanted`` over independent species, totals and free parameters only."""
    return substitute(substitute(wanted, network.inlined(free)), x)


def _refuse_time(
    network: Network, rates: list[Expr], drift: dict[str, Expr], names: list[str], observed: list[Expr]
) -> None:
    parts = [*zip(network.reactions, rates, strict=True), *drift.items(), *zip(names, observed, strict=True)]
    clocks = sorted({name for name, e in parts if "time" in symbols(e)})
    if clocks:
        raise ModelError(
            f"{network.name}: no steady state is defined, since time occurs in {', '.join(clocks)}. "
            "Set the amplitude of its clocks to 0 or give their mean"
        )


def _sum(terms: list[tuple[float, Expr]]) -> Expr:
    total = const(0)
    for factor, term in terms:
        total = total - -factor * term if factor < 0 else total + factor * term
    return total


def _net(network: Network, i: int, rates: list[Expr], drift: dict[str, Expr]) -> Expr:
    row = network.stoichiometry[i]
    terms = [(float(row[j]), rates[j]) for j in np.flatnonzero(row)]
    return _sum(terms) + drift.get(network.species[i], const(0))


def _default(network: Network, free: tuple[str, ...], totals: list[str], moieties: Moieties) -> dict[str, object]:
    point: dict[str, object] = dict(zip(network.species, network.initial, strict=True))
    values = dict(zip(network.parameters, network.values, strict=True))
    point.update({name: values[name] for name in free})
    constants = network.initial[moieties.dependent] - moieties.link @ network.initial[moieties.independent]
    point.update(zip(totals, constants, strict=True))
    return point


def _positive(network: Network) -> NDArray[np.bool_]:
    return np.array([v >= 0 and s not in network.drift for s, v in zip(network.species, network.initial, strict=True)])


def _typical(network: Network) -> NDArray[np.float64]:
    """How large species are, as far as their initial values tell; the middle one of these for those that begin at 0."""
    size = np.abs(network.initial)
    known = size[(size > 0) & np.isfinite(size)]
    middle = float(np.exp(np.median(np.log(known)))) if len(known) else 1.0
    return np.where((size > 0) & np.isfinite(size), size, middle)


def _newton(names: list[str], net: list[Expr], point: dict[str, object]) -> tuple[Solution, float]:
    """The solution of ``(q I - J) dx = F``, and a typical rate: the middle one of the diagonal of J."""
    index = {name: k for k, name in enumerate(names)}
    q = symbol("~q")
    matrix = {(k, k): q for k in range(len(names))}
    for k, row in enumerate(gradients(net, names)):
        for name, slope in row.items():
            matrix[k, index[name]] = matrix.get((k, index[name]), const(0)) - slope
    numbers = evaluate(list(matrix.values()), {**point, "~q": 0.0})
    pattern = {entry: float(np.asarray(v)) for entry, v in zip(matrix, numbers, strict=True)}
    diagonal = [abs(v) for (i, j), v in pattern.items() if i == j and np.isfinite(v) and v != 0]
    rate = float(np.exp(np.median(np.log(diagonal)))) if diagonal else 1.0
    return solve(matrix, net, order(pattern, len(names))), rate


def _pivots(found: Solution) -> tuple[Expr, Expr]:
    """What `PIVOTS` says."""
    trace = reduce(lambda a, p: a + call("abs", p) * 1e-300, found.pivots, const(0))
    return trace, reduce(lambda a, p: a * call("select", call("lt", p, 0), -1, 1), found.pivots, const(1))


def _step(network: Network, moieties: Moieties, x: dict[str, Expr]) -> list[tuple[str, Expr]]:
    names = [network.species[i] for i in moieties.independent]
    change = {name: symbol(f"~d {name}") for name in names}
    for k, i in enumerate(moieties.dependent):
        change[network.species[i]] = _sum([(float(moieties.link[k, j]), change[n]) for j, n in enumerate(names)])
    # the chains below must not let a not-a-number pass: its square makes `total` one
    rise, fall, low, total = const(0), const(0), const(0), const(0)
    positive = _positive(network)
    for i, name in enumerate(network.species):
        grain = symbol(f"~grain {name}")
        reciprocal = 1 / (call("abs", x[name]) + grain)
        u = change[name] * reciprocal
        rise, fall = choose("gt", u, rise), choose("lt", u, fall)
        if positive[i]:
            low = choose("lt", x[name] * reciprocal + u, low)
        total = total + u * u
    # an infinite slope makes a pivot infinite and the change 0, which must not look like rest
    trace, sign = map(symbol, PIVOTS)
    decisions = control(rise, fall, low, total + trace, sign)
    taken = decisions.pop("taken")
    outputs, clip = [], call("select", call("lt", symbol("~below"), 1), 0, -math.inf)
    for i, n in zip(moieties.independent, names, strict=True):
        moved = symbol(n) + change[n]
        if positive[i]:  # what steps below zero by next to nothing is zero
            moved = call("select", call("lt", moved, clip), 0, moved)
        outputs.append((n, call("select", taken, moved, symbol(n))))
    return outputs + list(decisions.items())
