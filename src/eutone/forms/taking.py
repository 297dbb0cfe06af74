"""What somebody takes, as one line of text in the grammar of `GRAMMAR`.

Such as ``levodopa 100 mg 3/d with carbidopa 25 mg last 2 h ago for 6 mo``, ``5-HTP 7.5 mg/kg/d``, ``sertraline``. After
the name the parts may stand in any order, each once. What is left out is unknown, and averaged over its usual range.

A name that ``knowledge.drugs`` has may contain digits and words of the grammar. Any other name reaches as far as the
first thing that looks like a part; it is kept, with no id, and reported as not modelled. A product of several drugs
becomes the main drug with its inhibitor, and what else it contains an item of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from eutone._errors import InputError
from eutone._protocol import Dose, Protocol
from eutone.forms.values import clean, shown
from eutone.knowledge import drugs

__all__ = ["GRAMMAR", "UNITS", "doses_of", "joined", "parse_taking", "protocol_of", "text_of"]

GRAMMAR = (
    "NAME [DOSE UNIT[/kg][/d]] [N/d | every N h | at HH:MM,...] [with INHIBITOR [DOSE UNIT]] [last N h ago] "
    "[for N d|wk|mo]"
)
_HINT = f"Write {GRAMMAR}, such as: levodopa 100 mg 3/d with carbidopa 25 mg"

UNITS = {
    **dict.fromkeys(("mg", "milligram", "milligrams"), "mg"),
    **dict.fromkeys(("g", "gram", "grams"), "g"),
    **dict.fromkeys(("ug", "\u00b5g", "\u03bcg", "mcg", "microgram", "micrograms"), "ug"),
    "mmol": "mmol",
    **dict.fromkeys(("umol", "\u00b5mol", "\u03bcmol"), "umol"),
    **dict.fromkeys(("iu", "u"), "IU"),
}
_N = r"(\d+(?:\.\d+)?)"
_UNIT = "(" + "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True)) + ")"
_DAY = r"(?:d|day)"
_PER = r"\s*(?:/|\bper\b)\s*"
_END = r"(?![\w./:%])"
_DAYS = {"d": 1.0, "day": 1.0, "wk": 7.0, "week": 7.0, "mo": 30.4375, "month": 30.4375, "y": 365.25, "year": 365.25}
_HOURS = {"h": 1.0, "hr": 1.0, "hour": 1.0, "d": 24.0, "day": 24.0, "min": 1.0 / 60.0, "wk": 168.0, "week": 168.0}
_TIMES = {"once": 1.0, "twice": 2.0, "three times": 3.0, "four times": 4.0, "bid": 2.0, "tid": 3.0, "qid": 4.0}


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_PARTS = {
    "dose": _pattern(rf"{_N}(?:\s*/\s*{_N})?\s*{_UNIT}({_PER}kg)?({_PER}{_DAY})?{_END}"),
    "times": _pattern(rf"{_N}\s*(?:x\s*)?(?:/|\btimes a\b|\bper\b)\s*{_DAY}{_END}"),
    "word": _pattern(r"(once|twice|three times|four times)\s+(?:daily|a day|per day)\b|(bid|tid|qid|daily)\b"),
    "every": _pattern(rf"every\s+{_N}\s*(?:h|hr|hours?){_END}"),
    "at": _pattern(r"at\s+(\d{1,2}:\d{2}(?:\s*,\s*\d{1,2}:\d{2})*)(?![\w:])"),
    "with": _pattern(rf"with\s+([^\d]+?)(?:\s+{_N}\s*{_UNIT})?(?=\s+(?:last|for|every|at)\b|\s+\d|\s*$)"),
    "last": _pattern(rf"last\s+{_N}\s*(h|hr|hour|d|day|min|wk|week)s?\s+ago\b"),
    "for": _pattern(rf"for\s+{_N}\s*(d|day|wk|week|mo|month|y|year)s?{_END}"),
}
# what ends the name of something unknown
_STARTS = re.compile(
    rf"\s(?:{_N}\s*(?:/\s*\d|{_UNIT}{_PER}|{_UNIT}{_END}|(?:x\s*)?/\s*d)|every\s+\d|at\s+\d|with\s|last\s+\d|for\s+\d"
    r"|(?:once|twice)\s|(?:bid|tid|qid|daily)\b)",
    re.IGNORECASE,
)
_BARE_NUMBER = re.compile(r"\s\d+(?:[.,]\d+)?(?:\s*[^\s\w]?\w{1,4})?(?:/\w+)*$")
_THOUSANDS = re.compile(r"(?<![\d:.,])[1-9]\d{0,2},\d{3}(?![\d:])")
_LONGEST = 300


def _wrong(text: object, message: str, hint: str = _HINT) -> InputError:
    return InputError(f"taking '{shown(str(text))}': {message}", column="taking", hint=hint)


def doses_of(text: object) -> tuple[Dose, ...]:
    """The items that one line says: one, or for a product of several drugs one for each that is not its inhibitor.

    Raises
    ------
    InputError
        If what follows the name is not in the grammar, or an amount or a time is impossible.
    """
    plain = " ".join(clean(text).replace("\u2212", "-").split()) if isinstance(text, str) else ""
    if not plain or not any(c.isalnum() for c in plain):
        raise _wrong(text, "no name")
    if len(plain) > _LONGEST:
        raise _wrong(text, "too long for one item", "Give --taking once for each item")
    if thousands := _THOUSANDS.search(plain):
        raise _wrong(
            text,
            f"'{thousands[0]}' may be a decimal comma or a thousands separator",
            "Write numbers with a point and without thousands separators",
        )
    # a decimal comma is no list here: lists have a blank or a colon around their commas
    plain = re.sub(r"(?<![\d:])(\d+),(\d+)(?![\d:])", r"\1.\2", plain)
    known = drugs.find_at_start(plain)
    if known and (known[1] == len(plain) or plain[known[1]].isspace()):
        drug: drugs.Drug | None = known[0]
        name, rest = plain[: known[1]], plain[known[1] :].strip()
    else:
        start = _STARTS.search(plain)
        name, rest = (plain[: start.start()], plain[start.start() :].strip()) if start else (plain, "")
        drug = drugs.find(name)
        if not any(c.isalpha() for c in name):
            raise _wrong(text, "no name")
        if drug is None and _BARE_NUMBER.search(name):
            raise _wrong(
                text,
                "an amount needs a unit that is known",
                f"One of {', '.join(sorted(set(UNITS.values())))}; {_HINT}",
            )
    reader = _Parts(Dose(name, drug.id if drug else None), str(text), drug)
    reader.read(rest)
    return _products(reader.dose, drug)


@dataclass
class _Parts:
    """Reads the parts after the name into ``dose``; each method takes the match of the pattern of its name."""

    dose: Dose
    text: str
    drug: drugs.Drug | None

    def read(self, rest: str) -> None:
        seen: set[str] = set()
        while rest:
            kind, match = next(
                ((kind, found) for kind, pattern in _PARTS.items() if (found := pattern.match(rest))), (None, None)
            )
            if kind is None or match is None:
                raise _wrong(self.text, f"'{shown(rest, 40)}' is not understood")
            group = "times" if kind in ("word", "every", "at") else kind
            if group in seen:
                raise _wrong(self.text, f"'{shown(match[0], 40)}' says again what was said before", "Say it once")
            seen.add(group)
            self.dose = replace(self.dose, **getattr(self, f"_{kind}")(match))
            rest = rest[match.end() :].lstrip(" ,;")

    def _dose(self, match: re.Match[str]) -> dict[str, object]:
        amount, second = self._positive(match[1]), match[2] and self._positive(match[2])
        unit = UNITS[match[3].lower()]
        said: dict[str, object] = {"unit": unit, "per_kg": bool(match[4]), "per_day": bool(match[5])}
        if not second:
            return said | {"amount": amount}
        if self.drug is None or len(self.drug.contains) != 2:
            raise _wrong(self.text, f"'{match[0]}' has two amounts", "Two amounts are those of a product of two drugs")
        # printed in either order on the boxes; there always is more of the precursor than of its inhibitor
        low, high = sorted((amount, second))
        return said | {"amount": high, "inhibitor_amount": low, "inhibitor_unit": unit}

    def _times(self, match: re.Match[str]) -> dict[str, object]:
        return {"times_per_day": self._positive(match[1], 48.0)}

    def _word(self, match: re.Match[str]) -> dict[str, object]:
        return {"times_per_day": _TIMES.get((match[1] or match[2]).lower(), 1.0)}

    def _every(self, match: re.Match[str]) -> dict[str, object]:
        hours = self._positive(match[1], 24.0 * 366)
        if hours < 0.5:
            raise _wrong(self.text, f"'{match[0]}' is too often", "At most 48 times a day")
        return {"times_per_day": 24.0 / hours}

    def _at(self, match: re.Match[str]) -> dict[str, object]:
        hours = []
        for clock in match[1].split(","):
            hour, minute = (int(part) for part in clock.strip().split(":"))
            if hour > 23 or minute > 59:
                raise _wrong(self.text, f"{clock.strip()} is not a time of day", "Write times such as 07:30,19:00")
            hours.append((60 * hour + minute) / 60.0)
        if len(set(hours)) < len(hours):
            raise _wrong(self.text, "a time of day is there twice", "Write each time once")
        return {"clock_hours": tuple(sorted(hours)), "times_per_day": float(len(hours))}

    def _with(self, match: re.Match[str]) -> dict[str, object]:
        inhibitor = drugs.find(match[1])
        if inhibitor is None or inhibitor.kind != drugs.AADC_INHIBITOR:
            names = ", ".join(each.name for each in drugs.load().values() if each.kind == drugs.AADC_INHIBITOR)
            raise _wrong(
                self.text,
                f"'{shown(match[1], 40)}' is not an inhibitor that is given with a precursor",
                f"With one of {names}; give anything else as an item of its own",
            )
        if self.drug is not None and any(drugs.load()[part].kind == inhibitor.kind for part in self.drug.contains):
            raise _wrong(self.text, f"{self.drug.name} already contains an inhibitor", "Say it once")
        amount = self._positive(match[2]) if match[2] else None
        unit = UNITS[match[3].lower()] if match[3] else None
        return {"inhibitor": inhibitor.id, "inhibitor_amount": amount, "inhibitor_unit": unit}

    def _last(self, match: re.Match[str]) -> dict[str, object]:
        hours = float(match[1]) * _HOURS[match[2].lower()]
        if not hours <= 24 * 366:
            raise _wrong(self.text, f"'{match[0]}' is too long ago", "Leave out what was stopped more than a year ago")
        return {"hours_since_dose": hours}

    def _for(self, match: re.Match[str]) -> dict[str, object]:
        return {"days": self._positive(match[1]) * _DAYS[match[2].lower()]}

    def _positive(self, text: str, most: float = 1e7) -> float:
        found = float(text)
        if not 0.0 < found <= most:
            raise _wrong(self.text, f"{shown(text, 20)} is impossible here", f"A number above 0, at most {most:g}")
        return found


def _products(dose: Dose, drug: drugs.Drug | None) -> tuple[Dose, ...]:
    """A product as its main drug with the inhibitor, and what else it contains without an amount."""
    if drug is None or not drug.contains:
        return (dose,)
    main, *others = drug.contains
    table = drugs.load()
    items = [replace(dose, drug=main)]
    for other in others:
        if table[other].kind == drugs.AADC_INHIBITOR:
            items[0] = replace(items[0], inhibitor=other)
        else:
            items.append(
                Dose(
                    dose.name,
                    other,
                    times_per_day=dose.times_per_day,
                    clock_hours=dose.clock_hours,
                    hours_since_dose=dose.hours_since_dose,
                    days=dose.days,
                )
            )
    return tuple(items)


def parse_taking(text: object) -> Dose:
    """The main item that one line says (see `doses_of`)."""
    return doses_of(text)[0]


def protocol_of(taking: str | Iterable[object] | Protocol | None) -> tuple[Protocol, tuple[str, ...]]:
    """The protocol that the items say, and what is to be said about it.

    Parameters
    ----------
    taking : text, texts, Protocol or None
        One item each. None was not stated; an empty list, or ``none``, declares that nothing is taken.

    Raises
    ------
    InputError
        If an item is not in the grammar, or ``none`` stands beside another item.
    """
    if taking is None:
        return Protocol(stated=False), ()
    if isinstance(taking, Protocol):
        return taking, ()
    items = [taking] if isinstance(taking, str) else list(taking)
    if any(isinstance(item, str) and item.strip().lower() == "none" for item in items):
        if len(items) > 1:
            raise InputError(
                "taking says none and something else", column="taking", hint="Leave out 'none', or everything else"
            )
        return Protocol(), ()
    doses: list[Dose] = []
    issues = []
    for item in items:
        for dose in doses_of(item):
            if dose.drug is not None and any(dose.drug == other.drug for other in doses):
                issues.append(f"taking: {dose.name} is there more than once; all are kept")
            if dose.drug is None:
                issues.append(f"taking: '{shown(dose.name)}' is not known, and cannot be modelled")
            doses.append(dose)
    return Protocol(joined(doses)), tuple(issues)


def joined(doses: Iterable[Dose]) -> tuple[Dose, ...]:
    """The doses with an inhibitor that is listed by itself joined to the levodopa that it is given with."""
    items = list(doses)
    table = drugs.load()
    alone = [one for one in items if one.drug is not None and table[one.drug].kind == drugs.AADC_INHIBITOR]
    bare = [at for at, one in enumerate(items) if one.drug == "levodopa" and one.inhibitor is None]
    if len(alone) != 1 or not bare:
        return tuple(items)
    inhibitor = alone[0]
    for at in bare:
        # an amount is per dose there: one per day or per kilogram is not said of the same thing
        plain = inhibitor.amount is not None and not (inhibitor.per_kg or inhibitor.per_day)
        items[at] = replace(
            items[at],
            inhibitor=inhibitor.drug,
            inhibitor_amount=inhibitor.amount if plain else None,
            inhibitor_unit=inhibitor.unit if plain else None,
        )
    return tuple(one for one in items if one is not inhibitor)


def text_of(dose: Dose) -> str:
    """The item in the grammar of `doses_of`, which reads it back as the same dose."""
    table = drugs.load()
    known = table.get(dose.drug or "")
    found = drugs.find_at_start(dose.name)
    # a product's name says its inhibitor itself; the name of one of its drugs does not
    names_itself = known is None or (found is not None and found[0].id == dose.drug)
    parts = [dose.name if names_itself or known is None else known.name]
    if dose.amount is not None:
        parts.append(f"{_plain(dose.amount)} {dose.unit}{'/kg' if dose.per_kg else ''}{'/d' if dose.per_day else ''}")
    if dose.clock_hours:
        minutes = [round(hour * 60) for hour in dose.clock_hours]
        parts.append("at " + ",".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes))
    elif dose.times_per_day is not None:
        parts.append(f"{_plain(dose.times_per_day)}/d")
    if dose.inhibitor is not None:
        amount = f" {_plain(dose.inhibitor_amount)} {dose.inhibitor_unit}" if dose.inhibitor_amount is not None else ""
        parts.append(f"with {table[dose.inhibitor].name}{amount}")
    if dose.hours_since_dose is not None:
        parts.append(f"last {_plain(dose.hours_since_dose)} h ago")
    if dose.days is not None:
        parts.append(f"for {_plain(dose.days)} d")
    return " ".join(parts)


def _plain(number: float) -> str:
    """The number without an exponent, as the grammar reads it back to the last bit."""
    digits = format(Decimal(repr(number)), "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
