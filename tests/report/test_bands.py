"""The picture of courses: well-formed, complete, and in its frame whatever the numbers."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._bands import Band, Bands, bands_of
from eutone.report.bands import _labels, draw

TIMES = np.linspace(0, 10, 21)
SVG = "{http://www.w3.org/2000/svg}"


def band(name: str, values: np.ndarray, wide: float = 0.2) -> Band:
    return Band(name, "µM", values * (1 - wide), values, values * (1 + wide))


def parsed(*bands: Band, times: np.ndarray = TIMES, people: int | None = 100, **more: object) -> ET.Element:
    return ET.fromstring(draw(Bands(times, "hour", people, bands), "a <model> & more", **more))  # type: ignore[arg-type]


def test_each_quantity_has_its_panel_band_and_line() -> None:
    found = parsed(*(band(name, 1 + TIMES) for name in "abcd"), doses=[("A", 3.0), ("A", 20.0)])
    assert len(found.findall(f"{SVG}g")) == 4
    assert len(found.findall(f".//{SVG}polygon")) == 4
    assert len(found.findall(f".//{SVG}polyline")) == 4
    assert len([line for line in found.iter(f"{SVG}line") if line.get("class") == "dose"]) == 4  # that at 20 is outside
    texts = ["".join(text.itertext()) for text in found.iter(f"{SVG}text")]
    assert texts[0] == "a <model> & more"
    assert "time in hours" in texts[1]
    assert "a µM" in texts


def test_one_person_has_no_band_and_no_number_is_a_gap() -> None:
    values = np.where(TIMES > 5, np.nan, TIMES)
    found = parsed(band("a", values), people=None)
    assert not found.findall(f".//{SVG}polygon")
    line = found.find(f".//{SVG}polyline")
    assert line is not None
    assert len(str(line.get("points")).split()) == 11
    parsed(band("nothing", np.full(21, np.nan)))


def test_many_times_are_thinned_and_peaks_stay() -> None:
    times = np.linspace(0, 100, 20_001)
    values = np.where(np.arange(20_001) == 7_777, 50.0, 1.0)
    found = parsed(band("a", values), times=times)
    line = found.find(f".//{SVG}polyline")
    assert line is not None
    heights = [float(point.split(",")[1]) for point in str(line.get("points")).split()]
    assert len(heights) < 900
    assert min(heights) < max(heights) - 50


@given(st.floats(-1e9, 1e9, allow_subnormal=False), st.floats(1e-9, 1e9), st.integers(1, 30))
def test_everything_lies_in_its_frame(offset: float, size: float, count: int) -> None:
    times = np.linspace(0, size, count)
    text = draw(Bands(times, None, 9, (band("a", offset + size * np.sin(times)),)), "t")
    places = [float(v) for v in re.findall(r"[ \",](-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)", text) for v in v]
    assert all(-1 <= place <= 301 for place in places)


def test_who_failed_is_left_out() -> None:
    import xarray as xr

    courses = xr.Dataset(
        {"a": (("person", "time"), [[1.0, 1.0], [3.0, 3.0], [9.0, np.nan]]), "status": ("person", [0, 0, 2])},
        {"time": [0, 1]},
    )
    found = bands_of(courses, ["a"])
    assert found.people == 2
    assert found.bands[0].median.tolist() == pytest.approx([2, 2])


@pytest.mark.parametrize(
    ("ticks", "labels"),
    [
        ([0.0, 2.5, 5.0], ["0.0", "2.5", "5.0"]),
        ([0.0, 50_000.0, 100_000.0], ["0", "50000", "100000"]),
        ([4_500_000.0, 4_525_000.0], ["4.500e6", "4.525e6"]),
        ([0.0, 2e-6], ["0", "2e-6"]),
        ([-0.002, 0.0], ["-0.002", "0.000"]),
    ],
)
def test_labels_tell_ticks_apart(ticks: list[float], labels: list[str]) -> None:
    assert _labels(ticks) == labels
