"""Numerics: a reaction network in, steady states and time courses out. Knows no chemistry and no people.

Names are imported when they are first used: SciPy, libSBML, antimony and LLVM cost start-up time that a caller who
needs one of them should not pay for the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eutone.engine.compile import Compiled, compile_network
    from eutone.engine.moieties import Moieties, conserved_moieties
    from eutone.engine.network import Network
    from eutone.engine.source import load_network
    from eutone.engine.status import Status
    from eutone.engine.steady import SteadyStates, solve_steady

__all__ = [
    "Compiled",
    "Moieties",
    "Network",
    "Status",
    "SteadyStates",
    "compile_network",
    "conserved_moieties",
    "load_network",
    "solve_steady",
]

_HOME = {
    "Compiled": "compile",
    "Moieties": "moieties",
    "Network": "network",
    "Status": "status",
    "SteadyStates": "steady",
    "compile_network": "compile",
    "conserved_moieties": "moieties",
    "load_network": "source",
    "solve_steady": "steady",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
