"""What is written down is read again as it was, and nothing else is read."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eutone.engine import load_network
from eutone.engine.events import Event
from eutone.engine.expr import Expr, call, const, symbol
from eutone.engine.network import Network, Place
from eutone.engine.plain import pack, unpack

FULL = """model full()
  compartment c = 2; species A in c = 3, B in c; B = 2*k; const k = 0.5; inf0 = -inf; z = -0.0
  r := A/(k + B)
  J1: A -> B; k*A*r; J2: B -> ; sin(time)*B
  x = 1; x' = -x
  E1: at A < 1, t0 = false: A = 3*x
end"""


@dataclass(frozen=True)
class Thing:
    """A thing."""

    numbers: np.ndarray
    table: dict[str, Expr]
    where: slice
    more: tuple[object, ...]


def test_a_network_is_the_same_again() -> None:
    network = load_network(FULL)
    data = pack(network)
    again = unpack(data, (Network, Place, Event))
    assert pack(again) == data
    for field in fields(Network):
        before, after = getattr(network, field.name), getattr(again, field.name)
        if isinstance(before, np.ndarray):
            assert before.dtype == after.dtype
            assert before.tobytes() == after.tobytes()
        else:
            assert type(before) is type(after)
            assert before == after, field.name
    assert all(a is b for a, b in zip(network.rates, again.rates, strict=True))  # nodes are interned


@given(st.floats(allow_nan=True, allow_infinity=True), st.text(), st.integers(), st.lists(st.floats(), max_size=5))
def test_every_bit_comes_back(number: float, text: str, whole: int, several: list[float]) -> None:
    thing = Thing(np.array(several), {text: const(number) + symbol("x")}, slice(1, whole), (None, True, number, text))
    again = unpack(pack(thing), (Thing,))
    assert again.numbers.tobytes() == thing.numbers.tobytes()
    assert again.table == thing.table
    assert again.where == thing.where
    assert np.float64(again.more[2]).tobytes() == np.float64(number).tobytes() or math.isnan(number)
    assert again.more[:2] + again.more[3:] == thing.more[:2] + thing.more[3:]


def test_a_node_is_read_as_it_was_and_not_simplified_again() -> None:
    deep = symbol("x")
    for k in range(5000):  # deeper than the interpreter could call
        deep = call("sin", deep) + k
    (again,) = unpack(pack((deep,)), ())
    assert again is deep


def test_what_is_no_description_is_not_written() -> None:
    with pytest.raises(TypeError, match="set is no part"):
        pack({1})


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data[:20],
        lambda data: data.replace(b'"Thing"', b'"Other"'),
        lambda data: data.replace(b'"sin"', b'"sqr"'),
        lambda data: data.replace(b'"float64"', b'"float16"'),
        lambda _: b"",
    ],
)
def test_what_was_not_written_is_not_read(change: object) -> None:
    data = pack(Thing(np.arange(3.0), {"a": call("sin", symbol("x"))}, slice(0, 1), ()))
    with pytest.raises(ValueError, match=r"no description|buffer|Expecting|Unterminated|line 1"):
        unpack(change(data), (Thing,))  # type: ignore[operator]


PACKED = pack(load_network(FULL))


@given(st.lists(st.tuples(st.integers(0, len(PACKED) - 1), st.integers(0, 255)), max_size=4), st.integers(0, 40))
def test_whatever_is_damaged_is_a_value_or_an_error(bytes_: list[tuple[int, int]], lost: int) -> None:
    data = bytearray(PACKED)
    for where, byte in bytes_:
        data[where] = byte
    try:
        unpack(bytes(data[: len(data) - lost]), (Network, Place, Event))
    except ValueError:
        return
    assert not lost


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["node", "map", "array", "slice", "Thing", "Other"]), inner, max_size=2)
    ),
    max_leaves=12,
)


@given(JSON, st.lists(st.lists(JSON, max_size=4), max_size=3), st.binary(max_size=24))
@example({"array": ["float64", [10**30]]}, [], b"")
@example({"array": ["float64", [-1]]}, [], bytes(8))
@example(None, [], b"more")
def test_whatever_json_says_is_a_value_or_an_error(said: object, nodes: object, behind: bytes) -> None:
    text = json.dumps([said, nodes]).encode()
    try:
        unpack(len(text).to_bytes(8, "little") + text + behind, (Thing,))
    except ValueError:
        return
    assert "array" in text.decode() or not behind


def test_what_is_nested_without_end_is_an_error() -> None:
    text = b"[" * 100_000
    with pytest.raises(ValueError, match="no description"):
        unpack(len(text).to_bytes(8, "little") + text, ())
