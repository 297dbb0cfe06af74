"""One hash of everything that the numbers of a course depend on: equal hashes, equal bits on one class of machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eutone.engine.course import CourseCode
from eutone.engine.dosing import Dose
from eutone.engine.expr import Expr, walk
from eutone.engine.network import Network
from eutone.engine.observe import Wanted

__all__ = ["hash_of"]

Array = NDArray[np.float64]


def hash_of(code: CourseCode, asked: Wanted, at: Array, doses: Sequence[Dose], numbers: Mapping[str, Any]) -> str:
    """Of all that the numbers depend on."""
    digest = hashlib.sha256()
    for text in (_network_text(code.network), repr((code.free, code.infused, asked.names)), json.dumps(numbers)):
        digest.update(text.encode() + b"\x1f")
    digest.update(at.tobytes())
    for dose in doses:
        digest.update(dose.target.encode() + b"\x1f")
        for value in (dose.time, dose.amount, dose.duration):
            digest.update(np.ascontiguousarray(value, dtype=np.float64).tobytes() + b"\x1f")
    return digest.hexdigest()


def _network_text(network: Network) -> str:
    """Everything that a network is, as text; shared nodes of its expressions once."""
    number: dict[Expr, int] = {}
    lines = [repr((network.species, network.parameters, network.reactions))]
    for name in sorted(vars(network)):
        value = getattr(network, name)
        if isinstance(value, np.ndarray):
            lines.append(f"{name} {value.shape} {hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}")
            continue
        roots = list(_expressions(value))
        for node in walk(*roots):
            if node not in number:
                number[node] = len(number)
                lines.append(f"{node.op} {[number[a] for a in node.args]} {node.value!r}")
        lines.append(f"{name} {[number[root] for root in roots]} {_names(value)}")
    return "\n".join(lines)


def _expressions(value: object) -> Iterator[Expr]:
    if isinstance(value, Expr):
        yield value
    elif isinstance(value, Mapping):
        yield from _expressions(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _expressions(one)
    elif hasattr(value, "__dataclass_fields__"):
        yield from _expressions(list(vars(value).values()))


def _names(value: object) -> str:
    """What of a field is not an expression."""
    if isinstance(value, Expr):
        return "~"
    if isinstance(value, Mapping):
        return repr([(str(k), _names(v)) for k, v in value.items()])
    if isinstance(value, list | tuple):
        return repr([_names(v) for v in value])
    if hasattr(value, "__dataclass_fields__"):
        return repr([(k, _names(v)) for k, v in vars(value).items()])
    return repr(value)
