"""Small versions of what scripts/time_courses shows: mass, wearing off, tolerance and withdrawal."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from eutone.body import load_module
from eutone.body._compose import default_values, load_whole
from eutone.engine.reference import Derivative, time_course

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    sys.path.insert(0, str(SCRIPTS))
    try:
        loader = SourceFileLoader("time_courses", str(SCRIPTS / "time_courses"))
        spec = spec_from_loader("time_courses", loader)
        assert spec is not None
        module = module_from_spec(spec)
        sys.modules["time_courses"] = module  # dataclasses look their module up
        loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(SCRIPTS))
        sys.modules.pop("time_courses", None)


def test_half_time_lies_between_two_values(script: ModuleType):
    hours = np.linspace(0.0, 10.0, 41)
    assert script.half_time(hours + 5.0, np.exp(-hours / 2.0)) == pytest.approx(2.0 * np.log(2.0), abs=0.01)
    assert np.isnan(script.half_time(hours, np.ones(41)))


def test_no_serotonin_is_lost_or_made_in_weeks_of_a_block(script: ModuleType):
    """Made, left and stored differ by less than 1e-9 of what was made."""
    network, sign = script.counted(load_module("serotonin"), script.CELL)
    assert set(sign) == {f"count.J_{name}" for name in ("TPH", "HTP_exit", "MAO_s", "intact_s", "diffuse_s", "MAO_gs",
                                                        "intact_gs")}  # fmt: skip
    whole, over = script.counted(load_whole(), script.CELL)
    assert over == sign, "no other module takes serotonin of these cells, or gives any"
    assert len(whole.species) == len(load_whole().species) + len(over)
    found = time_course(network, [0.0, 24.0, 672.0], {"t_SERT": 0.2}, rtol=1e-8)
    assert found.status == 0, found.reason
    for end in (1, 2):
        store = sum(found[name][end] - found[name][0] for name in script.CELL)
        passed = sum(s * found[name][end] for name, s in sign.items())
        assert abs(store - passed) < 1e-9 * found["count.J_TPH"][end]


def test_levodopa_lasts_less_long_where_terminals_are_lost(script: ModuleType):
    """In patients and rats too, and there by more."""
    network, v = load_module("dopamine"), default_values()
    derivative = Derivative(network)
    halves = []
    for lost in (0.0, 0.9):
        values = {n: (1 - lost) * v[n] for n in ("V_TH", "V_AADC_d", "V_VMAT_d", "V_DAT")}
        before, high, hours = {**values}, {**values, "E_LDOPA": 20 * v["E_LDOPA"]}, np.arange(0.0, 24.01, 0.25)
        rest = time_course(network, [0.0, 3000.0], before, derivative=derivative).states[-1]
        on = time_course(network, [0.0, 16.0], high, derivative=derivative, start=rest).states[-1]
        off = time_course(network, hours.tolist(), before, derivative=derivative, start=on)
        place = network.species.index("e_d")
        halves.append(script.half_time(hours, off["e_d"] - rest[place]))
    assert halves[1] < 0.9 * halves[0]


@pytest.mark.parametrize(
    ("module", "moved", "density", "tau", "up"),
    [
        ("receptors_other", {"free_A1": 0.5}, "R_A1", "tau_r_A1", True),
        ("receptors_other", {"free_A2A": 0.5}, "R_A2A", "tau_r_A2A", True),
        ("receptors_other", {"ago_nACh": 8.0}, "R_nACh", "tau_r_nACh", True),
        ("receptors_other", {"occ_bz": 0.16}, "h_bz", "tau_bz_used", False),
        ("receptors", {"d2_free": 0.25}, "R_D2", "tau_r_D2", True),
    ],
)
def test_receptors_adapt_and_return(script: ModuleType, module: str, moved: dict[str, float], density: str, tau: str,
                                    up: bool):  # fmt: skip
    """Four weeks of a drug, then none: density turns against it, and is back with its own time constant."""
    network = load_module(module)
    derivative = Derivative(network)
    on = time_course(network, [0.0, 672.0], moved, derivative=derivative)
    assert (on[density][-1] > 1.05) if up else (on[density][-1] < 0.99)
    hours = np.arange(0.0, 1009.0, 6.0)
    off = time_course(network, hours.tolist(), derivative=derivative, start=on.states[-1])
    back = script.half_time(hours, np.abs(off[density] - 1.0))
    assert 0.7 < back / (np.log(2.0) * default_values()[tau]) < 1.3
    effect = "act_GABAA" if density == "h_bz" else density.replace("R_", "act_")
    assert (off[effect][0] > 1.01) if up else (off[effect][0] < 0.99), "a rebound on stopping"


def test_a_rebound_is_on_the_other_side(script: ModuleType):
    days = np.arange(0.0, 20.0, 0.5)
    back = 0.3 * (np.exp(-days / 4.0) - np.exp(-days / 1.0))
    far, when, half = script.rebound(days, 1 + back, 0.7)
    assert far == pytest.approx(1 + back.max())
    assert when == pytest.approx(2.0, abs=0.5)
    assert 3.0 < half < 5.0
    assert script.rebound(days, 1 + back, 1.2) is None
