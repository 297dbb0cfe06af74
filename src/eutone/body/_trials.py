"""Which simulation of the whole person reproduces a published finding: ``tables/trials.csv``, one row for each.

``change`` and ``versus`` say what is done in the two arms, items with ``;`` between them, parameters by dotted id::

    enzyme.MAOA*0.3             for good
    input.tryptophan*0.1@0-8    from hour 0 to hour 8 of the trial; hours before 0 lie before it
    clock.day.amplitude=1       to this value

``taking`` and ``versus_taking`` are what `--taking` says: hour by hour from hour 0 where there is an ``at_h``, when the
observable is looked at, counted from hour 0; else as daily means, and the observable is that of the new steady state.
Empty arms are the default person at rest. ``fitted`` marks what the trial's own inputs were set from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from eutone._errors import ModelError
from eutone.body._compose import all_parameters
from eutone.body._tables import rows

__all__ = ["Change", "Trial", "trials"]

_CHANGE = re.compile(r"([\w.:-]+?)\s*([*=])\s*([-+.\deE]+)(?:@(-?[\d.]+)-([\d.]+))?")


@dataclass(frozen=True)
class Change:
    """A parameter (dotted id) times ``value`` or set to it, for good or between two hours."""

    parameter: str
    times: bool
    value: float
    begin: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Trial:
    """How a finding is simulated.

    Attributes
    ----------
    finding : str
    taking, versus_taking : tuple of str
    change, versus : tuple of Change
    at_h : float or None
        None: at the new steady state.
    observable : str
        As the modules call it.
    scale : float
        From the observable to the finding's unit (levels).
    fitted : bool
        Whether the finding itself set inputs of its trial.
    note : str
    """

    finding: str
    taking: tuple[str, ...]
    versus_taking: tuple[str, ...]
    change: tuple[Change, ...]
    versus: tuple[Change, ...]
    at_h: float | None
    observable: str
    scale: float
    fitted: bool
    note: str


@cache
def trials() -> tuple[Trial, ...]:
    """Every trial.

    Raises
    ------
    ModelError
        If a cell cannot be read, a parameter is not known, or a window comes without an hour to look at.
    """
    known = {p.id for p in all_parameters()}
    found = []
    for row in rows("trials"):
        where = f"trials.csv, {row['finding']}"
        arms = [_changes(row[arm], where) for arm in ("change", "versus")]
        strays = sorted({c.parameter for arm in arms for c in arm} - known)
        if strays:
            raise ModelError(f"{where}: {', '.join(strays)} is no parameter of the whole person")
        at = float(row["at_h"]) if row["at_h"] else None
        if at is None and any(c.begin is not None for arm in arms for c in arm):
            raise ModelError(f"{where}: hours of a change without an hour to look at (at_h)")
        taken, beside = (
            tuple(t.strip() for t in row[key].split(";") if t.strip()) for key in ("taking", "versus_taking")
        )
        scale, fitted = float(row["scale"] or 1), row["fitted"] == "y"
        found.append(
            Trial(row["finding"], taken, beside, arms[0], arms[1], at, row["observable"], scale, fitted, row["note"])
        )
    names = [t.finding for t in found]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ModelError(f"trials.csv: given twice: {', '.join(twice)}")
    return tuple(found)


def _changes(text: str, where: str) -> tuple[Change, ...]:
    found = []
    for item in (part.strip() for part in text.split(";")):
        if not item:
            continue
        match = _CHANGE.fullmatch(item)
        if match is None:
            raise ModelError(f"{where}: cannot read {item!r}; write ID*X, ID=X or ID*X@FROM-TO")
        name, sign, value, begin, end = match.groups()
        window = (None, None) if begin is None else (float(begin), float(end))
        found.append(Change(name, sign == "*", float(value), *window))
    return tuple(found)
