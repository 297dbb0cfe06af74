"""`load`: any SBML or Antimony model, or one that comes with Eutone, as a noun that the verbs take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from eutone._errors import InputError
from eutone._memory import fits
from eutone._people import People, Variation
from eutone._time_unit import named, plural

if TYPE_CHECKING:
    from eutone.engine.dosing import Dose
    from eutone.engine.network import Network

__all__ = ["Model", "load"]

_TEXT = re.compile(r"[\n<;=]|->")


@dataclass(frozen=True, eq=False)
class Model:
    """A reaction network to simulate.

    Attributes
    ----------
    name : str
    network : Network
        What the engine sees.
    unit : str or None
        Of every species, where one is known.
    """

    name: str
    network: Network
    unit: str | None = None

    @property
    def time_unit(self) -> str | None:
        """As the source declares it: ``hour`` or another of `eutone._time_unit.SECONDS`; None if it does not."""
        return named(self.network.seconds)

    @property
    def species(self) -> Mapping[str, float]:
        """What changes over time: id to the value it begins with."""
        return MappingProxyType(dict(zip(self.network.species, map(float, self.network.start()), strict=True)))

    @property
    def parameters(self) -> Mapping[str, float]:
        """What can be set: id to default value."""
        return MappingProxyType(dict(zip(self.network.parameters, map(float, self.network.values), strict=True)))

    @property
    def reactions(self) -> tuple[str, ...]:
        """Ids of the reactions; their rates can be ``wanted``."""
        return self.network.reactions

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of what an assignment rule computes; they can be ``wanted``."""
        return tuple(name for name, _ in self.network.rules)

    def sample(
        self,
        n: int,
        spread: float | Mapping[str, float] = 0.2,
        seed: int = 0,
        only: str | Sequence[str] | None = None,
    ) -> People:
        """Draw ``n`` virtual people, log-normal around the defaults.

        Parameters
        ----------
        n : int
        spread : float or mapping
            Standard deviation of the ln of each parameter; by id if they are to differ. 0.2 is about 20 %.
        seed : int
            0 is a seed. The first people do not depend on ``n``.
        only : str or sequence of str, optional
            Which parameters vary: ids, or patterns such as ``V_*``. All that are not 0 if not given.

        Raises
        ------
        InputError
            If a name fits no parameter, or ``n`` or a spread makes no sense.
        """
        if n < 1:
            raise InputError(f"{n} people cannot be drawn", hint="Ask for one at least")
        variation = self.variation(spread, seed, only)
        fits(n * max(1, len(variation.parameters)))
        return variation.people(n)

    def variation(
        self,
        spread: float | Mapping[str, float] = 0.2,
        seed: int = 0,
        only: str | Sequence[str] | None = None,
    ) -> Variation:
        """How the people of `sample` differ, before anybody is drawn; arguments as there."""
        if seed < 0:
            raise InputError(f"the seed is {seed}", hint="A seed is 0 or more")
        defaults = self.parameters
        if isinstance(spread, Mapping):
            if only is not None:
                raise InputError("spread already names the parameters that vary", hint="Leave out 'only'")
            spreads = {name: float(spread[pattern]) for pattern in spread for name in self._fitting(pattern)}
        else:
            patterns = ("*",) if only is None else (only,) if isinstance(only, str) else tuple(only)
            named = {name for pattern in patterns for name in self._fitting(pattern)}
            spreads = {name: float(spread) for name in defaults if name in named}
        wrong = [name for name, value in spreads.items() if not 0 <= value < np.inf]
        if wrong:
            raise InputError(f"the spread of '{wrong[0]}' is {spreads[wrong[0]]}", hint="A spread is 0 or more")
        names = [name for name in spreads if defaults[name] != 0]
        centre = np.array([defaults[name] for name in names])
        return Variation(tuple(names), centre, np.array([spreads[name] for name in names]), int(seed))

    def dose(
        self,
        target: str,
        amount: float,
        at: float = 0.0,
        *,
        over: float = 0.0,
        every: float | None = None,
        count: int = 1,
    ) -> tuple[Dose, ...]:
        """Something given once or again and again, in the model's own units.

        Parameters
        ----------
        target : str
            A species, to which ``amount`` is added; or a parameter, which is raised by ``amount``.
        amount, at : float
        over : float
            How long it takes to flow in; how long the parameter stays raised (0: from then on).
        every : float, optional
            Time between doses.
        count : int
            How many.
        """
        from eutone import _doses

        return _doses.series(self.network, target, amount, at, over=over, every=every, count=count)

    def _fitting(self, pattern: str) -> list[str]:
        from eutone._doses import unknown

        names = self.network.parameters
        found = [pattern] if pattern in names else [name for name in names if fnmatchcase(name, pattern)]
        if pattern == "*":
            return found
        if not found:
            raise unknown(self.name, pattern, names, "parameter")
        if not any(self.parameters[name] for name in found):
            raise InputError(
                f"{self.name}: '{pattern}' is 0, and stays 0: people differ by factors",
                hint="Leave it out, or give columns of your own",
            )
        return found

    def __repr__(self) -> str:
        network = self.network
        sizes = [
            f"{len(network.species)} species",
            f"{len(network.reactions)} reactions",
            *([f"{len(network.rules)} rules"] if network.rules else []),
            f"{len(network.parameters)} parameters",
        ]
        clock = "time in the model's own unit" if self.time_unit is None else f"time in {plural(self.time_unit)}"
        lines = [f"<Model {self.name}: {', '.join(sizes)}; {clock}{', with clocks' if network.explicit_time else ''}>"]
        lines += _listed("species", self.species) + _listed("parameters", self.parameters)
        return "\n".join(lines)


_LISTED = 8  # of many: what fits two lines of a terminal


def _listed(title: str, table: Mapping[str, float]) -> list[str]:
    shown = ", ".join(f"{name} = {value:.6g}" for name, value in list(table.items())[:_LISTED])
    return [f"  {title}: {shown}{', ...' if len(table) > _LISTED else ''}"] if table else []


def load(source: str | Path | Model) -> Model:
    """Read a model.

    Parameters
    ----------
    source : str or Path
        A path to a ``.xml``, ``.sbml`` or ``.ant`` file; the text of an SBML or Antimony model; or the name of a model
        that comes with Eutone (``eutone model list`` names them).

    Raises
    ------
    InputError
        If there is no such file and no model of that name.
    ModelError
        If it cannot be read, or uses a construct that Eutone refuses; the message names it.
    """
    if isinstance(source, Model):
        return source
    from eutone import _model
    from eutone.engine.source import load_network

    text = str(source)
    if text.lower().endswith(".eutone.nc"):
        raise InputError("is a case; cases cannot be simulated yet, models can", file=text)
    if _model.names_file(source):
        network = _model.find(source)
        return Model(network.name, network)
    if _TEXT.search(text):
        network = load_network(text)
        return Model(network.name, network)
    return Model(text, _model.find(text), "µM" if text in _model.published() else None)
