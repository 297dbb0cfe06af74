"""BDNF: brain gives most of what circulates, a bout raises plasma for an hour, training the level for weeks."""

from __future__ import annotations

import pytest

from eutone.body import load_module
from eutone.engine import Network
from eutone.engine.derivative import Derivative
from eutone.engine.reference import Dose, SteadyState, TimeCourse, steady_state, time_course
from eutone.engine.status import Status


@pytest.fixture(scope="module")
def module() -> Network:
    return load_module("bdnf")


def solved(network: Network, **values: float) -> SteadyState:
    found = steady_state(network, values, derivative=Derivative(network))
    assert found.status is Status.CONVERGED, found.reason
    return found


def bout(network: Network, times: list[float]) -> TimeCourse:
    return time_course(network, times, {}, (Dose("in_bout", 0.0, 1.0, 0.5),))


def test_brain_gives_three_quarters_of_what_circulates(module: Network):
    rest = solved(module)
    share = rest["J_BDNF_blood"] / (rest["J_BDNF_blood"] + rest["J_BDNF_other"])
    assert 0.7 < share < 0.8  # 10.1113/expphysiol.2009.048512


def test_half_an_hour_of_exercise_raises_plasma_for_an_hour_or_two(module: Network):
    found = bout(module, [0.0, 0.5, 1.5, 4.0])
    fold = found["BDNF_p"] / found["BDNF_p"][0]
    assert 1.15 < fold[1] < 2.0
    assert fold[2] < fold[1]
    assert fold[3] == pytest.approx(1.0, abs=0.05)
    assert found["serum_BDNF"][1] / found["serum_BDNF"][0] < 1.05
    assert found["f_BDNF"][-1] == pytest.approx(1.0, abs=1e-3)


def test_training_raises_the_resting_level_and_the_effect_comes_later(module: Network):
    assert 1.05 < solved(module, s_exercise=3.0)["f_BDNF"] < 1.25
    found = time_course(module, [0.0, 48.0, 336.0, 2000.0], {"s_exercise": 3.0})
    assert found["f_BDNF_brain"][1] - 1 > 0.5 * (found["f_BDNF_brain"][-1] - 1)
    assert found["f_BDNF"][1] - 1 < 0.2 * (found["f_BDNF"][-1] - 1)


def test_less_of_the_gene_is_less_of_the_effect(module: Network):
    assert solved(module, e_BDNF=0.7)["f_BDNF"] == pytest.approx(0.7, rel=1e-6)
