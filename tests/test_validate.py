"""The ledger: simulations say what they should where the answer is known, and nothing is left out in silence."""

from __future__ import annotations

import json
import math

import pytest
from typer.testing import CliRunner

from eutone import _validate
from eutone._arms import arm_of
from eutone._errors import InputError
from eutone._trial_runs import simulate_arms
from eutone._validate import Ledger, validate
from eutone._validating import table, to_json
from eutone.body._statistic import statistic
from eutone.body._trials import Arm, Change, Trial, _changes, trials
from eutone.cli import app
from eutone.knowledge.findings import findings


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return validate(threads=2)


def trial(observable: str, change: str = "", at_h: float | None = None, taking: tuple[str, ...] = (), **more) -> Trial:
    return Trial("x", {"a": Arm(taking, _changes(change)), "b": Arm()}, statistic(observable), at_h, **more)


def folds(wanted: list[Trial]) -> list[float]:
    found = simulate_arms([arm_of(t, letter, False) for t in wanted for letter in "ab"], threads=1)
    return [a / b for a, b in zip(found[::2], found[1::2], strict=True)]


def test_every_finding_is_in_the_ledger_once(ledger: Ledger) -> None:
    tested = [e.finding.id for e in ledger.entries] + [f.id for f, _ in ledger.untestable]
    assert sorted(tested) == sorted(f.id for f in findings())
    assert all(why for _, why in ledger.untestable)


def test_every_trial_belongs_to_a_finding_and_came_to_an_end(ledger: Ledger) -> None:
    assert {t.finding for t in trials()} <= {f.id for f in findings()}
    assert [e.finding.id for e in ledger.entries if e.predicted is None] == []


def test_an_occupancy_is_what_the_table_of_drugs_says(ledger: Ledger) -> None:
    (entry,) = [e for e in ledger.entries if e.finding.id == "F064"]
    assert entry.predicted == pytest.approx(0.8)
    assert entry.basis == "fitted"


def test_a_source_that_set_no_number_is_predicted(ledger: Ledger) -> None:
    basis = {e.finding.id: e.basis for e in ledger.entries}
    assert basis["F074"] == "predicted"
    assert basis["F077"] == "fitted"


def test_identifiers_are_whole_and_a_fitted_row_may_name_the_finding(ledger: Ledger) -> None:
    found = _validate._IDENTIFIER.findall("see 10.1016/S0893-133X(97)00198-X, (10.1001/archpsyc.63.8.907) and PMID 12")
    assert found == ["10.1016/S0893-133X(97)00198-X", "10.1001/archpsyc.63.8.907", "PMID 12"]
    basis = {e.finding.id: e.basis for e in ledger.entries}
    assert {basis[e] for e in basis if e.split(".")[0] in ("F112", "F141", "F142", "F144")} == {"fitted"}


def test_arms_and_hours() -> None:
    """A window acts while it lasts; what is for good acts from the beginning; an empty arm is the body at rest."""
    found = folds([
        trial("P_Phe", "enzyme.PAH*0.5"),
        trial("P_Phe", "input.phenylalanine*2@0-4", at_h=4),
        trial("P_Phe", "input.phenylalanine*2@0-4", at_h=400),
        trial("P_Phe", "input.phenylalanine*2@-4-0", at_h=0),
        trial("in_Phe", "input.phenylalanine*2@0-4", at_h=2),
        trial("csf_HIAA", taking=("sertraline 50 mg/d",)),
    ])  # fmt: skip
    assert found[0] > 1.2
    assert found[1] > 1.2
    assert found[2] == pytest.approx(1, abs=1e-3)
    assert found[3] == pytest.approx(found[1], rel=1e-5)
    assert found[4] == pytest.approx(2)
    assert found[5] < 0.9


def test_changes_are_read() -> None:
    assert _changes("enzyme.MAOA*0.3; input.tryptophan=0@-2-8.5") == (
        Change("enzyme.MAOA", True, 0.3),
        Change("input.tryptophan", False, 0.0, -2.0, 8.5),
    )
    with pytest.raises(InputError, match=r"cannot read 'enzyme\.MAOA 0\.3'"):
        _changes("enzyme.MAOA 0.3")


def test_the_json_is_the_contract(ledger: Ledger) -> None:
    told = json.loads(to_json(ledger))
    assert {"findings", "passed", "total", "untestable"} <= told.keys()
    assert told["total"] == len(told["findings"])
    assert told["passed"] == sum(f["passed"] for f in told["findings"])
    for f in told["findings"]:
        assert {"id", "kind", "basis", "observed", "predicted", "low", "high", "passed", "why"} <= f.keys()
        assert f["predicted"] is None or math.isfinite(f["predicted"])
    assert all(set(u) == {"id", "why"} for u in told["untestable"])


def test_the_table_shows_misses_and_scores(ledger: Ledger) -> None:
    text = table(ledger)
    assert text.count("MISS") == sum(not e.passed for e in ledger.entries)
    assert "predicted numbers:" in text


def test_the_command(monkeypatch: pytest.MonkeyPatch, ledger: Ledger) -> None:
    monkeypatch.setattr(_validate, "validate", lambda *_, **__: ledger)
    done = CliRunner().invoke(app, ["validate", "--json", "-", "--quiet"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["total"] == len(ledger.entries)
