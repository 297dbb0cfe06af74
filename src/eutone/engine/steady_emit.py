"""The machine code of steady states: the programs' functions, and one that takes a chunk of people through them all.

The check (`eutone.engine.follow`), for which few people are asked, is a module of its own, made when first needed.

``solve`` reads the arrays that came from the caller and writes those that go back, so that the interpreter is needed
once for a chunk of thousands. It works through them in blocks, whose table lies in the second-level cache.
"""

from __future__ import annotations

from eutone.engine.emit import emit_function, emit_module, emit_part
from eutone.engine.ending import ENDED
from eutone.engine.kernel import Kernel, Layout
from eutone.engine.program import Program

__all__ = ["ARGUMENTS", "COMMON", "FUNCTIONS", "block_of", "emit_follow", "emit_steady"]

#: What ``solve(arguments, n, stop)`` finds in its first argument, each an address, in this order: tables (n, n_free),
#: (n, n_species) or null, (8,), (settings and grains,), (block, width), and for results (n, n_species),
#: (n, n_observables), (n, n_ended).
ARGUMENTS = ("values", "start", "control", "common", "table", "states", "observables", "ended")
#: Those that have ``(people, n, stop, common)``.
COMMON = ("begin", "begin_at", "step", "finish")
FUNCTIONS = (*COMMON, "solve")

_BLOCK_BYTES = 1 << 19  # half of the second-level cache
_LEAST, _MOST = 128, 1024  # people in a block: at its end lanes idle


def block_of(layout: Layout) -> int:
    """People in a block."""
    return max(_LEAST, min(_MOST, _BLOCK_BYTES // (8 * layout.width)))


def emit_steady(kernel: Kernel, width: int) -> str:
    """The module's text, for lanes of ``width`` people."""
    layout = kernel.layout
    parts, rows = layout.parts, layout.rows
    inside = range(parts["free"].start, parts["control"].stop)
    begun = range(parts["totals"].start, parts["independent"].stop)
    moved = range(parts["independent"].start, parts["control"].stop)
    ended = range(parts["species"].start, parts["ended"].stop)
    free, start = range(parts["free"].start, parts["free"].stop), range(parts["free"].stop)

    def shared(
        name: str,
        program: Program,
        taken: range,
        stored: range,
        finished: int | None = None,
        first: str = "",
    ) -> str:
        return emit_function(
            name,
            program,
            rows=layout.width,
            taken=taken,
            stored=stored,
            width=width,
            finished=finished,
            common=True,
            first=first,
        )

    return emit_module(
        [
            emit_part("solution", kernel.solution, width, public=True),
            shared("begin", kernel.begin, free, begun),
            shared("begin_at", kernel.begin_at, start, begun),
            shared("step", kernel.step, inside, moved, rows["~done"], "  call void @solution(ptr %group)"),
            shared("finish", kernel.finish, inside, ended),
            _solve(layout),
        ],
        width,
    )


def emit_follow(layout: Layout, program: Program, width: int) -> str:
    """The text of the check's module: ``void follow(people, n, stop, solution)``, the last a function's address."""
    everything = range(len(layout.follow_rows))
    function = emit_function(
        "follow",
        program,
        rows=len(everything),
        taken=everything,
        stored=everything,
        width=width,
        finished=layout.follow_rows["~done"],
        first="  call void %solution(ptr %group)",
        more=", ptr %solution",
    )
    return emit_module([function], width)


def _solve(layout: Layout) -> str:
    """The function that takes people through the programs, block by block."""
    sizes = {name: part.stop - part.start for name, part in layout.parts.items()}
    lines = [f"%pp{k} = getelementptr ptr, ptr %arguments, i64 {k}" for k in range(len(ARGUMENTS))]
    lines += [f"%{name} = load ptr, ptr %pp{k}" for k, name in enumerate(ARGUMENTS)]
    before = [
        _move("values", sizes["free"], "free", layout, into=True),
        _move("control", sizes["control"], "control", layout, into=True, same=True),
    ]
    after = [
        _move("states", sizes["species"], "species", layout),
        _move("observables", sizes["observed"], "observed", layout),
        _move("ended", len(ENDED), "ended", layout),
    ]
    text = _SOLVE
    for key, value in {
        "LOADS": "\n  ".join(lines),
        "BEFORE": "\n  ".join(before),
        "START": _move("start", sizes["start"], "start", layout, into=True),
        "AFTER": "\n  ".join(after),
        "BLOCK": str(block_of(layout)),
    }.items():
        text = text.replace(key, value)
    return text + _COPY


def _move(array: str, size: int, part: str, layout: Layout, *, into: bool = False, same: bool = False) -> str:
    """Copies between the block's part of a caller's array and its columns of the table."""
    table = f"%in_{array}"
    theirs, step = (f"%{array}", 0) if same else (f"%at_{array}", size)
    lines = [f"{table} = getelementptr double, ptr %table, i64 {layout.parts[part].start}"]
    if not same:
        lines += [
            f"%off_{array} = mul i64 %low, {size}",
            f"%at_{array} = getelementptr double, ptr %{array}, i64 %off_{array}",
        ]
    target, source = (table, layout.width), (theirs, step)
    (a, da), (b, db) = (target, source) if into else (source, target)
    lines.append(f"call void @copy(ptr {a}, i64 {da}, ptr {b}, i64 {db}, i64 {size}, i64 %many)")
    return "\n  ".join(lines)


_SOLVE = """define void @solve(ptr noalias %arguments, i64 %n, ptr %stop) #0 {
entry:
  LOADS
  %never = alloca i8, align 1
  store i8 0, ptr %never
  %given = icmp ne ptr %start, null
  br label %next
next:
  %low = phi i64 [ 0, %entry ], [ %high, %finish ]
  %some = icmp slt i64 %low, %n
  br i1 %some, label %block, label %end
block:
  %left = sub i64 %n, %low
  %whole = icmp sgt i64 %left, BLOCK
  %many = select i1 %whole, i64 BLOCK, i64 %left
  %high = add i64 %low, %many
  BEFORE
  br i1 %given, label %there, label %default
there:
  START
  call void @begin_at(ptr %table, i64 %many, ptr %never, ptr %common)
  br label %step
default:
  call void @begin(ptr %table, i64 %many, ptr %never, ptr %common)
  br label %step
step:
  call void @step(ptr %table, i64 %many, ptr %stop, ptr %common)
  br label %finish
finish:
  call void @finish(ptr %table, i64 %many, ptr %never, ptr %common)
  AFTER
  br label %next
end:
  ret void
}
"""

# `size` numbers for each of `n` people; rows lie `da` and `db` numbers apart
_COPY = """
define internal void @copy(ptr noalias %a, i64 %da, ptr noalias %b, i64 %db, i64 %size, i64 %n) #1 {
entry:
  %any = icmp sgt i64 %size, 0
  br i1 %any, label %person, label %end
person:
  %i = phi i64 [ 0, %entry ], [ %inext, %rest ]
  %ai = mul i64 %i, %da
  %bi = mul i64 %i, %db
  %to = getelementptr double, ptr %a, i64 %ai
  %from = getelementptr double, ptr %b, i64 %bi
  %enough = icmp sge i64 %size, 4
  br i1 %enough, label %fours, label %ones
fours:
  %j = phi i64 [ 0, %person ], [ %j4, %fours ]
  %fromj = getelementptr double, ptr %from, i64 %j
  %four = load <4 x double>, ptr %fromj, align 8
  %toj = getelementptr double, ptr %to, i64 %j
  store <4 x double> %four, ptr %toj, align 8
  %j4 = add i64 %j, 4
  %j8 = add i64 %j, 8
  %again = icmp sle i64 %j8, %size
  br i1 %again, label %fours, label %ones
ones:
  %k = phi i64 [ 0, %person ], [ %j4, %fours ], [ %k1, %one ]
  %more = icmp slt i64 %k, %size
  br i1 %more, label %one, label %rest
one:
  %fromk = getelementptr double, ptr %from, i64 %k
  %value = load double, ptr %fromk, align 8
  %tok = getelementptr double, ptr %to, i64 %k
  store double %value, ptr %tok, align 8
  %k1 = add i64 %k, 1
  br label %ones
rest:
  %inext = add i64 %i, 1
  %moreback = icmp slt i64 %inext, %n
  br i1 %moreback, label %person, label %end
end:
  ret void
}
"""
