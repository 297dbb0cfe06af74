"""`eutone model export` and `Model.to_sbml`: whole files, settings, and what is refused."""

from __future__ import annotations

from pathlib import Path

import libsbml
import numpy as np
import pytest

import eutone as eu
from eutone import cli

DECAY = """
model decay()
  species A = 4; k = 0.5; b := 2*k;
  B = A0; A0 = 3; species B;
  J: A -> ; k*A; K: B -> ; b*B;
end
"""


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(["model", "export", *arguments])
    return int(end.value.code or 0)


@pytest.mark.parametrize("ending", ["xml", "sbml", "ant", "XML"])
def test_the_ending_says_the_form_and_the_file_loads(
    ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"copy.{ending}"
    assert run("dopamine_2009", "--out", str(out)) == 0
    assert out.read_text(encoding="utf-8").startswith("//" if ending == "ant" else "<?xml")
    said = capsys.readouterr()
    form = "Antimony" if ending == "ant" else "SBML Level 3 Version 2"
    assert said.out == f"{out}: dopamine_2009 in {form}, 9 states, 14 reactions, 2 rules, 37 parameters\n"
    assert ("libSBML warns" in said.err) == (ending != "ant")
    if ending != "XML":
        model, again = eu.load("dopamine_2009"), eu.load(out)
        assert again.parameters == model.parameters
        assert again.species == model.species
        assert again.time_unit == "hour"


def test_what_is_set_is_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "set.xml"
    assert run("dopamine_2009", "--set", "V_TH=60", "--set", "hva=7.5", "--out", str(out), "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    model = eu.load(out)
    assert model.parameters["V_TH"] == 60
    assert model.species["hva"] == 7.5
    asked = {"V_TH": 60, "hva": 7.5}
    xs = [eu.simulate("dopamine_2009", set=asked, times=[0, 5])["eda"].values, eu.simulate(model, times=[0, 5])["eda"]]
    np.testing.assert_allclose(xs[1], xs[0], rtol=1e-9)


def test_starts_follow_the_parameters_that_are_set() -> None:
    model = eu.load(DECAY)
    assert eu.load(model.to_sbml({"A0": 5})).species == {"A": 4.0, "B": 5.0}
    assert eu.load(model.to_sbml({"A0": 5, "B": 1})).species == {"A": 4.0, "B": 1.0}
    assert model.parameters["A0"] == 3  # the model itself stays as it is


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["dopamine_2009", "--out", "x.txt"], 2, "does not end with .xml, .sbml or .ant"),
        (["dopamine_2009", "--out", "missing/x.xml"], 2, "its folder does not exist"),
        (["dopamine_2010", "--out", "x.xml"], 2, "Did you mean dopamine_2009?"),
        (["dopamine_2009", "--set", "V_TX=1", "--out", "x.xml"], 2, "'V_TX'"),
        (["dopamine_2009", "--set", "inhibition=1", "--out", "x.xml"], 2, "follows from a rule"),
        (["dopamine_2009", "--set", "V_TH=many", "--out", "x.xml"], 2, "is not id=number"),
        (["model.ant", "--out", "model.ant"], 2, "--out would overwrite the model"),
        (["nothing.ant", "--out", "x.xml"], 2, "there is no such file"),
        (["dopamine_2009"], 2, "--out"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    arguments: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.ant").write_text(DECAY, encoding="utf-8")
    assert run(*arguments) == code
    assert said in " ".join(capsys.readouterr().err.split())
    assert [file.name for file in tmp_path.iterdir()] == ["model.ant"]
    assert Path("model.ant").read_text(encoding="utf-8") == DECAY


def test_help_shows_examples_and_names_complete(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    assert "eutone model export body --set e_TH=0.3 --out patient.xml" in capsys.readouterr().out
    assert cli._model_names("dop") == ["dopamine", "dopamine_2009"]


def test_a_model_saves_itself_as_a_whole(tmp_path: Path) -> None:
    model, out = eu.load(DECAY), tmp_path / "decay.ant"
    model.save(out)
    assert eu.load(out).species == model.species
    assert [file.name for file in tmp_path.iterdir()] == ["decay.ant"]
    with pytest.raises(eu.InputError, match="does not end with"):
        model.save(tmp_path / "decay.json")


def test_the_body_says_its_units_dotted_ids_and_sources() -> None:
    read = libsbml.readSBMLFromString(eu.load("body").to_sbml())
    parameter = read.getModel().getParameter("K_TH_BH4")
    assert (parameter.getName(), parameter.getUnits()) == ("TH.BH4.K", "uM")
    assert "RECALLED" in parameter.getNotesString()
    assert read.getModel().getSpecies("csf_HVA").getName() == "csf.HVA"
    assert read.checkConsistency() == read.getNumErrors(libsbml.LIBSBML_SEV_WARNING)
    said = [read.getError(i).getShortMessage() for i in range(read.getNumErrors())]
    assert [message for message in said if "inconsistent" in message or "not consistent" in message] == []


def test_published_models_say_micromolar_and_hours() -> None:
    read = libsbml.readSBMLFromString(eu.load("serotonin_2020").to_sbml())
    model = read.getModel()
    assert (model.getTimeUnits(), model.getExtentUnits(), model.getVolumeUnits()) == ("h", "umol", "litre")
    assert model.getSpecies("eht").getSubstanceUnits() == "umol"
