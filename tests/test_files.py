"""A file is whole or not there; one at a time holds a lock, and who is killed holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from eutone._files import alone, put

HOLDS = """
import sys, time
from pathlib import Path
from eutone._files import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_file_is_the_old_one_until_it_is_the_new_one(tmp_path: Path) -> None:
    path, beside = tmp_path / "a", tmp_path / ".a.part"
    put(path, beside, b"old")

    def half(part: Path) -> None:
        part.write_bytes(b"ne")
        assert path.read_bytes() == b"old"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        put(path, beside, half)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert path.read_bytes() == b"old"


def test_one_at_a_time_and_nothing_is_left(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with alone(lock):
        with pytest.raises(BlockingIOError), alone(lock):
            pass
        assert lock.exists()
    assert not lock.exists()
    with pytest.raises(ZeroDivisionError), alone(lock):
        raise ZeroDivisionError
    with alone(lock):
        pass


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system knows no SIGKILL")
def test_another_process_holds_it_until_it_is_killed(
    tmp_path: Path, child: Callable[..., subprocess.Popen[str]]
) -> None:
    lock = tmp_path / "lock"
    process = child("-c", HOLDS, str(lock))
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(BlockingIOError), alone(lock):
        pass
    process.kill()
    process.wait(60)
    assert lock.exists()  # the file stays, and holds up nobody
    with alone(lock):
        pass
    assert not lock.exists()


def test_never_two_inside_however_they_come_and_go(tmp_path: Path) -> None:
    """Holders remove the file while others have it open already: that must not let two in."""
    inside, most, entered = 0, 0, 0
    count = threading.Lock()

    def come_and_go() -> None:
        nonlocal inside, most, entered
        for _ in range(200):
            try:
                with alone(tmp_path / "lock"):
                    with count:
                        inside += 1
                        most, entered = max(most, inside), entered + 1
                    os.sched_yield() if hasattr(os, "sched_yield") else None
                    with count:
                        inside -= 1
            except BlockingIOError:
                continue

    crew = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join(60)
    assert most == 1
    assert entered >= 8  # each comes in at some time
