"""What took long to work out, kept between runs: looked up by everything it was made from, else made now and kept.

Part of every key is this engine's source, so that an edit of it is never answered from before the edit.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from eutone._errors import SolveError
from eutone.engine import cache
from eutone.engine.plain import pack, unpack

__all__ = ["key_of", "remembered", "used"]

log = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")


def _source() -> bytes:
    """A hash of this engine: its version, its source as far as that is in files, and whose arithmetic it uses."""
    from eutone import __version__

    digest = hashlib.sha256(f"{__version__} {np.__version__}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return digest.digest()


# when the engine is imported: a process that runs on while somebody edits the files works by the source it began with
_ENGINE = _source()


def key_of(*parts: str | bytes) -> bytes:
    """A hash of ``parts`` and of this engine, 32 bytes."""
    digest = hashlib.sha256(_ENGINE)
    for part in parts:
        said = part.encode() if isinstance(part, str) else part
        digest.update(len(said).to_bytes(8, "little") + said)
    return digest.digest()


def remembered(key: bytes, kinds: Sequence[type], make: Callable[[], T]) -> T:
    """What was kept under ``key``, or what ``make`` gives, which is kept.

    Parameters
    ----------
    key : bytes
        From `key_of`, with everything in it that ``make`` depends on.
    kinds : sequence of type
        The dataclasses that it may be made of (`eutone.engine.plain`).
    make : callable
    """
    data = cache.read(key, "data")
    if data is not None:
        try:
            found: T = unpack(data, kinds)
        except ValueError as error:
            log.warning("%s: not what it should be (%s), made again", cache.path_of(key, "data"), error)
            cache.forget(key, "data")
        else:
            return found
    made = make()
    cache.write(key, pack(made), "data")
    return made


def used(key: bytes, kinds: Sequence[type], make: Callable[[], T], use: Callable[[T], R]) -> R:
    """What ``use`` makes of what is `remembered`; if code disagrees with that, of what is made again.

    Parameters
    ----------
    key, kinds, make
        As `remembered` takes them.
    use : callable

    Raises
    ------
    SolveError
        From ``use``, of what was made just now.
    """
    try:
        return use(remembered(key, kinds, make))
    except SolveError as error:
        log.warning("%s: %s; made again", cache.path_of(key, "data"), error)
        cache.forget(key, "data")
    return use(remembered(key, kinds, make))
