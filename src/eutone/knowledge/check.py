"""Whether the tables can be trusted: what ``eutone knowledge check`` runs.

A loader stops at the first broken cell; the checker reads the text itself and reports everything it finds, so that a
table can be mended in one sitting. What it cannot check is whether a number is true: that is what grades and sources
are for, and it makes sure that they are there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

from eutone._errors import InputError
from eutone.knowledge import drugs, explanations, intervals, markers, units
from eutone.knowledge._names import key_of, specimen_of
from eutone.knowledge._table import GRADES, Row, number, rows

__all__ = ["RECALLED_LN_SD", "Problem", "loinc_is_valid", "problems"]

_COLUMNS = {
    "explanation_priors": ("explanation", "setting", "value", "source", "grade"),
    "explanations": (
        "explanation", "name", "kind", "form", "form_weight", "parameter", "distribution", "median", "ln_sd", "upper",
        "draw", "power", "source", "grade",
    ),
    "analytes": ("analyte", "name", "system", "formula", "molar_mass", "iu_per_g", "note"),
    "creatinine": ("quantity", "sex", "age_low", "age_high", "form", "low", "centre", "high", "sd", "grade", "source"),
    "curves": ("marker", "age_high", "b0", "b1", "b2", "kl", "ku", "grade", "source", "note"),
    "intervals": ("marker", "sex", "age_low", "age_high", "form", "low", "centre", "high", "sd", "grade", "source"),
    "markers": ("id", "kind", "unit", "loinc", "readout", "note"),
    "sources": ("key", "citation", "identifier", "note"),
    "synonyms": ("of", "synonym", "note"),
    "units": ("spelling", "over", "dimension", "factor", "prefixes", "note"),
    "variation": ("marker", "quantity", "value", "grade", "source", "note"),
}  # fmt: skip
RECALLED_LN_SD = 0.4
"""The least spread of a number from memory: half as much again either way, in two of three cases."""

_QUANTITIES = ("analytic", "within", "lab", "load", "healthy")
_ATOMS = {"C": 12.011, "H": 1.008, "N": 14.007, "O": 15.999, "P": 30.974, "S": 32.06, "Cu": 63.546}
_AGES = (0.0, 0.1, 1.0, 5.0, 12.0, 17.0, 40.0, 80.0)
_MASS_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Problem:
    """Something wrong with a table: where (``row`` counts the header as 1; 0 if it is no single row) and what."""

    table: str
    row: int
    column: str
    message: str

    def __str__(self) -> str:
        place = f"{self.table}.csv" + (f", row {self.row}" if self.row else "")
        return f"{place}{f', column {self.column!r}' if self.column else ''}: {self.message}"


def loinc_is_valid(code: str) -> bool:
    """Whether the last digit of a LOINC code is its check digit (mod 10, every second digit from the right doubled)."""
    if not re.fullmatch(r"\d{1,7}-\d", code):
        return False
    body, _, check = code.partition("-")
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return (10 - total % 10) % 10 == int(check)


def problems(folder: Path | None = None) -> list[Problem]:
    """Everything that is wrong with the knowledge tables, empty if nothing is.

    Parameters
    ----------
    folder : Path, optional
        Tables to check instead of the package's own.
    """
    tables: dict[str, tuple[Row, ...]] = {}
    found: list[Problem] = []
    for name, columns in _COLUMNS.items():
        try:
            tables[name] = rows(name, folder)
        except InputError as error:
            found.append(_from(name, error))
            continue
        if not tables[name]:
            found.append(Problem(name, 0, "", "the table is empty"))
        elif missing := [column for column in columns if column not in tables[name][0]]:
            found.append(Problem(name, 1, ", ".join(missing), "the column is missing"))
    if found:
        return found  # nothing below can be read without its columns
    for check in (
        _sources,
        _analytes,
        _units,
        _markers,
        _loinc,
        _synonyms,
        _healthy_rows,
        _variation,
        _recalled,
        _prior_rows,
    ):
        found.extend(check(tables))
    if not found:
        found.extend(_loads(folder, tables))
    return found


def _from(table: str, error: InputError) -> Problem:
    return Problem((error.file or table).removesuffix(".csv"), error.row or 0, error.column or "", error.message)


def _twice(table: tuple[Row, ...], columns: tuple[str, ...]) -> Iterator[Problem]:
    seen = Counter(tuple(row[column] for column in columns) for row in table)
    for row in table:
        key = tuple(row[column] for column in columns)
        if seen[key] > 1:
            yield Problem(row.file.removesuffix(".csv"), row.line, columns[0], f"{' '.join(key)} is there twice")


def _figures(row: Row, *columns: str) -> Iterator[Problem]:
    for column in columns:
        try:
            number(row, column)
        except InputError as error:
            yield _from(row.file, error)


def _cited(row: Row, known: set[str]) -> Iterator[Problem]:
    name = row.file.removesuffix(".csv")
    keys = [key for key in row["source"].split(";") if key]
    if not keys:
        yield Problem(name, row.line, "source", "no source")
    for key in keys:
        if key not in known:
            yield Problem(name, row.line, "source", f"'{key}' is not in sources.csv")
    if row["grade"] not in GRADES and not (name == "variation" and row["marker"].endswith("*")):
        yield Problem(name, row.line, "grade", f"'{row['grade']}' is none of {', '.join(GRADES)}")


def _sources(tables: dict[str, tuple[Row, ...]]) -> Iterator[Problem]:
    yield from _twice(tables["sources"], ("key",))
    for row in tables["sources"]:
        if not row["key"] or not row["citation"]:
            yield Problem("sources", row.line, "citation", "a source needs a key and a citation")


def _mass_of(formula: str) -> float | None:
    parts = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    if "".join(a + n for a, n in parts) != formula or any(atom not in _ATOMS for atom, _ in parts):
        return None
    return sum(_ATOMS[atom] * int(count or 1) for atom, count in parts)


def _analytes(tables: dict[str, tuple[Row, ...]]) -> Iterator[Problem]:
    yield from _twice(tables["analytes"], ("analyte",))
    for row in tables["analytes"]:
        for column in ("analyte", "name", "system"):
            if not row[column]:
                yield Problem("analytes", row.line, column, "empty")
        wrong = list(_figures(row, "molar_mass", "iu_per_g"))
        yield from wrong
        given = None if wrong else number(row, "molar_mass")
        if given is not None and given <= 0:
            yield Problem("analytes", row.line, "molar_mass", "not positive")
        if row["formula"] and not wrong:
            mass = _mass_of(row["formula"])
            if mass is None:
                yield Problem("analytes", row.line, "formula", f"'{row['formula']}' cannot be read")
            elif given is None or abs(given / mass - 1) > _MASS_TOLERANCE:
                yield Problem("analytes", row.line, "molar_mass", f"{given} where {row['formula']} weighs {mass:.2f}")


def _units(tables: dict[str, tuple[Row, ...]]) -> Iterator[Problem]:
    yield from _twice(tables["units"], ("spelling", "over"))
    for row in tables["units"]:
        yield from (wrong := list(_figures(row, "factor")))
        if not wrong and not (number(row, "factor") or 0.0) > 0:
            yield Problem("units", row.line, "factor", "not positive")
        if row["prefixes"] not in ("yes", "no") or row["over"] not in ("", "over"):
            yield Problem("units", row.line, "prefixes", "prefixes is yes or no, over is 'over' or empty")


def _markers(tables: dict[str, tuple[Row, ...]]) -> Iterator[Problem]:
    yield from _twice(tables["markers"], ("id",))
    analytes = {row["analyte"]: row for row in tables["analytes"]}
    bases = {row["id"].partition("/")[0] for row in tables["markers"]}
    for row in tables["markers"]:
        base, _, way = row["id"].partition("/")
        specimen, _, analyte = base.partition(".")
        if specimen_of(specimen) != specimen:
            yield Problem("markers", row.line, "id", f"'{specimen}' is not a specimen")
        if analyte not in analytes:
            yield Problem("markers", row.line, "id", f"'{analyte}' is not in analytes.csv")
        if (way or row["kind"]) != row["kind"]:
            yield Problem("markers", row.line, "kind", f"'{row['kind']}' for an id that ends in '{way}'")
        if not row["unit"]:
            yield Problem("markers", row.line, "unit", "no unit")
        else:
            yield from _unit_of(row, analytes.get(analyte))
        if row["readout"] not in ("", base):
            yield Problem("markers", row.line, "readout", f"'{row['readout']}' is not '{base}': not shared")
        for part in analyte.split(":") if ":" in analyte else ():
            if f"{specimen}.{part}" not in bases:
                yield Problem("markers", row.line, "id", f"'{specimen}.{part}' is not a marker")


def _unit_of(row: Row, analyte: Row | None) -> Iterator[Problem]:
    try:
        unit = units.parse(row["unit"])
    except InputError as error:
        yield Problem("markers", row.line, "unit", error.message)
        return
    if unit.kind != row["kind"]:
        yield Problem("markers", row.line, "unit", f"'{row['unit']}' is {unit.kind}, the kind says {row['kind']}")
    if unit.top == "mol" and analyte is not None and not analyte["molar_mass"]:
        yield Problem("markers", row.line, "unit", f"{row['unit']} without a molar mass of {analyte['analyte']}")


def _loinc(tables: dict[str, tuple[Row, ...]]) -> Iterator[Problem]:
    seen = Counter(code for row in tables["markers"] for code in row["loinc"].split())
    for row in tables["markers"]:
        for code in row["loinc"].split():
            if not loinc_is_valid(code):
                yield Problem("markers", row.line, "loinc", f"'{code}' is not a LOINC code: its check digit is wrong")
            elif seen[code] > 1:
                yield Problem("markers", row.line, "loinc", f"'{code}' stands for several markers")


def _synonyms(tables: dict[str, tuple[Row, ...]]) -> Iterator[Problem]:
    """Within a specimen one name means one marker."""
    bases = {row["id"].partition("/")[0] for row in tables["markers"]}
    known = {base.partition(".")[2] for base in bases}
    names = {row["analyte"]: row["name"] for row in tables["analytes"]}
    means: dict[tuple[str, str], set[str]] = {}
    for base in bases:
        specimen, _, analyte = base.partition(".")
        for name in (analyte, names.get(analyte, analyte)):
            means.setdefault((specimen, key_of(name)), set()).add(base)
    for row in tables["synonyms"]:
        if row["of"] not in known | bases:
            yield Problem("synonyms", row.line, "of", f"'{row['of']}' is not an analyte or marker")
        if not key_of(row["synonym"]):
            yield Problem("synonyms", row.line, "synonym", "empty")
        for base in bases:
            if row["of"] in (base, base.partition(".")[2]):
                means.setdefault((base.partition(".")[0], key_of(row["synonym"])), set()).add(base)
    for row in tables["synonyms"]:
        for (specimen, key), meant in means.items():
            if len(meant) > 1 and key == key_of(row["synonym"]):
                both = " and ".join(sorted(meant))
                yield Problem("synonyms", row.line, "synonym", f"'{row['synonym']}' in {specimen} means {both}")


def _healthy_rows(tables: dict[str, tuple[Row, ...]]) -> Iterator[Problem]:
    known = {row["key"] for row in tables["sources"]}
    ids = {row["id"] for row in tables["markers"]}
    for name, of in (("intervals", "marker"), ("creatinine", "quantity"), ("curves", "marker")):
        groups: dict[tuple[str, str], list[tuple[float, float, Row]]] = {}
        for row in tables[name]:
            yield from _cited(row, known)
            if of == "marker" and row["marker"] not in ids:
                yield Problem(name, row.line, "marker", f"'{row['marker']}' is not a marker")
            if name == "curves":
                yield from _figures(row, "age_high", "b0", "b1", "b2", "kl", "ku")
                continue
            wrong = list(_figures(row, "age_low", "age_high", "low", "centre", "high", "sd"))
            yield from wrong
            if wrong:
                continue
            yield from _ordered(name, row)
            old = number(row, "age_high")
            span = (number(row, "age_low") or 0.0, float("inf") if old is None else old, row)
            for sex in ("female", "male") if row["sex"] == "any" else (row["sex"],):
                groups.setdefault((row[of], sex), []).append(span)
        for bands in groups.values():
            bands.sort(key=lambda band: band[:2])
            for (_, end, _), (start, _, row) in pairwise(bands):
                if start < end:
                    yield Problem(name, row.line, "age_low", "the band overlaps the one before it")


def _ordered(name: str, row: Row) -> Iterator[Problem]:
    if row["sex"] not in ("any", "female", "male"):
        yield Problem(name, row.line, "sex", f"'{row['sex']}' is none of any, female, male")
    young, old = number(row, "age_low"), number(row, "age_high")
    if young is None or young < 0 or (old is not None and old <= young):
        yield Problem(name, row.line, "age_low", "ages are not in order")
    low, centre, high = number(row, "low"), number(row, "centre"), number(row, "high")
    values = [value for value in (low, centre, high) if value is not None]
    if any(a >= b for a, b in pairwise(values)) or any(value <= 0 for value in values):
        yield Problem(name, row.line, "low", "low, centre and high are not positive and in order")
        return
    try:
        intervals.width(row)
    except InputError as error:
        yield _from(name, error)


def _variation(tables: dict[str, tuple[Row, ...]]) -> Iterator[Problem]:
    yield from _twice(tables["variation"], ("marker", "quantity"))
    known = {row["key"] for row in tables["sources"]}
    ids = {row["id"] for row in tables["markers"]} | {"*"}
    scopes = ids | {each.partition("/")[0] for each in ids} | {f"{each.partition('.')[0]}.*" for each in ids}
    for row in tables["variation"]:
        yield from _cited(row, known)
        if row["marker"] not in scopes:
            yield Problem("variation", row.line, "marker", f"'{row['marker']}' is not a marker")
        if row["quantity"] not in _QUANTITIES:
            yield Problem("variation", row.line, "quantity", f"'{row['quantity']}' is none of {', '.join(_QUANTITIES)}")
        yield from (wrong := list(_figures(row, "value")))
        value = None if wrong else number(row, "value")
        if not wrong and (value is None or not 0 <= value <= 2):
            yield Problem("variation", row.line, "value", "not a standard deviation of a ln value")
    given = {(row["marker"], row["quantity"]) for row in tables["variation"]}
    for quantity in _QUANTITIES:
        if ("*", quantity) not in given:
            yield Problem("variation", 0, "marker", f"no default ('*') for {quantity}")


def _recalled(tables: dict[str, tuple[Row, ...]]) -> Iterator[Problem]:
    for row in tables["explanations"]:
        yield from (wrong := list(_figures(row, "ln_sd")))
        spread = None if wrong else number(row, "ln_sd")
        if row["grade"] == "RECALLED" and not wrong and (spread or 0.0) < RECALLED_LN_SD:
            yield Problem("explanations", row.line, "ln_sd", f"RECALLED, so at least {RECALLED_LN_SD:g}")


def _prior_rows(tables: dict[str, tuple[Row, ...]]) -> Iterator[Problem]:
    yield from _twice(tables["explanation_priors"], ("explanation", "setting"))
    for row in tables["explanation_priors"]:
        if not row["source"]:
            yield Problem("explanation_priors", row.line, "source", "no source")


def _sound_priors(folder: Path | None) -> Iterator[Problem]:
    """Whoever is asked about, in whatever setting, there is a prior, and it is one."""
    said = set()
    for setting, sex, stated in product(explanations.SETTINGS, (None, *explanations.SEXES), (True, False)):
        try:
            found = explanations.priors(setting, taking_stated=stated, sex=sex, folder=folder)
        except InputError as error:
            problem = _from("explanation_priors", error)
        else:
            if min(found.values()) >= 0 and abs(sum(found.values()) - 1) < 1e-9:
                continue
            whose = f"{setting}, {sex or 'any sex'}"
            problem = Problem("explanation_priors", 0, "value", f"{whose}: {sum(found.values()):g} together, not 1")
        if problem not in said:
            yield problem
        said.add(problem)


def _loads(folder: Path | None, tables: dict[str, tuple[Row, ...]]) -> Iterator[Problem]:
    """The typed loaders read every table, and every marker has healthy people at every age and both sexes."""
    loaders: Iterable[tuple[str, Callable[[], object]]] = (
        ("markers", lambda: markers.load(folder)),
        ("explanations", lambda: explanations.load(folder)),
        ("drugs", lambda: drugs.load(folder)),
    )
    for name, load in loaders:
        try:
            load()
        except InputError as error:
            yield _from(name, error)
    yield from _sound_priors(folder)
    course = intervals.Course(folder)
    for row in tables["markers"]:
        for sex in ("female", "male"):
            found = [course.at(row["id"], age, sex) for age in _AGES]
            if None in found:
                yield Problem("intervals", 0, "marker", f"{row['id']} has no interval for {sex} people")
            elif any(each is not None and not 0 < each.low < each.centre < each.high for each in found):
                yield Problem("intervals", 0, "marker", f"{row['id']} is not in order at some age")
