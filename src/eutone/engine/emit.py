"""Programs as functions over people (`eutone.engine.straight` has the programs themselves).

A function works through a table of people, one row of numbers each: it runs the program over and over on the people in
its lanes, whose numbers stay in the first-level cache, and a lane whose person is finished writes back and takes the
next person at once. It polls a stop word before every run. Every operation acts on each lane alone and is either
correctly rounded or written out here (`eutone.engine.vectormath`), so a person's bits depend neither on the neighbours
nor on the width.
"""

from __future__ import annotations

from collections.abc import Callable

from eutone.engine.program import Program
from eutone.engine.straight import INTRINSICS, OWN, emit_straight

__all__ = ["emit_driver", "emit_function", "emit_module", "emit_part"]


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
    first: str = "",
    more: str = "",
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
    first : str, optional
        What is done before the program each time, as in `emit_driver`.
    more : str, optional
        More arguments, as in `emit_driver`.
    """
    straight = emit_straight(name, program, width, common=rows if common else None)
    driver = emit_driver(
        name,
        f"{first}\n{straight.body}",
        rows=rows,
        total=rows,
        taken=taken,
        stored=stored,
        width=width,
        finished=finished,
        more=(", ptr noalias %common" if common else "") + more,
        room=straight.room,
    )
    return "\n".join([*straight.functions, driver])


def emit_part(name: str, program: Program, width: int, *, into: str = "", public: bool = False) -> str:
    """A function ``void name(vector *group)`` that runs ``program`` once on the lanes of a group.

    Parameters
    ----------
    into : str, optional
        Name of a second argument: the program's outputs are rows from there on.
    public : bool
        Whether it is called from outside its module.
    """
    straight = emit_straight(name, program, width, into=f"%{into}" if into else "%group")
    more = f", ptr %{into}" if into else ""
    kept = f"  %kept = alloca [{straight.room} x <{width} x double>], align 64\n" if straight.room else ""
    whose = "" if public else "internal "
    part = f"define {whose}void @{name}(ptr %group{more}) #1 {{\nentry:\n{kept}{straight.body}\n  ret void\n}}\n"
    return "\n".join([*straight.functions, part])


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
    room: int = 0,
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
    room : int
        Vectors in ``%kept``, memory for ``body``.
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
        "ROOM": str(max(room, 1)),
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
  %kept = alloca [ROOM x VEC], align 64
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
    declared = [unary(f) for f in INTRINSICS.values()]
    declared.append(f"declare {vec} @llvm.fma.v{width}f64({vec}, {vec}, {vec})")
    declared.append("declare i64 @llvm.cttz.i64(i64, i1)")
    declared.append("declare double @llvm.fma.f64(double, double, double)")
    own = [make(f, width) for f, make in OWN.items() if any(f"@eutone.{f}(" in text for text in functions)]
    return "\n".join(
        [*declared, *own, *functions, "attributes #0 = { nounwind }", "attributes #1 = { nounwind noinline }", ""]
    )
