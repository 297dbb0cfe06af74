"""What is kept is asked for by all that it was made from, and a bad file is made again."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone.engine import cache, compile_network, load_network, remember, solve_steady, source
from eutone.engine.compile import Plan
from eutone.engine.course import CoursePlan, compile_course
from eutone.engine.course_kernel import CourseLayout
from eutone.engine.course_verify import Rehearsed
from eutone.engine.kernel import Layout
from eutone.engine.plain import pack, unpack
from eutone.engine.remember import key_of, remembered

MODEL = "-> A; v; A -> B; V*A/(K + A); B -> ; k*B; v = 2; V = 10; K = 3; k = 0.5; A = 0; B = 100"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EUTONE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "objects"


def never(*_: object) -> None:
    raise AssertionError("this was not to be done again")


def test_a_thing_is_made_once_under_its_key(folder: Path) -> None:
    made = []

    def make() -> tuple[str, int]:
        made.append(1)
        return "a", len(made)

    assert [remembered(key_of("x", b"y"), (), make) for _ in range(3)] == [("a", 1)] * 3
    assert remembered(key_of("x", b"z"), (), make) == ("a", 2)
    assert key_of("ab", "c") != key_of("a", "bc")


@pytest.mark.parametrize("where", [0, 60, 100, -1])
def test_a_flipped_byte_is_noticed(folder: Path, where: int, caplog: pytest.LogCaptureFixture) -> None:
    remembered(key_of("x"), (), lambda: "old")
    (path,) = folder.glob("*.data")
    content = bytearray(path.read_bytes())
    content[where] ^= 0x10
    path.write_bytes(bytes(content))
    with caplog.at_level(logging.WARNING):
        assert remembered(key_of("x"), (), lambda: "new") == "new"
    assert "damaged" in caplog.text


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), max_size=3), st.floats(0, 1), st.binary(max_size=9))
def test_whatever_befalls_a_file_the_answer_is_right(flips: list[tuple[float, int]], kept: float, more: bytes) -> None:
    key, meant = key_of("x"), (1.5, "right", (2, None))
    cache.write(key, pack(meant), "data")
    path = cache.path_of(key, "data")
    content = bytearray(path.read_bytes())
    for where, bits in flips:
        content[int(where * (len(content) - 1))] ^= bits
    path.write_bytes(bytes(content[: round(kept * len(content))]) + more)
    assert remembered(key, (), lambda: meant) == meant
    assert remembered(key, (), never) == meant


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b'[{"Thing":[]},[]]', b'[{"array":["float64",[1e30]]},[]]'])
def test_what_is_whole_and_says_nonsense_is_made_again(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    cache.write(key_of("x"), len(content).to_bytes(8, "little") + content, "data")
    with caplog.at_level(logging.WARNING):
        assert remembered(key_of("x"), (), lambda: "right") == "right"
    assert "made again" in caplog.text
    assert remembered(key_of("x"), (), never) == "right"


def test_processes_that_begin_together_do_not_disturb_each_other(
    folder: Path, child: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "from eutone.engine import compile_network, load_network, solve_steady, source\n"
        "source._LONG = 10\n"
        f"compiled = compile_network(load_network({MODEL!r}), ('k',), ('A',))\n"
        "print(solve_steady(compiled, [[0.25]], check=1.0).states.tobytes().hex())\n"
    )
    begun = []
    for seed in range(3):
        monkeypatch.setenv("PYTHONHASHSEED", str(seed))
        begun.append(child("-c", code))
    said = [process.communicate() for process in begun]
    assert [process.returncode for process in begun] == [0, 0, 0], said
    assert len(set(said)) == 1
    # the same whatever order sets had: one network, one plan of each of two programs, one object of each
    assert sorted(path.suffix for path in folder.iterdir()) == [".data"] * 3 + [".obj"] * 2


def test_the_engine_is_the_one_that_was_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Edited while a process runs on: what that still makes is not taken for what the edit makes."""
    before = key_of("x")
    (tmp_path / "edited.py").write_text("")
    monkeypatch.setattr(remember, "__file__", str(tmp_path / "remember.py"))
    assert remember._source() != remember._ENGINE
    assert key_of("x") == before


def test_code_from_the_cache_builds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    network = load_network(MODEL)
    compile_network(network, ("k",), ("A",))
    compile_course(network, ("k",))
    for place in ("eutone.engine.compile.build_kernel", "eutone.engine.course.build_course_kernel"):
        monkeypatch.setattr(place, never)
    monkeypatch.setattr("eutone.engine.course.clocks", never)
    assert compile_network(load_network(MODEL), ("k",), ("A",)).origin == "cache"
    assert compile_course(load_network(MODEL), ("k",)).origin == "cache"


def test_a_plan_without_its_object_compiles_again(folder: Path) -> None:
    network = load_network(MODEL)
    compile_network(network, ("k",))
    compile_course(network, ("k",))
    for path in folder.glob("*.obj"):
        path.unlink()
    assert compile_network(network, ("k",)).origin == "compiled"
    assert compile_course(network, ("k",)).origin == "compiled"


def test_a_plan_that_says_otherwise_than_the_code_is_made_again(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whole, of these kinds, and of numbers that the code does not give: another machine's, or an older fault."""
    network = load_network(MODEL)

    def asked() -> tuple[str, str]:
        compiled = compile_network(network, ("k",))
        assert solve_steady(compiled, [[0.25]], check=1.0).checked == 1
        return compiled.origin, compile_course(network, ("k",)).origin

    asked()
    for path in folder.glob("*.data"):
        key = bytes.fromhex(path.stem)
        kept = unpack(cache.read(key, "data") or b"", (Plan, Layout, CoursePlan, CourseLayout, Rehearsed))
        if isinstance(kept, Plan):
            kept = replace(kept, rehearsed={name: (a, 1.01 * b) for name, (a, b) in kept.rehearsed.items()})
        elif isinstance(kept, CoursePlan):
            kept = replace(kept, rehearsed=replace(kept.rehearsed, change=1.01 * kept.rehearsed.change))
        else:
            kept = kept[0], 1.01 * kept[1]
        cache.write(key, pack(kept), "data")
    with caplog.at_level(logging.WARNING):
        assert asked() == ("compiled", "compiled")
    assert caplog.text.count("; made again") == 3
    assert asked() == ("cache", "cache")


def test_the_check_is_compiled_when_somebody_is_asked(folder: Path) -> None:
    compiled = compile_network(load_network(MODEL), ("k",))
    before = len(list(folder.glob("*.obj")))
    solve_steady(compiled, [[0.25]], check=0.0)
    assert len(list(folder.glob("*.obj"))) == before
    found = solve_steady(compiled, [[0.25]], check=1.0)
    assert (found.checked, found.disagreed) == (1, 0)
    assert len(list(folder.glob("*.obj"))) == before + 1


def test_a_long_model_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_LONG", 10)
    first = load_network(MODEL)
    monkeypatch.setattr(source, "_antimony", never)
    again = load_network(MODEL)
    assert again.species == first.species
    assert all(a is b for a, b in zip(first.rates, again.rates, strict=True))
    with pytest.raises(AssertionError, match="again"):
        load_network(MODEL + "; extra = 1")


def test_a_file_that_changes_while_it_is_read_is_kept_as_what_was_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(source, "_LONG", 10)
    path, first = tmp_path / "edited.ant", "model edited()\n  k = 1; A = 1; A -> ; k*A\nend\n"
    path.write_text(first)
    convert = source._antimony

    def edited_meanwhile(text: str, path: Path | None) -> str:
        tmp_path.joinpath("edited.ant").write_text(first.replace("k = 1", "k = 2"))
        return convert(text, path)

    monkeypatch.setattr(source, "_antimony", edited_meanwhile)
    load_network(path)
    path.write_text(first)
    assert load_network(path).values.tolist() == [1.0]


def test_a_model_that_opens_other_files_is_always_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(source, "_LONG", 10)
    part, whole = tmp_path / "part.ant", tmp_path / "whole.ant"
    whole.write_text('import "part.ant"\nmodel whole()\n  M: part();\nend\n')
    for value in (1.0, 2.0):
        part.write_text(f"model part()\n  k = {value}; A = 1; A -> ; k*A\nend\n")
        assert value in load_network(whole).values
