"""The face of the engine: load, sample, simulate, rest; against the SciPy reference and against closed forms."""

from __future__ import annotations

import os
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eutone as eu
from eutone import _model
from eutone._loaded import Model
from eutone._people import Variation
from eutone._setup import MOST_TIMES, checked_times
from eutone._time_unit import SECONDS, axis, named, plural, seconds_of, short
from eutone.engine import reference

DECAY = """
model decay()
  species A, B;
  A = 10; B = 0; k = 0.1; m = 0; total := A + B; twice := 2*total;
  J: A -> B; k*A;
  out: B -> ; m*B;
end
"""
TIMES = np.linspace(0, 20, 41)


@pytest.fixture(scope="module")
def decay() -> Model:
    return eu.load(DECAY)


@pytest.fixture(scope="module")
def dopamine() -> Model:
    return eu.load("dopamine_2009")


def test_one_person_has_no_person(decay: Model) -> None:
    found = eu.simulate(decay, times=TIMES)
    assert found["A"].dims == ("time",)
    np.testing.assert_allclose(found["A"], 10 * np.exp(-0.1 * TIMES), rtol=1e-4)
    assert int(found["status"]) == 0
    assert int(found["steps"]) > 0
    assert found.attrs["model"] == "decay"
    assert found.attrs["eutone"] == eu.__version__


@pytest.mark.parametrize(
    "times", [range(10**12), range(0, 10**30, 2), pd.RangeIndex(10**12), range(MOST_TIMES + 1)], ids=repr
)
def test_more_times_than_anybody_means_are_refused_before_they_take_memory(
    decay: Model, tmp_path: Path, times: Any
) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(eu.InputError, match=r"more than 10,000,000. Ask for fewer, such as: times=range"):
            eu.simulate(decay, times=times)
        with pytest.raises(eu.InputError, match="more than 10,000,000"):
            eu.simulate_to(tmp_path / "a.npz", decay, 2, times)
        assert tracemalloc.get_traced_memory()[1] < 10**6
    finally:
        tracemalloc.stop()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("times", [range(0), range(5, 0), range(5, 0, -1), range(-1, 3), range(0, 10**400, 10**399), 3])
def test_a_range_is_numbers_that_increase_from_0_on(times: Any) -> None:
    with pytest.raises(eu.InputError, match="must be numbers that increase from 0 on"):
        checked_times(times, 1e-6, 1e-9)
    assert checked_times(range(2, 9, 3), 1e-6, 1e-9).tolist() == [2.0, 5.0, 8.0]


def test_many_people_have_their_own_parameters(decay: Model) -> None:
    people = decay.sample(50, spread=0.3, seed=4, only="k")
    found = eu.simulate(decay, people, times=TIMES, wanted=["J", "twice", "B", "A", "k"])
    assert list(found.data_vars) == ["J", "twice", "B", "A", "k", "status", "steps"]
    expected = 10 * np.exp(-people["k"][:, None] * TIMES)
    np.testing.assert_allclose(found["A"], expected, rtol=1e-4)
    np.testing.assert_allclose(found["J"], people["k"][:, None] * found["A"].values, rtol=1e-14)
    np.testing.assert_allclose(found["twice"], 2 * (found["A"] + found["B"]), rtol=1e-14)
    assert (found["k"].values == people["k"][:, None]).all()
    assert found["A"].dims == ("person", "time")
    assert (found.attrs["seed"], found.attrs["spread"], found.attrs["varied"]) == (4, 0.3, "k")


def test_the_course_is_that_of_the_reference(dopamine: Model) -> None:
    times = np.linspace(0, 24, 9)
    found = eu.simulate(dopamine, times=times, set={"V_TH": 90}, rtol=1e-8)
    expected = reference.time_course(dopamine.network, times, {"V_TH": 90})
    np.testing.assert_allclose(np.stack([found[s] for s in dopamine.species], axis=1), expected.states, rtol=1e-5)


def test_what_is_set_goes_before_what_people_bring_and_species_begin_there(decay: Model) -> None:
    people = eu.People(("k", "A"), np.array([[0.1, 1.0], [0.2, 2.0]]))
    found = eu.simulate(decay, people, times=[0, 5], set={"B": 3.0, "k": 0.3})
    assert found["B"].sel(time=0).values.tolist() == [3, 3]
    np.testing.assert_allclose(found["A"].sel(time=5), np.array([1, 2]) * np.exp(-1.5), rtol=1e-4)


def test_initial_assignments_follow_what_is_set() -> None:
    model = eu.load("species A, B; A = 2*c; B = 1; c = 3; J: A -> B; k*A; k = 0")
    assert eu.simulate(model, times=[0], set={"c": 5})["A"].item() == 10
    found = eu.simulate(model, {"c": [1.0, 2.0]}, times=[0], set={"B": 7})
    assert found["A"].values.ravel().tolist() == [2, 4]
    assert found["B"].values.ravel().tolist() == [7, 7]


@pytest.mark.parametrize(
    "given",
    ["A 5 at 4 every 4 x 2", ["A 5 at 4", "A 5 at 8"]],
)
def test_doses_as_text_and_as_numbers_are_the_same(decay: Model, given: object) -> None:
    found = eu.simulate(decay, times=[3, 4, 8], doses=given)
    expected = eu.simulate(decay, times=[3, 4, 8], doses=decay.dose("A", 5, at=4, every=4, count=2))
    np.testing.assert_array_equal(found["A"], expected["A"])
    np.testing.assert_allclose(found["A"][1], 10 * np.exp(-0.4) + 5, rtol=1e-4)
    assert found.attrs["doses"] == "A 5 at 4; A 5 at 8"


def test_an_infusion_flows_in_over_its_time(decay: Model) -> None:
    found = eu.simulate(decay, times=[0, 10], set={"k": 0}, doses="A 5 at 2 for 4")
    np.testing.assert_allclose(found["A"], [10, 15], rtol=1e-6)


def test_what_is_observed_follows_a_parameter_that_is_raised_for_a_time(decay: Model) -> None:
    people = decay.sample(3, only="k", seed=1)
    doses = [decay.dose("k", 1.0, at=2, over=3), decay.dose("m", 0.5, at=4)]
    found = eu.simulate(decay, people, times=[1, 2, 4, 5, 6], doses=doses, wanted=["k", "m", "J", "A"])
    raised = np.array([0, 1, 1, 0, 0])
    np.testing.assert_allclose(found["k"], people["k"][:, None] + raised, rtol=1e-15)
    assert (found["m"].values == [0, 0, 0.5, 0.5, 0.5]).all()
    np.testing.assert_allclose(found["J"], found["k"] * found["A"], rtol=1e-15)


def test_doses_may_differ_between_people(decay: Model) -> None:
    dose = decay.dose("A", 1)[0]
    each = type(dose)("A", np.array([1.0, np.nan]), np.array([5.0, 5.0]))
    found = eu.simulate(decay, {"k": [0.0, 0.0]}, times=[2], doses=each)
    assert found["A"].values.ravel().tolist() == [15, 10]
    assert found.attrs["doses_per_person"] == "1"


def test_what_is_called_like_the_clock_has_a_column_of_its_own() -> None:
    document = eu.load("species A; A = 8; k = 0.1; J: A -> ; k*A*time").to_sbml()
    model = eu.load(document.replace('"A"', '"time"').replace("<ci> A </ci>", "<ci> time </ci>"))
    assert dict(model.species) == {"time.own": 8}
    found = eu.simulate(model, times=TIMES, set={"time.own": 5}, doses="time.own 1 at 0")
    np.testing.assert_allclose(found["time.own"], 6 * np.exp(-0.05 * TIMES**2), rtol=1e-4, atol=1e-6)
    for asked in ({"wanted": "time"}, {"set": {"time": 1}}):
        with pytest.raises(eu.InputError, match=r"Did you mean time\.own"):
            eu.simulate(model, times=TIMES, **asked)


def test_a_model_with_a_clock(decay: Model) -> None:
    model = eu.load("species A; A = 0; drive := piecewise(1, time >= 6 && time < 7, 0); J: -> A; drive")
    found = eu.simulate(model, times=[0, 6, 6.5, 8], wanted=["A", "drive"])
    np.testing.assert_allclose(found["A"], [0, 0, 0.5, 1], atol=1e-6)
    assert found["drive"].values.tolist() == [0, 1, 1, 0]
    with pytest.raises(eu.ModelError, match="time"):
        eu.steady_state(model)


def test_rest_is_where_the_course_goes(dopamine: Model) -> None:
    people = dopamine.sample(20, only="V_*", seed=2)
    rest = eu.steady_state(dopamine, people, wanted=["TH", "eda", "autoreceptor_TH"], set={"btyr": 90})
    later = eu.simulate(
        dopamine, people, times=[5_000], wanted=["TH", "eda", "autoreceptor_TH"], set={"btyr": 90}, rtol=1e-9
    )
    for name in ("TH", "eda", "autoreceptor_TH"):
        np.testing.assert_allclose(rest[name], later[name].sel(time=5_000), rtol=1e-5)
    assert rest["TH"].dims == ("person",)
    assert eu.steady_state(dopamine)["eda"].shape == ()


def test_who_has_no_answer_is_said_and_is_not_a_number() -> None:
    model = eu.load("species A; A = 1; J: -> A; k*A*A; k = 0")
    found = eu.simulate(model, {"k": [0.01, 1.0]}, times=[0, 2], wanted=["A", "J", "k"])
    assert found["status"].values[0] == 0
    assert found["status"].values[1] != 0
    assert np.isfinite(found["A"][0]).all()
    assert np.isnan(found.sel(time=2, person=1)[["A", "J", "k"]].to_array()).all()
    with pytest.raises(eu.SolveError, match="nobody"):
        eu.simulate(model, times=[0, 2], set={"k": 1.0})


def test_stop_and_progress(decay: Model) -> None:
    heard: list[tuple[str, float]] = []
    eu.simulate(decay, 10, times=TIMES, progress=lambda stage, share: heard.append((stage, share)))
    assert [share for _, share in heard] == sorted(share for _, share in heard)
    assert {stage for stage, _ in heard} == {"compiling", "integrating", "laying out"}
    stop = threading.Event()
    stop.set()
    with pytest.raises(eu.StoppedError):
        eu.simulate(decay, 10, times=TIMES, stop=stop)
    with pytest.raises(eu.StoppedError):
        eu.steady_state(eu.load("dopamine_2009"), 10, stop=stop)


def test_threads_change_nothing(dopamine: Model) -> None:
    one, two = (eu.simulate(dopamine, 40, times=[0, 9], threads=threads, seed=5) for threads in (1, 2))
    assert one.equals(two)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"set": {"kk": 1}}, "Did you mean k"),
        ({"set": {"total": 1}}, "follows from a rule"),
        ({"set": {"k": float("nan")}}, "finite"),
        ({"set": {"k": "much"}}, "finite"),
        ({"doses": "A five at 4"}, "TARGET AMOUNT at T"),
        ({"doses": "A 5"}, "TARGET AMOUNT at T"),
        ({"doses": "C 5 at 4"}, "no species or parameter 'C'"),
        ({"doses": "A 5 at -4"}, "impossible"),
        ({"doses": "A 5 at 4 every 0 x 2"}, "impossibly"),
        ({"doses": [3]}, "is no dose"),
        ({"people": "everybody"}, "is not people"),
        ({"times": []}, "increase from 0 on"),
        ({"times": [0, 2, 1]}, "increase from 0 on"),
        ({"times": [-1, 2]}, "increase from 0 on"),
        ({"times": "soon"}, "increase from 0 on"),
        ({"rtol": 0}, "rtol lies between"),
        ({"atol": -1}, "rtol lies between"),
        ({"people": 0}, "cannot be drawn"),
        ({"people": {"q": [1.0]}}, "no parameter or species 'q'"),
        ({"people": {"k": [np.nan]}}, "not a finite number"),
        ({"people": {"k": [1.0], "m": [1.0, 2.0]}}, "not columns of numbers"),
        ({"people": 10**12}, "GB of memory"),
        ({"people": 10**5, "times": np.linspace(0, 1, 10**6)}, "GB of memory"),
    ],
)
def test_what_is_impossible_is_an_input_error_that_says_why(decay: Model, given: dict[str, object], says: str) -> None:
    with pytest.raises(eu.InputError, match=says):
        eu.simulate(decay, **given)  # type: ignore[arg-type]


def test_what_is_not_in_the_model_cannot_be_wanted(decay: Model) -> None:
    with pytest.raises(eu.InputError, match=r"'totl' is no species, rule, reaction or parameter\. Did you mean total"):
        eu.simulate(decay, wanted="totl")
    with pytest.raises(eu.InputError, match="twice"):
        eu.simulate(decay, wanted=["A", "A"])


def test_load_takes_names_paths_and_texts(tmp_path: Path, dopamine: Model, decay: Model) -> None:
    path = tmp_path / "decay.ant"
    path.write_text(DECAY, encoding="utf-8")
    for source in (path, str(path), decay):
        assert eu.load(source).species == {"A": 10, "B": 0}
    assert dopamine.time_unit == "hour"
    assert set(dopamine.units) == set(dopamine.species)
    assert set(dopamine.units.values()) == {"uM"}
    assert decay.time_unit is None
    assert eu.load("gaba").time_unit == "hour"
    with pytest.raises(eu.InputError, match="Did you mean dopamine_2009"):
        eu.load("dopamin_2009")
    with pytest.raises(eu.InputError, match="no such file"):
        eu.load(tmp_path / "nothing.xml")
    with pytest.raises(eu.InputError, match=r"Did you mean decay\.ant"):
        eu.load(tmp_path / "decy.ant")
    with pytest.raises(eu.InputError, match="the folder you are in"):
        eu.load(tmp_path / "nowhere" / "decay.ant")
    with pytest.raises(eu.InputError, match="cases cannot be simulated yet"):
        eu.load("a.eutone.nc")


def test_every_model_that_comes_with_eutone_can_be_loaded() -> None:
    for name in _model.names():
        assert repr(eu.load(name)).startswith(f"<Model {name}: ")


def test_a_model_shows_what_it_is_and_cannot_be_changed(decay: Model) -> None:
    assert repr(decay) == (
        "<Model decay: 2 species, 2 reactions, 2 rules, 2 parameters; time in the model's own unit>\n"
        "  species: A = 10, B = 0\n  parameters: k = 0.1, m = 0"
    )
    with pytest.raises(TypeError):
        decay.parameters["k"] = 1.0  # type: ignore[index]
    with pytest.raises(AttributeError):
        decay.name = "x"  # type: ignore[misc]
    assert decay.rules == ("total", "twice")
    assert decay.reactions == ("J", "out")


def test_people_cannot_be_changed_and_show_who_they_are(decay: Model) -> None:
    people = decay.sample(3, seed=9)
    assert repr(people) == "<People: 3, differing in 1 parameters, seed 9: k>"  # m is 0, and stays so
    with pytest.raises(ValueError, match="read-only"):
        people.values[0, 0] = 1.0
    with pytest.raises(KeyError):
        people["m"]
    with pytest.raises(eu.InputError, match="twice"):
        eu.People(("k", "k"), np.ones((1, 2)))
    with pytest.raises(eu.InputError, match="shape"):
        eu.People(("k",), np.ones(2))


def test_people_are_log_normal_around_the_default(dopamine: Model) -> None:
    n = 20_000
    people = dopamine.sample(n, spread={"V_TH": 0.3, "K_*": 0.1}, seed=0)
    assert set(people.parameters) == {"V_TH", *(p for p in dopamine.parameters if p.startswith("K_"))}
    z = np.log(people["V_TH"] / 125) / 0.3
    # five standard errors of a mean, a standard deviation and a correlation of n standard normal numbers
    assert abs(z.mean()) < 5 / np.sqrt(n)
    assert abs(z.std() - 1) < 5 / np.sqrt(2 * n)
    other = np.log(people["K_tyr"] / 46) / 0.1
    assert abs(np.corrcoef(z, other)[0, 1]) < 5 / np.sqrt(n)


@settings(max_examples=25)
@given(st.integers(0, 3_000), st.integers(1, 1_500), st.integers(0, 2**32))
def test_a_draw_belongs_to_seed_parameter_and_person_alone(low: int, count: int, seed: int) -> None:
    one = Variation(("a",), np.array([2.0]), np.array([0.2]), seed)
    two = Variation(("b", "a"), np.array([1.0, 2.0]), np.array([0.5, 0.2]), seed)
    whole = two.draw(0, low + count)
    np.testing.assert_array_equal(one.draw(low, low + count)[:, 0], whole[low:, 1])


def test_seeds_and_parameters_differ() -> None:
    draws = [Variation((name,), np.ones(1), np.ones(1), seed).draw(0, 4) for name in "ab" for seed in (0, 1)]
    assert len({draw.tobytes() for draw in draws}) == 4


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"n": 0}, "cannot be drawn"),
        ({"n": 1, "seed": -1}, "seed"),
        ({"n": 1, "spread": -0.1}, "spread"),
        ({"n": 1, "only": "V_*"}, "no parameter 'V_"),
        ({"n": 1, "spread": {"k": 0.1}, "only": "k"}, "Leave out"),
    ],
)
def test_impossible_samples_are_refused(decay: Model, arguments: dict[str, object], says: str) -> None:
    with pytest.raises(eu.InputError, match=says):
        decay.sample(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["run=3;new/decay.ant", "a<b->c.ant", "100%.ant"])
def test_what_ends_like_a_file_is_one_whatever_its_name_holds(tmp_path: Path, name: str) -> None:
    if os.name == "nt":
        pytest.skip("Windows has no such names")
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(DECAY, encoding="utf-8")
    assert eu.load(str(path)).species == {"A": 10, "B": 0}
    with pytest.raises(eu.InputError, match="no such file"):
        eu.load(f"{path}{'x' * 5_000}.ant")


HOURS = "model m()\n  unit time_unit = 3600 second;\n  species A; A = 1; k = 0.1; J: A -> ; k*A;\nend"


def test_a_time_with_a_unit_needs_a_model_that_declares_its_own(decay: Model) -> None:
    model = eu.load(HOURS)
    assert model.time_unit == "hour"
    found = eu.simulate(model, times=[30], doses="A 5 at 60min for 1 h every 1 d x 2; A 1 at 2")
    assert found.attrs["doses"] == "A 5 at 1 for 1; A 5 at 25 for 1; A 1 at 2"
    assert eu.simulate(model, times=[30], doses=found.attrs["doses"]).equals(found)  # what is said can be said again
    with pytest.raises(eu.InputError, match=r"decay does not say in which unit it counts time\. Write times without"):
        eu.simulate(decay, doses="A 5 at 8 h")
    with pytest.raises(eu.InputError, match="'moons' is no unit of time"):
        eu.simulate(model, doses="A 5 at 8 moons")
    with pytest.raises(eu.InputError, match=r"an amount is in the model's own unit\. Leave out 'mg'"):
        eu.simulate(model, doses="A 5 mg at 8")
    with pytest.raises(eu.InputError, match="a count from 1 to 10,000"):
        eu.simulate(model, doses="A 5 at 8 every 1 x 1000000000")


@pytest.mark.parametrize(
    ("seconds", "unit", "said"),
    [
        (None, None, ("time units", "", "time in the model's own unit, which it does not name")),
        (3600.0, "hour", ("hours", " h", "time in hours")),
        (0.001, "millisecond", ("milliseconds", " ms", "time in milliseconds")),
        (1800.0, "1800 s", ("units of 1800 s", " × 1800 s", "time in units of 1800 s")),
    ],
)
def test_a_unit_of_time_is_named_and_said(seconds: float | None, unit: str | None, said: tuple[str, ...]) -> None:
    assert named(seconds) == unit
    assert (plural(unit), short(unit), axis(unit)) == said


def test_a_unit_of_time_is_read_as_people_write_it() -> None:
    assert [seconds_of(text) for text in ("h", "Hours", "min", "wk", "x")] == [3600, 3600, 60, SECONDS["week"], None]


@pytest.mark.parametrize("people", [{"k": []}, eu.People(("k",), np.empty((0, 1))), 0, -3])
def test_nobody_is_refused_everywhere(decay: Model, people: object) -> None:
    for verb in (eu.simulate, eu.steady_state):
        with pytest.raises(eu.InputError, match=r"0 people|people cannot be drawn"):
            verb(decay, people)  # type: ignore[operator]


def test_a_spread_too_wide_for_numbers_is_refused_without_a_warning(decay: Model) -> None:
    with pytest.raises(eu.InputError, match="smaller spread"):
        decay.sample(50, spread=1e6, only="k")


def test_a_model_of_rules_alone_follows_time_parameters_and_doses() -> None:
    model = eu.load("model rules() a = 2; b := a*x; x := sin(time) + 2; end")
    times = np.array([0.0, 1.0, 4.0])
    course = eu.simulate(model, {"a": [1.0, 3.0]}, times, "a 1 at 4")
    assert set(course.data_vars) == {"b", "x", "status", "steps"}
    np.testing.assert_allclose(course["x"], np.tile(np.sin(times) + 2, (2, 1)))
    np.testing.assert_allclose(course["b"].sel(person=1), [3, 3, 4] * (np.sin(times) + 2))
    assert (course["status"] == 0).all()
