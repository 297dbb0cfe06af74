"""The semantics of an SBML document, Levels 1 to 3, as `Parts`.

Read: compartments, species, parameters, local parameters, function definitions, initial assignments, assignment and
rate rules, algebraic rules that amount to assignments, reactions with constant or changing stoichiometries and
conversion factors, events, and the mathematics of Level 3 Version 2. Refused by name: other algebraic rules, fast
reactions, delays in formulas, constraints, packages that change the mathematics, and what is defined twice. A formula
that is missing, as Level 3 Version 2 allows, changes nothing.

Local parameters become ``reaction.parameter``, and an own id ``time`` becomes ``time.own``: an id with a dot cannot
clash with an SBML id. libSBML itself is given by `eutone.engine.source`, which alone imports it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from eutone._errors import ModelError
from eutone.engine.algebraic import solved
from eutone.engine.events import Event
from eutone.engine.expr import Expr, const, substitute, symbol, symbols
from eutone.engine.mathml import OPERATORS
from eutone.engine.parts import OWN_TIME, RATE_OF, TIME, Parts, Quantity, Reaction

__all__ = ["AVOGADRO", "Reader"]

#: The value that SBML Level 3 fixes for its symbol, whatever was measured since.
AVOGADRO = 6.02214179e23

#: Packages that say nothing about a time course (a flux balance is another question asked of the same reactions), and
#: the one whose mathematics is that of Level 3 Version 2.
_HARMLESS = {"layout", "render", "groups", "fbc", "l3v2extendedmath"}


class Reader:
    """One document: its lists read in turn, in the order in which later ones need earlier ones."""

    def __init__(self, libsbml: Any, document: Any, model: Any, name: str) -> None:
        self.lib, self.document, self.model, self.name = libsbml, document, model, name
        self.ops = {getattr(libsbml, key): op for key, op in OPERATORS.items()}
        self.functions: dict[str, tuple[list[str], Expr]] = {}
        self.opened: set[str] = set()
        self.timed = model.getElementBySId(TIME) is not None  # something of the model is called like the clock

    def refuse(self, what: str) -> ModelError:
        """The error that says that ``what`` ("a delay is") is not supported."""
        return ModelError(f"{self.name}: {what} not supported")

    def parts(self) -> Parts:
        """The model as written.

        Raises
        ------
        ModelError
            If something is refused, or not defined.
        """
        self._refuse_constructs()
        self._refuse_repeats()
        quantities = self._quantities()
        rules: dict[str, Expr] = {}
        rates: dict[str, Expr] = {}
        algebraic: list[Expr] = []
        for rule in self.model.getListOfRules():
            target = _own(rule.getVariable())
            if rule.getMath() is None:
                continue
            if rule.isAlgebraic():
                algebraic.append(self.math(rule.getMath(), "algebraic rule"))
                continue
            table = rates if rule.isRate() else rules
            table[target] = self.math(rule.getMath(), f"rule for '{target}'")
        initial = {
            _own(a.getSymbol()): self.math(a.getMath(), f"initial assignment of '{a.getSymbol()}'")
            for a in self.model.getListOfInitialAssignments()
            if a.getMath() is not None
        }
        events = self._events()
        parts = Parts(self.name, quantities, {}, initial, rules, rates, events)
        set_ = initial.keys() | rules.keys() | rates.keys() | parts.assigned()
        # whether an algebraic rule changes a stoichiometry is not known yet; if not, that becomes a number all the same
        reactions = self._reactions(quantities, set_ | symbols(*algebraic))
        for target in sorted(set_ - quantities.keys()):
            raise ModelError(f"{self.name}: a rule, assignment or event sets '{target}', which is not defined")
        parts = replace(parts, reactions=reactions)
        return replace(parts, rules=rules | self._solved(algebraic, parts)) if algebraic else parts

    def _solved(self, algebraic: list[Expr], parts: Parts) -> dict[str, Expr]:
        """The algebraic rules as assignment rules."""
        determined = {*parts.initial_assignments, *parts.rules, *parts.rate_rules} | parts.assigned() | parts.moved()
        model = self.model
        sides = [s for r in model.getListOfReactions() for s in (*r.getListOfReactants(), *r.getListOfProducts())]
        lists = (model.getListOfCompartments(), model.getListOfSpecies(), model.getListOfParameters(), sides)
        changing = {_own(element.getId()) for elements in lists for element in elements if not element.getConstant()}
        found = solved(algebraic, changing - determined)
        if found is None:
            raise self.refuse("an algebraic rule that is not linear in one quantity which nothing else determines is")
        return found

    def _refuse_constructs(self) -> None:
        model, document = self.model, self.document
        for i in range(document.getNumPlugins()):
            package = document.getPlugin(i).getPackageName()
            if package not in _HARMLESS:
                raise self.refuse(f"the package '{package}' is")
        if any(constraint.getMath() is not None for constraint in model.getListOfConstraints()):
            raise self.refuse("a constraint is")

    def _refuse_repeats(self) -> None:
        """Refuse what is defined twice: which of the two is meant, nobody can know."""
        model = self.model
        reactions, events = list(model.getListOfReactions()), list(model.getListOfEvents())
        references = [
            reference
            for r in reactions
            for reference in (*r.getListOfReactants(), *r.getListOfProducts(), *r.getListOfModifiers())
        ]
        quantities = [*model.getListOfCompartments(), *model.getListOfSpecies(), *model.getListOfParameters()]
        named = [*model.getListOfFunctionDefinitions(), *quantities, *reactions, *references, *events]
        self._once("the id", (element.getId() for element in named))
        set_ = [rule.getVariable() for rule in model.getListOfRules() if not rule.isAlgebraic()]
        self._once("a rule for", set_)
        starts = [a.getSymbol() for a in model.getListOfInitialAssignments()]
        self._once("an initial assignment of", starts)
        ruled = {rule.getVariable() for rule in model.getListOfRules() if rule.isAssignment()}
        for name in starts:
            if name in ruled:
                raise ModelError(f"{self.name}: '{name}' is set by an assignment rule and by an initial assignment")
        for e in events:
            where = f"in event '{e.getId()}'" if e.getId() else "in an event"
            self._once(f"{where}, an assignment to", (a.getVariable() for a in e.getListOfEventAssignments()))
        for r in reactions:
            if (law := r.getKineticLaw()) is not None:
                self._once(f"in reaction '{r.getId()}', the parameter", (p.getId() for p in _local_parameters(law)))

    def _once(self, what: str, names: Iterable[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if name and name in seen:
                raise ModelError(f"{self.name}: {what} '{name}' is there twice")
            seen.add(name)

    def _function(self, name: str, where: str) -> tuple[list[str], Expr]:
        """Arguments and body of a function definition, read when it is first used: they may come in any order."""
        if name in self.functions:
            return self.functions[name]
        function = self.model.getFunctionDefinition(name)
        if function is None:
            raise ModelError(f"{self.name}: the {where} uses the function '{name}', which is not defined")
        node = function.getMath()
        if node is None or not node.isLambda() or node.getNumChildren() != node.getNumBvars() + 1:
            raise ModelError(f"{self.name}: function '{name}' has no body")
        if name in self.opened:
            raise ModelError(f"{self.name}: function '{name}' uses itself")
        self.opened.add(name)
        count = node.getNumBvars()
        # under a name that no id can have: an argument may be called like a species, or like the clock
        arguments = [f"argument {i}" for i in range(count)]
        self._once(f"in function '{name}', the argument", (node.getChild(i).getName() for i in range(count)))
        local = {node.getChild(i).getName(): symbol(arguments[i]) for i in range(count)}
        self.functions[name] = arguments, self.math(node.getChild(count), f"function '{name}'", local)
        return self.functions[name]

    def _quantities(self) -> dict[str, Quantity]:
        model = self.model
        quantities: dict[str, Quantity] = {}
        dimensionless = set()
        for c in model.getListOfCompartments():
            # Levels 1 and 2 have a default size; libSBML knows it, and says that Level 2 has none set
            size = _number(c.isSetSize() or c.getLevel() == 1, c.getSize())
            quantities[_own(c.getId())] = Quantity("compartment", size)
            if (c.getLevel() < 3 or c.isSetSpatialDimensions()) and c.getSpatialDimensionsAsDouble() == 0:
                dimensionless.add(c.getId())
        for s in model.getListOfSpecies():
            given = s.isSetInitialAmount()
            value = s.getInitialAmount() if given else s.getInitialConcentration()
            quantities[_own(s.getId())] = Quantity(
                "species",
                _number(given or s.isSetInitialConcentration(), value),
                _own(s.getCompartment()),
                amount=s.getHasOnlySubstanceUnits() or s.getCompartment() in dimensionless,
                given_amount=given,
                fixed=s.getBoundaryCondition() or s.getConstant(),
                conversion=_own(s.getConversionFactor() or model.getConversionFactor()),
            )
        for p in model.getListOfParameters():
            quantities[_own(p.getId())] = Quantity("parameter", _number(p.isSetValue(), p.getValue()))
        return quantities

    def _reactions(self, quantities: dict[str, Quantity], set_: set[str]) -> dict[str, Reaction]:
        """The reactions; ids of stoichiometries and local parameters are added to ``quantities``."""
        reactions: dict[str, Reaction] = {}
        for r in self.model.getListOfReactions():
            name = _own(r.getId())
            if r.isSetFast() and r.getFast():
                raise self.refuse(f"a fast reaction ('{name}') is")
            law = r.getKineticLaw()
            if law is None:
                if self.document.getPlugin("fbc") is not None:
                    raise self.refuse(f"the package 'fbc' where a reaction has no rate ('{name}') is")
                raise ModelError(f"{self.name}: reaction '{name}' has no rate")
            net: dict[str, float | Expr] = {}
            for sign, references in ((-1.0, r.getListOfReactants()), (1.0, r.getListOfProducts())):
                for reference in references:
                    species = _own(reference.getSpecies())
                    if species not in quantities or quantities[species].kind != "species":
                        raise ModelError(f"{self.name}: reaction '{name}' changes '{species}', which is no species")
                    net[species] = net.get(species, 0.0) + sign * self._stoichiometry(reference, name, quantities, set_)
            local: dict[str, Expr] = {}
            for p in _local_parameters(law):
                full = f"{name}.{p.getId()}"
                local[p.getId()] = symbol(full)
                quantities[full] = Quantity("parameter", _number(p.isSetValue(), p.getValue()))
            rate = const(0) if law.getMath() is None else self.math(law.getMath(), f"rate of '{name}'", local)
            reactions[name] = Reaction(rate, net)
        return reactions

    def _stoichiometry(
        self, reference: Any, reaction: str, quantities: dict[str, Quantity], set_: set[str]
    ) -> float | Expr:
        if reference.isSetStoichiometryMath() and reference.getStoichiometryMath().getMath() is not None:
            number = self.math(reference.getStoichiometryMath().getMath(), f"stoichiometry in '{reaction}'")
            return float(number.value or 0.0) if number.op == "const" else number
        given = reference.getLevel() < 3 or reference.isSetStoichiometry()
        value = reference.getStoichiometry() / (reference.getDenominator() or 1)
        name = _own(reference.getId())
        if name:
            quantities[name] = Quantity("stoichiometry", _number(given, value))
            if name in set_:
                return symbol(name)
        if not given or not math.isfinite(value):
            raise ModelError(f"{self.name}: reaction '{reaction}' has no stoichiometry for '{reference.getSpecies()}'")
        return float(value)

    def _events(self) -> tuple[Event, ...]:
        events = []
        for number, e in enumerate(self.model.getListOfEvents()):
            name = e.getId() or f"event {number + 1}"
            trigger = e.getTrigger()
            if trigger is None or trigger.getMath() is None:
                continue  # it never fires
            old = e.getLevel() < 3  # no such attributes: a trigger was true before, and what is due stays due
            where = f"event '{name}'"
            delay = self._optional(e.getDelay(), f"delay of {where}")
            assignments = [
                (_own(a.getVariable()), self.math(a.getMath(), f"assignment to '{a.getVariable()}' in {where}"))
                for a in e.getListOfEventAssignments()
                if a.getMath() is not None
            ]
            events.append(
                Event(
                    name,
                    self.math(trigger.getMath(), f"trigger of {where}"),
                    None if delay is None or delay is const(0) else delay,
                    self._optional(e.getPriority(), f"priority of {where}"),
                    old or trigger.getPersistent(),
                    old or trigger.getInitialValue(),
                    e.getUseValuesFromTriggerTime(),
                    tuple(assignments),
                )
            )
        return tuple(events)

    def _optional(self, holder: Any, where: str) -> Expr | None:
        return None if holder is None or holder.getMath() is None else self.math(holder.getMath(), where)

    def math(self, node: Any, where: str, local: Mapping[str, Expr] | None = None) -> Expr:
        """The expression of a MathML node; ``local`` names come before the model's."""
        lib = self.lib
        if node is None or (kind := node.getType()) == lib.AST_UNKNOWN:
            raise ModelError(f"{self.name}: the {where} has no formula")
        if kind == lib.AST_INTEGER or kind in (lib.AST_REAL, lib.AST_REAL_E, lib.AST_RATIONAL):
            return const(node.getValue())
        if kind == lib.AST_NAME:
            name = node.getName()
            if name in (local or {}):
                return (local or {})[name]
            if name == TIME and not self.timed:
                if self.document.getLevel() > 1:  # Level 1 has no other way to say when it is
                    raise ModelError(f"{self.name}: the {where} uses '{name}' as a name, which is not defined")
                return symbol(TIME)
            return symbol(_own(name))
        if kind == lib.AST_NAME_TIME:
            return symbol(TIME)
        if kind == lib.AST_NAME_AVOGADRO:
            return const(AVOGADRO)
        if kind == lib.AST_FUNCTION_DELAY:
            raise self.refuse(f"'delay' in the {where} is")
        operands = [self.math(node.getChild(i), where, local) for i in range(node.getNumChildren())]
        if kind == lib.AST_FUNCTION:
            return self._called(node.getName(), operands, where)
        if kind == lib.AST_FUNCTION_RATE_OF:
            return self._rate_of(operands, where)
        if kind not in self.ops:
            raise self.refuse(f"'{node.getName() or node.getOperatorName() or kind}' in the {where} is")
        result = self.ops[kind](operands)
        if result is None:
            raise self.refuse(f"'{node.getName() or node.getOperatorName()}' as used in the {where} is")
        return result

    def _called(self, name: str, operands: list[Expr], where: str) -> Expr:
        arguments, body = self._function(name, where)
        if len(arguments) != len(operands):
            raise ModelError(f"{self.name}: the {where} gives '{name}' {len(operands)} arguments")
        given = dict(zip(arguments, operands, strict=True))
        for asked in symbols(body):
            if asked.startswith(RATE_OF) and asked.removeprefix(RATE_OF) in given:
                given[asked] = self._rate_of([given[asked.removeprefix(RATE_OF)]], where)
        return substitute([body], given)[0]

    def _rate_of(self, operands: list[Expr], where: str) -> Expr:
        if len(operands) != 1 or operands[0].op != "symbol":
            raise self.refuse(f"'rateOf' as used in the {where} is")
        return symbol(RATE_OF + str(operands[0].value))


def _local_parameters(law: Any) -> Any:
    """Those of a kinetic law: Level 3 calls them otherwise, and libSBML then gives them under both names."""
    return law.getListOfLocalParameters() if law.getLevel() > 2 else law.getListOfParameters()


def _own(name: str) -> str:
    """What the model's own ``name`` is called in expressions."""
    return OWN_TIME if name == TIME else name


def _number(given: bool, value: float) -> float | None:
    return float(value) if given else None
