"""Infix formulas: names (``plt_5HT``, ``plasma.Trp.catabolism``), numbers, ``+ - * / ^``, brackets and calls.

Python's own parser makes the tree; whatever in it is no formula is refused, and nothing is ever executed.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from eutone._errors import InputError

__all__ = ["compute", "dotted", "formula", "names_in", "number"]

Array = NDArray[np.float64]

_LONGEST = 400  # characters: more is a slip of the pen
_DEEPEST = 40

_ARITHMETIC: dict[type, Callable[..., Array]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Pow: np.power,
    ast.USub: np.negative, ast.UAdd: np.positive,
}  # fmt: skip


def formula(text: str) -> ast.expr:
    """The tree of ``text``.

    Raises
    ------
    InputError
        If it is no formula; the message says what was not understood.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        raise InputError(f"a formula of {len(text)} characters is too long", hint=f"{_LONGEST} at most")
    if not text.isascii() or "\0" in text or "**" in text:
        raise InputError(f"'{text}' is no formula", hint="Names are of letters, digits, _ and points; a power is ^")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python's about Python
            tree = ast.parse(text.replace("^", "**"), mode="eval").body
        _refuse(tree, text, 0)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"'{text}' is no formula", hint="Write names, numbers, + - * / ^ and functions") from None
    return tree


def _refuse(node: ast.expr, text: str, depth: int) -> None:
    """Refuse whatever is no formula."""
    if depth > _DEEPEST:
        raise InputError(f"'{text}' is nested too deeply")
    inner: list[ast.expr] = []
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        inner = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp) and type(node.op) in _ARITHMETIC:
        inner = [node.operand]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        inner = node.args
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float) and math.isfinite(float(node.value)):  # type: ignore[arg-type]
        return
    elif dotted(node) is None:
        raise InputError(f"'{text}': '{ast.unparse(node)}' has no place in a formula")
    for one in inner:
        _refuse(one, text, depth + 1)


def dotted(node: ast.expr) -> str | None:
    """``a.b.c`` as a name; None of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


def number(node: ast.expr) -> float:
    """The number that stands there.

    Raises
    ------
    InputError
        If something else does.
    """
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -number(node.operand)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    raise InputError(f"'{ast.unparse(node)}' is not a number", hint="Hours, doses and values are written as numbers")


def operands(node: ast.expr) -> list[ast.expr]:
    """What an operator or a call works on."""
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    return node.args if isinstance(node, ast.Call) else []


def names_in(node: ast.expr) -> tuple[str, ...]:
    """Every name, in order, each once."""
    name = dotted(node)
    found = [name] if name is not None else [n for one in operands(node) for n in names_in(one)]
    return tuple(dict.fromkeys(found))


def compute(node: ast.expr, look: Callable[[str], Array], call: Callable[[ast.Call], Array] | None = None) -> Array:
    """The value of a tree: ``look`` gives that of a name, ``call`` that of a function."""
    name = dotted(node)
    if name is not None:
        return look(name)
    if isinstance(node, ast.Constant):
        return np.array([[float(node.value)]])  # type: ignore[arg-type]
    if isinstance(node, ast.Call):
        if call is None:
            raise InputError(f"'{ast.unparse(node)}': no function stands here")
        return call(node)
    assert isinstance(node, ast.BinOp | ast.UnaryOp)  # noqa: S101  nothing else was let through
    return _ARITHMETIC[type(node.op)](*(compute(one, look, call) for one in operands(node)))
