"""How the command line shows the ledger."""

from __future__ import annotations

import json

from eutone import _own_findings
from eutone._errors import InputError
from eutone._validate import Entry, Ledger
from eutone.body._trials import Trial
from eutone.knowledge.findings import Finding, findings

__all__ = ["asked", "scores", "table", "template", "to_json"]


def template(name: str) -> str:
    """A table to begin with."""
    return _own_findings.TEMPLATES[name]


def asked(
    told: str | None, tried: str | None, only: str | None, system: str | None
) -> tuple[tuple[Finding, ...], tuple[Trial, ...]]:
    """The findings and trials that the options name.

    Raises
    ------
    InputError
        If a file cannot be read, or nothing is left.
    """
    if told is not None and tried is None:
        raise InputError("--findings without --trials: nothing says how to simulate them",
                         hint="'eutone validate --template trials' prints a table to begin with")  # fmt: skip
    found = findings() if told is None else _own_findings.read_findings(told)
    own = () if tried is None else _own_findings.read_trials(tried, found)
    ids = None if only is None else only.replace(",", " ").split()
    return _own_findings.chosen(found, ids, system), own if told else _own_findings.own_and_shipped(own)


def to_json(ledger: Ledger) -> str:
    """The contract's JSON, one line for each key of each finding."""
    return json.dumps(ledger.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def table(ledger: Ledger) -> str:
    """Every finding on a line, then the scores."""
    lines = [f"{'finding':<12} {'basis':<9} {'observed':>20}  {'predicted':>9} {'uncoupled':>9}"]
    for e in ledger.entries:
        f = e.finding
        lines.append(
            f"{f.id:<12} {e.basis:<9} {_observed(e):>20}  {_number(e.predicted):>9} {_number(e.neutral):>9}  "
            f"{'ok' if e.passed else 'MISS':<4}  {f.quantity}: {f.what}"
        )
    lines += ["", *scores(ledger)]
    if ledger.untestable:
        lines += ["", f"not tested, {len(ledger.untestable)}:"]
        lines += [f"  {f.id}: {why}" for f, why in ledger.untestable]
    return "\n".join(lines)


def scores(ledger: Ledger) -> list[str]:
    """Four scores, each beside that of the body without couplings, directions beside that of guessing, too."""
    lines = []
    for basis in ("fitted", "predicted"):
        for kind in ("number", "direction"):
            passed, total = ledger.score(kind, basis)
            neutral = ledger.score(kind, basis, neutral=True)[0]
            share = f" ({passed / total:.0%})" if total else ""
            guess, right = ledger.commonest(basis)
            guessed = f", always guessing '{guess}' {right}" if kind == "direction" and guess else ""
            lines.append(f"{basis} {kind}s: {passed} of {total}{share}, without couplings {neutral}{guessed}")
    return lines


def _observed(entry: Entry) -> str:
    f = entry.finding
    if f.direction:
        return f.direction
    mark = "" if f.interval == "study" else "*"
    return f"{_number(f.observed)} ({_number(f.low)}-{_number(f.high)}){mark}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
