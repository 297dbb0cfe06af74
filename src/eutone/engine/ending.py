"""How a search ended, as expressions of the state where it ended.

The residual is the largest, over species, of net change over gross change, where gross means every production and loss
term without its sign, also inside a reversible rate law (so that equilibrium counts as rest), each with a millionth of
their typical values added to the species (so that what has run out counts as having run out).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from eutone.engine.control import choose
from eutone.engine.expr import Expr, call, const, symbol
from eutone.engine.network import Network
from eutone.engine.status import Status

__all__ = ["ENDED", "RESIDUAL", "ending", "gross_change"]

#: What is known of a person at the end: residual; a `Status`, the basin apart; steps; whether it went smoothly (a
#: search that did not is done once more, slowly); why the last refusal; the lot of `eutone.engine.lot`.
ENDED = ("~residual", "~status", "~tried", "~smooth", "~reason", "~drawn")
RESIDUAL = 1e-9  # net over gross change

_TRACE = 1e-3  # of a grain: a millionth of the typical value
_ROUNDING = 1e-6  # of a grain: a billionth of the typical value


def ending(
    species: Sequence[str],
    labels: Sequence[str],
    x: Sequence[Expr],
    net: Sequence[Expr],
    gross: Sequence[Expr],
    positive: NDArray[np.bool_],
) -> dict[str, Expr]:
    """Every species under its label, and ``ENDED``.

    Parameters
    ----------
    species, labels : sequences of str
    x, net, gross : sequences of Expr
        Concentrations, and how they change.
    positive : array of bool, (n_species,)
        Which cannot be negative.
    """
    done, steps, refused, why, folds, drawn = map(symbol, ("~done", "~steps", "~refused", "~why", "~folds", "~lot"))
    shares = [call("abs", f) / (g + 1e-300) for f, g in zip(net, gross, strict=True)]
    residual = reduce(lambda a, b: call("max", a, b), shares, const(0))
    found: dict[str, Expr] = {}
    # the sum becomes infinite or not a number with the first of them that is
    low, pushed, total = const(0), const(0), const(0)
    for name, label, value, change, cannot in zip(species, labels, x, net, positive, strict=True):
        found[label] = value
        total = total + call("abs", value) * 1e-300 + call("abs", change) * 1e-300
        if cannot:
            rounding = _ROUNDING * symbol(f"~grain {name}")
            # what is left over of a total, when all of it is elsewhere, may be less than zero by a rounding
            nothing = call("and", call("lt", value, 0), call("ge", value, -rounding))
            found[label] = clipped = call("select", nothing, 0, value)
            low = choose("lt", clipped, low)
            # a concentration that is being pushed through zero lies against it, where steps can only get shorter
            pushed = call("or", pushed, call("and", call("le", clipped, rounding), call("lt", change, 0)))
    below = call("lt", low, 0)
    at_rest = call("and", call("eq", done, 1), call("le", residual, RESIDUAL))
    stuck = call("or", call("eq", done, 1), call("and", call("gt", refused, 0), call("lt", why, 3)))
    status = reduce(
        lambda rest, case: call("select", case[0], int(case[1]), rest),
        [
            (stuck, Status.SINGULAR),
            (call("or", below, pushed), Status.NEGATIVE),
            (call("and", at_rest, call("not", below)), Status.CONVERGED),
            (call("not", call("lt", total, np.inf)), Status.NOT_FINITE),
            (call("eq", done, 0), Status.STOPPED),
        ],
        const(int(Status.STEP_LIMIT)),
    )
    smooth = call("and", call("eq", done, 1), call("eq", folds, 0))
    return found | dict(zip(ENDED, (residual, status, steps, smooth, why, drawn), strict=True))


def gross_change(
    network: Network, x: dict[str, Expr], resolved: Callable[[dict[str, Expr], list[Expr]], list[Expr]]
) -> list[Expr]:
    """Production and loss of every species together.

    Parameters
    ----------
    network : Network
    x : dict of str to Expr
        Every species.
    resolved : callable
        Puts such values of the species, and rules and parameters, into expressions.
    """
    raised = {s: x[s] + _TRACE * symbol(f"~grain {s}") for s in network.species}
    unsigned = [_without_signs(e) for e in resolved(raised, [*network.rates, *network.drift.values()])]
    rates, drift = unsigned[: len(network.rates)], dict(zip(network.drift, unsigned[len(network.rates) :], strict=True))
    total = []
    for name, row in zip(network.species, network.stoichiometry, strict=True):
        terms = (abs(float(row[j])) * rates[j] for j in np.flatnonzero(row))
        total.append(sum(terms, const(0)) + drift.get(name, const(0)))
    return total


def _without_signs(node: Expr) -> Expr:
    """How large ``node`` would be if nothing in it cancelled (sums under a fraction bar or a function stay)."""
    match node.op:
        case "add" | "sub":
            return _without_signs(node.args[0]) + _without_signs(node.args[1])
        case "mul":
            return _without_signs(node.args[0]) * _without_signs(node.args[1])
        case "div":
            return _without_signs(node.args[0]) / call("abs", node.args[1])
        case "neg":
            return _without_signs(node.args[0])
        case "const":
            return const(abs(float(node.value or 0.0)))
    return call("abs", node)
