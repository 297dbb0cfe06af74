"""More people than memory holds: the same numbers in any pieces, in memory that stays flat; who may write where.

What happens when it ends early stands in ``test_stream_ends.py``.
"""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eutone as eu
from eutone._people import Variation
from eutone._written import first_people
from eutone.engine import pieces
from eutone.engine import stream as engine_stream
from eutone.engine.course import CourseCode, compile_course, solve_course
from eutone.engine.dosing import Dose
from eutone.engine.observe import wanted_of
from eutone.engine.stream import FORMS, Streamed, begun, stream_course

N = 60
TIMES = (0.0, 6.0, 24.0)
WANTED = ("eda", "TH", "fire")
DOSES = "ldopa 50 at 6", "fire 1 at 3 for 4"


def missing(form: str) -> bool:
    library = FORMS[form]
    if library is None:
        return False
    try:
        __import__(library)
    except ImportError:
        return True
    return False


forms = pytest.mark.parametrize(
    "form",
    [
        pytest.param(f, marks=pytest.mark.skipif(missing(f), reason=f"{FORMS[f]} (the extra 'stream') is not here"))
        for f in FORMS
    ],
)


@pytest.fixture(scope="module")
def model() -> eu.Model:
    return eu.load("dopamine_2009")


@pytest.fixture(scope="module")
def expected(model: eu.Model) -> Any:
    return eu.simulate(model, model.sample(N, only="V_*"), TIMES, DOSES, wanted=WANTED, set={"hva": 7.0})


def stream(folder: Path, model: eu.Model, **changed: Any) -> Streamed:
    settings: dict[str, Any] = {"only": "V_*", "wanted": WANTED, "set": {"hva": 7.0}, "doses": DOSES, "piece": 17}
    return eu.simulate_to(folder, model, N, TIMES, **settings | changed)


def loaded(path: Path) -> dict[str, np.ndarray]:
    """What is in one file, which is closed again."""
    with np.load(path) as file:
        return dict(file)


def read(folder: Path) -> dict[str, Any]:
    """Every quantity (people, times), and what belongs to people, from any form."""
    form = folder.suffix[1:]
    if form == "npz":
        files = [loaded(path) for path in sorted(folder.glob("part-*.npz"))]
        names = sorted((name for name in files[0] if name != "time"), key=lambda name: "." not in name)
        return {name.removeprefix("parameter."): np.concatenate([f[name] for f in files]) for name in names}
    if form == "parquet":
        rows, people = pd.read_parquet(folder), pd.read_parquet(folder / "_people")
        assert rows["person"].tolist() == np.repeat(np.arange(N), len(TIMES)).tolist()
        assert rows["time"].tolist() == list(TIMES) * N
        quantities = [name for name in rows if name not in ("person", "time")]
        return {n: people[n].to_numpy() for n in people} | {n: rows[n].to_numpy().reshape(N, -1) for n in quantities}
    import xarray as xr

    whole = xr.open_zarr(folder, consolidated=False, chunks=None)
    return {str(name): whole[name].values for name in whole.variables if name != "time"}


def same(folder: Path, expected: Any) -> None:
    found = read(folder)
    for name in (*WANTED, "status", "steps"):
        np.testing.assert_array_equal(found[name], expected[name].values, err_msg=name)
    assert found["person"].tolist() == list(range(N))


@forms
@pytest.mark.parametrize("piece", [1000, 17])
def test_the_numbers_are_those_of_simulate_whatever_the_pieces(
    tmp_path: Path, model: eu.Model, expected: Any, form: str, piece: int
) -> None:
    done = stream(tmp_path / f"a.{form}", model, piece=piece)
    same(tmp_path / f"a.{form}", expected)
    assert (done.pieces, done.found, done.counts) == (-(-N // piece), 0, {"CONVERGED": N})
    assert not [path for path in (tmp_path / f"a.{form}").rglob("*") if path.name.endswith(".part")]


def test_people_may_be_given(tmp_path: Path, model: eu.Model, expected: Any) -> None:
    people = model.sample(N, only="V_*")
    eu.simulate_to(tmp_path / "a.npz", model, people, TIMES, DOSES, wanted=WANTED, set={"hva": 7.0}, piece=23)
    same(tmp_path / "a.npz", expected)
    np.testing.assert_array_equal(read(tmp_path / "a.npz")["V_TH"], people["V_TH"])


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 1},
        {"spread": 0.3},
        {"only": "V_T*"},
        {"set": {"hva": 7.1}},
        {"set": {"hva": 7.0, "V_TH": 100}},
        {"doses": ("ldopa 51 at 6", "fire 1 at 3 for 4")},
        {"wanted": ("eda", "TH")},
        {"rtol": 1e-7},
        {"dtype": "float32"},
        {"model": eu.load("serotonin_2020"), "only": "*", "wanted": None, "set": None, "doses": ()},
    ],
    ids=lambda changed: "-".join(changed),
)
def test_something_else_is_never_continued(tmp_path: Path, model: eu.Model, changed: dict[str, Any]) -> None:
    stream(tmp_path / "a.npz", model)
    before = sorted((path.name, path.read_bytes()) for path in (tmp_path / "a.npz").iterdir())
    with pytest.raises(eu.InputError, match="another model, seed or setting"):
        stream(tmp_path / "a.npz", changed.pop("model", model), **changed)
    assert sorted((path.name, path.read_bytes()) for path in (tmp_path / "a.npz").iterdir()) == before


def test_a_changed_rate_law_is_another_model(tmp_path: Path) -> None:
    text = "species A; A = 1; J: A -> ; k*A; k = 1"
    eu.simulate_to(tmp_path / "a.npz", eu.load(text), 3)
    assert eu.simulate_to(tmp_path / "a.npz", eu.load(text), 3).found == 1
    with pytest.raises(eu.InputError, match="another model"):
        eu.simulate_to(tmp_path / "a.npz", eu.load(text.replace("k*A", "k*A*A")), 3)


def test_pieces_of_another_size_are_refused_only_where_they_were_asked_for(tmp_path: Path, model: eu.Model) -> None:
    stream(tmp_path / "a.npz", model)
    with pytest.raises(eu.InputError, match="begun in pieces of 17"):
        stream(tmp_path / "a.npz", model, piece=18)
    assert stream(tmp_path / "a.npz", model, piece=None).piece == 17


def test_a_part_that_is_gone_is_missed(tmp_path: Path, model: eu.Model) -> None:
    stream(tmp_path / "a.npz", model)
    (tmp_path / "a.npz" / "part-000001.npz").unlink()
    with pytest.raises(eu.InputError, match="is gone"):
        stream(tmp_path / "a.npz", model)


@pytest.mark.parametrize("manifest", [None, "{", "{}", '{"format": "eutone.stream/1"}'])
def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, model: eu.Model, manifest: str | None) -> None:
    folder = tmp_path / "a.npz"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine", encoding="utf-8")
    if manifest is not None:
        (folder / "_manifest.json").write_text(manifest, encoding="utf-8")
    with pytest.raises(eu.InputError, match="holds"):
        stream(folder, model)
    assert (folder / "thesis.txt").read_text(encoding="utf-8") == "mine"
    (tmp_path / "b.npz").touch()
    with pytest.raises(eu.InputError, match="is a file"):
        stream(tmp_path / "b.npz", model)
    with pytest.raises(eu.InputError, match="cannot be written"):
        stream(tmp_path / "nowhere" / "b.npz", model)


@pytest.mark.parametrize("form", ["parquet", "zarr"])
def test_a_missing_library_is_named_before_anything_is_written(
    tmp_path: Path, model: eu.Model, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    library = FORMS[form]
    assert library is not None
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(eu.InputError, match=rf"needs {library}.*eutone\[stream\]"):
        stream(tmp_path / f"a.{form}", model)
    assert not list(tmp_path.rglob("*.*.*"))


def test_half_the_bytes_if_asked(tmp_path: Path, model: eu.Model, expected: Any) -> None:
    stream(tmp_path / "a.npz", model, dtype="float32")
    found = read(tmp_path / "a.npz")
    assert found["eda"].dtype == np.float32
    np.testing.assert_allclose(found["eda"], expected["eda"], rtol=2.0**-24)  # rounded: half a unit in the last place


def test_memory_does_not_grow_with_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty times as many people take less than one more piece of people would, garbage apart."""
    model = eu.load("species A, B; A = 1; B = 0; J: A -> B; k*A; k = 1")
    monkeypatch.setattr(pieces, "_npz", lambda *_: None)
    most, piece, times = [], 1_000, 20
    for n in (4_000, 80_000):
        gc.collect()
        tracemalloc.start()
        eu.simulate_to(tmp_path / f"{n}.npz", model, n, range(times), piece=piece, threads=1)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] - most[0] < 8 * piece * times * len(model.species)


def test_progress_counts_everybody(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    stream_course(
        decay(),
        lambda low, high: (np.ones((high - low, 1)), None),
        50,
        [0, 1],
        tmp_path / "a",
        key="ones",
        piece=20,
        progress=lambda done, n: heard.append((done, n)),
    )
    assert heard[-1] == (50, 50)
    assert heard == sorted(heard)
    manifest = json.loads((tmp_path / "a" / "_manifest.json").read_text(encoding="utf-8"))
    assert (manifest["done"], manifest["people"], manifest["piece"]) == (3, 50, 20)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]


@cache
def decay() -> CourseCode:
    return compile_course(eu.load("species A; A = 1; J: A -> ; k*A; k = 1").network, ("k",))


@given(
    n=st.integers(1, 40),
    piece=st.integers(1, 50),
    threads=st.integers(1, 4),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=20)
def test_no_number_depends_on_pieces_or_threads(
    tmp_path_factory: pytest.TempPathFactory, n: int, piece: int, threads: int, seed: int
) -> None:
    """Whoever they are, wherever they begin, whatever each of them is given."""
    rng = np.random.default_rng(seed)
    values, begin = rng.lognormal(size=(n, 1)), rng.lognormal(size=(n, 1))
    time, amount = rng.uniform(0, 3, n), rng.lognormal(size=n)
    time[rng.random(n) < 0.3] = np.nan  # who is not given anything
    doses, times = [Dose("A", time, amount), Dose("k", 1.0, amount, 0.5)], [0.0, 1.0, 2.5]
    expected = solve_course(decay(), values, times, doses=doses, start=begin, threads=1)
    folder = tmp_path_factory.mktemp("any") / "a"
    stream_course(
        decay(), lambda low, high: (values[low:high], begin[low:high]), n, times, folder,
        key="given", doses=doses, piece=piece, threads=threads,
    )  # fmt: skip
    files = [loaded(path) for path in sorted(folder.glob("part-*.npz"))]
    np.testing.assert_array_equal(np.concatenate([f["A"] for f in files]), expected.states[:, :, 0])
    np.testing.assert_array_equal(np.concatenate([f["steps"] for f in files]), expected.steps)


def test_people_are_drawn_once_for_each_piece(tmp_path: Path, model: eu.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[int, int]] = []
    real = Variation.draw

    def draw(self: Variation, low: int, high: int) -> Any:
        drawn.append((low, high))
        return real(self, low, high)

    monkeypatch.setattr(Variation, "draw", draw)
    stream(tmp_path / "a.npz", model)
    assert drawn == [(0, 17), (17, 34), (34, 51), (51, 60)]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"people": 0}, "0 people cannot be drawn"),
        ({"people": -3}, "-3 people cannot be drawn"),
        ({"people": True}, "bool is not people"),
        ({"people": 2.5}, "float is not people"),
        ({"people": "many"}, "str is not people"),
        ({"people": {"q": [1.0]}, "only": None}, "no parameter or species 'q'"),
        ({"people": {"V_TH": [100.0]}}, "Leave out 'spread' and 'only'"),
        ({"people": eu.People(("V_TH",), np.empty((0, 1))), "only": None}, "there are 0 people"),
        ({"piece": 0}, "there cannot be 0 people at a time.*1 at least"),
        ({"piece": -1}, "people at a time"),
        ({"piece": 2.0}, "people at a time"),
        ({"piece": True}, "people at a time"),
        ({"max_steps": 0}, "there cannot be 0 steps"),
        ({"threads": 0}, "0 threads.*one at least"),
        ({"threads": -1}, "-1 threads"),
        ({"seed": -1}, "A seed is 0 or more"),
        ({"spread": -0.1}, "A spread is 0 or more"),
        ({"rtol": 0.0}, "rtol lies between"),
        ({"times": [1, 0]}, "increase from 0 on"),
        ({"wanted": "edaa"}, "Did you mean eda"),
        ({"dtype": "int8"}, "float64 or float32"),
        ({"doses": "ldopa 1 at 0 every 1e-9 x 31536000000000000"}, "repeated impossibly.*a count from 1 to 10,000"),
        ({"people": 10**9, "piece": 10**9}, "GB of memory.*fewer people at a time"),
        ({"folder": "a.nc"}, "NetCDF file holds what fits into memory.*to_netcdf"),
        ({"folder": "a.xls"}, "does not say its form"),
    ],
)
def test_what_is_impossible_says_what_to_do(
    tmp_path: Path, model: eu.Model, changed: dict[str, Any], says: str
) -> None:
    asked = {"people": N, "times": TIMES, "only": "V_*", "wanted": WANTED} | changed
    folder = tmp_path / asked.pop("folder", "a.npz")
    with pytest.raises(eu.InputError, match=says):
        eu.simulate_to(folder, model, **asked)
    assert list(tmp_path.iterdir()) == []


def test_people_are_what_simulate_takes(tmp_path: Path, model: eu.Model) -> None:
    columns = {"V_TH": [80.0, 125.0, 170.0]}
    given = (None, columns, pd.DataFrame(columns), np.int64(3))
    for k, people in enumerate(given):
        eu.simulate_to(tmp_path / f"{k}.npz", model, people, TIMES, wanted="eda")
        expected = eu.simulate(model, people, TIMES, wanted="eda")["eda"].values
        np.testing.assert_array_equal(read(tmp_path / f"{k}.npz")["eda"], np.atleast_2d(expected))


@forms
@pytest.mark.parametrize(
    ("name", "how"), [("status", "people"), ("steps", "people"), ("person", "set"), ("status", "doses")]
)
def test_a_parameter_called_like_a_column_is_refused_by_name_and_nothing_is_left(
    tmp_path: Path, form: str, name: str, how: str
) -> None:
    model = eu.load(f"species A; A = 1; J: A -> ; {name}*A; {name} = 1; K: -> A; k; k = 1")
    asked: dict[str, Any] = {"people": 3, "set": {name: 2.0}, "doses": f"{name} 1 at 1"}
    with pytest.raises(eu.InputError, match=f"'{name}' is a column of every part, and a parameter.*Rename it"):
        eu.simulate_to(tmp_path / f"a.{form}", model, **{"people": None, "times": TIMES, how: asked[how]})
    with pytest.raises(eu.InputError, match=f"'{name}' is what the result itself calls"):
        eu.simulate_to(tmp_path / f"a.{form}", model, None, TIMES, wanted=name)
    assert list(tmp_path.iterdir()) == []
    assert eu.simulate_to(tmp_path / f"a.{form}", model, 3, TIMES, only="k").counts == {"CONVERGED": 3}
    found = eu.simulate(model, {name: [1.0, 2.0]}, TIMES)  # where parameters are no columns
    assert list(found.data_vars) == ["A", "status", "steps"]
    assert found["A"].values[0, -1] > found["A"].values[1, -1]


@forms
@pytest.mark.parametrize("name", ["file", "allow_pickle"])
def test_any_other_name_is_read_back(tmp_path: Path, form: str, name: str) -> None:
    model = eu.load(f"species {name}; {name} = 1; J: {name} -> ; k*{name}; k = 1")
    eu.simulate_to(tmp_path / f"a.{form}", model, 3, TIMES, piece=2)
    expected = eu.simulate(model, 3, TIMES)[name].values
    np.testing.assert_array_equal(first_people(tmp_path / f"a.{form}", 3)[name].values, expected)


def test_the_size_of_a_piece_follows_what_memory_is_allowed(model: eu.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container with a gigabyte gets pieces of an eighth of it, on a machine with any more."""
    each = engine_stream._bytes(compile_course(model.network), wanted_of(model.network), 1000)
    for allowed in (2**30, 2**40):
        monkeypatch.setattr(engine_stream, "most_bytes", lambda allowed=allowed: allowed)
        size, most = engine_stream._fitting(each), min(allowed / 8, 256 * 2**20)
        assert size * each <= most < (size + 1024) * each
    monkeypatch.setattr(engine_stream, "most_bytes", lambda: 0)
    assert engine_stream._fitting(each) == 1


@forms
def test_units_are_told_to_whoever_reads(tmp_path: Path, model: eu.Model, form: str) -> None:
    folder = tmp_path / f"a.{form}"
    stream(folder, model)
    manifest = begun(folder)
    assert manifest is not None
    assert manifest["about"]["units"] == {"eda": "uM", "time": "hour"}
    assert (manifest["about"]["model"], manifest["about"]["seed"]) == ("dopamine_2009", 0)
    if form == "parquet":
        from pyarrow import parquet

        schema = parquet.read_schema(folder / "part-000000.parquet")
        assert schema.field("eda").metadata == {b"units": b"uM"}
        assert schema.field("time").metadata == {b"unit": b"hour"}
        assert json.loads(schema.metadata[b"eutone"])["model"] == "dopamine_2009"
    if form == "zarr":
        import zarr

        root = zarr.open_group(folder, mode="r")
        assert root["eda"].attrs["units"] == "uM"
        assert root["time"].attrs["unit"] == "hour"
        flags = root["status"].attrs
        assert dict(zip(flags["flag_meanings"].split(), flags["flag_values"], strict=True))["NOT_COMPUTED"] == -1
