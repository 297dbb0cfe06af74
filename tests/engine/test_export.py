"""A network comes back from its document as it was: ids, starts, rates of change, events."""

from __future__ import annotations

from dataclasses import replace

import antimony
import libsbml
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone import _model
from eutone._errors import ModelError
from eutone.engine import load_network
from eutone.engine.assemble import assemble
from eutone.engine.derivative import Derivative
from eutone.engine.events import Event
from eutone.engine.export import About
from eutone.engine.expr import Expr, call, const, evaluate, symbol
from eutone.engine.inputs import with_curve, with_depot
from eutone.engine.network import Network
from eutone.engine.parts import OWN_TIME, RATE_OF, Parts, Quantity, Reaction
from eutone.engine.same import difference
from eutone.engine.source import antimony_of, sbml_of

IDS = ("A", "B", "C", "D", "k", "m", "p", "g", "r.k", "time")


# --- random models ---


def formulas(names: tuple[str, ...]) -> st.SearchStrategy[Expr]:
    """Formulas that are finite where everything is above 0 and not large."""
    leaves = st.one_of(st.sampled_from(names).map(symbol), st.sampled_from([0.5, 2.0, 3.25]).map(const))

    def grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        two = st.builds(call, st.sampled_from(["add", "sub", "mul", "min", "max", "lt", "ge"]), inner, inner)
        ratio = st.builds(lambda x, y: x / (1.0 + call("abs", y)), inner, inner)
        one = st.builds(call, st.sampled_from(["sin", "tanh", "abs", "neg", "not"]), inner)
        choice = st.builds(lambda c, x, y: call("select", c, x, y), inner, inner, inner)
        return st.one_of(two, ratio, one, choice)

    return st.recursive(leaves, grown, max_leaves=6)


@st.composite
def models(draw: st.DrawFn) -> Parts:
    """Species in a compartment that stays, one that grows and one without size; everything else that parts may have."""
    inside = IDS + ("V",) * draw(st.booleans())
    formula = formulas(inside)
    size = draw(st.sampled_from([1.0, 0.3, 2.5]))
    quantities = {
        "cell": Quantity("compartment", size),
        "V": Quantity("compartment", draw(st.sampled_from([0.7, 4.0]))),
        "place": Quantity("compartment", None),
    }
    for name in "ABCD":
        where = draw(st.sampled_from(["cell", "V", "place"]))
        amount = where == "place" or draw(st.booleans())
        quantities[name] = Quantity(
            "species", draw(st.sampled_from([0.0, 0.25, 3.0])), where, amount, where == "place" or draw(st.booleans()),
            draw(st.booleans()) and name == "D",
        )  # fmt: skip
    for name, value in {"k": 0.4, "m": 2.0, "p": 1.5, "g": 0.1, "r.k": 0.9, "f": 1.25}.items():
        quantities[name] = Quantity("parameter", value)
    rate_rules, rules, initial = {}, {}, {}
    if draw(st.booleans()):
        rate_rules["V"] = draw(st.sampled_from([const(0.1), symbol("k") * symbol("V")]))
    if draw(st.booleans()):
        rate_rules["g"] = draw(formula)
    if draw(st.booleans()):
        rate_rules["D"] = draw(formula)
    if draw(st.booleans()):
        rules["p"] = draw(formulas(("A", "k", "time", *(["B"] if draw(st.booleans()) else []))))
    if draw(st.booleans()):
        initial["C"] = draw(formulas(("k", "m")))
    if draw(st.booleans()):
        initial["m"] = 2.0 * symbol("k")
    moved = [name for name in "ABCD" if name not in rate_rules]
    numbers = st.one_of(st.sampled_from([-2.0, -1.0, 1.0, 0.5]), st.sampled_from([symbol("f"), 2.0 * symbol("p")]))
    reactions = {
        name: Reaction(draw(formula), draw(st.dictionaries(st.sampled_from(moved), numbers, max_size=3)))
        for name in ("r", "s")
    }
    events = []
    for i in range(draw(st.integers(0, 2))):
        targets = [name for name in ("A", "B", "C", "D", "V", "f") if name not in rules]
        delay, priority = draw(st.one_of(st.none(), formula)), draw(st.one_of(st.none(), formula))
        changes = draw(st.dictionaries(st.sampled_from(targets), formula, max_size=3))
        flags = [draw(st.booleans()) for _ in range(3)]
        events.append(Event(f"e{i}", draw(formula), delay, priority, *flags, tuple(changes.items())))
    if draw(st.booleans()):
        rules["h"] = symbol(RATE_OF + draw(st.sampled_from(("A", "D"))))
        quantities["h"] = Quantity("parameter", None)
    return Parts("random", quantities, reactions, initial, rules, rate_rules, tuple(events))


def made(parts: Parts) -> Network | None:
    """The network, or None where the parts make none: a stoichiometry that follows itself, a circle."""
    try:
        return assemble(parts)
    except ModelError:
        return None


def renamed(network: Network, name: str) -> str:
    known = (*network.species, *network.parameters, *(rule for rule, _ in network.rules))
    return name if name in known else name.replace(".", "_")


def agree(a: Network, b: Network, seed: int = 0) -> None:
    """``b`` holds what ``a`` holds (and may hold sizes that ``a`` has as numbers), at random states and parameters."""
    at = [b.species.index(renamed(b, name)) for name in a.species]
    assert len(b.species) == len(at)
    np.testing.assert_allclose(b.start(b.values)[at], a.start(a.values), rtol=1e-13)
    assert {name.replace(".", "_") for name in a.reactions} == {*b.reactions}
    fa, fb = Derivative(a), Derivative(b)
    to = [b.parameters.index(renamed(b, name)) for name in a.parameters]
    np.testing.assert_allclose(b.values[to], a.values, rtol=1e-13)
    chance = np.random.default_rng(seed)
    for _ in range(3):
        xa, pa, t = chance.lognormal(size=len(a.species)), a.values * chance.lognormal(size=len(a.values)), 1.7
        xb, pb = np.empty(len(b.species)), b.values.copy()
        xb[at], pb[to] = xa, pa
        sizes = np.maximum(fa.turnover(t, xa, pa), fb.turnover(t, xb, pb)[at])
        found, expected = fb(t, xb, pb)[at], fa(t, xa, pa)
        assert (np.abs(found - expected) <= 1e-12 * sizes).all() or np.array_equal(found, expected, equal_nan=True)
        mine, theirs = fa.values(t, xa, pa), fb.values(t, xb, pb)
        assert all(theirs[renamed(b, n)] == pytest.approx(mine[n], rel=1e-9, abs=1e-9, nan_ok=True) for n, _ in a.rules)
        events_agree(a, b, mine | dict(zip(a.parameters, pa, strict=True)) | {"time": t},
                     theirs | dict(zip(b.parameters, pb, strict=True)) | {"time": t})  # fmt: skip


def waiting(event: Event) -> Expr | None:
    """No delay and a delay of 0 are one."""
    return None if event.delay is None or event.delay.value == 0 else event.delay


def events_agree(a: Network, b: Network, mine: dict[str, object], theirs: dict[str, object]) -> None:
    assert len(a.events) == len(b.events)
    for e, f in zip(a.events, b.events, strict=True):
        assert (e.id, e.persistent, e.initial_value, e.from_trigger_time) == (
            f.id, f.persistent, f.initial_value, f.from_trigger_time)  # fmt: skip
        assert (evaluate([e.trigger], mine)[0] != 0) == (evaluate([f.trigger], theirs)[0] != 0)
        assert [n for n, _ in e.factors] == [n for n, _ in f.factors]
        pairs = [(waiting(e), waiting(f)), (e.priority, f.priority)]
        changes = dict(f.assignments)
        pairs += [(value, changes.pop(renamed(b, name))) for name, value in e.assignments]
        assert not changes
        for x, y in pairs:
            if x is None or y is None:
                assert x is y
            else:
                number = evaluate([x], mine)[0]
                assert evaluate([y], theirs)[0] == pytest.approx(number, rel=1e-9, abs=1e-9, nan_ok=True)


@given(models())
@settings(max_examples=60)
def test_a_random_model_comes_back(parts: Parts) -> None:
    network = made(parts)
    if network is None:
        return
    text, _ = sbml_of(network)
    agree(network, load_network(text))


# --- models that come with Eutone ---


@pytest.mark.parametrize("name", [_model.BODY, "pterins", *sorted(_model.published())])
def test_models_come_back_with_the_ids_that_they_had(name: str) -> None:
    network = _model.find(name)
    text, _ = sbml_of(network)
    again = load_network(text)
    assert (again.species, again.parameters, again.reactions) == (
        network.species, network.parameters, network.reactions)  # fmt: skip
    assert again.rules == network.rules
    assert again.constants == network.constants
    agree(network, again)
    assert difference(network, load_network(antimony_of(text, name))) == ""


def test_the_text_is_always_the_same_and_comes_back_as_itself() -> None:
    network = _model.find("dopamine_2009")
    text, _ = sbml_of(network)
    assert sbml_of(load_network(text))[0] == text


# --- what SBML says otherwise ---


def document(network: Network, about: About | None = None) -> libsbml.Model:
    read = libsbml.readSBMLFromString(sbml_of(network, about)[0])
    document.keep = read  # type: ignore[attr-defined] # the model dies with its document
    return read.getModel()


GROWING = """
model growing()
  compartment V = 2; species S in V = 3, T in V = 1;
  V' = 0.1*V; k = 0.4;
  r: S -> ; V*k*S;
  T' = 0.2;
  at time > 2: S = 5;
  at 3 after time > 1, fromTrigger=true: S = 7;
end
"""


def test_amounts_in_what_grows_are_species_again() -> None:
    network = load_network(GROWING)
    assert "S.amount" in network.species
    model = document(network)
    assert model.getSpecies("S").getInitialAmount() == 6
    assert not model.getSpecies("S").getHasOnlySubstanceUnits()
    assert model.getSpecies("S_amount") is None
    assert model.getReaction("r").getReactant(0).getSpecies() == "S"
    again = load_network(sbml_of(network)[0])
    assert again.species == network.species
    agree(network, again)
    assert again.events[1].factors == network.events[1].factors


def test_local_parameters_stay_local_and_only_where_they_can() -> None:
    quantities = {"S": Quantity("species", 1.0), "r.k": Quantity("parameter", 2.0), "s.k": Quantity("parameter", 3.0)}
    reactions = {
        "r": Reaction(symbol("r.k") * symbol("S"), {"S": -1.0}),
        "s": Reaction(symbol("s.k") * symbol("r.k"), {"S": 1.0}),
    }
    network = assemble(Parts("m", quantities, reactions))
    model = document(network)
    assert model.getReaction("s").getKineticLaw().getLocalParameter("k").getValue() == 3
    assert model.getParameter("r_k").getValue() == 2
    assert model.getParameter("r_k").getName() == "r.k"
    agree(network, load_network(sbml_of(network)[0]))


def test_depots_and_curves_are_reactions_and_pieces() -> None:
    network = with_depot(_model.find("dopamine_2009"), "ldopa", rate=0.7, bioavailability=0.5)
    network = with_curve(network, "btyr", [0.0, 6.0, 24.0], [97.0, 140.0, 97.0], period=24.0, smooth=True)
    again = load_network(sbml_of(network)[0])
    agree(network, again)
    assert "depot_ldopa" in again.species
    assert document(network).getReaction("depot_ldopa_in").getProduct(0).getSpecies() == "ldopa"


def test_a_name_that_is_taken_is_not_taken_again() -> None:
    network = with_depot(load_network("model m\n species S = 1; depot_S = 2; r: S -> ; depot_S*S;\nend"), "S", rate=1.0)
    again = load_network(sbml_of(network)[0])
    assert {"depot_S", "depot_S_rate"} <= {*again.parameters}
    assert "depot_S_2" in again.species


def test_an_event_that_no_document_can_say_is_refused_by_name() -> None:
    network = load_network("model m\n x = 1; V = 2; y' = 0; y = 1;\nend")
    event = Event("E", call("gt", symbol("time"), 1.0), const(1), assignments=(("y", symbol("x")),),
                  factors=(("y", symbol("V")),))  # fmt: skip
    with pytest.raises(ModelError, match=r"m: event 'E' .* sets 'y' .* cannot be said in SBML"):
        sbml_of(replace(network, events=(event,)))


def test_units_are_written_where_they_are_certain() -> None:
    network = load_network("model m\n species S = 1; k = 2; q = 3; w = 4; r: S -> ; k*S;\nend")
    units = {"S": "uM", "k": "1/h", "q": "bananas", "w": "1/h/uM"}
    model = document(network, About("hour", units, {"k": "rate.of.S"}, {"k": "how fast S goes. SEEN: <here & there>"}))
    assert libsbml.UnitDefinition.printUnits(model.getUnitDefinition(model.getTimeUnits()), True) == "(3600 second)^1"
    assert libsbml.UnitDefinition.printUnits(model.getUnitDefinition("per_h"), True) == "(3600 second)^-1"
    per = libsbml.UnitDefinition.printUnits(model.getUnitDefinition("per_h_per_uM"), True)
    assert sorted(per.split(", ")) == ["(1 litre)^1", "(1e-06 mole)^-1", "(3600 second)^-1"]
    assert model.getParameter("k").getUnits() == "per_h"
    assert not model.getParameter("q").isSetUnits()
    assert model.getSpecies("S").getSubstanceUnits() == "umol"
    assert model.getCompartment(0).getUnits() == "litre"
    assert model.getParameter("k").getName() == "rate.of.S"
    assert "SEEN: &lt;here &amp; there&gt;" in model.getParameter("k").getNotesString()


def test_what_was_folded_into_formulas_says_so() -> None:
    quantities = {"S": Quantity("species", 1.0, conversion="f"), "f": Quantity("parameter", 3.0)}
    network = assemble(Parts("m", quantities, {"r": Reaction(symbol("S"), {"S": -1.0})}))
    parameter = document(network).getParameter("f")
    assert parameter.getValue() == 3
    assert "to change it here changes nothing" in parameter.getNotesString()


# --- Antimony ---


def test_what_is_called_like_the_clock_gets_a_mark() -> None:
    quantities = {"cell": Quantity("compartment", 2.0), OWN_TIME: Quantity("species", 1.0, "cell", False, False)}
    rate = symbol(OWN_TIME) * symbol("time")
    sbml, _ = sbml_of(assemble(Parts("m", quantities, {"r": Reaction(rate, {OWN_TIME: -1.0})})))
    text = antimony_of(sbml, "m")
    assert "r: time_ -> ; time_*time;" in text
    assert load_network(text).species == ("time_",)


def test_words_of_antimony_get_a_mark() -> None:
    quantities = {
        "compartment": Quantity("compartment", 2.0),
        "S": Quantity("species", 1.0, "compartment", False, False),
    }
    network = assemble(Parts("m", quantities, {"has": Reaction(symbol("S"), {"S": -1.0})}))
    text = antimony_of(sbml_of(network)[0], "m")
    again = load_network(text)
    assert again.reactions == ("has_",)
    assert again.constants == {"compartment_": 2.0}
    assert difference(network, again, {"has": "has_"}) == ""


def test_antimony_that_means_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text, _ = sbml_of(_model.find("dopamine_2009"))
    other = _model.published()["dopamine_2009"].read_text(encoding="utf-8").replace("V_TH = 125", "V_TH = 126")
    monkeypatch.setattr(antimony, "getAntimonyString", lambda _name: other)
    with pytest.raises(
        ModelError, match="d: this model cannot be said in Antimony: read back, V_TH is 126 and not 125"
    ):
        antimony_of(text, "d")
