"""The thyroid axis: THYROSIM's values at rest, its day, deiodinases, and no negative fraction anywhere."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body import load_module
from eutone.engine import Network
from eutone.engine.reference import Derivative, Dose, SteadyState, steady_state, time_course


@pytest.fixture(scope="module")
def axis() -> tuple[Network, Derivative]:
    network = load_module("thyroid")
    return network, Derivative(network)


def rest(axis: tuple[Network, Derivative], **changes: float) -> SteadyState:
    found = steady_state(axis[0], changes, derivative=axis[1])
    assert found.reason == ""
    return found


@pytest.mark.parametrize(
    ("gland", "t4", "t3", "tsh"), [(1.0, 78.3, 1.35, 1.99), (0.25, 62.2, 1.15, 6.2), (0.1, 50.1, 1.01, 12.6)]
)
def test_it_rests_where_thyrosim_has_its_daily_mean(
    axis: tuple[Network, Derivative], gland: float, t4: float, t3: float, tsh: float
):
    found = rest(axis, s_thyroid=gland)
    got = found["plasma_T4"] * 777, found["plasma_T3"] * 651, found["plasma_TSH"]
    assert got == pytest.approx((t4, t3, tsh), rel=0.007)  # printed to two or three digits


def test_tsh_peaks_at_night(axis: tuple[Network, Derivative]):
    at = np.arange(0, 24 * 30.01, 0.5)
    found = time_course(axis[0], at, {"amp_day": 1.0}, derivative=axis[1], rtol=1e-6)
    tsh, hours = found["plasma_TSH"][at >= 24 * 29], at[at >= 24 * 29] - 24 * 29
    assert 1 <= hours[tsh.argmax()] <= 4
    assert (tsh.min(), tsh.max()) == pytest.approx((1.11, 2.87), rel=0.02)
    assert tsh[:-1].mean() == pytest.approx(1.99, rel=0.02)


def test_levothyroxine_alone_leaves_t3_low_where_tsh_is_normal(axis: tuple[Network, Derivative]):
    """The athyreotic need more T4, and have less T3, for the same TSH (Eisenberg 2008)."""
    found = rest(axis, s_thyroid=0.0, in_T4=150 / 777 / 24 * 0.893)
    assert 1 < found["plasma_TSH"] < 4
    assert found["plasma_T4"] > 0.1
    assert found["f_T3_plasma"] < 0.75


def test_the_brain_keeps_its_t3_better_than_plasma_does(axis: tuple[Network, Derivative]):
    found = rest(axis, s_thyroid=0.05)
    assert found["f_T3"] > found["T4_p"] / 0.3227
    slow = rest(axis, e_DIO1=0.5)
    assert slow["f_T3_plasma"] < 0.92
    assert slow["plasma_T4"] > 0.1008


def test_nothing_turns_negative_however_much_there_is(axis: tuple[Network, Derivative]):
    network, derivative = axis
    rng = np.random.default_rng(0)
    for _ in range(100):
        at = derivative.values(0.0, network.initial * np.exp(rng.normal(0, 2.0, len(network.species))), network.values)
        assert at["free_T4"] > 0
        assert at["free_T3"] > 0
        assert at["J_TSH"] > 0
    flood = time_course(network, [24.0, 240.0], {"in_T4": 1.0}, derivative=derivative, rtol=1e-6)
    assert (flood.states >= 0).all()


def test_trh_saturates(axis: tuple[Network, Derivative]):
    """Doses of 200 and 500 ug act alike."""
    tsh = []
    for dose in (6.0, 200.0, 500.0):
        given = [Dose("in_TRH_dose", 0.0, 60 * dose, 1 / 60)]
        tsh.append(time_course(axis[0], [0.5], {}, given, derivative=axis[1], rtol=1e-6)["plasma_TSH"][0])
    assert tsh[1] > 2 * 1.99
    assert tsh[2] < 1.4 * tsh[1]
    assert tsh[0] < 0.8 * tsh[1]
