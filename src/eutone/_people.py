"""Virtual people: who they are as numbers, and how they are drawn. Data only.

A person is a row of parameter values. A draw belongs to a seed, a parameter and the person's own number, and to nothing
else: the first hundred of ten thousand people are the same hundred, however many follow, in whatever pieces they are
drawn, and whichever other parameters vary beside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import InputError

__all__ = ["People", "Variation"]

Array = NDArray[np.float64]

_BLOCK = 1024  # people whose draws of one parameter come from one stream


@dataclass(frozen=True, eq=False)
class People:
    """Parameter values of several people.

    Attributes
    ----------
    parameters : tuple of str, (k,)
        What differs between them: parameters of a model, or species, whose value is then where the person begins.
    values : array, (n, k)
        One row per person, read-only.
    seed : int or None
        What they were drawn with; None if they were given.
    spread : tuple of float, (k,) or empty
        Standard deviations of the ln that they were drawn with.
    """

    parameters: tuple[str, ...]
    values: Array
    seed: int | None = None
    spread: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.parameters):
            raise InputError(f"the people have shape {values.shape}, not (n, {len(self.parameters)})")
        if len(set(self.parameters)) < len(self.parameters):
            raise InputError("a parameter of the people is named twice")
        if not np.isfinite(values).all():
            row, column = (int(k[0]) for k in np.nonzero(~np.isfinite(values)))
            raise InputError(
                f"'{self.parameters[column]}' of person {row} is not a finite number",
                hint="Give numbers, or draw people with a smaller spread",
            )
        values.flags.writeable = False
        object.__setattr__(self, "parameters", tuple(self.parameters))
        object.__setattr__(self, "values", values)

    @classmethod
    def of(cls, table: Mapping[str, ArrayLike]) -> People:
        """People from columns: a mapping of id to one value per person, or a data frame."""
        try:
            columns = [np.asarray(table[name], dtype=np.float64) for name in table]
            values = np.column_stack(columns) if columns else np.empty((1, 0))
        except (TypeError, ValueError) as error:
            raise InputError(f"the people are not columns of numbers: {error}") from None
        return cls(tuple(map(str, table)), values)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, parameter: str) -> Array:
        """The values of ``parameter``, (n,)."""
        if parameter not in self.parameters:
            raise KeyError(parameter)
        return self.values[:, self.parameters.index(parameter)]

    def __repr__(self) -> str:
        drawn = "" if self.seed is None else f", seed {self.seed}"
        named = ", ".join(self.parameters[:6]) + (", ..." if len(self.parameters) > 6 else "")
        return f"<People: {len(self)}, differing in {len(self.parameters)} parameters{drawn}: {named}>"


@dataclass(frozen=True, eq=False)
class Variation:
    """How people differ: ``centre * exp(spread * z)`` with a standard normal ``z`` for each parameter and person.

    Attributes
    ----------
    parameters : tuple of str, (k,)
    centre, spread : array, (k,)
    seed : int
    """

    parameters: tuple[str, ...]
    centre: Array
    spread: Array
    seed: int

    def draw(self, low: int, high: int) -> Array:
        """Values of the people ``low`` to ``high - 1``, (high - low, k)."""
        z = np.empty((high - low, len(self.parameters)))
        for column, name in enumerate(self.parameters):
            digest = hashlib.sha256(f"people\x1f{self.seed}\x1f{name}".encode()).digest()
            key = int.from_bytes(digest[:16], "little")
            for block in range(low // _BLOCK, -(-high // _BLOCK)):
                stream = np.random.Generator(np.random.Philox(counter=block << 128, key=key))
                first = block * _BLOCK
                begin, end = max(low, first), min(high, first + _BLOCK)
                z[begin - low : end - low, column] = stream.standard_normal(_BLOCK)[begin - first : end - first]
        with np.errstate(over="ignore"):  # People say for whom a spread was too wide
            return np.asarray(self.centre * np.exp(self.spread * z))

    def people(self, n: int) -> People:
        """The first ``n``."""
        return People(self.parameters, self.draw(0, n), self.seed, tuple(map(float, self.spread)))
