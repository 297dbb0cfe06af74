"""What must hold of the body's files: values only in the table, every value with unit, spread, grade and source."""

from __future__ import annotations

import re

from eutone.body._check_exposures import exposure_faults
from eutone.body._compose import MODULES, structure
from eutone.body._tables import GRADES, parameters, quantities, readouts

__all__ = ["check", "literals"]

_NUMBER = re.compile(r"(?<![\w.])(\d+\.?\d*(?:[eE][-+]?\d+)?)")


def literals(text: str) -> list[str]:
    """Numbers in an Antimony text that belong into the table: all but 0, 1 and integer exponents."""
    without = re.sub(r"\^\s*\d+(?![.\d])", "", text)
    return [found for found in _NUMBER.findall(without) if found not in ("0", "1")]


def check() -> list[str]:
    """Every fault found, in plain words; empty if there is none."""
    faults = [f"{name}.ant: {value} stands in the text; move it to parameters.csv" for name in MODULES
              for value in literals(structure(name))]  # fmt: skip
    used = set(re.findall(r"[A-Za-z_]\w*", " ".join(structure(name) for name in MODULES)))
    for p in parameters():
        faults += [f"{p.id}: no {what}" for what in ("meaning", "unit", "grade", "source") if not getattr(p, what)]
        if p.grade not in GRADES:
            faults.append(f"{p.id}: grade {p.grade!r} is none of {', '.join(GRADES)}")
        if p.person_ln_sd < 0 or p.structural_ln_sd < 0:
            faults.append(f"{p.id}: a spread is negative")
        if p.flat not in used:
            faults.append(f"{p.id}: {p.flat} is used in no module")
    for ids in ([r.readout for r in readouts()], [q.id for q in quantities()]):
        faults += [f"{i}: given twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
    return faults + exposure_faults()
