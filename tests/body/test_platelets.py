"""Serotonin of blood: platelets leak and take back, plasma is cleared through SERT, urine is its own read-out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from eutone.body import load_module
from eutone.body._compose import default_values
from eutone.engine import Network
from eutone.engine.reference import Derivative, TimeCourse, time_course

Folds = Callable[[str, Mapping[str, float]], dict[str, float]]
BLOCKED = {"t_SERT": 0.17}


@pytest.fixture(scope="module")
def after(whole_network: Network, whole_derivative: Derivative) -> Callable[..., TimeCourse]:
    def course(times: list[float], **values: float) -> TimeCourse:
        found = time_course(whole_network, [0.0, *times], values, derivative=whole_derivative, rtol=1e-6)
        assert found.status == 0, found.reason
        return found

    return course


def test_at_rest_what_leaks_is_taken_back():
    rest = default_values()
    assert rest["J_plt_leak"] == pytest.approx(rest["J_plt_retake"], rel=1e-12)
    for name in ("f_SERT_blood", "f_5HT_blood", "urine_serotonin"):
        assert rest[name] == pytest.approx(1.0, rel=1e-9), name


def test_how_fast_they_leak_does_not_move_the_rest(after: Callable[..., TimeCourse]):
    found = after([240.0], k_plt_leak=3 * default_values()["k_plt_leak"])
    for name in ("plt_5HT", "P_5HT", "P_HIAA"):
        assert found[name][-1] == pytest.approx(found[name][0], rel=1e-4), name


def test_leak_and_uptake_make_no_serotonin():
    network = load_module("platelets")
    assert not network.stoichiometry.any(), "alone, both sides of each reaction are ports that stand still"
    whole = load_module("periphery")
    assert "plt_5HT" in whole.species and "P_5HT" in whole.species


def test_platelets_lose_their_store_sooner_than_they_die(after: Callable[..., TimeCourse]):
    """-16 % after a day, -93 % after 18 days of paroxetine (10.1097/01.jcp.0000138765.08235.46)."""
    leaky, tight = (after([24.0, 432.0], **BLOCKED, k_plt_leak=k) for k in (default_values()["k_plt_leak"], 0.0))
    fold = leaky["plt_5HT"] / leaky["plt_5HT"][0]
    assert (leaky["plt_5HT"][1:] < tight["plt_5HT"][1:] * 0.99).all()
    assert 0.8 < fold[1] < 0.9
    assert fold[2] < 0.3


def test_plasma_rises_where_serotonin_is_not_taken_up(after: Callable[..., TimeCourse]):
    found = after([24.0], **BLOCKED)
    assert 1.1 < found["P_5HT"][-1] / found["P_5HT"][0] < 1.7
    assert found["blood_5HT"][-1] < found["blood_5HT"][0], "whole blood is what platelets hold"
    assert found["blood_5HT"][0] > 100 * found["P_5HT"][0]


def test_urine_also_has_what_the_kidney_makes(module_folds: Folds):
    """More 5-HTP, at the same plasma serotonin; less where AADC is lacking."""
    assert module_folds("platelets", {"P_HTP": 10.0})["urine_serotonin"] == pytest.approx(5.5)
    assert module_folds("platelets", {"h_AADC_p": 0.01})["urine_serotonin"] < 0.7
    assert module_folds("platelets", {"P_5HT": 2.0})["urine_serotonin"] == pytest.approx(1.5)


def test_a_monoamine_oxidase_inhibitor_fills_platelets(after: Callable[..., TimeCourse]):
    """Iproniazid: +200 % in three weeks (Marshall 1960)."""
    found = after([504.0], e_MAOA=0.2)
    assert found["plt_5HT"][-1] > 1.5 * found["plt_5HT"][0]
    assert np.isfinite(found.states).all()
