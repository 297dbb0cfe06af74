"""Looking at a model: names, text, formulas that mean what the network means, and checks that can fail."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone import InputError, ModelError, _model, body, cli
from eutone.engine import load_network
from eutone.engine.expr import Expr, call, const, evaluate, symbol

VALUES = {"a": 0.7, "b": 1.3, "c": 2.1}

CYCLE = """
model cycle
  compartment cell = 1;
  species x in cell, y in cell;
  x = 3; y = 1; k = 2; m = 0.5;
  forth: x -> y; k*x/(m + x);
  back: y -> x; k*y;
end
"""


def expressions() -> st.SearchStrategy[Expr]:
    leaves = st.sampled_from([*map(symbol, VALUES), const(2.0), const(0.5), const(-1.5)])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(call, st.sampled_from(["add", "sub", "mul", "div"]), inner, inner),
            st.builds(lambda x: call("neg", x), inner),
            st.builds(lambda x, n: call("pow", x, const(n)), inner, st.sampled_from([2.0, -1.0, 3.0])),
            st.builds(lambda x: call("exp", x), inner),
        ),
        max_leaves=8,
    )


def value(expression: Expr) -> float:
    return float(evaluate([expression], VALUES)[0])  # type: ignore[arg-type]


@given(expressions())
@settings(max_examples=100)
def test_a_formula_reads_back_as_what_it_was(expression: Expr) -> None:
    expected = value(expression)
    symbols = "; ".join(f"{name} = {number}" for name, number in VALUES.items())
    again = load_network(f"model m\n species x; x = 1; {symbols};\n r: x -> ; {_model.infix(expression)};\nend\n")
    found = value(again.rates[0])
    assert found == pytest.approx(expected, rel=1e-9) or not math.isfinite(expected)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ((symbol("a") - symbol("b")) - symbol("c"), "a - b - c"),
        (symbol("a") - (symbol("b") - symbol("c")), "a - (b - c)"),
        (symbol("a") / (symbol("b") * symbol("c")), "a/(b*c)"),
        (symbol("a") * symbol("b") / (symbol("c") + symbol("b")), "a*b/(c + b)"),
        ((-symbol("a")) ** const(2.0), "(-a)^2"),
        (-(symbol("a") ** const(2.0)), "-a^2"),
    ],
)
def test_brackets_stand_where_they_are_needed(expression: Expr, text: str) -> None:
    assert _model.infix(expression) == text


def test_the_body_its_modules_and_published_models_are_named() -> None:
    named = _model.names()
    assert {"body", *body.MODULES, "dopamine_2009", "serotonin_2020"} <= set(named)
    assert all(named.values())


@pytest.mark.parametrize("name", _model.names())
def test_every_model_that_is_named_is_found_and_comes_to_rest(name: str) -> None:
    answers = _model.check_named(name)
    assert len(answers) == (4 if name in ("body", "whole") else 3)
    assert all(answer.passed for answer in answers), answers


def test_a_model_is_shown_with_all_that_is_in_it() -> None:
    text = _model.show(load_network(CYCLE))
    assert "cycle: 2 species, 2 reactions" in text
    assert "x + y = 4" in text
    assert "forth: x -> y; k*x/(m + x)" in text
    assert "m = 0.5" in text


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ("dopamin_2009", InputError, "Did you mean dopamine_2009"),
        ("zzz", InputError, "'eutone model list' names them"),
        ("nowhere.ant", InputError, "no such file"),
    ],
)
def test_what_is_not_there_is_refused(given: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        _model.find(given)


def test_a_file_that_is_no_model_is_a_model_error(tmp_path: Path) -> None:
    path = tmp_path / "bad.ant"
    path.write_text("this is no model", encoding="utf-8")
    with pytest.raises(ModelError):
        _model.find(str(path))


@pytest.mark.parametrize(
    ("change", "question"),
    [
        (("y = 1;", "y = -1;"), "the default state is not negative"),
        (("k*x/(m + x)", "k*x/(m - m)"), "rates are finite in the default state"),
        (("back: y -> x; k*y;", "more: -> x; k + 1;"), "it comes to rest"),
    ],
)
def test_a_check_can_fail(change: tuple[str, str], question: str) -> None:
    answers = _model.check(load_network(CYCLE.replace(*change)))
    assert question in [answer.question for answer in answers if not answer.passed]


def test_a_model_with_a_clock_is_not_asked_to_rest() -> None:
    answers = _model.check(load_network(CYCLE.replace("back: y -> x; k*y", "back: y -> x; k*y*(1 + sin(time))")))
    assert answers[-1].passed
    assert "time" in answers[-1].finding


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["model", "list"], 0, "dopamine_2009"),
        (["model", "show", "dopamine_2009"], 0, "bh2 + bh4 = 360"),
        (["model", "check", "dopamine_2009"], 0, "ok     it comes to rest"),
        (["model", "check", "grows.ant"], 1, "WRONG  it comes to rest"),
        (["model", "show", "nothing"], 2, "there is no model 'nothing'"),
    ],
)
def test_the_commands(
    arguments: list[str],
    code: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("grows.ant").write_text(CYCLE.replace("back: y -> x; k*y;", "more: -> x; k + 1;"), encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert (end.value.code or 0) == code
    streams = capsys.readouterr()
    assert says in streams.out + streams.err
