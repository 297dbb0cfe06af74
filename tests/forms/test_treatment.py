"""Treatment as papers write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._protocol import Dose, Protocol
from eutone.forms.treatment import treatment_of


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not stated",
        "none stated at LP (12 d of age)",
        "none stated",
        "treatment status at LP not stated (diagnosed at 10 y, LP at 13 y)",
        "treatment status at LP unclear",
        "unknown",
        "various",
        "before levodopa",
    ],
)
def test_silence_is_not_a_statement(text: str) -> None:
    assert treatment_of(text)[0] == Protocol(stated=False)


@pytest.mark.parametrize(
    "text",
    ["none", "None (before L-dopa/carbidopa)", "untreated", "medication-free", "drug free for 2 weeks", "no treatment"],
)
def test_nothing_taken_is_a_statement(text: str) -> None:
    assert treatment_of(text) == (Protocol(), ())


@pytest.mark.parametrize(
    ("text", "doses"),
    [
        (
            "on treatment: L-dopa/carbidopa 9 mg/kg/d + 5-HTP 7.5 mg/kg/d (doses as listed in the outcome column)",
            [
                Dose("L-dopa/carbidopa", "levodopa", 9.0, "mg", per_kg=True, per_day=True, inhibitor="carbidopa"),
                Dose("5-HTP", "5-HTP", 7.5, "mg", per_kg=True, per_day=True),
            ],
        ),
        ("4 h after oral BH4 load", [Dose("BH4", "sapropterin", times_per_day=1.0, hours_since_dose=4.0, days=1.0)]),
        (
            "pyridoxine + folinic acid + lysine-restricted diet",
            [
                Dose("pyridoxine", "pyridoxine"),
                Dose("folinic acid", "folinic-acid"),
                Dose("lysine-restricted diet", "lysine-restricted-diet"),
            ],
        ),
        ("dextroamphetamine held 3 days", [Dose("dextroamphetamine", "dextroamphetamine", hours_since_dose=72.0)]),
        ("off L-dopa for 3 days", [Dose("L-dopa", "levodopa", hours_since_dose=72.0)]),
        (
            "folinic acid 0.5 escalated to 5 mg/kg/day",
            [Dose("folinic acid", "folinic-acid", 5.0, "mg", per_kg=True, per_day=True)],
        ),
        (
            "fluoxetine 20 mg/d >=4 weeks",
            [Dose("fluoxetine", "fluoxetine", 20.0, "mg", per_day=True, days=28.0)],
        ),
        (
            "levodopa 5 mg/kg/d and carbidopa",
            [Dose("levodopa", "levodopa", 5.0, "mg", per_kg=True, per_day=True, inhibitor="carbidopa")],
        ),
        (
            "treated with L-dopa 10 mg/kg/day in 3 doses",
            [Dose("L-dopa", "levodopa", 10.0, "mg", per_kg=True, per_day=True)],
        ),
    ],
)
def test_what_was_taken(text: str, doses: list[Dose]) -> None:
    protocol, _ = treatment_of(text)
    assert protocol == Protocol(tuple(doses))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("valproate and mysterium 5 drops", "mysterium"),
        ("BH4 + levodopa (levodopa about 14 mg/kg/d in a subgroup)", "aside"),
        ("levodopa (3 mg/kg/d)", "aside"),
        ("folinic acid 0.5 escalated to 5 mg/kg/day", "last dose"),
        ("L-dopa 10 mg/kg/day in 3 doses", "only 'L-dopa 10 mg/kg/day'"),
    ],
)
def test_what_could_not_be_read_is_said(text: str, part: str) -> None:
    assert any(part in issue for issue in treatment_of(text)[1])


@pytest.mark.parametrize(
    "text",
    [
        "not on treatment", "not yet treated", "never treated", "unmedicated", "declined treatment",
        "no specific therapy", "not taking any medication",
    ],
)  # fmt: skip
def test_nothing_taken_in_other_words(text: str) -> None:
    assert treatment_of(text) == (Protocol((), stated=True), ())


@pytest.mark.parametrize("text", ["levodopa stopped", "off levodopa", "BH4 withdrawn"])
def test_what_ended_at_a_time_that_is_not_said_is_not_taken(text: str) -> None:
    protocol, issues = treatment_of(text)
    assert protocol == Protocol((), stated=False)
    assert any("not read as taken" in issue for issue in issues)


def test_what_ended_some_time_ago_has_its_hours() -> None:
    for text in ("off levodopa 2 weeks", "off levodopa for 2 weeks", "levodopa stopped 14 days"):
        (dose,) = treatment_of(text)[0].doses
        assert (dose.drug, dose.hours_since_dose) == ("levodopa", 336.0)


def test_a_dash_says_nothing() -> None:
    assert treatment_of("-") == (Protocol((), stated=False), ())


WORDS = (
    "on off treatment: none not stated L-dopa carbidopa BH4 load 4 h after + and ( ) 9 mg/kg/d held days escalated to"
    " >=4 weeks , ; no before 1e999 mystery"
)


@given(st.text(max_size=120) | st.lists(st.sampled_from(WORDS.split()), max_size=16).map(" ".join))
def test_any_text_is_read(text: str) -> None:
    protocol, issues = treatment_of(text)
    assert protocol.stated or not protocol.doses
    assert all(isinstance(issue, str) for issue in issues)


LONE = {"times_per_day": 1.0, "days": 1.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4 h after oral BH4 load", Dose("BH4", "sapropterin", hours_since_dose=4.0, **LONE)),
        ("BH4 loading test", Dose("BH4", "sapropterin", **LONE)),
        ("8 h after BH4 loading dose 20 mg/kg",
         Dose("BH4", "sapropterin", 20.0, "mg", per_kg=True, hours_since_dose=8.0, **LONE)),
        ("2 h after a single dose of levodopa 100 mg",
         Dose("levodopa", "levodopa", 100.0, "mg", hours_since_dose=2.0, **LONE)),
        ("90 min after first dose of L-dopa", Dose("L-dopa", "levodopa", hours_since_dose=1.5, **LONE)),
        ("phenylalanine challenge 100 mg/kg",
         Dose("phenylalanine", "phenylalanine", 100.0, "mg", per_kg=True, **LONE)),
        ("methylphenidate bolus 10 mg", Dose("methylphenidate", "methylphenidate", 10.0, "mg", **LONE)),
        # how often or how long goes before the word
        ("levodopa single dose 100 mg 3/d", Dose("levodopa", "levodopa", 100.0, "mg", times_per_day=3.0)),
        ("single dose sertraline 50 mg daily", Dose("sertraline", "sertraline", 50.0, "mg", times_per_day=1.0)),
        ("BH4 loading 20 mg/kg/d", Dose("BH4", "sapropterin", 20.0, "mg", per_kg=True, per_day=True)),
        ("BH4 loading for 2 wk", Dose("BH4", "sapropterin", days=14.0)),
        # not a word of its own
        ("4 h after oral BH4", Dose("BH4", "sapropterin", hours_since_dose=4.0)),
        ("BH4 reloaded", None),
    ],
)  # fmt: skip
def test_what_is_given_once_is_one_dose_wherever_it_stands(text, expected):
    (dose,) = treatment_of(text)[0].doses
    if expected is None:
        assert dose.days is None
    else:
        assert dose == expected
