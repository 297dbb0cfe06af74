"""Is the whole person right about what was published? Every finding, simulated and held against what was seen.

A finding is *fitted* where its source set a number: the source's identifier stands beside any parameter or coupling of
the whole person, or beside a number of what is taken, or a row that was fitted names the finding. All others are
*predicted*. Numbers and directions are scored apart. The same body with every coupling between modules at 1 is run
beside it: what couplings add has to show.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eutone._errors import SolveError
from eutone._person import Person
from eutone._protocol import Protocol
from eutone.body._compose import all_parameters, load_whole
from eutone.body._couplings import coupling_parameters
from eutone.body._pharmacology import sources_of
from eutone.body._taken import NOW, daily_means, with_taken
from eutone.body._trials import Change, Trial, trials
from eutone.engine import Network, compile_network, solve_steady
from eutone.engine.course import compile_course, solve_course
from eutone.engine.derivative import Derivative
from eutone.engine.dosing import Dose
from eutone.engine.status import Status
from eutone.knowledge.findings import Finding, findings

__all__ = ["Entry", "Ledger", "validate"]

Array = NDArray[np.float64]

_PERSON = Person(age_years=35.0, weight_kg=70.0)
_IDENTIFIER = re.compile(r"10\.\d{4,}/(?:\([^\s()]*\)|[^\s,;()])+|PMID\s*\d+|PMC\d+|scilit [0-9a-f]+", re.IGNORECASE)


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


@dataclass(frozen=True)
class Ledger:
    """All findings that can be simulated, and why the others cannot."""

    entries: tuple[Entry, ...]
    untestable: tuple[tuple[Finding, str], ...]

    def score(self, kind: str, basis: str, *, neutral: bool = False) -> tuple[int, int]:
        """How many of a kind passed, and how many there are."""
        mine = [e for e in self.entries if e.finding.kind == kind and e.basis == basis]
        return sum(e.neutral_passed if neutral else e.passed for e in mine), len(mine)

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
                }
                for e in self.entries
            ],
            "passed": sum(e.passed for e in self.entries),
            "total": len(self.entries),
            "untestable": [{"id": f.id, "why": why} for f, why in self.untestable],
        }


def validate(*, threads: int | None = None, progress: Callable[[str, float], object] | None = None) -> Ledger:
    """Simulate every finding with the default person, with couplings and without.

    Parameters
    ----------
    threads : int, optional
    progress : callable, optional
        ``progress(stage, share done)``.

    Raises
    ------
    SolveError
        If the default person has no steady state.
    """
    mine = {t.finding: t for t in trials()}
    told = [f for f in findings() if f.id in mine and not mine[f.id].note.startswith("untestable:")]
    wanted = [mine[f.id] for f in told]
    results = []
    for done, neutral in enumerate((False, True)):
        if progress is not None:
            progress("without couplings" if neutral else "simulating findings", done / 2)
        results.append(_run(wanted, neutral, threads))
    entries = []
    for finding, trial, with_, without in zip(told, wanted, *results, strict=True):
        value, plain = (_measured(finding, trial, folds) for folds in (with_, without))
        passed, plainly = finding.met_by(value), finding.met_by(plain)
        why = "; ".join(filter(None, (trial.note, "" if math.isfinite(value) else "no steady state, or no end")))
        finite = [v if math.isfinite(v) else None for v in (value, plain)]
        entries.append(Entry(finding, _basis(finding, trial), finite[0], finite[1], passed, plainly, why))
    others = [(f, mine[f.id].note.removeprefix("untestable:").strip() if f.id in mine else "no simulation written yet")
              for f in findings() if f not in told]  # fmt: skip
    return Ledger(tuple(entries), tuple(others))


def _measured(finding: Finding, trial: Trial, levels: tuple[float, float]) -> float:
    """The prediction in the finding's measure, from the observable in the two arms."""
    arm, control = levels
    if finding.measure == "level":
        return arm * trial.scale
    fold = arm / control if control else math.nan
    return 1 - fold if finding.measure == "share" else fold


def _basis(finding: Finding, trial: Trial) -> str:
    """Whether the source of a finding also set a number that its simulation uses."""
    own = {i.lower().rstrip(".") for i in _IDENTIFIER.findall(finding.source)} or {finding.source.lower()}
    sources = [p.source for p in all_parameters()]
    for drug in _drugs(trial):
        sources += sources_of(drug)
    # a row may also say it by the finding's number
    number = re.compile(rf"\b{finding.id.split('.')[0]}\b")
    told = any("fitted" in text.lower() and number.search(text) for text in sources)
    stands = any(name in text.lower() for text in sources for name in own)
    return "fitted" if trial.fitted or told or stands else "predicted"


def _drugs(trial: Trial) -> set[str]:
    from eutone.forms.taking import protocol_of

    taken = (*trial.taking, *trial.versus_taking)
    doses = protocol_of(taken)[0].doses if taken else ()
    return {name for d in doses for name in (d.drug, d.inhibitor) if name}


@dataclass(frozen=True)
class _Arm:
    """One simulation: factors for good by flat id, windows, and when and what to look at."""

    values: dict[str, float]
    windows: tuple[tuple[str, float, float, float], ...]  # flat id, amount, begin, end
    taken: Protocol  # hour by hour
    at_h: float | None
    observable: str


def _run(wanted: list[Trial], neutral: bool, threads: int | None) -> list[tuple[float, float]]:
    """The observable in both arms of every trial."""
    network = load_whole()
    off = dict.fromkeys((p.flat for p in coupling_parameters()), 0.0) if neutral else {}
    arms = [_arm(network, trial, changes, taking, off) for trial in wanted
            for changes, taking in ((trial.change, trial.taking), (trial.versus, trial.versus_taking))]  # fmt: skip
    levels = np.full(len(arms), math.nan)
    steady = [k for k, arm in enumerate(arms) if arm.at_h is None]
    levels[steady] = _steady(network, [arms[k] for k in steady], threads)
    timed = [k for k, arm in enumerate(arms) if arm.at_h is not None]
    levels[timed] = _courses(network, [arms[k] for k in timed], off, threads)
    return [(float(a), float(b)) for a, b in levels.reshape(-1, 2)]


def _arm(
    network: Network, trial: Trial, changes: tuple[Change, ...], taking: tuple[str, ...], off: dict[str, float]
) -> _Arm:
    from eutone.forms.taking import protocol_of

    flat = {p.id: p.flat for p in all_parameters()}
    default = dict(zip(network.parameters, network.values.tolist(), strict=True))
    values = dict(off)
    windows = []
    taken = protocol_of(taking)[0] if taking else Protocol()
    if trial.at_h is None:
        values |= daily_means(network, taken, _PERSON).values
        taken = Protocol()
    for c in changes:
        name = flat[c.parameter]
        before = values.get(name, default[name])
        after = before * c.value if c.times else c.value
        if c.begin is None or c.end is None:
            values[name] = after
        else:
            windows.append((name, after - before, c.begin, c.end))
    return _Arm(values, tuple(windows), taken, trial.at_h, trial.observable)


def _table(network: Network, free: tuple[str, ...], arms: list[_Arm]) -> Array:
    default = dict(zip(network.parameters, network.values.tolist(), strict=True))
    return np.array([[arm.values.get(name, default[name]) for name in free] for arm in arms]).reshape(len(arms), -1)


def _steady(network: Network, arms: list[_Arm], threads: int | None) -> Array:
    free = tuple(sorted({name for arm in arms for name in arm.values}))
    names = sorted({arm.observable for arm in arms})
    compiled = compile_network(network, free, names)
    found = solve_steady(compiled, _table(network, free, arms), threads=threads, check=1.0)
    columns = [names.index(arm.observable) for arm in arms]
    levels = found.observables[np.arange(len(arms)), columns] if arms else np.empty(0)
    return np.where(found.converged, levels, np.nan)


def _courses(network: Network, arms: list[_Arm], off: dict[str, float], threads: int | None) -> Array:
    """Where each arm is at its hour; everybody begins at the default person's rest, before their first change."""
    if not arms:
        return np.empty(0)
    windows = sorted({w[0] for arm in arms for w in arm.windows})
    free = tuple(sorted({*(name for arm in arms for name in arm.values), *windows}))
    rest = solve_steady(compile_network(network, tuple(sorted(off))), [[0.0] * len(off)])
    if not rest.converged.all():
        raise SolveError("the default person has no steady state")
    before = -min([0.0, *(w[2] for arm in arms for w in arm.windows)])
    ends = [before + float(arm.at_h or 0.0) for arm in arms]
    times = np.unique([0.0, *ends])
    drugs = with_taken(network, [arm.taken for arm in arms], _PERSON, max(ends))
    doses = [replace(d, time=np.asarray(d.time) + before) for d in drugs.doses]
    for k, arm in enumerate(arms):
        for name, amount, begin, end in arm.windows:
            only = np.full((3, len(arms)), np.nan)
            only[:, k] = before + begin, amount, end - begin
            doses.append(Dose(name, only[0], only[1], only[2]))
    table = _table(network, free, arms)
    network = drugs.network
    start = np.append(rest.states[0], np.zeros(len(network.species) - rest.states.shape[1]))
    code = compile_course(network, free)
    run = solve_course(code, table, times, start=start, doses=doses, rtol=1e-7, threads=threads)
    default = dict(zip(network.parameters, network.values.tolist(), strict=True))
    derivative, levels = Derivative(network), np.full(len(arms), np.nan)
    for k, arm in enumerate(arms):
        if run.status[k] != Status.CONVERGED:
            continue
        own = {**default, **arm.values}
        for name, amount, begin, end in arm.windows:
            if before + begin <= ends[k] < before + end:
                own[name] += amount
        state = run.states[k, int(np.searchsorted(times, ends[k]))]
        at = derivative.values(ends[k], state, np.array([own[name] for name in network.parameters]))
        now = {**own, **at}
        # a parameter that a drug moves is what it is at that hour
        levels[k] = float(now.get(NOW + arm.observable, now[arm.observable]))
    return levels
