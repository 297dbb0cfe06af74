"""``eutone model show ID``: equation, numbers, sources."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from eutone._errors import InputError
from eutone._explain import explain, known
from eutone.body._ids import flat_ids
from eutone.cli import app


def test_a_reaction_shows_equation_parameters_and_sources() -> None:
    text = explain("striatum.dopamine.TH")
    assert "-> L_d" in text
    assert "(v_TH) := V_TH*" in text
    done = CliRunner().invoke(app, ["model", "show", "striatum.dopamine.TH"])
    assert done.exit_code == 0
    assert done.stdout.strip() == text.strip()


def test_a_reaction_shows_the_numbers_in_the_rules_that_it_uses() -> None:
    text = explain("striatum.dopamine.TH")
    assert "striatum.TH.V (V_TH)" in text
    assert "    where striatum.dopamine.BH4_TH (f_BH4_TH) := " in text
    assert "enzyme.TH (e_TH) with its couplings" in text
    assert "uM/h in the healthy default person at rest" in text


def test_couplings_into_and_out_of_a_number_are_shown() -> None:
    into = explain("enzyme.MAOA")
    assert "moved by couplings:\n    coupling.E2.MAOA: enzyme.MAOA times f_E2_change^" in into
    assert "against: no change in cortex" in into
    assert "1, as in the healthy default person" in into
    assert "striatum.dopamine" in into.split("used in: ")[1]  # what uses it by way of by_e_MAOA
    assert "by_e_MAOA" not in into
    out = explain("hpa.CORT")
    assert "moves by couplings:" in out
    assert "enzyme.TDO2 times f_CORT^0, so nothing" in out
    assert "is the strength of:" in explain("coupling.E2.MAOA")


def test_the_healthy_value_has_its_unit() -> None:
    assert "0.174 uM in the healthy default person at rest" in explain("plasma.cortisol")
    assert "1 in the healthy default person at rest" in explain("f_CORT")


def test_a_spread_of_the_whole_person_is_shown_with_its_reason() -> None:
    text = explain("NET.K")
    assert "0.3 uM (ln sd 0.4 of our knowledge)" in text
    assert "spread COMPUTED: 0.46 uM" in text


def test_everything_with_an_id_can_be_shown() -> None:
    for name in list(flat_ids())[::10]:
        assert explain(name)


def test_a_rule_shows_its_numbers() -> None:
    text = explain("f_BH4_TH")
    assert "tetrahydrobiopterin" in text.lower() or "BH4" in text
    assert "ln sd" in text
    assert "used in: striatum.dopamine.synthesis (v_TH)" in text


def test_a_parameter_and_a_quantity() -> None:
    assert "RECALLED: " in explain("ADRA2A.K")
    assert explain("striatum.dopamine.extracellular").startswith("striatum.dopamine.extracellular (e_d)")
    assert explain("striatum.dopamine.turnover").startswith("striatum.dopamine.turnover (J_HVA_out)")


def test_a_species_shows_what_makes_and_takes_it() -> None:
    assert "dE_HVA/dt = " in explain("E_HVA")


def test_every_reaction_and_rule_has_an_id_of_its_own() -> None:
    found = flat_ids()
    assert len({v for v in found.values() if v.startswith("J_")}) > 250
    for name in ("striatum.dopamine.AADC", "forebrain.serotonin.TPH", "cortex.norepinephrine.DBH"):
        assert known(name)


def test_what_nobody_knows_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="nothing is called") as error:
        explain("striatum.dopamine.TX")
    assert "striatum.dopamine.T" in str(error.value.hint)


def test_a_name_that_is_no_id_is_a_model_as_before() -> None:
    done = CliRunner().invoke(app, ["model", "show", "no_such_thing"])
    assert isinstance(done.exception, InputError)
    assert "there is no model 'no_such_thing'" in str(done.exception)


def test_a_state_shows_what_healthy_people_have_of_it() -> None:
    text = explain("CORT")
    assert "healthy women of 35 y: " in text
    assert "plasma.cortisol, as measured: healthy men of 35 y: " in text
    assert "; published 117 to 292" in text
    assert "healthy" not in explain("ADRA2A.K")
