"""Dopamine outside nerves, oxidases in excess, levodopa and 5-HTP in the wall of the gut, BH4 of the gut."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from eutone.body._compose import default_values
from eutone.engine import Network, compile_network, solve_steady
from eutone.engine.reference import Derivative

Folds = Callable[[str, Mapping[str, float]], dict[str, float]]

FREE = ("e_MAOA", "e_MAOB", "dose_LDOPA", "dose_HTP", "a_AADC_p", "in_BH4")
ARMS = {
    "phenelzine": {"e_MAOA": 0.13, "e_MAOB": 0.15},
    "moclobemide": {"e_MAOA": 0.26},
    "no MAO-A": {"e_MAOA": 0.01},
    "no MAO-B": {"e_MAOB": 0.1},
    "levodopa": {"dose_LDOPA": 11.3},
    "levodopa, a tenth": {"dose_LDOPA": 1.13},
    "levodopa with inhibitor": {"dose_LDOPA": 1.13, "a_AADC_p": 0.1},
    "5-HTP": {"dose_HTP": 0.386},
    "5-HTP with inhibitor": {"dose_HTP": 0.386, "a_AADC_p": 0.1},
    "BH4": {"in_BH4": 2.0},
}


@pytest.fixture(scope="module")
def fold(whole_network: Network, whole_derivative: Derivative) -> dict[str, dict[str, float]]:
    """By arm, the steady state over the default one."""
    compiled = compile_network(whole_network, free=FREE)
    at = [whole_network.parameters.index(name) for name in FREE]
    people = np.tile(whole_network.values, (len(ARMS), 1))
    for k, arm in enumerate(ARMS.values()):
        for name, value in arm.items():
            people[k, whole_network.parameters.index(name)] = value
    found = solve_steady(compiled, people[:, at])
    assert (found.status == 0).all(), found.status
    rest = default_values()

    def everything(k: int) -> dict[str, float]:
        values = whole_derivative.values(0.0, found.states[k], people[k])
        return {name: value / rest[name] for name, value in values.items() if rest.get(name)}

    return {arm: everything(k) for k, arm in enumerate(ARMS)}


def test_nothing_of_it_moves_the_default_state():
    rest = default_values()
    for name in ("f_oxidised", "f_displaced", "f_5HT_MAO", "f_BH4_gut", "f_DAS"):
        assert rest[name] == pytest.approx(1.0, rel=1e-6), name
    assert rest["J_NE_stored"] == pytest.approx(0.0, abs=1e-12)
    assert rest["J_W_MAO"] == pytest.approx(rest["J_HIAA_more_out"], rel=1e-6)
    gained = rest["J_X_DOPAC_HVA"] + rest["J_X_MT_HVA"] + rest["J_HVA_brain_more"]
    assert gained == pytest.approx(rest["J_HVA_more_out"], rel=1e-6)


def test_less_than_half_of_plasma_HVA_is_of_nerves():
    """Without sympathetic nerves 40 % less is made (10.1016/0024-3205(93)90612-7)."""
    rest = default_values()
    nerves = rest["J_DOPAC_HVAp"] + rest["J_MT_HVAp"]
    made = nerves + sum(rest[name] for name in ("J_X_DOPAC_HVA", "J_X_MT_HVA", "J_HVA_brain", "J_HVA_brain_more"))
    assert 0.35 < nerves / made < 0.45


def test_no_dopamine_is_lost_between_LDOPA_and_its_metabolites(whole_network: Network):
    for name, places in {"J_X_MAO": {"X_DA", "X_DOPAC"}, "J_X_COMT": {"X_DA", "X_MT"}, "J_X_SULT": {"X_DA", "P_DAS"},
                         "J_X_DOPAC_HVA": {"X_DOPAC", "P_HVA"}, "J_NE_stored": {"P_NE", "N_p"}}.items():  # fmt: skip
        column = whole_network.stoichiometry[:, whole_network.reactions.index(name)]
        assert column.sum() == 0.0
        assert {whole_network.species[i] for i in np.flatnonzero(column)} == places


def test_an_oxidase_in_excess_loses_less_flux_than_activity(fold):
    assert 1.3 < fold["phenelzine"]["blood_5HT"] < 1.6, "it was set by that"
    assert fold["phenelzine"]["P_HIAA"] == pytest.approx(1.0, abs=0.05)
    assert fold["no MAO-A"]["P_HIAA"] < 0.85
    assert 0.26 < fold["moclobemide"]["P_DHPG"] < 0.8
    assert 0.4 < fold["moclobemide"]["P_HVA"] < 0.8
    assert fold["no MAO-B"]["P_HVA"] > 0.9


def test_norepinephrine_of_plasma_hardly_minds_an_inhibitor(fold):
    assert fold["moclobemide"]["P_NE"] == pytest.approx(1.0, abs=0.2)
    assert fold["moclobemide"]["P_NMN"] > 2.0


def test_levodopa_fills_urine_with_HVA_and_not_the_nerves(fold):
    assert fold["levodopa"]["P_HVA"] > 100
    assert fold["levodopa"]["P_VMA"] > 1.3
    assert fold["levodopa"]["N_p"] == pytest.approx(1.0, abs=0.15)
    assert fold["levodopa"]["P_NE"] == pytest.approx(1.0, abs=0.15)


def test_an_inhibitor_saves_the_wall_and_the_blood(fold):
    """Three quarters to four fifths of the dose can be saved (labels)."""
    gain = fold["levodopa with inhibitor"]["P_LDOPA"] / fold["levodopa, a tenth"]["P_LDOPA"]
    assert 3.5 < gain < 6.0
    assert fold["levodopa with inhibitor"]["P_DAS"] < fold["levodopa, a tenth"]["P_DAS"]


def test_BH4_by_mouth_reaches_the_gut(fold):
    assert 1.1 < fold["BH4"]["plt_5HT"] < 3.0


def test_5HTP_becomes_5HIAA_unless_its_decarboxylase_is_blocked(fold):
    """100 mg/d: elevenfold in urine of eight healthy people (10.1155/2008/472159)."""
    assert 5 < fold["5-HTP"]["P_HIAA"] < 25
    assert fold["5-HTP with inhibitor"]["P_HIAA"] < 0.6 * fold["5-HTP"]["P_HIAA"]
    assert 5 < fold["5-HTP with inhibitor"]["P_HTP"] / fold["5-HTP"]["P_HTP"] < 20


def test_BH4_of_the_gut_stands_in_for_that_of_the_brain(module_folds: Folds):
    assert module_folds("enterochromaffin", {"in_BH4": 2e4})["f_BH4_gut"] > 1.1
    assert module_folds("enterochromaffin", {"BH4_S": 0.1})["f_BH4_gut"] == pytest.approx(1.0, rel=1e-3)
