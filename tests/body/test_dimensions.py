"""Units agree through every equation of the whole person, and the checker notices where they would not."""

from __future__ import annotations

import pytest

from eutone._errors import ModelError
from eutone.body import _dimensions
from eutone.body._dimensions import dimension_faults, unit_of, written
from eutone.body._tables import Parameter
from eutone.engine import load_network


def test_every_equation_of_the_whole_person_agrees() -> None:
    assert dimension_faults() == []


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("uM/h", "uM/h"),
        ("1/h/uM", "1/h/uM"),
        ("1", "1"),
        ("uM^2*h", "h*uM^2"),
        ("uM*uM/uM", "uM"),
        ("1/h^0.5", "1/h^0.5"),
    ],
)
def test_units_are_read(text: str, again: str) -> None:
    assert written(unit_of(text)) == again


@pytest.mark.parametrize("text", ["uM h", "/", "uM//h", "uM^x"])
def test_a_unit_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match="cannot read the unit"):
        unit_of(text)


UNITS = {"A": "uM", "B": "uM", "k": "1/h", "K": "uM", "V": "uM/h", "h": "1", "n": "1", "s": "1"}


@pytest.mark.parametrize(
    ("model", "faults"),
    [
        ("J: A -> B; k*A", []),
        ("J: A -> B; V*A/(K + A)", []),
        ("J: A -> B; V*A^h/(K^h + A^h)", []),
        ("J: A -> B; V*(A/K)^s", []),
        ("J: A -> B; V/(1 + exp(-A/K))", []),
        ("J: A -> B; k*max(0, A - B)", []),
        ("J: A -> B; V*A", ["J: brings uM^2/h to A, which is in uM", "J: brings uM^2/h to B, which is in uM"]),
        ("J: A -> B; V*A/(1 + A)", ["J: add of 1 and uM"]),
        ("J: A -> B; V*exp(A)", ["J: exp of uM"]),
        ("J: A -> B; V*s^A", ["J: an exponent in uM"]),
        ("J: A -> B; V*A^s/K", ["J: uM to a power that changes ('s')"]),
        ("x := A + k; J: A -> B; V*x/K", ["x: add of 1/h and uM"]),
        ("J: A -> B; piecewise(V, A > k, 0)", ["J: gt of 1/h and uM"]),
    ],
)
def test_what_does_not_agree_is_said(monkeypatch: pytest.MonkeyPatch, model: str, faults: list[str]) -> None:
    network = load_network(f"model m(); species s; A=1; B=1; k=1; K=1; V=1; h=2; n=1; s=1; S: -> s; k*s; {model}; end")
    rows = tuple(Parameter(i, i, "", 1.0, unit, 0.0, 0.0, "SEEN", "") for i, unit in UNITS.items())
    monkeypatch.setattr(_dimensions, "load_whole", lambda: network)
    monkeypatch.setattr(_dimensions, "all_parameters", lambda: rows)
    got = dimension_faults()
    assert len(got) == len(faults)
    for one, wanted in zip(got, faults, strict=True):
        assert sorted(one.split()) == sorted(wanted.split())
