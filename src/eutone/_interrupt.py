"""Ctrl-C and termination as exceptions, and once more where the first was lost.

Python raises `KeyboardInterrupt` wherever it happens to be. Some extension modules drop whatever is raised while they
are being imported (about one Ctrl-C in twenty fell into that second), and the work went on as if nobody had asked. So
what was raised is kept, and raised again at the next stage.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

__all__ = ["look", "signals"]

_raised: list[BaseException] = []  # a signal is the whole process's, and so is this


@contextlib.contextmanager
def signals() -> Iterator[None]:
    """Raise `KeyboardInterrupt` at Ctrl-C, `SystemExit` at termination, so that half-written files are cleared away.

    What was done about these signals before is done again afterwards. In a thread that is not the main one nothing is
    changed: only that one may say what a signal does.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        error = KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)
        _raised.append(error)
        raise error

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        _raised.clear()
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: it was not Python's


def look() -> None:
    """Raise what a signal raised, if that was lost."""
    if _raised:
        raise _raised[-1]
