"""``python -m eutone`` and the command ``eutone``: Ctrl-C is answered from the first import to the last word."""

import signal
import sys


def main() -> None:
    """Load the command line and run it; exit code 130 where that was interrupted when it could not answer itself."""
    try:
        from eutone.cli import main as run

        run()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends already: once is enough
        print("eutone: interrupted; nothing half-written was left behind", file=sys.stderr)  # noqa: T201
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
