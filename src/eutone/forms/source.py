"""A file as text, with what its beginning says about its form."""

from __future__ import annotations

import os
from pathlib import Path

from eutone._errors import InputError

__all__ = ["looks_like_json", "text_of"]

LARGEST_BYTES = 256 * 2**20
"""A panel is a few kilobytes and a patient's whole record some megabytes; what is larger is something else."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def text_of(path: str | os.PathLike[str]) -> str:
    """The text of the file, without its byte-order mark.

    Raises
    ------
    InputError
        If it cannot be opened, is empty or much too large, or is not UTF-8.
    """
    name = os.fspath(path)
    if not isinstance(name, str):
        raise InputError("a path is a text, not bytes", hint="Give the path as str or pathlib.Path")
    try:
        with Path(name).open("rb") as stream:
            raw = stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise InputError("there is no such file", file=name, hint="Give the path of a CSV, JSON or FHIR file") from None
    except IsADirectoryError:
        raise InputError("this is a folder, not a file", file=name, hint="Give one panel at a time") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"the file cannot be read: {reason}", file=name) from error
    if len(raw) > LARGEST_BYTES:
        raise InputError(
            f"the file is larger than {LARGEST_BYTES // 2**20} MiB", file=name, hint="Give one person's panel"
        )
    if raw.startswith(_UTF16):
        raise InputError("the file is UTF-16, not UTF-8", file=name, row=1, hint="Save it as UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start]
        raise InputError(
            f"byte 0x{byte:02x} is not UTF-8", file=name, row=row, hint="Save the file as UTF-8"
        ) from error
    if "\x00" in text:
        row = text.count("\n", 0, text.index("\x00")) + 1
        raise InputError("the file holds binary data", file=name, row=row, hint="Give a CSV or JSON file in UTF-8")
    if not text.strip():
        raise InputError("the file is empty", file=name, hint="A panel has a header row and at least one measurement")
    return text


def looks_like_json(text: str) -> bool:
    """Whether the text can only be JSON: no header of a table begins with a bracket."""
    return text.lstrip()[:1] in ("{", "[")
