"""A network as an SBML document, Level 3 Version 2 Core: what the engine solves, for every other tool.

The document is written from the network and not from the file that it was read from, so it means what Eutone means by
it: function definitions are gone, conversion factors and constant sizes of compartments are numbers in the formulas,
species that nothing changes take no part in reactions. `eutone.engine.export_roles` says what each id becomes;
`eutone.engine.source` gives libSBML, checks the document with it, and turns it into Antimony.

What cannot be said in SBML is refused by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from eutone._errors import ModelError
from eutone.engine.events import Event
from eutone.engine.export_roles import UNSIZED, is_id, roles_of
from eutone.engine.export_units import UNITS_OF_TIME, define_unit
from eutone.engine.expr import Expr, symbol, symbols
from eutone.engine.mathml_write import FormulaWriter
from eutone.engine.network import Network

__all__ = ["About", "Writer"]

_XHTML = "http://www.w3.org/1999/xhtml"


@dataclass(frozen=True)
class About:
    """What is known of a network that it does not hold itself; all by id, all optional.

    Attributes
    ----------
    time_unit : str
        ``second``, ``minute``, ``hour`` or ``day``.
    units : mapping of str to str
        Such as ``uM/h``. What is not understood is left out.
    names : mapping of str to str
        What people call it.
    notes : mapping of str to str
        One sentence: what it is, where its number is from.
    """

    time_unit: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


class Writer:
    """One document: its lists written in turn."""

    def __init__(self, lib: Any, network: Network, about: About) -> None:
        self.lib, self.network, self.about = lib, network, about
        self.roles = roles_of(network)
        amounts = {inner: symbol(s) * network.places[s].size for inner, s in self.roles.held.items()}
        self.write = FormulaWriter(lib, self.roles.names, amounts)
        self.rules = dict(network.rules)
        self.values = dict(zip(network.parameters, network.values.tolist(), strict=True)) | network.constants
        self.values |= dict(zip(network.species, network.initial.tolist(), strict=True))
        self.document = lib.SBMLDocument(3, 2)
        self.model = self.document.createModel()

    def text(self) -> str:
        """The document.

        Raises
        ------
        ModelError
            If something cannot be said in SBML.
        """
        name, roles = self.network.name, self.roles
        ids = (*roles.compartments, *roles.species, *roles.parameters, *self.network.reactions)
        taken = {*map(self._name, ids), *(event.id for event in self.network.events)}
        self._put(self.model, Name=name, **({"Id": name} if is_id(name) and name not in taken else {}))
        self._units()
        self._compartments()
        self._species()
        self._parameters()
        self._starts()
        self._rules()
        for j, reaction in enumerate(self.network.reactions):
            self._reaction(j, reaction)
        for event in self.network.events:
            self._event(event)
        return str(self.lib.writeSBMLToString(self.document))

    def _put(self, element: Any, **attributes: Any) -> None:
        """Set attributes by libSBML's names, and hear it if one is refused: libSBML itself says it by a number."""
        for key, value in attributes.items():
            if getattr(element, f"set{key}")(value) != self.lib.LIBSBML_OPERATION_SUCCESS:
                raise ModelError(f"{self.network.name}: SBML takes no {key} {value!r}")

    def _describe(self, element: Any, name: str) -> None:
        called = self.about.names.get(name, name if name in self.roles.names else "")
        self._put(element, Id=self._name(name), **({"Name": called} if called else {}))
        note = self.about.notes.get(name, "")
        if name in self.network.constants and name not in self.roles.compartments:
            note = f"{note} A number of the model, folded into its formulas: to change it here changes nothing.".strip()
        if note:
            lib = self.lib
            space = lib.XMLNamespaces()
            space.add(_XHTML)
            paragraph = lib.XMLNode(lib.XMLTriple("p", "", ""), lib.XMLAttributes(), space)
            paragraph.addChild(lib.XMLNode(note))
            self._put(element, Notes=paragraph)

    def _unit(self, name: str) -> str | None:
        return define_unit(self.lib, self.model, self.about.units[name]) if name in self.about.units else None

    def _substance(self, unit: str) -> str | None:
        """The amount of which ``unit`` is so much per litre."""
        return define_unit(self.lib, self.model, unit.replace("M", "mol"))

    def _units(self) -> None:
        if self.about.time_unit:
            unit = define_unit(self.lib, self.model, UNITS_OF_TIME[self.about.time_unit])
            self._put(self.model, TimeUnits=unit)
        units = {self.about.units[s] if self._molar(s) else "" for s in self.roles.species}
        if len(units) == 1 and (unit := units.pop()):
            self._put(self.model, ExtentUnits=self._substance(unit), VolumeUnits="litre")

    def _compartments(self) -> None:
        sizes = {place.compartment: place.size for place in self.network.places.values()}
        for name in self.roles.compartments:
            c = self.model.createCompartment()
            self._describe(c, name)
            self._put(c, SpatialDimensions=3, Constant=not self._changes(name))
            if sizes[name].op == "const":
                self._put(c, Size=float(sizes[name].value or 0.0))
            elif name in self.values:
                self._put(c, Size=self.values[name])
            if any(self._molar(s) for s in self.roles.species if self._compartment(s) == name):
                self._put(c, Units="litre")
        if self.roles.homeless:
            self._put(self.model.createCompartment(), Id=self._name(UNSIZED), Constant=True)

    def _compartment(self, species: str) -> str:
        return UNSIZED if species in self.roles.homeless else self.network.places[species].compartment

    def _molar(self, species: str) -> bool:
        """Whether the species is known to be in moles per litre of a compartment that is one litre."""
        place = self.network.places.get(species)
        unit = self.about.units.get(species, "").replace("µ", "u")
        return place is not None and not place.amount and place.size.value == 1.0 and unit in ("nM", "uM", "mM")

    def _changes(self, name: str) -> bool:
        """Whether the quantity ``name`` of the document can change."""
        inner = self.roles.species.get(name, name)
        held = inner != name and inner in self.rules  # an amount that follows from parameters once and for all
        return not held and (inner in self.network.species or inner in self.rules)

    def _species(self) -> None:
        network = self.network
        for name, inner in self.roles.species.items():
            s = self.model.createSpecies()
            self._describe(s, name)
            place = network.places.get(name)
            amount = place is None or place.amount
            where = self._compartment(name)
            changes = self._changes(name)
            self._put(
                s,
                Compartment=self._name(where),
                HasOnlySubstanceUnits=amount,
                BoundaryCondition=not changes,
                Constant=not changes and inner == name,  # a held amount stays, and its concentration does not
            )
            if inner in self.values:
                set_amount = amount or inner != name
                self._put(s, **{"InitialAmount" if set_amount else "InitialConcentration": self.values[inner]})
            if self._molar(name):
                self._put(s, SubstanceUnits=self._substance(self.about.units[name]))

    def _parameters(self) -> None:
        for name in self.roles.parameters:
            p = self.model.createParameter()
            self._describe(p, name)
            self._put(p, Constant=not self._changes(name))
            if name in self.values:
                self._put(p, Value=self.values[name])
            if unit := self._unit(name):
                self._put(p, Units=unit)

    def _starts(self) -> None:
        initials = dict(self.network.initials)
        initials |= {inner: self.rules[inner] for inner in self.roles.held if inner in self.rules}
        for name, expression in initials.items():
            target = self.roles.held.get(name, name)
            if name in self.roles.held:
                expression = _over(expression, self.network.places[target].size)
            a = self.model.createInitialAssignment()
            where = f"initial value of '{target}'"
            self._put(a, Symbol=self._name(target), Math=self.write.number(expression, where))

    def _name(self, name: str) -> str:
        return self.roles.names.get(name, name)

    def _rules(self) -> None:
        implied = {*self.roles.held, *self.roles.held.values()}
        for name, expression in self.network.rules:
            if name not in implied:
                rule = self.model.createAssignmentRule()
                where = f"rule for '{name}'"
                self._put(rule, Variable=self._name(name), Math=self.write.number(expression, where))
        for name, expression in self.roles.changes.items():
            rule = self.model.createRateRule()
            where = f"rate rule for '{name}'"
            self._put(rule, Variable=self._name(name), Math=self.write.number(expression, where))

    def _reaction(self, j: int, name: str) -> None:
        network, roles = self.network, self.roles
        r = self.model.createReaction()
        self._describe(r, name)
        self._put(r, Reversible=True)  # nothing in a network says that a rate cannot be negative
        volumes = network.volumes if len(network.volumes) else np.ones(len(network.species))
        taking_part = set()
        for i in np.flatnonzero(network.stoichiometry[:, j]):
            species = roles.held.get(network.species[i], network.species[i])
            if species in roles.changes:
                continue  # its rate rule says all
            size = float(volumes[i]) if species in network.places else 1.0
            number = float(network.stoichiometry[i, j]) * size
            reference = r.createReactant() if number < 0 else r.createProduct()
            self._put(reference, Species=self._name(species), Stoichiometry=abs(number), Constant=True)
            taking_part.add(species)
        used = symbols(network.rates[j])
        used |= {roles.held[name] for name in used & roles.held.keys()}
        for species in roles.species:
            if species in used and species not in taking_part:
                self._put(r.createModifier(), Species=self._name(species))
        law = r.createKineticLaw()
        self._put(law, Math=self.write.number(network.rates[j], f"rate of '{name}'"))
        for parameter, reaction in roles.local.items():
            if reaction == name:
                p = law.createLocalParameter()
                self._put(p, Id=roles.names[parameter], Value=self.values[parameter])
                if unit := self._unit(parameter):
                    self._put(p, Units=unit)

    def _event(self, event: Event) -> None:
        event = self._concentrations(event)
        e = self.model.createEvent()
        if is_id(event.id):
            self._put(e, Id=event.id)
        self._put(e, UseValuesFromTriggerTime=event.from_trigger_time)
        where = f"event '{event.id}'"
        trigger = e.createTrigger()
        self._put(trigger, Persistent=event.persistent, InitialValue=event.initial_value)
        self._put(trigger, Math=self.write.condition(event.trigger, f"trigger of {where}"))
        if event.delay is not None:
            self._put(e.createDelay(), Math=self.write.number(event.delay, f"delay of {where}"))
        if event.priority is not None:
            self._put(e.createPriority(), Math=self.write.number(event.priority, f"priority of {where}"))
        for name, value in event.assignments:
            math = self.write.number(value, f"assignment to '{name}' in {where}")
            self._put(e.createEventAssignment(), Variable=self._name(name), Math=math)

    def _concentrations(self, event: Event) -> Event:
        """``event`` with amounts assigned made concentrations: the way back of `eutone.engine.amounts`."""
        factors, assignments = dict(event.factors), []
        waits = event.from_trigger_time
        for name, value in event.assignments:
            size = self.network.places[self.roles.held[name]].size if name in self.roles.held else None
            if factors.get(name) is not (size if waits else None):
                raise ModelError(
                    f"{self.network.name}: event '{event.id}' takes its values when it fires and sets '{name}' to one "
                    "that depends on when it executes, which cannot be said in SBML"
                )
            if size is not None and not waits:
                value = _over(value, size)
            assignments.append((self.roles.held.get(name, name), value))
        return replace(event, assignments=tuple(assignments), factors=())


def _over(amount: Expr, size: Expr) -> Expr:
    """``amount/size``, with what `eutone.engine.amounts` multiplied taken back."""
    if amount.op == "mul" and amount.args[1] is size:
        return amount.args[0]
    return amount / size
