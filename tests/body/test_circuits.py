"""Prefrontal dopamine, gain, signal against noise, excitation against inhibition, arousal, and functional domains."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from eutone.body import load_module, load_whole
from eutone.body._compose import all_parameters
from eutone.engine import Network, compile_network, solve_steady
from eutone.engine.reference import Derivative, steady_state, time_course

DOMAINS = ("f_MOOD", "f_COGNITION", "f_SLEEP", "f_RESILIENCE", "f_ENERGY")


@pytest.fixture(scope="module")
def circuit() -> tuple[Network, Derivative]:
    network = load_module("circuits")
    return network, Derivative(network)


def at_once(model: tuple[Network, Derivative], **changes: float) -> dict[str, float]:
    network, derivative = model
    values = dict(zip(network.parameters, network.values, strict=True)) | changes
    return dict(derivative.values(0.0, network.initial, np.array([values[p] for p in network.parameters])))


Rest = Callable[..., dict[str, np.ndarray]]


@pytest.fixture(scope="module")
def whole_rest() -> Rest:
    """Signals and states of the whole person at rest, one row for each set of changes."""
    network = load_whole()
    free = ("t_NET", "t_DAT", "t_SERT", "e_COMT", "d2_free", "free_H1", "fold_DA_pfc", "free_A2A")
    signals = [name for name, _ in network.rules if name.startswith(("f_", "act_", "bp_"))]
    compiled = compile_network(network, free, signals)

    def rest(*rows: dict[str, float]) -> dict[str, np.ndarray]:
        solved = solve_steady(compiled, np.array([[row.get(name, 1.0) for name in free] for row in rows]))
        assert (solved.status == 0).all()
        found = {name: solved.observables[:, i] for i, name in enumerate(signals)}
        return found | {name: solved.states[:, i] for i, name in enumerate(network.species)}

    return rest


def test_a_single_unit_gains_nothing_from_gain(circuit):
    """Servan-Schreiber 1990: without noise after the nonlinearity the ratio does not depend on gain."""
    ratios = [at_once(circuit, sd_out=0.0, gain_0=g)["SNR"] for g in (0.1, 0.5, 1.0, 2.0, 5.0)]
    assert ratios == pytest.approx([ratios[0]] * 5)
    one = [at_once(circuit, sd_out=0.0, N_units=1.0, gain_0=g)["dprime"] for g in (0.3, 1.0, 3.0)]
    assert one == pytest.approx([1.0] * 3)  # signal over input noise


def test_a_converging_network_improves_with_gain_and_saturates(circuit):
    """Centred input: the ratio rises with gain to N mu^2/(sd^2 (1 + (N - 1) c))."""
    ratios = [at_once(circuit, bias_pyr=0.0, gain_0=g)["SNR"] for g in (0.1, 0.3, 1.0, 3.0, 30.0, 300.0)]
    assert (np.diff(ratios) > 0).all()
    n, c = 100.0, 0.1
    assert ratios[-1] == pytest.approx(n / (1 + (n - 1) * c), rel=1e-3)
    assert at_once(circuit, bias_pyr=0.0)["SNR"] > at_once(circuit, bias_pyr=0.0, N_units=1.0)["SNR"]


def test_very_high_gain_drops_off_centre(circuit):
    """An input off centre meets the flat part of the logistic."""
    off = {"fold_Glu": 1.6}
    ratios = [at_once(circuit, gain_0=g, **off)["SNR"] for g in (0.2, 1.0, 3.0, 10.0, 100.0)]
    best = int(np.argmax(ratios))
    assert 0 < best < 4
    assert ratios[-1] < 0.05 * ratios[best]


def test_inverted_U_of_D1_and_of_noradrenaline(circuit):
    """Low and high D1 both harm; optimum a little above default (Val is helped by amphetamine, Met is not)."""
    folds = np.array([0.1, 0.4, 0.8, 1.0, 1.3, 2.0, 5.0])
    by_d1 = [at_once(circuit, act_D1_pfc=x)["f_SNR"] for x in folds]
    assert folds[int(np.argmax(by_d1))] == 1.3
    assert by_d1[0] < 0.5
    assert by_d1[-1] < 0.7
    # alpha2A with a high, alpha1 with a low affinity: both folds rise together, alpha1 nearly in proportion
    by_ne = [
        at_once(circuit, act_alpha2=x * 1.2 / (1 + 0.2 * x), act_alpha1=x)["f_GAIN"] for x in (0.2, 1.0, 1.8, 4.0, 10.0)
    ]
    assert 0 < int(np.argmax(by_ne)) < 3
    assert by_ne[-1] < 0.6


def test_less_NMDA_or_GABA_moves_the_balance_and_scaling_brings_firing_back(circuit):
    network, derivative = circuit
    assert at_once(circuit, act_NMDA=0.5)["f_EI_pfc"] < 1.0 < at_once(circuit, act_GABAA=0.5)["f_EI_pfc"]
    acute = at_once(circuit, act_GABAA=0.5)["pyr_rate"]
    rest = steady_state(network, {"act_GABAA": 0.5}, derivative=derivative)
    assert rest.state[0] < 1.0
    values = dict(zip(network.parameters, network.values, strict=True)) | {"act_GABAA": 0.5}
    later = derivative.values(0.0, rest.state, np.array([values[p] for p in network.parameters]))["pyr_rate"]
    default = at_once(circuit)["pyr_rate"]
    assert default < later < acute
    course = time_course(network, [0.0, 24.0, 6 * 24.0], {"act_GABAA": 0.5}, derivative=derivative).states[:, 0]
    assert (1 - course[1]) < 0.7 * (1 - course[2])


def test_arousal(circuit):
    for lower in (
        {"act_H1": 0.3},
        {"act_alpha1": 0.5, "act_beta": 0.5},
        {"act_GABAA": 1.5},
        {"act_A1": 1.5, "act_A2A": 1.5},
    ):
        assert at_once(circuit, **lower)["f_AROUSAL"] < 0.97
    assert at_once(circuit, act_A1=0.7, act_A2A=0.6)["f_AROUSAL"] > 1.1  # caffeine


def prefrontal(net: float, comt: float) -> float:
    """Fold of prefrontal dopamine: 55 % of it leaves by NET, 35 % by COMT (10.1111/j.1471-4159.2010.06889.x)."""
    return 1 / (0.1 + 0.55 * net + 0.35 * comt)


def test_low_doses_of_stimulants_help_and_high_ones_do_not(whole_rest: Rest):
    """Whole person: weak block of NET, of NET and DAT, nearly full block; the same block with fast and slow COMT."""

    def taking(net: float, dat: float, comt: float = 1.0) -> dict[str, float]:
        return {"t_NET": net, "t_DAT": dat, "e_COMT": comt, "fold_DA_pfc": prefrontal(net, comt)}

    found = whole_rest(
        {},
        taking(0.85, 1.0),
        taking(0.8, 0.6),
        taking(0.05, 0.1, 0.5),
        taking(1.0, 1.0, 1.5),
        taking(0.6, 0.6, 1.5),
        taking(1.0, 1.0, 0.6),
        taking(0.6, 0.6, 0.6),
    )
    snr = found["f_SNR"]
    assert snr[0] == pytest.approx(1.0)
    assert snr[1] > 1.0  # a little more noradrenaline and dopamine
    assert snr[2] > 1.0
    assert snr[3] < 0.9  # far too much
    # amphetamine helps those with fast COMT more than those with slow COMT (10.1073/pnas.0931309100)
    assert snr[5] / snr[4] > snr[7] / snr[6]


def test_domains_are_one_by_default_and_follow_with_a_lag():
    network = load_module("domains")
    derivative = Derivative(network)
    assert network.initial == pytest.approx(np.ones(6))
    course = time_course(network, [0.0, 24.0, 28 * 24.0], {"act_5HT1A": 2.0}, derivative=derivative).states
    mood = course[:, network.species.index("f_MOOD")] - 1.0
    assert 0 < mood[1] < 0.1 * mood[2]


def test_mood_follows_illness_within_hours_and_transmitters_in_weeks():
    """Worse in the eight hours after typhoid vaccine (PMID 15465075)."""
    network = load_module("domains")
    course = time_course(network, [4.0], {"fold_IL6": 10.0}, derivative=Derivative(network))
    assert course["f_MOOD"][0] < 0.9
    assert course["MOOD_slow"][0] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "domain", "sign"),
    [
        ({"fold_CORT": 2.0}, "f_MOOD", -1),
        ({"fold_IL6": 3.0}, "f_ENERGY", -1),
        ({"f_AROUSAL": 1.5}, "f_SLEEP", -1),
        ({"f_SNR": 1.5}, "f_COGNITION", 1),
        ({"act_GABAtonic": 1.5}, "f_RESILIENCE", 1),
        ({"act_D2": 0.0}, "f_MOOD", -1),
    ],
)
def test_signs_of_domains(change: dict[str, float], domain: str, sign: int):
    network = load_module("domains")
    rest = steady_state(network, change).state
    found = dict(zip(network.species, rest, strict=True))
    assert sign * (found[domain] - 1) > 0.005
    assert found[domain] > 0.3  # no signal alone ends a function


def test_whole_person_under_an_SSRI_an_antipsychotic_and_sleeplessness(whole_rest: Rest):
    """Signs only: more 5-HT1A and mood; less D2 and mood; antihistamine lowers arousal and raises sleep."""
    found = whole_rest(
        {},
        {"t_SERT": 0.2},
        {"d2_free": 0.25},
        {"free_H1": 0.2},
    )
    assert found["act_5HT1A"][1] > 1.0
    assert found["f_MOOD"][1] > 1.0 > found["f_MOOD"][2]
    assert found["f_AROUSAL"][3] < 1.0 < found["f_SLEEP"][3]
    assert found["R_D2"][2] == pytest.approx(1.2, abs=0.1)


@pytest.mark.parametrize("name", ["circuits", "domains"])
def test_nothing_is_negative_whatever_the_constants(name: str):
    network = load_module(name)
    derivative = Derivative(network)
    rng = np.random.default_rng(5)
    for _ in range(30):
        values = network.values * np.exp(rng.normal(0.0, 0.7, network.values.size))
        values[[i for i, p in enumerate(network.parameters) if p == "c_shared"]] = 0.5
        state = network.initial * np.exp(rng.normal(0.0, 1.0, network.initial.size))
        found = derivative.values(0.0, state, values)
        assert all(np.isfinite(found[rule]) and found[rule] >= 0 for rule, _ in network.rules)
        assert all(found[r] >= 0 for r in network.reactions)


def test_people_and_ignorance_have_steady_states():
    """Every spread of the whole person at once; what is unknown about receptors and circuits alone moves no signal."""
    network = load_whole()
    known = dict(zip(network.parameters, network.values, strict=True))
    spread = [(p, max(p.person_ln_sd, p.structural_ln_sd)) for p in all_parameters() if p.flat in known]
    spread = [(p, sd) for p, sd in spread if sd > 0]
    signals = (
        "act_D1",
        "act_D2",
        "act_5HT1A",
        "act_alpha2",
        "act_NMDA",
        "act_GABAtonic",
        "f_GAIN",
        "f_SNR",
        "f_AROUSAL",
    )
    compiled = compile_network(network, [p.flat for p, _ in spread], signals)
    rng = np.random.default_rng(11)
    default = np.array([known[p.flat] for p, _ in spread])
    folds = np.exp(rng.normal(size=(100, len(spread))) * [sd for _, sd in spread])
    everything = solve_steady(compiled, default * folds)
    # one in a thousand has none (scripts/check_whole), as where the circulation's set point would be below 0
    rests = everything.status == 0
    assert rests.mean() >= 0.99
    assert everything.states[rests].min() > 0
    ours = ("receptor.", "circuit.", "arousal.", "domain.")
    fixed = np.array([p.structural_ln_sd == 0 or not p.id.startswith(ours) for p, _ in spread])
    ignorance = solve_steady(compiled, default * np.where(fixed, 1.0, folds))
    assert ignorance.observables == pytest.approx(np.ones_like(ignorance.observables), abs=1e-6)


def test_therapeutic_stimulants_do_not_lower_the_ratio(whole_rest: Rest):
    """The strength of alpha1 was set so."""
    block = [{"t_NET": n, "t_DAT": d, "fold_DA_pfc": prefrontal(n, 1.0)} for n, d in ((0.4, 0.4), (0.7, 0.6))]
    assert (whole_rest(*block)["f_SNR"] > 1.0).all()


def test_caffeine_shows_more_D2_not_less(whole_rest: Rest):
    """300 mg at its highest (5.4 mg/L, A2A constant 3.8): a few per cent, which set the coupling; no displacement."""
    assert 1.02 < whole_rest({"free_A2A": 0.41})["bp_D2"][0] < 1.06


def test_a_day_without_catecholamine_synthesis_frees_D2_for_the_tracer():
    """AMPT over 25 h: raclopride binding +18 (SD of difference about 5) % in six people (Verhoeff 2001): predicted."""
    network = load_whole()
    values = dict(zip(network.parameters, network.values, strict=True)) | {"e_TH": 0.3}
    derivative = Derivative(network)
    course = time_course(network, [0.0, 25.0], {"e_TH": 0.3}, derivative=derivative)
    found = derivative.values(25.0, course.states[1], np.array([values[p] for p in network.parameters]))
    assert 1.06 < found["bp_D2"] < 1.28
