"""What a dose does in the whole person: every row moves what it names, by its dose, as it runs so on average."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from eutone._errors import InputError
from eutone._person import Person
from eutone._protocol import Dose, Protocol
from eutone.body import check
from eutone.body._check_pharmacology import pharmacology_faults
from eutone.body._compose import all_parameters, load_whole
from eutone.body._effects import Acting, acting
from eutone.body._pharmacology import actions, kinetics
from eutone.body._taken import daily_means
from eutone.body._treatment import effects
from eutone.engine import compile_network, solve_steady
from eutone.engine.expr import evaluate
from eutone.forms.taking import protocol_of

PERSON = Person(age_years=35.0, weight_kg=70.0)
FLAT = {p.id: p.flat for p in all_parameters()}


def defaults() -> dict[str, float]:
    network = load_whole()
    return dict(zip(network.parameters, network.values.tolist(), strict=True))


def means(text: str) -> dict[str, float]:
    return dict(daily_means(load_whole(), protocol_of(text.split(" + "))[0], PERSON).values)


def course(text: str, days: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The parameters that are moved, in the middle of every tenth of an hour, by integration of what is taken alone."""
    made = acting(load_whole(), protocol_of(text.split(" + "))[0], PERSON)
    names = [name for name, _ in made.states()]
    given: list[tuple[float, int, float]] = []
    for level in made.levels:
        hours = level.item.clock_hours
        every = 24.0 / len(hours) if hours else level.interval
        until = days if level.item.days is None else min(days, level.item.days)
        even = np.arange(0, 24 * until - 1e-9, every).tolist()
        times = [24 * d + h for d in range(int(until)) for h in hours] or even
        given += [(t, names.index(level.entry), every) for t in times]
    at = np.arange(240 * days) / 10 + 0.05
    states = np.zeros((len(names), at.size))
    edges = sorted({0.0, 24.0 * days, *(t for t, _, _ in given)})
    x = np.zeros(len(names))
    for begin, end in pairwise(edges):
        for t, k, amount in given:
            x[k] += amount if t == begin else 0.0
        mine = (at > begin) & (at < end)
        run = solve_ivp(_slope(made), (begin, end), x, "LSODA", [*at[mine], end], rtol=1e-8, atol=1e-10)
        states[:, mine], x = run.y[:, :-1], run.y[:, -1]
    values = evaluate(list(made.rules().values()), defaults() | dict(zip(names, states, strict=True)))
    return at, {n: np.broadcast_to(np.asarray(v), at.shape) for n, v in zip(made.rules(), values, strict=True)}


def _slope(made: Acting):
    own = made.states()
    rates = [rate for _, several in own for _, rate, _ in several]
    signs = [[sign for _, _, sign in several] for _, several in own]

    def slope(_: float, x: np.ndarray) -> list[float]:
        found = iter(evaluate(rates, dict(zip([n for n, _ in own], x, strict=True))))
        return [sum(sign * float(next(found)) for sign in several) for several in signs]

    return slope


def test_the_tables_have_no_faults() -> None:
    assert pharmacology_faults() == []
    assert check() == []


@pytest.mark.parametrize("drug", sorted(actions()))
def test_every_row_moves_the_parameter_that_it_names(drug: str) -> None:
    found, default = means(f"{drug} 1/d" if kinetics()[drug].each else drug), defaults()
    for action in actions()[drug]:
        if action.kind != "none":
            assert found[FLAT[action.parameter]] != pytest.approx(default[FLAT[action.parameter]], rel=1e-6)


@pytest.mark.parametrize("drug", sorted(d for d in actions() if any(a.doses for a in actions()[d])))
def test_more_does_more(drug: str) -> None:
    usual = kinetics()[drug].usual or kinetics()[drug].each or 1.0
    default = defaults()
    one, two, ten = (
        daily_means(load_whole(), Protocol((Dose(drug, drug, usual * k, "mg", per_day=True),)), PERSON).values
        for k in (1, 2, 10)
    )
    for action in actions()[drug]:
        name = FLAT[action.parameter]
        if action.doses:
            assert abs(one[name] - default[name]) < abs(two[name] - default[name]) < abs(ten[name] - default[name])


def test_doses_that_were_alike_differ() -> None:
    def left(name: str, texts: list[str]) -> list[float]:
        found = [means(text)[name] for text in texts]
        assert found == sorted(found, reverse=True)
        return found

    left("t_DAT", [f"methylphenidate {mg} mg 1/d" for mg in (5, 20, 60)])
    left("t_NET", [f"methylphenidate {mg} mg 1/d" for mg in (5, 20, 60)])
    left("e_MAOA", [f"moclobemide {mg} mg/d" for mg in (300, 600, 1200)])
    left("t_NET", [f"atomoxetine {mg} mg/d" for mg in (10, 40, 80)])
    left("d2_free", [f"metoclopramide {mg} mg/d" for mg in (2.5, 10, 30)])
    low, _, high = left("d2_free", [f"haloperidol {mg} mg/d" for mg in (2, 5, 20)])
    assert low == pytest.approx(1 - 0.635, abs=0.01)  # what was seen on it
    assert high < 0.07


def test_what_sits_on_one_site_competes() -> None:
    both = means("citalopram 20 mg/d + paroxetine 20 mg/d")
    alone = [means(text)["t_SERT"] for text in ("citalopram 20 mg/d", "paroxetine 20 mg/d")]
    assert min(alone) > both["t_SERT"] > alone[0] * alone[1]
    # one half with the table that inference has
    assert means("reboxetine + duloxetine 60 mg/d")["t_NET"] == pytest.approx(1 / (1 + 1 + 7 / 3), rel=0.05)
    partial = means("aripiprazole 10 mg/d + haloperidol 5 mg/d")
    assert partial["eff_D2"] == pytest.approx(0.25, abs=1e-4)
    patch = means("nicotine 21 mg/d")  # over the elimination of 0.35 /h, in ng/mL
    assert 5 < patch["in_nicotine"] / 0.35 * 162.2 < 20


@pytest.mark.parametrize(
    ("text", "days", "name"),
    [
        ("zolpidem 10 mg at 23:00", 6, "occ_bz"),
        ("alprazolam 0.5 mg 3/d + zolpidem 10 mg 1/d", 6, "occ_bz"),
        ("nicotine 21 mg 1/d", 4, "in_nicotine"),
        ("methylphenidate 20 mg at 08:00,12:00", 4, "t_NET"),
        ("clonidine 0.1 mg 2/d + guanfacine 2 mg 1/d", 12, "eff_alpha2"),
        ("hydrocortisone 10 mg at 08:00,13:00", 3, "in_CORT_oral"),
        ("tranylcypromine 30 mg 1/d", 60, "e_MAOA"),
        ("vigabatrin 3000 mg 1/d", 60, "e_ABAT"),
        ("cigarettes 4/d", 15, "e_CYP1A2"),
    ],
)
def test_the_daily_mean_is_that_of_the_orbit(text: str, days: int, name: str) -> None:
    at, found = course(text, days)
    last = at > 24 * (days - 1)
    assert np.mean(found[name][last]) == pytest.approx(means(text)[name], rel=0.02)


def test_one_dose_of_what_blocks_for_good_blocks_and_the_enzyme_takes_its_time() -> None:
    at, found = course("tranylcypromine 30 mg for 1 d", 30)
    left = found["e_MAOA"]
    lowest = int(np.argmin(left))
    assert at[lowest] < 24
    assert left[lowest] < 0.6
    half = np.interp(at[lowest] + 240.0, at, left)  # its half-time of renewal
    assert 1 - half == pytest.approx((1 - left[lowest]) / 2, rel=0.05)


def test_courses_are_those_of_the_drugs() -> None:
    at, found = course("zolpidem 10 mg for 1 d", 1)
    peak = int(np.argmax(found["occ_bz"]))
    assert at[peak] == pytest.approx(1.6, abs=0.2)
    assert found["occ_bz"][peak] == pytest.approx(0.10, abs=0.005)
    assert np.interp(10.0, at, found["occ_bz"]) < 0.02
    at, found = course("cigarettes 1/d for 1 d", 1)
    assert found["in_nicotine"].argmax() < 5
    assert np.trapezoid(found["in_nicotine"], at) * 162.2 == pytest.approx(1000 / 182, rel=0.1)  # ng/mL after one


def test_weight_and_units_count() -> None:
    light = daily_means(load_whole(), protocol_of(["haloperidol 2 mg/d"])[0], Person(age_years=35, weight_kg=35)).values
    assert light["d2_free"] == pytest.approx(means("haloperidol 4 mg/d")["d2_free"], rel=1e-6)
    assert means("caffeine 1 mmol 1/d")["in_caffeine"] == pytest.approx(means("caffeine 194.2 mg 1/d")["in_caffeine"])
    with pytest.raises(InputError, match="no mass"):
        means("haloperidol 100 IU")


def test_the_body_that_inference_uses_knows_nothing_of_it() -> None:
    from eutone.body import load

    found = daily_means(load().network, protocol_of(["haloperidol 20 mg/d"])[0], PERSON).values
    row = effects()["haloperidol"][0]
    assert found == {"d2_free": pytest.approx(row.value)}


def test_anything_at_any_usual_dose_leaves_a_person() -> None:
    network, default = load_whole(), defaults()
    random = np.random.default_rng(4)
    runs = []
    for drug, own in kinetics().items():
        several = [drug, str(random.choice(sorted(kinetics())))]
        doses = [
            Dose(d, d, float((kinetics()[d].usual or kinetics()[d].each or 1) * np.exp(random.normal(0, 1))), "mg",
                 per_day=True, times_per_day=float(random.integers(1, 5)))
            for d in several if own
        ]  # fmt: skip
        runs.append(daily_means(network, Protocol(tuple(doses)), PERSON).values)
    free = tuple(sorted({name for run in runs for name in run}))
    table = [[run.get(name, default[name]) for name in free] for run in runs]
    found = solve_steady(compile_network(network, free), table)
    assert found.converged.all()
    assert found.states.min() >= -1e-9
