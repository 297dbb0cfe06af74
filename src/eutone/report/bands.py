"""Courses as a picture: one small panel for each quantity, the median as a line in its 5 to 95 % band. SVG, no script.

The file stands alone (a browser, a word processor, a page of a tutorial): it brings its few styles and its own ground.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from eutone._bands import Band, Bands

__all__ = ["draw"]

_WIDTH, _HEIGHT = 300, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 34, 34
_MOST_COLUMNS = 3
_POINTS = 400
_STYLE = (
    "text{font:11px system-ui,'Segoe UI',Helvetica,Arial,sans-serif;fill:#334}"
    ".head{font-size:14px;font-weight:600}.name{font-weight:600;font-size:12px}.quiet{fill:#667}"
    ".band{fill:#7aa6d8;fill-opacity:.38}.line{fill:none;stroke:#1c5593;stroke-width:1.8;stroke-linejoin:round}"
    ".frame{stroke:#99a;stroke-width:1}.grid{stroke:#e3e5ec;stroke-width:1}"
    ".dose{stroke:#b4441a;stroke-width:1.2;stroke-dasharray:2 3}"
)


def draw(bands: Bands, title: str, *, doses: Sequence[tuple[str, float]] = ()) -> str:
    """An SVG of ``bands``.

    Parameters
    ----------
    bands : Bands
    title : str
    doses : sequence of (str, float)
        What is given, and when: dotted lines.
    """
    columns = max(1, min(_MOST_COLUMNS, len(bands.bands)))
    rows = -(-len(bands.bands) // columns)
    width, height = columns * _WIDTH + 16, rows * _HEIGHT + 58
    within = f"5 to 95 % of {bands.people:,} people" if bands.people is not None else "one person"
    unit = f"time in {bands.time_unit}s" if bands.time_unit else "time in the model's own unit"
    note = ["line: median; band: " + within if bands.people is not None else within, unit]
    note += [f"dotted: {', '.join(dict.fromkeys(name for name, _ in doses))}"] if doses else []
    panels = [
        Markup('<g transform="translate({},{})">{}</g>').format(
            8 + _WIDTH * (k % columns), 50 + _HEIGHT * (k // columns), _panel(bands, band, [t for _, t in doses])
        )
        for k, band in enumerate(bands.bands)
    ]
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
            'aria-label="{label}"><style>{style}</style><rect width="100%" height="100%" fill="#fff"/>'
            '<text class="head" x="16" y="22">{title}</text><text class="quiet" x="16" y="40">{note}</text>{panels}'
            "</svg>\n"
        ).format(
            w=width,
            h=height,
            label=f"{title}: {', '.join(band.id for band in bands.bands)}",
            style=Markup(_STYLE),  # noqa: S704 (ours)
            title=title,
            note="; ".join(note),
            panels=Markup("").join(panels),
        )
    )


def _panel(bands: Bands, band: Band, doses: Sequence[float]) -> Markup:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    times = bands.times
    begin, end = float(times[0]), float(times[-1])
    finite = np.concatenate([v[np.isfinite(v)] for v in (band.low, band.median, band.high)])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low >= 0 and low < 0.4 * high:
        low = 0.0
    if high - low <= 1e-9 * max(abs(high), abs(low), 1e-300):  # a flat line lies in the middle
        low, high = low - (0.1 * abs(low) or 1.0), high + (0.1 * abs(high) or 1.0)
    ticks = _ticks(low, high, 4)
    low, high = min(low, ticks[0]), max(high, ticks[-1])

    def x(t: float) -> float:
        return _LEFT + (right - _LEFT) * ((t - begin) / (end - begin) if end > begin else 0.5)

    def y(value: float) -> float:
        return bottom - (bottom - _TOP) * (value - low) / (high - low)

    parts = [Markup('<text class="name" x="{}" y="{}">{}</text>').format(_LEFT, _TOP - 10, _headed(band))]
    for tick, label in zip(ticks, _labels(ticks), strict=True):
        parts.append(
            Markup(
                '<line class="grid" x1="{a}" x2="{b}" y1="{y}" y2="{y}"/>'
                '<text class="quiet" x="{t}" y="{u}" text-anchor="end">{label}</text>'
            ).format(a=_LEFT, b=right, y=_n(y(tick)), t=_LEFT - 6, u=_n(y(tick) + 4), label=label)
        )
    along = _ticks(begin, end, 5) if end > begin else [begin]
    along = [t for t in along if begin <= t <= end]
    for tick, label in zip(along, _labels(along), strict=True):
        parts.append(
            Markup('<text class="quiet" x="{}" y="{}" text-anchor="middle">{}</text>').format(
                _n(x(tick)), bottom + 16, label
            )
        )
    seen: set[str] = set()
    for time in doses:
        place = _n(x(time))
        if begin <= time <= end and place not in seen and len(seen) < 200:
            seen.add(place)
            parts.append(
                Markup('<line class="dose" x1="{p}" x2="{p}" y1="{a}" y2="{b}"/>').format(p=place, a=_TOP, b=bottom)
            )
    keep = _thinned(band)
    there = [k for k in keep if np.isfinite([band.low[k], band.high[k]]).all()]
    if bands.people is not None and there:
        edge = [f"{_n(x(times[k]))},{_n(y(band.high[k]))}" for k in there]
        edge += [f"{_n(x(times[k]))},{_n(y(band.low[k]))}" for k in reversed(there)]
        parts.append(Markup('<polygon class="band" points="{}"/>').format(" ".join(edge)))
    line = [f"{_n(x(times[k]))},{_n(y(band.median[k]))}" for k in keep if np.isfinite(band.median[k])]
    parts.append(Markup('<polyline class="line" points="{}"/>').format(" ".join(line)))
    parts.append(Markup('<line class="frame" x1="{a}" x2="{b}" y1="{y}" y2="{y}"/>').format(a=_LEFT, b=right, y=bottom))
    return Markup("").join(parts)


def _headed(band: Band) -> Markup:
    unit = Markup(' <tspan class="quiet" font-weight="400">{}</tspan>').format(band.unit) if band.unit else Markup("")
    name = band.id if len(band.id) <= 34 else band.id[:33] + "…"
    return Markup("{}{}").format(name, unit)


def _thinned(band: Band) -> list[int]:
    """Which times are drawn: every one of a few, else in each stretch where the median is lowest and highest."""
    n = len(band.median)
    if n <= _POINTS:
        return list(range(n))
    kept = {0, n - 1}
    for part in np.array_split(np.arange(n), _POINTS // 2):
        values = np.where(np.isfinite(band.median[part]), band.median[part], 0.0)
        kept |= {int(part[values.argmin()]), int(part[values.argmax()])}
    return sorted(kept)


def _ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers from ``low`` to ``high``."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)] or [low, high]


def _labels(ticks: Sequence[float]) -> list[str]:
    """All with as many digits as tell them apart."""
    most = max(map(abs, ticks))
    power = math.floor(math.log10(most)) if most else 0
    power = 0 if -3 <= power <= 5 else power
    scaled = [t / 10.0**power for t in ticks]
    digits = next((d for d in range(7) if all(abs(round(t, d) - t) <= 1e-9 * max(map(abs, scaled)) for t in scaled)), 6)
    return [f"{t:.{digits}f}" + (f"e{power}" if power and t else "") for t in scaled]


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
