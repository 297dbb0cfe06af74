"""What is taken becomes shifts of parameters: of ones that exist, in the right direction, with spread."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eutone._person import Person
from eutone._protocol import Dose, Protocol
from eutone.body import Body, load
from eutone.body._tables import GRADES, parameters, rows
from eutone.body._treatment import Effect, Exposure, effects, usual_weight

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
