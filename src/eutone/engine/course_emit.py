"""A time course as LLVM code: the programs of `eutone.engine.course_kernel`, and the loops between them.

One pass of the driver is one step of every lane: factors, eight stages, error, decision, output, and whoever took the
step moves on. Loops run over the states, in the same order for everybody, with fused operations where they are written;
so a person's bits depend neither on neighbours nor on the width of the vectors.
"""

from __future__ import annotations

from eutone.engine.course_kernel import FOLLOWS, LANE, WORK, CourseKernel, CourseLayout
from eutone.engine.emit import emit_driver, emit_module, emit_part
from eutone.engine.straight import number
from eutone.engine.tableau import DENSE, NODES, SLOPES, STAGES, A, C

__all__ = ["emit_course"]

PROBES = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Where in a step triggers are looked at."""

MORE = ", ptr %times, i64 %ntimes, ptr %out, i64 %nwanted, ptr %wanted, ptr %lists, i64 %most"
_OUTPUT = "ptr %times, i64 %ntimes, ptr %out, i64 %nwanted, ptr %wanted"


def emit_course(kernel: CourseKernel, width: int) -> str:
    """The module's text: ``void course(people, n, stop, times, ntimes, out, nwanted, wanted, lists, most)``.

    ``out`` is (n, ntimes, nwanted); ``wanted`` lists the states that are written there; ``lists`` is (any, most), steps
    to write down or to take.
    """
    layout = kernel.layout
    text = _Loops(layout, width)
    parts = [
        emit_part("begin", kernel.begin, width),
        emit_part("rate", kernel.rate, width),
        emit_part("solve", kernel.solve, width, into="dest"),
        emit_part("watch", kernel.watch, width),
        emit_part("decide", kernel.decide, width),
        *(text.point(s) for s in range(STAGES)),
        text.error(),
        *(text.probe(k) for k in range(len(PROBES) if layout.blocks["probe"][1] else 0)),
        text.dense(),
        text.outputs(),
        text.put(),
        text.pace(),
        text.note(),
        text.commit(),
    ]
    calls = ["call void @begin(ptr %group)"]
    for s in range(STAGES):
        calls.append(f"call void @point{s}(ptr %group)")
        if s:
            calls.append("call void @rate(ptr %group)")
        calls.append(f"%dest{s} = getelementptr {text.vec}, ptr %group, i64 {layout.blocks['U'][0] + s * text.n}")
        calls.append(f"call void @solve(ptr %group, ptr %dest{s})")
    calls.append("call void @error(ptr %group)")
    if layout.blocks["probe"][1]:  # a trigger that comes and goes within a step must not be missed
        calls.append("call void @dense(ptr %group)")
        for k in range(len(PROBES)):
            calls += [f"call void @probe{k}(ptr %group)", "call void @watch(ptr %group)"]
    calls.append("call void @decide(ptr %group)")
    calls += [f"call void @outputs(ptr %group, ptr %owner, {_OUTPUT})"]
    calls += ["call void @pace(ptr %group, ptr %lists, i64 %most)", "call void @commit(ptr %group)"]
    course = emit_driver(
        "course",
        "\n".join("  " + c for c in calls),
        rows=layout.kept,
        total=layout.rows,
        taken=range(layout.kept),
        stored=range(layout.blocks["x"][0], layout.blocks["free"][0]),
        width=width,
        finished=text.row("~done"),
        more=MORE,
    )
    return emit_module([*parts, course], width)


class _Loops:
    """The text of the loops; every method gives one function."""

    def __init__(self, layout: CourseLayout, width: int) -> None:
        self.layout, self.width = layout, width
        self.vec, self.mask = f"<{width} x double>", f"<{width} x i1>"
        self.n = layout.blocks["x"][1]

    def row(self, name: str) -> int:
        """Row of a number of the lane."""
        block, names = ("lane", LANE) if name in LANE else ("work", WORK)
        return self.layout.blocks[block][0] + names.index(name)

    def loop(self, name: str, before: list[str], body: list[str], after: list[str], carried: str = "") -> str:
        """A function with one loop over the states; ``%i`` counts, ``%sum`` is carried where asked for."""
        start = [f"%sum = phi {self.vec} [ splat (double 0.0), %entry ], [ %sumnext, %loop ]"] if carried else []
        if not self.n:
            body, start = (
                ([f"%sumnext = fadd {self.vec} splat (double 0.0), splat (double 0.0)"] if carried else []),
                [],
            )
        lines = [
            f"define internal void @{name}(ptr %group) #1 {{",
            "entry:",
            *before,
            "  br label %loop",
            "loop:",
            "%i = phi i64 [ 0, %entry ], [ %inext, %loop ]",
            *start,
            *body,
            "%inext = add i64 %i, 1",
            f"%more = icmp slt i64 %inext, {self.n}",
            "br i1 %more, label %loop, label %over",
            "over:",
            *after,
            "  ret void",
            "}",
            "",
        ]
        return "\n".join(lines)

    def at(self, name: str, first: int) -> list[str]:
        """Load row ``first + i`` as ``%name``."""
        return [
            f"%{name}.k = add i64 %i, {first}",
            f"%{name}.p = getelementptr {self.vec}, ptr %group, i64 %{name}.k",
            f"%{name} = load {self.vec}, ptr %{name}.p, align {8 * self.width}",
        ]

    def lone(self, name: str, label: str) -> list[str]:
        """Load a number of the lane as ``%name``."""
        return [
            f"%{name}.p = getelementptr {self.vec}, ptr %group, i64 {self.row(label)}",
            f"%{name} = load {self.vec}, ptr %{name}.p, align {8 * self.width}",
        ]

    def cell(self, name: str, label: str) -> list[str]:
        """Load one lane's number as ``%name``; ``%column`` is the lane."""
        return [
            f"%{name}.p = getelementptr double, ptr %column, i64 {self.row(label) * self.width}",
            f"%{name} = load double, ptr %{name}.p",
        ]

    def put_at(self, value: str, first: int, tag: str) -> list[str]:
        """Store ``%value`` to row ``first + i``."""
        return [
            f"%{tag}.k = add i64 %i, {first}",
            f"%{tag}.p = getelementptr {self.vec}, ptr %group, i64 %{tag}.k",
            f"store {self.vec} %{value}, ptr %{tag}.p, align {8 * self.width}",
        ]

    def put_lone(self, value: str, label: str, tag: str) -> list[str]:
        """Store ``%value`` to a number of the lane."""
        return [
            f"%{tag}.p = getelementptr {self.vec}, ptr %group, i64 {self.row(label)}",
            f"store {self.vec} %{value}, ptr %{tag}.p, align {8 * self.width}",
        ]

    def splat(self, value: float) -> str:
        return f"splat (double {number(value)})"

    def fma(self, name: str, a: str, b: str, c: str) -> str:
        return f"%{name} = call {self.vec} @llvm.fma.v{self.width}f64({self.vec} {a}, {self.vec} {b}, {self.vec} {c})"

    def combination(self, name: str, start: str | None, terms: list[tuple[float, str]]) -> list[str]:
        """``start + sum of factor * register`` as ``%name``, in order."""
        lines, total = [], start
        for k, (factor, register) in enumerate(terms):
            new = f"{name}.{k}"
            if total is None:
                lines.append(f"%{new} = fmul {self.vec} %{register}, {self.splat(factor)}")
            elif factor == 1.0:
                lines.append(f"%{new} = fadd {self.vec} %{register}, %{total}")
            else:
                lines.append(self.fma(new, f"%{register}", self.splat(factor), f"%{total}"))
            total = new
        return [*lines, f"%{name} = fadd {self.vec} %{total}, {self.splat(-0.0)}"]

    def point(self, s: int) -> str:
        """Where stage ``s`` is evaluated, and what stands beside the derivative on its right side."""
        blocks, timed = self.layout.blocks, self.layout.timed
        U, name = blocks["U"][0], f"point{s}"
        before = self.lone("inverse", "~inverse") + self.lone("step", "~step")
        if timed:
            before += self.lone("t", "~t") + self.lone("end", "~end")
            before += [
                self.fma("late", "%step", self.splat(NODES[s]), "%t"),
                f"%after = fcmp ogt {self.vec} %late, %end",
                f"%ts = select {self.mask} %after, {self.vec} %end, {self.vec} %late",
                *self.put_lone("ts", "~ts", "tss"),
                f"%shift = fmul {self.vec} %step, {self.splat(SLOPES[s])}",
            ]
        body: list[str] = []
        row, previous = A[s], A[s - 1] if s else ()
        if s and row[:-1] == previous and row[-1:] == (1.0,):  # the point before, one stage on
            body += self.at("before", blocks["u"][0])
            body += [line for j in range(s) for line in self.at(f"U{j}", U + j * self.n)]
            body += [f"%point = fadd {self.vec} %before, %U{s - 1}", *self.put_at("point", blocks["u"][0], "pu")]
        elif s:
            body += self.at("x", blocks["x"][0])
            body += [line for j in range(s) for line in self.at(f"U{j}", U + j * self.n)]
            body += self.combination("point", "x", [(a, f"U{j}") for j, a in enumerate(A[s])])
            body += self.put_at("point", blocks["u"][0], "pu")
        if s:
            body += self.combination("side", None, [(c, f"U{j}") for j, c in enumerate(C[s])])
            body.append(f"%rest0 = fmul {self.vec} %side, %inverse")
        else:
            body.append(f"%rest0 = fmul {self.vec} %inverse, {self.splat(0.0)}")
        if timed and SLOPES[s]:
            body += [*self.at("slope", blocks["slope"][0]), self.fma("rest", "%slope", "%shift", "%rest0")]
        else:
            body.append(f"%rest = fadd {self.vec} %rest0, {self.splat(-0.0)}")
        return self.loop(name, before, body + self.put_at("rest", blocks["g"][0], "pg"), [])

    def error(self) -> str:
        """The new state, and the sum of its squared errors in units of the tolerance."""
        blocks = self.layout.blocks
        last = blocks["U"][0] + (STAGES - 1) * self.n
        absolute = f"call {self.vec} @llvm.fabs.v{self.width}f64({self.vec}"
        body = [
            *self.at("x", blocks["x"][0]), *self.at("u", blocks["u"][0]), *self.at("e", last),
            *self.at("atol", blocks["atol"][0]),
            f"%new = fadd {self.vec} %u, %e", *self.put_at("new", blocks["u"][0], "pn"),
            f"%ax = {absolute} %x)", f"%an = {absolute} %new)",
            f"%bigger = fcmp ogt {self.vec} %ax, %an",
            f"%size = select {self.mask} %bigger, {self.vec} %ax, {self.vec} %an",
            self.fma("allowed", "%size", "%rtol", "%atol"),
            f"%share = fdiv {self.vec} %e, %allowed",
            self.fma("sumnext", "%share", "%share", "%sum"),
        ]  # fmt: skip
        return self.loop("error", self.lone("rtol", "~rtol"), body, self.put_lone("sumnext", "~sum", "ps"), "sum")

    def dense(self) -> str:
        """The coefficients of the dense output."""
        blocks = self.layout.blocks
        body = [line for j in range(STAGES) for line in self.at(f"U{j}", blocks["U"][0] + j * self.n)]
        for m, row in enumerate(DENSE):
            body += self.combination(f"K{m}", None, [(h, f"U{j}") for j, h in enumerate(row)])
            body += self.put_at(f"K{m}", blocks["K"][0] + m * self.n, f"p{m}")
        return self.loop("dense", [], body, [])

    def probe(self, k: int) -> str:
        """The state within the step, and its time."""
        blocks, theta = self.layout.blocks, PROBES[k]
        K = blocks["K"][0]
        before = [
            *self.lone("t", "~t"), *self.lone("step", "~step"), *self.lone("end", "~end"),
            self.fma("late", "%step", self.splat(theta), "%t"),
            f"%after = fcmp ogt {self.vec} %late, %end",
            f"%tp = select {self.mask} %after, {self.vec} %end, {self.vec} %late", *self.put_lone("tp", "~tp", "ptp"),
        ]  # fmt: skip
        body = [*self.at("x", blocks["x"][0]), *self.at("new", blocks["u"][0])]
        if theta < 1.0:
            body += [line for m in range(3) for line in self.at(f"K{m}", K + m * self.n)]
            body += [
                self.fma("v1", "%K2", self.splat(theta), "%K1"), self.fma("v2", "%v1", self.splat(theta), "%K0"),
                self.fma("v3", "%v2", self.splat(1.0 - theta), "%new"),
                f"%v4 = fmul {self.vec} %x, {self.splat(1.0 - theta)}",
                self.fma("value", "%v3", self.splat(theta), "%v4"),
            ]  # fmt: skip
        else:
            body.append(f"%value = fadd {self.vec} %new, {self.splat(-0.0)}")
        return self.loop(f"probe{k}", before, [*body, *self.put_at("value", blocks["probe"][0], "pv")], [])

    def commit(self) -> str:
        """Whoever took the step is there now."""
        blocks = self.layout.blocks
        before = [
            *self.lone("good", "~good"), f"%taken = fcmp une {self.vec} %good, {self.splat(0.0)}",
            *self.lone("tnew", "~tnew"), *self.put_lone("tnew", "~t", "pt"),
            *self.lone("hnew", "~hnew"), *self.put_lone("hnew", "~h", "ph"),
        ]  # fmt: skip
        body = [
            *self.at("x", blocks["x"][0]), *self.at("new", blocks["u"][0]),
            f"%now = select {self.mask} %taken, {self.vec} %new, {self.vec} %x",
            *self.put_at("now", blocks["x"][0], "px"),
        ]  # fmt: skip
        return self.loop("commit", before, body, [])

    def outputs(self) -> str:
        """For every lane whose step passed an output time: write what was there."""
        passed = [*self.lone("tout", "~tout"), *self.lone("tnew", "~tnew"), f"%m2 = fcmp ole {self.vec} %tout, %tnew"]
        return self.by_lane("outputs", f"ptr %owner, {_OUTPUT}", passed, "dense", "put")

    def pace(self) -> str:
        """For every lane that took a step and writes its steps down, or takes those of a list."""
        kept = [*self.lone("kind", "~pace"), f"%m2 = fcmp ogt {self.vec} %kind, {self.splat(0.0)}"]
        return self.by_lane("pace", "ptr %lists, i64 %most", kept, None, "note")

    def by_lane(self, name: str, given: str, condition: list[str], first: str | None, each: str) -> str:
        """A function: if a step was taken and ``%m2`` holds in any lane, ``first``, then ``each`` for these lanes."""
        w = self.width
        lines = [
            f"define internal void @{name}(ptr %group, {given}) #1 {{",
            "entry:",
            *self.lone("good", "~good"),
            f"%m1 = fcmp une {self.vec} %good, {self.splat(0.0)}",
            *condition,
            f"%m3 = and {self.mask} %m1, %m2",
            f"%small = bitcast {self.mask} %m3 to i{w}", f"%bits = zext i{w} %small to i64",
            "%any = icmp ne i64 %bits, 0", "br i1 %any, label %some, label %end",
            "some:", *([f"call void @{first}(ptr %group)"] if first else []), "br label %lanes",
            "lanes:", "%todo = phi i64 [ %bits, %some ], [ %rest, %lanes ]",
            "%lane = call i64 @llvm.cttz.i64(i64 %todo, i1 true)",
            f"call void @{each}(ptr %group, {given}, i64 %lane)",
            "%less = sub i64 %todo, 1", "%rest = and i64 %todo, %less",
            "%left = icmp ne i64 %rest, 0", "br i1 %left, label %lanes, label %end",
            "end:", "ret void", "}", "",
        ]  # fmt: skip
        return "\n".join(lines)

    def note(self) -> str:
        """One lane's step written down, or its next one read; scalar."""
        lines = [
            "define internal void @note(ptr %group, ptr %lists, i64 %most, i64 %lane) #1 {",
            "entry:", "%column = getelementptr double, ptr %group, i64 %lane",
            *self.cell("kind", "~pace"), *self.cell("list", "~list"), *self.cell("place", "~place"),
            *self.cell("step", "~step"), *self.cell("hnew", "~hnew"),
            "%l = fptosi double %list to i64", "%k = fptosi double %place to i64", "%first = mul i64 %l, %most",
            f"%on = fadd double %place, {number(1.0)}", "store double %on, ptr %place.p",
            f"%writes = fcmp olt double %kind, {number(float(FOLLOWS))}", "br i1 %writes, label %write, label %read",
            "write:", "%room = icmp slt i64 %k, %most", "br i1 %room, label %written, label %over",
            "written:", "%w = add i64 %first, %k", "%wp = getelementptr double, ptr %lists, i64 %w",
            "store double %step, ptr %wp", "br label %over",
            "read:", "%next = add i64 %k, 1", "%more = icmp slt i64 %next, %most",
            "br i1 %more, label %found, label %over",
            "found:", "%r = add i64 %first, %next", "%rp = getelementptr double, ptr %lists, i64 %r",
            "%h = load double, ptr %rp", "store double %h, ptr %hnew.p", "br label %over",
            "over:", "ret void", "}", "",
        ]  # fmt: skip
        return "\n".join(lines)

    def put(self) -> str:
        """One lane's outputs, as long as they lie in its step; scalar."""
        blocks = self.layout.blocks

        def state(name: str, first: int) -> list[str]:
            return [
                f"%{name}.a = add i64 %state, {first}", f"%{name}.b = mul i64 %{name}.a, {self.width}",
                f"%{name}.p = getelementptr double, ptr %column, i64 %{name}.b",
                f"%{name} = load double, ptr %{name}.p",
            ]  # fmt: skip

        def fma(name: str, a: str, b: str, c: str) -> str:
            return f"%{name} = call double @llvm.fma.f64(double %{a}, double %{b}, double %{c})"

        K = blocks["K"][0]
        lines = [
            f"define internal void @put(ptr %group, ptr %owner, {_OUTPUT}, i64 %lane) #1 {{",
            "entry:", "%column = getelementptr double, ptr %group, i64 %lane",
            "%op = getelementptr i64, ptr %owner, i64 %lane", "%who = load i64, ptr %op",
            *self.cell("t", "~t"), *self.cell("inverse", "~inverse"), *self.cell("tnew", "~tnew"),
            *self.cell("next", "~next"), *self.cell("first", "~tout"),
            "%k0 = fptosi double %next to i64", "%base = mul i64 %who, %ntimes", "br label %time",
            "time:", "%k = phi i64 [ %k0, %entry ], [ %knext, %moved ]",
            "%at = phi double [ %first, %entry ], [ %later, %moved ]",
            "%in = fcmp ole double %at, %tnew", "br i1 %in, label %write, label %end",
            "write:", "%gone = fsub double %at, %t", "%theta = fmul double %gone, %inverse",
            f"%other = fsub double {number(1.0)}, %theta", "%slot = add i64 %base, %k",
            "%offset = mul i64 %slot, %nwanted", "%place = getelementptr double, ptr %out, i64 %offset",
            "%none = icmp sle i64 %nwanted, 0", "br i1 %none, label %written, label %states",
            "states:", "%w = phi i64 [ 0, %write ], [ %wnext, %states ]",
            "%sp = getelementptr i64, ptr %wanted, i64 %w", "%state = load i64, ptr %sp",
            *state("x", blocks["x"][0]), *state("new", blocks["u"][0]), *state("K0", K), *state("K1", K + self.n),
            *state("K2", K + 2 * self.n),
            fma("v1", "theta", "K2", "K1"), fma("v2", "theta", "v1", "K0"), fma("v3", "other", "v2", "new"),
            "%v4 = fmul double %other, %x", fma("value", "theta", "v3", "v4"),
            "%to = getelementptr double, ptr %place, i64 %w", "store double %value, ptr %to",
            "%wnext = add i64 %w, 1", "%wmore = icmp slt i64 %wnext, %nwanted",
            "br i1 %wmore, label %states, label %written",
            "written:", "%knext = add i64 %k, 1", "%isleft = icmp slt i64 %knext, %ntimes",
            "br i1 %isleft, label %another, label %moved",
            "another:", "%tp = getelementptr double, ptr %times, i64 %knext", "%tk = load double, ptr %tp",
            "br label %moved",
            "moved:", f"%later = phi double [ {number(float('inf'))}, %written ], [ %tk, %another ]", "br label %time",
            "end:", "%kd = sitofp i64 %k to double", "store double %kd, ptr %next.p", "store double %at, ptr %first.p",
            "ret void", "}", "",
        ]  # fmt: skip
        return "\n".join(lines)
