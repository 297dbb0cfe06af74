"""What is taken hour by hour: its daily mean in the end, and nothing before it is there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone._errors import InputError, ModelError
from eutone._person import Person
from eutone._protocol import Dose, Protocol
from eutone.body import load
from eutone.body._compose import load_whole
from eutone.body._taken import NOW, moving, together, with_taken, with_taken_by
from eutone.body._treatment import effects, exposure
from eutone.engine import compile_network, solve_steady
from eutone.engine.course import compile_course, solve_course
from eutone.engine.expr import evaluate
from eutone.forms.taking import protocol_of

PERSON = Person(age_years=35.0, weight_kg=70.0)


def course(text: str, days: float, wanted: str, network=None) -> tuple[np.ndarray, np.ndarray]:
    """Hours, and an observable over the default person's own."""
    network = load().network if network is None else network
    taken = with_taken(network, protocol_of([text])[0], PERSON, 24.0 * days)
    hours = np.arange(0.0, 24.0 * days + 1.0)
    start = np.append(network.initial, np.zeros(len(taken.network.species) - len(network.species)))
    code = compile_course(taken.network)
    found = solve_course(code, np.empty((1, 0)), hours, start=start, doses=taken.doses, rtol=1e-7)
    assert found.status[0] == 0
    return hours, found.states[0, :, found.species.index(wanted)] / network.initial[network.species.index(wanted)]


def mean(text: str, wanted: str) -> float:
    """The fold under the daily mean."""
    body = load()
    shifts = exposure(protocol_of([text])[0], PERSON, body.free).shifts
    names = tuple(body.names[name] for name, _, _ in shifts)
    compiled = compile_network(body.network, names, (wanted,))
    defaults = dict(zip(body.network.parameters, body.network.values, strict=True))
    values = [[defaults[n] * math.exp(m) for n, (_, m, _) in zip(names, shifts, strict=True)]]
    return (
        float(solve_steady(compiled, values).observables[0, 0])
        / body.network.initial[body.network.species.index(wanted)]
    )


@pytest.mark.parametrize(
    ("text", "wanted", "days"),
    [
        ("sertraline 50 mg 2/d", "csf_HIAA", 60),
        ("selegiline 5 mg 2/d", "e_d", 120),
        ("vigabatrin 1500 mg 2/d", "GABA", 60),
        ("levodopa 100 mg every 1 h with carbidopa 10 mg", "P_OMD", 40),
    ],
)
def test_after_weeks_the_mean_of_a_day_is_that_of_the_daily_mean(text: str, wanted: str, days: float) -> None:
    _, found = course(text, days, wanted)
    assert np.mean(found[-25:-1]) == pytest.approx(mean(text, wanted), rel=0.03)


def test_an_effect_is_not_there_before_the_drug() -> None:
    _, found = course("fluoxetine 20 mg/d", 42, "csf_HIAA")
    assert found[0] == pytest.approx(1, abs=1e-6)
    assert 0.9 < found[24] < 1
    assert found[24 * 42] < 0.75


def test_a_dose_comes_and_goes() -> None:
    hours, found = course("levodopa 100 mg 1/d with carbidopa 25 mg for 1 d", 2, "P_LDOPA")
    peak = int(np.argmax(found))
    assert 0 < hours[peak] < 3
    assert found[peak] > 20
    assert found[-1] < 0.01 * found[peak]


def test_hours_of_the_day_are_kept() -> None:
    taken = with_taken(load().network, protocol_of(["levodopa 100 mg at 08:00,20:00"])[0], PERSON, 48.0)
    assert sorted({float(d.time) for d in taken.doses}) == [8.0, 20.0, 32.0, 44.0]
    assert {float(d.amount) for d in taken.doses} == {12.0}


def test_every_drug_of_the_table_can_be_taken() -> None:
    network = load_whole()
    for drug in effects():
        taken = with_taken(network, protocol_of([f"{drug} 10 mg 1/d"])[0], PERSON, 24.0)
        assert taken.modelled or taken.not_modelled
        assert all(np.isfinite(float(d.amount)) for d in taken.doses)


def test_everybody_takes_their_own() -> None:
    network = load().network
    texts = ["sertraline 50 mg/d", "levodopa 100 mg 3/d with carbidopa 25 mg", None, "sertraline 50 mg/d"]
    protocols = [protocol_of([t] if t else [])[0] for t in texts]
    taken = with_taken_by(network, protocols, PERSON, [72.0] * 4)
    start = np.append(network.initial, np.zeros(len(taken.network.species) - len(network.species)))
    code = compile_course(taken.network, taken.free)
    doses = together(taken.doses)
    found = solve_course(code, taken.sizes, [0.0, 71.0], start=start, doses=doses, rtol=1e-7)
    last = found.states[:, 1, found.species.index("csf_HIAA")] / network.initial[network.species.index("csf_HIAA")]
    assert last[0] == pytest.approx(last[3], rel=1e-6)
    assert last[2] == pytest.approx(1, abs=1e-6)
    _, alone = course("sertraline 50 mg/d", 71 / 24, "csf_HIAA")
    assert last[0] == pytest.approx(alone[71], rel=1e-4)
    boosted = found.states[:, 1, found.species.index("P_LDOPA")] / network.initial[network.species.index("P_LDOPA")]
    assert boosted[1] > 5
    assert boosted[[0, 2, 3]] == pytest.approx(1, abs=1e-4)


def test_the_network_of_many_does_not_depend_on_who_takes_what() -> None:
    """One compilation serves all; only somebody who takes a drug twice over makes it another one."""
    network = load().network
    one, other, twice = (
        with_taken_by(network, [protocol_of(texts)[0]], PERSON, [24.0], ("sertraline", "levodopa"))
        for texts in (["sertraline 50 mg/d"], [], ["levodopa 100 mg at 08:00", "levodopa 50 mg at 20:00"])
    )
    assert (one.network.species, one.free) == (other.network.species, other.free)
    assert (other.sizes == 0).all()
    assert set(twice.free) - set(one.free) == {"size.taken.1.levodopa.0"}


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from(sorted(moving())), min_size=1, max_size=3))
def test_one_network_for_many_does_to_each_what_a_network_of_their_own_does(drugs: list[str]) -> None:
    network = load_whole()
    protocol = Protocol(tuple(Dose(drug, drug) for drug in drugs))
    try:
        alone = with_taken(network, protocol, PERSON, 24.0)
    except InputError:
        return  # no usual dose
    many = with_taken_by(network, [Protocol(), protocol], PERSON, [24.0, 24.0], ("sertraline", "levodopa"))
    default = dict(zip(network.parameters, network.values.tolist(), strict=True)) | {"time": 7.0}
    rng = np.random.default_rng(1)
    states = dict(zip(network.species, network.initial.tolist(), strict=True))
    states |= dict(zip(alone.network.species, rng.uniform(0, 2, len(alone.network.species)), strict=True))
    for sizes, own in ((many.sizes[1], alone.network), (many.sizes[0], network)):
        given_ = default | dict(zip(many.free, sizes.tolist(), strict=True)) | dict.fromkeys(many.network.species, 0.0)
        given_ |= {name: states[name] for name in own.species}
        rules, wanted = dict(many.network.rules), dict(own.rules)
        for name in default:
            if NOW + name in rules:
                expected = evaluate([wanted[NOW + name]], given_)[0] if NOW + name in wanted else default[name]
                assert evaluate([rules[NOW + name]], given_)[0] == pytest.approx(expected, rel=1e-12, abs=1e-300)
    assert many.doses == ((), alone.doses)


def test_what_is_not_known_is_said() -> None:
    taken = with_taken(load().network, protocol_of(["unobtainium 5 mg"])[0], PERSON, 24.0)
    assert taken.not_modelled == (("unobtainium", "not known"),)
    assert taken.network.species == load().network.species


def test_an_endless_time_is_refused() -> None:
    with pytest.raises(ModelError, match="no time to take"):
        with_taken(load().network, protocol_of(["sertraline"])[0], PERSON, math.inf)
