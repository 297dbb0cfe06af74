"""What docs/panel-format.md shows is what is read."""

from __future__ import annotations

import re
from pathlib import Path

import eutone
from eutone.forms.taking import GRAMMAR, protocol_of

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "panel-format.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found
    return found[1]


def test_the_table_and_the_json_of_the_page(tmp_path: Path) -> None:
    for language in ("csv", "json"):
        path = tmp_path / "panel"
        path.write_text(block(language), encoding="utf-8")
        case = eutone.read(path)
        assert case.panel.measurements[0].marker == "csf.HVA"
        assert case.issues == ()


def test_the_grammar_and_the_items_of_the_page() -> None:
    assert GRAMMAR in TEXT
    section = TEXT.split("## What is taken")[1].split("## Tables")[0]
    items = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    assert len(items) == 6
    for item in items:
        protocol, issues = protocol_of([item])
        assert protocol.stated
        assert issues == ()


def test_the_message_of_the_bad_input_page(tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    path.write_text("marker,specimen,value,unit\n5-HIAA,csf,78,nmol/L\nHVA,csf,157,mmHg\n")
    try:
        eutone.read(path)
        message = ""
    except eutone.InputError as error:
        message = str(error).replace(str(path), "panel.csv")
    assert f"```\n{message}\n```" in (DOCS / "bad-input.md").read_text(encoding="utf-8")


def test_one_newborn_in_three_forms() -> None:
    examples = DOCS.parent / "examples"
    table = eutone.read(examples / "mm2015-p2.csv", age="12d", sex="female", taking=[])
    panel, record = (eutone.read(examples / f"mm2015-p2.{suffix}") for suffix in ("json", "fhir.json"))
    for other in (panel, record):
        assert other.person.sex == "female"
        assert other.person.age_years is not None
        assert abs(other.person.age_years * 365.25 - 12) < 1e-9
        assert other.issues == ()
        for a, b in zip(table.panel.measurements, other.panel.measurements, strict=True):
            assert (a.marker, a.specimen, a.comparator, a.value) == (b.marker, b.specimen, b.comparator, b.value)
    assert panel.taking == table.taking
    assert not record.taking.stated
