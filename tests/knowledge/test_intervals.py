"""Intervals: smooth in age, ordered, and where a source prints a number, that number."""

from __future__ import annotations

from itertools import pairwise
from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._errors import InputError
from eutone.knowledge import intervals, markers
from eutone.knowledge.intervals import CENTRE_SD, ONE_SIDED_SD, Interval

MARKERS = markers.load()
IDS = st.sampled_from(list(MARKERS))
AGES = st.floats(0, 100)
SEXES = st.sampled_from(["female", "male"])


def at(marker: str, age: float | None, sex: str | None = None) -> Interval:
    found = intervals.healthy(marker, age, sex)
    assert found is not None, marker
    return found


@pytest.mark.parametrize(
    ("age", "hva", "hiaa"),
    [
        (0, (340, 679, 1510), (255, 550, 1249)),
        (1 / 12, (334, 666, 1481), (200, 432, 980)),
        (0.5, (293, 583, 1298), (129, 278, 632)),
        (1, (262, 522, 1161), (104, 224, 509)),
        (2, (225, 448, 998), (83, 178, 405)),
        (5, (173, 345, 768), (60, 130, 296)),
        (10, (136, 270, 602), (48, 103, 233)),
        (15, (115, 230, 512), (41, 89, 202)),
    ],
)
def test_children_have_the_barcelona_curve(
    age: float, hva: tuple[float, float, float], hiaa: tuple[float, float, float]
) -> None:
    for marker, expected in (("csf.HVA", hva), ("csf.5-HIAA", hiaa)):
        found = at(marker, age)
        assert (found.low, found.centre, found.high) == pytest.approx(expected, rel=0.006, abs=0.6)
        assert found.basis == "child curve"


@pytest.mark.parametrize("age", [23, 40, 88])
def test_adults_have_a_plateau_and_not_the_child_curve_extrapolated(age: float) -> None:
    """Blennow 1993: 253 +/- 109 and 125 +/- 54 nmol/L, as log-normals with these moments."""
    for marker, mean, sd in (("csf.HVA", 253, 109), ("csf.5-HIAA", 125, 54), ("csf.MHPG", 47, 10)):
        found = at(marker, age)
        assert found.centre * exp(found.sd**2 / 2) == pytest.approx(mean, rel=1e-9)
        assert found.centre * exp(found.sd**2 / 2) * sqrt(exp(found.sd**2) - 1) == pytest.approx(sd, rel=1e-9)


@pytest.mark.parametrize(("age", "ratio"), [(0, 1.2), (5, 2.6), (30, 2.05)])
def test_the_ratio_follows_its_parts(age: float, ratio: float) -> None:
    found = at("csf.HVA:5-HIAA", age)
    assert found.centre == pytest.approx(ratio, rel=0.05)
    assert found.centre == pytest.approx(at("csf.HVA", age).centre / at("csf.5-HIAA", age).centre, rel=1e-12)
    assert found.sd < at("csf.HVA", age).sd  # what the two share cancels


def test_the_printed_bands_are_met_in_their_middle() -> None:
    """BH4 of Medical Neurogenetics, in the middle of each band on the scale of ln(age + 1 month)."""
    for young, old, low, high in ((0, 0.2, 40, 105), (0.5, 2, 18, 58), (5, 10, 9, 40)):
        middle = sqrt((young + 1 / 12) * (old + 1 / 12)) - 1 / 12
        found = at("csf.BH4", middle)
        assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)
        assert found.source == "mng-pterins"
    assert (at("csf.BH4", 60).low, at("csf.BH4", 60).high) == pytest.approx((10, 30), rel=1e-9)


def test_a_one_sided_limit_is_marked_and_wide() -> None:
    found = at("urine.VMA/creatinine", 40)
    assert found.basis == intervals.UPPER
    assert found.high == pytest.approx(6 * 113.12 / 198.17, rel=1e-3)
    assert found.high / found.centre == pytest.approx(exp(1.96 * ONE_SIDED_SD), rel=1e-3)
    assert found.centre_sd == pytest.approx(sqrt(CENTRE_SD["SEEN"] ** 2 + ONE_SIDED_SD**2), rel=1e-6)
    below = at("csf.PLP", 0.01)
    assert below.low == pytest.approx(26, rel=0.1)
    assert below.basis == intervals.LOWER
    placed = at("csf.3-OMD", 40)  # the limit is the laboratories', the centre comes from elsewhere
    assert (placed.centre, placed.high) == pytest.approx((14, 100), rel=1e-9)
    assert placed.basis == intervals.UPPER
    assert placed.centre_sd > ONE_SIDED_SD


def test_better_grades_are_surer_of_their_centre() -> None:
    grades = list(CENTRE_SD)
    assert all(CENTRE_SD[a] < CENTRE_SD[b] for a, b in pairwise(grades))
    for marker in MARKERS:
        found = at(marker, 30, "female")
        assert found.centre_sd >= CENTRE_SD[found.grade] - 1e-9 or "urine" in marker or ":" in marker, marker


def test_prolactin_differs_between_the_sexes_in_adults_only() -> None:
    female, male = at("plasma.prolactin", 30, "female"), at("plasma.prolactin", 30, "male")
    assert (female.low, female.high) == pytest.approx((4.3, 30.0), rel=1e-9)
    assert (male.low, male.high) == pytest.approx((3.6, 18.0), rel=1e-9)
    assert at("plasma.prolactin", 3, "female") == at("plasma.prolactin", 3, "male")
    assert at("plasma.prolactin", 0.02).centre > 5 * at("plasma.prolactin", 8).centre


def test_urine_is_joined_through_creatinine() -> None:
    """Per creatinine (mmol/mol is umol/mmol) times mmol creatinine a day is umol a day."""
    per, day = at("urine.dopamine/creatinine", 30, "male"), at("urine.dopamine/24h", 30, "male")
    creatinine = sqrt(1000 * 2500) / 113.12
    assert day.centre / per.centre == pytest.approx(creatinine, rel=0.02)
    assert day.sd > per.sd
    assert "creatinine" in day.basis
    # ARUP prints 60-440 ug/d of its own: 0.39-2.9 umol; the derived centre must fall inside
    assert 60 / 153.18 < day.centre < 440 / 153.18
    assert at("urine.HVA", 30).sd > at("urine.HVA/creatinine", 30).sd


@given(IDS, AGES, SEXES)
def test_every_marker_has_ordered_finite_positive_bounds(marker: str, age: float, sex: str) -> None:
    found = at(marker, age, sex)
    assert 0 < found.low < found.centre < found.high < float("inf")
    assert 0 < found.sd < 2.5
    assert 0 <= found.centre_sd < 2
    assert found.source
    assert found.grade in CENTRE_SD


@given(IDS, st.floats(0, 95), SEXES)
def test_nothing_jumps_on_a_birthday(marker: str, age: float, sex: str) -> None:
    step = 1e-4 * (age + 1 / 12)
    here, there = at(marker, age, sex), at(marker, age + step, sex)
    for a, b in ((here.low, there.low), (here.centre, there.centre), (here.high, there.high)):
        assert abs(log(b / a)) < 0.01  # steepest course: 3.3 per unit of ln age in the first years


@given(st.sampled_from(["csf.HVA", "csf.5-HIAA", "csf.BH4", "csf.3-OMD", "csf.5-MTHF", "plasma.prolactin"]), SEXES)
def test_courses_that_fall_through_childhood_fall_without_waves(marker: str, sex: str) -> None:
    ages = np.geomspace(0.05, 8.5, 60)
    centres = [at(marker, float(age), sex).centre for age in ages]
    assert all(b <= a * (1 + 1e-12) for a, b in pairwise(centres))


@given(IDS, AGES, st.floats(-4, 4))
def test_z_and_value_are_each_others_inverse(marker: str, age: float, z: float) -> None:
    found = at(marker, age)
    assert found.z(found.at(z)) == pytest.approx(z, abs=1e-9)
    assert found.at(-1.959963984540054) == pytest.approx(found.low)
    assert found.at(1.959963984540054) == pytest.approx(found.high)


def test_unknown_age_and_sex_average_and_widen() -> None:
    for marker in MARKERS:
        course = [at(marker, age, "female") for age in (0.1, 1.0, 5.0, 12.0, 40.0)]
        unknown = at(marker, None, "female")
        assert min(each.low for each in course) * 0.5 < unknown.centre < max(each.high for each in course) * 2
        assert unknown.sd >= min(each.sd for each in course) * 0.99
        assert "averaged over ages" in unknown.basis
    both, female, male = (at("plasma.prolactin", 30, sex) for sex in (None, "female", "male"))
    assert male.centre < both.centre < female.centre
    assert "averaged over sexes" in both.basis
    assert at("csf.HVA", None).sd > at("csf.HVA", 30).sd


@pytest.mark.parametrize(
    ("age", "sex"), [(-1.0, None), (float("nan"), None), (float("inf"), None), (30.0, "m"), (30.0, "")]
)
def test_impossible_people_are_refused(age: float, sex: str | None) -> None:
    with pytest.raises(InputError) as caught:
        intervals.healthy("csf.HVA", age, sex)
    assert caught.value.hint


def test_an_unknown_marker_has_no_interval() -> None:
    for marker in ("csf.unobtainium", "urine.unobtainium/24h", ""):
        assert intervals.healthy(marker, 30, "female") is None
        assert intervals.healthy(marker, None, None) is None


def test_a_course_without_a_gap_is_read_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "intervals.csv").write_text(
        "marker,sex,age_low,age_high,form,low,centre,high,sd,grade,source,note\n"
        "csf.X,any,0,2,interval,10,,40,,SEEN,a,\n"
        "csf.X,any,2,10,interval,5,,20,,RECALLED,b,\n"
    )
    (tmp_path / "curves.csv").write_text("marker,age_high,b0,b1,b2,kl,ku,grade,source,note\n")
    (tmp_path / "creatinine.csv").write_text(
        "quantity,sex,age_low,age_high,form,low,centre,high,sd,grade,source,note\n"
    )
    young, between, old = (intervals.healthy("csf.X", age, "male", folder=tmp_path) for age in (0.0, 2.0, 80.0))
    assert young is not None
    assert between is not None
    assert old is not None
    assert young.centre == pytest.approx(20)
    assert old.centre == pytest.approx(10)
    assert 10 < between.centre < 20
    assert 0 < between.centre_sd < CENTRE_SD["RECALLED"]
