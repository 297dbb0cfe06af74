"""Odd and broken documents: each is read, or refused in one line; none ends in a traceback."""

from __future__ import annotations

import math
import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone._errors import ModelError
from eutone.engine import load_network
from eutone.engine.reference import time_course
from eutone.engine.status import Status

MATH = 'xmlns="http://www.w3.org/1998/Math/MathML"'
SYMBOLS = "http://www.sbml.org/sbml/symbols/"

WHOLE = f"""<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">
<model id="m" conversionFactor="k">
<listOfFunctionDefinitions><functionDefinition id="f"><math {MATH}><lambda><bvar><ci>x</ci></bvar>
<apply><times/><ci>x</ci><cn>2</cn></apply></lambda></math></functionDefinition></listOfFunctionDefinitions>
<listOfCompartments><compartment id="c" size="1" constant="false"/></listOfCompartments>
<listOfSpecies><species id="A" compartment="c" initialAmount="1" hasOnlySubstanceUnits="false" boundaryCondition="false"
 constant="false"/></listOfSpecies>
<listOfParameters><parameter id="k" value="1" constant="true"/><parameter id="p" value="2" constant="false"/>
</listOfParameters>
<listOfInitialAssignments><initialAssignment symbol="p"><math {MATH}><ci>k</ci></math></initialAssignment>
</listOfInitialAssignments>
<listOfRules><rateRule variable="c"><math {MATH}><cn>0.1</cn></math></rateRule></listOfRules>
<listOfReactions><reaction id="r" reversible="false"><listOfReactants><speciesReference species="A" stoichiometry="1"
 id="n" constant="false"/></listOfReactants><kineticLaw><math {MATH}><apply><ci>f</ci><ci>A</ci></apply></math>
<listOfLocalParameters><localParameter id="q" value="3"/></listOfLocalParameters></kineticLaw></reaction>
</listOfReactions><listOfEvents><event id="e" useValuesFromTriggerTime="true"><trigger initialValue="false"
 persistent="false"><math {MATH}><apply><gt/><ci>c</ci><cn>1.05</cn></apply></math></trigger><delay><math {MATH}>
<cn>0.1</cn></math></delay><priority><math {MATH}><ci>p</ci></math></priority><listOfEventAssignments>
<eventAssignment variable="p"><math {MATH}><cn>3</cn></math></eventAssignment></listOfEventAssignments></event>
</listOfEvents></model></sbml>"""

WORDS = ["A", "c", "k", "p", "r", "n", "e", "f", "q", "x", "m", "time", "nowhere", "1", "0", "-1", "NaN", "INF", "true"]


def reads_or_refuses(text: str) -> None:
    try:
        network = load_network(text)
        found = time_course(network, [0.0, 1.0], method="LSODA")
    except ModelError:
        return
    assert found.status in Status


def test_the_whole_document_is_read() -> None:
    found = time_course(load_network(WHOLE), [0.0, 0.55, 0.65])
    np.testing.assert_array_equal(found["p"], [1, 1, 3])
    np.testing.assert_allclose(found["A.amount"][-1], math.exp(-20 * math.log(1 + 0.065)), rtol=1e-5)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_documents_with_a_word_or_a_stretch_changed_read_or_say_why(seed: int) -> None:
    chance = random.Random(seed)
    text = WHOLE
    for _ in range(chance.randint(1, 3)):
        kind = chance.choice((0, 0, 0, 1, 1, 1, 2, 3))
        i = chance.randrange(len(text))
        if kind == 0:  # an attribute becomes another
            pieces = text.split('"')
            j = chance.randrange(1, len(pieces), 2)
            pieces[j] = chance.choice(WORDS)
            text = '"'.join(pieces)
        elif kind == 1:  # a name in a formula becomes another
            pieces = text.split("<ci>")
            j = chance.randrange(len(pieces))
            pieces[j] = chance.choice(WORDS) + pieces[j][pieces[j].find("<") :]
            text = "<ci>".join(pieces)
        elif kind == 2:
            text = text[:i] + text[i + chance.randint(1, 60) :]
        else:
            j = chance.randrange(len(text))
            text = text[:i] + text[min(i, j) : max(i, j)] + text[i:]
    reads_or_refuses(text)


OPERATORS = re.split(
    " ",
    "plus minus times divide power root log ln and or xor not eq lt min max rem quotient implies factorial piecewise "
    "abs arcsec arccoth cot lambda bvar degree piece otherwise ci cn sin nothing",
)
formulas = st.recursive(
    st.sampled_from(
        [
            "<ci>A</ci>",
            "<ci>r</ci>",
            "<ci/>",
            "<cn>2</cn>",
            '<cn type="integer">x</cn>',
            "<pi/>",
            "<true/>",
            "<notanumber/>",
            "<infinity/>",
            f'<csymbol encoding="text" definitionURL="{SYMBOLS}time">t</csymbol>',
            f'<csymbol encoding="text" definitionURL="{SYMBOLS}nothing">t</csymbol>',
        ]
    ),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(OPERATORS), st.lists(inner, max_size=3)).map(
            lambda pair: f"<apply><{pair[0]}/>{''.join(pair[1])}</apply>"
        ),
        st.tuples(st.sampled_from(OPERATORS), st.lists(inner, max_size=2)).map(
            lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"
        ),
        inner.map(lambda x: f"<apply><ci>f</ci>{x}</apply>"),
        st.sampled_from(["rateOf", "delay"]).flatmap(
            lambda name: inner.map(
                lambda x: f'<apply><csymbol encoding="text" definitionURL="{SYMBOLS}{name}">d</csymbol>{x}</apply>'
            )
        ),
    ),
    max_leaves=8,
)


PLACES = (
    "<ci>k</ci>",
    "<cn>0.1</cn></math></rateRule>",
    "<apply><ci>f</ci><ci>A</ci></apply>",
    "<cn>0.1</cn></math></delay>",
)


@settings(max_examples=300, deadline=None)
@given(formulas, st.sampled_from(PLACES))
def test_formulas_of_any_shape_read_or_say_why(formula: str, place: str) -> None:
    around = place[place.find("</math>") :] if "</math>" in place else ""
    text = WHOLE.replace("\n<cn>", "<cn>")
    assert place in text
    reads_or_refuses(text.replace(place, formula + around, 1))


@pytest.mark.parametrize("depth", [50, 5_000])
def test_depth_is_no_crash(depth: int) -> None:
    deep = "<apply><sin/>" * depth + "<cn>1</cn>" + "</apply>" * depth
    reads_or_refuses(WHOLE.replace("<cn>0.1</cn>", deep, 1))


def test_functions_that_call_themselves_are_refused() -> None:
    itself = WHOLE.replace("<times/><ci>x</ci><cn>2</cn>", "<ci>f</ci><ci>x</ci>")
    with pytest.raises(ModelError, match="function 'f' uses itself"):
        load_network(itself)
