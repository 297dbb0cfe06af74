"""The table of exposures: silent as it is, loud on each way of breaking it."""

from __future__ import annotations

import pytest

from eutone.body import check
from eutone.body._check_exposures import exposure_faults
from eutone.body._tables import rows

ROW = next(row for row in rows("exposures") if row["drug"] == "clomipramine")
TIMELESS = next(row for row in rows("exposures") if not row["half_time_h"])


def test_the_table_is_sound_and_the_body_is_asked() -> None:
    assert exposure_faults() == []
    assert check() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ln_sd": "0"}, "ln_sd is '0'"),
        ({"ln_sd": ""}, "ln_sd is ''"),
        ({"grade": "sure"}, "'sure' is none of"),
        ({"source": ""}, "no source"),
        ({"grade": "RECALLED", "ln_sd": "0.39"}, "at least 0.4"),
        ({"time_grade": ""}, "time_grade '' is none of"),
        ({"time_grade": "SEEN: 5 h"}, "none of"),
        ({"time_source": ""}, "no time_source"),
        ({"time_grade": "RECALLED", "half_time_ln_sd": "0.3"}, "at least 0.4"),
        ({"half_time_ln_sd": "wide"}, "half_time_ln_sd is 'wide'"),
        ({"measured_h": "3", "measured_source": "s"}, "measured_grade '' is none of"),
        ({"measured_h": "3", "measured_grade": "SEEN"}, "no measured_source"),
        ({"ends": "slowly"}, "ends is 'slowly'"),
    ],
)
def test_each_break_is_found_and_named(changes: dict[str, str], said: str) -> None:
    (fault,) = exposure_faults([ROW | changes])
    assert said in fault
    assert fault.startswith("exposures.csv, clomipramine on transporter.SLC6A4: ")


def test_a_spread_of_no_half_time_is_a_slip() -> None:
    (fault,) = exposure_faults([TIMELESS | {"half_time_ln_sd": "0.3", "time_grade": "SEEN"}])
    assert "half_time_ln_sd, time_grade without half_time_h" in fault


def test_no_grade_hides_in_a_source() -> None:
    assert not any(row["time_source"].startswith(("SEEN", "RECALLED", "ASSUMED")) for row in rows("exposures"))
