"""What can go wrong, and the exit code each kind has at the command line.

::

    EutoneError (1)
    ├── InputError (2)   what was given cannot be read or makes no sense: file, row, column, and what would be right
    ├── ModelError (1)   a model cannot be loaded or uses a construct that Eutone refuses by name
    ├── SolveError (1)   the numbers could not be found, with the reason
    └── StoppedError (130)   somebody asked to stop before there was an answer; Ctrl-C ends with the same code
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["EutoneError", "InputError", "ModelError", "SolveError", "StoppedError", "did_you_mean"]


class EutoneError(Exception):
    """Base of every error that Eutone raises on purpose. ``exit_code`` is what the command line ends with."""

    exit_code = 1


class InputError(EutoneError):
    """What was given cannot be read or makes no sense.

    Parameters
    ----------
    message : str
        What is wrong.
    file, row, column : optional
        Where. Rows count from 1 and include the header, as an editor shows them.
    hint : str, optional
        What would be right.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.message, self.file, self.row, self.column, self.hint = message, file, row, column, hint
        super().__init__(message)

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (
                self.file,
                f"row {self.row}" if self.row is not None else None,
                f"column '{self.column}'" if self.column else None,
            )
            if part
        )
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}. {self.hint}" if self.hint else text


class ModelError(EutoneError):
    """A model cannot be loaded, or uses a construct that Eutone refuses by name."""


class SolveError(EutoneError):
    """The numbers could not be found; the message says for whom and why."""


class StoppedError(EutoneError):
    """Somebody asked to stop before there was an answer; the message says at which stage."""

    exit_code = 130


def did_you_mean(name: str, names: Iterable[str], most: int = 3) -> str:
    """``Did you mean a or b?``, with those of ``names`` that are nearest to ``name``; empty where none is near."""
    near = get_close_matches(name, list(names), n=most)
    return f"Did you mean {' or '.join(near)}?" if near else ""
