"""A body small enough to check by hand: two monoamine chains with shared cofactor and decarboxylase, in closed form."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from eutone.inference import bank as banks
from eutone.inference.noise import from_bank
from eutone.inference.prepared import Prepared
from eutone.inference.prior import UNTREATED
from eutone.knowledge.explanations import Effect, Explanation, Form


@dataclass(frozen=True)
class Quantity:
    id: str
    name: str
    system: str
    region: str | None
    unit: str


@dataclass(frozen=True)
class Solved:
    log_readouts: np.ndarray
    log_quantities: np.ndarray
    status: np.ndarray


@dataclass(frozen=True)
class Exposure:
    shifts: tuple
    class_key: str
    modelled: tuple
    not_modelled: tuple


@dataclass
class ToyBody:
    free: tuple[str, ...] = (
        "enzyme_TH",
        "enzyme_TPH2",
        "enzyme_DDC",
        "enzyme_PTS",
        "enzyme_PAH",
        "turnover_dopamine",
        "turnover_serotonin",
        "turnover_norepinephrine",
        "enzyme_FREE",
    )
    spread: np.ndarray = field(default_factory=lambda: np.array([0.15, 0.15, 0.15, 0.15, 0.15, 0.05, 0.05, 0.05, 0.3]))
    readouts: tuple[str, ...] = (
        "csf.HVA",
        "csf.5-HIAA",
        "csf.3-OMD",
        "csf.neopterin",
        "csf.MHPG",
        "plasma.phenylalanine",
    )
    quantities: tuple[Quantity, ...] = (
        Quantity("striatum.dopamine.synthesis", "dopamine synthesis", "dopamine", "striatum", "nmol/h"),
        Quantity("raphe.serotonin.synthesis", "serotonin synthesis", "serotonin", "raphe", "nmol/h"),
        Quantity("brain.BH4", "tetrahydrobiopterin", "cofactors", "brain", "nmol/L"),
        Quantity("nowhere.free", "something that no marker sees", "other", None, "nmol/L"),
    )
    model_hash: str = "toy"
    solves: int = 0

    def raw(self, ln_factors):
        th, tph, ddc, pts, pah, to_da, to_ht, to_ne, free = np.exp(ln_factors.T)
        bh4 = pts * 1.05 / (pts + 0.05)
        da = th * bh4 / (bh4 + 0.5) * 1.5
        ht = tph * bh4 / (bh4 + 1.0) * 2.0
        ddc_share = ddc * 1.01 / (ddc + 0.01)
        dopa = da / (ddc + 0.01)
        hva, hiaa = da * ddc_share * to_da, ht * ddc_share * to_ht
        phe = 1.0 / (pah * bh4 / (bh4 + 0.3) * 1.3 + 0.03)
        neopterin = 1.0 + 3.0 / (1 + 20 * pts)
        readouts = np.log(np.stack([hva, hiaa, dopa, neopterin, hva**0.8 * to_ne, phe], axis=1))
        return readouts, np.log(np.stack([100 * da, 80 * ht, 30 * bh4, 5 * free], axis=1))

    def under(self, exposure):
        return self

    def looking_at(self, columns):
        return self

    def treatment(self, protocol, person, hours=None):
        known = [d for d in protocol.doses if d.drug == "levodopa"]
        shifts = tuple(("enzyme_TH", 0.8, 0.3) for _ in known)
        return Exposure(
            shifts,
            "levodopa" if known else "untreated",
            tuple((d.name, "more substrate") for d in known),
            tuple((d.name, "not known") for d in protocol.doses if d not in known),
        )

    def solve(self, ln_factors, threads=None, stop=None):
        self.solves += ln_factors.shape[0]
        readouts, quantities = self.raw(ln_factors)
        zero, _ = self.raw(np.zeros((1, len(self.free))))
        return Solved(readouts - zero, quantities, np.zeros(ln_factors.shape[0], dtype=np.int64))


def effect(parameter, median, ln_sd, upper=None, draw="", power=1.0):
    return Effect(parameter, median, ln_sd, upper, draw or parameter, power, "test", "ASSUMED")


def one(name, kind, *effects):
    return Explanation(name, name, kind, (Form("only", 1.0, effects),))


EXPLANATIONS = (
    Explanation(
        "none",
        "none",
        "none",
        (Form("typical", 0.98, ()), Form("carrier-PTS", 0.02, (effect("enzyme.PTS", 0.5, 0.15),))),
    ),
    one(
        "secondary",
        "state",
        effect("turnover.dopamine", 0.74, 0.354, draw="shared"),
        effect("turnover.dopamine", 1.0, 0.354, draw="dopamine"),
        effect("turnover.serotonin", 0.74, 0.354, draw="shared"),
        effect("turnover.serotonin", 1.0, 0.354, draw="serotonin"),
    ),
    one("TH", "primary", effect("enzyme.TH", 0.03, 1.3, 0.6)),
    one("DDC", "primary", effect("enzyme.DDC", 0.007, 1.5, 0.6)),
    one("PTS", "primary", effect("enzyme.PTS", 0.03, 1.3, 0.6)),
    one("PAH", "primary", effect("enzyme.PAH", 0.03, 1.3, 0.6)),
    one("TPH2", "primary", effect("enzyme.TPH2", 0.03, 1.3, 0.6)),
)

PRIOR = np.array([0.6, 0.2, 0.04, 0.04, 0.04, 0.04, 0.04])


@pytest.fixture
def body():
    return ToyBody()


@pytest.fixture(scope="session")
def toy():
    """The toy body, its explanations, their prior, and a bank."""
    body = ToyBody()
    bank = banks.make(body, EXPLANATIONS, sizes=banks.Sizes(4000, 2000), seed=0)
    return body, EXPLANATIONS, PRIOR, bank


@pytest.fixture(scope="session")
def ready(toy):
    """The toy, prepared for panels."""
    return prepared(*toy)


def prepared(body, explanations, prior, bank):
    return Prepared(body, UNTREATED, explanations, (), prior, bank, bank, from_bank(bank))
