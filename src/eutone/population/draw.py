"""Twenty thousand healthy people: drawn from the spreads, carried and weighted to what was published, drawn again.

In each of twelve strata (sex and age group), three candidates for each person that is wanted:

1. **Draw.** Every parameter with a spread, between people or of our knowledge, log-normal (one that the network takes
   from 1 as odds); the structural constants of the first body as one member of their joint ensemble; what follows age
   and sex as ``tables/ages.csv`` says.
2. **Carry.** In the ln of the markers the body is nearly linear, ``y = y0 + J z``. Of all Gaussians of ``z`` with the
   published means and variances of ``y``, the one nearest to the prior (least relative entropy) keeps what ``z`` is
   given ``y`` and exchanges the distribution of ``y`` (`entropy.rake`): everybody moves by ``J' (J'J)^-1`` times the
   move of the markers, and so much only (`entropy.carried`). It narrows where the prior is too wide and widens where it
   is too narrow. Three passes mend what is not linear. What a measurement adds (assay, day to day, the factor that a
   spinal tap shares) is taken off the published variance first.
3. **Select.** Who has no steady state, or a clear disease (``markers.csv``), is left out.
4. **Weight.** `entropy.tilt` sets means, variances and correlations exactly. How many equal weights that is worth is
   told (`Recruits.effective`), and below `LEAST_EFFECTIVE` of the candidates it is an error.
5. **Draw again**, systematically: equally weighted people.

A marker is used for this (``weighted``) if it has a published, two-sided distribution that is not merely assumed, is no
ratio of others, shares its observable with no earlier one, and the typical person of the stratum lies within one of its
standard deviations (`NEAR`): where the body itself is off, people bent to hide it would be wrong in everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from eutone._errors import InputError, SolveError
from eutone._people import Variation
from eutone.body._compose import all_parameters, load_whole
from eutone.body._spreads import shares
from eutone.body._structure import ensemble, members, structural_ids
from eutone.body._tables import whole_quantities
from eutone.engine import Network, compile_network, solve_steady
from eutone.engine.compile import Compiled
from eutone.knowledge.intervals import LOWER, UPPER, Interval
from eutone.population.entropy import carried, effective, rake, resample, tilt
from eutone.population.targets import (
    Sampled,
    Stratum,
    aged,
    correlations,
    fitted_pair,
    published,
    sampled,
    strata,
)

__all__ = ["CANDIDATES", "LEAST_EFFECTIVE", "Population", "Recruits", "Whole", "measured", "population", "recruit",
           "typical", "weighted", "whole"]  # fmt: skip

Array = NDArray[np.float64]
Progress = Callable[[str, float], object]

CANDIDATES = 3
"""Drawn for each person wanted."""

LEAST_EFFECTIVE = 0.2
"""Of the candidates, in equal weights. With three of them for each person, below that most people would be twins."""

NEAR = 1.0
"""How many published standard deviations from the centre the typical person may lie, for a marker to be weighted."""

PASSES = 6
LONGEST = 1.0  # of a ln marker, in one pass
STEP = 0.05  # of a ln parameter, to either side: a derivative good to some 1e-3
JITTER = 1e-3  # of a marker's prior variance: what keeps two that almost follow each other apart
LEAST_SHARE = 0.1  # of the published variance that is left to people where measurement would take it all
CLOSEST = 0.9  # correlation in people: days of two markers are taken to be independent, which may leave too much of it
_FAR = 2**20  # people of one stratum that are drawn before the next one's numbers begin


@dataclass(frozen=True, eq=False)
class Whole:
    """The whole person, compiled, and what differs between people: ``names`` are flat ids, one for each column.

    ``spread`` is the sd of the ln, 0 for the structural constants of the first body, which ``joint`` marks. ``outputs``
    are told beside the states.
    """

    network: Network
    compiled: Compiled
    names: tuple[str, ...]
    centre: Array
    spread: Array
    joint: NDArray[np.intp]
    share: NDArray[np.bool_]
    outputs: tuple[str, ...]

    def values(self, ln_folds: Array) -> Array:
        """Parameters (n, k) of people with these ln folds of default (of its odds, where it is a share)."""
        odds = np.where(self.share, self.centre / np.where(self.share, 1.0 - self.centre, 1.0), self.centre)
        folded = odds * np.exp(ln_folds)
        return np.asarray(np.where(self.share, folded / (1.0 + folded), folded))

    def of(self, name: str, states: Array, told: Array, values: Array) -> Array:
        """Column (n,) of a state, an output or a parameter."""
        if name in self.outputs:
            return np.asarray(told[:, self.outputs.index(name)])
        if name in self.network.species:
            return np.asarray(states[:, self.network.species.index(name)])
        return np.asarray(values[:, self.names.index(name)])


@dataclass(frozen=True, eq=False)
class Recruits:
    """The people of one stratum, equally weighted.

    Attributes
    ----------
    stratum : Stratum
    candidates, failed, ill : int
        Drawn; without a steady state; with a clear disease.
    effective : float
        How many equal weights the weights of the others are worth, of ``candidates``.
    unique : int
        How many different people there are.
    multipliers : dict of str to float
        Of the weights: ``mean <marker>``, ``square <marker>``, ``product <a> <b>``, of standardised ln values.
    prior_sd, target_sd : dict of str to float
        Ln sd of each weighted marker in people: before, and as published less what measurement adds.
    ages : array, (n,)
    values, states, told : array
        Parameters (n, k), states (n, n_species) and other outputs (n, n_outputs).
    first, again : dict of str to array
        Every marker as it is measured, and once more weeks later.
    """

    stratum: Stratum
    candidates: int
    failed: int
    ill: int
    effective: float
    unique: int
    multipliers: dict[str, float]
    prior_sd: dict[str, float]
    target_sd: dict[str, float]
    ages: Array
    values: Array
    states: Array
    told: Array
    first: dict[str, Array]
    again: dict[str, Array]


@dataclass(frozen=True, eq=False)
class Population:
    """All strata, in order, and what they were made with."""

    whole: Whole
    seed: int
    groups: tuple[Recruits, ...]

    def __len__(self) -> int:
        return sum(len(g.ages) for g in self.groups)


@cache
def whole() -> Whole:
    """The whole person with a column for everything that differs between healthy people."""
    network = load_whole()
    spreads = {}
    for p in all_parameters():  # a COMPUTED value follows from others: people differ in it, our knowledge does not
        ours = p.structural_ln_sd if p.grade != "COMPUTED" else 0.0
        if p.flat in network.parameters and (p.person_ln_sd > 0 or ours > 0):
            spreads[p.flat] = float(np.hypot(p.person_ln_sd, ours))
    joint = [name for name in structural_ids() if name in network.parameters]
    follows = aged(strata()[0], np.array([35.0]), np.zeros(1))
    wanted = {*(q.expression.partition("*")[0] for q in whole_quantities())}
    names = tuple(sorted({*spreads, *joint, *follows, *(w for w in wanted if w in network.parameters)}))
    centre = np.array([network.values[network.parameters.index(name)] for name in names])
    rules = [name for name, _ in network.rules]
    signals = [name for name in rules if name.startswith(("f_", "act_"))]
    moving = {*network.species, *network.reactions, *rules}
    outputs = {*signals, *(m.observable for m in sampled()), *(w for w in wanted if w in moving)} - {*network.species}
    told = tuple(sorted(outputs))
    taken = shares(network)
    return Whole(
        network,
        compile_network(network, names, told),
        names,
        np.where(centre == 0, 1.0, centre),  # what is 0 by default and follows age or sex is given by its value
        np.array([0.0 if name in joint else spreads.get(name, 0.0) for name in names]),
        np.array([names.index(name) for name in joint], dtype=np.intp),
        np.array([name in taken for name in names]) & (centre > 0) & (centre < 1),
        told,
    )


@cache
def typical(stratum: Stratum) -> dict[str, float]:
    """Every marker of the stratum's typical person: the default with what age and sex do to it.

    Raises
    ------
    SolveError
        If that person has no steady state.
    """
    w = whole()
    values = w.values(_aged(w, stratum, np.array([stratum.middle]), np.zeros(1)))
    found = solve_steady(w.compiled, values, check=1.0)
    if not found.converged.all():
        raise SolveError(f"{stratum}: the typical person has no steady state")
    solved = found.states, found.observables, values
    return {m.marker: float(w.of(m.observable, *solved)[0] * m.factor) for m in sampled()}


def weighted(stratum: Stratum, without: Collection[str] = ()) -> dict[str, Interval]:
    """The markers whose published distribution makes the weights of a stratum, but for those ``without``."""
    found: dict[str, Interval] = {}
    taken: set[str] = set()
    for m in sampled():
        told = published(m.marker, stratum)
        if told is None or ":" in m.marker or m.marker in without or m.observable in taken:
            continue
        if told.basis not in (UPPER, LOWER) and abs(told.z(typical(stratum)[m.marker])) <= NEAR:
            found[m.marker] = told
            taken.add(m.observable)
    return found


def _aged(w: Whole, stratum: Stratum, ages: Array, z: Array) -> Array:
    """Ln folds (n, k) that come with age and sex."""
    folds = np.zeros((len(ages), len(w.names)))
    for name, factor in aged(stratum, ages, z).items():
        folds[:, w.names.index(name)] += np.log(factor)
    return folds


def recruit(stratum: Stratum, n: int, seed: int, without: Collection[str] = (), threads: int | None = None) -> Recruits:
    """``n`` healthy people of one stratum, weighted by all markers but those ``without``.

    Raises
    ------
    SolveError
        If no weights give the published moments, or they are worth less than `LEAST_EFFECTIVE` of the candidates.
    """
    w = whole()
    low = strata().index(stratum) * _FAR
    drawn = CANDIDATES * n

    def normal(*keys: str) -> Array:
        ones = np.ones(len(keys))
        return np.log(Variation(keys, ones, ones, seed).draw(low, low + drawn))

    ages = stratum.low + (stratum.high - stratum.low) * ndtr(normal("age")[:, 0])
    z = normal(*w.names)
    fixed = _aged(w, stratum, ages, normal("menopause")[:, 0])
    fixed[:, w.joint] += ensemble()[members(normal("structure")[:, 0])][:, [structural_ids().index(w.names[k])
                                                                          for k in w.joint]]  # fmt: skip

    told = weighted(stratum, without)
    chosen = [m for m in sampled() if m.marker in told]
    observables = [m.observable for m in chosen]
    mean = np.log([told[m.marker].centre / m.factor for m in chosen])
    public = np.array([told[m.marker].sd for m in chosen]) ** 2
    load_, noise = (np.array([getattr(m, what) for m in chosen]) for what in ("load", "noise"))
    variance = np.maximum(public - load_**2 - noise**2, LEAST_SHARE * public)
    pairs = {}
    at = {m.marker: k for k, m in enumerate(chosen)}
    for c in correlations():
        if c.a in at and c.b in at and fitted_pair(c):
            i, j = at[c.a], at[c.b]
            shared = c.r * np.sqrt(public[i] * public[j]) - load_[i] * load_[j]
            pairs[i, j] = float(np.clip(shared / np.sqrt(variance[i] * variance[j]), -CLOSEST, CLOSEST))

    start, slope = _linear(w, stratum, observables, threads)
    prior = slope.T @ slope
    prior += np.diag(JITTER * np.diag(prior))
    back = np.linalg.solve(prior, slope.T)
    together = {(i, j): r * float(np.sqrt(variance[i] * variance[j])) for (i, j), r in pairs.items()}
    goal = mean + (z @ slope) @ carried(prior, rake(prior, variance, together)).T
    move = (goal - start - z @ slope) @ back
    for k in range(PASSES):
        values = w.values(fixed + w.spread * (z + move))
        found = solve_steady(w.compiled, values, check=0.0, threads=threads)
        states, outputs, fine = found.states, found.observables, found.converged
        with np.errstate(all="ignore"):
            logs = np.log(np.column_stack([w.of(o, states, outputs, values) for o in observables]))
        fine = fine & np.isfinite(logs).all(axis=1)
        if k < PASSES - 1:
            off = np.where(fine[:, None], np.clip(goal - logs, -LONGEST, LONGEST), 0.0)
            move += off @ back

    well = fine.copy()
    for m in sampled():
        level = w.of(m.observable, states, outputs, values) * m.factor
        well &= (level >= m.ill_below) & (level <= m.ill_above)
    u = (logs[well] - mean) / np.sqrt(variance)
    moments = np.hstack([u, u**2, *(u[:, [i]] * u[:, [j]] for i, j in pairs)])
    names = [f"{what} {m.marker}" for what in ("mean", "square") for m in chosen]
    names += [f"product {chosen[i].marker} {chosen[j].marker}" for i, j in pairs]
    wanted = np.concatenate([np.zeros(len(chosen)), np.ones(len(chosen)), list(pairs.values())])
    try:
        weights, multipliers = tilt(moments, wanted)
    except SolveError as error:
        raise SolveError(f"{stratum}: {error}") from None
    worth = effective(weights)
    if worth < LEAST_EFFECTIVE * drawn:
        raise SolveError(f"{stratum}: the weights are worth {worth:.0f} people of {drawn}; that few stand for nobody")
    first = float(np.random.default_rng([seed, strata().index(stratum)]).random())
    rows = np.flatnonzero(well)[resample(weights, n, first)]
    once = {m.marker: measured(w, m, (states, outputs, values), normal, "once")[rows] for m in sampled()}
    again = {m.marker: measured(w, m, (states, outputs, values), normal, "again")[rows] for m in sampled()}
    return Recruits(
        stratum, drawn, int((~fine).sum()), int((fine & ~well).sum()), worth, len(np.unique(rows)),
        dict(zip(names, map(float, multipliers), strict=True)),
        {m.marker: float(s) for m, s in zip(chosen, np.sqrt(np.diag(slope.T @ slope)), strict=True)},
        {m.marker: float(s) for m, s in zip(chosen, np.sqrt(variance), strict=True)},
        ages[rows], values[rows], states[rows], outputs[rows], once, again,
    )  # fmt: skip


def measured(
    w: Whole, m: Sampled, solved: tuple[Array, Array, Array], normal: Callable[..., Array], when: str
) -> Array:
    """A marker as a laboratory gives it: what one tap shares stays with the person, the rest is new each time."""
    level = w.of(m.observable, *solved) * m.factor
    z = normal("tap", f"{when} {m.marker}")
    return np.asarray(level * np.exp(m.load * z[:, 0] + m.noise * z[:, 1]))


def _linear(w: Whole, stratum: Stratum, observables: Sequence[str], threads: int | None) -> tuple[Array, Array]:
    """Ln of the observables of the stratum's typical person, and their slopes (n_columns, k) by standard normals."""
    base = _aged(w, stratum, np.array([stratum.middle]), np.zeros(1))
    moved = np.flatnonzero(w.spread)
    steps = np.zeros((2 * len(moved) + 1, len(w.names)))
    steps[np.arange(len(moved)), moved] = STEP
    steps[len(moved) + np.arange(len(moved)), moved] = -STEP
    values = w.values(base + steps)
    found = solve_steady(w.compiled, values, check=0.0, threads=threads)
    if not found.converged.all():
        raise SolveError(f"{stratum}: the typical person, or somebody near, has no steady state")
    logs = np.log(np.column_stack([w.of(o, found.states, found.observables, values) for o in observables]))
    slope = np.zeros((len(w.names), len(observables)))
    ends = logs[: len(moved)] - logs[len(moved) : -1]
    slope[moved] = ends / (2 * STEP) * w.spread[moved, None]
    return logs[-1], slope


def population(
    n: int = 20_000,
    seed: int = 0,
    *,
    without: Collection[str] = (),
    threads: int | None = None,
    progress: Progress | None = None,
) -> Population:
    """``n`` healthy people from 18 to 80 years, the twelve strata alike.

    Parameters
    ----------
    n : int
        At least 12,000: a stratum needs some thousand people for its 2.5 % quantiles and its weights.
    seed : int
    without : collection of str
        Markers that are to make no weights, so that the people predict them.
    threads : int, optional
    progress : callable, optional
        Called with the name of the stratum and the share done.

    Raises
    ------
    InputError
        If ``n`` is too small.
    SolveError
        As `recruit`.
    """
    if n < 1_000 * len(strata()):
        raise InputError(f"{n} people are too few", hint=f"Ask for {1_000 * len(strata()):,} or more")
    tell = progress or (lambda _stage, _share: None)
    tell("compiling", 0.0)
    w = whole()
    groups = []
    for k, stratum in enumerate(strata()):
        tell(str(stratum), (k + 1) / (len(strata()) + 1))
        size = n // len(strata()) + (k < n % len(strata()))
        groups.append(recruit(stratum, size, seed, without, threads))
    return Population(w, seed, tuple(groups))
