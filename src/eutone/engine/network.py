"""A reaction network as numbers and expressions: what every solver of Eutone takes, whatever it was read from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError, did_you_mean
from eutone.engine.events import Event
from eutone.engine.expr import Expr, const, evaluate, substitute, symbol

__all__ = ["Network", "Place"]


@dataclass(frozen=True)
class Place:
    """Where a species is, and what its id means.

    Attributes
    ----------
    compartment : str
    size : Expr
        The compartment's size: a number, or an expression over states, parameters and rules.
    amount : bool
        Whether the species' id means an amount; else it means a concentration.
    """

    compartment: str
    size: Expr
    amount: bool


@dataclass(frozen=True)
class Network:
    """An ordinary differential equation in chemical clothes.

    The state ``x`` holds the species that change, as the source writes them in rate laws (concentrations unless the
    source says amounts; amounts, called ``S.amount``, in compartments that change size), the targets of rate rules, and
    what events change. ``dx/dt = stoichiometry @ rates + drift``; rows of
    ``stoichiometry`` are already divided by the compartment's size where the state is a concentration.

    Attributes
    ----------
    name : str
        The model's id.
    species : tuple of str, (n_species,)
        Ids of the state, in the source's order.
    initial : array, (n_species,)
        The default state, initial assignments evaluated.
    parameters : tuple of str, (n_parameters,)
        Everything else a caller may set: parameters, boundary species, species that nothing changes, and the sizes of
        compartments that scale no concentration. (A size that divides a row of ``stoichiometry`` is a number of the
        model, folded into it: changing it without the matrix would be wrong in silence.)
    values : array, (n_parameters,)
        Their defaults.
    reactions : tuple of str, (n_reactions,)
        Ids of the reactions.
    rates : tuple of Expr, (n_reactions,)
        Their rates, over species, parameters, rule targets and ``time``.
    stoichiometry : array, (n_species, n_reactions)
        Net stoichiometry.
    rules : tuple of (str, Expr)
        Assignment rules, each after those it uses.
    drift : dict of str to Expr
        What changes states besides ``stoichiometry @ rates``, by state id: right-hand sides of rate rules, and terms of
        reactions whose stoichiometry changes.
    explicit_time : bool
        Whether ``time`` occurs anywhere.
    initials : dict of str to Expr
        Initial values that are not plain numbers, by state id, over the parameters (initial assignments).
    volumes : array, (n_species,) or empty
        The size by which each row of ``stoichiometry`` was divided, 1 where it was not. Empty means all ones.
    events : tuple of Event
        What happens at once when a condition becomes true. They assign to states only: what nothing but events changes
        is a state whose drift is 0. A network with events has time courses, and no steady state.
    constants : dict of str to float
        What was folded into the matrix and the expressions as a number, by id.
    places : dict of str to Place
        The source's species by id, whatever became of them, as far as their compartments have a size.
    seconds : float or None
        How long one unit of ``time`` is; None where the source does not declare it.
    """

    name: str
    species: tuple[str, ...]
    initial: NDArray[np.float64]
    parameters: tuple[str, ...]
    values: NDArray[np.float64]
    reactions: tuple[str, ...]
    rates: tuple[Expr, ...]
    stoichiometry: NDArray[np.float64]
    rules: tuple[tuple[str, Expr], ...] = ()
    drift: dict[str, Expr] = field(default_factory=dict)
    explicit_time: bool = False
    initials: dict[str, Expr] = field(default_factory=dict)
    volumes: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    events: tuple[Event, ...] = ()
    constants: dict[str, float] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    seconds: float | None = None

    @property
    def moving(self) -> frozenset[str]:
        """The states that reactions or drifts change; the others stand still until an event or a dose comes."""
        flows = {self.species[i] for i in np.flatnonzero((self.stoichiometry != 0).any(axis=1))}
        return frozenset(flows | {n for n, e in self.drift.items() if not (e.op == "const" and e.value == 0.0)})

    def inlined(self, free: Collection[str] | None = None) -> dict[str, Expr]:
        """The rules by id, in their order, each over states, parameters and ``time`` alone.

        Parameters
        ----------
        free : collection of str, optional
            If given, every other parameter becomes the number that is its default; parameters are in the result, too.
        """
        known: dict[str, Expr] = {}
        if free is not None:
            for name, value in zip(self.parameters, self.values.tolist(), strict=True):
                known[name] = symbol(name) if name in free else const(value)
        for name, rule in self.rules:
            (known[name],) = substitute([rule], known)
        return known

    def values_with(self, overrides: Mapping[str, float] | None = None) -> NDArray[np.float64]:
        """Default parameter values, with ``overrides`` by id.

        Raises
        ------
        ModelError
            If an id is not a parameter of this network; the message names the nearest ones.
        """
        values = self.values.copy()
        index = {name: i for i, name in enumerate(self.parameters)}
        for name, value in (overrides or {}).items():
            if name not in index:
                near = did_you_mean(name, self.parameters)
                near = near and f". {near}"
                raise ModelError(f"{self.name}: '{name}' is not a parameter of the model{near}")
            values[index[name]] = value
        return values

    def start(self, values: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """The state at time 0 under the parameters ``values`` (default: the model's own), shape (n_species,)."""
        return self.initial.copy() if values is None else self.starts(self.parameters, values[None])[0]

    def starts(self, free: Sequence[str], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The states at time 0 of people who differ in the parameters ``free``, (n, n_free) to (n, n_species)."""
        states = np.tile(self.initial, (len(values), 1))
        if self.initials:
            named: dict[str, object] = dict(zip(self.parameters, self.values.tolist(), strict=True))
            named |= {"time": 0.0} | dict(zip(free, values.T, strict=True))
            for name, number in zip(self.initials, evaluate(list(self.initials.values()), named), strict=True):
                states[:, self.species.index(name)] = np.asarray(number)
        return states
