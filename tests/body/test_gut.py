"""Gut microbes: what is gone without them, what is not, and that nothing from the gut enters the brain."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body import load_module, load_whole
from eutone.engine import compile_network, solve_steady
from eutone.engine.reference import Derivative, steady_state

MICROBIAL = ("IND_gut", "P_IS", "P_IPA", "C_ACE", "C_PRO", "C_BUT", "C_DCA", "M_GABA")
BRAIN = ("HTP_s", "c_s", "v_s", "e_s", "E_HIAA", "B_Trp", "csf_HIAA", "GABA", "csf_GABA", "e_d", "e_n")
GUT = ("G_5HT", "P_5HT", "plt_5HT", "P_HIAA")


@pytest.fixture(scope="module")
def whole() -> dict[str, np.ndarray]:
    """Folds of the whole person at rest: as is, without microbes, with half of them, without fibre."""
    network = load_whole()
    compiled = compile_network(network, ("s_microbiome", "in_fibre", "w_microbiome_TPH1"))
    strength = network.values[network.parameters.index("w_microbiome_TPH1")]
    rows = [[1.0, 1.0, strength], [1e-6, 1.0, strength], [0.5, 1.0, strength], [1.0, 1e-6, strength], [1e-6, 1.0, 0.0]]
    solved = solve_steady(compiled, np.array(rows))
    assert (solved.status == 0).all()
    return {name: solved.states[:, i] / solved.states[0, i] for i, name in enumerate(network.species)}


def test_without_microbes_their_products_are_gone(whole: dict[str, np.ndarray]):
    for name in MICROBIAL:
        assert whole[name][1] < 1e-3, name
    # what the host makes too is not
    assert whole["P_ACE"][1] > 0.9
    assert 0.3 < whole["P_IAA"][1] < 0.7


def test_without_microbes_colon_serotonin_halves(whole: dict[str, np.ndarray]):
    """17 against 35 ng/mg (Reigstad 2015), which set the strength; half of the microbes is in between."""
    assert whole["G_5HT"][1] == pytest.approx(17 / 35, abs=0.05)
    assert whole["G_5HT"][1] < whole["G_5HT"][2] < 1.0
    assert whole["plt_5HT"][1] < 0.7
    assert whole["G_5HT"][3] < 1.0
    assert whole["G_5HT"][4] == pytest.approx(1.0)


@pytest.mark.parametrize("name", BRAIN)
def test_the_brain_does_not_notice(whole: dict[str, np.ndarray], name: str):
    assert whole[name] == pytest.approx(np.ones(5), rel=1e-6)


def test_nothing_from_the_gut_reaches_the_brain():
    """No rate of a brain species depends on gut or blood serotonin, or on anything that microbes make."""
    network = load_whole()
    derivative = Derivative(network)
    base = derivative(0.0, network.initial, network.values)
    gross = derivative.turnover(0.0, network.initial, network.values)
    brain = [network.species.index(name) for name in BRAIN]
    for name in (*GUT, *MICROBIAL):
        state = network.initial.copy()
        state[network.species.index(name)] *= 10.0
        moved = derivative(0.0, state, network.values) - base
        assert np.abs(moved[brain]).max() <= 1e-12 * gross[brain].max(), name


def test_indoles_add_up_to_what_is_in_urine():
    """About 270 umol of indoxyl sulfate a day (22.3 umol/mmol creatinine, 12 mmol a day), in 15 L of 1 umol."""
    gut = load_module("gut")
    rates = Derivative(gut).values(0.0, gut.initial, gut.values)
    assert 120 < rates["J_IS_urine"] * 15 * 24 < 330
    # the three fatty acids together: 200 to 600 mmol a day, in half a litre
    made = rates["J_ACE"] + rates["J_PRO"] + rates["J_BUT"]
    assert 200 < made * 0.5 * 24 < 600
    assert gut.initial[gut.species.index("C_ACE")] == 3 * gut.initial[gut.species.index("C_BUT")]


def test_more_fibre_more_fatty_acids_more_tryptophan_more_indoles():
    gut = load_module("gut")
    derivative = Derivative(gut)

    def rest(**changes: float) -> dict[str, float]:
        return dict(zip(gut.species, steady_state(gut, changes, derivative=derivative).state, strict=True))

    usual, fibre = rest(), rest(in_fibre=2.0)
    assert fibre["C_BUT"] == pytest.approx(2 * usual["C_BUT"])
    assert fibre["P_IS"] == pytest.approx(usual["P_IS"])
    trp = rest(in_Trp=2 * gut.values[gut.parameters.index("in_Trp")])
    assert trp["P_IPA"] == pytest.approx(2 * usual["P_IPA"])
