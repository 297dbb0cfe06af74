"""Treatment as papers write it: free text, read as far as it goes.

``on treatment: L-dopa/carbidopa 9 mg/kg/d + 5-HTP 7.5 mg/kg/d``, ``4 h after oral BH4 load``, ``none (before L-dopa)``,
``not stated``. What cannot be read is said; it is never guessed. Only a text that says that nothing was taken counts as
saying so: *none stated* does not.

What was given to see what it does (a load, a challenge, a bolus, a single or first dose) is one dose, wherever in the
text it stands, unless the text says how often or how long it was taken. Anything else is taken every day, and an hour
after it is an hour after the last of many.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from eutone._errors import InputError
from eutone._protocol import Dose, Protocol
from eutone.forms.taking import doses_of, joined
from eutone.forms.values import clean, shown
from eutone.knowledge import drugs

__all__ = ["treatment_of"]


def _any(*alternatives: str) -> str:
    return "(?:" + "|".join(alternatives) + ")"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_N = r"(\d+(?:\.\d+)?)"
_LONE = _any("single", "one", "first", "test", "loading")
_THERAPY = _any("treatment", "medication", "drugs?", "therapy")
_SAID = _any("stated", "given", "reported", "described", "known", "available")

_PARENTHESIS = re.compile(r"\([^()]*\)")
_SILENT = _pattern(
    _any(
        r"^(?:|various|n/?a|\?)$",
        rf"\b(?:not|none|nothing)\s+{_SAID}\b",
        r"\b(?:unknown|unstated|unclear|unspecified)\b",
    )
)
_NOTHING = _pattern(
    "^"
    + _any(
        "none",
        "nil",
        "no$",
        "nothing",
        "untreated",
        "unmedicated",
        r"(?:not|never)\s+(?:yet\s+|currently\s+|been\s+)*(?:treated|medicated)",
        rf"(?:not|never)\s+(?:yet\s+|currently\s+)?(?:on|taking|receiving|under|given)\s+(?:any\s+|specific\s+)?{_THERAPY}",
        rf"{_THERAPY}[- ]?(?:free|na[iï]ve)",
        rf"(?:off|without|no|declined|refused)\s+(?:all\s+|any\s+|specific\s+)?{_THERAPY}",
        rf"(?:before|pre-?)\s*(?:any\s+)?{_THERAPY}",
        "baseline",
    )
    + r"\b"
)
_HEAD = _pattern(
    "^"
    + _any("on", "under", "during", "receiving", "after starting", "treated with", rf"{_THERAPY} with", _THERAPY)
    + r"\b[\s:]*"
)
_SPLIT = _pattern(r"\s*(?:\+|;|,(?!\d)|\s&\s|\band\b|\bplus\b)\s*")
_AFTER = _pattern(rf"^{_N}\s*(h|hr|hours?|min|minutes?|d|days?)\s+after\s+(.*)$")
_WITHOUT = _pattern(r"^(?:before|without|no|not|off|prior to|pre)\b[\s-]*(.*)$")
_OFF = _pattern(r"^off\s+(\S.*?)\s+(?:for\s+|since\s+)?(\d.*)$")
_ENDED = r"\b" + _any("held", "stopped", "withheld", "withdrawn", "paused", "discontinued", "off") + r"\b"
_STOPPED = _pattern(rf"^(.*?){_ENDED}\s*(?:for\s+)?{_N}\s*(h|hours?|d|days?|wk|weeks?|mo|months?)\b.*$")
_FILLER = _pattern(
    r"~|\b"
    + _any(
        "oral", "orally", "p\\.?o\\.?", "i\\.?v\\.?", f"{_LONE} dose(?: of)?", "load(?:ing|ed)?", "challenge",
        "bolus", "test", "about", "approximately",
        "approx\\.?", "ca\\.?", "dose of", "high[- ]dose", "low[- ]dose", "a single", "single", "therapy", "treatment",
        "monotherapy", "supplement(?:ation)?", "=",
    )
    + r"(?=\s|$)"
)  # fmt: skip
_ONCE = _pattern(r"\b" + _any("load(?:ing|ed)?", "challenged?", "bolus", "single", rf"{_LONE}\s+dose") + r"\b")
_ESCALATED = _pattern(
    rf"\b{_N}\s*(?:[a-zµμ/]+\s+)?" + _any("escalated", "increased", "raised", "titrated", "rising") + r"\s+to\s+"
)
_DURATION = _pattern(
    rf"(?:for\s+)?(?:>=|≥|>|at least\s+|over\s+)?\s*{_N}\s*(d|days?|wks?|weeks?|mo|months?|y|yrs?|years?)\s*$"
)
_AMOUNT = _pattern(rf"{_N}\s*(?:mg|g|[uµμ]g|mcg|mmol|iu)\b")
_HOURS = {"h": 1.0, "m": 1.0 / 60.0, "d": 24.0, "w": 168.0}
_SPAN = {"d": "d", "w": "wk", "m": "mo", "y": "y"}


def treatment_of(text: str) -> tuple[Protocol, tuple[str, ...]]:
    """The protocol that a published treatment text says, and what of it could not be read.

    Parameters
    ----------
    text : str

    Returns
    -------
    protocol : Protocol
        ``stated`` is False if the text does not say what was taken.
    issues : tuple of str
    """
    plain = " ".join(clean(text).split())
    issues: list[str] = []
    while _PARENTHESIS.search(plain):
        for aside in _PARENTHESIS.findall(plain):
            if (drugs.find_within(aside) and re.search(r"\d", aside)) or _AMOUNT.search(aside):
                issues.append(f"treatment: '{shown(aside)}' is an aside and was not read")
        plain = " ".join(_PARENTHESIS.sub(" ", plain).split())
    if _SILENT.search(plain):
        return Protocol(stated=False), tuple(issues)
    if _NOTHING.match(plain):
        if drugs.find_within(plain) and not re.search(r"\bbefore\b", plain, re.IGNORECASE):
            issues.append(f"treatment: '{shown(plain)}' says none and names a drug; read as none")
        return Protocol(), tuple(issues)
    plain = _HEAD.sub("", _HEAD.sub("", plain))
    doses: list[Dose] = []
    for item in _SPLIT.split(_OFF.sub(r"\1 stopped \2", plain)):
        if any(c.isalnum() for c in item):
            doses += _item(item.strip(" .:"), issues)
    return Protocol(joined(doses), stated=bool(doses)), tuple(issues)


def _item(text: str, issues: list[str]) -> list[Dose]:
    """One item: a dose, a load some hours before, or something that was stopped some time before."""
    without, after, stopped = _WITHOUT.match(text), _AFTER.match(text), _STOPPED.match(text)
    if not stopped and re.search(_ENDED, text, re.IGNORECASE) and drugs.find_within(text):
        issues.append(f"treatment: '{shown(text)}' does not say since when; it is not read as taken")
        return []
    if without and drugs.find_within(without[1]):
        issues.append(f"treatment: '{shown(text)}' says what was not taken; it adds nothing")
        return []
    if after:
        hours = float(after[1]) * _HOURS[after[2][0].lower()]
        return [replace(dose, hours_since_dose=hours) for dose in _dose(after[3], text, issues)]
    if stopped:
        unit = stopped[3].lower()
        hours = float(stopped[2]) * (730.5 if unit.startswith("mo") else _HOURS[unit[0]])
        return [replace(dose, hours_since_dose=hours) for dose in _dose(stopped[1], text, issues)]
    return _dose(text, text, issues)


def _ids(doses: Sequence[Dose]) -> set[str | None]:
    return {dose.drug for dose in doses} | {dose.inhibitor for dose in doses}


def _lone(doses: list[Dose], text: str) -> list[Dose]:
    """One dose of each, where the text says so and not how often or how long."""
    if not _ONCE.search(text):
        return doses
    said = [dose.times_per_day is not None or dose.per_day or dose.days is not None for dose in doses]
    return [
        dose if often else replace(dose, times_per_day=1.0, days=1.0) for dose, often in zip(doses, said, strict=True)
    ]


def _dose(text: str, whole: str, issues: list[str]) -> list[Dose]:
    """The dose in the grammar of ``taking``; where it is not, the drugs that the text names, and an issue."""
    plain = _FILLER.sub(" ", text)
    if _ESCALATED.search(plain):
        plain = _ESCALATED.sub("", plain)
        issues.append(f"treatment: of '{shown(whole)}' the last dose was read")
    duration = _DURATION.search(plain)
    if duration:
        plain = f"{plain[: duration.start()]} for {duration[1]} {_SPAN[duration[2][0].lower()]}"
    plain = " ".join(plain.split())
    known = drugs.find_within(plain)
    words = plain.split()
    # the longest run of words from the name of the drug on that the grammar reads
    for first in range(len(words)) if known else ():
        starts = drugs.find_at_start(" ".join(words[first:]))
        for last in range(len(words), first, -1) if starts else ():
            try:
                found = doses_of(" ".join(words[first:last]))
            except InputError:
                continue
            names = {drug.id for drug in known} | {part for drug in known for part in drug.contains}
            if {dose.drug for dose in found} <= names:
                if last - first < len(words):
                    read = " ".join(words[first:last])
                    issues.append(f"treatment: of '{shown(whole)}' only '{shown(read)}' was read")
                rest = [drug for drug in known if drug.id not in _ids(found) and not set(drug.contains) & _ids(found)]
                return _lone([*found, *(part for drug in rest for part in doses_of(drug.name))], text)
    issues.append(f"treatment: '{shown(whole)}' is not known, and cannot be modelled")
    return [Dose(shown(text or whole, 200))]
