"""Conserved moieties: exact, complete, non-negative where that is possible, and the split gives the state back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone._errors import ModelError
from eutone.engine import Network, conserved_moieties, load_network
from eutone.engine.expr import const, symbol
from eutone.engine.moieties import restore, totals
from eutone.engine.reference import time_course
from eutone.engine.status import Status


def laws(network: Network) -> list[dict[str, float]]:
    found = conserved_moieties(network).laws
    return [{network.species[i]: float(law[i]) for i in np.flatnonzero(law)} for law in found]


@st.composite
def networks(draw: st.DrawFn) -> str:
    """Mass-action networks, as Antimony: species only change into each other, with stoichiometries of 1 and 2."""
    n = draw(st.integers(2, 6))
    lines = []
    for j in range(draw(st.integers(1, 6))):
        sides = []
        for _ in range(2):
            chosen = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=2, unique=True))
            sides.append([(draw(st.integers(1, 2)), i) for i in chosen])
        left, right = (" + ".join(f"{c} S{i}" for c, i in side) for side in sides)
        forward, back = ("*".join(f"S{i}^{c}" for c, i in side) for side in sides)
        lines.append(f"R{j}: {left} -> {right}; k{j}*{forward} - h{j}*{back}")
        lines.append(f"k{j} = {draw(st.integers(1, 20)) / 10}; h{j} = {draw(st.integers(0, 20)) / 10}")
    lines.append("; ".join(f"S{i} = {draw(st.integers(1, 10)) / 10}" for i in range(n)))
    return "\n".join(lines)


@settings(max_examples=50)
@given(networks())
def test_laws_are_complete_and_hold_along_trajectories(text: str) -> None:
    network = load_network(text)
    moieties = conserved_moieties(network)
    # complete: as many as the rank says
    rank = np.linalg.matrix_rank(network.stoichiometry) if network.species else 0
    assert len(moieties.laws) == len(network.species) - rank
    # exact: integers, no tolerance
    assert not np.any(moieties.laws @ network.stoichiometry)
    # independent, and the split loses nothing
    assert np.linalg.matrix_rank(moieties.laws) == len(moieties.laws) if len(moieties.laws) else True
    assert sorted([*moieties.dependent, *moieties.independent]) == list(range(len(network.species)))
    found = time_course(network, np.linspace(0, 0.5, 4), rtol=1e-7)
    if found.status is not Status.CONVERGED:
        return  # autocatalysis may explode in finite time
    size = np.abs(moieties.laws) @ np.abs(found.states).max(axis=0, initial=0)
    drift = np.abs(found.states @ moieties.laws.T - network.initial @ moieties.laws.T).max(axis=0, initial=0)
    assert np.all(drift <= 1e-9 * (1 + size))
    constants = totals(moieties, network.initial)
    rebuilt = restore(moieties, found.states[:, moieties.independent], constants)
    np.testing.assert_allclose(rebuilt, found.states, rtol=1e-6, atol=1e-6)


def test_laws_of_pools_are_written_as_pools() -> None:
    network = load_network(
        """
        E + S -> ES; k*E*S; ES -> E + P; k*ES; P -> S; k*P
        ATP -> ADP; k*ATP*E; ADP -> ATP; k*ADP
        k = 1; E = 1; S = 5; ES = 0; P = 0; ATP = 2; ADP = 1
        """
    )
    found = laws(network)
    assert {"E": 1.0, "ES": 1.0} in found
    assert {"ATP": 1.0, "ADP": 1.0} in found
    assert {"S": 1.0, "ES": 1.0, "P": 1.0} in found
    assert len(found) == 3


def test_a_law_with_a_minus_sign_is_found_where_no_other_exists() -> None:
    (law,) = laws(load_network("A + B -> ; k*A*B; -> A + B; 1; k = 1; A = 2; B = 1"))
    assert law in ({"A": 1.0, "B": -1.0}, {"A": -1.0, "B": 1.0})


def test_stoichiometries_count() -> None:
    assert laws(load_network("2 A -> B; k*A^2; B -> 2 A; k*B; k = 1; A = 1; B = 1")) == [{"A": 1.0, "B": 2.0}]


def test_concentrations_in_unequal_compartments_are_weighted_by_size() -> None:
    network = load_network(
        """
        compartment blood = 5, brain = 1.5; species A in blood, B in brain; A = 1; B = 2
        A -> B; k*A; B -> A; k*B; k = 1
        """
    )
    (law,) = laws(network)
    assert law == pytest.approx({"A": 5.0, "B": 1.5})
    found = time_course(network, [0.0, 1.0, 10.0])
    np.testing.assert_allclose(5 * found["A"] + 1.5 * found["B"], 8.0, rtol=1e-9)
    moieties = conserved_moieties(network)
    np.testing.assert_allclose(
        restore(moieties, found.states[:, moieties.independent], totals(moieties, network.initial)), found.states
    )


def test_rate_rules_conserve_nothing() -> None:
    network = load_network("A -> B; k*A; k = 1; A = 1; B = 0; W' = -W; W = 3")
    assert laws(network) == [{"A": 1.0, "B": 1.0}]
    assert network.species.index("W") in conserved_moieties(network).independent


def test_the_dependent_species_is_the_one_that_holds_most() -> None:
    network = load_network("A -> B; k*A; B -> A; B; k = 1; A = 0.01; B = 100")
    assert [network.species[i] for i in conserved_moieties(network).dependent] == ["B"]


def test_an_open_network_has_no_laws() -> None:
    moieties = conserved_moieties(load_network("-> A; 1; A -> B; A; B -> ; B; A = 1; B = 1"))
    assert moieties.laws.shape == (0, 2)
    assert moieties.link.shape == (0, 2)
    np.testing.assert_array_equal(restore(moieties, [3.0, 4.0], np.zeros(0)), [3.0, 4.0])


def test_a_stoichiometry_that_is_no_fraction_is_refused_by_name() -> None:
    network = Network(
        "odd", ("A",), np.ones(1), (), np.zeros(0), ("r",), (symbol("A") * const(2),), np.array([[-np.pi]])
    )
    with pytest.raises(ModelError, match="'A' in 'r'"):
        conserved_moieties(network)
