"""One stratum drawn again: what the recipe says, and what the weights promise."""

from __future__ import annotations

import json

import numpy as np
import pytest

from eutone._errors import InputError
from eutone.body._spreads import shares
from eutone.population.draw import LEAST_EFFECTIVE, Recruits, population, recruit, weighted, whole
from eutone.population.fit import default_within, moments
from eutone.population.ranges import FOLDER, healthy_range
from eutone.population.recipe import of_body
from eutone.population.targets import (
    aged,
    correlations,
    fitted_pair,
    held_out,
    published,
    sampled,
    strata,
)

PEOPLE = 1000
MAN = next(s for s in strata() if s.sex == "male" and s.low == 30)


@pytest.fixture(scope="module")
def people() -> Recruits:
    return recruit(MAN, PEOPLE, seed=0)


def test_the_committed_ranges_are_of_this_body() -> None:
    recipe = json.loads((FOLDER / "recipe.json").read_text(encoding="utf-8"))
    assert recipe["made_of"] == of_body(), "the body or what was published has changed: run scripts/population"


def test_a_small_draw_gives_the_committed_quantiles(people: Recruits) -> None:
    """Another number of people, so other people: medians differ by the error of the smaller draw."""
    w, far = whole(), []
    for m in sampled():
        committed = healthy_range(m.marker, MAN.middle, MAN.sex)
        own = np.log(people.first[m.marker])
        error = own.std() * 1.25 * np.sqrt(1 / PEOPLE + 1 / 1667)
        far.append(abs(np.median(own) - np.log(committed.median)) / error)
    assert np.mean(np.array(far) > 3) < 0.05
    assert max(far) < 6
    assert people.values.shape == (PEOPLE, len(w.names))


def test_the_same_seed_gives_the_same_people(people: Recruits) -> None:
    again = recruit(MAN, PEOPLE, seed=0)
    assert np.array_equal(again.values, people.values)
    assert all(np.array_equal(again.first[m], people.first[m]) for m in people.first)


def test_weights_hit_their_targets(people: Recruits) -> None:
    """As many people as weights say: the resampled moments are the targets but for the rounding of counts."""
    assert people.effective > LEAST_EFFECTIVE * people.candidates
    logs = {}
    for m in sampled():
        if m.marker in people.target_sd:
            told = published(m.marker, MAN)
            assert told is not None
            level = whole().of(m.observable, people.states, people.told, people.values) * m.factor
            logs[m.marker] = np.log(level / told.centre) / people.target_sd[m.marker]
    for marker, u in logs.items():
        assert abs(u.mean()) < 0.1, marker
        assert u.std() == pytest.approx(1.0, abs=0.1), marker
    assert set(logs) == set(weighted(MAN))


def test_correlations_that_were_asked_for_come_out(people: Recruits) -> None:
    asked = [c for c in correlations() if fitted_pair(c) and {c.a, c.b} <= set(people.target_sd)]
    assert asked
    for c in asked:
        own = np.corrcoef(np.log(people.first[c.a]), np.log(people.first[c.b]))[0, 1]
        assert abs(own - c.r) < 0.15, c  # one sample of 1,000, and the bound of CLOSEST


def test_nobody_is_ill(people: Recruits) -> None:
    for m in sampled():
        level = whole().of(m.observable, people.states, people.told, people.values) * m.factor
        assert level.min() >= m.ill_below, m.marker
        assert level.max() <= m.ill_above, m.marker
    assert people.states.min() > -1e-12


def test_what_is_measured_twice_shares_what_stays(people: Recruits) -> None:
    once, again = (np.log(x["csf.5-HIAA"]) for x in (people.first, people.again))
    assert np.corrcoef(once, again)[0, 1] == pytest.approx(0.89, abs=0.03)
    assert not np.array_equal(once, again)


def test_a_marker_without_weight_is_not_weighted() -> None:
    assert "csf.HVA" in weighted(MAN)
    assert "csf.HVA" not in weighted(MAN, {"csf.HVA"})
    assert not any(":" in marker for marker in weighted(MAN))
    shown = [held_out(m.marker) for m in sampled()]
    assert 0.1 < np.mean(shown) < 0.4


def test_age_and_sex_do_what_the_table_says() -> None:
    woman = next(s for s in strata() if s.sex == "female" and s.low == 50)
    ages, z = np.array([40.0, 51.0, 62.0]), np.zeros(3)
    ovary = aged(woman, ages, z)["s_ovary"]
    assert ovary[0] == pytest.approx(1.0)
    assert ovary[1] == pytest.approx(0.5, abs=0.01)
    assert ovary[2] < 1e-3
    assert aged(MAN, ages, z)["s_testis"] == pytest.approx(np.ones(3))
    assert np.all(np.diff(aged(MAN, ages, z)["dens_D2"]) < 0)
    assert {"amp_day", "c_shared"} <= shares(whole().network)


def test_the_moments_of_a_published_mean_and_sd_are_these() -> None:
    told = published("csf.HVA", MAN)
    assert told is not None
    assert moments(told) == pytest.approx((253, 109), rel=0.01)


def test_the_default_person_lies_within_most_published_intervals() -> None:
    found = default_within()
    assert np.mean([ok for _, _, ok in found.values()]) > 0.85
    notes = {m.marker: m.note for m in sampled()}
    assert all(notes[marker] for marker, (_, _, ok) in found.items() if not ok), "say why"


def test_too_few_people_are_refused() -> None:
    with pytest.raises(InputError, match="too few"):
        population(100)
