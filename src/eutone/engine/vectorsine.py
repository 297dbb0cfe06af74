"""sin and cos in vectors: the same operations in every lane, a library call only for arguments beyond 2^30.

The argument is ``k pi/2 + r`` with ``|r| <= pi/4``, and ``r`` is held as the sum of two numbers, found with ``pi/2`` in
three parts (Cody and Waite 1980, Software Manual for the Elementary Functions, chapter 8). Then fdlibm's polynomials.
Off by less than one unit in the last place. ``VEC``, ``INT``, ``MASK`` and ``WIDTH`` in the text are as in
`eutone.engine.vectormath`.
"""

from __future__ import annotations

import math

from eutone.engine.vectormath import MAGIC, horner, splat

__all__ = ["SINE", "emit_sine"]

#: Which functions there are, and by how many quarters of a turn each is ahead of the sine.
SINE = {"sin": 0, "cos": 1}

_FAR = 2.0**30
_HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)
_SIN = (1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06,
        -1.98412698298579493134e-04, 8.33333333332248946124e-03)  # fmt: skip
_SIN_1 = -1.66666666666666324348e-01
_COS = (-1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07,
        2.48015872894767294178e-05, -1.38888888888741095749e-03, 4.16666666666666019037e-02)  # fmt: skip
_FMA = "call VEC @llvm.fma.vWIDTHf64"


def _sine() -> list[str]:
    """``%sine`` of ``%y + %yy``."""
    polynomial, value = horner("s", "%z", list(_SIN))
    return [
        *polynomial,
        "%v = fmul VEC %z, %y",
        f"%s.half = fmul VEC %yy, {splat(0.5)}",
        f"%s.vr = fmul VEC %v, {value}",
        "%s.a = fsub VEC %s.half, %s.vr",
        "%s.b = fmul VEC %z, %s.a",
        "%s.c = fsub VEC %s.b, %yy",
        f"%s.d = fmul VEC %v, {splat(_SIN_1)}",
        "%s.e = fsub VEC %s.c, %s.d",
        "%sine = fsub VEC %y, %s.e",
    ]


def _cosine() -> list[str]:
    """``%cosine`` of ``%y + %yy``."""
    polynomial, value = horner("c", "%z", list(_COS))
    return [
        *polynomial,
        f"%c.r = fmul VEC {value}, %z",
        f"%c.half = fmul VEC %z, {splat(0.5)}",
        f"%c.w = fsub VEC {splat(1.0)}, %c.half",
        f"%c.a = fsub VEC {splat(1.0)}, %c.w",
        "%c.b = fsub VEC %c.a, %c.half",
        "%c.zr = fmul VEC %z, %c.r",
        "%c.xy = fmul VEC %y, %yy",
        "%c.d = fsub VEC %c.zr, %c.xy",
        "%c.e = fadd VEC %c.b, %c.d",
        "%cosine = fadd VEC %c.w, %c.e",
    ]


def emit_sine(name: str, width: int) -> str:
    """The function ``vector @eutone.NAME(vector)``."""
    first, second, third = map(splat, _HALF_PI)
    lines = [
        "%size = call VEC @llvm.fabs.vWIDTHf64(VEC %x)",
        f"%far = fcmp ogt VEC %size, {splat(_FAR)}",
        f"%t = {_FMA}(VEC %x, VEC {splat(2 / math.pi)}, VEC {splat(MAGIC)})",
        f"%k0 = fsub VEC %t, {splat(MAGIC)}",
        "%k = fneg VEC %k0",
        f"%r = {_FMA}(VEC %k, VEC {first}, VEC %x)",
        # r - w and what that leaves out (Knuth's difference of two), w's own rounding, the third part
        f"%w = fmul VEC %k0, {second}",
        "%nw = fneg VEC %w",
        f"%wlow = {_FMA}(VEC %k0, VEC {second}, VEC %nw)",
        "%y = fsub VEC %r, %w",
        "%back = fsub VEC %y, %r",
        "%as = fsub VEC %y, %back",
        "%lost = fsub VEC %r, %as",
        "%more = fadd VEC %w, %back",
        "%over = fsub VEC %lost, %more",
        "%low0 = fsub VEC %over, %wlow",
        f"%yy = {_FMA}(VEC %k, VEC {third}, VEC %low0)",
        "%z = fmul VEC %y, %y",
        *_sine(),
        *_cosine(),
        "%bits = bitcast VEC %t to INT",
        f"%quarter = add INT %bits, splat (i64 {SINE[name]})",
        "%low = and INT %quarter, splat (i64 1)",
        "%odd = icmp ne INT %low, zeroinitializer",
        "%plain = select MASK %odd, VEC %cosine, VEC %sine",
        "%high = and INT %quarter, splat (i64 2)",
        "%sign = shl INT %high, splat (i64 62)",
        "%plainbits = bitcast VEC %plain to INT",
        "%signed = xor INT %plainbits, %sign",
        "%near = bitcast INT %signed to VEC",
        "%small = bitcast MASK %far to iWIDTH",
        "%any = icmp ne iWIDTH %small, 0",
        "br i1 %any, label %library, label %end",
        "library:",
        f"%called = call VEC @llvm.{name}.vWIDTHf64(VEC %x)",
        "%chosen = select MASK %far, VEC %called, VEC %near",
        "br label %end",
        "end:",
        "%result = phi VEC [ %near, %entry ], [ %chosen, %library ]",
        "ret VEC %result",
    ]
    text = "\n".join([f"define internal VEC @eutone.{name}(VEC %x) #1 {{", "entry:", *lines, "}", ""])
    text = text.replace("%.", "%x.").replace("VEC", f"<{width} x double>").replace("INT", f"<{width} x i64>")
    return text.replace("MASK", f"<{width} x i1>").replace("WIDTH", str(width))
