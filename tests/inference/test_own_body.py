"""Inference on Eutone's own body: what only the real parameters and markers can show. Banks are small."""

from pathlib import Path

import numpy as np
import pytest

import eutone as eu
from eutone import body as bodies
from eutone._person import Person
from eutone._profile import profile
from eutone._protocol import Protocol
from eutone.body._tables import readouts
from eutone.engine.chunks import threads_of
from eutone.engine.expr import symbols
from eutone.inference.bank import Sizes
from eutone.inference.observe import observe
from eutone.inference.posterior import calibrate
from eutone.inference.prepared import prepare
from eutone.inference.prior import missing
from eutone.inference.verdict import informed, prior_sample
from eutone.knowledge import explanations, intervals, markers

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


def reached(network):
    """Everything that each name of the network acts on, by a directed path through rules and reactions."""
    acts: dict[str, set[str]] = {}
    for name, expression in [*network.rules, *zip(network.reactions, network.rates, strict=True)]:
        for symbol in symbols(expression):
            acts.setdefault(symbol, set()).add(name)
    for column, reaction in enumerate(network.reactions):
        changed = np.flatnonzero(network.stoichiometry[:, column])
        acts.setdefault(reaction, set()).update(network.species[row] for row in changed)

    def from_(start):
        seen, rest = {start}, [start]
        while rest:
            for name in acts.get(rest.pop(), ()):
                if name not in seen:
                    seen.add(name)
                    rest.append(name)
        return seen

    return from_


@pytest.mark.parametrize("explanation", ["none", "secondary"])
def test_one_marker_contracts_nothing_that_has_no_path_to_it(own, explanation):
    """Within one explanation, a single marker far off says nothing about quantities with no directed path to it."""
    child = Person(age_years=5.0, sex="male")
    ready = prepare(own, Protocol((), True), child, sizes=SMALL, threads=threads_of())
    only = np.array([float(e == explanation) for e in ready.ids])
    sample = prior_sample(ready.bank, only)
    descendants = reached(own.network)
    read = {r.readout: r.observable for r in readouts()}
    pairs = 0
    for name, share in {"csf.HVA": 0.4, "csf.5-HIAA": 0.4, "csf.neopterin": 2.5, "csf.5-MTHF": 0.4, "csf.3-OMD": 3.0,
                        "csf.free-GABA": 2.5, "plasma.phenylalanine": 1.6, "plasma.homocysteine": 2.0,
                        "plasma.normetanephrine": 2.0, "plasma.prolactin": 2.5}.items():  # fmt: skip
        marker = markers.load()[name]
        centre = intervals.healthy(name, 5.0, "male").centre
        panel = eu.Panel((eu.Measurement(name, name, marker.specimen, "=", share * centre, marker.unit, "x"),))
        found = calibrate(ready, observe(panel, child, ready.noise, markers.load()).likelihood, prior=only)
        told = informed(
            ready.bank.log_quantities[sample.rows], sample.weights, found.log_quantities, found.weights, found.group
        )
        target = read[marker.readout]
        far = np.array([target not in descendants(q.expression.split("*")[0]) for q in own.quantities])
        pairs += far.sum()
        slack = 3.0 * np.sqrt(2.0 / found.ess)  # three standard errors of a variance ratio
        loud = {q.id: round(float(c), 3) for q, c, f in zip(own.quantities, told.contraction, far, strict=True)
                if f and c > 0.05 + slack}  # fmt: skip
        assert loud == {}, name
    assert pairs > 200


def test_sex_moves_the_prior_of_what_is_x_linked_and_not_the_bank(own):
    def of(sex):
        return prepare(own, Protocol((), True), Person(sex=sex), setting="general", sizes=SMALL, threads=threads_of())

    boy, girl, either = of("male"), of("female"), of(None)
    assert boy.bank.key == girl.bank.key == either.bank.key
    assert boy.ids == girl.ids
    moved = boy.weights / girl.weights
    assert {e for e, ratio in zip(boy.ids, moved, strict=True) if ratio > 2} == {"ATP7A", "MAOA", "MAOB"}
    assert boy.weights + girl.weights == pytest.approx(2 * either.weights)


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
