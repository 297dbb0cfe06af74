"""Time courses beside the peers, at equal achieved accuracy.

A tolerance means something else to everybody, so what is compared is what comes out. The error of an engine is the
largest, over outputs, species and the first `TRUTHS` people, of ``|x - truth| / (|truth| + floor)``, ``floor`` being
`SHARE` of the largest value that the species takes. Every engine gets the loosest tolerance, by half decades, with
which its error is at most the target, and is timed with that.

The truth is SciPy's Radau at 1e-12 with exact Jacobians, stopped at jumps of clocks; how far LSODA at 1e-12 is from it
is shown as its doubt.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from _bench_network import body, draw, plain, six_terminals, spread, timed, to_antimony
from _bench_peers import PEERS, Course, Solver, eutone, scipy
from _bench_threads import threads_row

from eutone.engine import Network, load_network
from eutone.engine.chunks import threads_of
from eutone.engine.course import compile_course, solve_course
from eutone.engine.status import Status

TARGETS = (1e-4, 1e-6)
SHARE = 1e-3
TRUTHS = 4
OUTPUTS = 169
TURN = 0.5  # seconds of a peer's turn, if one person (or lot) takes no longer
SLOW = 3.0  # a peer that takes longer for one turn has three of them
PATIENCE = 3.0  # seconds for one tolerance of a peer; after that no tighter one is tried
DEEP = 1e-9  # where work-precision diagrams end: the truth is not much better
LADDER = tuple(10.0 ** (-k / 2) for k in range(6, 23))
#: How long the published figures of a model go on, in its own unit of time.
SPANS = {
    "BIOMD0000000019": (60.0, "Schoeberl 2002, 60 min"),
    "BIOMD0000000033": (60.0, "Brown 2004, 60 min"),
    "BIOMD0000000055": (240.0, "Locke 2005, 240 h"),
}


@dataclass(frozen=True)
class Point:
    """What an engine does at one tolerance."""

    rtol: float
    error: float
    seconds: float
    """Per person."""


def make(
    name: str,
    network: Network,
    free: tuple[str, ...],
    text: str,
    times: np.ndarray,
    n: int,
    about: str,
    truths: int = TRUTHS,
) -> Course:
    p = Course(name, network, compile_course(network, free), text, draw(network, free, n), times, about)
    some = p.values[:truths]
    rough = solve_course(p.code, some, times, rtol=1e-6, atol=1e-9 * float(np.abs(network.initial).max())).states
    size = np.abs(rough).max(axis=(0, 1))
    p.floor = SHARE * np.where(size > 0, size, size.max())  # sizes alone: to two digits anybody finds them
    _, solvers = scipy(p)
    p.truth = solvers["Radau"](some, 1e-12)
    p.doubt = error_of(p, solvers["LSODA"](some, 1e-12))
    return p


def problems(n: int, folder: str | None, quick: bool) -> Iterator[Course]:
    week = np.linspace(0.0, 168.0, OUTPUTS)
    text = six_terminals()
    network = load_network(text)
    about = "one week, a clock, 169 outputs; every parameter spread"
    yield make("six terminals", network, spread(network, ("c",)), text, week, n, about, 1 if quick else TRUTHS)
    found = None if quick else body()
    if found is not None:
        network, free = found
        shift = np.exp(0.5 * np.random.default_rng(1).standard_normal(len(network.species)))
        network = replace(network, initial=network.initial * shift)
        about = "one week from its default state, each species times exp(N(0, 0.5)), the same for all; no doses"
        yield make("body", network, free, to_antimony(network), week, n, about)
    for path in sorted(Path(folder).iterdir()) if folder else []:
        if path.suffix in (".xml", ".sbml", ".ant"):
            try:
                network = plain(load_network(path.read_text(encoding="utf-8")))
                span, name = SPANS.get(path.stem, (100.0, f"{path.stem}, 100 units"))
                times = np.linspace(0.0, span, OUTPUTS)
                yield make(name, network, spread(network), to_antimony(network), times, n, path.stem)
            except Exception as error:  # one file must not hide the others
                print(f"{path.name}: not measured ({type(error).__name__}: {error})", file=sys.stderr)


def error_of(p: Course, states: np.ndarray) -> float:
    """Largest relative error of those people for whom there is a truth; infinite if anything is missing."""
    wanted = p.truth[: len(states)]
    got = states[: len(wanted)]
    with np.errstate(all="ignore"):
        relative = np.abs(got - wanted) / (np.abs(wanted) + p.floor)
    return float(np.max(np.where(np.isfinite(relative), relative, np.inf)))


def scan(p: Course, solve: Solver, until: float, people: int = 0, ladder: tuple[float, ...] = LADDER) -> list[Point]:
    """From loose to tight, until the error is at most ``until`` or patience ends.

    Seconds are of the people with a truth, or of ``people``; the better of two runs, if they are short.
    """
    found: list[Point] = []
    some = p.values[: len(p.truth)]
    crowd = p.values[: min(people, len(p.values))] if people else some
    solve(crowd, ladder[0])  # whatever happens only once
    for rtol in ladder:
        began = time.process_time()
        error = error_of(p, solve(some, rtol))
        took = time.process_time() - began
        if people or took < 0.3:
            took = min(timed(lambda rtol=rtol: solve(crowd, rtol)) for _ in range(2))
        found.append(Point(rtol, error, took / len(crowd)))
        if error <= until or took > PATIENCE:
            break
    return found


def loosest(points: list[Point], target: float) -> Point | None:
    """The first that reaches the target."""
    return next((q for q in points if q.error <= target), None)


@dataclass
class Engine:
    """An engine on one problem: its solvers, and what each does from tolerance to tolerance."""

    label: str
    solvers: dict[str, Solver]
    most: int | None = None
    curves: dict[str, list[Point]] | None = None

    def best(self, target: float) -> tuple[str, Point] | None:
        """The setting that reaches the target fastest."""
        reached = {name: loosest(curve, target) for name, curve in (self.curves or {}).items()}
        fit = {name: q for name, q in reached.items() if q is not None}
        name = min(fit, key=lambda name: fit[name].seconds, default=None)
        return None if name is None else (name, fit[name])


def engine(p: Course, peer: str) -> Engine | str:
    """The peer made ready, or why there is none."""
    module, maker, most = PEERS[peer]
    if importlib.util.find_spec(module) is None:
        where = "it is built from source" if peer == "AMICI" else "it is in the extra `bench`"
        return f"not installed ({where})"
    try:
        label, solvers = maker(p)
    except Exception as error:  # whatever a peer does, the others are still measured
        return f"cannot take part: {type(error).__name__}: {str(error)[:200]}"
    return Engine(label, solvers, most)


def explore(p: Course, e: Engine, until: float, people: int = 0) -> None:
    e.curves = {name: scan(p, solve, until, people) for name, solve in e.solvers.items()}


def compare(p: Course, ours: Engine, theirs: Engine, target: float, repeats: int, people: int) -> dict[str, Any] | str:
    """One row of the table, or why there is none."""
    us, they = ours.best(target), theirs.best(target)
    if us is None:
        return f"Eutone does not reach {target:g}"
    if they is None:
        best = min((q.error for curve in (theirs.curves or {}).values() for q in curve), default=np.inf)
        return f"does not reach {target:g} (at best {best:.0e} with {PATIENCE:g} s for a tolerance)"
    (own, mine), (name, its) = us, they
    solve, peer = ours.solvers[own], theirs.solvers[name]
    crowd = p.values[:people]
    some = p.values[: theirs.most or int(np.clip(TURN / its.seconds, 1, min(64, len(p.values))))]
    a, b, last = [], [], p.empty(0)
    turns = repeats if its.seconds * len(some) < SLOW else min(repeats, 3)
    for _ in range(turns):
        solve(crowd[: max(len(crowd) // 8, 1)], mine.rtol)  # warm, as the peer is after its first
        a.append(timed(lambda: solve(crowd, mine.rtol)) / len(crowd))
        if len(some) >= 8:
            peer(some[: len(some) // 8], its.rtol)
        began = time.process_time()
        last = peer(some, its.rtol)
        b.append((time.process_time() - began) / len(some))
    ratios = np.array(b) / np.array(a)
    ended = solve_course(p.code, crowd, p.times, rtol=mine.rtol, atol=mine.rtol * p.floor, threads=1)
    lost = int((~np.isfinite(last)).any(axis=(1, 2)).sum())
    return {
        "problem": f"{p.name}, error {target:g}",
        "peer": f"{theirs.label} ({name})",
        "eutone_seconds": float(np.median(a)),
        "peer_seconds": float(np.median(b)),
        "eutone_error": mine.error,
        "peer_error": its.error,
        "ratio": {"median": float(np.median(ratios)), "low": float(ratios.min()), "high": float(ratios.max())},
        "kind": "course",
        "target": target,
        "eutone_rtol": mine.rtol,
        "peer_rtol": its.rtol,
        "eutone_people": len(crowd),
        "peer_people": len(some),
        "turns": turns,
        "eutone_statuses": ended.counts(),
        "peer_lost": lost,
    }


def threads(p: Course, ours: Engine, target: float, repeats: int) -> dict[str, Any] | None:
    """Two threads as the peer of one."""
    us = ours.best(target)
    if us is None or threads_of() < 2:
        return None
    rtol = us[1].rtol

    def run(values: np.ndarray, count: int) -> np.ndarray:
        return solve_course(p.code, values, p.times, rtol=rtol, atol=rtol * p.floor, threads=count).states

    return threads_row(f"{p.name}, error {target:g}", run, p.values, repeats, us[1].error)


def shown(row: dict[str, Any]) -> str:
    ratio = row["ratio"]
    return (
        f"  {row['peer']:<36} {1e3 * row['peer_seconds']:10.4f} ms  error {row['peer_error']:.0e}  "
        f"| eutone {1e3 * row['eutone_seconds']:8.5f} ms  error {row['eutone_error']:.0e}  "
        f"| ratio {ratio['median']:,.1f} ({ratio['low']:,.1f} to {ratio['high']:,.1f})"
    )


def measure(
    p: Course, repeats: int, people: int, quick: bool, precision: bool, out: TextIO
) -> tuple[list[dict[str, Any]], dict[str, list[Point]], list[str]]:
    """Rows of one problem, every engine's curve of error against time, and who could not take part, and why."""
    until = DEEP if precision else min(TARGETS)
    ours = Engine(*eutone(p))
    size = f"{len(p.network.species)} states, {len(p.free)} parameters, {len(p.times)} outputs"
    print(f"\n{p.name}: {size}; {p.about}; doubt of the truth {p.doubt:.0e}", file=out, flush=True)
    explore(p, ours, until, min(people, 512))
    assert ours.curves is not None
    curves = {"Eutone": ours.curves["Rodas5P"]}
    rows, notes = [], []
    extra = threads(p, ours, TARGETS[-1], repeats)
    if extra is not None:
        rows.append(extra)
        print(shown(extra), file=out, flush=True)
    for peer in PEERS:
        if quick and peer in ("SciPy", "diffrax"):
            continue
        theirs = engine(p, peer)
        if isinstance(theirs, str):
            notes.append(f"{p.name}: {peer} {theirs}")
            print(f"  {peer}: {theirs}", file=out)
            continue
        explore(p, theirs, until, 0)
        assert theirs.curves is not None
        for name, curve in theirs.curves.items():
            curves[f"{theirs.label.split()[0]} {name}"] = curve
        for target in TARGETS:
            row = compare(p, ours, theirs, target, repeats, people)
            if isinstance(row, str):
                notes.append(f"{p.name}: {peer} {row}")
                print(f"  {peer}: {row}", file=out, flush=True)
                continue
            rows.append(row)
            print(f"{shown(row)}  target {target:g}", file=out, flush=True)
    failed = sum(row.get("eutone_statuses", {}).get(s.name, 0) for row in rows for s in Status if s > 0)
    if failed:
        print(f"  Eutone: {failed} people did not arrive", file=out)
    return rows, curves, notes
