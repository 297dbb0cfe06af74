"""The cache under attack: whatever happens to its files, answers stay right and nothing is run that others wrote."""

from __future__ import annotations

import logging
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from eutone.engine import cache, compile_network, load_network, solve_steady
from eutone.engine.compile import Compiled

MODEL = "-> A; v; A -> B; V*A/(K + A); B -> ; k*B; v = 2; V = 10; K = 3; k = 0.5; A = 0; B = 100"
KEY = bytes(range(32))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EUTONE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "objects"


def compiled() -> Compiled:
    made = compile_network(load_network(MODEL), ("k",))
    found = solve_steady(made, [[0.25]])
    np.testing.assert_allclose(found.states, [[0.75, 8.0]], rtol=1e-12)
    return made


def only_file(folder: Path) -> Path:
    (path,) = folder.glob("*.obj")
    return path


def test_what_was_written_is_read(folder: Path) -> None:
    assert cache.read(KEY) is None
    assert cache.write(KEY, b"some code")
    assert cache.read(KEY) == b"some code"
    assert cache.read(bytes(32)) is None
    cache.forget(KEY)
    assert cache.read(KEY) is None


def test_second_compilation_comes_from_the_cache_and_gives_the_same_bits(folder: Path) -> None:
    first, second = compiled(), compiled()
    assert (first.origin, second.origin) == ("compiled", "cache")
    values = np.random.default_rng(0).uniform(0.1, 2, (50, 1))
    np.testing.assert_array_equal(solve_steady(first, values).states, solve_steady(second, values).states)


def test_another_model_parameter_choice_or_width_is_another_object(folder: Path) -> None:
    network = load_network(MODEL)
    for arguments in ((("k",), (), 2), (("k",), (), 4), (("K",), (), 4), (("k",), ("A",), 4)):
        assert compile_network(network, *arguments).origin == "compiled"
    assert compile_network(load_network(MODEL.replace("K = 3", "K = 4")), ("k",), (), 4).origin == "compiled"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners and modes on this system")
def test_folder_and_files_are_private(folder: Path) -> None:
    compiled()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert only_file(folder).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("where", [0, 20, 50, 60, 100, -1])
def test_a_flipped_byte_is_noticed(folder: Path, where: int, caplog: pytest.LogCaptureFixture) -> None:
    compiled()
    path = only_file(folder)
    content = bytearray(path.read_bytes())
    content[where] ^= 0x10
    path.write_bytes(bytes(content))
    with caplog.at_level(logging.WARNING):
        assert compiled().origin == "compiled"
    assert "damaged" in caplog.text
    assert compiled().origin == "cache"


@pytest.mark.parametrize("length", [0, 10, 87, 88, 1000])
def test_a_truncated_file_is_noticed(folder: Path, length: int) -> None:
    compiled()
    path = only_file(folder)
    path.write_bytes(path.read_bytes()[:length])
    assert compiled().origin == "compiled"
    assert compiled().origin == "cache"


def test_an_object_of_another_model_under_this_key_is_noticed(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A whole, well-signed file with the wrong code in it: only running it can tell."""
    compiled()
    path = only_file(folder)
    key = bytes.fromhex(path.stem)
    path.unlink()
    compile_network(load_network(MODEL.replace("K = 3", "K = 4")), ("k",))
    other = cache.read(bytes.fromhex(only_file(folder).stem))
    assert other is not None
    cache.write(key, other)
    with caplog.at_level(logging.WARNING):
        assert compiled().origin == "compiled"
    assert "machine code is wrong" in caplog.text
    assert compiled().origin == "cache"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners and modes on this system")
def test_what_others_could_have_written_is_not_run(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    compiled()
    only_file(folder).chmod(0o666)
    with caplog.at_level(logging.WARNING):
        assert compiled().origin == "compiled"
    folder.chmod(0o777)
    assert compiled().origin == "compiled"
    assert cache.write(KEY, b"x") is False
    assert "others could have written" in caplog.text


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="links need a privilege on this system")
def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    cache.write(KEY, b"x")
    path = only_file(folder)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert cache.read(KEY) is None
    folder.rename(tmp_path / "objects")
    folder.symlink_to(tmp_path / "objects")
    assert cache.write(KEY, b"x") is False


def test_a_folder_that_cannot_be_made_means_no_caching(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("EUTONE_CACHE_DIR", str(tmp_path / "file"))
    assert compiled().origin == "compiled"
    assert compiled().origin == "compiled"


def test_a_full_disk_leaves_nothing_half_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert compiled().origin == "compiled"
    assert list(folder.iterdir()) == []


def test_the_folder_stays_bounded_and_keeps_what_was_used_last(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST_BYTES", 1000)
    keys = [bytes([k]) * 32 for k in range(4)]
    for age, key in enumerate(keys[:3]):
        cache.write(key, bytes(200))
        os.utime(folder / f"{key.hex()}.obj", (1000 + age, 1000 + age))
    assert cache.read(keys[0]) is not None  # used now, so the second is the oldest
    cache.write(keys[3], bytes(200))
    kept = {p.stem for p in folder.glob("*.obj")}
    assert kept == {k.hex() for k in (keys[0], keys[2], keys[3])}


def test_leftovers_of_a_killed_process_are_removed(folder: Path) -> None:
    cache.write(KEY, b"x")
    old, new = folder / "old.tmp", folder / "new.tmp"
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    cache.write(bytes(32), b"y")
    assert not old.exists()
    assert new.exists()


def test_two_processes_at_once(folder: Path, child: Callable[..., subprocess.Popen[str]]) -> None:
    script = f"""
from eutone.engine import compile_network, load_network, solve_steady
made = compile_network(load_network({MODEL!r}), ("k",))
assert abs(solve_steady(made, [[0.25]]).states[0, 1] - 8) < 1e-9
"""
    running = [child("-c", script) for _ in range(2)]
    assert [p.wait(60) for p in running] == [0, 0]
    assert compiled().origin == "cache"
    assert list(folder.glob("*.tmp")) == []
