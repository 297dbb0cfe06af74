"""What must hold of spreads: no number of the whole person is taken for certain, and none has two answers.

Without a spread may stand: a definition; what closes the default steady state (it follows from the rest); a reference
level (``reference.*``), by which something is only measured; the level at which a species begins, which no steady state
depends on; and a row of ``spreads.csv`` that says 0, of a value that is 0 or follows from others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from eutone.body._compose import load_whole
from eutone.body._spreads import Spread, spreads
from eutone.body._tables import GRADES, Parameter
from eutone.knowledge.check import RECALLED_LN_SD

__all__ = ["spread_faults"]

_CLOSES = re.compile(r"closes the default steady state of \w+")


def spread_faults(table: Iterable[Parameter], own: Mapping[str, Spread] | None = None) -> list[str]:
    """Every fault found, in plain words; of ``spreads.csv`` unless other rows of it are given."""
    known = spreads() if own is None else own
    by_id = {p.id: p for p in table}
    found = [f"spreads.csv, {name}: is no parameter" for name in known if name not in by_id]
    begins = set(load_whole().species)
    for p in by_id.values():
        spread = known.get(p.id)
        if spread is not None:
            found += [f"spreads.csv, {p.id}: {fault}" for fault in _row_faults(p, spread)]
        elif max(p.person_ln_sd, p.structural_ln_sd) <= 0 and not _certain(p) and p.flat not in begins:
            found.append(f"{p.id}: no spread; say in its row, or in spreads.csv, how uncertain it is")
    return found


def _certain(p: Parameter) -> bool:
    closes = p.grade == "COMPUTED" and _CLOSES.match(p.source)
    return p.grade == "DEFINED" or bool(closes) or p.id.startswith("reference.")


def _row_faults(p: Parameter, spread: Spread) -> list[str]:
    found = [] if spread.source else ["no source"]
    if spread.grade not in GRADES:
        found.append(f"grade {spread.grade!r} is none of {', '.join(GRADES)}")
    if max(p.person_ln_sd, p.structural_ln_sd) > 0:
        found.append("its row in parameters.csv has a spread already")
    size = spread.structural_ln_sd
    if size < 0 or (size == 0 and p.value != 0 and p.grade != "COMPUTED"):
        found.append(f"structural_ln_sd is {size:g}, and the value neither is 0 nor follows from others")
    by_rule = spread.grade == "ASSUMED" and "exponent" not in spread.source
    if p.grade == "RECALLED" and by_rule and size < RECALLED_LN_SD:
        found.append(f"structural_ln_sd is {size:g}, and nobody looked the value up: at least {RECALLED_LN_SD:g}")
    return found
