"""Is the whole person right about what was published? Every finding, simulated and held against what was seen.

Findings whose sources set a number are *fitted* (`_basis`), all others *predicted*. Numbers and directions are scored
apart. The same body with every coupling between modules at 1 is run beside it: what couplings add has to show. Of
directions, so does how many were met by always guessing the one that is commonest among them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eutone._arms import arm_of, check
from eutone._basis import basis
from eutone._trial_runs import Progress, simulate_arms
from eutone.body._formula import compute, names_in
from eutone.body._trials import Trial, trials
from eutone.engine.chunks import Stop
from eutone.knowledge.findings import Finding, findings

__all__ = ["Entry", "Ledger", "validate"]


@dataclass(frozen=True)
class Entry:
    """One finding in the ledger.

    Attributes
    ----------
    finding : Finding
    basis : str
        ``fitted`` or ``predicted``.
    predicted, neutral : float or None
        In the finding's measure; a fold for a direction. ``neutral`` is that of the body without couplings.
    passed, neutral_passed : bool
    why : str
        Why it is not tested, or not passed; the trial's own note.
    """

    finding: Finding
    basis: str
    predicted: float | None
    neutral: float | None
    passed: bool
    neutral_passed: bool
    why: str

    @property
    def off(self) -> float:
        """How far the prediction lies from what was seen (`Finding.off`); infinite without one."""
        return math.inf if self.predicted is None else self.finding.off(self.predicted)


@dataclass(frozen=True)
class Ledger:
    """All findings that can be simulated, and why the others cannot."""

    entries: tuple[Entry, ...]
    untestable: tuple[tuple[Finding, str], ...]

    def score(self, kind: str, basis: str, *, neutral: bool = False) -> tuple[int, int]:
        """How many of a kind passed, and how many there are."""
        mine = [e for e in self.entries if e.finding.kind == kind and e.basis == basis]
        return sum(e.neutral_passed if neutral else e.passed for e in mine), len(mine)

    def commonest(self, basis: str) -> tuple[str, int]:
        """The direction that most findings of this basis have, and how many: what guessing would be right about."""
        seen = Counter(e.finding.direction for e in self.entries if e.basis == basis and e.finding.direction)
        return max(seen.items(), key=lambda one: (one[1], one[0]), default=("", 0))

    def to_dict(self) -> dict[str, Any]:
        """As ``eutone validate --json`` writes it."""
        return {
            "findings": [
                {
                    "id": e.finding.id,
                    "kind": e.finding.kind,
                    "basis": e.basis,
                    "observed": e.finding.direction or e.finding.observed,
                    "predicted": e.predicted,
                    "low": e.finding.low,
                    "high": e.finding.high,
                    "passed": e.passed,
                    "why": e.why,
                    "measure": e.finding.measure,
                    "interval": e.finding.interval,
                    "neutral": e.neutral,
                    "seen": e.finding.seen,
                    "system": e.finding.system,
                    "off": e.off if math.isfinite(e.off) else None,
                }
                for e in self.entries
            ],
            "passed": sum(e.passed for e in self.entries),
            "total": len(self.entries),
            "untestable": [{"id": f.id, "why": why} for f, why in self.untestable],
        }


def validate(
    found: Sequence[Finding] | None = None,
    tried: Sequence[Trial] | None = None,
    *,
    uncoupled: bool = False,
    threads: int | None = None,
    stop: Stop | None = None,
    progress: Progress | None = None,
) -> Ledger:
    """Simulate findings with the default person, with couplings and without.

    Parameters
    ----------
    found : sequence of Finding, optional
        Those of the package if not given.
    tried : sequence of Trial, optional
        Likewise. One for each finding; without one a finding is not tested.
    uncoupled : bool
        Whether the body without couplings makes the predictions (else it stands beside).
    threads : int, optional
    stop : object with ``is_set()``, optional
    progress : callable, optional
        ``progress(stage, share done)``.

    Raises
    ------
    InputError
        If a trial looks at, or takes, what is not in the whole person.
    StoppedError
        If ``stop`` was set.
    """
    found = findings() if found is None else found
    mine = {t.finding: t for t in (trials() if tried is None else tried)}
    told = [(f, mine[f.id]) for f in found if f.id in mine and not mine[f.id].untestable]
    for _, trial in told:
        check(trial)
    bodies = (uncoupled, True)
    places = [(k, letter, neutral) for k, (f, t) in enumerate(told) for letter in _arms(f, t) for neutral in bodies]
    arms = [arm_of(told[k][1], letter, neutral) for k, letter, neutral in places]
    numbers = simulate_arms(arms, threads=threads, stop=stop, progress=progress)
    seen = dict(zip(places, numbers, strict=True))
    entries = []
    for k, (finding, trial) in enumerate(told):
        value, plain = (
            _measured(finding, trial, {letter: seen[k, letter, neutral] for letter in _arms(finding, trial)})
            for neutral in bodies
        )
        why = "; ".join(filter(None, (trial.note, "" if math.isfinite(value) else _missing(trial))))
        with_, without = (v if math.isfinite(v) else None for v in (value, plain))
        passed, plainly = finding.met_by(value), finding.met_by(plain)
        entries.append(Entry(finding, basis(finding, trial), with_, without, passed, plainly, why))
    tested = {f.id for f, _ in told}
    others = [(f, mine[f.id].untestable if f.id in mine else "no simulation written yet")
              for f in found if f.id not in tested]  # fmt: skip
    return Ledger(tuple(entries), tuple(others))


_OF_ONE_ARM = ("level", "difference", "correlation")
"""Measures of which arm ``a`` says all, where a trial does not say what to compare."""


def _arms(finding: Finding, trial: Trial) -> tuple[str, ...]:
    """The arms that have to be simulated."""
    if trial.compare is not None:
        return names_in(trial.compare)
    return ("a",) if finding.measure in _OF_ONE_ARM else ("a", "b")


def _measured(finding: Finding, trial: Trial, arms: dict[str, float]) -> float:
    """The prediction in the finding's measure, from what is looked at in the arms."""
    if trial.compare is not None:
        with np.errstate(all="ignore"):
            value = float(compute(trial.compare, lambda letter: np.array(arms[letter])).reshape(-1)[0])
    elif finding.measure in _OF_ONE_ARM:
        value = arms["a"]
    else:
        fold = arms["a"] / arms["b"] if arms["b"] else math.nan
        value = 1 - fold if finding.measure == "share" else fold
    return value * trial.scale if finding.measure in ("level", "difference") else value


def _missing(trial: Trial) -> str:
    """What may be the reason where there is no number."""
    looked = trial.observable
    if looked is not None and looked.dose:
        return f"no dose from {looked.dose[1]:g} to {looked.dose[2]:g} brings it there"
    return "no steady state, no end, or nothing to compare with"
