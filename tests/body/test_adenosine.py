"""Adenosine and sleep: process S, caffeine at its receptors, and receptors that grow with a night missed."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body import load_module
from eutone.engine import Network
from eutone.engine.derivative import Derivative
from eutone.engine.reference import Dose, SteadyState, TimeCourse, steady_state, time_course
from eutone.engine.status import Status


@pytest.fixture(scope="module")
def module() -> Network:
    return load_module("adenosine")


@pytest.fixture(scope="module")
def derivative(module: Network) -> Derivative:
    return Derivative(module)


@pytest.fixture(scope="module")
def day(module: Network, derivative: Derivative) -> TimeCourse:
    """Every quarter of an hour of a day with the clock on, after nine days."""
    times = [9 * 24 + 0.25 * k for k in range(96)]
    found = time_course(module, times, {"amp_day": 1.0}, derivative=derivative)
    assert found.status == 0, found.reason
    return found


def solved(network: Network, derivative: Derivative, **values: float) -> SteadyState:
    found = steady_state(network, values, derivative=derivative)
    assert found.status is Status.CONVERGED, found.reason
    return found


def at(milligrams_per_litre: float) -> float:
    """Plasma caffeine in uM."""
    return milligrams_per_litre / 194.19e-3


def test_signals_are_one_at_rest(module: Network, derivative: Derivative):
    rest = solved(module, derivative)
    for name in ("f_S", "f_ADO", "f_A1", "f_A2A", "s_wake", "A1_density"):
        assert rest[name] == pytest.approx(1.0, abs=1e-6), name


def test_the_clock_lets_sleep_from_eleven_to_seven(day: TimeCourse):
    asleep = [hour for hour in range(24) if day["s_wake"][4 * hour + 2] < 0.5]  # at half past
    assert asleep == [0, 1, 2, 3, 4, 5, 6, 23]
    assert day["s_wake"].mean() == pytest.approx(1.0, abs=0.01)


def test_sleep_pressure_rises_awake_and_falls_asleep(day: TimeCourse):
    pressure = day["S_hom"]
    assert abs(int(pressure.argmax()) / 4 - 23) <= 0.5
    assert abs(int(pressure.argmin()) / 4 - 7) <= 0.5
    assert pressure.max() / pressure.min() > 4
    assert pressure.mean() == pytest.approx(1.0, abs=0.2)


def test_adenosine_is_lower_asleep(day: TimeCourse):
    """15-20 % in six regions of the cat (Europe PMC MED/11029542)."""
    awake = day["s_wake"] > 1.0
    fall = 1 - day["f_ADO"][~awake].mean() / day["f_ADO"][awake].mean()
    assert 0.05 < fall < 0.25
    assert day["f_ADO"].mean() == pytest.approx(1.0, abs=0.05)


def test_exits_of_adenosine(module: Network, derivative: Derivative):
    """Blocked deaminase raises it x1.4, blocked uptake x4.5 (PMID 1877368)."""
    assert 1.2 < solved(module, derivative, e_ADA=1e-3)["f_ADO"] < 1.6
    assert 2.5 < solved(module, derivative, t_ENT1=1e-3)["f_ADO"] < 6.0
    assert solved(module, derivative, e_ADK=0.5)["f_ADO"] > 1.2


@pytest.mark.parametrize(
    ("receptor", "level", "occupied"),
    [("A1", 13.0, 0.50), ("A2A", 4.48, 0.542), ("A2A", 8.92, 0.651)],  # F141, F142: these count as fitted
)
def test_caffeine_occupies_what_it_was_seen_to(
    module: Network, derivative: Derivative, receptor: str, level: float, occupied: float
):
    flow = at(level) * dict(zip(module.parameters, module.values, strict=True))["k_caf_out"]
    found = solved(module, derivative, in_caffeine=flow)
    assert found["C_caf"] == pytest.approx(at(level), rel=1e-6)
    assert found[f"caf_{receptor}"] == pytest.approx(occupied, abs=0.08)


def test_two_hundred_milligrams_reach_four_milligrams_per_litre(module: Network, derivative: Derivative):
    dose = Dose("in_caffeine", 0.0, 22.6 / 0.05, 0.05)
    found = time_course(module, [0.0, 0.5, 0.87, 2.0, 6.64], {}, (dose,), derivative=derivative)
    level = found["C_caf"] * 194.19e-3
    assert level.max() == pytest.approx(3.8, abs=0.4)
    assert level[-1] / level[2] == pytest.approx(0.5, abs=0.06)
    assert found["f_A1"][2] < 0.85 < found["f_A1"][-1]


def test_receptors_grow_while_caffeine_blocks_them(module: Network, derivative: Derivative):
    found = solved(module, derivative, in_caffeine=8.0)
    assert 1.1 < found["A1_density"] < 1.4
    assert found["f_A1"] < 1.0


def test_a_night_missed_raises_receptors_until_it_is_slept(module: Network, derivative: Derivative):
    """52 h awake, 14 h of sleep: 11-14 % down, to the rested level (F144, fitted)."""
    doses = (Dose("s_awake", 0.0, 0.5, 52.0), Dose("s_awake", 52.0, -1.0, 14.0))
    found = time_course(module, [0.0, 52.0, 66.0], {}, doses, derivative=derivative)
    density = found["A1_density"]
    assert 0.09 < 1 - density[2] / density[1] < 0.15
    assert density[2] == pytest.approx(density[0], abs=0.04)
    assert found["f_ADO"][1] > 1.4


def test_kept_awake_in_a_night_of_the_clock(module: Network, derivative: Derivative):
    kept = time_course(module, np.arange(0.0, 24.0, 1.0), {"amp_day": 1.0, "in_vigil": 1.0}, derivative=derivative)
    assert kept["s_wake"] == pytest.approx(np.full(24, 1.5), rel=1e-6)
    assert kept["f_vigil"].max() == pytest.approx(2.5, abs=0.01)  # at night
    assert kept["f_vigil"].min() == pytest.approx(1.0, abs=0.01)  # by day nothing is unusual
