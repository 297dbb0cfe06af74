"""Every turn of a comparison within a step is found, where its level is a polynomial of the state's time course."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone.engine.agenda import EventFormulas
from eutone.engine.crossings import Crossings
from eutone.engine.derivative import Derivative
from eutone.engine.source import load_network


def turns(trigger: str, *states: np.polynomial.Polynomial) -> list[float]:
    """In (0, 1], of a trigger over the states x, y and the parameter p, which is 2."""
    network = load_network(f"x' = 1; x = 0; y' = 1; y = 0; p = 2; n = 0; e: at {trigger}: n = 1")
    crossings = Crossings(EventFormulas(Derivative(network)).triggers)
    curves = [*states, *[np.polynomial.Polynomial([0.0])] * (3 - len(states))]
    return crossings.within(lambda t: np.array([curve(np.asarray(t)) for curve in curves]), 0.0, 1.0, network.values)


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_a_polynomial_passes_at_each_of_its_roots(roots: list[float]) -> None:
    roots = [root for k, root in enumerate(sorted(roots)) if k == 0 or root - sorted(roots)[k - 1] > 1e-3]
    found = turns("x > 0", 100 * np.polynomial.Polynomial.fromroots(roots))
    assert len(found) == 2 * len(roots)
    np.testing.assert_allclose(found[::2], roots, rtol=0, atol=1e-10)
    assert found[1::2] == [np.nextafter(before, 1) for before in found[::2]]


def test_what_comes_near_and_what_touches_do_not_turn() -> None:
    hill = np.polynomial.Polynomial([0.0, 4.0, -4.0])  # 1 at the middle
    assert turns("x > 1", hill) == []
    assert turns("x > 1.0000001", hill) == []
    assert len(turns("x > 0.9999999999", hill)) == 4
    assert turns("x > 0.5 && y > 3", hill) == turns("x > 0.5", hill)


def test_a_level_may_be_a_formula_of_several_states() -> None:
    x, y = np.polynomial.Polynomial([0.1, 0.8]), np.polynomial.Polynomial([1.0, 0.0, -1.0])
    found = turns("p*x*y >= exp(x)/3", x, y)
    times = np.linspace(0, 1, 100_001)
    above = 2 * x(times) * y(times) >= np.exp(x(times)) / 3
    np.testing.assert_allclose(found[::2], times[1:][above[1:] != above[:-1]], atol=1e-5)


def test_states_out_of_a_domain_and_triggers_without_a_comparison_are_let_be() -> None:
    x = np.polynomial.Polynomial([-1.0, 2.0])
    assert turns("ln(x) > 0.5", x) == []
    assert turns("floor(p) > 3", x) == []


def test_equality_turns_where_it_is_passed() -> None:
    before, after = turns("x == 0.3", np.polynomial.Polynomial([0.0, 1.0]))
    assert before < 0.3 <= after
