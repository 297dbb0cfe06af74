"""The carrier of acids at the brain's barrier, DOPAC and DHPG of cerebrospinal fluid."""

from __future__ import annotations

import pytest

from eutone.body import load_module
from eutone.body._compose import default_values
from eutone.engine.reference import Derivative, steady_state


def test_a_block_spares_what_the_carrier_does_not_take():
    network = load_module("acids")
    found = steady_state(network, {"f_OAT": 0.0}, derivative=Derivative(network))
    assert 0 < found["f_OAT_HIAA"] < found["f_OAT_HVA"] < 1
    rest = default_values()
    assert found["csf_DOPAC"] == pytest.approx(rest["csf_DOPAC"] * (0.34 / 0.14) ** 2, rel=1e-6)
    assert found["csf_DHPG"] == pytest.approx(rest["csf_DHPG"], rel=1e-6)


@pytest.mark.parametrize("name", ["acids", "circulation", "sympathetic", "tyramine", "lactotroph"])
def test_no_level_falls_below_nothing(name, stays_positive):
    stays_positive(name)
