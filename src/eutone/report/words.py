"""Numbers and nouns as a reader expects them: rounding, percentages, ages, specimens, and text that is safe to show."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence

from eutone._results import ExplanationResult, MeasurementResult, PersonResult, QuantityResult

__all__ = [
    "SPECIMENS",
    "VERDICTS",
    "age",
    "bits",
    "cap",
    "clean",
    "either",
    "factor",
    "hundredths",
    "listing",
    "marker_name",
    "number",
    "percent",
    "person",
    "place",
    "plural",
    "span",
    "title_case",
    "unit",
    "written",
]

DASH = "–"
UNKNOWN = "—"

SPECIMENS = {
    "csf": "CSF",
    "plasma": "plasma",
    "serum": "serum",
    "whole_blood": "whole blood",
    "platelets": "platelets",
    "urine": "urine",
    "dbs": "dried blood spot",
    "saliva": "saliva",
}

VERDICTS = {"informed": "informed", "weak": "weakly informed", "prior-only": "not informed"}

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def clean(text: object) -> str:
    """``text`` on one line, without control characters and without marks that reorder what a reader sees."""
    kept = (" " if c in "\t\n\r\u2028\u2029" else c for c in str(text))
    return "".join(c for c in kept if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})


def bits(value: float | None) -> str:
    """An amount of information: ``0.21 bit``."""
    return UNKNOWN if value is None else f"{hundredths(value)}\u00a0bit"


def hundredths(value: float | None) -> str:
    """A number whose error is some hundredths: ``−6.32``."""
    return number(value) if value is None or abs(value) >= 1000 else f"{value:.2f}".replace("-", "−")


def number(value: float | None, digits: int = 3) -> str:
    """Three significant digits, whole from 1000 on, a power of ten where zeros would pile up."""
    if value is None:
        return UNKNOWN
    if value == 0:
        return "0"
    size = abs(value)
    if 1e-3 <= size < 999.5:
        return f"{value:.{digits}g}".replace("-", "−")
    if 999.5 <= size < 99_999.5:
        return f"{value:.0f}".replace("-", "−")
    return _power(value, 2)


def _power(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.replace('-', '−')}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def span(low: float | None, high: float | None) -> str:
    """An interval: ``337–1299``, ``≥ 337``, ``≤ 1299``."""
    if low is None and high is None:
        return UNKNOWN
    if low is None:
        return f"≤ {number(high)}"
    if high is None:
        return f"≥ {number(low)}"
    return f"{number(low)}{DASH}{number(high)}"


def percent(share: float | None) -> str:
    """A probability in per cent; never 0 % or 100 %, which no finite computation can claim."""
    if share is None:
        return UNKNOWN
    hundred = 100 * share
    if hundred < 0.05:
        return "<\u00a00.1\u00a0%"
    if hundred > 99.95:
        return ">\u00a099.9\u00a0%"
    if hundred < 9.95 or hundred >= 99:
        return f"{hundred:.1f}\u00a0%"
    return f"{hundred:.0f}\u00a0%"


def factor(bayes_factor: float | None, log_bayes_factor: float | None = None) -> str:
    """A Bayes factor to two digits; from its logarithm where the number itself cannot be written."""
    if bayes_factor is None:
        if log_bayes_factor is None:
            return UNKNOWN
        if abs(log_bayes_factor) < 600:
            return factor(math.exp(log_bayes_factor))
        if abs(log_bayes_factor) > 1e4:
            return "> 10⁴³⁰⁰" if log_bayes_factor > 0 else "< 10⁻⁴³⁰⁰"
        exponent = math.floor(log_bayes_factor / math.log(10))
        mantissa = math.exp(log_bayes_factor - exponent * math.log(10))
        return f"{mantissa:.1f}×10{str(exponent).translate(_SUPERSCRIPT)}"
    if bayes_factor == 0:
        return "0"
    if 0.0095 <= bayes_factor < 99.5:
        return f"{bayes_factor:.2g}"
    if 99.5 <= bayes_factor < 9950:
        return f"{float(f'{bayes_factor:.2g}'):.0f}"
    return _power(bayes_factor, 2)


def age(years: float | None) -> str:
    """``12 days``, ``6 months``, ``3.5 years``, ``44 years``."""
    if years is None:
        return "age not stated"
    days = years * 365.25
    if days < 60:
        return plural(round(days), "day")
    if years < 2:
        return plural(round(years * 12), "month")
    return f"{years:.0f} years" if years >= 18 or abs(years - round(years)) < 0.05 else f"{years:.1f} years"


def person(who: PersonResult) -> str:
    """``girl, 12 days``, ``man, 44 years, 82 kg``."""
    child = who.age_years is not None and who.age_years < 18
    noun = {
        ("female", True): "girl",
        ("male", True): "boy",
        ("female", False): "woman" if who.age_years is not None else "female",
        ("male", False): "man" if who.age_years is not None else "male",
    }.get((who.sex or "", child), "sex not stated")
    parts = [noun, age(who.age_years)]
    if who.weight_kg is not None:
        parts.append(f"{number(who.weight_kg)} kg")
    if who.height_cm is not None:
        parts.append(f"{number(who.height_cm)} cm")
    return ", ".join(parts)


def unit(text: str | None) -> str:
    """A unit as people write it: ``umol/L`` becomes ``µmol/L``, the bare ``1`` of a ratio disappears."""
    return "" if text in (None, "1") else re.sub(r"\bu(?=(mol|g|L|M|U|IU|kat)\b)", "µ", str(text))


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """``1 day``, ``12 days``, ``2 quantities``."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"


def listing(items: Sequence[str], last: str = "and", most: int = 99) -> str:
    """``a, b and c``; with more than ``most`` items, ``a, b and 3 more``."""
    shown = list(items)
    if len(shown) > most:
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def either(members: Sequence[ExplanationResult], most: int = 4) -> str:
    """The causes of one class: ``a, b or c``."""
    return listing([member.name for member in members], "or", most)


def cap(text: str) -> str:
    """``text`` with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def title_case(text: str) -> str:
    """An identifier as a heading: ``one-carbon`` becomes ``One carbon``."""
    return cap(text.replace("_", " ").replace("-", " ").strip())


def marker_name(marker: str, name: str | None = None, specimen: str | None = None) -> str:
    """``CSF HVA`` from an id, a name and a specimen, each said once."""
    prefix, _, rest = marker.partition(".")
    known = prefix in SPECIMENS and bool(rest)
    where = SPECIMENS.get(specimen or (prefix if known else ""), specimen or "")
    text = name or (rest if known else marker)
    return text if not where or where.lower() in text.lower() else f"{where} {text}"


def place(item: QuantityResult) -> str:
    """The region of a quantity in words, empty where it has none or the name already says it."""
    region = (item.region or "").replace("_", " ").replace("-", " ")
    return "" if region.lower() in item.name.lower() else region


def written(row: MeasurementResult) -> str:
    """A measured value as written, without its unit: ``157``, ``< 5``, ``low``, ``z −3.1``."""
    match row.comparator:
        case "low" | "normal" | "high":
            return row.comparator
        case "z" | "z-linear":
            return f"z {number(row.value)}"
        case "<" | ">":
            return f"{row.comparator} {number(row.value)}"
        case _:
            return number(row.value)
