"""Looking at a model: which ones there are, what stands in one, and whether it can be solved.

A model is a file (Antimony or SBML) or one that comes with Eutone. Everything here works on the network alone; that the
numbers are right is not asked, only that they can be read, balanced and brought to rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eutone._errors import InputError, ModelError, did_you_mean

if TYPE_CHECKING:
    from eutone.engine import Network
    from eutone.engine.events import Event
    from eutone.engine.export import About
    from eutone.engine.expr import Expr

__all__ = [
    "BODY",
    "Check",
    "about",
    "check",
    "check_named",
    "find",
    "infix",
    "names",
    "names_file",
    "published",
    "show",
]

BODY = "body"
WHOLE = "whole"
_SUFFIXES = (".ant", ".sbml", ".xml")
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_INFIX |= {"eq": "==", "ne": "!=", "and": "&&", "or": "||"}
_BINDING = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 3,
    "<=": 3,
    ">": 3,
    ">=": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "^": 7,
}
_NEGATION = 6
_ATOM = 8


@dataclass(frozen=True)
class Check:
    """One question put to a model.

    Attributes
    ----------
    question : str
        What was asked.
    passed : bool
    finding : str
        What was found, in words.
    """

    question: str
    passed: bool
    finding: str


def published() -> dict[str, Traversable]:
    """The models of others that come with Eutone: name to file."""
    folder = resources.files("eutone.body").joinpath("published")
    return {Path(file.name).stem: file for file in folder.iterdir() if file.name.endswith(_SUFFIXES)}


def _first_sentence(text: str) -> str:
    """The first sentence of the comment with which a model file begins."""
    begins = takewhile(lambda line: line.startswith("//"), text.splitlines())
    words = " ".join(line.removeprefix("//").strip() for line in begins)
    return re.split(r"(?<=[.:])\s", words, maxsplit=1)[0].rstrip(".:")


def names() -> dict[str, str]:
    """The models that come with Eutone: the body, its modules, and published ones; name to what it is."""
    from eutone import body

    modules = resources.files("eutone.body").joinpath("modules")
    files = {name: modules.joinpath(f"{name}.ant") for name in (*body.MODULES, *body.MORE)} | dict(
        sorted(published().items())
    )
    described = {name: _first_sentence(file.read_text(encoding="utf-8")) for name, file in files.items()}
    several = {
        BODY: f"The body that a profile uses: {len(body.MODULES)} modules in one",
        WHOLE: f"The whole person: all {len(body.MODULES) + len(body.MORE)} modules and what they do to each other",
    }
    return several | described


def find(name: str | Path) -> Network:
    """The model of that name or in that file.

    Raises
    ------
    InputError
        If there is neither.
    ModelError
        If it cannot be read, or uses a construct that Eutone refuses.
    """
    from eutone import body
    from eutone.engine import load_network

    if name == BODY:
        return body.load().network
    if name == WHOLE:
        return body.load_whole()
    if name in (*body.MODULES, *body.MORE):
        return body.load_module(str(name))
    shipped = published()
    if isinstance(name, str) and name in shipped:
        with resources.as_file(shipped[name]) as path:
            return load_network(path)
    if not names_file(name):
        files = ", ".join(_SUFFIXES)
        near = did_you_mean(str(name), [BODY, WHOLE, *body.MODULES, *body.MORE, *shipped], most=1)
        hint = near or f"'eutone model list' names them; a file ends with {files}"
        raise InputError(f"there is no model '{name}'", hint=hint)
    path = Path(name)
    try:
        there = path.is_file()
        beside = [file.name for file in path.parent.iterdir() if file.name.endswith(_SUFFIXES)] if not there else []
    except OSError:  # there is no such folder, or the name is too long for the system
        there, beside = False, []
    if not there:
        hint = did_you_mean(path.name, beside, most=1) or "Check the name, and the folder you are in"
        raise InputError("there is no such file", file=str(name), hint=hint)
    return load_network(Path(name))


def about(name: str) -> About:
    """What the tables say of the quantities in the model of that name; nothing of what is not the body's."""
    from eutone import body
    from eutone.engine.export import About

    return body.about() if name in (BODY, WHOLE, *body.MODULES, *body.MORE) else About()


def names_file(source: str | Path) -> bool:
    """Whether a model is named by its file: what ends like one is, whatever it holds (``run=3;new/model.xml``)."""
    return isinstance(source, Path) or ("\n" not in source and source.lower().endswith(_SUFFIXES))


def show(network: Network) -> str:
    """The model in words: state, conserved totals, reactions with their rates, rules and parameters."""
    from eutone.engine import conserved_moieties

    lines = [
        f"{network.name}: {len(network.species)} species, {len(network.reactions)} reactions, "
        f"{len(network.parameters)} parameters" + (", depends on time" if network.explicit_time else "")
    ]
    lines += _section("species", [f"{i} = {x:.6g}" for i, x in zip(network.species, network.initial, strict=True)])
    laws = conserved_moieties(network).laws
    lines += _section(
        "conserved", [f"{_sum(law, network.species)} = {float(law @ network.initial):.6g}" for law in laws]
    )
    lines += _section(
        "reactions",
        [
            f"{name}: {_equation(column, network.species)}; {infix(rate)}"
            for name, column, rate in zip(network.reactions, network.stoichiometry.T, network.rates, strict=True)
        ],
    )
    lines += _section("rules", [f"{name} := {infix(rule)}" for name, rule in network.rules])
    lines += _section("rate rules", [f"{name}' = {infix(rule)}" for name, rule in network.drift.items()])
    lines += _section("events", [_event(event) for event in network.events])
    lines += _section(
        "parameters", [f"{i} = {value:.6g}" for i, value in zip(network.parameters, network.values, strict=True)]
    )
    return "\n".join(lines)


def _section(title: str, rows: list[str]) -> list[str]:
    return ["", f"{title} ({len(rows)})", *(f"  {row}" for row in rows)] if rows else []


def _event(event: Event) -> str:
    """As in Antimony: ``id: at [delay after] trigger[, priority = p]: target = value, ...``."""
    wait = f"{infix(event.delay)} after " if event.delay is not None else ""
    rank = f", priority = {infix(event.priority)}" if event.priority is not None else ""
    changes = ", ".join(f"{name} = {infix(value)}" for name, value in event.assignments)
    return f"{event.id}: at {wait}{infix(event.trigger)}{rank}: {changes}"


def _sum(weights: NDArray[np.float64], species: tuple[str, ...]) -> str:
    return " + ".join(
        name if weight == 1 else f"{weight:.6g} {name}" for weight, name in zip(weights, species, strict=True) if weight
    )


def _equation(column: NDArray[np.float64], species: tuple[str, ...]) -> str:
    return f"{_sum(np.maximum(-column, 0), species)} -> {_sum(np.maximum(column, 0), species)}".strip()


def infix(node: Expr, around: int = 0) -> str:
    """``node`` as a formula, with brackets only where they are needed.

    Parameters
    ----------
    around : int
        How tightly what stands around it binds.
    """
    if node.op in ("const", "symbol"):
        return f"{node.value:.12g}" if isinstance(node.value, float) else str(node.value)
    if node.op == "neg":
        text, binding = f"-{infix(node.args[0], _NEGATION)}", _NEGATION
    elif node.op in _INFIX and len(node.args) == 2:
        sign = _INFIX[node.op]
        binding = _BINDING[sign]
        left, right = (binding + 1, binding) if sign == "^" else (binding, binding + 1)
        space = "" if sign in "^*/" else " "
        text = f"{infix(node.args[0], left)}{space}{sign}{space}{infix(node.args[1], right)}"
    else:
        text, binding = f"{node.op}({', '.join(infix(argument) for argument in node.args)})", _ATOM
    return f"({text})" if binding < around else text


def check_named(name: str) -> list[Check]:
    """Ask the model of that name or in that file; of the body its tables are asked too.

    Raises
    ------
    InputError, ModelError
        As `find` does.
    """
    from eutone import body

    faults = body.check() if name in (BODY, WHOLE) else []
    tables = Check("every value has its unit, spread, grade and source", not faults, "; ".join(faults) or "yes")
    return [*([tables] if name in (BODY, WHOLE) else []), *check(find(name))]


def check(network: Network) -> list[Check]:
    """Ask a model whether its rates are finite, its default state is not negative, and whether it comes to rest."""
    from eutone.engine import Status, reference

    state, parameters = network.start(network.values), network.values
    flow = reference.Derivative(network)(0.0, state, parameters)
    bad = [name for name, value in zip(network.species, flow, strict=True) if not np.isfinite(value)]
    checks = [
        Check("rates are finite in the default state", not bad, f"not finite: {', '.join(bad)}" if bad else "yes")
    ]
    below = [name for name, value in zip(network.species, state, strict=True) if value < 0]
    checks.append(Check("the default state is not negative", not below, ", ".join(below) or "yes"))
    try:
        rest = reference.steady_state(network)
    except ModelError as error:
        return [*checks, Check("it comes to rest", True, f"not asked: {error}")]
    if rest.status is Status.CONVERGED:
        return [*checks, Check("it comes to rest", True, f"yes, residual {rest.residual:.1e}")]
    return [*checks, Check("it comes to rest", False, rest.reason)]
