"""Acetylcholine: turnover as measured, choline that matters little, and what inhibitors of the esterase do."""

from __future__ import annotations

import pytest

from eutone.body import load_module
from eutone.engine import Network
from eutone.engine.derivative import Derivative
from eutone.engine.reference import Dose, SteadyState, TimeCourse, steady_state, time_course
from eutone.engine.status import Status


def solved(network: Network, **values: float) -> SteadyState:
    found = steady_state(network, values, derivative=Derivative(network))
    assert found.status is Status.CONVERGED, found.reason
    return found


def course(network: Network, times: list[float], **values: float) -> TimeCourse:
    return time_course(network, times, values, rtol=1e-6)


@pytest.fixture(scope="module")
def module() -> Network:
    return load_module("acetylcholine")


def test_the_pool_turns_over_in_half_an_hour(module: Network):
    """Labelled acetylcholine of brain has a half-life of about 25 min (PMID 1111832)."""
    rest = solved(module)
    per_hour = rest["J_ACh_release"] / (rest["ACh_c"] + rest["ACh_v"])
    assert 0.693 / per_hour * 60 == pytest.approx(25.0, abs=5.0)


def test_brain_releases_net_choline(module: Network):
    rest = solved(module)
    assert rest["J_CHO_back"] > rest["J_CHO_in"]


def test_plasma_keeps_half_of_its_choline_without_any_in_the_diet(module: Network):
    assert solved(module, in_choline=1e-9)["P_CHO"] == pytest.approx(5.0, rel=1e-3)


def test_choline_moves_acetylcholine_little(module: Network):
    """Loads do not raise content or turnover (scilit 280ba12f); a lack lowers them (scilit 99836f1e)."""
    low, high = (solved(module, in_choline=c)["f_ACh"] for c in (1e-9, 4 * 13.85))
    assert 0.85 < low < 1.0 < high < 1.15


def test_uptake_of_choline_is_what_limits(module: Network):
    found = solved(module, t_CHT1=0.3)
    assert found["f_ACh"] < 0.5
    assert solved(module, e_CHAT=0.5)["f_ACh"] > 0.8


def test_inhibited_esterase_raises_acetylcholine(module: Network):
    """The more the steeper; 5 to 11 times after strong inhibitors in rats (10.1016/0028-3908(93)90182-3)."""
    levels = [solved(module, e_ACHE=e)["f_ACh"] for e in (1.0, 0.73, 0.5, 0.2, 0.05)]
    assert levels == sorted(levels)
    assert 1.1 < levels[1] < 1.5
    assert course(module, [0.0, 1.0], e_ACHE=0.05)["f_ACh"][-1] > 5


def test_the_autoreceptor_restrains_release(module: Network):
    blocked = solved(module, m2_free=0.01)
    assert 1.3 < blocked["f_ACh"] < 3.0
    twice = (solved(module, e_ACHE=0.2, m2_free=m)["f_ACh"] for m in (1.0, 0.01))
    assert next(twice) < next(twice)


def test_release_follows_firing(module: Network):
    levels = [solved(module, fire_ACh=f)["f_ACh"] for f in (0.5, 1.0, 1.5)]
    assert levels == sorted(levels)
    assert levels[0] < 0.9


def test_a_dose_of_choline_comes_and_goes(module: Network):
    found = time_course(module, [0.0, 1.0, 6.0], {}, (Dose("in_choline", 0.0, 60.0, 1.0),), rtol=1e-6)
    assert found["P_CHO"][1] > 1.8 * found["P_CHO"][0]
    assert found["P_CHO"][2] == pytest.approx(found["P_CHO"][0], rel=0.05)
