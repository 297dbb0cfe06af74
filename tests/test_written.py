"""What was written is read back as what `simulate` returns."""

from __future__ import annotations

from pathlib import Path

import pytest
import xarray as xr

import eutone as eu
from eutone._written import first_people, pieces_of
from eutone.engine import course
from eutone.engine.pieces import FORMS

TIMES = (0.0, 1.0, 5.0)
MODEL = "species A, B; A = 1; B = 0; J: A -> B; k*A; k = 1; total := A + B; unit time_unit = 3600 second;"
WANTED = ("total", "A", "k")

forms = pytest.mark.parametrize("form", FORMS)


@pytest.fixture(autouse=True)
def _libraries(request: pytest.FixtureRequest) -> None:
    form = getattr(request.node, "callspec", None) and request.node.callspec.params.get("form")
    if form and FORMS[form]:
        pytest.importorskip(FORMS[form], reason="the extra 'stream' is not here")


@forms
def test_it_is_what_simulate_returns(tmp_path: Path, form: str) -> None:
    model = eu.load(MODEL)
    expected = eu.simulate(model, 20, TIMES, wanted=WANTED)
    eu.simulate_to(tmp_path / f"a.{form}", model, 20, TIMES, wanted=WANTED, piece=7)
    pieces = list(pieces_of(tmp_path / f"a.{form}"))
    assert [piece.sizes["person"] for piece in pieces] == [7, 7, 6]
    xr.testing.assert_equal(xr.concat(pieces, "person"), expected)
    assert list(pieces[0].data_vars) == [*WANTED, "status", "steps"]
    for name in ("time", "A", "status"):
        assert pieces[0][name].attrs == expected[name].attrs, name


@forms
def test_units_come_back(tmp_path: Path, form: str) -> None:
    model = eu.load("dopamine_2009")
    eu.simulate_to(tmp_path / f"a.{form}", model, 3, (0.0, 1.0), wanted=("eda", "TH"), only="V_*", piece=2)
    found = first_people(tmp_path / f"a.{form}", 3)
    expected = eu.simulate(model, model.sample(3, only="V_*"), (0.0, 1.0), wanted=("eda", "TH"))
    for name in ("time", "eda", "TH", "status"):
        assert found[name].attrs == expected[name].attrs, name
    assert found["eda"].attrs == {"units": "uM"}
    assert found["time"].attrs == {"unit": "hour"}


@pytest.mark.parametrize("most", [1, 7, 8, 14, 20, 1000])
def test_the_first_people_are_read_and_nobody_is_integrated_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    eu.simulate_to(tmp_path / "a.npz", MODEL, 20, TIMES, piece=7)
    expected = eu.simulate(MODEL, 20, TIMES)
    monkeypatch.delattr(course, "solve_course")
    found = first_people(tmp_path / "a.npz", most)
    xr.testing.assert_equal(found, expected.isel(person=slice(most)))
    xr.testing.assert_equal(first_people(tmp_path / "a.npz", most, ["B"]), found.drop_vars("A"))
    with pytest.raises(eu.InputError, match="holds no 'C'"):
        first_people(tmp_path / "a.npz", most, ["C"])


def test_a_folder_without_courses_says_so(tmp_path: Path) -> None:
    with pytest.raises(eu.InputError, match="holds no courses"):
        first_people(tmp_path, 1)
    with pytest.raises(eu.InputError, match="holds no courses"):
        next(pieces_of(tmp_path / "nowhere"))
