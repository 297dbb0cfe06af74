"""The published terminals load alone and give the regression values of their equations, to the digits printed.

A printed value is met when the computed one rounds to it. Two places where the print cannot be met are listed with the
reason, beside the tables they belong to.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from eutone.engine import Network, load_network
from eutone.engine.moieties import conserved_moieties
from eutone.engine.reference import Derivative, Dose, SteadyState, TimeCourse, steady_state, time_course
from eutone.engine.status import Status


class Model:
    """A published model with its derivative made once."""

    def __init__(self, name: str) -> None:
        self.network: Network = load_network(Path(str(files("eutone.body") / "published" / f"{name}.ant")))
        self.derivative = Derivative(self.network)
        self.default = dict(zip(self.network.parameters, self.network.values, strict=True))
        self.base = self.steady()

    def steady(self, **factors: float) -> SteadyState:
        """The steady state with parameters multiplied by ``factors``."""
        values = {name: factor * self.default[name] for name, factor in factors.items()}
        found = steady_state(self.network, values, derivative=self.derivative)
        assert found.status is Status.CONVERGED, found.reason
        assert found.residual < 1e-12
        return found

    def course(
        self, times: object, doses: tuple[Dose, ...] = (), *, eda: float | None = None, **values: float
    ) -> TimeCourse:
        """From the resting state, with parameters set to ``values``."""
        start = self.base.state.copy()
        if eda is not None:
            start[self.network.species.index("eda")] = eda
        found = time_course(self.network, times, values, doses, start, derivative=self.derivative)  # type: ignore[arg-type]
        assert found.status is Status.CONVERGED, found.reason
        return found


@pytest.fixture(scope="module")
def dopamine() -> Model:
    return Model("dopamine_2009")


@pytest.fixture(scope="module")
def serotonin() -> Model:
    return Model("serotonin_2020")


def meets(value: float, printed: str, units: float = 0.5) -> bool:
    """Whether ``value`` is within half a unit (or ``units``) of the last printed digit."""
    decimals = len(printed.partition(".")[2])
    return abs(value - float(printed)) <= units * 10.0**-decimals * (1 + 1e-9)


def wrong(values: dict[str, float], printed: dict[str, str]) -> dict[str, tuple[float, str]]:
    return {k: (values[k], p) for k, p in printed.items() if not meets(values[k], p)}


# --- dopamine 2009 ---

DOPAMINE_STATE = {
    "bh2": "40.855", "bh4": "319.145", "tyr": "125.70", "ldopa": "0.35586", "cda": "2.6469", "vda": "80.966",
    "eda": "0.0020237", "hva": "7.6782", "tyrpool": "942.77",
}  # fmt: skip
DOPAMINE_INITIAL = {
    "bh2": "41", "bh4": "319", "tyr": "126", "ldopa": "0.36", "cda": "2.65", "vda": "81", "eda": "0.002",
}  # fmt: skip
DOPAMINE_FLUXES = {
    "TYRin": "240.99", "TH": "27.299", "DRR": "27.299", "AADC": "27.299", "MAT": "80.966", "release": "80.966",
    "DAT": "80.137", "eda_removal": "0.8095", "eda_catab": "0.0202", "cda_catab": "26.469", "hva_removal": "26.490",
    "tyr_catab": "25.14", "pool_catab": "188.55",
}  # fmt: skip

#: Changed parameters (as factors), then extracellular (nM), vesicular and cytosolic dopamine and the TH flux.
DOPAMINE = [
    ({}, "2.0237", "80.966", "2.6469", "27.299"),
    ({"V_DAT": 0}, "27.894", "11.434", "0.2127", "13.561"),
    ({"V_DAT": 0.25}, "4.8584", "49.423", "1.2024", "14.016"),
    ({"V_DAT": 0.5}, "2.9468", "59.289", "1.5679", "16.887"),
    ({"V_DAT": 2}, "1.4085", "112.47", "5.5992", "56.569"),
    ({"V_TH": 0.25}, "1.3758", "55.218", "1.4097", "14.661"),
    ({"V_TH": 0.5}, "1.6731", "67.055", "1.9036", "19.722"),
    ({"V_TH": 0.75}, "1.8692", "74.843", "2.2937", "23.704"),
    ({"V_TH": 1.25}, "2.1542", "86.135", "2.9840", "30.723"),
    ({"V_TH": 2}, "2.4638", "98.362", "3.9678", "40.688"),
    ({"V_TH": 0.5, "autoreceptor": 0}, "1.3020", "52.278", "1.3020", "13.554"),
    ({"V_TH": 0.75, "autoreceptor": 0}, "1.7089", "68.476", "1.9704", "20.405"),
    ({"V_TH": 1.25, "autoreceptor": 0}, "2.2729", "90.826", "3.3267", "34.199"),
    ({"V_TH": 2, "autoreceptor": 0}, "2.7798", "110.81", "5.3683", "54.823"),
    ({"fire": 0.5}, "1.4145", "113.52", "5.5523", "56.103"),
    ({"fire": 0.75}, "1.7566", "93.831", "3.5204", "35.924"),
    ({"fire": 1.25}, "2.2605", "72.268", "2.1807", "22.734"),
    ({"fire": 2}, "2.9212", "58.181", "1.5805", "17.002"),
    ({"fire": 3}, "3.8081", "50.346", "1.3208", "14.770"),
    ({"fire": 0.5, "autoreceptor": 0}, "1.0275", "82.620", "2.6870", "27.29"),
    ({"fire": 2, "autoreceptor": 0}, "3.9240", "77.774", "2.5684", "27.29"),
    ({"fire": 3, "autoreceptor": 0}, "5.7088", "74.785", "2.4953", "27.29"),
    ({"btyr": 0.5}, "2.0337", "81.365", "2.6716", "27.550"),
    ({"btyr": 1.5}, "2.0083", "80.357", "2.6097", "26.920"),
    ({"btyr": 2}, "1.9971", "79.914", "2.5829", "26.648"),
    ({"V_MAT": 0.5}, "1.4042", "56.353", "5.6330", "56.906"),
    ({"k_cda": 0.5}, "2.4408", "97.455", "3.8838", "20.420"),
]  # fmt: skip


def test_the_dopamine_terminal_rests_where_its_equations_say(dopamine: Model) -> None:
    assert not wrong(dopamine.base.values, DOPAMINE_STATE)
    assert not wrong(dopamine.base.values, DOPAMINE_INITIAL)
    assert not wrong(dopamine.base.values, DOPAMINE_FLUXES)
    assert meets(6 * dopamine.base["tyr"], "754.2")
    assert meets(0.6 * dopamine.base["tyrpool"], "565.7")


@pytest.mark.parametrize(
    ("factors", "eda", "vda", "cda", "th"), DOPAMINE, ids=lambda v: str(v) if isinstance(v, dict) else ""
)
def test_the_dopamine_terminal_answers_a_change(
    dopamine: Model, factors: dict[str, float], eda: str, vda: str, cda: str, th: str
) -> None:
    found = dopamine.steady(**factors)
    got = {"eda": 1000 * found["eda"], "vda": found["vda"], "cda": found["cda"], "TH": found["TH"]}
    assert not wrong(got, {"eda": eda, "vda": vda, "cda": cda, "TH": th})


def test_tripled_firing_triples_release_and_then_wears_off(dopamine: Model) -> None:
    found = dopamine.course([0.01, 1, 2, 4, 9, 24], (Dose("fire", 0.0, 2.0),))
    for value, printed in zip(1000 * found["eda"], ["6.17", "5.23", "4.68", "4.15", "3.84", "3.81"], strict=True):
        assert meets(value, printed)
    assert meets(found["eda"][0] / dopamine.base["eda"], "3.05")
    assert meets(found["vda"][4], "50.8")


def meals(days: int) -> tuple[Dose, ...]:
    """Serum tyrosine over a quarter of 97 uM: 1.75 times 97 at 7-10 h and 12-15 h, 3.25 times at 18-21 h."""
    return tuple(
        Dose("btyr", 24.0 * day + begin, 97 * extra, 3.0)
        for day in range(days)
        for begin, extra in ((7, 1.5), (12, 1.5), (18, 3.0))
    )


@pytest.mark.parametrize(
    ("inhibited", "vda", "th", "tyr"),
    [(1.0, ("80.30", "81.35"), ("26.7", "28.0"), ("57", "140")), (0.0, ("74.95", "81.20"), ("23.4", "28.0"), None)],
)
def test_inhibition_by_tyrosine_holds_vesicles_steady_through_meals(
    dopamine: Model, inhibited: float, vda: tuple[str, str], th: tuple[str, str], tyr: tuple[str, str] | None
) -> None:
    times = 24 * 4 + np.linspace(0, 24, 289)
    found = dopamine.course(times, meals(5), btyr=97 * 0.25, tyr_inhibition=inhibited)
    for name, range_ in (("vda", vda), ("TH", th), ("tyr", tyr)):
        if range_:
            assert meets(found[name].min(), range_[0])
            assert meets(found[name].max(), range_[1])


#: Extracellular dopamine at first (uM), transporter (factor), printed half-life (s).
HALF_LIVES = [
    (0.2, 1.0, "0.106"), (1.0, 1.0, "0.274"), (2.0, 1.0, "0.473"),
    (0.2, 0.5, "0.208"), (1.0, 0.5, "0.525"), (2.0, 0.5, "0.876"),
    (0.2, 0.0, "6.09"), (1.0, 0.0, "6.12"), (2.0, 0.0, "6.13"),
]  # fmt: skip


@pytest.mark.parametrize(("eda", "dat", "printed"), HALF_LIVES)
def test_extracellular_dopamine_is_cleared_in_the_time_of_its_rate_laws(
    dopamine: Model, eda: float, dat: float, printed: str
) -> None:
    """Clearance alone (no release), to half.

    The regression text does not say how its half-lives were measured. Four of nine are met to the digit; the others are
    longer by 0.2 % at most, which no definition tried (with release, above baseline) explains. So the digits are not
    asked for here: the exact value is, as the integral of de/rate, and the print within 0.3 %.
    """
    times = np.linspace(0, 8, 1601) / 3600
    found = dopamine.course(times, eda=eda, V_DAT=8000 * dat, fire=0.0)["eda"]
    half = 3600 * float(np.interp(-eda / 2, -found, times))
    exact = 3600 * quad(lambda e: 1 / (8000 * dat * e / (0.2 + e) + 30 * e / (3 + e) + 400 * e), eda / 2, eda)[0]
    assert half == pytest.approx(exact, rel=3e-4)
    assert meets(half, printed) or half == pytest.approx(float(printed), rel=3e-3)


def test_vesicles_empty_when_synthesis_stops(dopamine: Model) -> None:
    times = np.linspace(0, 4, 4001)
    found = dopamine.course(times, V_TH=0.0)["vda"]
    assert meets(float(np.interp(-dopamine.base["vda"] / 2, -found, times)), "2.68")


def test_biopterins_are_what_the_dopamine_terminal_conserves(dopamine: Model) -> None:
    moieties = conserved_moieties(dopamine.network)
    laws = [{dopamine.network.species[i] for i in np.flatnonzero(law)} for law in moieties.laws]
    assert laws == [{"bh2", "bh4"}]
    assert dopamine.base["bh2"] + dopamine.base["bh4"] == pytest.approx(360, abs=1e-9)
    course = dopamine.course([1.0, 24.0], (Dose("fire", 0.0, 2.0),))
    np.testing.assert_allclose(course["bh2"] + course["bh4"], 360, rtol=1e-8)


# --- serotonin 2020 ---

SEROTONIN_STATE = {
    "bh2": "0.0995", "bh4": "0.9005", "trp": "20.1651", "htp": "1.6110", "cht": "0.0376", "vht": "67.4285",
    "eht": "0.0601", "hia": "1.5846", "pool": "113.4289", "G": "0.8639", "T": "1.0068", "B": "0.9757", "ght": "0.0000",
    "Gha": "0.6947", "Tha": "12.6860", "Bha": "2.9428",
}  # fmt: skip
SEROTONIN_FLUXES = {
    "TRPin": "157.75", "TPH": "3.9873", "DRR": "3.9873", "AADC": "3.9873", "MAT": "127.4349", "release": "127.4349",
    "SERT": "125.0699", "eht_removal": "2.4027", "cht_catab": "1.5846", "pool_out": "113.43", "trp_out": "40.33",
    "cht_leak": "0.04", "uptake2": "0",
}  # fmt: skip

#: Changed parameters (as factors), then extracellular (nM) and vesicular serotonin and the TPH flux.
SEROTONIN = [
    ({"V_SERT": 0.25}, "67.853", "34.658", "3.371"),
    ({"V_SERT": 0.5}, "65.098", "50.714", "3.588"),
    ({"V_SERT": 2}, "50.187", "75.573", "4.785"),
    ({"V_TPH": 0.5}, "44.433", "28.821", "2.832"),
    ({"V_TPH": 2}, "70.216", "174.517", "5.866"),  # see TPH_TWICE
    ({"btrp": 0.5}, "50.721", "39.172", "3.249"),
    ({"btrp": 2}, "65.176", "100.106", "4.662"),
    ({"fire": 0.5}, "56.832", "109.74", "4.246"),
    ({"fire": 2}, "61.957", "38.550", "3.837"),
    ({"V_TPH": 0.5, "gain_synthesis": 0, "gain_release": 0}, "28.761", "43.457", "2.108"),
    ({"V_SERT": 0.5, "gain_synthesis": 0, "gain_release": 0}, "72.796", "37.919", "3.987"),
]

#: The text prints 5.867 for the TPH flux at twice the Vmax. At the steady state that it prints otherwise (eht and vht
#: are met) the flux is what leaves as serotonin and as 5-HIAA, 40*eht + hia = 5.8660: the print is one unit too high.
TPH_TWICE = "5.867"


def test_the_serotonin_terminal_rests_where_the_authors_listing_says(serotonin: Model) -> None:
    assert not wrong(serotonin.base.values, SEROTONIN_STATE)
    assert not wrong(serotonin.base.values, SEROTONIN_FLUXES)
    assert meets(1000 * serotonin.base["eht"], "60.067")


@pytest.mark.parametrize(
    ("factors", "eht", "vht", "tph"), SEROTONIN, ids=lambda v: str(v) if isinstance(v, dict) else ""
)
def test_the_serotonin_terminal_answers_a_change(
    serotonin: Model, factors: dict[str, float], eht: str, vht: str, tph: str
) -> None:
    found = serotonin.steady(**factors)
    got = {"eht": 1000 * found["eht"], "vht": found["vht"], "TPH": found["TPH"]}
    assert not wrong(got, {"eht": eht, "vht": vht, "TPH": tph})


def test_the_one_flux_that_is_printed_otherwise(serotonin: Model) -> None:
    found = serotonin.steady(V_TPH=2)
    assert found["TPH"] == pytest.approx(40 * found["eht"] + found["hia"], rel=1e-9)
    assert not meets(found["TPH"], TPH_TWICE)
    assert meets(found["TPH"], TPH_TWICE, units=1.001)


def test_serotonin_falls_below_its_baseline_after_a_burst(serotonin: Model) -> None:
    """Two seconds of stimulation: the autoreceptor outlasts the serotonin that it answers to (BMC Neurosci 2020)."""
    times = np.linspace(0, 30, 61) / 3600
    found = serotonin.course(times, (Dose("fire", 0.0, 17.0, 2 / 3600),))["eht"]
    assert found[:10].max() > 1.2 * serotonin.base["eht"]
    assert found[-20:].min() < 0.99 * serotonin.base["eht"]


def test_biopterins_are_what_the_serotonin_terminal_conserves(serotonin: Model) -> None:
    moieties = conserved_moieties(serotonin.network)
    laws = [{serotonin.network.species[i] for i in np.flatnonzero(law)} for law in moieties.laws]
    assert laws == [{"bh2", "bh4"}]
    assert serotonin.base["bh2"] + serotonin.base["bh4"] == pytest.approx(1.0, abs=1e-12)
