"""Frozen descriptions as bytes, and back, bit for bit: what the cache keeps besides machine code.

A description is made of numbers, texts, arrays, expressions, tuples, mappings, slices and dataclasses of a closed list.
It is written as JSON (shared nodes of its expressions once, each after those it uses), with the arrays' bytes behind
it. Reading it runs nothing and makes nothing that is not on the list.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eutone.engine.expr import Expr, exactly

__all__ = ["pack", "unpack"]

_DTYPES = ("float64", "int64", "bool")


class _Packer:
    def __init__(self) -> None:
        self.number: dict[Expr, int] = {}
        self.nodes: list[list[Any]] = []
        self.arrays: list[NDArray[Any]] = []

    def value(self, value: Any) -> Any:
        """``value`` as JSON can say it; what JSON has no word for is an object with one key."""
        if value is None or isinstance(value, str | bool | int | float):
            return value
        if isinstance(value, tuple):
            return [self.value(v) for v in value]
        if isinstance(value, Expr):
            return {"node": self.node(value)}
        if isinstance(value, Mapping):
            return {"map": [[self.value(k), self.value(v)] for k, v in value.items()]}
        if isinstance(value, np.ndarray) and value.dtype.name in _DTYPES:
            self.arrays.append(np.ascontiguousarray(value))
            return {"array": [value.dtype.name, list(value.shape)]}
        if isinstance(value, slice):
            return {"slice": [value.start, value.stop, value.step]}
        if is_dataclass(value) and not isinstance(value, type):
            return {type(value).__name__: [self.value(getattr(value, f.name)) for f in fields(value)]}
        raise TypeError(f"{type(value).__name__} is no part of a description")

    def node(self, root: Expr) -> int:
        stack = [root]
        while stack:
            node = stack[-1]
            if node in self.number:
                stack.pop()
                continue
            if waiting := [a for a in node.args if a not in self.number]:
                stack.extend(waiting)
                continue
            self.number[node] = len(self.nodes)
            self.nodes.append([node.op, node.value, *[self.number[a] for a in node.args]])
            stack.pop()
        return self.number[root]


def pack(value: Any) -> bytes:
    """``value`` as bytes.

    Raises
    ------
    TypeError
        If something in it is no part of a description.
    """
    packer = _Packer()
    text = json.dumps([packer.value(value), packer.nodes], ensure_ascii=True, separators=(",", ":")).encode()
    return b"".join([len(text).to_bytes(8, "little"), text, *(a.tobytes() for a in packer.arrays)])


def unpack(data: bytes, kinds: Iterable[type]) -> Any:
    """What was packed.

    Parameters
    ----------
    data : bytes
    kinds : iterable of type
        The dataclasses that may be in it.

    Raises
    ------
    ValueError
        If it is not something that was packed, of these kinds.
    """
    length = 8 + int.from_bytes(data[:8], "little")
    named = {kind.__name__: kind for kind in kinds}
    try:
        root, listed = json.loads(data[8:length])
        nodes: list[Expr] = []
        for op, value, *args in listed:
            nodes.append(exactly(op, tuple([nodes[a] for a in args]), value))
        unpacker = _Unpacker(nodes, data, length, named)
        found: Any = unpacker.value(root)
    except (KeyError, IndexError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"no description: {error!r}") from error
    if unpacker.offset != len(data):
        raise ValueError("no description: more than it says is in it")
    return found


class _Unpacker:
    def __init__(self, nodes: list[Expr], data: bytes, offset: int, kinds: dict[str, type]) -> None:
        self.nodes, self.data, self.offset, self.kinds = nodes, data, offset, kinds

    def value(self, said: Any) -> Any:
        if isinstance(said, list):
            return tuple([self.value(v) for v in said])
        if not isinstance(said, dict):
            return said
        ((kind, content),) = said.items()
        if kind == "node":
            return self.nodes[content]
        if kind == "map":
            return {self.value(k): self.value(v) for k, v in content}
        if kind == "array":
            return self.array(*content)
        if kind == "slice":
            return slice(*content)
        return self.kinds[kind](*(self.value(v) for v in content))

    def array(self, dtype: str, shape: list[int]) -> NDArray[Any]:
        """The next one: they stand behind each other in the order in which they were met."""
        if dtype not in _DTYPES or min(shape, default=0) < 0:
            raise ValueError(f"no description: an array of {dtype}, {shape}")
        array = np.frombuffer(self.data, dtype=dtype, count=math.prod(shape), offset=self.offset).reshape(shape).copy()
        self.offset += array.nbytes
        return array
