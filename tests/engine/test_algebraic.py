"""Algebraic rules that determine one quantity each, against closed forms; all others are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone._errors import ModelError
from eutone.engine import load_network
from eutone.engine.algebraic import linear, solved
from eutone.engine.expr import Expr, call, const, evaluate, symbol, symbols
from eutone.engine.reference import time_course
from eutone.engine.source import sbml_of

X, Y, Z, K = map(symbol, "xyzk")
LEAVES = st.sampled_from([X, Y, Z]) | st.floats(-3, 3).map(const)


def grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    two = st.builds(call, st.sampled_from(["add", "sub", "mul", "div", "min", "lt"]), inner, inner)
    return two | st.builds(call, st.sampled_from(["neg", "exp", "abs"]), inner)


@given(st.recursive(LEAVES, grown, max_leaves=10), st.tuples(*[st.floats(0.5, 2)] * 3))
@settings(max_examples=400)
def test_what_is_found_linear_is_that_line(formula: Expr, numbers: tuple[float, float, float]) -> None:
    terms = linear(formula, "x")
    if terms is None:
        return
    named = dict(zip("xyz", numbers, strict=True))
    with np.errstate(all="ignore"):
        whole, slope, rest = (float(np.asarray(v)) for v in evaluate([formula, *terms], named))
        (shifted,) = evaluate([formula], named | {"x": 7.0})
        sizes = [abs(v) for v in (whole, slope * numbers[0], slope * 7.0, rest, float(np.asarray(shifted)))]
    if np.isfinite(sizes).all():
        np.testing.assert_allclose([whole, shifted], [slope * numbers[0] + rest, slope * 7.0 + rest],
                                   rtol=1e-9, atol=1e-9 * max(sizes) + 1e-12)  # fmt: skip
    assert "x" not in symbols(*terms)


def test_each_is_solved_when_the_others_leave_it_one_unknown() -> None:
    rules = [X + Y - K, 2.0 * Y - symbol("time"), Z / K + X * K]
    found = solved(rules, ["x", "y", "z"])
    assert found is not None
    times = np.array([0.0, 3.0])
    values: dict[str, object] = {"k": 5.0, "time": times}
    for name, formula in found.items():
        values[name] = evaluate([formula], values)[0]
    np.testing.assert_allclose(np.array([values[n] for n in "yxz"], dtype=float),
                               [times / 2, 5 - times / 2, -25 * (5 - times / 2)])  # fmt: skip


@pytest.mark.parametrize(
    "rules",
    [
        [X + Y],  # which of the two
        [X * X - K],  # two solutions
        [call("exp", X) - K],
        [call("select", call("lt", X, 1.0), 2.0, K) - Y * X],
        [X - K, X - 2.0 * K],  # twice
        [K - 1.0],  # nothing
        [K + call("neg", X - X)],
        [X + Y - K, X - Y],  # only together
        [X - symbol("rateOf x")],
        [K / X - 1.0],
    ],
)
def test_all_others_are_none(rules: list[Expr]) -> None:
    assert solved(rules, ["x", "y"]) is None


MATH = 'xmlns="http://www.w3.org/1998/Math/MathML"'


def document(constant: str, more: str = "") -> str:
    return f"""<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="m">
    <listOfParameters><parameter id="A" value="8" constant="false"/><parameter id="total" value="10" constant="true"/>
    <parameter id="B" constant="{constant}"/></listOfParameters>{more}
    <listOfRules><algebraicRule><math {MATH}><apply><minus/><apply><plus/><ci>A</ci><ci>B</ci></apply><ci>total</ci>
    </apply></math></algebraicRule><rateRule variable="A"><math {MATH}><apply><minus/><ci>B</ci></apply></math>
    </rateRule></listOfRules></model></sbml>"""


def test_a_conserved_total_gives_what_is_left() -> None:
    network = load_network(document("false"))
    times = [0.0, 0.5, 1.0]
    left = 2 * np.exp(times)
    for one in (network, load_network(sbml_of(network)[0])):
        np.testing.assert_allclose(time_course(one, times, rtol=1e-10)["B"], left, rtol=1e-7)
    more = time_course(network, times, {"total": 11.0}, rtol=1e-10)["B"]
    np.testing.assert_allclose(more, 3 * np.exp(times), rtol=1e-7)


def test_what_is_determined_otherwise_is_not_determined_by_the_rule() -> None:
    start = f"""<listOfInitialAssignments><initialAssignment symbol="B"><math {MATH}><cn>2</cn></math>
    </initialAssignment></listOfInitialAssignments>"""
    for odd in (document("true"), document("false", start)):
        with pytest.raises(ModelError, match="an algebraic rule that is not linear in one quantity"):
            load_network(odd)
