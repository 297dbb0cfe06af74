"""What must hold of the body's files: values only in the table, every value with unit, spread, grade and source.

Units agree through every equation, and signals that couplings start from are 1 in the default body.
"""

from __future__ import annotations

import re

from eutone.body._check_exposures import exposure_faults
from eutone.body._check_pharmacology import pharmacology_faults
from eutone.body._check_spreads import spread_faults
from eutone.body._compose import MODULES, MORE, default_values, structure
from eutone.body._couplings import couplings
from eutone.body._dimensions import dimension_faults
from eutone.body._tables import GRADES, parameters, readouts, whole_quantities, whole_readouts

__all__ = ["check", "literals"]

_NUMBER = re.compile(r"(?<![\w.])(\d+\.?\d*(?:[eE][-+]?\d+)?)")


_ONE = 1e-6  # how far from 1 a signal may be: the default body is closed to that


def literals(text: str) -> list[str]:
    """Numbers in an Antimony text that belong into the table: all but 0, 1 and integer exponents."""
    without = re.sub(r"\^\s*\d+(?![.\d])", "", text)
    return [found for found in _NUMBER.findall(without) if found not in ("0", "1")]


def check() -> list[str]:
    """Every fault found, in plain words; empty if there is none."""
    faults = [f"{name}.ant: {value} stands in the text; move it to parameters.csv" for name in (*MODULES, *MORE)
              for value in literals(structure(name))]  # fmt: skip
    used = set(re.findall(r"[A-Za-z_]\w*", " ".join(structure(name) for name in (*MODULES, *MORE))))
    for p in parameters():
        faults += [f"{p.id}: no {what}" for what in ("meaning", "unit", "grade", "source") if not getattr(p, what)]
        if p.grade not in GRADES:
            faults.append(f"{p.id}: grade {p.grade!r} is none of {', '.join(GRADES)}")
        if p.person_ln_sd < 0 or p.structural_ln_sd < 0:
            faults.append(f"{p.id}: a spread is negative")
        if p.flat not in used:
            faults.append(f"{p.id}: {p.flat} is used in no module")
    for ids in ([r.readout for r in readouts()], [q.id for q in whole_quantities()]):
        faults += [f"{i}: given twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
    faults += [f"readouts_whole.csv, {r.readout}: nothing is called {r.observable}" for r in whole_readouts()
               if r.observable not in default_values()]  # fmt: skip
    faults += [f"quantities_whole.csv, {q.id}: nothing is called {q.expression}" for q in whole_quantities()
               if q.expression.partition("*")[0] not in default_values()]  # fmt: skip
    faults += [*spread_faults(parameters()), *dimension_faults(), *_coupling_faults()]
    return [*faults, *exposure_faults(), *pharmacology_faults()]


def _coupling_faults() -> list[str]:
    known = default_values()
    faults = [f"couplings.csv, {c.id}: nothing is called {c.source}" for c in couplings() if c.source not in known]
    return faults + [
        f"couplings.csv, {c.id}: {c.source} is {known[c.source]:.6g} in the default body, not 1"
        for c in couplings()
        if c.source in known and abs(known[c.source] - 1) > _ONE
    ]
