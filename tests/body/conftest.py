"""The whole person, loaded once; where people rest whose parameters differ; modules alone, parameters drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from eutone.body._compose import load_module, load_whole, ports
from eutone.body._spreads import shares
from eutone.body._tables import parameters
from eutone.engine import Network, compile_network, solve_steady
from eutone.engine.course import compile_course, solve_course
from eutone.engine.reference import Derivative, steady_state, time_course

Values = dict[str, float]

MOVED = (
    *("e_ALDH5A1", "e_DDC", "e_IDO1", "e_IDO1_b", "e_KMO_b", "e_MTHFR", "s_NEFA", "s_insulin", "t_CBLIF"),
    *("in_B12", "in_B6", "in_copper", "in_folate", "in_protein", "in_vitC"),
)
"""What tests of the whole person move: one compiled program serves them all."""


@pytest.fixture(scope="session")
def whole_network() -> Network:
    return load_whole()


@pytest.fixture(scope="session")
def whole_derivative(whole_network: Network) -> Derivative:
    return Derivative(whole_network)


@pytest.fixture(scope="session")
def whole_folds(whole_network: Network, whole_derivative: Derivative) -> Callable[..., Values]:
    """Everything over its default, in the whole person whose parameters (of `MOVED`) are these times their defaults."""
    compiled = compile_network(whole_network, free=MOVED)
    at = [whole_network.parameters.index(name) for name in MOVED]
    default = whole_derivative.values(0.0, whole_network.initial, whole_network.values)

    def folds(**factors: float) -> Values:
        values = np.array(whole_network.values)
        for name, factor in factors.items():
            values[at[MOVED.index(name)]] *= factor
        found = solve_steady(compiled, values[None, at])
        assert found.status[0] == 0, found.status
        state = whole_derivative.values(0.0, found.states[0], values)
        return {name: value / default[name] for name, value in state.items() if default.get(name)}

    return folds


@pytest.fixture(scope="session")
def serotonin_blocked(whole_network: Network, whole_derivative: Derivative) -> dict[str, NDArray[np.float64]]:
    """Everything in the whole person with a fifth of SERT, at 0, 2 and 24 h, 2, 18, 28, 42 and 56 d."""
    hours = [0.0, 2.0, 24.0, 48.0, 432.0, 672.0, 1008.0, 1344.0]
    run = solve_course(compile_course(whole_network, ("t_SERT",)), [[0.2]], hours)
    assert run.status[0] == 0
    values = np.array(whole_network.values)
    values[whole_network.parameters.index("t_SERT")] = 0.2
    found = [whole_derivative.values(t, x, values) for t, x in zip(hours, run.states[0], strict=True)]
    return {name: np.array([at[name] for at in found]) for name in found[0]}


@pytest.fixture(scope="session")
def module_folds() -> Callable[..., Values]:
    """The same of one module alone, its ports as constants."""
    made: dict[str, tuple[Network, Derivative]] = {}

    def folds(module: str, factors: Mapping[str, float]) -> Values:
        if module not in made:
            network = load_module(module)
            made[module] = network, Derivative(network)
        network, derivative = made[module]
        values = dict(zip(network.parameters, network.values, strict=True))
        default = derivative.values(0.0, network.initial, network.values)
        found = steady_state(network, {n: values[n] * f for n, f in factors.items()}, derivative=derivative)
        assert found.status == 0, found.reason
        return {name: value / default[name] for name, value in found.values.items() if default.get(name)}

    return folds


@pytest.fixture(scope="session")
def stays_positive() -> Callable[[str], None]:
    """Whether a module alone keeps every level above 0: parameters from twice their spreads, a start far from rest."""

    def check(module: str) -> None:
        network = load_module(module)
        derivative = Derivative(network)
        rng = np.random.default_rng(0)
        taken_from_1 = shares(network)
        spread = {p.flat: 2.0 * np.hypot(p.person_ln_sd, p.structural_ln_sd) for p in parameters()}
        spread |= dict.fromkeys(ports(module), 0.5)
        for _ in range(8):
            drawn = {n: float(v * np.exp(rng.normal(0.0, spread.get(n, 0.0))))
                     for n, v in zip(network.parameters, network.values, strict=True)}  # fmt: skip
            for n in taken_from_1 & set(drawn):  # what is taken from 1 is drawn as odds, as everywhere
                v = network.values[network.parameters.index(n)]
                if 0 < v < 1:
                    odds = drawn[n] / (1 - v)
                    drawn[n] = odds / (1 + odds)
            start = network.initial * np.exp(rng.normal(0.0, 1.5, len(network.species)))
            found = time_course(network, [0.0, 0.1, 1.0, 6.0, 24.0, 96.0], drawn, start=start, rtol=1e-6, atol=1e-10,
                                derivative=derivative)  # fmt: skip
            assert found.status == 0, found.reason
            assert (found.states >= -1e-7 * np.abs(network.initial)).all()

    return check
