"""The body as inference sees it: fast and reference path agree, severe defects end, healthy is one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eutone._errors import ModelError, SolveError
from eutone.body import Body, load
from eutone.body._body import STRUCTURE, _expression
from eutone.body._structure import ensemble, members, structural_ids
from eutone.body._tables import parameters, readouts
from eutone.engine import Status, solve_steady
from eutone.engine.reference import Derivative, steady_state
from eutone.inference.prior import Prior
from eutone.inference.streams import stream
from eutone.knowledge import explanations


@pytest.fixture(scope="module")
def body() -> Body:
    return load()


@pytest.fixture(scope="module")
def derivative(body: Body) -> Derivative:
    return Derivative(body.network)


def values_of(body: Body, ln_factors: np.ndarray) -> dict[str, float]:
    """Engine parameters of one person, structural member 0."""
    default = dict(zip(body.network.parameters, body.network.values, strict=True))
    names = [body.names[f] for f in body.free[:-1]]
    return {n: default[n] * math.exp(x) for n, x in zip(names, ln_factors[:-1], strict=True) if x}


def medians(body: Body) -> dict[str, np.ndarray]:
    """Ln factors at the median of every form of every explanation; people do not differ otherwise."""
    found = {}
    for explanation in explanations.load():
        prior = Prior(body, explanation)
        u = np.zeros((1, prior.size))
        edges = np.cumsum([0.0, *(f.weight for f in explanation.forms)])
        from scipy.special import ndtri

        for k, form in enumerate(explanation.forms):
            u[0, 0] = ndtri((edges[k] + edges[k + 1]) / 2)
            ln = prior.ln_factors(u)[0]
            ln[-1] = ndtri(1e-9)
            found[f"{explanation.id} {form.id}"] = ln
    return found


def states(body: Body, ln_factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Species and status of people by the fast path, structural member 0."""
    default = np.array([body.network.values[body.network.parameters.index(n)] for n in body.compiled.free])
    rows = np.tile(default, (len(ln_factors), 1))
    rows[:, : len(body.free) - 1] *= np.exp(ln_factors[:, :-1])
    solved = solve_steady(body.compiled, rows)
    return solved.states, solved.status


def test_the_default_body_is_the_unit(body: Body):
    found = body.solve(np.zeros((3, len(body.free))))
    assert np.abs(found.log_readouts).max() < 1e-9
    assert (found.status == 0).all()


def test_the_default_state_is_the_steady_state(body: Body):
    found, status = states(body, np.zeros((1, len(body.free))))
    assert status[0] == 0
    assert found[0] == pytest.approx(body.network.initial, rel=1e-6)


def test_columns_are_checked(body: Body):
    with pytest.raises(ValueError, match="ln factors"):
        body.solve(np.zeros((2, 3)))


def test_there_is_one_body():
    with pytest.raises(ModelError, match="there is no body 'mouse'"):
        load("mouse")
    with pytest.raises(ModelError, match="cannot read the expression"):
        _expression("a + b")


def test_free_has_the_structure_last_and_no_structural_constant(body: Body):
    assert body.free[-1] == STRUCTURE
    assert not set(structural_ids()) & {body.names[f] for f in body.free[:-1]}
    assert body.spread[-1] == 1.0
    assert body.structural.sum() == 1


def test_members_are_drawn_in_equal_shares():
    count = len(ensemble())
    drawn = np.bincount(members(stream(0, "members").standard_normal(200 * count)), minlength=count)
    assert drawn.min() > 100
    assert members(np.array([-40.0, 40.0])).tolist() == [0, count - 1]
    assert not ensemble()[0].any(), "member 0 is the table's own values"


def test_a_structural_member_without_rest_is_an_error(monkeypatch: pytest.MonkeyPatch, body: Body):
    class Failed:
        status = np.array([1], dtype=np.int8)
        observables = np.ones((1, len(body.readouts) + len(body.quantities)))

    fresh = Body(body.network, body.free, body.spread, body.readouts, body.quantities, body.names, body.model_hash)
    monkeypatch.setattr(Body, "_solve", lambda *a: Failed())
    with pytest.raises(SolveError, match="structural members have no steady state"):
        fresh.solve(np.zeros((1, len(body.free))))


def test_both_paths_agree_on_random_people(body: Body, derivative: Derivative):
    ln = stream(0, "test people").standard_normal((3, len(body.free))) * body.spread
    ln[:, -1] = -8.0
    found, status = states(body, ln)
    assert (status == 0).all()
    for person, fast in zip(ln, found, strict=True):
        slow = steady_state(body.network, values_of(body, person), derivative=derivative)
        assert slow.status is Status.CONVERGED
        assert fast == pytest.approx(slow.state, rel=1e-6)


@pytest.mark.parametrize("name", ["DDC recessive", "SLC6A3 recessive", "QDPR recessive", "ALDH7A1 recessive"])
def test_both_paths_agree_on_severe_defects(body: Body, derivative: Derivative, name: str):
    ln = medians(body)[name]
    fast, status = states(body, ln[None])
    slow = steady_state(body.network, values_of(body, ln), derivative=derivative)
    assert (status[0], slow.status) == (0, Status.CONVERGED)
    assert fast[0] == pytest.approx(slow.state, rel=1e-6)


def test_the_median_of_every_explanation_is_at_rest_by_the_reference(body: Body, derivative: Derivative):
    forms = medians(body)
    assert len(forms) > 50
    found, status = states(body, np.array(list(forms.values())))
    assert dict(zip(forms, status.tolist(), strict=True)) == dict.fromkeys(forms, 0)
    for name, ln, state in zip(forms, forms.values(), found, strict=True):
        values = body.network.values_with(values_of(body, ln))
        assert derivative.residual(0.0, state, values) < 1e-8, name
        assert (state >= 0).all(), name


def severe(body: Body) -> list[int]:
    return [i for i, f in enumerate(body.free) if f.split(".")[0] in ("enzyme", "transporter")]


def judge(status: np.ndarray, logs: np.ndarray) -> None:
    """Converged, with numbers; or it says so, without."""
    assert set(status.tolist()) <= {int(s) for s in Status}
    assert np.isfinite(logs[status == 0]).all()
    assert np.isnan(logs[status != 0]).all()


@pytest.mark.parametrize("residual", [0.01, 0.001])
def test_each_severe_defect_converges(body: Body, residual: float):
    columns = severe(body)
    ln = np.zeros((len(columns), len(body.free)))
    ln[np.arange(len(columns)), columns] = math.log(residual)
    found = body.solve(ln)
    judge(found.status, found.log_readouts)
    assert [body.free[c] for c, s in zip(columns, found.status, strict=True) if s] == []


def test_pairs_of_severe_defects_converge_or_say_so(body: Body):
    columns, rng = severe(body), stream(0, "severe pairs")
    ln = np.zeros((400, len(body.free)))
    for row in ln:
        row[rng.choice(columns, 2, replace=False)] = np.log(rng.choice([0.01, 0.001], 2))
    found = body.solve(ln)
    judge(found.status, found.log_readouts)
    assert (found.status == 0).mean() >= 0.99


def test_people_within_their_spread_all_converge(body: Body):
    ln = stream(0, "test crowd").standard_normal((2000, len(body.free))) * body.spread
    found = body.solve(ln)
    assert (found.status == 0).all()
    acids = found.log_readouts[:, [body.readouts.index(m) for m in ("csf.HVA", "csf.5-HIAA")]]
    # Blennow 1993: 0.41 between healthy adults; the body's share must leave room for the shared CSF factor (0.375)
    assert (acids.std(axis=0) < np.sqrt(0.41**2 - 0.375**2) * 1.25).all()


def test_a_carrier_of_the_dopamine_transporter_is_normal(body: Body):
    """Heterozygous mice: 40 % less protein, dopamine turnover unchanged (Salvatore 2016)."""
    ln = np.zeros((1, len(body.free)))
    ln[0, body.free.index("transporter.SLC6A3")] = math.log(0.6)
    assert math.exp(body.solve(ln).log_readouts[0, body.readouts.index("csf.HVA")]) == pytest.approx(1.0, abs=0.15)


def test_the_hash_follows_the_tables(body: Body, monkeypatch: pytest.MonkeyPatch):
    from eutone.body import _body

    monkeypatch.setattr(_body, "readouts", lambda: readouts()[:-1])
    other = load.__wrapped__()
    assert other.model_hash != body.model_hash
    assert load.__wrapped__().model_hash == other.model_hash


def test_every_free_id_is_a_row_of_the_table(body: Body):
    assert {f for f in body.free if f != STRUCTURE} <= {p.id for p in parameters()}
