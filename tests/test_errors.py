"""Errors say where and what would be right; names that are near are looked for in one place."""

from __future__ import annotations

from pathlib import Path

import eutone
from eutone._errors import InputError, did_you_mean


def test_what_is_near_is_named() -> None:
    assert did_you_mean("V_Th", ["k", "V_TH", "V_Tha"]) == "Did you mean V_Tha or V_TH?"
    assert did_you_mean("V_Tha", ["V_TH", "V_Thb"], most=1) == "Did you mean V_Thb?"
    assert did_you_mean("x", ["long name"]) == ""


def test_it_is_looked_for_in_one_place() -> None:
    source = Path(eutone.__file__).parent
    users = [p.name for p in source.rglob("*.py") if "get_close_matches" in p.read_text(encoding="utf-8")]
    assert users == ["_errors.py"]


def test_an_error_says_where_and_what_to_do() -> None:
    error = InputError("is empty", file="a.csv", row=3, column="value", hint="Give a number")
    assert str(error) == "a.csv, row 3, column 'value': is empty. Give a number"
