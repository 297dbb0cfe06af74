"""Every row of the bad-input table that concerns the door: exit code 2, the place, and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

import eutone
from eutone import InputError

HEADER = "marker,specimen,value,unit\n"


def csv_file(folder: Path, text: str | bytes, name: str = "panel.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# text of the file, row, column, parts of the message (what is wrong, what would be right)
TABLES = {
    "unknown unit": (HEADER + "HVA,csf,157,furlong\n", 2, "unit", ("furlong", "not known", "nmol/L")),
    "impossible unit": (HEADER + "HVA,csf,157,mmHg\n", 2, "unit", ("mmHg", "nmol/L")),
    "24-h unit in csf": (HEADER + "HVA,csf,157,mg/24h\n", 2, "unit", ("mg/24h", "nmol/L")),
    "unit missing": (HEADER + "HVA,csf,157,\n", 2, "unit", ("unit is missing", "nmol/L")),
    "number without unit": (HEADER + "HVA,csf,157,qualitative\n", 2, "unit", ("qualitative", "low, normal or high")),
    "negative": (HEADER + "5-HIAA,csf,78,nmol/L\nHVA,csf,-157,nmol/L\n", 3, "value", ("negative", "below 0")),
    "negative bound": (HEADER + "HVA,csf,<-5,nmol/L\n", 2, "value", ("negative",)),
    "absurdly high": (HEADER + "HVA,csf,157,mol/L\n", 2, "value", ("absurd", "Check the unit", "nmol/L")),
    "absurdly low": (HEADER + "HVA,csf,0.0001,nmol/L\n", 2, "value", ("absurd", "Check the unit")),
    "absurd z": (HEADER + "HVA,csf,-4000,z\n", 2, "value", ("absurd", "own unit")),
    "z as a bound": (HEADER + "HVA,csf,<-2,z-score\n", 2, "value", ("z-score", "number")),
    "not a number": (HEADER + "HVA,csf,lots,nmol/L\n", 2, "value", ("lots", "Write a number")),
    "infinite": (HEADER + "HVA,csf,inf,nmol/L\n", 2, "value", ("inf", "Write a number")),
    "not a number but NaN": (HEADER + "HVA,csf,nan,nmol/L\n", 2, "value", ("missing", "<LOD")),
    "value missing": (HEADER + "HVA,csf,,nmol/L\n", 2, "value", ("missing", "Leave the row out")),
    "ambiguous ND": (HEADER + "HVA,csf,ND,nmol/L\n", 2, "value", ("not detected", "not done")),
    "decimal comma between commas": (HEADER + 'HVA,csf,"15,7",nmol/L\n', 2, "value", ("comma", "semicolons")),
    "bound of zero": (HEADER + "BH4,csf,<0,nmol/L\n", 2, "value", ("says nothing", "limit of detection")),
    "upper limit of zero": ("marker,specimen,value,unit,high\nHVA,csf,157,nmol/L,0\n", 2, "high", ("says nothing",)),
    "limit of the other side": ("marker,specimen,value,unit,low\nHVA,csf,157,nmol/L,<5\n", 2, "low", ("<5", "plain")),
    "marker missing": (HEADER + ",csf,157,nmol/L\n", 2, "marker", ("missing", "LOINC")),
    "specimen unknown": (HEADER + "HVA,cfs,157,nmol/L\n", 2, "specimen", ("cfs", "csf, plasma")),
    "specimen not said": ("marker,value,unit\nHVA,157,nmol/L\n", 2, "specimen", ("several specimens", "csf.HVA")),
    "LOINC of another specimen": (HEADER + "csf.HVA,plasma,157,nmol/L\n", 2, "marker", ("csf", "plasma")),
    "missing column": ("marker,value\nHVA,157\n", 1, "unit", ("missing", "marker, value, unit")),
    "column twice": ("marker,value,unit,Value\nHVA,1,nmol/L,2\n", 1, "Value", ("twice",)),
    "no rows": (HEADER, 2, None, ("no rows",)),
    "no header": ("HVA,157,nmol/L\n", 1, "marker", ("missing",)),
    "empty file": ("", None, None, ("empty",)),
    "too many cells": (HEADER + "HVA,csf,15,7,nmol/L\n", 2, None, ("5 cells under 4", "semicolons")),
    "open quotation mark": (HEADER + '"HVA,csf,157,nmol/L\n', 2, None, ("broken", "quotation mark")),
    "impossible day": (
        "marker,specimen,value,unit,collected\nHVA,csf,157,nmol/L,2023-02-30\n",
        2,
        "collected",
        ("2023-02-30", "ISO 8601"),
    ),
    "day first": (
        "marker,specimen,value,unit,collected\nHVA,csf,157,nmol/L,05.03.2023\n",
        2,
        "collected",
        ("05.03.2023", "2024-03-05"),
    ),
    "future": ("marker,specimen,value,unit,collected\nHVA,csf,157,nmol/L,2999-01-01\n", 2, "collected", ("future",)),
    "neither yes nor no": (
        "marker,specimen,value,unit,fasting\nHVA,csf,157,nmol/L,maybe\n",
        2,
        "fasting",
        ("maybe", "yes or no"),
    ),
    "negative hours": (
        "marker,specimen,value,unit,hours_since_dose\nHVA,csf,157,nmol/L,-2\n",
        2,
        "hours_since_dose",
        ("impossible",),
    ),
    "absurd fraction": (
        "marker,specimen,value,unit,csf_fraction_ml\nHVA,csf,157,nmol/L,5000\n",
        2,
        "csf_fraction_ml",
        ("impossible", "100"),
    ),
    "empty interval": (
        "marker,specimen,value,unit,low,high\nHVA,csf,157,nmol/L,900,300\n",
        2,
        "low",
        ("empty", "lower limit"),
    ),
    "interval that is no number": (
        "marker,specimen,value,unit,low,high\nHVA,csf,157,nmol/L,300,high\n",
        2,
        "high",
        ("not a number",),
    ),
    "disagreement": (HEADER + "HVA,csf,157,nmol/L\nHVA,csf,175,nmol/L\n", 3, "value", ("row 2", "row 3", "collected")),
    "disagreement after conversion": (
        HEADER + "HVA,csf,157,nmol/L\n5-HIAA,csf,78,nmol/L\nHVA,csf,35,ng/mL\n",
        4,
        "value",
        ("row 2", "row 4"),
    ),
    "disagreement in kind": (HEADER + "BH4,csf,<5,nmol/L\nBH4,csf,4,nmol/L\n", 3, "value", ("row 2", "row 3")),
    "mixed commas": (
        "marker;specimen;value;unit\n5-HIAA;csf;78.5;nmol/L\nHVA;csf;1,234;nmol/L\n",
        3,
        "value",
        ("thousands",),
    ),
    "table of cases": ("case_id,analyte,value,unit\nA,HVA,157,nmol/L\n", 1, "marker", ("scripts/evaluate_cases",)),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_a_bad_table_is_refused_at_its_place(name: str, tmp_path: Path) -> None:
    text, row, column, parts = TABLES[name]
    path = csv_file(tmp_path, text)
    with pytest.raises(InputError) as caught:
        eutone.read(path, age="12d", sex="female")
    error = caught.value
    assert error.exit_code == 2
    assert (error.file, error.row, error.column) == (str(path), row, column)
    for part in parts:
        assert part in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (HEADER.encode() + b"HVA,csf,157,\xb5mol/L\n", "0xb5 is not UTF-8"),
        ((HEADER + "HVA,csf,157,nmol/L\n").encode("utf-16"), "UTF-16"),
        (HEADER.encode() + b"HVA,csf,1\x0057,nmol/L\n", "binary"),
    ],
)
def test_a_wrong_encoding_is_refused(text: bytes, part: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="UTF-8") as caught:
        eutone.read(csv_file(tmp_path, text))
    assert part in str(caught.value)
    assert caught.value.row is not None


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path, part in (
        (tmp_path / "none.csv", "no such file"),
        (tmp_path, "folder"),
        (tmp_path / "a\0b", "cannot be read"),
    ):
        with pytest.raises(InputError) as caught:
            eutone.read(path)
        assert part in str(caught.value)
        assert caught.value.file == str(path)


@pytest.mark.parametrize(
    ("option", "parts"),
    [
        ({"age": "12"}, ("no unit", "3.5y", "6mo", "12d")),
        ({"age": "12m"}, ("cannot be read", "6mo")),
        ({"age": "-3y"}, ("cannot be read",)),
        ({"age": "160y"}, ("impossible", "125")),
        ({"age": "1,234d"}, ("thousands separator", "point")),
        ({"weight": "3,200g"}, ("thousands separator", "point")),
        ({"age": -1.0}, ("impossible",)),
        ({"age": float("nan")}, ("impossible",)),
        ({"age": ""}, ("empty",)),
        ({"sex": "both"}, ("both", "female or male")),
        ({"weight": "14"}, ("no unit", "14kg")),
        ({"weight": "9000kg"}, ("impossible",)),
        ({"height": "5ft"}, ("cannot be read", "98cm")),
        ({"genes": ["COMT"]}, ("COMT", "GENOTYPE")),
        ({"genes": ["COMT:rs4680=A/A", "COMT:rs4680=G/G"]}, ("A/A", "G/G")),
        ({"taking": ["none", "levodopa"]}, ("none",)),
        ({"taking": ["levodopa 100"]}, ("not understood", "NAME [DOSE UNIT")),
        ({"taking": [""]}, ("no name",)),
    ],
)
def test_a_bad_option_is_refused(option: dict[str, object], parts: tuple[str, ...]) -> None:
    panel = Path(__file__).parents[2] / "examples" / "mm2015-p2.csv"
    with pytest.raises(InputError) as caught:
        eutone.read(panel, **option)  # type: ignore[arg-type]
    for part in parts:
        assert part in str(caught.value)
    assert caught.value.column == next(iter(option))


def test_nothing_is_written_beside_a_bad_file(tmp_path: Path) -> None:
    path = csv_file(tmp_path, HEADER + "HVA,csf,-1,nmol/L\n")
    with pytest.raises(InputError):
        eutone.read(path)
    assert list(tmp_path.iterdir()) == [path]
