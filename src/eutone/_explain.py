"""What a dotted id means: its equation, the numbers in it, where they come from, and what it moves and is moved by."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from eutone._errors import InputError, did_you_mean
from eutone._model import _equation, infix
from eutone.population import said

if TYPE_CHECKING:
    from eutone.body._couplings import Coupling
    from eutone.body._tables import Parameter
    from eutone.engine.expr import Expr

__all__ = ["explain", "known"]

_COUPLED = "by_"  # what the modules call a parameter on which couplings act


def known(name: str) -> bool:
    """Whether something in the whole person has that id, dotted or flat."""
    return _flat(name) is not None


def explain(name: str) -> str:
    """What it is in the healthy default person, its equation, every number in it, its couplings and its uses.

    Numbers come with unit, spread, grade and source. Rules that the equation uses are shown with the numbers in them;
    what those use in turn has an id of its own to ask for.

    Raises
    ------
    InputError
        If nothing has that id.
    """
    from eutone.body import load_whole
    from eutone.body._couplings import couplings
    from eutone.body._ids import flat_ids
    from eutone.engine.expr import symbols

    flat = _flat(name)
    if flat is None:
        raise InputError(f"nothing is called '{name}'", hint=did_you_mean(name, flat_ids(), most=3))
    network = load_whole()
    rows, rules = _rows(), dict(network.rules)
    rates = dict(zip(network.reactions, network.rates, strict=True))
    lines = [name if name == flat else f"{name} ({flat})"]
    if name == flat and flat in _ids():
        lines = [f"{_ids()[flat]} ({flat})"]
    used: set[str] = set()
    if flat in rows:
        lines += _parameter(rows[flat], state=flat in network.species)
    else:
        lines += _default(flat)
    if flat in rates:
        column = network.stoichiometry[:, network.reactions.index(flat)]
        lines += ["", f"  {_equation(column, network.species)}", f"  rate = {infix(rates[flat])}"]
        used = symbols(rates[flat])
    elif flat in rules:
        lines += ["", f"  {flat} := {infix(rules[flat])}"]
        used = symbols(rules[flat])
    elif flat in network.species:
        row = network.stoichiometry[network.species.index(flat)]
        moved = [(r, w) for r, w in zip(network.reactions, row, strict=True) if w]
        signs = [("+" if w > 0 else "-") + (f" {abs(w):g}" if abs(w) != 1 else "") + f" {r}" for r, w in moved]
        lines += ["", f"  d{flat}/dt = " + " ".join(signs).removeprefix("+ ")]
        used = {r for r, _ in moved}
    elif flat not in rows:
        used = set(re.findall(r"[A-Za-z_]\w*", flat))
        lines += ["", f"  = {flat}"]
    healthy = said(flat)
    if healthy:
        lines += ["", *healthy]
    lines += _parts(used, flat, rows, rules, rates)
    mine = rows[flat].id if flat in rows else None
    lines += _couplings("moved by couplings", [c for c in couplings() if c.target == mine])
    lines += _couplings("moves by couplings", [c for c in couplings() if c.source == flat])
    lines += _couplings("is the strength of", [c for c in couplings() if c.flat == flat])
    names = (flat, _COUPLED + flat) if mine else (flat,)
    users = dict.fromkeys(user for name in names for user in _users().get(name, ()) if not user.startswith(_COUPLED))
    if users:
        lines += ["", "  used in: " + ", ".join(_both(k) for k in users)]
    return "\n".join(lines)


def _parts(
    used: set[str], flat: str, rows: dict[str, Parameter], rules: dict[str, Expr], rates: dict[str, Expr]
) -> list[str]:
    """Equations of what is used, and every number in them and in the thing itself."""
    from eutone.engine.expr import symbols

    told = sorted(used - {"time"} - set(rows))
    inner = {name for rule in told if rule in rules for name in symbols(rules[rule])} if flat in rates else set()
    lines = []
    for other in told:
        if other.startswith(_COUPLED):
            inner.add(other.removeprefix(_COUPLED))
            continue
        equation = f":= {infix(rules[other])}" if other in rules else f"= {infix(rates[other])}"
        lines += ["", f"  {_both(other)} {equation}", *_default(other, indent=4)]
    for other in sorted(name for name in inner - used if name in rules and not name.startswith(_COUPLED)):
        lines += ["", f"    where {_both(other)} := {infix(rules[other])}", *_default(other, indent=6)]
    numbers = {name.removeprefix(_COUPLED) for name in (*used, *inner)} & set(rows) - {flat}
    for other in sorted(numbers, key=lambda n: rows[n].id):
        row = rows[other]
        acted = " with its couplings" if _COUPLED + other in {*used, *inner} else ""
        lines += ["", f"  {row.id} ({other}){acted}", *_parameter(row, 4, state=other in _states())]
    return lines


def _couplings(title: str, found: list[Coupling]) -> list[str]:
    if not found:
        return []
    lines = ["", f"  {title}:"]
    for c in found:
        how = f"{c.source}^{c.strength:g}" if c.form == "power" else f"1 + {c.strength:g}*({c.source} - 1)"
        none = ", so nothing" if c.strength == 0 else ""
        lines.append(f"    coupling.{c.id}: {c.target} times {how}{none} (spread {c.ln_sd:g})")
        lines.append(f"      {c.grade}: {c.citation}")
        lines += [f"      against: {c.against}"] if c.against else []
    return lines


def _default(flat: str, indent: int = 2) -> list[str]:
    """What it is in the healthy default person, for what has no row of its own."""
    from eutone.body._compose import default_values
    from eutone.body._dimensions import units

    value = default_values().get(flat)
    if value is None:
        return []
    unit = units().get(flat, "1")
    said = f"{value:.4g}" + ("" if unit == "1" else f" {unit}")
    return [f"{' ' * indent}{said} in the healthy default person at rest"]


def _parameter(row: Parameter, indent: int = 2, state: bool = False) -> list[str]:
    from eutone.body._couplings import couplings
    from eutone.body._spreads import spreads

    pad = " " * indent
    own = spreads().get(row.id)
    strength = next((c.ln_sd for c in couplings() if c.flat == row.flat), 0.0)
    known = (own.structural_ln_sd if own else 0.0) or row.structural_ln_sd or strength
    sizes = {"between people": row.person_ln_sd, "of our knowledge": known}
    kind = "sd" if strength and row.value == 0 else "ln sd"
    spread = ", ".join(f"{kind} {v:g} {what}" for what, v in sizes.items() if v)
    unit = "" if row.unit == "1" else f" {row.unit}"
    where = " in the healthy default person at rest" if state else ""
    if not state and row.value == 1 and "relative" in row.meaning:
        where = ", as in the healthy default person"
    lines = [
        f"{pad}{row.meaning}",
        f"{pad}{row.value:g}{unit}{where}" + (f" ({spread})" if spread else ""),
        f"{pad}{row.grade}: {row.source}",
    ]
    return lines + ([f"{pad}spread {own.grade}: {own.source}"] if own else [])


def _both(flat: str) -> str:
    """Dotted id with the flat one behind, as equations have it; a state's name by its row."""
    dotted = _ids().get(flat)
    return f"{dotted} ({flat})" if dotted and dotted != flat else flat


@cache
def _users() -> dict[str, list[str]]:
    """Which reactions and rules use each name."""
    from eutone.body import load_whole
    from eutone.engine.expr import symbols

    network = load_whole()
    found: dict[str, list[str]] = {}
    for user, expression in (*zip(network.reactions, network.rates, strict=True), *network.rules):
        for name in symbols(expression):
            found.setdefault(name, []).append(user)
    return found


@cache
def _rows() -> dict[str, Parameter]:
    from eutone.body._compose import all_parameters

    return {p.flat: p for p in all_parameters()}


@cache
def _states() -> frozenset[str]:
    from eutone.body import load_whole

    return frozenset(load_whole().species)


@cache
def _ids() -> dict[str, str]:
    """Dotted id of each flat name: the row's own before those made from modules."""
    from eutone.body._ids import flat_ids

    found = {flat: dotted for dotted, flat in flat_ids().items()}
    return {**found, **{flat: row.id for flat, row in _rows().items()}}


def _flat(name: str) -> str | None:
    from eutone.body import load_whole
    from eutone.body._ids import flat_ids

    found = flat_ids().get(name)
    if found is not None:
        return found
    network = load_whole()
    flat = {*network.reactions, *network.species, *network.parameters, *(rule for rule, _ in network.rules)}
    return name if name in flat else None
