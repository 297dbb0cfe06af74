"""What is said of the body elsewhere is what its table says."""

from __future__ import annotations

from eutone import body
from eutone.body._tables import parameters


def test_every_row_of_the_table_is_told() -> None:
    about = body.about()
    assert len(about.units) == len(about.names) == len(about.notes) == len(parameters())
    assert (about.units["e_TH"], about.names["e_TH"]) == ("1", "enzyme.TH")
    row = next(p for p in parameters() if p.flat == "e_TH")
    assert about.notes["e_TH"] == f"{row.meaning}. {row.grade}: {row.source}"
