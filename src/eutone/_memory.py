"""What fits into memory, asked before anything is computed."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from eutone._errors import InputError

__all__ = ["fits", "most_bytes"]

_SHARE = 0.8  # of what this process may have
_GROUPS, _TREE = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def fits(numbers: float, hint: str | None = None) -> None:
    """Refuse what cannot be held in memory.

    Parameters
    ----------
    numbers : float
        How many, of 8 bytes each.
    hint : str, optional
        What would be right, if not to ask for less.

    Raises
    ------
    InputError
        If they are more than most of what this process may have (`most_bytes`).
    """
    if 8 * numbers > _SHARE * most_bytes():
        raise InputError(
            f"this would take {8 * numbers / 1e9:,.2g} GB of memory",
            hint=hint
            or "Ask for less (wanted, times), or write piece by piece: eutone.simulate_to, or --out people.parquet",
        )


def most_bytes() -> float:
    """Memory that this process may have: the machine's, or less where its control groups say so (a container, a job).

    Infinity where the system does not tell.
    """
    try:
        machine = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        machine = float("inf")
    return min(machine, _allowed(_GROUPS, _TREE))


def _allowed(groups: Path, tree: Path) -> float:
    """The least limit of the groups in ``groups`` (``/proc/self/cgroup``) and of those they are in; infinity for none.

    A line is ``number:controllers:path``: no controllers in version 2, ``memory`` among them in version 1. Inside a
    container the path may be that of the host, which is not there: its own limit then stands at the top of ``tree``.
    """
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except OSError:
        return float("inf")
    least = float("inf")
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        tops = [tree / "memory"] if controllers else [tree, tree / "unified"]
        name = "memory.limit_in_bytes" if controllers else "memory.max"
        inner = PurePosixPath(path.lstrip("/"))
        for top in tops:
            for group in (inner, *inner.parents):
                try:
                    least = min(least, float((top / group / name).read_text(encoding="ascii")))
                except (OSError, ValueError):  # not there, or "max"
                    continue
    return least
