"""Memory is what the control groups allow, in both of their versions, and the machine's where they say nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eutone import _memory
from eutone._errors import InputError

GB = 2**30
NONE = 0x7FFFFFFFFFFFF000  # what version 1 says where there is no limit


def group(tmp_path: Path, lines: str, **limits: str) -> float:
    (tmp_path / "cgroup").write_text(lines, encoding="utf-8")
    for place, text in limits.items():
        path = tmp_path / "tree" / place.replace("__", "/")
        path.mkdir(parents=True, exist_ok=True)
        name = "memory.limit_in_bytes" if place.startswith("memory") else "memory.max"
        (path / name).write_text(text + "\n", encoding="ascii")
    return _memory._allowed(tmp_path / "cgroup", tmp_path / "tree")


@pytest.mark.parametrize(
    ("lines", "limits", "least"),
    [
        ("0::/job\n", {"job": str(GB)}, GB),
        ("0::/job/step\n", {"job": str(GB), "job__step": "max"}, GB),  # a group has no more than what it is in
        ("0::/job/step\n", {"job": "max", "job__step": str(GB)}, GB),
        ("0::/job\n", {"job": "max"}, float("inf")),
        ("0::/\n", {"": str(GB)}, GB),  # in a container with a view of its own
        ("0::/docker/0123\n", {"": str(GB)}, GB),  # in one that sees the host's path
        ("5:cpu:/job\n4:memory:/job\n0::/\n", {"memory__job": str(GB)}, GB),
        ("4:memory:/job/a\n", {"memory__job": str(GB), "memory__job__a": str(2 * GB)}, GB),
        ("4:memory:/docker/0123\n", {"memory": str(GB)}, GB),
        ("4:memory:/\n", {"memory": str(NONE)}, NONE),
        ("1:name=systemd:/\n0::/app\n", {"unified__app": str(GB)}, GB),
        ("5:cpu:/job\n", {"job": str(GB)}, float("inf")),
    ],
)
def test_the_least_limit_counts(tmp_path: Path, lines: str, limits: dict[str, str], least: float) -> None:
    assert group(tmp_path, lines, **limits) == least


def test_a_system_without_groups_has_no_limit(tmp_path: Path) -> None:
    assert _memory._allowed(tmp_path / "nothing", tmp_path) == float("inf")


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="this system does not say how much memory it has")
def test_what_a_group_does_not_allow_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = _memory.most_bytes()
    _memory.fits(machine / 16)
    (tmp_path / "memory.max").write_text(str(int(machine / 4)), encoding="ascii")
    (tmp_path / "cgroup").write_text("0::/\n", encoding="utf-8")
    monkeypatch.setattr(_memory, "_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(_memory, "_TREE", tmp_path)
    assert _memory.most_bytes() == int(machine / 4)
    with pytest.raises(InputError, match="GB of memory"):
        _memory.fits(machine / 16)
