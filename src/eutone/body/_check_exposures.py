"""What must hold of ``tables/exposures.csv``: every effect and every half-time has a spread, a grade and a source.

The two grades are apart, because a dose is often measured well and its decline is not: ``grade`` and ``ln_sd`` speak of
``value``, ``time_grade`` and ``half_time_ln_sd`` of ``half_time_h``. What nobody looked up cannot be known well: a
RECALLED number has a spread of at least `RECALLED_LN_SD`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from eutone.body._tables import GRADES, rows
from eutone.knowledge.check import RECALLED_LN_SD

__all__ = ["exposure_faults"]

_ENDS = ("odds", "share")
_TIME = ("half_time_ln_sd", "ends", "time_grade", "time_source")


def exposure_faults(table: Iterable[Mapping[str, str]] | None = None) -> list[str]:
    """Every fault found, in plain words; of the body's own table unless another is given."""
    found = []
    for row in rows("exposures") if table is None else table:
        name = f"exposures.csv, {row['drug']} on {row['parameter']}"
        found += [f"{name}: {fault}" for fault in _graded(row, "ln_sd", "grade", "source")]
        if row["half_time_h"]:
            found += [f"{name}: {fault}" for fault in _graded(row, "half_time_ln_sd", "time_grade", "time_source")]
            if row["ends"] not in _ENDS:
                found.append(f"{name}: ends is {row['ends']!r}, not one of {', '.join(_ENDS)}")
        elif filled := [column for column in _TIME if row[column]]:
            found.append(f"{name}: {', '.join(filled)} without half_time_h")
        if row["measured_h"] and row["measured_grade"] not in GRADES:
            found.append(f"{name}: measured_grade {row['measured_grade']!r} is none of {', '.join(GRADES)}")
        if row["measured_h"] and not row["measured_source"]:
            found.append(f"{name}: no measured_source")
    return found


def _graded(row: Mapping[str, str], spread: str, grade: str, source: str) -> Iterator[str]:
    try:
        ln_sd = float(row[spread])
    except ValueError:
        ln_sd = -1.0
    if not ln_sd > 0:
        yield f"{spread} is {row[spread]!r}, not above 0"
    elif row[grade] == "RECALLED" and ln_sd < RECALLED_LN_SD:
        yield f"{spread} is {row[spread]}, and nobody looked it up: at least {RECALLED_LN_SD:g}"
    if row[grade] not in GRADES:
        yield f"{grade} {row[grade]!r} is none of {', '.join(GRADES)}"
    if not row[source]:
        yield f"no {source}"
