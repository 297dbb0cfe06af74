"""A person who takes something, in Python and on the command line."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import eutone as eu
from eutone._errors import InputError
from eutone._taking import taking
from eutone.cli import app


def test_weeks_on_a_drug() -> None:
    person, doses = eu.load("body").taking(["sertraline 50 mg/d"], hours=24 * 28)
    course = eu.simulate(person, times=[0, 24, 24 * 28], doses=doses, wanted=["csf_HIAA", "plt_5HT"])
    platelets = course["plt_5HT"].values
    assert platelets[0] > platelets[1] > 2 * platelets[2]
    assert course["csf_HIAA"].values[2] < 0.75 * course["csf_HIAA"].values[0]


def test_how_each_item_was_understood_is_said() -> None:
    _, _, said = taking(eu.load("body"), "levodopa 100 mg 3/d with carbidopa 25 mg", 24.0)
    assert any("input.levodopa" in line for line in said)
    assert any("drug.dci" in line for line in said)


@pytest.mark.parametrize(
    ("model", "item", "why"),
    [
        ("dopamine_2009", "sertraline", "is no person"),
        ("body", "unobtainium 5 mg", "not known"),
        ("body", "paracetamol 500 mg", "not known|no mechanism"),
    ],
)
def test_what_cannot_be_taken_is_refused(model: str, item: str, why: str) -> None:
    with pytest.raises(eu.InputError, match=why):
        eu.load(model).taking(item, hours=24.0)


def test_the_command_shows_the_bodys_own_quantities() -> None:
    done = CliRunner().invoke(app, ["simulate", "body", "--take", "sertraline 50 mg/d", "--days", "1", "--json", "-"])
    assert done.exit_code == 0
    assert "taken." not in done.stdout
    assert "transporter.SLC6A4 x0.2" in done.stderr


def test_the_daily_means_are_what_a_steady_state_is_asked_with() -> None:
    whole = eu.load("whole")
    found = whole.taking_daily("haloperidol 5 mg/d")
    assert found.keys() == {"d2_free"}
    assert 0.1 < found["d2_free"] < 0.3
    with pytest.raises(InputError, match="not known"):
        whole.taking_daily("unobtainium 5 mg")
    with pytest.raises(InputError, match="no mass"):
        whole.taking_daily("haloperidol 5 IU/d")
