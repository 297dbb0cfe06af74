"""What holds of all central modules: whatever the constants, they come to rest and no level is negative."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body import load_module, load_whole
from eutone.body._compose import default_values
from eutone.body._couplings import couplings
from eutone.engine import compile_network, solve_steady
from eutone.engine.derivative import Derivative
from eutone.engine.reference import time_course

CENTRAL = ("acetylcholine", "adenosine", "bdnf", "glutamate", "histamine", "regions")
SIGNALS = (
    "f_Glu", "f_GABA", "f_NMDA", "f_GABAA", "f_EI", "f_ACh", "f_HA", "f_ADO",
    "f_A1", "f_A2A", "f_DA", "f_5HT", "f_NE",
    "f_DA_pfc", "f_5HT_raphe", "f_NE_LC", "f_LC", "f_BDNF", "s_wake",
)  # fmt: skip
FIXED = {"time", "amp_day", "clock_start", "omega_day", "t_mid_wake", "c_gate", "k_gate", "x_wake", "x_EAAT2",
         "fu_caf", "x_fire_sr", "a_S_ADO"}  # fmt: skip


@pytest.mark.parametrize("name", CENTRAL)
def test_people_of_any_constants_come_to_rest_above_zero(name: str):
    network = load_module(name)
    free = [p for p, v in zip(network.parameters, network.values, strict=True) if v > 0 and p not in FIXED]
    values = np.array([network.values[network.parameters.index(p)] for p in free])
    drawn = values * np.exp(np.random.default_rng(7).normal(0.0, 0.4, (100, len(free))))
    found = solve_steady(compile_network(network, free=free), drawn)
    assert (found.status == 0).all()
    assert (found.states > 0).all()


@pytest.mark.parametrize("name", CENTRAL)
def test_levels_stay_above_zero_from_anywhere(name: str):
    network = load_module(name)
    derivative = Derivative(network)
    rng = np.random.default_rng(11)
    for _ in range(3):
        start = network.start() * np.exp(rng.normal(0.0, 1.5, len(network.species)))
        found = time_course(network, [0.0, 0.01, 1.0, 24.0, 240.0], start=start, derivative=derivative, rtol=1e-6)
        assert found.status == 0, found.reason
        assert (found.states > -1e-9 * np.abs(network.initial)).all()


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_signal_is_one_in_the_default_body(signal: str):
    assert default_values()[signal] == pytest.approx(1.0, abs=1e-6)


def test_a_coupling_of_strength_zero_says_what_speaks_against_it():
    assert all(c.against for c in couplings() if c.strength == 0)


def test_a_day_of_the_whole_person_keeps_every_level_above_zero():
    whole = load_whole()
    times = [0.0, 3.0, 7.5, 12.0, 15.0, 22.0, 24.0]
    found = time_course(whole, times, {"amp_day": 1.0}, derivative=Derivative(whole), rtol=1e-5)
    assert found.status == 0, found.reason
    assert (found.states > 0).all()
    assert found["f_ACh"][1] < found["f_ACh"][4]  # 03:00 asleep, 15:00 awake
    assert found["f_HA"][1] < found["f_HA"][4]
