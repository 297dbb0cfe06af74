"""The body in time: lanes against the reference path, severe defects, nobody harmed by a neighbour."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body import load
from eutone.engine.course import Dose, compile_course, solve_course
from eutone.engine.reference import Dose as OneDose
from eutone.engine.reference import time_course
from eutone.engine.status import Status

NETWORK = load().network
ENZYMES = tuple(p for p in NETWORK.parameters if p.startswith(("e_", "t_")))
DEFAULT = np.array([NETWORK.values[NETWORK.parameters.index(p)] for p in ENZYMES])


@pytest.fixture(scope="module")
def code():
    return compile_course(NETWORK, ENZYMES)


@pytest.mark.parametrize("enzyme", ["e_DDC", "e_MAOA", "e_QDPR", "t_DAT"])
def test_a_day_on_levodopa_as_on_the_reference_path(code, enzyme):
    times = np.array([0.0, 1.0, 6.0, 24.0])
    values = DEFAULT.copy()
    values[ENZYMES.index(enzyme)] = 0.003
    given = [("P_LDOPA", t, 2.0) for t in (0.0, 8.0, 16.0)]
    slow = time_course(
        NETWORK, times, dict(zip(ENZYMES, values, strict=True)), [OneDose(*d) for d in given], rtol=1e-8, atol=1e-11
    )
    fast = solve_course(code, values[None], times, doses=[Dose(*d) for d in given], rtol=1e-8, atol=1e-14)
    assert fast.counts() == {"CONVERGED": 1}
    floor = 1e-6 * np.abs(slow.states).max(axis=0)
    assert (np.abs(fast.states[0] - slow.states) <= 2e-5 * np.abs(slow.states) + floor).all()


@pytest.mark.parametrize("residual", [1e-2, 1e-3])
def test_every_enzyme_nearly_gone_and_pairs_of_them(code, residual):
    """All end, or say why; whoever stands beside them keeps every bit."""
    rng = np.random.default_rng(0)
    n = len(ENZYMES)
    values = np.tile(DEFAULT, (2 * n + 1, 1))
    values[range(n), range(n)] *= residual
    for k in range(n):
        values[n + k, rng.choice(n, 2, replace=False)] *= residual
    times = np.array([0.0, 24.0, 168.0])
    found = solve_course(code, values, times, rtol=1e-6, atol=1e-9)
    assert set(found.counts()) <= {"CONVERGED"}, found.counts()
    assert (found.states >= -1e-5 * np.abs(found.states).max(axis=(0, 1))).all()
    alone = solve_course(code, values[-1:], times, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(found.states[-1], alone.states[0])
    assert (alone.status == Status.CONVERGED).all()


def test_the_default_stays_where_it_is(code):
    found = solve_course(code, DEFAULT[None], [0.0, 1000.0], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found.states[0, 1], found.states[0, 0], rtol=1e-4, atol=1e-9)
