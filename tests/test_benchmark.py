"""The benchmark script: its truth is one, peers get the same network, and who is absent is named."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from eutone.engine import compile_network, load_network, solve_steady


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parents[1] / "scripts/benchmark"
    loader = importlib.machinery.SourceFileLoader("benchmark_script", str(path))
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
