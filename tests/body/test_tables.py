"""The body's tables are read as they stand, and what cannot be read is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from eutone._errors import ModelError
from eutone.body import _tables, load
from eutone.body._tables import GRADES, parameters, quantities, readouts, rows
from eutone.knowledge import markers

HEAD = "id,flat,meaning,value,unit,person_ln_sd,structural_ln_sd,grade,source\n"
GOOD = "enzyme.X,e_X,activity,1.0,1,0.1,0.0,ASSUMED,typical\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty body folder in the place of the real one; the cache of the loader is left as it was."""
    (tmp_path / "tables").mkdir()
    monkeypatch.setattr(_tables, "FOLDER", tmp_path)
    monkeypatch.setattr(_tables, "parameters", parameters.__wrapped__)
    return tmp_path


def test_every_row_is_read():
    assert len(parameters()) == len(rows("parameters")) > 400
    assert len(readouts()) == len(rows("readouts")) > 90
    assert len(quantities()) == len(rows("quantities")) > 40


def test_cells_become_numbers_and_words(folder: Path):
    (folder / "tables" / "parameters.csv").write_text(HEAD + GOOD)
    (p,) = _tables.parameters()
    assert (p.id, p.flat, p.value, p.person_ln_sd, p.structural_ln_sd) == ("enzyme.X", "e_X", 1.0, 0.1, 0.0)
    assert p.grade in GRADES


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD.replace("1.0", "one"), "enzyme.X"),
        (GOOD.replace(",0.1,", ",,"), "enzyme.X"),
        (GOOD + GOOD.replace("e_X", "e_Y"), "id given twice"),
        (GOOD + GOOD.replace("enzyme.X", "enzyme.Y"), "flat given twice"),
    ],
)
def test_a_broken_table_is_refused(folder: Path, text: str, fault: str):
    (folder / "tables" / "parameters.csv").write_text(HEAD + text)
    with pytest.raises(ModelError, match=fault):
        _tables.parameters()


def test_relative_activities_are_one_by_default():
    groups = ("enzyme", "transporter", "chaperone", "turnover")
    relative = [p for p in parameters() if p.id.split(".")[0] in groups and "relative" in p.meaning]
    assert len(relative) > 30
    assert {p.value for p in relative} == {1.0}


def test_what_has_a_spread_is_free():
    free, used = set(load().free), set(load().network.parameters)
    people = {p.id for p in parameters() if p.flat in used and p.person_ln_sd > 0 and p.structural_ln_sd == 0}
    assert len(people) > 40
    assert people <= free


def test_every_readout_is_that_of_a_marker():
    assert {r.readout for r in readouts()} <= {m.readout for m in markers.load().values()}


def test_the_unit_of_time_is_that_of_the_rates():
    assert _tables.seconds() == 3600
    assert load().network.seconds == 3600


@pytest.mark.parametrize(
    ("units", "seconds"), [(("1/h", "uM"), 3600), (("1/min", "uM/min"), 60), (("1/h", "min"), None), (("uM",), None)]
)
def test_several_units_of_time_or_none_are_refused(folder: Path, units: tuple[str, ...], seconds: float | None):
    rows = [GOOD.replace("e_X", f"e_{k}").replace("enzyme.X", f"e.{k}").replace(",1.0,1,", f",1.0,{unit},")
            for k, unit in enumerate(units)]  # fmt: skip
    (folder / "tables" / "parameters.csv").write_text(HEAD + "".join(rows))
    if seconds is None:
        with pytest.raises(ModelError, match="units of time"):
            _tables.seconds.__wrapped__()
    else:
        assert _tables.seconds.__wrapped__() == seconds
