"""One panel of the picture of courses: axes, dotted lines of doses, the band and the line, with their gaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from eutone._bands import Band, Bands
from eutone.report import words
from eutone.report.ticks import labels, shortened, ticks, wide

__all__ = ["HEIGHT", "SMALL", "Scale", "panel", "scale_of"]

Array = NDArray[np.float64]

HEIGHT = 190
SMALL = 11  # size of most text
_NAME = 12  # size of a panel's name
_TOP, _BOTTOM, _RIGHT = 34, 34, 14
_STRETCHES = 240  # in which a line keeps its ends: about one for each pixel of a panel
_MOST_DOSES = 200  # dotted lines in a panel: of more the ground is grey
_BELOW = 0.05  # of a scale that does not begin at 0: room under what is lowest
_HUGE = 1e300  # the span of two numbers beyond it may be infinite


@dataclass(frozen=True)
class Scale:
    """A vertical axis: where it begins and ends, and its ticks."""

    low: float
    high: float
    marks: tuple[float, ...]

    def margin(self) -> float:
        """How much room its labels take."""
        return max(wide(label, SMALL) for label in labels(self.marks))


def scale_of(band: Band) -> Scale:
    """The axis that holds all of ``band`` that is a number."""
    finite = np.concatenate([v[np.isfinite(v)] for v in map(_drawable, (band.low, band.median, band.high))])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if 0 <= low < 0.4 * high:
        low = 0.0  # heights then show how many times as much
    if high - low <= 1e-9 * max(abs(high), abs(low)):  # a line that is flat but for rounding lies in the middle
        low, high = low - (0.1 * abs(low) or 1.0), high + (0.1 * abs(high) or 1.0)
    if low != 0:  # what lies on the frame looks cut off, or as if it were 0
        low -= _BELOW * (high - low)
    marks = ticks(low, high, 4)
    return Scale(min(low, marks[0]), max(high, marks[-1]), tuple(marks))


def panel(bands: Bands, band: Band, scale: Scale, doses: Sequence[float], left: float, width: float) -> Markup:
    """The marks of one panel, its upper left corner at 0, 0.

    Parameters
    ----------
    bands : Bands
        Whose times and people these are.
    band : Band
    scale : Scale
    doses : sequence of float
        Times of dotted lines.
    left : float
        Where the vertical axis stands.
    width : float
    """
    right, bottom = width - _RIGHT, HEIGHT - _BOTTOM
    begin, end = float(bands.times[0]), float(bands.times[-1])

    def x(t: float) -> float:
        return left + (right - left) * ((t - begin) / (end - begin) if end > begin else 0.5)

    def y(value: float) -> float:
        return bottom - (bottom - _TOP) * (value - scale.low) / (scale.high - scale.low)

    at = [x(float(t)) for t in bands.times]
    parts = [_headed(band, left, right)]
    for mark, label in zip(scale.marks, labels(scale.marks), strict=True):
        parts += [_rule("grid", left, right, y(mark), y(mark)), _text(label, left - 6, y(mark) + 4, "end")]
    parts += _healthy(band, scale, left, right, y)
    parts += _along(begin, end, x, bottom + 16, width)
    places = dict.fromkeys(_n(x(time)) for time in doses if begin <= time <= end)
    parts += [_rule("dose", place, place, _TOP, bottom) for place in map(float, list(places)[:_MOST_DOSES])]
    if bands.people is not None:
        parts += _area(at, _drawable(band.low), _drawable(band.high), y)
    parts += _line(at, _drawable(band.median), y)
    return Markup("").join([*parts, _rule("frame", left, right, bottom, bottom)])


def _healthy(band: Band, scale: Scale, left: float, right: float, y: Callable[[float], float]) -> list[Markup]:
    """What of the healthy range lies in the panel: the courses make its scale, not the range."""
    if band.healthy is None:
        return []
    low, high = (min(max(end, scale.low), scale.high) for end in band.healthy)
    if high <= low:
        return []
    places = _n(left), _n(y(high)), _n(right - left), _n(y(low) - y(high))
    return [Markup('<rect class="healthy" x="{}" y="{}" width="{}" height="{}"/>').format(*places)]


def _headed(band: Band, left: float, right: float) -> Markup:
    said = words.unit(band.unit)
    unit = Markup(' <tspan class="quiet" font-weight="400">{}</tspan>').format(said) if said else Markup("")
    room = right - left - (wide(f" {said}", _NAME) if said else 0.0)
    return Markup('<text class="name" x="{}" y="{}">{}{}</text>').format(
        _n(left), _TOP - 10, shortened(band.id, _NAME, room), unit
    )


def _along(begin: float, end: float, x: Callable[[float], float], y: float, width: float) -> list[Markup]:
    """The horizontal axis, with as many labels as have room."""
    if end == begin:
        return [_text(labels([begin])[0], x(begin), y, "middle")]
    for about in (5, 4, 3, 2, 1):
        marks = [t for t in ticks(begin, end, about) if begin <= t <= end] or [begin]
        named = labels(marks)
        if sum(wide(f"{label}m", SMALL) for label in named) <= x(end) - x(begin):
            break
    found = []
    for mark, label in zip(marks, named, strict=True):
        beyond = x(mark) + wide(label, SMALL) / 2 > width
        found.append(_text(label, width if beyond else x(mark), y, "end" if beyond else "middle"))
    return found


def _area(at: Sequence[float], low: Array, high: Array, y: Callable[[float], float]) -> list[Markup]:
    """Between ``low`` and ``high``, wherever both are numbers."""
    found = []
    for run in _runs(low, high):
        above, below = ([(at[k], y(values[k])) for k in run] for values in (high, low))
        if len(run) == 1:  # what stands alone is a bar
            above, below = ([(across + side, up) for across, up in edge for side in (-1, 1)] for edge in (above, below))
        found.append(Markup('<polygon class="band" points="{}"/>').format(_points([*above, *reversed(below)])))
    return found


def _line(at: Sequence[float], values: Array, y: Callable[[float], float]) -> list[Markup]:
    """Along ``values``, wherever they are numbers."""
    found = []
    for run in _runs(values):
        points = [(at[k], y(values[k])) for k in run]
        if len(run) == 1:
            found.append(Markup('<circle class="dot" cx="{}" cy="{}" r="2"/>').format(*map(_n, points[0])))
        else:
            found.append(Markup('<polyline class="line" points="{}"/>').format(_points(points)))
    return found


def _runs(*lines: Array) -> list[list[int]]:
    """The times to draw, from gap to gap: where all ``lines`` are numbers.

    Of many times, in each stretch those at which one of the lines is lowest or highest.
    """
    there = np.asarray(np.isfinite(lines).all(axis=0))
    whole = np.split(np.arange(len(there)), np.flatnonzero(np.diff(there)) + 1)
    found = []
    for run in (part for part in whole if there[part].any()):
        share = max(1, _STRETCHES * len(run) // len(there))
        if len(run) <= 2 * share:
            found.append(run.tolist())
            continue
        kept = {int(run[0]), int(run[-1])}
        for part in np.array_split(run, share):
            kept |= {int(part[end(values[part])]) for values in lines for end in (np.argmin, np.argmax)}
        found.append(sorted(kept))
    return found


def _drawable(values: Array) -> Array:
    """Infinities as gaps, and what is too large for a scale at its edge."""
    return np.where(np.isfinite(values), np.clip(values, -_HUGE, _HUGE), np.nan)


def _rule(css: str, x1: float, x2: float, y1: float, y2: float) -> Markup:
    return Markup('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(css, *map(_n, (x1, x2, y1, y2)))


def _text(text: str, x: float, y: float, anchor: str) -> Markup:
    return Markup('<text class="quiet" x="{}" y="{}" text-anchor="{}">{}</text>').format(_n(x), _n(y), anchor, text)


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_n(across)},{_n(up)}" for across, up in places)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
