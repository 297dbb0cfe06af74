"""Albumin-bound tryptophan."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eutone.body._compose import default_values

Folds = Callable[..., dict[str, float]]


def test_levels_stay_positive(stays_positive: Callable[[str], None]):
    stays_positive("albumin")


def test_ten_to_twenty_per_cent_are_free():
    assert 0.10 <= default_values()["share_Trp_free"] <= 0.25
    assert default_values()["f_freeTrp"] == pytest.approx(1.0, abs=1e-6)


def test_fatty_acids_free_tryptophan(module_folds: Folds):
    """x1.5 to 2.5 where exercise lifts NEFA from 0.5 to 1.5-2 mM (recalled: what the constant was set to)."""
    assert 1.5 < module_folds("albumin", {"s_NEFA": 3.5})["f_freeTrp"] < 2.5
    assert module_folds("albumin", {"s_NEFA": 0.4})["f_freeTrp"] < 0.85, "after carbohydrate"


def test_little_albumin_frees_tryptophan(module_folds: Folds):
    """An inverse correlation (revistas.unav.edu 47148)."""
    found = [module_folds("albumin", {"e_ALB": left})["f_freeTrp"] for left in (1.2, 0.8, 0.5)]
    assert found == sorted(found)
    nephrotic = module_folds("albumin", {"s_ALB_leak": 8.0})
    assert nephrotic["ALB"] < 0.6
    assert nephrotic["f_freeTrp"] > 1.3


def test_free_tryptophan_reaches_the_brain_and_leaves_the_total(whole_folds: Folds):
    """What LAT1 sees lies between free and total (PMID 9566601); rats on lard lose no more tryptophan (Sasaki 1993)."""
    found = whole_folds(s_NEFA=2.0)
    assert 1.0 < found["B_Trp"] < found["f_freeTrp"]
    # hormones and cytokines that brain serotonin moves share tryptophan's way out: 3e-5
    assert found["P_Trp"] == pytest.approx(1.0, abs=1e-3)
