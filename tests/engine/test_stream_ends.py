"""A stream that ends early: what is whole stays and is said, and who comes back gets the same bytes.

Nobody else's file is touched, and there is one writer at a time.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import eutone as eu
from eutone.engine import pieces
from eutone.engine import stream as engine_stream
from eutone.engine.manifest import Manifest
from eutone.engine.status import Status
from eutone.engine.stream import FORMS, begun

N, PIECE = 60, 5
TIMES = (0.0, 1.0, 4.0)
TEXT = "model d() species A, B; A = 1; B = 0; J: A -> B; k*A; k = 1; end"

forms = pytest.mark.parametrize("form", FORMS)
Child = Callable[..., subprocess.Popen[str]]


@pytest.fixture(autouse=True)
def _libraries(request: pytest.FixtureRequest) -> None:
    form = getattr(request.node, "callspec", None) and request.node.callspec.params.get("form")
    if form and FORMS[form]:
        pytest.importorskip(FORMS[form], reason="the extra 'stream' is not here")


def write(folder: Path, **changed: Any) -> Any:
    return eu.simulate_to(folder, TEXT, N, TIMES, **{"piece": PIECE} | changed)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def done(folder: Path) -> int:
    """How many pieces are whole."""
    whole = begun(folder)
    return 0 if whole is None else int(whole["done"])


def stopped(folder: Path, share: float = 0.4) -> int:
    """Begin, stop at ``share``, and say how many pieces are whole then."""
    stop = threading.Event()

    def advance(_stage: str, so_far: float) -> None:
        if so_far > share:
            stop.set()

    with pytest.raises(eu.StoppedError) as ended:
        write(folder, progress=advance, stop=stop)
    assert f"{done(folder) * PIECE} of 60 people are whole in {folder}. The same again goes on" in str(ended.value)
    return done(folder)


@forms
def test_who_comes_back_gets_the_same_bytes(tmp_path: Path, form: str) -> None:
    write(tmp_path / f"once.{form}")
    whole = stopped(tmp_path / f"twice.{form}")
    assert 0 < whole < 12
    streamed = write(tmp_path / f"twice.{form}")
    assert streamed.found == whole
    assert str(streamed).endswith(f"60 people in 12 pieces, {whole} of them found there: 60 CONVERGED")
    assert tree(tmp_path / f"twice.{form}") == tree(tmp_path / f"once.{form}")
    again = write(tmp_path / f"twice.{form}")
    assert again.found == again.pieces == 12
    assert again.counts == {"CONVERGED": N}
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"once.{form}", f"twice.{form}"]


@forms
@pytest.mark.skipif(os.name == "nt", reason="no folder can be flushed there")
def test_what_the_manifest_counts_is_on_disk_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """Every file and every folder was flushed after its last change, and the name of the whole, too."""
    folder, flushed, missed = tmp_path / f"a.{form}", dict[int, int](), list[str]()
    fsync, keep = os.fsync, engine_stream.keep

    def noted(handle: int) -> None:
        fsync(handle)
        flushed[os.fstat(handle).st_ino] = os.fstat(handle).st_mtime_ns

    def counted(into: Path, manifest: Manifest) -> None:
        if manifest.done:
            places = [tmp_path, folder, *folder.rglob("*")]
            states = {place: place.stat() for place in places if not place.name.startswith(".")}
            missed.extend(str(p) for p, state in states.items() if flushed.get(state.st_ino) != state.st_mtime_ns)
        keep(into, manifest)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(engine_stream, "keep", counted)
    write(folder)
    assert missed == []


@forms
def test_what_a_power_cut_left_of_pieces_that_are_not_counted_is_written_again(tmp_path: Path, form: str) -> None:
    write(tmp_path / f"once.{form}", piece=7)
    folder = tmp_path / f"cut.{form}"
    write(folder, piece=7)
    whole = begun(folder)
    assert whole is not None
    engine_stream.keep(folder, Manifest(**whole | {"done": 4, "counts": {"CONVERGED": 28}}))
    for path in (*folder.rglob("part-00000[4-8]*"), *folder.rglob("c/[4-8]"), *folder.rglob("c/[4-8]/0")):
        if path.is_file():
            path.write_bytes(b"")
    assert write(folder, piece=7).found == 4
    assert tree(folder) == tree(tmp_path / f"once.{form}")


KILLED = f"""
import os, sys, time
import eutone as eu
real = os.fsync
def fsync(handle):  # so that a kill falls into a write as often as between two
    time.sleep(0.004)
    real(handle)
os.fsync = fsync
eu.simulate_to(sys.argv[1], {TEXT!r}, {N}, {TIMES}, piece={PIECE}, progress=lambda *_: time.sleep(0.004))
"""


@forms
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system knows no SIGKILL")
def test_kills_at_any_moment_change_no_byte(tmp_path: Path, form: str, child: Child) -> None:
    """Again and again until nobody kills it: each start goes on from what was whole, and takes no lock for alive."""
    write(tmp_path / f"once.{form}")
    rng, folder, before = np.random.default_rng(len(form)), tmp_path / f"killed.{form}", 0
    for _ in range(3):
        process = child("-c", KILLED, str(folder))
        until = before + int(rng.integers(1, 3))  # twelve pieces are never done by then
        while done(folder) < until:
            assert process.poll() is None
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.02))  # a piece takes about so long
        process.kill()
        process.wait(60)
        assert until <= done(folder) < 12
        before = done(folder)
    assert write(folder).found == before
    assert tree(folder) == tree(tmp_path / f"once.{form}")
    assert not (tmp_path / f".killed.{form}.lock").exists()


def test_who_was_not_come_to_does_not_look_like_an_answer(tmp_path: Path) -> None:
    pytest.importorskip("zarr", reason="the extra 'stream' is not here")
    import xarray as xr

    come = stopped(tmp_path / "a.zarr") * PIECE
    found = xr.open_zarr(tmp_path / "a.zarr", consolidated=False, chunks=None)
    assert (found["status"][:come] == 0).all()
    assert (found["status"][come:] == Status.NOT_COMPUTED).all()
    assert np.isfinite(found["A"][:come]).all()
    assert np.isnan(found["A"][come:]).all()
    assert np.isnan(found["k"][come:]).all()
    assert (found["steps"][come:] == -1).all()
    assert (found["person"][come:] == -1).all()


@pytest.mark.parametrize("name", ["A", "B", "k", "steps"])
def test_a_piece_that_is_half_written_does_not_look_like_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    zarr = pytest.importorskip("zarr", reason="the extra 'stream' is not here")
    stopped(tmp_path / "a.zarr")
    real = zarr.Array.__setitem__

    def set_item(array: Any, place: Any, values: Any) -> None:
        if array.basename == name:
            raise KeyboardInterrupt
        real(array, place, values)

    with monkeypatch.context() as patched:
        patched.setattr(zarr.Array, "__setitem__", set_item)
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path / "a.zarr")
    come = done(tmp_path / "a.zarr") * PIECE
    status = zarr.open_group(tmp_path / "a.zarr", mode="r")["status"][:]
    assert (status[:come] == 0).all()
    assert (status[come:] == Status.NOT_COMPUTED).all()


@forms
def test_only_files_of_its_own_making_are_touched(tmp_path: Path, form: str) -> None:
    folder = tmp_path / f"a.{form}"
    stopped(folder)
    own = {".part-000009.npz.part", ".part-000009.parquet.part", "._manifest.json.part", ".zarr.json.part"}
    own |= {"c.0123456789abcdef0123456789abcdef.partial"}
    others = {"thesis.part", "film.mp4.part", ".part-1.npz.part", "part-000009.npz.part", "x.partial", ".part"}
    inside = folder / "mine"
    inside.mkdir()
    for name in own | others:
        (folder / name).write_bytes(b"half")
        (inside / name).write_bytes(b"half")
    with pytest.raises(eu.InputError, match="another model"):
        write(folder, seed=1)
    assert own | others <= {path.name for path in folder.iterdir()}  # what is refused is not tidied either
    write(folder)
    assert own & {path.name for path in folder.iterdir()} == set()
    assert others <= {path.name for path in folder.iterdir()}
    assert {path.name for path in inside.iterdir()} == own | others


def test_a_folder_with_half_a_manifest_alone_is_begun(tmp_path: Path) -> None:
    (tmp_path / "a.npz").mkdir()
    (tmp_path / "a.npz" / "._manifest.json.part").write_text("{", encoding="utf-8")
    assert write(tmp_path / "a.npz").found == 0
    (tmp_path / "b.npz").mkdir()
    (tmp_path / "b.npz" / "film.part").touch()
    with pytest.raises(eu.InputError, match="holds something else"):
        write(tmp_path / "b.npz")


def test_a_part_of_a_zarr_store_that_is_gone_is_missed(tmp_path: Path) -> None:
    pytest.importorskip("zarr", reason="the extra 'stream' is not here")
    stopped(tmp_path / "a.zarr")
    (tmp_path / "a.zarr" / "status" / "c" / "1").unlink()
    with pytest.raises(eu.InputError, match="is gone"):
        write(tmp_path / "a.zarr")


def test_a_second_writer_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    folder, link = tmp_path / "a.npz", tmp_path / "b.npz"
    refused: list[str] = []

    def advance(_stage: str, so_far: float) -> None:
        if 0.4 < so_far < 0.5:
            if not link.exists():
                link.symlink_to(folder)
            for name in (folder, link, tmp_path / "x" / ".." / "a.npz"):  # whatever it is called
                with pytest.raises(eu.InputError, match=r"is being written by somebody else.*Wait for them") as second:
                    write(name)
                refused.append(str(second.value))

    assert write(folder, progress=advance).counts == {"CONVERGED": N}
    assert refused
    write(tmp_path / "once.npz")
    assert tree(folder) == tree(tmp_path / "once.npz")
    assert write(link).found == 12


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_what_ends_it_says_what_is_whole(tmp_path: Path, error: type[BaseException]) -> None:
    def advance(_stage: str, so_far: float) -> None:
        if so_far > 0.4:
            raise error

    with pytest.raises(error) as ended:
        write(tmp_path / "a.npz", progress=advance)
    whole = done(tmp_path / "a.npz") * PIECE
    said = f"{whole} of 60 people are whole in {tmp_path / 'a.npz'}. The same again goes on from there"
    assert ended.value.__notes__ == [said]
    write(tmp_path / "once.npz")
    write(tmp_path / "a.npz")
    assert tree(tmp_path / "a.npz") == tree(tmp_path / "once.npz")


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent Ctrl-C alone there")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_last_line_of_the_command_says_how_to_go_on(
    tmp_path: Path, child: Child, number: signal.Signals, code: int
) -> None:
    (tmp_path / "d.ant").write_text(TEXT, encoding="utf-8")
    folder = tmp_path / "a.npz"
    people = ("simulate", str(tmp_path / "d.ant"), "--until", "4", "--people", "4000000", "--out", str(folder))
    process = child("-m", "eutone", *people)
    until = time.monotonic() + 60
    while done(folder) < 1 and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(number)
    assert process.stderr is not None
    last = process.stderr.read().splitlines()[-1]
    assert process.wait(60) == code
    whole = begun(folder)
    assert whole is not None
    people_done = f"{whole['done'] * whole['piece']:,}"
    assert f"{people_done} of 4,000,000 people are whole in {folder}. The same again goes on from there" in last


def test_a_full_disk_is_one_line_and_whole_pieces_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, written, real = tmp_path / "a.npz", [], pieces._savez

    def savez(path: Path, arrays: Any) -> None:
        written.append(path)
        if len(written) == 3:
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, arrays)

    monkeypatch.setattr(pieces, "_savez", savez)
    says = r"cannot be written \(No space left on device\)\. 10 of 60 people are whole\. The same again goes on"
    with pytest.raises(eu.InputError, match=says):
        write(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["_manifest.json", "part-000000.npz", "part-000001.npz"]
    assert json.loads((folder / "_manifest.json").read_text(encoding="utf-8"))["done"] == 2
    assert write(folder).found == 2
    write(tmp_path / "once.npz")
    assert tree(folder) == tree(tmp_path / "once.npz")
