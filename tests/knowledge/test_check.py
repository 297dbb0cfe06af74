"""The checker: silent on the tables as they are, loud on each way of breaking them."""

from __future__ import annotations

import re
import shutil
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone.knowledge import _document, check
from eutone.knowledge.check import loinc_is_valid, problems


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A copy of the package's tables."""
    with as_file(files("eutone.knowledge").joinpath("tables")) as source:
        shutil.copytree(source, tmp_path / "tables")
    return tmp_path / "tables"


def test_the_tables_are_sound() -> None:
    assert [str(each) for each in problems()] == []


def test_a_copy_of_the_tables_is_as_sound(tables: Path) -> None:
    assert problems(tables) == []


BROKEN = [
    ("markers", r"^csf\.HVA,concentration,nmol/L,", "csf.HVA,concentration,,", "no unit"),
    ("markers", r"^csf\.HVA,concentration,nmol/L,", "csf.HVA,concentration,furlong,", "not known"),
    ("markers", r"^csf\.HVA,concentration,nmol/L,", "csf.HVA,concentration,umol/(24.h),", "the kind says"),
    ("markers", r"^csf\.HVA,concentration,", "csf.HVA,24h,", "the kind says"),
    ("markers", r"^csf\.HVA,.*$", r"\g<0>\n\g<0>", "twice"),
    ("markers", r"^csf\.HVA,.*$", "brain.HVA,concentration,nmol/L,,brain.HVA,", "not a specimen"),
    ("markers", r"^csf\.HVA,.*$", "csf.HVB,concentration,nmol/L,,csf.HVB,", "not in analytes.csv"),
    ("markers", r"^csf\.MHPG,.*$", "csf.MHPG,concentration,nmol/L,,csf.HVA,", "not shared"),
    ("markers", r"^csf\.MHPG,.*\n", "", "is not a marker"),
    ("markers", r"47544-2", "47544-3", "check digit"),
    ("markers", r"47544-2", "475x4-2", "check digit"),
    ("markers", r"14875-9", "47544-2", "several markers"),
    ("analytes", r"182\.17", "128.17", "weighs 182.17"),
    ("analytes", r"182\.17", "", "weighs 182.17"),
    ("analytes", r"C9H10O4", "C9Hx", "cannot be read"),
    ("analytes", r"182\.17", "heavy", "not a finite number"),
    ("analytes", r"(\bcopper,copper,)metal", r"\1", "empty"),
    ("synonyms", r"^HVA,homovanillate,", "5-HIAA,Homo-vanillic ACID,", "means"),
    ("synonyms", r"^HVA,homovanillate,", "HVB,homovanillate,", "not an analyte"),
    ("synonyms", r"^HVA,homovanillate,", "HVA,--,", "empty"),
    ("intervals", r"(csf\.neopterin,any,0,5,interval,)7,,65", r"\g<1>65,,7", "in order"),
    ("intervals", r"(csf\.neopterin,any,0,5,interval,)7,,65", r"\g<1>-7,,65", "in order"),
    ("intervals", r"(csf\.neopterin,any,0,5,interval,)7,,65", r"\g<1>7,66,65", "in order"),
    ("intervals", r"(csf\.neopterin,any,0,5,interval,)7,,65", r"\g<1>,,65", "numbers"),
    ("intervals", r"(csf\.neopterin,any,)0,5(,interval,)7", r"\g<1>5,0\g<2>7", "ages"),
    ("intervals", r"(csf\.neopterin,any,)0,5(,interval,)7", r"\g<1>0,7\g<2>7", "overlaps"),
    ("intervals", r"(csf\.neopterin,)any(,0,5,)", r"\g<1>other\g<2>", "none of any"),
    ("intervals", r"(csf\.neopterin,any,0,5,)interval", r"\g<1>guess", "form 'guess'"),
    ("intervals", r"(csf\.neopterin,any,0,5,interval,7,,65,,)SEEN", r"\g<1>", "is none of SEEN"),
    ("intervals", r"(csf\.neopterin,any,0,5,interval,7,,65,,SEEN,)mng-pterins", r"\g<1>", "no source"),
    ("intervals", r"(csf\.neopterin,any,0,5,interval,7,,65,,SEEN,)mng-pterins", r"\g<1>hearsay", "not in sources.csv"),
    ("intervals", r"^csf\.neopterin,.*\n", "", "no interval"),
    ("intervals", r"^csf\.neopterin,any,0,5", "csf.neopterum,any,0,5", "not a marker"),
    ("creatinine", r",SEEN,arup-creatinine", ",SURE,arup-creatinine", "is none of SEEN"),
    ("curves", r"6\.52", "six", "not a finite number"),
    ("variation", r"^csf\.HVA,load,0\.35", "csf.HVA,load,-1", "standard deviation"),
    ("variation", r"^csf\.HVA,load", "csf.HVA,weight", "none of analytic"),
    ("variation", r"^csf\.HVA,load", "csf.HVB,load", "not a marker"),
    ("variation", r"^csf\.HVA,load,.*$", r"\g<0>\n\g<0>", "twice"),
    ("variation", r"^\*,within,.*\n", "", "no default"),
    ("units", r"^mole,,mol,1,", "mole,,mol,0,", "not positive"),
    ("units", r"^mole,,mol,1,no", "mole,,mol,1,maybe", "yes or no"),
    ("sources", r"^width,.*\n", "", "not in sources.csv"),
    ("sources", r"^(width,)[^,]*", r"\1", "citation"),
    ("markers", r"^id,", "ident,", "the column is missing"),
    ("explanation_priors", r"^ATP7A,female_share,[^,]*", "ATP7A,female_share,1", "share of one sex"),
    ("explanation_priors", r"^TH,general,.*\n", "", "no general row for TH"),
    ("explanation_priors", r"^TH,referred,.*\n", "", "no referred row for TH"),
    ("explanation_priors", r"^levodopa,general,.*\n", "", "no general row for levodopa"),
    ("explanation_priors", r"^floor,block,.*\n", "", "no block row for floor"),
    ("explanation_priors", r"^TH,general,.*$", r"\g<0>\n\g<0>", "twice"),
    ("explanation_priors", r"^(TH,general,[^,]*,)[^,]*", r"\1", "no source"),
    ("explanation_priors", r"^none,block,0\.7", "none,block,0.8", "together, not 1"),
    ("explanation_priors", r"^secondary,general,0\.03", "secondary,general,0.99", "nothing for 'none'"),
    ("explanations", r"^(vitamin-B6-deficiency,.*lognormal,0\.25,)0\.5", r"\g<1>0.3", "at least 0.4"),
    ("drugs", r"^levodopa,.*$", r"\g<0>\n\g<0>", "twice"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "pattern", "into", "said"), BROKEN)
def test_each_break_is_found_and_named(tables: Path, table: str, pattern: str, into: str, said: str) -> None:
    path = tables / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    broken, changed = re.subn(pattern, into, text, count=0 if into == "" else 1, flags=re.MULTILINE)
    assert changed, "the pattern no longer meets the table"
    path.write_text(broken, encoding="utf-8")
    found = [str(each) for each in problems(tables)]
    assert any(said in each for each in found), found
    assert all(re.match(r"\w+\.csv", each) for each in found)


@pytest.mark.parametrize("name", sorted(check._COLUMNS))
def test_a_missing_ragged_or_empty_table_is_found(tables: Path, name: str) -> None:
    path = tables / f"{name}.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "one,cell,too,many" + "," * text.count(","), encoding="utf-8")
    assert problems(tables)
    path.write_text(text.splitlines()[0] + "\n", encoding="utf-8")
    assert any("empty" in each.message for each in problems(tables))
    path.unlink()
    assert any(each.table == name for each in problems(tables))
    path.write_bytes(b"\xff\xfe\x00")
    assert any(each.table == name for each in problems(tables))


def test_known_loinc_codes_pass_and_mistyped_ones_do_not() -> None:
    for code in ("2345-7", "718-7", "47544-2", "14875-9", "2339-0"):
        assert loinc_is_valid(code)
    for code in ("2345-8", "5234-7", "", "2345", "abc-1", "12345678-9", "2345-77"):
        assert not loinc_is_valid(code)


@given(st.integers(1, 9_999_999))
def test_exactly_one_check_digit_fits_and_one_wrong_digit_is_seen(number: int) -> None:
    fitting = [digit for digit in range(10) if loinc_is_valid(f"{number}-{digit}")]
    assert len(fitting) == 1
    body = str(number)
    for place in range(len(body)):
        other = body[:place] + str((int(body[place]) + 1) % 10) + body[place + 1 :]
        assert not loinc_is_valid(f"{other}-{fitting[0]}")


def test_the_page_about_markers_is_what_the_tables_say() -> None:
    page = Path(__file__).parents[2] / "docs" / "markers.md"
    assert page.read_text(encoding="utf-8") == _document.page(), (
        "python -m eutone.knowledge._document > docs/markers.md"
    )
