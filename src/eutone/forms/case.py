"""What comes out of the door, whatever the form: `Case`. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from eutone._panel import Panel
from eutone._person import Person
from eutone._protocol import Protocol

__all__ = ["Case"]


@dataclass(frozen=True)
class Case:
    """One person's panel, as it came in at the door.

    Attributes
    ----------
    panel : Panel
    person : Person
    taking : Protocol
        ``stated`` is False if nothing was said about it.
    issues : tuple of str
        What was noticed and is not an error: markers and drugs that are not known, options that override the file.
    """

    panel: Panel
    person: Person
    taking: Protocol
    issues: tuple[str, ...] = ()
