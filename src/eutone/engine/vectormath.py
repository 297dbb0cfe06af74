"""exp and ln in vectors: the same operations in every lane, no library call.

``exp``: the argument is split as ``k ln 2 + r`` with ``|r| <= 0.35``, ``e^r`` is a Taylor polynomial of degree 13
(truncation 4e-18), and ``2^k`` is multiplied in two halves so that subnormal results come out right. Off by at most one
unit in the last place (two where the result is subnormal).

``ln``: fdlibm's ``log``: the argument is ``2^k (1 + f)`` with ``sqrt(1/2) <= 1 + f < sqrt(2)``; with ``s = f/(2 + f)``,
``ln(1 + f) = f - (f^2/2 - s (f^2/2 + R(s^2)))``. Off by less than one unit in the last place.

Infinities, zeros and not-a-number go as IEEE 754 asks: ``exp(-inf) = 0``, ``ln 0 = -inf``, ``ln`` of less is
not-a-number. Each text is a template: ``VEC``, ``INT`` and ``MASK`` are vector types, ``%.`` begins a local name.
"""

from __future__ import annotations

import math
import struct

__all__ = ["MAGIC", "emit_math", "horner", "splat"]


def splat(value: float) -> str:
    """The literal of a vector of one number."""
    return f"splat (double 0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X})"


_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
MAGIC = 1.5 * 2.0**52  # adding it rounds to an integer, which then stands in the low bits
_MAGIC_BITS = struct.unpack("<q", struct.pack("<d", MAGIC))[0]
_FMA = "call VEC @llvm.fma.vWIDTHf64"


def horner(prefix: str, variable: str, coefficients: list[float]) -> tuple[list[str], str]:
    """Lines that evaluate a polynomial (highest coefficient first), and the name of its value."""
    value, lines = splat(coefficients[0]), []
    for k, c in enumerate(coefficients[1:]):
        name = f"%.{prefix}{k}"
        lines.append(f"{name} = {_FMA}(VEC {value}, VEC {variable}, VEC {splat(c)})")
        value = name
    return lines, value


def _exp() -> str:
    polynomial, value = horner("e", "%.r", [1 / math.factorial(n) for n in range(13, -1, -1)])
    lines = [
        f"%.islow = fcmp olt VEC ARGUMENT, {splat(-746.0)}",
        f"%.low = select MASK %.islow, VEC {splat(-746.0)}, VEC ARGUMENT",
        f"%.ishigh = fcmp ogt VEC %.low, {splat(710.0)}",
        f"%.x = select MASK %.ishigh, VEC {splat(710.0)}, VEC %.low",
        f"%.t = {_FMA}(VEC %.x, VEC {splat(1 / math.log(2))}, VEC {splat(MAGIC)})",
        f"%.k = fsub VEC %.t, {splat(MAGIC)}",
        f"%.r0 = {_FMA}(VEC %.k, VEC {splat(-_LN2_HIGH)}, VEC %.x)",
        f"%.r = {_FMA}(VEC %.k, VEC {splat(-_LN2_LOW)}, VEC %.r0)",
        *polynomial,
        "%.bits = bitcast VEC %.t to INT",
        f"%.n = sub INT %.bits, splat (i64 {_MAGIC_BITS})",
        "%.n1 = ashr INT %.n, splat (i64 1)",
        "%.n2 = sub INT %.n, %.n1",
        "%.b1 = add INT %.n1, splat (i64 1023)",
        "%.b2 = add INT %.n2, splat (i64 1023)",
        "%.s1 = shl INT %.b1, splat (i64 52)",
        "%.s2 = shl INT %.b2, splat (i64 52)",
        "%.f1 = bitcast INT %.s1 to VEC",
        "%.f2 = bitcast INT %.s2 to VEC",
        f"%.y1 = fmul VEC {value}, %.f1",
        "%.y = fmul VEC %.y1, %.f2",
        "%.nan = fcmp uno VEC ARGUMENT, ARGUMENT",
        "RESULT = select MASK %.nan, VEC ARGUMENT, VEC %.y",
    ]
    return "\n".join("  " + line for line in lines)


def _ln() -> str:
    coefficients = [
        1.479819860511658591e-01,
        1.531383769920937332e-01,
        1.818357216161805012e-01,
        2.222219843214978396e-01,
        2.857142874366239149e-01,
        3.999999999940941908e-01,
        6.666666666666735130e-01,
    ]
    polynomial, value = horner("p", "%.z", coefficients)
    half = struct.unpack("<q", struct.pack("<d", math.sqrt(0.5)))[0]
    lines = [
        # subnormals are scaled up first
        f"%.small = fcmp olt VEC ARGUMENT, {splat(2.0**-1022)}",
        f"%.up = fmul VEC ARGUMENT, {splat(2.0**54)}",
        "%.x = select MASK %.small, VEC %.up, VEC ARGUMENT",
        f"%.k0 = select MASK %.small, VEC {splat(-54.0)}, VEC {splat(0.0)}",
        # exponent so that the fraction lies in [sqrt(1/2), sqrt(2))
        "%.bits = bitcast VEC %.x to INT",
        f"%.d = sub INT %.bits, splat (i64 {half})",
        "%.n = ashr INT %.d, splat (i64 52)",
        "%.shift = shl INT %.n, splat (i64 52)",
        "%.mbits = sub INT %.bits, %.shift",
        "%.m = bitcast INT %.mbits to VEC",
        f"%.nbits = add INT %.n, splat (i64 {_MAGIC_BITS})",
        "%.nmagic = bitcast INT %.nbits to VEC",
        f"%.k1 = fsub VEC %.nmagic, {splat(MAGIC)}",
        "%.k = fadd VEC %.k1, %.k0",
        f"%.f = fsub VEC %.m, {splat(1.0)}",
        f"%.f2 = fadd VEC %.f, {splat(2.0)}",
        "%.s = fdiv VEC %.f, %.f2",
        "%.z = fmul VEC %.s, %.s",
        *polynomial,
        f"%.R = fmul VEC {value}, %.z",
        "%.ff = fmul VEC %.f, %.f",
        f"%.h = fmul VEC %.ff, {splat(0.5)}",
        "%.hR = fadd VEC %.h, %.R",
        f"%.klow = fmul VEC %.k, {splat(_LN2_LOW)}",
        f"%.a = {_FMA}(VEC %.s, VEC %.hR, VEC %.klow)",
        "%.b = fsub VEC %.h, %.a",
        "%.c = fsub VEC %.b, %.f",
        "%.nc = fneg VEC %.c",
        f"%.y = {_FMA}(VEC %.k, VEC {splat(_LN2_HIGH)}, VEC %.nc)",
        # 0, negative, infinite, not a number
        f"%.zero = fcmp oeq VEC ARGUMENT, {splat(0.0)}",
        f"%.y1 = select MASK %.zero, VEC {splat(-math.inf)}, VEC %.y",
        f"%.neg = fcmp olt VEC ARGUMENT, {splat(0.0)}",
        f"%.y2 = select MASK %.neg, VEC {splat(math.nan)}, VEC %.y1",
        f"%.inf = fcmp ueq VEC ARGUMENT, {splat(math.inf)}",
        "RESULT = select MASK %.inf, VEC ARGUMENT, VEC %.y2",
    ]
    return "\n".join("  " + line for line in lines)


_LINES = {"exp": _exp(), "ln": _ln()}


def emit_math(name: str, width: int) -> str:
    """The function ``vector @eutone.NAME(vector)``, ``exp`` or ``ln``.

    A function rather than its lines at every use: a large model has hundreds of uses, and machine code for them took a
    quarter of the time that compiling took.
    """
    text = f"define internal VEC @eutone.{name}(VEC %x) #1 {{\nentry:\n{_LINES[name]}\n  ret VEC %result\n}}\n"
    text = text.replace("ARGUMENT", "%x").replace("RESULT", "%result").replace("%.", "%x.")
    text = text.replace("VEC", f"<{width} x double>").replace("INT", f"<{width} x i64>")
    return text.replace("MASK", f"<{width} x i1>").replace("WIDTH", str(width))
