"""Reading and writing SBML and Antimony: the only place that imports libSBML and antimony.

A source becomes a libSBML document, which `eutone.engine.sbml` reads into parts, which `eutone.engine.assemble` turns
into a `Network`. Models made of models (package ``comp``) are flattened by libSBML first. What is not supported is
refused by its name, never skipped: a model is read as it was meant, or not at all. The way back is
`eutone.engine.export`; a document is given out after libSBML has found no error in it.
"""

from __future__ import annotations

import io
import math
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any
from xml.etree import ElementTree as ET

from eutone._errors import ModelError
from eutone.engine.assemble import assemble
from eutone.engine.events import Event
from eutone.engine.export import About, Writer
from eutone.engine.network import Network, Place
from eutone.engine.parts import OWN_TIME, TIME
from eutone.engine.remember import key_of, remembered
from eutone.engine.same import difference
from eutone.engine.sbml import Reader

__all__ = ["antimony_of", "load_network", "sbml_of"]

#: antimony keeps everything that it has read in global state.
_ANTIMONY = Lock()

#: Characters from which on reading is slower than looking in the cache by far.
_LONG = 20_000

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
    else:
        name = path.stem
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ModelError(f"{path}: is not in UTF-8, as SBML and Antimony must be: {error}") from error
        except (OSError, ValueError) as error:  # a name with a null in it is a ValueError
            raise ModelError(f"{path}: cannot be read: {error}") from error
    _refuse_characters(text, name)

    def made() -> Network:
        try:
            return _read(text if _is_sbml(text) else _antimony(text, path), name, path)
        except RecursionError:
            raise ModelError(f"{name}: a formula is nested too deeply") from None

    if len(text) < _LONG or _opens_files(text):
        return made()
    versions = [version("antimony"), version("python-libsbml")]
    return remembered(key_of("network", *versions, name, text), (Network, Place, Event), made)


def _path(source: str | Path) -> Path | None:
    if isinstance(source, Path):
        return source
    one_line = "\n" not in source and "<" not in source
    return Path(source) if one_line and source.lower().endswith((".xml", ".sbml", ".ant")) else None


def _is_sbml(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def _opens_files(text: str) -> bool:
    """Whether what the model is may depend on files besides its own: Antimony's imports, models of package ``comp``."""
    return "import" in text or "/comp/" in text


def _refuse_characters(text: str, name: str) -> None:
    """Refuse what a C string cannot hold: libSBML and antimony would read the text up to there, or nothing."""
    if "\0" in text:
        raise ModelError(f"{name}: line {text[: text.index(chr(0))].count(chr(10)) + 1}: holds a null character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ModelError(f"{name}: is not text in Unicode: {error}") from error


def _antimony(text: str, path: Path | None) -> str:
    """The SBML text of an Antimony model; from its file where it opens others, for imports are relative to it."""
    import antimony

    with _ANTIMONY:
        antimony.clearPreviousLoads()
        antimony.clearDirectories()
        try:
            if path is None or not _opens_files(text):  # a file that is written meanwhile is kept as what was read
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
    for package, space in _required(text.lstrip("\ufeff")).items():
        if document.getPlugin(space) is None:  # what libSBML knows, the reader judges
            raise ModelError(f"{name}: the package '{package}' is not supported")
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


def _required(text: str) -> dict[str, str]:
    """Packages that a document says it cannot be understood without, by prefix, and their namespaces.

    libSBML drops the attribute where it does not know the package.
    """
    prefixes: dict[str, str] = {}
    file = io.BytesIO(text.encode())
    try:
        for event, item in ET.iterparse(file, events=("start-ns", "start")):  # noqa: S314 - the first tag, no more
            if event == "start":
                said = {key[1:].partition("}"): value.strip() for key, value in item.attrib.items()}
                return {
                    prefixes.get(s, s): s for (s, _, key), v in said.items() if key == "required" and v in ("true", "1")
                }
            prefixes[item[1]] = item[0]
    except (ET.ParseError, ValueError, LookupError):  # the last two: of encodings
        pass  # libSBML says better what is wrong
    return {}


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


def sbml_of(network: Network, about: About | None = None) -> tuple[str, tuple[str, ...]]:
    """The SBML document of a network, Level 3 Version 2 Core, and what libSBML warns of in it, once for each place.

    Raises
    ------
    ModelError
        If something in it cannot be said in SBML.
    """
    import libsbml

    try:
        text = Writer(libsbml, network, about or About()).text()
    except RecursionError:
        raise ModelError(f"{network.name}: a formula is nested too deeply") from None
    document = libsbml.readSBMLFromString(text)
    document.checkConsistency()
    _refuse_errors(libsbml, document, network.name)
    return text, tuple(document.getError(i).getShortMessage() for i in range(document.getNumErrors()))


def antimony_of(sbml: str, name: str) -> str:
    """The Antimony text of an SBML document, read back and compared.

    Antimony has no local parameters: libSBML makes ``reaction_k`` of the ``k`` of a reaction. An id that is one of its
    own words (``compartment``, ``time``) gets a ``_`` behind it.

    Parameters
    ----------
    sbml : str
    name : str
        Of the model, for errors.

    Raises
    ------
    ModelError
        If Antimony cannot say it, or says something else.
    """
    import antimony
    import libsbml

    document = libsbml.readSBMLFromString(sbml)
    properties = libsbml.ConversionProperties()
    properties.addOption("promoteLocalParameters", True)
    document.convert(properties)
    meant = libsbml.writeSBMLToString(document)
    with _ANTIMONY:
        antimony.clearPreviousLoads()
        try:
            if antimony.loadSBMLString(meant) < 0:
                why = " ".join(antimony.getLastError().split())
                raise ModelError(f"{name}: this model cannot be said in Antimony: {why}")
            text = str(antimony.getAntimonyString(antimony.getMainModuleName()))
        finally:
            antimony.clearPreviousLoads()
    try:
        a, b = load_network(meant), load_network(text)
        lost, added = _ids(a) - _ids(b), _ids(b) - _ids(a)
        called = {name: f"{TIME if name == OWN_TIME else name}_" for name in lost}
        wrong = difference(a, b, {name: word for name, word in called.items() if word in added})
    except ModelError as error:
        wrong = str(error)
    if wrong:
        raise ModelError(f"{name}: this model cannot be said in Antimony: read back, {wrong}; SBML can say it")
    return text


def _ids(network: Network) -> set[str]:
    return {*network.species, *network.parameters, *network.reactions, *(name for name, _ in network.rules)}
