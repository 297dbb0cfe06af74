"""Tables of published cases."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from eutone._errors import InputError
from eutone._protocol import Protocol
from eutone._read import read
from eutone.forms.cases import PublishedPanel, read_cases, repeats

EXAMPLES = Path(__file__).parents[2] / "examples"
HEAD = (
    "case_id,source_doi_or_url,age_years,sex,condition,gene,confirmed(y/n),timepoint(baseline/followup),treatment,"
    "matrix(csf/plasma/serum/urine/dbs/whole_blood),analyte,value,unit,ref_low,ref_high,note\n"
)


def panels(folder: Path, rows: str) -> list[PublishedPanel]:
    path = folder / "cases.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return read_cases(path)


def test_the_shipped_table() -> None:
    found = {(one.case_id, one.timepoint): one for one in read_cases(EXAMPLES / "cases.csv")}
    newborn = found["MM2015_P2", "baseline"]
    assert (newborn.truth_gene, newborn.confirmed) == ("PTS", True)
    assert newborn.case.person.citation == newborn.citation
    assert "10.1186/s13023-015-0234-9" in newborn.citation
    assert [one.marker for one in newborn.case.panel.measurements] == [
        "csf.HVA",
        "csf.5-HIAA",
        "csf.BH4",
        "csf.neopterin",
    ]
    assert not newborn.case.taking.stated, "'none stated' does not say that nothing was taken"
    treated = found["MM2015_P1", "followup"]
    assert [(dose.drug, dose.amount) for dose in treated.case.taking.doses] == [("levodopa", 9.0), ("5-HTP", 7.5)]
    both = found["Ciki_DNAJC12_P1", "baseline"]
    assert [one.value for one in both.case.panel.measurements] == [271.0, 249.0]
    assert found["PartialBiopterin_girl", "followup"].truth_gene == "PTS"
    urine = found["FalsePos_5HIAA_F29", "baseline"].case.panel.measurements[0]
    assert urine.marker == "urine.5-HIAA/24h"


def test_every_row_of_every_shipped_table_is_used_or_its_reason_is_said() -> None:
    for name in ("cases.csv", "cases_extra.csv"):
        with (EXAMPLES / name).open(newline="") as stream:
            people = [row for row in csv.DictReader(stream) if not row["case_id"].startswith("GRP_")]
        found = read_cases(EXAMPLES / name)
        assert sum(len(one.case.panel.measurements) for one in found) == len(people)
        for one in found:
            assert any(m.marker for m in one.case.panel.measurements), one.id
            assert all(m.marker or m.why for m in one.case.panel.measurements)
        assert len({one.id for one in found}) == len(found)


def test_a_panel_is_one_person_one_time_one_treatment(tmp_path: Path) -> None:
    found = panels(
        tmp_path,
        "A,d,2,F,c,TH,y,baseline,none,csf,HVA,20,nmol/L,,,\n"
        "B,d,3,M,c,DDC,y,baseline,none,csf,HVA,20,nmol/L,,,\n"
        "A,d,2,F,c,TH,y,baseline,none,csf,5-HIAA,120,nmol/L,,,\n"
        "A,d,2,F,c,TH,y,followup,none,csf,HVA,60,nmol/L,,,\n"
        "A,d,2,F,c,TH,y,followup,L-dopa 3 mg/kg/d,csf,HVA,90,nmol/L,,,\n"
        "GRP_x,d,,,c,none,n,baseline,none,csf,HVA,200,nmol/L,,,\n",
    )
    assert [(one.case_id, one.timepoint, len(one.case.panel.measurements)) for one in found] == [
        ("A", "baseline", 2),
        ("B", "baseline", 1),
        ("A", "followup", 1),
        ("A", "followup", 1),
    ]
    assert found[0].case.taking == Protocol()


def test_one_bad_row_does_not_cost_the_table(tmp_path: Path) -> None:
    (one,) = panels(
        tmp_path,
        "A,d,12 d,F,c,TH,y,baseline,none,csf,HVA,20,nmol/L,,,\n"
        "A,d,,f,c,TH,y,baseline,none,csf,HVA,20,nmol/L,,,\n"
        "A,d,,F,c,TH,y,baseline,none,csf,HVA,40,nmol/L,,,\n"
        "A,d,,F,c,TH,y,baseline,none,csf,5-HIAA,120,furlong,,,\n"
        "A,d,,F,c,TH,y,baseline,none,csf,MHPG,lots,nmol/L,,,\n"
        "A,d,,F,c,TH,y,baseline,none,csf,3-OMD,20,nmol/L,n/a,50,\n"
        "A,d,,F,c,TH,y,baseline,none,ventricular csf,HVA,700,nmol/L,,,\n",
    )
    hva, *rest = one.case.panel.measurements
    assert hva.value == 20.0
    assert [m.marker for m in rest] == [None, None, None, "csf.3-OMD", None]
    for part, m in zip(("differs", "furlong", "lots", "", "specimen"), rest, strict=True):
        assert (m.why == "") if not part else (part in m.why or "row 2" in m.why)
    assert rest[3].low is None
    assert rest[3].high is None
    assert one.case.person.age_years == pytest.approx(12 / 365.25)
    assert len(one.case.issues) >= 5


def test_words_and_approximations_of_papers(tmp_path: Path) -> None:
    head = "A,d,~2,girl,c,TH,y,baseline,none,csf,"
    (one,) = panels(
        tmp_path,
        f"{head}HVA,~20,nmol/L,,,\n{head}5-HIAA,markedly reduced,qualitative,,,\n{head}BH4,↓,qualitative,,,\n"
        f"{head}3-OMD,very high,qualitative,,,\n{head}MHPG,borderline low,qualitative,,,\n"
        f"{head}neopterin,10-20,nmol/L,,,\n",
    )
    found = [(m.comparator, m.value) for m in one.case.panel.measurements if m.marker]
    assert found == [("=", 20.0), ("low", None), ("low", None), ("high", None)]
    assert (one.case.person.age_years, one.case.person.sex) == (2.0, "female")
    assert [m.name for m in one.case.panel.measurements if m.why] == ["MHPG", "neopterin"]
    assert any("'~20' is read as 20" in issue for issue in one.case.issues)


def test_an_age_or_sex_that_cannot_be_is_not_used(tmp_path: Path) -> None:
    (one,) = panels(tmp_path, "A,d,400,X,c,TH,y,baseline,none,csf,HVA,20,nmol/L,,,\n")
    assert (one.case.person.age_years, one.case.person.sex) == (None, None)
    assert any("400" in issue for issue in one.case.issues)
    assert any("'X'" in issue for issue in one.case.issues)


def test_a_broken_table_is_refused(tmp_path: Path) -> None:
    for text, column in ((HEAD.replace("gene", "locus"), "gene"), ("marker,value,unit\nHVA,1,nM\n", "case_id")):
        path = tmp_path / "cases.csv"
        path.write_text(text)
        with pytest.raises(InputError) as caught:
            read_cases(path)
        assert caught.value.column == column
    with pytest.raises(InputError, match="id") as caught:
        panels(tmp_path, ",d,2,F,c,TH,y,baseline,none,csf,HVA,20,nmol/L,,,\n")
    assert caught.value.row == 2


def test_what_one_paper_says_of_several_people_counts_once(tmp_path: Path) -> None:
    rows = (
        "A,doi,2,F,c,TH,y,baseline,none,csf,HVA,low,qualitative,,,\n"
        "B,doi,9,M,c,TH,y,baseline,none,csf,HVA,low,qualitative,,,other words\n"
        "B,doi,9,M,c,TH,y,baseline,none,csf,mysterium,5,nmol/L,,,\n"
        "C,doi,9,M,c,TH,y,baseline,none,csf,HVA,20,nmol/L,,,\n"  # another value
        "D,other,9,M,c,TH,y,baseline,none,csf,HVA,low,qualitative,,,\n"  # another paper
        "E,doi,9,M,c,GCH1,y,baseline,none,csf,HVA,low,qualitative,,,\n"  # another gene
        "F,doi,9,M,c,TH,y,baseline,levodopa,csf,HVA,low,qualitative,,,\n"  # another treatment
        "G,doi,9,M,c,TH,y,baseline,none,csf,mysterium,5,nmol/L,,,\n"  # nothing that could be the same
        "H,doi,9,M,c,TH,y,baseline,none,csf,mysterium,5,nmol/L,,,\n"
    )
    assert repeats(panels(tmp_path, rows)) == {"B / baseline / none": "A / baseline / none"}


def test_no_example_is_of_somebody_unborn() -> None:
    tables = [EXAMPLES / name for name in ("cases.csv", "cases_extra.csv")]
    assert not any("fetal" in m.note for table in tables for p in read_cases(table) for m in p.case.panel.measurements)


def test_a_panel_file_keeps_every_note() -> None:
    notes = {m.note for table in ("cases.csv", "cases_extra.csv") for p in read_cases(EXAMPLES / table)
             for m in p.case.panel.measurements}  # fmt: skip
    assert max(map(len, notes)) > 160
    files = [path for path in EXAMPLES.glob("*.csv") if not path.name.startswith(("cases", "index"))]
    assert {m.note for path in files for m in read(path).panel.measurements} >= notes


def test_the_panel_files_are_those_of_the_tables() -> None:
    script = EXAMPLES.parent / "scripts" / "make_examples"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
