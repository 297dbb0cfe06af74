"""`Body`: the model of a person as inference sees it. Ln factors of parameters in, ln folds of read-outs out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError, SolveError
from eutone._person import Person
from eutone._protocol import Protocol
from eutone.body._compose import MODULES, body_text
from eutone.body._structure import ensemble, members, structural_ids
from eutone.body._tables import Quantity, parameters, quantities, readouts, seconds
from eutone.body._timing import TimedBody
from eutone.body._treatment import Exposure, effects, exposure
from eutone.engine import Network, load_network
from eutone.engine.derivative import Derivative
from eutone.engine.expr import Expr, const, substitute, symbol

__all__ = ["FLOOR", "STRUCTURE", "Body", "Solved", "load"]

Array = NDArray[np.float64]

STRUCTURE = "structure"
"""The free column that chooses the structural member: a standard normal, not a factor."""

FLOOR = 1e-12
"""A read-out is not taken below this fold (so that its logarithm exists)."""


@dataclass(frozen=True)
class Solved:
    """Steady states of n people as inference uses them.

    Attributes
    ----------
    log_readouts : array, (n, n_readouts)
        Ln fold of the default body of the same structural member.
    log_quantities : array, (n, n_quantities)
        Ln value, in the quantity's unit.
    status : array, (n,)
        `eutone.engine.Status`; 0 where the solve converged. Rows that did not are NaN.
    """

    log_readouts: Array
    log_quantities: Array
    status: NDArray[np.int8]


@dataclass(frozen=True)
class Body:
    """One composed model and its tables.

    Attributes
    ----------
    network : Network
    free : tuple of str
        Dotted ids of what differs from person to person or can be moved by an explanation, a treatment or a gene;
        the last is `STRUCTURE`.
    spread : array, (n_free,)
        Ln standard deviation between healthy people (1 for `STRUCTURE`).
    readouts : tuple of str
    quantities : tuple of Quantity
    names : mapping
        Dotted id to flat id.
    model_hash : str
        SHA-256 of the composed text, read-outs, quantities, exposures and structural ensemble.
    """

    network: Network
    free: tuple[str, ...]
    spread: Array
    readouts: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    names: Mapping[str, str]
    model_hash: str

    @cached_property
    def structural(self) -> NDArray[np.bool_]:
        """Which columns of ``free`` are structural, (n_free,)."""
        return np.array([name == STRUCTURE for name in self.free])

    @cached_property
    def compiled(self) -> Any:
        """Machine code for this body (from the cache, or made now)."""
        from eutone.engine import compile_network

        named = [(f"r{i}", symbol(r.observable)) for i, r in enumerate(readouts())]
        named += [(f"q{i}", _expression(q.expression)) for i, q in enumerate(self.quantities)]
        fluxes = dict(zip(self.network.reactions, self.network.rates, strict=True))
        wanted = list(zip([n for n, _ in named], substitute([e for _, e in named], fluxes), strict=True))
        return compile_network(self.network, free=self._columns, observables=wanted)

    @cached_property
    def derivative(self) -> Derivative:
        """The right-hand side, one person at a time."""
        return Derivative(self.network)

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        """Flat ids of the engine's free parameters: personal ones, then structural ones."""
        return (*(self.names[name] for name in self.free[:-1]), *structural_ids())

    @cached_property
    def _defaults(self) -> Array:
        return np.array([self.network.values[self.network.parameters.index(name)] for name in self._columns])

    @cached_property
    def _reference(self) -> Array:
        """Ln read-outs of the default body of each structural member, (n_members, n_readouts)."""
        table = ensemble()
        values = np.tile(self._defaults, (len(table), 1))
        values[:, len(self.free) - 1 :] *= np.exp(table)
        solved = self._solve(values, None, None)
        if not np.all(solved.status == 0):
            raise SolveError(f"{np.sum(solved.status != 0)} of {len(table)} structural members have no steady state")
        return np.asarray(np.log(solved.observables[:, : len(self.readouts)]))

    def _solve(self, values: Array, threads: int | None, stop: Any) -> Any:
        from eutone.engine import solve_steady

        return solve_steady(self.compiled, values, threads=threads, stop=stop)

    def solve(self, ln_factors: Array, threads: int | None = None, stop: Any = None) -> Solved:
        """Steady states of people whose parameters are ``default * exp(ln_factors)``.

        Parameters
        ----------
        ln_factors : array, (n, n_free)
            Columns as in ``free``; the last chooses the structural member.
        threads : int, optional
        stop : object with ``is_set()``, optional
            Polled; ends the solve early.
        """
        ln_factors = np.asarray(ln_factors, dtype=np.float64)
        if ln_factors.ndim != 2 or ln_factors.shape[1] != len(self.free):
            raise ValueError(f"expected (n, {len(self.free)}) ln factors, got {ln_factors.shape}")
        member = members(ln_factors[:, -1])
        values = self._defaults * np.exp(np.hstack([ln_factors[:, :-1], ensemble()[member]]))
        solved = self._solve(values, threads, stop)
        status = np.asarray(solved.status, dtype=np.int8)
        with np.errstate(invalid="ignore", divide="ignore"):
            logs = np.log(solved.observables)
        logs[status != 0] = np.nan
        n = len(self.readouts)
        folds = np.maximum(logs[:, :n] - self._reference[member], np.log(FLOOR))
        return Solved(folds, np.maximum(logs[:, n:], np.log(FLOOR)), status)

    def looking_at(self, columns: Collection[int]) -> Body:  # noqa: ARG002 - all read-outs come from one solve
        """The body for a question about these read-outs only: itself."""
        return self

    def rest(self, shifts: Mapping[str, float]) -> Array:
        """The state (n_species,) of the default person with these ln shifts by dotted id.

        Raises
        ------
        SolveError
            If there is none.
        """
        values = self._defaults.copy()
        for name, shift in shifts.items():
            values[self.free.index(name)] *= np.exp(shift)
        solved = self._solve(values[None], 1, None)
        if solved.status[0] != 0:
            raise SolveError("the typical person who takes this reaches no steady state")
        return np.asarray(solved.states[0])

    def treatment(self, protocol: Protocol, person: Person, hours: Mapping[str, float] | None = None) -> Exposure:
        """What a person takes, as shifts of parameters: the same under every explanation.

        Parameters
        ----------
        hours : mapping of str to float, optional
            Hours since the last dose, by read-out, where the samples say so.
        """
        return exposure(protocol, person, self.free, hours)

    def under(self, exposure: Exposure) -> Body | TimedBody:
        """What solves people under ``exposure``: this body, or one that knows when things were taken."""
        return TimedBody(self, exposure) if exposure.courses else self


def _expression(text: str) -> Expr:
    """``name`` or ``name*1000``: what `quantities.csv` may say."""
    found = re.fullmatch(r"(\w+)(?:\*(\d+))?", text)
    if found is None:
        raise ModelError(f"quantities.csv: cannot read the expression {text!r}")
    return symbol(found[1]) * const(float(found[2] or 1))


@cache
def load(name: str = "body") -> Body:
    """The composed body.

    Raises
    ------
    ModelError
        If there is no body of that name, or its tables and modules do not fit.
    """
    if name != "body":
        raise ModelError(f"there is no body {name!r}; there is 'body' ({', '.join(MODULES)})")
    text = body_text()
    network = replace(load_network(text), seconds=seconds())
    rows = [p for p in parameters() if p.flat in network.parameters]
    free = [p for p in rows if p.person_ln_sd > 0 or p.grade == "DEFINED" or _movable(p.flat)]
    free = [p for p in free if p.flat not in structural_ids() and not p.id.startswith("reference.")]
    known = {*network.species, *network.parameters, *network.reactions, *(rule for rule, _ in network.rules)}
    for readout in readouts():
        if readout.observable not in known:
            raise ModelError(
                f"readouts.csv: {readout.readout} follows {readout.observable!r}, which is not in the body"
            )
    digest = hashlib.sha256(text.encode())
    for part in (readouts(), quantities(), [(p.id, p.person_ln_sd) for p in free], effects()):
        digest.update(repr(part).encode())
    digest.update(np.ascontiguousarray(ensemble()).tobytes())
    return Body(
        network,
        (*(p.id for p in free), STRUCTURE),
        np.array([*(p.person_ln_sd for p in free), 1.0]),
        tuple(r.readout for r in readouts()),
        quantities(),
        {p.id: p.flat for p in parameters()},
        digest.hexdigest(),
    )


def _movable(flat: str) -> bool:
    """Relative activities (enzymes, transporters, chaperones, intakes) may be moved even where people do not differ."""
    return any(flat.startswith(prefix) for prefix in ("e_", "t_", "c_", "in_"))
