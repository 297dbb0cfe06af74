"""Amino acids of cerebrospinal fluid, SAM of the brain, and what becomes of homocysteine beside `cofactors`."""

from __future__ import annotations

import pytest

from eutone.body import load_module
from eutone.engine.reference import Derivative, steady_state


def rest(name: str, **changes: float) -> dict[str, float]:
    network = load_module(name)
    return steady_state(network, changes, derivative=Derivative(network))


@pytest.mark.parametrize("name", ["csf_acids", "methyl_brain", "homocysteine"])
def test_no_level_falls_below_nothing(name, stays_positive):
    stays_positive(name)


def test_phenylalanine_of_CSF_follows_plasma_where_brain_does_not():
    """Phenylketonuria raises CSF as plasma, 23-fold (10.1007/BF01799945), behind a barrier that saturates."""
    found = rest("csf_acids", P_Phe=57.0 * 23, B_Phe=45.0 * 3.6)
    assert 10 < found["csf_Phe"] / 6.6 < 23


def test_LDOPA_takes_SAM_of_the_brain_and_leaves_methionine():
    """Children on levodopa: CSF SAM falls, methionine does not change (10.1136/jnnp.53.7.569)."""
    before, found = rest("methyl_brain"), rest("methyl_brain", E_LDOPA=2.0)
    assert found["csf_SAM"] < 0.9 * before["csf_SAM"]
    assert found["csf_MET"] == pytest.approx(before["csf_MET"], rel=0.02)


def test_less_COMT_spares_SAM():
    """Tolcapone raises brain SAM of rats to 130 % (Neurochem Int 1998;32:53); it leaves a few per cent of COMT."""
    spared = rest("methyl_brain", e_COMT=0.05, J_COMT_e=0.2, J_DOPAC_HVA=0.64, J_DOPAC_blood=0.21)
    assert spared["B_SAM"] / 25.0 == pytest.approx(1.3, abs=0.12)


@pytest.mark.parametrize(("grams", "left"), [(1.5, 0.88), (3.0, 0.85), (6.0, 0.80)])
def test_betaine_by_dose(grams, left):
    """10.1093/jn/133.12.4135: what it takes beside 0.0333 an hour at rest."""
    network = load_module("homocysteine")
    rate = dict(zip(network.parameters, network.values, strict=True))
    daily = grams / 24.0
    taken = rate["V_BHMT"] * daily / (rate["K_BHMT"] + daily)
    assert 0.03333 / (0.03333 + taken) == pytest.approx(left, abs=0.02)


@pytest.mark.parametrize(("plasma", "low", "high"), [(0.25, 0.75, 0.9), (0.015, 1.3, 2.5)])
def test_tissue_PLP_moves_less_than_plasma(plasma, low, high):
    """f_CBS_B6 takes back what plasma PLP alone would have made of transsulfuration."""
    assert low < rest("homocysteine", PLP_p=plasma)["f_CBS_B6"] < high
