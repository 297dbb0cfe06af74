"""Changing compartments, stoichiometries, conversion factors and rates of change against closed forms."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone._errors import ModelError
from eutone.engine import load_network, solve_steady
from eutone.engine.compile import compile_network
from eutone.engine.reference import TimeCourse, steady_state, time_course
from eutone.engine.status import Status

MATH = 'xmlns="http://www.w3.org/1998/Math/MathML"'
T = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'


def run(source: str, times: list[float]) -> TimeCourse:
    found = time_course(load_network(source), times, method="LSODA", rtol=1e-10)
    assert found.status is Status.CONVERGED, found.reason
    return found


def document(level: int, version: int, **lists: str) -> str:
    """An SBML document; ``species`` and so on are what stands in ``listOfSpecies`` and so on."""
    core = "/core" if level == 3 else ""
    order = ("FunctionDefinitions", "Compartments", "Species", "Parameters", "InitialAssignments", "Rules", "Reactions")
    body = "".join(f"<listOf{n}>{lists[n]}</listOf{n}>" for n in (*order, "Events") if n in lists)
    return (
        f'<sbml xmlns="http://www.sbml.org/sbml/level{level}/version{version}{core}" level="{level}" '
        f'version="{version}"><model id="m" {lists.get("attributes", "")}>{body}</model></sbml>'
    )


SPACE = 'xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" comp:required="true"'


def math_of(formula: str) -> str:
    return f"<math {MATH}>{formula}</math>"


def apply(op: str, *operands: str) -> str:
    return f"<apply><{op}/>{''.join(operands)}</apply>"


def rule(kind: str, target: str, formula: str) -> str:
    return f'<{kind}Rule variable="{target}">{math_of(formula)}</{kind}Rule>'


def parameter(name: str, value: object = None, constant: str = "false") -> str:
    given = "" if value is None else f'value="{value}"'
    return f'<parameter id="{name}" {given} constant="{constant}"/>'


CELL = '<compartment id="c" size="2" spatialDimensions="3" constant="true"/>'


def species(name: str, given: str = 'initialConcentration="1"', more: str = "") -> str:
    return (
        f'<species id="{name}" compartment="c" {given} hasOnlySubstanceUnits="false" boundaryCondition="false" '
        f'constant="false" {more}/>'
    )


def reaction(product: str, rate: str, attributes: str = 'stoichiometry="1" constant="true"', inner: str = "") -> str:
    return (
        f'<reaction id="r" reversible="false"><listOfProducts><speciesReference species="{product}" {attributes}>'
        f"{inner}</speciesReference></listOfProducts><kineticLaw>{math_of(rate)}</kineticLaw></reaction>"
    )


# --- compartments that change size ---


@settings(max_examples=30)
@given(st.floats(0.1, 5), st.floats(-0.4, 2), st.floats(0.1, 3))
def test_growth_dilutes_and_conserves_amounts(size: float, growth: float, k: float) -> None:
    """dn/dt = -k n in a compartment of size V0 exp(g t): c(t) = c0 exp(-(k + g) t)."""
    text = f"compartment V = {size}; V' = {growth}*V; species A in V; A = 3; A -> ; {k}*A*V"
    times = np.array([0.0, 0.5, 2.0])
    found = run(text, times.tolist())
    np.testing.assert_allclose(found["A"], 3 * np.exp(-(k + growth) * times), rtol=1e-7)
    np.testing.assert_allclose(found["A.amount"], 3 * size * np.exp(-k * times), rtol=1e-7)


def test_a_size_by_a_rule_dilutes_too() -> None:
    found = run("compartment V; V := 1 + time; species A in V; A = 6; -> A; 2", [0, 1, 4])
    np.testing.assert_allclose(found["A"], [6, 8 / 2, 14 / 5], rtol=1e-8)


def test_an_event_that_changes_a_size_leaves_amounts() -> None:
    text = "compartment V = 2; species A in V, $B in V; A = 6; B = 1; k = 0; A -> B; k; e: at time >= 1: V = 4"
    found = run(text, [0, 1])
    np.testing.assert_allclose(found["A"], [6, 3])
    np.testing.assert_allclose(found["B"], [1, 0.5])


def test_a_concentration_that_an_event_sets_holds_in_the_size_before_it() -> None:
    found = run("compartment V = 2; species A in V; A = 1; e: at time >= 1: V = 8, A = 4", [0, 1])
    np.testing.assert_allclose(found["A"], [1, 4 * 2 / 8])


@pytest.mark.parametrize("early", ["true", "false"])
def test_a_concentration_is_set_in_the_size_that_an_event_before_it_leaves(early: str) -> None:
    first, then = (
        "e: at time >= 1, priority=2: V = 4",
        f"g: at time >= 1, priority=1, fromTrigger={early}: A = 5, V = 10",
    )
    found = run(f"compartment V = 2; species A in V; A = 1; {first}; {then}", [0, 1])
    np.testing.assert_allclose(found["A"], [1, 5 * 4 / 10])


@pytest.mark.parametrize("early", ["true", "false"])
def test_a_concentration_assigned_later_meets_the_size_of_then(early: str) -> None:
    text = f"compartment V = 1; V' = 1; species A in V; A = 1; e: at 2 after time >= 1, fromTrigger={early}: A = 5"
    network = load_network(text)
    assert bool(network.events[0].factors) == (early == "true")
    found = time_course(network, [2.5, 3, 4])
    np.testing.assert_allclose(found["A"], [1 / 3.5, 5, 5 * 4 / 5], rtol=1e-6)


def test_a_rate_rule_for_a_concentration_is_about_the_concentration() -> None:
    found = run("compartment V = 1; V' = 3; species A in V; A = 1; A' = 0.5", [0, 2])
    np.testing.assert_allclose(found["A"], [1, 2], rtol=1e-9)
    np.testing.assert_allclose(found["A.amount"], [1, 14], rtol=1e-9)
    by_rule = run("compartment V; V := exp(time)/W; W = 2; species A in V; A = 1; A' = 0.5", [0, 2])
    np.testing.assert_allclose(by_rule["A"], [1, 2], rtol=1e-9)


def test_initial_values_are_taken_in_the_initial_size() -> None:
    found = run("compartment V; V = 2*s; s = 1.5; V' = 0; species A in V; A = s + 1; species B in V; B = 7/V", [0])
    assert (found["A"][0], found["A.amount"][0], found["B"][0]) == (2.5, 7.5, 7 / 3)


def test_places_say_what_an_id_means() -> None:
    network = load_network(
        """
        compartment V = 2, W = 3; W' = 1
        species A in V; substanceOnly species B in W
        A -> B; 1; A = 4; B = 0
        """
    )
    place = network.places
    assert (place["A"].compartment, place["A"].size.value, place["A"].amount) == ("V", 2.0, False)
    assert (repr(place["B"].size), place["B"].amount) == ("W", True)
    assert network.constants == {"V": 2.0}


# --- stoichiometries and conversion factors ---


def test_a_stoichiometry_may_follow_a_rule() -> None:
    text = document(
        3,
        2,
        Compartments=CELL,
        Species=species("A"),
        Rules=rule("assignment", "n", T),
        Reactions=reaction("A", "<cn>4</cn>", 'id="n" constant="false"'),
    )
    assert not load_network(text).stoichiometry.any()
    np.testing.assert_allclose(run(text, [0, 1, 3])["A"], [1, 1 + 4 / 2 / 2, 1 + 4 * 9 / 2 / 2], rtol=1e-9)


def test_a_stoichiometry_that_nothing_changes_stays_in_the_matrix() -> None:
    text = document(
        3,
        2,
        Compartments=CELL,
        Species=species("A"),
        Parameters=parameter("q", 5),
        InitialAssignments=f'<initialAssignment symbol="n">{math_of("<ci>q</ci>")}</initialAssignment>',
        Reactions=reaction("A", "<cn>4</cn>", 'id="n" constant="true"'),
    )
    network = load_network(text)
    assert network.stoichiometry.tolist() == [[2.5]]
    assert network.constants["n"] == 5


def test_level_2_formulas_as_stoichiometry() -> None:
    formula = math_of(apply("times", "<cn>2</cn>", T))
    text = document(
        2,
        4,
        Compartments=CELL,
        Species=species("A", 'initialAmount="0"'),
        Reactions=reaction("A", "<cn>1</cn>", "", f"<stoichiometryMath>{formula}</stoichiometryMath>"),
    )
    np.testing.assert_allclose(run(text, [0, 3])["A"], [0, 9 / 2], rtol=1e-9)


def test_an_event_may_change_a_stoichiometry() -> None:
    when = math_of(apply("geq", T, "<cn>1</cn>"))
    text = document(
        3,
        2,
        Compartments=CELL,
        Species=species("A", 'initialAmount="0"'),
        Reactions=reaction("A", "<cn>2</cn>", 'id="n" stoichiometry="1" constant="false"'),
        Events=f'<event useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true">{when}</trigger>'
        f'<listOfEventAssignments><eventAssignment variable="n">{math_of("<cn>3</cn>")}</eventAssignment>'
        "</listOfEventAssignments></event>",
    )
    np.testing.assert_allclose(run(text, [1, 2])["A"], [1, 4], rtol=1e-9)


def test_conversion_factors_turn_extent_into_amount() -> None:
    text = document(
        3,
        2,
        attributes='conversionFactor="f"',
        Compartments=CELL,
        Species=species("A") + species("B", more='conversionFactor="g"'),
        Parameters=parameter("f", 10, "true") + parameter("g", 100, "true"),
        Reactions=reaction("A", "<cn>1</cn>") + reaction("B", "<cn>1</cn>").replace('id="r"', 'id="s"'),
    )
    np.testing.assert_array_equal(load_network(text).stoichiometry, [[5, 0], [0, 50]])


def test_a_reaction_whose_law_has_no_formula_does_nothing() -> None:
    silent = reaction("A", "").replace(math_of(""), "")
    text = document(3, 2, Compartments=CELL, Species=species("A"), Reactions=silent)
    np.testing.assert_array_equal(run(text, [0, 1])["A"], [1, 1])


# --- rates of change ---


def test_rates_of_change_of_everything() -> None:
    text = """
    compartment V = 1; V' = 2; compartment W = 4
    species A in V, B in W, $C in W
    A = 1; B = 8; C = 3; k = 0.5; B -> A; k*B*W
    a := rateOf(A); b := rateOf(B); c := rateOf(C); v := rateOf(V); d := rateOf(k)
    """
    found = run(text, [0, 1])
    t, b = found.times, 8 * np.exp(-0.5 * found.times)
    size, amount = 1 + 2 * t, 1 + 4 * (8 - b)
    np.testing.assert_allclose(found["b"], -0.5 * b, rtol=1e-8)
    np.testing.assert_allclose(found["a"], 2 * b / size - amount * 2 / size**2, rtol=1e-8)
    np.testing.assert_allclose([found["c"], found["v"], found["d"]], [[0, 0], [2, 2], [0, 0]])


def test_a_rate_of_change_may_drive_another() -> None:
    found = run("A' = 2*A; A = 1; B' = 3*rateOf(A); B = 0", [0, 1])
    np.testing.assert_allclose(found["B"], [0, 3 * (math.e**2 - 1)], rtol=1e-8)


def test_a_rate_of_change_that_depends_on_itself_is_refused() -> None:
    with pytest.raises(ModelError, match="circular dependencies"):
        load_network("A' = 1 + rateOf(A); A = 1")


def test_functions_may_ask_for_the_rate_of_their_argument() -> None:
    rate_of = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/rateOf">r</csymbol>'
    body = f"<lambda><bvar><ci>x</ci></bvar><apply>{rate_of}<ci>x</ci></apply></lambda>"
    text = document(
        3,
        2,
        FunctionDefinitions=f'<functionDefinition id="f">{math_of(body)}</functionDefinition>',
        Parameters=parameter("A", 1) + parameter("y"),
        Rules=rule("rate", "A", "<cn>3</cn>") + rule("assignment", "y", "<apply><ci>f</ci><ci>A</ci></apply>"),
    )
    assert run(text, [0])["y"] == 3


# --- the rest ---

FACTORIALS = [(0, 1), (1, 1), (5, 120), (170, math.factorial(170)), (171, math.inf), (0.5, math.nan), (-1, math.nan)]


@pytest.mark.parametrize(("n", "value"), FACTORIALS)
def test_factorials_of_what_is_not_known_beforehand(n: float, value: float) -> None:
    np.testing.assert_equal(run(f"n = {n}; y := factorial(n)", [0])["y"][0], float(value))


def test_values_that_are_not_numbers_are_values() -> None:
    text = document(3, 1, Parameters=parameter("a", "NaN") + parameter("b", "INF"))
    np.testing.assert_equal(load_network(text).values, [math.nan, math.inf])


def test_models_of_models_are_flattened(tmp_path: Path) -> None:
    inner = document(3, 1, Parameters=parameter("k", 3)).replace('"1"><model', f'"1" {SPACE}><model')
    (tmp_path / "inner.xml").write_text(inner)
    uses = '<comp:listOfSubmodels><comp:submodel comp:id="A" comp:modelRef="E"/></comp:listOfSubmodels></model>'
    found_in = (
        '<comp:listOfExternalModelDefinitions><comp:externalModelDefinition comp:id="E" comp:source="inner.xml" '
        'comp:modelRef="m"/></comp:listOfExternalModelDefinitions>'
    )
    outer = document(3, 1).replace('"1"><model', f'"1" {SPACE}><model').replace("</model>", uses + found_in)
    (tmp_path / "outer.xml").write_text(outer)
    assert load_network(tmp_path / "outer.xml").parameters == ("A__k",)
    with pytest.raises(ModelError, match="'comp' is not supported as used here"):
        load_network(outer)


def test_both_paths_agree_where_a_changing_stoichiometry_rests() -> None:
    text = document(
        3,
        2,
        Compartments=CELL,
        Species=species("A"),
        Parameters=parameter("q", 2),
        Rules=rule("assignment", "n", apply("minus", "<ci>q</ci>", "<ci>A</ci>")),
        Reactions=reaction("A", "<cn>4</cn>", 'id="n" constant="false"'),
    )
    network = load_network(text)
    assert steady_state(network)["A"] == pytest.approx(2)
    found = solve_steady(compile_network(network, free=("q",)), np.array([[2.0], [3.0]]))
    np.testing.assert_allclose(found.states[:, 0], [2, 3], rtol=1e-9)
