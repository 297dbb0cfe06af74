"""What is computed from states is not a number where these are not known."""

from __future__ import annotations

import numpy as np

from eutone.engine import load_network
from eutone.engine.course import compile_course, solve_course
from eutone.engine.dosing import Dose
from eutone.engine.observe import observe, wanted_of

BURSTS = load_network("model b(); species x=1; k=1; c := 2*k; w := time + k; J: -> x; k*x*x; end")


def test_who_was_not_reached_shows_nothing_not_even_constants():
    times = np.array([0.0, 0.5, 2.0])
    wanted = wanted_of(BURSTS, ("c", "w", "k"))
    assert wanted.species == ("x",)
    values = np.array([[0.1], [1.0]])  # the second is infinite at time 1
    found = solve_course(compile_course(BURSTS, ("k",)), values, times, wanted=wanted.species)
    assert found.status[0] == 0 != found.status[1]
    c, w, k = observe(BURSTS, wanted, times, found.states, ("k",), values)
    np.testing.assert_array_equal(c[0], 0.2)
    np.testing.assert_array_equal(c[1], [2.0, 2.0, np.nan])
    np.testing.assert_array_equal(w[1], [1.0, 1.5, np.nan])
    np.testing.assert_array_equal(k[1], [1.0, 1.0, np.nan])


def test_a_dose_to_a_parameter_shows_in_what_is_computed_from_it():
    times = np.array([0.0, 1.0, 2.0, 3.0])
    wanted = wanted_of(BURSTS, ("c",))
    states = np.ones((2, 4, 1))
    found = observe(
        BURSTS, wanted, times, states, ("k",), np.array([[0.1], [0.2]]), [Dose("k", [1.0, np.nan], 1.0, 2.0)]
    )
    np.testing.assert_allclose(found[0], [[0.2, 2.2, 2.2, 0.2], [0.4, 0.4, 0.4, 0.4]])
