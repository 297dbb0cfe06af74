"""Marks lie where the numbers say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._results import Band, MeasurementResult, SourcedInterval
from eutone.report import plots, svg


def measurement(comparator: str = "=", value: float | None = 15.0, **more: object) -> MeasurementResult:
    fields = {
        "marker": "csf.X", "specimen": "csf", "value": value, "comparator": comparator, "unit": "nmol/L",
        "canonical_value": value, "canonical_unit": "nmol/L", "z": None, "used": True, "why": None,
        "interval": SourcedInterval(low=10.0, high=40.0),
    }  # fmt: skip
    return MeasurementResult(**{**fields, **more})


def marks(picture: str, css: str) -> list[tuple[float, ...]]:
    """Left edge and width of bars, centre of shapes, of one class."""
    bars = re.findall(rf'<rect class="{css}" x="([\d.]+)%" y="[\d.]+" width="([\d.]+)%"', picture)
    shapes = re.findall(rf'<svg x="([\d.]+)%" y="[\d.]+" overflow="visible"><path class="{css}"', picture)
    return [tuple(map(float, bar)) for bar in bars] + [(float(at),) for at in shapes]


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_a_scale_keeps_order_and_stays_inside(one: float, two: float) -> None:
    scale = svg.log_scale([one, two])
    assert 0 <= scale.at(min(one, two)) <= scale.at(max(one, two)) <= 100
    assert scale.low < scale.ticks[0] < 1 < scale.ticks[-1] < scale.high
    assert len(scale.ticks) <= 8
    if min(one, two) >= 1e-3 and max(one, two) <= 1e3:
        assert not scale.outside(one)
        assert not scale.outside(two)


def test_a_measured_value_at_the_middle_lies_at_one_fold() -> None:
    row = measurement(value=20.0, expected=Band(median=20.0, low=10.0, high=40.0))
    scale = plots.measurement_scale([row])
    picture = str(plots.measurement_plot(row, scale))
    [(dot,)] = marks(picture, "seen")
    [(start, width)] = marks(picture, "band")
    [(low, spread)] = marks(picture, "post")
    assert dot == pytest.approx(scale.at(1.0), abs=0.01)
    assert start + width / 2 == pytest.approx(dot, abs=0.02), "the healthy band is centred on its geometric middle"
    assert (low, spread) == pytest.approx((start, width), abs=0.02)


@pytest.mark.parametrize(("comparator", "side"), [("<", -1), (">", 1), ("low", -1), ("high", 1)])
def test_a_limit_points_to_the_side_where_the_value_must_lie(comparator: str, side: int) -> None:
    value = 20.0 if comparator in "<>" else None
    row = measurement(comparator, value)
    scale = plots.measurement_scale([row])
    [(arrow,)] = marks(str(plots.measurement_plot(row, scale)), "seen")
    assert (arrow - scale.at(1.0)) * side > 0


def test_a_z_score_is_drawn_at_the_value_it_stands_for() -> None:
    row = measurement("z", 1.96, canonical_value=None, unit="z")
    assert plots.measured_value(row) == pytest.approx(40.0)
    assert plots.measured_value(row.model_copy(update={"interval": None})) is None


def test_what_lies_beyond_the_axis_is_an_arrow_at_its_edge() -> None:
    scale = svg.log_scale([])
    picture = str(plots.measurement_plot(measurement(value=4000.0), scale))
    assert marks(picture, "seen") == [(100.0,)]
    assert svg._SHAPES["right"] in picture


@pytest.mark.parametrize("interval", [SourcedInterval(low=None, high=None), SourcedInterval(low=0.0, high=0.0), None])
def test_without_a_reference_nothing_is_drawn(interval: SourcedInterval | None) -> None:
    row = measurement(interval=interval)
    assert str(plots.measurement_plot(row, svg.log_scale([]))) == ""


def test_an_open_interval_runs_to_the_edge() -> None:
    row = measurement(interval=SourcedInterval(low=None, high=40.0))
    scale = plots.measurement_scale([row])
    [(start, width)] = marks(str(plots.measurement_plot(row, scale)), "band")
    assert start == 0
    assert width == pytest.approx(scale.at(2.0), abs=0.02)


def test_an_unused_measurement_is_drawn_apart() -> None:
    picture = str(plots.measurement_plot(measurement(used=False), svg.log_scale([])))
    assert marks(picture, "seen unused")
    assert not marks(picture, "seen")


def test_plots_say_what_they_show() -> None:
    row = measurement(value=5.0, expected=Band(median=6.0, low=4.0, high=9.0))
    label = re.search(r'role="img"[^>]*aria-label="([^"]*)"', str(plots.measurement_plot(row, svg.log_scale([]))))
    assert label is not None
    assert "measured 5 nmol/L, below the healthy interval; the calibrated model predicts 4–9" in label[1]


def test_an_interval_that_goes_on_beyond_the_axis_has_an_arrow() -> None:
    scale = svg.log_scale([1e-2, 1.0])
    inside = measurement(expected=Band(median=20.0, low=10.0, high=40.0))
    beyond = measurement(expected=Band(median=20.0, low=20e-6, high=40.0))
    point = scale.at(1.0)
    assert marks(str(plots.measurement_plot(inside, scale)), "post-mid") == [(pytest.approx(point, abs=0.01),)]
    both = marks(str(plots.measurement_plot(beyond, scale)), "post-mid")
    assert sorted(at for (at,) in both) == pytest.approx([0.0, point], abs=0.01)
