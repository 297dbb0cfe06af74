"""The terminal summary: one screen, plain where it must be."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from eutone._results import Profile, ProfileResult
from eutone.report import terminal

HERE = Path(__file__).parent
FIXTURE = HERE.parent / "data" / "synthetic_profile.json"
GOLDEN = HERE / "golden" / "synthetic_profile.txt"


@pytest.fixture
def data() -> ProfileResult:
    return ProfileResult.from_json(FIXTURE.read_bytes())


def shown(data: ProfileResult, width: int, encoding: str = "utf-8", **options: object) -> str:
    buffer = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="\n")
    terminal.render(data, Console(file=buffer, width=width, **options))
    buffer.flush()
    return buffer.buffer.getvalue().decode(encoding)


def test_the_text_is_the_one_that_was_looked_at(data: ProfileResult) -> None:
    """A change here is a change of what people read: look at it, then write the file anew."""
    assert str(Profile(data)) + "\n" == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_is_longer_than_the_screen_or_than_a_hundred(width: int, data: ProfileResult) -> None:
    lines = shown(data, width).splitlines()
    assert max(map(len, lines)) <= min(width, 100)
    if width >= 80:
        assert len(lines) <= 70
        assert "…" not in "".join(lines), "nothing is cut off"


def test_without_a_terminal_it_is_plain(data: ProfileResult) -> None:
    assert "\x1b" not in shown(data, 80)


def test_on_a_terminal_it_has_colour(data: ProfileResult) -> None:
    assert "\x1b[1m" in shown(data, 80, force_terminal=True, color_system="standard")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_an_old_console_gets_plain_signs(encoding: str, data: ProfileResult) -> None:
    text = shown(data, 100, encoding)
    assert "9.0x10^4" in text
    assert "?" not in text


def test_markup_in_a_name_is_text_and_control_characters_are_gone(data: ProfileResult) -> None:
    row = data.measurements[0].model_copy(update={"name": "[bold red]x[/] \x1b[31m\x07", "specimen": None})
    text = shown(data.model_copy(update={"measurements": (row,), "title": "[link=x]y"}), 100)
    assert "[bold red]x[/] [31m" in text
    assert "[link=x]y" in text
    assert "\x1b" not in text


def test_everything_that_matters_is_said(data: ProfileResult) -> None:
    text = " ".join(shown(data, 100).split())
    parts = [
        "girl, 12 days", "SYNTHETIC", "< 5", "[PTS]", "not separable", "PTS, for", "9 informed", "Fit", "seed 0",
        "urine biopterin", "kryptopyrrole (unknown marker)", "histamine", "medical device",
    ]  # fmt: skip
    missing = [part for part in parts if part not in text]
    assert not missing


def test_more_quantities_than_fit_are_counted(data: ProfileResult) -> None:
    many = tuple(data.quantities[0].model_copy(update={"id": f"q{i}"}) for i in range(14))
    assert "and 4 more" in shown(data.model_copy(update={"quantities": many}), 80)
