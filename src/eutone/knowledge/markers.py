"""The analytes that laboratories measure, and how to recognise one.

A marker is an analyte in a specimen, given in one way: ``csf.HVA`` per volume, ``urine.VMA/creatinine``,
``urine.VMA/24h``, ``csf.HVA:5-HIAA`` as a ratio. Serum and plasma are one marker unless the table holds both
(serotonin, which the platelets release when blood clots). ``readout`` names what the model predicts for it: the
marker's id without the way it is given. The body answers to that name or, if it does not, the marker is reported as
unused.

Spread enters the likelihood in four figures per marker (all standard deviations of the ln value), each with its source
and grade, from ``tables/variation.csv``:

=========  ============================================================================================================
analytic   of one sample measured twice in one laboratory
within     of one person sampled again at the same hour of another day
lab        between laboratories
load       how strongly the factor shared by all analytes of one spinal tap (flow, height, fraction) moves this one
=========  ============================================================================================================

What no source gives has the grade ``unknown`` and the wide value of the table's ``*`` rows: that is the only place
where a default stands (for ``within`` it is a share of the healthy spread, of which it is a part). ``healthy``, the
spread among healthy adults, is the published one or follows from the interval.

`find` reads a name as people write it. Case, spaces and punctuation do not matter (``5-HIAA`` = ``5hiaa``), Greek
letters are their names, and words for the specimen may be part of the name (``CSF HVA``). A parenthesis is part of the
name: ``HVA (ventricular)`` is not lumbar HVA, and no marker.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from eutone._errors import InputError
from eutone.knowledge import intervals, units
from eutone.knowledge._names import SPECIMENS, key_of, readings, specimen_of
from eutone.knowledge._table import Row, number, rows

__all__ = ["AmbiguousMarker", "Figure", "Marker", "find", "load", "specimen_of"]

UNKNOWN = "unknown"
_REFERENCE_AGE = 30.0
_LONGEST = 200
_TWO_NAMES = re.compile(r"([^()]+?)\s*\(([^()]+)\)")

_LOINC = re.compile(r"(?:loinc\s*:?\s*)?(\d{1,7}-\d)", re.IGNORECASE)


class AmbiguousMarker(InputError):  # noqa: N818
    """A name that several markers answer to, or that contradicts the specimen beside it. The hint lists the choices."""


@dataclass(frozen=True)
class Figure:
    """A number with its grade (``SEEN``, ``COMPUTED``, ``RECALLED``, ``ASSUMED`` or ``unknown``) and source key."""

    value: float
    grade: str
    source: str


@dataclass(frozen=True)
class Marker:
    """An analyte in a specimen, given in one way.

    Attributes
    ----------
    id, specimen, analyte : str
        ``urine.VMA/creatinine``, ``urine``, ``VMA``.
    kind : str
        ``concentration``, ``creatinine``, ``24h``, ``count`` (per 10^9 cells), ``ratio`` or ``activity``.
    name, system : str
        In words; ``dopamine``, ``serotonin``, ``norepinephrine``, ``pterin``, ``folate``, ``gaba``, ...
    unit : str
        The canonical unit (UCUM).
    molar_mass : float or None
        g/mol.
    iu_per_g : float or None
        International units per gram of the stated standard.
    loinc, synonyms : tuple of str
    readout : str or None
        What the model predicts for it; None where no model part does.
    parts : tuple of str
        For a ratio, the base ids of numerator and denominator.
    analytic, within, lab, load, healthy : Figure
        Standard deviations of the ln value (see the module's text).
    note : str
    """

    id: str
    specimen: str
    analyte: str
    kind: str
    name: str
    system: str
    unit: str
    molar_mass: float | None
    iu_per_g: float | None
    loinc: tuple[str, ...]
    synonyms: tuple[str, ...]
    readout: str | None
    parts: tuple[str, ...]
    analytic: Figure
    within: Figure
    lab: Figure
    load: Figure
    healthy: Figure
    note: str

    @property
    def base(self) -> str:
        """The id without the way it is given: ``urine.VMA``."""
        return self.id.partition("/")[0]


def _figure(table: dict[tuple[str, str], Figure], marker_id: str, quantity: str) -> Figure:
    base = marker_id.partition("/")[0]
    for scope in (marker_id, base, f"{base.partition('.')[0]}.*", "*"):
        if (scope, quantity) in table:
            return table[scope, quantity]
    raise InputError(f"no default for '{quantity}'", file="variation.csv", hint="a row for marker '*'")


def _build(
    row: Row,
    analytes: dict[str, Row],
    figures: dict[tuple[str, str], Figure],
    words: dict[str, list[str]],
    course: intervals.Course,
) -> Marker:
    marker_id = row["id"]
    base = marker_id.partition("/")[0]
    specimen, _, analyte = base.partition(".")
    about = analytes.get(analyte)
    if about is None:
        raise InputError(f"'{analyte}' is not in analytes.csv", file=row.file, row=row.line, column="id")
    parts = tuple(f"{specimen}.{part}" for part in analyte.split(":")) if ":" in analyte else ()
    if (marker_id, "healthy") in figures:
        healthy = figures[marker_id, "healthy"]
    else:
        found = course.healthy(marker_id, _REFERENCE_AGE, None)
        healthy = Figure(found.sd, "COMPUTED", found.source) if found else _figure(figures, marker_id, "healthy")
    analytic, lab, load = (_figure(figures, marker_id, q) for q in ("analytic", "lab", "load"))
    within = _figure(figures, marker_id, "within")
    if within.grade == UNKNOWN:  # a share of the healthy spread, of which it is a part
        within = Figure(within.value * healthy.value, UNKNOWN, within.source)
    return Marker(
        id=marker_id,
        specimen=specimen,
        analyte=analyte,
        kind=row["kind"],
        name=about["name"],
        system=about["system"],
        unit=row["unit"],
        molar_mass=number(about, "molar_mass"),
        iu_per_g=number(about, "iu_per_g"),
        loinc=tuple(row["loinc"].split()),
        synonyms=tuple(words.get(analyte, []) + words.get(base, [])),
        readout=row["readout"] or None,
        parts=parts,
        analytic=analytic,
        within=within,
        lab=lab,
        load=load,
        healthy=healthy,
        note=row["note"],
    )


def _read(folder: Path | None) -> dict[str, Marker]:
    analytes = {row["analyte"]: row for row in rows("analytes", folder)}
    words: dict[str, list[str]] = {}
    for row in rows("synonyms", folder):
        words.setdefault(row["of"], []).append(row["synonym"])
    figures = {}
    for row in rows("variation", folder):
        value = number(row, "value")
        if value is None:
            raise InputError("a figure without a value", file=row.file, row=row.line, column="value")
        figures[row["marker"], row["quantity"]] = Figure(value, row["grade"], row["source"])
    course = intervals.Course(folder)
    return {row["id"]: _build(row, analytes, figures, words, course) for row in rows("markers", folder)}


@lru_cache(maxsize=1)
def _packaged() -> dict[str, Marker]:
    return _read(None)


def load(folder: Path | None = None) -> dict[str, Marker]:
    """Every marker by id, in the table's order.

    Parameters
    ----------
    folder : Path, optional
        Tables to read instead of the package's own.

    Raises
    ------
    InputError
        If a table is broken: file, row and column.
    """
    return dict(_packaged()) if folder is None else _read(folder)


@dataclass(frozen=True)
class _Index:
    bases: dict[tuple[str, str], str]
    """(specimen, key of a name) -> base id."""
    kinds: dict[str, dict[str, str]]
    """base id -> kind -> marker id."""
    loinc: dict[str, str]
    ids: dict[str, str]


@lru_cache(maxsize=1)
def _index() -> _Index:
    bases: dict[tuple[str, str], str] = {}
    kinds: dict[str, dict[str, str]] = {}
    loinc: dict[str, str] = {}
    ids: dict[str, str] = {}
    for marker in _packaged().values():
        kinds.setdefault(marker.base, {})[marker.kind] = marker.id
        ids[marker.id.casefold()] = marker.id
        for name in (marker.analyte, marker.name, *marker.synonyms):
            bases[marker.specimen, key_of(name)] = marker.base
        for code in marker.loinc:
            loinc[code] = marker.id
    return _Index(bases, kinds, loinc, ids)


def find(name: str, specimen: str | None = None, unit: str | None = None) -> Marker | None:
    """The marker that a report means.

    Parameters
    ----------
    name : str
        An id, a LOINC code, or a name as a laboratory writes it.
    specimen : str, optional
        As a laboratory writes it; serum and plasma are one where the table holds one.
    unit : str, optional
        Decides between per volume, per creatinine and per 24 h, and between specimens where the name does not. Without
        a unit, or with one that measures nothing (``z``, ``qualitative``), the name decides, then per creatinine for
        qualitative results and per volume otherwise.

    Returns
    -------
    Marker or None
        None if nothing answers to the name in that specimen.

    Raises
    ------
    AmbiguousMarker
        If several markers do, or the name says another specimen than ``specimen``.
    """
    if len(name) > _LONGEST:
        return None
    index, told = _index(), specimen_of(specimen) if specimen and specimen.strip() else None
    if specimen and specimen.strip() and told is None:
        return None
    text = name.strip()
    kind = units.kind_of(unit) if unit else None
    qualitative = bool(unit) and kind is None
    if code := _LOINC.fullmatch(text):
        marker = index.loinc.get(code[1])
        return _agreed(marker, told, name) if marker else None
    if marker := index.ids.get(text.casefold()):
        if "/" not in marker:
            marker = _of_kind(index.kinds[marker], kind, qualitative and bool(told)) or marker
        return _agreed(marker, told, name)
    for reading in readings(text):
        found = _named(index, reading.name, told or reading.specimen)
        if reading.kind:
            found = [base for base in found if reading.kind in index.kinds[base]]
        if found:
            break
    else:
        return None
    kind = reading.kind or kind
    if len(found) > 1 and kind:
        found = [base for base in found if kind in index.kinds[base]] or found
    if len(found) > 1:
        raise AmbiguousMarker(f"'{name}' is measured in several specimens", hint="say which: " + ", ".join(found))
    if reading.specimen:
        _agreed(found[0], reading.specimen, name)
    chosen = _of_kind(index.kinds[found[0]], kind, qualitative)
    return _packaged()[chosen] if chosen else None


def _agreed(marker_id: str, told: str | None, name: str) -> Marker | None:
    """The marker, if its specimen is the one told (serum and plasma agree)."""
    specimen = marker_id.partition(".")[0]
    if told is not None and told != specimen and {told, specimen} != {"plasma", "serum"}:
        raise AmbiguousMarker(
            f"'{name}' says one specimen and the specimen beside it another: {specimen} and {told}",
            hint=f"{specimen} or {told} in both places",
        )
    return _packaged().get(marker_id)


def _of_kind(kinds: dict[str, str], kind: str | None, qualitative: bool) -> str | None:
    """The id of the kind asked for; the usual one where the unit does not tell or does not fit."""
    if kind in kinds:
        return kinds[kind]
    usual = ("creatinine", "concentration") if qualitative else ("concentration", "creatinine")
    return next((kinds[each] for each in usual if each in kinds), next(iter(kinds.values()), None))


def _named(index: _Index, text: str, told: str | None) -> list[str]:
    """Base ids that answer to ``text`` in the specimen told or, without one, in any.

    ``Homovanillic acid (HVA)`` is recognised because both of its names mean the same marker; ``HVA (ventricular)`` is
    not.
    """
    if (key := key_of(text)) == "":
        return []
    alike = {"plasma": ("plasma", "serum"), "serum": ("serum", "plasma")}
    order = SPECIMENS if told is None else alike.get(told, (told,))
    hits = list(dict.fromkeys(index.bases[each, key] for each in order if (each, key) in index.bases))
    if not hits and (both := _TWO_NAMES.fullmatch(text)):
        first, second = (_named(index, part, told) for part in both.groups())
        hits = first if first == second else []
    return hits[:1] if told else hits
