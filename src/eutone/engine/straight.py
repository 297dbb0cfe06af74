"""Straight-line programs as LLVM code: each register a vector of ``width`` doubles, one person per lane.

A long program is cut into stretches, a function each, since what LLVM needs for a function grows faster than its
length. What one stretch computes and another uses lies in a piece of memory beside the group's numbers; an output is
written as soon as its row is not read any more, or the last stretch would do nothing but write thousands of them.
Cutting changes no operation, so it changes no bit.

Numbers stand in the code as immediates. No fast-math flags; fused operations only where the program says ``fma``.
"""

from __future__ import annotations

import heapq
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eutone.engine.program import Instruction, Program
from eutone.engine.vectormath import emit_math
from eutone.engine.vectorsine import emit_sine

__all__ = ["INTRINSICS", "OWN", "Straight", "emit_straight", "number"]

_MOST = 250  # instructions in a stretch
OWN = {"exp": emit_math, "ln": emit_math, "sin": emit_sine, "cos": emit_sine}
"""Functions written out in LLVM's language, which a module must hold where it calls them."""

_AGAIN = frozenset({"const", "load"})  # done again in each stretch rather than kept
_COMPARE = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
_MASKS = frozenset({*_COMPARE, "and", "or", "not"})
_ARITHMETIC = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv", "neg": "fneg"}
# one instruction each, or one library call per lane where the processor has none
INTRINSICS = {
    "sqrt": "sqrt",
    "abs": "fabs",
    "floor": "floor",
    "ceil": "ceil",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
}


def number(value: float) -> str:
    """The literal of a double, bit for bit."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


class _Stretch:
    """The text of a stretch of one program's instructions.

    What is computed before the stretch and used in it is read from ``%kept``, where it lies in ``slots``; what is used
    after it is written there. Rows are read again, and numbers stand in the code. The outputs ``due`` are written after
    the last instruction.
    """

    def __init__(
        self,
        program: Program,
        stretch: range,
        slots: Mapping[int, int],
        due: Sequence[tuple[int, int]],
        width: int,
        into: str = "%group",
        common: int | None = None,
    ) -> None:
        self.program, self.stretch, self.width = program, stretch, width
        self.vec, self.mask, self.common = f"<{width} x double>", f"<{width} x i1>", common
        self.slots = slots
        self.lines: list[str] = []
        self.names: dict[int, str] = {}
        self.masks: dict[int, str] = {}
        for k in stretch:
            self._instruction(k, program.code[k])
            if k in slots:
                self.add(f"%w{k} = getelementptr {self.vec}, ptr %kept, i64 {slots[k]}")
                self.add(f"store {self.vec} {self.names[k]}, ptr %w{k}, align {8 * self.width}")
        named = [(row, self._name(k)) for row, k in due]  # rows are read before any is written
        for row, name in named:
            self.add(f"%o{row} = getelementptr {self.vec}, ptr {into}, i64 {row}")
            self.add(f"store {self.vec} {name}, ptr %o{row}, align {8 * self.width}")

    def add(self, line: str) -> None:
        self.lines.append("  " + line)

    def _name(self, register: int) -> str:
        """What ``register`` is called here, brought from before the stretch if it is not here yet."""
        if register not in self.names:
            instruction = self.program.code[register]
            if instruction.op in _AGAIN:
                self._instruction(register, instruction)
            else:
                self.add(f"%q{register} = getelementptr {self.vec}, ptr %kept, i64 {self.slots[register]}")
                self.add(f"%r{register} = load {self.vec}, ptr %q{register}, align {8 * self.width}")
                self.names[register] = f"%r{register}"
        return self.names[register]

    def _truth(self, k: int, register: int) -> str:
        """The mask of lanes in which ``register`` is not zero."""
        known = self.masks.get(register)
        if known is None:
            known = self.masks[register] = f"%t{k}.{register}"
            self.add(f"{known} = fcmp une {self.vec} {self._name(register)}, splat (double 0.0)")
        return known

    def _instruction(self, k: int, i: Instruction) -> None:
        name, vec, mask = f"%r{k}", self.vec, None
        a = [self._name(r) for r in i.args]
        if i.op == "const":
            name = f"splat (double {number(float(0 if i.value is None else i.value))})"
        elif i.op == "load" and self.common is not None and int(i.value or 0) >= self.common:
            self.add(f"%p{k} = getelementptr double, ptr %common, i64 {int(i.value or 0) - self.common}")
            self.add(f"%v{k} = load double, ptr %p{k}, align 8")
            self.add(f"%i{k} = insertelement {vec} poison, double %v{k}, i64 0")
            self.add(f"{name} = shufflevector {vec} %i{k}, {vec} poison, <{self.width} x i32> zeroinitializer")
        elif i.op == "load":
            self.add(f"%p{k} = getelementptr {vec}, ptr %group, i64 {i.value}")
            self.add(f"{name} = load {vec}, ptr %p{k}, align {8 * self.width}")
        elif i.op in _ARITHMETIC:
            self.add(f"{name} = {_ARITHMETIC[i.op]} {vec} {', '.join(a)}")
        elif i.op in ("fma", "fms", "fnma"):
            if i.op != "fma":
                self.add(f"%n{k} = fneg {vec} {a[2] if i.op == 'fms' else a[0]}")
            args = [f"%n{k}" if i.op == "fnma" else a[0], a[1], f"%n{k}" if i.op == "fms" else a[2]]
            self.add(f"{name} = call {vec} @llvm.fma.v{self.width}f64({', '.join(f'{vec} {x}' for x in args)})")
        elif i.op in _MASKS:
            mask = self._mask(k, i, a)
            self.add(f"{name} = select {self.mask} {mask}, {vec} splat (double 1.0), {vec} splat (double 0.0)")
        elif i.op == "select":
            self.add(f"{name} = select {self.mask} {self._truth(k, i.args[0])}, {vec} {a[1]}, {vec} {a[2]}")
        elif i.op in ("min", "max"):
            sign = "olt" if i.op == "min" else "ogt"
            self.add(f"%c{k} = fcmp {sign} {vec} {a[0]}, {a[1]}")
            self.add(f"%m{k} = select {self.mask} %c{k}, {vec} {a[0]}, {vec} {a[1]}")
            self.add(f"%u{k} = fcmp uno {vec} {a[0]}, {a[1]}")
            self.add(f"%s{k} = fadd {vec} {a[0]}, {a[1]}")
            self.add(f"{name} = select {self.mask} %u{k}, {vec} %s{k}, {vec} %m{k}")
        elif i.op in OWN:
            self.add(f"{name} = call {vec} @eutone.{i.op}({vec} {a[0]})")
        else:
            self.add(f"{name} = call {vec} @llvm.{INTRINSICS[i.op]}.v{self.width}f64({vec} {a[0]})")
        self.names[k] = name
        if mask is not None:
            self.masks[k] = mask

    def _mask(self, k: int, i: Instruction, a: list[str]) -> str:
        name = f"%k{k}"
        if i.op in _COMPARE:
            self.add(f"{name} = fcmp {_COMPARE[i.op]} {self.vec} {a[0]}, {a[1]}")
        elif i.op == "not":
            self.add(f"{name} = xor {self.mask} {self._truth(k, i.args[0])}, splat (i1 true)")
        else:
            left, right = self._truth(k, i.args[0]), self._truth(k, i.args[1])
            self.add(f"{name} = {i.op} {self.mask} {left}, {right}")
        return name


@dataclass(frozen=True)
class Straight:
    """A program as code.

    Attributes
    ----------
    functions : tuple of str
        Those that ``body`` calls.
    body : str
        Runs the program once, where ``%group`` (and ``%common``, and where outputs go) are known, and ``%kept``, if
        ``room`` is not 0.
    room : int
        Vectors that ``%kept`` must have room for.
    """

    functions: tuple[str, ...]
    body: str
    room: int


def emit_straight(
    name: str, program: Program, width: int, *, common: int | None = None, into: str = "%group"
) -> Straight:
    """The code that runs ``program`` once on the lanes of a group.

    Parameters
    ----------
    name : str
        The functions are called after it.
    program : Program
    width : int
    common : int, optional
        Rows from this one on are the same for everybody and stand in ``%common``.
    into : str, optional
        Where the outputs' rows begin: not among those that the program reads, if not at the group's.
    """
    stretches = _cut(program)
    due = _due(program, stretches, into == "%group")
    slots, room = _slots(program, stretches, due)
    texts = [
        "\n".join(_Stretch(program, s, slots, d, width, into, common).lines)
        for s, d in zip(stretches, due, strict=True)
    ]
    if len(texts) == 1:
        return Straight((), texts[0], 0)
    given = ["%group", *(["%common"] if common is not None else []), *([into] if into != "%group" else [])]
    arguments = ", ".join([*(f"ptr {p}" for p in given), "ptr noalias %kept"])
    passed = ", ".join(f"ptr {p}" for p in [*given, "%kept"])
    return Straight(
        tuple(
            f"define internal void @{name}.{k}({arguments}) #1 {{\nentry:\n{text}\n  ret void\n}}\n"
            for k, text in enumerate(texts)
        ),
        "\n".join(f"  call void @{name}.{k}({passed})" for k in range(len(texts))),
        max(room, 1),
    )


def _cut(program: Program) -> list[range]:
    """Stretches of about the same length, none longer than `_MOST`."""
    n = len(program.code)
    parts = max(1, -(-n // _MOST))
    return [range(n * k // parts, n * (k + 1) // parts) for k in range(parts)]


def _due(program: Program, stretches: list[range], own: bool) -> list[list[tuple[int, int]]]:
    """The outputs each stretch writes: known by its end, in rows (if the group's ``own``) that none reads later."""
    end = len(stretches) - 1
    of = [k for k, stretch in enumerate(stretches) for _ in stretch]
    reads: dict[object, int] = {}
    for k, instruction in enumerate(program.code):
        reads.update({program.code[r].value: of[k] for r in instruction.args if program.code[r].op == "load"})
    reads.update({program.code[r].value: end for _, r in program.outputs if program.code[r].op == "load"})
    due: list[list[tuple[int, int]]] = [[] for _ in stretches]
    for row, r in program.outputs:
        due[max(of[r], reads.get(row, 0) if own else 0, end if program.code[r].op == "load" else 0)].append((row, r))
    return due


def _slots(program: Program, stretches: list[range], due: list[list[tuple[int, int]]]) -> tuple[dict[int, int], int]:
    """Where in ``%kept`` each register that is used after its stretch lies, and how many places there are.

    A place is free again once the last stretch that uses its register is over.
    """
    last: dict[int, int] = {}
    of = [k for k, stretch in enumerate(stretches) for _ in stretch]
    for k, instruction in enumerate(program.code):
        last.update(dict.fromkeys(instruction.args, of[k]))
    for k, outputs in enumerate(due):
        last.update({r: max(k, last.get(r, 0)) for _, r in outputs})
    slots: dict[int, int] = {}
    free: list[int] = []
    ends: list[list[int]] = [[] for _ in stretches]
    room = 0
    for k, stretch in enumerate(stretches):
        for r in stretch:
            if last.get(r, k) > k and program.code[r].op not in _AGAIN:
                if not free:
                    free.append(room)
                    room += 1
                slots[r] = heapq.heappop(free)
                ends[last[r]].append(slots[r])
        for place in ends[k]:
            heapq.heappush(free, place)
    return slots, room
