"""Two threads beside one, and beside two processes that share nothing but the machine.

What two processes gain is what this machine can give: its cores share caches, memory and their clock.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["threads_row"]

SECONDS = 0.4  # that one thread works, so that starting threads does not count


def threads_row(
    problem: str, run: Callable[[np.ndarray, int], np.ndarray], values: np.ndarray, repeats: int, error: float
) -> dict[str, Any]:
    """One row: two threads as the peer of one.

    Parameters
    ----------
    run : callable
        From people's parameters (n, n_free) and a number of threads to their states.
    values : array, (n, n_free)
        Repeated until there is enough to do.
    error : float
        Of the states, for the table.
    """
    took = seconds(lambda: run(values, 1))
    crowd = np.resize(values, (max(1, int(np.ceil(SECONDS / took))) * len(values), values.shape[1]))
    one, two, processes = [], [], []
    for _ in range(repeats):
        one.append(seconds(lambda: run(crowd, 1)) / len(crowd))
        two.append(seconds(lambda: run(crowd, 2)) / len(crowd))
        if hasattr(os, "fork"):
            processes.append(seconds(lambda: beside(lambda: run(crowd[: len(crowd) // 2], 1))) / len(crowd))
    same = np.array_equal(run(values, 1), run(values, 2), equal_nan=True)
    row = {
        "problem": problem,
        "peer": "Eutone, two threads" + ("" if same else " (OTHER BITS)"),
        "eutone_seconds": float(np.median(one)),
        "peer_seconds": float(np.median(two)),
        "eutone_error": error,
        "peer_error": error,
        "ratio": spread(np.array(two) / np.array(one)),
        "kind": "threads",
        "turns": repeats,
    }
    return row | ({"processes": spread(np.array(processes) / np.array(one))} if processes else {})


def seconds(work: Callable[[], object]) -> float:
    """As a clock on the wall tells them."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def beside(work: Callable[[], object]) -> None:
    """Do it here and in a process beside this one, till both are done."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    work()
    os.waitpid(child, 0)


def spread(ratios: np.ndarray) -> dict[str, float]:
    """Median, lowest and highest."""
    return {"median": float(np.median(ratios)), "low": float(ratios.min()), "high": float(ratios.max())}
