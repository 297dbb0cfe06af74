"""Whether a finding could have set a number of its own simulation: then it is fitted, else predicted.

It is fitted where an identifier of its source stands beside any parameter or coupling of the whole person, or beside
any number of what is taken; where a row of the package that was fitted names the finding; and where its trial says so.
Identifiers are compared whole: PMID 12 is not PMID 123. One paper under two identifiers (DOI here, PMID there) is not
recognised, so a row gives the one that the finding has.
"""

from __future__ import annotations

import re
from functools import cache

from eutone.body._compose import all_parameters
from eutone.body._pharmacology import sources_of
from eutone.body._tables import rows
from eutone.body._taken import moving
from eutone.body._trials import DOSE, Trial
from eutone.forms.taking import protocol_of
from eutone.knowledge.findings import Finding, findings

__all__ = ["basis", "identifiers"]

_IDENTIFIER = re.compile(r"10\.\d{4,}/(?:\([^\s()]*\)|[^\s,;()])+|PMID:?\s*\d+|PMC\d+|scilit [0-9a-f]+", re.IGNORECASE)


@cache
def identifiers(text: str) -> frozenset[str]:
    """DOIs, PMIDs and their like, each written in one way."""
    return frozenset(re.sub(r"[\s:]+", "", found.lower()).rstrip(".'\"]") for found in _IDENTIFIER.findall(text))


def basis(finding: Finding, trial: Trial) -> str:
    """``fitted`` or ``predicted``."""
    texts = (*_parameters(), *(text for drug in _taken(trial) for text in _drugs().get(drug, ())))
    own = identifiers(finding.source)
    if own:
        stands = any(own & identifiers(text) for text in texts)
    else:
        stands = bool(finding.source) and any(finding.source.lower() in text.lower() for text in texts)
    # a row may also say it by the number that the finding has in the package
    number = re.compile(rf"\b{re.escape(finding.id.split('.')[0])}\b")
    told = finding in findings() and any("fitted" in text.lower() and number.search(text) for text in texts)
    return "fitted" if trial.fitted or told or stands else "predicted"


@cache
def _parameters() -> tuple[str, ...]:
    return tuple(dict.fromkeys(p.source for p in all_parameters()))


@cache
def _drugs() -> dict[str, tuple[str, ...]]:
    """All that the table says of each drug, hours and half-times among it."""
    found: dict[str, list[str]] = {}
    for row in rows("exposures"):
        found.setdefault(row["drug"], []).append("; ".join(row.values()))
    for drug in moving():
        found.setdefault(drug, []).extend(sources_of(drug))
    return {drug: tuple(texts) for drug, texts in found.items()}


def _taken(trial: Trial) -> set[str]:
    items = [item.replace(DOSE, "1") for arm in trial.arms.values() for item in arm.taking]
    doses = protocol_of(items)[0].doses if items else ()
    return {name for d in doses for name in (d.drug, d.inhibitor) if name}
