"""What a cell says: numbers, bounds, words for low and high, dates, yes and no.

Numbers are plain: digits, a point, an exponent. A decimal comma is read only where the form says that it is one
(`decimal_comma`, in files whose columns are separated by semicolons or tabs); thousands separators are refused, since
`1,234` read the wrong way is wrong by a factor of a thousand and nobody would see it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isfinite

__all__ = ["CellError", "Value", "clean", "limit", "moment", "number", "value", "yes_no"]

EARLIEST_YEAR = 1900
"""No sample of a person in this file was drawn before."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d{1,3})?", re.ASCII)
_BOUND = re.compile(r"(<=|>=|=<|=>|[<>≤≥⩽⩾])\s*(.*)", re.DOTALL)
_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?", re.ASCII)
_DATE_START = re.compile(r"\d{4}-?(?:\d{2}|W\d{2})", re.ASCII)

_WORDS = {
    **dict.fromkeys(("low", "decreased", "reduced", "below normal", "\u2193"), "low"),
    **dict.fromkeys(("normal", "within normal limits", "within reference interval"), "normal"),
    **dict.fromkeys(("high", "increased", "elevated", "raised", "above normal", "\u2191"), "high"),
}
_DEGREE = re.compile(r"(?:very|slightly|mildly|moderately|markedly|strongly|severely|significantly|extremely)\s+(?=\w)")
_LIMITS = frozenset(
    (
        "lod", "loq", "lloq", "dl", "limit of detection", "limit of quantification", "limit of quantitation",
        "detection limit", "quantification limit", "quantitation limit",
    )
)  # fmt: skip
_BELOW = frozenset(
    (
        "blq", "bloq", "blod", "bdl", "not detected", "not detectable", "none detected", "undetectable", "undetected",
        "below lod", "below loq", "below lloq", "below detection", "below detection limit",
        "below limit of detection", "below the limit of detection", "below the detection limit",
        "below limit of quantification", "below quantification limit",
    )
)  # fmt: skip
_AMBIGUOUS = frozenset(("nd", "n.d.", "n.d", "n/d"))
_ABSENT = frozenset(
    ("", "-", "--", "–", "—", "na", "n/a", "n.a.", "nan", "null", "none", "not done", "not measured", "pending")
)


class CellError(ValueError):
    """A cell cannot be read. ``args[0]`` says what is wrong, ``hint`` what would be right; the form adds the place."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Value:
    """What a value cell says.

    Attributes
    ----------
    comparator : str
        ``=``, ``<``, ``>``, ``low``, ``normal`` or ``high``.
    number : float or None
        In the unit of the row; None for a word.
    half_digit : float
        Half a unit of the last digit written: two values that differ by less say the same.
    below_limit : bool
        True if the word was `<LOD` or its like.
    """

    comparator: str
    number: float | None = None
    half_digit: float = 0.0
    below_limit: bool = False


def clean(text: str) -> str:
    """``text`` without what cannot be printed: odd blanks are blanks, control and zero-width characters are nothing.

    Spreadsheets leave such characters behind, and a terminal or a report would obey them.
    """
    if text.isprintable():
        return text.strip()
    blanks = "".join(" " if c.isspace() else c for c in text)
    return "".join(c for c in blanks if not unicodedata.category(c).startswith("C")).strip()


def shown(text: str, most: int = 60) -> str:
    """``text`` on one line and not longer than ``most``, for messages."""
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else "?" for c in line)
    return line if len(line) <= most else line[: most - 3] + "..."


def number(text: str, *, decimal_comma: bool = False) -> tuple[float, float]:
    """The number in ``text`` and half a unit of its last digit.

    Raises
    ------
    CellError
        If it is not a plain finite number.
    """
    plain = text.strip().replace("\u2212", "-")
    if _COMMA.fullmatch(plain):
        if not decimal_comma:
            raise CellError(
                f"'{shown(text)}' has a comma in a number",
                "Write the number with a point and without thousands separators; a decimal comma is read only where"
                " semicolons separate the columns",
            )
        plain = plain.replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        raise CellError(f"'{shown(text)}' is not a number", "Write a plain number such as 157 or 0.35")
    found = float(plain)
    if not isfinite(found):
        raise CellError(f"'{shown(text)}' is too large for a number", "Write a plain number such as 157 or 0.35")
    exponent = Decimal(plain).as_tuple().exponent
    # a value such as 1e3 or 1200 may be rounded to hundreds, but nothing says so: at most the unit digit is rounded
    half = 0.5 * 10.0 ** min(exponent, 0) if isinstance(exponent, int) else 0.0
    return found, half


def limit(text: str, side: str, *, decimal_comma: bool = False) -> float:
    """The limit of a laboratory's interval: a number, or as it is printed, ``<15`` (high), ``>5`` (low).

    Raises
    ------
    CellError
        If it is not a plain number, or a bound of the other side.
    """
    bound = _BOUND.fullmatch(text.strip())
    if bound and (bound[1][0] in "<≤⩽" or bound[1] == "=<") == (side == "high"):
        text = bound[2]
    return number(text, decimal_comma=decimal_comma)[0]


def value(text: str, *, decimal_comma: bool = False) -> Value:
    """What a value cell says: a number, ``<x``, ``>x``, low, normal, high, or below the limit of detection.

    ``≤`` and ``≥`` are read as ``<`` and ``>``.

    Raises
    ------
    CellError
        If it is none of these.
    """
    plain = text.strip()
    word = re.sub(r"[\s_]+", " ", plain).lower().rstrip(".")
    if (plain_word := _DEGREE.sub("", word, count=1)) in _WORDS:  # how low is not said in numbers either way
        return Value(_WORDS[plain_word])
    if word in _BELOW:
        return Value("low", below_limit=True)
    if word in _ABSENT:
        raise CellError(
            f"the value is missing ('{plain}')" if plain else "the value is missing",
            "Leave the row out if it was not measured; write <LOD if it was below the limit of detection",
        )
    if plain.lower() in _AMBIGUOUS:
        raise CellError(
            f"'{plain}' may mean 'not detected' or 'not done'",
            "Write <LOD if it was below the limit of detection, and leave the row out if it was not measured",
        )
    bound = _BOUND.fullmatch(plain)
    if bound:
        below = bound[1][0] in "<≤⩽" or bound[1] == "=<"
        rest = bound[2].strip()
        if below and re.sub(r"[\s_]+", " ", rest).lower() in _LIMITS:
            return Value("low", below_limit=True)
        limit, half = number(rest, decimal_comma=decimal_comma)
        return Value("<" if below else ">", limit, half)
    try:
        found, half = number(plain, decimal_comma=decimal_comma)
    except CellError as error:
        if _COMMA.fullmatch(plain):
            raise
        raise CellError(
            f"'{shown(text)}' is not a value", "Write a number, <x, >x, <LOD, or low, normal or high"
        ) from error
    return Value("=", found, half)


def moment(text: str) -> datetime:
    """The date, or date and time, in ISO 8601 (``2024-03-05``, ``2024-03-05T10:30``).

    A month or a year gives its first day.
    An offset from UTC is read and dropped: the clock time where the sample was drawn is what the body's rhythms follow.

    Raises
    ------
    CellError
        If it is not ISO 8601, does not exist (30 February), lies before 1900 or in the future.
    """
    plain = text.strip()
    hint = "Write ISO 8601: 2024-03-05 or 2024-03-05T10:30"
    partial = _PARTIAL_DATE.fullmatch(plain)
    try:
        if partial:
            found = datetime(int(partial[1]), int(partial[2] or 1), 1)
        elif _DATE_START.match(plain):
            found = datetime.fromisoformat(plain).replace(tzinfo=None)
        else:
            raise ValueError
    except ValueError:
        raise CellError(f"'{shown(text)}' is not a date", hint) from None
    if found.year < EARLIEST_YEAR:
        raise CellError(f"'{shown(text)}' lies before {EARLIEST_YEAR}", hint)
    # a day of grace: the sample may have been drawn where it is already tomorrow
    if found.date() > date.today() + timedelta(days=1):
        raise CellError(f"'{shown(text)}' lies in the future", hint)
    return found


def yes_no(text: str) -> bool:
    """``yes`` or ``no`` (also y, n, true, false, 1, 0).

    Raises
    ------
    CellError
    """
    word = text.strip().lower()
    if word in ("yes", "y", "true", "1"):
        return True
    if word in ("no", "n", "false", "0"):
        return False
    raise CellError(f"'{shown(text)}' is neither yes nor no", "Write yes or no")
