"""Rows of trials: what they say is read, and what does not go together is refused with its place."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._errors import InputError
from eutone.body._trials import COLUMNS, Change, once, trial_of, trials


def trial(**cells: str):
    return trial_of({"finding": "X", "observable": "P_Trp", **cells}, "mine.csv", 7)


def test_the_table_is_read() -> None:
    found = trials()
    assert len(found) > 400
    assert all(t.untestable or t.observable for t in found)


def test_all_of_a_row_is_read() -> None:
    t = trial(
        taking="sertraline 50 mg/d; levodopa 100 mg", change="enzyme.MAOA*0.3; input.tryptophan=0@-2-8.5",
        c="enzyme.TH*2", at_h="6", scale="2", compare="(a-c)/b", fitted="y", run_in_d="30", note="why",
    )  # fmt: skip
    assert t.arms["a"].taking == ("sertraline 50 mg/d", "levodopa 100 mg")
    assert t.arms["a"].change == (
        Change("enzyme.MAOA", True, 0.3), Change("input.tryptophan", False, 0.0, -2.0, 8.5),
    )  # fmt: skip
    assert t.arms["c"].change == (Change("enzyme.TH", True, 2.0),)
    assert (t.at_h, t.scale, t.fitted, t.run_in_d, t.people, t.timed) == (6.0, 2.0, True, 30.0, 1, True)


def test_what_is_left_out_is_what_it_was_before_there_were_more_columns() -> None:
    t = trial()
    assert (t.compare, t.run_in_d, t.people, t.seed, t.scale, t.timed) == (None, 1.0, 1, 0, 1.0, False)


def test_a_reason_needs_nothing_else() -> None:
    assert (
        trial(observable="", note="untestable: creatine is not in the body").untestable == "creatine is not in the body"
    )


@pytest.mark.parametrize(
    ("cells", "column", "why"),
    [
        ({"finding": ""}, "finding", "says of no finding"),
        ({"observable": ""}, "observable", "nothing is looked at"),
        ({"observable": "P_Trp +"}, "observable", "is no formula"),
        ({"change": "enzyme.MAOA 0.3"}, "change", "cannot read 'enzyme.MAOA 0.3'"),
        ({"change": "enzyme.MAO_A*0.3"}, "change", r"no parameter of the whole person. Did you mean enzyme\.MAOA"),
        ({"versus": "enzyme.MAOA*1e"}, "versus", "'1e' is not a finite number"),
        ({"change": "enzyme.MAOA*0.3@5-2", "at_h": "3"}, "change", "ends before it begins"),
        ({"change": "enzyme.MAOA*0.3@0-2"}, "at_h", "without an hour to look at"),
        ({"observable": "max(P_Trp, 0, 3) - P_Trp"}, "at_h", "a name stands alone"),
        ({"at_h": "noon"}, "at_h", "'noon' is not a finite number"),
        ({"scale": "inf"}, "scale", "not a finite number"),
        ({"run_in_d": "-1"}, "run_in_d", "impossible"),
        ({"people": "2.5", "observable": "sd(P_Trp)"}, "people", "not a whole number"),
        ({"people": "20"}, "people", "many people, and a formula of one"),
        ({"observable": "sd(P_Trp)"}, "people", "one person"),
        ({"seed": "x"}, "seed", "not a finite number"),
        ({"compare": "a/e"}, "compare", "does not compare arms"),
        ({"compare": "1"}, "compare", "does not compare arms"),
        ({"compare": "a/"}, "compare", "is no formula"),
        ({"fitted": "maybe"}, "fitted", "neither y nor n"),
        ({"taking": "sertraline {dose} mg"}, "observable", "without dose"),
        ({"observable": "dose(P_Trp, 1, 2, 3)"}, "observable", "without {dose}"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(cells: dict[str, str], column: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as error:
        trial(**cells)
    assert (error.value.file, error.value.row, error.value.column) == ("mine.csv", 7, column)


def test_a_finding_has_one_trial() -> None:
    with pytest.raises(InputError, match="'X' is given twice"):
        once([trial(), trial()])


@given(
    st.sampled_from(["*", "="]),
    st.floats(-1e6, 1e6),
    st.floats(-500, 500),
    st.floats(0, 500),
    st.sampled_from([" ", ""]),
)
def test_changes_are_read_back(sign: str, value: float, begin: float, length: float, gap: str) -> None:
    end = begin + length
    text = f"enzyme.TH{gap}{sign}{gap}{value!r}@{begin:.3f}-{abs(end):.3f}"
    if not float(f"{begin:.3f}") < float(f"{abs(end):.3f}"):
        with pytest.raises(InputError):
            trial(change=text, at_h="1")
        return
    (found,) = trial(change=text, at_h="1").arms["a"].change
    assert (found.times, found.value) == (sign == "*", value)
    assert (found.begin, found.end) == pytest.approx((begin, abs(end)), abs=1e-3)


CELLS = st.sampled_from(["", "1", "-1", "nan", "a", "a/b", "y", "P_Trp", "max(P_Trp, 0, 3)", "sd(P_Trp)", "{dose}",
                         "enzyme.TH*{dose}", "enzyme.TH*2@0-3", "dose(P_Trp, 1, 1, 3)", "sertraline {dose} mg", ";;",
                         "enzyme.TH*2@--3-4", "\u0661"])  # fmt: skip


@given(st.dictionaries(st.sampled_from(COLUMNS), st.one_of(CELLS, st.text(max_size=12))))
def test_any_row_is_read_or_refused_with_its_place(cells: dict[str, str]) -> None:
    try:
        t = trial_of(cells, "mine.csv", 7)
    except InputError as error:
        assert (error.file, error.row) == ("mine.csv", 7)  # noqa: PT017  other rows are right
        assert error.column in COLUMNS  # noqa: PT017
        return
    assert t.untestable or t.observable or t.note.startswith("untestable:")
    assert math.isfinite(t.scale)
