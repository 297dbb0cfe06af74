"""Modules and values become one Antimony text: the whole body, or one module that stands alone.

A module names what it takes from others in a ``// ports:`` line. In the body those names are the others' own; a
module alone gets them as constants at their default values, so it loads and runs anywhere.

There are two bodies: the first eleven modules, which inference uses and the evidence in the docs was made with, and the
whole person, all modules with their couplings (`couplings.csv`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from eutone._errors import ModelError
from eutone.body._couplings import coupled, coupling_parameters
from eutone.body._tables import FOLDER, Parameter, parameters, seconds
from eutone.engine import Network, load_network
from eutone.engine.expr import evaluate

__all__ = [
    "MODULES",
    "MORE",
    "all_parameters",
    "body_text",
    "default_values",
    "load_module",
    "load_whole",
    "module_text",
    "ports",
    "structure",
    "used_names",
    "whole_text",
]

MODULES = (
    "amino",
    "pterins",
    "precursors",
    "dopamine",
    "noradrenaline",
    "serotonin",
    "csf",
    "periphery",
    "cofactors",
    "gaba",
    "prolactin",
)
"""The modules of the body that inference uses, in the order in which they are composed."""

MORE = tuple(sorted({path.stem for path in (FOLDER / "modules").glob("*.ant")} - {*MODULES}))
"""The other modules of the whole person."""

_NAME = re.compile(r"[A-Za-z_]\w*")
_WORDS = frozenset(
    {
        "time",
        "abs",
        "cos",
        "ceil",
        "exp",
        "floor",
        "ln",
        "log",
        "max",
        "min",
        "pi",
        "piecewise",
        "sin",
        "sqrt",
        "tan",
        "tanh",
    }
)
"""What an expression may hold that is no name of a module: the clock and functions."""


@cache
def structure(name: str) -> str:
    """The lines of a module between ``model`` and ``end``, comments removed.

    Raises
    ------
    ModelError
        If there is no such module, or its file is not one ``model name() ... end``.
    """
    path = FOLDER / "modules" / f"{name}.ant"
    if name not in (*MODULES, *MORE) or not path.is_file():
        raise ModelError(f"there is no module {name!r}; there are {', '.join((*MODULES, *MORE))}")
    text = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
    found = re.fullmatch(rf"\s*model {name}\(\)\n(.*)\nend\s*", text, re.DOTALL)
    if found is None:
        raise ModelError(f"{path.name}: expected one 'model {name}() ... end'")
    return str(found.group(1))


def ports(name: str) -> tuple[str, ...]:
    """What the module takes from others, from its text: names that neither it nor the parameter table sets."""
    text = structure(name)
    species = set(_NAME.findall(" ".join(re.findall(r"species ([^;]*);", text))))
    own = species | _WORDS | set(re.findall(r"^\s*(\w+)\s*:=", text, re.MULTILINE))
    own |= set(re.findall(r"^\s*(\w+):\s", text, re.MULTILINE)) | {"species"}
    flat = {p.flat for p in parameters()} - _states()
    return tuple(sorted(set(_NAME.findall(text)) - own - flat))


@cache
def all_parameters() -> tuple[Parameter, ...]:
    """Every parameter and initial value, strengths of couplings included."""
    return (*parameters(), *coupling_parameters())


@cache
def used_names(modules: tuple[str, ...]) -> frozenset[str]:
    """Every name in the text of these modules."""
    return frozenset(name for module in modules for name in _NAME.findall(structure(module)))


@cache
def _states() -> frozenset[str]:
    declared = (re.findall(r"species ([^;]*);", structure(name)) for name in (*MODULES, *MORE))
    return frozenset(_NAME.findall(" ".join(line for lines in declared for line in lines)))


@cache
def body_text() -> str:
    """The body that inference uses, as self-contained Antimony."""
    lines = ["model body()"]
    for name in MODULES:
        lines += [f"  // {name}", structure(name)]
    lines += [f"  {p.flat} = {p.value!r};" for p in parameters() if p.flat in used_names(MODULES)]
    return "\n".join([*lines, "end", ""])


@cache
def whole_text() -> str:
    """The whole person as self-contained Antimony: all modules and what they do to each other."""
    text, rules = coupled("\n".join(f"  // {name}\n{structure(name)}" for name in (*MODULES, *MORE)))
    values = [f"  {p.flat} = {p.value!r};" for p in all_parameters()]
    return "\n".join(["model whole()", text, *rules, *values, "end", ""])


def module_text(name: str) -> str:
    """One module as self-contained Antimony: values from the table, ports as constants at their default values."""
    text = structure(name)
    used = set(_NAME.findall(text))
    constants = ports(name)
    lines = [f"model {name}()", text]
    # a reaction of this module may fill or drain another's species: here that one stands still
    lines += [f"  species ${port};" for port in constants if port in _states()]
    lines += [f"  {p.flat} = {p.value!r};" for p in parameters() if p.flat in used and p.flat not in constants]
    lines += [f"  {port} = {default_values()[port]!r};" for port in constants]
    return "\n".join([*lines, "end", ""])


@cache
def load_whole() -> Network:
    """The whole person, as a network."""
    return replace(load_network(whole_text()), seconds=seconds())


def load_module(name: str) -> Network:
    """One module, alone, as a network."""
    return replace(load_network(module_text(name)), seconds=seconds())


@cache
def default_values() -> dict[str, float]:
    """The value of everything in the whole person at the default state (in which clocks stand still)."""
    network = load_whole()
    values: dict[str, object] = {"time": 0.0, **dict(zip(network.species, network.initial, strict=True))}
    values.update(zip(network.parameters, network.values, strict=True))
    values["time"] = 0.0  # no amplitude of a clock is above 0 here
    for rule, expression in network.rules:
        values[rule] = evaluate([expression], values)[0]
    values.update(zip(network.reactions, evaluate(list(network.rates), values), strict=True))
    del values["time"]
    return {name: float(value) for name, value in values.items()}  # type: ignore[arg-type]
