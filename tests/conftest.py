"""What every test shares: how hypothesis draws."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# The suite gives the same verdict every time; HYPOTHESIS_PROFILE=explore draws anew. A deadline would measure the
# machine.
settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("explore", settings.get_profile("suite"), derandomize=False, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
