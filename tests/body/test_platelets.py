"""Serotonin of blood: platelets leak and take back, plasma is cleared through SERT, urine is its own read-out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from eutone.body._compose import default_values
from eutone.body._pharmacology import actions
from eutone.engine import Network
from eutone.engine.reference import Derivative

Courses = dict[str, NDArray[np.float64]]
Folds = Callable[[str, Mapping[str, float]], dict[str, float]]


def test_at_rest_what_leaks_is_taken_back():
    rest = default_values()
    assert rest["J_plt_leak"] == pytest.approx(rest["J_plt_retake"], rel=1e-12)
    for name in ("f_SERT_open", "f_SERT_blood", "f_5HT_blood", "urine_serotonin"):
        assert rest[name] == pytest.approx(1.0, rel=1e-9), name


def test_how_fast_they_leak_does_not_move_the_rest(whole_network: Network, whole_derivative: Derivative):
    values = np.array(whole_network.values)
    still = whole_derivative(0.0, whole_network.initial, values)
    values[whole_network.parameters.index("k_plt_leak")] *= 3.0
    np.testing.assert_allclose(whole_derivative(0.0, whole_network.initial, values), still, rtol=0, atol=1e-15)


def test_leak_and_uptake_make_no_serotonin(whole_network: Network):
    for name in ("J_plt_leak", "J_plt_retake"):
        column = whole_network.stoichiometry[:, whole_network.reactions.index(name)]
        assert column.sum() == 0.0
        assert {whole_network.species[i] for i in np.flatnonzero(column)} == {"plt_5HT", "P_5HT"}


def test_platelets_lose_their_store_sooner_than_they_die(serotonin_blocked: Courses):
    """-16 % in a day, -93 % in 18 d of paroxetine (10.1097/01.jcp.0000138765.08235.46); by death alone -8 %."""
    fold = serotonin_blocked["plt_5HT"] / serotonin_blocked["plt_5HT"][0]
    assert 0.8 < fold[2] < 0.9
    assert fold[4] < 0.3


def test_plasma_rises_where_serotonin_is_not_taken_up(serotonin_blocked: Courses):
    found = serotonin_blocked
    assert 1.1 < found["P_5HT"][2] / found["P_5HT"][0] < 1.7
    assert found["blood_5HT"][2] < found["blood_5HT"][0], "whole blood is what platelets hold"
    assert found["blood_5HT"][0] > 100 * found["P_5HT"][0]


def test_urine_also_has_what_the_kidney_makes(module_folds: Folds):
    """More 5-HTP, at the same plasma serotonin; less where AADC is lacking."""
    assert module_folds("platelets", {"P_HTP": 10.0})["urine_serotonin"] == pytest.approx(5.5)
    assert module_folds("platelets", {"h_AADC_p": 0.01})["urine_serotonin"] < 0.7
    assert module_folds("platelets", {"P_5HT": 2.0})["urine_serotonin"] == pytest.approx(1.5)


def test_what_is_open_on_platelets_goes_to_nothing_where_a_tracer_in_brain_sees_a_ceiling(
    whole_network: Network, whole_derivative: Derivative
):
    names, values = whole_network.parameters, np.array(whole_network.values)
    ceiling = default_values()["z_SERT_PET"]
    for taken in (0.0, 0.5, 0.95, 1.0):
        values[names.index("x_SERT_plt")] = taken
        values[names.index("t_SERT")] = 1 - ceiling * taken
        found = whole_derivative.values(0.0, whole_network.initial, values)
        assert found["f_SERT_blood"] == pytest.approx(1 - taken, abs=1e-9)
        assert found["J_platelet"] == pytest.approx((1 - taken) * default_values()["J_platelet"], abs=1e-9)


def test_every_inhibitor_that_a_tracer_measured_also_acts_on_platelets():
    """Half of the ceiling in brain is half of all on platelets: the same dose, value and hour."""
    ceiling = default_values()["z_SERT_PET"]
    acting = [a for of_drug in actions().values() for a in of_drug]
    brain = {a.drug: a for a in acting if a.parameter == "transporter.SLC6A4" and a.emax == -ceiling}
    blood = {a.drug: a for a in acting if a.parameter == "drug.SERT.platelets"}
    assert len(brain) > 5
    assert brain.keys() == blood.keys()
    for drug, one in blood.items():
        other = brain[drug]
        assert (one.kind, one.emax) == ("occupy", 1.0), drug
        assert (one.value, one.unit, one.measured_h) == (other.value, other.unit, other.measured_h), drug
