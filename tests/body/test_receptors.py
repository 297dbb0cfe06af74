"""Receptors: the published forms, what drugs and depletion do to them, and adaptation over days."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eutone.body import load_module
from eutone.engine import Network
from eutone.engine.reference import Derivative, steady_state, time_course

MONOAMINES = ("D1", "D2", "5HT1A", "5HT1B", "5HT2A", "alpha1", "alpha2", "beta")
POOL = {"D": "e_d", "5": "e_s", "a": "e_n", "b": "e_n"}
FOLDS = {"H1": "HA", "H3": "HA", "M1": "ACh", "nACh": "ACh", "A1": "ADO", "A2A": "ADO", "GABAA": "GABA",
         "GABAtonic": "GABA", "NMDA": "Glu"}  # fmt: skip


@pytest.fixture(scope="module")
def mono() -> tuple[Network, Derivative]:
    network = load_module("receptors")
    return network, Derivative(network)


@pytest.fixture(scope="module")
def other() -> tuple[Network, Derivative]:
    network = load_module("receptors_other")
    return network, Derivative(network)


def at_once(model: tuple[Network, Derivative], **changes: float) -> dict[str, float]:
    """Every value before receptors adapt."""
    network, derivative = model
    values = dict(zip(network.parameters, network.values, strict=True)) | changes
    return dict(derivative.values(0.0, network.initial, np.array([values[p] for p in network.parameters])))


def weeks_later(model: tuple[Network, Derivative], **changes: float) -> dict[str, float]:
    """Every value at the steady state."""
    network, derivative = model
    rest = steady_state(network, changes, derivative=derivative)
    values = dict(zip(network.parameters, network.values, strict=True)) | changes
    return dict(derivative.values(0.0, rest.state, np.array([values[p] for p in network.parameters])))


def parameter(model: tuple[Network, Derivative], name: str) -> float:
    return float(model[0].values[model[0].parameters.index(name)])


def test_signals_are_one_by_default(mono, other):
    for model in (mono, other):
        found = at_once(model)
        signals = {name: found[name] for name, _ in model[0].rules if name.startswith(("act_", "bp_"))}
        assert signals == pytest.approx(dict.fromkeys(signals, 1.0), abs=1e-6)  # as closed as the default body is


@pytest.mark.parametrize("x", MONOAMINES)
def test_the_operational_model(mono, x: str):
    """EC50 = K/(1 + tau), E = tau/(1 + tau) of the greatest effect (Black and Leff 1983, n = 1)."""
    pool, k, tau = POOL[x[0]], parameter(mono, f"K_r_{x}"), parameter(mono, f"q_{x}")
    # no regulation at once; f is relative, so compare with the effect at a flood of transmitter
    most = at_once(mono, **{pool: k * 1e9})[f"act_{x}"]
    half = at_once(mono, **{pool: k / (1 + tau)})[f"act_{x}"]
    assert half / most == pytest.approx(0.5, rel=1e-6)
    level = parameter(mono, pool)
    assert 1 / most == pytest.approx(tau * level / (level + k) / (1 + tau * level / (level + k)) * (1 + tau) / tau)


@pytest.mark.parametrize("x", MONOAMINES)
def test_antagonists_compete_and_receptors_grow(mono, x: str):
    free = "d2_free" if x == "D2" else f"free_{x}"
    pool = POOL[x[0]]
    # a competitor at Ki doubles the transmitter that is needed
    assert at_once(mono, **{free: 0.5, pool: 2 * parameter(mono, pool)})[f"act_{x}"] == pytest.approx(1.0)
    acute, later = at_once(mono, **{free: 0.2}), weeks_later(mono, **{free: 0.2})
    assert acute[f"act_{x}"] < later[f"act_{x}"] < 1.0
    assert 1.0 < later[f"R_{x}"] < 1 + parameter(mono, f"kap_r_{x}")


@pytest.mark.parametrize("x", MONOAMINES)
def test_more_transmitter_means_more_effect_and_fewer_receptors(mono, x: str):
    effects, receptors = zip(
        *((found[f"act_{x}"], found[f"R_{x}"]) for fold in (0.1, 0.5, 1.0, 2.0, 5.0, 20.0)
          for found in [weeks_later(mono, **{POOL[x[0]]: fold * parameter(mono, POOL[x[0]])})]),
        strict=True,
    )  # fmt: skip
    assert (np.diff(effects) > 0).all()
    assert (np.diff(receptors) < 0).all()


def test_a_partial_agonist_stands_between(mono):
    full = at_once(mono, ago_5HT1A=100.0)["act_5HT1A"]
    partial = at_once(mono, ago_5HT1A=100.0, eff_5HT1A=0.3)["act_5HT1A"]
    silent = at_once(mono, ago_5HT1A=100.0, eff_5HT1A=0.0)["act_5HT1A"]
    assert silent < 1.0 < partial < full


def test_noradrenaline_engages_alpha2A_first_then_alpha1_then_beta(mono):
    """Ramos and Arnsten 2007: half of the full effect is reached in this order."""
    needed = {x: parameter(mono, f"K_r_{x}") for x in ("alpha2", "alpha1", "beta")}
    assert needed["alpha2"] < needed["alpha1"] < needed["beta"]


def test_beta_receptors_fall_by_a_fifth_to_two_fifths_on_reuptake_block(mono):
    """Days of desipramine, which raises extracellular noradrenaline two- to fourfold (rat): fewer beta1 only."""
    level = parameter(mono, "e_n")
    for fold in (2.0, 3.0, 4.0):
        found = weeks_later(mono, e_n=fold * level)
        assert 0.55 < found["R_beta"] < 0.85
        assert found["R_alpha1"] > found["R_beta"]


def test_adaptation_takes_weeks(mono):
    network, derivative = mono
    course = time_course(network, [0.0, 24.0, 21 * 24.0, 90 * 24.0], {"d2_free": 0.2}, rtol=1e-8, derivative=derivative)
    grown = course.states[:, network.species.index("R_D2")] - 1.0
    assert grown[1] / grown[3] < 0.2
    assert 0.9 < grown[2] / grown[3] < 1.0


def test_depletion_shows_more_raclopride_and_amphetamine_less(mono):
    """At once: reserpine implies 25-45 % of D2 held by dopamine at rest; block hides the receptors from the tracer."""
    empty = at_once(mono, e_d=0.0)["bp_D2"]
    assert 0.2 < 1 - 1 / empty < 0.45
    assert at_once(mono, e_d=0.010)["bp_D2"] < 0.9
    assert at_once(mono, d2_free=0.25)["bp_D2"] < 0.35


def test_magnesium_block_is_that_of_jahr_and_stevens(other):
    published = {(70, 1.0): 0.045, (60, 1.0): 0.080, (40, 0.8): 0.272, (40, 1.0): 0.230, (40, 1.5): 0.166}
    for (below, magnesium), open_ in published.items():
        assert at_once(other, V_Mg=below, Mg_b=magnesium)["B_Mg"] == pytest.approx(open_, abs=6e-4)
    assert at_once(other, V_Mg=0.0, Mg_b=1.0)["B_Mg"] == pytest.approx(0.781, abs=5e-4)


@pytest.mark.parametrize(("x", "ligand"), FOLDS.items())
def test_effect_rises_with_the_fold(other, x: str, ligand: str):
    effects = [weeks_later(other, **{f"fold_{ligand}": fold})[f"act_{x}"] for fold in (0.0, 0.5, 1.0, 2.0, 8.0)]
    assert effects[0] == pytest.approx(0.0, abs=1e-9)  # but for a trace of nicotine
    assert (np.diff(effects) > 0).all()


def test_nicotine_makes_more_receptors_caffeine_makes_more_A1(other):
    """Smokers' cortex +26 to +36 % after 6.8 d without (which set it); caffeine at half occupancy: at most +25 %."""
    smoking = weeks_later(other, ago_nACh=20.0)
    assert 0.26 < (smoking["R_nACh"] - 1) * math.exp(-6.8 * 24 / parameter(other, "tau_r_nACh")) < 0.36
    coffee = weeks_later(other, free_A1=0.5)
    assert 1.05 < coffee["R_A1"] < 1.25
    assert at_once(other, free_A1=0.5)["act_A1"] < coffee["act_A1"] < 1.0
    assert at_once(other, free_A1=0.5)["bp_A1"] < 0.7


def test_modulators_of_GABA_A(other):
    """Benzodiazepines move synaptic receptors only; allopregnanolone the tonic ones more."""
    calm = at_once(other, occ_bz=0.5)
    assert calm["act_GABAA"] > 1.5
    assert calm["act_GABAtonic"] == pytest.approx(1.0)
    late_pregnancy = at_once(other, fold_ALLO=50.0)
    assert late_pregnancy["x_tonic"] / at_once(other)["x_tonic"] > 3.0
    assert late_pregnancy["x_GABAA"] / at_once(other)["x_GABAA"] < 2.0
    # 16 % occupied: fewer receptors after a week, by some per cent (seen: -10 %)
    assert 0.9 < weeks_later(other, occ_bz=0.16)["R_GABAA"] < 1.0


def test_kynurenate_and_channel_blockers_lower_NMDA(other):
    assert at_once(other, open_NMDA=0.5)["act_NMDA"] == pytest.approx(0.5)
    assert 0.9 < at_once(other, fold_KYNA=1.7)["act_NMDA"] < 1.0
    assert at_once(other, fold_QUIN=5.0)["act_NMDA"] > 1.0


@pytest.mark.parametrize("name", ["receptors", "receptors_other"])
def test_nothing_is_negative_whatever_the_constants(name: str, mono, other):
    network, derivative = mono if name == "receptors" else other
    rng = np.random.default_rng(3)
    for _ in range(30):
        values = network.values * np.exp(rng.normal(0.0, 1.0, network.values.size))
        state = network.initial * np.exp(rng.normal(0.0, 1.0, network.initial.size))
        found = derivative.values(0.0, state, values)
        assert all(found[rule] >= 0 for rule, _ in network.rules)
        assert all(math.isfinite(found[r]) and found[r] >= 0 for r in network.reactions)


def test_people_get_used_to_a_benzodiazepine_and_miss_it(other):
    """As in rats (PMID 3567600, 2859214): more effect at 3 d, most of it gone by 7, less than at rest for days."""
    network, derivative = other
    days = np.array([0.0, 0.25, 3.0, 7.0, 21.0])
    on = time_course(network, (24 * days).tolist(), {"occ_bz": 0.16}, derivative=derivative)
    values = dict(zip(network.parameters, network.values, strict=True))

    def effects(course, **changes: float) -> list[float]:
        own = np.array([(values | changes)[p] for p in network.parameters])
        return [derivative.values(0.0, state, own)["act_GABAA"] for state in course.states]

    first, three, week, three_weeks = effects(on, occ_bz=0.16)[1:]
    assert first > three > week > three_weeks > 1.0
    assert week - 1 < 0.4 * (first - 1)
    off = time_course(network, [0.0, 48.0, 96.0, 336.0], derivative=derivative, start=on.states[-1])
    stopped, two, four, fortnight = effects(off)
    assert stopped < two < four < 0.98
    assert fortnight == pytest.approx(1.0, abs=0.01)
    # the other site, without a benzodiazepine site, knows nothing of it
    assert on["R_GABAtonic"][-1] == pytest.approx(1.0, abs=1e-6)


def test_more_nicotinic_sites_answer_hardly_more(other):
    """Ten days of nicotine raise binding and not what nicotine does (PMID 8371136)."""
    grown = weeks_later(other, occ_nic=0.95)
    assert grown["R_nACh"] > 1.7
    assert 1.0 < grown["act_nACh"] < 1.25
