"""What fits into memory, asked before anything is computed."""

from __future__ import annotations

import os

from eutone._errors import InputError

__all__ = ["fits"]

_SHARE = 0.8  # of the memory of this machine


def fits(numbers: int) -> None:
    """Refuse what cannot be held in memory.

    Raises
    ------
    InputError
        If so many numbers (8 bytes each) are more than most of this machine's memory.
    """
    try:
        most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return
    if 8 * numbers > _SHARE * most:
        raise InputError(
            f"this would take {8 * numbers / 1e9:,.0f} GB of memory",
            hint="Ask for less (wanted, times), or write piece by piece: eutone.simulate_to, or --out people.parquet",
        )
