"""Numbers and nouns as a reader sees them."""

from __future__ import annotations

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._results import PersonResult
from eutone.report import words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        (0.0, "0"),
        (157.0, "157"),
        (1299.4, "1299"),
        (0.0123456, "0.0123"),
        (999.6, "1000"),
        (-3.14159, "−3.14"),
        (12345.6, "12346"),
        (2.5e-5, "2.5×10⁻⁵"),
        (1.5e9, "1.5×10⁹"),
    ],
)
def test_numbers(value: float | None, shown: str) -> None:
    assert words.number(value) == shown


@given(st.floats(min_value=0.001, max_value=99_999))
def test_a_plain_number_is_within_half_a_per_cent_of_the_value(value: float) -> None:
    assert math.isclose(float(words.number(value)), value, rel_tol=0.0051)


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "< 0.1 %"), (0.0004, "< 0.1 %"), (0.042, "4.2 %"), (0.5, "50 %"), (0.991, "99.1 %"), (1.0, "> 99.9 %")],
)
def test_no_probability_is_shown_as_zero_or_one(share: float, shown: str) -> None:
    assert words.percent(share).replace("\u00a0", " ") == shown


@given(st.floats(0, 1), st.floats(0, 1))
def test_percentages_keep_the_order(one: float, two: float) -> None:
    def rank(share: float) -> float:
        text = words.percent(share).replace("\u00a0", "").rstrip("%")
        return -1.0 if text.startswith("<") else 101.0 if text.startswith(">") else float(text)

    low, high = sorted((one, two))
    assert rank(low) <= rank(high)


@pytest.mark.parametrize(
    ("bayes", "log", "shown"),
    [
        (None, None, "—"),
        (0.0, None, "0"),
        (1.0, None, "1"),
        (0.25, None, "0.25"),
        (4133.0, None, "4100"),
        (9e4, None, "9.0×10⁴"),
        (None, math.log(30.0), "30"),
        (None, 2302.585093, "1.0×10¹⁰⁰⁰"),
        (3e-7, None, "3.0×10⁻⁷"),
        (None, -1e300, "< 10⁻⁴³⁰⁰"),
    ],
)
def test_bayes_factors(bayes: float | None, log: float | None, shown: str) -> None:
    assert words.factor(bayes, log) == shown


@pytest.mark.parametrize(
    ("years", "shown"),
    [
        (None, "age not stated"),
        (0.033, "12 days"),
        (1 / 365.25, "1 day"),
        (0.5, "6 months"),
        (3.5, "3.5 years"),
        (4, "4 years"),
        (44.4, "44 years"),
    ],
)
def test_ages(years: float | None, shown: str) -> None:
    assert words.age(years) == shown


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        (PersonResult(sex="female", age_years=12 / 365.25, weight_kg=3.4), "girl, 12 days, 3.4 kg"),
        (PersonResult(sex="male", age_years=50), "man, 50 years"),
        (PersonResult(sex="male"), "male, age not stated"),
        (PersonResult(age_years=2), "sex not stated, 2 years"),
    ],
)
def test_persons(person: PersonResult, shown: str) -> None:
    assert words.person(person) == shown


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [(1.0, 2.0, "1–2"), (None, 2.0, "≤ 2"), (1.0, None, "≥ 1"), (None, None, "—")],
)
def test_intervals(low: float | None, high: float | None, shown: str) -> None:
    assert words.span(low, high) == shown


@pytest.mark.parametrize(
    ("marker", "name", "specimen", "shown"),
    [
        ("csf.HVA", None, None, "CSF HVA"),
        ("csf.HVA", "homovanillic acid", "csf", "CSF homovanillic acid"),
        ("csf.HVA", "CSF homovanillic acid", "csf", "CSF homovanillic acid"),
        ("dbs.3-OMD", None, "dbs", "dried blood spot 3-OMD"),
        ("serum kryptopyrrole", None, "serum", "serum kryptopyrrole"),
        ("some.thing", None, None, "some.thing"),
    ],
)
def test_markers_name_their_specimen_once(marker: str, name: str | None, specimen: str | None, shown: str) -> None:
    assert words.marker_name(marker, name, specimen) == shown


def test_lists() -> None:
    assert [words.listing(list("abcde"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert words.listing(list("abcde"), "or", 3) == "a, b or 3 more"


@pytest.mark.parametrize(
    ("unit", "shown"),
    [("umol/L", "µmol/L"), ("ug/mL", "µg/mL"), ("nmol/L", "nmol/L"), ("1", ""), (None, ""), ("mU/L", "mU/L")],
)
def test_units(unit: str | None, shown: str) -> None:
    assert words.unit(unit) == shown


@given(st.text())
def test_clean_text_has_no_control_and_no_reordering_marks(text: str) -> None:
    kept = words.clean(text)
    assert not {unicodedata.category(c) for c in kept} & {"Cc", "Cf", "Cs"}
    assert words.clean(kept) == kept


def test_clean_text_loses_nothing_else() -> None:
    assert words.clean("5-HIAA µmol/L\tβ\n≥ 3 \x1b[31mred\u202e") == "5-HIAA µmol/L β ≥ 3 [31mred"


@pytest.mark.parametrize(
    ("value", "text"), [(-6.3169, "−6.32"), (0.0674, "0.07"), (None, "—"), (-29.0, "−29.00"), (1e7, "1.0×10⁷")]
)
def test_hundredths(value: float | None, text: str) -> None:
    assert words.hundredths(value) == text
