"""Whole people are drawn from every spread, and what comes out is a person."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body._compose import MODULES, all_parameters, load_whole, used_names
from eutone.body._couplings import couplings
from eutone.body._spreads import Drawn, drawn, ln_sd, spreads
from eutone.body._structure import structural_ids


@pytest.fixture(scope="module")
def everything() -> Drawn:
    return drawn(load_whole())


def test_the_middle_is_the_default_person(everything: Drawn):
    at = dict(zip(load_whole().parameters, load_whole().values, strict=True))
    middle = everything.at(np.zeros(len(everything.rows)))
    assert middle == pytest.approx([at[name] for name in everything.names], rel=1e-12)


def test_signs_stay_and_shares_stay_shares(everything: Drawn):
    people = everything.people(200, seed=0)
    moved = everything.default != 0
    assert (np.sign(people[:, moved]) == np.sign(everything.default[moved])).all()
    assert (people[:, everything.share] < 1).all()
    names = {p.id for p, share in zip(everything.rows, everything.share, strict=True) if share}
    # 1 - p*x, x + 1 - p, and one that only the table can know of
    assert {"prolactin.dopamine.max", "folate.DHFR.share", "prolactin.serotonin.gain"} <= names
    # a linear coupling below 1, which would stop its target in sleep
    assert "coupling.wake.LC" in names


def test_the_first_people_do_not_depend_on_how_many(everything: Drawn):
    assert (everything.people(3, seed=5) == everything.people(9, seed=5)[:3]).all()


def test_a_number_does_not_depend_on_which_others_are_drawn(everything: Drawn):
    """So a new row of the table leaves everybody who they were."""
    some = [3, 40, 41]
    few = Drawn(
        tuple(everything.rows[k] for k in some),
        everything.default[some],
        everything.ln_sd[some],
        everything.share[some],
    )
    assert (few.people(7, seed=2) == everything.people(7, seed=2)[:, some]).all()


def test_spread_is_what_the_tables_say(everything: Drawn):
    """People's and our own together; the strength of a coupling has the coupling's."""
    ids = {p.id: p for p in all_parameters()}
    assert ln_sd(ids["NET.K"]) == spreads()["NET.K"].structural_ln_sd
    both = ids["plasma.Phe.transamination"]
    assert ln_sd(both) == pytest.approx(np.hypot(both.person_ln_sd, both.structural_ln_sd))
    c = couplings()[0]
    assert ln_sd(ids[f"coupling.{c.id}"]) == c.ln_sd
    assert {f"coupling.{c.id}" for c in couplings()} <= {p.id for p in everything.rows}


def test_inference_reads_none_of_it():
    """Its structural constants are those of parameters.csv alone, which its evidence was made with."""
    used = used_names(MODULES)
    extra = {p.flat for p in all_parameters() if p.id in spreads() and p.flat in used}
    assert extra
    assert not extra & set(structural_ids())
