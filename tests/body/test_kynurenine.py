"""Kynurenines: the published rate laws at the published state, then what the adapted module shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eutone.body._compose import default_values

Folds = Callable[..., dict[str, float]]

# BIOMD0000000602 (Stavrum 2013, liver): mM, 1/s, enzyme in arbitrary units; the state listed with it
TRP, KYN, HK, FKYN, HAA = 1.20e-4, 2.63e-3, 1.20e-5, 2.18e-5, 3.30e-6
O2, BH4, NADPH, TRP_OUT = 1.0, 1.0, 0.03, 0.005


@pytest.mark.parametrize(
    ("flux", "published"),
    [
        (1.4 * 943912 * TRP * O2 / ((0.222 + TRP) * (0.037 + O2)), 688.8),  # TDO
        (0.57 * 503 * TRP * O2 * BH4 / ((0.0228 + TRP) * (0.109 + O2)), 1.35),  # TPH1
        (0.18 * 235 * TRP * O2 * BH4 / ((0.0403 + TRP) * (0.273 + O2)), 0.10),  # TPH2
        (2.2 * 9766 * KYN * O2 * NADPH / ((0.1 + KYN) * (0.071 + O2) * (0.153 + NADPH)), 84.4),  # KMO
        (0.23 * 56602 * (KYN / 0.495) / (1 + KYN / 0.495 + HK / 0.028 + FKYN / 2.2), 68.8),  # KYNU on Kyn
        (9.76 * (9455 + 7744 + 15588) * (KYN / 4.7) / (1 + KYN / 4.7 + HK / 3.8), 179.0),  # KAT 1, 2, 3
        (1961.5 * 1.3 * (KYN / 0.032) / (1 + TRP_OUT / 0.019 + TRP / 0.019 + KYN / 0.032), 155.0),  # export by LAT1
        (2226 * 1.3 * (KYN / 0.032) / (1 + TRP_OUT / 0.0573 + TRP / 0.0573 + KYN / 0.032), 203.0),  # export by LAT2
    ],
)
def test_the_published_constants_give_the_published_fluxes(flux: float, published: float):
    assert flux == pytest.approx(published, rel=0.003, abs=0.006)


def test_the_module_has_the_published_michaelis_constants():
    values = default_values()
    for name, millimolar in (("K_KMO", 0.1), ("K_KAT_KYN", 4.7), ("K_KAT_HK", 3.8), ("K_KYNU_KYN", 0.495),
                             ("K_KYNU_HK", 0.028), ("K_HAO", 0.016), ("K_QPRT", 0.022)):  # fmt: skip
        assert values[name] == pytest.approx(1000 * millimolar), name


def test_levels_stay_positive(stays_positive: Callable[[str], None]):
    stays_positive("kynurenine")


def test_ido_at_rest_takes_no_tryptophan_twice():
    values = default_values()
    assert values["J_IDO"] == 0.0
    assert values["J_KYN_IDO"] == pytest.approx(values["k_IDO"] * values["P_Trp"])
    assert values["J_KYN_TDO"] + values["J_KYN_IDO"] < values["J_TDO"], "blood kynurenine is less than what Trp loses"


def test_what_ido_makes_goes_with_its_activity(whole_folds: Folds):
    """Across the level at rest kynurenine does not jump, and less IDO spares tryptophan."""
    found = [whole_folds(e_IDO1=e)["P_KYN"] for e in (0.1, 0.9, 1.1, 3.0, 10.0)]
    assert found == sorted(found)
    assert found[2] - found[1] < 0.05
    assert 1.01 < whole_folds(e_IDO1=0.1)["P_Trp"] < 1.03, "TDO and IDO compete for one pool"


def test_interferon(whole_folds: Folds):
    """F147 (10.1038/mp.2009.116): blood Trp down, Kyn up; CSF Kyn, quinolinic and kynurenic acid up, CSF Trp unchanged.

    That a tenfold IDO lowers blood tryptophan by 15 % lowers brain tryptophan as much here: 16 people against 11 could
    not have seen it.
    """
    found = whole_folds(e_IDO1=10.0, e_IDO1_b=5.0, e_KMO_b=2.0)
    assert 0.75 < found["P_Trp"] < 0.95
    assert 1.7 < found["plasma_KYN_TRP"] < 3.5
    assert found["csf_KYN"] > found["P_KYN"] > 1.3, "a marked rise in CSF"
    assert found["csf_QUIN"] > 1.5
    assert found["csf_KYNA"] > 1.5
    assert found["B_Trp"] == pytest.approx(1.0, abs=0.2)
    assert found["csf_HIAA"] == pytest.approx(1.0, abs=0.1), "serotonin is not lost for want of tryptophan"


def test_blood_kynurenine_reaches_the_brain_and_the_acids_hardly(module_folds: Folds):
    """10.1111/j.1471-4159.1991.tb03460.x."""
    more = module_folds("kynurenine", {"y_KYN": 3.0})
    assert more["B_KYN"] > 1.5
    assert module_folds("kynurenine", {"k_KYNA_out": 0.01})["f_KYNA"] < 1.1
    leaky = module_folds("kynurenine", {"s_BBB_acids": 5.0})
    assert leaky["f_QUIN"] > 1.3


def test_lack_of_b6(whole_folds: Folds):
    """10.3945/jn.113.174599: 3-HK up, kynurenic acid and anthranilic acid down; with severe lack Kyn and XA up too."""
    some, much = whole_folds(in_B6=0.5), whole_folds(in_B6=0.1)
    assert some["P_HK"] > 1.2
    assert some["P_KYNA"] < 1.0
    assert some["J_KYNU"] < 1.0
    assert much["P_KYN"] > 1.1
    assert much["J_KAT_HK"] > 1.2


def test_enzymes_move_what_lies_on_either_side(module_folds: Folds):
    blocked = module_folds("kynurenine", {"e_KMO": 0.1})
    assert blocked["f_KYNA"] > 1.3
    assert blocked["f_QUIN"] < 0.4
    assert module_folds("kynurenine", {"e_KYNU": 0.05})["J_KAT_HK"] > 3.0, "xanthurenic acid in hydroxykynureninuria"
    probenecid = module_folds("kynurenine", {"f_OAT": 0.2})
    assert probenecid["csf_KYNA"] > 2.0
    assert probenecid["csf_KYN"] == pytest.approx(1.0, abs=1e-6)


def test_the_kidney_clears_them(module_folds: Folds):
    """Lowest against highest quarter of filtration: kynurenines +18 to 36 % (10.1111/cei.12092)."""
    found = module_folds("kynurenine", {"s_GFR": 0.7})
    assert 1.05 < found["P_KYN"] < 1.36
    assert 1.1 < found["P_KYNA"] < 1.4
    assert 1.1 < found["P_QUIN"] < 1.4
