"""Reading the data tables: comma-separated files beside this module, text in, text out.

Every loader of this room reads its table through `rows`, from the package or, to check a table before it is trusted,
from any folder that holds files of the same names. Numbers become numbers in `number`, and a cell that is not what its
column promises is named by file, row and column.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from math import isfinite
from pathlib import Path

from eutone._errors import InputError

__all__ = ["GRADES", "Row", "number", "rows"]

GRADES = ("SEEN", "COMPUTED", "RECALLED", "ASSUMED")
"""How well a value is known, best first: read in its source; computed from values that were; remembered and to be
verified; set by hand. A value that nobody gave has no row at all: that is what *unknown* means."""


@dataclass(frozen=True)
class Row(Mapping[str, str]):
    """One row of a table: a mapping from column to stripped text, and where it stood."""

    cells: dict[str, str]
    file: str
    line: int

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)


def rows(name: str, folder: Path | None = None) -> tuple[Row, ...]:
    """The rows of table ``name`` (no suffix), in order; ``folder`` defaults to the package's own tables.

    Raises
    ------
    InputError
        If the table is missing or a row has more or fewer cells than the header.
    """
    file = f"{name}.csv"
    place = files("eutone.knowledge").joinpath("tables") if folder is None else folder
    try:
        text = place.joinpath(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the knowledge table cannot be read: {error}", file=file) from error
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [cell.strip() for cell in next(reader, [])]
    found = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise InputError(f"{len(cells)} cells under {len(header)} headings", file=file, row=reader.line_num)
        found.append(Row(dict(zip(header, (cell.strip() for cell in cells), strict=True)), file, reader.line_num))
    return tuple(found)


def number(row: Row, column: str) -> float | None:
    """The number in ``column``, None where the cell is empty.

    Raises
    ------
    InputError
        If the column is missing or the cell is neither empty nor a finite number.
    """
    try:
        text = row[column]
    except KeyError:
        raise InputError("the column is missing", file=row.file, column=column) from None
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise InputError(f"'{text}' is not a finite number", file=row.file, row=row.line, column=column)
    return value
