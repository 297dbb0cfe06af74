"""More people than memory holds: the same numbers in any pieces, taken up after a kill, in memory that stays flat."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import eutone as eu
from eutone.engine import pieces
from eutone.engine.course import compile_course
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


def read(folder: Path) -> dict[str, Any]:
    """Every quantity (people, times), and what belongs to people, from any form."""
    form = folder.suffix[1:]
    if form == "npz":
        files = [np.load(path) for path in sorted(folder.glob("part-*.npz"))]
        names = sorted((name for name in files[0] if name != "time"), key=lambda name: "." not in name)
        return {name.removeprefix("parameter."): np.concatenate([f[name] for f in files]) for name in names}
    if form == "parquet":
        import pandas as pd

        rows, people = pd.read_parquet(folder), pd.read_parquet(folder / "_people")
        assert rows["person"].tolist() == np.repeat(np.arange(N), len(TIMES)).tolist()
        assert rows["time"].tolist() == list(TIMES) * N
        quantities = [name for name in rows if name not in ("person", "time")]
        return {n: people[n].to_numpy() for n in people} | {n: rows[n].to_numpy().reshape(N, -1) for n in quantities}
    import xarray as xr

    if form == "zarr":
        whole = xr.open_zarr(folder, consolidated=False, chunks=None)
    else:
        whole = xr.concat([xr.load_dataset(path) for path in sorted(folder.glob("part-*.nc"))], "person")
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


@forms
def test_who_comes_back_goes_on(tmp_path: Path, model: eu.Model, expected: Any, form: str) -> None:
    folder, stop = tmp_path / f"a.{form}", threading.Event()

    def advance(_stage: str, share: float) -> None:
        if share > 0.4:
            stop.set()

    with pytest.raises(eu.StoppedError, match="of 60 people are whole"):
        stream(folder, model, progress=advance, stop=stop)
    whole = begun(folder)
    assert whole is not None
    assert 0 < whole["done"] < 4
    assert stream(folder, model).found == whole["done"]
    same(folder, expected)
    again = stream(folder, model)
    assert again.found == again.pieces == 4
    assert again.counts == {"CONVERGED": N}


KILLED = """
import sys, eutone as eu
from eutone.engine import pieces
model = eu.load("dopamine_2009")
def advance(stage, share):
    if share > 0.5:
        print("half", flush=True)
        import time; time.sleep(60)
eu.simulate_to(sys.argv[1], model, 60, (0.0, 6.0, 24.0), ("ldopa 50 at 6", "fire 1 at 3 for 4"), only="V_*",
    wanted=("eda", "TH", "fire"), set={"hva": 7.0}, piece=7, progress=advance)
"""


@forms
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system knows no SIGKILL")
def test_a_kill_in_the_middle_leaves_whole_pieces(tmp_path: Path, model: eu.Model, expected: Any, form: str) -> None:
    folder = tmp_path / f"a.{form}"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.kill()
    (folder / ".part-000009.npz.part").write_bytes(b"half a part")  # as a kill inside a write leaves it
    whole = begun(folder)
    assert whole is not None
    assert 0 < whole["done"] < 9
    done = stream(folder, model, piece=7)
    assert done.found == whole["done"]
    same(folder, expected)
    assert not (folder / ".part-000009.npz.part").exists()


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
    with pytest.raises(eu.InputError, match="does not say its form"):
        stream(tmp_path / "b.xls", model)
    with pytest.raises(eu.InputError, match="cannot be written"):
        stream(tmp_path / "nowhere" / "b.npz", model)


def test_a_full_disk_is_one_line_and_whole_pieces_stay(
    tmp_path: Path, model: eu.Model, expected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    real = np.savez

    def savez(file: Any, **arrays: Any) -> None:
        written.append(file)
        if len(written) == 3:
            file.write(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file, **arrays)

    monkeypatch.setattr(np, "savez", savez)
    with pytest.raises(eu.InputError, match=r"cannot be written \(No space left on device\).*goes on from there"):
        stream(tmp_path / "a.npz", model)
    assert sorted(path.name for path in (tmp_path / "a.npz").iterdir()) == [
        *("_manifest.json", "part-000000.npz", "part-000001.npz")
    ]
    assert stream(tmp_path / "a.npz", model).found == 2
    same(tmp_path / "a.npz", expected)


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
    np.testing.assert_allclose(found["eda"], expected["eda"], rtol=1e-7)
    with pytest.raises(eu.InputError, match="float64 or float32"):
        stream(tmp_path / "b.npz", model, dtype="int8")


def test_memory_does_not_grow_with_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = eu.load("species A, B; A = 1; B = 0; J: A -> B; k*A; k = 1")
    monkeypatch.setattr(pieces, "_npz", lambda *_: None)
    most = []
    for n in (2_000, 40_000):
        tracemalloc.start()
        eu.simulate_to(tmp_path / f"{n}.npz", model, n, range(20), piece=500, threads=1)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] < 1.2 * most[0] + 2**20


def test_progress_counts_everybody(tmp_path: Path) -> None:
    network = eu.load("species A; A = 1; J: A -> ; k*A; k = 1").network
    code, heard = compile_course(network, ("k",)), []
    stream_course(
        code,
        lambda low, high: np.ones((high - low, 1)),
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
    assert time.time() - (tmp_path / "a" / "part-000002.npz").stat().st_mtime < 600
