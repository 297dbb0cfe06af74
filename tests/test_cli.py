"""The command line: exit codes, what goes to which stream, files whole or not at all. The verbs are played here."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import eutone
from eutone import _terminal, cli
from eutone._errors import EutoneError, InputError, SolveError, StoppedError


class FakeProfile:
    """Stands in for a profile: what it writes is known."""

    status = "ok"
    data = "the data"

    def to_json(self) -> str:
        return '{"status": "ok", "unit": "µmol/L"}\n'

    def to_html(self) -> str:
        return "<p>µ</p>"

    def save(self, path: Path) -> None:
        path.write_bytes(b"case")


@dataclass
class Verbs:
    """What the command line asked the verbs for, and what they answer."""

    asked: dict[str, Any]
    answer: Callable[[], Any]


@pytest.fixture
def verbs(monkeypatch: pytest.MonkeyPatch) -> Verbs:
    played = Verbs({}, FakeProfile)

    def read(panel: str, **given: Any) -> SimpleNamespace:
        played.asked |= {"panel": panel, **given}
        return SimpleNamespace(issues=("the age was not said",))

    def profile(case: Any, **given: Any) -> Any:
        played.asked |= given
        given["progress"]("solving", 0.5)
        return played.answer()

    monkeypatch.setattr(eutone, "read", read, raising=False)
    monkeypatch.setattr(eutone, "profile", profile, raising=False)
    monkeypatch.setattr(_terminal, "_render", lambda profile, console: console.print("THE SUMMARY"))
    return played


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("panel.csv").write_text("marker,value,unit\nHVA,300,nmol/L\n", encoding="utf-8")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(list(arguments))
    code = end.value.code
    return 0 if code is None else int(code)


def raising(error: BaseException) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


def test_options_reach_the_verbs(verbs: Verbs) -> None:
    code = run(
        *("--threads", "2", "profile", "panel.csv", "--age", "12d", "--sex", "female", "--weight", "3kg"),
        *("--height", "50cm", "--taking", "levodopa 10 mg 3/d", "--taking", "5-HTP", "--gene", "COMT:rs4680=A/A"),
        *("--setting", "flat", "--seed", "7", "--prior"),
    )
    assert code == 0
    verbs.asked.pop("progress")
    assert verbs.asked == {
        "panel": "panel.csv",
        "age": "12d",
        "sex": "female",
        "weight": "3kg",
        "height": "50cm",
        "taking": ["levodopa 10 mg 3/d", "5-HTP"],
        "genes": {"COMT:rs4680": "A/A"},
        "setting": "flat",
        "seed": 7,
        "threads": 2,
        "prior": True,
    }


@pytest.mark.parametrize(("given", "taking"), [((), None), (("--taking", "none"), []), (("--taking", " NONE "), [])])
def test_nothing_taken_is_not_the_same_as_nothing_said(verbs: Verbs, given: tuple[str, ...], taking: object) -> None:
    assert run("profile", "panel.csv", *given) == 0
    assert verbs.asked["taking"] == taking


def test_the_summary_goes_to_standard_output_and_the_notes_do_not(
    verbs: Verbs, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("profile", "panel.csv") == 0
    out, err = capsys.readouterr()
    assert out == "THE SUMMARY\n"
    assert err == "note: the age was not said\n"


def test_json_to_standard_output_is_alone_there(verbs: Verbs, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("profile", "panel.csv", "--json", "-") == 0
    out, err = capfdbinary.readouterr()
    assert json.loads(out.decode("utf-8")) == {"status": "ok", "unit": "µmol/L"}
    assert b"THE SUMMARY" in err


@pytest.mark.parametrize("place", ["before", "after"])
def test_quiet_says_nothing_where_a_file_was_asked(
    verbs: Verbs, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    command = ["profile", "panel.csv", "--json", "out.json"]
    assert run(*(["--quiet", *command] if place == "before" else [*command, "--quiet"])) == 0
    assert capsys.readouterr() == ("", "")


def test_every_output_is_written_with_the_mode_of_an_ordinary_file(verbs: Verbs) -> None:
    assert run("profile", "panel.csv", "--json", "a.json", "--html", "a.html", "--save", "a.eutone.nc") == 0
    assert Path("a.json").read_bytes() == FakeProfile().to_json().encode()
    assert Path("a.html").read_text(encoding="utf-8") == "<p>µ</p>"
    assert Path("a.eutone.nc").read_bytes() == b"case"
    Path("plain").touch()
    assert Path("a.json").stat().st_mode == Path("plain").stat().st_mode
    assert sorted(path.name for path in Path().iterdir()) == ["a.eutone.nc", "a.html", "a.json", "panel.csv", "plain"]


def test_a_link_keeps_pointing_where_it_did(verbs: Verbs) -> None:
    Path("kept.json").write_text("old", encoding="utf-8")
    try:
        Path("link.json").symlink_to("kept.json")
    except OSError:
        pytest.skip("this system makes no symbolic links for ordinary users")
    assert run("profile", "panel.csv", "--json", "link.json") == 0
    assert Path("link.json").is_symlink()
    assert Path("kept.json").read_text(encoding="utf-8") == FakeProfile().to_json()


@pytest.mark.parametrize(
    ("outputs", "says"),
    [
        (("--json", "nowhere/a.json"), "folder does not exist"),
        (("--html", "."), "is a folder"),
        (("--html", "-"), "--html needs the name of a file"),
        (("--save", ""), "--save needs the name of a file"),
        (("--json", os.devnull), "ordinary file"),
        (("--json", "panel.csv"), "would overwrite the panel"),
        (("--json", "a", "--html", "./a"), "would overwrite --json"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_anything_is_computed(
    verbs: Verbs, capsys: pytest.CaptureFixture[str], outputs: tuple[str, ...], says: str
) -> None:
    if os.name == "nt" and os.devnull in outputs:
        pytest.skip("Windows has no path for its null device")
    assert run("profile", "panel.csv", *outputs) == 2
    assert says in capsys.readouterr().err
    assert verbs.asked == {}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("profile",),
        ("nonsense",),
        ("profile", "panel.csv", "--setting", "everywhere"),
        ("profile", "panel.csv", "--seed", "-1"),
        ("profile", "panel.csv", "--seed", "zero"),
        ("profile", "panel.csv", "--threads", "0"),
        ("profile", "panel.csv", "--taking", "none", "--taking", "5-HTP"),
        ("profile", "panel.csv", "--gene", "COMT"),
        ("profile", "panel.csv", "--gene", "A:b=C/C", "--gene", "A:b=T/T"),
        ("profile", "panel.csv", "--nonsense"),
        ("schema", "nonsense"),
    ],
)
def test_wrong_usage_ends_with_2(verbs: Verbs, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert out + err
    assert "Traceback" not in err
    assert verbs.asked == {}


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (EutoneError("no usable marker"), 1, "eutone: no usable marker"),
        (SolveError("12 % did not converge"), 1, "eutone: 12 % did not converge"),
        (
            InputError("no such unit", file="p.csv", row=2, column="unit", hint="Use nmol/L"),
            2,
            "eutone: p.csv, row 2, column 'unit': no such unit. Use nmol/L",
        ),
        (StoppedError("stopped as asked (bank: TH)"), 130, "eutone: stopped as asked (bank: TH)"),
        (KeyboardInterrupt(), 130, "eutone: interrupted; nothing half-written was left behind"),
        (OSError(28, "No space left on device"), 1, "eutone: [Errno 28] No space left on device"),
        (MemoryError(), 1, "eutone: MemoryError"),
        (ZeroDivisionError("x"), 1, "eutone: unexpected ZeroDivisionError: x (a defect of Eutone; "),
    ],
)
def test_each_error_has_its_code_and_one_line(
    verbs: Verbs, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, says: str
) -> None:
    verbs.answer = raising(error)
    assert run("--quiet", "profile", "panel.csv", "--json", "a.json", "--html", "a.html") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(says)
    assert err.count("\n") == 1
    assert [path.name for path in Path().iterdir()] == ["panel.csv"]


def test_ctrl_c_while_the_command_line_is_still_loading_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "eutone.cli":
                raise KeyboardInterrupt

    entry = importlib.import_module("eutone.__main__")
    monkeypatch.setattr(entry.signal, "signal", lambda *_: None)  # it is for a process of its own
    monkeypatch.delitem(sys.modules, "eutone.cli")
    monkeypatch.delattr("eutone.cli", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as end:
        entry.main()
    assert end.value.code == 130
    assert capsys.readouterr().err == "eutone: interrupted; nothing half-written was left behind\n"


def test_debug_shows_where_an_error_came_from(verbs: Verbs) -> None:
    verbs.answer = raising(ZeroDivisionError("x"))
    with pytest.raises(ZeroDivisionError, match="x"):
        cli.main(["--debug", "profile", "panel.csv"])


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_while_writing_leaves_the_old_file_and_no_other(
    verbs: Verbs, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fsync(descriptor: int) -> None:
        raise error

    Path("a.json").write_text("old", encoding="utf-8")
    monkeypatch.setattr(os, "fsync", fsync)
    assert run("profile", "panel.csv", "--json", "a.json") == (130 if isinstance(error, KeyboardInterrupt) else 2)
    assert Path("a.json").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in Path().iterdir()) == ["a.json", "panel.csv"]


def test_a_failed_profile_is_written_and_ends_with_1(verbs: Verbs) -> None:
    failed = FakeProfile()
    failed.status = "failed"
    verbs.answer = lambda: failed
    assert run("profile", "panel.csv", "--json", "a.json") == 1
    assert Path("a.json").exists()


GOOD = "marker,value,unit,specimen\nHVA,300,nmol/L,csf\n"


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        (GOOD.replace("nmol/L", "furlong"), (), "row 2"),
        (GOOD.replace("300", "-300"), (), "row 2"),
        (GOOD.replace("value,", "amount,"), (), "value"),
        (GOOD.replace("300", "a lot"), (), "row 2"),
        (GOOD + "HVA,500,nmol/L,csf\n", (), "row 3"),
        ("", (), "panel.csv"),
        (GOOD, ("--age", "twelve"), "age"),
        (GOOD, ("--age", "-3y"), "age"),
        (GOOD, ("--sex", "robot"), "female"),
        (GOOD, ("--weight", "14 lightyears"), "weight"),
        (GOOD, ("--gene", "=A/A"), "GENE=GENOTYPE"),
    ],
)
def test_bad_input_names_its_place_ends_with_2_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: str,
    options: tuple[str, ...],
    says: str,
) -> None:
    monkeypatch.setattr(eutone, "profile", raising(AssertionError("computed")), raising=False)
    Path("panel.csv").write_text(content, encoding="utf-8")
    assert run("profile", "panel.csv", *options, "--json", "a.json", "--html", "a.html") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert [path.name for path in Path().iterdir()] == ["panel.csv"]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"marker,value,unit\nHVA,\xb5,x\n", b"\x00" * 100, b"{", b"[[[["])
def test_what_is_no_panel_at_all_ends_with_2(capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    Path("panel.csv").write_bytes(content)
    assert run("profile", "panel.csv") == 2
    assert "panel.csv" in capsys.readouterr().err


@pytest.mark.parametrize("panel", ["nowhere.csv", "."])
def test_a_panel_that_cannot_be_opened_ends_with_2(capsys: pytest.CaptureFixture[str], panel: str) -> None:
    assert run("profile", panel) == 2
    assert panel in capsys.readouterr().err


def test_the_knowledge_can_be_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    packaged = resources.files("eutone.knowledge") / "tables"
    with resources.as_file(packaged) as folder:
        shutil.copytree(folder, tmp_path / "tables")
    units = tmp_path / "tables" / "units.csv"
    units.write_text("spelling,factor\n", encoding="utf-8")
    assert run("knowledge", "check", "--tables", "tables") == 1
    assert "units.csv" in capsys.readouterr().out
    assert run("knowledge", "check", "--tables", "nowhere") == 2
    assert "nowhere" in capsys.readouterr().err


def test_the_knowledge_that_comes_with_eutone_has_no_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("knowledge", "check") == 0, capsys.readouterr().out
    assert capsys.readouterr().out == "no problems\n"


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"eutone {eutone.__version__}\n"


@pytest.mark.parametrize("name", ["courses", "profile"])
def test_the_schema_is_json(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert run("schema", name) == 0
    assert json.loads(capsys.readouterr().out)["$id"] == f"urn:eutone:{name}:1"


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("profile", "--help") == 0
    assert "  eutone profile panel.csv --age 12d --sex female --taking none" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["schema", "profile"], ["--version"]], ids=["long", "short"])
def test_a_reader_that_leaves_early_sees_no_traceback(
    arguments: list[str], child: Callable[..., subprocess.Popen[str]]
) -> None:
    process = child("-m", "eutone", *arguments)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(60) == 1
