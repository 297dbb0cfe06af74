"""A plain line figure as SVG: no script, no font, no dependency."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["Line", "Points", "figure"]

Array = NDArray[np.float64]

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 720, 380, 62, 34, 46, 250
# dark enough on white, light enough on black, told apart without colour by their dashes
STROKES = (("#2563a8", ""), ("#b3541e", "7 3"), ("#3c7a3c", "2 3"), ("#8a4fa3", "9 3 2 3"),
           ("#8a6d00", "12 3"), ("#555555", "1 4"), ("#b0306a", "4 2"), ("#2a8a8a", "6 2 1 2"))  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A curve."""

    name: str
    x: Array
    y: Array
    style: int | None = None
    """Number of its stroke; in turn, if not given."""


@dataclass(frozen=True)
class Points(Line):
    """Observed values."""


def _ticks(low: float, high: float) -> list[float]:
    step = 10.0 ** np.floor(np.log10(max(high - low, 1e-12)))
    step *= next(m for m in (0.2, 0.5, 1.0, 2.0) if (high - low) / (m * step) <= 7)
    return [float(t) for t in np.arange(np.ceil(low / step) * step, high + step / 2, step) if t <= high * (1 + 1e-9)]


def _written(values: list[float]) -> list[str]:
    """All as numbers, or all as powers of ten where one would be long."""
    powers = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    if any(v and not 1e-3 <= abs(v) < 1e5 for v in values):
        return [f"10{str(round(np.log10(v))).translate(powers)}" for v in values]
    return [f"{v:g}".replace("-", "−") for v in values]


def figure(
    path: Path,
    title: str,
    x_name: str,
    y_name: str,
    lines: list[Line],
    points: list[Points],
    log_x: bool = False,
    log_y: bool = False,
) -> None:
    """Write the figure to ``path``; a legend stands on the right; points without a name are not in it."""
    every: list[Line] = [*lines, *points]
    xs, ys = np.concatenate([c.x for c in every]), np.concatenate([c.y for c in every])
    x0, x1, y1 = float(xs.min()), float(xs.max()), float(ys.max()) * 1.05
    y0 = float(ys.min()) / 1.3 if log_y else 0.0
    if log_x:  # what lies at an end is not to be drawn on the axis
        room = (x1 / x0) ** 0.015
        x0, x1 = x0 / room, x1 * room

    def at_x(x: float) -> float:
        share = np.log(x / x0) / np.log(x1 / x0) if log_x else (x - x0) / (x1 - x0)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def at_y(y: float) -> float:
        share = np.log(y / y0) / np.log(y1 / y0) if log_y else y / y1
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def decades(low: float, high: float) -> list[float]:
        between = (1, 2, 5) if high / low < 300 else (1,)  # an axis with one number on it says nothing
        return [m * 10.0**k for k in range(-16, 10) for m in between if low <= m * 10.0**k <= high * 1.001]

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    across = decades(x0, x1) if log_x else _ticks(x0, x1)
    for t, label in zip(across, _written(across), strict=True):
        out.append(f'<path d="M{at_x(t):.1f} {bottom}v5" stroke="#555"/>')
        out.append(f'<text x="{at_x(t):.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
    up = decades(y0, y1) if log_y else _ticks(0.0, y1)
    for t, label in zip(up, _written(up), strict=True):
        out.append(f'<path d="M{LEFT} {at_y(t):.1f}H{right}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{at_y(t) + 4:.1f}" text-anchor="end">{label}</text>')
    out.append(f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#555"/>')
    out.append(f'<text x="{(LEFT + right) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_name)}</text>')
    turned = f'transform="translate(14 {(TOP + bottom) / 2:.0f}) rotate(-90)"'
    out.append(f'<text {turned} text-anchor="middle">{escape(y_name)}</text>')
    for k, line in enumerate(every):
        turn = k if k < len(lines) else k - len(lines)
        colour, dash = STROKES[(turn if line.style is None else line.style) % len(STROKES)]
        y = TOP + 14 + 20 * k
        if isinstance(line, Points):
            size = 5 if line.name else 3
            out += [f'<circle cx="{at_x(a):.1f}" cy="{at_y(b):.1f}" r="{size}" fill="{colour}" stroke="#fff"/>'
                    for a, b in zip(line.x, line.y, strict=True)]  # fmt: skip
            if not line.name:
                continue
            out.append(f'<circle cx="{right + 24}" cy="{y - 4}" r="5" fill="{colour}"/>')
        else:
            path_text = " ".join(f"{at_x(a):.1f},{at_y(b):.1f}" for a, b in zip(line.x, line.y, strict=True))
            style = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
            out.append(f'<polyline points="{path_text}" fill="none" {style}/>')
            out.append(f'<path d="M{right + 12} {y - 4}h24" {style}/>')
        out.append(f'<text x="{right + 42}" y="{y}">{escape(line.name)}</text>')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*out, "</svg>", ""]), encoding="utf-8", newline="\n")
