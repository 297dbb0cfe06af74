"""Odd and broken documents: each is read, or refused in one line; none ends in a traceback."""

from __future__ import annotations

import math
import random
import re
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone._errors import ModelError
from eutone.engine import load_network
from eutone.engine.course import compile_course, solve_course
from eutone.engine.expr import symbol
from eutone.engine.reference import time_course
from eutone.engine.same import difference
from eutone.engine.source import sbml_of
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


TWICE = [
    ('id="k" value="1" constant="true"', 'id="p" value="1" constant="true"', "the id 'p'"),
    ('<species id="A"', '<species id="c"', "the id 'c'"),
    ('<reaction id="r"', '<reaction id="p"', "the id 'p'"),
    ('id="n"', 'id="k"', "the id 'k'"),
    ('functionDefinition id="f"', 'functionDefinition id="p"', "the id 'p'"),
    ("<bvar><ci>x</ci></bvar>", "<bvar><ci>x</ci></bvar><bvar><ci>x</ci></bvar>", "in function 'f', the argument 'x'"),
    ('<localParameter id="q" value="3"/>', '<localParameter id="q"/><localParameter id="q"/>', "the parameter 'q'"),
]
AGAIN = [
    ("<rateRule", "</rateRule>", "a rule for 'c'"),
    ("<initialAssignment", "</initialAssignment>", "an initial assignment of 'p'"),
    ("<eventAssignment ", "</eventAssignment>", "in event 'e', an assignment to 'p'"),
    ("<event ", "</event>", "the id 'e'"),
    ("<reaction ", "</reaction>", "the id '[rn]'"),
]


@pytest.mark.parametrize(("old", "new", "what"), TWICE, ids=[new for _, new, _ in TWICE])
def test_what_is_named_twice_is_refused(old: str, new: str, what: str) -> None:
    assert WHOLE.count(old) == 1
    with pytest.raises(ModelError, match=f"{what} is there twice"):
        load_network(WHOLE.replace(old, new))


@pytest.mark.parametrize(("start", "end", "what"), AGAIN, ids=[start for start, _, _ in AGAIN])
def test_what_stands_there_twice_is_refused(start: str, end: str, what: str) -> None:
    element = WHOLE[WHOLE.index(start) : WHOLE.index(end) + len(end)]
    with pytest.raises(ModelError, match=f"{what} is there twice"):
        load_network(WHOLE.replace(element, 2 * element))


def test_a_rule_and_an_initial_assignment_of_one_thing_are_refused() -> None:
    rule = f'<listOfRules><assignmentRule variable="p"><math {MATH}><ci>k</ci></math></assignmentRule>'
    with pytest.raises(ModelError, match="'p' is set by an assignment rule and by an initial assignment"):
        load_network(WHOLE.replace("<listOfRules>", rule))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('species="A"', 'species="p"', "reaction 'r' changes 'p', which is no species"),
        ('compartment="c"', 'compartment="k"', "species 'A' is in compartment 'k', which is not defined"),
        ('conversionFactor="k"', 'conversionFactor="c"', "the conversion factor 'c' is not defined"),
    ],
)
def test_what_is_of_another_kind_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_network(WHOLE.replace(old, new))


CLOCK = f'<csymbol encoding="text" definitionURL="{SYMBOLS}time">t</csymbol>'


@pytest.mark.parametrize("name", ["A", "c", "k", "p", "r", "n", "q", "f", "e"])
def test_anything_may_be_called_like_the_clock(name: str) -> None:
    own = {"q": "r.q", "r.q": "time.q", "f": "f", "e": "e"}.get(name, "time.own")
    body = f"<apply><times/><apply><ci>f</ci><ci>A</ci></apply>{CLOCK}<ci>p</ci><ci>q</ci></apply>"
    timed = WHOLE.replace("<apply><ci>f</ci><ci>A</ci></apply>", body)
    assert timed.count(CLOCK) == 1
    called = timed.replace(f'"{name}"', '"time"').replace(f"<ci>{name}</ci>", "<ci>time</ci>")
    a, b = load_network(timed), load_network(called)

    def word(of: str) -> str:
        return {name: own, "A.amount": "time.own.amount" if name == "A" else "A.amount",
                "r.q": {"q": "r.time", "r": "time.own.q"}.get(name, "r.q")}.get(of, of)  # fmt: skip

    names = {of: word(of) for of in (*a.species, *a.parameters, *a.reactions, *dict(a.rules), *a.places)}
    assert difference(a, b, names) == ""
    assert [word(of) for of in a.constants] == [*b.constants]
    times = [0.0, 0.55, 0.65]
    mine, theirs = (time_course(network, times, method="LSODA") for network in (a, b))
    np.testing.assert_array_equal(mine.states, theirs.states)
    fast = solve_course(compile_course(b), np.zeros((1, 0)), times, threads=1)
    np.testing.assert_allclose(fast.states[0], theirs.states, rtol=1e-4)
    document, _ = sbml_of(b)
    assert document.count('id="time"') == (name != "f")
    again = time_course(load_network(document), times, method="LSODA")
    np.testing.assert_array_equal([again[s] for s in b.species], theirs.states.T)


def test_the_first_level_has_one_word_for_the_clock_and_what_is_called_like_it() -> None:
    text = """<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2"><model name="m">
    <listOfCompartments><compartment name="c"/></listOfCompartments>
    <listOfParameters><parameter name="x" value="1"/><parameter name="time" value="3"/></listOfParameters>
    <listOfRules><parameterRule name="x" formula="time + 1"/></listOfRules></model></sbml>"""
    assert dict(load_network(text).rules) == {"x": symbol("time.own") + 1.0}
    clock = text.replace('<parameter name="time" value="3"/>', "")
    assert dict(load_network(clock).rules) == {"x": symbol("time") + 1.0}


def test_a_rule_without_a_formula_and_a_value_that_nothing_uses_change_nothing() -> None:
    more = WHOLE.replace("</listOfRules>", "<algebraicRule/></listOfRules>").replace(
        "</listOfParameters>", '<parameter id="unused" constant="true"/></listOfParameters>', 1
    )
    assert load_network(more).rates == load_network(WHOLE).rates
    assert "unused" not in load_network(more).parameters


@pytest.mark.parametrize("text", [WHOLE.replace('id="m"', 'id="m\0"'), "a = 1\0; b = 2"])
def test_null_characters_say_where_they_are(text: str) -> None:
    line = text[: text.index("\0")].count("\n") + 1
    with pytest.raises(ModelError, match=f"line {line}: holds a null character"):
        load_network(text)


def test_what_is_no_unicode_says_so() -> None:
    with pytest.raises(ModelError, match="is not text in Unicode"):
        load_network(WHOLE.replace('id="m"', 'id="m" name="\ud800"'))


@pytest.mark.parametrize("where", ["notes", "attribute"])
def test_entities_that_multiply_are_refused_at_once(where: str) -> None:
    entities = "".join(f'<!ENTITY a{i} "{10 * f"&a{i - 1};"}">' for i in range(1, 12))
    bomb = WHOLE.replace('id="m"', 'id="m" name="&a11;"' if where == "attribute" else 'id="m"')
    if where == "notes":
        paragraph = '<notes><p xmlns="http://www.w3.org/1999/xhtml">&a11;</p></notes>'
        bomb = bomb.replace("<listOfFunctionDefinitions>", paragraph + "<listOfFunctionDefinitions>")
    with pytest.raises(ModelError, match="line"):
        load_network(f'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE sbml [<!ENTITY a0 "lol">{entities}]>{bomb}')


def calls_to_read(n: int) -> int:
    """Calls of Python functions while a ring of ``n`` species is read."""
    model = "".join(f"s{i} -> s{(i + 1) % n}; k{i}*s{i}; k{i} = 1; s{i} = 1;\n" for i in range(n))
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        assert np.count_nonzero(load_network(model).stoichiometry) == 2 * n
    finally:
        sys.setprofile(None)
    return calls


def test_a_model_twice_as_large_takes_twice_the_work_to_read() -> None:
    calls_to_read(3)  # imports
    assert calls_to_read(320) < 2.2 * calls_to_read(160)  # a longer text is kept between runs


def test_functions_that_call_themselves_are_refused() -> None:
    itself = WHOLE.replace("<times/><ci>x</ci><cn>2</cn>", "<ci>f</ci><ci>x</ci>")
    with pytest.raises(ModelError, match="function 'f' uses itself"):
        load_network(itself)
