"""Dotted ids of what a module computes: ``striatum.dopamine.TH`` is the reaction ``J_TH`` of `dopamine.ant`.

``tables/places.csv`` says where a module is (``striatum.dopamine``) and which ending its flat names have (``_d``); a
module without a row is at its own name. Of a flat name the kind (``J_``, ``v_``, ``f_``) and that ending fall away
where the rest is still one of a kind; of two that would have one id, the reaction keeps it. Parameters and quantities
have dotted ids in their own tables, which go before these.
"""

from __future__ import annotations

import re
from functools import cache

from eutone.body._compose import MODULES, MORE, all_parameters, structure
from eutone.body._tables import rows, whole_quantities

__all__ = ["flat_ids"]


@cache
def flat_ids() -> dict[str, str]:
    """Flat name, or expression, of everything that has a dotted id."""
    found: dict[str, str] = {}
    places = {row["module"]: (row["place"], row["suffix"]) for row in rows("places")}
    for module in (*MODULES, *MORE):
        place, suffix = places.get(module, (module, ""))
        text = structure(module)
        reactions = re.findall(r"^\s*(\w+):\s", text, re.MULTILINE)
        rules = re.findall(r"^\s*(\w+)\s*:=", text, re.MULTILINE)
        species = re.findall(r"\w+", " ".join(re.findall(r"species ([^;]*);", text)))
        for name in (*reactions, *rules, *species):
            short = re.sub(r"^[A-Za-z]{1,2}_(?=\w)", "", name.removesuffix(suffix)) or name
            for candidate in (f"{place}.{short}", f"{place}.{name}"):
                if candidate not in found:
                    found[candidate] = name
                    break
    return {**found, **{q.id: q.expression for q in whole_quantities()}, **{p.id: p.flat for p in all_parameters()}}
