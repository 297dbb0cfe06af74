"""Reading the name of a measurement: what is the analyte in it, what the specimen, what the way it is given.

Reports write ``Homovanillic Acid (HVA), 24 Hour, Urine`` or ``CSF 5-HIAA`` or ``VMA/creatinine ratio``. `readings`
takes such a name apart step by step, the whole name first, so that a name which is known as it stands stays whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["SPECIMENS", "Reading", "key_of", "readings", "specimen_of"]

_SPELLINGS = {
    "csf": ("csf", "cerebrospinalfluid", "cerebralspinalfluid", "liquor", "spinalfluid", "lcr"),
    "plasma": ("plasma", "p"),
    "serum": ("serum", "s", "serumorplasma", "serumplasma", "ser:plas", "serum:plasma"),
    "whole_blood": ("wholeblood", "blood", "wb", "bld"),
    "platelets": ("platelets", "platelet", "plt", "thrombocytes"),
    "urine": ("urine", "urinary", "u", "urine24h", "24hurine", "spoturine", "randomurine"),
    "dbs": ("dbs", "driedbloodspot", "driedbloodspots", "driedblood", "bloodspot", "bldspot"),
    "saliva": ("saliva", "salivary"),
}
SPECIMENS = tuple(_SPELLINGS)

_SIGNS = {
    "%": "percent",
    "/": ":",
    "∕": ":",
    "⁄": ":",
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ω": "omega",
}
_WORDS = (
    "csf|cerebrospinal fluid|spinal fluid|plasma|serum|whole blood|platelets?"
    "|urine|urinary|dried blood spots?|dbs|saliva"
)
_FIRST = re.compile(rf"^(?P<word>{_WORDS})\b[\s,:_-]+(?=\S)", re.IGNORECASE)
_LAST = re.compile(rf"(?<=\S)(?:[\s,:_-]+(?:in\s+)?(?P<word>{_WORDS})|\s*\((?P<inside>{_WORDS})\))$", re.IGNORECASE)
_PER = re.compile(
    r"(?<=\S)[\s;_(]*(?:(?:/|:|\bper\b|\bto\b)\s*(?P<creatinine>creatinine|creatinin|creat|crea|cr)\b"
    r"|(?:/|:|,|\bper\b|\bin\b|\s)\s*(?P<day>24[\s-]*h(?:ours?|rs?)?|day|d)\b)[\s)]*(?:ratio)?$",
    re.IGNORECASE,
)
_IDLE = re.compile(r"(?<=\S)[\s,;]+(?:random|spot|level|concentration)$", re.IGNORECASE)
_MOST_STEPS = 5


@dataclass(frozen=True)
class Reading:
    """One way to read a name: what is left of it, and the kind and specimen that it states, None where it does not."""

    name: str
    kind: str | None = None
    specimen: str | None = None


def key_of(name: str) -> str:
    """What is left of a name when case, spaces and punctuation do not matter; only the stroke of a ratio does."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    for sign, word in _SIGNS.items():
        plain = plain.replace(sign, word)
    return "".join(c for c in plain if c.isalnum() or c == ":").strip(":")


def specimen_of(text: str) -> str | None:
    """The specimen that ``text`` means, None if it is none of ours."""
    key = key_of(text)
    return next((specimen for specimen, words in _SPELLINGS.items() if key in words), None)


def readings(text: str) -> Iterator[Reading]:
    """The whole name, then the name without its last (or first) word about specimen or way of giving, and so on."""
    now = Reading(text.strip())
    yield now
    for _ in range(_MOST_STEPS):
        if found := _IDLE.search(now.name):
            now = Reading(now.name[: found.start()], now.kind, now.specimen)
        elif now.kind is None and (found := _PER.search(now.name)):
            kind = "creatinine" if found["creatinine"] else "24h"
            now = Reading(now.name[: found.start()], kind, now.specimen)
        elif now.specimen is None and (found := _LAST.search(now.name)):
            now = Reading(now.name[: found.start()], now.kind, specimen_of(found["word"] or found["inside"]))
        elif now.specimen is None and (found := _FIRST.search(now.name)):
            now = Reading(now.name[found.end() :], now.kind, specimen_of(found["word"]))
        else:
            return
        yield now
