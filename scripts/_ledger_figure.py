"""Predicted against observed in four panels, as SVG: folds, levels, shares and directions."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from pathlib import Path

from eutone._validate import Entry, Ledger

__all__ = ["draw"]

SIDE, GAP, LEFT, TOP, BOTTOM = 300, 76, 66, 74, 52
COLOURS = {"predicted": "#2563a8", "fitted": "#b3541e"}
INK, GRID, BAR = "#333", "#e3e3e3", "#9a9a9a"


def draw(ledger: Ledger, path: Path) -> None:
    """Write the figure to ``path``."""
    panels = [
        _numbers(ledger, "fold", "Folds: after over before", logarithmic=True),
        _numbers(ledger, "level", "Levels, each in its unit", logarithmic=True),
        _numbers(ledger, "share", "Shares occupied or inhibited", logarithmic=False),
        _directions(ledger),
    ]
    width, height = LEFT + 2 * SIDE + GAP + 24, TOP + 2 * SIDE + GAP + BOTTOM + 10
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="12" role="img" aria-label="Published findings: predicted against observed, in four panels">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="15" fill="{INK}">Published findings: predicted against observed</text>',
        *_legend(),
    ]
    for k, panel in enumerate(panels):
        x, y = LEFT + (k % 2) * (SIDE + GAP), TOP + (k // 2) * (SIDE + GAP)
        out.append(f'<g transform="translate({x} {y})">{"".join(panel)}</g>')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*out, "</svg>", ""]), encoding="utf-8", newline="\n")


def _legend() -> list[str]:
    found = []
    for row, (basis, colour) in enumerate(COLOURS.items()):
        for column, (filled, word) in enumerate(((True, "as seen"), (False, "missed"))):
            x, y = LEFT + 6 + 150 * (2 * row + column), 40
            found.append(_dot(x, y, colour, filled=filled))
            found.append(f'<text x="{x + 10}" y="{y + 4}" fill="{INK}">{basis}, {word}</text>')
    return found


def _dot(x: float, y: float, colour: str, *, filled: bool) -> str:
    fill = colour if filled else "#fff"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{fill}" stroke="{colour}" stroke-width="1.6"/>'


def _frame(title: str) -> list[str]:
    return [
        f'<text x="0" y="-8" font-size="13" fill="{INK}">{escape(title)}</text>',
        f'<path d="M0 0V{SIDE}H{SIDE}" fill="none" stroke="{INK}"/>',
    ]


def _numbers(ledger: Ledger, measure: str, title: str, *, logarithmic: bool) -> list[str]:
    mine = [e for e in ledger.entries if e.finding.measure == measure and e.predicted is not None]
    if logarithmic:
        mine = [e for e in mine if (e.predicted or 0) > 0 and (e.finding.observed or 0) > 0]
    if not mine:
        return [*_frame(f"{title}: none")]
    met = sum(e.passed for e in mine)
    numbers = [v for e in mine for v in (e.predicted, e.finding.observed) if v is not None]
    low, high = (min(numbers), max(numbers)) if logarithmic else (min(0.0, *numbers), max(1.0, *numbers))
    if logarithmic:
        low, high = low / 1.3, high * 1.3

    def at(value: float) -> float:
        linear = (value - low) / (high - low)
        share = math.log(max(value, low) / low) / math.log(high / low) if logarithmic else linear
        return SIDE * min(max(share, 0.0), 1.0)

    found = [*_frame(f"{title}: {met} of {len(mine)}"), *_axes(_ticks(low, high, logarithmic=logarithmic), at)]
    found.append(f'<path d="M{at(low):.1f} {SIDE - at(low):.1f}L{at(high):.1f} {SIDE - at(high):.1f}" stroke="{INK}"/>')
    for e in mine:
        y = SIDE - at(e.predicted or 0.0)
        ends = at(e.finding.low or 0.0), at(high if e.finding.high is None else e.finding.high)
        found.append(f'<path d="M{ends[0]:.1f} {y:.1f}H{ends[1]:.1f}" stroke="{BAR}" stroke-width="0.8"/>')
    for e in sorted(mine, key=lambda e: not e.passed):  # misses lie on top
        name = escape(f"{e.finding.id}: {e.finding.quantity}")
        dot = _dot(at(e.finding.observed or 0.0), SIDE - at(e.predicted or 0.0), COLOURS[e.basis], filled=e.passed)
        found.append(f"<g><title>{name}</title>{dot}</g>")
    found.append(f'<text x="{SIDE / 2}" y="{SIDE + 38}" text-anchor="middle" fill="{INK}">observed</text>')
    found.append(f'<text transform="translate(-48 {SIDE / 2}) rotate(-90)" text-anchor="middle" fill="{INK}">'
                 "predicted</text>")  # fmt: skip
    return found


def _ticks(low: float, high: float, *, logarithmic: bool) -> list[float]:
    if not logarithmic:
        return [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    decades = [10.0**k for k in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]
    return decades if len(decades) <= 6 else decades[:: math.ceil(len(decades) / 6)]


def _axes(ticks: list[float], at: Callable[[float], float]) -> list[str]:
    found = []
    for tick in ticks:
        place, label = at(tick), f"{tick:g}"
        found.append(f'<path d="M{place:.1f} 0V{SIDE}M0 {SIDE - place:.1f}H{SIDE}" stroke="{GRID}"/>')
        found.append(f'<text x="{place:.1f}" y="{SIDE + 18}" text-anchor="middle" fill="{INK}">{label}</text>')
        found.append(f'<text x="-8" y="{SIDE - place + 4:.1f}" text-anchor="end" fill="{INK}">{label}</text>')
    return found


def _directions(ledger: Ledger) -> list[str]:
    """What was predicted of those that went up, down, or nowhere: a column each, beyond tenfold at the edge."""
    mine = [e for e in ledger.entries if e.finding.direction and e.predicted is not None]
    met = sum(e.passed for e in mine)

    def at(fold: float) -> float:
        return SIDE * (0.5 + 0.5 * min(max(math.log10(max(fold, 1e-9)), -1.0), 1.0))

    found = _frame(f"Directions: {met} of {len(mine)}")
    for fold in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0):
        place = SIDE - at(fold)
        found.append(f'<path d="M0 {place:.1f}H{SIDE}" stroke="{GRID if fold != 1 else INK}"/>')
        found.append(f'<text x="-8" y="{place + 4:.1f}" text-anchor="end" fill="{INK}">{fold:g}</text>')
    for column, direction in enumerate(("down", "unchanged", "up")):
        some = sorted((e for e in mine if e.finding.direction == direction), key=lambda e: e.predicted or 0.0)
        right = sum(e.passed for e in some)
        middle = SIDE * (column + 0.5) / 3
        for line, text in enumerate((f"seen {direction}", f"{right} of {len(some)}")):
            y = SIDE + 18 + 15 * line
            found.append(f'<text x="{middle:.0f}" y="{y}" text-anchor="middle" fill="{INK}">{text}</text>')
        found += _column(some, middle, at)
    found.append(f'<text transform="translate(-48 {SIDE / 2}) rotate(-90)" text-anchor="middle" fill="{INK}">'
                 "predicted fold</text>")  # fmt: skip
    return found


def _column(some: list[Entry], middle: float, at: Callable[[float], float]) -> list[str]:
    """Dots beside each other, spread over the column by their rank."""
    found = []
    for rank, e in sorted(enumerate(some), key=lambda one: not one[1].passed):  # misses lie on top
        x = middle + SIDE / 3 * 0.84 * ((rank + 0.5) / len(some) - 0.5)
        name = escape(f"{e.finding.id}: {e.finding.quantity}")
        dot = _dot(x, SIDE - at(e.predicted or 0.0), COLOURS[e.basis], filled=e.passed)
        found.append(f"<g><title>{name}</title>{dot}</g>")
    return found
