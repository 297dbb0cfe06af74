"""The published models of hormones load alone and give the values computed from their equations, to the digits kept."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from eutone.engine import Network, load_network
from eutone.engine.reference import Derivative, Dose, TimeCourse, steady_state, time_course
from eutone.engine.status import Status


def published(name: str) -> Network:
    return load_network(Path(str(files("eutone.body") / "published" / f"{name}.ant")))


# --- the stress axis over a day: Bangsgaard and Ottesen 2017 ---

#: lowest value and its hour, highest and its hour, 24-h mean
DAY = {"ACTH": (6.5, 2.0, 21.1, 7.17, 12.0), "CORT": (0.90, 2.33, 7.7, 7.67, 3.2)}


def test_the_daily_course_of_acth_and_cortisol():
    at = np.linspace(0, 6 * 1440, 6 * 720 + 1)
    found = time_course(published("bangsgaard_2017"), at, rtol=1e-7)
    last = at >= 5 * 1440
    hours = (at[last] - 5 * 1440) / 60
    for name, (low, low_hour, high, high_hour, mean) in DAY.items():
        y = found[name][last]
        assert [y.min(), y.max(), y[:-1].mean()] == pytest.approx([low, high, mean], rel=0.01)
        assert [hours[y.argmin()], hours[y.argmax()]] == pytest.approx([low_hour, high_hour], abs=0.2)
    clock = found["clock"][last]
    assert [clock.min(), clock.max()] == pytest.approx([0.0052, 0.272], rel=0.005)
    assert hours[clock.argmax()] == pytest.approx(8.17, abs=0.1)


# --- glands that grow with their drive: Karin et al. 2020 ---

#: days after the change of u: CRH, ACTH, cortisol, corticotrophs, adrenal cortex, in folds of the rest
UNDER_TWICE = {1.0: (1.40, 1.38, 1.39, 1.02, 1.01), 60.0: (0.99, 1.21, 1.87, 1.32, 1.55)}
AFTER_TWICE = {
    1.0: (0.70, 0.90, 1.39, 1.31, 1.55),
    14.0: (0.76, 0.87, 1.29, 1.16, 1.49),
    28.0: (0.82, 0.85, 1.21, 1.05, 1.43),
    60.0: (0.93, 0.85, 1.07, 0.91, 1.27),
    120.0: (1.03, 0.91, 0.98, 0.89, 1.07),
}
AFTER_FOUR_TIMES = {42.0: (0.73, 0.74, 1.34, 1.03, 1.81)}


def test_glands_grow_under_stress_and_shrink_after_it():
    network = published("karin_2020")
    derivative = Derivative(network)
    rest = steady_state(network, derivative=derivative)
    assert rest.state == pytest.approx([1, 1, 0.985, 1.015, 0.985], abs=5e-4)
    for u, under, after in ((2.0, UNDER_TWICE, AFTER_TWICE), (4.0, {60.0: None}, AFTER_FOUR_TIMES)):
        during = time_course(network, list(under), {"u": u}, start=rest.state, derivative=derivative)
        for state, expected in zip(during.states, under.values(), strict=True):
            assert expected is None or state / rest.state == pytest.approx(expected, abs=0.006)
        later = time_course(network, list(after), start=during.states[-1], derivative=derivative)
        for state, expected in zip(later.states, after.values(), strict=True):
            assert state / rest.state == pytest.approx(expected, abs=0.006)


# --- THYROSIM ---


@pytest.fixture(scope="module")
def thyrosim() -> tuple[Network, Derivative]:
    network = published("thyrosim")
    return network, Derivative(network)


def last_day(found: TimeCourse) -> tuple[float, float, float, float, float]:
    """T4 and T3 (ug/L), TSH (mU/L), its lowest and highest value."""
    day = found.times >= found.times[-1] - 24
    tsh = found["q7"][day] * 5.6 / 5.2
    t4, t3 = (found[q][day][:-1].mean() * m / 3.2 for q, m in (("q1", 777), ("q4", 651)))
    return float(t4), float(t3), float(tsh[:-1].mean()), float(tsh.min()), float(tsh.max())


@pytest.mark.parametrize(
    ("gland", "t4", "t3", "tsh"), [(1.0, 78.3, 1.35, 1.99), (0.25, 62.2, 1.15, 6.2), (0.1, 50.1, 1.01, 12.6)]
)
def test_thyrosim_with_less_gland(thyrosim: tuple[Network, Derivative], gland: float, t4: float, t3: float, tsh: float):
    network, derivative = thyrosim
    changes = {"d1": gland, "d3": gland}
    found = time_course(network, np.arange(0, 24 * 120.5), changes, derivative=derivative, rtol=1e-6)
    assert found.status is Status.CONVERGED
    day = last_day(found)
    assert day[:3] == pytest.approx((t4, t3, tsh), rel=0.006)
    if gland == 1:
        assert day[3:] == pytest.approx((1.11, 2.87), rel=0.01)


def test_thyrosim_without_gland_on_levothyroxine(thyrosim: tuple[Network, Derivative]):
    network, derivative = thyrosim
    doses = [Dose("q10", 24.0 * day, 150 / 777) for day in range(120)]
    times = np.r_[0.0, 24 * 119 + np.arange(25.0)]
    found = time_course(network, times, {"d1": 0.0, "d3": 0.0}, doses, derivative=derivative, rtol=1e-6)
    assert last_day(found)[:3] == pytest.approx((104.4, 0.89, 2.0), rel=0.01)


# --- melatonin: Best et al. 2024 ---


def test_the_pineal_rests_by_day_where_its_program_starts():
    network = published("melatonin_2024")
    found = time_course(network, [7.9])
    expected = {"trp": 200, "pool": 666, "htp": 157, "cht": 498, "nas": 3.95, "mel": 3.4, "bmel": 6.2e-5}
    for name, value in expected.items():
        assert found[name][0] == pytest.approx(value, rel=0.06), name
    night = time_course(network, np.linspace(0, 24, 241))["bmel"]
    assert night.max() > 5 * night[:80].mean()
