"""The science as data: Antimony modules, parameter tables, and the `Body` that they make.

Structure and ids stand in ``modules/*.ant``, every value in ``tables/parameters.csv`` with its unit, spread, grade and
source. Published sub-models stand in ``published/``, one file each, never edited.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eutone.body._about import about
    from eutone.body._body import Body, Solved, load
    from eutone.body._check import check
    from eutone.body._compose import MODULES, MORE, body_text, load_module, load_whole, module_text
    from eutone.body._tables import parameters
    from eutone.body._treatment import Exposure

__all__ = [
    "MODULES",
    "MORE",
    "Body",
    "Exposure",
    "Solved",
    "about",
    "body_text",
    "check",
    "load",
    "load_module",
    "load_whole",
    "module_text",
    "parameters",
]

_HOME = {
    "MODULES": "_compose",
    "MORE": "_compose",
    "Body": "_body",
    "Exposure": "_treatment",
    "Solved": "_body",
    "about": "_about",
    "body_text": "_compose",
    "check": "_check",
    "load": "_body",
    "load_module": "_compose",
    "load_whole": "_compose",
    "module_text": "_compose",
    "parameters": "_tables",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
