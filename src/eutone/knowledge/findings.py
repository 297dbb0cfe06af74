"""Published findings that a model of a person has to answer to: what was seen, in whom, and how sure that is.

``ledger/findings.csv`` holds what was seen and nothing of any model; which simulation reproduces a finding stands in
``eutone.body`` (``tables/trials.csv``). A profile reads none of it, so it is no part of the knowledge hash.

**Numbers.** ``measure`` says of what kind ``observed`` is: ``fold`` (after over before), ``share`` (of a transporter,
receptor or enzyme that is occupied or inhibited), ``level`` (in ``unit``). Its interval is the study's own where it
prints one (``ci_low``, ``ci_high``) or implies one:

* means and standard deviations before and after: the ratio of means, its error to first order, Student's t with the
  people less one as degrees of freedom (as if before and after were independent, which is wide);
* a standard deviation between people (``sd``): the mean, likewise.

Where it does neither, the rule of `RULE`, written down before any simulation was run: a fold may be off by a tenth and
by three tenths of its own size (in ln), a share by ten percentage points, a level by half as much again.

**Directions.** ``up`` and ``down`` are met by a change of more than `NOTICED`; ``unchanged`` by one of less than
`UNCHANGED` (in ln).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from scipy.stats import t as student

from eutone._errors import InputError
from eutone.knowledge._table import Row, number, rows

__all__ = ["NOTICED", "RULE", "UNCHANGED", "Finding", "findings"]

RULE = {"fold": (0.1, 0.3), "share": (0.1, 0.0), "level": (math.log(1.5), 0.0)}
"""Half width of an interval that no study gives: a constant, and a share of the size; of ln fold, of a share, of ln
level."""

NOTICED = 0.02
UNCHANGED = 0.1

_MEASURES = ("fold", "share", "level", "direction")
_DIRECTIONS = ("up", "down", "unchanged")


@dataclass(frozen=True)
class Finding:
    """One row of the table.

    Attributes
    ----------
    id, system, what, people, quantity, unit, source : str
    n : int or None
        How many people.
    measure : str
        ``fold``, ``share``, ``level`` or ``direction``.
    observed : float or None
        None of a direction.
    low, high : float or None
        Within which a prediction has to lie.
    interval : str
        ``study`` (printed or implied there), ``rule``, or empty (a direction).
    direction : str
        ``up``, ``down``, ``unchanged``, or empty (a number).
    seen : bool
        Whether the number was read in a source, not remembered.
    added : bool
        Whether Eutone's developers added it to the list that they were given.
    """

    id: str
    system: str
    what: str
    people: str
    n: int | None
    quantity: str
    unit: str
    measure: str
    observed: float | None
    low: float | None
    high: float | None
    interval: str
    direction: str
    source: str
    seen: bool
    added: bool

    @property
    def kind(self) -> str:
        """``number`` or ``direction``."""
        return "direction" if self.measure == "direction" else "number"

    def met_by(self, predicted: float) -> bool:
        """Whether a prediction (a fold for a direction) agrees."""
        if not math.isfinite(predicted):
            return False
        if self.measure == "direction":
            change = math.log(predicted) if predicted > 0 else -math.inf
            up, down = change > NOTICED, change < -NOTICED
            return {"up": up, "down": down, "unchanged": abs(change) < UNCHANGED}[self.direction]
        return (self.low or 0.0) <= predicted <= (math.inf if self.high is None else self.high)


@lru_cache(maxsize=1)
def findings() -> tuple[Finding, ...]:
    """Every finding, in the order of the table.

    Raises
    ------
    InputError
        If a row is not what its columns promise.
    """
    found = tuple(_finding(row) for row in rows("findings", Path(__file__).with_name("ledger")))
    ids = [f.id for f in found]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise InputError(f"given twice: {', '.join(twice)}", file="findings.csv")
    return found


def _finding(row: Row) -> Finding:
    measure, direction = row["measure"], row["direction"]
    if measure not in _MEASURES or (direction in _DIRECTIONS) != (measure == "direction"):
        raise InputError(f"measure {measure!r} with direction {direction!r}", file=row.file, row=row.line)
    cells = {k: number(row, k) if row[k] else None for k in ("n", "observed", "sd", "before", "before_sd", "after",
                                                            "after_sd", "ci_low", "ci_high")}  # fmt: skip
    observed, low, high, interval = cells["observed"], cells["ci_low"], cells["ci_high"], "study"
    n = None if cells["n"] is None else int(cells["n"])
    if measure == "fold" and cells["before"] and cells["after"]:
        observed = cells["after"] / cells["before"]
    if measure == "direction":
        low = high = None
        interval = ""
    elif observed is None:
        raise InputError("no number", file=row.file, row=row.line)
    elif low is None or high is None:
        half = _implied(cells, observed, n)
        if half is not None:
            low, high = observed - half, observed + half
        else:
            (low, high), interval = _by_rule(measure, observed), "rule"
    if measure == "fold" and low is not None:
        low = max(low, 0.0)
    return Finding(
        row["id"], row["system"], row["what"], row["people"], n, row["quantity"], row["unit"], measure, observed, low,
        high, interval, direction, row["source"], row["seen"] == "y", row["added"] == "y",
    )  # fmt: skip


def _implied(cells: dict[str, float | None], observed: float, n: int | None) -> float | None:
    """Half the width of the 95 % interval of the mean that standard deviations imply."""
    if n is None or n < 2:
        return None
    width = float(student.ppf(0.975, n - 1)) / math.sqrt(n)
    before, after = cells["before"], cells["after"]
    if before and after and cells["before_sd"] and cells["after_sd"]:
        return observed * width * math.hypot(cells["before_sd"] / before, cells["after_sd"] / after)
    return width * cells["sd"] if cells["sd"] else None


def _by_rule(measure: str, observed: float) -> tuple[float, float]:
    constant, share = RULE[measure]
    if measure == "share":
        return observed - constant, observed + constant
    size = math.log(observed)
    half = constant + (share * abs(size) if measure == "fold" else 0.0)
    return math.exp(size - half), math.exp(size + half)
