"""``python -m eutone`` and the command ``eutone``: Ctrl-C is answered from the first import to the last word.

Only while Python itself starts, before it comes here, is the answer Python's own.
"""

import os
import sys

_SAID = "eutone: interrupted; nothing half-written was left behind"


def _leave(*_: object) -> None:
    """End at once, where nothing is being written; an exception might be lost in an import."""
    os.write(2, f"{_SAID}\n".encode())
    os._exit(130)


try:
    import signal  # which takes a millisecond
except KeyboardInterrupt:
    _leave()


def main() -> None:
    """Load the command line and run it; exit code 130 where that was interrupted when it could not answer itself."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _leave)
    try:
        from eutone.cli import main as run

        run()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends already: once is enough
        print(_SAID, file=sys.stderr)  # noqa: T201
        raise SystemExit(130) from None
    finally:
        # What makes classes from text (every dataclass does) runs it by exec, and CPython remembers a KeyboardInterrupt
        # that left one until the next begins: though answered, it would end the process by SIGINT in place of 130.
        exec("")  # noqa: S102


if __name__ == "__main__":
    main()
