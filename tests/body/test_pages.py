"""Every module and every intervention has its page, and what a page repeats of the files is what stands in them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import eutone

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="the pages are in the checkout only")
@pytest.mark.parametrize("script", ["module_pages", "interventions"])
def test_the_pages_are_up_to_date(script: str) -> None:
    env = os.environ | {"PYTHONPATH": str(Path(eutone.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script), "--check"],
        env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="the pages are in the checkout only")
def test_every_page_of_a_module_has_one_title() -> None:
    for path in (ROOT / "docs" / "modules").glob("*.md"):
        titles = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
        assert len(titles) == 1, f"{path.name}: {titles}"
