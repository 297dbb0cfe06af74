"""What is kept of a population: its recipe and the ranges that it defines. The people can be made again from these."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eutone.body._compose import all_parameters, whole_text
from eutone.body._structure import ensemble
from eutone.body._tables import whole_quantities
from eutone.knowledge.intervals import healthy
from eutone.population.draw import CANDIDATES, PASSES, Population, Recruits
from eutone.population.ranges import FOLDER
from eutone.population.targets import published, sampled, strata

__all__ = ["of_body", "ranges_text", "recipe"]

_TABLES = ("ages", "correlations", "markers", "published")


def of_body() -> str:
    """SHA-256 of all that decides who is in the population: the whole person, spreads, tables, published intervals."""
    digest = hashlib.sha256(whole_text().encode())
    digest.update(repr([(p.id, p.person_ln_sd, p.structural_ln_sd, p.grade == "COMPUTED")
                        for p in all_parameters()]).encode())  # fmt: skip
    digest.update(np.ascontiguousarray(ensemble()).tobytes())
    for name in _TABLES:
        digest.update("\n".join((FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines()).encode())
    for stratum in strata():
        told = [(m, published(m.marker, stratum), healthy(m.marker, stratum.middle, stratum.sex)) for m in sampled()]
        digest.update(repr(told).encode())
    return digest.hexdigest()


def recipe(people: Population) -> dict[str, Any]:
    """Seed, hash, and of every stratum the weights' multipliers and what they were worth."""
    values = hashlib.sha256()
    for g in people.groups:
        values.update(np.ascontiguousarray(g.values).tobytes())
    return {
        "people": len(people),
        "seed": people.seed,
        "candidates_per_person": CANDIDATES,
        "passes": PASSES,
        "made_of": of_body(),
        "people_sha256": values.hexdigest(),
        "groups": [
            {
                "sex": g.stratum.sex,
                "age_low": g.stratum.low,
                "age_high": g.stratum.high,
                "candidates": g.candidates,
                "failed": g.failed,
                "ill": g.ill,
                "effective": round(g.effective, 1),
                "unique": g.unique,
                "multipliers": {name: float(f"{value:.5g}") for name, value in g.multipliers.items()},
            }
            for g in people.groups
        ],
    }


def ranges_text(people: Population) -> str:
    """``tables/ranges.csv``: 2.5, 50 and 97.5 % of every marker, quantity, state and signal in every stratum."""
    file = io.StringIO()
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["name", "unit", "sex", "age_low", "age_high", "low", "median", "high"])
    for group in people.groups:
        for name, unit, values in _columns(people, group):
            told = np.quantile(values, [0.025, 0.5, 0.975])
            s = group.stratum
            out.writerow([name, unit, s.sex, s.low, s.high, *(f"{v:.4g}" for v in told)])
    return file.getvalue()


def _columns(people: Population, group: Recruits) -> Iterator[tuple[str, str, NDArray[np.float64]]]:
    w = people.whole
    solved = group.states, group.told, group.values
    units = {p.flat: p.unit for p in all_parameters()}
    for m in sampled():
        yield m.marker, m.unit, group.first[m.marker]
    known = {m.marker for m in sampled()}
    for q in (q for q in whole_quantities() if q.id not in known):  # what is also a marker is given as it is measured
        name, _, times = q.expression.partition("*")
        yield q.id, q.unit, w.of(name, *solved) * float(times or 1)
    for name in w.network.species:
        yield name, units.get(name, "1"), w.of(name, *solved)
    for name in w.outputs:
        if name.startswith(("f_", "act_")):
            yield name, "1", w.of(name, *solved)
