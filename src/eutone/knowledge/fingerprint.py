"""The name of the knowledge that an answer rests on: one hash over every table."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files

__all__ = ["knowledge_hash"]


@lru_cache(maxsize=1)
def knowledge_hash() -> str:
    """Sixteen hexadecimal digits over the names and lines of all tables; line endings do not count."""
    digest = hashlib.sha256()
    tables = files("eutone.knowledge").joinpath("tables")
    for table in sorted(tables.iterdir(), key=lambda t: t.name):
        if table.name.endswith(".csv"):
            digest.update(table.name.encode() + b"\n" + b"\n".join(table.read_bytes().splitlines()) + b"\n")
    return digest.hexdigest()[:16]
