"""Reading SBML and Antimony: the only place that knows libSBML and antimony.

A source becomes `Parts` (ids, numbers, expressions as written), which `eutone.engine.assemble` turns into a `Network`.
What a reaction network as ordinary differential equations needs is read: compartments of constant size, species as
amounts or concentrations, boundary species, local parameters, function definitions, initial assignments, assignment and
rate rules, the mathematics of SBML. Everything else (events, delays, algebraic rules, fast reactions, changing sizes,
required packages, ...) is refused by its name, never skipped: a model is read as it was meant, or not at all.

Local parameters become ``reaction.parameter``: an id with a dot cannot clash with an SBML id.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from eutone._errors import ModelError
from eutone.engine.assemble import TIME, Parts, Quantity, Reaction, assemble
from eutone.engine.expr import Expr, const, substitute, symbol
from eutone.engine.mathml import OPERATORS
from eutone.engine.network import Network

__all__ = ["AVOGADRO", "load_network"]

#: The value that SBML Level 3 fixes for its symbol, whatever was measured since.
AVOGADRO = 6.02214179e23

#: Packages without mathematics, and the one whose mathematics is that of Level 3 Version 2.
_HARMLESS = {"layout", "render", "l3v2extendedmath", "groups"}

#: antimony keeps everything that it has read in global state.
_ANTIMONY = Lock()


def load_network(source: str | Path) -> Network:
    """Read a reaction network.

    Parameters
    ----------
    source : str or Path
        A path to a ``.xml``, ``.sbml`` or ``.ant`` file; or the text of an Antimony or SBML model. An Antimony file may
        import others relative to its own folder.

    Raises
    ------
    ModelError
        If there is no such file, it cannot be read, a value is missing, or the model uses a construct that is not
        supported; the message names it.
    """
    path = _path(source)
    if path is None:
        text = str(source)
        return assemble(_sbml_parts(text if _is_sbml(text) else _antimony(text=text), "model"))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from error
    return assemble(_sbml_parts(text if _is_sbml(text) else _antimony(path=path), path.stem))


def _path(source: str | Path) -> Path | None:
    if isinstance(source, Path):
        return source
    one_line = "\n" not in source and "<" not in source
    return Path(source) if one_line and source.lower().endswith((".xml", ".sbml", ".ant")) else None


def _is_sbml(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def _antimony(*, text: str = "", path: Path | None = None) -> str:
    """The SBML text of an Antimony model."""
    import antimony

    with _ANTIMONY:
        antimony.clearPreviousLoads()
        antimony.clearDirectories()
        try:
            if path is None:
                loaded = antimony.loadAntimonyString(text)
            else:
                antimony.addDirectory(str(path.resolve().parent))
                loaded = antimony.loadAntimonyFile(str(path.resolve()))
            if loaded < 0:
                raise ModelError(f"{path or 'Antimony text'}: {antimony.getLastError().strip()}")
            return str(antimony.getSBMLString(antimony.getMainModuleName()))
        finally:
            antimony.clearPreviousLoads()
            antimony.clearDirectories()


def _sbml_parts(text: str, name: str) -> Parts:
    import libsbml

    document = libsbml.readSBMLFromString(text.lstrip("\ufeff"))
    for i in range(document.getNumErrors()):
        error = document.getError(i)
        if error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR:
            raise ModelError(f"{name}: line {error.getLine()}: {' '.join(error.getMessage().split())}")
    model = document.getModel()
    if model is None:
        raise ModelError(f"{name}: the document has no model")
    return _Reader(libsbml, document, model, model.getId() or name).parts()


class _Reader:
    """One document: its lists read in turn, in the order in which later ones need earlier ones."""

    def __init__(self, libsbml: Any, document: Any, model: Any, name: str) -> None:
        self.lib, self.document, self.model, self.name = libsbml, document, model, name
        self.ops = {getattr(libsbml, key): op for key, op in OPERATORS.items()}
        self.functions: dict[str, tuple[list[str], Expr]] = {}
        self.stoichiometries: dict[str, float] = {}

    def refuse(self, what: str) -> ModelError:
        return ModelError(f"{self.name}: {what} not supported")

    def parts(self) -> Parts:
        self._refuse_constructs()
        self._read_functions()
        quantities = self._read_quantities()
        reactions = self._read_reactions(quantities)
        initial = {
            a.getSymbol(): self.math(a.getMath(), f"initial assignment of '{a.getSymbol()}'")
            for a in self.model.getListOfInitialAssignments()
        }
        rules: dict[str, Expr] = {}
        rates: dict[str, Expr] = {}
        for rule in self.model.getListOfRules():
            target = rule.getVariable()
            if rule.isAlgebraic():
                raise self.refuse("an algebraic rule is")
            table = rates if rule.isRate() else rules
            table[target] = self.math(rule.getMath(), f"rule for '{target}'")
        for target in (*initial, *rules, *rates):
            if target in self.stoichiometries:
                raise self.refuse(f"the stoichiometry '{target}' is set by a rule or assignment, which is")
            if target not in quantities:
                raise ModelError(f"{self.name}: a rule or assignment sets '{target}', which is not defined")
        known = {key: const(value) for key, value in self.stoichiometries.items() if value == value}
        parts = Parts(self.name, quantities, reactions, initial, rules, rates)
        return _with_constants(parts, known)

    def _refuse_constructs(self) -> None:
        model, document = self.model, self.document
        for i in range(document.getNumPlugins()):
            package = document.getPlugin(i).getPackageName()
            if package not in _HARMLESS:
                raise self.refuse(f"the package '{package}' is")
        if document.getNumUnknownPackages():
            raise self.refuse(f"the package '{document.getUnknownPackagePrefix(0)}' is")
        if model.getNumEvents():
            event = model.getEvent(0)
            raise self.refuse(f"an event ('{event.getId() or 'without id'}') is")
        if model.getNumConstraints():
            raise self.refuse("a constraint is")
        if model.isSetConversionFactor():
            raise self.refuse("a conversion factor is")
        for species in model.getListOfSpecies():
            if species.isSetConversionFactor():
                raise self.refuse(f"a conversion factor (species '{species.getId()}') is")

    def _read_functions(self) -> None:
        for function in self.model.getListOfFunctionDefinitions():
            node = function.getMath()
            if node is None or not node.isLambda():
                raise ModelError(f"{self.name}: function '{function.getId()}' has no body")
            count = node.getNumBvars()
            arguments = [node.getChild(i).getName() for i in range(count)]
            # under a name that no id can have: an argument may be called like a species, or like the clock
            local = {a: symbol(f"argument {i}") for i, a in enumerate(arguments)}
            body = self.math(node.getChild(count), f"function '{function.getId()}'", local)
            self.functions[function.getId()] = ([f"argument {i}" for i in range(count)], body)

    def _read_quantities(self) -> dict[str, Quantity]:
        model = self.model
        quantities: dict[str, Quantity] = {}
        dimensionless = set()
        for c in model.getListOfCompartments():
            # Levels 1 and 2 have a default size; libSBML knows it, and says that Level 2 has none set
            quantities[c.getId()] = Quantity(
                "compartment", _number(c.isSetSize() or model.getLevel() == 1, c.getSize())
            )
            if (c.getLevel() < 3 or c.isSetSpatialDimensions()) and c.getSpatialDimensionsAsDouble() == 0:
                dimensionless.add(c.getId())
        for s in model.getListOfSpecies():
            given = s.isSetInitialAmount()
            value = s.getInitialAmount() if given else s.getInitialConcentration()
            quantities[s.getId()] = Quantity(
                "species",
                _number(given or s.isSetInitialConcentration(), value),
                s.getCompartment(),
                amount=s.getHasOnlySubstanceUnits() or s.getCompartment() in dimensionless,
                given_amount=given,
                fixed=s.getBoundaryCondition() or s.getConstant(),
            )
        for p in model.getListOfParameters():
            quantities[p.getId()] = Quantity("parameter", _number(p.isSetValue(), p.getValue()))
        if TIME in quantities:
            raise self.refuse(f"the id '{TIME}' for anything but the clock is")
        return quantities

    def _read_reactions(self, quantities: dict[str, Quantity]) -> dict[str, Reaction]:
        reactions: dict[str, Reaction] = {}
        for r in self.model.getListOfReactions():
            name = r.getId()
            if r.isSetFast() and r.getFast():
                raise self.refuse(f"a fast reaction ('{name}') is")
            law = r.getKineticLaw()
            if law is None or law.getMath() is None:
                raise ModelError(f"{self.name}: reaction '{name}' has no rate")
            net: dict[str, float] = {}
            for sign, references in ((-1.0, r.getListOfReactants()), (1.0, r.getListOfProducts())):
                for reference in references:
                    species = reference.getSpecies()
                    net[species] = net.get(species, 0.0) + sign * self._stoichiometry(reference, name)
            for species in net:
                if species not in quantities:
                    raise ModelError(f"{self.name}: reaction '{name}' uses '{species}', which is not defined")
            local: dict[str, Expr] = {}
            for p in (*law.getListOfParameters(), *law.getListOfLocalParameters()):
                full = f"{name}.{p.getId()}"
                local[p.getId()] = symbol(full)
                quantities[full] = Quantity("parameter", _number(p.isSetValue(), p.getValue()))
            reactions[name] = Reaction(self.math(law.getMath(), f"rate of '{name}'", local), net)
        return reactions

    def _stoichiometry(self, reference: Any, reaction: str) -> float:
        if reference.isSetStoichiometryMath():
            number = self.math(reference.getStoichiometryMath().getMath(), f"stoichiometry in '{reaction}'")
            if number.op != "const":
                raise self.refuse(f"a stoichiometry that is a formula (reaction '{reaction}') is")
            return float(number.value or 0.0)
        value = reference.getStoichiometry() / (reference.getDenominator() or 1)
        if reference.getId():
            self.stoichiometries[reference.getId()] = value
        if not math.isfinite(value):
            raise ModelError(f"{self.name}: reaction '{reaction}' has no stoichiometry for '{reference.getSpecies()}'")
        return float(value)

    def math(self, node: Any, where: str, local: Mapping[str, Expr] | None = None) -> Expr:
        """The expression of a MathML node; ``local`` names come before the model's."""
        if node is None:
            raise ModelError(f"{self.name}: the {where} has no formula")
        lib, kind = self.lib, node.getType()
        if kind == lib.AST_INTEGER or kind in (lib.AST_REAL, lib.AST_REAL_E, lib.AST_RATIONAL):
            return const(node.getValue())
        if kind == lib.AST_NAME:
            return (local or {}).get(node.getName()) or symbol(node.getName())
        if kind == lib.AST_NAME_TIME:
            return symbol(TIME)
        if kind == lib.AST_NAME_AVOGADRO:
            return const(AVOGADRO)
        operands = [self.math(node.getChild(i), where, local) for i in range(node.getNumChildren())]
        if kind == lib.AST_FUNCTION:
            if node.getName() not in self.functions:
                raise ModelError(f"{self.name}: the {where} uses the function '{node.getName()}', which is not defined")
            arguments, body = self.functions[node.getName()]
            if len(arguments) != len(operands):
                raise ModelError(f"{self.name}: the {where} gives '{node.getName()}' {len(operands)} arguments")
            return substitute([body], dict(zip(arguments, operands, strict=True)))[0]
        if kind not in self.ops:
            raise self.refuse(f"'{node.getName() or node.getOperatorName() or kind}' in the {where} is")
        result = self.ops[kind](operands)
        if result is None:
            raise self.refuse(f"'{node.getName() or node.getOperatorName()}' as used in the {where} is")
        return result


def _with_constants(parts: Parts, known: Mapping[str, Expr]) -> Parts:
    """``parts`` with ids of stoichiometries replaced by their numbers."""
    if not known:
        return parts

    def replaced(table: dict[str, Expr]) -> dict[str, Expr]:
        return dict(zip(table, substitute(list(table.values()), known), strict=True))

    return Parts(
        parts.name,
        parts.quantities,
        {k: Reaction(substitute([r.rate], known)[0], r.stoichiometry) for k, r in parts.reactions.items()},
        replaced(parts.initial_assignments),
        replaced(parts.rules),
        replaced(parts.rate_rules),
    )


def _number(given: bool, value: float) -> float | None:
    return float(value) if given and value == value else None
