"""The table of rooms holds, and files stay short enough to read."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import eutone

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path(eutone.__file__).parent


@pytest.mark.skipif(not (ROOT / ".importlinter").exists(), reason="the table is in the checkout only")
def test_rooms_import_only_what_they_may() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_file_is_longer_than_500_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda path: path.name)
def test_no_test_waits_without_an_end(path: Path) -> None:
    """Every other process has a limit: ``subprocess.run(..., timeout=)``, or the fixture ``child``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            if called in ("subprocess.run", "subprocess.check_output", "subprocess.check_call", "subprocess.call"):
                assert "timeout" in {k.arg for k in node.keywords}, f"line {node.lineno}: {called} without timeout"
            assert called != "subprocess.Popen" or path.name == "conftest.py", f"line {node.lineno}: use child"
