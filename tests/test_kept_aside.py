"""People that are kept aside for the last evaluation are in no file of cases: nobody can have fitted to them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]

KEPT_ASIDE = (
    "30689738",
    "10.1002/jmd2.12199",
    "10.1002/jmd2.12321",
    "10.1002/jmd2.12347",
    "10.1002/mgg3.1154",
    "10.1016/S0140-6736(03)13312-0",
    "10.1055/s-2008-1052362",
    "10.1016/j.ymgme.2020.07.001",
    "10.1016/j.ymgme.2016.05.011",
)
"""PMID and DOIs of the papers."""

AUTHORS = (r"hyodo\W{0,3}(?:et\W+al\W+)?2022",)
"""Where no identifier stands: author and year, as a case's name or in words."""

PLACES = (
    *sorted(p for p in (ROOT / "examples").rglob("*") if p.is_file()),
    *sorted((ROOT / "tests" / "data").rglob("*.csv")),
    *(ROOT / "docs" / name for name in ("case-sources.md", "cases.json", "decidability.json")),
)


def named(text: str) -> list[str]:
    """Who of those kept aside is named: in any case, with or without the escapes of an address."""
    plain = unquote(text).casefold()
    numbers = [one for one in KEPT_ASIDE if re.search(rf"(?<!\d){re.escape(one.casefold())}(?!\d)", plain)]
    return numbers + [one for one in AUTHORS if re.search(one, plain)]


@pytest.mark.parametrize("path", PLACES, ids=lambda p: p.name)
def test_nobody_kept_aside_is_among_the_cases(path: Path) -> None:
    assert named(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        *KEPT_ASIDE, "https://doi.org/10.1016/s0140-6736%2803%2913312-0", "PMID: 30689738;", "Hyodo2022_SPR",
        "Hyodo et al., 2022",
    ],
)  # fmt: skip
def test_they_would_be_recognised(text: str) -> None:
    assert named(f"case,{text},1.5") != []


def test_others_are_not_taken_for_them() -> None:
    assert named("10.1002/jmd2.121990 PMID 306897381 Hyodo 2019, and 2022") == []


def test_every_table_of_cases_was_looked_at() -> None:
    names = {path.name for path in PLACES}
    assert {"cases.csv", "cases_extra.csv", "index.csv"} <= names
    assert len(names) > 50
