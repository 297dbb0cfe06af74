"""`Model`: how people of the body differ, and in which units it counts, from the body's own table."""

from __future__ import annotations

import numpy as np
import pytest

import eutone as eu
from eutone import body

TABLE = {row.flat: row for row in body.parameters()}


@pytest.mark.parametrize("name", ["body", "cofactors", "gaba"])
def test_people_of_the_body_differ_as_its_table_says(name: str) -> None:
    model = eu.load(name)
    people = model.sample(5, seed=3)
    said = {p: TABLE[p].person_ln_sd for p in model.parameters if p in TABLE and TABLE[p].person_ln_sd > 0}
    assert len(said) > 3
    assert dict(zip(people.parameters, people.spread, strict=True)) == said == dict(model.spreads)
    assert len({*people.spread}) > 1


def test_a_spread_that_is_given_goes_before_the_table() -> None:
    model = eu.load("body")
    one = model.sample(5, spread=0.3, only="e_TH")
    usual = model.sample(5, only="e_TH")
    assert one.spread == (0.3,)
    assert usual.spread == (TABLE["e_TH"].person_ln_sd,)
    # the same draw, otherwise scaled
    np.testing.assert_allclose(np.log(one["e_TH"]) / 0.3, np.log(usual["e_TH"]) / usual.spread[0], rtol=1e-12)
    assert model.sample(5, spread=0.2).parameters == tuple(p for p, v in model.parameters.items() if v != 0)


def test_what_does_not_differ_by_the_table_is_not_drawn_by_it() -> None:
    model = eu.load("body")
    with pytest.raises(eu.InputError, match=r"Say how much: spread=0\.2"):
        model.sample(5, only="K_AADC_HTP")
    assert model.sample(5, only=["K_AADC_HTP", "e_TH"]).parameters == ("e_TH",)


def test_a_model_without_a_table_has_one_spread_for_all() -> None:
    for source in ("dopamine_2009", "species A; A = 1; J: A -> ; k*A; k = 1"):
        model = eu.load(source)
        assert model.spreads == {}
        assert {*model.sample(2).spread} == {0.2}


def test_units_are_those_of_the_table_and_stand_in_the_result() -> None:
    model = eu.load("gaba")
    assert model.units["GABA"] == TABLE["GABA"].unit == "uM"
    found = eu.simulate(model, times=[0, 1], wanted=["GABA", next(iter(model.spreads))])
    assert found["GABA"].attrs["units"] == "uM"
    assert found[next(iter(model.spreads))].attrs["units"] == model.units[next(iter(model.spreads))]
    assert eu.load("dopamine_2009").units["eda"] == "uM"
    assert eu.load("species A; A = 1").units == {}
