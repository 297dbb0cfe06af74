"""The benchmark script: its truth is one, peers get the same network, and who is absent is named."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from eutone.engine import compile_network, load_network, solve_steady
from eutone.engine.expr import substitute, symbol
from eutone.engine.reference import Derivative

SCRIPT = Path(__file__).parents[1] / "scripts/benchmark"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("benchmark_script", str(SCRIPT))
    spec = importlib.util.spec_from_loader("benchmark_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["benchmark_script"] = module
    loader.exec_module(module)
    return module


@pytest.fixture
def terminal(script: ModuleType):
    text = (Path(script.__file__).parents[1] / "src/eutone/body/published/dopamine_2009.ant").read_text("utf-8")
    network = load_network(text)
    free = tuple(p for p, v in zip(network.parameters, network.values, strict=True) if v > 0)
    problem = script.Problem("terminal", network, compile_network(network, free), text, script.draw(network, free, 5))
    problem.truth = script.truth(problem, 5)
    return problem


def test_truth_is_apart_from_what_is_measured(script: ModuleType, terminal) -> None:
    """Found again from Eutone's states spoiled by 1 %, to rounding: it does not copy them."""
    found = solve_steady(terminal.compiled, terminal.values)
    assert script.error_of(terminal, found.states) < 1e-11
    spoiled = found.states * 1.01
    assert script.error_of(terminal, spoiled) == pytest.approx(0.01, rel=1e-6)
    again = script.truth(terminal, 5, spoiled)
    np.testing.assert_allclose(again, terminal.truth, rtol=1e-14)


def test_peers_read_the_same_network(script: ModuleType, terminal) -> None:
    written = script.to_antimony(terminal.network)
    again = load_network(written)
    compiled = compile_network(again, terminal.free)
    found, wanted = solve_steady(compiled, terminal.values), solve_steady(terminal.compiled, terminal.values)
    order = [again.species.index(name) for name in terminal.network.species]
    np.testing.assert_allclose(found.states[:, order], wanted.states, rtol=1e-9)


def test_an_absent_peer_is_named(script: ModuleType, terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(script.PEERS, "libroadrunner", ("no_such_module", script.roadrunner, 1))
    assert "not installed" in script.compare(terminal, "libroadrunner", 1)


def test_a_row_has_the_documented_keys(script: ModuleType, terminal) -> None:
    row = script.compare(terminal, "SciPy", 1)
    assert set(row) == {"problem", "peer", "eutone_seconds", "peer_seconds", "eutone_error", "peer_error", "ratio"}
    assert set(row["ratio"]) == {"median", "low", "high"}
    assert row["peer_error"] < 1e-9
    assert json.loads(json.dumps(row)) == row


# --- time courses ---


@pytest.fixture(scope="module")
def courses(script: ModuleType) -> ModuleType:
    return sys.modules["_bench_courses"]


@pytest.fixture(scope="module")
def course(courses: ModuleType):
    """A day of a small network with a clock, 20 people."""
    text = (
        "model d(); species x=1, y=0; k=0.3; v=1; a=0.5; J0: -> x; a*piecewise(1, sin(time*0.7) > 0, 0);"
        "J1: x -> y; k*x; J2: y ->; v*y^2; end"
    )
    network = load_network(text)
    times = np.linspace(0.0, 24.0, 25)
    return courses.make("small", network, ("k", "v", "a"), text, times, 20, "made up")


def test_the_truth_of_a_course_is_apart_and_sure(courses: ModuleType, course) -> None:
    assert course.doubt < 1e-8
    _, solvers = courses.eutone(course)
    tight = solvers["Rodas5P"](course.values[:4], 1e-10)
    assert courses.error_of(course, tight) < 1e-7
    assert courses.error_of(course, tight * 1.01) == pytest.approx(0.01, rel=0.02)
    tight[0, 3] = np.nan
    assert courses.error_of(course, tight) == np.inf


def test_the_loosest_tolerance_that_reaches_the_target_is_taken(courses: ModuleType, course) -> None:
    asked = []

    def solve(values: np.ndarray, rtol: float) -> np.ndarray:
        asked.append(rtol)
        return course.truth[: len(values)] * (1 + 10 * rtol)

    curve = courses.scan(course, solve, 1e-6)
    assert min(asked) == pytest.approx(10**-7)
    point = courses.loosest(curve, 1e-4)
    assert point.rtol == pytest.approx(1e-5)
    assert courses.loosest(curve, 1e-9) is None


def test_a_row_of_courses_adds_keys_and_takes_none_away(courses: ModuleType, course) -> None:
    ours = courses.Engine(*courses.eutone(course))
    theirs = courses.engine(course, "SciPy")
    theirs.solvers = {"LSODA": theirs.solvers["LSODA"]}
    for e in (ours, theirs):
        courses.explore(course, e, 1e-6)
    row = courses.compare(course, ours, theirs, 1e-4, 1, 20)
    assert {"problem", "peer", "eutone_seconds", "peer_seconds", "eutone_error", "peer_error", "ratio"} <= set(row)
    assert row["eutone_error"] <= 1e-4
    assert row["peer_error"] <= 1e-4
    assert row["eutone_statuses"] == {"CONVERGED": 20}
    assert row["peer_lost"] == 0
    assert json.loads(json.dumps(row)) == row


def test_an_absent_peer_of_courses_is_named(courses: ModuleType, course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(courses.PEERS, "diffrax", ("no_such_module", None, 1))
    assert "not installed" in courses.engine(course, "diffrax")


def test_formulas_for_peers_mean_the_same(script: ModuleType) -> None:
    """What is written for Python and for arrays gives the derivative of the reference path."""
    network_parts = sys.modules["_bench_network"]
    text = (
        "model m(); species x=0.4, y=1.5; k=0.3; r := 1/(1 + x^k); J1: x -> y; k*x*r;"
        "J2: y ->; ceil(sin(time))*ln(1 + y) + piecewise(2, y > 1, 3)*abs(x - y); end"
    )
    network = load_network(text)
    net = network_parts.derivatives(network, ("k",))
    wanted = Derivative(network)(0.7, network.initial, network.values)
    names = {"x": "x", "y": "y", "k": "k", "time": "time"}
    space = {"x": 0.4, "y": 1.5, "k": 0.3, "time": 0.7}
    for write, functions in ((network_parts.python, vars(math)), (network_parts.arrays, {"xp": np})):
        lines, results = network_parts.straight(net, names, write)
        known = {**functions, **space}
        exec("\n".join(f"{a} = {b}" for a, b in lines), known)
        np.testing.assert_allclose([eval(r, known) for r in results], wanted, rtol=1e-12)
    diffsl, _ = network_parts.straight(net, names, network_parts.diffsl)
    assert any("heaviside" in b for _, b in diffsl)


def test_names_with_dots_are_made_plain(script: ModuleType) -> None:
    network_parts = sys.modules["_bench_network"]
    network = load_network("model m(); species x=1; k=2; J: x ->; k*x; end")
    dotted = replace(network, parameters=("J.k",), rates=tuple(substitute(list(network.rates), {"k": symbol("J.k")})))
    again = load_network(network_parts.to_antimony(network_parts.plain(dotted)))
    assert Derivative(again)(0.0, again.initial, again.values)[0] == -2.0


def test_tables_go_between_marks_and_figures_are_drawn(
    script: ModuleType, courses: ModuleType, course, tmp_path
) -> None:
    page = sys.modules["_bench_page"]
    (tmp_path / "docs").mkdir()
    for name, marks in (("docs/performance.md", ("steady", "courses", "threads")), ("README.md", ("speed",))):
        parts = [f"<!-- {m}: written by the script -->\nold\n<!-- end of {m} -->\n" for m in marks]
        (tmp_path / name).write_text("before\n" + "between\n".join(parts) + "after\n", encoding="utf-8")
    ratio = {"median": 12.0, "low": 10.0, "high": 14.0}
    row = {"problem": "small, error 0.0001", "peer": "CVODE 7 (BDF)", "eutone_seconds": 1e-4, "peer_seconds": 1e-3}
    row |= {"eutone_error": 1e-5, "peer_error": 9e-5, "ratio": ratio, "kind": "course", "target": 1e-4}
    row |= {"eutone_rtol": 1e-5}
    row |= {"peer_rtol": 1e-6, "eutone_people": 9, "peer_people": 2, "turns": 7, "peer_lost": 0}
    row |= {"eutone_statuses": {"CONVERGED": 9}}
    still = {key: row[key] for key in ("problem", "peer", "eutone_error", "peer_error", "ratio")}
    still |= {"eutone_seconds": 2e-6, "peer_seconds": 3e-5}
    curve = [courses.Point(10.0**-k, 10.0**-k, 1e-4 * k) for k in (3, 4, 5)]
    curves = {"small": {"Eutone": curve, "CVODE BDF": curve}}
    page.write([row], curves, "a machine", 7, tmp_path, ["small: diffrax not installed"])
    text = (tmp_path / "docs/performance.md").read_text(encoding="utf-8")
    assert text.count("old") == 2, "what was not measured stays"
    assert "| small, error 0.0001 | CVODE 7 (BDF) | 0.1 |" in text
    assert "* small: diffrax not installed" in text
    assert text.startswith("before")
    assert text.endswith("after\n")
    assert "old" in (tmp_path / "README.md").read_text(encoding="utf-8"), "its table wants both"
    page.write([still, row], {}, "a machine", 7, tmp_path)
    short = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| 2 | 30 (CVODE 7) | **12** (10 to 14) |" in short
    assert "| 100 | 1,000 (CVODE 7) | **12** (10 to 14) |" in short
    picture = (tmp_path / "docs/figures/precision-small.svg").read_text(encoding="utf-8")
    assert "<polyline" in picture
    assert all(f">10{power}<" in picture for power in ("⁻³", "⁻⁴", "⁻⁵")), "one way of writing on one axis"


def test_the_script_runs_quickly_and_writes_json(tmp_path) -> None:
    """The whole of it, on few people; peers that are not installed are named."""
    (tmp_path / "small.ant").write_text("model s(); species x=1; k=0.1; J: x ->; k*x/(1 + x); end", encoding="utf-8")
    found = tmp_path / "found.json"
    command = [sys.executable, str(SCRIPT), "--quick", "--people", "400", "--only", "courses", "--json", str(found)]
    done = subprocess.run(
        [*command, "--models", str(tmp_path)], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = json.loads(found.read_text(encoding="utf-8"))
    keys = {"problem", "peer", "eutone_seconds", "peer_seconds", "eutone_error", "peer_error", "ratio"}
    assert all(keys <= set(row) for row in rows)
    assert "six terminals" in done.stdout
    assert "small, 100 units" in done.stdout
