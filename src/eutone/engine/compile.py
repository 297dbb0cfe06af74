"""From a network to machine code that finds its steady states: build the programs, compile or fetch, check, load.

Every object, fresh or from the cache, is verified before it is trusted (`eutone.engine.verify`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError
from eutone.engine.control import CONTROL
from eutone.engine.emit import emit_function, emit_module
from eutone.engine.expr import Expr, symbol
from eutone.engine.kernel import Kernel, build_kernel
from eutone.engine.machine import fetch, host_lane_width
from eutone.engine.network import Network
from eutone.engine.people import CAREFUL, Function, begin, finish, search
from eutone.engine.verify import fault

__all__ = ["Compiled", "compile_network", "host_lane_width"]


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
    kernel = build_kernel(network, free, tuple(_observable(network, o) for o in observables))
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)

    def make(engine: Any, origin: str) -> Compiled:
        functions = [prototype(engine.get_function_address(name)) for name in ("begin", "step", "follow", "finish")]
        return Compiled(network, free, kernel.observables, width, origin, kernel, kernel.typical, engine, *functions)

    compiled = fetch(_module(kernel, width), network.name, make, fault)
    return replace(compiled, typical=_typical(compiled))


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
