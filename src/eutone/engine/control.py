"""How a search steps: the decisions of one person's lane, as expressions.

The search for a steady state is pseudo-transient continuation (Kelley and Keyes, SIAM J Numer Anal 1998, 35:508): from
the start the network is followed in time by the linearly implicit Euler method, ``(I/h - J) dx = F``, with a step ``h``
that grows as the state comes to rest, until it is Newton's method. So the answer is the state that the start runs to,
not just any root. One run of the step program does one step of one person, decisions included:

* ``u``, the largest relative change of any species, steers. It is measured against the larger of before and after, so
  halving and doubling both count as 1/2. ``h`` is multiplied by ``aim / u``; a step is refused, and ``h`` cut, if ``u``
  is above the lane's limit, which is below 1, so that no concentration becomes negative.
* ``det(I/h - J)`` is positive as long as ``h`` is shorter than the growth time of whatever grows. A negative one means
  that the step would go against the flow, across a fold, so it is refused.
* It has converged when ``u`` is small and shrinks fast: ``u < 1e-6`` and ``u * (u / u_before) < 1e-10``; the product is
  what a next step would still change. Slow drift cannot pass for rest, since it does not shrink while ``h`` grows.

Concentrations are measured against ``x + grain``, the grain being a thousandth of the species' typical value: what is
small compared with that need not be followed closely on the way (where it ends is judged by the residual, which is
relative). Below zero by more than a billionth of the typical value is refused; by less, it is zero. (A
lane may be told to let concentrations be negative: some published models are, on the way.)
"""

from __future__ import annotations

from eutone.engine.expr import Expr, call, const, symbol

__all__ = ["CONTROL", "GRAIN", "PIVOTS", "SETTINGS", "choose", "control"]

#: What a lane remembers between steps: 1/h; u of the last step taken; 0 while running, 1 converged, 2 gave up; steps
#: tried; steps in a row without change; refusals in a row; why the last one; refusals because of the determinant.
CONTROL = ("~q", "~u", "~done", "~steps", "~calm", "~refused", "~why", "~folds")
#: What a lane is told: largest change in a step, change to aim at, steps before it gives up, how far below zero (in
#: grains) a concentration may come.
SETTINGS = ("~most", "~aim", "~limit", "~below")
#: What the factors tell: a sum of traces of the pivots, finite if they are; the sign of the determinant of I/h - J.
PIVOTS = ("~trace", "~sign")

_REFUSALS = 30.0
GRAIN = 1e-3  # of the typical value


def choose(sign: str, a: Expr, b: Expr) -> Expr:
    """``a`` if ``a sign b``, else ``b``: minimum or maximum in one instruction, careless of what is not a number."""
    return call("select", call(sign, a, b), a, b)


def control(rise: Expr, fall: Expr, low: Expr, total: Expr, sign: Expr) -> dict[str, Expr]:
    """The decisions of a step.

    Parameters
    ----------
    rise, fall : Expr
        Largest and smallest change of a species over ``x + grain`` (0 if all have the other sign).
    low : Expr
        Smallest new concentration over ``x + grain``, or 0.
    total : Expr
        Sum of squares of the changes and of traces of the pivots: below 1e300 if all are finite.
    sign : Expr
        Sign of the determinant of ``I/h - J``.

    Returns
    -------
    dict of str to Expr
        New values of ``CONTROL``, and ``taken``: whether the state moves.
    """
    q, before, done, steps, calm, refused, why, folds = map(symbol, CONTROL)
    most, aim, limit, below = map(symbol, SETTINGS)
    running = call("eq", done, 0)
    finite = call("lt", total, 1e300)
    forward = call("gt", sign, 0)
    u = choose("gt", rise / (1 + rise), -fall)
    within = call("and", call("lt", u, most), call("ge", low, -below))
    good = call("and", finite, call("and", forward, within))

    slower = choose("lt", choose("gt", u / aim, const(1e-4)), const(2))
    # by how much the change was too large, as far as a linear guess can tell
    excess = choose("gt", rise, -fall) / aim
    retry = call("select", call("and", finite, forward), choose("lt", choose("gt", excess, const(4)), const(1e4)), 8)
    next_q = q * call("select", good, slower, retry)

    still = call("select", call("and", good, call("lt", u, 1e-11)), calm + 1, 0)
    ratio = u / before
    shrinks = call("and", call("lt", before, 1e299), call("lt", ratio, 0.1))  # a first step has nothing to shrink from
    rest = call("and", call("lt", u, 1e-6), call("and", shrinks, call("lt", u * ratio, 1e-10)))
    converged = call("or", call("and", good, rest), call("ge", still, 4))
    stuck = call("select", good, 0, refused + 1)
    over = call("or", call("ge", steps + 1, limit), call("ge", stuck, _REFUSALS))
    reason = call("select", finite, call("select", forward, call("select", within, 0, 3), 2), 1)
    update = {
        "~q": next_q,
        "~u": call("select", good, u, before),
        "~done": call("select", converged, 1, call("select", over, 2, 0)),
        "~steps": steps + 1,
        "~calm": still,
        "~refused": stuck,
        "~why": call("select", good, why, reason),
        "~folds": call("select", call("and", finite, call("not", forward)), folds + 1, folds),
    }
    new = {name: call("select", running, e, symbol(name)) for name, e in update.items()}
    new["taken"] = call("and", running, good)
    return new
