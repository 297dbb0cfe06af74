"""The unit in which a model counts time, where its source declares one. What is not declared is not guessed."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

__all__ = ["SECONDS", "declared_time_unit"]

#: How long each unit is.
SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}

_ANTIMONY = re.compile(r"^\s*unit\s+(\w+)\s*=\s*([^;\n]*?)\s*[;\n]", re.MULTILINE)
_SECONDS = re.compile(r"(?:([\d.eE+]+)\s+)?seconds?")


def declared_time_unit(text: str) -> str | None:
    """``second``, ``minute``, ``hour`` or ``day``, or None, from the text of an SBML or Antimony model.

    SBML Level 3 names its unit at the model; in Levels 1 and 2 a unit definition may be called ``time``. Their default,
    the second, counts as not declared: many models leave it where they mean something else.
    """
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        try:
            root = ET.fromstring(text.lstrip("\ufeff \t\r\n").encode())  # noqa: S314 (libSBML has read it)
        except (ET.ParseError, ValueError):
            return None
        return _of_sbml(root)
    units = {unit[1]: unit[2] for unit in _ANTIMONY.finditer(text)}
    written = units.get("time_unit", "")
    found = _SECONDS.fullmatch(units.get(written, written))  # one unit may be called what another is
    return None if found is None else _named(float(found[1] or 1.0))


def _of_sbml(root: ET.Element) -> str | None:
    model = next((e for e in root.iter() if _local(e) == "model"), None)
    if model is None:
        return None
    wanted = model.get("timeUnits", "time")
    if wanted == "second":
        return "second"
    for definition in model.iter():
        if _local(definition) == "unitDefinition" and wanted in (definition.get("id"), definition.get("name")):
            units = [e for e in definition.iter() if _local(e) == "unit"]
            if len(units) == 1 and units[0].get("kind") == "second" and float(units[0].get("exponent", 1)) == 1:
                scale = 10.0 ** float(units[0].get("scale", 0))
                return _named(float(units[0].get("multiplier", 1)) * scale)
    return None


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _named(seconds: float) -> str | None:
    return next((name for name, length in SECONDS.items() if abs(seconds / length - 1) < 1e-9), None)
