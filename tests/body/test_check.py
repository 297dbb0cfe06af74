"""The checker of the body's files finds what it is there to find."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eutone.body import _check, check
from eutone.body._check import literals
from eutone.body._compose import structure
from eutone.body._tables import parameters, readouts


def test_the_body_has_no_fault():
    assert check() == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("J: A -> B; k*A;", []),
        ("J: A -> B; (1 + 0)*k*A^2/(K^2 + A^2);", []),
        ("J: A -> B; 0.5*A;", ["0.5"]),
        ("J: A -> B; k*A/(K + 3*A);", ["3"]),
        ("J: A -> B; k*A^0.7;", ["0.7"]),
        ("k = 1e-3;", ["1e-3"]),
        ("x_2 := k2*A1;", []),
    ],
)
def test_literals(text: str, found: list[str]):
    assert literals(text) == found


def test_a_value_in_a_module_is_a_fault(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_check, "structure", lambda name: structure(name) + ("\n  k_new = 2.5;" * (name == "gaba")))
    assert check() == ["gaba.ant: 2.5 stands in the text; move it to parameters.csv"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"unit": ""}, "no unit"),
        ({"meaning": ""}, "no meaning"),
        ({"grade": ""}, "no grade"),
        ({"source": ""}, "no source"),
        ({"grade": "GUESSED"}, "GUESSED"),
        ({"person_ln_sd": -0.1}, "negative"),
        ({"structural_ln_sd": -0.1}, "negative"),
        ({"flat": "k_nowhere"}, "used in no module"),
    ],
)
def test_a_broken_parameter_is_a_fault(monkeypatch: pytest.MonkeyPatch, change: dict[str, object], fault: str):
    first, *rest = parameters()
    monkeypatch.setattr(_check, "parameters", lambda: (replace(first, **change), *rest))  # type: ignore[arg-type]
    faults = check()
    assert faults
    assert all(f.startswith(first.id) for f in faults)
    assert any(fault in f for f in faults)


def test_a_readout_given_twice_is_a_fault(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_check, "readouts", lambda: (*readouts(), readouts()[0]))
    assert check() == [f"{readouts()[0].readout}: given twice"]
