"""What a finding asks of a prediction follows from its study, or from the rule, and from nothing else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._errors import InputError
from eutone.knowledge import findings as module
from eutone.knowledge._table import Row
from eutone.knowledge.findings import COLUMNS, NOTICED, RULE, UNCHANGED, findings


def finding(**cells: object) -> module.Finding:
    return module.finding_of(
        Row({**dict.fromkeys(COLUMNS, ""), "id": "X", **{k: str(v) for k, v in cells.items()}}, "x.csv", 2)
    )


def test_the_table_is_read() -> None:
    found = findings()
    assert len(found) >= 60
    for f in found:
        assert f.source
        assert f.what
        if f.kind == "number":
            assert f.low < f.observed < f.high or f.observed in (f.low, f.high)
            assert f.interval in ("study", "rule")
        else:
            assert f.low is None
            assert f.interval == ""


def test_means_and_deviations_imply_an_interval() -> None:
    """Nine people, 95.9 (24.6) to 64.2 (26.1): error to first order, t with 8 degrees of freedom."""
    f = finding(measure="fold", n=9, before=95.9, before_sd=24.6, after=64.2, after_sd=26.1)
    ratio = 64.2 / 95.9
    half = 2.306004 * ratio * math.hypot(24.6 / 95.9, 26.1 / 64.2) / 3
    assert (f.observed, f.low, f.high) == pytest.approx((ratio, ratio - half, ratio + half), rel=1e-6)
    assert f.interval == "study"


def test_a_deviation_between_people_is_that_of_a_mean() -> None:
    f = finding(measure="share", n=11, observed=0.742, sd=0.083)
    assert (f.low, f.high) == pytest.approx((0.742 - 0.0557601, 0.742 + 0.0557601), abs=1e-6)


@given(st.floats(-3, 3))
def test_the_rule_of_folds_grows_with_the_fold_and_is_the_same_both_ways(size: float) -> None:
    up, down = (finding(measure="fold", observed=math.exp(s)) for s in (size, -size))
    assert up.interval == "rule"
    assert math.log(up.high) - size == pytest.approx(0.1 + 0.3 * abs(size), rel=1e-9)
    assert math.log(up.high) == pytest.approx(-math.log(down.low), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("direction", "fold", "met"),
    [
        ("up", 1.03, True),
        ("up", 1.01, False),
        ("up", 0.5, False),
        ("down", 0.9, True),
        ("down", 0.99, False),
        ("unchanged", 1.05, True),
        ("unchanged", 1.2, False),
        ("unchanged", math.nan, False),
        ("down", 0.0, True),
    ],
)
def test_directions(direction: str, fold: float, met: bool) -> None:
    assert finding(measure="direction", direction=direction).met_by(fold) is met
    assert NOTICED < UNCHANGED


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"measure": "size", "observed": 1}, "measure 'size'"),
        ({"measure": "fold"}, "no number"),
        ({"measure": "direction"}, "measure 'direction'"),
        ({"measure": "fold", "observed": 2, "direction": "up"}, "measure 'fold'"),
        ({"measure": "fold", "observed": 2, "direction": "sideways"}, "direction 'sideways'"),
        ({"measure": "level", "observed": -2}, "a level of -2. What may be 0 or below is a difference"),
        ({"measure": "correlation", "observed": 1}, "a correlation of 1"),
        ({"measure": "fold", "observed": 2, "sd": -1, "n": 3}, "a standard deviation below 0"),
        ({"measure": "fold", "observed": 2, "n": 2.5}, "2.5 people"),
        ({"measure": "fold", "observed": 2, "ci_low": 3, "ci_high": 1}, "the interval 3 to 1 is empty"),
        ({"id": "", "measure": "fold", "observed": 2}, "the finding has no id"),
    ],
)
def test_a_broken_row_is_refused(cells: dict[str, object], why: str) -> None:
    with pytest.raises(InputError, match=why):
        finding(**cells)


@given(
    st.sampled_from(["fold", "share", "level", "difference"]),
    st.floats(0.01, 100),
    st.integers(2, 500),
    st.floats(1e-3, 50),
    st.floats(1.01, 10),
)
def test_a_wider_spread_is_never_a_narrower_interval(measure: str, size: float, n: int, sd: float, more: float) -> None:
    one, wider, fewer = (
        finding(measure=measure, observed=size, n=people, sd=spread)
        for people, spread in ((n, sd), (n, sd * more), (max(2, n // 2), sd))
    )
    for other in (wider, fewer):
        assert other.low <= one.low < size < one.high <= other.high


@given(st.floats(-50, 50), st.floats(-50, 50), st.integers(2, 500), st.floats(1e-3, 50), st.floats(1.01, 10))
def test_a_difference_of_means(before: float, after: float, n: int, sd: float, more: float) -> None:
    one, wider = (finding(measure="difference", n=n, before=before, before_sd=s, after=after, after_sd=sd)
                  for s in (sd, sd * more))  # fmt: skip
    assert one.observed == after - before
    assert one.interval == "study"
    assert wider.low < one.low < one.observed < one.high < wider.high


@given(st.floats(-0.99, 0.99), st.integers(4, 1000))
def test_a_correlation_has_the_interval_of_its_people(r: float, n: int) -> None:
    one, fewer, unsaid = (finding(measure="correlation", observed=r, n=k) for k in (n + 1, n, ""))
    assert -1 < fewer.low < one.low < r < one.high < fewer.high < 1
    assert (one.interval, unsaid.interval) == ("study", "rule")
    assert math.atanh(unsaid.high) - math.atanh(r) == pytest.approx(RULE["correlation"][0], rel=1e-6)


@given(st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-6))
def test_the_rule_of_differences_is_half_of_them_whatever_the_sign(size: float) -> None:
    f = finding(measure="difference", observed=size)
    assert (f.low, f.high) == pytest.approx((size - abs(size) / 2, size + abs(size) / 2))


@given(
    st.sampled_from([*RULE, "direction", "size", ""]),
    st.dictionaries(
        st.sampled_from(["observed", "n", "sd", "before", "before_sd", "after", "after_sd", "ci_low", "ci_high",
                         "direction"]),
        st.one_of(st.floats(-10, 10), st.sampled_from(["", "up", "x", "nan", "inf", "1e400", "0"])),
    ),
)  # fmt: skip
def test_any_row_is_read_or_refused_with_its_place(measure: str, cells: dict[str, object]) -> None:
    try:
        f = finding(measure=measure, **cells)
    except InputError as error:
        assert (error.file, error.row) == ("x.csv", 2)  # noqa: PT017  other rows are right
        return
    if f.kind == "number":
        assert f.low <= f.high
    assert isinstance(f.met_by(1.0), bool)


@given(st.sampled_from(["fold", "share", "level", "difference"]), st.floats(0.05, 0.95), st.floats(0.001, 3.0))
def test_off_is_1_at_the_ends_and_more_outside(measure: str, size: float, told: float) -> None:
    f = finding(measure=measure, observed=size)
    assert f.off(size) == pytest.approx(0, abs=1e-9)
    for end in (f.low, f.high):
        assert f.off(end) == pytest.approx(1, rel=1e-6)
    assert (f.off(told) <= 1 + 1e-9) == f.met_by(told) or f.off(told) == pytest.approx(1)


def test_off_where_what_was_seen_is_the_end_itself() -> None:
    f = finding(measure="fold", observed=0.1, ci_low=0, ci_high=0.1)
    assert f.off(0.15) == pytest.approx(2)
    assert f.off(math.nan) == math.inf


@pytest.mark.parametrize(
    ("direction", "fold", "off"), [("up", 1.05, 0), ("up", 1, 2), ("down", 1, 2), ("unchanged", 1.2, 1.82)]
)
def test_off_of_directions(direction: str, fold: float, off: float) -> None:
    assert finding(measure="direction", direction=direction).off(fold) == pytest.approx(off, abs=0.01)
