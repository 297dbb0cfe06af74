"""Findings and trials of somebody's own: two tables in, checked, with file, row and column of whatever is wrong.

The columns are those of the package's own tables (`eutone.knowledge.findings`, `eutone.body._trials`); most may be left
out. `TEMPLATES` are tables to begin with: they can be run as they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from eutone._errors import InputError, did_you_mean
from eutone.body._trials import COLUMNS as TRIAL_COLUMNS
from eutone.body._trials import Trial, trial_of, trials
from eutone.body._trials import once as once_a_trial
from eutone.forms.panel_csv import column_of
from eutone.forms.source import text_of
from eutone.forms.tables import read_table
from eutone.forms.values import clean, shown
from eutone.knowledge._table import Row
from eutone.knowledge.findings import COLUMNS as FINDING_COLUMNS
from eutone.knowledge.findings import Finding, finding_of, findings
from eutone.knowledge.findings import once as once_a_finding

__all__ = ["TEMPLATES", "chosen", "own_and_shipped", "read_findings", "read_trials"]

TEMPLATES = {
    "findings": """\
id,system,what,people,n,quantity,unit,measure,observed,sd,ci_low,ci_high,direction,source
X1,serotonin,sertraline 50 mg/d for 4 weeks,depressed,20,CSF 5-HIAA,,fold,0.6,,0.5,0.7,,where it was published
X2,dopamine,levodopa 100 mg with carbidopa 25 mg,healthy,12,time of the peak in plasma,h,level,0.7,0.3,,,,
X3,dopamine,the same,healthy,12,half-life in plasma,h,level,1.5,,,,,
X4,prolactin,metoclopramide 10 mg,healthy,10,largest rise of plasma prolactin,ng/mL,difference,25,9,,,,
X5,serotonin,none,healthy,80,CSF HVA with CSF 5-HIAA,,correlation,0.6,,,,,
X6,dopamine,methylphenidate once,healthy,7,dose that occupies half of DAT,mg,level,17.5,,,,,10.1176/ajp.155.10.1325
X7,kynurenine,a low-protein day,healthy,,plasma kynurenine,,direction,,,,,down,
""",
    "trials": """\
finding,taking,change,versus_taking,versus,at_h,observable,scale,compare,people,seed,note
X1,sertraline 50 mg/d,,,,672,csf_HIAA,,,,,
X2,levodopa 100 mg 1/d with carbidopa 25 mg for 1 d,,,,,"tmax(P_LDOPA, 0, 6)",,,,,
X3,levodopa 100 mg 1/d with carbidopa 25 mg for 1 d,,,,,"halflife(P_LDOPA, 2, 6)",,,,,
X4,metoclopramide 10 mg 1/d for 1 d,,,,,"max(PRL, 0, 8) - at(PRL, 0)",,,,,
X5,,,,,,"corr(ln(csf_HVA), ln(csf_HIAA))",,,100,1,
X6,methylphenidate {dose} mg 1/d for 1 d,,,,2,"dose(transporter.SLC6A3, 0.5, 1, 100)",,,,,
X7,,input.tryptophan*0.3@0-24,,,24,P_KYN,,,,,
""",
}


def read_findings(path: str | os.PathLike[str]) -> tuple[Finding, ...]:
    """The findings of a table.

    Raises
    ------
    InputError
    """
    rows = _rows(path, FINDING_COLUMNS, ("id", "quantity", "measure"))
    return once_a_finding((finding_of(row) for row in rows), os.fspath(path))


def read_trials(path: str | os.PathLike[str], told: Sequence[Finding] | None = None) -> tuple[Trial, ...]:
    """The trials of a table, each of one of the findings ``told`` (those of the package if not given).

    Raises
    ------
    InputError
    """
    known = [f.id for f in (findings() if told is None else told)]
    rows = _rows(path, TRIAL_COLUMNS, ("finding", "observable"))
    found = once_a_trial(trial_of(row, row.file, row.line) for row in rows)
    for trial in found:
        if trial.finding not in known:
            raise InputError(f"there is no finding '{shown(trial.finding)}'", file=trial.file, row=trial.row,
                             column="finding", hint=did_you_mean(trial.finding, known) or None)  # fmt: skip
    return found


def chosen(
    told: Sequence[Finding], only: Iterable[str] | None = None, system: str | None = None
) -> tuple[Finding, ...]:
    """The findings with these ids (``F081`` is ``F081.24h`` and ``F081.18d``, too) and of this system.

    Raises
    ------
    InputError
        If nothing has that id, or that system.
    """
    found = tuple(told)
    if only is not None:
        wanted = tuple(only)
        for name in wanted:
            if not any(_named(f, name) for f in told):
                near = did_you_mean(name, [f.id for f in told])
                raise InputError(f"--only: there is no finding '{shown(name)}'", hint=near or None)
        found = tuple(f for f in found if any(_named(f, name) for name in wanted))
    if system is not None:
        systems = sorted({f.system for f in told if f.system})
        if system not in systems:
            near = did_you_mean(system, systems)
            raise InputError(
                f"--system: no finding is of '{shown(system)}'", hint=near or f"There are {', '.join(systems)}"
            )
        found = tuple(f for f in found if f.system == system)
    if not found:
        raise InputError("no finding is left", hint="Leave out --only or --system")
    return found


def own_and_shipped(own: Sequence[Trial]) -> tuple[Trial, ...]:
    """The trials of the package, and in their place those of somebody's own."""
    return tuple({t.finding: t for t in (*trials(), *own)}.values())


def _named(finding: Finding, name: str) -> bool:
    return finding.id == name or finding.id.split(".")[0] == name


def _rows(path: str | os.PathLike[str], columns: Sequence[str], needed: Sequence[str]) -> list[Row]:
    file = os.fspath(path)
    table = read_table(text_of(path), columns, column_of, file=file)
    for name, heading in table.columns.items():
        if name not in columns:
            near = did_you_mean(name, columns)
            raise InputError("is no column of this table", file=file, row=1, column=shown(heading),
                             hint=near or f"There are {', '.join(columns)}")  # fmt: skip
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise InputError("the column is missing", file=file, row=1, column=missing[0],
                         hint="'eutone validate --template' prints a table to begin with")  # fmt: skip
    if not table.lines:
        raise InputError("the table has no rows", file=file, row=2, hint="Write one finding in each row")
    empty = dict.fromkeys(columns, "")
    return [Row({**empty, **{k: clean(v) for k, v in line.cells.items()}}, file, line.row) for line in table.lines]
