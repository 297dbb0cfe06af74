"""Integration in time with error control, as a program that says whether a path leads to a state.

The search (`eutone.engine.control`) follows time only loosely. Here a lane takes steps of the linearly implicit Euler
method, one of length ``h`` and two of ``h/2``: their difference is the error, and the end of the two is where it goes
on from. Each run of the program does one of the three, and begins with the solution that a step of the search begins
with. Extrapolating to second order was tried: what is fast and bends (ATP beside creatine kinase) then lands as far
beyond its balance as it was before it, step after step, and the error never lets the steps grow.

The error allowed in a step is a hundredth of each species, and never more than a tenth of the distance to the state
found. So the damping of large implicit steps cannot make an unstable state look like the end of the path: near it, the
errors are small beside the distance, and the distance grows if it does in truth.
"""

from __future__ import annotations

from eutone.engine.control import PIVOTS, choose
from eutone.engine.expr import Expr, call, const, symbol

__all__ = ["FOLLOW", "follow"]

#: What a lane remembers: 1/h (2/h in the half steps); 0 while running, 1 arrived, 2 did not; runs; which of the three
#: comes next; steps in a row that hardly moved. What it is told: the distance that counts as arrived, the most runs.
FOLLOW = ("~q", "~done", "~runs", "~phase", "~still", "~goal", "~limit")

_ERROR = 1e-2
_SHARE = 0.1  # of the distance


def follow(names: list[str]) -> dict[str, Expr]:
    """New values of what a lane remembers.

    Parameters
    ----------
    names : list of str
        Independent species. For each, besides where the derivatives are taken (the name itself), rows ``~base`` (where
        the step began), ``~one`` (after the full step), ``~found`` and ``~grain`` are read, the first two written. The
        solution of ``(q I - J) dx = F``, with ``q`` in the row ``~q``, is in rows ``~d``.
    """
    q, _, runs, phase, still, goal, limit = map(symbol, FOLLOW)
    # the chains must not let a not-a-number pass: its square makes `total` one
    error, distance, moved, total = const(0), const(0), const(0), const(0)
    new = {}
    for n in names:
        base, one, found = symbol(f"~base {n}"), symbol(f"~one {n}"), symbol(f"~found {n}")
        size = choose("gt", call("abs", base), call("abs", found))
        reciprocal = 1 / (size + 1e-3 * symbol(f"~grain {n}"))
        new[n] = symbol(n) + symbol(f"~d {n}")
        apart = new[n] - one
        total = total + apart * reciprocal * (apart * reciprocal)
        error = choose("gt", call("abs", apart) * reciprocal, error)
        distance = choose("gt", call("abs", base - found) * reciprocal, distance)
        moved = choose("gt", call("abs", new[n] - base) * reciprocal, moved)
    trace, sign = map(symbol, PIVOTS)

    possible = call("and", call("lt", total + trace, 1e300), call("gt", sign, 0))
    decide = call("or", call("ge", phase, 2), call("not", possible))
    allowed = choose("lt", _SHARE * distance, const(_ERROR))
    fine = call("and", possible, call("le", error, allowed))
    longer = choose("lt", choose("gt", 0.9 * call("sqrt", allowed / (error + 1e-300)), const(0.2)), const(5))
    longer = call("select", possible, call("select", fine, longer, choose("lt", longer, const(0.5))), 0.2)
    whole = call("select", call("ge", phase, 1), 0.5 * q, q)  # 1/h
    rested = call("select", call("and", fine, call("lt", moved, 1e-10)), still + 1, 0)

    arrived = call("and", call("eq", phase, 0), call("le", distance, goal))
    over = call("or", call("ge", runs, limit), call("ge", still, 8))
    update = {
        "~q": call("select", decide, whole / longer, 2 * whole),
        "~done": call("select", arrived, 1, call("select", over, 2, 0)),
        "~runs": runs + 1,
        "~phase": call("select", decide, 0, phase + 1),
        "~still": call("select", decide, rested, still),
    }
    for n in names:
        base, one = symbol(f"~base {n}"), symbol(f"~one {n}")
        after = call("select", fine, new[n], base)
        update[n] = call("select", decide, after, call("select", call("ge", phase, 1), new[n], base))
        update[f"~base {n}"] = call("select", decide, after, base)
        update[f"~one {n}"] = call("select", call("ge", phase, 1), one, new[n])
    return update  # whoever is done leaves the lane at once, or idles in it and is forgotten
