"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from eutone._errors import InputError

__all__ = ["check_writable", "write_atomic"]


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
        if isinstance(write, bytes):
            part.write_bytes(write)
        else:
            write(part)
        with part.open("rb+") as handle:
            os.fsync(handle.fileno())
        part.chmod(mode)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"cannot be written ({error.strerror or error})", file=str(path)) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
