"""`profile` from end to end, on the toy body with the real markers, intervals and explanations."""

import json
import threading

import numpy as np
import pytest

from eutone._case import to_profile  # noqa: F401 - the room is imported as people do
from eutone._errors import SolveError, StoppedError
from eutone._panel import Measurement, Panel
from eutone._person import Person
from eutone._profile import profile
from eutone._protocol import Dose, Protocol
from eutone._read import Case
from eutone.inference.bank import Sizes
from eutone.inference.fingerprint import inference_hash

SMALL = Sizes(1500, 600)
CHILD = Person(age_years=2.0, sex="male")


def value(marker, amount, **more):
    return Measurement(marker, marker, marker.split(".")[0], "=", amount, "nmol/L", str(amount), **more)


AADC = (value("csf.HVA", 60.0), value("csf.5-HIAA", 18.0), value("csf.3-OMD", 900.0), value("csf.neopterin", 20.0))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("EUTONE_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))


def run(body, *measurements, person=CHILD, taking=None, **options):
    case = Case(Panel(measurements, "test"), person, taking or Protocol((), True))
    return profile(case, body=body, sizes=SMALL, **options)


def test_an_aadc_panel_is_recognised_and_the_result_is_whole(body):
    found = run(body, *AADC)
    assert found.data.explanations[0].id == "DDC"
    assert found.data.explanations[0].probability > 0.8
    assert found.data.explanations[0].bayes_factor > 100
    assert {d.marker for d in found.data.explanations[0].drivers} == {m.marker for m in AADC}
    assert sum(e.probability for e in found.data.explanations) == pytest.approx(1.0)
    hva = found.data.measurements[0]
    assert hva.used
    assert hva.z < -1.96
    assert hva.expected.low < 60 < hva.expected.high < hva.healthy.high
    ours = {q.id: q for q in found.data.quantities}
    assert ours["nowhere.free"].verdict == "prior-only"
    assert found.status == "ok"
    assert any("cannot show" in limit for limit in found.limits)
    made = json.loads(found.to_json())["provenance"]
    assert made["solves"] > 0
    assert made["inference_hash"] == inference_hash()


def test_the_same_seed_gives_the_same_bytes_and_threads_and_the_cache_change_nothing(body, monkeypatch):
    def text(**options):
        data = json.loads(run(body, *AADC, **options).to_json())
        data["provenance"].pop("seconds")
        return json.dumps(data)

    first = text(threads=1)
    assert text(threads=2) == first
    monkeypatch.setenv("EUTONE_CACHE_DIR", "")
    assert text() == first
    assert text(seed=1) != first


def test_a_treatment_enters_every_explanation(body):
    """Levodopa with a high 3-OMD: declared, it is no longer a reason for a decarboxylase defect."""
    panel = (value("csf.HVA", 600.0), value("csf.5-HIAA", 170.0), value("csf.3-OMD", 250.0))
    taken = Protocol((Dose("levodopa", "levodopa"), Dose("drops")), True)
    treated, untreated = run(body, *panel, taking=taken), run(body, *panel)
    share = [{e.id: e.probability for e in p.data.explanations}["DDC"] for p in (treated, untreated)]
    assert share[0] < share[1]
    assert treated.status == "partial"
    assert [(t.name, t.modelled) for t in treated.data.taking] == [("levodopa", True), ("drops", False)]


def test_without_a_usable_marker_there_is_no_profile_unless_asked_for(body):
    unknown = Measurement(None, "mystery", "csf", "=", 3.0, "nmol/L", "3")
    with pytest.raises(SolveError, match="--prior"):
        run(body, unknown)
    found = run(body, unknown, prior=True)
    assert {q.verdict for q in found.data.quantities} == {"prior-only"}
    for e in found.data.explanations:
        assert e.probability == pytest.approx(e.prior, abs=1e-9)
    assert found.discrepancy.status == "not-testable"
    assert found.data.measurements[0].why


def test_a_person_who_does_not_fit_is_said_to_and_is_trusted_less(body):
    odd = run(body, value("csf.HVA", 30.0), value("csf.MHPG", 400.0), value("csf.5-HIAA", 180.0))
    assert odd.discrepancy.status == "does-not-fit"
    assert odd.discrepancy.markers
    assert "wider" in odd.discrepancy.note


def test_unknown_age_and_sex_are_averaged_over_with_a_warning(body):
    found = run(body, *AADC[:2], person=Person())
    assert len(found.data.warnings) >= 2
    assert found.data.explanations[0].probability < 0.99


def test_the_draws_are_in_the_schema_and_are_the_posterior(body):
    found = run(body, *AADC)
    tree = found.tree
    assert set(tree.children) == {"posterior", "prior", "posterior_predictive", "observed_data"}
    post = tree["posterior"].to_dataset()
    assert post["ln_quantity"].dims == ("chain", "draw", "quantity")
    named = np.array(tree["posterior"]["cause"])[post["explanation"].values[0]]
    lead = found.data.explanations[0]
    assert np.mean(named == lead.id) == pytest.approx(lead.probability, abs=0.01)
    again = body.solve(post["ln_factor"].values[0].astype(float))
    assert again.log_quantities == pytest.approx(post["ln_quantity"].values[0], abs=1e-4)


def test_a_case_file_holds_the_draws(body, tmp_path):
    from eutone._results import load_case

    path = run(body, *AADC).save(tmp_path / "case.eutone.nc")
    assert load_case(path).data.explanations[0].id == "DDC"


def test_next_tests_are_unmeasured_and_would_tell(body):
    found = run(body, value("csf.HVA", 60.0), value("csf.5-HIAA", 18.0))
    assert found.next_tests
    assert "csf.HVA" not in {t.marker for t in found.next_tests}
    assert {"csf.3-OMD", "plasma.phenylalanine"} & {t.marker for t in found.next_tests}
    ratio = [t.gain / t.cost for t in found.next_tests]
    assert ratio == sorted(ratio, reverse=True)


def test_progress_is_told_in_order(body):
    told = []
    run(body, *AADC, progress=lambda stage, share: told.append(share))
    assert told[0] == 0.0
    assert told == sorted(told)
    assert told[-1] <= 1.0


@pytest.mark.parametrize("stage", ["reading", "bank: DDC", "weighing", "sampling", "asking", "writing"])
def test_asked_to_stop_it_stops_at_that_stage_and_solves_nobody_else(body, monkeypatch, tmp_path, stage):
    monkeypatch.setenv("EUTONE_CACHE_DIR", str(tmp_path))
    stop, solved = threading.Event(), []

    def progress(now, share):
        if now.startswith(stage):
            stop.set()
            solved.append(body.solves)

    with pytest.raises(StoppedError, match=stage):
        run(body, *AADC, stop=stop, progress=progress)
    assert solved == [body.solves]
    assert bool(list(tmp_path.rglob("*.npz"))) == (stage not in ("reading", "bank: DDC"))


@pytest.mark.parametrize("at", ["bank", "sampling"])
def test_people_whom_a_stop_left_undecided_are_not_kept(body, monkeypatch, tmp_path, at):
    """A tenth of them: so few that a bank would be made of the others, were it not for the stop."""
    monkeypatch.setenv("EUTONE_CACHE_DIR", str(tmp_path))
    stop, stages, whole = threading.Event(), [], body.solve

    def solve(ln_factors, threads=None, stop=None):
        found = whole(ln_factors, threads)
        if stages[-1].startswith(at):
            stop.set()
            found.status[::10] = 6
        return found

    monkeypatch.setattr(body, "solve", solve)
    with pytest.raises(StoppedError, match=at):
        run(body, *AADC, stop=stop, progress=lambda stage, share: stages.append(stage))
    assert bool(list(tmp_path.rglob("*.npz"))) == (at == "sampling")


def test_a_stop_that_nobody_sets_changes_nothing(body):
    with_stop, without = run(body, *AADC, stop=threading.Event()), run(body, *AADC)
    assert with_stop.data.explanations == without.data.explanations


def test_blood_alone_is_read_with_how_common_things_are_in_general(body):
    """Who has had CSF drawn has been referred; a blood test is done on anybody."""
    blood, fluid = value("plasma.phenylalanine", 900.0), value("csf.HVA", 150.0)
    assert run(body, fluid, blood).data.setting == "referred"
    assert run(body, blood).data.setting == "general"
    assert run(body, blood, setting="flat").data.setting == "flat"


def test_what_does_not_follow_the_course_of_a_drug_is_said_of_what_was_measured(body):
    body.strained = (("enzyme.X", "csf.HVA"), ("enzyme.X", "csf.MHPG"), ("enzyme.Y", "csf.MHPG"))
    (said,) = [w for w in run(body, *AADC).data.warnings if "course" in w]
    assert "csf.HVA" in said
    assert "enzyme.X" in said
    assert "MHPG" not in said
