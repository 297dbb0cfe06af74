"""``python -m eutone``: the same as the command ``eutone``."""

from eutone.cli import main

if __name__ == "__main__":
    main()
