"""What holds of everybody, whatever their numbers are: people drawn from every spread of the whole person.

Directions are from textbooks of physiology, chosen before they were run; they hold at the new steady state, so through
every feedback and coupling. Pools are conserved but for the named reactions that fill and drain them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eutone.body import load_module, load_whole
from eutone.body._spreads import drawn
from eutone.engine import Compiled, Network, compile_network, solve_steady
from eutone.engine.course import CourseCode, compile_course, solve_course
from eutone.engine.expr import evaluate
from eutone.engine.moieties import conserved_moieties
from eutone.engine.periodic import periodic_orbits
from eutone.engine.steady import SteadyStates

PEOPLE = 1000
FEW = 0.003  # of people: of 4,000 at most three went the other way, at one level of one row; one had no rest
# what NET takes back is released again: where stores are what limits release, 37 of 4,000 have more outside
MORE = {"t_NET": 0.02}
SLIGHT = 0.02  # and no further than this,
# but for what NET takes back, and for vesicles that keep what more synthesis, or less firing, no longer lets out
FAR = {"t_NET": 0.1, "e_VMAT2": 0.5}
NOISE = 1e-6  # relative, of a level: steady states are found to about 1e-9
SET = ("in_CORT", "in_T4")  # what is given, 0 by default and of no spread

# plasma norepinephrine stands in no row: the reflex that keeps the pressure answers to all that acts on vessels
MONOTONE = [
    ("more TPH2 never lowers brain serotonin", "e_TPH2", 1.5, ("v_s", "e_s", "e_sr"), +1),
    ("blocking MAO-A never lowers it", "e_MAOA", 0.3, ("v_s", "e_s", "e_sr"), +1),
    ("more serotonin transporter never raises it outside", "t_SERT", 1.5, ("e_s", "e_sr"), -1),
    ("more TH never lowers striatal dopamine", "e_TH", 1.5, ("v_d", "e_d"), +1),
    ("more dopamine transporter never raises it outside", "t_DAT", 1.5, ("e_d",), -1),
    ("more DBH never lowers norepinephrine", "e_DBH", 1.5, ("vN_n", "e_n", "N_p"), +1),
    ("more norepinephrine transporter never raises it outside", "t_NET", 1.5, ("e_n",), -1),
    ("less VMAT2 never raises stores", "e_VMAT2", 0.3, ("v_s", "v_d", "vN_n"), -1),
    ("more other large neutral amino acids never raise brain tryptophan", "lnaa_other", 1.5, ("B_Trp",), -1),
    ("more GABA transaminase never raises GABA", "e_ABAT", 1.5, ("GABA",), -1),
    ("more acetylcholinesterase never raises acetylcholine outside", "e_ACHE", 1.5, ("e_ACh",), -1),
    ("more HDC never lowers histamine", "e_HDC", 1.5, ("e_h",), +1),
    ("more PAH never raises phenylalanine", "e_PAH", 1.5, ("P_Phe",), -1),
    ("more stress never lowers cortisol", "in_stress", 1.5, ("CORT",), +1),
    ("cortisol given never raises ACTH", "in_CORT", 0.05, ("ACTH", "CRH"), -1),
    ("thyroxine given never raises TSH", "in_T4", 0.003, ("TSH",), -1),
]


@pytest.fixture(scope="module")
def program() -> Compiled:
    network = load_whole()
    return compile_network(network, (*drawn(network).names, *SET))


@pytest.fixture(scope="module")
def everybody() -> np.ndarray:
    """People of this seed, (n, n_free); nothing of `SET` is given."""
    network = load_whole()
    return np.column_stack([drawn(network).people(PEOPLE, seed=1), np.zeros((PEOPLE, len(SET)))])


@pytest.fixture(scope="module")
def rest(program: Compiled, everybody: np.ndarray) -> SteadyStates:
    return solve_steady(program, everybody, check=1.0)


@pytest.fixture(scope="module")
def days() -> CourseCode:
    network = load_whole()
    return compile_course(network, (*drawn(network).names, "amp_day"))


def test_everybody_rests_and_nothing_is_below_0(rest: SteadyStates):
    assert rest.converged.mean() >= 1 - FEW
    assert (rest.states[rest.converged] >= 0).all()


@pytest.mark.parametrize(("says", "what", "size", "levels", "sign"), MONOTONE, ids=[m[0] for m in MONOTONE])
def test_monotone_where_physiology_is(
    program: Compiled,
    everybody: np.ndarray,
    rest: SteadyStates,
    says: str,
    what: str,
    size: float,
    levels: tuple[str, ...],
    sign: int,
):
    """``size`` is a factor, or what is given of something in `SET`."""
    changed = everybody.copy()
    column = changed[:, program.free.index(what)]
    column[:] = size if what in SET else size * column
    then = solve_steady(program, changed, check=0.0)
    assert then.converged.mean() >= 1 - FEW
    for level in levels:
        k = rest.species.index(level)
        both = rest.converged & then.converged
        rise = sign * (then.states[both, k] / rest.states[both, k] - 1)
        against = rise < -NOISE
        assert against.mean() <= MORE.get(what, FEW), (
            f"{says}: {level} goes the other way in {against.sum()} of {PEOPLE}"
        )
        far = FAR.get(what, SLIGHT)
        assert rise.min() > -far, f"{says}: {level} goes the other way by {-rise.min():.0%}, not {far:.0%} at most"


def test_phenylalanine_never_raises_the_entry_of_tyrosine_or_tryptophan(
    program: Compiled, everybody: np.ndarray, rest: SteadyStates
):
    """At fixed plasma tyrosine and tryptophan, over a hundredfold of plasma phenylalanine."""
    network = load_whole()
    values: dict[str, object] = dict(zip(network.parameters, network.values, strict=True))
    values.update(zip(program.free, everybody.T, strict=True), time=0.0)
    values.update(zip(network.species, rest.states.T, strict=True))
    entries = []
    for fold in np.geomspace(0.3, 30, 9):
        now = values | {"P_Phe": fold * rest.states[:, network.species.index("P_Phe")]}
        for rule, expression in network.rules:
            now[rule] = evaluate([expression], now)[0]
        rates = [network.rates[network.reactions.index(name)] for name in ("J_Tyr_in", "J_Trp_in")]
        entries.append(evaluate(rates, now))
    steps = np.diff(np.array(entries, dtype=float), axis=0)
    assert (steps < 0).all()


def test_nothing_is_below_0_over_days_with_clocks(days: CourseCode):
    """From a start far from rest: every level a factor of about three off, each in its own direction."""
    network = load_whole()
    start = network.initial * np.exp(np.random.default_rng(2).normal(0.0, 1.0, (20, len(network.initial))))
    people = np.column_stack([drawn(network).people(20, seed=2), np.ones(20)])
    course = solve_course(days, people, [0.0, 0.1, 1.0, 6.0, 24.0, 72.0], start=start)
    assert course.counts() == {"CONVERGED": 20}
    assert (course.states >= -1e-7 * np.abs(network.initial)).all()


def test_everybody_has_a_day_that_repeats_and_nothing_is_below_0_in_it(
    days: CourseCode, everybody: np.ndarray, rest: SteadyStates
):
    """One of thirty had none as long as trace species were lost beside what is 10^16-fold more."""
    network = load_whole()
    people = np.column_stack([everybody[:4, : -len(SET)], np.ones(4)])
    found = periodic_orbits(days, people, 24.0, start=rest.states[:4])
    assert (found.status == 0).all()
    assert found.periods.max() < 25
    course = solve_course(days, people, [*range(25), 240.0], start=found.states, rtol=1e-9, atol=1e-12)
    assert (course.states >= 0).all()
    for later in (24, 25):  # after a day, and after ten
        np.testing.assert_allclose(course.states[:, later], found.states, rtol=1e-5, atol=1e-8)
    moieties = conserved_moieties(network)
    held = course.states @ moieties.laws.T
    assert held == pytest.approx(np.broadcast_to(held[:, :1], held.shape))


RING = ("NH2TP", "PTP", "sep", "BH4", "qBH2", "BH2")
POOLS = {
    "pterins of catecholamine cells": (
        "pterins",
        {f"{name}_C": 1 for name in RING},
        {"J_GCH1_C", "J_neo_C", "J_PTP_out_C", "J_sep_out_C", "J_BH4_out_C", "J_BH2_out_C", "J_BH4_brain_C"},
    ),
    "pterins of serotonin cells": (
        "pterins",
        {f"{name}_S": 1 for name in RING},
        {"J_GCH1_S", "J_neo_S", "J_PTP_out_S", "J_sep_out_S", "J_BH4_out_S", "J_BH2_out_S", "J_BH4_brain_S"},
    ),
    "pterins of the liver": (
        "pterins",
        {f"{name}_L": 1 for name in (*RING, "cab")},
        {"J_GCH1_L", "J_neo_L", "J_PTP_out_L", "J_sep_out_L", "J_BH4_out_L", "J_BH2_out_L", "J_primapterin",
         "J_BH4_drug"},
    ),
    "glutathione": ("oxidative", {"GSH": 1, "GSSG": 2}, {"J_GCL", "J_GSH_out", "J_GSSG_out"}),
    "choline and acetylcholine of brain": (
        "acetylcholine",
        dict.fromkeys(("CHO_e", "CHO_n", "ACh_c", "ACh_v", "e_ACh"), 1),
        {"J_CHO_in", "J_CHO_back", "J_CHO_lipid", "J_CHO_kinase", "J_CHO_n_lipid", "J_ACh_out"},
    ),
    "glutamate and glutamine": (
        "glutamate",
        dict.fromkeys(("GLU_n", "GLU_v", "eGLU", "GLU_g", "GLN_g", "GLN_e", "GLN_n"), 1),
        {"J_Glu_ox_n", "J_PC_n", "J_Glu_ox_g", "J_anaplerosis", "J_Gln_blood", "J_Glu_GAD67", "J_Glu_ABAT", "J_GAD65",
         "J_ABAT_g"},
    ),
}  # fmt: skip


def test_nothing_in_the_whole_person_circulates_for_ever():
    """Everything is made and lost: no total is set by where a simulation began."""
    assert len(conserved_moieties(load_whole()).laws) == 0


@pytest.mark.parametrize(("module", "weights", "doors"), POOLS.values(), ids=POOLS)
def test_a_pool_changes_by_its_doors_alone(module: str, weights: dict[str, int], doors: set[str]):
    """With them shut its total stays, over days, in 20 people."""
    network = load_module(module)
    pool = np.array([weights.get(name, 0) for name in network.species])
    crosses = pool @ network.stoichiometry != 0
    assert {name for name, c in zip(network.reactions, crosses, strict=True) if c} == doors
    shut = _without(network, crosses)
    differ = drawn(shut)
    course = solve_course(compile_course(shut, differ.names), differ.people(20, seed=3), [0.0, 1.0, 24.0, 240.0])
    assert course.counts() == {"CONVERGED": 20}
    totals = course.states @ pool
    assert totals == pytest.approx(np.broadcast_to(totals[:, :1], totals.shape), rel=1e-9)


def _without(network: Network, dropped: np.ndarray) -> Network:
    kept = np.flatnonzero(~dropped)
    return replace(
        network,
        reactions=tuple(network.reactions[j] for j in kept),
        rates=tuple(network.rates[j] for j in kept),
        stoichiometry=network.stoichiometry[:, kept],
    )
