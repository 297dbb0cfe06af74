"""`Profile`, what `eutone.profile` returns: the contract, tables to look at, and the draws beside it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eutone._errors import EutoneError, InputError
from eutone._files import check_writable, write_atomic
from eutone._results.contract import (
    Discrepancy,
    Imbalance,
    NextTest,
    PersonResult,
    ProfileResult,
    Provenance,
)

if TYPE_CHECKING:
    import pandas as pd
    import xarray

__all__ = ["Profile", "load_case"]

CASE_FORMAT = "eutone.case/1"


class Profile:
    """A person's calibrated profile.

    Parameters
    ----------
    data : ProfileResult
        The contract: everything that the JSON file holds.
    tree : xarray.DataTree, optional
        The draws in ArviZ's schema: ``posterior``, ``prior``, ``posterior_predictive``, ``observed_data``.
    case : str, optional
        The input as JSON text (panel, person, what is taken), kept in the case file.
    """

    def __init__(self, data: ProfileResult, tree: xarray.DataTree | None = None, case: str = "{}") -> None:
        self.data = data
        self.case = case
        self._tree = tree

    @property
    def status(self) -> str:
        """``ok``, ``partial`` or ``failed``."""
        return self.data.status

    @property
    def person(self) -> PersonResult:
        """Who was measured."""
        return self.data.person

    @property
    def discrepancy(self) -> Discrepancy:
        """Whether this person fits the model at all."""
        return self.data.discrepancy

    @property
    def imbalances(self) -> tuple[Imbalance, ...]:
        """Systems outside the healthy range."""
        return self.data.imbalances

    @property
    def next_tests(self) -> tuple[NextTest, ...]:
        """What to measure to decide, best first."""
        return self.data.next_tests

    @property
    def limits(self) -> tuple[str, ...]:
        """What was not looked at."""
        return self.data.limits

    @property
    def provenance(self) -> Provenance:
        """What made this profile."""
        return self.data.provenance

    @property
    def explanations(self) -> pd.DataFrame:
        """One row per explanation, most probable first; columns are the keys of the contract."""
        return _frame(self.data.explanations)

    @property
    def quantities(self) -> pd.DataFrame:
        """One row per quantity; nested intervals become columns (``prior_low``, ``healthy_high``)."""
        return _frame(self.data.quantities)

    @property
    def measurements(self) -> pd.DataFrame:
        """One row per measurement; nested intervals become columns (``interval_low``, ``expected_median``)."""
        return _frame(self.data.measurements)

    @property
    def tree(self) -> xarray.DataTree:
        """The draws.

        Raises
        ------
        EutoneError
            If this profile was made without them.
        """
        if self._tree is None:
            raise EutoneError("this profile holds no draws: it was read from a profile JSON. Use a case file (--save)")
        return self._tree

    def to_json(self) -> str:
        """The profile as JSON text; see `ProfileResult.to_json`."""
        return self.data.to_json()

    def to_html(self, path: str | Path | None = None) -> str:
        """The profile as one self-contained HTML page, written to ``path`` if given.

        Raises
        ------
        InputError
            If ``path`` cannot be written.
        """
        from eutone.report.html import render

        if path is not None:
            check_writable(path)
        page = render(self.data)
        if path is not None:
            write_atomic(path, page.encode("utf-8"))
        return page

    def save(self, path: str | Path) -> Path:
        """Write the case file: NetCDF of the draws with the input, the profile JSON and its provenance as attributes.

        Raises
        ------
        InputError
            If ``path`` cannot be written; then nothing is left behind.
        EutoneError
            If this profile holds no draws.
        """
        import xarray

        tree = xarray.DataTree.from_dict({key: node.to_dataset() for key, node in self.tree.subtree_with_keys})
        tree.attrs.update(
            eutone_format=CASE_FORMAT,
            eutone_profile=self.to_json(),
            eutone_provenance=self.data.provenance.model_dump_json(),
            eutone_case=self.case,
        )
        return write_atomic(path, lambda part: tree.to_netcdf(part, engine="h5netcdf"))

    def __str__(self) -> str:
        """What the terminal shows, as plain text 100 columns wide."""
        from rich.console import Console

        from eutone.report.terminal import render

        text = io.StringIO()
        console = Console(file=text, width=100, color_system=None, force_terminal=False, highlight=False)
        render(self.data, console)
        return "\n".join(line.rstrip() for line in text.getvalue().splitlines())

    def __repr__(self) -> str:
        lead = self.data.explanations[0] if self.data.explanations else None
        return f"<Profile {self.status}" + (f": {lead.id} {lead.probability:.2f}" if lead else "") + ">"


def load_case(path: str | Path) -> Profile:
    """Read a case file written by `Profile.save`.

    Raises
    ------
    InputError
        If it cannot be read or is something else; a profile JSON is refused by name, since it holds no draws.
    """
    import xarray

    path = Path(path)
    try:
        with path.open("rb") as handle:
            head = handle.read(8)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=str(path)) from error
    if not head.startswith(b"\x89HDF"):
        hint = "Make one with 'eutone profile PANEL --save CASE.eutone.nc'"
        if head.lstrip().startswith(b"{"):
            raise InputError("is a JSON file, not a case file: it holds no draws", file=str(path), hint=hint)
        raise InputError("is not a case file", file=str(path), hint=hint)
    try:
        with xarray.open_datatree(path, engine="h5netcdf") as lazy:
            tree = lazy.load()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise InputError(f"is damaged ({error})", file=str(path)) from error
    attributes: dict[str, Any] = {str(key): value for key, value in tree.attrs.items()}
    if attributes.get("eutone_format") != CASE_FORMAT:
        raise InputError("was not written by 'eutone profile --save'", file=str(path))
    try:
        data = ProfileResult.from_json(attributes["eutone_profile"])
    except ValueError as error:
        raise InputError(f"holds a profile that cannot be read ({error})", file=str(path)) from error
    for key in ("eutone_format", "eutone_profile", "eutone_provenance", "eutone_case"):
        tree.attrs.pop(key, None)
    return Profile(data, tree, attributes.get("eutone_case", "{}"))


def _frame(rows: tuple[Any, ...]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([_flat(row.model_dump(mode="json")) for row in rows])


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{key}_{name}": item for name, item in value.items()}
        else:
            flat[key] = value
    return flat
