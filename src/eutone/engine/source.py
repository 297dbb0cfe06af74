"""Reading SBML and Antimony: the only place that imports libSBML and antimony.

A source becomes a libSBML document, which `eutone.engine.sbml` reads into parts, which `eutone.engine.assemble` turns
into a `Network`. Models made of models (package ``comp``) are flattened by libSBML first. What is not supported is
refused by its name, never skipped: a model is read as it was meant, or not at all.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from eutone._errors import ModelError
from eutone.engine.assemble import assemble
from eutone.engine.network import Network
from eutone.engine.sbml import Reader

__all__ = ["load_network"]

#: antimony keeps everything that it has read in global state.
_ANTIMONY = Lock()

#: What antimony calls a model without ``model NAME() ... end``.
_NAMELESS = "__main"


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
        text, name = str(source), "model"
        text = text if _is_sbml(text) else _antimony(text=text)
    else:
        name = path.stem
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"{path}: cannot be read: {error}") from error
        text = text if _is_sbml(text) else _antimony(path=path)
    try:
        return _read(text, name, path)
    except RecursionError:
        raise ModelError(f"{name}: a formula is nested too deeply") from None


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
        except UnicodeDecodeError:  # it cuts letters in two when it says what is wrong with them
            raise ModelError(f"{path or 'Antimony text'}: a letter stands where none may, such as in a name") from None
        finally:
            antimony.clearPreviousLoads()
            antimony.clearDirectories()


def _read(text: str, name: str, path: Path | None) -> Network:
    import libsbml

    document = libsbml.readSBMLFromString(text.lstrip("\ufeff"))
    _refuse_errors(libsbml, document, name)
    if document.getPlugin("comp") is not None:
        _flatten(libsbml, document, name, path)
    model = document.getModel()
    if model is None:
        raise ModelError(f"{name}: the document has no model")
    named = model.getId() not in ("", _NAMELESS)
    network = assemble(Reader(libsbml, document, model, model.getId() if named else name).parts())
    return replace(network, seconds=_seconds(libsbml, model))


def _seconds(libsbml: Any, model: Any) -> float | None:
    """How long the model's unit of time is, if it declares one.

    Level 3 names its unit at the model; in Levels 1 and 2 a unit definition may be called ``time``. Their default, the
    second, counts as not declared: many models leave it where they mean something else.
    """
    name = model.getTimeUnits() if model.getLevel() > 2 else "time"
    if model.getLevel() > 2 and name == "second":
        return 1.0
    definition = model.getUnitDefinition(name) if name else None
    if definition is None:
        return None
    seconds, power = 1.0, 0.0
    for unit in definition.getListOfUnits():
        exponent = unit.getExponentAsDouble()
        if unit.getKind() == libsbml.UNIT_KIND_SECOND:
            power += exponent
        elif unit.getKind() != libsbml.UNIT_KIND_DIMENSIONLESS:
            return None
        try:
            seconds *= math.pow(unit.getMultiplier() * math.pow(10.0, unit.getScale()), exponent)
        except (OverflowError, ValueError):
            return None
    known = power == 1 and 0 < seconds < math.inf
    return float(f"{seconds:.12g}") if known else None  # 3.6 times 10^3 is an hour


def _refuse_errors(libsbml: Any, document: Any, name: str) -> None:
    for i in range(document.getNumErrors()):
        error = document.getError(i)
        if error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR:
            raise ModelError(f"{name}: line {error.getLine()}: {' '.join(error.getMessage().split())}")


def _flatten(libsbml: Any, document: Any, name: str, path: Path | None) -> None:
    """Make one model of a model made of models; those in other files are looked for beside ``path``."""
    if path is not None:
        document.setLocationURI(path.resolve().as_uri().replace("file:///", "file:/"))
    properties = libsbml.ConversionProperties()
    properties.addOption("flatten comp", True)
    properties.addOption("performValidation", False)
    properties.addOption("abortIfUnflattenable", "all")
    before = document.getNumErrors()
    if document.convert(properties) != libsbml.LIBSBML_OPERATION_SUCCESS:
        messages = [document.getError(i).getMessage() for i in range(before, document.getNumErrors())]
        said = " ".join((messages or ["libSBML does not say why"])[-1].split())  # the first says that others follow
        raise ModelError(f"{name}: the package 'comp' is not supported as used here, it cannot be flattened: {said}")
