"""The SBML Test Suite's layout, with cases of our own: what counts as right, and that nothing gets past as right."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from eutone import InputError, _conform, cli

MODEL = """<sbml xmlns="http://www.sbml.org/sbml/level3/version{version}/core" level="3" version="{version}">
<model id="m"><listOfCompartments><compartment id="c" size="2" constant="true"/></listOfCompartments>
<listOfSpecies><species id="A" compartment="c" initialConcentration="{start}" hasOnlySubstanceUnits="false"
 boundaryCondition="false" constant="false"/></listOfSpecies>
<listOfParameters><parameter id="k" value="NaN" constant="true"/></listOfParameters>{more}</model></sbml>"""

SETTINGS = """start: 0
duration: 1
steps: 2
variables: A, c, k
absolute: 0.001
relative: 0.0
amount: {amount}
concentration:
"""

MATH = 'xmlns="http://www.w3.org/1998/Math/MathML"'

DELAY = """<listOfRules><rateRule variable="k"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><csymbol
 encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/delay">d</csymbol><ci>A</ci><cn>1</cn></apply></math>
</rateRule></listOfRules>"""


def case(root: Path, number: int, *, amount: str = "", answer: float = 3.0, more: str = "") -> None:
    folder = root / "semantic" / f"{number:05}"
    folder.mkdir(parents=True)
    name = f"{number:05}"
    for version, start in ((1, 99.0), (2, 3.0)):  # the newest is taken
        text = MODEL.format(version=version, start=start, more=more)
        (folder / f"{name}-sbml-l3v{version}.xml").write_text(text)
    (folder / f"{name}-settings.txt").write_text(SETTINGS.format(amount=amount))
    rows = [f"{t},{answer},2,NaN" for t in (0, 0.5, 1)]
    (folder / f"{name}-results.csv").write_text("\n".join(["time,A,c,k", *rows]) + "\n")
    (folder / f"{name}-model.m").write_text(
        "(*\ncategory: Test\ncomponentTags: Species, Reaction\ntestTags: Amount\n*)\n"
    )


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    root = tmp_path / "cases"
    case(root, 1)
    case(root, 2, amount="A", answer=6.0)
    case(root, 3, answer=3.0009)
    case(root, 4, answer=3.0011)
    case(root, 5, more=DELAY)
    case(root, 6, more="<nonsense")
    return root


def statuses(outcomes: list[_conform.Outcome]) -> dict[str, str]:
    return {o.case: o.status for o in outcomes}


EXPECTED = {
    "00001": "right",
    "00002": "right",
    "00003": "right",
    "00004": "wrong",
    "00005": "refused",
    "00006": "refused",
}


def test_a_folder_of_any_depth_and_a_zip_give_the_same(suite: Path, tmp_path: Path) -> None:
    found = _conform.conform(suite)
    assert statuses(found) == EXPECTED
    why = {o.case: o.why for o in found}
    assert why["00004"] == "'A' is 3 at time 0, not 3.0011"
    assert "'delay' in the rule for 'k' is not supported" in why["00005"]
    assert found[0].tags == ("Species", "Reaction", "Amount")
    packed = tmp_path / "cases.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in suite.rglob("*.*"):
            archive.write(file, file.relative_to(suite))
    assert _conform.conform(packed) == found
    assert _conform.conform(suite / "semantic" / "00001") == found[:1]


def test_tags_come_from_an_index_where_there_are_no_descriptions(suite: Path) -> None:
    for file in suite.rglob("*-model.m"):
        file.unlink()
    (suite / "index.csv").write_text('case,component_tags,test_tags\n00001,"Species, Event",Amount\n')
    assert _conform.conform(suite)[0].tags == ("Species", "Event", "Amount")


@pytest.mark.parametrize("broken", ["results.csv", "sbml-l3v2.xml"])
def test_what_is_missing_or_broken_is_a_crash_not_an_answer(suite: Path, broken: str) -> None:
    folder = suite / "semantic" / "00001"
    (folder / f"00001-{broken}").write_bytes(b"")
    if broken.endswith("xml"):
        (folder / "00001-sbml-l3v2.xml").unlink()
        (folder / "00001-sbml-l3v1.xml").unlink()
    assert _conform.conform(folder)[0].status == "crashed"


def test_an_answer_may_be_called_like_the_clock(tmp_path: Path) -> None:
    case(tmp_path, 1, amount="time", answer=6.0)
    for file in (tmp_path / "semantic" / "00001").glob("00001-*"):
        file.write_text(file.read_text().replace('id="A"', 'id="time"').replace("A,", "time,"))
    assert _conform.conform(tmp_path)[0] == _conform.Outcome("00001", "right", "", ("Species", "Reaction", "Amount"))


def test_a_case_without_times_is_refused(suite: Path) -> None:
    settings = suite / "semantic" / "00001" / "00001-settings.txt"
    settings.write_text("start:\nduration:\nsteps:\nvariables: A\n")
    assert _conform.run_case(settings).why == "a case that is not a time course is not supported"


def test_a_case_about_means_of_chance_is_refused(suite: Path) -> None:
    settings = suite / "semantic" / "00001" / "00001-settings.txt"
    settings.write_text(settings.read_text() + "meanRange: (-3, 3)\nsdRange: (-5, 5)\n")
    assert _conform.run_case(settings).why == "a case about the mean of stochastic courses is not supported"


def test_a_variable_without_answers_is_no_right_case(suite: Path) -> None:
    settings = suite / "semantic" / "00001" / "00001-settings.txt"
    settings.write_text(settings.read_text().replace("A, c, k", "A, c, k, other"))
    outcome = _conform.run_case(settings)
    assert (outcome.status, outcome.why) == ("crashed", "the answers have no column 'other'")
    settings.write_text(settings.read_text().replace("A, c, k, other", ""))
    (settings.parent / "00001-results.csv").write_text("time\n0\n0.5\n1\n")
    assert _conform.run_case(settings).status == "crashed"


DELAY_BELOW_0 = f"""<listOfEvents><event useValuesFromTriggerTime="true"><trigger initialValue="false"
 persistent="true"><math {MATH}><true/></math></trigger><delay><math {MATH}><cn>-1</cn></math></delay></event>
</listOfEvents>"""


def test_only_loading_may_refuse(tmp_path: Path) -> None:
    case(tmp_path, 1, more=DELAY_BELOW_0)
    case(tmp_path, 2)
    answers = tmp_path / "semantic" / "00002" / "00002-results.csv"
    answers.write_text(answers.read_text().replace("k", "B"))
    settings = answers.with_name("00002-settings.txt")
    settings.write_text(settings.read_text().replace("k", "B"))
    found = _conform.conform(tmp_path)
    assert [o.status for o in found] == ["wrong", "wrong"]
    assert "the delay of event 'event 1' is -1.0" in found[0].why
    assert "the value of 'B' is asked for, which has none" in found[1].why


MOVES = f"""<listOfRules><rateRule variable="A"><math {MATH}><apply><times/><cn>1e-9</cn><ci>A</ci></apply></math>
</rateRule></listOfRules>"""


def test_a_case_that_does_not_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case(tmp_path, 1, more=MOVES)
    assert _conform.conform(tmp_path)[0].status == "right"
    monkeypatch.setattr(_conform, "PATIENCE", -1.0)
    outcome = _conform.conform(tmp_path)[0]
    assert (outcome.status, outcome.why) == ("wrong", "not through after -1 s, at time 0")


def test_a_tag_that_is_given_twice_counts_once() -> None:
    outcome = _conform.Outcome("00001", "right", "", ("Event", "Amount", "Event"))
    assert ["Event", "1", "0", "0", "0"] in [line.split() for line in _conform.table([outcome]).splitlines()]


def test_a_damaged_zip_says_so(suite: Path, tmp_path: Path) -> None:
    packed = tmp_path / "cases.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in suite.rglob("*.*"):
            archive.write(file, file.relative_to(suite))
        first = archive.infolist()[0]
    content = bytearray(packed.read_bytes())
    begin = first.header_offset + 30 + len(first.filename)
    content[begin : begin + first.compress_size] = b"\xff" * first.compress_size
    packed.write_bytes(content)
    with pytest.raises(InputError, match="cannot be unpacked"):
        _conform.conform(packed)


def test_a_zip_writes_nothing_outside_its_folder(suite: Path, tmp_path: Path) -> None:
    packed = tmp_path / "inside" / "cases.zip"
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in (suite / "semantic" / "00001").iterdir():
            archive.write(file, f"../../{file.name}")
            archive.write(file, f"{tmp_path}/{file.name}")
    assert {o.status for o in _conform.conform(packed)} == {"right"}
    assert not list(tmp_path.glob("00001*"))


@pytest.mark.parametrize("name", ["nowhere", "text.zip", "empty"])
def test_what_holds_no_cases_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.zip").write_text("no zip")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"neither a folder nor a zip file|holds no case"):
        _conform.conform(tmp_path / name)


def test_the_command_prints_a_table_and_writes_json(
    suite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    with pytest.raises(SystemExit) as end:
        cli.main(["model", "conform", str(suite), "--json", str(out)])
    assert end.value.code == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["right", "refused", "wrong", "crashed"]
    assert ["all", "3", "2", "1", "0"] in [line.split() for line in printed]
    assert printed[-1] == "wrong  00004: 'A' is 3 at time 0, not 3.0011"
    cases = json.loads(out.read_text())["cases"]
    assert {c["case"]: c["status"] for c in cases} == EXPECTED
    assert cases[0] == {"case": "00001", "status": "right", "why": ""}
    with pytest.raises(SystemExit) as end:
        cli.main(["model", "conform", str(suite / "semantic" / "00001"), "--json", "-"])
    assert end.value.code == 0
    assert json.loads(capsys.readouterr().out)["cases"][0]["status"] == "right"
