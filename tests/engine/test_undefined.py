"""What has no value is refused, unless an event gives it one before anything needs it."""

from __future__ import annotations

import numpy as np
import pytest

from eutone._errors import ModelError
from eutone.engine import load_network
from eutone.engine.course import compile_course, solve_course
from eutone.engine.reference import time_course
from eutone.engine.source import sbml_of

MODEL = "A' = -k*A; A = 1; var k; {more}; p = 1; twice := 2*k; e: at {when}: k = p/2"
AT_ONCE = "time >= 0, t0=false"


def test_a_value_that_an_event_sets_at_the_start_is_there_from_then_on() -> None:
    network = load_network(MODEL.format(more="", when=AT_ONCE))
    times, expected = [0.0, 1.0, 2.0], np.exp(-0.5 * np.arange(3))
    for one in (network, load_network(sbml_of(network)[0])):
        found = time_course(one, times)
        np.testing.assert_array_equal(found["twice"], 1)
        np.testing.assert_allclose(found["A"], expected, rtol=1e-6)
        np.testing.assert_allclose(time_course(one, times, {"p": 2.0})["A"], expected**2, rtol=1e-6)
    fast = solve_course(compile_course(network, ("p",)), np.array([[1.0], [2.0]]), times, threads=1)
    np.testing.assert_allclose(fast.states[:, :, network.species.index("A")], [expected, expected**2], rtol=1e-4)


@pytest.mark.parametrize(
    ("more", "when"),
    [
        ("", "time >= 1, t0=false"),
        ("", "time >= 0"),  # true before the start already
        ("", f"0.1 after {AT_ONCE}"),
        ("", "p > 0, t0=false"),  # not for everybody
        ("b = k", AT_ONCE),  # needed before
        ("f: at k < 1: A = 3", AT_ONCE),
        ("n = 0; f: at time >= 0, t0=false, priority=1: n = k", f"{AT_ONCE}, priority=0"),
        ("var j; f: at time >= 0, t0=false: j = 1; g := j", "time >= 0 && j > 0, t0=false"),
    ],
)
def test_one_that_comes_too_late_is_refused(more: str, when: str) -> None:
    with pytest.raises(ModelError, match=r"'[kj]' has no value before an event sets it: give it one in the model"):
        load_network(MODEL.format(more=more, when=when))


def test_an_event_that_sets_no_number_and_events_without_end_are_refused() -> None:
    text = MODEL.format(more="", when=AT_ONCE)
    for odd in (text.replace("p/2", "ln(-p)"), f"{text}; f: at k > 0 && A > 0, t0=false: A = -1; g: at A < 0: A = 1"):
        with pytest.raises(ModelError, match="'k' has no value"):
            load_network(odd)


def test_what_nothing_sets_says_what_would() -> None:
    with pytest.raises(ModelError, match="parameter 'k' has no value: give it one in the model, an initial assignment"):
        load_network("A' = -k*A; A = 1")
    network = load_network("A' = -k*A; A = 1; k = 2*p; p = 1")
    np.testing.assert_allclose(time_course(network, [1.0])["A"], np.exp(-2), rtol=1e-6)


def test_an_amount_in_a_compartment_that_grows() -> None:
    text = "compartment V = 2; V' = 1; species S in V; e: at time >= 0, t0=false: S = 3; f: at time > 9: S = 1"
    np.testing.assert_allclose(time_course(load_network(text), [0.0, 2.0])["S"], [3, 1.5])
    with pytest.raises(ModelError, match="species 'S' has no value before an event"):
        load_network(text.replace(">= 0", ">= 1"))
