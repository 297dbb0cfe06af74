"""Oxytocin, vasopressin, growth hormone: what moves each, and that nothing else does."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body import load_module
from eutone.engine import Network
from eutone.engine.derivative import Derivative
from eutone.engine.reference import steady_state, time_course


@pytest.fixture(scope="module")
def module() -> Network:
    return load_module("neurohormones")


def test_vasopressin_follows_osmolality_and_stops(module: Network):
    levels = [
        steady_state(module, {"in_osmolality": x}, derivative=Derivative(module))["AVP"] for x in (0.97, 1.0, 1.03)
    ]
    assert levels[0] == pytest.approx(0.05 * 2.0)  # below detection
    assert levels[1] == pytest.approx(2.0)
    assert 2 < levels[2] / levels[1] < 3


def test_alarm_raises_growth_hormone_to_a_ceiling(module: Network):
    at = [2.0]
    gh = [time_course(module, at, {"in_alarm": a})["f_GH"][0] for a in (1.0, 10.0, 1000.0)]
    assert gh[0] == pytest.approx(1.0)
    assert 4 < gh[1] < 8
    assert gh[2] < 17


def test_low_glucose_alarms_beside_what_cytokines_do(module: Network):
    gh = [time_course(module, [2.0], {"in_alarm": a, "in_hypo": 9.0})["f_GH"][0] for a in (1.0, 0.5)]
    assert gh[0] == pytest.approx(time_course(module, [2.0], {"in_alarm": 10.0})["f_GH"][0])
    assert gh[1] > 0.93 * gh[0]


def test_growth_hormone_comes_with_sleep_and_nearly_keeps_its_mean(module: Network):
    at = np.arange(96, 120.01, 0.25)
    found = time_course(module, at, {"amp_day": 1.0})
    assert abs((at[found["GH"].argmax()] - 96) - 0.75) < 1
    # IGF-1 saturates in growth hormone, so pulses of it restrain a little less than their mean
    assert found["f_GH"][:-1].mean() == pytest.approx(1.05, abs=0.05)
