"""Doses, clocks and events that touch each other: lanes against the reference path."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone._errors import ModelError
from eutone.engine import edges, load_network
from eutone.engine.course import Dose, compile_course, jumps_until, solve_course
from eutone.engine.periodic import periodic_orbits
from eutone.engine.reference import Dose as OneDose
from eutone.engine.reference import time_course
from eutone.engine.sensitivity import sensitivities
from eutone.engine.stream import stream_course

DECAY = load_network("model m(); species x=1; k=0.5; J: x ->; k*x; end")


def beside_reference(text, doses=(), times=None, free=(), **kwargs):
    network = load_network(f"model m(); {text} end")
    times = np.linspace(0, 10, 41) if times is None else np.asarray(times, dtype=float)
    infused = tuple({d.target for d in doses if d.duration and d.target in network.species})
    code = compile_course(network, free, infused=infused)
    values = network.values_with()[[network.parameters.index(name) for name in free]][None]
    slow = time_course(network, times, doses=[OneDose(d.target, d.time, d.amount, d.duration) for d in doses],
                       rtol=1e-10, atol=1e-13)  # fmt: skip
    fast = solve_course(code, values, times, doses=doses, rtol=1e-10, atol=1e-13, **kwargs)
    assert slow.status == 0, slow.reason
    assert fast.counts() == {"CONVERGED": 1}
    np.testing.assert_allclose(fast.states[0], slow.states, rtol=1e-6, atol=1e-8)
    return fast.states[0]


def test_a_time_beside_a_dose_is_not_left_out():
    # three times 0.3 is one bit less than 0.9: nothing is integrated from the last dose to the last time
    doses = [Dose("x", k * 0.3, 1.0) for k in range(4)]
    found = solve_course(compile_course(DECAY), np.zeros((1, 0)), [0.0, 0.9], doses=doses)
    assert found.counts() == {"CONVERGED": 1}
    assert np.isfinite(found.states).all()


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12), st.booleans()), max_size=6),
    st.sampled_from([0.1, 0.3, 1 / 3, 0.7, 1.0]),
    st.lists(st.integers(1, 40), min_size=1, max_size=8, unique=True),
)
@settings(max_examples=60, deadline=None)
def test_doses_on_a_grid_of_rounded_times(given_, step, when):
    doses = [Dose("x" if flows else "k", k * step, 0.3, 0.1 * length) for k, length, flows in given_]
    # times written another way round, so that they differ from those of the doses by a bit or not at all
    times = np.unique([0.0, *(k / (1 / step) for k in when)])
    beside_reference("species x=1; k=0.5; J: x ->; k*x;", doses, times, ("k",))


def test_a_dose_to_a_parameter_reaches_triggers_values_and_delays():
    text = "species x=1, y=0; k=0.5; c=0.1; d=0.5; J: x ->; k*x; E: at d after x < c: x = 1 + c, y = c;"
    raised = beside_reference(text, [Dose("c", 1.0, 0.3, 4.0), Dose("d", 2.0, 0.7)], free=("c", "d"))
    assert np.abs(raised - beside_reference(text)).max() > 0.1


def test_a_dose_moves_a_clock():
    text = "species x=0; p=8; J: -> x; piecewise(1, time >= p, 0);"
    found = beside_reference(text, [Dose("p", 2.0, -3.5)], free=("p",))
    np.testing.assert_allclose(found[-1], 10 - 4.5, rtol=1e-8)
    # and back, when what was given has ended
    found = beside_reference(text, [Dose("p", 2.0, -3.5, 3.0)], free=("p",))
    np.testing.assert_allclose(found[-1], 0.5 + 2.0, rtol=1e-8)


def test_an_event_moves_a_clock():
    text = "species x=0, y=0; s=100; J: -> x; piecewise(1, time - s < 0.25 && time >= s, 0); J2: -> y; 1;"
    found = beside_reference(text + "E: at y >= 2.1: s = time + 1.3; F: at y >= 6: s = time + 2;")
    np.testing.assert_allclose(found[-1, 0], 0.5, rtol=1e-7)


def test_what_a_dose_ends_with_is_what_it_began_with():
    code = compile_course(DECAY, ("k",))
    doses = [Dose("k", 0.1 * j, 0.1 + 0.01 * j, 1.7) for j in range(20)]
    given_ = solve_course(code, [[0.3]], [0.0, 4.0, 6.0], doses=doses, rtol=1e-10, atol=1e-14)
    begun = solve_course(code, [[0.3]], [0.0, 2.0], start=given_.states[0, 1], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(given_.states[0, 2], begun.states[0, 1], rtol=1e-9)


@pytest.mark.parametrize("duration", [1e-300, 1e-20, 1e-15])
def test_an_infusion_shorter_than_a_step_is_a_bolus(duration):
    code = compile_course(DECAY, infused=("x",))
    for time in (0.0, 1.0):
        slow, fast = (
            solve_course(code, np.zeros((1, 0)), [0.0, 2.0], doses=[Dose("x", time, 3.0, d)]) for d in (0.0, duration)
        )
        np.testing.assert_allclose(fast.states[:, 1], slow.states[:, 1], rtol=1e-12)


def test_an_impossible_delay_is_one_person_s_own():
    network = load_network("model m(); species x=1; k=0.5; d=0.1; J: x ->; k*x; E: at d after x < 0.5: x = 2; end")
    code = compile_course(network, ("d",))
    found = solve_course(code, [[0.1], [-1.0], [np.nan], [0.3]], [0.0, 1.0, 3.0])
    assert found.counts() == {"CONVERGED": 2, "NOT_FINITE": 2}
    for k in (0, 3):
        alone = solve_course(code, [[0.1, 0, 0, 0.3][k : k + 1]], [0.0, 1.0, 3.0])
        assert alone.states.tobytes() == found.states[k].tobytes()
    assert np.isfinite(found.states[1:3, 1]).all()
    assert np.isnan(found.states[1:3, 2]).all()


def test_nothing_is_infused_twice():
    with pytest.raises(ModelError, match="twice"):
        compile_course(DECAY, infused=("x", "x"))


def test_a_short_pulse_is_seen_however_long_the_course():
    network = load_network("model m(); species x=0; J: -> x; piecewise(1, sin(2*pi*time/24) > 0.99, 0); end")
    found = solve_course(compile_course(network), np.zeros((1, 0)), [0.0, 9600.0], rtol=1e-9)
    assert found.counts() == {"CONVERGED": 1}
    np.testing.assert_allclose(found.states[0, 1, 0], 400 * 24 * np.arccos(0.99) / np.pi, rtol=1e-8)


CLOCKED = load_network("model m(); species x=1; k=0.5; J: x ->; k*x*(1 + piecewise(1, sin(time) > 0.3, 0)); end")


@pytest.mark.parametrize("solve", ["orbit", "stream", "slopes"])
def test_the_jumps_of_everybody_are_found_once_for_courses_that_end_together(solve, tmp_path, monkeypatch):
    looked: list[float] = []
    found = edges.jumps
    monkeypatch.setattr(edges, "jumps", lambda *a: looked.append(a[-1]) or found(*a))
    code = compile_course(CLOCKED, ("k",))
    values, end = np.linspace(0.1, 1.0, 12)[:, None], 2 * np.pi
    if solve == "orbit":
        assert periodic_orbits(code, values, end).periods.max() > 3
    elif solve == "stream":
        draw = lambda low, high: (values[low:high], None)  # noqa: E731
        assert stream_course(code, draw, 12, [0.0, end], tmp_path / "a.npz", key="", piece=2).pieces == 6
    else:
        sensitivities(code, values, [0.0, end])
    assert looked.count(end) == 1


def test_jumps_that_are_handed_on_change_no_bit_and_fit_only_their_own_end():
    code, times = compile_course(CLOCKED, ("k",)), np.linspace(0.0, 40.0, 9)
    jumps = jumps_until(code, times)
    assert jumps.times is not None
    assert jumps.times.size > 10
    anew, handed = (solve_course(code, [[0.1], [0.9]], times, jumps=j).states for j in (None, jumps))
    np.testing.assert_array_equal(anew, handed)
    with pytest.raises(ValueError, match="the course ends at 20"):
        solve_course(code, [[0.1]], [0.0, 20.0], jumps=jumps)
