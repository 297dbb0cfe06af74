"""Exercise: effort is felt at once, IL-6 of muscle with the time worked, aminotransferases with the habit."""

from __future__ import annotations

import pytest

from eutone.body import load_module, load_whole
from eutone.engine import Network
from eutone.engine.derivative import Derivative
from eutone.engine.reference import Dose, steady_state, time_course


@pytest.fixture(scope="module")
def module() -> Network:
    return load_module("exercise")


def test_rest_is_rest(module: Network):
    found = steady_state(module, {}, derivative=Derivative(module))
    assert [found[k] for k in ("f_bout", "f_bout_hard", "f_NEFA", "f_KATM")] == pytest.approx([1.0] * 4)
    assert found["J_IL6_muscle"] == 0.0


def test_below_the_threshold_only_effort_counts(module: Network):
    low, high = (time_course(module, [1.0], {"in_bout": x}) for x in (0.5, 1.0))
    assert low["f_bout"][0] > 1.4
    assert low["f_bout_hard"][0] == pytest.approx(1.0)
    assert low["LAC"][0] == pytest.approx(1.0)
    assert high["f_bout_hard"][0] > 1.5
    assert 4 < high["LAC"][0] < 7


def test_habit_raises_aminotransferases_over_weeks(module: Network):
    found = time_course(module, [24.0, 1500.0], {"s_exercise": 3.0})
    assert found["f_KATM"][0] < 1.1
    assert 1.2 < found["f_KATM"][1] < 1.6


def test_a_bout_of_half_an_hour_and_one_of_hours():
    """Cortisol +52 % after 30 min at 80 % of maximal uptake (Hill 2008, less water that leaves plasma); IL-6 tenfold
    after 1.9 h and a hundredfold after 6 h (Fischer 2006)."""
    network = load_whole()
    found = time_course(network, [0.0, 0.5, 1.9, 6.0], {}, [Dose("in_bout", 0.0, 1.0, 6.1)], rtol=1e-5)
    assert found["plasma_CORT"][1] / found["plasma_CORT"][0] == pytest.approx(1.52, rel=0.1)
    assert 3 < found["P_NE"][1] / found["P_NE"][0] < 6
    assert found["f_IL6"][2] == pytest.approx(10, rel=0.2)
    assert found["f_IL6"][3] == pytest.approx(100, rel=0.2)
    assert found["plasma_Trp_unbound"][2] > 1.2 * found["plasma_Trp_unbound"][0]
    assert found["P_NEO"][2] > found["P_NEO"][0]
    assert found.states.min() > -1e-12
