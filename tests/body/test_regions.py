"""Monoamines by place: prefrontal dopamine, raphe serotonin, locus coeruleus, in the whole person."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from eutone.body import load_module, load_whole
from eutone.engine import Network, compile_network, solve_steady
from eutone.engine.derivative import Derivative
from eutone.engine.expr import symbol
from eutone.engine.reference import SteadyState, TimeCourse, steady_state, time_course
from eutone.engine.status import Status


@pytest.fixture(scope="module")
def whole() -> Network:
    return load_whole()


@pytest.fixture(scope="module")
def after(whole: Network) -> Callable[..., TimeCourse]:
    """The first hours and weeks of the whole person after parameters take new values."""
    derivative = Derivative(whole)

    def course(times: list[float], **values: float) -> TimeCourse:
        found = time_course(whole, [0.0, *times], values, derivative=derivative, rtol=1e-6)
        assert found.status == 0, found.reason
        assert (found.states > 0).all()
        return found

    return course


@pytest.fixture(scope="module")
def module() -> Network:
    return load_module("regions")


def solved(network: Network, **values: float) -> SteadyState:
    found = steady_state(network, values, derivative=Derivative(network))
    assert found.status is Status.CONVERGED, found.reason
    return found


def test_signals_are_one_at_rest(module: Network):
    rest = solved(module)
    for name in ("f_DA", "f_5HT", "f_NE", "f_DA_pfc", "f_5HT_raphe", "f_NE_LC", "f_LC", "f_raphe", "f_1B", "f_a2"):
        assert rest[name] == pytest.approx(1.0, abs=1e-6), name


def test_who_clears_prefrontal_dopamine(module: Network):
    """+60 % without COMT, two- to fourfold without NET, nothing without DAT (10.1111/j.1471-4159.2010.06889.x)."""
    assert 1.3 < solved(module, f_COMT=0.01)["f_DA_pfc"] < 1.8
    assert 1.7 < solved(module, t_NET=0.02)["f_DA_pfc"] < 4.0
    assert solved(module, t_DAT=0.02)["f_DA_pfc"] == pytest.approx(1.0, abs=0.05)
    both = solved(module, f_COMT=0.01, t_NET=0.02)["f_DA_pfc"]
    assert both > 1.5 * solved(module, t_NET=0.02)["f_DA_pfc"]


def test_striatal_dopamine_is_cleared_by_its_transporter(after: Callable[..., TimeCourse]):
    found = after([1.0], t_DAT=0.1)
    assert found["f_DA"][-1] > 3.0
    assert found["f_DA_pfc"][-1] < 1.1


def test_prefrontal_dopamine_rises_with_the_locus_coeruleus(after: Callable[..., TimeCourse]):
    found = after([1.0], drive_LC=2.0)
    assert found["f_NE"][-1] > 1.1
    assert found["f_DA_pfc"][-1] > 1.05


def test_an_alpha2_agonist_silences_the_locus_coeruleus(after: Callable[..., TimeCourse]):
    """Clonidine: -86 % (10.1016/s0306-4522(98)00600-9), norepinephrine outside -32 to -57 % (PMC1571760)."""
    found = after([1.0], x_a2_ago=60.0)
    assert found["f_LC"][-1] < 0.25
    assert found["f_NE"][-1] < 0.7


def test_blocked_norepinephrine_uptake_is_held_down_by_alpha2(after: Callable[..., TimeCourse]):
    """Rat cortex: +242 % on reboxetine, +1580 % with idazoxan on top (PMC1571760); firing falls by half and more."""
    alone, both = after([0.5], t_NET=0.1), after([0.5], t_NET=0.1, a2_free=0.05)
    assert 2.5 < alone["f_NE"][-1] < 6.0
    assert both["f_NE"][-1] > 2.0 * alone["f_NE"][-1]
    assert 0.3 < alone["f_LC"][-1] < 0.7


def test_an_inhibitor_of_serotonin_uptake_acts_most_in_the_raphe(after: Callable[..., TimeCourse]):
    """Raphe above cortex (Malagie 1995); firing falls at first and comes back in part over weeks."""
    found = after([1.0, 504.0], t_SERT=0.2)
    assert found["f_5HT_raphe"][1] > found["f_5HT"][1] > 1.3
    assert found["f_raphe"][1] < 0.7
    assert found["f_raphe"][1] < found["f_raphe"][2] < 1.0


def test_the_transporter_leaves_the_surface_over_weeks(module: Network):
    found = time_course(module, [0.0, 96.0, 360.0, 8760.0], {"x_SSRI": 0.8})
    assert found["a_SERT"][1] > 0.7
    assert found["a_SERT"][2] < 0.65
    assert found["a_SERT"][3] == pytest.approx(0.2, abs=0.02)


def test_the_surface_matters_to_serotonin(whole: Network):
    compiled = compile_network(
        whole, free=["t_SERT", "x_SSRI"], observables=[(n, symbol(n)) for n in ("f_5HT", "f_SERT_blood")]
    )
    found = solve_steady(compiled, np.array([[1.0, 0.0], [0.2, 0.0], [0.2, 0.8]]))
    assert not found.status.any()
    rest, blocked, gone = found.observables[:, 0]
    assert rest == pytest.approx(1.0, abs=1e-6)
    assert gone > 1.1 * blocked > 1.5
    # platelets make none that could leave; testosterone, which serotonin moves, is within the tolerance
    np.testing.assert_allclose(found.observables[1:, 1], 0.2, rtol=1e-3)


def test_sleep_and_waking_move_the_modulators(after: Callable[..., TimeCourse]):
    """With sleep (s_awake 0) all fall, none below 0; with waking all rise."""
    asleep, awake = after([2.0], s_awake=0.0), after([2.0], s_awake=1.5)
    for name in ("f_ACh", "f_HA", "f_NE", "f_5HT"):
        assert 0.0 < asleep[name][-1] < 1.0 < awake[name][-1], name
    assert asleep["f_ACh"][-1] / awake["f_ACh"][-1] == pytest.approx(0.6, abs=0.2)
