"""From a panel to observations: which measurement enters, where it lies, and why another does not.

A value enters as the ln fold of the healthy centre at that age and sex. Where the laboratory gives its own interval the
value's place between the bounds counts instead (in ln, the interval taken as 95 %): laboratories differ more in scale
than in what they call normal. Where it prints one limit only (``<15``, ``0-15``) that is taken as the 97.5 % point
(a lower one as the 2.5 %), and our spread says where the centre lies; since a single limit is as often one of decision,
the centre is then as uncertain as that of a one-sided row of ours (`ONE_SIDED_SD`). ``<x``, ``>x`` and words are
intervals. One analyte is one observation: the same analyte in another unit, a ratio whose parts were both measured, and
a second visit say nothing new and are left out, by name.

Where age or sex was not said every combination that it may be is a context, and the likelihood averages over them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, inf, log, sqrt

import numpy as np

from eutone._panel import Measurement, Panel
from eutone._person import Person
from eutone.inference.likelihood import Likelihood, Observation
from eutone.inference.noise import Noise, columns_of
from eutone.knowledge import intervals
from eutone.knowledge.intervals import ONE_SIDED_SD, Interval
from eutone.knowledge.markers import Marker

__all__ = ["Context", "Observed", "Use", "contexts_of", "hours_of", "noise_of", "observe"]

Z975 = 1.959963984540054

_AGES = 9
_OLDEST = 90.0

_OWN_SCALE = ("z", "z-linear", "low", "normal", "high")
"""Said against the laboratory's own healthy people, even where its interval is not shown."""

_LOWEST_LINEAR = -0.95
"""A linear z-score cannot say how far below zero a value lies: at this share of the mean and less it is a bound."""


@dataclass(frozen=True)
class Context:
    """One age and sex that the person may have, and its probability."""

    age_years: float
    sex: str
    probability: float


@dataclass(frozen=True)
class Use:
    """What became of one measurement.

    Attributes
    ----------
    measurement : Measurement
    used : bool
    why : str or None
        Why it was not used, or how it was.
    interval : Interval or None
        Healthy interval at this age and sex.
    z : float or None
        Standard score of the ln value, or of its limit.
    observation : int or None
        Position among the observations.
    """

    measurement: Measurement
    used: bool
    why: str | None
    interval: Interval | None = None
    z: float | None = None
    observation: int | None = None


@dataclass(frozen=True)
class Observed:
    """A panel, ready for the likelihood.

    Attributes
    ----------
    likelihood : Likelihood
    uses : tuple of Use
        One per measurement, in the panel's order.
    centres : tuple of float, (n_observations,)
        ln of the healthy centre, canonical unit, averaged over contexts: adds to a predicted ln fold.
    crowded : tuple of str
        Markers whose healthy spread the body already fills.
    contexts : tuple of Context
    """

    likelihood: Likelihood
    uses: tuple[Use, ...]
    centres: tuple[float, ...]
    crowded: tuple[str, ...]
    contexts: tuple[Context, ...]


def contexts_of(person: Person) -> tuple[Context, ...]:
    """Every age and sex that the person may have. Unknown ages are even in ln(age + 1 month), as the intervals'."""
    if person.age_years is not None:
        ages = [person.age_years]
    else:
        edges = np.linspace(log(1 / 12), log(_OLDEST + 1 / 12), _AGES + 1)
        ages = [max(exp(x) - 1 / 12, 0.0) for x in 0.5 * (edges[1:] + edges[:-1])]
    sexes = [person.sex] if person.sex else ["female", "male"]
    each = 1.0 / (len(ages) * len(sexes))
    return tuple(Context(age, sex, each) for age in ages for sex in sexes)


Places = list[tuple[float, float]]
"""Ln folds between which a value lies, per context."""


@dataclass
class _Candidate:
    """A measurement that may enter."""

    at: int
    measurement: Measurement
    marker: Marker
    terms: tuple[tuple[int, float], ...]
    healthy: list[Interval]
    own: Interval | None

    def place(self) -> Places | str:
        """Ln folds between which the value lies, per context; or why it cannot be placed."""
        found = [_place(self.measurement, h, _own(self.measurement, h)) for h in self.healthy]
        bad = [f for f in found if isinstance(f, str)]
        return bad[0] if bad else [f for f in found if not isinstance(f, str)]


def observe(panel: Panel, person: Person, noise: Noise, markers: Mapping[str, Marker], *, threads: int = 1) -> Observed:
    """Choose, place and weigh the measurements of a panel.

    Parameters
    ----------
    panel, person
        What was measured, and whose it is.
    noise : Noise
        Healthy people of the body.
    markers : mapping of str to Marker
        `knowledge.markers.load()`.
    """
    contexts = contexts_of(person)
    candidates, uses, placed = _kept(panel, person, noise.readouts, markers)
    loads = {m.readout: m.load.value for m in markers.values() if m.readout}
    ratios = _ratios(candidates, placed, markers, uses)

    observations: list[Observation] = []
    centres: list[float] = []
    crowded: list[str] = []
    for c in candidates:
        if not uses[c.at].used:
            continue
        marker, terms, places, healthy = c.marker, c.terms, placed[c.at], c.healthy
        why = c.own.basis if c.own else None
        if c.at in ratios:
            marker, terms, places = ratios[c.at]
            healthy = _healthy(marker.id, contexts) or healthy
            why = f"with its other part it gives {marker.id}"
        unsure = c.own.centre_sd if c.own else sqrt(float(np.mean([h.centre_sd**2 for h in healthy])))
        own = (c.own is not None and not unsure) or c.measurement.comparator in _OWN_SCALE
        load, sd, full = noise.parts(
            marker,
            terms,
            sqrt(float(np.mean([h.sd**2 for h in healthy]))),
            loads,
            own_interval=own,
            centre_sd=unsure,
        )
        offset = sum(k * float(noise.centre[column]) for column, k in terms)
        low, high = (tuple(p[side] + offset for p in places) for side in (0, 1))
        uses[c.at] = Use(
            c.measurement, True, why, shown := _interval(c.marker.id, person), _z(c, shown), len(observations)
        )
        cuts = _cuts(c, offset) if c.measurement.comparator in ("low", "normal", "high") else ()
        observations.append(Observation(marker.id, terms, low, high, load, sd, cuts))
        centres.append(float(np.mean([log(h.centre) for h in healthy])) - offset)
        if full:
            crowded.append(marker.id)
    likelihood = _merged(tuple(observations), contexts, threads)
    return Observed(likelihood, tuple(uses), tuple(centres), tuple(crowded), contexts)


def hours_of(panel: Panel, person: Person, readouts: Sequence[str], markers: Mapping[str, Marker]) -> dict[str, float]:
    """Hours between the last dose and the sample, by read-out, where the measurement that is used says so.

    Repeats that are left out say nothing of the hour either. Where an analyte and a ratio of it were taken at different
    hours, the analyte's own counts.
    """
    candidates, _, _ = _kept(panel, person, readouts, markers)
    found: dict[str, float] = {}
    for c in sorted(candidates, key=lambda c: not c.marker.parts):  # ratios first
        for column, _ in c.terms:
            found.pop(readouts[column], None)
            if c.measurement.hours_since_dose is not None:
                found[readouts[column]] = c.measurement.hours_since_dose
    return found


def noise_of(
    marker: Marker, person: Person, noise: Noise, markers: Mapping[str, Marker]
) -> tuple[Observation, float] | None:
    """The observation that ``marker`` would be if it were measured, its value left at zero, and its ln centre.

    None where the body predicts nothing for it or nothing is known of healthy people.
    """
    terms = columns_of(marker, noise.readouts, markers)
    healthy = _healthy(marker.id, contexts_of(person))
    if not terms or not healthy:
        return None
    loads = {m.readout: m.load.value for m in markers.values() if m.readout}
    load, sd, _ = noise.parts(
        marker,
        terms,
        sqrt(float(np.mean([h.sd**2 for h in healthy]))),
        loads,
        own_interval=False,
        centre_sd=sqrt(float(np.mean([h.centre_sd**2 for h in healthy]))),
    )
    offset = sum(k * float(noise.centre[column]) for column, k in terms)
    centre = float(np.mean([log(h.centre) for h in healthy])) - offset
    return Observation(marker.id, terms, (0.0,), (0.0,), load, sd), centre


def _kept(
    panel: Panel, person: Person, readouts: Sequence[str], markers: Mapping[str, Marker]
) -> tuple[list[_Candidate], list[Use], dict[int, Places]]:
    """One measurement of each analyte, what became of every measurement, and the places of those that are kept.

    What has no place is left out first: it does not oust a repeat that has one.
    """
    contexts = contexts_of(person)
    uses: list[Use] = []
    candidates: list[_Candidate] = []
    placed: dict[int, Places] = {}
    for at, m in enumerate(panel.measurements):
        found = _candidate(at, m, person, contexts, readouts, markers)
        if isinstance(found, Use):
            uses.append(found)
        elif isinstance(place := found.place(), str):
            uses.append(Use(m, False, place, _interval(found.marker.id, person)))
        else:
            candidates.append(found)
            uses.append(Use(m, True, None))
            placed[at] = place
    _leave_repeats(candidates, uses)
    return [c for c in candidates if uses[c.at].used], uses, placed


def _candidate(
    at: int,
    m: Measurement,
    person: Person,
    contexts: Sequence[Context],
    readouts: Sequence[str],
    markers: Mapping[str, Marker],
) -> _Candidate | Use:
    if m.marker is None or m.marker not in markers:
        return Use(m, False, m.why or "not a marker that Eutone knows")
    marker = markers[m.marker]
    shown = _interval(marker.id, person)
    own = _own(m, shown)
    z = _z_of(m, own or shown) if shown else None
    terms = columns_of(marker, readouts, markers)
    if not terms:
        return Use(m, False, "the model has no read-out for it", shown, z)
    healthy = _healthy(marker.id, contexts)
    if not healthy:
        return Use(m, False, "nothing is known of healthy people of this age")
    return _Candidate(at, m, marker, terms, healthy, own)


def _healthy(marker: str, contexts: Sequence[Context]) -> list[Interval]:
    found = [intervals.healthy(marker, c.age_years, c.sex) for c in contexts]
    return [f for f in found if f is not None] if all(f is not None for f in found) else []


def _interval(marker: str, person: Person) -> Interval | None:
    return intervals.healthy(marker, person.age_years, person.sex)


def _own(m: Measurement, ours: Interval | None) -> Interval | None:
    """The laboratory's interval: of both its bounds or, with our spread about the centre, of its only one.

    A lower bound of zero is none. A word beside one bound stays a word against that bound and our other one (`_place`).
    """
    low, high = (bound if bound and bound > 0 else None for bound in (m.low, m.high))
    if low and high:
        centre, basis = sqrt(low * high), "placed in the laboratory's own interval"
        return Interval(centre, low, high, "laboratory", basis, "SEEN", 0.0) if low < high else None
    if ours is None or not (low or high) or m.comparator in _OWN_SCALE:
        return None
    scale = high / ours.high if high else (low or 0.0) / ours.low
    basis = f"placed by the laboratory's only limit, the {'upper' if high else 'lower'} one"
    centre, low, high = (scale * bound for bound in (ours.centre, ours.low, ours.high))
    return Interval(centre, low, high, "laboratory", basis, "SEEN", ONE_SIDED_SD)


def _leave_repeats(candidates: list[_Candidate], uses: list[Use]) -> None:
    """Of several measurements of the same analyte keep one: the latest, then per creatinine, then the first."""
    by_terms: dict[tuple[tuple[int, float], ...], list[_Candidate]] = {}
    for c in candidates:
        by_terms.setdefault(c.terms, []).append(c)
    for group in by_terms.values():
        if len(group) < 2:
            continue
        times = [c.measurement.collected for c in group]
        latest = max((t for t in times if t is not None), default=None)
        visit = [c for c, t in zip(group, times, strict=True) if t == latest] or group
        best = next((c for c in visit if c.marker.kind == "creatinine"), visit[0])
        for c in group:
            if c is not best:
                other = c.measurement.collected != best.measurement.collected
                why = "another visit; the latest one is used" if other else f"the same analyte as {best.marker.id}"
                uses[c.at] = Use(c.measurement, False, why)


def _cuts(c: _Candidate, offset: float) -> tuple[float, ...]:
    """Where ``low`` ends and ``high`` begins, in the first context."""
    words = [_place(replace(c.measurement, comparator=word), c.healthy[0], c.own) for word in ("low", "high")]
    below, above = (w for w in words if not isinstance(w, str))
    return below[1] + offset, above[0] + offset


def _ratios(
    candidates: list[_Candidate], placed: dict[int, Places], markers: Mapping[str, Marker], uses: list[Use]
) -> dict[int, tuple[Marker, tuple[tuple[int, float], ...], Places]]:
    """What ratios become: nothing beside both parts; the missing part beside one; themselves alone."""
    live = {c.marker.base: c for c in candidates if uses[c.at].used and not c.marker.parts}
    found: dict[int, tuple[Marker, tuple[tuple[int, float], ...], Places]] = {}
    for c in candidates:
        if not c.marker.parts or not uses[c.at].used:
            continue
        measured = [part in live for part in c.marker.parts]
        if all(measured):
            uses[c.at] = Use(c.measurement, False, "both of its parts were measured")
        elif any(measured):
            above = measured[0]
            known, missing = (c.marker.parts[0], c.marker.parts[1]) if above else (c.marker.parts[1], c.marker.parts[0])
            one, ratio = placed[live[known].at], placed[c.at]
            exact = all(low == high for low, high in [*one, *ratio])
            if exact and missing in markers:
                folds = [a[0] - r[0] if above else a[0] + r[0] for a, r in zip(one, ratio, strict=True)]
                column = next(k for k, s in c.terms if s == (-1.0 if above else 1.0))
                found[c.at] = (markers[missing], ((column, 1.0),), [(f, f) for f in folds])
    return found


def _place(m: Measurement, healthy: Interval, own: Interval | None) -> tuple[float, float] | str:
    """Ln folds of the healthy centre between which the value lies."""
    scale = own or healthy

    def fold(value: float) -> float:
        return log(healthy.at(scale.z(value)) / healthy.centre) if own else log(value / healthy.centre)

    if m.comparator in ("low", "normal", "high"):
        below, above = log(healthy.low / healthy.centre), log(healthy.high / healthy.centre)
        if not own and m.low is not None and m.low > 0:
            below = fold(m.low)
        if not own and m.high is not None and m.high > 0:
            above = fold(m.high)
        if "one-sided limit" in healthy.basis and not own:
            below = -inf if m.comparator == "normal" and m.low is None else below
        return {"low": (-inf, below), "normal": (below, above), "high": (above, inf)}[m.comparator]
    if m.value is None:
        return "no value"
    if m.comparator == "z":
        at = log(healthy.at(m.value) / healthy.centre)
        return at, at
    if m.comparator == "z-linear":
        relative = m.value * sqrt(exp(healthy.sd**2) - 1.0)
        if relative <= _LOWEST_LINEAR:
            return -inf, log(1.0 + _LOWEST_LINEAR)
        at = log1p_mean(relative, healthy.sd)
        return at, at
    if m.value <= 0:
        return "a value of zero has no place on a logarithmic scale; write it as < the detection limit"
    at = fold(m.value)
    return {"=": (at, at), "<": (-inf, at), ">": (at, inf)}[m.comparator]


def log1p_mean(relative: float, sd: float) -> float:
    """Ln fold of the median of a value ``1 + relative`` times the mean of a log-normal."""
    return float(np.log1p(relative)) + sd**2 / 2


def _z_of(m: Measurement, interval: Interval | None) -> float | None:
    if m.comparator in ("z", "z-linear"):
        return m.value
    if interval is None or m.value is None or m.value <= 0 or m.comparator in ("low", "normal", "high"):
        return None
    return interval.z(m.value)


def _z(c: _Candidate, shown: Interval | None) -> float | None:
    return _z_of(c.measurement, c.own or shown)


def _merged(observations: tuple[Observation, ...], contexts: tuple[Context, ...], threads: int) -> Likelihood:
    """Contexts that place every value alike become one."""
    shares: dict[tuple[tuple[float, float], ...], float] = {}
    for i, context in enumerate(contexts):
        key = tuple((o.low[i], o.high[i]) for o in observations)
        shares[key] = shares.get(key, 0.0) + context.probability
    merged = [
        replace(o, low=tuple(k[j][0] for k in shares), high=tuple(k[j][1] for k in shares))
        for j, o in enumerate(observations)
    ]
    return Likelihood(tuple(merged), tuple(shares.values()), threads)
