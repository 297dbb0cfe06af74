"""Tables and figures of docs/performance.md, and README's short table, from one run of the benchmark."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from _bench_courses import Point
from _figure import Line, Points, figure

ROOT = Path(__file__).resolve().parent.parent
PAGE, README, FIGURES = ROOT / "docs/performance.md", ROOT / "README.md", ROOT / "docs/figures"

#: An engine has the same colour in every figure.
ENGINES = ("Eutone", "pydiffsol", "libroadrunner", "AMICI", "COPASI", "SciPy", "diffrax")

Row = dict[str, Any]
Curves = dict[str, dict[str, list[Point]]]


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def write(
    rows: Sequence[Row], curves: Curves, machine: str, repeats: int, root: Path = ROOT, notes: Sequence[str] = ()
) -> None:
    """Figures, and what stands between the marks; parts that this run did not measure stay as they are."""
    page, readme = root / "docs/performance.md", root / "README.md"
    steady = [r for r in rows if "kind" not in r]
    course = [r for r in rows if r.get("kind") == "course"]
    threads = [r for r in rows if r.get("kind") == "threads"]
    where = f"{machine}; {installed()}; {repeats} turns."
    if steady:
        put(page, "steady", f"{where}\n\n{steady_table(steady)}")
    if course:
        absent = "".join(f"\n* {note}" for note in notes)
        put(page, "courses", f"{where}\n\n{course_table(course)}\n{absent}")
    if steady and course:
        put(readme, "speed", short_table(steady, course))
    if threads:
        put(page, "threads", threads_table(threads))
    for problem, engines in curves.items():
        draw(problem, engines, root / "docs/figures")


def installed() -> str:
    found = []
    for name in ("libroadrunner", "pydiffsol", "python-copasi", "scipy", "diffrax", "jax", "amici"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} absent")
    return ", ".join(found)


def put(path: Path, mark: str, text: str) -> None:
    """Replace what stands between ``<!-- mark -->`` and ``<!-- end of mark -->``."""
    whole = path.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {mark}[^>]*-->\n).*?(<!-- end of {mark} -->)", re.DOTALL)
    if not pattern.search(whole):
        raise ValueError(f"{path.name} has no place for '{mark}'")
    path.write_text(pattern.sub(lambda m: f"{m[1]}\n{text}\n\n{m[2]}", whole), encoding="utf-8", newline="\n")


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines))


def ms(seconds: float) -> str:
    return f"{1e3 * seconds:.3g}"


def us(seconds: float) -> str:
    return three(1e6 * seconds)


def three(value: float) -> str:
    """Three digits, never as a power of ten."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def ratio(row: Row) -> str:
    r = row["ratio"]
    return f"**{three(r['median'])}** ({three(r['low'])} to {three(r['high'])})"


def steady_table(rows: Sequence[Row]) -> str:
    lines = [
        (r["problem"], r["peer"], f"{1e6 * r['eutone_seconds']:.2f}", f"{r['eutone_error']:.0e}",
         ms(r["peer_seconds"]), f"{r['peer_error']:.0e}", ratio(r))
        for r in rows
    ]  # fmt: skip
    return table(("problem", "peer", "Eutone µs", "error", "peer ms", "error", "ratio (low to high)"), lines)


def course_table(rows: Sequence[Row]) -> str:
    lines = [
        (r["problem"], r["peer"], ms(r["eutone_seconds"]), f"{r['eutone_error']:.0e} ({r['eutone_rtol']:.0e})",
         ms(r["peer_seconds"]), f"{r['peer_error']:.0e} ({r['peer_rtol']:.0e})", ratio(r),
         f"{r['eutone_people']} / {r['peer_people']}", f"{r['turns']}", lost(r))
        for r in rows
    ]  # fmt: skip
    head = ("problem", "peer", "Eutone ms", "error (rtol)", "peer ms", "error (rtol)", "ratio (low to high)",
            "people", "turns", "lost")  # fmt: skip
    return table(head, lines)


def lost(row: Row) -> str:
    ours = sum(count for name, count in row["eutone_statuses"].items() if name != "CONVERGED")
    return f"{ours} / {row['peer_lost']}"


def threads_table(rows: Sequence[Row]) -> str:
    lines = []
    for r in rows:
        gains = [gain(r[key]) if key in r else "" for key in ("ratio", "processes")]
        bits = "other bits" if "OTHER" in r["peer"] else "the same bits"
        lines.append((r["problem"], ms(r["eutone_seconds"]), ms(r["peer_seconds"]), *gains, bits))
    head = ("problem", "one thread, ms", "two threads, ms", "gain (low to high)", "gain of two processes", "results")
    return table(head, lines)


def gain(ratio: Row) -> str:
    return f"{1 / ratio['median']:.2f} ({1 / ratio['high']:.2f} to {1 / ratio['low']:.2f})"


def short_table(steady: Sequence[Row], course: Sequence[Row]) -> str:
    """For each problem, and courses at the strictest target, the fastest peer."""
    lines = []
    strict = [r for r in course if r["target"] == min(q["target"] for q in course)]
    for kind, rows in (("steady state", steady), ("time course", strict)):
        for problem in dict.fromkeys(r["problem"] for r in rows):
            best = min((r for r in rows if r["problem"] == problem), key=lambda r: r["ratio"]["median"])
            name = best["peer"].split(" (")[0]
            peer = f"{us(best['peer_seconds'])} ({name})"
            lines.append((kind, problem, us(best["eutone_seconds"]), peer, ratio(best)))
    return table(("", "problem", "Eutone, µs per person", "fastest peer, µs", "ratio (low to high)"), lines)


def draw(problem: str, engines: dict[str, list[Point]], folder: Path) -> None:
    """Error against time, one line for each engine: of its settings the one that is fastest for it at 1e-6."""
    chosen: dict[str, tuple[str, list[Point]]] = {}
    for name, curve in engines.items():
        engine = name.split()[0]
        if engine not in chosen or _cost(curve) < _cost(chosen[engine][1]):
            chosen[engine] = (name, curve)
    lines, points = [], []
    for name, curve in chosen.values():
        style = ENGINES.index(name.split()[0]) if name.split()[0] in ENGINES else len(ENGINES)
        good = [q for q in curve if np.isfinite(q.error) and q.error > 0]
        if good:
            x, y = np.array([1e3 * q.seconds for q in good]), np.array([q.error for q in good])
            lines.append(Line(name, x, y, style))
            points.append(Points("", x, y, style))
    slug = re.sub(r"[^a-z0-9]+", "-", problem.lower()).strip("-")
    title = f"{problem}: what accuracy costs"
    figure(folder / f"precision-{slug}.svg", title, "ms per person", "largest relative error", lines, points,
           log_x=True, log_y=True)  # fmt: skip


def _cost(curve: Sequence[Point]) -> float:
    reached = [q.seconds for q in curve if q.error <= 1e-6]
    return min(reached, default=1e6 * min((q.error for q in curve), default=1.0) + 1e6)
