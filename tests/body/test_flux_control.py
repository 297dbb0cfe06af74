"""Every enzyme and transporter can show a defect: a test over the network, not by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eutone.body import load
from eutone.body._flux_control import Control, controls, isoenzymes, products
from eutone.engine import Network, load_network

LEAST = 0.05

CHAIN = """model chain()
  species A, B, C;
  A = 1; B = 1; C = 1; e = 1; f = 1; a = 1; b = 1; k = 1; out = {out};
  enter: -> A; k;
  one: A -> B; e*A;
  aside: A ->; out*A;
  two: B -> C; k*(a + b)*B;
  leave: C ->; f*C;
end
"""


def chain(out: float) -> Network:
    return load_network(CHAIN.format(out=out))


def test_products_follow_rules_and_name_removals():
    network = load_network(
        "model m()\n species A, B; A = 1; B = 1; e = 1; u := e*A; v := 1*u;\n r: A -> B; v; s: B ->; e*B;\nend"
    )
    assert products(network, "e") == (("B",), ("B",))


def test_isoenzymes_are_found():
    assert isoenzymes(chain(1.0), ("a", "b", "e", "f")) == (("a", "b"), ("e",), ("f",))


def test_a_chain_without_exits_shows_nothing():
    by_factor = {c.factors: c for c in controls(chain(0.0), ("a", "b", "e", "f"))}
    assert by_factor["e",].made["B"] == pytest.approx(0.0, abs=1e-9)
    assert by_factor["a", "b"].made["C"] == pytest.approx(0.0, abs=1e-9)
    assert by_factor["f",].removed["C"] == pytest.approx(-1.0)


def test_a_chain_with_an_exit_shows_its_defect():
    residual = 0.01
    (found,) = controls(chain(1.0), ("e",), residual)
    # B = e/(e + 1): d ln B / d ln e = 1/(1 + e)
    assert found.made["B"] == pytest.approx(1 / (1 + residual), rel=1e-3)
    assert found.best == found.made["B"]


@pytest.fixture(scope="module")
def found() -> dict[str, Control]:
    body = load()
    factors = [body.names[f] for f in body.free if f.split(".")[0] in ("enzyme", "transporter")]
    assert len(factors) > 30
    return {"+".join(c.factors): c for c in controls(body.network, factors)}


def test_isoenzymes_of_one_step_are_taken_together(found: dict[str, Control]):
    assert "e_MAOA+e_MAOB" in found
    assert sorted(name for name in found if "+" in name) == ["e_MAOA+e_MAOB"]


def test_all_solve_at_one_percent(found: dict[str, Control]):
    assert {name: c.status for name, c in found.items() if c.status != (0, 0)} == {}


def test_every_enzyme_and_transporter_controls_a_product(found: dict[str, Control]):
    idle = {name: round(c.best, 4) for name, c in found.items() if not c.best >= LEAST}
    assert idle == {}


def test_every_enzyme_and_transporter_has_a_product(found: dict[str, Control]):
    assert [name for name, c in found.items() if not c.made and not c.removed] == []


@pytest.mark.parametrize("residual", [0.01, 0.1, 0.5])
def test_monoamine_oxidase_b_alone_leaves_the_acids(residual: float):
    body = load()
    ln = np.zeros((1, len(body.free)))
    ln[0, body.free.index("enzyme.MAOB")] = math.log(residual)
    folds = np.exp(body.solve(ln).log_readouts[0])
    for marker, tolerance in {"csf.HVA": 0.1, "csf.5-HIAA": 0.1, "urine.HVA": 0.2, "urine.5-HIAA": 0.1}.items():
        assert folds[body.readouts.index(marker)] == pytest.approx(1.0, abs=tolerance), marker
