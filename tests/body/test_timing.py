"""When something was taken: closed forms, the network integrated in time, and what must not change."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from eutone._person import Person
from eutone._protocol import Protocol
from eutone.body import Body, load
from eutone.body._body import STRUCTURE
from eutone.body._course import About, Course, course, peak, scaled, seen
from eutone.body._tables import readouts
from eutone.body._timing import PREFIX, TimedBody
from eutone.engine.reference import Dose, steady_state, time_course
from eutone.forms.taking import doses_of
from eutone.forms.treatment import treatment_of

ADULT = Person(age_years=30.0, weight_kg=70.0)
OBSERVABLES = {r.readout: r.observable for r in readouts()}
INTEGRATED = ("plasma.L-DOPA", "plasma.3-OMD", "csf.HVA", "csf.3-OMD")
LEVODOPA = "levodopa 100 mg 3/d with carbidopa 25 mg"


@pytest.fixture(scope="module")
def body() -> Body:
    return load()


def taking(body: Body, text: str, hours: dict[str, float] | None = None):
    return body.treatment(Protocol(doses_of(text)), ADULT, hours)


def sees(body: Body, shifts: dict[str, float], c: Course) -> np.ndarray:
    return seen(About.of(body, shifts), c)[0]


def a_course(**more) -> Course:
    return Course(**{"parameter": "p", "size": 1.0, "hours": 1.0, "at": (), "interval": 8.0, "doses": None,
                     "stage": 1.0, "stage_ln_sd": 0.3, "irreversible": False, **more})  # fmt: skip


@pytest.mark.parametrize("doses", [1, 2, 7, None])
@pytest.mark.parametrize("hours", [0.0, 0.5, 3.0, 30.0])
def test_one_compartment_has_its_closed_form(doses, hours):
    """Absorption k, elimination e: ``k (exp(-e t) - exp(-k t)) / (k - e)`` for each dose, summed over all."""
    k, e = math.log(2.0), 0.2
    matrix = np.array([[-e, k], [0.0, -k]])
    ago = hours + 8.0 * np.arange(doses or 500)
    expected = np.sum(8.0 * k * (np.exp(-e * ago) - np.exp(-k * ago)) / (k - e))
    found = course(matrix, 1, a_course(doses=doses), [hours])[0, 0]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_mean_over_an_interval_is_the_daily_mean():
    matrix = np.array([[-0.2, 0.7], [0.0, -0.7]])
    times = np.linspace(0.0, 8.0, 801)
    states = course(matrix, 1, a_course(), times)[:, 0]
    assert np.trapezoid(states, times) / 8.0 == pytest.approx(1.0 / 0.2, rel=1e-4)


def test_scaling_is_exact_for_inflows_odds_and_shares():
    assert scaled(np.log(1 + 10.0), 0.3) == pytest.approx(math.log(1 + 3.0))
    assert scaled(np.log(1 / (1 + 4.0)), 0.5) == pytest.approx(math.log(1 / (1 + 2.0)))
    assert scaled(np.log(0.2), 0.5, irreversible=True) == pytest.approx(math.log(1 - 0.4))
    for part in (-2.0, 0.0, 1.5):
        assert scaled(part, 1.0) == pytest.approx(part)
        assert scaled(part, 1.0, irreversible=True) == pytest.approx(part)
        assert scaled(part, 0.0) == pytest.approx(0.0)


def test_blood_follows_the_dose_and_fluid_follows_blood(body):
    """With inhibitor levodopa has a half-life of 1.5 h in blood (10.1002/00002826-198604000-00006); here as well."""
    at = {h: taking(body, f"{LEVODOPA} last {h} h ago") for h in (1, 3, 4.5, 8)}
    found = {}
    for h, exposure in at.items():
        (mine,) = [c for c in exposure.courses if c.parameter == "input.levodopa"]
        found[h] = sees(body, {n.removeprefix(PREFIX): m for n, m, _ in exposure.shifts}, mine)
    plasma, hva, omd = (body.readouts.index(n) for n in ("plasma.L-DOPA", "csf.HVA", "csf.3-OMD"))
    assert found[1][plasma] > 2.0
    assert found[8][plasma] < 0.2
    half_life = 1.5 * math.log(2.0) / math.log(found[3][plasma] / found[4.5][plasma])
    assert 1.0 < half_life < 2.0
    assert all(0.75 < found[h][hva] < 1.3 for h in found)
    assert found[1][hva] < found[4.5][hva], "CSF is highest hours after blood"
    assert all(0.9 < found[h][omd] < 1.1 for h in found)


@pytest.mark.parametrize(("mg", "tolerance"), [(1, 0.01), (100, 0.05)])
def test_against_the_network_integrated_in_time(body, mg, tolerance):
    """Three doses a day for twenty days, at once into blood. At 1 mg everything is linear, at 100 mg it is not.

    Each read-out is solved apart here: what solving some together adds has a bound of its own, tested below.
    """
    hours, found = (1.0, 4.0, 8.0), []
    for h in hours:
        exposure = taking(body, f"levodopa {mg} mg 3/d last {h} h ago")
        exposure = replace(exposure, courses=tuple(replace(c, stage=0.01) for c in exposure.courses))
        timed = body.under(exposure)
        vars(timed)["groups"] = [(timed.ratios[:, j], np.array([j])) for j in map(body.readouts.index, INTEGRATED)]
        ln = np.zeros((1, len(timed.free)))
        ((name, mean, _),) = exposure.shifts
        ln[0, timed.free.index(name)] = mean
        ln[0, timed.free.index(STRUCTURE)] = -9.0  # the table's own constants
        found.append(timed.solve(ln).log_readouts[0])
    network = body.network
    default = network.values[network.parameters.index(body.names["input.levodopa"])]
    begun = 8.0 * np.arange(60)
    doses = [Dose("P_LDOPA", float(t), float(default * math.expm1(mean) * 8.0)) for t in begun]
    run = time_course(network, [begun[-1] + h for h in hours], None, doses, body.rest({}), rtol=1e-6, atol=1e-9)
    zero = steady_state(network, start=body.rest({}))
    for marker in INTEGRATED:
        observable = OBSERVABLES[marker]
        truth = np.log(np.asarray(run[observable]) / zero[observable])
        np.testing.assert_allclose([f[body.readouts.index(marker)] for f in found], truth, rtol=0, atol=tolerance)


def test_what_says_no_time_is_the_daily_mean(body):
    exposure = taking(body, LEVODOPA)
    assert exposure.courses == ()
    assert body.under(exposure) is body


def test_hours_of_the_panel_go_before_those_of_the_item(body):
    exposure = taking(body, f"{LEVODOPA} last 5 h ago", {"plasma.L-DOPA": 1.0})
    timed = body.under(exposure)
    assert isinstance(timed, TimedBody)
    at = [c.parameter for c in exposure.courses].index("input.levodopa")
    shifts = {n.removeprefix(PREFIX): m for n, m, _ in exposure.shifts}
    both = sees(body, shifts, exposure.courses[at])
    early = sees(body, shifts, replace(exposure.courses[at], hours=1.0, at=()))
    late = sees(body, shifts, replace(exposure.courses[at], at=()))
    plasma, hva = body.readouts.index("plasma.L-DOPA"), body.readouts.index("csf.HVA")
    assert both[plasma] == pytest.approx(early[plasma])
    assert both[hva] == pytest.approx(late[hva])
    assert early[plasma] > 3 * late[plasma]
    assert taking(body, LEVODOPA, {"csf.HVA": 3.0}).class_key != taking(body, LEVODOPA, {"csf.HVA": 4.0}).class_key


def test_a_defect_stays_while_its_drug_wears_off(body):
    """Only the treatment's part of a parameter is scaled: a person without MAO-A keeps the defect."""
    timed = body.under(taking(body, "moclobemide 300 mg 2/d last 200 h ago"))
    ln = np.zeros((2, len(timed.free)))
    ln[0, timed.free.index("taken.enzyme.MAOA")] = math.log(0.26)
    ln[:, timed.free.index("enzyme.MAOA")] = math.log(0.05)
    folds = timed.solve(ln).log_readouts
    fluid = [i for i, name in enumerate(body.readouts) if name.startswith("csf.")]
    np.testing.assert_allclose(folds[0, fluid], folds[1, fluid], atol=5e-3)
    platelets = body.readouts.index("platelets.serotonin")
    assert folds[0, platelets] > folds[1, platelets] + 0.05, "platelets live for days and remember"


def test_quantities_are_those_of_the_daily_mean(body):
    exposure = taking(body, f"{LEVODOPA} last 1 h ago")
    timed = body.under(exposure)
    ln, plain = np.zeros((1, len(timed.free))), np.zeros((1, len(body.free)))
    for name, mean, _ in exposure.shifts:
        ln[0, timed.free.index(name)] = mean
        plain[0, body.free.index(name.removeprefix(PREFIX))] = mean
    np.testing.assert_allclose(timed.solve(ln).log_quantities, body.solve(plain).log_quantities)


def test_who_has_more_has_it_for_longer(body):
    exposure = taking(body, f"{LEVODOPA} last 8 h ago")
    timed = body.under(exposure)
    ln = np.zeros((3, len(timed.free)))
    for name, mean, sd in exposure.shifts:
        ln[:, timed.free.index(name)] = mean
        if name == "taken.input.levodopa":
            ln[:, timed.free.index(name)] += sd * np.array([-1.0, 0.0, 1.0])
    plasma = timed.solve(ln).log_readouts[:, body.readouts.index("plasma.L-DOPA")]
    (sd,) = [sd for name, _, sd in exposure.shifts if name == "taken.input.levodopa"]
    assert (np.diff(plasma) > 1.2 * sd).all()


def test_a_load_is_one_dose():
    (dose,) = treatment_of("4 h after oral BH4 load")[0].doses
    assert (dose.hours_since_dose, dose.times_per_day, dose.days) == (4.0, 1.0, 1.0)
    (dose,) = treatment_of("sapropterin held 3 days")[0].doses
    assert (dose.hours_since_dose, dose.days) == (72.0, None)


def test_a_single_dose_is_less_than_many(body):
    once = taking(body, "BH4 10 mg/kg 1/d last 8 h ago for 1 d").courses[0]
    many = replace(once, doses=None)
    shifts = {"input.sapropterin": 8.0}
    phe = body.readouts.index("plasma.phenylalanine")
    assert 0.0 < sees(body, shifts, once)[phe] < sees(body, shifts, many)[phe]


@pytest.mark.parametrize(
    "text",
    [
        "levodopa 100 mg 3/d last 1 h ago",
        "BH4 20 mg/kg 1/d last 4 h ago for 1 d",
        "moclobemide 300 mg 2/d last 10 h ago",
        "methylphenidate 10 mg 1/d last 2 h ago",
        "vigabatrin 1 g 2/d last 200 h ago",
    ],
)
def test_no_read_out_is_solved_far_from_what_it_sees(body, text):
    """However many groups that takes: every parameter within 10 % of the read-out's own, for the typical person."""
    exposure = taking(body, text)
    timed = body.under(exposure)
    means = np.array([[mean] for _, mean, _ in exposure.shifts])
    assert len(means) == len(timed.ratios), "every item is timed"
    solved = np.ones_like(timed.ratios)
    for ratio, members in timed.groups:
        solved[:, members] = ratio[:, None]
    for mean, own, shared, irreversible in zip(means, timed.ratios, solved, timed._irreversible, strict=True):
        moved = scaled(mean, shared, irreversible) - scaled(mean, own, irreversible)
        assert np.abs(moved).max() <= 0.1


def test_a_short_peak_is_not_cut_at_ten(body):
    """One dose a day that is gone in an hour is 16 times its daily mean at once; the bound is that peak, and said."""
    assert peak(a_course(interval=24.0, stage=1.0)) == pytest.approx(24.0 * math.log(2.0), rel=1e-4)
    timed = body.under(taking(body, "BH4 20 mg/kg 1/d last 4 h ago for 1 d"))
    held = [body.readouts.index(readout) for _, readout in timed.strained]
    (ratios,) = timed.ratios
    most = peak(timed.exposure.courses[0])
    assert ratios.max() == pytest.approx(most)
    assert most > 10.0
    at_bound = np.flatnonzero((ratios >= most) | (ratios <= 1e-4))
    assert set(at_bound) <= set(held), "nothing is held in silence"


def test_what_does_not_follow_the_course_is_named(body):
    timed = body.under(taking(body, "moclobemide 300 mg 2/d last 1 h ago"))
    named = {readout for _, readout in timed.strained}
    assert ("enzyme.MAOA", "plasma.5-HIAA") in timed.strained
    assert "csf.HVA" not in named
    (ratios,) = timed.ratios
    assert ratios.max() <= peak(timed.exposure.courses[0]) * (1 + 1e-9)


def test_absorption_comes_before_the_decline():
    k, e = math.log(2.0) / 0.5, math.log(2.0) / 3.0
    c = a_course(absorption=0.5, stage=3.0, interval=24.0, doses=1)
    highest = math.log(k / e) / (k - e)
    assert peak(c) == pytest.approx(24.0 * e * math.exp(-e * highest), rel=1e-3)
    assert peak(c) < peak(replace(c, absorption=0.0))


@pytest.mark.parametrize("part", [-8.0, -2.0, -0.1])
@pytest.mark.parametrize("irreversible", [False, True])
def test_more_of_a_drug_never_blocks_more_than_everything(part, irreversible):
    ratios = np.array([0.0, 0.3, 0.999, 1.0, 1.001, 3.0, 30.0])
    left = np.exp(scaled(np.full(7, part), ratios, irreversible))
    assert ((left > 0) & (left <= 1)).all()
    assert (np.diff(left) < 0).all()
    assert abs(left[2] - left[4]) < 0.003, "one law goes over into the other"


def test_groups_that_nobody_asks_for_are_not_solved(body, monkeypatch):
    exposure = taking(body, f"{LEVODOPA} last 1 h ago")
    whole = body.under(exposure)
    asked = [body.readouts.index("csf.HVA"), body.readouts.index("plasma.L-DOPA")]
    some = whole.looking_at(asked)
    ln = np.zeros((2, len(whole.free)))
    for name, mean, _ in exposure.shifts:
        ln[:, whole.free.index(name)] = mean
    ln[1, whole.free.index("enzyme.DDC")] = math.log(0.05)
    solves = []
    solve = Body.solve
    monkeypatch.setattr(Body, "solve", lambda *a, **k: solves.append(1) or solve(*a, **k))
    every = whole.solve(ln)
    cost = len(solves)
    few = some.solve(ln)
    assert len(solves) - cost <= 3 < cost
    np.testing.assert_array_equal(few.log_readouts[:, asked], every.log_readouts[:, asked])
    np.testing.assert_array_equal(few.log_quantities, every.log_quantities)
    assert body.looking_at(asked) is body
