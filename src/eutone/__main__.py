"""``python -m eutone`` and the command ``eutone``: Ctrl-C is answered from the first import on."""

import sys


def main() -> None:
    """Load the command line and run it; exit code 130 where that was interrupted before it could answer itself."""
    try:
        from eutone.cli import main as run
    except KeyboardInterrupt:
        print("eutone: interrupted; nothing half-written was left behind", file=sys.stderr)  # noqa: T201
        raise SystemExit(130) from None
    run()


if __name__ == "__main__":
    main()
