"""Numbers that the pages print are what the code and the body give now."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

import eutone
from eutone._person import Person
from eutone._protocol import Protocol
from eutone.body import Body, load
from eutone.body._compose import whole_text
from eutone.body._course import About, seen
from eutone.body._structure import ensemble
from eutone.body._timing import PREFIX
from eutone.forms.taking import doses_of
from eutone.inference import likelihood, student
from eutone.inference.bank import Sizes
from eutone.knowledge import explanations, intervals
from eutone.knowledge._table import number, rows

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def words(path: str) -> str:
    """The page in one line."""
    return " ".join((ROOT / path).read_text(encoding="utf-8").split())


@pytest.fixture(scope="module")
def body() -> Body:
    return load()


def folds(body: Body, parameter: str, left: float, *markers: str) -> list[float]:
    """Markers of the default body with ``left`` of a parameter, over the default body."""
    ln = np.zeros((1, len(body.free)))
    ln[0, body.free.index(parameter)] = np.log(left)
    ln[0, -1] = ndtri(0.5 / len(ensemble()))  # the first structural member is the default body
    found = np.exp(body.solve(ln).log_readouts[0])
    return [float(found[body.readouts.index(marker)]) for marker in markers]


def as_printed(value: float, like: str) -> str:
    """The value with as many decimals as ``like`` has."""
    return f"{value:.{len(like.partition('.')[2])}f}"


def test_the_page_of_calibration_is_what_the_evidence_says() -> None:
    script = ROOT / "scripts" / "calibration_page"
    done = subprocess.run(
        [sys.executable, str(script), "--print"], capture_output=True, encoding="utf-8", timeout=300, check=True,
        env={"PYTHONUTF8": "1", "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.stdout == (DOCS / "calibration.md").read_text(encoding="utf-8"), "run scripts/calibration_page"


def test_homocysteine_without_mthfr(body: Body) -> None:
    page = words("docs/decisions/0004-body-part-one.md")
    said = re.search(r"x([\d.]+) at a residual of 3 %, x([\d.]+) at 1 %", page)
    assert said
    for left, printed in zip((0.03, 0.01), said.groups(), strict=True):
        assert printed == as_printed(folds(body, "enzyme.MTHFR", left, "plasma.homocysteine")[0], printed)
    changes = re.search(r"a residual of 3 % x([\d.]+), before", words("CHANGELOG.md"))
    assert changes
    assert changes[1] == said[1]
    section = (DOCS / "fold-changes.md").read_text(encoding="utf-8").split("## MTHFR:")[1]
    factor = re.search(r"prior: ([\d.]+)\.\n", section)
    row = re.search(r"\| plasma\.homocysteine \| - \| ([\d.]+) \|", section)
    assert factor
    assert row
    assert row[1] == as_printed(folds(body, "enzyme.MTHFR", float(factor[1]), "plasma.homocysteine")[0], row[1])


def test_the_whole_person_shows_disorders_no_worse_than_the_body_of_profiles() -> None:
    page = (DOCS / "fold-changes.md").read_text(encoding="utf-8")
    made_of = re.search(r"Of the whole person `(\w+)`", page)
    assert made_of
    written_again = "the whole person has changed: run scripts/fold_table"
    assert hashlib.sha256(whole_text().encode()).hexdigest().startswith(made_of[1]), written_again
    row = re.search(r"\| SEEN \| (.*) \|\n", page)
    assert row
    ok, weak, wrong, whole_ok, whole_weak, whole_wrong = map(int, row[1].split(" | "))
    assert ok + weak + wrong == whole_ok + whole_weak + whole_wrong
    assert whole_ok >= ok
    assert whole_wrong <= wrong


def test_mild_dhpr_deficiency(body: Body) -> None:
    hva, hiaa = folds(body, "enzyme.QDPR", 0.1, "csf.HVA", "csf.5-HIAA")
    page = words("docs/decisions/0004-body-part-one.md")
    assert f"at a residual of 0.1 HVA is {hva:.2f} and 5-HIAA {hiaa:.2f}" in page
    row = re.search(r"\| 0\.1 \| \d+ \| ([\d.]+) \| ([\d.]+) \|", words("docs/hard-tests.md"))
    assert row
    assert row.groups() == (f"{hva:.2f}", f"{hiaa:.2f}")


def test_what_each_readout_sees_of_levodopa(body: Body) -> None:
    """The table in docs/body.md, to the two digits that it prints."""
    page = (DOCS / "body.md").read_text(encoding="utf-8")
    table = page.split("share of the daily mean that is seen:")[1].split("\n\n")[1].splitlines()
    hours, _, *lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in table)
    names = {line[0].replace("plasma ", "plasma.").replace("CSF ", "csf."): line[1:] for line in lines}
    assert len(names) == 4
    for at, hour in enumerate(hours[1:]):
        dose = doses_of(f"levodopa 100 mg 3/d with carbidopa 25 mg last {hour} h ago")
        taken = body.treatment(Protocol(dose), Person(age_years=30.0, weight_kg=70.0))
        (mine,) = (c for c in taken.courses if c.parameter == "input.levodopa")
        about = About.of(body, {name.removeprefix(PREFIX): mean for name, mean, _ in taken.shifts})
        share, _ = seen(about, mine)
        for name, said in names.items():
            printed = said[at]
            half = 0.5 * 10.0 ** -len(printed.partition(".")[2]) if "." in printed else 0.05
            assert share[body.readouts.index(name)] == pytest.approx(float(printed), abs=1.01 * half), (name, hour)


def test_what_inference_says_of_itself() -> None:
    page, sizes = words("docs/inference.md"), Sizes()
    shares = {row["explanation"]: number(row, "value") for row in rows("explanation_priors")
              if row["setting"] == "female_share"}  # fmt: skip
    assert shares == {"ATP7A": 0.03, "MAOA": 0.05, "MAOB": 0.05}
    assert "3 % of those with Menkes disease and 5 % of those with a defect of MAOA or MAOB" in page
    assert f"{sizes.common:,} for `none` and `secondary`, {sizes.other:,} for every other" in page
    assert f"{len(likelihood.nodes()[0])}-point Gauss-Hermite" in page
    assert student.DOF == 7
    assert "Student-t with seven degrees of freedom" in page
    assert f"uncertain by {intervals.ONE_SIDED_SD:g} in ln" in page
    prior = explanations.priors("referred", taking_stated=True)
    kinds = {e.id: e.kind for e in explanations.load()}
    primary = sum(p for e, p in prior.items() if kinds[e] == "primary")
    assert f"none 0.70, secondary {prior['secondary']:.2f}, primary defects {primary:.2f} together" in page
    carriers = sum(
        form.weight for e in explanations.load() if e.id == "none" for form in e.forms if form.id != "typical"
    )
    assert f"carriers, which are part of `none` ({100 * carriers:.1f} % in all" in page


def test_one_extreme_phenylalanine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EUTONE_CACHE_DIR", str(tmp_path))
    panel = tmp_path / "panel.csv"
    panel.write_text("marker,specimen,value,unit\nphenylalanine,plasma,1500,umol/L\n")
    found = eutone.profile(eutone.read(panel, age="1y"), setting="general", seed=0)
    none = next(e.probability for e in found.data.explanations if e.id == "none")
    assert f"had left `none` at 0.52; it is {none:.2f} now" in words("docs/inference.md")
    assert f"`none` 0.52 before, {none:.2f} now" in words("CHANGELOG.md")


@pytest.mark.parametrize("choice", ["female_share", "*declared* for it", "count once", "only limit"])
def test_choices_made_after_results_were_seen_are_said(choice: str) -> None:
    after = words("docs/inference.md").split("These choices were made *after*")[1].split("The square root is there")[0]
    assert choice in after
