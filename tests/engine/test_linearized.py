"""The Jacobian by formula and the derivative of a period's map, against differences of courses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eutone.engine import load_network
from eutone.engine.course import compile_course, solve_course
from eutone.engine.derivative import Derivative
from eutone.engine.linearized import Linearized
from eutone.engine.moieties import conserved_moieties, restore, totals

SIX = (Path(__file__).parents[2] / "scripts/bench_models/six-terminals.ant").read_text()


def test_the_jacobian_is_that_of_differences() -> None:
    network = load_network(SIX)
    moieties = conserved_moieties(network)
    assert len(moieties.laws) == 6
    free, held = moieties.independent, moieties.dependent
    x = network.initial * np.exp(np.random.default_rng(0).normal(0.0, 0.3, len(network.initial)))
    whole = Derivative(network).jacobian(5.0, x, network.values)
    size = np.abs(x[free])
    fold = size / size[:, None]
    expected = (whole[np.ix_(free, free)] + whole[np.ix_(free, held)] @ moieties.link) * fold
    found = Linearized(network, moieties).jacobian(5.0, x, network.values) * fold
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8 * np.abs(expected).max())


def test_a_step_of_newton_s_method_is_that_of_courses() -> None:
    network = load_network(SIX)
    moieties = conserved_moieties(network)
    free, m = moieties.independent, len(moieties.independent)
    code = compile_course(network, ())
    pieces = 24
    times = [0.0, *(24.0 * (np.arange(pieces) + 0.5) / pieces), 24.0]
    x = solve_course(code, np.zeros((1, 0)), [0.0, 480.0], rtol=1e-9, atol=1e-14).states[0, 1]
    size = np.abs(x[free])
    begin = restore(
        moieties, np.concatenate([x[free] + s * 1e-4 * np.diag(size) for s in (1, -1)]), totals(moieties, x)
    )
    ends = solve_course(code, np.zeros((2 * m, 0)), [0.0, 24.0], start=begin, rtol=1e-11, atol=1e-16).states[:, 1]
    slope = (ends[:m, free] - ends[m:, free]).T / (2e-4 * size) * (size / size[:, None])
    middles = solve_course(code, np.zeros((1, 0)), times, start=x, rtol=1e-9, atol=1e-14).states[0, 1:-1]
    newton = Linearized(network, moieties).newton(24.0, middles, network.values, size) * (size / size[:, None])
    np.testing.assert_allclose(newton @ (np.eye(m) - slope), np.eye(m), atol=0.02)


@pytest.mark.parametrize("k", [0.0, 0.1])
def test_what_does_not_come_back_moves_nothing(k: float) -> None:
    network = load_network(f"species x=1; species y=1e-12; k={k}; -> x; 1; x ->; k*x; -> y; 1e-12; y -> ; y")
    moieties = conserved_moieties(network)
    found = Linearized(network, moieties).newton(10.0, np.ones((3, 2)), network.values, np.array([1.0, 1e-12]))
    expected = 1 / -np.expm1(-10 * k) if k else 0.0
    np.testing.assert_allclose(np.diag(found), [expected, 1.0], rtol=1e-3)
