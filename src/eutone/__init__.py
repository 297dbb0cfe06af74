"""Eutone: from a person's measurements to a mechanistic, calibrated model of that person's neurochemistry.

The public names, explicit and sorted. Each is loaded from its own file when it is first used, so that ``import eutone``
and ``eutone --help`` stay light.
"""

from importlib import import_module

TYPE_CHECKING = False  # not from typing, whose import takes as long as all else before Ctrl-C can be answered
if TYPE_CHECKING:
    from eutone._errors import EutoneError, InputError, ModelError, SolveError, StoppedError
    from eutone._loaded import Model, load
    from eutone._panel import Measurement, Panel
    from eutone._people import People
    from eutone._person import Person
    from eutone._profile import profile
    from eutone._protocol import Dose, Protocol
    from eutone._read import Case, read
    from eutone._rest import at_rest
    from eutone._results import Profile
    from eutone._simulate import simulate, steady_state
    from eutone._streamed import simulate_to
    from eutone.population import healthy_range

__version__ = "0.1.0"

__all__ = [
    "Case",
    "Dose",
    "EutoneError",
    "InputError",
    "Measurement",
    "Model",
    "ModelError",
    "Panel",
    "People",
    "Person",
    "Profile",
    "Protocol",
    "SolveError",
    "StoppedError",
    "__version__",
    "at_rest",
    "healthy_range",
    "load",
    "profile",
    "read",
    "simulate",
    "simulate_to",
    "steady_state",
]

# Public name -> (module, name there). A new name goes here, into `__all__`, and into the block for type checkers.
_WHERE = {
    "Case": ("eutone._read", "Case"),
    "Dose": ("eutone._protocol", "Dose"),
    "EutoneError": ("eutone._errors", "EutoneError"),
    "InputError": ("eutone._errors", "InputError"),
    "Measurement": ("eutone._panel", "Measurement"),
    "Model": ("eutone._loaded", "Model"),
    "ModelError": ("eutone._errors", "ModelError"),
    "Panel": ("eutone._panel", "Panel"),
    "People": ("eutone._people", "People"),
    "Person": ("eutone._person", "Person"),
    "Profile": ("eutone._results", "Profile"),
    "Protocol": ("eutone._protocol", "Protocol"),
    "SolveError": ("eutone._errors", "SolveError"),
    "StoppedError": ("eutone._errors", "StoppedError"),
    "at_rest": ("eutone._rest", "at_rest"),
    "healthy_range": ("eutone.population", "healthy_range"),
    "load": ("eutone._loaded", "load"),
    "profile": ("eutone._profile", "profile"),
    "read": ("eutone._read", "read"),
    "simulate": ("eutone._simulate", "simulate"),
    "simulate_to": ("eutone._streamed", "simulate_to"),
    "steady_state": ("eutone._simulate", "steady_state"),
}


if not TYPE_CHECKING:  # a type checker would take any name at all for public

    def __getattr__(name: str) -> object:
        if name not in _WHERE:
            raise AttributeError(f"module 'eutone' has no attribute '{name}'")
        module, inner = _WHERE[name]
        value = getattr(import_module(module), inner)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return list(__all__)
