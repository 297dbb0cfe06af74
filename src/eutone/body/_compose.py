"""Modules and values become one Antimony text: the whole body, or one module that stands alone.

A module names what it takes from others in a ``// ports:`` line. In the whole body those names are the others' own; a
module alone gets them as constants at their default values, so it loads and runs anywhere.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from eutone._errors import ModelError
from eutone.body._tables import FOLDER, parameters, seconds
from eutone.engine import Network, load_network
from eutone.engine.expr import evaluate

__all__ = ["MODULES", "body_text", "load_module", "module_text", "ports", "structure"]

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
"""The modules of the body, in the order in which they are composed."""

_NAME = re.compile(r"[A-Za-z_]\w*")


@cache
def structure(name: str) -> str:
    """The lines of a module between ``model`` and ``end``, comments removed.

    Raises
    ------
    ModelError
        If there is no such module, or its file is not one ``model name() ... end``.
    """
    path = FOLDER / "modules" / f"{name}.ant"
    if name not in MODULES or not path.is_file():
        raise ModelError(f"there is no module {name!r}; there are {', '.join(MODULES)}")
    text = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
    found = re.fullmatch(rf"\s*model {name}\(\)\n(.*)\nend\s*", text, re.DOTALL)
    if found is None:
        raise ModelError(f"{path.name}: expected one 'model {name}() ... end'")
    return str(found.group(1))


def ports(name: str) -> tuple[str, ...]:
    """What the module takes from others, from its text: names that neither it nor the parameter table sets."""
    text = structure(name)
    species = set(_NAME.findall(" ".join(re.findall(r"species ([^;]*);", text))))
    own = species | set(re.findall(r"^\s*(\w+)\s*:=", text, re.MULTILINE))
    own |= set(re.findall(r"^\s*(\w+):\s", text, re.MULTILINE)) | {"species"}
    flat = {p.flat for p in parameters()} - _states()
    return tuple(sorted(set(_NAME.findall(text)) - own - flat))


@cache
def _states() -> frozenset[str]:
    declared = (re.findall(r"species ([^;]*);", structure(name)) for name in MODULES)
    return frozenset(_NAME.findall(" ".join(line for lines in declared for line in lines)))


@cache
def body_text() -> str:
    """The whole body as self-contained Antimony."""
    lines = ["model body()"]
    for name in MODULES:
        lines += [f"  // {name}", structure(name)]
    lines += [f"  {p.flat} = {p.value!r};" for p in parameters()]
    return "\n".join([*lines, "end", ""])


def module_text(name: str) -> str:
    """One module as self-contained Antimony: values from the table, ports as constants at their default values."""
    text = structure(name)
    used = set(_NAME.findall(text))
    constants = ports(name)
    lines = [f"model {name}()", text]
    # a reaction of this module may fill or drain another's species: here that one stands still
    lines += [f"  species ${port};" for port in constants if port in _states()]
    lines += [f"  {p.flat} = {p.value!r};" for p in parameters() if p.flat in used and p.flat not in constants]
    lines += [f"  {port} = {_defaults()[port]!r};" for port in constants]
    return "\n".join([*lines, "end", ""])


def load_module(name: str) -> Network:
    """One module, alone, as a network."""
    return replace(load_network(module_text(name)), seconds=seconds())


@cache
def _defaults() -> dict[str, float]:
    """The value of everything in the whole body at its default state."""
    network = load_network(body_text())
    values: dict[str, object] = dict(zip(network.species, network.initial, strict=True))
    values.update(zip(network.parameters, network.values, strict=True))
    for rule, expression in network.rules:
        values[rule] = evaluate([expression], values)[0]
    values.update(zip(network.reactions, evaluate(list(network.rates), values), strict=True))
    return {name: float(value) for name, value in values.items()}  # type: ignore[arg-type]
