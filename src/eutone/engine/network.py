"""A reaction network as numbers and expressions: what every solver of Eutone takes, whatever it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError
from eutone.engine.events import Event
from eutone.engine.expr import Expr, evaluate

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
                near = get_close_matches(name, self.parameters, n=3)
                hint = f"; did you mean {' or '.join(near)}?" if near else ""
                raise ModelError(f"{self.name}: '{name}' is not a parameter of the model{hint}")
            values[index[name]] = value
        return values

    def start(self, values: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """The state at time 0 under the parameters ``values`` (default: the model's own), shape (n_species,)."""
        state = self.initial.copy()
        if values is not None and self.initials:
            numbers = evaluate(list(self.initials.values()), dict(zip(self.parameters, values, strict=True)))
            for name, number in zip(self.initials, numbers, strict=True):
                state[self.species.index(name)] = float(np.asarray(number))
        return state
