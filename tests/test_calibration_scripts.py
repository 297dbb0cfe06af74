"""The calibration scripts run and write the form that other programs rely on; what they find is in docs/."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAD = (
    "case_id,source_doi_or_url,age_years,sex,condition,gene,confirmed(y/n),timepoint(baseline/followup),treatment,"
    "matrix(csf/plasma/serum/urine/dbs/whole_blood),analyte,value,unit,ref_low,ref_high,note\n"
)
ROWS = (
    "A,doi,2,F,made up,TH,y,baseline,none,csf,HVA,20,nmol/L,,,\n"
    "A,doi,2,F,made up,TH,y,baseline,none,csf,5-HIAA,180,nmol/L,,,\n"
    "A,doi,2,F,made up,TH,y,baseline,none,csf,3-OMD,20,nmol/L,,,\n"
    "A2,doi,4,M,made up,TH,y,baseline,none,csf,HVA,20,nmol/L,,,\n"
    "A2,doi,4,M,made up,TH,y,baseline,none,csf,5-HIAA,180,nmol/L,,,\n"
    "A2,doi,4,M,made up,TH,y,baseline,none,csf,3-OMD,20,nmol/L,,,\n"
    "B,doi,2,F,made up,HPRT1,y,baseline,none,csf,HVA,400,nmol/L,,,\n"
    "GRP_C,doi,2,F,a group,none,n,baseline,none,csf,HVA,400,nmol/L,,,\n"
)
SMALL = ("--common", "400", "--other", "150")


@pytest.fixture
def run(tmp_path_factory):
    def call(script, *arguments):
        cache = str(tmp_path_factory.getbasetemp() / "script-cache")
        environment = {**os.environ, "EUTONE_CACHE_DIR": cache, "PYTHONPATH": str(ROOT / "src")}
        done = subprocess.run(
            [sys.executable, str(ROOT / "scripts" / script), *map(str, arguments), *SMALL],
            capture_output=True, text=True, env=environment, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    return call


def test_cases_are_declared_then_run_and_scored(run, tmp_path):
    cases, declared, answers = tmp_path / "cases.csv", tmp_path / "declared.json", tmp_path / "answers.json"
    cases.write_text(HEAD + ROWS, encoding="utf-8")
    run("decidability", cases, "--json", declared, "--people", 8)
    told = json.loads(declared.read_text())
    assert [p["truth"] for p in told["panels"]] == ["TH", "TH", "HPRT1"]
    assert sum(told["strata"].values()) == 2, "A2 says what A says, in the same paper"
    assert all(0 <= p["class_first"]["value"] <= 1 for p in told["panels"])
    assert {"model_hash", "knowledge_hash", "inference_hash", "seed"} <= told["provenance"].keys()
    run("evaluate_cases", cases, "--declared", declared, "--json", answers)
    found = json.loads(answers.read_text())
    assert set(found["strata"]) == {"decidable, 3+", "decidable, 1-2", "not decidable"}
    th, again, other = found["panels"]
    assert (th["repeats"], again["repeats"]) == (None, "A / baseline / none")
    assert sum(stratum["n"] for stratum in found["strata"].values()) == 2
    assert {"id", "truth", "stratum", "rank", "probability", "top"} <= th.keys()
    assert th["top"][0]["id"] == "TH"
    assert th["rank"] == 1
    assert other["top"][0]["id"] in ("none", "secondary")
    del told["provenance"]["inference_hash"]  # as files have it that were made before it was kept
    declared.write_text(json.dumps(told), encoding="utf-8")
    assert "declared anew" in run("evaluate_cases", cases, "--declared", declared)


def test_scores_over_simulated_people_are_written(run, tmp_path):
    alarms, right, ranks = (tmp_path / name for name in ("alarms.json", "right.json", "ranks.json"))
    run("false_alarms", "--people", 10, "--json", alarms)
    assert len(json.loads(alarms.read_text())["groups"]) == 4
    run("speaks_right", "--people", 20, "--setting", "referred", "--json", right)
    assert set(json.loads(right.read_text())["referred"]["answer"]["kept"]) == {"right", "calibration"}
    picture = tmp_path / "ranks.svg"
    run("sbc", "--replicates", 8, "--json", ranks, "--svg", picture)
    found = json.loads(ranks.read_text())
    assert sum(found["quantities"][0]["counts"]) == 8
    assert picture.read_text().startswith("<svg")
