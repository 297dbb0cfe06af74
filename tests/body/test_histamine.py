"""Histamine: the published varicosity gives its printed numbers, and the module what was seen of the brain."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from eutone.body import load_module
from eutone.engine import Network, load_network
from eutone.engine.derivative import Derivative
from eutone.engine.reference import SteadyState, steady_state
from eutone.engine.status import Status

STATE = {
    "cha": "3.14494", "vha": "144.170", "eha": "1.39998", "gha": "0.756746", "bht": "99.73699", "cht": "250.0593",
    "htpool": "312.5741", "G": "0.696153", "T": "12.72755", "B": "2.957724",
}  # fmt: skip
FLUXES = {
    "HDC": "111.86", "MATH": "501.68", "release": "501.68", "HNMT": "79.43", "HNMTg": "32.37", "HAT": "506.98",
    "HATg": "41.45",
}  # fmt: skip
#: Changed input (as a factor), then what is printed.
CHANGED = [
    ({"HTin": 2.0}, {"eha": "1.7429", "vha": "202.24", "cht": "550.08"}),
    ({"HTin": 0.5}, {"eha": "1.0124", "vha": "87.803", "cht": "111.88"}),
    ({"fire": 2.0}, {"eha": "1.5578", "vha": "87.175"}),
]


def solved(network: Network, **factors: float) -> SteadyState:
    default = dict(zip(network.parameters, network.values, strict=True))
    found = steady_state(network, {k: f * default[k] for k, f in factors.items()}, derivative=Derivative(network))
    assert found.status is Status.CONVERGED, found.reason
    return found


def wrong(found: SteadyState, printed: dict[str, str]) -> dict[str, tuple[float, str]]:
    """What does not round to its print."""
    units = {k: 10.0 ** -len(p.partition(".")[2]) for k, p in printed.items()}
    return {k: (found[k], p) for k, p in printed.items() if abs(found[k] - float(p)) > 0.5 * units[k] * (1 + 1e-9)}


@pytest.fixture(scope="module")
def published() -> Network:
    return load_network(Path(str(files("eutone.body") / "published" / "histamine_2017.ant")))


@pytest.fixture(scope="module")
def module() -> Network:
    return load_module("histamine")


def test_the_published_varicosity_rests_where_its_listing_says(published: Network):
    found = solved(published)
    assert not wrong(found, STATE)
    assert not wrong(found, FLUXES)


@pytest.mark.parametrize(("factors", "printed"), CHANGED)
def test_the_published_varicosity_answers_a_change(published: Network, factors: dict[str, float], printed: dict):
    assert not wrong(solved(published, **factors), printed)


def test_the_adapted_fluxes_are_those_of_the_published_model(module: Network):
    """What was taken over is still there: synthesis, release, both methylations within 2 %."""
    found = solved(module)
    for name, flux in {"J_HDC": 111.86, "J_release_h": 501.68, "J_HNMT": 79.43, "J_HNMT_g": 32.37}.items():
        assert found[name] == pytest.approx(flux, rel=0.02), name


def test_histidine_and_its_decarboxylase_make_histamine(module: Network):
    low, rest, high = (solved(module, e_HDC=f) for f in (0.1, 1.0, 2.0))
    assert low["f_HA"] < 0.5 < rest["f_HA"] < high["f_HA"]
    loaded = solved(module, P_His=5.0)
    assert 1.1 < loaded["f_HA"] < 3.5  # 1 g/kg raised content to 166 % (hypothalamus) and 348 % (cortex), rat


def test_without_methylation_histamine_rises_and_its_product_is_gone(module: Network):
    found = solved(module, e_HNMT=0.02)
    assert found["f_HA"] > 1.5
    assert found["E_tMH"] < 0.5
    half = solved(module, e_HNMT=0.5)
    assert 1.0 < half["f_HA"] < found["f_HA"]


def test_maob_blockade_raises_the_amine_and_lowers_the_acid(module: Network):
    found = solved(module, e_MAOB=0.05)
    assert found["csf_tMH"] > 3 * 0.002
    assert found["csf_tMIAA"] < 0.7 * 0.013
    assert found["f_HA"] == pytest.approx(1.0, abs=1e-6)


def test_h3_blockade_raises_turnover(module: Network):
    found = solved(module, h3_free=0.01)
    assert 1.2 < found["csf_tMH"] / 0.002 < 3.0
    assert found["f_HA"] > 1.2


def test_sam_and_plp_are_needed(module: Network):
    assert solved(module, SAM=0.2)["f_HA"] > 1.0
    assert solved(module, PLP_b=0.2)["f_HA"] < 1.0
