"""Findings of somebody's own: two tables, checked to the cell, and run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eutone._errors import InputError
from eutone._own_findings import TEMPLATES, chosen, own_and_shipped, read_findings, read_trials
from eutone.body._trials import trials
from eutone.cli import app
from eutone.knowledge.findings import findings

FINDINGS = "id,quantity,measure,observed,direction\nX,plasma tryptophan,fold,0.5,\nY,CSF HVA,direction,,up\n"
TRIALS = "finding,change,observable\nX,input.tryptophan*0.5,P_Trp\nY,enzyme.TH*2,csf_HVA\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    told, tried = tmp_path / "findings.csv", tmp_path / "trials.csv"
    told.write_text(FINDINGS, encoding="utf-8")
    tried.write_text(TRIALS, encoding="utf-8")
    return told, tried


def run(*args: object):
    return CliRunner().invoke(app, ["validate", *map(str, args)])


def test_own_findings_are_run(files: tuple[Path, Path]) -> None:
    done = run("--findings", files[0], "--trials", files[1], "--json", "-", "--quiet")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [(f["id"], f["basis"]) for f in told["findings"]] == [("X", "predicted"), ("Y", "predicted")]
    assert 0.3 < told["findings"][0]["predicted"] < 0.9
    assert told["findings"][1]["passed"]
    assert told["findings"][1]["predicted"] > 1.02


def test_the_body_without_couplings_predicts_where_it_is_asked_to(files: tuple[Path, Path]) -> None:
    both, alone = (
        json.loads(run("--findings", files[0], "--trials", files[1], "--json", "-", "--quiet", *more).stdout)[
            "findings"
        ]
        for more in ((), ("--uncoupled",))
    )
    assert [f["predicted"] for f in alone] == [f["neutral"] for f in both]


def test_semicolons_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(("\ufeff" + FINDINGS.replace(",", ";")).encode())
    assert [f.id for f in read_findings(path)] == ["X", "Y"]


def test_the_templates_can_be_read(tmp_path: Path) -> None:
    for name, text in TEMPLATES.items():
        assert run("--template", name).stdout == text
        (tmp_path / name).write_text(text, encoding="utf-8")
    told = read_findings(tmp_path / "findings")
    assert {f.id for f in told} == {t.finding for t in read_trials(tmp_path / "trials", told)}


@pytest.mark.parametrize(
    ("name", "old", "new", "row", "column", "why"),
    [
        ("trials", "enzyme.TH", "enzyme.TTH", 3, "change", "no parameter of the whole person. Did you mean enzyme.TH"),
        ("trials", "csf_HVA", "csf_HVAA", 3, "observable", "nothing of the whole person. Did you mean csf_HVA"),
        ("trials", "\nY", "\nZ", 3, "finding", "there is no finding 'Z'"),
        ("trials", "observable", "observabel", 1, "observabel", "no column of this table. Did you mean observable"),
        ("trials", "finding,", "", 1, None, ""),
        ("findings", "fold", "folds", 2, "measure", "measure 'folds' is not known"),
        ("findings", "0.5", "half", 2, "observed", "'half' is not a finite number"),
        ("findings", "\nY", "\nX", None, "id", "given twice: X"),
        ("findings", "measure", "kind", 1, "kind", "no column of this table"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    files: tuple[Path, Path], name: str, old: str, new: str, row: int | None, column: str | None, why: str
) -> None:
    path = files[("findings", "trials").index(name)]
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    done = run("--findings", files[0], "--trials", files[1], "--quiet")
    assert done.exit_code in (1, 2)
    error = done.exception
    assert isinstance(error, InputError)
    assert error.file == str(path)
    if column:
        assert (error.row, error.column) == (row, column)
        assert why in str(error)


def test_what_is_taken_has_to_have_a_mechanism(files: tuple[Path, Path]) -> None:
    files[1].write_text("finding,taking,observable\nX,sertralin 50 mg/d,P_Trp\n", encoding="utf-8")
    error = run("--findings", files[0], "--trials", files[1], "--quiet").exception
    assert isinstance(error, InputError)
    assert (error.row, error.column) == (2, "taking")
    assert "Did you mean sertraline" in str(error)


def test_hours_since_a_dose_are_the_trials_own(files: tuple[Path, Path]) -> None:
    files[1].write_text("finding,taking,observable\nX,sertraline 50 mg/d last 2 h ago,P_Trp\n", encoding="utf-8")
    error = run("--findings", files[0], "--trials", files[1], "--quiet").exception
    assert isinstance(error, InputError)
    assert "Write the hour in at_h" in str(error)


def test_some_are_chosen() -> None:
    told = findings()
    assert [f.id for f in chosen(told, ["F081", "F001"])] == ["F001", "F081.24h", "F081.18d"]
    assert {f.system for f in chosen(told, None, "serotonin")} == {"serotonin"}
    with pytest.raises(InputError, match=r"--only: there is no finding 'F0811'\. Did you mean F081"):
        chosen(told, ["F0811"])
    with pytest.raises(InputError, match="Did you mean serotonin"):
        chosen(told, None, "serotonine")
    with pytest.raises(InputError, match="no finding is left"):
        chosen(told, ["F001"], "dopamine")


def test_trials_alone_stand_in_place_of_the_packages(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("finding,observable\nF001,P_Tyr\n", encoding="utf-8")
    every = {t.finding: t for t in own_and_shipped(read_trials(path))}
    assert every["F001"].observable.names == ("P_Tyr",)
    assert len(every) == len(trials())


def test_findings_alone_are_not_enough(files: tuple[Path, Path]) -> None:
    error = run("--findings", files[0]).exception
    assert isinstance(error, InputError)
    assert "--findings without --trials" in str(error)


def test_an_input_is_not_overwritten(files: tuple[Path, Path]) -> None:
    done = run("--findings", files[0], "--trials", files[1], "--json", files[0])
    assert isinstance(done.exception, InputError)
    assert files[0].read_text(encoding="utf-8") == FINDINGS
