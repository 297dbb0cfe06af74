"""From a network to machine code that finds its steady states: build the programs, compile or fetch, check, load.

Every object, fresh or from the cache, is run once before it is trusted: one step and one finish at the default state
are compared with the slow interpretation of the same programs and with the rates as the network states them. A cached
object that differs is thrown away and compiled again; a fresh one that differs is an error.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError, SolveError
from eutone.engine import cache
from eutone.engine.control import CONTROL, SETTINGS
from eutone.engine.emit import emit_function, emit_module
from eutone.engine.expr import Expr, evaluate, symbol
from eutone.engine.follow import FOLLOW
from eutone.engine.kernel import Kernel, build_kernel
from eutone.engine.network import Network
from eutone.engine.people import CAREFUL, Function, begin, finish, search
from eutone.engine.program import interpret

__all__ = ["Compiled", "compile_network", "host_lane_width"]

log = logging.getLogger(__name__)

# levels 1 to 3 give the same code: the program is already straight and shared
_OPTIMISATION = 2
_lock = threading.Lock()  # LLVM is used by one thread at a time
_ready: list[bool] = []


@dataclass(frozen=True)
class Compiled:
    """Machine code for one network, one choice of free parameters and one choice of observables.

    Attributes
    ----------
    network : Network
    free : tuple of str
        Columns of the parameter array.
    observables : tuple of str
        Columns of the observables.
    lane_width : int
    origin : str
        ``compiled`` or ``cache``.
    kernel : Kernel
    typical : array, (n_species,)
        How large species are: the larger of default and steady state under the default parameters.
    begin, step, follow, finish : callable
        ``(people, n, stop)``: address of the table (n, n_rows), people, address of the stop word. They release the
        interpreter lock.
    """

    network: Network
    free: tuple[str, ...]
    observables: tuple[str, ...]
    lane_width: int
    origin: str
    kernel: Kernel
    typical: NDArray[np.float64]
    engine: Any = field(repr=False)  # owns the code
    begin: Function = field(repr=False)
    step: Function = field(repr=False)
    follow: Function = field(repr=False)
    finish: Function = field(repr=False)


def host_lane_width() -> int:
    """Doubles in this processor's widest vectors."""
    features = llvm.get_host_cpu_features()
    return 8 if features.get("avx512f") else 4 if features.get("avx") else 2


def compile_network(
    network: Network,
    free: Sequence[str] = (),
    observables: Iterable[str | tuple[str, Expr]] = (),
    lane_width: int | None = None,
) -> Compiled:
    """Machine code that finds steady states of ``network`` for many people at once.

    Parameters
    ----------
    network : Network
    free : sequence of str
        Parameters that differ between people, in the order of the columns they will be given in. All others keep the
        network's value.
    observables : iterable of str or (str, Expr)
        What is wanted besides the species: ids of species, rules or reactions (their rates), or named expressions over
        species, parameters and rules.
    lane_width : int, optional
        People per vector: a power of 2 up to 16. The processor's own width if not given. It changes speed, never
        results.

    Raises
    ------
    ModelError
        If a name is not known, or anything depends on time.
    """
    free = tuple(free)
    for name in free:
        network.values_with({name: 1.0})  # refuses what is not a parameter, naming the nearest
    if len(set(free)) < len(free):
        raise ModelError(f"{network.name}: the same parameter is free twice")
    width = host_lane_width() if lane_width is None else lane_width
    if width not in (1, 2, 4, 8, 16):
        raise ValueError(f"lane_width is {width}, not a power of 2 up to 16")
    kernel = build_kernel(network, free, tuple(_observable(network, o) for o in observables))
    text = _module(kernel, width)
    with _lock:
        machine = _target_machine()
        key = _key(text, machine)
        for origin in ("cache", "compiled"):
            code = cache.read(key) if origin == "cache" else _compile(text, machine)
            if code is None:
                continue
            engine, functions = _load(code)
            compiled = Compiled(
                network, free, kernel.observables, width, origin, kernel, kernel.typical, engine, *functions
            )
            fault = _fault(compiled)
            if fault is None:
                if origin == "compiled":
                    cache.write(key, code)
                return replace(compiled, typical=_typical(compiled))
            cache.forget(key)
            log.warning("%s: %s machine code is wrong (%s)", network.name, origin, fault)
    raise SolveError(f"{network.name}: the machine code made here disagrees with the reference ({fault})")


def _typical(compiled: Compiled) -> NDArray[np.float64]:
    values = dict(zip(compiled.network.parameters, compiled.network.values, strict=True))
    default, stop = np.array([[values[name] for name in compiled.free]]), np.zeros(1, dtype=np.uint8)
    begun = begin(compiled, default, None)
    people = search(compiled, begun, CAREFUL, stop)
    species = np.abs(finish(compiled, people[:, : len(compiled.kernel.independent)], begun)[0][0])
    arrived = people[0, compiled.kernel.step_rows["~done"]] == 1
    return np.maximum(species, compiled.kernel.typical) if arrived else compiled.kernel.typical


def _observable(network: Network, wanted: str | tuple[str, Expr]) -> tuple[str, Expr]:
    if not isinstance(wanted, str):
        return wanted
    if wanted in network.reactions:
        return wanted, network.rates[network.reactions.index(wanted)]
    if wanted in network.species or wanted in network.parameters or wanted in dict(network.rules):
        return wanted, symbol(wanted)
    raise ModelError(f"{network.name}: '{wanted}' is no species, rule, parameter or reaction, so it cannot be observed")


def _module(kernel: Kernel, width: int) -> str:
    m, rows, last = len(kernel.independent), kernel.finish_rows, len(kernel.finish_rows)
    first = last - 2 * len(kernel.typical) - len(kernel.observables) - 1
    kept = len(kernel.begin_rows) - m - len(kernel.totals)
    return emit_module(
        [
            emit_function(
                "begin",
                kernel.begin,
                rows=len(kernel.begin_rows),
                stored=range(kept, len(kernel.begin_rows)),
                width=width,
            ),
            emit_function(
                "step",
                kernel.step,
                rows=len(kernel.step_rows),
                stored=range(m + len(CONTROL)),
                width=width,
                finished=kernel.step_rows["~done"],
            ),
            emit_function(
                "follow",
                kernel.follow,
                rows=len(kernel.follow_rows),
                stored=range(len(kernel.follow_rows)),
                width=width,
                finished=kernel.follow_rows["~done"],
            ),
            emit_function("finish", kernel.finish, rows=len(rows), stored=range(first, last), width=width),
        ],
        width,
    )


def _target_machine() -> Any:
    if not _ready:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        _ready.append(True)
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=_OPTIMISATION
    )


def _key(text: str, machine: Any) -> bytes:
    """A hash of all that the object depends on (programs, lane width and the emitter's doing are in the text)."""
    from eutone import __version__

    parts = [
        __version__,
        llvmlite.__version__,
        str(llvm.llvm_version_info),
        machine.triple,
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        f"opt {_OPTIMISATION}, no fast math, no contraction",
        text,
    ]
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _compile(text: str, machine: Any) -> bytes:
    module = llvm.parse_assembly(text)
    module.verify()
    code: bytes = machine.emit_object(module)
    return code


def _load(code: bytes) -> tuple[Any, list[Function]]:
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
    engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
    engine.finalize_object()
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
    return engine, [prototype(engine.get_function_address(name)) for name in ("begin", "step", "follow", "finish")]


def _fault(compiled: Compiled) -> str | None:
    """What the machine code gets wrong near the default state, if anything."""
    network, kernel = compiled.network, compiled.kernel
    # off the default by different shares, since at rest rates cancel and nothing could be compared
    state = network.initial * (1 + 0.2 * (np.arange(len(network.species)) * 0.618 % 1)) + 1e-3 * kernel.typical
    values = dict(zip(network.parameters, network.values, strict=True))
    stop = np.zeros(1, dtype=np.uint8)

    def run(function: Function, table: NDArray[np.float64]) -> NDArray[np.float64]:
        people = np.ascontiguousarray(table.T)
        function(people.ctypes.data, len(people), stop.ctypes.data)
        return people.T

    start = np.zeros((len(kernel.begin_rows), 1))
    start[: len(network.species), 0] = state
    for name in compiled.free:
        start[kernel.begin_rows[name]] = values[name]
    begun = run(compiled.begin, start)
    known = {name: begun[kernel.begin_rows[name]] for name in (*compiled.free, *kernel.independent, *kernel.totals)}

    step = np.ones((len(kernel.step_rows), 1))
    finish = np.ones((len(kernel.finish_rows), 1))
    for name, value in known.items():
        step[kernel.step_rows[name]] = finish[kernel.finish_rows[name]] = value
    # near its goal at once, so that one run decides everything; what is kept, is at 1
    follow = np.ones((len(kernel.follow_rows), 1))
    for name, value in known.items():
        follow[kernel.follow_rows[name]] = value
    for name, number in zip(FOLLOW, (1e3, 0, 0, 0, 0, 1e300, 1), strict=True):
        follow[kernel.follow_rows[name]] = number
    # a short step of a lane that accepts anything and gives up at once
    for name, number in zip((*CONTROL, *SETTINGS), (1e3, 1, 0, 0, 0, 0, 0, 0, 1e300, 1, 1, 1e300), strict=True):
        step[kernel.step_rows[name]] = number
    for name, function, program, table in (
        ("begin", compiled.begin, kernel.begin, start),
        ("step", compiled.step, kernel.step, step),
        ("follow", compiled.follow, kernel.follow, follow),
        ("finish", compiled.finish, kernel.finish, finish),
    ):
        wrong = _differs(run(function, table), interpret(program, table))
        if wrong:
            return f"program {name}, {wrong}"
    species = dict(zip(network.species, state, strict=True))
    rows = [kernel.finish_rows[f"~f {s}"] for s in network.species]
    return _differs(run(compiled.finish, finish)[rows, 0], _change(network, {**values, **species}))


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


def _differs(got: NDArray[np.float64], wanted: NDArray[np.float64]) -> str | None:
    with np.errstate(all="ignore"):
        finite = np.isfinite(wanted) & np.isfinite(got)
        scale = np.abs(wanted) + 1e-9 * np.max(np.abs(wanted), initial=1e-300, where=finite)
        bad = finite & (np.abs(got - wanted) > 1e-6 * scale) | (np.isfinite(wanted) != np.isfinite(got))
    return f"{int(bad.sum())} of {bad.size} numbers" if bad.any() else None
