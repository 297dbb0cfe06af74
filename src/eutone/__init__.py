"""Eutone: from a person's measurements to a mechanistic, calibrated model of that person's neurochemistry.

The public names, explicit and sorted. Each is loaded from its own file when it is first used, so that ``import eutone``
and ``eutone --help`` stay light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eutone._errors import EutoneError, InputError, ModelError, SolveError, StoppedError
    from eutone._panel import Measurement, Panel
    from eutone._person import Person
    from eutone._profile import profile
    from eutone._protocol import Dose, Protocol
    from eutone._read import Case, read
    from eutone._results import Profile
    from eutone.engine.source import load_network as load

__version__ = "0.1.0"

__all__ = [
    "Case",
    "Dose",
    "EutoneError",
    "InputError",
    "Measurement",
    "ModelError",
    "Panel",
    "Person",
    "Profile",
    "Protocol",
    "SolveError",
    "StoppedError",
    "__version__",
    "load",
    "profile",
    "read",
]

# Public name -> (module, name there). A new name goes here, into `__all__`, and into the block for type checkers.
_WHERE = {
    "Case": ("eutone._read", "Case"),
    "Dose": ("eutone._protocol", "Dose"),
    "EutoneError": ("eutone._errors", "EutoneError"),
    "InputError": ("eutone._errors", "InputError"),
    "Measurement": ("eutone._panel", "Measurement"),
    "ModelError": ("eutone._errors", "ModelError"),
    "Panel": ("eutone._panel", "Panel"),
    "Person": ("eutone._person", "Person"),
    "Profile": ("eutone._results", "Profile"),
    "Protocol": ("eutone._protocol", "Protocol"),
    "SolveError": ("eutone._errors", "SolveError"),
    "StoppedError": ("eutone._errors", "StoppedError"),
    "load": ("eutone.engine.source", "load_network"),
    "profile": ("eutone._profile", "profile"),
    "read": ("eutone._read", "read"),
}


if not TYPE_CHECKING:  # a type checker would take any name at all for public

    def __getattr__(name: str) -> Any:
        if name not in _WHERE:
            raise AttributeError(f"module 'eutone' has no attribute '{name}'")
        module, inner = _WHERE[name]
        value = getattr(import_module(module), inner)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return list(__all__)
