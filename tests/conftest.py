"""What every test shares: how hypothesis draws."""

from __future__ import annotations

import os

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
