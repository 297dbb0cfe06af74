"""The metadata, the locks and the scripts agree with each other and with what the code imports."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import eutone

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("run", "test")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", name.strip())[0]).lower()  # type: ignore[index]


def locked(lock: str) -> list[str]:
    """The requirements of a lock, each joined into one line."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def imported(folder: Path) -> set[str]:
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"eutone"}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_exact_versions_with_hashes_and_no_address(lock: str) -> None:
    requirements = locked(lock)
    assert len(requirements) > 20
    for requirement in requirements:
        assert re.match(r"[a-z0-9.-]+==[\w.!+]+( ; [^-]+?)? +(--hash=sha256:[0-9a-f]{64}\s*)+$", requirement), (
            requirement
        )
        assert "://" not in requirement
        assert "@" not in requirement


def test_the_test_lock_holds_what_the_run_lock_holds() -> None:
    assert set(locked("run")) <= set(locked("test"))


def test_every_dependency_is_locked() -> None:
    run, test = ({normal(requirement) for requirement in locked(lock)} for lock in LOCKS)
    groups = PROJECT["dependency-groups"]
    flat = {group: [item for item in items if isinstance(item, str)] for group, items in groups.items()}
    assert {normal(item) for item in PROJECT["project"]["dependencies"] + flat["build"]} <= run
    assert {normal(item) for item in flat["check"] + flat["test"]} <= test


def test_the_package_imports_only_what_it_declares() -> None:
    declared = {normal(item) for item in PROJECT["project"]["dependencies"]}
    for extra in PROJECT["project"]["optional-dependencies"].values():
        declared |= {normal(item) for item in extra}
    distributions = packages_distributions()
    # What is not installed here (an extra) is known by its import name alone.
    unnamed = {"roadrunner": "libroadrunner", "basico": "copasi-basico", "COPASI": "copasi-basico"}
    for name in imported(ROOT / "src"):
        owners = {normal(owner) for owner in distributions.get(name, [unnamed.get(name, name)])}
        assert owners & declared, f"src imports {name}, which pyproject.toml does not name"


def test_nothing_unneeded_is_declared() -> None:
    used = imported(ROOT / "src")
    distributions = packages_distributions()
    owners = {normal(owner) for name in used for owner in distributions.get(name, [])}
    # xarray writes case files with h5netcdf; ucumvert gives pint its units.
    behind_another = {"h5netcdf", "pint"}
    assert {normal(item) for item in PROJECT["project"]["dependencies"]} - owners - behind_another == set()


def test_one_version_everywhere() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {eutone.__version__}\n" in citation
    assert f"## {eutone.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_readme_sets_up_with_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "python3 scripts/demo" in readme
    assert "python3 scripts/test" in readme


def test_the_example_of_the_first_command_can_be_read_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)  # the script sets it
    demo = runpy.run_path(str(ROOT / "scripts" / "demo"), run_name="imported")
    command, panel, *options = demo["EXAMPLE"]
    given = dict(zip(options[::2], options[1::2], strict=True))
    case = eutone.read(ROOT / panel, age=given["--age"], sex=given["--sex"], taking=[])
    assert command == "profile"
    assert given["--taking"] == "none"
    assert [measurement.marker for measurement in case.panel.measurements] == [
        *("csf.HVA", "csf.5-HIAA", "csf.BH4", "csf.neopterin")
    ]
    assert case.issues == ()


def test_the_two_commands_need_the_standard_library_alone() -> None:
    for name in ("demo", "test", "_environment.py"):
        tree = ast.parse((ROOT / "scripts" / name).read_text(encoding="utf-8"))
        found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        found |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {name.split(".")[0] for name in found} <= sys.stdlib_module_names | {"_environment"}


@pytest.mark.parametrize("script", ["demo", "test"])
def test_an_old_python_is_refused_in_one_line(script: str) -> None:
    # The version is all that the script may look at before it refuses, so an old one is put in its place.
    code = (
        "import sys, runpy; sys.version_info = (3, 10, 4); sys.version = '3.10.4 (old)'; "
        f"runpy.run_path({str(ROOT / 'scripts' / script)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.strip() == "eutone: Python 3.11 or newer is needed; this is 3.10.4"


def test_a_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("eutone/")}
    source = ROOT / "src"
    files = (path.relative_to(source) for path in (source / "eutone").rglob("*") if path.is_file())
    kept = {path.as_posix() for path in files if not any(part.startswith((".", "__pyc")) for part in path.parts)}
    assert packed == kept
    assert {"eutone/py.typed", "eutone/schemas/profile.json"} <= packed
