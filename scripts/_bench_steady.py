"""Steady states beside the peers: truth, peers, and rows of the table.

Accuracy: every peer's states are compared with a truth made apart from all of them (Newton's method with rates in
extended precision, residual below 1e-17), as the largest relative error of any species that is not zero. A peer has to
reach 1e-6 to be measured. libroadrunner has conserved moieties removed, and every solver that it has is tried first,
the fastest that reaches the accuracy is measured; COPASI is driven through its own Python objects.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from _bench_network import Problem, timed, to_sbml

from eutone.engine import SteadyStates, solve_steady
from eutone.engine.differentiate import gradients
from eutone.engine.expr import Expr, evaluate, substitute
from eutone.engine.moieties import conserved_moieties

ACCURACY = 1e-6  # largest relative error of a species with which a peer takes part
TRUTHS = 8  # people for whom a truth is made
Solver = Callable[[np.ndarray], np.ndarray]  # parameters (n, n_free) to states (n, n_species)


# --- truth ---


def truth(p: Problem, n: int, begin: np.ndarray | None = None) -> np.ndarray:
    """States for the first ``n`` people: Newton's method with rates in extended precision, from where Eutone ends."""
    network, moieties = p.network, conserved_moieties(p.network)
    rules: dict[str, Expr] = {}
    for name, rule in network.rules:
        rules[name] = substitute([rule], rules)[0]
    terms = substitute([*network.rates, *network.drift.values()], rules)
    slopes = gradients(terms, network.species)
    matrix = np.zeros((len(network.species), len(terms)))
    matrix[:, : len(network.rates)] = network.stoichiometry
    for k, name in enumerate(network.drift, len(network.rates)):
        matrix[network.species.index(name), k] = 1
    ind, dep, link = moieties.independent, moieties.dependent, moieties.link
    if begin is None:
        begin = solve_steady(p.compiled, p.values[:n], threads=1).states
    states = begin.astype(np.longdouble)
    long = matrix.astype(np.longdouble)
    for i in range(n):
        x = states[i]
        start = network.start(network.values_with(dict(zip(p.free, p.values[i], strict=True)))).astype(np.longdouble)
        total = start[dep] - link.astype(np.longdouble) @ start[ind]
        point: dict[str, object] = dict(zip(network.parameters, network.values.astype(np.longdouble), strict=True))
        point |= dict(zip(p.free, p.values[i].astype(np.longdouble), strict=True)) | {"time": np.longdouble(0)}
        for _ in range(8):
            x[dep] = link.astype(np.longdouble) @ x[ind] + total
            point |= dict(zip(network.species, x, strict=True))
            v = np.array(evaluate(terms, point), dtype=np.longdouble)
            J = np.zeros((len(terms), len(x)))
            for k, row in enumerate(slopes):
                numbers = evaluate(list(row.values()), {name: float(v) for name, v in point.items()})
                for name, slope in zip(row, numbers, strict=True):
                    J[k, network.species.index(name)] = slope
            whole = matrix @ J
            reduced = whole[np.ix_(ind, ind)] + whole[np.ix_(ind, dep)] @ link
            # balanced: rates and sizes span many decades
            size = np.maximum(np.abs(x[ind].astype(float)), 1e-30)
            rows = np.max(np.abs(reduced * size), axis=1)
            change = size * np.linalg.solve(reduced * size / rows[:, None], -(long[ind] @ v).astype(float) / rows)
            x[ind] += change
        x[dep] = link.astype(np.longdouble) @ x[ind] + total
    return states.astype(float)


def error_of(p: Problem, states: np.ndarray) -> float:
    wanted = p.truth
    got = states[: len(wanted)]
    with np.errstate(all="ignore"):
        relative = np.abs(got - wanted) / np.maximum(np.abs(wanted), 1e-12 * np.max(np.abs(wanted)))
    return float(np.max(np.where(np.isfinite(relative), relative, np.inf)))


# --- peers: each takes a problem and gives a solver, or says why it cannot ---


def roadrunner(p: Problem) -> tuple[str, Solver]:
    import roadrunner as rr

    rr.Logger.setLevel(rr.Logger.LOG_FATAL)
    model = rr.RoadRunner(to_sbml(p.antimony))
    model.conservedMoietyAnalysis = True
    ids = list(model.model.getGlobalParameterIds())
    where = [ids.index(name) for name in p.free]
    order = [list(model.model.getFloatingSpeciesIds()).index(name) for name in p.network.species]

    def solve(values: np.ndarray) -> np.ndarray:
        found = np.full((len(values), len(order)), np.nan)
        for i, row in enumerate(values):
            model.reset()
            model.model.setGlobalParameterValues(where, row)
            try:
                model.steadyState()
            except RuntimeError:
                continue  # counted as an error of the peer, since its states stay empty
            found[i] = model.model.getFloatingSpeciesConcentrations()[order]
        return found

    trials = []
    for name in model.getRegisteredSteadyStateSolverNames():
        for presimulation in (False, True):
            model.setSteadyStateSolver(name)
            settings = {"allow_presimulation": presimulation, "allow_approx": presimulation}
            for key, value in settings.items():
                model.steadyStateSolver.setValue(key, value)
            error = error_of(p, solve(p.values[:TRUTHS]))
            began = time.perf_counter()
            solve(p.values[:20])
            trials.append((error > ACCURACY, time.perf_counter() - began, name, settings))
    failed, _, name, settings = min(trials, key=lambda t: t[:2])
    if failed:
        raise RuntimeError(f"no solver reaches a relative error of {ACCURACY:g}")
    model.setSteadyStateSolver(name)
    for key, value in settings.items():
        model.steadyStateSolver.setValue(key, value)
    return f"libroadrunner {rr.__version__} ({name})", solve


def copasi(p: Problem) -> tuple[str, Solver]:
    import basico
    import COPASI

    model = basico.load_model_from_string(to_sbml(p.antimony))
    inner = model.getModel()
    objects = [inner.getModelValue(name) for name in p.free]
    species = {s.getObjectName(): s for s in inner.getMetabolites()}
    wanted = [species[name] for name in p.network.species]
    task = model.getTask("Steady-State")
    task.getProblem().setJacobianRequested(False)
    task.getProblem().setStabilityAnalysisRequested(False)
    task.getMethod().getParameter("Resolution").setDblValue(1e-9)

    def solve(values: np.ndarray) -> np.ndarray:
        found = np.full((len(values), len(wanted)), np.nan)
        for i, row in enumerate(values):
            for element, value in zip(objects, row, strict=True):
                element.setInitialValue(float(value))
            inner.updateInitialValues(COPASI.CCore.Framework_Concentration)
            if task.process(True) and task.getResult() in (1, 2):  # found; found, and it is an equilibrium
                found[i] = [s.getConcentration() for s in wanted]
        return found

    if not error_of(p, solve(p.values[: len(p.truth)])) <= ACCURACY:
        raise RuntimeError(f"does not reach a relative error of {ACCURACY:g}")
    return f"COPASI {basico.COPASI.__version__}", solve


def scipy_reference(p: Problem) -> tuple[str, Solver]:
    import scipy

    from eutone.engine.reference import Derivative, steady_state

    network = replace(p.network, explicit_time=False)  # its clock has amplitude 0
    derivative = Derivative(network)

    def solve(values: np.ndarray) -> np.ndarray:
        found = [
            steady_state(network, dict(zip(p.free, row, strict=True)), derivative=derivative).state for row in values
        ]
        return np.array(found)

    return f"SciPy {scipy.__version__} (reference path)", solve


PEERS = {
    "libroadrunner": ("roadrunner", roadrunner, 60),
    "COPASI": ("basico", copasi, 20),
    "SciPy": ("scipy", scipy_reference, 1),
}


# --- measuring ---


def compare(p: Problem, peer: str, repeats: int) -> dict[str, object] | str:
    """One row of the table, or why there is none."""
    module, make, most = PEERS[peer]
    if importlib.util.find_spec(module) is None:
        return "not installed (it is in the extra `bench`)"
    try:
        label, solve = make(p)
        error = error_of(p, solve(p.values[: len(p.truth)]) if peer != "SciPy" else _some(p, solve(p.values[:1])))
    except Exception as problem:  # whatever a peer does, the others are still measured
        return f"cannot take part: {type(problem).__name__}: {problem}"
    some = p.values[: min(most, len(p.values))]
    ours, theirs = [], []
    for _ in range(repeats):
        solve_steady(p.compiled, p.values[: len(p.values) // 8], threads=1)  # warm, as the peer is after its first
        ours.append(timed(lambda: solve_steady(p.compiled, p.values, threads=1)) / len(p.values))
        solve(some[: len(some) // 8])
        theirs.append(timed(lambda: solve(some)) / len(some))
    ratios = np.array(theirs) / np.array(ours)
    return {
        "problem": p.name,
        "peer": label,
        "eutone_seconds": float(np.median(ours)),
        "peer_seconds": float(np.median(theirs)),
        "eutone_error": error_of(p, solve_steady(p.compiled, p.values[: len(p.truth)], threads=1).states),
        "peer_error": error,
        "ratio": {"median": float(np.median(ratios)), "low": float(ratios.min()), "high": float(ratios.max())},
    }


def _some(p: Problem, states: np.ndarray) -> np.ndarray:
    """A slow peer's few states, with the truth for the others."""
    whole = p.truth.copy()
    whole[: len(states)] = states
    return whole


def statuses(found: SteadyStates) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in found.counts().items())
    return f"{counts}; basin checked for {found.checked}, {found.disagreed} disagreed"
