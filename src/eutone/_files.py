"""Writing a file whole or not at all, and one writer at a time: everything of Eutone that is kept is written here."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from eutone._errors import InputError

__all__ = ["alone", "check_writable", "flush", "put", "write_atomic"]


def check_writable(path: str | Path) -> Path:
    """Make sure that ``path`` can be written, before anything is computed. Writes nothing that stays.

    Raises
    ------
    InputError
        If it is a folder, its folder is missing, or it may not be written.
    """
    path = Path(path)
    folder = path.parent
    if path.is_dir():
        raise InputError("is a folder", file=str(path), hint="Name a file")
    if not folder.is_dir():
        raise InputError("its folder does not exist", file=str(path), hint=f"Make {folder} first")
    if path.exists() and not os.access(path, os.W_OK):
        raise InputError("is write-protected", file=str(path), hint="Name another file or change its permissions")
    try:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror})", file=str(path), hint="Name another file") from error
    os.close(descriptor)
    os.unlink(name)
    return path


def write_atomic(path: str | Path, write: Callable[[Path], None] | bytes) -> Path:
    """Write ``path`` beside itself, flush it to disk and rename it into place; on any failure nothing is left behind.

    Parameters
    ----------
    path : str or Path
    write : bytes or callable
        The content, or a function that writes it to the path it is given.

    Raises
    ------
    InputError
        If the path cannot be written.
    """
    path = check_writable(path)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(descriptor)
    part = Path(name)
    try:
        part.chmod(mode)
        put(path, part, write)
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror or error})", file=str(path)) from error
    return path


def put(path: Path, beside: Path, write: Callable[[Path], object] | bytes) -> None:
    """Write ``beside``, flush it to disk and rename it to ``path``; whatever goes wrong, ``beside`` is gone.

    Raises
    ------
    OSError
        As the disk says it.
    """
    try:
        if isinstance(write, bytes):
            beside.write_bytes(write)
        else:
            write(beside)
        flush(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    flush(path.parent)  # the name, too, is to outlive a power cut


def flush(path: Path) -> None:
    """Have a file, or the names in a folder, on disk before anything that comes after.

    Raises
    ------
    OSError
        As the disk says it, of a file. Not every file system can flush a folder.
    """
    if not path.is_dir():
        with path.open("rb+") as handle:
            os.fsync(handle.fileno())
    elif os.name != "nt":
        folder = os.open(path, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):
                os.fsync(folder)
        finally:
            os.close(folder)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``, which is made for it and gone afterwards.

    The system lets go of it when this process ends, however it ends: what a kill leaves behind holds up nobody.

    Raises
    ------
    BlockingIOError
        If somebody else, or another thread, holds it.
    OSError
        If it cannot be made, or its file system knows no locks.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle)
            if _is(path, handle):  # whoever held it before may have removed it since it was opened
                break
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
    try:
        yield
    finally:
        if os.name != "nt":  # while it is held, so that nobody's new one is removed
            path.unlink(missing_ok=True)
        os.close(handle)
        if os.name == "nt":  # an open file cannot be removed there, neither ours before nor anybody's new one now
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(error.errno, error.strerror) from None
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
