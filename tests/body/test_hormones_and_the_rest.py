"""What hormones, cytokines and oxidants do to the rest of the whole person, and what they must not do."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from eutone.body import load_module, load_whole
from eutone.body._compose import all_parameters
from eutone.body._couplings import couplings
from eutone.engine import Status, compile_network, solve_steady
from eutone.engine.compile import Compiled
from eutone.engine.reference import Derivative, Dose, steady_state, time_course

SET = ("in_stress", "in_alarm", "in_E2", "in_T4", "in_T3", "in_IFN", "in_CORT", "s_ovary", "s_testis", "s_thyroid",
       "in_endotoxin", "in_ROS", "in_LPS")  # fmt: skip


@cache
def whole() -> Compiled:
    """The whole person, free in what these tests set and in all that differs between people."""
    network = load_whole()
    spread = {p.flat for p in all_parameters() if p.person_ln_sd > 0}
    return compile_network(network, [p for p in network.parameters if p in spread or p in SET])


def default() -> np.ndarray:
    network = load_whole()
    return np.array([network.values[network.parameters.index(name)] for name in whole().free])


def rest(**changes: float) -> dict[str, float]:
    row = default()
    for name, value in changes.items():
        row[whole().free.index(name)] = value
    found = solve_steady(whole(), row[None])
    assert found.status[0] == Status.CONVERGED
    return dict(zip(found.species, found.states[0], strict=True))


def test_people_have_a_steady_state_and_nothing_negative():
    sd = {p.flat: p.person_ln_sd for p in all_parameters()}
    spread = np.array([sd[name] for name in whole().free])
    people = default() * np.exp(np.random.default_rng(0).normal(size=(200, len(spread))) * spread)
    found = solve_steady(whole(), people)
    assert (found.status == Status.CONVERGED).all()
    assert (found.states > 0).all()


def test_endotoxin_reaches_cortisol_norepinephrine_and_tsh():
    """0.8 ng/kg: ACTH, then cortisol within two to four hours; norepinephrine rises, TSH falls."""
    network = load_whole()
    at = np.array([0.0, 1.5, 2.5, 3.5, 5.0])
    dose = [Dose("in_LPS", 0.0, 9.6, 1 / 12)]
    found = time_course(network, at, {}, dose, derivative=Derivative(network), rtol=1e-4, atol=1e-7)
    assert found.reason == ""
    assert found["f_ACTH"].argmax() <= found["f_CORT"].argmax()
    assert found["f_CORT"].max() > 1.4
    assert found["P_NE"].max() > 1.1 * found["P_NE"][0]
    assert found["plasma_TSH"].min() < 0.9 * found["plasma_TSH"][0]


def test_a_fall_of_estradiol_raises_mao_a_as_much_as_after_birth():
    """Rats gave the size; women have 43 % more MAO-A on days 4 to 6 after birth."""
    network = load_module("sex")
    derivative = Derivative(network)
    pregnant = steady_state(network, {"in_E2": 0.015}, derivative=derivative).state
    after = time_course(network, [120.0], start=pregnant, derivative=derivative, rtol=1e-6)
    fall = pregnant[network.species.index("E2")] / after["E2"][0]
    assert 100 < fall < 1000
    strength = next(c.strength for c in couplings() if c.id == "E2.MAOA")
    assert after["f_E2_change"][0] ** strength == pytest.approx(1.43, abs=0.1)


def test_a_lasting_level_of_estradiol_leaves_mao_a_alone():
    woman, after = rest(), rest(s_ovary=0.0)
    assert after["E2"] == pytest.approx(after["E2_mem"])
    # serotonin changes by TPH2, COMT and cortisol alone: by less than a fifth
    assert after["E_HIAA"] == pytest.approx(woman["E_HIAA"], rel=0.2)


def test_without_thyroid_norepinephrine_is_high():
    """1.27- to 1.76-fold in hypothyroid people (three studies)."""
    ratio = rest(s_thyroid=0.02)["P_NE"] / rest()["P_NE"]
    assert 1.05 < ratio < 1.8


def test_without_cortisol_there_is_little_epinephrine():
    """40 to 80 % less where the adrenal cortex makes least cortisol."""
    network = load_whole()
    low = {"e_CYP17A1": 1e-4}
    found = solve_steady(compile_network(network, tuple(low)), [list(low.values())])
    assert found.status[0] == Status.CONVERGED
    state = dict(zip(found.species, found.states[0], strict=True))
    assert state["CORT"] < 0.5 * 0.174
    assert state["P_E"] < 0.8 * rest()["P_E"]


def test_oxidants_turn_bh4_into_bh2():
    more, now = rest(in_ROS=4.0), rest()
    assert more["BH4_C"] < now["BH4_C"]
    assert more["BH2_C"] > now["BH2_C"]


def test_interferon_makes_neopterin():
    assert rest(in_IFN=3.0)["P_NEO"] > 1.5 * rest()["P_NEO"]


def test_what_the_literature_contradicts_has_no_strength():
    none = {c.id for c in couplings() if c.strength == 0}
    assert {"cortisol.TDO2", "cortisol.HTR1A", "E2.SERT", "TNF.SERT", "IFNg.GCH1"} <= none
    assert all(c.against for c in couplings() if c.strength == 0)
