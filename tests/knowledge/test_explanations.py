from math import hypot, log, sqrt

import pytest
from scipy.special import ndtr

from eutone._errors import InputError
from eutone.knowledge import explanations, markers

HEAD = (
    "explanation,name,kind,form,form_weight,parameter,distribution,median,ln_sd,upper,draw,power,source,grade\n"
    "none,None,none,typical,1,,,,,,,,,\n"
)


def broken(tmp_path, row):
    (tmp_path / "explanations.csv").write_text(HEAD + row + "\n")
    with pytest.raises(InputError) as caught:
        explanations.load(tmp_path)
    return caught.value


def test_there_are_enough_primary_defects_and_every_one_says_where_its_prior_comes_from():
    found = explanations.load()
    assert sum(e.kind == "primary" for e in found) >= 20
    assert {"none", "secondary", "ssri", "levodopa", "iron-deficiency"} <= {e.id for e in found}
    assert all(effect.source for e in found for form in e.forms for effect in form.effects)


def test_carriers_are_part_of_none_and_few():
    none = next(e for e in explanations.load() if e.id == "none")
    carriers = [form for form in none.forms if form.id != "typical"]
    assert 0.01 <= sum(form.weight for form in carriers) <= 0.02
    assert all(effect.median == 0.5 for form in carriers for effect in form.effects)


def test_an_explanation_knows_parameters_only_and_no_marker():
    """The table's columns are all that an explanation may say; a marker id among the parameters would be a pattern."""
    parts = ("enzyme.", "transporter.", "chaperone.", "turnover.", "status.", "intake.", "drug.", "input.")
    others = {"nerve.TH.V", "prolactin.V"}  # what a tumour makes more of
    named = {parameter for e in explanations.load() for parameter in e.parameters}
    assert {p for p in named if not p.startswith(parts)} == others
    assert not named & set(markers.load())


@pytest.mark.parametrize("setting", explanations.SETTINGS)
@pytest.mark.parametrize("stated", [True, False])
def test_priors_sum_to_one_and_drugs_compete_only_where_nothing_was_said(setting, stated):
    found = explanations.priors(setting, taking_stated=stated)
    assert sum(found.values()) == pytest.approx(1.0)
    assert min(found.values()) >= 0
    drugs = sum(found[e.id] for e in explanations.load() if e.kind == "drug")
    assert drugs == 0 if stated else drugs > 0


def test_referred_blocks_are_those_of_the_series():
    found = explanations.priors("referred", taking_stated=True)
    kinds = {e.id: e.kind for e in explanations.load()}
    assert found["secondary"] == pytest.approx(0.22)
    assert sum(p for e, p in found.items() if kinds[e] == "primary") == pytest.approx(0.08)
    rest = [p for e, p in found.items() if kinds[e] in ("none", "deficiency", "state") and e != "secondary"]
    assert sum(rest) == pytest.approx(0.70)


def test_flat_treats_every_primary_like_secondary():
    found = explanations.priors("flat", taking_stated=True)
    alike = {round(found[e.id], 12) for e in explanations.load() if e.kind == "primary"} | {
        round(found["secondary"], 12)
    }
    assert len(alike) == 1


@pytest.mark.parametrize("setting", ["referred", "general"])
def test_sex_moves_what_one_sex_has_more_often_and_none_takes_up_the_difference(setting):
    either, girl, boy = (explanations.priors(setting, taking_stated=True, sex=sex) for sex in (None, "female", "male"))
    x_linked = {"ATP7A", "MAOA", "MAOB"}
    for e in explanations.load():
        assert girl[e.id] + boy[e.id] == pytest.approx(2 * either[e.id])
        assert (e.id in x_linked | {"none"}) == (boy[e.id] != either[e.id])
    assert all(0 < girl[e] <= 0.1 * either[e] and boy[e] < 2 * either[e] for e in x_linked)
    assert sum(girl.values()) == pytest.approx(1.0)
    assert sum(boy.values()) == pytest.approx(1.0)


def test_the_share_of_a_sex_is_data(tmp_path):
    """A row is all it takes, and one that cannot be meant is refused."""

    def priors(share, name="x"):
        folder = tmp_path / f"{name}{share}"
        folder.mkdir()
        (folder / "explanations.csv").write_text(HEAD + "secondary,S,state,f,1,,,,,,,,,\nx,X,primary,f,1,,,,,,,,,\n")
        (folder / "explanation_priors.csv").write_text(
            "explanation,setting,value,source,grade\nx,referred,1,s,SEEN\nx,general,0.1,s,SEEN\n"
            f"secondary,general,0.1,s,SEEN\n{name},female_share,{share},s,SEEN\n"
        )
        return explanations.priors("general", taking_stated=True, sex="female", folder=folder)

    assert priors("0.75") == pytest.approx({"none": 0.75, "secondary": 0.1, "x": 0.15})
    for name, share in (("x", "0"), ("x", "1"), ("y", "0.5"), ("none", "0.5")):
        with pytest.raises(InputError):
            priors(share, name)


def test_flat_knows_no_sex():
    assert explanations.priors("flat", taking_stated=True, sex="male") == explanations.priors(
        "flat", taking_stated=True
    )


def test_a_sex_that_is_not_known_is_refused_with_the_choices():
    with pytest.raises(InputError, match="female, male"):
        explanations.priors("flat", taking_stated=True, sex="boy")


def test_a_setting_that_is_not_known_is_refused_with_the_choices():
    with pytest.raises(InputError, match="referred, general, flat"):
        explanations.priors("ward", taking_stated=True)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("x,X,gene,f,1,enzyme.X,lognormal,0.1,1,0.6,,1,s,SEEN", "kind"),
        ("x,X,primary,f,1,enzyme.X,normal,0.1,1,0.6,,1,s,SEEN", "distribution"),
        ("x,X,primary,f,1,enzyme.X,lognormal,-0.1,1,0.6,,1,s,SEEN", "median"),
        ("x,X,primary,f,1,enzyme.X,lognormal,0.1,-1,0.6,,1,s,SEEN", "ln_sd"),
        ("x,X,primary,f,1,enzyme.X,lognormal,0.9,0,0.6,,1,s,SEEN", "upper"),
        ("x,X,primary,f,1,enzyme.X,lognormal,0.1,1,0.6,,1,,SEEN", "source"),
        ("x,X,primary,f,1,enzyme.X,lognormal,0.1,1,0.6,,1,s,sure", "grade"),
        ("x,X,primary,f,0,enzyme.X,lognormal,0.1,1,0.6,,1,s,SEEN", "form_weight"),
    ],
)
def test_a_broken_row_is_named_by_row_and_column(tmp_path, row, column):
    error = broken(tmp_path, row)
    assert (error.row, error.column) == (3, column)


def test_forms_must_weigh_one_together(tmp_path):
    error = broken(tmp_path, "x,X,primary,f,0.5,enzyme.X,lognormal,0.1,1,0.6,,1,s,SEEN")
    assert "0.5" in str(error)


def test_secondary_leaves_as_many_outside_the_interval_as_were_found():
    """20 % abnormal HVA, 1.5 % primary: half or more of `secondary` must lie outside 95 % of healthy people."""
    secondary = next(e for e in explanations.load() if e.id == "secondary")
    for parameter in ("turnover.dopamine", "turnover.serotonin"):
        rows = [e for e in secondary.forms[0].effects if e.parameter == parameter]
        mean = sum(e.power * log(e.median) for e in rows)
        sd = sqrt(sum((e.power * e.ln_sd) ** 2 for e in rows))
        shared = sum((e.power * e.ln_sd) ** 2 for e in rows if e.draw == "shared")
        assert shared / sd**2 == pytest.approx(0.5, abs=0.01)
        healthy = 0.38
        spread = hypot(sd, healthy)
        outside = ndtr((-1.96 * healthy - mean) / spread) + ndtr((mean - 1.96 * healthy) / spread)
        assert 0.45 < outside < 0.8
