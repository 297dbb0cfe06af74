"""Units of tables as units of SBML; what is not certain has none."""

from __future__ import annotations

import libsbml
import pytest

from eutone.engine.export_units import UNITS_OF_TIME, define_unit


@pytest.mark.parametrize(
    ("text", "name", "meant"),
    [
        ("1", "dimensionless", None),
        ("s", "second", None),
        ("min", "min", ["(60 second)^1"]),
        ("1/h", "per_h", ["(3600 second)^-1"]),
        ("uM/h", "uM_per_h", ["(1 litre)^-1", "(1e-06 mole)^1", "(3600 second)^-1"]),
        ("µM", "uM", ["(1 litre)^-1", "(1e-06 mole)^1"]),
        ("1/h/uM", "per_h_per_uM", ["(1 litre)^1", "(1e-06 mole)^-1", "(3600 second)^-1"]),
        ("ng/mL", "ng_per_mL", ["(0.001 litre)^-1", "(1e-09 gram)^1"]),
        ("mM*s", "mM_s", ["(0.001 mole)^1", "(1 litre)^-1", "(1 second)^1"]),
    ],
)
def test_a_unit_is_defined_once(text: str, name: str, meant: list[str] | None) -> None:
    document = libsbml.SBMLDocument(3, 2)  # keeps the model alive
    model = document.createModel()
    assert [define_unit(libsbml, model, text) for _ in range(2)] == [name, name]
    assert model.getNumUnitDefinitions() == (meant is not None)
    if meant is not None:
        assert sorted(libsbml.UnitDefinition.printUnits(model.getUnitDefinition(name), True).split(", ")) == meant


@pytest.mark.parametrize("text", ["", "unit", "h^2", "1//h", "IU/L", "uM per h", "nmol/g/"])
def test_what_is_not_understood_has_no_unit(text: str) -> None:
    document = libsbml.SBMLDocument(3, 2)
    assert define_unit(libsbml, document.createModel(), text) is None


def test_units_of_time_are_understood() -> None:
    document = libsbml.SBMLDocument(3, 2)
    model = document.createModel()
    assert [define_unit(libsbml, model, unit) for unit in UNITS_OF_TIME.values()] == ["second", "min", "h", "d"]
