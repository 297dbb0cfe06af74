"""Inflammation: the order and size of what follows endotoxin, a vaccine, fat and interferon."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body import load_module
from eutone.engine import Network
from eutone.engine.reference import Derivative, Dose, TimeCourse, steady_state, time_course

AT = np.r_[np.arange(0, 24, 0.25), np.arange(24, 97, 1.0)]


@pytest.fixture(scope="module")
def network() -> Network:
    return load_module("immune")


@pytest.fixture(scope="module")
def derivative(network: Network) -> Derivative:
    return Derivative(network)


def bolus(network: Network, derivative: Derivative, amount: float) -> TimeCourse:
    """LPS, in ng/kg, within five minutes."""
    doses = [Dose("in_LPS", 0.0, 12 * amount, 1 / 12)]
    return time_course(network, AT, {}, doses, derivative=derivative, rtol=1e-6)


def peak(found: TimeCourse, name: str) -> float:
    return float(AT[found[name].argmax()])


def test_cytokines_peak_in_hours_and_crp_in_a_day(network: Network, derivative: Derivative):
    found = bolus(network, derivative, 0.8)
    assert 1.25 <= peak(found, "TNF") <= 2
    assert 2 <= peak(found, "IL6") <= 3.5
    assert 20 <= peak(found, "CRP") <= 28
    assert found["f_TNF"].max() > 10
    assert found["f_IL6"].max() > 15
    assert found["f_CRP"].max() > 2
    assert found["CRP"][AT == 72][0] < found["CRP"].max()
    assert found["f_TNF"][AT == 24][0] == pytest.approx(1.0, abs=0.2)


def test_a_low_dose_is_as_measured_within_a_factor_of_two(network: Network, derivative: Derivative):
    """0.5 ng/kg, geometric means of 0 to 6 h: TNF 5.13-fold, IL-6 3.88-fold (doi:10.1186/s12950-014-0028-1)."""
    found = bolus(network, derivative, 0.5)
    early = AT <= 6
    for name, fold in (("f_TNF", 5.13), ("f_IL6", 3.88)):
        got = np.exp(np.log(found[name][early]).mean())
        assert fold / 2 < got < fold * 2


def test_more_endotoxin_more_of_everything(network: Network, derivative: Derivative):
    low, high = bolus(network, derivative, 0.5), bolus(network, derivative, 2.0)
    for name in ("TNF", "IL6", "CRP", "IFNG", "P_NEO"):
        assert high[name].max() > low[name].max()


def test_a_second_dose_soon_after_is_answered_less(network: Network, derivative: Derivative):
    first = Dose("in_LPS", 0.0, 9.6, 1 / 12)
    both = time_course(network, AT, {}, [first, Dose("in_LPS", 6.0, 9.6, 1 / 12)], derivative=derivative, rtol=1e-6)
    once = bolus(network, derivative, 0.8)
    second = (both["TNF"] - once["TNF"])[(AT > 6) & (AT < 10)].max()
    assert second < 0.95 * (once["TNF"].max() - once["TNF"][0])


def test_a_vaccine_peaks_later_than_a_bolus(network: Network, derivative: Derivative):
    """Typhoid vaccine as eight hours of a weak trigger: IL-6 two- to threefold at 6 to 8 h, CRP about a day."""
    found = time_course(network, AT, {}, [Dose("in_LPS", 0.0, 0.12, 8.0)], derivative=derivative, rtol=1e-6)
    assert 6 <= peak(found, "IL6") <= 8.5
    assert 1.8 < found["f_IL6"].max() < 4
    assert 24 <= peak(found, "CRP") <= 34


@pytest.mark.parametrize(
    ("changes", "up"),
    [({"s_adiposity": 2.0}, "f_IL6 f_CRP"), ({"in_endotoxin": 3.0}, "f_TNF f_IL6 f_CRP"), ({"in_IFN": 2.0}, "f_IFNg")],
)
def test_standing_triggers(network: Network, derivative: Derivative, changes: dict[str, float], up: str):
    found = steady_state(network, changes, derivative=derivative)
    assert found.reason == ""
    for name in up.split():
        assert found[name] > 1.2
    if "in_IFN" in changes:
        assert found["f_CRP"] == pytest.approx(1.0)
        assert found["P_NEO"] > 0.01


def test_cortisol_restrains(network: Network, derivative: Derivative):
    levels = [steady_state(network, {"f_GC": c}, derivative=derivative) for c in (0.2, 1.0, 5.0)]
    for name in ("TNF", "IL6", "IFNG"):
        assert levels[0][name] > levels[1][name] > levels[2][name]


def test_endotoxin_is_answered_steeply(network: Network, derivative: Derivative):
    """TNF of tens of pg/mL after 0.5 ng/kg and 369 after 2 (van Deventer 1990); IL-8 and IL-10 behind it."""
    low, high = bolus(network, derivative, 0.5), bolus(network, derivative, 2.0)
    assert 15 < low["TNF"].max() < 60
    assert high["TNF"].max() == pytest.approx(369, rel=0.15)
    assert peak(high, "TNF") < peak(high, "IL8") < peak(high, "P_IL10")
    assert high["P_IL10"].max() > 30


def test_neopterin_rises_as_the_kidney_filters_less(network: Network, derivative: Derivative):
    assert steady_state(network, {"s_GFR": 0.5}, derivative=derivative)["P_NEO"] == pytest.approx(0.014)
