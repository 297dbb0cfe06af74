"""The ledger: simulations say what they should where the answer is known, and nothing is left out in silence."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import threading
from pathlib import Path

import pytest
import scipy.stats
from typer.testing import CliRunner

from eutone import _validate
from eutone._arms import PERSON, arm_of
from eutone._basis import identifiers
from eutone._errors import InputError, StoppedError
from eutone._trial_runs import simulate_arms
from eutone._validate import Ledger, validate
from eutone._validating import table, to_json
from eutone.body._compose import load_whole
from eutone.body._statistic import statistic
from eutone.body._taken import daily_means
from eutone.body._trials import Arm, Change, Trial, _changes, trials
from eutone.cli import app
from eutone.forms.taking import protocol_of
from eutone.knowledge.findings import findings

ROOT = Path(_validate.__file__).parent
NUMBERS = ("observed", "sd", "n", "before", "before_sd", "after", "after_sd", "ci_low", "ci_high")


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
    assert entry.predicted == pytest.approx(0.77, abs=0.001)
    assert entry.basis == "fitted"


def test_a_source_that_set_no_number_is_predicted(ledger: Ledger) -> None:
    basis = {e.finding.id: e.basis for e in ledger.entries}
    assert basis["F074"] == "predicted"
    assert basis["F077"] == "fitted"


def test_identifiers_are_whole_and_a_fitted_row_may_name_the_finding(ledger: Ledger) -> None:
    found = identifiers("see 10.1016/S0893-133X(97)00198-X, (10.1001/archpsyc.63.8.907), PMID: 123 and PMID  12.")
    assert found == {"10.1016/s0893-133x(97)00198-x", "10.1001/archpsyc.63.8.907", "pmid123", "pmid12"}
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


def test_the_scores_by_a_second_hand(ledger: Ledger) -> None:
    """The rule once more, from the tables as text: intervals of numbers, tenths of ln, whole identifiers of sources."""
    told, trials_, parameters, couplings, older, whole, kinetics, renewal = (
        list(csv.DictReader(io.StringIO((ROOT / f"{name}.csv").read_text(encoding="utf-8"))))
        for name in ("knowledge/ledger/findings", *(f"body/tables/{t}" for t in
                     ("trials", "parameters", "couplings", "exposures", "exposures_whole", "kinetics", "renewal")))
    )  # fmt: skip
    tried = {row["finding"]: row for row in trials_}
    written = [row["source"] for row in parameters] + [row["citation"] for row in couplings]
    score: dict[tuple[str, str], list[int]] = {}
    given = {f["id"]: f for f in ledger.to_dict()["findings"]}
    assert len(given) == sum(bool(row["observable"]) for row in tried.values())
    for row in told:
        trial = tried[row["id"]]
        if not trial["observable"]:
            continue
        said = given[row["id"]]
        value = said["predicted"]
        if row["direction"]:
            change = math.log(value)
            right = {"up": change > 0.02, "down": change < -0.02, "unchanged": -0.1 < change < 0.1}[row["direction"]]
        else:
            low, high = by_hand(row)
            assert (said["low"], said["high"]) == pytest.approx((low, high), rel=1e-4, abs=1e-12)
            right = bool(low <= value <= high)
        assert said["passed"] is right, row["id"]
        items = (
            f"{trial['taking']};{trial['versus_taking']};{trial['c_taking'] or ''};{trial['d_taking'] or ''}"
        ).lower()
        beside = written + [
            " ".join(filter(None, e.values()))
            for e in (*older, *whole, *kinetics)
            if known(e["drug"]) in items.replace("-", " ")
        ]
        lost = {
            e["parameter"] for e in whole if e["kind"] == "inactivate" and known(e["drug"]) in items.replace("-", " ")
        }
        beside += [e["source"] for e in renewal if e["parameter"] in lost]
        fitted = trial["fitted"] == "y" or any(same(row, text) for text in beside)
        assert said["basis"] == ("fitted" if fitted else "predicted"), row["id"]
        mine = score.setdefault((said["kind"], said["basis"]), [0, 0])
        mine[0] += right
        mine[1] += 1
    assert {key: ledger.score(*key) for key in score} == {key: tuple(value) for key, value in score.items()}


def known(drug: str) -> str:
    return {"folic-acid": "folic acid", "vitamin-B6": "vitamin b6", "5-HTP": "5 htp"}.get(
        drug, drug.lower().replace("-", " ")
    )


def same(row: dict[str, str], text: str) -> bool:
    """Whether a text names the source, or says by its number that something was fitted to the finding."""
    ends = r"(?![\w/-])(?!\.\w)"
    parts = re.findall(r"10\.\d{4,}/\S+|PMID\s*\d+|PMC\d+|scilit \w+", row["source"]) or [row["source"]]
    named = any(re.search(re.escape(part.rstrip(",;.")) + ends, text, re.IGNORECASE) for part in parts)
    return named or ("fitted" in text.lower() and bool(re.search(rf"\b{row['id'].split('.')[0]}\b", text)))


def by_hand(row: dict[str, str]) -> tuple[float, float]:
    """The interval of a number."""
    cell = {key: float(row[key]) for key in row if key in NUMBERS and row[key]}
    mean = cell["after"] / cell["before"] if row["measure"] == "fold" and "after" in cell else cell.get("observed", 0)
    if "ci_low" in cell:
        return cell["ci_low"], cell["ci_high"]
    if cell.get("n", 0) > 1 and ("sd" in cell or "after_sd" in cell):
        t = scipy.stats.t.ppf(0.975, cell["n"] - 1) / cell["n"] ** 0.5
        both = "after_sd" in cell
        spread = (
            mean * math.hypot(cell["before_sd"] / cell["before"], cell["after_sd"] / cell["after"])
            if both
            else cell["sd"]
        )
        low = mean - t * spread
        return max(low, 0.0) if row["measure"] == "fold" else low, mean + t * spread
    if row["measure"] == "share":
        return mean - 0.1, mean + 0.1
    half = math.log(1.5) if row["measure"] == "level" else 0.1 + 0.3 * abs(math.log(mean))
    return mean * math.exp(-half), mean * math.exp(half)


def test_guessing_is_counted(ledger: Ledger) -> None:
    seen = [e.finding.direction for e in ledger.entries if e.basis == "predicted" and e.finding.direction]
    assert ledger.commonest("predicted")[1] == max(map(seen.count, seen))
    assert any("always guessing" in line for line in table(ledger).splitlines())


def test_a_trial_says_the_same_in_any_company(ledger: Ledger) -> None:
    """Courses, steady states and people: what else is run does not matter."""
    ids = ("F001", "F081.18d", "A183", "F174.half", "F064")
    alone = validate([f for f in findings() if f.id in ids], threads=1)
    every = {e.finding.id: e for e in ledger.entries}
    for e in alone.entries:
        assert (e.predicted, e.neutral) == pytest.approx(
            (every[e.finding.id].predicted, every[e.finding.id].neutral), rel=1e-5
        )


def test_a_peak_and_its_hour_are_those_of_the_course() -> None:
    """Against the course looked at by the hour; a rise, a ratio and a dotted name against their parts."""
    dose = "input.melatonin=0.1845@0-0.5"
    parts = ["at(MEL, 0.5)", "max(MEL, 0, 12)", "tmax(MEL, 0, 12)", "max(MEL, 0, 12) - at(MEL, 0)", "at(MEL, 0)",
             "halflife(MEL, 1, 4)", "at(MEL, 2) / at(MEL, 1)", "at(plasma.melatonin, 2) / at(MEL, 1)"]  # fmt: skip
    found = simulate_arms([arm_of(trial(text, dose), "a", False) for text in parts], threads=1)
    half, highest, when, rise, rest, life, ratio, dotted = found
    assert highest == pytest.approx(half, rel=1e-6)
    assert when == pytest.approx(0.5)
    assert rise == pytest.approx(highest - rest)
    assert 2 ** (-1 / life) == pytest.approx(ratio, rel=0.01)
    assert dotted == ratio


def test_doses_and_four_arms() -> None:
    """The dose that halves the transporter does so; a difference of differences of what adds up is 1."""
    arms = {"a": Arm(("methylphenidate {dose} mg/d",), ()), "b": Arm()}
    found = simulate_arms([
        arm_of(Trial("x", arms, statistic("dose(t_DAT, 0.5, 1, 1000)")), "a", False),
        arm_of(Trial("x", {"a": Arm((), _changes("enzyme.MAOA={dose}"))}, statistic("dose(e_MAOA*3, 0.6, 0.01, 1)")),
               "a", False),
    ])  # fmt: skip
    taken = protocol_of([f"methylphenidate {found[0]:.6f} mg/d"])[0]
    assert daily_means(load_whole(), taken, PERSON).values["t_DAT"] == pytest.approx(0.5, rel=5e-3)
    assert found[1] == pytest.approx(0.2, rel=5e-3)


def test_people_differ_and_a_seed_says_who_they_are() -> None:
    def cv(**more) -> float:
        return simulate_arms([arm_of(Trial("x", {"a": Arm()}, statistic("sd(ln(P_Phe))"), **more), "a", False)])[0]

    assert cv(people=20, seed=1) == cv(people=20, seed=1)
    assert cv(people=20, seed=1) != cv(people=20, seed=2)
    assert 0.05 < cv(people=20, seed=1) < 1


def test_it_can_be_stopped() -> None:
    asked = threading.Event()
    asked.set()
    with pytest.raises(StoppedError):
        validate([f for f in findings() if f.id == "F001"], stop=asked)
