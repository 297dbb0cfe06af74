"""The grammar of what is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._errors import InputError
from eutone._protocol import Dose, Protocol
from eutone.forms.taking import doses_of, parse_taking, protocol_of, text_of
from eutone.knowledge import drugs


@pytest.mark.parametrize(
    ("text", "dose"),
    [
        ("levodopa", Dose("levodopa", "levodopa")),
        ("levodopa 100 mg 3/d", Dose("levodopa", "levodopa", 100.0, "mg", times_per_day=3.0)),
        (
            "L-dopa/carbidopa 9 mg/kg/d",
            Dose("L-dopa/carbidopa", "levodopa", 9.0, "mg", per_kg=True, per_day=True, inhibitor="carbidopa"),
        ),
        ("5-HTP 7.5 mg/kg/d", Dose("5-HTP", "5-HTP", 7.5, "mg", per_kg=True, per_day=True)),
        ("Kuvan 10 mg/kg", Dose("Kuvan", "sapropterin", 10.0, "mg", per_kg=True)),
        ("PLP 0.5 g every 6 h", Dose("PLP", "plp", 0.5, "g", times_per_day=4.0)),
        (
            "levodopa 50 mg at 19:00, 07:30 with benserazide 12.5 mg last 90 min ago for 6 mo",
            Dose(
                "levodopa",
                "levodopa",
                50.0,
                "mg",
                times_per_day=2.0,
                clock_hours=(7.5, 19.0),
                inhibitor="benserazide",
                inhibitor_amount=12.5,
                inhibitor_unit="mg",
                hours_since_dose=1.5,
                days=182.625,
            ),
        ),
        (
            "Sinemet 25/100 mg tid",
            Dose(
                "Sinemet",
                "levodopa",
                100.0,
                "mg",
                times_per_day=3.0,
                inhibitor="carbidopa",
                inhibitor_amount=25.0,
                inhibitor_unit="mg",
            ),
        ),
        ("vitamin D 2000 IU daily", Dose("vitamin D", "vitamin-d", 2000.0, "IU", times_per_day=1.0)),
        (
            "folinic acid 15 mg/day for 3 weeks",
            Dose("folinic acid", "folinic-acid", 15.0, "mg", per_day=True, days=21.0),
        ),
        ("sertraline 50mg/d", Dose("sertraline", "sertraline", 50.0, "mg", per_day=True)),
        ("methylcobalamin 500 µg 1/d", Dose("methylcobalamin", "cobalamin", 500.0, "ug", times_per_day=1.0)),
        ("protein timing with levodopa", Dose("protein timing with levodopa", "protein-timing")),
        ("levodopa 1,5 mg/kg", Dose("levodopa", "levodopa", 1.5, "mg", per_kg=True)),
        ("mysterium 20 mg 2/d", Dose("mysterium", None, 20.0, "mg", times_per_day=2.0)),
    ],
)
def test_an_item(text: str, dose: Dose) -> None:
    assert parse_taking(text) == dose


def test_a_product_of_three_drugs_is_two_items() -> None:
    levodopa, entacapone = doses_of("Stalevo 100 mg 4/d")
    assert (levodopa.drug, levodopa.amount, levodopa.inhibitor) == ("levodopa", 100.0, "carbidopa")
    assert (entacapone.drug, entacapone.amount, entacapone.times_per_day) == ("entacapone", None, 4.0)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no name"),
        ("---", "no name"),
        ("levodopa 100", "not understood"),
        ("mysterium 100", "unit"),
        ("mysterium 3 cups", "unit"),
        ("levodopa 0 mg", "impossible"),
        ("levodopa -5 mg", "not understood"),
        ("levodopa 1e5 mg", "not understood"),
        ("levodopa 99999999999 mg", "impossible"),
        ("levodopa 100 mg 200 mg", "says again"),
        ("levodopa 3/d every 8 h", "says again"),
        ("levodopa 900/d", "impossible"),
        ("levodopa every 0 h", "impossible"),
        ("levodopa every 0.1 h", "too often"),
        ("levodopa at 25:00", "25:00"),
        ("levodopa at 07:00,07:00", "twice"),
        ("levodopa with water", "carbidopa"),
        ("levodopa with entacapone 200 mg", "item of its own"),
        ("Sinemet 100 mg with carbidopa", "already contains"),
        ("levodopa 25/100 mg", "two amounts"),
        ("levodopa last 90000 h ago", "too long"),
        ("levodopa banana", "banana"),
        ("x" * 500, "too long"),
    ],
)
def test_what_is_not_in_the_grammar_is_refused(text: str, part: str) -> None:
    with pytest.raises(InputError) as caught:
        doses_of(text)
    assert part in str(caught.value)
    assert caught.value.column == "taking"
    assert caught.value.hint


def test_stated_and_not_stated() -> None:
    assert protocol_of(None) == (Protocol(stated=False), ())
    assert protocol_of([]) == (Protocol(), ())
    assert protocol_of("none") == (Protocol(), ())
    assert protocol_of(["None"]) == (Protocol(), ())
    given_one = Protocol((Dose("levodopa", "levodopa"),))
    assert protocol_of(given_one) == (given_one, ())


def test_unknown_and_repeated_items_are_said() -> None:
    protocol, issues = protocol_of(["mysterium", "levodopa 1/d", "L-dopa 100 mg"])
    assert [dose.drug for dose in protocol.doses] == [None, "levodopa", "levodopa"]
    assert any("mysterium" in issue and "not known" in issue for issue in issues)
    assert any("more than once" in issue for issue in issues)


def test_an_inhibitor_of_its_own_is_given_with_the_levodopa() -> None:
    protocol, _ = protocol_of(["levodopa 100 mg 3/d", "carbidopa 25 mg 3/d", "5-HTP 50 mg 3/d"])
    assert [dose.drug for dose in protocol.doses] == ["levodopa", "5-HTP"]
    assert (protocol.doses[0].inhibitor, protocol.doses[0].inhibitor_amount) == ("carbidopa", 25.0)
    assert [dose.drug for dose in protocol_of(["carbidopa 25 mg"])[0].doses] == ["carbidopa"]


_amounts = st.integers(1, 10**6).map(lambda n: n / 100)


@st.composite
def _doses(draw: st.DrawFn) -> Dose:
    drug = draw(st.sampled_from([one for one in drugs.load().values() if not one.contains]))
    unit = draw(st.none() | st.sampled_from(["mg", "g", "ug", "mmol", "umol", "IU"]))
    hours = draw(st.lists(st.integers(0, 24 * 60 - 1), unique=True, max_size=4))
    inhibitor = draw(st.none() | st.sampled_from(["carbidopa", "benserazide"]))
    with_amount = inhibitor is not None and draw(st.booleans())
    return Dose(
        drug.name,
        drug.id,
        None if unit is None else draw(_amounts),
        unit,
        per_kg=unit is not None and draw(st.booleans()),
        per_day=unit is not None and draw(st.booleans()),
        times_per_day=float(len(hours)) if hours else draw(st.none() | st.integers(1, 24).map(float)),
        clock_hours=tuple(sorted(minutes / 60.0 for minutes in hours)),
        inhibitor=inhibitor,
        inhibitor_amount=draw(_amounts) if with_amount else None,
        inhibitor_unit="mg" if with_amount else None,
        hours_since_dose=draw(st.none() | st.integers(0, 8000).map(lambda n: n / 4)),
        days=draw(st.none() | st.integers(1, 4000).map(float)),
    )


@given(_doses())
def test_every_dose_reads_back_from_its_text(dose: Dose) -> None:
    assert doses_of(text_of(dose)) == (dose,)


WORDS = (
    "levodopa L-dopa/carbidopa 5-HTP mystery 100 25/100 mg mg/kg mg/kg/d g IU 3/d every 6 h at 07:00 , with last"
    " ago for 2 d wk mo -1 0 1e9 / none carbidopa 99:99 7:5 ١٢"
)


@given(st.text(max_size=80) | st.lists(st.sampled_from(WORDS.split()), max_size=14).map(" ".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        doses = doses_of(text)
    except InputError:
        return
    for dose in doses:
        assert dose.name
        assert dose.amount is None or 0 < dose.amount <= 1e7
        assert (dose.amount is None) == (dose.unit is None)


@pytest.mark.parametrize(
    "text", ["levodopa 1,000 mg 3/d", "5-HTP 2,500 mg/d", "levodopa 100 mg with carbidopa 1,250 ug"]
)
def test_a_number_that_may_be_a_thousand_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="thousands separator"):
        parse_taking(text)


def test_a_decimal_comma_that_can_be_nothing_else_is_read() -> None:
    assert parse_taking("levodopa 0,125 g").amount == 0.125
    assert parse_taking("levodopa 12,5 mg").amount == 12.5
