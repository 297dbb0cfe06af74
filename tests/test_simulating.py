"""`eutone simulate`: what it prints and writes, what it refuses before computing, what it leaves behind."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import eutone as eu
from eutone import _simulating, _terminal, cli

DECAY = """
model decay()
  species A, B; A = 10; B = 0; k = 0.1; total := A + B;
  J: A -> B; k*A;
end
"""


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("decay.ant").write_text(DECAY, encoding="utf-8")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(["simulate", *arguments])
    code = end.value.code
    return 0 if code is None else int(code)


def left() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def test_the_summary_says_who_how_long_and_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("decay.ant", "--until", "20", "--people", "200", "--seed", "3", "--wanted", "A total,J") == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "decay: 200 people, seed 3, 0 to 20 time units"
    assert lines[1] == "median (5 to 95 % of people)"
    assert [line.split()[0] for line in lines[2:]] == ["at", "A", "total", "J"]
    assert lines[3].split()[1:5] == ["10", "(10", "to", "10)"]
    assert err == ""


def test_one_person_has_no_band(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dopamine_2009", "--days", "2", "--set", "V_TH=100") == 0
    out = capsys.readouterr().out
    assert out.startswith("dopamine_2009: one person, 0 to 48 hours\n")
    assert "at 48 h" in out
    assert "(" not in out


def test_files_hold_what_the_verb_returns(capsys: pytest.CaptureFixture[str]) -> None:
    options = (
        "--until",
        "20",
        "--every",
        "8",
        "--people",
        "30",
        "--spread",
        "0.3",
        "--set",
        "B=1",
        "--dose",
        "A 5 at 8",
    )
    assert run("decay.ant", *options, "--csv", "a.csv", "--json", "a.json", "--out", "a.nc", "--svg", "a.svg") == 0
    model = eu.load("decay.ant")
    expected = eu.simulate(model, model.sample(30, 0.3), [0, 8, 16, 20], "A 5 at 8", set={"B": 1})
    table = pd.read_csv("a.csv")
    np.testing.assert_allclose(table["A"], expected["A"].values.ravel(), rtol=1e-15)
    assert table.columns.tolist() == ["person", "time", "A", "B"]
    xr.testing.assert_equal(xr.load_dataset("a.nc"), expected)
    document = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert document["times"] == [0, 8, 16, 20]
    assert document["doses"] == ["A 5 at 8"]
    assert document["settings"] == {"B": 1}
    assert document["status"] == {"CONVERGED": 30}
    assert [q["id"] for q in document["quantities"]] == ["A", "B"]
    np.testing.assert_allclose(document["quantities"][0]["high"], expected["A"].quantile(0.95, "person"), rtol=1e-14)
    assert Path("a.svg").read_text(encoding="utf-8").startswith("<svg")
    assert left() == ["a.csv", "a.json", "a.nc", "a.svg", "decay.ant"]


def test_json_to_standard_output_is_alone_there(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("decay.ant", "--until", "20", "--json", "-") == 0
    out, err = capfdbinary.readouterr()
    assert json.loads(out)["people"] is None
    assert b"one person" in err


def test_quiet_says_nothing_where_a_file_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("decay.ant", "--until", "20", "--csv", "a.csv", "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert pd.read_csv("a.csv").columns.tolist() == ["time", "A", "B"]


def test_times_are_even_and_hold_those_of_doses() -> None:
    model = eu.load(DECAY)
    times = _simulating.times_of(
        model, None, 168.0, None, [*model.dose("A", 1, at=0.3, over=1.1), *model.dose("A", 1, 200)]
    )
    assert {0.0, 1.0, 168.0, 0.3, 0.3 + 1.1} <= {*times}
    assert len(times) == 171
    assert _simulating.times_of(model, None, 1.0, 0.1).tolist() == pytest.approx(np.linspace(0, 1, 11))
    assert _simulating.times_of(eu.load("gaba"), 1, None, 12).tolist() == [0, 12, 24]


def test_days_need_a_model_that_says_its_unit(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("decay.ant", "--days", "2") == 2
    assert "does not say in which unit it counts time" in capsys.readouterr().err
    Path("minutes.ant").write_text(
        DECAY.replace("species", "unit time_unit = 60 second;\n  species", 1), encoding="utf-8"
    )
    assert run("minutes.ant", "--days", "2") == 0
    assert "0 to 2880 minutes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("decay.ant",), "how long is not said"),
        (("decay.ant", "--until", "2", "--days", "2"), "both given"),
        (("decay.ant", "--until", "0"), "after 0"),
        (("decay.ant", "--until", "nan"), "after 0"),
        (("decay.ant", "--until", "2", "--every", "3"), "does not fit"),
        (("decay.ant", "--until", "2", "--every", "0"), "does not fit"),
        (("decay.ant", "--until", "2", "--set", "k"), "id=number"),
        (("decay.ant", "--until", "2", "--set", "k=a"), "id=number"),
        (("decay.ant", "--until", "2", "--set", "k=1", "--set", "k=2"), "twice"),
        (("decay.ant", "--until", "2", "--set", "kk=1"), "Did you mean k"),
        (("decay.ant", "--until", "2", "--wanted", "totl"), "did you mean total"),
        (("decay.ant", "--until", "2", "--rtol", "2"), "rtol lies between"),
        (("decay.ant", "--until", "2", "--dose", "A five"), "TARGET AMOUNT at T"),
        (("decay.ant", "--until", "2", "--people", "5", "--vary", "V_*"), "no parameter"),
        (("decay.ant", "--until", "2", "--people", "0"), "--people"),
        (("decay.ant", "--until", "2", "--csv", "nowhere/a.csv"), "folder does not exist"),
        (("decay.ant", "--until", "2", "--csv", "decay.ant"), "would overwrite the model"),
        (("decay.ant", "--until", "2", "--csv", "a", "--svg", "a"), "would overwrite --csv"),
        (("decay.ant", "--until", "2", "--out", "a.xls"), "does not say its form"),
        (("decay.ant", "--until", "2", "--out", "nowhere/a.npz"), "folder does not exist"),
        (("decay.ant", "--until", "2", "--out", "decay.ant"), "does not say its form"),
        (("nothing.ant", "--until", "2"), "no such file"),
        (("nothing", "--until", "2"), "there is no model"),
        (("case.eutone.nc", "--days", "2"), "cases cannot be simulated yet"),
        ((), "MODEL"),
    ],
)
def test_wrong_usage_ends_with_2_and_computes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    course = import_module("eutone.engine.course")

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("computed")

    monkeypatch.setattr(course, "solve_course", never)
    assert run(*arguments) == 2
    assert says in capsys.readouterr().err
    assert left() == ["decay.ant"]


def test_a_model_that_cannot_be_read_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.ant").write_text("model x( ->", encoding="utf-8")
    assert run("bad.ant", "--until", "2") == 1
    assert "bad.ant" in capsys.readouterr().err


def test_who_has_no_course_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    Path("blast.ant").write_text("model blast() species A; A = 1; k = 0.5; J: -> A; k*A*A; end", encoding="utf-8")
    assert run("blast.ant", "--until", "2", "--people", "40", "--spread", "0.5", "--json", "a.json") == 0
    status = json.loads(Path("a.json").read_text(encoding="utf-8"))["status"]
    failed = 40 - status["CONVERGED"]
    assert 0 < failed < 40
    assert f"note: {failed} of 40 people have no course" in capsys.readouterr().err
    assert run("blast.ant", "--until", "2", "--set", "k=5") == 1
    assert "nobody's numbers could be found" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_ends_early_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def solve_course(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(import_module("eutone.engine.course"), "solve_course", solve_course)
    options = ("--csv", "a.csv", "--json", "a.json", "--svg", "a.svg", "--out", "a.nc")
    assert run("decay.ant", "--until", "2", *options) == (130 if isinstance(error, KeyboardInterrupt) else 1)
    assert left() == ["decay.ant"]


def test_a_folder_is_written_and_taken_up_again(capsys: pytest.CaptureFixture[str]) -> None:
    command = ("decay.ant", "--until", "2", "--people", "20", "--out", "a.npz")
    assert run(*command) == 0
    first = sorted((path.name, path.stat().st_mtime_ns) for path in Path("a.npz").glob("part*"))
    assert run(*command) == 0
    assert sorted((path.name, path.stat().st_mtime_ns) for path in Path("a.npz").glob("part*")) == first
    assert run(*command, "--seed", "1") == 2
    assert "another model, seed or setting" in capsys.readouterr().err
    one = np.load("a.npz/part-000000.npz")
    np.testing.assert_array_equal(one["A"], eu.simulate("decay.ant", 20, one["time"])["A"])


def test_progress_begins_after_a_while(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for after, shown in ((60.0, False), (0.0, True)):
        with _terminal.progress(False, after=after) as advance:
            advance("integrating", 0.5)
        assert bool(capsys.readouterr().err.strip()) is shown


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    assert "  eutone simulate dopamine_2009 --days 7" in capsys.readouterr().out
