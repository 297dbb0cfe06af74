"""The names of what people take."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from eutone._errors import InputError
from eutone.knowledge import drugs

HEAD = "id,name,synonyms,class,regulatory_class,mechanism,contains,source\n"


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("L-DOPA", "levodopa"),
        ("l dopa", "levodopa"),
        ("5HTP", "5-HTP"),
        ("tetrahydrobiopterin", "sapropterin"),
        ("leucovorin", "folinic-acid"),
        ("Pyridoxal-5'-Phosphate", "plp"),
        ("pyridoxal 5’-phosphate", "plp"),
        ("vitamin B6", "pyridoxine"),
        ("St. John's wort", "st-johns-wort"),
        ("carbidopa/levodopa", "levodopa-carbidopa"),
        ("5-MTHF", "methylfolate"),
        ("AMPT", "metyrosine"),
    ],
)
def test_a_name_as_people_write_it(name: str, drug: str) -> None:
    found = drugs.find(name)
    assert found is not None
    assert found.id == drug


def test_every_name_finds_its_own_row() -> None:
    table = drugs.load()
    assert len(table) >= 180
    for drug in table.values():
        for name in (drug.id, drug.name, *drug.synonyms):
            found = drugs.find(name)
            assert found is not None
            assert found.id == drug.id, name
        assert drug.source
        assert drug.mechanism
        assert drug.regulatory in drugs.REGULATORY


def test_what_a_product_contains_is_in_the_table() -> None:
    table = drugs.load()
    stalevo = drugs.find("Stalevo")
    assert stalevo is not None
    assert stalevo.contains == ("levodopa", "carbidopa", "entacapone")
    assert {one.id for one in table.values() if one.kind == drugs.AADC_INHIBITOR} == {"carbidopa", "benserazide"}


def test_a_name_inside_a_text() -> None:
    assert drugs.find("mystery") is None
    assert drugs.find("") is None
    assert drugs.find("x" * 10_000) is None
    start = drugs.find_at_start("5-HTP 7.5 mg/kg/d")
    assert start is not None
    assert (start[0].id, start[1]) == ("5-HTP", 5)
    assert drugs.find_at_start("leucovorinx 5 mg") is None
    assert drugs.find_at_start("") is None
    names = [drug.id for drug in drugs.find_within("Carbidopa 25 MG / Levodopa 100 MG Oral Tablet, then 5-HTP")]
    assert names == ["carbidopa", "levodopa", "5-HTP"]
    assert [drug.id for drug in drugs.find_within("L-dopa/carbidopa")] == ["levodopa-carbidopa"]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("a,a,,x,magic,m,,s\n", "regulatory_class"),
        ("a,a,,x,food,m,b,s\n", "contains"),
        ("a,a,,x,food,m,,s\na,b,,x,food,m,,s\n", "id"),
    ],
)
def test_a_broken_table_is_refused(row: str, column: str, tmp_path: Path) -> None:
    (tmp_path / "drugs.csv").write_text(HEAD + row)
    with pytest.raises(InputError) as caught:
        drugs.load(tmp_path)
    assert caught.value.column == column


def test_every_exposure_of_the_body_has_a_name_here() -> None:
    table = Path(drugs.__file__).parents[1] / "body" / "tables" / "exposures.csv"
    with table.open(newline="", encoding="utf-8") as stream:
        exposed = {row["drug"] for row in csv.DictReader(stream)}
    assert exposed
    assert exposed <= drugs.load().keys()
