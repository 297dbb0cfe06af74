"""Micronutrients: pools against intake, and what they move in the rest of the person."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eutone.body import load_module
from eutone.body._compose import default_values
from eutone.engine.reference import Dose, time_course

Folds = Callable[..., dict[str, float]]
MODULE = "micronutrients"
INTAKES = {"in_iron": "f_Fe", "in_Mg": "f_Mg", "in_vitC": "f_VitC", "in_copper": "f_Cu", "in_zinc": "f_Zn",
           "in_B12": "f_B12", "in_B2": "f_B2"}  # fmt: skip


def test_levels_stay_positive(stays_positive: Callable[[str], None]):
    stays_positive(MODULE)


@pytest.mark.parametrize(("intake", "signal"), sorted(INTAKES.items()))
def test_more_in_more_there_and_less_than_in_proportion(intake: str, signal: str, module_folds: Folds):
    found = [module_folds(MODULE, {intake: f})[signal] for f in (0.2, 0.5, 1.0, 2.0, 5.0)]
    assert found == sorted(found)
    assert found[2] == pytest.approx(1.0, abs=1e-6)
    assert found[0] > 0.1
    assert found[4] < 4.0


@pytest.mark.parametrize(("milligrams", "seen"), [(30, 9), (60, 25), (100, 56), (200, 66), (400, 70), (1000, 77)])
def test_plasma_ascorbate_by_dose(milligrams: float, seen: float, module_folds: Folds):
    """10.1073/pnas.93.8.3704 (fitted; the levels are recalled)."""
    values = default_values()
    a_day = values["k_Asc_abs"] * 24 * 130 * 0.17612  # mg at intake 1: uM/h, 130 L, g/mmol
    fold = module_folds(MODULE, {"in_vitC": milligrams / a_day})["P_Asc"]
    assert fold * values["P_Asc"] == pytest.approx(seen, rel=0.15)


def test_csf_holds_ascorbate_better_than_serum(module_folds: Folds):
    """CV 21 % against 43 % (PMID 8261625)."""
    low, high = module_folds(MODULE, {"in_vitC": 0.6}), module_folds(MODULE, {"in_vitC": 1.5})
    assert low["P_Asc"] < low["C_Asc"] < 1.0 < high["C_Asc"] < high["P_Asc"]


def test_brain_iron_follows_stores_weakly(module_folds: Folds):
    found = module_folds(MODULE, {"in_iron": 0.4})
    assert found["f_Fe"] < 0.7
    assert found["f_FeB"] > 0.85
    assert module_folds(MODULE, {"s_hepcidin": 2.0})["f_Fe"] < 0.8, "inflammation withholds iron"


def test_zinc_hinders_copper(module_folds: Folds):
    assert module_folds(MODULE, {"in_zinc": 5.0})["f_Cu"] < 0.95
    assert module_folds(MODULE, {"in_zinc": 0.5})["f_Cu"] > 1.0


def test_little_copper_is_little_hydroxylation_of_dopamine(whole_folds: Folds):
    """PMID 15539197: dopamine up in nerves, norepinephrine a little down; x4-5 there, with a much deeper lack."""
    found = whole_folds(in_copper=0.1)
    assert found["P_DA"] > 1.1
    assert 0.9 < found["P_NE"] < 1.0


def test_little_b12_raises_homocysteine(whole_folds: Folds):
    assert whole_folds(in_B12=0.1)["HCY"] > 1.3
    assert whole_folds(t_CBLIF=0.02)["HCY"] > 4.0, "pernicious anaemia"
    assert whole_folds(t_CBLIF=0.02, in_B12=400.0)["HCY"] < 1.0, "a large dose passes without intrinsic factor"


def test_b12_beside_folate(whole_folds: Folds):
    """F154 (10.1136/bmj.316.7135.894): a further -7 % (3-10); -12 % here, since the half-saturation was not fitted."""
    further = whole_folds(in_folate=2.0, in_B12=100.0)["HCY"] / whole_folds(in_folate=2.0)["HCY"]
    assert 0.85 < further < 0.97


def test_little_vitamin_c_spares_dopamine_more_than_norepinephrine(whole_folds: Folds):
    found = whole_folds(in_vitC=0.1)
    assert found["e_n"] < 0.95
    assert found["e_d"] == pytest.approx(1.0, abs=0.05)


def test_a_dose_of_iron_hinders_the_next_day_s():
    """Absorption of 100 mg is 40-50 % higher on alternate days (Stoffel 2019); more at once, a smaller share of it."""
    network = load_module(MODULE)
    second = Dose("in_iron", 24.0, 159.0, 1.0)
    at = [24.1, 24.5, 24.9]
    alone, after = (
        time_course(network, at, {}, given, rtol=1e-6)["share_Fe"].mean()
        for given in ([second], [Dose("in_iron", 0.0, 159.0, 1.0), second])
    )
    assert 1.35 < alone / after < 1.55
    small = time_course(network, [24.5], {}, [Dose("in_iron", 24.0, 40.0, 1.0)], rtol=1e-6)["share_Fe"][0]
    assert small > 1.3 * alone
