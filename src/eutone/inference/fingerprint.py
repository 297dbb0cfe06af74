"""The name of the method that an answer rests on: one hash over the code that turns a body and a panel into it.

The model's hash covers structure and values, the knowledge's the tables. What stands between (how an exposure becomes
shifts and courses, how noise is made up, how many particles, which thresholds) is code and its constants, in
`eutone.body` and `eutone.inference`.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["inference_hash"]

_ROOMS = ("eutone.body", "eutone.inference")


@lru_cache(maxsize=1)
def inference_hash() -> str:
    """Sixteen hexadecimal digits over the names and lines of the modules; line endings do not count."""
    return digest_of([files(room) for room in _ROOMS])


def digest_of(rooms: list[Traversable]) -> str:
    """Sixteen hexadecimal digits over the Python modules directly in ``rooms``, in the order of their names."""
    digest = hashlib.sha256()
    for room in rooms:
        for module in sorted(room.iterdir(), key=lambda m: m.name):
            if module.name.endswith(".py"):
                lines = b"\n".join(module.read_bytes().splitlines())
                digest.update(f"{room.name}/{module.name}\n".encode() + lines + b"\n")
    return digest.hexdigest()[:16]
