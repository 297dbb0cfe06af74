"""The table of rooms holds, and files stay short enough to read."""

from __future__ import annotations

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
