"""Of the interventions that people ask about, how many the whole person answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import eutone
from eutone.body._coverage import coverage
from eutone.knowledge import drugs

ROOT = Path(__file__).resolve().parents[2]


def test_at_least_seventy_of_a_hundred_are_bound() -> None:
    listed = coverage()
    assert len(listed) == 100
    assert len({one.name for one in listed}) == 100
    assert sum(one.bound for one in listed) >= 70
    assert sum(one.bound and any(move.doses for move in one.moves) for one in listed) >= 60
    for one in listed:
        assert set(one.drugs) <= set(drugs.load())
        assert bool(one.drugs) == bool(one.moves)
        assert one.bound or one.missing


def test_behaviour_and_what_people_drink_and_smoke_are_bound() -> None:
    bound = {drug for one in coverage() if one.bound for drug in one.drugs}
    assert {"aerobic-exercise", "sleep-deprivation", "high-carbohydrate-meal", "alcohol", "caffeine", "nicotine",
            "cigarettes"} <= bound  # fmt: skip


@pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="the page is in the checkout only")
def test_the_page_is_up_to_date() -> None:
    env = os.environ | {"PYTHONPATH": str(Path(eutone.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "interventions"), "--check"],
        env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
