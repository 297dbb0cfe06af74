"""Hydrogen peroxide and glutathione, and the barrier beside them."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body import load_module
from eutone.engine import Network
from eutone.engine.reference import Derivative, SteadyState, steady_state, time_course


@pytest.fixture(scope="module")
def redox() -> tuple[Network, Derivative]:
    network = load_module("oxidative")
    return network, Derivative(network)


def rest(redox: tuple[Network, Derivative], **changes: float) -> SteadyState:
    found = steady_state(redox[0], changes, derivative=redox[1])
    assert found.reason == ""
    return found


def test_more_oxidant_oxidises_glutathione(redox: tuple[Network, Derivative]):
    levels = [rest(redox, in_ROS=x) for x in (0.5, 1.0, 2.0, 4.0)]
    assert np.all(np.diff([s["ROS"] for s in levels]) > 0)
    assert np.all(np.diff([s["GSH_GSSG"] for s in levels]) < 0)
    assert np.all(np.diff([s["MDA"] for s in levels]) > 0)
    assert levels[1]["GSH_GSSG"] == pytest.approx(100)


@pytest.mark.parametrize("enzyme", ["e_GPX1", "e_PRDX", "e_CAT", "e_GCLC"])
def test_less_of_a_defence_more_oxidant(redox: tuple[Network, Derivative], enzyme: str):
    assert rest(redox, **{enzyme: 0.3})["f_ROS"] > 1.01


def test_cysteine_raises_glutathione_and_reductase_keeps_it(redox: tuple[Network, Derivative]):
    assert 1.1 < rest(redox, s_cysteine=1.5)["f_GSH"] < 1.5
    assert rest(redox, e_GSR=0.1)["GSH_GSSG"] < 20


def test_peroxide_and_reduction_neither_make_nor_lose_glutathione(redox: tuple[Network, Derivative]):
    network, _ = redox
    weights = {"GSH": 1, "GSSG": 2}
    rows = [weights.get(s, 0) for s in network.species]
    net = rows @ network.stoichiometry
    for name in ("J_GPX", "J_GSR"):
        assert net[network.reactions.index(name)] == 0


def test_a_burst_of_oxidant_leaves_nothing_negative(redox: tuple[Network, Derivative]):
    found = time_course(redox[0], [0.01, 1.0, 48.0], {"in_ROS": 100.0}, derivative=redox[1], rtol=1e-6)
    assert (found.states >= 0).all()


def test_the_barrier_opens_when_its_junctions_go():
    network = load_module("barrier")
    derivative = Derivative(network)
    found = [steady_state(network, {"x_TJ": x}, derivative=derivative) for x in (0.5, 1.0, 3.0, 1e3)]
    assert found[1]["csf_albumin_quotient"] == pytest.approx(4.84e-3, rel=0.01)
    assert np.all(np.diff([s["csf_albumin_quotient"] for s in found]) > 0)
    assert 10 < found[3]["f_perm"] < 60
