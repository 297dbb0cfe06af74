"""Creatine and ATP of the brain: both sources matter, loading is slow, ATP is held."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eutone.body import load_module
from eutone.engine.reference import Derivative, time_course

Values = dict[str, float]


@pytest.mark.parametrize("defect", ["t_SLC6A8", "e_GAMT"])
def test_defects_of_transport_or_synthesis_deplete(module_folds: Callable[..., Values], defect: str):
    found = module_folds("energy", {defect: 0.01})
    assert found["MRS_tCr"] < 0.6
    assert found["f_ATP"] > 0.9


def test_a_load_takes_weeks():
    network = load_module("energy")
    found = time_course(network, [0.0, 168.0, 672.0], {"in_creatine": 172.0}, derivative=Derivative(network))
    fold = found["MRS_tCr"] / found["MRS_tCr"][0]
    assert 1.01 < fold[1] < fold[2] < 1.3
    assert found["MRS_PCr_ATP"][2] / found["MRS_PCr_ATP"][0] == pytest.approx(fold[2], rel=0.02)


def test_phosphocreatine_gives_way_before_ATP(module_folds: Callable[..., Values]):
    busy, weak = module_folds("energy", {"F_pyr": 1.5}), module_folds("energy", {"s_mito": 0.7})
    for found in (busy, weak):
        assert found["f_PCR"] < 0.95
        assert found["f_PCR"] < found["f_ATP"] < 1.0
        assert found["MRS_tCr"] == pytest.approx(1.0, abs=0.02)


def test_it_stays_positive(stays_positive: Callable[[str], None]):
    stays_positive("energy")
