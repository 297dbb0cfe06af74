"""Courses as a picture: one small panel for each quantity, the median as a line in its 5 to 95 % band. SVG, no script.

The file stands alone (a browser, a word processor, a page of a tutorial): it brings its few styles and its own ground.
Where there is no number there is a gap.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from markupsafe import Markup

from eutone._bands import Bands
from eutone._time_unit import axis
from eutone.report.bands_panel import HEIGHT, SMALL, panel, scale_of
from eutone.report.ticks import wide

__all__ = ["draw"]

_PANEL = 300  # width: three beside each other fill a page of text
_MOST_COLUMNS = 3
_NARROWEST = 540  # of a picture: its note fits one line most times
_EDGE = 8
_LARGE, _LINE = 14, 18  # size of the title; height of a line
_STYLE = (
    "text{font:11px system-ui,'Segoe UI',Helvetica,Arial,sans-serif;fill:#334}"
    ".head{font-size:14px;font-weight:600}.name{font-weight:600;font-size:12px}.quiet{fill:#667}"
    ".band{fill:#7aa6d8;fill-opacity:.38;stroke:#7aa6d8;stroke-width:.6}.line{fill:none;stroke:#1c5593;stroke-width:1.8;stroke-linejoin:round}"
    ".healthy{fill:#4f9d5d;fill-opacity:.16}.dot{fill:#1c5593}.frame{stroke:#99a;stroke-width:1}.grid{stroke:#e3e5ec;stroke-width:1}"
    ".dose{stroke:#b4441a;stroke-width:1.2;stroke-dasharray:2 3}"
)


def draw(bands: Bands, title: str, *, doses: Sequence[tuple[str, float]] = (), more: int = 0) -> str:
    """An SVG of ``bands``.

    Parameters
    ----------
    bands : Bands
    title : str
    doses : sequence of (str, float)
        What is given, and when: dotted lines.
    more : int
        How many quantities there are beside these.
    """
    columns = max(1, min(_MOST_COLUMNS, len(bands.bands)))
    rows = -(-len(bands.bands) // columns)
    width = max(columns * _PANEL + 2 * _EDGE, _NARROWEST)
    heading = _wrapped(title, (width - 4 * _EDGE) / wide("m", _LARGE, bold=True))
    note = _wrapped(_note(bands, doses, more), (width - 4 * _EDGE) / wide("m", SMALL))
    places = [22 + _LINE * k for k in range(len(heading) + len(note))]
    top = places[-1] + 12
    scales = [scale_of(band) for band in bands.bands]
    left = 12 + max((scale.margin() for scale in scales), default=0.0)
    across = (width - 2 * _EDGE) / columns
    times = [time for _, time in doses]
    panels = [
        Markup('<g transform="translate({},{})"><title>{}</title>{}</g>').format(
            f"{_EDGE + across * (k % columns):g}",
            top + HEIGHT * (k // columns),
            band.id,
            panel(bands, band, scale, times, left, across),
        )
        for k, (band, scale) in enumerate(zip(bands.bands, scales, strict=True))
    ]
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
            'aria-label="{label}"><style>{style}</style><rect width="100%" height="100%" fill="#fff"/>{texts}{panels}'
            "</svg>\n"
        ).format(
            w=width,
            h=top + rows * HEIGHT,
            label=f"{title}: {', '.join(band.id for band in bands.bands)}",
            style=Markup(_STYLE),  # noqa: S704 (ours)
            texts=Markup("").join(
                Markup('<text class="{}" x="{}" y="{}">{}</text>').format(css, 2 * _EDGE, y, line)
                for (css, line), y in zip(
                    [*(("head", line) for line in heading), *(("quiet", line) for line in note)], places, strict=True
                )
            ),
            panels=Markup("").join(panels),
        )
    )


def _note(bands: Bands, doses: Sequence[tuple[str, float]], more: int) -> str:
    said = ["one person" if bands.people is None else f"line: median; band: 5 to 95 % of {bands.who()}"]
    said.append(axis(bands.time_unit))
    if any(band.healthy for band in bands.bands):
        said.append("green: 2.5 to 97.5 % of healthy women of 35 years, mean of the day")
    if doses:
        said.append(f"dotted: {', '.join(dict.fromkeys(name for name, _ in doses))}")
    if more:
        said.append(f"{more:,} more not shown")
    return "; ".join(said)


def _wrapped(text: str, most: float) -> list[str]:
    """``text`` in as many lines as it needs; a word that is wider than one is broken."""
    return textwrap.wrap(text, int(most)) or [""]
