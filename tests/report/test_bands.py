"""The picture of courses: well-formed, complete, and in its frame whatever the numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._bands import Band, Bands, bands_of
from eutone.report.bands import draw
from eutone.report.ticks import wide

TIMES = np.linspace(0, 10, 21)
SVG = "{http://www.w3.org/2000/svg}"


def band(name: str, values: np.ndarray, wide: float = 0.2) -> Band:
    return Band(name, "uM", values * (1 - wide), values, values * (1 + wide))


def parsed(*bands: Band, times: np.ndarray = TIMES, people: int | None = 100, **more: object) -> ET.Element:
    return ET.fromstring(draw(Bands(times, "hour", people, bands), "a <model> & more", **more))  # type: ignore[arg-type]


def test_a_healthy_range_is_shaded_as_far_as_it_lies_in_the_panel() -> None:
    shown, beyond = (replace(band("x", 1 + TIMES), healthy=span) for span in ((2.0, 1e9), (1e6, 1e9)))
    found = parsed(shown)
    (rect,) = (r for r in found.iter(f"{SVG}rect") if r.get("class") == "healthy")
    assert 0 < float(rect.get("height", "nan")) < 200
    assert "healthy women of 35" in "".join(found.itertext())
    assert not [r for r in parsed(beyond).iter(f"{SVG}rect") if r.get("class") == "healthy"]


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


def points(shape: ET.Element) -> list[tuple[float, float]]:
    pairs = (point.split(",") for point in str(shape.get("points")).split())
    return [(float(across), float(up)) for across, up in pairs]


def test_one_person_has_no_band_and_nothing_is_drawn_where_there_is_no_number() -> None:
    values = np.where(TIMES > 5, np.nan, TIMES)
    found = parsed(band("a", values), people=None)
    assert not found.findall(f".//{SVG}polygon")
    (line,) = found.findall(f".//{SVG}polyline")
    assert len(points(line)) == 11
    empty = parsed(band("nothing", np.full(21, np.nan)), band("infinite", np.full(21, np.inf)))
    assert not empty.findall(f".//{SVG}polyline") + empty.findall(f".//{SVG}polygon")


def test_a_gap_shows_and_what_stands_alone_is_seen() -> None:
    values = np.where((TIMES > 2) & (TIMES < 4) | (TIMES == 8) | (TIMES == 9), np.nan, TIMES)
    values[17] = 3.0  # between the last two gaps
    found = parsed(band("a", values))
    lines, areas = found.findall(f".//{SVG}polyline"), found.findall(f".//{SVG}polygon")
    assert [len(points(line)) for line in lines] == [5, 8, 2]
    assert [len(points(area)) for area in areas] == [10, 16, 4, 4]
    (dot,) = found.findall(f".//{SVG}circle")
    assert points(areas[2])[0][0] < float(str(dot.get("cx"))) < points(areas[2])[1][0]


@pytest.mark.parametrize("which", ["low", "median", "high"])
def test_many_times_are_thinned_and_a_peak_of_any_line_stays(which: str) -> None:
    times = np.linspace(0, 100, 20_001)
    lines = {"low": np.full(20_001, 1.0), "median": np.full(20_001, 2.0), "high": np.full(20_001, 3.0)}
    lines[which][7_777] = -50.0 if which == "low" else 50.0
    lines["low"][12_000:12_100] = lines["median"][12_000:12_100] = lines["high"][12_000:12_100] = np.nan
    found = parsed(Band("a", None, **lines), times=times)
    shapes = found.findall(f".//{SVG}polyline") if which == "median" else found.findall(f".//{SVG}polygon")
    heights = [up for shape in shapes for _, up in points(shape)]
    assert len(shapes) == 2  # the gap stays, too
    assert len(heights) < 20_001 / 10
    assert max(heights) - min(heights) > 50


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=30), st.floats(0, 1e300), st.integers(1, 4))
def test_everything_lies_in_its_picture(values: list[tuple[float, ...]], end: float, copies: int) -> None:
    times = np.linspace(0, end, len(values))
    low, median, high = np.sort(np.array(values), axis=1).T
    each = tuple(Band("a" * 40 * k, "µM", low, median, high) for k in range(1, copies + 1))
    root = parsed(*each, times=times, doses=[("x", end / 3)])
    width, height = float(str(root.get("width"))), float(str(root.get("height")))
    for group in root.findall(f"{SVG}g"):
        left, top = map(float, re.findall(r"-?[\d.]+", str(group.get("transform"))))
        for shape in (*group.iter(f"{SVG}polyline"), *group.iter(f"{SVG}polygon")):
            for across, up in points(shape):
                assert 0 <= left + across <= width
                assert 0 <= top + up <= height
        for text in group.findall(f"{SVG}text"):
            x, long = left + float(str(text.get("x"))), wide("".join(text.itertext()), 11)
            begin = x - {"middle": long / 2, "end": long}.get(str(text.get("text-anchor")), 0.0)
            assert begin >= 0
            assert begin + long <= width + 1e-6
    for text in root.findall(f"{SVG}text"):
        assert wide(str(text.text or ""), 11) <= width


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 9])
def test_words_of_any_length_are_wrapped_whatever_the_number_of_panels(count: int) -> None:
    title, dose = "a title of many words " * 8, "a" * 200
    root = ET.fromstring(draw(Bands(TIMES, None, 10, (band("a", TIMES),) * count), title, doses=[(dose, 1.0)], more=28))
    heads = [str(text.text) for text in root.findall(f"{SVG}text") if text.get("class") == "head"]
    notes = [str(text.text) for text in root.findall(f"{SVG}text") if text.get("class") == "quiet"]
    assert " ".join(heads) == title.strip()
    assert dose in "".join(notes)
    assert "28 more not shown" in " ".join(notes)
    assert "time in the model's own unit, which it does not name" in " ".join(notes)
    width = float(str(root.get("width")))
    assert all(16 + wide(text, 14, bold=True) <= width for text in heads)
    assert all(16 + wide(text, 11) <= width for text in notes)
    lines = [float(str(text.get("y"))) for text in root.findall(f"{SVG}text")]
    assert np.diff(lines).min() >= 14  # no line on another


def test_whom_the_bands_are_of_is_said() -> None:
    def who(*numbers: int | None) -> str:
        return Bands(TIMES, None, numbers[0], (), *numbers[1:]).who()

    assert who(None) == "one person"
    assert who(100) == "100 people"
    assert who(100, 100, 100) == "100 people"
    assert who(95, 100, 100) == "100 people, 5 of them left out without a course"
    assert who(10_000, 10_000, 1_000_000) == "the first 10,000 of 1,000,000 people"
    root = ET.fromstring(draw(Bands(TIMES, None, 9_000, (band("a", TIMES),), 10_000, 20_000), "t"))
    said = " ".join(str(text.text) for text in root.findall(f"{SVG}text"))
    assert "the first 10,000 of 20,000 people, 1,000 of them left out without a course" in said


def test_who_failed_is_left_out() -> None:
    import xarray as xr

    courses = xr.Dataset(
        {"a": (("person", "time"), [[1.0, 1.0], [3.0, 3.0], [9.0, np.nan]]), "status": ("person", [0, 0, 2])},
        {"time": [0, 1]},
    )
    found = bands_of(courses, ["a"])
    assert (found.people, found.looked, found.of) == (2, 3, 3)
    assert found.bands[0].median.tolist() == pytest.approx([2, 2])


def test_a_band_does_not_lie_on_its_frame_unless_it_is_0_there() -> None:
    values = 50.0 + np.linspace(0.0, 5.0, len(TIMES))
    found = parsed(band("x", values, 0.1), band("y", values - 50.0, 0.0))
    frames = [float(line.get("y1", "")) for line in found.iter(f"{SVG}line") if line.get("class") == "frame"]
    lowest = [max(up for _, up in points(shape)) for shape in found.iter(f"{SVG}polygon")]
    assert lowest[0] < frames[0] - 3
    assert lowest[1] == frames[1]


def test_units_are_as_people_write_them() -> None:
    one = Band("x", "uM/h", np.zeros(len(TIMES)), np.zeros(len(TIMES)), np.zeros(len(TIMES)))
    assert "µM/h" in "".join(parsed(one).itertext())
