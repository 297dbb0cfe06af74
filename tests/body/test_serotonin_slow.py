"""What weeks of serotonin do: the locus coeruleus is restrained late, its own firing comes back in part."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eutone.body import load_module
from eutone.body._compose import default_values
from eutone.body._couplings import couplings
from eutone.engine import Network
from eutone.engine.reference import Derivative, TimeCourse, time_course


@pytest.fixture(scope="module")
def blocked(whole_network: Network, whole_derivative: Derivative) -> TimeCourse:
    """SERT a fifth: after 2 and 24 h, 2, 21, 28, 42 and 56 d."""
    hours = [0.0, 2.0, 24.0, 48.0, 504.0, 672.0, 1008.0, 1344.0]
    found = time_course(whole_network, hours, {"t_SERT": 0.2}, derivative=whole_derivative, rtol=1e-6)
    assert found.status == 0, found.reason
    return found


def test_the_average_of_weeks_rests_at_one():
    assert default_values()["m_5HT"] == 1.0
    alone = time_course(load_module("serotonin_slow"), [0.0, 168.0, 3360.0], {"f_5HT": 2.0})
    assert alone["m_5HT"][1] == pytest.approx(1.63, abs=0.01)
    assert alone["m_5HT"][2] == pytest.approx(2.0, abs=0.01)


def test_levels_stay_positive(stays_positive: Callable[[str], None]):
    stays_positive("serotonin_slow")


def test_the_locus_coeruleus_is_restrained_after_weeks_not_days(blocked: TimeCourse):
    """Less firing after 21 d of paroxetine, not after 2 (10.1038/sj.bjp.0702343)."""
    firing = blocked["f_LC"]
    assert firing[3] > 0.95
    assert firing[4] < 0.92
    assert blocked["csf_MHPG"][-1] < 0.99 * blocked["csf_MHPG"][0], "of the sign of both studies of patients"


def test_metabolite_and_synthesis_stay_low(blocked: TimeCourse):
    """CSF 5-HIAA -33 to -57 % at 4 to 6 weeks; synthesis lower at 2, 14 and 28 d (PMC2728775)."""
    metabolite = blocked["csf_HIAA"] / blocked["csf_HIAA"][0]
    assert (0.43 < metabolite[5:7]).all() and (metabolite[5:7] < 0.67).all()
    assert (blocked["v_TPH"][2:] < 0.9 * blocked["v_TPH"][0]).all()


def test_firing_falls_and_comes_back_in_part(blocked: TimeCourse):
    """The recovery is contested: one coupling, with what speaks against it."""
    assert blocked["f_raphe"][1] < 0.75
    assert blocked["f_raphe"][1] < blocked["f_raphe"][4] < blocked["f_raphe"][-1]
    (row,) = [c for c in couplings() if c.id == "raphe.HTR1A-uncoupling"]
    assert row.against and row.ln_sd >= 0.8


def test_serotonin_raises_cortical_gaba(blocked: TimeCourse):
    """By hours, as after citalopram by vein (10.1176/appi.ajp.161.2.368), and still after eight weeks."""
    assert blocked["GABA"][2] > 1.02 * blocked["GABA"][0]
    assert blocked["GABA"][-1] > 1.02 * blocked["GABA"][0]
