"""A batch of people cut into chunks, over threads, with a stop word that the machine code sees within a step."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stop", "default_threads", "in_chunks"]

T = TypeVar("T")

_POLL_SECONDS = 0.02  # between looks at ``stop``: nobody notices, and it costs nothing


class Stop(Protocol):
    """Such as a `threading.Event`."""

    def is_set(self) -> bool:
        """Whether to stop."""


def default_threads() -> int:
    """The processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_chunks(
    work: Callable[[slice], T],
    n: int,
    size: int,
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
    n, size : int
        People, and people in a chunk.
    threads : int
    word : array of uint8, (1,)
        Set to 1 here once ``stop`` is set, at Ctrl-C, and where a chunk failed.
    stop, progress : optional
        ``progress(done, n)`` is called from this thread.

    Raises
    ------
    Exception
        Whatever ``work`` or ``progress`` raised, when every chunk has ended.
    """
    found: list[T] = []
    done = 0
    with ThreadPoolExecutor(threads, thread_name_prefix="eutone") as pool:
        try:
            chunks = (slice(low, min(low + size, n)) for low in range(0, n, size))
            people = {pool.submit(work, chunk): chunk.stop - chunk.start for chunk in chunks}
            waiting: set[Future[T]] = set(people)
            while waiting:
                ended, waiting = wait(waiting, _POLL_SECONDS if stop else None, FIRST_COMPLETED)
                if stop is not None and stop.is_set():
                    word[0] = 1
                for future in ended:
                    found.append(future.result())
                    done += people[future]
                    if progress is not None:
                        progress(done, n)
        except BaseException:
            word[0] = 1  # Ctrl-C, too: the machine code sees this within one step
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return found
