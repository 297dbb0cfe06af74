"""Homocysteine and folate: what was seen of people, and the constants that were fitted to it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eutone.body import Body, load
from eutone.body._body import STRUCTURE
from eutone.body._tables import parameters


@pytest.fixture(scope="module")
def body() -> Body:
    return load()


def folds(body: Body, **factors: float) -> dict[str, float]:
    """Folds of the table's own body with these parameters times so much."""
    ln = np.zeros((1, len(body.free)))
    ln[0, body.free.index(STRUCTURE)] = -9.0
    for name, factor in factors.items():
        ln[0, body.free.index(name.replace("__", "."))] = math.log(factor)
    return dict(zip(body.readouts, np.exp(body.solve(ln).log_readouts[0]), strict=True))


def test_677TT_is_within_a_tenth_of_what_was_seen(body: Body):
    """20-25 % less serum folate (a secondary source), about 20 % more homocysteine (10.1371/journal.pmed.1001177)."""
    found = folds(body, enzyme__MTHFR=0.3)
    assert found["plasma.homocysteine"] == pytest.approx(1.2, rel=0.1)
    assert found["plasma.folate"] == pytest.approx(0.775, rel=0.12)


def test_severe_deficiency_is_another_thing(body: Body):
    """What the pattern table has: homocysteine up threefold and more, CSF 5-MTHF to a third, methionine down."""
    found = folds(body, enzyme__MTHFR=0.03)
    assert found["plasma.homocysteine"] > 3.0
    assert found["csf.5-MTHF"] == pytest.approx(1 / 3, rel=0.1)
    assert found["plasma.methionine"] < 0.9
    assert folds(body, enzyme__MTHFR=0.01)["plasma.homocysteine"] > 2 * found["plasma.homocysteine"]


def test_folic_acid_lowers_homocysteine_by_a_quarter(body: Body):
    """10.1136/bmj.316.7135.894: 25 %, and no more with larger doses."""
    assert folds(body, intake__folate=2.0)["plasma.homocysteine"] == pytest.approx(0.75, abs=0.05)


def test_what_was_fitted_is_sampled_and_says_to_what():
    fitted = [p for p in parameters() if p.grade == "FITTED"]
    assert {"MTHFR.excess", "MS.folate.K", "MS.folate.k", "MS.homocysteine.K", "SAM.liver", "SAM.use"} <= {
        p.id for p in fitted
    }
    for p in fitted:
        assert p.structural_ln_sd > 0, p.id
        assert p.source.startswith("fitted"), p.id
