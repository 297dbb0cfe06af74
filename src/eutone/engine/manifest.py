"""What is whole in a folder of pieces: one small file, renamed into place, that is written after the piece it counts.

It stands in ``_manifest.json``; in a Zarr store, whose readers take a file that they do not know for damage, it is the
attribute ``eutone`` of the root.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eutone._errors import InputError
from eutone._files import flush, put
from eutone.engine.pieces import is_there

__all__ = ["ATTRIBUTE", "FORMAT", "Manifest", "begun", "keep", "opened"]

FORMAT = "eutone.stream/1"
ATTRIBUTE = "eutone"

_FILE, _STORE = "_manifest.json", "zarr.json"
# Names that this package gives while it writes, and zarr's: a word of 32 hexadecimal digits.
_OURS = re.compile(r"\.(_manifest\.json|zarr\.json|part-\d{6,}\.(npz|parquet))\.part|[\w.]+\.[0-9a-f]{32}\.partial")


@dataclass(frozen=True)
class Manifest:
    """What a folder holds.

    Attributes
    ----------
    format : str
    key : str
        Hash of all that the numbers depend on.
    form : str
    people, piece : int
        How many people, and how many in a piece.
    dtype : str
    done : int
        Pieces that are whole.
    counts : dict of str to int
        How many people of these ended how.
    about : dict
        For a reader.
    """

    format: str
    key: str
    form: str
    people: int
    piece: int
    dtype: str
    done: int
    counts: dict[str, int]
    about: dict[str, Any]

    @property
    def whole(self) -> str:
        """How many people are whole, in words."""
        return f"{min(self.people, self.done * self.piece):,} of {self.people:,} people are whole"


def begun(folder: str | Path) -> dict[str, Any] | None:
    """The manifest of a folder, or None if it has none."""
    try:
        store = Path(folder) / _STORE
        if store.exists():
            return dict(json.loads(store.read_text(encoding="utf-8"))["attributes"][ATTRIBUTE])
        return dict(json.loads((Path(folder) / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def opened(folder: Path, fresh: Manifest, *, chosen: bool) -> Manifest:
    """The manifest to go on from: that of ``folder``, or ``fresh`` where nothing is there yet.

    Files that a kill left half-written are removed, if this package gave them their names and the folder holds what is
    asked for; nothing else is touched.

    Parameters
    ----------
    chosen : bool
        Whether the size of a piece was asked for; otherwise that of the folder is taken.

    Raises
    ------
    InputError
        If the folder holds something else.
    """
    folder.mkdir(exist_ok=True)
    flush(folder.parent)
    old = begun(folder)
    if old is None:
        if not all(path.is_file() and _OURS.fullmatch(path.name) for path in folder.iterdir()):
            raise InputError("holds something else", file=str(folder), hint="Name an empty folder, or a new one")
        _sweep(folder)  # a kill before there was a manifest
        return fresh
    wrong = InputError(
        "holds people of another model, seed or setting", file=str(folder), hint="Name another folder, or remove this"
    )
    if old.get("format") != FORMAT or set(old) != set(asdict(fresh)):
        raise wrong
    kept = Manifest(**old)
    if (kept.key, kept.form, kept.people) != (fresh.key, fresh.form, fresh.people):
        raise wrong
    if not all(is_there(folder, kept.form, k) for k in range(kept.done)):
        raise InputError("a part that was whole is gone", file=str(folder), hint="Remove the folder, and begin again")
    if chosen and kept.piece != fresh.piece:
        raise InputError(
            f"was begun in pieces of {kept.piece} people, not {fresh.piece}",
            file=str(folder),
            hint=f"Say piece={kept.piece}, or nothing of pieces",
        )
    _sweep(folder)
    return kept


def keep(folder: Path, manifest: Manifest) -> None:
    """Write ``manifest``, whole or not at all."""
    place, content = folder / _FILE, asdict(manifest)
    if manifest.form == "zarr":
        place = folder / _STORE
        content = json.loads(place.read_text(encoding="utf-8"))
        content["attributes"][ATTRIBUTE] = asdict(manifest)
    put(place, place.with_name(f".{place.name}.part"), json.dumps(content, indent=1).encode())


def _sweep(folder: Path) -> None:
    places = [folder, folder / "_people", *(path.parent for path in folder.glob(f"*/{_STORE}"))]  # the arrays of Zarr
    for left in (path for place in places for path in (*place.glob("*.part*"), *place.glob("c/**/*.partial"))):
        if left.is_file() and _OURS.fullmatch(left.name):
            left.unlink(missing_ok=True)
