"""The programs of a steady state: a step of the search, a step of its check, and what is to be known where it ended.

**The step** solves ``(I/h - J) dx = F`` on the independent species, measures the change and decides
(`eutone.engine.control` says how). **The check** integrates in time (`eutone.engine.follow`).

**The finish** evaluates, at the state found, every species, the observables and the residual: the largest over species
of net change over gross change, where gross means every production and loss term without its sign, also inside a
reversible rate law (so that equilibrium counts as rest), each with a millionth of their typical values added to the
species (so that what has run out counts as having run out).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError
from eutone.engine.control import CONTROL, SETTINGS, choose, control
from eutone.engine.differentiate import gradients
from eutone.engine.expr import Expr, call, const, evaluate, substitute, symbol, symbols
from eutone.engine.factor import Solution, order, solve
from eutone.engine.follow import FOLLOW, follow
from eutone.engine.moieties import Moieties, conserved_moieties
from eutone.engine.network import Network
from eutone.engine.program import Program, lower

__all__ = ["Kernel", "build_kernel"]

_TOTAL = "~total"
_TRACE = 1e-3  # of a grain: a millionth of the typical value


@dataclass(frozen=True)
class Kernel:
    """The programs, and which row of a person's numbers is what to each of them.

    Attributes
    ----------
    begin : Program
        From the whole start (species) to its independent part and the totals of the moieties. Where the row
        ``~default`` is 1, initial assignments are evaluated first.
    step, follow, finish : Program
        As in the module's text.
    begin_rows, step_rows, follow_rows, finish_rows : dict of str to int
        Rows in order: ``species, ~default, free, independent, totals``; ``independent, CONTROL, SETTINGS, free,
        totals, ~grain species``; ``independent, FOLLOW, free, totals, ~base, ~one, ~found, ~grain independent``;
        ``independent, free, totals, ~grain species, ~x species, ~f species (net change), ~o observables, ~residual``.
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

    begin: Program
    step: Program
    follow: Program
    finish: Program
    begin_rows: dict[str, int]
    step_rows: dict[str, int]
    follow_rows: dict[str, int]
    finish_rows: dict[str, int]
    independent: tuple[str, ...]
    totals: tuple[str, ...]
    observables: tuple[str, ...]
    independent_index: NDArray[np.intp]
    typical: NDArray[np.float64]
    positive: NDArray[np.bool_]
    rate: float
    factor_entries: int


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

    net = [_net(network, i, rates, drift) for i in range(len(network.species))]
    grains = [f"~grain {s}" for s in network.species]
    above = {s: e + _TRACE * symbol(g) for (s, e), g in zip(((s, x[s]) for s in network.species), grains, strict=True)}
    raised = _resolved(network, free, above, [*network.rates, *network.drift.values()])
    raised_drift = dict(zip(network.drift, raised[len(rates) :], strict=True))
    gross = [_gross(network, i, raised[: len(rates)], raised_drift) for i in range(len(network.species))]
    at_rest = _default(network, free, totals, moieties)

    step_rows = _rows(names, CONTROL, SETTINGS, free, totals, grains)
    found, rate = _newton(names, [net[i] for i in moieties.independent], at_rest)
    step = lower(_step(network, moieties, x, found, step_rows), step_rows)
    kept = [f"~{kind} {name}" for kind in ("base", "one", "found", "grain") for name in names]
    follow_rows = _rows(names, FOLLOW, free, totals, kept)
    followed = follow(names, found.unknowns, found.pivots)

    labels = [f"~x {s}" for s in network.species], [f"~f {s}" for s in network.species]
    finish_rows = _rows(names, free, totals, grains, *labels, [f"~o {name}" for name, _ in observables], ["~residual"])
    residual = _largest([call("abs", f) / (g + 1e-300) for f, g in zip(net, gross, strict=True)])
    values = [*(x[s] for s in network.species), *net, *observed, residual]
    targets = [*labels[0], *labels[1], *(f"~o {name}" for name, _ in observables), "~residual"]
    finish = lower(((finish_rows[t], e) for t, e in zip(targets, values, strict=True)), finish_rows)
    begin_rows = _rows((f"~x {s}" for s in network.species), ["~default"], free, names, totals)
    begin = lower(_begin(network, moieties, names, totals, free, begin_rows), begin_rows)
    return Kernel(
        begin,
        step,
        lower(((follow_rows[name], e) for name, e in followed.items()), follow_rows),
        finish,
        begin_rows,
        step_rows,
        follow_rows,
        finish_rows,
        tuple(names),
        tuple(totals),
        tuple(name for name, _ in observables),
        moieties.independent,
        _typical(network),
        _positive(network),
        rate,
        found.entries,
    )


def _begin(
    network: Network,
    moieties: Moieties,
    names: list[str],
    totals: list[str],
    free: tuple[str, ...],
    rows: dict[str, int],
) -> list[tuple[int, Expr]]:
    given = {s: symbol(f"~x {s}") for s in network.species}
    assigned = _resolved(network, free, given, list(network.initials.values()))
    start = dict(given)
    for name, e in zip(network.initials, assigned, strict=True):
        start[name] = call("select", symbol("~default"), e, given[name])
    outputs = [(rows[name], start[name]) for name in names]
    for k, i in enumerate(moieties.dependent):
        terms = [(-float(moieties.link[k, j]), start[name]) for j, name in enumerate(names)]
        outputs.append((rows[totals[k]], _sum([(1.0, start[network.species[i]]), *terms])))
    return outputs


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


def _gross(network: Network, i: int, rates: list[Expr], drift: dict[str, Expr]) -> Expr:
    row = network.stoichiometry[i]
    terms = [(abs(float(row[j])), _without_signs(rates[j])) for j in np.flatnonzero(row)]
    return _sum(terms) + _without_signs(drift.get(network.species[i], const(0)))


def _without_signs(node: Expr) -> Expr:
    """How large ``node`` would be if nothing in it cancelled (sums under a fraction bar or a function stay)."""
    match node.op:
        case "add" | "sub":
            return _without_signs(node.args[0]) + _without_signs(node.args[1])
        case "mul":
            return _without_signs(node.args[0]) * _without_signs(node.args[1])
        case "div":
            return _without_signs(node.args[0]) / call("abs", node.args[1])
        case "neg":
            return _without_signs(node.args[0])
        case "const":
            return const(abs(float(node.value or 0.0)))
    return call("abs", node)


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


def _largest(values: list[Expr]) -> Expr:
    return reduce(lambda a, b: call("max", a, b), values, const(0))


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


def _step(
    network: Network, moieties: Moieties, x: dict[str, Expr], found: Solution, rows: dict[str, int]
) -> list[tuple[int, Expr]]:
    names = [network.species[i] for i in moieties.independent]
    change = dict(zip(names, found.unknowns, strict=True))
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
    total = reduce(lambda a, p: a + call("abs", p) * 1e-300, found.pivots, total)
    sign = reduce(lambda a, p: a * call("select", call("lt", p, 0), -1, 1), found.pivots, const(1))
    decisions = control(rise, fall, low, total, sign)
    taken = decisions.pop("taken")
    outputs, clip = [], call("select", call("lt", symbol("~below"), 1), 0, -math.inf)
    for i, n in zip(moieties.independent, names, strict=True):
        moved = symbol(n) + change[n]
        if positive[i]:  # what steps below zero by next to nothing is zero
            moved = call("select", call("lt", moved, clip), 0, moved)
        outputs.append((rows[n], call("select", taken, moved, symbol(n))))
    return outputs + [(rows[n], e) for n, e in decisions.items()]
