"""The ranges that the population defines, as they are committed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eutone
from eutone._errors import InputError
from eutone.body._tables import whole_quantities
from eutone.population.ranges import FOLDER, HOME, SEXES, healthy_range, ranges, said, span_of, told
from eutone.population.targets import published, sampled, strata

NAMES = sorted(ranges())


def test_every_quantity_marker_and_state_has_one() -> None:
    names = {name for name, _ in NAMES}
    assert {q.id for q in whole_quantities()} <= names
    assert {m.marker for m in sampled()} <= names
    assert {"CORT", "f_DA", "plasma.cortisol"} <= names
    assert all(len(groups) == 6 for _, groups in ranges().values())


@given(st.sampled_from(NAMES), st.floats(18, 80))
def test_low_median_and_high_stand_in_order(key: tuple[str, str], age: float) -> None:
    found = healthy_range(key[0], age, key[1])
    assert 0 <= found.low <= found.median <= found.high


def test_ages_between_two_groups_lie_between_them() -> None:
    young, between, old = (healthy_range("plasma.DHEA-S", age, "male").median for age in (35, 40, 45))
    assert min(young, old) <= between <= max(young, old)
    assert healthy_range("plasma.DHEA-S", 19, "male") == healthy_range("plasma.DHEA-S", 24, "male")


def test_sexes_and_ages_differ_where_people_do() -> None:
    assert (
        healthy_range("plasma.testosterone", 40, "male").low > healthy_range("plasma.testosterone", 40, "female").high
    )
    assert healthy_range("plasma.FSH", 75, "female").median > 3 * healthy_range("plasma.FSH", 30, "female").median
    assert healthy_range("plasma.DHEA-S", 75, "female").median < healthy_range("plasma.DHEA-S", 24, "female").median


def test_a_dotted_id_is_its_state() -> None:
    by_id = healthy_range("striatum.dopamine.extracellular", 35, "female")
    flat = healthy_range("e_d", 35, "female")
    assert by_id.unit == "nM"
    assert by_id.median == pytest.approx(1000 * flat.median, rel=1e-3)
    assert eutone.healthy_range is healthy_range


def test_what_was_published_stands_beside() -> None:
    found = healthy_range("csf.HVA", 35, "female")
    assert found.published is not None
    assert found.published.centre == pytest.approx(232, rel=0.01)
    cortisol = healthy_range("plasma.cortisol", 35, "male").published
    assert cortisol is not None
    assert cortisol.grade == "RECALLED"
    assert told("plasma.estradiol", 52, "female") is None
    lines = said("csf_HVA")
    assert any("csf.HVA, as measured" in line and "published 10" in line for line in lines)


@pytest.mark.parametrize(
    ("age", "sex", "word"),
    [
        (17.9, "female", "18 to 80"),
        (81, "male", "18 to 80"),
        (float("nan"), "male", "18 to 80"),
        (40, "x", "'female' and 'male'"),
    ],
)
def test_ages_and_sexes_that_nobody_has_are_refused(age: float, sex: str, word: str) -> None:
    with pytest.raises(InputError) as caught:
        healthy_range("csf.HVA", age, sex)
    assert word in f"{caught.value} {caught.value.hint}"


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        healthy_range("plasma.cortisole", 40, "male")
    assert "plasma.cortisol" in str(caught.value.hint)
    assert span_of("nothing") is None
    assert said("nothing") == []


def test_weighted_markers_lie_about_what_was_published() -> None:
    """What the multipliers name was set: the committed medians are the published centres, or near."""
    recipe = json.loads((FOLDER / "recipe.json").read_text(encoding="utf-8"))
    for group, stratum in zip(recipe["groups"], strata(), strict=True):
        assert (group["sex"], group["age_low"]) == (stratum.sex, stratum.low)
        assert group["effective"] > 0.5 * group["candidates"]
        for name in group["multipliers"]:
            what, _, marker = name.partition(" ")
            if what == "mean":
                found, public = healthy_range(marker, stratum.middle, stratum.sex), published(marker, stratum)
                assert public is not None
                # the median of 1,667 people: five standard errors, and skew
                assert abs(public.z(found.median)) < 0.25, (marker, str(stratum))


def test_the_default_person_is_in_it() -> None:
    """At her own age, whatever is a state: half of everything would lie outside if ranges were of something else."""
    from eutone.body._compose import default_values

    values = default_values()
    mine = [name for name, sex in NAMES if sex == HOME[1] and name in values]
    out = []
    for name in mine:
        low, high = span_of(name) or (0.0, 0.0)
        if not low * (1 - 2e-3) <= values[name] <= high * (1 + 2e-3):  # the table has four digits
            out.append(name)
    assert len(out) < 0.03 * len(mine), out
    assert set(SEXES) == {sex for _, sex in NAMES}
