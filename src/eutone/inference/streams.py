"""Random streams, keyed by what they are for.

A stream depends on the seed and on words that say its purpose (``"bank", "TH"``), never on the order in which streams
are made or on the thread that uses them: adding an explanation changes no draw of another.
"""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["stream"]


def stream(seed: int, *purpose: str) -> np.random.Generator:
    """The generator of ``purpose`` under ``seed``.

    Parameters
    ----------
    seed : int
        Not negative; 0 is a seed like any other.
    *purpose : str
        What the draws are for.
    """
    digest = hashlib.sha256("\x1f".join(purpose).encode()).digest()
    words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 32, 4)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))
