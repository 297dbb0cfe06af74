"""`eutone simulate`: what it prints and writes, what it refuses before computing, what it leaves behind."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import eutone as eu
from eutone import _simulated, _simulating, _terminal, cli
from eutone._bands import bands_of

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
        (("decay.ant", "--until", "1e12", "--every", "1"), "there may be 10,000,000 of them"),
        (("decay.ant", "--until", "1e7", "--every", "1"), "there may be 10,000,000 of them"),
        (("decay.ant", "--until", "2", "--set", "k"), "id=number"),
        (("decay.ant", "--until", "2", "--set", "k=a"), "id=number"),
        (("decay.ant", "--until", "2", "--set", "k=1", "--set", "k=2"), "twice"),
        (("decay.ant", "--until", "2", "--set", "kk=1"), "Did you mean k"),
        (("decay.ant", "--until", "2", "--wanted", "totl"), "Did you mean total"),
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
@pytest.mark.parametrize("where", ["eutone.engine.course.solve_course", "os.fsync"])
def test_what_ends_early_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, where: str
) -> None:
    module, name = where.rsplit(".", 1)

    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setenv("EUTONE_CACHE_DIR", str(Path("decay.ant").resolve()))  # a file: no machine code is kept
    monkeypatch.setattr(import_module(module), name, fail)
    options = ("--csv", "a.csv", "--json", "a.json", "--svg", "a.svg", "--out", "a.nc")
    writing = 2 if where == "os.fsync" else 1
    assert run("decay.ant", "--until", "2", *options) == (130 if isinstance(error, KeyboardInterrupt) else writing)
    assert left() == ["decay.ant"]


POOL = "model pool() species A; A = 5; a = 2; k = 0.5; J1: -> A; a; J2: A -> ; k*A; end"


def test_people_at_rest_stay_there(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pool.ant").write_text(POOL, encoding="utf-8")
    command = ("pool.ant", "--until", "9", "--people", "20", "--json", "pool.json")
    assert run(*command, "--rest") == 0
    document = json.loads(Path("pool.json").read_text(encoding="utf-8"))
    assert document["rest"] is True
    (band,) = document["quantities"]
    for name in ("low", "median", "high"):
        np.testing.assert_allclose(band[name], band[name][0], rtol=1e-5)
    assert band["low"][0] < 0.9 * band["high"][0]
    assert run(*command) == 0
    document = json.loads(Path("pool.json").read_text(encoding="utf-8"))
    assert document["rest"] is False
    assert document["quantities"][0]["low"][0] == 5
    assert run("pool.ant", "--until", "9", "--rest", "--set", "a=3", "--json", "pool.json") == 0  # one person
    document = json.loads(Path("pool.json").read_text(encoding="utf-8"))
    np.testing.assert_allclose(document["quantities"][0]["median"], 6, rtol=1e-5)
    assert document["people"] is None
    capsys.readouterr()
    assert run("pool.ant", "--until", "9", "--rest", "--people", "2", "--out", "a.npz") == 2
    assert "Leave out --rest" in capsys.readouterr().err


def test_people_at_rest_say_how_they_were_drawn() -> None:
    Path("pool.ant").write_text(POOL, encoding="utf-8")
    command = ("pool.ant", "--until", "9", "--people", "3", "--seed", "4", "--spread", "0.1", "--vary", "k")
    assert run(*command, "--out", "drawn.nc") == 0
    assert run(*command, "--rest", "--out", "rest.nc") == 0
    drawn, rest = (xr.load_dataset(name) for name in ("drawn.nc", "rest.nc"))
    assert rest.attrs["seed"] == drawn.attrs["seed"] == 4
    assert rest.attrs["varied"] == "k A"
    np.testing.assert_array_equal(rest.attrs["spread"], [0.1, 0.0])


def test_where_a_species_is_set_to_begin_is_what_rests() -> None:
    text = "model two() species B, C; B = 1; C = 0; b = 0.25; k = 0.5; J1: B -> C; b*B; J2: C -> B; k*C; end"
    Path("two.ant").write_text(text, encoding="utf-8")
    for people in ((), ("--people", "5", "--vary", "k", "--spread", "1e-9")):
        assert run("two.ant", "--until", "9", "--rest", "--set", "B=4", *people, "--json", "two.json") == 0
        document = json.loads(Path("two.json").read_text(encoding="utf-8"))
        for band, level in zip(document["quantities"], (8 / 3, 4 / 3), strict=True):
            np.testing.assert_allclose(band["median"], level, rtol=1e-5)


def test_who_has_no_rest_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("grows.ant").write_text("model grows() species A; A = 1; a = 1; J: -> A; a; end", encoding="utf-8")
    assert run("grows.ant", "--until", "2", "--rest") == 1
    assert "nobody's numbers could be found" in capsys.readouterr().err


def test_a_folder_is_written_and_taken_up_again(capsys: pytest.CaptureFixture[str]) -> None:
    command = ("decay.ant", "--until", "2", "--people", "20", "--out", "a.npz")
    assert run(*command) == 0
    first = sorted((path.name, path.stat().st_mtime_ns) for path in Path("a.npz").glob("part*"))
    assert run(*command) == 0
    assert sorted((path.name, path.stat().st_mtime_ns) for path in Path("a.npz").glob("part*")) == first
    assert run(*command, "--seed", "1") == 2
    assert "another model, seed or setting" in capsys.readouterr().err
    with np.load("a.npz/part-000000.npz") as one:
        np.testing.assert_array_equal(one["A"], eu.simulate("decay.ant", 20, one["time"])["A"])


def test_a_summary_of_the_first_people_is_called_that(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_simulating, "_SUMMARISED", 7)
    command = ("decay.ant", "--until", "2", "--people", "20", "--out", "a.npz")
    assert run(*command, "--json", "a.json", "--svg", "a.svg") == 0
    first = "the first 7 of 20 people"
    assert capsys.readouterr().out.startswith(f"decay: {first}, seed 0, 0 to 2 time units\n")
    document = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert (document["people"], document["band_people"], document["status"]) == (20, 7, {"CONVERGED": 20})
    expected = eu.simulate("decay.ant", 7, document["times"])["A"].quantile(0.5, "person")
    np.testing.assert_allclose(document["quantities"][0]["median"], expected, rtol=1e-14)
    assert first in Path("a.svg").read_text(encoding="utf-8")
    assert run(*command, "--csv", "a.csv") == 2
    assert "would both hold every course" in capsys.readouterr().err


def test_what_is_summarised_beside_a_folder_fits_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_simulating, "_SUMMARISED_NUMBERS", 2 * 169 * 5)
    assert run("decay.ant", "--until", "2", "--people", "20", "--out", "a.npz", "--json", "a.json") == 0
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["band_people"] == 5


def test_who_failed_is_not_taken_for_who_was_not_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    Path("blast.ant").write_text("model blast() species A; A = 1; k = 0.5; J: -> A; k*A*A; end", encoding="utf-8")
    assert run("blast.ant", "--until", "2", "--people", "40", "--spread", "0.5") == 0
    out = capsys.readouterr().out
    assert out.startswith("blast: 40 people, ")
    assert "of them left out without a course, seed 0" in out


@pytest.mark.parametrize("name", ["status", "steps", "person", "parameter"])
def test_a_species_called_like_a_part_of_the_result_is_refused_by_name(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    Path("m.ant").write_text(DECAY.replace("B", name).replace("decay", "m"), encoding="utf-8")
    for more in ((), ("--out", "a.npz"), ("--out", "a.nc"), ("--csv", "a.csv")):
        assert run("m.ant", "--until", "2", "--people", "3", *more) == 2
        assert f"m: '{name}' is what the result itself calls something. Rename it" in capsys.readouterr().err
    assert run("m.ant", "--until", "2", "--wanted", "A") == 0
    with pytest.raises(eu.InputError, match="Rename it"):
        eu.steady_state("m.ant")
    assert left() == ["decay.ant", "m.ant"]


def test_csv_is_the_same_in_any_number_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("decay.ant", "--until", "2", "--every", "1", "--people", "10")
    assert run(*command, "--csv", "one.csv") == 0
    monkeypatch.setattr(_simulated, "_ROWS", 7)  # two people of three times
    assert run(*command, "--csv", "many.csv") == 0
    assert Path("one.csv").read_bytes() == Path("many.csv").read_bytes()
    assert len(pd.read_csv("one.csv")) == 30


def test_bands_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, ...]] = []

    def counted(courses: Any, names: Any, *more: Any) -> Any:
        heard.append(tuple(names))
        return bands_of(courses, names, *more)

    monkeypatch.setattr(_simulating, "bands_of", counted)
    monkeypatch.setattr(_simulating, "_SHOWN", 1)
    assert run("decay.ant", "--until", "2", "--json", "a.json", "--svg", "a.svg") == 0
    assert heard == [("A", "B")]
    picture = ET.parse("a.svg").getroot()
    assert len([element for element in picture.iter() if element.tag.endswith("title")]) == 1
    assert "1 more not shown" in " ".join(picture.itertext())
    assert run("decay.ant", "--until", "2") == 0
    assert heard[1:] == [("A",)]


def test_progress_begins_after_a_while_even_if_a_stage_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for after, shown in ((60.0, False), (0.05, True)):
        with _terminal.progress(False, after=after) as advance:
            advance("compiling", 0.1)
            time.sleep(0.2)
        assert ("compiling" in capsys.readouterr().err) is shown


def test_progress_names_every_stage_and_never_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, float]] = []

    @contextlib.contextmanager
    def progress(quiet: bool, after: float = 0.0) -> Iterator[Any]:
        yield lambda stage, done: heard.append((stage, done))

    monkeypatch.setattr(_terminal, "progress", progress)
    files = ("--csv", "a.csv", "--out", "a.nc", "--svg", "a.svg", "--json", "a.json")
    assert run("decay.ant", "--until", "2", "--people", "9", *files) == 0
    assert list(dict.fromkeys(stage for stage, _ in heard)) == [
        *("reading the model", "compiling", "integrating", "laying out"),
        *("quantiles", "writing CSV", "writing NetCDF", "drawing", "writing JSON"),
    ]
    assert run("decay.ant", "--until", "2", "--people", "9", "--out", "a.npz") == 0
    both = [share for _, share in heard]
    second = both.index(0.0, 1)
    assert both[:second] == sorted(both[:second])
    assert both[second:] == sorted(both[second:])
    assert 0 <= min(both) <= max(both) <= 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--spread", "0.1"), "--spread says how people differ, and there is one person"),
        (("--vary", "k"), "--vary says how people differ"),
        (("--seed", "0"), "--seed says how people differ"),
        (("--people", "5", "--vary", "k", "--set", "k=1"), "'k' is set by --set, so that --vary changes nothing"),
        (("--people", "5", "--vary", "zero"), "'zero' is 0, and stays 0"),
        (("--people", "5", "--vary", "z*"), "'z*' is 0, and stays 0"),
        (("--people", "5", "--vary", ""), "--vary names nothing"),
        (("--wanted", " , "), "--wanted names nothing"),
        (("--dose", "A 5 at 3"), "--dose 'A 5 at 3' begins after the end, 2"),
        (("--dose", "A 5 at 1 h"), "does not say in which unit it counts time"),
        (("--set", "k=1;zero=2"), "--set 'k=1;zero=2' is not id=number"),
        (("--set", "k=1=2"), "--set 'k=1=2' is not id=number"),
        (("--wanted", "Q"), "'eutone model show' names what can be wanted"),
    ],
)
def test_options_that_would_change_nothing_are_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    Path("decay.ant").write_text(DECAY.replace("k = 0.1;", "k = 0.1; zero = 0;"), encoding="utf-8")
    assert run("decay.ant", "--until", "2", *arguments) == 2
    assert says in capsys.readouterr().err


def test_paths_may_hold_signs_that_mean_something_elsewhere() -> None:
    folder = Path("run=3;new")
    folder.mkdir()
    (folder / "de->cay.ant").write_text(DECAY, encoding="utf-8")
    assert run(f"{folder}/de->cay.ant", "--until", "2", f"--csv={folder}/a=b;c.csv", "--quiet") == 0
    assert (folder / "a=b;c.csv").exists()


TEXTS = st.one_of(
    st.sampled_from(["", " ", "-", "=", ";", "-1", "0", "1", "2", "3.5", "nan", "inf", "1e400", "1e-320", "é", "%s"]),
    st.sampled_from(
        ["A", "B", "k", "A,B", "k=1", "k=1=2", "A=1;B=2", "*", "[", "A 1 at 1", "A 1 at 1;", "A 1 h at 1 h"]
    ),
    st.sampled_from(["10" * 40, "a.csv", "decay.ant", "x/y.csv", "b.npz", "b.nc", "b.zarr", "b.xyz", ".", "a" * 400]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=8),
)
OPTIONS = st.sampled_from(
    [
        *("--until", "--days", "--every", "--spread", "--vary", "--set", "--dose", "--wanted", "--seed", "--rtol"),
        *("--atol", "--csv", "--json", "--svg", "--out", "--quiet", "--nonsense", "--threads"),
    ]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(OPTIONS, TEXTS), max_size=4), st.one_of(st.just("decay.ant"), TEXTS), st.booleans())
def test_whatever_is_typed_ends_with_a_word_and_a_code(
    capfd: pytest.CaptureFixture[str], typed: list[tuple[str, str]], model: str, many: bool
) -> None:
    folder = Path(tempfile.mkdtemp(dir="."))
    with contextlib.chdir(folder):
        Path("decay.ant").write_text(DECAY, encoding="utf-8")
        always = ("--until", "2", "--every", "1") + (("--people", "3") if many else ())
        code = run(model, *always, *(word for pair in typed for word in pair))
    out, err = capfd.readouterr()
    assert code in (0, 1, 2)
    assert "a defect of Eutone" not in err
    assert "Traceback" not in out + err
    assert code == 0 or err.strip()
    assert not [path for path in folder.rglob("*") if path.name.endswith(".part")]


def test_a_shell_completes_every_option_and_the_models() -> None:
    def completed(words: str) -> list[str]:
        env = os.environ | {"_EUTONE_COMPLETE": "complete_bash", "COMP_WORDS": words}
        env["COMP_CWORD"] = str(len(words.split()) - 1)
        done = subprocess.run(
            [sys.executable, "-m", "eutone"], env=env, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.split()

    options = set(completed("eutone simulate --"))
    fields = {field.name.strip("_") for field in dataclasses.fields(_simulating.Request)} - {"model"}
    assert options == {f"--{name}" for name in fields} | {"--help"}
    assert completed("eutone simulate dopamine_2") == ["dopamine_2009"]


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    assert "  eutone simulate dopamine_2009 --days 7" in capsys.readouterr().out


@pytest.mark.parametrize(("model", "species"), [("gaba", "GABA"), ("dopamine_2009", "eda")])
def test_units_are_one_in_every_model_and_are_shown_as_people_write_them(
    capsys: pytest.CaptureFixture[str], model: str, species: str
) -> None:
    files = ("--json", "a.json", "--svg", "a.svg")
    assert run(model, "--days", "1", "--people", "2", "--wanted", species, *files) == 0
    assert f"{species} µM" in " ".join(capsys.readouterr().out.split())
    assert ">µM</tspan>" in Path("a.svg").read_text(encoding="utf-8")
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["quantities"][0]["unit"] == "uM"


def test_the_json_says_the_spread_of_those_who_vary_and_of_no_other() -> None:
    assert run("gaba", "--days", "1", "--people", "3", "--vary", "e_*", "--json", "c.json") == 0
    said = json.loads(Path("c.json").read_text(encoding="utf-8"))["spread"]
    usual = eu.load("gaba").spreads
    assert said == {name: value for name, value in usual.items() if name.startswith("e_")}
    assert 0 < len(said) < len(usual)
