"""Reading SBML and Antimony: what is supported means what it should; what is not is refused by its name."""

from __future__ import annotations

import math
import re
import threading
from pathlib import Path

import numpy as np
import pytest

from eutone._errors import ModelError
from eutone.engine import Network, load_network
from eutone.engine.expr import evaluate, symbols
from eutone.engine.reference import time_course

MATH = 'xmlns="http://www.w3.org/1998/Math/MathML"'
SYMBOLS = "http://www.sbml.org/sbml/symbols/"


def sbml(body: str, level: int = 3, version: int = 2, extra: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<sbml xmlns="http://www.sbml.org/sbml/level{level}/version{version}'
        f'{"/core" if level == 3 else ""}" level="{level}" version="{version}" {extra}>'
        f'<model id="m">{body}</model></sbml>'
    )


def parameter(name: str, value: object = None, constant: bool = True) -> str:
    given = "" if value is None else f'value="{value}"'
    return f'<parameter id="{name}" {given} constant="{str(constant).lower()}"/>'


def rule(kind: str, target: str, formula: str) -> str:
    return f'<{kind}Rule variable="{target}"><math {MATH}>{formula}</math></{kind}Rule>'


def apply(op: str, *operands: object) -> str:
    return f"<apply><{op}/>{''.join(o if isinstance(o, str) else f'<cn>{o}</cn>' for o in operands)}</apply>"


def formula_value(formula: str, **values: float) -> float:
    """The value of a MathML formula over the parameters p and q."""
    text = sbml(
        "<listOfParameters>"
        + parameter("p", values.get("p", 0.0))
        + parameter("q", values.get("q", 0.0))
        + parameter("y", None, False)
        + "</listOfParameters><listOfRules>"
        + rule("assignment", "y", formula)
        + "</listOfRules>"
    )
    network = load_network(text)
    return float(
        np.asarray(evaluate([dict(network.rules)["y"]], dict(zip(network.parameters, network.values, strict=False)))[0])
    )


def default(network: Network, name: str) -> float:
    return float(network.values[network.parameters.index(name)])


# --- what is given ---


def test_a_path_a_string_and_text_are_all_sources(tmp_path: Path) -> None:
    text = "model one()\n A -> B; k*A; k = 1; A = 2; B = 0;\nend"
    path = tmp_path / "one.ant"
    path.write_text(text, encoding="utf-8")
    for source in (path, str(path), text):
        network = load_network(source)
        assert (network.name, network.species, network.reactions) == ("one", ("A", "B"), ("_J0",))


def test_sbml_files_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    path.write_text(sbml("<listOfParameters>" + parameter("k", 2) + "</listOfParameters>"), encoding="utf-8-sig")
    assert load_network(path).parameters == ("k",)


def test_imports_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "inner.ant").write_text("model inner()\n A -> B; k*A; k = 1; A = 2; B = 0;\nend")
    outer = tmp_path / "outer.ant"
    outer.write_text('import "parts/inner.ant"\nmodel outer()\n one: inner(); two: inner(); two.k = 5;\nend')
    network = load_network(outer)
    assert network.species == ("one_A", "one_B", "two_A", "two_B")
    assert default(network, "two_k") == 5


def test_loading_leaves_nothing_behind() -> None:
    load_network("model first()\n A -> B; k*A; k = 1; A = 2; B = 0;\nend")
    with pytest.raises(ModelError, match="line 2"):  # a model of that name is not known any more
        load_network("model second()\n x: first();\nend")
    assert load_network("model third()\n C -> ; C; C = 1\nend").species == ("C",)


def test_threads_may_load_at_once() -> None:
    found: dict[int, str] = {}

    def load(i: int) -> None:
        found[i] = load_network(f"model m{i}()\n A{i} -> ; A{i}; A{i} = {i + 1}\nend").species[0]

    threads = [threading.Thread(target=load, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: f"A{i}" for i in range(8)}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Path("/nowhere/at/all.ant"), "cannot be read"),
        ("nowhere.xml", "cannot be read"),
        ("A -> B; k*(A", "line 1"),
        ("<sbml", "line"),
        ("<html><body/></html>", "line|no model"),
    ],
)
def test_what_cannot_be_read_says_so(source: str | Path, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_network(source)


# --- who is state, who is parameter ---


def test_kinds_of_species() -> None:
    network = load_network(
        """
        species $fixed, moved, idle, ruled, driven
        fixed -> moved; k*fixed; moved -> ; moved*idle
        fixed = 3; moved = 1; idle = 2; ruled := 2*moved; driven' = -driven; driven = 5; k = 1
        """
    )
    assert network.species == ("moved", "driven")
    assert set(network.parameters) == {"k", "fixed", "idle"}
    assert [name for name, _ in network.rules] == ["ruled"]
    assert set(network.drift) == {"driven"}
    np.testing.assert_array_equal(network.stoichiometry, [[1, -1], [0, 0]])


def test_concentrations_change_by_amount_over_size() -> None:
    network = load_network(
        """
        compartment blood = 5; compartment brain = 2
        species A in blood, B in brain; substanceOnly species N in blood
        J: A -> B + N; k*A*blood; A = 10; B = 0; N = 0; k = 0.3
        """
    )
    np.testing.assert_allclose(network.stoichiometry[:, 0], [-1 / 5, 1 / 2, 1])
    np.testing.assert_array_equal(network.volumes, [5, 2, 1])
    assert "blood" not in network.parameters, "a size that scales the matrix is a number of the model"
    found = time_course(network, [0, 1])
    left = 10 * math.exp(-0.3)
    assert found["A"][-1] == pytest.approx(left, rel=1e-7)
    assert found["B"][-1] == pytest.approx((10 - left) * 5 / 2, rel=1e-7)
    assert found["N"][-1] == pytest.approx((10 - left) * 5, rel=1e-7)


def test_a_size_that_scales_no_concentration_may_be_set() -> None:
    network = load_network("compartment c = 4; substanceOnly species A in c; A -> ; k*A/c; A = 8; k = 2")
    assert set(network.parameters) == {"c", "k"}
    assert network.initial == [8]


def test_initial_amounts_become_concentrations() -> None:
    text = sbml(
        '<listOfCompartments><compartment id="c" size="4" spatialDimensions="3" constant="true"/></listOfCompartments>'
        '<listOfSpecies><species id="A" compartment="c" initialAmount="8" hasOnlySubstanceUnits="false" '
        'boundaryCondition="false" constant="false"/></listOfSpecies>'
        '<listOfReactions><reaction id="r" reversible="false"><listOfReactants><speciesReference species="A" '
        f'stoichiometry="1" constant="true"/></listOfReactants><kineticLaw><math {MATH}><ci>k</ci></math>'
        '<listOfLocalParameters><localParameter id="k" value="2"/></listOfLocalParameters></kineticLaw></reaction>'
        "</listOfReactions>"
    )
    network = load_network(text)
    assert network.initial == [2]
    assert network.parameters == ("r.k",)
    assert network.stoichiometry == [[-0.25]]


def test_local_parameters_hide_global_ones() -> None:
    network = load_network(
        sbml(
            '<listOfCompartments><compartment id="c" size="1" constant="true"/></listOfCompartments>'
            "<listOfParameters>" + parameter("k", 7) + "</listOfParameters><listOfReactions>"
            '<reaction id="one" reversible="false"><kineticLaw>'
            f"<math {MATH}><ci>k</ci></math><listOfLocalParameters>"
            '<localParameter id="k" value="2"/></listOfLocalParameters></kineticLaw></reaction>'
            f'<reaction id="two" reversible="false"><kineticLaw><math {MATH}><ci>k</ci></math></kineticLaw></reaction>'
            "</listOfReactions>"
        )
    )
    assert [symbols(rate) for rate in network.rates] == [{"one.k"}, {"k"}]
    assert (default(network, "one.k"), default(network, "k")) == (2, 7)


# --- rules and initial assignments ---


def test_rules_come_after_those_they_use_and_may_use_reactions() -> None:
    network = load_network("c := b + J1; b := 2*a; a := A^2; J1: A -> ; k*A; A = 3; k = 1")
    order = [name for name, _ in network.rules]
    assert order.index("a") < order.index("b") < order.index("c")
    values = {**dict(zip(network.parameters, network.values, strict=False)), "A": 3.0}
    for name, expression in network.rules:
        values[name] = float(np.asarray(evaluate([expression], values)[0]))
    assert values["c"] == 21


def test_constants_that_are_computed_follow_what_they_are_computed_from() -> None:
    network = load_network("A -> ; k2*A; A = 1; k1 = 2; k2 = 3*k1; k3 = 6/4")
    assert set(network.parameters) == {"k1", "k3"}
    assert default(network, "k3") == 1.5
    found = time_course(network, [0, 0.5], {"k1": 1.0})
    assert found["A"][-1] == pytest.approx(math.exp(-1.5), rel=1e-7)


def test_initial_states_follow_their_parameters() -> None:
    network = load_network("A -> B; A; B -> A; B; total = 10; A = 0.25*total; B = total - A")
    np.testing.assert_array_equal(network.initial, [2.5, 7.5])
    np.testing.assert_array_equal(network.start(network.values_with({"total": 20})), [5, 15])


def test_the_clock_starts_at_zero_in_initial_assignments_and_marks_the_model() -> None:
    network = load_network("A -> ; k*A; A = 1 + time; k = 1; x := sin(time)")
    assert network.initial == [1]
    assert network.explicit_time
    assert not load_network("A -> ; k*A; A = 1; k = 1").explicit_time


def test_setting_what_is_not_a_parameter_names_the_nearest() -> None:
    network = load_network("A -> ; V_max*A; A = 1; V_max = 1")
    with pytest.raises(ModelError, match=r"'Vmax' is not a parameter.*V_max"):
        network.values_with({"Vmax": 2})


# --- mathematics ---


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (apply("plus"), 0),
        (apply("plus", 1, 2, 3), 6),
        (apply("times", 2, 3, 4), 24),
        (apply("minus", 2), -2),
        (apply("divide", 1, 4), 0.25),
        (apply("power", 2, 10), 1024),
        (apply("root", 9), 3),
        (apply("root", "<degree><cn>3</cn></degree>", 27), 3),
        (apply("log", 1000), 3),
        (apply("log", "<logbase><cn>2</cn></logbase>", 8), 3),
        (apply("ln", "<exponentiale/>"), 1),
        (apply("exp", 0), 1),
        (apply("factorial", 5), 120),
        (apply("ceiling", 1.2), 2),
        (apply("sec", 0.3), 1 / math.cos(0.3)),
        (apply("arccsc", 2), math.asin(0.5)),
        (apply("arccot", 4), math.atan(0.25)),
        (apply("arcsinh", 0.7), math.asinh(0.7)),
        (apply("arcsinh", -1e8), math.asinh(-1e8)),
        (apply("arccsch", -1e-9), math.asinh(-1e9)),
        (apply("arccosh", 1.7), math.acosh(1.7)),
        (apply("arctanh", 0.7), math.atanh(0.7)),
        (apply("arcsech", 0.7), math.acosh(1 / 0.7)),
        (apply("arccsch", 0.7), math.asinh(1 / 0.7)),
        (apply("arccoth", 1.7), math.atanh(1 / 1.7)),
        (apply("lt", 1, 2, 3), 1),
        (apply("lt", 1, 3, 2), 0),
        (apply("and", apply("gt", 2, 1), apply("neq", 1, 1)), 0),
        (apply("or", "<true/>", "<false/>"), 1),
        (apply("xor", "<true/>", "<true/>", "<true/>"), 1),
        (apply("not", "<true/>"), 0),
        (apply("implies", "<true/>", "<false/>"), 0),
        (apply("max", 1, 7, 3), 7),
        (apply("min", 4, 2, 3), 2),
        (apply("quotient", -7, 2), -3),
        (apply("rem", -7, 2), -1),
        ("<pi/>", math.pi),
        ('<cn type="rational">3<sep/>4</cn>', 0.75),
        ('<cn type="e-notation">2<sep/>-3</cn>', 0.002),
        (f'<csymbol encoding="text" definitionURL="{SYMBOLS}avogadro">N</csymbol>', 6.02214179e23),
    ],
    ids=lambda v: re.sub(r"<[^>]*?(\w+)/?>", r"\1 ", v) if isinstance(v, str) else "",
)  # fmt: skip
def test_formulas(formula: str, value: float) -> None:
    assert formula_value(formula) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(("p", "value"), [(-1.0, 10.0), (0.0, 20.0), (0.5, 20.0), (1.0, 30.0), (5.0, 30.0)])
def test_pieces_in_order(p: float, value: float) -> None:
    pieces = (
        f"<piecewise><piece><cn>10</cn>{apply('lt', '<ci>p</ci>', 0)}</piece>"
        f"<piece><cn>20</cn>{apply('lt', '<ci>p</ci>', 1)}</piece><otherwise><cn>30</cn></otherwise></piecewise>"
    )
    assert formula_value(pieces, p=p) == value


def test_pieces_without_otherwise_are_undefined_elsewhere() -> None:
    piece = f"<piecewise><piece><cn>1</cn>{apply('lt', '<ci>p</ci>', 0)}</piece></piecewise>"
    assert formula_value(piece, p=-1) == 1
    assert math.isnan(formula_value(piece, p=1))


def test_functions_are_expanded_with_their_own_names() -> None:
    network = load_network(
        """
        function twice(x) 2*x end
        function hill(x, k, n) twice(x)^n/(k^n + twice(x)^n) end
        k = 5; x = 7
        y := hill(k, x, 2)
        A -> ; y*A; A = 1
        """
    )
    (value,) = evaluate([dict(network.rules)["y"]], {"k": 5.0, "x": 7.0})
    assert float(np.asarray(value)) == pytest.approx(100 / 149)


# --- what is refused, by name ---

SPECIES = "A -> B; k*A; k = 1; A = 1; B = 0\n"
REFUSED = [
    (SPECIES + "x := delay(A, 1)", "'delay' in the rule for 'x'"),
    (SPECIES + "x := rateOf(nowhere)", "parameter 'nowhere' has no value"),
    ("A -> B; k*A; A = 1; B = 0", "parameter 'k' has no value"),
    ("A -> B; k*A; k = 1; B = 0", "species 'A' has no value"),
    ("A -> B; ; A = 1; B = 0", "reaction '_J0' has no rate"),
    (sbml("<listOfRules><algebraicRule><math " + MATH + "><cn>1</cn></math></algebraicRule></listOfRules>"),
     "an algebraic rule"),
    (sbml("<listOfConstraints><constraint><math " + MATH + "><true/></math></constraint></listOfConstraints>"),
     "a constraint"),
    (sbml("<listOfParameters>" + parameter("x", None, False) + "</listOfParameters><listOfRules>"
          + rule("assignment", "x", "<ci>nowhere</ci>") + "</listOfRules>"), "'nowhere', which is not defined"),
    (sbml("<listOfParameters>" + parameter("x", None, False) + parameter("y", None, False)
          + "</listOfParameters><listOfRules>" + rule("assignment", "x", "<ci>y</ci>")
          + rule("assignment", "y", "<ci>x</ci>") + "</listOfRules>"), "go round in a circle"),
    (sbml("<listOfParameters>" + parameter("x", None, False) + "</listOfParameters><listOfRules>"
          + rule("assignment", "x", apply("factorial", 1, 2)) + "</listOfRules>"), "'factorial' as used in"),
    (sbml("", extra='xmlns:qual="http://www.sbml.org/sbml/level3/version1/qual/version1" qual:required="true"'),
     "the package 'qual'"),
    (sbml("", extra='xmlns:any="http://www.sbml.org/sbml/level3/version2/any/version1" any:required="true"'),
     "the package 'any'"),
    (sbml("", extra='xmlns:own="http://example.org/own" own:required="true"'), "the package 'own'"),
    (sbml("<listOfParameters>" + parameter("x", None, False) + "</listOfParameters><listOfRules>"
          + rule("assignment", "x", "") + "</listOfRules>"), "the rule for 'x' has no formula"),
    (sbml("<listOfParameters>" + parameter("x", None, False) + "</listOfParameters><listOfRules>"
          + rule("assignment", "x", "<ci>time</ci>") + "</listOfRules>"), "'time' as a name, which is not defined"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "message"), REFUSED, ids=[message[:28] for _, message in REFUSED])
def test_refused_by_name(source: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_network(source)


def reaction(attributes: str = "", reference: str = 'stoichiometry="1" constant="true"', inner: str = "") -> str:
    return (
        '<listOfCompartments><compartment id="c" size="1" constant="true"/></listOfCompartments>'
        '<listOfSpecies><species id="A" compartment="c" initialConcentration="1" hasOnlySubstanceUnits="false" '
        'boundaryCondition="false" constant="false"/></listOfSpecies>'
        f'<listOfReactions><reaction id="r" reversible="false" {attributes}><listOfReactants>'
        f'<speciesReference species="A" {reference}>{inner}</speciesReference></listOfReactants>'
        f"<kineticLaw><math {MATH}><ci>A</ci></math></kineticLaw></reaction></listOfReactions>"
    )


FLUX = 'xmlns:fbc="http://www.sbml.org/sbml/level3/version1/fbc/version2" fbc:required="false"'


def test_packages_that_say_nothing_about_courses_change_nothing() -> None:
    plain = load_network(sbml(reaction()))
    balanced = sbml(reaction(), extra=FLUX).replace('id="m"', 'id="m" fbc:strict="false"')
    assert load_network(balanced).rates == plain.rates
    assert load_network(sbml(reaction(), extra='xmlns:own="http://example.org/own" own:required="false"')).rates
    law = balanced[balanced.index("<kineticLaw>") : balanced.index("</reaction>")]
    with pytest.raises(ModelError, match=r"the package 'fbc' where a reaction has no rate .'r'. is not supported"):
        load_network(balanced.replace(law, ""))


def test_fast_reactions_and_missing_stoichiometries_are_refused() -> None:
    with pytest.raises(ModelError, match=r"a fast reaction .'r'."):
        load_network(sbml(reaction('fast="true"'), version=1))
    with pytest.raises(ModelError, match="no stoichiometry for 'A'"):
        load_network(sbml(reaction(reference='constant="false"')))


def test_what_is_determined_twice_is_refused() -> None:
    twice = sbml(reaction() + "<listOfRules>" + rule("assignment", "A", "<cn>1</cn>") + "</listOfRules>")
    # rules come before reactions in a document
    i, j = twice.index("<listOfReactions>"), twice.index("<listOfRules>")
    text = twice[:i] + twice[j : twice.index("</model>")] + twice[i:j] + "</model></sbml>"
    with pytest.raises(ModelError, match="'A' is set by an assignment rule and changed by a reaction"):
        load_network(text)


SBML = """<sbml xmlns="http://www.sbml.org/sbml/level{level}" level="{level}" version="1"><model id="m" {units}>
<listOfUnitDefinitions><unitDefinition id="{id}"><listOfUnits><unit kind="{kind}" {unit}/></listOfUnits>
</unitDefinition></listOfUnitDefinitions></model></sbml>"""
HOUR = 'multiplier="3600"'


def _sbml(level: int, units: str, name: str, unit: str, kind: str = "second") -> str:
    text = SBML.format(level=level, units=units, id=name, unit=unit, kind=kind)
    return text.replace('level3"', 'level3/version1/core"')


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (_sbml(2, "", "time", HOUR), 3600),
        (_sbml(2, "", "other", HOUR), None),
        (_sbml(3, 'timeUnits="h"', "h", f'{HOUR} exponent="1" scale="0"'), 3600),
        (_sbml(3, 'timeUnits="second"', "h", f'{HOUR} exponent="1" scale="0"'), 1),
        (_sbml(3, 'timeUnits="t"', "t", 'multiplier="6" scale="1" exponent="1"'), 60),
        (_sbml(3, 'timeUnits="t"', "t", 'multiplier="1" scale="-3" exponent="1"'), 1e-3),
        (_sbml(3, 'timeUnits="t"', "t", 'multiplier="1" scale="0" exponent="-1"'), None),
        (_sbml(3, 'timeUnits="t"', "t", 'multiplier="0" scale="0" exponent="-1"'), None),
        (_sbml(3, 'timeUnits="t"', "t", 'multiplier="1" scale="0" exponent="1"', kind="metre"), None),
        (_sbml(3, 'timeUnits="nowhere"', "t", 'multiplier="1" scale="0" exponent="1"'), None),
        (_sbml(3, "", "t", 'multiplier="1" scale="0" exponent="1"'), None),
        ("A = 1; A' = 1", None),
        ("model m\n  unit time_unit = 86400 second;\n A' = 1; A = 1;\nend", 86400),
        ("model m\n unit h = 3600 second;\n unit time_unit = h;\n A' = 1; A = 1;\nend", 3600),
        ("model m\n // unit time_unit = 60 second;\n A' = 1; A = 1;\nend", None),
        ("model m\n /*\n unit time_unit = 60 second;\n */ A' = 1; A = 1;\nend", None),
        ("model m\n A' = 1; A = 1; unit time_unit = 60 second;\nend", 60),
    ],
)
def test_the_unit_of_time_is_what_the_model_declares(text: str, seconds: float | None) -> None:
    assert load_network(text).seconds == seconds


def test_a_model_without_a_name_is_called_by_its_file(tmp_path: Path) -> None:
    assert load_network("A = 1; A' = 1").name == "model"
    (tmp_path / "rise.ant").write_text("A = 1; A' = 1", encoding="utf-8")
    assert load_network(tmp_path / "rise.ant").name == "rise"


@pytest.mark.parametrize("text", [";\x80", "é = 1;", "\n神"])
def test_letters_that_antimony_does_not_know_are_refused(text: str) -> None:
    with pytest.raises(ModelError, match="Antimony text"):
        load_network(text)


def test_a_long_antimony_text_is_converted_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EUTONE_CACHE_DIR", str(tmp_path))
    lines = [f"  species S{k}; S{k} = {k}; J{k}: S{k} -> ; k*S{k};" for k in range(1500)]
    text = "\n".join(["model long()", "  k = 0.5;", *lines, "end", ""])
    first = load_network(text)
    import antimony

    monkeypatch.setattr(antimony, "loadAntimonyString", lambda _: pytest.fail("converted again"))
    again = load_network(text)
    assert (again.species, again.rates) == (first.species, first.rates)
    assert len(again.species) == 1500
    with pytest.raises(pytest.fail.Exception):
        load_network(text.replace("0.5", "0.25"))
