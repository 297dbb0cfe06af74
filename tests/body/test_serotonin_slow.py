"""What weeks of serotonin do: the locus coeruleus is restrained late, its own firing comes back in part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from eutone.body import load_module
from eutone.body._compose import default_values
from eutone.body._couplings import couplings
from eutone.engine.reference import time_course

Courses = dict[str, NDArray[np.float64]]


def test_the_average_of_weeks_rests_at_one():
    assert default_values()["m_5HT"] == 1.0
    alone = time_course(load_module("serotonin_slow"), [0.0, 168.0, 3360.0], {"f_5HT": 2.0})
    assert alone["m_5HT"][1] == pytest.approx(1.63, abs=0.01)
    assert alone["m_5HT"][2] == pytest.approx(2.0, abs=0.01)


def test_more_serotonin_raises_cortisol_at_once_and_not_for_weeks(serotonin_blocked: Courses):
    """Up after one dose (10.1210/jcem-68-3-632), alone after six days (10.1007/s00213-018-5050-1)."""
    cortisol = serotonin_blocked["plasma_CORT"] / serotonin_blocked["plasma_CORT"][0]
    assert cortisol[1] > 1.02
    assert cortisol[4:].max() < 1.1
    assert serotonin_blocked["f_5HT_change"][-1] == pytest.approx(1.0, abs=0.05)


def test_levels_stay_positive(stays_positive: Callable[[str], None]):
    stays_positive("serotonin_slow")


def test_the_locus_coeruleus_is_restrained_after_weeks_not_days(serotonin_blocked: Courses):
    """Less firing after 21 d of paroxetine, not after 2 (10.1038/sj.bjp.0702343)."""
    firing = serotonin_blocked["f_LC"]
    assert firing[3] > 0.95
    assert firing[4] < 0.92
    assert serotonin_blocked["csf_MHPG"][-1] < 0.99 * serotonin_blocked["csf_MHPG"][0], (
        "of the sign of both studies of patients"
    )


def test_metabolite_and_synthesis_stay_low(serotonin_blocked: Courses):
    """CSF 5-HIAA -33 to -57 % at 4 to 6 weeks; synthesis lower at 2, 14 and 28 d (PMC2728775)."""
    metabolite = serotonin_blocked["csf_HIAA"] / serotonin_blocked["csf_HIAA"][0]
    assert (metabolite[5:7] > 0.43).all()
    assert (metabolite[5:7] < 0.67).all()
    assert (serotonin_blocked["v_TPH"][2:] < 0.9 * serotonin_blocked["v_TPH"][0]).all()


def test_firing_falls_and_comes_back_in_part(serotonin_blocked: Courses):
    """The recovery is contested: one coupling, with what speaks against it."""
    assert serotonin_blocked["f_raphe"][1] < 0.75
    assert serotonin_blocked["f_raphe"][1] < serotonin_blocked["f_raphe"][4] < serotonin_blocked["f_raphe"][-1]
    (row,) = [c for c in couplings() if c.id == "raphe.HTR1A-uncoupling"]
    assert row.against
    assert row.ln_sd >= 0.8


def test_serotonin_raises_cortical_gaba(serotonin_blocked: Courses):
    """By hours, as after citalopram by vein (10.1176/appi.ajp.161.2.368), and still after eight weeks."""
    assert serotonin_blocked["GABA"][2] > 1.02 * serotonin_blocked["GABA"][0]
    assert serotonin_blocked["GABA"][-1] > 1.02 * serotonin_blocked["GABA"][0]
