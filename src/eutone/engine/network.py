"""A reaction network as numbers and expressions: what every solver of Eutone takes, whatever it was read from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eutone.engine.expr import Expr

__all__ = ["Network"]


@dataclass(frozen=True)
class Network:
    """An ordinary differential equation in chemical clothes.

    The state ``x`` holds the species that change, as the source writes them in rate laws (concentrations unless the
    source says amounts), and the targets of rate rules. ``dx/dt = stoichiometry @ rates + drift``; rows of
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
        Everything else a caller may set: parameters, boundary species, compartment sizes.
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
        Right-hand sides of rate rules, by state id.
    explicit_time : bool
        Whether ``time`` occurs anywhere.
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
