"""What every simulation prepares: which parameters are free, what is set, where people begin, what is wanted.

Whatever is set, sampled or dosed becomes a column of the parameter array, so that the machine code depends on which
parameters these are and not on their values: changing a number compiles nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone import _doses
from eutone._errors import InputError, ModelError
from eutone._loaded import Model
from eutone._people import People
from eutone._settings import checked_name, checked_settings
from eutone.engine.dosing import Dose
from eutone.engine.expr import evaluate
from eutone.engine.network import Network
from eutone.engine.observe import Wanted, wanted_of

__all__ = ["MOST_TIMES", "Setup", "checked_times", "people_of", "setup"]

Array = NDArray[np.float64]

MOST_TIMES = 10_000_000
"""Of a course: more would be a slip of the pen, refused before it takes memory."""

#: Names of dimensions and of what is said about people, in a dataset and in every form of a folder.
_TAKEN = ("parameter", "person", "status", "steps", "time")


@dataclass(frozen=True)
class Setup:
    """One question to a model, people apart.

    Attributes
    ----------
    network : Network
    varied : tuple of str
        Columns of the people: parameters and species.
    free : tuple of str
        Columns of the engine's parameter array, in the network's order.
    infused : tuple of str
    fixed : dict of str to float
        What was set, parameters and species; it goes before what people bring.
    doses : tuple of Dose
    wanted : Wanted
    """

    network: Network
    varied: tuple[str, ...]
    free: tuple[str, ...]
    infused: tuple[str, ...]
    fixed: dict[str, float]
    doses: tuple[Dose, ...]
    wanted: Wanted

    def parameters(self, people: Array) -> Array:
        """Of ``people`` (n, n_varied), what the engine takes, (n, n_free)."""
        defaults = dict(zip(self.network.parameters, self.network.values, strict=True)) | self.fixed
        values = np.empty((len(people), len(self.free)))
        for k, name in enumerate(self.free):
            brought = name in self.varied and name not in self.fixed
            values[:, k] = people[:, self.varied.index(name)] if brought else defaults[name]
        return values

    def start(self, people: Array) -> Array | None:
        """Where ``people`` begin, (n, n_species); None for the model's own start."""
        network, found = self.network, dict.fromkeys((*self.varied, *self.fixed))
        chosen = [name for name in network.species if name in found]
        if not chosen:
            return None
        state = np.tile(network.initial, (len(people), 1))
        if network.initials:
            named: dict[str, object] = dict(zip(network.parameters, network.values, strict=True))
            named |= dict(zip(self.free, self.parameters(people).T, strict=True))
            for name, number in zip(network.initials, evaluate(list(network.initials.values()), named), strict=True):
                state[:, network.species.index(name)] = np.asarray(number)
        for name in chosen:
            value = self.fixed[name] if name in self.fixed else people[:, self.varied.index(name)]
            state[:, network.species.index(name)] = value
        return state


def setup(
    model: Model,
    varied: Sequence[str],
    fixed: Mapping[str, float] | None,
    doses: object = (),
    wanted: str | Sequence[str] | None = None,
) -> Setup:
    """Look everything up that was asked for.

    Raises
    ------
    InputError
        If a name is nothing that can be set, dosed or wanted, or is one that the result needs for itself, or a number
        is impossible.
    """
    network = model.network
    for name in varied:
        checked_name(network, name)
    given = checked_settings(network, fixed)
    all_doses = _doses.doses_of(network, doses)
    dosed = {dose.target for dose in all_doses}
    moving = {*varied, *given, *dosed}
    infused = {d.target for d in all_doses if np.nan_to_num(np.asarray(d.duration, dtype=float)).max(initial=0) > 0}
    if wanted is None and not network.species:
        wanted = tuple(network.inlined())
    try:
        look = wanted_of(network, (wanted,) if isinstance(wanted, str) else wanted)
    except ModelError as error:  # the model is right, and the question is not
        hint = None if "did you mean" in str(error) else "'eutone model show' names what can be wanted"
        raise InputError(str(error), hint=hint) from None
    for name in look.names:
        if name in _TAKEN:
            raise InputError(
                f"{network.name}: '{name}' is what the result itself calls something",
                hint="Rename it in the model, or leave it out of what is wanted",
            )
    return Setup(
        network,
        tuple(varied),
        tuple(name for name in network.parameters if name in moving),
        tuple(name for name in network.species if name in infused),
        given,
        all_doses,
        look,
    )


def checked_times(times: ArrayLike, rtol: float, atol: float) -> Array:
    """The times as an array (n_times,).

    Raises
    ------
    InputError
        If they do not increase from 0 on, there are none or more than `MOST_TIMES`, or a tolerance makes no sense.
    """
    if _count(times) > MOST_TIMES:  # before there is an array of them
        raise InputError(
            f"the times are more than {MOST_TIMES:,}", hint="Ask for fewer, such as: times=range(0, end, step)"
        )
    try:
        numbers = np.fromiter(times, np.float64) if isinstance(times, range) else times
        at = np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        at = np.empty((0, 0))
    if at.ndim != 1 or not at.size or not np.isfinite(at).all() or at[0] < 0 or (np.diff(at) < 0).any():
        raise InputError("the times must be numbers that increase from 0 on", hint="Such as: times=range(169)")
    if not (0 < rtol < 1 and 0 <= atol < math.inf):
        raise InputError(f"rtol is {rtol} and atol {atol}", hint="rtol lies between 0 and 1, atol is not negative")
    return at


def _count(times: object) -> int:
    """How many; 0 for what cannot say."""
    if isinstance(times, range):  # ``len`` of one ends at 2^63
        return max(0, -(-(times.stop - times.start) // times.step))
    try:
        return len(times)  # type: ignore[arg-type]
    except TypeError:
        return 0


def people_of(model: Model, people: object, seed: int) -> People | None:
    """`People` from what a verb was given: None, a number of people to sample, `People`, or columns.

    Raises
    ------
    InputError
        If it is none of these, or nobody.
    """
    if people is None:
        return None
    if isinstance(people, int | np.integer) and not isinstance(people, bool):
        return model.sample(int(people), seed=seed)
    if isinstance(people, Mapping) or hasattr(people, "columns"):
        people = People.of(people)  # type: ignore[arg-type]
    if not isinstance(people, People):
        hint = "Give model.sample(n), a number, or columns by id"
        raise InputError(f"{type(people).__name__} is not people", hint=hint)
    if not len(people):
        raise InputError("there are 0 people", hint="Give one at least; None is the model as it stands")
    return people
