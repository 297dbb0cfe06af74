"""Every block of the tutorials runs, in order, in a folder of its own."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from eutone import cli

DOCS = Path(__file__).resolve().parent.parent / "docs"
TUTORIALS = sorted(DOCS.glob("tutorial-*.md"))

pytestmark = pytest.mark.skipif(not TUTORIALS, reason="the tutorials are in the checkout only")


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_every_block_runs(tutorial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", tutorial.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert {language for language, _ in blocks} <= {"python", "sh"}
    names: dict[str, Any] = {}
    for language, text in blocks:
        if language == "python":
            exec(compile(text, tutorial.name, "exec"), names)
            continue
        for line in text.splitlines():
            program, *arguments = shlex.split(line)
            assert program == "eutone"
            with pytest.raises(SystemExit) as end:
                cli.main(arguments)
            assert end.value.code in (0, None), line


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_every_picture_is_there(tutorial: Path) -> None:
    for target in re.findall(r"!\[[^]]+\]\(([^)]+)\)", tutorial.read_text(encoding="utf-8")):
        assert (tutorial.parent / target).is_file(), target
