"""Integrators beside Eutone, each at its best setting: a problem goes in, solvers come out, by the name of the setting.

A solver takes parameters (n, n_free) and a relative tolerance and gives states (n, n_times, n_species). The absolute
tolerance of a species is ``rtol * floor``, with the same ``floor`` for everybody (of one size for all where an engine
takes only that). Setting parameters and reading states is the solver's business, and inside its time. What fails leaves
its states empty: not a number.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from _bench_network import arrays, derivatives, diffsl, python, straight, to_sbml

from eutone.engine import Network
from eutone.engine.clocks import clocks, jumps
from eutone.engine.course import CourseCode, solve_course
from eutone.engine.differentiate import gradients

Solver = Callable[[np.ndarray, float], np.ndarray]


@dataclass
class Course:
    """A network, where people begin, in what they differ, when they are looked at, and what is true of the first."""

    name: str
    network: Network
    code: CourseCode
    antimony: str
    values: np.ndarray
    times: np.ndarray
    about: str = ""
    floor: np.ndarray = field(default_factory=lambda: np.empty(0))
    truth: np.ndarray = field(default_factory=lambda: np.empty(0))
    doubt: float = math.nan

    @property
    def free(self) -> tuple[str, ...]:
        """Who differs in what."""
        return self.code.free

    def edges(self) -> np.ndarray:
        """When clocks jump, the same for everybody, (n_edges,)."""
        fixed = dict(zip(self.network.parameters, self.network.values.tolist(), strict=True))
        found = jumps(clocks(self.network), fixed, np.zeros(1), float(self.times[-1]))[0]
        return found[np.isfinite(found)]

    def empty(self, n: int) -> np.ndarray:
        """States of which nothing is known."""
        return np.full((n, len(self.times), len(self.network.species)), np.nan)


def eutone(p: Course) -> tuple[str, dict[str, Solver]]:
    def solve(values: np.ndarray, rtol: float) -> np.ndarray:
        return solve_course(p.code, values, p.times, rtol=rtol, atol=rtol * p.floor, threads=1).states

    return "Eutone", {"Rodas5P": solve}


def roadrunner(p: Course) -> tuple[str, dict[str, Solver]]:
    import roadrunner as rr

    rr.Logger.setLevel(rr.Logger.LOG_FATAL)
    model = rr.RoadRunner(to_sbml(p.antimony))
    ids = list(model.model.getGlobalParameterIds())
    where = [ids.index(name) for name in p.free]
    inner = list(model.model.getFloatingSpeciesIds())
    states = [f"[{s}]" if s in inner else s for s in p.network.species]
    model.timeCourseSelections = states
    order = [p.network.species.index(s) for s in inner if s in p.network.species]
    settings = model.getIntegrator()
    settings.setValue("stiff", True)
    settings.setValue("maximum_num_steps", 1_000_000)

    def solve(values: np.ndarray, rtol: float) -> np.ndarray:
        settings.setValue("relative_tolerance", rtol)
        # a vector for its own states where every state is one of these, or else the strictest for all
        absolute = rtol * p.floor
        whole = len(order) == len(states)
        settings.setValue("absolute_tolerance", absolute[order].tolist() if whole else float(absolute.min()))
        found = p.empty(len(values))
        for i, row in enumerate(values):
            model.reset()
            model.model.setGlobalParameterValues(where, row)
            try:
                found[i] = model.simulate(float(p.times[0]), float(p.times[-1]), len(p.times))
            except RuntimeError:
                continue
        return found

    return f"libroadrunner {rr.__version__}", {"CVODE": solve}


def copasi(p: Course) -> tuple[str, dict[str, Solver]]:
    import basico
    import COPASI

    model = basico.load_model_from_string(to_sbml(p.antimony))
    inner = model.getModel()
    objects = [inner.getModelValue(name) for name in p.free]
    species = {s.getObjectName(): s.getConcentrationReference() for s in inner.getMetabolites()}
    rest = {v.getObjectName(): v.getValueReference() for v in inner.getModelValues()}
    inner.compileIfNecessary()
    names = [COPASI.CRegisteredCommonName((species | rest)[name].getCN(), model) for name in p.network.species]
    task = model.getTask("Time-Course")
    task.setMethodType(COPASI.CTaskEnum.Method_deterministic)
    problem, method = task.getProblem(), task.getMethod()
    problem.setDuration(float(p.times[-1]))
    problem.setStepNumber(len(p.times) - 1)
    problem.setTimeSeriesRequested(False)
    problem.setAutomaticStepSize(False)
    method.getParameter("Max Internal Steps").setIntValue(1_000_000)

    def solve(values: np.ndarray, rtol: float) -> np.ndarray:
        method.getParameter("Relative Tolerance").setDblValue(rtol)
        # COPASI takes the smaller of this and its share of a species' start, species by species
        method.getParameter("Absolute Tolerance").setDblValue(float(rtol * np.median(p.floor)))
        found = p.empty(len(values))
        handler = COPASI.CDataHandler()
        for name in names:
            handler.addDuringName(name)
        model.addInterface(handler)
        before = 0
        for i, row in enumerate(values):
            for element, value in zip(objects, row, strict=True):
                element.setInitialValue(float(value))
            inner.updateInitialValues(COPASI.CCore.Framework_Concentration)
            task.initializeRaw(COPASI.CCopasiTask.OUTPUT_UI)
            done = task.processRaw(True)
            after = handler.getNumRowsDuring()  # rows of everybody so far
            if done and after - before == len(p.times):
                found[i] = [handler.getNthRow(k) for k in range(before, after)]
            before = after
            task.restore()
        model.removeInterface(handler)
        return found

    return f"COPASI {basico.COPASI.__version__}", {"LSODA": solve}


def scipy(p: Course) -> tuple[str, dict[str, Solver]]:
    import warnings

    import scipy as package
    from scipy.integrate import solve_ivp

    net = derivatives(p.network, p.free)
    names = {s: f"x{i}" for i, s in enumerate(p.network.species)} | {"time": "t"}
    names |= {q: f"p{i}" for i, q in enumerate(p.free)}
    slopes = gradients(net, p.network.species)
    index = {s: i for i, s in enumerate(p.network.species)}
    entries = [(i, index[s], e) for i, row in enumerate(slopes) for s, e in row.items()]
    at = tuple(np.array([e[k] for e in entries], dtype=np.intp) for k in (0, 1))
    f, J = (_plain(roots, names, len(index), len(p.free)) for roots in (net, [e for *_, e in entries]))
    edges = [0.0, *p.edges().tolist(), math.inf]
    size = len(index)

    def one(row: np.ndarray, rtol: float, method: str) -> np.ndarray:
        point = row.tolist()

        def jacobian(t: float, x: np.ndarray) -> np.ndarray:
            whole = np.zeros((size, size))
            whole[at] = J(t, x.tolist(), point)
            return whole

        default = dict(zip(p.network.parameters, p.network.values, strict=True))
        named = default | dict(zip(p.free, row, strict=True))
        x = p.network.start(np.array([named[q] for q in p.network.parameters]))
        found = np.full((len(p.times), size), np.nan)
        found[p.times == 0] = x
        for low, high in pairwise(edges):
            # to the last bit before a clock jumps, never across it
            end = min(float(np.nextafter(high, 0)), float(p.times[-1]))
            inside = (p.times > low) & (p.times <= end)
            if end - low < 1e-12 * p.times[-1]:  # jumps side by side
                found[p.times == high] = x
                continue
            ask = np.union1d(p.times[inside], end)
            done = solve_ivp(
                lambda t, x: f(t, x.tolist(), point), (low, end), x, method, ask,
                rtol=rtol, atol=rtol * p.floor, jac=jacobian,
            )  # fmt: skip
            if not done.success:
                break
            found[inside] = done.y.T[np.searchsorted(ask, p.times[inside])]
            x = done.y[:, -1]
            if high > p.times[-1]:
                break
            found[p.times == high] = x
        return found

    def solver(method: str) -> Solver:
        def solve(values: np.ndarray, rtol: float) -> np.ndarray:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                return np.array([_caught(one, p, row, rtol, method) for row in values])

        return solve

    return f"SciPy {package.__version__}", {name: solver(name) for name in ("LSODA", "BDF", "Radau")}


def _caught(one: Callable[..., np.ndarray], p: Course, row: np.ndarray, rtol: float, method: str) -> np.ndarray:
    try:
        return one(row, rtol, method)
    except (ValueError, ArithmeticError):
        return p.empty(1)[0]


def _plain(roots: list[Any], names: dict[str, str], n: int, m: int) -> Callable[..., list[float]]:
    lines, results = straight(roots, names, python)
    text = ["def f(t, x, p):", f"    [{', '.join(f'x{i}' for i in range(n))}] = x"]
    text += [f"    [{', '.join(f'p{i}' for i in range(m))}] = p"] if m else []
    text += [f"    {a} = {b}" for a, b in lines] + [f"    return [{', '.join(results)}]"]
    space: dict[str, Any] = {**vars(math), "abs": abs}
    exec("\n".join(text), space)
    made: Callable[..., list[float]] = space["f"]
    return made


def pydiffsol(p: Course) -> tuple[str, dict[str, Solver]]:
    """DiffSL made from the network, states in units of their floors, so that its one absolute tolerance fits all."""
    import pydiffsol as ds

    text = to_diffsl(p)
    variants: dict[str, Solver] = {}

    def solver(ode: Any) -> Solver:
        def solve(values: np.ndarray, rtol: float) -> np.ndarray:
            ode.rtol = ode.atol = rtol
            found = p.empty(len(values))
            for i, row in enumerate(values):
                try:
                    found[i] = (ode.solve_dense(row, p.times).ys * p.floor[:, None]).T
                except Exception:  # whatever it raises, that person stays empty
                    continue
            return found

        return solve

    for name, matrix, linear in (
        ("sparse LU", ds.faer_sparse, ds.lu),
        ("dense LU", ds.faer_dense, ds.lu),
        # KLU, which this wheel has, ends the process on these networks
    ):
        ode = ds.Ode(text, jit_backend=ds.llvm, matrix_type=matrix, linear_solver=linear, ode_solver=ds.bdf)
        variants[f"BDF, {name}"] = solver(ode)
    return f"pydiffsol {ds.version()}", variants


def to_diffsl(p: Course) -> str:
    """The network in DiffSL; state ``i`` is in units of ``p.floor[i]``."""
    names = {s: f"x{i}" for i, s in enumerate(p.network.species)} | {"time": "t"}
    names |= {q: f"p{i}" for i, q in enumerate(p.free)}
    lines, results = straight(derivatives(p.network, p.free), names, diffsl)
    default = dict(zip(p.network.parameters, p.network.values, strict=True))
    floor, start = p.floor.tolist(), (p.network.start(p.network.values) / p.floor).tolist()
    text = ["in_i {", *(f"  p{i} = {default[q]!r}," for i, q in enumerate(p.free)), "}", "u_i {"]
    text += [*(f"  y{i} = {v!r}," for i, v in enumerate(start)), "}"]
    text += [f"x{i} {{ y{i} * {c!r} }}" for i, c in enumerate(floor)]
    text += [f"{a} {{ {b} }}" for a, b in lines]
    text += ["F_i {", *(f"  ({r}) * {1.0 / c!r}," for r, c in zip(results, floor, strict=True)), "}"]
    return "\n".join(text).replace("np.float64", "")


def diffrax(p: Course) -> tuple[str, dict[str, Solver]]:
    """Kvaerno5, everybody in one call (vmap), stopped at jumps of clocks."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    # compiling takes a minute, and is nobody's time: a second run finds what the first has made
    jax.config.update("jax_compilation_cache_dir", str(Path(tempfile.gettempdir()) / "eutone-jax"))
    import diffrax as dx
    import jax.numpy as xp

    net = derivatives(p.network, p.free)
    names = {s: f"x[{i}]" for i, s in enumerate(p.network.species)} | {"time": "t"}
    names |= {q: f"p[{i}]" for i, q in enumerate(p.free)}
    lines, results = straight(net, names, arrays)
    text = ["def f(t, x, p):", *(f"    {a} = {b}" for a, b in lines)]
    text.append(f"    return xp.stack([{', '.join(f'xp.asarray({r}, dtype=float)' for r in results)}])")
    space: dict[str, Any] = {"xp": xp}
    exec("\n".join(text), space)
    edges = p.edges()
    start = xp.asarray(p.network.start(p.network.values))
    times, floor = xp.asarray(p.times), xp.asarray(p.floor)

    def one(row: Any, rtol: Any) -> Any:
        control = dx.PIDController(rtol=rtol, atol=rtol * floor)
        if len(edges):
            control = dx.ClipStepSizeController(control, jump_ts=xp.asarray(edges))
        done = dx.diffeqsolve(
            dx.ODETerm(space["f"]), dx.Kvaerno5(), 0.0, float(p.times[-1]), None, start, row,
            saveat=dx.SaveAt(ts=times), stepsize_controller=control, max_steps=1_000_000, throw=False,
        )  # fmt: skip
        return done.ys

    many = jax.jit(jax.vmap(one, in_axes=(0, None)))

    def solve(values: np.ndarray, rtol: float) -> np.ndarray:
        return np.asarray(many(values, rtol))

    return f"diffrax {dx.__version__}", {"Kvaerno5": solve}


def amici(p: Course) -> tuple[str, dict[str, Solver]]:
    """CVODES with a sparse analytic Jacobian (KLU), in C++ that is made and compiled here once per model."""
    import amici as package
    from amici.importers.sbml import SbmlImporter
    from amici.importers.utils import MeasurementChannel
    from amici.sim.sundials import run_simulation

    text = to_sbml(p.antimony)
    mark = sha256(f"{package.__version__} one {text}".encode()).hexdigest()
    name = f"bench_{mark[:16]}"
    folder = Path(tempfile.gettempdir()) / f"eutone-amici-{os.getuid() if hasattr(os, 'getuid') else 0}" / name
    if (folder / "ready").exists():
        model = package.import_model_module(name, folder).get_model()
    else:
        made = SbmlImporter(text, from_file=False)
        # otherwise every species is one, and each costs as much as the integration
        channels = [MeasurementChannel(id_="seen", formula=p.network.species[0])]
        model = made.sbml2amici(
            name, folder, observation_model=channels, generate_sensitivity_code=False, compute_conservation_laws=False
        )
        (folder / "ready").touch()
    model.set_timepoints(p.times)
    ids = list(model.get_free_parameter_ids())
    where = np.array([ids.index(q) for q in p.free])
    states = list(model.get_state_ids())
    order = [states.index(s) for s in p.network.species]
    default = np.array(model.get_free_parameters())
    engine = model.create_solver()
    engine.set_max_steps(1_000_000)

    def solve(values: np.ndarray, rtol: float) -> np.ndarray:
        engine.set_relative_tolerance(rtol)
        engine.set_absolute_tolerance(float(rtol * np.median(p.floor)))
        found = p.empty(len(values))
        for i, row in enumerate(values):
            default[where] = row
            model.set_free_parameters(default)
            done = run_simulation(model, engine)
            if done.status == 0:
                found[i] = np.asarray(done.x)[:, order]
        return found

    return f"AMICI {package.__version__}", {"CVODES, KLU": solve}


#: Module, maker, most people at once (None: as many as fit into a turn).
PEERS: dict[str, tuple[str, Callable[[Course], tuple[str, dict[str, Solver]]], int | None]] = {
    "pydiffsol": ("pydiffsol", pydiffsol, None),
    "libroadrunner": ("roadrunner", roadrunner, None),
    "AMICI": ("amici", amici, None),
    "COPASI": ("basico", copasi, None),
    "SciPy": ("scipy", scipy, None),
    "diffrax": ("diffrax", diffrax, 4),
}
