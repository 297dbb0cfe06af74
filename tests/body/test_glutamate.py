"""Glutamate and GABA: fluxes as measured in man, nothing changed in the old GABA pool, and what blockades do."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body import load_module, load_whole
from eutone.body._couplings import couplings
from eutone.engine import Network, compile_network, solve_steady
from eutone.engine.derivative import Derivative
from eutone.engine.expr import symbol
from eutone.engine.reference import SteadyState, steady_state, time_course
from eutone.engine.status import Status

PER_MINUTE = 60e3  # uM/h in umol/min/g


def solved(network: Network, **values: float) -> SteadyState:
    found = steady_state(network, values, derivative=Derivative(network))
    assert found.status is Status.CONVERGED, found.reason
    return found


@pytest.fixture(scope="module")
def module() -> Network:
    return load_module("glutamate")


@pytest.fixture(scope="module")
def rest(module: Network) -> SteadyState:
    return solved(module)


@pytest.fixture(scope="module")
def whole() -> Network:
    return load_whole()


@pytest.fixture(scope="module")
def vigabatrin(whole: Network) -> dict[str, np.ndarray]:
    """The whole person at rest with ever less GABA transaminase."""
    left = np.array([1.0, 0.5, 0.3, 0.15, 0.1, 0.05, 0.01])
    names = ("MRS_GABA", "f_GABA", "r_GAD67", "csf_GABA", "f_EI")
    compiled = compile_network(whole, free=["e_ABAT"], observables=[(n, symbol(n)) for n in names])
    found = solve_steady(compiled, left[:, None])
    assert not found.status.any()
    return {"left": left} | dict(zip(names, found.observables.T, strict=True))


def test_fluxes_are_those_measured_in_man(rest: SteadyState):
    assert rest["J_Glu_release"] / PER_MINUTE == pytest.approx(0.32, abs=0.05)  # cycle, PMC22218
    assert rest["J_anaplerosis"] / rest["J_GS"] == pytest.approx(0.06, abs=0.04)  # PMC2995551
    assert rest["J_Glu_release"] / rest["J_GS"] > 0.8  # PMID 11533301
    assert 0.139 < rest["J_GS"] / PER_MINUTE < 3.09  # PMID 7798329


def test_levels_are_those_of_cortex(rest: SteadyState):
    assert 8000 < rest["MRS_Glu"] < 10000
    assert 2000 < rest["MRS_Gln"] < 3000
    assert 950 < rest["MRS_GABA"] < 1300


def test_what_comes_in_goes_out(rest: SteadyState):
    """Carbon: what is made from glucose and GABA's transamination leaves as GABA, glutamine and by oxidation."""
    made = rest["J_anaplerosis"] + rest["J_PC_n"] + rest["J_Glu_ABAT"]
    lost = sum(rest[j] for j in ("J_Glu_ox_n", "J_Glu_ox_g", "J_Gln_blood", "J_Glu_GAD67", "J_gGABA_out"))
    assert made == pytest.approx(lost, rel=1e-6)


def test_neurons_are_not_drained_however_much_is_released(module: Network):
    """They make glutamate of their own where they lack it; without, the pool fell to a twentieth and swung."""
    found = solved(module, fire_g=3.0)
    assert found["GLU_n"] > 0.2 * solved(module)["GLU_n"]
    assert solved(module, fire_g=3.0, V_PC_n=1e-6)["GLU_n"] < found["GLU_n"]


def test_the_old_pool_of_gaba_is_in_balance_as_before(rest: SteadyState):
    brought = rest["J_GAD65"] + rest["J_GAT1"] - rest["J_GABA_release"]
    assert brought == pytest.approx(0.0, abs=1e-6)


def test_glutamate_outside_rises_without_its_transporters(module: Network):
    levels = [solved(module, t_EAAT2=t)["f_Glu"] for t in (2.0, 1.0, 0.5, 0.1)]
    assert levels == sorted(levels)
    assert levels[1] == pytest.approx(1.0, abs=1e-6)
    assert levels[-1] > 2


def test_without_glutamine_synthetase_the_cycle_runs_dry(module: Network):
    found = solved(module, e_GLUL=0.02)
    assert found["MRS_Gln"] < 1500
    assert found["J_GLS"] < 0.5 * solved(module)["J_GLS"]


def test_new_glutamate_is_what_holds_the_pools(module: Network):
    pools = [solved(module, e_PC=e)["MRS_Glx"] for e in (0.5, 1.0, 2.0)]
    assert pools == sorted(pools)


def test_gaba_doubles_and_then_rises_little(vigabatrin: dict[str, np.ndarray]):
    """Twofold on 3-4 g/d of vigabatrin, no more on 6 g/d (10.1212/wnl.46.5.1459); 2.4 on 50 mg/kg/d (PMID 8960747)."""
    fold = vigabatrin["MRS_GABA"] / vigabatrin["MRS_GABA"][0]
    assert (np.diff(fold) > 0).all()
    at = dict(zip(vigabatrin["left"], fold, strict=True))
    assert 1.8 < at[0.15] < 2.5
    assert at[0.05] / at[0.1] < 1.3
    assert at[0.01] < 4.0
    assert (np.diff(vigabatrin["f_GABA"]) > 0).all()
    assert (np.diff(vigabatrin["r_GAD67"]) < 0).all()
    assert (np.diff(vigabatrin["f_EI"]) < 0).all()


def test_gad67_makes_half_and_the_other_makes_up_for_some(whole: Network, rest: SteadyState):
    """At least half of basal synthesis (PMID 16539672)."""
    old = rest["J_Glu_GAD67"]
    assert 0.5 < old / (old + rest["J_GAD65"]) < 0.7
    compiled = compile_network(whole, free=["e_GAD1", "e_GAD2"], observables=[("MRS_GABA", symbol("MRS_GABA"))])
    found = solve_steady(compiled, np.array([[1.0, 1.0], [0.5, 1.0], [1.0, 0.5], [0.01, 1.0], [1.0, 0.01]]))
    assert not found.status.any()
    rested, half67, half65, no67, no65 = found.observables[:, 0]
    assert no67 < half67 < rested
    assert no65 < half65 < rested
    assert half67 > 0.7 * rested


def test_gaba_rises_in_hours_and_falls_a_little_in_weeks(whole: Network):
    found = time_course(whole, [0.0, 2.0, 24.0, 336.0], {"e_ABAT": 0.15}, rtol=1e-6)
    fold = found["MRS_GABA"] / found["MRS_GABA"][0]
    assert 1.2 < fold[1] < fold[2]
    assert 0.8 * fold[2] < fold[3] < fold[2]


def test_blocked_uptake_of_gaba_raises_what_is_outside(module: Network, whole: Network):
    found = time_course(whole, [0.0, 1.0], {"t_GAT1": 0.2}, rtol=1e-6)
    assert found["f_GABA"][-1] > 1.3
    assert solved(module, t_GAT3=0.2)["f_GABA"] > 1.0


def test_ammonia_holds_back_glutaminase(module: Network, rest: SteadyState):
    """1 mM, six times what brain has, takes nearly a third in 0.5 mM of glutamine (10.1016/0006-8993(76)90212-2)."""
    own = dict(zip(module.parameters, module.values, strict=True))
    derivative = Derivative(module)

    def flux(times: float) -> float:
        values = np.array([(own | {"s_NH4": times})[p] for p in module.parameters])
        return float(derivative.values(0.0, rest.state, values)["J_GLS"])

    without, much = flux(1e-9), flux(1 / 0.18)
    assert 0.65 < much / without < 0.8
    assert flux(1.0) == pytest.approx(own["V_GLS"] * 500 / (own["K_GLS"] * 1.7 + 500), rel=1e-6)


def test_gad65_follows_firing():
    """Seizures raise what GAD65 makes 2.5-fold (PMID 16539672), where interneurons fire four times as much."""
    (row,) = (c for c in couplings() if c.id == "activity.GAD65")
    assert (row.source, row.target, row.form) == ("f_INT", "enzyme.GAD2", "power")
    assert 4.0**row.strength == pytest.approx(2.5, rel=0.1)


def test_ammonia_piles_up_glutamine(module: Network):
    """Threefold at sixteen times the ammonia (rats, 10.1042/bj2930461, fitted), 1.7 at 4.45 (PMID 7116136, not)."""
    some = solved(module, s_NH4=4.45)
    most = solved(module, s_NH4=16.0)
    assert some["MRS_Gln"] / 2500.0 == pytest.approx(1.7, abs=0.15)
    assert most["MRS_Gln"] / 2500.0 == pytest.approx(3.0, abs=0.4)
    assert most["MRS_Glu"] < 1.1 * 9300.0
