"""Courses as terminal text: the median, and the 5 to 95 % of people, of each quantity at a few times."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eutone._bands import Bands
from eutone._time_unit import short
from eutone.report import words

__all__ = ["render"]

_MOST = 4  # times: medians with their ranges fill a line


def render(headline: str, bands: Bands, more: int, console: Console) -> None:
    """Print ``bands`` on ``console``: as many times as fit its width, the first and the last among them.

    Parameters
    ----------
    headline : str
    bands : Bands
    more : int
        How many quantities are not in ``bands``.
    console : rich.console.Console
    """
    for count in range(min(_MOST, len(bands.times)), 0, -1):
        even = np.linspace(bands.times[-1], bands.times[0], count)
        chosen = sorted({int(np.abs(bands.times - time).argmin()) for time in even})
        rows = _rows(bands, chosen)
        if sum(max(map(len, column)) + 2 for column in zip(*rows, strict=True)) <= console.width + 2:
            break
    table = Table(box=None, pad_edge=False, show_edge=False)
    for k, head in enumerate(rows[0]):
        table.add_column(Text(head), justify="left" if k < 2 else "right")
    for row in rows[1:]:
        table.add_row(*map(Text, row))
    console.print(Text(headline))
    if bands.people is not None:
        console.print(Text("median (5 to 95 % of people)"))
    console.print(table)
    if more:
        console.print(Text(f"... and {more} more: --wanted names what is shown"))


def _rows(bands: Bands, chosen: list[int]) -> list[list[str]]:
    rows = [["", "", *(f"at {bands.times[k]:.4g}{short(bands.time_unit)}" for k in chosen)]]
    for band in bands.bands:
        row = [band.id, words.unit(band.unit)]
        for k in chosen:
            within = "" if bands.people is None else f" ({_number(band.low[k])} to {_number(band.high[k])})"
            row.append(_number(band.median[k], 4 if bands.people is None else 3) + within)
        rows.append(row)
    return rows


def _number(value: float, digits: int = 3) -> str:
    return f"{value:.0f}" if 10**digits <= abs(value) < 1e6 else f"{value:.{digits}g}"
