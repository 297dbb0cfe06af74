"""`at_rest`: people who begin where they rest, not where the model's default person does.

People who differ in parameters and all begin alike drift to their own rest for as long as their slowest part takes: in
a picture of what a drug does, that drift is mistaken for the drug.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._loaded import Model, load
from eutone._people import People
from eutone._setup import people_of, setup
from eutone._simulate import steady_state

if TYPE_CHECKING:
    from pathlib import Path

    from eutone.engine.chunks import Stop

__all__ = ["at_rest"]


def at_rest(
    model: Model | str | Path,
    people: People | Mapping[str, ArrayLike] | int | None = None,
    *,
    set: Mapping[str, float] | None = None,  # noqa: A002
    threads: int | None = None,
    progress: Callable[[str, float], object] | None = None,
    stop: Stop | None = None,
    seed: int = 0,
) -> tuple[People, NDArray[np.bool_]]:
    """People who begin in their own steady state, to simulate with.

    Parameters
    ----------
    model, people, set, threads, progress, stop, seed
        As `steady_state` takes them.

    Returns
    -------
    People
        The same with a column for every species. What was ``set`` is not in it: parameters have to be set again where
        these people are simulated; of species it went into the totals.
    array, (n,)
        Who has a steady state; the others begin where they would have without this.

    Raises
    ------
    InputError, ModelError, SolveError, StoppedError
        As `steady_state`.

    Examples
    --------
    >>> whole = eutone.load("whole")
    >>> people, _ = eutone.at_rest(whole, whole.sample(100))
    >>> person, doses = whole.taking("sertraline 50 mg/d", hours=24 * 28)
    >>> course = eutone.simulate(person, people, times=range(24 * 28), doses=doses)
    """
    model = load(model)
    who = people_of(model, people, seed)
    rest = steady_state(model, who, set=set, threads=threads, progress=progress, stop=stop)
    given = People((), np.empty((1, 0))) if who is None else who
    species = tuple(model.network.species)
    states = np.column_stack([np.atleast_1d(rest[name].values) for name in species])
    found = np.isfinite(states).all(axis=1)
    own = [k for k, name in enumerate(given.parameters) if name not in species]
    if not found.all():
        asked = setup(model, given.parameters, set)
        begun = asked.start(given.values)
        if begun is None:
            begun = model.network.starts(asked.free, asked.parameters(given.values))
        states = np.where(found[:, None], states, begun)
    names = (*(given.parameters[k] for k in own), *species)
    spread = tuple(given.spread[k] for k in own) + (0.0,) * len(species) if given.spread else ()
    return People(names, np.hstack([given.values[:, own], states]), given.seed, spread), found
