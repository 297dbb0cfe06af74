"""`load`: any SBML or Antimony model, or one that comes with Eutone, as a noun that the verbs take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from eutone._errors import InputError
from eutone._export import export, form_of
from eutone._files import write_atomic
from eutone._memory import fits
from eutone._people import People, Variation
from eutone._time_unit import named, plural
from eutone.engine.export import About

if TYPE_CHECKING:
    from eutone.engine.dosing import Dose
    from eutone.engine.network import Network

__all__ = ["Model", "load"]

_TEXT = re.compile(r"[\n<;=]|->")
_SPREAD = 0.2  # of every parameter, where no table says better


@dataclass(frozen=True, eq=False)
class Model:
    """A reaction network to simulate.

    Attributes
    ----------
    name : str
    network : Network
        What the engine sees.
    about : About
        Units, names and notes by id, where they are known.
    spreads : mapping of str to float
        How much people differ, where a table says so: standard deviation of the ln, by parameter. Empty for a model
        without such a table.
    """

    name: str
    network: Network
    about: About = field(default_factory=About)
    spreads: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

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
        spread: float | Mapping[str, float] | None = None,
        seed: int = 0,
        only: str | Sequence[str] | None = None,
    ) -> People:
        """Draw ``n`` virtual people, log-normal around the defaults.

        Parameters
        ----------
        n : int
        spread : float or mapping, optional
            Standard deviation of the ln of each parameter; by id if they are to differ. 0.2 is about 20 %. If not
            given, what the model's own table says of each (``spreads``: the body's differences between healthy
            people), and 0.2 for all where it has none.
        seed : int
            0 is a seed. The first people do not depend on ``n``.
        only : str or sequence of str, optional
            Which parameters vary: ids, or patterns such as ``V_*``. If not given, those of ``spreads``; all that are
            not 0 where it has none, or where a spread is given.

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
        spread: float | Mapping[str, float] | None = None,
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
            said = self.usual_spread if spread is None else float(spread)
            usual = said if isinstance(said, dict) else dict.fromkeys(defaults, said)
            spreads = {name: usual[name] for name in defaults if name in named and name in usual}
            if named and not spreads:
                raise InputError(
                    f"{self.name}: its table says of none of {', '.join(patterns)} that people differ",
                    hint="Say how much: spread=0.2",
                )
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

    def taking(
        self, items: str | Iterable[str], hours: float, *, weight_kg: float = 70.0, age_years: float = 35.0
    ) -> tuple[Model, list[Dose]]:
        """A person who takes something from time 0 on, and the doses to simulate with; of ``whole`` and ``body`` only.

        Parameters
        ----------
        items : str or iterable of str
            As for a profile: ``sertraline 50 mg/d``, ``levodopa 100 mg at 08:00,14:00 with carbidopa 25 mg for 2 wk``.
        hours : float
            How long the simulation is.

        Raises
        ------
        InputError
            If the model is no person's, or an item cannot be read, is not known, or moves nothing in the model.

        Examples
        --------
        >>> person, doses = eutone.load("whole").taking("sertraline 50 mg/d", hours=24 * 28)
        >>> course = eutone.simulate(person, times=range(24 * 28), doses=doses)
        """
        from eutone._taking import taking

        model, doses, _ = taking(self, items, hours, weight_kg=weight_kg, age_years=age_years)
        return model, doses

    def taking_daily(
        self, items: str | Iterable[str], *, weight_kg: float = 70.0, age_years: float = 35.0
    ) -> dict[str, float]:
        """What the parameters of a person are on average who takes something for long; of ``whole`` and ``body`` only.

        Parameters
        ----------
        items : str or iterable of str
            As in `taking`.

        Returns
        -------
        dict of str to float
            By parameter, in its own unit: what `eutone.steady_state` takes as ``set``.

        Raises
        ------
        InputError
            As `taking`.

        Examples
        --------
        >>> whole = eutone.load("whole")
        >>> eutone.steady_state(whole, set=whole.taking_daily("haloperidol 5 mg/d"))
        """
        from eutone._taking import taking_daily

        return taking_daily(self, items, weight_kg=weight_kg, age_years=age_years)

    def to_sbml(self, set: Mapping[str, float] | None = None) -> str:  # noqa: A002
        """The model as SBML Level 3 Version 2, written from what Eutone solves, ids as they are.

        Parameters
        ----------
        set : mapping, optional
            Parameters, and values that species begin with, other than the defaults.

        Raises
        ------
        InputError
            If something that is set is not in the model.
        ModelError
            If something in it cannot be said in SBML; the message names it.
        """
        return export(self.network, self.described, "SBML", set).text

    def to_antimony(self, set: Mapping[str, float] | None = None) -> str:  # noqa: A002
        """The model as Antimony text, which has no local parameters: ``k`` of ``r`` is ``r_k``; else as `to_sbml`."""
        return export(self.network, self.described, "Antimony", set).text

    def save(self, path: str | Path, set: Mapping[str, float] | None = None) -> None:  # noqa: A002
        """Write the model, whole or not at all: SBML (``.xml``, ``.sbml``) or Antimony (``.ant``).

        Raises
        ------
        InputError, ModelError
            As `to_sbml`; also if the file has another ending, or cannot be written.
        """
        text = export(self.network, self.described, form_of(path), set).text
        write_atomic(Path(path).resolve(), text.encode())

    @property
    def usual_spread(self) -> float | dict[str, float]:
        """How much people differ if nothing else is said: by parameter, where a table says so."""
        return dict(self.spreads) or _SPREAD

    @property
    def units(self) -> Mapping[str, str]:
        """Of species and parameters, by id, where they are known."""
        own = {*self.network.species, *self.network.parameters}
        return {name: unit for name, unit in self.about.units.items() if name in own}

    @property
    def described(self) -> About:
        """``about``, and what ``time_unit`` says."""
        return replace(self.about, time_unit=self.time_unit or "")

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
    from eutone import _model, body
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
    network = _model.find(text)
    if text in _model.published():
        return Model(text, network, About(units=dict.fromkeys(network.species, "uM")))  # as their headers say
    rows = {row.flat: row for row in body.parameters()}
    spreads = {n: rows[n].person_ln_sd for n in network.parameters if n in rows and rows[n].person_ln_sd > 0}
    return Model(text, network, _model.about(text), MappingProxyType(spreads))
