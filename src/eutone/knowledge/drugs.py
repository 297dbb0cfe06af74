"""What people take: drugs, nutrients, diets and habits, each with its names, its class and what it acts on.

This table only recognises a name. What an item does to the model stands in the body's table of exposures, by the ids of
this one; an item without a row there is reported as not modelled. A decarboxylase inhibitor that is not named is read
as carbidopa, which the body does not tell from benserazide.

What only the whole person answers has its names in ``ledger/drugs.csv``, which no profile reads anything from but that
the name is known; it stands there so that the hash of the tables that profiles rest on does not move with it.

A product that holds several drugs (``levodopa/carbidopa``) has a row of its own, whose ``contains`` lists them, the
main one first.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from eutone._errors import InputError
from eutone.knowledge._table import rows

__all__ = ["REGULATORY", "Drug", "find", "find_at_start", "find_within", "load"]

REGULATORY = ("food supplement", "prescription", "OTC", "hormone", "food", "lifestyle")
"""Regulatory classes; where countries differ, the stricter of the usual ones."""

AADC_INHIBITOR = "aadc-inhibitor"
"""The class of what is given *with* a precursor so that it is not decarboxylated outside the brain."""

_LONGEST = 300


@dataclass(frozen=True)
class Drug:
    """Something taken.

    Attributes
    ----------
    id, name : str
    synonyms : tuple of str
    kind : str
        Pharmacological class (``ssri``, ``aadc-inhibitor``, ``diet``).
    regulatory : str
        One of `REGULATORY`.
    mechanism : str
        What it acts on, in words.
    contains : tuple of str
        For a product of several drugs, their ids, the main one first.
    source : str
        DOI or PMID; ``recalled`` for textbook pharmacology that was not looked up.
    """

    id: str
    name: str
    synonyms: tuple[str, ...]
    kind: str
    regulatory: str
    mechanism: str
    contains: tuple[str, ...]
    source: str


def _read(folder: Path | None) -> dict[str, Drug]:
    found: dict[str, Drug] = {}
    more = Path(__file__).parent / "ledger"
    for row in [*rows("drugs", folder), *(rows("drugs", more) if folder is None else [])]:
        if row["id"] in found:
            raise InputError(f"'{row['id']}' is there twice", file=row.file, row=row.line, column="id")
        if row["regulatory_class"] not in REGULATORY:
            raise InputError(
                f"'{row['regulatory_class']}' is not a regulatory class",
                file=row.file,
                row=row.line,
                column="regulatory_class",
                hint=f"One of {', '.join(REGULATORY)}",
            )
        found[row["id"]] = Drug(
            row["id"],
            row["name"],
            _several(row["synonyms"]),
            row["class"],
            row["regulatory_class"],
            row["mechanism"],
            _several(row["contains"]),
            row["source"],
        )
    for drug in found.values():
        unknown = [part for part in drug.contains if part not in found]
        if unknown:
            raise InputError(
                f"'{drug.id}' contains '{unknown[0]}', which has no row", file="drugs.csv", column="contains"
            )
    return found


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


@lru_cache(maxsize=1)
def _packaged() -> dict[str, Drug]:
    return _read(None)


def load(folder: Path | None = None) -> dict[str, Drug]:
    """Every drug by id, in the table's order.

    Raises
    ------
    InputError
        If the table is broken: file, row and column.
    """
    return dict(_packaged()) if folder is None else _read(folder)


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name, without case and punctuation: ``L-Dopa/carbidopa`` is ``l dopa carbidopa``."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("\u2019", "")
    return tuple("".join(c if c.isalnum() else " " for c in plain).split())


@lru_cache(maxsize=1)
def _index() -> dict[tuple[str, ...], str]:
    index: dict[tuple[str, ...], str] = {}
    for drug in _packaged().values():
        for name in (drug.name, drug.id, *drug.synonyms):
            held = index.setdefault(words_of(name), drug.id)
            if held != drug.id:
                raise InputError(f"'{name}' names both '{held}' and '{drug.id}'", file="drugs.csv", column="synonyms")
    return index


@lru_cache(maxsize=1)
def _most_words() -> int:
    return max(len(words) for words in _index())


def find(name: str) -> Drug | None:
    """The drug whose name, id or synonym is ``name``; case and punctuation do not matter. None if there is none."""
    if len(name) > _LONGEST:
        return None
    found = _index().get(words_of(name))
    return _packaged()[found] if found else None


def find_at_start(text: str) -> tuple[Drug, int] | None:
    """The drug with the longest name with which ``text`` begins, and where in ``text`` the name ends.

    The name ends where a word ends: ``leucovorinx`` does not begin with leucovorin.
    """
    best: tuple[Drug, int] | None = None
    ends = [at for at in range(1, min(len(text), _LONGEST) + 1) if at == len(text) or not text[at].isalnum()]
    for end in ends:
        if not text[end - 1].isalnum() and text[end - 1] not in ")'\u2019":
            continue
        words = words_of(text[:end])
        if len(words) > _most_words():
            break
        if words in _index():
            best = _packaged()[_index()[words]], end
    return best


def find_within(text: str) -> tuple[Drug, ...]:
    """Every drug that ``text`` names, in order, each once; of names that overlap, the longest."""
    words = words_of(text[: 10 * _LONGEST])
    found: list[Drug] = []
    at = 0
    while at < len(words):
        for length in range(min(_most_words(), len(words) - at), 0, -1):
            drug = _index().get(words[at : at + length])
            if drug:
                if _packaged()[drug] not in found:
                    found.append(_packaged()[drug])
                at += length
                break
        else:
            at += 1
    return tuple(found)
