"""Round numbers, labels that tell them apart, and texts that are cut where there is no room."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone.report.ticks import labels, shortened, ticks, wide


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ([0.0, 2.5, 5.0], ["0.0", "2.5", "5.0"]),
        ([0.0, 50_000.0, 100_000.0], ["0", "50000", "100000"]),
        ([4_500_000.0, 4_525_000.0], ["4.500e6", "4.525e6"]),
        ([0.0, 2e-6], ["0", "2e-6"]),
        ([-0.002, 0.0], ["-0.002", "0.000"]),
        ([123456.001, 123456.0015], ["123456.0010", "123456.0015"]),
    ],
)
def test_labels_tell_ticks_apart(marks: list[float], said: list[str]) -> None:
    assert labels(marks) == said


@given(st.floats(-1e290, 1e290), st.floats(1e-8, 1e3), st.integers(1, 6))
def test_ticks_rise_inside_and_their_labels_differ(middle: float, share: float, about: int) -> None:
    high = middle + max(abs(middle), 1e-200) * share
    found = ticks(middle, high, about)
    near = 1e-6 * (high - middle)
    assert (np.diff(found) > 0).all()
    assert middle - near <= found[0] <= found[-1] <= high + near
    assert len(set(labels(found))) == len(found)


@given(st.floats(0, 1e-300))
def test_a_span_that_is_hardly_a_number_has_ticks(high: float) -> None:
    assert labels(ticks(0.0, high, 4))


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    assert shortened("short", 12, 100) == "short"
    cut = shortened("compartment_of_the_striatum_extracellular", 12, 150)
    assert cut.startswith("compart")
    assert cut.endswith("cellular")
    assert wide(cut, 12, bold=True) <= 150
    assert wide("神経", 10) == 20
    assert shortened("anything", 12, 1) == "…"
