"""Melatonin: its night, its mean, what light and lack of tryptophan or monoamine oxidase do."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body import load_module
from eutone.engine import Network
from eutone.engine.reference import Derivative, Dose, steady_state, time_course

AT = np.arange(0, 96.01, 0.1)
LAST = AT >= 72


@pytest.fixture(scope="module")
def pineal() -> tuple[Network, Derivative]:
    network = load_module("melatonin")
    return network, Derivative(network)


def night(pineal: tuple[Network, Derivative], lux: float = 0.0) -> np.ndarray:
    """Plasma melatonin in pg/mL over the fourth day."""
    changes = {"amp_day": 1.0, "in_light": lux}
    return time_course(pineal[0], AT, changes, derivative=pineal[1], rtol=1e-6)["MEL"][LAST] * 232.28e3


def test_it_is_high_at_night_and_low_by_day(pineal: tuple[Network, Derivative]):
    hours, level = AT[LAST] - 72, night(pineal)
    by_day = level[(hours > 10) & (hours < 19)]
    assert by_day.max() < 10
    assert 50 < level[(hours > 2) & (hours < 4)].mean() < 150
    assert 20 < hours[np.argmax((hours > 12) & (level > 10))] < 23  # its onset, at 10 pg/mL
    assert level.mean() == pytest.approx(0.1 * 232.28, rel=0.02)


def test_light_at_night(pineal: tuple[Network, Derivative]):
    """About 100 lux halve it (PMC2270041); ten leave most, thousands little."""
    dark = night(pineal).mean()
    dim, room, bright, very = (night(pineal, lux).mean() / dark for lux in (10.0, 100.0, 1000.0, 10000.0))
    assert dim > 0.85
    assert room == pytest.approx(0.5, abs=0.1)
    assert bright < 0.2
    assert very < 0.1


@pytest.mark.parametrize(
    ("changes", "above"),
    [({"e_CYP1A2": 0.2}, True), ({"e_MAOA": 0.2}, True), ({"e_AANAT": 0.2}, False), ({"e_TPH1": 0.3}, False)],
)
def test_what_moves_it(pineal: tuple[Network, Derivative], changes: dict[str, float], above: bool):
    found = steady_state(pineal[0], changes, derivative=pineal[1])
    assert found.reason == ""
    assert (found["f_MEL"] > 1.1) is above
    assert (found["f_MEL"] < 0.9) is not above


def test_by_mouth_the_liver_takes_most_and_less_without_cyp1a2(pineal: tuple[Network, Derivative]):
    network, derivative = pineal
    at = np.arange(0, 12.01, 0.05)
    areas = []
    for enzyme in (1.0, 0.2):
        dose = [Dose("in_MEL_oral", 0.0, 0.615 * 12, 1 / 12)]  # 10 mg over 70 L
        found = time_course(network, at, {"e_CYP1A2": enzyme}, dose, derivative=derivative, rtol=1e-6)
        areas.append(np.trapezoid(found["MEL"], at))
        if enzyme == 1.0:
            assert found["avail_MEL"][0] == pytest.approx(0.133, abs=0.01)
            assert 0.4 < at[found["MEL"].argmax()] < 1.2
    assert areas[1] > 3 * areas[0]


def test_bright_days_dull_the_answer_to_light(pineal: tuple[Network, Derivative]):
    """500 lux suppress 41 % after a bright week, 53 % after a dim one (10.1034/j.1600-079x.2002.01885.x): odds 1.6."""
    found = steady_state(pineal[0], {"in_light": 540.0}, derivative=pineal[1])
    assert found["K_light_now"] / 40.0 == pytest.approx(1.5, abs=0.1)
    dim, bright = ((K / 500.0) ** 1.2 for K in (40.0, found["K_light_now"]))
    assert bright / dim == pytest.approx(1.6, abs=0.2)
