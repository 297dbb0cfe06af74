"""People who begin where they rest."""

from __future__ import annotations

import numpy as np
import pytest

import eutone as eu
from eutone._loaded import Model
from eutone._people import People

POOLS = """
model pools()
  species A, B, C; A = 5; B = 1; C = 0; a = 2; k = 0.5; b = 0.25;
  J1: -> A; a;
  J2: A -> ; k*A;
  J3: B -> C; b*A*B;
  J4: C -> B; k*C;
end
"""


@pytest.fixture(scope="module")
def pools() -> Model:
    return eu.load(POOLS)


def test_each_begins_in_the_steady_state_of_their_own_numbers(pools: Model) -> None:
    drawn = pools.sample(30, seed=4)
    people, found = eu.at_rest(pools, drawn)
    assert found.all()
    assert len(people) == 30
    for name in drawn.parameters:
        np.testing.assert_array_equal(people[name], drawn[name])
    np.testing.assert_allclose(people["A"], drawn["a"] / drawn["k"], rtol=1e-8)
    np.testing.assert_allclose(people["B"] + people["C"], 1, rtol=1e-9)  # a total is that of the start
    course = eu.simulate(pools, people, times=[0, 1, 50])
    np.testing.assert_allclose(course["C"], np.repeat(people["C"][:, None], 3, 1), rtol=1e-5)


def test_nobody_drawn_is_the_model_itself_with_what_is_set(pools: Model) -> None:
    people, found = eu.at_rest(pools, set={"a": 3.0})
    assert found.all()
    assert len(people) == 1
    np.testing.assert_allclose(people["A"], 6, rtol=1e-8)


def test_where_a_species_began_goes_into_the_total_and_is_replaced(pools: Model) -> None:
    people, _ = eu.at_rest(pools, {"B": [1.0, 2.0]})
    assert people.parameters == ("A", "B", "C")
    np.testing.assert_allclose(people["B"] + people["C"], [1, 2], rtol=1e-9)


def test_who_has_no_steady_state_begins_as_the_model_does() -> None:
    model = eu.load("model grows() species A; A = 1; a = 1; k = 1; J1: -> A; a; J2: A -> ; k*A; end")
    people, found = eu.at_rest(model, People.of({"a": [2.0, 1.0], "k": [1.0, 0.0]}))
    assert found.tolist() == [True, False]
    np.testing.assert_allclose(people["A"], [2, 1], rtol=1e-8)


def test_who_has_none_begins_where_their_own_numbers_say() -> None:
    model = eu.load("model grows() species A; A = 2*a; a = 1; k = 1; J1: -> A; a; J2: A -> ; k*A; end")
    people, found = eu.at_rest(model, People.of({"a": [2.0, 3.0], "k": [1.0, 0.0]}))
    assert found.tolist() == [True, False]
    np.testing.assert_allclose(people["A"], [2, 6], rtol=1e-8)
    people, _ = eu.at_rest(model, People.of({"A": [5.0, 7.0], "k": [1.0, 0.0]}))
    np.testing.assert_allclose(people["A"], [1, 7], rtol=1e-8)


def test_a_species_that_is_set_goes_into_the_total(pools: Model) -> None:
    people, _ = eu.at_rest(pools, set={"B": 4.0})
    np.testing.assert_allclose(people["B"] + people["C"], 4, rtol=1e-9)
