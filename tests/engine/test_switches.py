"""A jump is told from a bend."""

from __future__ import annotations

import pytest

from eutone.engine import load_network
from eutone.engine.switches import switched


def model(rate: str) -> str:
    return f"model m(); species x=1, y=0; k=0.3; T=0.5; J1: x -> y; k*x; J2: -> y; {rate}; end"


@pytest.mark.parametrize(
    "rate",
    [
        "piecewise(1, x < 0.5, 0)",
        "piecewise(k*x, x >= T, 0)",
        "piecewise(1, y < 0.5 && x > 0.1, 0)",
        "piecewise(1, x < y, 2)",
        "piecewise(1, x^2 < 0.3, 2)",
        "floor(10*x)",
        "ceil(x + y)*k",
        "piecewise(1, x < time, 0)",
    ],
)
def test_a_jump_is_found(rate: str):
    assert switched(load_network(model(rate))) in ("x", "y")


@pytest.mark.parametrize(
    "rate",
    [
        "k*x",
        "max(x - T, 0)",
        "abs(x - 0.5)",
        "piecewise(0, 1000*x < 60.5, 0.05*(1000*x - 60.5), 1000*x < 80.5, 1)",
        "piecewise(x^2, x > 0, 0)",
        "piecewise(x, x < T, T)",
        "piecewise((x - T)^0.75, x > T, 0)",
        "piecewise(1, time > 2, 0)",
        "piecewise(x, T < 1, 0)",
        "x^4/(0.1^4 + x^4)",
    ],
)
def test_a_bend_and_a_clock_are_none(rate: str):
    assert switched(load_network(model(rate))) is None
