"""What every test shares: how hypothesis draws, and other processes, none of which is waited for without an end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

# The suite gives the same verdict every time, and soon: no deadline (it would measure the machine) and no shrinking (it
# may take five minutes per failure). HYPOTHESIS_PROFILE=explore draws anew, ten times as often, and shrinks.
settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.target],
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.register_profile(
    "explore", settings.get_profile("suite"), derandomize=False, max_examples=1000, phases=list(Phase)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

_PATIENCE = 120.0  # seconds: none of them needs ten


@pytest.fixture
def child() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python with these arguments, its pipes as text.

    It is dead after two minutes, whatever it does: who reads its pipes, or waits for it, then goes on, and fails.
    """
    started: list[tuple[subprocess.Popen[str], threading.Timer]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen([sys.executable, *arguments], stdout=pipe, stderr=pipe, text=True)
        timer = threading.Timer(_PATIENCE, process.kill)
        timer.start()
        started.append((process, timer))
        return process

    yield start
    for process, timer in started:
        timer.cancel()
        process.kill()
        with process:  # closes its pipes
            pass
