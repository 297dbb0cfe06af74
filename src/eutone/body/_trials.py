"""Which simulation of the whole person reproduces a published finding: ``tables/trials.csv``, one row for each.

``change`` and ``taking`` say what is done in arm ``a``, ``versus`` and ``versus_taking`` in arm ``b``, and where more
are needed ``c``, ``c_taking``, ``d``, ``d_taking``. Changes are items with ``;`` between them, parameters by dotted
id::

    enzyme.MAOA*0.3             for good
    input.tryptophan*0.1@0-8    from hour 0 to hour 8 of the trial; hours before 0 lie before it
    clock.day.amplitude=1       to this value
    input.melatonin={dose}@0-1  to the dose that is looked for

``taking`` is what `--taking` says, items with ``;`` between them: hour by hour from hour 0 where the trial has hours,
else as daily means, and what is looked at is the new steady state. Empty arms are the default person at rest.

``observable`` is a formula (`_statistic`) of what is looked at in each arm, ``at_h`` the hour of names that stand
alone in it. ``compare`` says what becomes of the arms, as a formula of ``a`` to ``d``: where it is empty, ``a`` of a
level, a difference or a correlation, ``1 - a/b`` of a share, ``a/b`` of the rest; ``(a-c)/(b-d)`` is a difference of
differences. ``scale`` brings a level or a difference into the finding's unit.

A trial with hours begins whole days before hour 0: as many as its windows need, and at least ``run_in_d`` (1). What is
for good acts from there on; what somebody was born with needs a longer one. ``people`` (1) are drawn with ``seed`` (0)
from the spreads between people, and each begins in their own steady state. ``fitted`` marks a trial whose own inputs
were set from the finding. A ``note`` that begins with ``untestable:`` says why there is no trial.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from eutone._errors import InputError, did_you_mean
from eutone.body._compose import all_parameters
from eutone.body._formula import formula, names_in
from eutone.body._statistic import Statistic, statistic
from eutone.body._tables import rows

__all__ = ["COLUMNS", "DOSE", "Arm", "Change", "Trial", "trial_of", "trials"]

COLUMNS = (
    "finding", "taking", "change", "versus_taking", "versus", "at_h", "observable", "scale", "fitted", "note",
    "compare", "c_taking", "c", "d_taking", "d", "run_in_d", "people", "seed",
)  # fmt: skip

DOSE = "{dose}"
"""In an arm: the dose that is looked for."""

_CHANGE = re.compile(r"([\w.:-]+?)\s*([*=])\s*([-+.\deE]+|\{dose\})(?:@(-?[\d.]+)-([\d.]+))?", re.ASCII)
_ARMS = {"a": ("taking", "change"), "b": ("versus_taking", "versus"), "c": ("c_taking", "c"), "d": ("d_taking", "d")}
_UNTESTABLE = "untestable:"
_MOST_PEOPLE = 10_000


@dataclass(frozen=True)
class Change:
    """A parameter (dotted id) times ``value`` or set to it (None: the dose looked for), for good or between hours."""

    parameter: str
    times: bool
    value: float | None
    begin: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Arm:
    """What is taken and changed."""

    taking: tuple[str, ...] = ()
    change: tuple[Change, ...] = ()

    @property
    def dosed(self) -> bool:
        """Whether the dose that is looked for is in it."""
        return any(DOSE in item for item in self.taking) or any(c.value is None for c in self.change)


@dataclass(frozen=True)
class Trial:
    """How a finding is simulated.

    Attributes
    ----------
    finding : str
    arms : dict of str to Arm
        ``a`` to ``d``.
    observable : Statistic or None
        None where ``untestable`` says why.
    at_h : float or None
        The hour of names that stand alone in ``observable``.
    compare : ast.expr or None
        None: by the finding's measure.
    scale : float
        From the observable to the finding's unit (levels, differences).
    fitted : bool
        Whether the finding itself set inputs of its trial.
    note : str
    run_in_d : float
        Days before hour 0, at least.
    people, seed : int
    untestable : str
        Why it cannot be simulated.
    file, row :
        Where it stands.
    """

    finding: str
    arms: Mapping[str, Arm]
    observable: Statistic | None
    at_h: float | None = None
    compare: ast.expr | None = None
    scale: float = 1.0
    fitted: bool = False
    note: str = ""
    run_in_d: float = 1.0
    people: int = 1
    seed: int = 0
    untestable: str = ""
    file: str = field(default="trials.csv", compare=False)
    row: int | None = field(default=None, compare=False)

    @property
    def timed(self) -> bool:
        """Whether hours are looked at, not a steady state."""
        return self.at_h is not None or bool(self.observable and self.observable.hours)


@cache
def trials() -> tuple[Trial, ...]:
    """Every trial of the package.

    Raises
    ------
    InputError
        If a cell cannot be read, a parameter is not known, or a window comes without an hour to look at.
    """
    return once(trial_of(cells, "trials.csv", line) for line, cells in enumerate(rows("trials", short=True), start=2))


def once(found: Iterable[Trial]) -> tuple[Trial, ...]:
    """The trials, one for each finding.

    Raises
    ------
    InputError
        If a finding has two.
    """
    kept: dict[str, Trial] = {}
    for trial in found:
        if trial.finding in kept:
            raise InputError(f"'{trial.finding}' is given twice", file=trial.file, row=trial.row, column="finding",
                             hint=f"Keep it, or that of row {kept[trial.finding].row}")  # fmt: skip
        kept[trial.finding] = trial
    return tuple(kept.values())


def trial_of(cells: Mapping[str, str], file: str, row: int) -> Trial:
    """A row, by column of `COLUMNS`; what is missing is empty.

    Raises
    ------
    InputError
        With file, row and column.
    """
    cell = {name: cells.get(name, "").strip() for name in COLUMNS}
    column = "finding"
    try:
        note = cell["note"]
        if not cell["finding"]:
            raise InputError("says of no finding that it is its trial", hint="Write the finding's id")
        if note.startswith(_UNTESTABLE):
            why = note.removeprefix(_UNTESTABLE).strip()
            return Trial(cell["finding"], {}, None, note=note, untestable=why, file=file, row=row)
        arms = {}
        for letter, (taking, column) in _ARMS.items():  # the column is for the message
            items = tuple(item.strip() for item in cell[taking].split(";") if item.strip())
            arms[letter] = Arm(items, _changes(cell[column]))
        numbers = {}
        for column in ("at_h", "scale", "run_in_d", "people", "seed"):
            numbers[column] = _number(cell[column])
        column = "people"
        people = _count(numbers["people"], 1, 1)
        column = "seed"
        seed = _count(numbers["seed"], 0, 0)
        column = "run_in_d"
        run_in = 1.0 if numbers["run_in_d"] is None else numbers["run_in_d"]
        if not 0 <= run_in <= 10_000:
            raise InputError(f"a run-in of {run_in:g} days is impossible", hint="From 0 to 10000")
        column = "observable"
        if not cell["observable"]:
            raise InputError("nothing is looked at", hint=f"Write a formula, or begin the note with '{_UNTESTABLE}'")
        looked = statistic(cell["observable"])
        column = "compare"
        compare = formula(cell["compare"]) if cell["compare"] else None
        strays = sorted(set(names_in(compare)) - set(_ARMS)) if compare else []
        if strays or (compare and not names_in(compare)):
            raise InputError(f"'{cell['compare']}' does not compare arms", hint="Arms are a, b, c and d")
        column = "fitted"
        if cell["fitted"] not in ("", "y", "n"):
            raise InputError(f"'{cell['fitted']}' is neither y nor n")
        scale = 1.0 if numbers["scale"] is None else numbers["scale"]
        trial = Trial(cell["finding"], arms, looked, numbers["at_h"], compare, scale, cell["fitted"] == "y", note,
                      run_in, people, seed, "", file, row)  # fmt: skip
        column = "at_h"
        _agree(trial)
    except InputError as error:
        raise InputError(error.message, file=file, row=row, column=error.column or column, hint=error.hint) from None
    return trial


def _agree(trial: Trial) -> None:
    """Refuse what does not go together."""
    looked = trial.observable
    assert looked is not None  # noqa: S101
    if any(c.begin is not None for arm in trial.arms.values() for c in arm.change) and not trial.timed:
        raise InputError("hours of a change without an hour to look at", hint="Write it in at_h, or use at(x, h)")
    if looked.hours and looked.bare and trial.at_h is None:
        raise InputError("a name stands alone in the formula, and no hour", hint="Write it in at_h, or use at(x, h)")
    if looked.people != (trial.people > 1):
        raise InputError(
            "many people, and a formula of one" if trial.people > 1 else "a formula of many people, and one person",
            column="people",
            hint="Say how many people; of many use average, median, sd, cv or corr",
        )
    dosed = [letter for letter, arm in trial.arms.items() if arm.dosed]
    if bool(dosed) != bool(looked.dose):
        raise InputError(
            f"{DOSE} without dose(...), or dose(...) without {DOSE}",
            column="observable",
            hint=f"Write dose(formula, value, lowest, highest), and {DOSE} in each arm that is used",
        )


def _number(text: str) -> float | None:
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InputError(f"'{text}' is not a finite number")
    return found


def _count(found: float | None, least: int, default: int) -> int:
    if found is None:
        return default
    if not least <= found <= _MOST_PEOPLE or found != int(found):
        raise InputError(f"{found:g} is not a whole number from {least} to {_MOST_PEOPLE}")
    return int(found)


def _changes(text: str) -> tuple[Change, ...]:
    known = {p.id for p in all_parameters()}
    found = []
    for item in (part.strip() for part in text.split(";")):
        if not item:
            continue
        match = _CHANGE.fullmatch(item)
        if match is None:
            raise InputError(f"cannot read '{item}'", hint="Write ID*X, ID=X or ID*X@FROM-TO")
        name, sign, value, *window = match.groups()
        if name not in known:
            near = did_you_mean(name, known)
            raise InputError(f"'{name}' is no parameter of the whole person", hint=near or "'eutone model show' says")
        begin, end = (_number(hour or "") for hour in window)
        if begin is not None and end is not None and not begin < end:
            raise InputError(f"'{item}' ends before it begins")
        found.append(Change(name, sign == "*", None if value == DOSE else _number(value), begin, end))
    return tuple(found)
