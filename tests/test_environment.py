"""Making the project's own environment: once, by one start at a time, whole or not at all, with a reason if it fails.

Making itself (venv, pip) is played; the two commands are tried for real by whoever runs this suite with them.
"""

from __future__ import annotations

import importlib.util
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "_environment.py"


class Maker:
    """Plays venv and pip: makes the one file that shows an environment's Python, and counts."""

    def __init__(self, environment: ModuleType, seconds: float = 0.0) -> None:
        self.environment, self.seconds, self.made = environment, seconds, list[Path]()

    def __call__(self, kind: str, folder: Path) -> None:
        self.made.append(folder)
        python = self.environment._python(folder)
        python.parent.mkdir(parents=True)
        time.sleep(self.seconds)
        python.touch()


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    specification = importlib.util.spec_from_file_location("_environment_under_test", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    (tmp_path / "requirements").mkdir()
    for name in ("requirements/run.txt", "requirements/test.txt", "pyproject.toml"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "HOME", tmp_path / ".eutone-env")
    return module


def play(environment: ModuleType, monkeypatch: pytest.MonkeyPatch, seconds: float = 0.0) -> Maker:
    maker = Maker(environment, seconds)
    monkeypatch.setattr(environment, "_make", maker)
    return maker


def test_it_is_made_once(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = play(environment, monkeypatch)
    first = environment._made("run")
    assert environment._made("run") == first
    assert maker.made == [first]
    assert environment._made("test") != first
    assert len(maker.made) == 2


@pytest.mark.parametrize("changed", ["requirements/run.txt", "pyproject.toml"])
def test_it_is_made_again_when_what_it_is_made_from_changes(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    maker = play(environment, monkeypatch)
    first = environment._made("run")
    (environment.ROOT / changed).write_text("new", encoding="utf-8")
    second = environment._made("run")
    assert maker.made == [first, second]
    assert not first.exists()


def test_two_starts_at_once_make_one(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = play(environment, monkeypatch, seconds=0.3)
    found: list[Path] = []
    starts = [threading.Thread(target=lambda: found.append(environment._made("run"))) for _ in range(3)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len(maker.made) == 1
    assert found == maker.made * 3


def test_what_a_killed_start_left_is_swept_away(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = play(environment, monkeypatch)
    name = environment._made("run").name.rsplit("-", 1)[0]
    (environment.HOME / f"{name}.json").unlink()  # a stamp is the last thing written, so a killed start has none
    half = environment.HOME / f"{name}-half"
    half.mkdir()
    (half / "pip-was-here").touch()
    second = environment._made("run")
    assert maker.made[-1] == second
    assert not half.exists()


@pytest.mark.parametrize("stamp", ["", "{", "[]", '{"folder": "gone", "recipe": "old"}'])
def test_a_damaged_stamp_counts_as_none(environment: ModuleType, monkeypatch: pytest.MonkeyPatch, stamp: str) -> None:
    maker = play(environment, monkeypatch)
    name = environment._made("run").name.rsplit("-", 1)[0]
    (environment.HOME / f"{name}.json").write_text(stamp, encoding="utf-8")
    environment._made("run")
    assert len(maker.made) == 2


@pytest.mark.parametrize(("error", "code"), [(OSError("disk full"), 1), (KeyboardInterrupt(), 130)])
def test_a_failure_leaves_no_environment_and_one_line(
    environment: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
) -> None:
    def fail(kind: str, folder: Path) -> None:
        raise error

    monkeypatch.setattr(environment, "_make", fail)
    with pytest.raises(SystemExit) as end:
        environment.start("run", [])
    assert end.value.code == code
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert [path.name for path in environment.HOME.iterdir()] == ["lock"]


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (
            "WARNING: something\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you\n"
            "    jinja2==3.1.6 from file:///a/jinja2-3.1.6-py3-none-any.whl (from -r run.txt (line 79)):\n"
            "        Expected sha256 0123\n             Got        85ec\n",
            "a download does not match the hash pinned in requirements (jinja2==3.1.6); nothing of it was installed",
        ),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(': Failed to "
            "establish a new connection')': /simple/numpy/\n"
            "ERROR: Could not find a version that satisfies the requirement numpy==2.4.6 (from versions: none)\n"
            "ERROR: No matching distribution found for numpy==2.4.6\n",
            "no connection to the package index: No matching distribution found for numpy==2.4.6",
        ),
        (
            "The virtual environment was not created successfully because ensurepip is not available.\n",
            "this Python has no ensurepip; install its venv package (on Debian and Ubuntu: python3-venv)",
        ),
        ("ERROR: Hashes are required\nmore\n", "Hashes are required"),
        ("first\nlast\n\n", "last"),
        ("", "no reason was given"),
    ],
)
def test_the_reason_is_one_line(environment: ModuleType, printed: str, reason: str) -> None:
    assert environment._reason(printed) == reason


def test_settings_that_send_packages_elsewhere_do_not_hold(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_PROXY", "kept")
    variables = environment._environment(tmp_path)
    assert not {"PIP_TARGET", "PYTHONPATH"} & set(variables)
    assert variables["PIP_PROXY"] == "kept"
    assert variables["PATH"].startswith(str(environment._python(tmp_path).parent))
