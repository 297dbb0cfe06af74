"""What laboratories read: the kidney's dopamine, levels of plasma and CSF; and the pools that two modules share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from eutone.body._check import check
from eutone.body._compose import default_values
from eutone.body._tables import readouts, whole_quantities, whole_readouts
from eutone.population.targets import sampled

Folds = Callable[[str, Mapping[str, float]], dict[str, float]]
Whole = Callable[..., dict[str, float]]


def test_at_rest_each_is_at_its_level():
    rest = default_values()
    assert rest["urine_DA"] == pytest.approx(1.0, rel=1e-9)
    assert rest["f_MTHF"] == pytest.approx(1.0, rel=1e-9)
    for name in ("plasma_DA", "plasma_3MT", "plasma_DHPG", "plasma_DOPAC"):
        assert rest[name] == pytest.approx(rest[f"P_{name.removeprefix('plasma_').replace('3', '')}_level"], rel=1e-6)
    assert rest["csf_DOPA"] == pytest.approx(rest["csf_LDOPA_level"], rel=1e-6)


def test_an_inhibitor_of_aadc_lowers_urinary_dopamine(module_folds: Folds):
    """Carbidopa alone (PMID 861126): plasma L-DOPA rises, as here by half or twofold, and urine falls all the same."""
    for rise in (1.5, 2.0):
        assert module_folds("fluids", {"h_AADC_p": 0.12, "P_LDOPA": rise})["urine_DA"] < 0.6
    # at the same high plasma L-DOPA a tenth of it, within a factor of two
    alone, inhibited = ({"P_LDOPA": 400.0, "h_AADC_p": h} for h in (1.0, 0.12))
    share = module_folds("fluids", inhibited)["urine_DA"] / module_folds("fluids", alone)["urine_DA"]
    assert 0.05 < share < 0.2


def test_without_aadc_the_kidney_still_finds_much_ldopa(whole_folds: Whole):
    found = whole_folds(e_DDC=0.007)
    assert found["P_LDOPA"] > 30
    assert found["urine_DA"] < 1.5


def test_glutamine_of_csf_follows_brain_and_blood(module_folds: Folds):
    brain, blood = (module_folds("csf_acids", {name: 2.0})["csf_Gln"] for name in ("GLN_e", "P_Gln"))
    assert brain > blood > 1.1
    assert brain - 1 + blood - 1 == pytest.approx(1, rel=1e-4)


def test_all_gaba_needs_ssadh(whole_folds: Whole):
    """What transaminases of neurons and glia make leaves by SSADH or as 4-hydroxybutyrate."""
    rest, folds = default_values(), whole_folds(e_ALDH5A1=0.03)
    for flux in (rest, {name: rest[name] * fold for name, fold in folds.items()}):
        made = flux["J_ABAT"] + flux["J_ABAT_g"]
        lost = flux["J_SSADH"] + flux["J_SSADH_g"] + flux["J_SSA_out"] + flux["J_SSA_GHB"] - flux["J_GHB_SSA"]
        assert made == pytest.approx(lost, rel=1e-6)
    assert folds["GABA"] > 1.5
    assert rest["J_ABAT_g"] == pytest.approx(rest["J_SSADH_g"], rel=1e-9)


def test_methionine_follows_remethylation(module_folds: Folds, whole_folds: Whole):
    half = module_folds("meals", {"J_MS_Hcy": 0.5})["P_Met"]
    assert half == pytest.approx(1 - 0.19 / 2, abs=0.005)
    assert whole_folds(e_MTHFR=0.03)["P_Met"] < 0.96


def test_a_marker_is_read_in_one_place():
    """Where profiles' markers and the population's speak of one thing, they read the same compartment or its level."""
    follows = {r.readout: r.observable for r in whole_readouts()}
    rest = default_values()
    assert set(follows) == {r.readout for r in readouts()}
    own = {m.marker: m.observable for m in sampled()}
    levels = {"plasma_DA", "plasma_3MT", "plasma_DHPG", "plasma_DOPAC", "csf_DOPA", "plasma_DA_over_NE", "plasma_AASA",
              "plasma_DOPAC_over_DHPG"}  # fmt: skip
    differ = {m for m in own.keys() & follows.keys() if own[m] != follows[m] and own[m] not in levels}
    assert differ <= {"plasma.neopterin"}, "that of blood is made by macrophages, a lack of GCH1 shows in liver"
    assert all(q.expression.partition("*")[0] in rest for q in whole_quantities())


def test_the_tables_of_the_whole_are_checked(monkeypatch: pytest.MonkeyPatch):
    from eutone.body import _check

    broken = tuple(type(r)(r.readout, r.observable + "_gone", r.basis) for r in whole_readouts()[:1])
    monkeypatch.setattr(_check, "whole_readouts", lambda: broken)
    assert any("readouts_whole.csv" in fault for fault in check())
