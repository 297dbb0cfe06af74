"""Each module runs alone, rests where the whole body rests, and makes and loses matter only where it says so."""

from __future__ import annotations

import numpy as np
import pytest

from eutone.body import MODULES, MORE, load, load_module, load_whole
from eutone.engine import Network
from eutone.engine.reference import Derivative, Dose, time_course

# Each species has one skeleton: a reaction between species keeps their number. Where matter enters terminals:
ENTRIES = {
    "J_GCH1_L J_GCH1_C J_GCH1_S": "pterins are made",
    "J_BH4_drug J_BH4_brain_C J_BH4_brain_S": "a dose of BH4",
    "J_TH J_TH_n J_TH_t J_TH_p J_TPH J_TPH1": "hydroxylation; amino acids are not counted in terminals",
    "J_other_DA J_other_5HT": "amine made elsewhere from L-DOPA, 5-HTP or dopamine that leaves there",
    "J_LDOPA_t J_uptake_LDOPA": "amine made from blood L-DOPA, which is counted in blood",
}
TERMINALS = {
    "pterins": ("NH2TP_", "PTP_", "sep_", "BH4_", "BH2_", "qBH2_", "cab_"),
    "dopamine": ("L_d", "c_d", "v_d", "e_d", "DOPAC_b", "MT_b", "E_HVA"),
    "noradrenaline": ("L_n", "cD_n", "vD_n", "vN_n", "cN_n", "e_n", "DHPG_b", "NMN_b", "E_MHPG"),
    "serotonin": ("HTP_s", "c_s", "v_s", "e_s", "g_s", "E_HIAA"),
}


@pytest.fixture(scope="module")
def network() -> Network:
    return load().network


@pytest.fixture(scope="module")
def whole() -> Network:
    return load_whole()


@pytest.fixture(scope="module")
def of_whole(whole: Network) -> Derivative:
    return Derivative(whole)


@pytest.fixture(scope="module")
def derivative(network: Network) -> Derivative:
    return Derivative(network)


@pytest.mark.parametrize("name", [*MODULES, *MORE])
def test_a_module_alone_rests_but_for_what_others_bring(name: str, whole: Network, of_whole: Derivative):
    """At default its states change by minus what the reactions of other modules bring them, which for most is 0."""
    alone = load_module(name)
    change = Derivative(alone)(0.0, alone.initial, alone.values)
    at = of_whole.values(0.0, whole.initial, whole.values)
    others = [j for j, r in enumerate(whole.reactions) if r not in alone.reactions]
    rates = np.array([at[whole.reactions[j]] for j in others])
    gross = Derivative(alone).turnover(0.0, alone.initial, alone.values)
    for i, species in enumerate(alone.species):
        brought = whole.stoichiometry[whole.species.index(species), others] @ rates
        assert change[i] + brought == pytest.approx(0.0, abs=1e-6 * (gross[i] + abs(brought))), species


def test_the_body_rests_at_its_default(network: Network, derivative: Derivative):
    assert derivative.residual(0.0, network.initial, network.values) < 1e-6


def test_the_whole_person_rests_at_its_default(whole: Network, of_whole: Derivative):
    assert of_whole.residual(0.0, whole.initial, whole.values) < 1e-6


@pytest.mark.parametrize("name", [*MODULES, *MORE])
def test_a_module_alone_runs(name: str):
    alone = load_module(name)
    doubled = alone.start() * 2.0
    found = time_course(alone, [0.0, 1.0, 24.0], start=doubled, rtol=1e-6)
    assert found.status == 0, found.reason
    assert np.isfinite(found.states).all()
    assert (found.states >= -1e-9 * np.abs(doubled)).all()


def test_no_reaction_between_species_makes_or_loses_a_skeleton(network: Network):
    for name, column in zip(network.reactions, network.stoichiometry.T, strict=True):
        if (column > 0).any() and (column < 0).any():
            assert column.sum() == pytest.approx(0.0, abs=1e-12), name


def test_skeletons_are_not_turned_into_one_another(network: Network):
    """What reactions connect is one kind of molecule: a pterin never becomes an amine, dopamine never serotonin."""
    parent = {s: s for s in network.species}

    def root(s: str) -> str:
        while parent[s] != s:
            s = parent[s]
        return s

    for column in network.stoichiometry.T:
        if (column > 0).any() and (column < 0).any():
            first, *others = (network.species[i] for i in np.flatnonzero(column))
            for other in others:
                parent[root(other)] = root(first)
    kinds = {k: {root(s) for s in network.species if s.startswith(p)} for k, p in TERMINALS.items()}
    kinds["folate"] = {root(s) for s in ("MTHF_p", "MTHF_c")}
    kinds["sulfur"] = {root("HCY"), root("SAM")}
    kinds["GABA"] = {root("GABA"), root("SSA")}
    names = sorted(kinds)
    for k, a in enumerate(names):
        for b in names[k + 1 :]:
            assert not kinds[a] & kinds[b], f"{a} and {b} share a reaction"


@pytest.mark.parametrize("module", sorted(TERMINALS))
def test_matter_enters_terminals_only_where_it_is_said(module: str, network: Network):
    allowed = {r for names in ENTRIES for r in names.split()}
    mine = [i for i, s in enumerate(network.species) if s.startswith(TERMINALS[module])]
    entries = {
        name
        for name, column in zip(network.reactions, network.stoichiometry.T, strict=True)
        if (column[mine] > 0).any() and not (column < 0).any()
    }
    assert entries
    assert entries <= allowed, sorted(entries - allowed)


def test_amine_made_elsewhere_is_covered_by_what_leaves(network: Network, derivative: Derivative):
    rng = np.random.default_rng(0)
    for _ in range(20):
        state = network.initial * np.exp(rng.normal(0.0, 1.0, len(network.species)))
        at = derivative.values(0.0, state, network.values)
        assert at["J_other_DA"] <= (at["J_LDOPA_AADC_e"] + at["J_MAO_DAn"] + at["J_release_DAn"]) * (1 + 1e-12)
        assert at["J_other_5HT"] <= at["J_HTP_AADC_e"] * (1 + 1e-12)


def test_reactions_with_an_empty_side_run_one_way(network: Network, derivative: Derivative):
    """An exit that ran backwards would be a source without a name. Two do, where L-DOPA is given: they are known."""
    rng = np.random.default_rng(1)
    backwards = set()
    one_sided = [
        name
        for name, column in zip(network.reactions, network.stoichiometry.T, strict=True)
        if not ((column > 0).any() and (column < 0).any())
    ]
    for _ in range(50):
        state = network.initial * np.exp(rng.normal(0.0, 1.5, len(network.species)))
        at = derivative.values(0.0, state, network.values)
        backwards |= {name for name in one_sided if at[name] < 0}
    assert backwards <= {"J_LDOPA_exit_n", "J_LDOPA_exit_t"}


@pytest.mark.parametrize(
    ("changes", "doses"),
    [
        ({}, (Dose("in_LDOPA", 0.0, 20.0, 2.0),)),
        ({"in_Trp": 0.0, "in_Phe": 0.0}, ()),
        ({"e_DDC": 0.001}, (Dose("in_HTP", 0.0, 5.0, 1.0),)),
        ({"e_VMAT2": 0.001, "t_DAT": 0.001}, ()),
        ({"e_QDPR": 0.001, "e_PAH": 0.01}, (Dose("in_BH4", 0.0, 10.0, 1.0),)),
    ],
)
def test_concentrations_stay_non_negative(
    network: Network, derivative: Derivative, changes: dict[str, float], doses: tuple[Dose, ...]
):
    found = time_course(
        network,
        [0.0, 0.01, 0.1, 1.0, 2.0, 6.0, 24.0, 96.0],
        changes,
        doses,
        rtol=1e-5,
        atol=1e-9,
        derivative=derivative,
    )
    assert found.status == 0, found.reason
    assert (found.states >= -1e-6 * np.abs(network.initial)).all()
