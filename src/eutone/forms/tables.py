"""A text with columns: which character separates them, what they are called, where each row stands.

Shared by the panel form (`panel_csv`) and the form of published cases (`cases`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from eutone._errors import InputError
from eutone.forms.values import shown

__all__ = ["Line", "Table", "read_table"]

_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Line:
    """One row: its cells by column, and the line of the file at which it begins (the header is line 1)."""

    cells: dict[str, str]
    row: int


@dataclass(frozen=True)
class Table:
    """A table as text.

    Attributes
    ----------
    columns : dict of str to str
        What each column is called here, and what the file calls it.
    lines : tuple of Line
        Without those that are empty.
    delimiter : str
    """

    columns: dict[str, str]
    lines: tuple[Line, ...]
    delimiter: str


def _numbered(text: str, delimiter: str, file: str | None) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line at which it begins; a quoted cell may span lines."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                f"the table is broken: {error}",
                file=file,
                row=begins,
                hint="Close every quotation mark, and double those inside a cell",
            ) from error
        yield begins, cells
        begins = reader.line_num + 1


def _header(text: str, delimiter: str, file: str | None) -> tuple[int, list[str]]:
    for row, cells in _numbered(text, delimiter, file):
        if any(cell.strip() for cell in cells):
            return row, cells
    raise InputError("the file has no header row", file=file, row=1)


def read_table(text: str, known: Iterable[str], rename: Callable[[str], str], *, file: str | None = None) -> Table:
    """The table in ``text``, whose separator is the one that finds most of the ``known`` columns.

    Parameters
    ----------
    text : str
    known : iterable of str
        The columns that the form has.
    rename : callable
        From a heading as written to the name of its column.
    file : str, optional
        For messages.

    Raises
    ------
    InputError
        If a heading is empty or there twice, a row has more cells than the header, or a quotation mark stays open.
    """
    names = frozenset(known)

    def found(delimiter: str) -> int:
        try:
            _, cells = _header(text, delimiter, file)
        except InputError:
            return -1
        return len({rename(cell) for cell in cells} & names)

    delimiter = max(_DELIMITERS, key=found)  # the first of equals: a comma
    header_row, headings = _header(text, delimiter, file)
    columns: dict[str, str] = {}
    order: list[str] = []
    for heading in headings:
        name = rename(heading)
        if name and name in columns:
            raise InputError(
                "the column is there twice", file=file, row=header_row, column=shown(heading), hint="Keep one of them"
            )
        if name:
            columns[name] = heading.strip()
        order.append(name)
    lines = []
    for row, cells in _numbered(text, delimiter, file):
        if row <= header_row or not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(order) :]):
            hint = "Quote a cell that holds the separator"
            if delimiter == ",":
                hint += "; with a decimal comma, separate the columns by semicolons"
            raise InputError(
                f"the row has {len(cells)} cells under {len(order)} headings", file=file, row=row, hint=hint
            )
        named = {name: cell for name, cell in zip(order, cells, strict=False) if name}
        nameless = [cell for name, cell in zip(order, cells, strict=False) if not name and cell.strip()]
        if nameless:
            raise InputError(
                f"the cell '{shown(nameless[0])}' has no heading",
                file=file,
                row=row,
                hint="Name its column in the header",
            )
        lines.append(Line(named, row))
    return Table(columns, tuple(lines), delimiter)
