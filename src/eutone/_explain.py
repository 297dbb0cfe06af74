"""What a dotted id means: its equation, the numbers in it, where they come from, and where it is used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from eutone._errors import InputError, did_you_mean
from eutone._model import _equation, infix
from eutone.population import said

if TYPE_CHECKING:
    from eutone.body._tables import Parameter

__all__ = ["explain", "known"]


def known(name: str) -> bool:
    """Whether something in the whole person has that id, dotted or flat."""
    return _flat(name) is not None


def explain(name: str) -> str:
    """Equation, parameters with unit, spread, grade and source, and uses.

    Raises
    ------
    InputError
        If nothing has that id.
    """
    from eutone.body import load_whole
    from eutone.body._compose import all_parameters
    from eutone.body._ids import flat_ids
    from eutone.engine.expr import symbols

    flat = _flat(name)
    if flat is None:
        raise InputError(f"nothing is called '{name}'", hint=did_you_mean(name, flat_ids(), most=3))
    network = load_whole()
    rows = {p.flat: p for p in all_parameters()}
    rates = dict(zip(network.reactions, network.rates, strict=True))
    rules = dict(network.rules)
    lines = [name if name == flat else f"{name} ({flat})"]
    used: set[str] = set()
    if flat in rows:
        lines += _parameter(rows[flat])
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
        lines += ["", f"  d{flat}/dt = " + " ".join(f"{'+' if w > 0 else '-'} {r}" for r, w in moved)]
    elif flat not in rows:
        used = set(re.findall(r"[A-Za-z_]\w*", flat))
        lines += ["", f"  = {flat}"]
    for other in sorted(used - {"time"}):
        if other in rows:
            lines += ["", f"  {rows[other].id} ({other})", *_parameter(rows[other], indent=4)]
        elif other in rules:
            lines += ["", f"  {other} := {infix(rules[other])}"]
        elif other in rates:
            lines += ["", f"  {other} = {infix(rates[other])}"]
    healthy = said(flat)
    if healthy:
        lines += ["", *healthy]
    users = [k for k, e in (*rates.items(), *rules.items()) if flat in symbols(e)]
    if users:
        lines += ["", f"  used in: {', '.join(users)}"]
    return "\n".join(lines)


def _flat(name: str) -> str | None:
    from eutone.body import load_whole
    from eutone.body._ids import flat_ids

    found = flat_ids().get(name)
    if found is not None:
        return found
    network = load_whole()
    flat = {*network.reactions, *network.species, *network.parameters, *(rule for rule, _ in network.rules)}
    return name if name in flat else None


def _parameter(row: Parameter, indent: int = 2) -> list[str]:
    pad = " " * indent
    spreads = {"between people": row.person_ln_sd, "of our knowledge": row.structural_ln_sd}
    spread = ", ".join(f"ln sd {v:g} {what}" for what, v in spreads.items() if v)
    unit = "" if row.unit == "1" else f" {row.unit}"
    return [f"{pad}{row.meaning}", f"{pad}{row.value:g}{unit}" + (f" ({spread})" if spread else ""),
            f"{pad}{row.grade}: {row.source}"]  # fmt: skip
