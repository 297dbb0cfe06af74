"""A long program cut into stretches does what it did whole, bit for bit."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone.engine import straight
from eutone.engine.expr import Expr, call, const, symbol
from eutone.engine.program import Program, lower

_spec = importlib.util.spec_from_file_location("machine", Path(__file__).with_name("machine.py"))
assert _spec is not None
assert _spec.loader is not None
machine = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(machine)

ROWS = {"x": 0, "y": 1}
TABLE = np.vstack([np.linspace(-2, 3, 11), np.linspace(0.1, 5, 11)[::-1], np.zeros((3, 11))])


def program(choices: list[tuple[str, int, int]]) -> Program:
    """One with values that are used soon, late and not at all."""
    made: list[Expr] = [symbol("x"), symbol("y"), const(0.5)]
    for op, a, b in choices:
        left, right = made[a % len(made)], made[b % len(made)]
        args = {"select": (left, right, made[-1]), "exp": (left,), "sin": (left,)}.get(op, (left, right))
        made.append(call(op, *args))
    return lower([(0, made[-1]), (1, made[0]), (2, made[-1]), (3, made[len(made) // 2]), (4, made[1])], ROWS)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "sub", "mul", "div", "lt", "and", "select", "min", "exp", "sin"]),
        st.integers(0, 60),
        st.integers(0, 60),
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(STEPS, st.integers(1, 9))
def test_cutting_changes_no_bit(choices: list[tuple[str, int, int]], most: int) -> None:
    made = program(choices)
    whole = machine.run(made, TABLE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(straight, "_MOST", most)
        cut = machine.run(made, TABLE)
    for values in (whole, cut):
        values[np.isnan(values)] = np.nan  # which not-a-number comes out is the processor's choice
    assert cut.tobytes() == whole.tobytes()


@given(STEPS, st.integers(1, 9))
def test_no_two_kept_values_share_a_place_while_both_are_needed(choices: list[tuple[str, int, int]], most: int) -> None:
    made = program(choices)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(straight, "_MOST", most)
        stretches = straight._cut(made)
        due = straight._due(made, stretches, own=True)
        slots, room = straight._slots(made, stretches, due)
    assert [k for s in stretches for k in s] == list(range(len(made.code)))
    assert max((len(s) for s in stretches), default=0) <= most
    of = {k: n for n, s in enumerate(stretches) for k in s}
    until = {r: of[k] for k, i in enumerate(made.code) for r in i.args}
    for n, outputs in enumerate(due):
        until |= {r: max(n, until.get(r, 0)) for _, r in outputs}
    assert sorted(o for outputs in due for o in outputs) == sorted(made.outputs)
    for a, place in slots.items():
        assert 0 <= place < room
        for b, other in slots.items():
            if a < b and place == other:
                assert until[a] < of[b]


def test_outputs_are_written_where_they_are_known() -> None:
    x = symbol("x")
    made = lower([(2 + k, x * (k + 2.0) + 1.0) for k in range(600)], ROWS)
    stretches = straight._cut(made)
    due = straight._due(made, stretches, own=True)
    assert len(stretches) > 3
    assert max(map(len, due)) <= straight._MOST
    slots, _ = straight._slots(made, stretches, due)
    assert not slots
