"""How a panel becomes observations, with the real markers and intervals."""

from datetime import datetime
from math import inf, log

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eutone._panel import Measurement, Panel
from eutone._person import Person
from eutone.inference.noise import columns_of
from eutone.inference.observe import contexts_of, hours_of, observe
from eutone.knowledge import intervals, markers

CHILD = Person(age_years=2.0, sex="male")
KNOWN = markers.load()


def measured(marker, amount=None, comparator="=", **more):
    return Measurement(marker, marker or "mystery", None, comparator, amount, "", str(amount), **more)


def seen(ready, *measurements, person=CHILD):
    return observe(Panel(measurements, "test"), person, ready.noise, KNOWN)


def fold(ready, marker, value, person=CHILD):
    column = list(ready.bank.readouts).index(marker)
    return log(value / intervals.healthy(marker, person.age_years, person.sex).centre) + ready.noise.centre[column]


def test_a_value_is_its_fold_of_the_healthy_centre(ready):
    found = seen(ready, measured("csf.HVA", 200.0))
    (o,) = found.likelihood.observations
    assert o.low == o.high == pytest.approx((fold(ready, "csf.HVA", 200.0),))
    assert found.uses[0].z == pytest.approx(intervals.healthy("csf.HVA", 2.0, "male").z(200.0))


@pytest.mark.parametrize(("comparator", "low", "high"), [("<", -inf, 200.0), (">", 200.0, inf)], ids=["below", "above"])
def test_a_limit_is_an_interval(ready, comparator, low, high):
    (o,) = seen(ready, measured("csf.HVA", 200.0, comparator)).likelihood.observations
    expected = tuple(x if x in (-inf,) or x == inf else fold(ready, "csf.HVA", x) for x in (low, high))
    assert (o.low[0], o.high[0]) == pytest.approx(expected)
    assert not o.measured


def test_words_are_intervals_that_meet(ready):
    low, normal, high = (
        seen(ready, measured("csf.HVA", comparator=word)).likelihood.observations[0]
        for word in ("low", "normal", "high")
    )
    assert low.low[0] == -inf
    assert low.high == normal.low
    assert normal.high == high.low
    assert high.high[0] == inf
    assert normal.cuts == (normal.low[0], normal.high[0])


def test_the_place_in_the_laboratorys_interval_counts_instead_of_ours(ready):
    """Twice the scale with twice the interval is the same finding, and needs less laboratory term."""
    ours = intervals.healthy("csf.HVA", 2.0, "male")
    plain = seen(ready, measured("csf.HVA", 150.0)).likelihood.observations[0]
    theirs = seen(ready, measured("csf.HVA", 300.0, low=2 * ours.low, high=2 * ours.high)).likelihood.observations[0]
    assert theirs.low[0] == pytest.approx(plain.low[0], abs=0.08)  # the interval's centre need not be its middle
    assert theirs.sd < plain.sd
    assert "laboratory" in seen(ready, measured("csf.HVA", 300.0, low=10.0, high=400.0)).uses[0].why


@pytest.mark.parametrize(("low", "high"), [(None, "high"), (0.0, "high"), ("low", None)], ids=str)
def test_the_only_limit_of_a_laboratory_places_the_value_with_our_spread(ready, low, high):
    """Three times the scale with three times the limit is the same finding, less sure than with both limits."""
    ours = intervals.healthy("csf.HVA", 2.0, "male")
    limits = {name: 3 * getattr(ours, given) if isinstance(given, str) else given
              for name, given in (("low", low), ("high", high))}  # fmt: skip
    plain, both = (seen(ready, measured("csf.HVA", 150.0, **own)).likelihood.observations[0]
                   for own in ({}, {"low": ours.low, "high": ours.high}))  # fmt: skip
    found = seen(ready, measured("csf.HVA", 450.0, **limits))
    (one,) = found.likelihood.observations
    assert one.low[0] == pytest.approx(plain.low[0])
    assert one.sd**2 == pytest.approx(plain.sd**2 + intervals.ONE_SIDED_SD**2)
    assert one.sd > plain.sd > both.sd
    assert "only limit" in found.uses[0].why
    assert found.uses[0].z == pytest.approx(ours.z(150.0))


def test_an_only_limit_counts_for_bounds_and_under_every_age(ready):
    (o,) = seen(ready, measured("csf.HVA", 400.0, ">", high=200.0), person=Person(sex="male")).likelihood.observations
    assert len(set(o.low)) > 1  # our spread about the limit depends on the age
    assert set(o.high) == {inf}
    # without the limit the ages differ by the whole course of HVA
    (free,) = seen(ready, measured("csf.HVA", 400.0, ">"), person=Person(sex="male")).likelihood.observations
    assert np.ptp(o.low) < np.ptp(free.low)


def test_a_z_score_is_one_of_healthy_people(ready):
    ours = intervals.healthy("csf.HVA", 2.0, "male")
    (o,) = seen(ready, measured("csf.HVA", -2.0, "z")).likelihood.observations
    assert o.low[0] == pytest.approx(fold(ready, "csf.HVA", ours.at(-2.0)))
    (linear,) = seen(ready, measured("csf.HVA", 0.0, "z-linear")).likelihood.observations
    assert linear.low[0] > fold(ready, "csf.HVA", ours.centre)  # the mean of a log-normal lies above its median
    (beyond,) = seen(ready, measured("csf.HVA", -9.0, "z-linear")).likelihood.observations
    assert beyond.low[0] == -inf


def test_what_cannot_be_used_says_why(ready):
    found = seen(ready, measured(None, 1.0), measured("csf.PLP", 20.0), measured("csf.HVA", 0.0))
    assert not any(use.used for use in found.uses)
    assert "not a marker" in found.uses[0].why
    assert "no read-out" in found.uses[1].why
    assert "logarithmic" in found.uses[2].why
    assert found.likelihood.observations == ()


def test_the_latest_visit_is_used(ready):
    first = measured("csf.HVA", 100.0, collected=datetime(2020, 1, 1))
    second = measured("csf.HVA", 200.0, collected=datetime(2021, 1, 1))
    found = seen(ready, first, second)
    assert [use.used for use in found.uses] == [False, True]
    assert "visit" in found.uses[0].why
    assert found.likelihood.observations[0].low[0] == pytest.approx(fold(ready, "csf.HVA", 200.0))


def test_a_ratio_adds_nothing_to_both_parts(ready):
    found = seen(ready, measured("csf.HVA", 200.0), measured("csf.5-HIAA", 100.0), measured("csf.HVA:5-HIAA", 2.0))
    assert [use.used for use in found.uses] == [True, True, False]
    assert "parts" in found.uses[2].why


@pytest.mark.parametrize(("part", "amount", "other", "expected"), [
    ("csf.HVA", 300.0, "csf.5-HIAA", 100.0), ("csf.5-HIAA", 100.0, "csf.HVA", 300.0),
])  # fmt: skip
def test_a_ratio_beside_one_part_is_the_other_part(ready, part, amount, other, expected):
    found = seen(ready, measured(part, amount), measured("csf.HVA:5-HIAA", 3.0))
    one, two = found.likelihood.observations
    assert two.marker == other
    assert two.low[0] == pytest.approx(fold(ready, other, expected), abs=0.05)
    assert len(two.terms) == 1
    assert one.marker == part


def test_a_ratio_alone_is_itself_and_the_shared_factor_cancels(ready):
    (o,) = seen(ready, measured("csf.HVA:5-HIAA", 3.0)).likelihood.observations
    assert [c for _, c in o.terms] == [1.0, -1.0]
    assert o.load == pytest.approx(0.0, abs=1e-9)


def test_kinds_of_the_same_urine_analyte_are_one_observation(ready):
    marker = next(m for m in KNOWN.values() if m.specimen == "urine" and m.kind == "creatinine")
    sibling = KNOWN[marker.base]
    assert columns_of(marker, [marker.readout], KNOWN) == columns_of(sibling, [marker.readout], KNOWN)


def test_what_healthy_people_spread_adds_up_to_what_was_published(ready):
    """Body, shared factor and own error together have the published spread, the laboratory apart."""
    healthy = intervals.healthy("csf.neopterin", 2.0, "male")
    marker = KNOWN["csf.neopterin"]
    loads = {m.readout: m.load.value for m in KNOWN.values() if m.readout}
    terms = columns_of(marker, ready.bank.readouts, KNOWN)
    load, sd, crowded = ready.noise.parts(marker, terms, healthy.sd, loads, own_interval=False, centre_sd=0.0)
    body = np.var(ready.noise.healthy[:, terms[0][0]])
    assert not crowded
    assert body + load**2 + sd**2 - marker.lab.value**2 == pytest.approx(healthy.sd**2, rel=1e-6)


def test_the_load_gives_way_first_and_a_crowded_marker_is_named(ready):
    marker, loads = KNOWN["csf.HVA"], {"csf.HVA": 0.375}

    def parts(healthy_sd):
        return ready.noise.parts(marker, ((0, 1.0),), healthy_sd, loads, own_interval=False, centre_sd=0.0)

    assert parts(0.6)[0] == 0.375
    load, sd, crowded = parts(0.3)
    assert not crowded
    assert 0 < load < 0.375
    assert sd**2 >= marker.analytic.value**2 + marker.within.value**2 + marker.lab.value**2 - 1e-12
    assert parts(0.1)[::2] == (0.0, True)


def test_unknown_age_and_sex_become_contexts(ready):
    assert len(contexts_of(CHILD)) == 1
    many = contexts_of(Person())
    assert len(many) == 18
    assert sum(c.probability for c in many) == pytest.approx(1)
    found = seen(ready, measured("csf.HVA", 200.0), person=Person(sex="male"))
    assert 1 < len(found.likelihood.contexts) <= 9  # adults are one
    assert sum(found.likelihood.contexts) == pytest.approx(1)
    assert len(seen(ready, measured("csf.HVA", -1.0, "z"), person=CHILD).likelihood.contexts) == 1


def hours(ready, *measurements):
    return hours_of(Panel(measurements, "test"), CHILD, ready.bank.readouts, KNOWN)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([None, 1, 2, 3]),
            st.sampled_from([None, 1.0, 4.0, 30.0]),
            st.sampled_from([None, 0.0, 150.0]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_the_row_that_is_kept_is_the_row_whose_hours_count(ready, rows):
    panel = [
        measured("csf.HVA", amount, collected=day and datetime(2020, 1, day), hours_since_dose=h)
        for day, h, amount in rows
    ]
    kept = [use.measurement.hours_since_dose for use in seen(ready, *panel).uses if use.used]
    assert list(hours(ready, *panel).values()) == [h for h in kept if h is not None]
    assert len(kept) == any(amount for *_, amount in rows)


def test_a_repeat_without_a_place_does_not_oust_one_that_has_one(ready):
    first = measured("csf.HVA", 150.0, collected=datetime(2020, 1, 1), hours_since_dose=2.0)
    zero = measured("csf.HVA", 0.0, collected=datetime(2020, 1, 2), hours_since_dose=9.0)
    found = seen(ready, first, zero)
    assert [use.used for use in found.uses] == [True, False]
    assert "zero" in found.uses[1].why
    assert hours(ready, first, zero) == {"csf.HVA": 2.0}


def test_hours_of_a_ratio_are_those_of_the_part_that_it_stands_for(ready):
    ratio = measured("csf.HVA:5-HIAA", 2.0, hours_since_dose=3.0)
    assert hours(ready, ratio) == {"csf.HVA": 3.0, "csf.5-HIAA": 3.0}
    assert hours(ready, measured("csf.HVA", 150.0, hours_since_dose=5.0), ratio) == {"csf.HVA": 5.0, "csf.5-HIAA": 3.0}
    assert hours(ready, ratio, measured("csf.HVA", 150.0)) == {"csf.5-HIAA": 3.0}
