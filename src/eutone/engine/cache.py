"""Machine code, and descriptions that took long to make, kept between runs, in a folder that only its owner can write.

A file is ``magic, key, length, SHA-256 of the content, content``. The key is a hash of everything the content depends
on (`eutone.engine.machine` and `eutone.engine.remember` say what). Files are written beside their place and renamed, so
a reader sees a whole one or none, however many processes write at once. Whatever is wrong with a file or the folder,
the answer is to make it again and to say so in the log: the cache can be slow, never wrong. Objects are code that will
run, so a folder or file that others could have written is not read at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import stat
import time
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path

from eutone._files import put

__all__ = ["Kind", "cache_folder", "forget", "path_of", "read", "write"]

log = logging.getLogger(__name__)

_MAGIC = b"EUTONE-OBJECT-1\n"
_HEADER = len(_MAGIC) + 32 + 8 + 32
_MOST_BYTES = 256 * 2**20
_STALE_SECONDS = 3600.0

Kind = Literal["obj", "data"]
"""Machine code, or a description (`eutone.engine.plain`)."""


def cache_folder() -> Path:
    """Where objects are kept: ``EUTONE_CACHE_DIR`` if it is set, else the user's cache folder."""
    chosen = os.environ.get("EUTONE_CACHE_DIR")
    return (Path(chosen) if chosen else user_cache_path("eutone")) / "objects"


def path_of(key: bytes, kind: Kind = "obj") -> Path:
    """Where what is kept under ``key`` is."""
    return cache_folder() / f"{key.hex()}.{kind}"


def _is_private(status: os.stat_result) -> bool:
    """Whether only the user running this can have written it (always true where there are no such owners)."""
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _is_usable(folder: Path) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode) or not _is_private(status):
        log.warning("%s: not used, since others could have written there", folder)
        return False
    return True


def read(key: bytes, kind: Kind = "obj") -> bytes | None:
    """What is kept under ``key`` (32 bytes), or None if there is none that can be trusted."""
    path = path_of(key, kind)
    if not _is_usable(path.parent):
        return None
    try:
        # never through a link: it could lead to a file of somebody else
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("%s: cannot be read (%s), made again", path, error)
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or not _is_private(status) or status.st_size > _MOST_BYTES:
            log.warning("%s: not used, since others could have written it", path)
            return None
        try:
            content = file.read()
        except OSError as error:
            log.warning("%s: cannot be read (%s), made again", path, error)
            return None
    data = _unpack(key, content)
    if data is None:
        log.warning("%s: damaged, made again", path)
        forget(key, kind)
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # what is used stays longest
    return data


def _unpack(key: bytes, content: bytes) -> bytes | None:
    head, data = content[:_HEADER], content[_HEADER:]
    length, checksum = head[-40:-32], head[-32:]
    whole = len(head) == _HEADER and head.startswith(_MAGIC + key) and int.from_bytes(length, "little") == len(data)
    return data if whole and hashlib.sha256(data).digest() == checksum else None


def write(key: bytes, data: bytes, kind: Kind = "obj") -> bool:
    """Keep ``data`` under ``key``; False if that was not possible (read-only, full, not private): never an error."""
    path = path_of(key, kind)
    beside = path.with_suffix(f".{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_usable(path.parent):
            return False
        header = _MAGIC + key + len(data).to_bytes(8, "little") + hashlib.sha256(data).digest()

        def private(beside: Path) -> None:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(header + data)

        put(path, beside, private)
        _bound(path.parent)
    except OSError as error:
        log.info("%s: not kept (%s)", path, error)
        return False
    return True


def forget(key: bytes, kind: Kind = "obj") -> None:
    """Remove what is kept under ``key``, if that is possible."""
    with contextlib.suppress(OSError):
        path_of(key, kind).unlink(missing_ok=True)


def _bound(folder: Path) -> None:
    """Remove what was used longest ago until the folder is small enough, and what a killed process left behind."""
    kept = []
    for path in folder.iterdir():
        try:
            status = path.stat()
        except OSError:
            continue  # another process was faster
        if path.suffix == ".tmp" and time.time() - status.st_mtime > _STALE_SECONDS:
            path.unlink(missing_ok=True)
        elif path.suffix in (".obj", ".data"):
            kept.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in kept)
    for _, size, path in sorted(kept):
        if total <= _MOST_BYTES:
            break
        path.unlink(missing_ok=True)
        total -= size
