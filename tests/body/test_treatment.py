"""What is taken becomes shifts of parameters: of ones that exist, in the right direction, with spread."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eutone._errors import ModelError
from eutone._person import Person
from eutone._protocol import Dose, Protocol
from eutone.body import Body, load
from eutone.body._course import level, scaled
from eutone.body._tables import GRADES, parameters, rows
from eutone.body._treatment import Effect, Exposure, absorption_of, effects, times_the_mean, usual_weight

TODDLER = Person(age_years=2.0, weight_kg=12.0)
KINDS = ("input", "factor", "boost", "dose")


@pytest.fixture(scope="module")
def body() -> Body:
    return load()


def take(body: Body, *doses: Dose, person: Person = TODDLER) -> Exposure:
    return body.treatment(Protocol(doses), person)


def means(exposure: Exposure) -> dict[str, float]:
    return {name: mean for name, mean, _ in exposure.shifts}


def mg(drug: str, amount: float, **more: object) -> Dose:
    return Dose(name=drug, drug=drug, amount=amount, unit="mg", times_per_day=1.0, **more)  # type: ignore[arg-type]


ROWS = [effect for listed in effects().values() for effect in listed]


@pytest.mark.parametrize("effect", ROWS, ids=lambda e: f"{e.drug}-{e.parameter}")
def test_a_row_is_whole(effect: Effect, body: Body):
    assert effect.parameter in body.free
    assert effect.kind in KINDS
    assert effect.ln_sd > 0
    assert effect.grade in GRADES
    assert effect.source
    if effect.kind != "input":
        assert effect.value > 0
    else:
        default = {p.id: p.value for p in parameters()}[effect.parameter]
        assert default > 0, "an input shifts a parameter by a factor"
        assert effect.molar_mass is not None or effect.value > 0
        assert effect.usual_mg_kg_d is not None or effect.usual_mg_d is not None, "a dose may not be said"


def test_rows_are_not_given_twice():
    seen = [(r["drug"], r["parameter"], r["kind"]) for r in rows("exposures")]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("drug", sorted({e.drug for e in ROWS if e.kind in ("input", "dose")}))
def test_more_does_more(drug: str, body: Body):
    shifts = [means(take(body, mg(drug, amount))) for amount in (10.0, 30.0, 100.0)]
    for effect in effects()[drug]:
        if effect.kind in ("factor", "boost"):
            continue
        low, middle, high = (s[effect.parameter] for s in shifts)
        if effect.kind == "input":
            assert 0 < low < middle < high
        else:
            assert 0 > low > middle > high


def test_per_kilogram_and_per_day_are_the_same_amount(body: Body):
    once = means(take(body, mg("levodopa", 60.0)))
    per_kg = means(take(body, Dose("levodopa", "levodopa", 5.0, "mg", per_kg=True, per_day=True)))
    three = means(take(body, Dose("levodopa", "levodopa", 20.0, "mg", times_per_day=3.0)))
    grams = means(take(body, Dose("levodopa", "levodopa", 0.06, "g", times_per_day=1.0)))
    assert per_kg == pytest.approx(once)
    assert three == pytest.approx(once)
    assert grams == pytest.approx(once)


def test_what_is_not_said_widens(body: Body):
    ((_, _, said),) = take(body, mg("levodopa", 60.0)).shifts
    ((_, _, unsaid),) = take(body, Dose("levodopa", "levodopa")).shifts
    ((_, _, no_weight),) = take(body, mg("levodopa", 60.0), person=Person(age_years=2.0)).shifts
    assert unsaid > no_weight > said > 0


def test_an_unknown_drug_is_reported(body: Body):
    found = take(body, Dose("moon dust"), mg("levodopa", 60.0), Dose("water", "water"))
    assert found.not_modelled == (("moon dust", "not known"), ("water", "no mechanism in this body"))
    assert [name for name, _ in found.modelled] == ["levodopa"]


def test_nothing_taken_is_the_untreated_class(body: Body):
    assert take(body) == Exposure()


def test_two_inputs_of_one_substance_add(body: Body):
    one, other = means(take(body, mg("levodopa", 40.0))), means(take(body, mg("levodopa", 20.0)))
    both = means(take(body, mg("levodopa", 40.0), mg("levodopa", 20.0)))
    (name,) = one
    assert math.expm1(both[name]) == pytest.approx(math.expm1(one[name]) + math.expm1(other[name]))
    assert both == pytest.approx(means(take(body, mg("levodopa", 60.0))))


def test_order_makes_no_difference(body: Body):
    doses = (mg("levodopa", 60.0, inhibitor="carbidopa"), mg("5-HTP", 40.0), mg("sertraline", 50.0))
    assert take(body, *doses).class_key == take(body, *reversed(doses)).class_key


def test_an_inhibitor_raises_what_levodopa_does_and_counts_once(body: Body):
    def readout(exposure: Exposure, marker: str) -> float:
        ln = np.zeros((1, len(body.free)))
        for name, mean, _ in exposure.shifts:
            ln[0, body.free.index(name)] = mean
        return float(np.exp(body.solve(ln).log_readouts[0, body.readouts.index(marker)]))

    alone = take(body, mg("levodopa", 60.0))
    given = take(body, mg("levodopa", 60.0, inhibitor="carbidopa"))
    twice = take(body, mg("levodopa", 60.0, inhibitor="carbidopa"), mg("carbidopa", 15.0))
    assert means(twice) == pytest.approx(means(given))
    assert readout(given, "plasma.L-DOPA") > 2 * readout(alone, "plasma.L-DOPA") > 2
    assert readout(given, "csf.HVA") > readout(alone, "csf.HVA") > 1


def test_an_inhibitor_alone_gives_no_levodopa(body: Body):
    assert means(take(body, mg("carbidopa", 25.0))).get("input.levodopa", 0.0) == 0.0


@pytest.mark.parametrize(("age", "low", "high"), [(0.0, 3, 4), (1.0, 9, 11), (10.0, 28, 36), (40.0, 60, 80)])
def test_usual_weights(age: float, low: float, high: float):
    assert low <= usual_weight(age) <= high


def test_usual_weight_rises_with_age():
    weights = [usual_weight(a / 4) for a in range(100)]
    assert weights == sorted(weights)
    assert 30 < usual_weight(None) < 60


def occupied(**more: object) -> Effect:
    """An effect that leaves a fifth, measured four hours after a dose unless said otherwise."""
    return Effect(**{"drug": "x", "parameter": "enzyme.X", "kind": "factor", "value": 0.2, "ln_sd": 0.3,
                     "molar_mass": None, "bioavailability": None, "volume_l_kg": None, "usual_mg_kg_d": None,
                     "usual_mg_d": None, "grade": "SEEN", "source": "-", "half_time_h": 3.0, "half_time_ln_sd": 0.3,
                     "irreversible": False, "measured_h": 4.0, **more})  # type: ignore[arg-type]  # fmt: skip


def test_an_occupancy_at_an_hour_is_not_the_daily_mean():
    """At once, declining with rate e, one dose a day: ``24 e exp(-e t)`` times the mean, or over all doses before."""
    e = math.log(2.0) / 3.0
    once = 24.0 * e * math.exp(-4.0 * e)
    assert times_the_mean(occupied()) == pytest.approx(once)
    daily = times_the_mean(occupied(measured_every_h=8.0))
    assert daily == pytest.approx(8.0 * e * math.exp(-4.0 * e) / (1.0 - math.exp(-8.0 * e)))
    assert times_the_mean(occupied(measured_h=None)) == 1.0
    assert times_the_mean(occupied(half_time_h=2000.0, measured_every_h=24.0)) == pytest.approx(1.0, abs=0.01)


def test_a_drug_is_highest_at_its_peak():
    for peak_h in (0.5, 1.5, 4.3, 6.0, 20.0):  # before, at and after the inverse of the rate of decline
        rise, fall = math.log(2.0) / absorption_of(peak_h, 3.0), math.log(2.0) / 3.0
        assert math.log(rise / fall) / (rise - fall) == pytest.approx(peak_h, rel=1e-6)
    levels = [times_the_mean(occupied(peak_h=2.0, measured_h=h)) for h in (1.0, 1.9, 2.0, 2.1, 4.0)]
    assert max(levels) == levels[2]


@pytest.mark.parametrize("effect", [e for e in ROWS if e.measured_h is not None], ids=lambda e: e.drug)
def test_what_was_measured_comes_back_at_its_hour(effect: Effect, body: Body):
    """The course of what the table makes the daily mean is, at the hour of the measurement, what was measured."""
    (row,) = [r for r in rows("exposures") if (r["drug"], r["parameter"]) == (effect.drug, effect.parameter)]
    assert row["measured_grade"] in GRADES
    assert row["measured_source"]
    given = float(row["value"])
    dose = {"amount": given, "unit": "mg"} if effect.kind == "dose" else {}
    every = effect.measured_every_h or 24.0
    days = {} if effect.measured_every_h else {"days": 1.0}
    item = Dose(
        effect.drug, effect.drug, times_per_day=24.0 / every, hours_since_dose=effect.measured_h, **dose, **days
    )
    exposure = take(body, item)
    ((name, mean, _),) = [s for s in exposure.shifts if s[0].endswith(effect.parameter)]
    (c,) = [c for c in exposure.courses if c.parameter == effect.parameter]
    assert name.startswith("taken.")
    left = math.exp(float(scaled(mean, level(c, [effect.measured_h])[0], effect.irreversible)))
    assert left == pytest.approx(0.5 if effect.kind == "dose" else given)


def test_an_hour_without_a_half_time_is_refused():
    with pytest.raises(ModelError, match="half-time"):
        times_the_mean(occupied(half_time_h=None))
