"""Firing of the cortex: what blockade of NMDA, GABA-A modulation, blocked uptake and defects of GABA do to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from eutone.body import load_module, load_whole
from eutone.engine import Network, compile_network, solve_steady
from eutone.engine.course import compile_course, solve_course
from eutone.engine.derivative import Derivative
from eutone.engine.expr import symbol

FREE = ("open_NMDA", "occ_bz", "t_GAT1", "e_ALDH5A1", "e_GLUL", "s_NH4", "bl_Na", "e_ABAT")
SEEN = ("f_EI_pfc", "f_GABA", "f_Glu", "GHB", "MRS_Gln", "MRS_Glu", "F_pyr", "F_int", "f_JOLT", "CORT", "csf_eGABA")
Values = dict[str, float]


@pytest.fixture(scope="module")
def whole() -> Network:
    return load_whole()


@pytest.fixture(scope="module")
def rests(whole: Network) -> Callable[..., Values]:
    """Where the whole person rests, over the default."""
    compiled = compile_network(whole, free=FREE, observables=[(n, symbol(n)) for n in SEEN])
    default = np.array([whole.values[whole.parameters.index(n)] for n in FREE])

    def rest(**changed: float) -> Values:
        values = default.copy()
        for name, value in changed.items():
            values[FREE.index(name)] = value
        found = solve_steady(compiled, np.array([default, values]))
        assert not found.status.any()
        return dict(zip(SEEN, found.observables[1] / found.observables[0], strict=True))

    return rest


@pytest.fixture(scope="module")
def hours_after(whole: Network) -> Callable[..., Values]:
    """Everything over its default two hours after a change."""
    code, derivative = compile_course(whole, FREE), Derivative(whole)
    default = np.array([whole.values[whole.parameters.index(n)] for n in FREE])
    before = derivative.values(0.0, whole.initial, whole.values)

    def after(**changed: float) -> Values:
        values, all_values = default.copy(), np.array(whole.values)
        for name, value in changed.items():
            values[FREE.index(name)] = all_values[whole.parameters.index(name)] = value
        run = solve_course(code, values[None], np.array([0.0, 2.0]), start=whole.initial)
        assert not run.status.any()
        now = derivative.values(2.0, run.states[0, -1], all_values)
        return {n: now[n] / before[n] for n in (*SEEN, "bp_bz", "f_DA_pfc", "PRL")}

    return after


def test_blocked_NMDA_receptors_disinhibit(hours_after: Callable[..., Values]):
    """Interneurons fall and principal cells rise (10.1523/JNEUROSCI.2213-07.2007); glutamate outside and prefrontal
    dopamine with them (10.1523/JNEUROSCI.17-08-02921.1997)."""
    found = hours_after(open_NMDA=0.6)
    assert found["F_int"] < 0.9 < 1.0 < found["F_pyr"]
    assert found["f_Glu"] > 1.02
    assert found["f_DA_pfc"] > 1.02
    assert found["f_EI_pfc"] > 1.0
    assert found["CORT"] > 1.1
    assert found["PRL"] > 1.05
    assert found["bp_bz"] < 1.0


def test_tissue_hardly_moves_under_ketamine(hours_after: Callable[..., Values]):
    assert hours_after(open_NMDA=0.55)["MRS_Glu"] == pytest.approx(1.0, abs=0.05)


def test_benzodiazepines_calm_and_stress_cells_get_used_to_it(
    hours_after: Callable[..., Values], rests: Callable[..., Values]
):
    """Cortisol falls for hours (10.1055/s-2007-1017143), not under long use (10.1007/s00213-004-1974-8)."""
    acute = hours_after(occ_bz=0.3)
    assert acute["F_pyr"] < 1.0
    assert acute["F_int"] < 1.0
    assert acute["f_EI_pfc"] < 1.0
    assert acute["CORT"] < 0.98
    assert acute["bp_bz"] == pytest.approx(0.7, abs=0.03)
    chronic = rests(occ_bz=0.3)
    assert chronic["f_JOLT"] == pytest.approx(1.0, abs=1e-6)
    assert abs(np.log(chronic["CORT"])) < 0.05
    assert acute["F_pyr"] < chronic["F_pyr"] < 1.0


def test_tiagabine_raises_GABA_outside_and_the_binding_of_flumazenil(hours_after: Callable[..., Values]):
    found = hours_after(t_GAT1=0.3)
    assert found["f_GABA"] > 1.2
    assert found["f_EI_pfc"] < 1.0
    assert 1.0 < found["bp_bz"] < 1.2  # +7 to +16 % (10.1371/journal.pone.0032443; 10.1038/npp.2008.104)


@pytest.mark.parametrize(
    ("change", "what", "sign"),
    [
        ({"e_ALDH5A1": 0.02}, "GHB", 1),
        ({"e_ALDH5A1": 0.02}, "f_EI_pfc", -1),
        ({"e_ABAT": 0.2}, "csf_eGABA", 1),
        ({"e_ABAT": 0.2}, "f_EI_pfc", -1),
        ({"e_GLUL": 0.3}, "MRS_Gln", -1),
        ({"e_GLUL": 0.3}, "f_EI_pfc", 1),
        ({"s_NH4": 2.0}, "MRS_Gln", 1),
        ({"bl_Na": 0.5}, "f_Glu", -1),
        ({"bl_Na": 0.5}, "F_pyr", -1),
    ],
)
def test_defects_and_blockers_move_it_the_right_way(rests: Callable[..., Values], change: Values, what: str, sign: int):
    assert sign * np.log(rests(**change)[what]) > 0.01


def test_firing_comes_back_over_days(rests: Callable[..., Values], hours_after: Callable[..., Values]):
    assert hours_after(bl_Na=0.7)["F_pyr"] < rests(bl_Na=0.7)["F_pyr"] < 1.0


def test_it_stays_positive(stays_positive: Callable[[str], None]):
    stays_positive("cortex")
    assert set(load_module("cortex").species) == {"F_pyr", "F_int", "h_pyr", "h_dis", "h_GC"}
