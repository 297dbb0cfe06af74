"""What the command line does with files and the terminal around a verb: check, progress, summary, write."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eutone._errors import InputError
from eutone._interrupt import look
from eutone._results import Profile, check_writable, write_atomic

if TYPE_CHECKING:
    from rich.console import Console

    from eutone._bands import Bands

__all__ = ["Advance", "Outputs", "check_paths", "courses", "notes", "progress", "put", "summary"]

Advance = Callable[[str, float], None]
"""What a verb calls with the name of its present stage and the share of the whole that is done, 0 to 1."""


@dataclass(frozen=True)
class Outputs:
    """Where a result goes; all of it is checked on making, so that nothing is computed for a path that fails.

    Parameters
    ----------
    panel : str
        The input, which no output may overwrite.
    json, html, save : str, optional
        Paths; ``json`` may be ``-``.
    what : str
        What the input is called in a message.

    Raises
    ------
    InputError
        If one cannot be written, two are the same, or one is the panel.
    """

    panel: str
    json: str | None = None
    html: str | None = None
    save: str | None = None
    what: str = "the panel"

    def __post_init__(self) -> None:
        check_paths(
            {Path(self.panel).resolve(): self.what}, {"--json": self.json, "--html": self.html, "--save": self.save}
        )

    @property
    def any(self) -> bool:
        """Whether anything goes to a file or, as JSON, to standard output."""
        return any(name is not None for name in (self.json, self.html, self.save))

    def write(self, profile: Profile) -> None:
        """Write what was asked for; every file whole or not at all, a link's target rather than the link."""
        text = profile.to_json() if self.json else ""
        page = profile.to_html().encode() if self.html else b""
        if self.save:
            profile.save(Path(self.save).resolve())
        if self.html:
            write_atomic(Path(self.html).resolve(), page)
        self.write_text(text)

    def write_text(self, text: str) -> None:
        """Write the JSON where it was asked for, if it was."""
        if self.json:
            put(self.json, text)


def check_paths(inputs: Mapping[Path, str], outputs: Mapping[str, str | None]) -> None:
    """Make sure that every output can be written, before anything is computed.

    Parameters
    ----------
    inputs : mapping
        Resolved paths that no output may overwrite, and what they are.
    outputs : mapping
        Option to path; that of ``--json`` may be ``-``.

    Raises
    ------
    InputError
        If one cannot be written, two are the same, or one is an input.
    """
    taken = dict(inputs)
    for option, name in outputs.items():
        if name is None or (option == "--json" and name == "-"):
            continue
        if name in ("", "-"):
            raise InputError(f"{option} needs the name of a file", hint="Only --json can be '-'")
        path = Path(name).resolve()
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise InputError("is not an ordinary file", file=name, hint="Name another file")
        if path in taken:
            raise InputError(f"{option} would overwrite {taken[path]}", file=name, hint="Name another file")
        taken[check_writable(path)] = option


def put(name: str, text: str) -> None:
    """Write ``text`` whole into the file ``name``, a link's target rather than the link; ``-`` is standard output."""
    if name == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())  # UTF-8 whatever the console's own encoding
        sys.stdout.buffer.flush()
    else:
        write_atomic(Path(name).resolve(), text.encode())


def notes(issues: Iterable[object]) -> None:
    """Print what the reader of the panel noticed and went on from."""
    for issue in issues:
        print(f"note: {issue}", file=sys.stderr)  # noqa: T201


@contextlib.contextmanager
def progress(quiet: bool, after: float = 0.0) -> Iterator[Advance]:
    """Show a bar on standard error while the block runs; nothing where that is not a terminal, or if ``quiet``.

    Parameters
    ----------
    after : float
        Seconds before which there is none.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _stage, _done: look()
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=_console(to_error=True), transient=True)
    task = bar.add_task("starting", total=1.0)

    def advance(stage: str, done: float) -> None:
        look()
        bar.update(task, description=stage, completed=done)

    # a timer, for a stage may say nothing for as long as it takes
    begin = threading.Timer(after, bar.start)
    begin.daemon = True
    begin.start()
    try:
        yield advance
    finally:
        begin.cancel()
        begin.join()
        if bar.live.is_started:
            bar.stop()


def summary(profile: Profile, *, to_error: bool) -> None:
    """Print the profile for a reader, on standard error if standard output carries the JSON."""
    _render(profile, _console(to_error=to_error))


def courses(headline: str, bands: Bands, more: int, *, to_error: bool) -> None:
    """Print what courses have in common at a few times; ``more`` is how many quantities are not shown."""
    from eutone.report import bands_table

    bands_table.render(headline, bands, more, _console(to_error=to_error))


def _render(profile: Profile, console: Console) -> None:
    from eutone.report import terminal

    terminal.render(profile.data, console)


def _console(*, to_error: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if to_error else sys.stdout
    # A pipe or a file has no width of its own; COLUMNS, which rich reads, goes before ours.
    width = None if stream.isatty() or "COLUMNS" in os.environ else 100
    return Console(file=stream, width=width, highlight=False)
