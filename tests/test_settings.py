"""What is set: names that there are, numbers that are finite, starts that follow."""

from __future__ import annotations

import pytest

import eutone as eu
from eutone._settings import checked_settings, with_settings

NETWORK = eu.load("""
model m()
  species A, B = 4; A = 2*k; k = 0.5; b := 2*k;
  J: A -> B; k*A; K: B -> ; b*B;
end
""").network


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "many", None])
def test_what_is_set_is_a_number(value: float) -> None:
    with pytest.raises(eu.InputError, match=r"m: 'k' is set to .* not a finite number"):
        checked_settings(NETWORK, {"k": value})


def test_what_is_set_is_in_the_model() -> None:
    with pytest.raises(eu.InputError, match="'b' follows from a rule"):
        checked_settings(NETWORK, {"b": 1})
    with pytest.raises(eu.InputError, match="'kk'"):
        checked_settings(NETWORK, {"kk": 1})


def test_nothing_set_is_the_same_network() -> None:
    assert with_settings(NETWORK, None) is NETWORK


def test_starts_follow_what_is_set_unless_they_are_set() -> None:
    assert with_settings(NETWORK, {"k": 3}).start().tolist() == [6, 4]
    both = with_settings(NETWORK, {"k": 3, "A": 1})
    assert both.start().tolist() == both.start(both.values).tolist() == [1, 4]
    assert NETWORK.start().tolist() == [1, 4]
