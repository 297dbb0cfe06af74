"""The rows of the three plots: measurements, explanations, quantities.

Markers and quantities have different units, so each row is drawn as a fold of its own reference, the geometric middle
of the healthy interval (of the prior where there is none), on one logarithmic axis; numbers beside it are absolute.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from markupsafe import Markup

from eutone._results import Healthy, MeasurementResult, QuantityResult, SourcedInterval
from eutone.report import svg, words
from eutone.report.story import Line, position

__all__ = [
    "explanation_plot",
    "measured_value",
    "measurement_plot",
    "measurement_scale",
    "quantity_plot",
    "quantity_scale",
]

_MID = 15.0  # of a row of measurements, in pixels: marks lie around it
_WIDE = 3.92  # standard deviations in an interval that holds 95 %
_FAR = 50.0  # powers of e that no measurement is away from its interval: such a z-score is a slip


def _middle(low: float | None, high: float | None) -> float | None:
    if low is not None and high is not None and 0 < low <= high:
        return math.sqrt(low) * math.sqrt(high)
    if high is not None and high > 0:
        return high / 2
    if low is not None and low > 0:
        return low * 2
    return None


def measured_value(row: MeasurementResult) -> float | None:
    """The measured number in the canonical unit; of a z-score the value it stands for, if the interval tells it."""
    if row.canonical_value is not None:
        return row.canonical_value if row.canonical_value > 0 else None
    inside = row.interval
    if row.comparator == "z" and row.value is not None and inside and inside.low and inside.high:
        middle = _middle(inside.low, inside.high)
        exponent = row.value * math.log(inside.high / inside.low) / _WIDE if 0 < inside.low <= inside.high else None
        if middle is not None and exponent is not None and abs(exponent) < _FAR:
            return middle * math.exp(exponent)
    return None


def _band(row: MeasurementResult) -> SourcedInterval | Healthy | None:
    return row.interval or row.healthy


def _measurement_reference(row: MeasurementResult) -> float | None:
    band = _band(row)
    middle = _middle(band.low, band.high) if band else None
    return middle or (row.expected.median if row.expected and (row.expected.median or 0) > 0 else None)


def _folds(reference: float | None, values: Iterable[float | None]) -> list[float]:
    if not reference:
        return []
    return [value / reference for value in values if value is not None and value > 0 and value / reference > 0]


def measurement_scale(rows: Iterable[MeasurementResult]) -> svg.Scale:
    """One axis for all measurements that can be drawn."""
    folds: list[float] = []
    for row in rows:
        band, expected = _band(row), row.expected
        values = [measured_value(row), *((band.low, band.high) if band else ())]
        values += (expected.low, expected.high) if expected else ()
        folds += _folds(_measurement_reference(row), values)
    return svg.log_scale(folds)


def _grid(scale: svg.Scale, height: float) -> list[Markup]:
    return [svg.rule(scale.at(tick), "unit" if tick == 1 else "grid", 0, height) for tick in scale.ticks]


def _range(
    scale: svg.Scale, reference: float, low: float | None, high: float | None, css: str, y: float, height: float
) -> list[Markup]:
    """An interval; an open or non-positive end runs to the edge of the axis."""
    if low is None and high is None:
        return []
    start = scale.at(low / reference) if low is not None and low > 0 else 0.0
    end = scale.at(high / reference) if high is not None and high > 0 else (100.0 if high is None else 0.0)
    return [svg.stretch(start, end, css, y, height)]


def _posterior(
    scale: svg.Scale, reference: float, low: float | None, high: float | None, css: str, arrow: str, y: float, h: float
) -> list[Markup]:
    """An interval of height ``h`` around ``y``; arrows where it goes on beyond the axis, as its bar does not."""
    marks = _range(scale, reference, low, high, css, y - h / 2, h)
    ends = (("left", 0.0, low), ("right", 100.0, high))
    return marks + [
        svg.mark(side, edge, arrow, y)
        for side, edge, value in ends
        if marks and (value is None or scale.outside(value / reference) == side)
    ]


def _point(scale: svg.Scale, reference: float, value: float | None, shape: str, css: str, y: float) -> list[Markup]:
    if value is None:
        return []
    fold = value / reference
    return [svg.mark(scale.outside(fold) or shape, scale.at(fold), css, y)]


def measurement_plot(row: MeasurementResult, scale: svg.Scale, height: int = 30) -> Markup:
    """Healthy band, prediction under the posterior, and the measured value or the side on which it must lie."""
    reference = _measurement_reference(row)
    if reference is None:
        return Markup("")
    marks = _grid(scale, height)
    band, lab = _band(row), row.laboratory
    if band:
        marks += _range(scale, reference, band.low, band.high, "band", 5, height - 10)
    if lab:
        marks += _range(scale, reference, lab.low, lab.high, "lab", 5, height - 10)
    if row.expected:
        marks += _posterior(scale, reference, row.expected.low, row.expected.high, "post", "post-mid", _MID + 5.5, 4)
        marks += _point(scale, reference, row.expected.median, "diamond", "post-mid", _MID + 5.5)
    value, css = measured_value(row), "seen" if row.used else "seen unused"
    if row.comparator in ("low", "high"):
        marks.append(svg.mark("left" if row.comparator == "low" else "right", _side(row, scale, reference), css, 9))
    elif row.comparator == "normal":
        marks.append(svg.mark("ring", scale.at(1.0), css, 9))
    elif value is not None and row.comparator in ("<", ">"):
        marks += _censored(scale, value / reference, row.comparator, css)
    else:
        marks += _point(scale, reference, value, "dot", css, 9)
    return svg.plot(marks, _measurement_words(row), height)


def _side(row: MeasurementResult, scale: svg.Scale, reference: float) -> float:
    """The edge of the healthy band beyond which a qualitative result lies."""
    band = _band(row)
    edge = (band.low if row.comparator == "low" else band.high) if band else None
    return scale.at(edge / reference) if edge else scale.at(1.0)


def _censored(scale: svg.Scale, fold: float, comparator: str, css: str) -> list[Markup]:
    at = scale.at(fold)
    end, shape = (0.0, "left") if comparator == "<" else (100.0, "right")
    tail = svg.stretch(min(at, end), max(at, end), f"{css} tail", 8.25, 1.5)
    stop = svg.rule(at, f"{css} stop", 4, 14)
    return [tail, stop, svg.mark(shape, (at + 2 * end) / 3, css, 9)]


def _measurement_words(row: MeasurementResult) -> str:
    name = words.marker_name(row.marker, row.name, row.specimen)
    where = {"low": "below", "high": "above", "within": "within"}.get(position(row))
    text = f"{name}: measured {words.written(row)} {row.unit}".strip()
    if where:
        text += f", {where} the healthy interval"
    if row.expected and row.expected.median is not None:
        text += f"; the calibrated model predicts {words.span(row.expected.low, row.expected.high)}"
    return text


def explanation_plot(line: Line, height: int = 30) -> Markup:
    """Prior (outline) under posterior (solid), both from 0 to 100 per cent."""
    marks = [svg.rule(at, "grid", 0, height) for at in (0, 25, 50, 75, 100)]
    marks.append(svg.stretch(0, 100 * line.prior, "prior-bar", 18, 6))
    marks.append(svg.stretch(0, 100 * line.probability, "post-bar", 6, 10))
    text = f"{line.name}: probability {words.percent(line.probability)}, prior {words.percent(line.prior)}"
    return svg.plot(marks, text, height)


def _quantity_reference(item: QuantityResult) -> float | None:
    middle = _middle(item.healthy.low, item.healthy.high) if item.healthy else None
    return middle or (item.prior.median if (item.prior.median or 0) > 0 else None)


def quantity_scale(items: Iterable[QuantityResult]) -> svg.Scale:
    """One axis for all quantities that can be drawn; the 5 % tails of a wide prior may run off it."""
    folds: list[float] = []
    for item in items:
        healthy = (item.healthy.low, item.healthy.high) if item.healthy else ()
        folds += _folds(_quantity_reference(item), [item.low, item.high, *healthy])
    return svg.log_scale(folds)


def quantity_plot(item: QuantityResult, scale: svg.Scale, height: int = 26) -> Markup:
    """Healthy band, prior as a thin line, posterior as a thick one with its median."""
    reference = _quantity_reference(item)
    if reference is None:
        return Markup("")
    marks = _grid(scale, height)
    middle = height / 2
    if item.healthy:
        marks += _range(scale, reference, item.healthy.low, item.healthy.high, "band", 3, height - 6)
    marks += _range(scale, reference, item.prior.low, item.prior.high, "prior", middle + 4.5, 2)
    if item.prior.median is not None and item.prior.median > 0:
        marks.append(svg.rule(scale.at(item.prior.median / reference), "prior-mid", middle + 2.5, middle + 8.5))
    css = "post" if item.verdict != "prior-only" else "post mute"
    marks += _posterior(scale, reference, item.low, item.high, css, f"{css} mid", middle - 2, 5)
    marks += _point(scale, reference, item.median, "diamond", f"{css} mid", middle - 2)
    text = (
        f"{item.name}: posterior {words.span(item.low, item.high)}, prior {words.span(item.prior.low, item.prior.high)}"
    )
    if item.healthy:
        text += f", healthy {words.span(item.healthy.low, item.healthy.high)}"
    return svg.plot(marks, f"{text} {item.unit}", height)
