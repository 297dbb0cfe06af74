"""What a finding asks of a prediction follows from its study, or from the rule, and from nothing else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._errors import InputError
from eutone.knowledge import findings as module
from eutone.knowledge._table import Row
from eutone.knowledge.findings import NOTICED, UNCHANGED, findings

COLUMNS = ("id", "system", "what", "people", "n", "quantity", "unit", "measure", "observed", "sd", "before",
           "before_sd", "after", "after_sd", "ci_low", "ci_high", "direction", "source", "seen", "added")  # fmt: skip


def finding(**cells: object) -> module.Finding:
    return module._finding(Row({**dict.fromkeys(COLUMNS, ""), **{k: str(v) for k, v in cells.items()}}, "x.csv", 2))


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
    ],
)
def test_a_broken_row_is_refused(cells: dict[str, object], why: str) -> None:
    with pytest.raises(InputError, match=why):
        finding(**cells)
