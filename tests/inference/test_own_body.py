"""Inference on Eutone's own body: what only the real parameters and markers can show. Banks are small."""

from pathlib import Path

import numpy as np
import pytest

import eutone as eu
from eutone import body as bodies
from eutone._case import cores
from eutone._person import Person
from eutone._profile import profile
from eutone._protocol import Protocol
from eutone.inference.bank import Sizes
from eutone.inference.likelihood import Likelihood
from eutone.inference.observe import observe
from eutone.inference.posterior import calibrate
from eutone.inference.prepared import prepare
from eutone.inference.prior import missing
from eutone.inference.verdict import informed, prior_sample
from eutone.knowledge import explanations, markers

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL = Sizes(2500, 800)


@pytest.fixture(scope="module")
def own():
    return bodies.load()


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("EUTONE_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "own-cache"))


def test_every_explanation_touches_parameters_that_the_body_has(own):
    assert {e.id: missing(own, e) for e in explanations.load() if missing(own, e)} == {}


@pytest.fixture(scope="module")
def newborn(own, tmp_path_factory):
    """The README's case: an untreated newborn."""
    patch = pytest.MonkeyPatch()
    patch.setenv("EUTONE_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "own-cache"))
    case = eu.read(EXAMPLES / "mm2015-p2.csv", age="12d", sex="female", taking=[])
    yield profile(case, body=own, sizes=SMALL)
    patch.undo()


def test_the_readme_case_has_its_gene_first(newborn):
    lead = newborn.data.explanations[0]
    assert lead.id == "PTS"
    assert lead.probability > 0.8
    assert {d.marker for d in lead.drivers if d.contribution > 1} >= {"csf.neopterin", "csf.BH4"}


def test_what_no_marker_reaches_is_not_said_to_be_known(newborn):
    gaba = [q for q in newborn.data.quantities if q.system == "gaba" or "GABA" in q.name]
    assert gaba
    assert all(q.verdict == "prior-only" for q in gaba)
    low = {i.system for i in newborn.data.imbalances if i.direction == "low"}
    assert low & {"dopamine", "serotonin", "pterin", "pterins", "cofactors"}


def test_one_marker_contracts_nothing_that_it_does_not_reach(own):
    """Within one explanation, HVA alone says nothing about GABA, folate or homocysteine."""
    ready = prepare(own, Protocol((), True), Person(age_years=5.0, sex="male"), sizes=SMALL, threads=cores())
    hva = eu.Measurement("csf.HVA", "HVA", "csf", "=", 120.0, "nmol/L", "120")
    observed = observe(eu.Panel((hva,)), Person(age_years=5.0, sex="male"), ready.noise, markers.load())
    only = np.array([float(e == "none") for e in ready.ids])
    found = calibrate(ready, observed.likelihood, prior=only)
    sample = prior_sample(ready.bank, only)
    told = informed(
        ready.bank.log_quantities[sample.rows], sample.weights, found.log_quantities, found.weights, found.group
    )
    systems = np.array([q.system for q in own.quantities])
    far = np.isin(systems, ["gaba", "GABA", "folate"]) | np.array(["GABA" in q.name for q in own.quantities])
    assert far.any()
    slack = 3.0 * np.sqrt(2.0 / found.ess)  # three standard errors of a variance ratio
    assert np.nanmax(told.contraction[far]) < 0.05 + slack
    assert {v for v, f in zip(told.verdicts, far, strict=True) if f} == {"prior-only"}
    assert observed.likelihood != Likelihood(())


def test_declared_levodopa_does_not_make_a_decarboxylase_defect(own):
    """The worst error of the trial: a treated patient's 3-OMD read without the treatment."""
    case = eu.read(
        EXAMPLES / "mm2015-p1.csv",
        age="3.5y",
        sex="male",
        taking=["levodopa 9 mg/kg/d with carbidopa", "5-HTP 7.5 mg/kg/d"],
    )
    found = profile(case, body=own, sizes=SMALL)
    share = {e.id: e.probability for e in found.data.explanations}
    assert share["DDC"] < 0.3
    blind = eu.read(EXAMPLES / "mm2015-p1.csv", age="3.5y", sex="male", taking=[])
    untreated = {e.id: e.probability for e in profile(blind, body=own, sizes=SMALL).data.explanations}
    assert untreated["DDC"] > share["DDC"]
