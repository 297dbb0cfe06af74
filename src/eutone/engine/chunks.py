"""A batch of people cut into chunks, over threads, with a stop word that the machine code sees within a step.

Threads take chunks from one row and hand results over through a queue. `concurrent.futures.wait` will not do: it takes
a lock for every chunk that is not done, so that Ctrl-C at that moment leaves locks held and everybody waits for ever;
and for thousands of chunks its looking through them all costs more than the chunks.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from eutone._errors import InputError

__all__ = ["Stop", "cut", "in_chunks", "threads_of"]

T = TypeVar("T")

_POLL_SECONDS = 0.02  # between looks at ``stop`` and for Ctrl-C: too short to notice, too long to cost anything


class Stop(Protocol):
    """Such as a `threading.Event`."""

    def is_set(self) -> bool:
        """Whether to stop."""


def threads_of(asked: int | None = None) -> int:
    """How many threads to use: as many as ``asked``, or one for each processor that this process may use.

    Raises
    ------
    InputError
        If fewer than one are asked for: nobody would ever come to work.
    """
    if asked is not None:
        if asked < 1:
            raise InputError(f"{asked} threads cannot compute anything", hint="Ask for one at least; None is all cores")
        return asked
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cut(n: int, least: int, most: int, threads: int) -> Iterator[slice]:
    """Chunks of ``n`` people: a third of each thread's share of those left, so that all threads end at nearly one time.

    Parameters
    ----------
    n : int
    least, most : int
        People in a chunk; only the last may have fewer than ``least``, which goes before ``most``.
    threads : int
    """
    low = 0
    while low < n:
        size = max(1, least, min(most, (n - low) // (3 * threads)))
        yield slice(low, min(low + size, n))
        low += size


def in_chunks(
    work: Callable[[slice], T],
    n: int,
    least: int,
    most: int,
    threads: int,
    word: NDArray[np.uint8],
    stop: Stop | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> list[T]:
    """What ``work`` gives for each chunk, in no order.

    Parameters
    ----------
    work : callable
        From a slice of the people to its result; writes only what is of these people. It looks at ``word`` before it
        begins, and the machine code it calls does so on the way.
    n, least, most, threads : int
        As in `cut`.
    word : array of uint8, (1,)
        Set to 1 here once ``stop`` is set, at Ctrl-C, and where a chunk failed.
    stop, progress : optional
        ``progress(done, n)`` is called from this thread.

    Raises
    ------
    Exception
        Whatever ``work`` or ``progress`` raised, when every chunk has ended.
    """
    chunks, lock, failed = cut(n, least, most, threads), threading.Lock(), threading.Event()
    ended: SimpleQueue[tuple[int, T] | BaseException] = SimpleQueue()

    def serve() -> None:
        try:
            while not failed.is_set():
                with lock:
                    mine = next(chunks, None)
                if mine is None:
                    return
                ended.put((mine.stop - mine.start, work(mine)))
        except BaseException as error:
            ended.put(error)

    if stop is not None and stop.is_set():
        word[0] = 1  # before the first chunk: a short one would be done before the first look
    found: list[T] = []
    done = 0
    crew = [threading.Thread(target=serve, name=f"eutone-{k}") for k in range(min(threads, n))]
    try:
        for thread in crew:
            thread.start()
        while done < n:
            try:
                told = ended.get(timeout=_POLL_SECONDS)
            except Empty:
                told = None
            if stop is not None and stop.is_set():
                word[0] = 1
            if isinstance(told, BaseException):
                raise told
            if told is not None:
                done += told[0]
                found.append(told[1])
                if progress is not None:
                    progress(done, n)
    except BaseException:
        failed.set()
        word[0] = 1  # Ctrl-C, too: the machine code sees this within one step
        raise
    finally:
        for thread in crew:
            if thread.ident is not None:
                thread.join()
    return found
