"""What `simulate_to` wrote, read back piece by piece as what `simulate` returns: nobody is integrated twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eutone._errors import InputError, did_you_mean

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["first_people", "pieces_of"]


def pieces_of(folder: str | Path, names: Sequence[str] | None = None) -> Iterator[xr.Dataset]:
    """The courses in ``folder``, a piece of people at a time, in their order; only what is whole.

    Parameters
    ----------
    folder : path
    names : sequence of str, optional
        Which quantities; all that were wanted if not given.

    Yields
    ------
    xarray.Dataset
        As `simulate` returns it: each quantity (person, time), with its unit; ``status`` and ``steps`` (person).

    Raises
    ------
    InputError
        If the folder holds no courses, or none of such a quantity.
    """
    import xarray as xr

    from eutone.engine.pieces import attributes_of, read_part
    from eutone.engine.stream import begun

    folder, manifest = Path(folder), begun(folder)
    if manifest is None:
        raise InputError("holds no courses", file=str(folder), hint="eutone.simulate_to writes such a folder")
    about, size = manifest["about"], manifest["piece"]
    kept = tuple(about["wanted"])
    for name in names or ():
        if name not in kept:
            raise InputError(
                f"holds no '{name}'", file=str(folder), hint=did_you_mean(name, kept) or "It was not wanted"
            )
    names = kept if names is None else tuple(names)
    for k in range(manifest["done"]):
        mine = slice(k * size, min(manifest["people"], k * size + size))
        times, arrays = read_part(folder, manifest["form"], k, names, mine)
        person = arrays.pop("person")
        variables: dict[str, Any] = {
            name: (("person", "time")[: values.ndim], values, attributes_of(name, about["units"]))
            for name in (*names, "status", "steps")
            for values in (arrays[name],)
        }
        time = ("time", times, attributes_of("time", about["units"]))
        said = {name: value for name in ("model", "seed", "eutone") if (value := about.get(name)) is not None}
        yield xr.Dataset(variables, {"person": person, "time": time}, said)


def first_people(folder: str | Path, most: int, names: Sequence[str] | None = None) -> xr.Dataset:
    """The courses of the first people in ``folder``, ``most`` of them or all; ``names`` as in `pieces_of`.

    Raises
    ------
    InputError
        If the folder holds no courses.
    """
    import xarray as xr

    found: list[xr.Dataset] = []
    wanting = most
    for piece in pieces_of(folder, names):
        found.append(piece.isel(person=slice(wanting)))
        wanting -= found[-1].sizes["person"]
        if not wanting:
            break
    if not found:
        raise InputError("holds no courses yet", file=str(folder), hint="The command that began it goes on with it")
    return xr.concat(found, "person", combine_attrs="override")
