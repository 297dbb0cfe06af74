"""Programs as LLVM code: each register a vector of ``width`` doubles, one person per lane.

A function works through a table of people, one row of numbers each: it runs the program over and over on the people in
its lanes, whose numbers stay in the first-level cache, and a lane whose person is finished writes back and takes the
next person at once. It polls a stop word before every run. Every operation acts on each lane alone and is either
correctly rounded or written out here (`eutone.engine.vectormath`), so a person's bits depend neither on the neighbours
nor on the width.

Numbers stand in the code as immediates. No fast-math flags; fused operations only where the program says ``fma``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from eutone.engine.program import Instruction, Program
from eutone.engine.vectormath import EXP, LN
from eutone.engine.vectorsine import SINE, emit_sine

__all__ = ["emit_driver", "emit_function", "emit_module", "emit_part", "number"]

_COMPARE = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
_MASKS = frozenset({*_COMPARE, "and", "or", "not"})
_ARITHMETIC = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv", "neg": "fneg"}
# one instruction each, or one library call per lane where the processor has none
_INTRINSICS = {
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


class _Body:
    """The text of one program's instructions."""

    def __init__(self, program: Program, width: int, into: str = "%group", common: int | None = None) -> None:
        self.width, self.vec, self.mask = width, f"<{width} x double>", f"<{width} x i1>"
        self.common = common
        self.lines: list[str] = []
        self.names: list[str] = []
        self.masks: list[str | None] = []
        self.used = {k for i in program.code if i.op == "select" for k in i.args[:1]}
        for k, instruction in enumerate(program.code):
            self._instruction(k, instruction)
        for row, k in program.outputs:
            self.add(f"%o{row} = getelementptr {self.vec}, ptr {into}, i64 {row}")
            self.add(f"store {self.vec} {self.names[k]}, ptr %o{row}, align {8 * self.width}")

    def add(self, line: str) -> None:
        self.lines.append("  " + line)

    def _truth(self, k: int, register: int) -> str:
        """The mask of lanes in which ``register`` is not zero."""
        known = self.masks[register]
        if known is None:
            known = f"%t{k}.{register}"
            self.add(f"{known} = fcmp une {self.vec} {self.names[register]}, splat (double 0.0)")
        return known

    def _instruction(self, k: int, i: Instruction) -> None:
        name, vec, mask = f"%r{k}", self.vec, None
        a = [self.names[r] for r in i.args]
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
        elif i.op in ("exp", "ln"):
            template = EXP if i.op == "exp" else LN
            text = template.replace("VEC", vec).replace("INT", f"<{self.width} x i64>").replace("MASK", self.mask)
            text = text.replace("WIDTH", str(self.width)).replace("%.", f"%x{k}.")
            self.lines.append(text.replace("ARGUMENT", a[0]).replace("RESULT", name))
        elif i.op in SINE:
            self.add(f"{name} = call {vec} @eutone.{i.op}({vec} {a[0]})")
        else:
            self.add(f"{name} = call {vec} @llvm.{_INTRINSICS[i.op]}.v{self.width}f64({vec} {a[0]})")
        self.names.append(name)
        self.masks.append(mask)

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


def emit_function(
    name: str,
    program: Program,
    *,
    rows: int,
    taken: range,
    stored: range,
    width: int,
    finished: int | None = None,
    common: bool = False,
) -> str:
    """A function ``void name(double *people, int64 n, int8 *stop)`` that runs ``program`` on each person.

    Parameters
    ----------
    name : str
    program : Program
    rows : int
        Numbers per person in ``people``.
    taken, stored : range
        Which of them a lane takes up with a person, and which are written back when it is done.
    width : int
        Lanes.
    finished : int, optional
        The row that is greater than 0 when a person is done; without it everyone is, after one run.
    common : bool
        Whether there is a fourth argument ``double *common``: what the program reads from row ``rows`` on, the same for
        everybody.
    """
    body = "\n".join(_Body(program, width, common=rows if common else None).lines)
    more = ", ptr noalias %common" if common else ""
    return emit_driver(
        name, body, rows=rows, total=rows, taken=taken, stored=stored, width=width, finished=finished, more=more
    )


def emit_part(name: str, program: Program, width: int, *, into: str = "") -> str:
    """A function ``void name(vector *group)`` that runs ``program`` once on the lanes of a group.

    Parameters
    ----------
    into : str, optional
        Name of a second argument: the program's outputs are rows from there on.
    """
    body = "\n".join(_Body(program, width, f"%{into}" if into else "%group").lines)
    more = f", ptr %{into}" if into else ""
    return f"define internal void @{name}(ptr %group{more}) #1 {{\nentry:\n{body}\n  ret void\n}}\n"


def emit_driver(
    name: str,
    body: str,
    *,
    rows: int,
    total: int,
    taken: range,
    stored: range,
    width: int,
    finished: int | None = None,
    more: str = "",
) -> str:
    """A function that runs ``body`` (instructions without a branch) over and over on the people in its lanes.

    Parameters
    ----------
    name : str
    body : str
        May use ``%group`` (the lanes' numbers) and ``%owner`` (whose they are).
    rows, total : int
        Numbers that a person brings, and that a lane has.
    taken, stored, width, finished
        As in `emit_function`.
    more : str
        More arguments, as they stand in the definition.
    """
    vec, mask = f"<{width} x double>", f"<{width} x i1>"
    is_done = "%bits = bitcast MASK splat (i1 true) to iWIDTH"
    if finished is not None:
        is_done = f"""%fp = getelementptr VEC, ptr %group, i64 {finished}
  %fv = load VEC, ptr %fp, align {8 * width}
  %fm = fcmp ogt VEC %fv, splat (double 0.0)
  %bits = bitcast MASK %fm to iWIDTH"""
    replace = {
        "NAME": name,
        "ISDONE": is_done,
        "MORE": more,
        "TOTAL": str(total),
        "ROWS": str(rows),
        "TAKEFROM": str(taken.start),
        "TAKEUNTIL": str(taken.stop),
        "GIVEFROM": str(stored.start),
        "GIVEUNTIL": str(stored.stop),
        "MASK": mask,
        "VEC": vec,
        "EVERYLANE": str(2**width - 1),
        "WIDTH": str(width),
    }
    text = _DRIVER
    for key, value in replace.items():
        text = text.replace(key, value)
    return text.replace("BODY", body)  # last, being long


# Lanes take people in turn. `alive` has a bit for each lane that works for someone; a lane whose person is done writes
# back and takes the next; one that finds nobody left idles on a copy until the others are done.
_DRIVER = """define void @NAME(ptr noalias %people, i64 %n, ptr %stopMORE) #0 {
entry:
  %group = alloca [TOTAL x VEC], align 64
  %owner = alloca [WIDTH x i64], align 8
  %some = icmp sgt i64 %n, 0
  br i1 %some, label %first, label %end
first:
  %lane0 = phi i64 [ 0, %entry ], [ %lane1, %first ]
  %isone = icmp slt i64 %lane0, %n
  %who = select i1 %isone, i64 %lane0, i64 0
  call void @take_NAME(ptr %people, ptr %group, ptr %owner, i64 %lane0, i64 %who)
  %lane1 = add i64 %lane0, 1
  %morelanes = icmp slt i64 %lane1, WIDTH
  br i1 %morelanes, label %first, label %begin
begin:
  %full = icmp sge i64 %n, WIDTH
  %low = shl nsw i64 -1, %n
  %lowmask = xor i64 %low, -1
  %alive0 = select i1 %full, i64 EVERYLANE, i64 %lowmask
  %next0 = select i1 %full, i64 WIDTH, i64 %n
  br label %step
step:
  %alive = phi i64 [ %alive0, %begin ], [ %alivekept, %steady ]
  %nextone = phi i64 [ %next0, %begin ], [ %nextkept, %steady ]
  %stopword = load volatile i8, ptr %stop, align 1
  %stopped = icmp ne i8 %stopword, 0
  br i1 %stopped, label %leave, label %work
work:
BODY
  ISDONE
  %bits64 = zext iWIDTH %bits to i64
  %ready = and i64 %bits64, %alive
  %any = icmp ne i64 %ready, 0
  br i1 %any, label %swap, label %steady
swap:
  %todo = phi i64 [ %ready, %work ], [ %rest, %swapped ]
  %aliveswap = phi i64 [ %alive, %work ], [ %alivenext, %swapped ]
  %nextswap = phi i64 [ %nextone, %work ], [ %nextnext, %swapped ]
  %lane = call i64 @llvm.cttz.i64(i64 %todo, i1 true)
  call void @give_NAME(ptr %people, ptr %group, ptr %owner, i64 %lane)
  %isleft = icmp slt i64 %nextswap, %n
  br i1 %isleft, label %taking, label %idling
taking:
  call void @take_NAME(ptr %people, ptr %group, ptr %owner, i64 %lane, i64 %nextswap)
  %taken = add i64 %nextswap, 1
  br label %swapped
idling:
  %bit = shl i64 1, %lane
  %without = xor i64 %aliveswap, %bit
  br label %swapped
swapped:
  %alivenext = phi i64 [ %aliveswap, %taking ], [ %without, %idling ]
  %nextnext = phi i64 [ %taken, %taking ], [ %nextswap, %idling ]
  %lower = sub i64 %todo, 1
  %rest = and i64 %todo, %lower
  %moreready = icmp ne i64 %rest, 0
  br i1 %moreready, label %swap, label %steady
steady:
  %alivekept = phi i64 [ %alive, %work ], [ %alivenext, %swapped ]
  %nextkept = phi i64 [ %nextone, %work ], [ %nextnext, %swapped ]
  %anyone = icmp ne i64 %alivekept, 0
  br i1 %anyone, label %step, label %end
leave:
  %unfinished = phi i64 [ %alive, %step ], [ %unfinishedrest, %leave ]
  %lanel = call i64 @llvm.cttz.i64(i64 %unfinished, i1 true)
  call void @give_NAME(ptr %people, ptr %group, ptr %owner, i64 %lanel)
  %lowerl = sub i64 %unfinished, 1
  %unfinishedrest = and i64 %unfinished, %lowerl
  %morel = icmp ne i64 %unfinishedrest, 0
  br i1 %morel, label %leave, label %end
end:
  ret void
}

define internal void @take_NAME(ptr %people, ptr %group, ptr %owner, i64 %lane, i64 %who) #1 {
entry:
  %o = getelementptr i64, ptr %owner, i64 %lane
  store i64 %who, ptr %o
  %offset = mul i64 %who, ROWS
  %person = getelementptr double, ptr %people, i64 %offset
  %column = getelementptr double, ptr %group, i64 %lane
  %any = icmp slt i64 TAKEFROM, TAKEUNTIL
  br i1 %any, label %copy, label %end
copy:
  %row = phi i64 [ TAKEFROM, %entry ], [ %rownext, %copy ]
  %from = getelementptr double, ptr %person, i64 %row
  %value = load double, ptr %from
  %to = getelementptr VEC, ptr %column, i64 %row
  store double %value, ptr %to
  %rownext = add i64 %row, 1
  %more = icmp slt i64 %rownext, TAKEUNTIL
  br i1 %more, label %copy, label %end
end:
  ret void
}

define internal void @give_NAME(ptr %people, ptr %group, ptr %owner, i64 %lane) #1 {
entry:
  %o = getelementptr i64, ptr %owner, i64 %lane
  %who = load i64, ptr %o
  %offset = mul i64 %who, ROWS
  %person = getelementptr double, ptr %people, i64 %offset
  %column = getelementptr double, ptr %group, i64 %lane
  %any = icmp slt i64 GIVEFROM, GIVEUNTIL
  br i1 %any, label %copy, label %end
copy:
  %row = phi i64 [ GIVEFROM, %entry ], [ %rownext, %copy ]
  %from = getelementptr VEC, ptr %column, i64 %row
  %value = load double, ptr %from
  %to = getelementptr double, ptr %person, i64 %row
  store double %value, ptr %to
  %rownext = add i64 %row, 1
  %more = icmp slt i64 %rownext, GIVEUNTIL
  br i1 %more, label %copy, label %end
end:
  ret void
}
"""


def emit_module(functions: list[str], width: int) -> str:
    """The functions and what they need declared."""
    vec = f"<{width} x double>"
    unary: Callable[[str], str] = lambda f: f"declare {vec} @llvm.{f}.v{width}f64({vec})"  # noqa: E731
    declared = [unary(f) for f in _INTRINSICS.values()]
    declared.append(f"declare {vec} @llvm.fma.v{width}f64({vec}, {vec}, {vec})")
    declared.append("declare i64 @llvm.cttz.i64(i64, i1)")
    declared.append("declare double @llvm.fma.f64(double, double, double)")
    functions = [*(emit_sine(f, width) for f in SINE if any(f"@eutone.{f}(" in text for text in functions)), *functions]
    return "\n".join(
        [*declared, *functions, "attributes #0 = { nounwind }", "attributes #1 = { nounwind noinline }", ""]
    )
