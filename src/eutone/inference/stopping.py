"""Being asked to stop: a word that somebody else sets, polled between steps and inside every solve.

A solve that was stopped returns whom it has finished (`eutone.engine.Status`). That would look like people who reached
no steady state, and could even be kept as a bank, so that whoever solves asks here afterwards.
"""

from __future__ import annotations

from eutone._errors import StoppedError
from eutone.engine.chunks import Stop

__all__ = ["heed"]


def heed(stop: Stop | None, stage: str) -> None:
    """Go on unless asked to stop.

    Raises
    ------
    StoppedError
        If ``stop`` is set; ``stage`` says at what.
    """
    if stop is not None and stop.is_set():
        raise StoppedError(f"stopped as asked ({stage}); nothing half-finished was kept")
