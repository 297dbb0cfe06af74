"""The tables of the body, typed: parameters, read-outs, quantities. One row each, as they stand in ``tables/``."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eutone._errors import ModelError

__all__ = ["GRADES", "Parameter", "Quantity", "Readout", "parameters", "quantities", "readouts", "rows", "seconds",
           "whole_quantities", "whole_readouts"]  # fmt: skip

FOLDER = Path(__file__).parent

GRADES = ("SEEN", "RECALLED", "COMPUTED", "FITTED", "ASSUMED", "DEFINED")
"""Read in a source; from memory; follows from others; set so that the body shows what the source names; set by hand; a
definition."""


@dataclass(frozen=True)
class Parameter:
    """One number of the body.

    Attributes
    ----------
    id : str
        Dotted, stable: ``enzyme.TH``.
    flat : str
        Id in the Antimony files: ``e_TH``.
    meaning, unit : str
    value : float
    person_ln_sd : float
        Standard deviation of the ln value between healthy people; 0 where it does not differ.
    structural_ln_sd : float
        Standard deviation of our own ignorance of the ln value, the same for everybody; 0 where it is not sampled.
    grade : str
        One of `GRADES`.
    source : str
    """

    id: str
    flat: str
    meaning: str
    value: float
    unit: str
    person_ln_sd: float
    structural_ln_sd: float
    grade: str
    source: str


@dataclass(frozen=True)
class Readout:
    """What the model says of a marker: the observable that it follows, in fold of the default body."""

    readout: str
    observable: str
    basis: str


@dataclass(frozen=True)
class Quantity:
    """What a profile reports: an expression of the model (``expression``), its unit, system and region."""

    id: str
    name: str
    system: str
    region: str | None
    unit: str
    expression: str


def rows(name: str, *, short: bool = False) -> list[dict[str, str]]:
    """The rows of ``tables/<name>.csv``, cells stripped.

    Parameters
    ----------
    name : str
    short : bool
        Whether a row may end early: what is missing is empty.

    Raises
    ------
    ModelError
        If a row has more or fewer cells than the header.
    """
    with (FOLDER / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *body = list(csv.reader(file))
    for at, row in enumerate(body, start=2):
        if short:
            row += [""] * (len(header) - len(row))
        if len(row) != len(header):
            raise ModelError(f"{name}.csv, row {at}: {len(row)} cells where the header has {len(header)}")
    return [{k: v.strip() for k, v in zip(header, row, strict=True)} for row in body]


@cache
def parameters() -> tuple[Parameter, ...]:
    """Every parameter and initial value.

    Raises
    ------
    ModelError
        If two rows share an id, or a number cannot be read.
    """
    found: list[Parameter] = []
    for row in rows("parameters"):
        try:
            numbers = [float(row[key]) for key in ("value", "person_ln_sd", "structural_ln_sd")]
        except ValueError as error:
            raise ModelError(f"parameters.csv, {row['id']}: {error}") from None
        found.append(Parameter(row["id"], row["flat"], row["meaning"], numbers[0], row["unit"], numbers[1], numbers[2],
                               row["grade"], row["source"]))  # fmt: skip
    for what in ("id", "flat"):
        twice = sorted(n for n, count in Counter(getattr(p, what) for p in found).items() if count > 1)
        if twice:
            raise ModelError(f"parameters.csv: {what} given twice: {', '.join(twice)}")
    return tuple(found)


_TIMES = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


@cache
def seconds() -> float:
    """How long the body's unit of time is: the one in which every row that speaks of time does so.

    Raises
    ------
    ModelError
        If rows use several, or none.
    """
    used = {part for p in parameters() for part in re.split(r"[/*. ]", p.unit) if part in _TIMES}
    if len(used) != 1:
        raise ModelError(f"parameters.csv: the units of time are {', '.join(sorted(used)) or 'none'}, not one")
    return _TIMES[used.pop()]


@cache
def readouts() -> tuple[Readout, ...]:
    """Which observable each marker follows."""
    return tuple(Readout(r["readout"], r["observable"], r["basis"]) for r in rows("readouts"))


@cache
def whole_readouts() -> tuple[Readout, ...]:
    """Which observable of the whole person each marker follows: its own compartment where it has one."""
    own = {r["readout"]: Readout(r["readout"], r["observable"], r["basis"]) for r in rows("readouts_whole")}
    unknown = sorted(own.keys() - {r.readout for r in readouts()})
    if unknown:
        raise ModelError(f"readouts_whole.csv: {', '.join(unknown)} is not in readouts.csv")
    return tuple(own.get(r.readout, r) for r in readouts())


@cache
def quantities() -> tuple[Quantity, ...]:
    """What a profile reports."""
    return _quantities("quantities")


@cache
def whole_quantities() -> tuple[Quantity, ...]:
    """What the whole person is asked for: what a profile reports, and quantities of the other modules."""
    return (*quantities(), *_quantities("quantities_whole"))


def _quantities(table: str) -> tuple[Quantity, ...]:
    return tuple(
        Quantity(r["id"], r["name"], r["system"], r["region"] or None, r["unit"], r["expression"]) for r in rows(table)
    )
