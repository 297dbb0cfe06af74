"""What healthy people have: a centre and 2.5-97.5 % bounds for every marker, at an age and a sex.

Laboratories print bands ("2-5 y: 233-928"), and a child is not another child on her birthday. Each row of
``tables/intervals.csv`` becomes a knot in x = ln(age + 1 month), in the middle of its band; a band wider than
`_WIDE_BAND` becomes two, a quarter in from either end, so that it stays flat inside; an open band (no upper age) is a
plateau that starts a quarter past its lower age. Between knots ln centre, the distances to the bounds and the
uncertainty are interpolated by monotone cubics (Fritsch and Carlson 1980): no jumps, no overshoot, flat beyond the
first and last knot. What a row gives (``form``) decides how it becomes a log-normal:

==========  ===========================================================================================================
interval    ``low``-``high`` are 2.5-97.5 %; the centre is ``centre`` (a median) or the geometric mean of the two
spread      ``centre`` is a mean, ``sd`` the standard deviation: the log-normal with these two moments
log         ``centre`` is a median, ``sd`` the standard deviation of the ln value
upper       only an upper limit: taken as the 97.5 % point of a spread of `ONE_SIDED_SD`, unless ``centre`` says where
            the centre may lie; it is uncertain in either case
lower       the same from below
==========  ===========================================================================================================

Three things are derived. A child curve (``tables/curves.csv``: exp(b0 + b1 x + b2 x²), x = ln(months + 1)) holds up to
its last age and is blended by a smooth step into the first adult band: extrapolated to 40 years it would halve a
healthy adult's HVA. A ratio without rows is the quotient of its parts' centres, with the width of its own ``ratio``
row. Urine without rows of its own is per creatinine times the creatinine of that age (``tables/creatinine.csv``), or
back.

``centre_sd`` says how unsure the centre itself is: nothing for a published interval of both bounds (the laboratory term
of the noise covers that), more for a one-sided limit, a value from memory, or one set by hand. It is in `CENTRE_SD`,
the one place. Unknown sex is the even mixture of both; unknown age the mixture over life, uniform in x: the centre is
the mean of the ln centres and the width holds the spread of the centres too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp, inf, log, sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eutone._errors import InputError
from eutone.knowledge._table import Row, number, rows

__all__ = ["CENTRE_SD", "ONE_SIDED_SD", "Course", "Interval", "healthy", "width"]

Z975 = 1.959963984540054
ONE_SIDED_SD = 0.5
UPPER, LOWER = "one-sided limit (upper)", "one-sided limit (lower)"
CENTRE_SD = {"SEEN": 0.0, "COMPUTED": 0.1, "RECALLED": 0.25, "ASSUMED": 0.5}
"""Standard deviation of the ln centre that a grade alone implies; a one-sided limit adds `ONE_SIDED_SD`."""

_OLDEST = 90.0
_WIDE_BAND = 1.5  # in x: a factor of 4.5 in age
_SEXES = ("female", "male")
_GRADES = tuple(CENTRE_SD)


@dataclass(frozen=True)
class Interval:
    """Healthy people of one age and sex, log-normal in two halves.

    Attributes
    ----------
    centre, low, high : float
        Median, 2.5 % and 97.5 % point, in the marker's canonical unit.
    source : str
        Keys of ``sources``, separated by ``;``.
    basis : str
        What the numbers rest on: ``interval``, ``mean and sd``, ``one-sided limit (upper)``, ``child curve``,
        ``derived ...``; with ``averaged over ages`` or ``averaged over sexes`` where these were not known.
    grade : str
        The weakest grade among the rows used.
    centre_sd : float
        Standard deviation of the uncertainty of ln centre itself.
    """

    centre: float
    low: float
    high: float
    source: str
    basis: str
    grade: str
    centre_sd: float

    @property
    def sd(self) -> float:
        """Standard deviation of the ln value among healthy people."""
        return log(self.high / self.low) / (2 * Z975)

    def z(self, value: float) -> float:
        """How many standard deviations of ln value ``value`` (> 0) lies from the centre; each side has its own."""
        side = self.high / self.centre if value >= self.centre else self.centre / self.low
        return Z975 * log(value / self.centre) / log(side)

    def at(self, z: float) -> float:
        """The value at ``z``; the inverse of `z`."""
        side = self.high / self.centre if z >= 0 else self.centre / self.low
        return self.centre * exp(z / Z975 * log(side))


@dataclass(frozen=True)
class _Knots:
    """A healthy course: knots in x and what is interpolated there.

    ``values`` (n, 4): ln centre, ln centre - ln low, ln high - ln centre, centre_sd. ``plateau`` is the lower age of
    the band that stays open. The meta data are those of the nearest knot.
    """

    x: NDArray[np.float64]
    values: NDArray[np.float64]
    meta: tuple[tuple[str, str, str], ...]
    first_age: float


def _x(age_years: float) -> float:
    return log(age_years + 1.0 / 12.0)


def width(row: Row) -> tuple[float, float, float, float, str]:
    """(ln centre, its distance to ln low, to ln high, centre_sd, basis) of one row.

    Raises
    ------
    InputError
        If the form is unknown, or its numbers are missing or not in order.
    """
    form, grade = row["form"], row["grade"]
    low, centre, high, sd = (number(row, column) for column in ("low", "centre", "high", "sd"))
    unsure = CENTRE_SD.get(grade, CENTRE_SD["ASSUMED"])
    half = ONE_SIDED_SD * Z975
    match form:
        case "interval" if low and high and low < high:
            middle = log(centre) if centre else 0.5 * (log(low) + log(high))
            return middle, middle - log(low), log(high) - middle, unsure, "interval"
        case "spread" if centre and sd and centre > 0 and sd > 0:
            variance = log(1.0 + (sd / centre) ** 2)
            wide = Z975 * sqrt(variance)
            return log(centre) - variance / 2, wide, wide, unsure, "mean and sd"
        case "log" if centre and sd and centre > 0 and sd > 0:
            return log(centre), Z975 * sd, Z975 * sd, unsure, "median and ln sd"
        case "upper" if high and high > 0 and (centre is None or centre < high):
            middle = log(centre) if centre else log(high) - half
            return middle, half, log(high) - middle, sqrt(unsure**2 + ONE_SIDED_SD**2), UPPER
        case "lower" if low and low > 0 and (centre is None or centre > low):
            middle = log(centre) if centre else log(low) + half
            return middle, middle - log(low), half, sqrt(unsure**2 + ONE_SIDED_SD**2), LOWER
        case "ratio" if sd and sd > 0:
            return 0.0, Z975 * sd, Z975 * sd, unsure, "derived from its parts"
    raise InputError(f"a row of form '{form}' without its numbers, or not in order", file=row.file, row=row.line)


def _knots(found: list[Row]) -> _Knots:
    places = []
    for row in found:
        young, old = number(row, "age_low") or 0.0, number(row, "age_high")
        if old is None:
            places.append((_x(young * 1.25), row))
            continue
        first, last = _x(young), _x(old)
        inset = 0.25 if last - first > _WIDE_BAND else 0.5
        places.extend((first + share * (last - first), row) for share in dict.fromkeys((inset, 1.0 - inset)))
    places.sort(key=lambda place: place[0])
    data = [width(row) for _, row in places]
    plateaus = [number(row, "age_low") or 0.0 for _, row in places if number(row, "age_high") is None]
    return _Knots(
        np.array([x for x, _ in places]),
        np.array([entry[:4] for entry in data]),
        tuple((row["source"], entry[4], row["grade"]) for (_, row), entry in zip(places, data, strict=True)),
        min(plateaus, default=0.0),
    )


def _monotone(x: NDArray[np.float64], y: NDArray[np.float64], at: float) -> float:
    """Monotone cubic through (x, y), flat outside (Fritsch and Carlson 1980, harmonic-mean slopes)."""
    if at <= x[0] or len(x) == 1:
        return float(y[0])
    if at >= x[-1]:
        return float(y[-1])
    h, d = np.diff(x), np.diff(y) / np.diff(x)
    slope = np.zeros_like(y)  # flat at both ends, so that the constant parts join without a kink
    same = d[:-1] * d[1:] > 0
    w1, w2 = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope[1:-1] = np.where(same, (w1 + w2) / (w1 / d[:-1] + w2 / d[1:]), 0.0)
    i = int(np.searchsorted(x, at, side="right")) - 1
    t = (at - x[i]) / h[i]
    return float(
        (1 + 2 * t) * (1 - t) ** 2 * y[i]
        + t * (1 - t) ** 2 * h[i] * slope[i]
        + t * t * (3 - 2 * t) * y[i + 1]
        + t * t * (t - 1) * h[i] * slope[i + 1]
    )


class Course:
    """The healthy courses of one folder of tables, indexed: read once, asked often.

    Raises
    ------
    InputError
        If a row cannot be understood.
    """

    def __init__(self, folder: Path | None) -> None:
        by_marker: dict[tuple[str, str], list[Row]] = {}
        for row in rows("intervals", folder):
            for sex in _SEXES if row["sex"] == "any" else (row["sex"],):
                by_marker.setdefault((row["marker"], sex), []).append(row)
        self.knots = {key: _knots(found) for key, found in by_marker.items()}
        self.curves = {row["marker"]: row for row in rows("curves", folder)}
        by_sex: dict[tuple[str, str], list[Row]] = {}
        for row in rows("creatinine", folder):
            for sex in _SEXES if row["sex"] == "any" else (row["sex"],):
                by_sex.setdefault((row["quantity"], sex), []).append(row)
        self.creatinine = {key: _knots(found) for key, found in by_sex.items()}

    def healthy(self, marker: str, age: float | None, sex: str | None) -> Interval | None:
        """`at`, averaged over what is not known."""
        if age is None:
            ages = [exp(x) - 1.0 / 12.0 for x in np.linspace(_x(0.0), _x(_OLDEST), 25)]
            known = [part for each in ages if (part := self.healthy(marker, max(each, 0.0), sex)) is not None]
            return _mixture(known, "ages") if known else None
        if sex is not None:
            return self.at(marker, age, sex)
        both = [part for each in _SEXES if (part := self.at(marker, age, each)) is not None]
        return _mixture(both, "sexes") if len(both) == 2 and both[0] != both[1] else next(iter(both), None)

    def at(self, marker: str, age: float, sex: str) -> Interval | None:
        """The interval at a known age and sex, None if nothing is known of the marker."""
        found = self.knots.get((marker, sex))
        if found is None:
            return self._from_creatinine(marker, age, sex)
        own = _read(found, age)
        if marker in self.curves:
            own = self._child(self.curves[marker], age, own, found.first_age)
        if own.basis == "derived from its parts":
            specimen, _, parts = marker.partition(".")
            above, below = (self.at(f"{specimen}.{part}", age, sex) for part in parts.split(":"))
            if above is None or below is None:
                return None
            return _quotient(own, above, below)
        return own

    def _child(self, curve: Row, age: float, adult: Interval, adult_age: float) -> Interval:
        last, b0, b1, b2, below, above = (number(curve, c) or 0.0 for c in ("age_high", "b0", "b1", "b2", "kl", "ku"))
        if age >= adult_age:
            return adult
        x = log(12.0 * age + 1.0)
        middle = b0 + b1 * x + b2 * x * x
        t = min(max((age - last) / (adult_age - last), 0.0), 1.0)
        w = t * t * (3 - 2 * t)

        def mix(child: float, grown: float) -> float:
            return (1 - w) * child + w * grown

        centre = mix(middle, log(adult.centre))
        low = centre - mix(below, log(adult.centre / adult.low))
        high = centre + mix(above, log(adult.high / adult.centre))
        if w == 0:
            source, basis, grade = curve["source"], "child curve", curve["grade"]
        else:
            source, basis = _join(curve["source"], adult.source), "child curve blended into the adult plateau"
            grade = _weakest(curve["grade"], adult.grade)
        unsure = mix(CENTRE_SD[curve["grade"]], adult.centre_sd)
        return Interval(exp(centre), exp(low), exp(high), source, basis, grade, unsure)

    def _from_creatinine(self, marker: str, age: float, sex: str) -> Interval | None:
        """A urine marker of one kind from its sibling of another."""
        if not marker.startswith("urine."):
            return None
        base, _, kind = marker.partition("/")
        for sibling in ("creatinine", "24h", ""):
            other = f"{base}/{sibling}" if sibling else base
            if other == marker or (other, sex) not in self.knots:
                continue
            known = _read(self.knots[other, sex], age)
            centre, sd, grade, source = log(known.centre), known.sd**2, known.grade, known.source
            for name, sign in ((sibling, -1.0), (kind, 1.0)):
                quantity = {"": "concentration", "24h": "excretion"}.get(name)
                if quantity:  # umol/mmol creatinine x mmol creatinine per litre or per 24 h
                    amount = _read(self.creatinine[quantity, sex], age)
                    centre += sign * log(amount.centre)
                    sd += amount.sd**2
                    grade, source = _weakest(grade, amount.grade), _join(source, amount.source)
            wide = Z975 * sqrt(sd)
            basis = f"derived from {other} and the creatinine of that age"
            unsure = sqrt(known.centre_sd**2 + CENTRE_SD["RECALLED"] ** 2)
            return Interval(exp(centre), exp(centre - wide), exp(centre + wide), source, basis, grade, unsure)
        return None


def _read(knots: _Knots, age: float) -> Interval:
    x = _x(age)
    centre, below, above, unsure = (_monotone(knots.x, knots.values[:, k], x) for k in range(4))
    source, basis, grade = knots.meta[int(np.argmin(np.abs(knots.x - x)))]
    return Interval(exp(centre), exp(centre - below), exp(centre + above), source, basis, grade, unsure)


def _quotient(own: Interval, above: Interval, below: Interval) -> Interval:
    centre = above.centre / below.centre
    return replace(
        own,
        centre=centre,
        low=centre * own.low / own.centre,
        high=centre * own.high / own.centre,
        source=_join(own.source, above.source, below.source),
        grade=_weakest(own.grade, above.grade, below.grade),
        centre_sd=sqrt(own.centre_sd**2 + above.centre_sd**2 + below.centre_sd**2),
    )


def _join(*sources: str) -> str:
    return ";".join(dict.fromkeys(key for source in sources for key in source.split(";") if key))


def _weakest(*grades: str) -> str:
    return max(grades, key=_GRADES.index)


def _mixture(parts: list[Interval], note: str) -> Interval:
    """The log-normal with the mean and the whole spread of an even mixture."""
    centres = np.array([log(part.centre) for part in parts])
    middle = float(centres.mean())
    below = sqrt(float(np.mean([log(part.centre / part.low) ** 2 for part in parts])) + Z975**2 * float(centres.var()))
    above = sqrt(float(np.mean([log(part.high / part.centre) ** 2 for part in parts])) + Z975**2 * float(centres.var()))
    return Interval(
        exp(middle),
        exp(middle - below),
        exp(middle + above),
        _join(*(part.source for part in parts)),
        f"{parts[len(parts) // 2].basis}, averaged over {note}",
        _weakest(*(part.grade for part in parts)),
        sqrt(float(np.mean([part.centre_sd**2 for part in parts]))),
    )


@lru_cache(maxsize=1)
def _packaged() -> Course:
    return Course(None)


def healthy(marker_id: str, age_years: float | None, sex: str | None, *, folder: Path | None = None) -> Interval | None:
    """Centre and 2.5-97.5 % bounds of a marker among healthy people, in its canonical unit.

    Parameters
    ----------
    marker_id : str
        An id of ``markers``.
    age_years : float or None
        Years since birth, 0 or more; None averages over life.
    sex : str or None
        ``female`` or ``male``; None averages over both.
    folder : Path, optional
        Tables to read instead of the package's own.

    Returns
    -------
    Interval or None
        None if nothing is known of the marker.

    Raises
    ------
    InputError
        If the age is negative or not a number, or the sex is another word.
    """
    if age_years is not None and not 0.0 <= age_years < inf:
        raise InputError(f"{age_years} is not an age", hint="years since birth, 0 or more")
    if sex is not None and sex not in _SEXES:
        raise InputError(f"'{sex}' is not a sex that the intervals know", hint="female or male, or nothing")
    return (_packaged() if folder is None else Course(folder)).healthy(marker_id, age_years, sex)
