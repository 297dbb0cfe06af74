"""How well SBML is understood: cases of the SBML Test Suite, run and compared with the suite's answers.

A case is a folder with ``NNNNN-settings.txt``, ``NNNNN-results.csv`` and the model in one or more levels and versions,
``NNNNN-sbml-lXvY.xml``, of which the newest is taken; a file or folder may hold any number of them, at any depth. A
value ``a`` is right if ``|a - b| <= absolute + relative |b|``, with ``b`` the suite's and both tolerances the case's
own (https://github.com/sbmlteam/sbml-test-suite). A case is

right
    if every value is;
refused
    if loading the model says, by name, what Eutone does not support; or if the case asks for no time course;
wrong
    if any value is not right, a variable has no value, or the integration did not get through;
crashed
    if anything else happened, which is always a defect.
"""

from __future__ import annotations

import csv
import json
import re
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eutone._errors import InputError, ModelError

if TYPE_CHECKING:
    from eutone.engine import Network
    from eutone.engine.reference import Derivative, TimeCourse

__all__ = ["STATUSES", "Outcome", "conform", "run_case", "table", "to_json"]

Array = NDArray[np.float64]

STATUSES = ("right", "refused", "wrong", "crashed")
_MODEL = re.compile(r"-sbml-l(\d+)v(\d+)\.xml$")
_WANTED = ("-settings.txt", "-results.csv", "-model.m", ".xml")

#: Tried in turn until one gets through.
_METHODS = (("LSODA", 1e-10), ("BDF", 1e-9), ("Radau", 1e-8))

#: Seconds after which a case is given up: one that never ends must not keep the others from their turn.
PATIENCE = 300.0


@dataclass(frozen=True)
class Outcome:
    """What became of one case; ``why`` is empty where it is right, ``tags`` are the suite's."""

    case: str
    status: str
    why: str
    tags: tuple[str, ...] = ()


def conform(source: str | Path, progress: Callable[[str, float], None] | None = None) -> list[Outcome]:
    """Run every case in a folder or a zip file.

    Parameters
    ----------
    source : str or Path
    progress : callable, optional
        Called with what is being done and the share of the whole that is.

    Raises
    ------
    InputError
        If there is no such folder or zip file, or no case in it.
    """
    path = Path(source)
    if path.is_dir():
        return _run_all(path, _index(path / "index.csv"), progress)
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise InputError("is neither a folder nor a zip file", file=str(path), hint="Give the SBML Test Suite's cases")
    with tempfile.TemporaryDirectory(prefix="eutone-conform-") as folder, zipfile.ZipFile(path) as archive:
        try:
            names = [name for name in archive.namelist() if name.endswith(_WANTED)]
            archive.extractall(folder, names)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
            raise InputError(f"cannot be unpacked: {error}", file=str(path), hint="Download it again") from error
        return _run_all(Path(folder), _index(path.with_name("index.csv")), progress)


def _run_all(
    root: Path, index: Mapping[str, tuple[str, ...]], progress: Callable[[str, float], None] | None
) -> list[Outcome]:
    found = sorted(root.rglob("*-settings.txt"), key=lambda settings: (settings.name, str(settings)))
    if not found:
        raise InputError("holds no case", file=str(root), hint="A case has a file NNNNN-settings.txt")
    outcomes = []
    for i, settings in enumerate(found):
        case = settings.name.removesuffix("-settings.txt")
        if progress is not None:
            progress(f"case {case}", i / len(found))
        tags = _tags(settings.with_name(f"{case}-model.m")) or index.get(case, ())
        outcomes.append(run_case(settings, tags))
    return outcomes


def run_case(settings: Path, tags: tuple[str, ...] = ()) -> Outcome:
    """Run the case to which the file ``NNNNN-settings.txt`` belongs. Never raises: whatever happens is its outcome."""
    case = settings.name.removesuffix("-settings.txt")
    try:
        status, why = _judge(settings, case)
    except Exception as error:
        status, why = "crashed", f"{type(error).__name__}: {error}"
    return Outcome(case, status, " ".join(why.split()), tags)


def _judge(path: Path, case: str) -> tuple[str, str]:
    models = [(int(m[1]), int(m[2]), file) for file in path.parent.glob(f"{case}-*") if (m := _MODEL.search(file.name))]
    if not models:
        return "crashed", "there is no model"
    from eutone.engine.source import load_network

    try:
        network = load_network(max(models)[2])
    except ModelError as error:
        return "refused", str(error)
    settings = _settings(path)
    if not settings.get("duration") or not settings.get("steps"):
        return "refused", "a case that is not a time course is not supported"
    if "meanRange" in settings or "sdRange" in settings:
        return "refused", "a case about the mean of stochastic courses is not supported"
    try:
        return _compare(network, settings, path.with_name(f"{case}-results.csv"))
    except (ModelError, TimeoutError) as error:  # only loading may refuse
        return "wrong", str(error)


def _compare(network: Network, settings: Mapping[str, str], results: Path) -> tuple[str, str]:
    with results.open(encoding="utf-8-sig", newline="") as file:
        rows = [[cell.strip() for cell in row] for row in csv.reader(file) if any(cell.strip() for cell in row)]
    expected = np.array([[float(cell) for cell in row] for row in rows[1:]])
    if missing := sorted(({*_names(settings, "variables")} or {"anything"}) - {*rows[0][1:]}):
        return "crashed", f"the answers have no column '{missing[0]}'"
    begin, duration, steps = float(settings.get("start") or 0), float(settings["duration"]), int(settings["steps"])
    times = begin + duration * np.arange(steps + 1) / steps
    if len(times) != len(expected):
        times = expected[:, 0]
    from eutone.engine import reference
    from eutone.engine.status import Status

    derivative = _timed(network)
    for method, rtol in _METHODS:
        chance = np.random.default_rng(0)  # what simultaneous events of equal priority leave open
        course = reference.time_course(
            network, times, begin=begin, method=method, rtol=rtol, chance=chance, derivative=derivative
        )
        if course.status is not Status.NOT_FINITE:
            break
    if course.status is not Status.CONVERGED:
        return "wrong", course.reason
    absolute, relative = float(settings.get("absolute") or 0), float(settings.get("relative") or 0)
    for name, column in zip(rows[0][1:], expected.T[1:], strict=True):
        value = _observed(network, course, name, settings)
        near = (value == column) | (np.isnan(value) & np.isnan(column))
        with np.errstate(invalid="ignore"):
            near |= np.abs(value - column) <= absolute + relative * np.abs(column)
        if not near.all():
            i = int(np.argmin(near))
            return "wrong", f"'{name}' is {value[i]:.9g} at time {times[i]:g}, not {column[i]:.9g}"
    return "right", ""


def _observed(network: Network, course: TimeCourse, name: str, settings: Mapping[str, str]) -> Array:
    """One column: the value of an id, as an amount or a concentration where the settings ask for it."""
    from eutone.engine.expr import evaluate
    from eutone.engine.parts import OWN_TIME, TIME

    fixed = dict(zip(network.parameters, network.values.tolist(), strict=True)) | network.constants
    values: dict[str, object] = {TIME: course.times, **fixed, **course.values}
    inner = OWN_TIME if name == TIME and OWN_TIME in values else name
    if inner not in values:
        raise ModelError(f"{network.name}: the value of '{name}' is asked for, which has none")
    value = np.broadcast_to(np.asarray(values[inner], dtype=np.float64), course.times.shape)
    place = network.places.get(inner)
    if place is None:
        if name in _names(settings, "concentration"):
            raise ModelError(
                f"{network.name}: the concentration of '{name}' is asked for, whose compartment has no size"
            )
        return value
    size = np.asarray(evaluate([place.size], values)[0], dtype=np.float64)
    with np.errstate(all="ignore"):
        if name in _names(settings, "amount") and not place.amount:
            return np.asarray(value * size)
        if name in _names(settings, "concentration") and place.amount:
            return np.asarray(value / size)
    return value


def _names(settings: Mapping[str, str], key: str) -> set[str]:
    return {name.strip() for name in settings.get(key, "").split(",") if name.strip()}


def _timed(network: Network) -> Derivative:
    """The derivative of ``network``, which gives up after `PATIENCE`."""
    from eutone.engine.reference import Derivative

    end = time.monotonic() + PATIENCE

    class Timed(Derivative):
        def terms(self, t: float, x: Array, p: Array) -> Array:
            if time.monotonic() > end:
                raise TimeoutError(f"not through after {PATIENCE:g} s, at time {t:g}")
            return super().terms(t, x, p)

    return Timed(network)


def _settings(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _tags(path: Path) -> tuple[str, ...]:
    """The tags in a ``model.m``, empty if there is none."""
    if not path.is_file():
        return ()
    text = path.read_text(encoding="utf-8", errors="replace")
    found = re.findall(r"^(?:componentTags|testTags):(.*)$", text, re.MULTILINE)
    return tuple(tag.strip() for line in found for tag in line.split(",") if tag.strip())


def _index(path: Path) -> dict[str, tuple[str, ...]]:
    """Tags by case, from a table with the columns case, component_tags and test_tags, if there is one."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return {
            row.get("case", ""): tuple(
                tag.strip()
                for column in ("component_tags", "test_tags")
                for tag in (row.get(column) or "").split(",")
                if tag.strip()
            )
            for row in csv.DictReader(file)
        }


def to_json(outcomes: list[Outcome]) -> str:
    """``{"cases": [{"case", "status", "why"}]}``."""
    cases = [{"case": o.case, "status": o.status, "why": o.why} for o in outcomes]
    return json.dumps({"cases": cases}, indent=1, ensure_ascii=False) + "\n"


def table(outcomes: list[Outcome]) -> str:
    """How many cases ended how, per tag and in all; then every case that is wrong or crashed."""
    counts: dict[str, Counter[str]] = {}
    for o in outcomes:
        for tag in dict.fromkeys(o.tags):
            counts.setdefault(tag, Counter())[o.status] += 1
    counts = dict(sorted(counts.items())) | {"all": Counter(o.status for o in outcomes)}
    width = max(map(len, counts))
    lines = [f"{'':{width}}" + "".join(f"{status:>9}" for status in STATUSES)]
    lines += [f"{tag:{width}}" + "".join(f"{count[s]:>9}" for s in STATUSES) for tag, count in counts.items()]
    lines += [f"{o.status}  {o.case}: {o.why}" for o in outcomes if o.status in ("wrong", "crashed")]
    return "\n".join(lines)
