"""Periodic states: closed forms, slow processes that nobody would wait for, moieties, doses."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from eutone._errors import ModelError
from eutone.engine import load_network
from eutone.engine.course import Dose, compile_course, solve_course
from eutone.engine.periodic import periodic_orbits
from eutone.engine.status import Status

SIX = Path(__file__).parents[2] / "scripts/bench_models/six-terminals.ant"
DRIVEN = load_network("model d(); species x=5; k=0.01; J0: -> x; 1 + 0.5*sin(2*pi*time/24); J1: x ->; k*x; end")


def test_a_driven_decay_has_its_closed_form():
    k = np.array([1.0, 0.1, 1e-3, 1e-5])
    found = periodic_orbits(compile_course(DRIVEN, ("k",)), k[:, None], 24.0)
    w = 2 * math.pi / 24
    truth = 1 / k + 0.5 * -w / (k**2 + w**2)
    assert (found.status == 0).all()
    np.testing.assert_allclose(found.states[:, 0], truth, rtol=1e-5)
    assert found.periods.max() < 25, "the slowest would take a thousand years"


def test_the_six_terminals_repeat():
    network = load_network(SIX.read_text())
    free = tuple(p for p, v in zip(network.parameters, network.values, strict=True) if v > 0 and p not in ("c", "amp"))
    default = np.array([network.values[network.parameters.index(p)] for p in free])
    values = default * np.exp(0.2 * np.random.default_rng(0).standard_normal((20, len(free))))
    code = compile_course(network, free)
    found = periodic_orbits(code, values, 24.0)
    assert (found.status == 0).all()
    again = solve_course(code, values, [0.0, 24.0, 240.0], start=found.states, rtol=1e-9, atol=1e-12).states
    np.testing.assert_allclose(again[:, 1], again[:, 0], rtol=1e-5)
    np.testing.assert_allclose(again[:, 2], again[:, 0], rtol=1e-5)
    sums = [network.species.index(s) for s in ("bh2_0", "bh4_0")]
    np.testing.assert_allclose(found.states[:, sums].sum(axis=1), network.initial[sums].sum(), rtol=1e-9)


def test_a_dose_every_period():
    network = load_network("model p(); species x=0; k=0.05; J: x ->; k*x; end")
    k = np.array([0.05, 0.01])
    found = periodic_orbits(compile_course(network, ("k",)), k[:, None], 8.0, doses=[Dose("x", 2.0, [3.0, 1.0])])
    # at time 0 six hours have passed since the dose
    truth = np.array([3.0, 1.0]) * np.exp(-k * 6) / (1 - np.exp(-k * 8))
    np.testing.assert_allclose(found.states[:, 0], truth, rtol=1e-6)


def test_who_has_no_orbit_is_said():
    network = load_network("model g(); species x=1; k=0.1; J0: -> x; 1 + 0*sin(2*pi*time/24); J1: x ->; k*x; end")
    found = periodic_orbits(compile_course(network, ("k",)), [[0.1], [0.0], [0.2]], 24.0, most=12)
    assert found.status.tolist() == [0, int(Status.STEP_LIMIT), 0]


def test_what_does_not_repeat_is_refused():
    code = compile_course(DRIVEN, ("k",))
    with pytest.raises(ModelError, match="repeat"):
        periodic_orbits(code, [[0.1]], 10.0)
    with pytest.raises(ModelError, match="positive"):
        periodic_orbits(code, [[0.1]], 0.0)
    assert len(periodic_orbits(code, np.zeros((0, 1)), 24.0).states) == 0


DECAY = load_network("model p(); species x=0; k=0.05; f=0; J0: -> x; f; J: x ->; k*x; end")


@pytest.mark.parametrize("target", ["x", "f"])
def test_an_infusion_goes_on_into_the_next_period(target):
    code = compile_course(DECAY, ("k", "f"), infused=("x",))
    values = [[0.05, 0.0], [0.3, 0.0]]
    amounts = {"x": 4.0, "f": 2.0}  # the same flow, 2 for two hours
    found = periodic_orbits(code, values, 8.0, doses=[Dose(target, [7.0, 6.5], amounts[target], 2.0)])
    assert (found.status == 0).all()
    days = [Dose(target, np.array([7.0, 6.5]) + 8.0 * k, amounts[target], 2.0) for k in range(60)]
    waited = solve_course(code, values, [0.0, 480.0], doses=days, rtol=1e-9, atol=1e-12).states[:, 1]
    np.testing.assert_allclose(found.states, waited, rtol=1e-6)


@pytest.mark.parametrize("dose", [Dose("x", 9.0, 1.0), Dose("x", 1.0, 1.0, 9.0), Dose("f", 1.0, 1.0)])
def test_doses_that_do_not_repeat_are_refused(dose):
    with pytest.raises(ModelError, match="dose to"):
        periodic_orbits(compile_course(DECAY, ("k", "f"), infused=("x",)), [[0.05, 0.0]], 8.0, doses=[dose])


def test_whoever_stands_beside():
    code = compile_course(DRIVEN, ("k",))
    k = np.exp(np.random.default_rng(1).normal(-3, 2, 9))
    together = periodic_orbits(code, k[:, None], 24.0, doses=[Dose("x", np.linspace(0, 20, 9), 1.0)])
    for j in range(9):
        alone = periodic_orbits(code, k[j : j + 1, None], 24.0, doses=[Dose("x", [np.linspace(0, 20, 9)[j]], 1.0)])
        assert alone.states.tobytes() == together.states[j].tobytes()


def test_everybody_s_clock_is_looked_at():
    network = load_network("model c(); species x=1; w=24; J0: -> x; 1 + sin(2*pi*time/w); J1: x ->; x; end")
    code = compile_course(network, ("w",))
    assert periodic_orbits(code, [[24.0], [12.0]], 24.0).status.tolist() == [0, 0]
    with pytest.raises(ModelError, match="w = 17"):
        periodic_orbits(code, [[24.0], [17.0]], 24.0)


def test_events_are_refused():
    network = load_network("model e(); species x=1; J: x ->; x; E: at x < 0.5: x = 1; end")
    with pytest.raises(ModelError, match="event 'E'"):
        periodic_orbits(compile_course(network), np.zeros((1, 0)), 24.0)


def test_people_who_are_unlike_the_default_person_are_found_too() -> None:
    """Twelve memories of hours to years, each person's own, some a thousandth of others in size."""
    n = 12
    text = "model m(); species A=1; w=0.2617993877991494; J0: -> A; 1+0.5*cos(w*time); J1: A ->; A; "
    for k in range(n):
        text += f"species M{k}=1e-{k % 4}; t{k}=10; s{k}=1e-{k % 4}; "
        text += f"Ja{k}: -> M{k}; s{k}*A^2/(1+M{k}/s{k})/t{k}; Jb{k}: M{k} ->; M{k}/t{k}; "
    code = compile_course(load_network(text + "end"), tuple(f"t{k}" for k in range(n)))
    values = np.exp(np.random.default_rng(0).uniform(np.log(5), np.log(20_000), (10, n)))
    found = periodic_orbits(code, values, 24.0)
    assert (found.status == Status.CONVERGED).all()
    later = solve_course(code, values, [0.0, 240.0], start=found.states, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(later.states[:, 1], found.states, rtol=3e-6)
