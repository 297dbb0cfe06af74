import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eutone.inference.prior import Prior, missing, resolve
from eutone.inference.streams import stream
from eutone.knowledge.explanations import Effect, Explanation, Form


def effect(parameter, median, ln_sd, upper=None, draw="", power=1.0):
    return Effect(parameter, median, ln_sd, upper, draw or parameter, power, "test", "ASSUMED")


class Exposure:
    shifts = (("enzyme_DDC", -1.0, 0.2),)
    class_key = "shifted"


def test_a_residual_follows_its_truncated_log_normal(body):
    defect = Explanation("TH", "TH", "primary", (Form("only", 1.0, (effect("enzyme.TH", 0.03, 1.3, 0.6),)),))
    body.spread = np.zeros(len(body.free))
    prior = Prior(body, defect)
    got = prior.ln_factors(prior.draw(20_000, 0))[:, 0]
    assert got.max() <= np.log(0.6) + 1e-12
    plain = np.log(0.03) + 1.3 * np.random.default_rng(1).standard_normal(400_000)
    expected = np.quantile(plain[plain <= np.log(0.6)], [0.1, 0.5, 0.9])
    assert np.quantile(got, [0.1, 0.5, 0.9]) == pytest.approx(expected, abs=0.06)


def test_rows_that_share_a_draw_move_together_and_others_do_not(body):
    rows = (
        effect("turnover.dopamine", 0.74, 0.354, draw="shared"),
        effect("turnover.dopamine", 1.0, 0.354, draw="dopamine"),
        effect("turnover.serotonin", 0.74, 0.354, draw="shared"),
        effect("turnover.serotonin", 1.0, 0.354, draw="serotonin"),
        effect("turnover.norepinephrine", 0.74, 0.354, draw="shared", power=0.4),
    )
    body.spread = np.zeros(len(body.free))
    prior = Prior(body, Explanation("secondary", "s", "state", (Form("only", 1.0, rows),)))
    got = prior.ln_factors(prior.draw(40_000, 0))[:, 5:8]
    assert got.mean(axis=0) == pytest.approx([-0.301, -0.301, -0.12], abs=0.01)
    assert got.std(axis=0) == pytest.approx([0.5, 0.5, 0.1416], abs=0.01)
    assert np.corrcoef(got[:, 0], got[:, 1])[0, 1] == pytest.approx(0.5, abs=0.02)


def test_forms_have_their_weights_and_treatment_enters_every_form(body):
    forms = (Form("typical", 0.9, ()), Form("carrier", 0.1, (effect("enzyme.PTS", 0.5, 0.0),)))
    prior = Prior(body, Explanation("none", "n", "none", forms), Exposure())
    u = prior.draw(20_000, 0)
    form, factors = prior.forms(u), prior.ln_factors(u)
    assert np.mean(form == 1) == pytest.approx(0.1, abs=0.007)
    for k in (0, 1):
        assert factors[form == k, 2].mean() == pytest.approx(-1.0, abs=0.03)
        assert factors[form == k, 3].mean() == pytest.approx(k * np.log(0.5), abs=0.02)


def test_parameters_are_found_by_dotted_and_flat_id_and_missing_ones_are_named(body):
    assert resolve(body, "enzyme.DDC") == resolve(body, "enzyme_DDC") == 2
    assert resolve(body, "enzyme.NOT") is None
    both = (effect("enzyme.NOT", 0.1, 1.0), effect("enzyme.TH", 0.1, 1.0))
    assert missing(body, Explanation("x", "x", "primary", (Form("only", 1.0, both),))) == ("enzyme.NOT",)


def test_a_stream_belongs_to_its_purpose_and_seed_zero_is_a_seed():
    assert stream(0, "bank", "TH").random() == stream(0, "bank", "TH").random()
    values = {stream(s, *w).random() for s in (0, 1) for w in (("bank", "TH"), ("bank", "DDC"), ("bankTH",), ("smc",))}
    assert len(values) == 8


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0.005, 0.5), st.floats(0.1, 2.0), st.floats(0.02, 0.9))
def test_no_residual_exceeds_its_bound(body, median, ln_sd, upper):
    body.spread = np.zeros(len(body.free))
    prior = Prior(
        body, Explanation("x", "x", "primary", (Form("f", 1.0, (effect("enzyme.TH", median, ln_sd, upper),)),))
    )
    factors = prior.ln_factors(prior.draw(200, 0))
    assert np.isfinite(factors).all()
    assert factors[:, 0].max() <= np.log(upper) + 1e-9
