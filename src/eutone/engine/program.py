"""Straight-line programs: what is to be computed, as a list of operations on virtual registers.

A `Program` reads rows of a table, computes, and writes rows of it back. It has no branches and no calls, so it means
the same for one person, for eight in the lanes of a vector, or for thousands on a graphics card; an emitter
(`eutone.engine.emit`) turns it into machine code, `interpret` into slow, obvious NumPy.

Making one (`lower`) rewrites expressions where that is faster, and nowhere else departs from what was written:

* Equal subexpressions are computed once.
* Powers with constant multiples of one half as exponent become products and square roots; other powers become
  ``exp(y ln x)``, off by at most about ``1.5 |y ln x|`` units in the last place.
* A quotient whose denominator is a constant, or divides more than once, becomes a product with the reciprocal: one
  unit in the last place more, and a denominator whose reciprocal overflows (below 6e-309) gives infinity.
* ``a b + c`` becomes one fused operation where the product has no other use. These are the only fused operations:
  the emitter may not make others, so results have the same bits on every lane width.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone.engine.expr import FUNCTIONS, Expr, walk

__all__ = ["Instruction", "Program", "interpret", "lower"]

_MOST_SQUARINGS = 64  # exponents beyond this go through exp and ln


@dataclass(frozen=True)
class Instruction:
    """``op`` applied to registers ``args``; ``value`` is the number of a ``const`` or the row of a ``load``.

    Register ``k`` is the result of instruction ``k``. Operators are those of `eutone.engine.expr` without ``symbol``
    and ``pow``, and ``load``, ``fma`` (a b + c), ``fms`` (a b - c), ``fnma`` (c - a b).
    """

    op: str
    args: tuple[int, ...] = ()
    value: float | int | None = None


@dataclass(frozen=True)
class Program:
    """Instructions in order, and which registers are written to which rows at the end."""

    code: tuple[Instruction, ...]
    outputs: tuple[tuple[int, int], ...]


def lower(outputs: Iterable[tuple[int, Expr]], rows: Mapping[str, int]) -> Program:
    """The program that computes ``outputs``.

    Parameters
    ----------
    outputs : iterable of (int, Expr)
        Row to write, and what.
    rows : mapping of str to int
        The row that each symbol is read from.

    Raises
    ------
    KeyError
        If a symbol has no row.
    """
    targets = list(outputs)
    return _Lowering([e for _, e in targets], rows).program([row for row, _ in targets])


class _Lowering:
    def __init__(self, roots: list[Expr], rows: Mapping[str, int]) -> None:
        self.roots, self.rows = roots, rows
        self.nodes = list(walk(*roots))
        self.code: list[Instruction] = []
        self.known: dict[Instruction, int] = {}
        self.register: dict[Expr, int] = {}
        uses = Counter(a for node in self.nodes for a in node.args)
        uses.update(roots)
        divides = Counter(node.args[1] for node in self.nodes if node.op == "div")
        self.shared = {d for d, count in divides.items() if count > 1 or d.op == "const"}
        self.fused: dict[Expr, int] = {}  # sum -> which of its operands is the product
        absorbed: set[Expr] = set()
        for node in self.nodes:
            if node.op not in ("add", "sub"):
                continue
            for k in (1, 0):
                product = node.args[k]
                if uses[product] == 1 and self._is_product(product) and product not in absorbed:
                    self.fused[node] = k
                    absorbed.add(product)
                    break
        self.absorbed = absorbed

    def _is_product(self, node: Expr) -> bool:
        return node.op == "mul" or (node.op == "div" and node.args[1] in self.shared and _number(node.args[0]) != 1.0)

    def program(self, rows: list[int]) -> Program:
        for node in self.nodes:
            if node not in self.absorbed:
                self.register[node] = self._lower(node)
        return Program(tuple(self.code), tuple((r, self.register[e]) for r, e in zip(rows, self.roots, strict=True)))

    def _emit(self, op: str, *args: int, value: float | int | None = None) -> int:
        # 0.0 == -0.0, and 1 == 1.0, as keys: numbers are told apart by their bits in `_const`
        instruction = Instruction(op, args, value)
        if op == "const":
            self.code.append(instruction)
            return len(self.code) - 1
        found = self.known.get(instruction)
        if found is None:
            self.code.append(instruction)
            found = self.known[instruction] = len(self.code) - 1
        return found

    def _const(self, value: float) -> int:
        key = Instruction("bits of " + float(value).hex())
        if key not in self.known:
            self.known[key] = self._emit("const", value=float(value))
        return self.known[key]

    def _factors(self, node: Expr) -> tuple[int, int]:
        left, right = node.args
        if node.op == "mul":
            return self.register[left], self.register[right]
        return self.register[left], self._reciprocal(right)

    def _reciprocal(self, node: Expr) -> int:
        if node.op == "const":
            value = _value(node)
            return self._const(1 / value if value != 0 else np.copysign(np.inf, value))
        return self._emit("div", self._const(1.0), self.register[node])

    def _lower(self, node: Expr) -> int:
        op, args = node.op, node.args
        if op == "const":
            return self._const(_value(node))
        if op == "symbol":
            return self._emit("load", value=self.rows[str(node.value)])
        if node in self.fused:
            k = self.fused[node]
            a, b = self._factors(args[k])
            other = self.register[args[1 - k]]
            return self._emit("fma" if op == "add" else "fnma" if k == 1 else "fms", a, b, other)
        if op == "pow":
            return self._power(*args)
        if op == "div" and args[1] in self.shared:
            if _number(args[0]) == 1.0:
                return self._reciprocal(args[1])
            return self._emit("mul", *self._factors(node))
        return self._emit(op, *(self.register[a] for a in args))

    def _power(self, base: Expr, exponent: Expr) -> int:
        x, y = self.register[base], _number(exponent)
        if y is not None and (2 * y).is_integer() and abs(y) <= _MOST_SQUARINGS:
            return self._half_integer_power(x, y)
        log = self._emit("ln", x)
        result = self._emit("exp", self._emit("mul", self.register[exponent], log))
        if y is None:  # 0 ** 0 is 1, and ln 0 times 0 is not a number
            flat = self._emit("eq", self.register[exponent], self._const(0.0))
            result = self._emit("select", flat, self._const(1.0), result)
        return result

    def _half_integer_power(self, x: int, y: float) -> int:
        whole, half = divmod(abs(y), 1)
        result = self._emit("sqrt", x) if half else None
        square, n = x, int(whole)
        while n:
            if n & 1:
                result = square if result is None else self._emit("mul", result, square)
            n >>= 1
            if n:
                square = self._emit("mul", square, square)
        assert result is not None  # noqa: S101 - y == 0 is simplified away when the expression is built
        return self._emit("div", self._const(1.0), result) if y < 0 else result


def _number(node: Expr) -> float | None:
    return node.value if isinstance(node.value, float) else None


def _value(node: Expr) -> float:
    assert isinstance(node.value, float)  # noqa: S101 - only called on constants
    return node.value


def interpret(program: Program, table: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the rows of ``table`` become, operation by operation: equal to machine code up to fused roundings.

    Parameters
    ----------
    program : Program
    table : array, (n_rows, n_lanes)

    Returns
    -------
    array, (n_rows, n_lanes)
        A copy, output rows replaced.
    """
    registers: list[NDArray[np.float64]] = []
    with np.errstate(all="ignore"):
        for i in program.code:
            a = [registers[k] for k in i.args]
            match i.op:
                case "const":
                    result = np.full(table.shape[1], i.value, dtype=float)
                case "load":
                    result = table[int(i.value or 0)]
                case "fma":
                    result = a[0] * a[1] + a[2]
                case "fms":
                    result = a[0] * a[1] - a[2]
                case "fnma":
                    result = a[2] - a[0] * a[1]
                case op:
                    result = np.asarray(FUNCTIONS[op](*a), dtype=float)
            registers.append(result)
    after = table.copy()
    for row, k in program.outputs:
        after[row] = registers[k]
    return after
