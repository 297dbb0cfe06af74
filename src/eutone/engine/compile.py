"""From a network to machine code that finds its steady states: build the programs, compile or fetch, check, load.

The programs are needed only to write the machine code. What the solver has to know of them is their plan, which is kept
between runs; with the code in the cache nothing is built again. Every object, fresh or from the cache, is verified
before it is trusted (`eutone.engine.verify`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError
from eutone.engine.expr import Expr, symbol
from eutone.engine.kernel import Layout, build_check, build_kernel
from eutone.engine.machine import fetch, host_lane_width, mark_of, no_collections
from eutone.engine.network import Network
from eutone.engine.people import CAREFUL, Code, begin, common, run
from eutone.engine.plain import pack
from eutone.engine.program import interpret
from eutone.engine.remember import key_of, used
from eutone.engine.steady_emit import COMMON, FUNCTIONS, emit_follow, emit_steady
from eutone.engine.verify import check_fault, fault, rehearse, rehearse_check

__all__ = ["Compiled", "compile_network", "host_lane_width"]


@dataclass(frozen=True)
class Plan:
    """What is known of machine code without its programs.

    Attributes
    ----------
    mark : str
        Of the module's text (`eutone.engine.machine.mark_of`).
    layout : Layout
    rehearsed : dict of str to (array, array)
        From `eutone.engine.verify.rehearse`.
    checked : (array, array)
        From `eutone.engine.verify.rehearse_check`.
    """

    mark: str
    layout: Layout
    rehearsed: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    checked: tuple[NDArray[np.float64], NDArray[np.float64]]


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
    layout : Layout
    typical : array, (n_species,)
        How large species are: the larger of default and steady state under the default parameters.
    begin, begin_at, step, finish, solve, follow : callable
        ``(people, n, stop)``: address of the table (n, width), people, address of the stop word; the first four besides
        take the address of what is the same for everybody (`eutone.engine.people.common`), and ``solve`` takes
        addresses instead of a table (`eutone.engine.steady_emit.ARGUMENTS`). They release the interpreter lock.
        ``follow`` is compiled when it is first run.
    """

    network: Network
    free: tuple[str, ...]
    observables: tuple[str, ...]
    lane_width: int
    origin: str
    layout: Layout
    typical: NDArray[np.float64]
    engine: Any = field(repr=False)  # owns the code
    follow: Code = field(repr=False)
    begin: Code = field(repr=False)
    begin_at: Code = field(repr=False)
    step: Code = field(repr=False)
    finish: Code = field(repr=False)
    solve: Code = field(repr=False)


@no_collections()
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
        If a name is not known, anything depends on time, or the network has events.
    """
    free = tuple(free)
    for name in free:
        network.values_with({name: 1.0})  # refuses what is not a parameter, naming the nearest
    if len(set(free)) < len(free):
        raise ModelError(f"{network.name}: the same parameter is free twice")
    width = host_lane_width() if lane_width is None else lane_width
    if width not in (1, 2, 4, 8, 16):
        raise ValueError(f"lane_width is {width}, not a power of 2 up to 16")
    if network.events:
        raise ModelError(f"{network.name}: a model with events has no steady state")
    wanted = tuple(_observable(network, o) for o in observables)
    written: list[str] = []

    def plan() -> Plan:
        kernel = build_kernel(network, free, wanted)
        written.append(emit_steady(kernel, width))
        rehearsed = rehearse(kernel, network, free)
        return Plan(mark_of(written[0]), kernel.layout, rehearsed, rehearse_check(kernel, rehearsed))

    def text() -> str:
        return written[0] if written else emit_steady(build_kernel(network, free, wanted), width)

    address, number = ctypes.c_void_p, ctypes.c_int64

    def code_of(planned: Plan) -> Compiled:
        def make(engine: Any, origin: str) -> Compiled:
            functions = [
                ctypes.CFUNCTYPE(None, address, number, address, *[address] * (name in COMMON))(
                    engine.get_function_address(name)
                )
                for name in FUNCTIONS
            ]
            layout = planned.layout
            follow = _later(lambda: _check(planned, width, network.name, engine))
            known = network, free, layout.observables, width, origin, layout, layout.typical, engine
            return Compiled(*known, follow, *functions)

        return fetch(planned.mark, text, network.name, make, lambda made: fault(made, planned.rehearsed))

    compiled = used(key_of("steady", pack((network, free, wanted, width))), (Plan, Layout), plan, code_of)
    return replace(compiled, typical=_typical(compiled))


def _later(make: Callable[[], Code]) -> Code:
    """Code that is made when it is first run, by whichever thread runs it."""
    lock, made = Lock(), list[Code]()

    def run_it(*arguments: int) -> None:
        with lock:
            if not made:
                made.append(make())
        made[0](*arguments)

    return run_it


@dataclass(frozen=True)
class _Check:
    """The machine code of the check, the address of the solution that it begins with, and who owns both."""

    code: Code
    solution: int
    owners: tuple[Any, Any]

    def __call__(self, people: int, n: int, stop: int) -> None:
        self.code(people, n, stop, self.solution)


@no_collections()
def _check(planned: Plan, width: int, name: str, owner: Any) -> Code:
    """The machine code of the check; ``owner`` is the engine that has the solution."""
    layout, written = planned.layout, list[str]()
    before, solved = planned.checked

    def plan() -> tuple[str, NDArray[np.float64]]:
        program = build_check(layout)
        written.append(emit_follow(layout, program, width))
        return mark_of(written[0]), interpret(program, solved[:, None])[:, 0]

    def text() -> str:
        return written[0] if written else emit_follow(layout, build_check(layout), width)

    address, number = ctypes.c_void_p, ctypes.c_int64
    prototype = ctypes.CFUNCTYPE(None, address, number, address, address)

    def make(engine: Any, _: str) -> Code:
        code = prototype(engine.get_function_address("follow"))
        return _Check(code, owner.get_function_address("solution"), (owner, engine))

    def code_of(planned: tuple[str, NDArray[np.float64]]) -> Code:
        mark, after = planned
        return fetch(mark, text, name, make, lambda made: check_fault(made, before, after))

    return used(key_of("check", pack((layout, solved, width))), (Layout,), plan, code_of)


def _typical(compiled: Compiled) -> NDArray[np.float64]:
    layout, stop = compiled.layout, np.zeros(1, dtype=np.uint8)
    values = dict(zip(compiled.network.parameters, compiled.network.values, strict=True))
    people = begin(compiled, np.array([[values[name] for name in compiled.free]]), None, CAREFUL)
    for code in (compiled.step, compiled.finish):
        run(code, people, stop, common(layout.typical, CAREFUL))
    species = np.abs(people[0, layout.parts["species"]])
    return np.maximum(species, layout.typical) if people[0, layout.rows["~done"]] == 1 else layout.typical


def _observable(network: Network, wanted: str | tuple[str, Expr]) -> tuple[str, Expr]:
    if not isinstance(wanted, str):
        return wanted
    if wanted in network.reactions:
        return wanted, network.rates[network.reactions.index(wanted)]
    if wanted in network.species or wanted in network.parameters or wanted in dict(network.rules):
        return wanted, symbol(wanted)
    raise ModelError(f"{network.name}: '{wanted}' is no species, rule, parameter or reaction, so it cannot be observed")
