"""Everybody is worked on once, and a stop, a failure or an interrupt ends it all."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._errors import InputError
from eutone.engine.chunks import cut, in_chunks, threads_of


@given(n=st.integers(0, 200), least=st.integers(1, 20), more=st.integers(0, 30), threads=st.integers(1, 4))
def test_everybody_once(n: int, least: int, more: int, threads: int) -> None:
    seen = np.zeros(n, dtype=int)
    told: list[tuple[int, int]] = []

    def work(mine: slice) -> int:
        seen[mine] += 1
        return mine.stop - mine.start

    found = in_chunks(work, n, least, least + more, threads, np.zeros(1, np.uint8), progress=lambda *a: told.append(a))
    assert (seen == 1).all()
    assert sum(found) == n
    assert max(found, default=0) <= least + more
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1:] == ([(n, n)] if n else [])


@given(n=st.integers(0, 10**6), least=st.integers(1, 100), threads=st.integers(1, 64))
def test_chunks_become_shorter_towards_the_end(n: int, least: int, threads: int) -> None:
    """None is longer than what the other threads still have to do after it, or than the shortest."""
    left, before = n, n
    for chunk in cut(n, least, 8192, threads):
        size = chunk.stop - chunk.start
        left -= size
        assert chunk.stop == n - left
        assert size <= max(least, left / max(1, threads - 1))
        assert least <= size <= before or left == 0
        before = size
    assert left == 0


def test_a_stop_reaches_the_work() -> None:
    stop, word = threading.Event(), np.zeros(1, np.uint8)
    began = threading.Event()

    def work(_mine: slice) -> bool:
        began.set()
        return any(word[0] or threading.Event().wait(0.01) for _ in range(1000))

    threading.Thread(target=lambda: (began.wait(), stop.set())).start()
    assert in_chunks(work, 4, 1, 1, 2, word, stop) == [True] * 4


@pytest.mark.parametrize("where", ["work", "progress"])
def test_a_failure_ends_the_rest(where: str) -> None:
    word, begun = np.zeros(1, np.uint8), []

    def work(mine: slice) -> None:
        begun.append(mine.start)
        if where == "work" and mine.start == 0:
            raise RuntimeError(where)
        while not word[0]:
            threading.Event().wait(0.001)
            if where == "progress" and mine.start == 0:
                return

    def progress(_done: int, _n: int) -> None:
        raise RuntimeError(where)

    with pytest.raises(RuntimeError, match=where):
        in_chunks(work, 1000, 1, 1, 2, word, progress=progress)
    assert word[0] == 1
    assert len(begun) < 1000


def test_a_stop_given_before_is_seen_by_the_first_chunk() -> None:
    stop, word = threading.Event(), np.zeros(1, np.uint8)
    stop.set()
    assert in_chunks(lambda mine: bool(word[0]), 8, 1, 1, 2, word, stop) == [True] * 8


def test_threads_are_as_many_as_are_asked_for_or_all() -> None:
    assert threads_of(3) == 3
    assert threads_of() >= 1
    for none in (0, -1):  # nobody would ever come to work, and everybody wait for them
        with pytest.raises(InputError, match="one at least"):
            threads_of(none)
