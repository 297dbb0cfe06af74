"""How uncertain each number of the whole person is, and people drawn from all of it.

A row of ``parameters.csv`` says how much people differ and how little is known. Constants of the body that inference
uses have neither where its evidence was made without them; ``tables/spreads.csv`` says of each of those, one by one,
how uncertain it is. Inference does not read that table: it is for what draws whole people.

``structural_ln_sd`` comes from a range where a source prints one or a memory of one is stated (COMPUTED: ln(high/low)
over 3.29, the range read as 90 %), else by the parameter's grade (ASSUMED, "rule: ..."): SEEN 0.3; SEEN in a model only
0.4; RECALLED at least 0.4; ASSUMED 0.5; set by hand 0.6; only the order of size known 0.6 to 0.7; a share 0.5, in its
ln odds; an exponent that is a shape 0.2 to 0.3. It is 0 only for a value that is 0, or that follows from others.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError
from eutone.body._compose import all_parameters
from eutone.body._couplings import couplings
from eutone.body._tables import Parameter, rows
from eutone.engine import Network
from eutone.engine.expr import Expr, walk

__all__ = ["Drawn", "Spread", "drawn", "ln_sd", "shares", "spreads"]


@dataclass(frozen=True)
class Spread:
    """How little is known of a constant that ``parameters.csv`` gives no spread: a row of ``spreads.csv``.

    ``share`` marks what must stay below 1 although no formula takes it from 1 (`drawn` finds those that one does).
    """

    id: str
    structural_ln_sd: float
    share: bool
    grade: str
    source: str


@cache
def spreads() -> dict[str, Spread]:
    """Every row, by the parameter's dotted id.

    Raises
    ------
    ModelError
        If a number cannot be read, or an id stands twice.
    """
    found: dict[str, Spread] = {}
    for row in rows("spreads"):
        try:
            size = float(row["structural_ln_sd"])
        except ValueError as error:
            raise ModelError(f"spreads.csv, {row['id']}: {error}") from None
        if row["id"] in found:
            raise ModelError(f"spreads.csv: id given twice: {row['id']}")
        found[row["id"]] = Spread(row["id"], size, row["share"] == "y", row["grade"], row["source"])
    return found


def ln_sd(p: Parameter) -> float:
    """Standard deviation of the ln of a parameter of the whole person: people's and that of what is known, together.

    Of a coupling's strength that is 0 it is the standard deviation of the strength itself.
    """
    own = spreads().get(p.id)
    known = own.structural_ln_sd if own else p.structural_ln_sd
    return float(np.hypot(p.person_ln_sd, _of_couplings().get(p.id, known)))


@cache
def _of_couplings() -> dict[str, float]:
    return {f"coupling.{c.id}": c.ln_sd for c in couplings()}


@dataclass(frozen=True, eq=False)
class Drawn:
    """What differs when whole people are drawn.

    Attributes
    ----------
    rows : tuple of Parameter
        What is drawn, in the order of the table.
    default, ln_sd : array, (n_drawn,)
    share : array of bool, (n_drawn,)
        Whether it is a share, whose odds are drawn, so that it stays below 1.
    """

    rows: tuple[Parameter, ...]
    default: NDArray[np.float64]
    ln_sd: NDArray[np.float64]
    share: NDArray[np.bool_]

    @property
    def names(self) -> tuple[str, ...]:
        """Flat ids."""
        return tuple(p.flat for p in self.rows)

    def at(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values (..., n_drawn) of people at standard normal ``z`` (..., n_drawn); at 0 the default person.

        Log-normal about the default, which keeps its sign; a share has log-normal odds; a strength of 0 is normal.
        """
        folds = np.exp(self.ln_sd * z)
        odds = np.where(self.share, self.default / np.where(self.share, 1 - self.default, 1.0), self.default) * folds
        values = np.where(self.share, odds / (1 + odds), odds)
        return np.where(self.default == 0, self.ln_sd * z, values)

    def people(self, n: int, seed: int) -> NDArray[np.float64]:
        """``n`` people, (n, n_drawn); the first do not depend on ``n``, and a number not on which others are drawn."""
        keys = (int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little") for name in self.names)
        return self.at(np.column_stack([np.random.default_rng([seed, key]).standard_normal(n) for key in keys]))


def drawn(network: Network) -> Drawn:
    """Everything in the network that has a spread, and how it is drawn."""
    known = dict(zip(network.parameters, network.values, strict=True))
    found = tuple(p for p in all_parameters() if p.flat in known and ln_sd(p) > 0)
    default = np.array([known[p.flat] for p in found], dtype=float)
    taken = shares(network) | {p.flat for p in found if p.id in spreads() and spreads()[p.id].share}
    # at 1 a linear coupling stops its target where the signal is 0: cells that sleep fire less, not never
    taken |= {c.flat for c in couplings() if c.form == "linear"}
    share = np.array([p.flat in taken for p in found]) & (default > 0) & (default < 1)
    return Drawn(found, default, np.array([ln_sd(p) for p in found]), share)


def shares(network: Network) -> set[str]:
    """Parameters ``p`` of which ``1 - p``, ``1 - p*x`` or ``x + 1 - p`` is taken somewhere.

    Whoever draws them draws their odds, so that they stay below 1.
    """
    roots = [*network.rates, *network.drift.values(), *(e for _, e in network.rules)]
    taken = [e.args[1] for e in walk(*roots) if e.op == "sub" and any(t.value == 1.0 for t in _parts(e.args[0], "add"))]
    # where couplings act on it, the modules call it by_p
    return {str(f.value).removeprefix("by_") for e in taken for f in _parts(e, "mul") if f.op == "symbol"}


def _parts(e: Expr, op: str) -> list[Expr]:
    """The terms of a sum, or the factors of a product."""
    return [part for a in e.args for part in _parts(a, op)] if e.op == op else [e]
