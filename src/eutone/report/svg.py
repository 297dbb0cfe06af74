"""Marks for small plots, as inline SVG without script, font or address.

A plot is one table row wide: positions are percentages of whatever width the cell has and sizes are pixels, so the same
marks serve a phone, a desktop and paper, and all text stays in the page where it wraps, scales and is read aloud.
Colours come from classes in the style sheet; every kind of mark has its own shape, so none is told by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from eutone.report import words

__all__ = ["Scale", "axis", "log_scale", "mark", "plot", "rule", "stretch"]

_SHAPES = {
    "dot": "M0-4.5a4.5 4.5 0 1 1-.01 0z",
    "ring": "M0-4a4 4 0 1 1-.01 0z",
    "diamond": "M0-5.5 5 0 0 5.5-5 0z",
    "left": "M-7.5 0 1.5-5V5z",
    "right": "M7.5 0-1.5-5V5z",
}


@dataclass(frozen=True)
class Scale:
    """A logarithmic axis from ``low`` to ``high`` with labelled ``ticks``, all as folds of a reference."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Where ``value`` lies, per cent of the width, held inside the axis."""
        if value <= self.low:
            return 0.0
        share = (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return 100.0 * min(1.0, share)

    def outside(self, value: float) -> str:
        """``left`` or ``right`` where ``value`` lies beyond the axis, else empty."""
        return "left" if value < self.low else "right" if value > self.high else ""


def log_scale(values: Sequence[float], widest: float = 1000.0) -> Scale:
    """An axis that holds ``values`` on either side of 1, from threefold at least to ``widest``-fold at most."""
    logs = [math.log(value) for value in values if value > 0]
    up, down = _limit(max(logs, default=0.0), widest), _limit(-min(logs, default=0.0), widest)
    left, right = ([s for s in _STEPS if s <= limit] for limit in (down, up))
    if len(left) + len(right) > 6:  # decades only; a side that reaches none keeps its one tick
        left, right = ([s for s in side if math.log10(s) % 1 == 0] or side for side in (left, right))
    ticks = (*(1 / s for s in reversed(left)), 1.0, *right)
    return Scale(0.85 / down, up / 0.85, ticks)  # room for the mark of a value that lies on the last tick


_STEPS = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)


def _limit(reach: float, widest: float) -> float:
    """The first step that holds a fold of ``exp(reach)``."""
    return next((s for s in _STEPS if s >= math.exp(min(reach, math.log(widest))) * 0.999), _STEPS[-1])


def _p(value: float) -> str:
    return f"{value:.2f}%"


def mark(shape: str, at: float, css: str, y: float) -> Markup:
    """One shape with its centre at ``at`` per cent."""
    return Markup('<svg x="{}" y="{}" overflow="visible"><path class="{}" d="{}"/></svg>').format(
        _p(at), f"{y:g}", css, _SHAPES[shape]
    )


def stretch(start: float, end: float, css: str, y: float, height: float) -> Markup:
    """A bar from ``start`` to ``end`` per cent, at least visible where both are one."""
    width = max(end - start, 0.4)
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        css, _p(start), f"{y:g}", _p(width), f"{height:g}"
    )


def rule(at: float, css: str, top: float, bottom: float) -> Markup:
    """A vertical line at ``at`` per cent."""
    return Markup('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
        css, _p(at), _p(at), f"{top:g}", f"{bottom:g}"
    )


def plot(marks: Sequence[Markup], label: str, height: int = 30) -> Markup:
    """One row's plot; ``label`` says in words what it shows."""
    return Markup('<svg class="plot" role="img" width="100%" height="{}" aria-label="{}">{}</svg>').format(
        height, words.clean(label), Markup("").join(marks)
    )


def axis(scale: Scale) -> Markup:
    """The labels of a fold axis, for the head of a table."""
    labels = [
        Markup('<text x="{}" y="12" text-anchor="middle">{}</text>').format(_p(scale.at(tick)), _tick(tick))
        for tick in scale.ticks
    ]
    return Markup('<svg class="axis" width="100%" height="16" aria-hidden="true">{}</svg>').format(
        Markup("").join(labels)
    )


def _tick(fold: float) -> Markup:
    if fold == 1:
        return escape("1")
    return escape(f"×{fold:g}" if fold > 1 else f"÷{1 / fold:g}")
