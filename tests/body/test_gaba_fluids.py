"""GABA of CSF and plasma: what leaves the space outside cells, and what transaminase takes from both."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Values = dict[str, float]


def test_csf_follows_what_is_outside_cells(module_folds: Callable[..., Values]):
    assert module_folds("gaba_fluids", {"eGABA": 2.0})["csf_eGABA"] == pytest.approx(2.0)


def test_without_transaminase_both_rise_and_stay_finite(module_folds: Callable[..., Values]):
    left = [module_folds("gaba_fluids", {"e_ABAT": e}) for e in (1.0, 0.5, 0.1, 0.0)]
    for name in ("csf_eGABA", "P_GABA"):
        levels = [found[name] for found in left]
        assert levels == sorted(levels)
        assert levels[-1] < 6.0


def test_it_stays_positive(stays_positive: Callable[[str], None]):
    stays_positive("gaba_fluids")
