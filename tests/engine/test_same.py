"""Two networks are the same, or the first thing in which they differ is said."""

from __future__ import annotations

import pytest

from eutone.engine import load_network
from eutone.engine.same import difference

MODEL = """
model m()
  species A = 2, B = 1; k = 0.5; q := 2*k;
  J: A -> B; k*A; K: B -> ; q*B;
  at time > 1: A = 3;
end
"""


def test_order_is_no_difference() -> None:
    other = MODEL.replace("A = 2, B = 1", "B = 1, A = 2").replace("J: A -> B; k*A; K: B -> ; q*B;",
                                                                  "K: B -> ; q*B; J: A -> B; k*A;")  # fmt: skip
    assert difference(load_network(MODEL), load_network(other)) == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("k = 0.5", "k = 0.5; z = 1", "'z' is added"),
        ("q := 2*k", "q = 1", "'q' is added"),
        ("K: B", "L: B", "'K' is lost"),
        ("B = 1; k", "B = 1; p := k; k", "the rule for 'p' is on one side only"),
        ("k = 0.5", "k = 0.5001", "k is 0.5001 and not 0.5"),
        ("A = 2", "A = 2.0001", "A is 2.0001 and not 2"),
        ("2*k", "(2 + 1e-7)*k", "q is 1.00000005 and not 1"),
        ("A -> B", "A -> 2 B", "rate of change of 'B' is 1 and not 0"),
        ("A = 3", "B = 3", "an event waits, stays or assigns otherwise"),
        ("at time", "at 1 after time", "an event waits, stays or assigns otherwise"),
        ("time > 1:", "time > 1, persistent=false:", "an event waits, stays or assigns otherwise"),
        ("time > 1", "time > 0.1", "trigger of event 1 is 1 and not 0"),
        ("A = 3", "A = 3.1", "'A' of event 1 is 3.1 and not 3"),
    ],
)
def test_a_difference_is_said(old: str, new: str, said: str) -> None:
    assert difference(load_network(MODEL), load_network(MODEL.replace(old, new, 1))) == said
