"""Numerics: a reaction network in, steady states and time courses out. Knows no chemistry and no people.

Names are imported when they are first used: SciPy, libSBML, antimony and LLVM cost start-up time that a caller who
needs one of them should not pay for the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eutone.engine.moieties import Moieties, conserved_moieties
    from eutone.engine.network import Network
    from eutone.engine.source import load_network
    from eutone.engine.status import Status

__all__ = ["Moieties", "Network", "Status", "conserved_moieties", "load_network"]

_HOME = {
    "Moieties": "moieties",
    "Network": "network",
    "Status": "status",
    "conserved_moieties": "moieties",
    "load_network": "source",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
