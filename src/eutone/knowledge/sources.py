"""Where the knowledge comes from: one row per publication, laboratory page or convention, cited by key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from eutone.knowledge._table import rows

__all__ = ["Source", "load"]


@dataclass(frozen=True)
class Source:
    """One source.

    Attributes
    ----------
    key : str
        What tables cite.
    citation : str
        Authors, journal, year; or the laboratory and the name of its test.
    identifier : str
        DOI, ``PMID ...`` or the laboratory's test code; empty if there is none.
    note : str
    """

    key: str
    citation: str
    identifier: str
    note: str


def _read(folder: Path | None) -> dict[str, Source]:
    return {
        row["key"]: Source(row["key"], row["citation"], row["identifier"], row["note"])
        for row in rows("sources", folder)
    }


@lru_cache(maxsize=1)
def _packaged() -> dict[str, Source]:
    return _read(None)


def load(folder: Path | None = None) -> dict[str, Source]:
    """Every source by key. Raises `InputError` if the table is broken."""
    return dict(_packaged()) if folder is None else _read(folder)
