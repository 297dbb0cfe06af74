"""Units of SBML from how tables write them (``uM/h``). What is not certain has none: a wrong unit is worse."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["UNITS_OF_TIME", "define_unit"]

#: Symbol to factors (kind of SBML, exponent, scale, multiplier). Amounts per litre are written with their M.
_ATOMS: dict[str, tuple[tuple[str, int, int, float], ...]] = {
    "s": (("second", 1, 0, 1.0),),
    "min": (("second", 1, 0, 60.0),),
    "h": (("second", 1, 0, 3600.0),),
    "d": (("second", 1, 0, 86400.0),),
} | {
    f"{prefix}{symbol}": tuple((kind, exponent, scale if i == 0 else 0, 1.0) for i, (kind, exponent) in enumerate(of))
    for symbol, of in {
        "M": (("mole", 1), ("litre", -1)),
        "mol": (("mole", 1),),
        "g": (("gram", 1),),
        "L": (("litre", 1),),
    }.items()
    for prefix, scale in {"": 0, "m": -3, "u": -6, "n": -9, "p": -12}.items()
}

#: How the units in which models count time are written.
UNITS_OF_TIME = {"second": "s", "minute": "min", "hour": "h", "day": "d"}


def define_unit(lib: Any, model: Any, text: str) -> str | None:
    """The id of the unit ``text`` in ``model``, defined there if it was not; None where ``text`` is not understood.

    Parameters
    ----------
    lib : module
        libSBML.
    model : libsbml.Model
    text : str
        Symbols between ``/`` and ``*``, such as ``1/h/uM``.
    """
    text = text.replace("µ", "u").replace("μ", "u").strip()
    signs = re.split(r"([/*])", text)
    factors = zip(["*", *signs[1::2]], signs[::2], strict=True)
    terms = [(symbol, -1 if sign == "/" else 1) for sign, symbol in factors if symbol != "1"]
    if not text or any(symbol not in _ATOMS for symbol, _ in terms):
        return None
    if not terms:
        return "dimensionless"
    if terms == [("s", 1)]:
        return "second"
    name = re.sub(r"^1_", "", text.replace("/", "_per_").replace("*", "_"))
    if model.getUnitDefinition(name) is None:
        definition = model.createUnitDefinition()
        definition.setId(name)
        for symbol, power in terms:
            for kind, exponent, scale, multiplier in _ATOMS[symbol]:
                unit = definition.createUnit()
                unit.setKind(lib.UnitKind_forName(kind))
                unit.setExponent(exponent * power)
                unit.setScale(scale)
                unit.setMultiplier(multiplier)
    return name
