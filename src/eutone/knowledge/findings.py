"""Published findings that a model of a person has to answer to: what was seen, in whom, and how sure that is.

``ledger/findings.csv`` holds what was seen and nothing of any model; which simulation reproduces a finding stands in
``eutone.body`` (``tables/trials.csv``). A profile reads none of it, so it is no part of the knowledge hash.

**Numbers.** ``measure`` says of what kind ``observed`` is: ``fold`` (after over before), ``share`` (of a transporter,
receptor or enzyme that is occupied or inhibited), ``level`` (in ``unit``, above 0: of hours and doses, too),
``difference`` (in ``unit``, of either sign: a rise, a fall, one change less another), ``correlation`` (between people).
Its interval is the study's own where it prints one (``ci_low``, ``ci_high``) or implies one:

* means and standard deviations before and after: the ratio (or difference) of means, its error to first order,
  Student's t with the people less one as degrees of freedom (as if before and after were independent, which is wide);
* a standard deviation between people (``sd``): the mean, likewise;
* a correlation between ``n`` people: Fisher's z, 1.96/sqrt(n - 3) either way.

Where it does neither, the rule of `RULE`, written down before any simulation was run: a fold may be off by a tenth and
by three tenths of its own size (in ln), a share by ten percentage points, a level by half as much again, a difference
by half of itself, a correlation by 0.3 in Fisher's z.

**Directions.** ``up`` and ``down`` are met by a change of more than `NOTICED`; ``unchanged`` by one of less than
`UNCHANGED` (in ln).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from scipy.stats import t as student

from eutone._errors import InputError
from eutone.knowledge._table import Row, number, rows

__all__ = ["COLUMNS", "MEASURES", "NOTICED", "RULE", "UNCHANGED", "Finding", "finding_of", "findings", "once"]

RULE = {
    "fold": (0.1, 0.3),
    "share": (0.1, 0.0),
    "level": (math.log(1.5), 0.0),
    "difference": (0.0, 0.5),
    "correlation": (0.3, 0.0),
}
"""Half width of an interval that no study gives: a constant, and a share of the size; of ln fold, of a share, of ln
level, of a difference, of Fisher's z."""

NOTICED = 0.02
UNCHANGED = 0.1

MEASURES = (*RULE, "direction")
COLUMNS = ("id", "system", "what", "people", "n", "quantity", "unit", "measure", "observed", "sd", "before",
           "before_sd", "after", "after_sd", "ci_low", "ci_high", "direction", "source", "seen", "added")  # fmt: skip
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
        One of `MEASURES`.
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
        lowest = -math.inf if self.low is None else self.low
        return lowest <= predicted <= (math.inf if self.high is None else self.high)

    def off(self, predicted: float) -> float:
        """How far a prediction lies from what was seen, in half widths of the interval on its side: 1 at its end.

        Of folds and levels in ln, of a correlation in Fisher's z; where that has no end (a bound of 0), or what was
        seen is the end itself, in halves of the whole interval as it stands. Of a direction: how many times `NOTICED`
        (of ``unchanged``: `UNCHANGED`) it lies on the wrong side, and 1 more; 0 where it is met.
        """
        if not math.isfinite(predicted):
            return math.inf
        if self.measure == "direction":
            if self.met_by(predicted):
                return 0.0
            change = math.log(predicted) if predicted > 0 else -math.inf
            if self.direction == "unchanged":
                return abs(change) / UNCHANGED
            return 1.0 + (NOTICED - (change if self.direction == "up" else -change)) / NOTICED
        low, seen, high = (float(x or 0.0) for x in (self.low, self.observed, self.high))
        for scale in ({"fold": _ln, "level": _ln, "correlation": _z}.get(self.measure, float), float):
            told, end = scale(predicted), scale(low if predicted < seen else high)
            if all(map(math.isfinite, (told, end, scale(seen)))) and end != scale(seen):
                return abs(told - scale(seen)) / abs(end - scale(seen))
        end, half = (low if predicted < seen else high), (high - low) / 2.0
        if not half:
            return 0.0 if predicted == seen else math.inf
        return 1.0 + abs(predicted - end) / half


def _ln(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def _z(r: float) -> float:
    return math.atanh(r) if abs(r) < 1 else math.copysign(math.inf, r)


@lru_cache(maxsize=1)
def findings() -> tuple[Finding, ...]:
    """Every finding, in the order of the table.

    Raises
    ------
    InputError
        If a row is not what its columns promise.
    """
    return once(finding_of(row) for row in rows("findings", Path(__file__).with_name("ledger")))


def once(found: Iterable[Finding], file: str = "findings.csv") -> tuple[Finding, ...]:
    """The findings, each id once.

    Raises
    ------
    InputError
        If an id is there twice.
    """
    kept = tuple(found)
    ids = [f.id for f in kept]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise InputError(f"given twice: {', '.join(twice)}", file=file, column="id")
    return kept


def finding_of(row: Row) -> Finding:
    """A row with `COLUMNS`.

    Raises
    ------
    InputError
        If it is not what its columns promise.
    """
    measure, direction = row["measure"], row["direction"]

    def refused(what: str, column: str, hint: str | None = None) -> InputError:
        return InputError(what, file=row.file, row=row.line, column=column, hint=hint)

    if not row["id"]:
        raise refused("the finding has no id", "id", "Give each an id of its own")
    if measure not in MEASURES:
        raise refused(f"measure '{measure}' is not known", "measure", f"There are {', '.join(MEASURES)}")
    if (direction in _DIRECTIONS) != (measure == "direction") or (direction and measure != "direction"):
        raise refused(f"measure '{measure}' with direction '{direction}'", "direction",
                      "A direction is up, down or unchanged; a number has none")  # fmt: skip
    cells = {k: number(row, k) if row[k] else None for k in ("n", "observed", "sd", "before", "before_sd", "after",
                                                            "after_sd", "ci_low", "ci_high")}  # fmt: skip
    for name in ("sd", "before_sd", "after_sd"):
        if (cells[name] or 0.0) < 0:
            raise refused("a standard deviation below 0", name)
    observed, low, high, interval = cells["observed"], cells["ci_low"], cells["ci_high"], "study"
    before, after = cells["before"], cells["after"]
    if cells["n"] is not None and (cells["n"] < 1 or cells["n"] != int(cells["n"])):
        raise refused(f"{cells['n']:g} people", "n", "Write how many there were")
    n = None if cells["n"] is None else int(cells["n"])
    if measure == "fold" and before and after:
        observed = after / before
    if measure == "difference" and before is not None and after is not None:
        observed = after - before
    if measure == "direction":
        low = high = None
        interval = ""
    elif observed is None:
        raise refused("no number", "observed", "Write it, or the means before and after")
    elif low is None or high is None:
        if measure in ("fold", "level") and observed <= 0:
            raise refused(f"a {measure} of {observed:g}", "observed", "What may be 0 or below is a difference")
        if measure == "correlation" and not -1 < observed < 1:
            raise refused(f"a correlation of {observed:g}", "observed", "It lies between -1 and 1")
        half = _implied(measure, cells, observed, n)
        if measure == "correlation":
            low, high = _of_z(observed, half or RULE[measure][0])
            interval = "study" if half else "rule"
        elif half is not None:
            low, high = observed - half, observed + half
        else:
            (low, high), interval = _by_rule(measure, observed), "rule"
    if low is not None and high is not None and low > high:
        raise refused(f"the interval {low:g} to {high:g} is empty", "ci_low", "Write its lower end under ci_low")
    if measure == "fold" and low is not None:
        low = max(low, 0.0)
    return Finding(
        row["id"], row["system"], row["what"], row["people"], n, row["quantity"], row["unit"], measure, observed, low,
        high, interval, direction, row["source"], row["seen"] == "y", row["added"] == "y",
    )  # fmt: skip


def _implied(measure: str, cells: dict[str, float | None], observed: float, n: int | None) -> float | None:
    """Half the width of the 95 % interval of the mean that standard deviations imply; of a correlation, that of z."""
    if measure == "correlation":
        return 1.96 / math.sqrt(n - 3) if n is not None and n > 3 else None
    if n is None or n < 2:
        return None
    width = float(student.ppf(0.975, n - 1)) / math.sqrt(n)
    before, after, sds = cells["before"], cells["after"], (cells["before_sd"], cells["after_sd"])
    if sds[0] and sds[1] and measure == "difference":
        return width * math.hypot(sds[0], sds[1])
    if before and after and sds[0] and sds[1]:
        return observed * width * math.hypot(sds[0] / before, sds[1] / after)
    return width * cells["sd"] if cells["sd"] else None


def _of_z(observed: float, half: float) -> tuple[float, float]:
    z = math.atanh(observed)
    return math.tanh(z - half), math.tanh(z + half)


def _by_rule(measure: str, observed: float) -> tuple[float, float]:
    constant, share = RULE[measure]
    if measure in ("share", "difference"):
        half = constant + share * abs(observed)
        return observed - half, observed + half
    size = math.log(observed)
    half = constant + (share * abs(size) if measure == "fold" else 0.0)
    return math.exp(size - half), math.exp(size + half)
