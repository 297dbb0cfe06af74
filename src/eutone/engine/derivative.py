"""The derivative of a network as plain Python, and the scale-free residual that says how steady a state is.

Residual: ``max_i |dx_i/dt| / turnover_i``, where the turnover is ``sum_j |S_ij| gross(v_j)`` and the gross rate is the
rate's formula with every difference of two terms replaced by the sum of their magnitudes: forward plus backward for a
reversible rate. It has no scale, is 0 at a steady state, near 1 far from one, and means the same at equilibrium, where
net rates vanish. Species with less than ``IDLE`` of the largest turnover are measured against that instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eutone.engine.expr import Expr, call, const, evaluate, substitute, walk
from eutone.engine.network import Network

__all__ = ["IDLE", "Derivative", "Formulas", "gross"]

Array = NDArray[np.float64]

#: A species whose turnover is below this share of the largest is idle: it is measured against the share.
IDLE = 1e-12

_SCALAR = {
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "div": "({0} / {1})",
    "neg": "(-{0})",
    "pow": "pow({0}, {1})",
    "exp": "exp({0})",
    "ln": "log({0})",
    "sqrt": "sqrt({0})",
    "abs": "abs({0})",
    "floor": "float(floor({0}))",
    "ceil": "float(ceil({0}))",
    "arcsin": "asin({0})",
    "arccos": "acos({0})",
    "arctan": "atan({0})",
    "min": "({0} if {0} < {1} or {0} != {0} else {1})",
    "max": "({0} if {0} > {1} or {0} != {0} else {1})",
    "lt": "float({0} < {1})",
    "le": "float({0} <= {1})",
    "gt": "float({0} > {1})",
    "ge": "float({0} >= {1})",
    "eq": "float({0} == {1})",
    "ne": "float({0} != {1})",
    "and": "float({0} != 0 and {1} != 0)",
    "or": "float({0} != 0 or {1} != 0)",
    "not": "float({0} == 0)",
    "select": "({1} if {0} != 0 else {2})",
} | {name: f"{name}({{0}})" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}


def gross(expression: Expr) -> Expr:
    """``expression`` with every difference replaced by the sum of magnitudes: what is turned over, not what is left."""
    done: dict[Expr, Expr] = {}
    for node in walk(expression):
        parts = [done[a] for a in node.args]
        match node.op:
            case "add" | "sub":
                done[node] = parts[0] + parts[1]
            case "mul":
                done[node] = parts[0] * parts[1]
            case "div":
                done[node] = parts[0] / call("abs", node.args[1])
            case "neg":
                done[node] = parts[0]
            case "select":
                done[node] = call("select", node.args[0], parts[1], parts[2])
            case "const":
                done[node] = const(abs(float(node.value or 0.0)))
            case _:
                done[node] = call("abs", node)
    return done[expression]


class Formulas:
    """Expressions without rules as a plain Python function of (time, state, parameters)."""

    def __init__(self, roots: list[Expr], network: Network) -> None:
        self.roots, self.network = roots, network
        self._function: Callable[[float, list[float], list[float]], list[float]] | None = None

    def __call__(self, t: float, x: Array, p: Array) -> Array:
        """Their values at one point."""
        if self._function is None:  # written when first needed: some are only asked for many points at once
            self._function = _compiled(self.roots, self.network)
        try:
            return np.array(self._function(t, x.tolist(), p.tolist()), dtype=np.float64)
        except (ArithmeticError, ValueError):  # outside a function's domain: let infinity and not-a-number through
            return self.many(t, x, p)

    def many(self, t: Any, x: Array, p: Array) -> Array:
        """Their values; ``x`` and ``p`` may have a second axis, over which ``t`` runs."""
        named: dict[str, object] = {"time": t}
        named.update(zip(self.network.parameters, p, strict=True))
        named.update(zip(self.network.species, x, strict=True))
        found = evaluate(self.roots, named)
        return np.array([np.broadcast_to(np.asarray(v, dtype=np.float64), x.shape[1:]) for v in found]).reshape(
            (len(self.roots), *x.shape[1:])
        )


class Derivative:
    """``dx/dt`` of a network as a plain Python function of (time, state, parameters), rules inlined."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.rules = network.inlined()
        self.roots = substitute([*network.rates, *network.drift.values()], self.rules)
        self._gross = Formulas([gross(root) for root in self.roots], network)
        self._terms = Formulas(self.roots, network)
        self._moved = np.array([network.species.index(name) for name in network.drift], dtype=np.intp)

    def terms(self, t: float, x: Array, p: Array) -> Array:
        """Rates, then drifts, at one point."""
        return self._terms(t, x, p)

    def __call__(self, t: float, x: Array, p: Array) -> Array:
        """``dx/dt``, shape (n_species,)."""
        return self._combined(self.network.stoichiometry, self.terms(t, x, p))

    def turnover(self, t: float, x: Array, p: Array) -> Array:
        """What flows in and out of each species, shape (n_species,)."""
        return self._combined(np.abs(self.network.stoichiometry), np.abs(self._gross.many(t, x, p)))

    def residual(self, t: float, x: Array, p: Array) -> float:
        """The scale-free residual of this module; infinite where the derivative is not finite."""
        turnover, change = self.turnover(t, x, p), np.abs(self(t, x, p))
        if not len(x):
            return 0.0
        if not (np.isfinite(turnover).all() and np.isfinite(change).all()):
            return math.inf
        floor = max(IDLE * float(turnover.max()), np.finfo(float).tiny)
        return float(np.max(change / np.maximum(turnover, floor)))

    def jacobian(self, t: float, x: Array, p: Array) -> Array:
        """``d(dx_i/dt)/dx_j`` by central differences, shape (n_species, n_species)."""
        n = len(x)
        step = 6e-6 * np.maximum(np.abs(x), 1e-6 * max(float(np.abs(x).max(initial=0.0)), 1e-6))
        points = np.concatenate([x[:, None] + np.diag(step), x[:, None] - np.diag(step)], axis=1)
        terms = self._terms.many(t, points, p)
        change = self._combined(self.network.stoichiometry, terms)
        result: Array = (change[:, :n] - change[:, n:]) / (
            points[range(n), range(n)] - points[range(n), range(n, 2 * n)]
        )
        return result

    def values(self, t: Any, x: Array, p: Array) -> dict[str, Any]:
        """Every species, rule and reaction by id; ``x`` and ``p`` may have a second axis, over which ``t`` runs."""
        asked = Formulas([*self.rules.values(), *self.roots[: len(self.network.reactions)]], self.network)
        numbers = asked.many(t, x, p)
        names = [*self.rules, *self.network.reactions]
        return dict(zip(self.network.species, x, strict=True)) | dict(zip(names, numbers, strict=True))

    def _combined(self, stoichiometry: Array, terms: Array) -> Array:
        n = len(self.network.reactions)
        result: Array = stoichiometry @ terms[:n]
        if len(self._moved):
            result[self._moved] += terms[n:]
        return result


def _compiled(roots: list[Expr], network: Network) -> Callable[[float, list[float], list[float]], list[float]]:
    """``roots`` as one straight-line Python function of time, state and parameters."""
    names = {name: f"x[{i}]" for i, name in enumerate(network.species)}
    names |= {name: f"p[{i}]" for i, name in enumerate(network.parameters)}
    names["time"] = "t"
    lines, local = ["def f(t, x, p):"], {}
    for node in walk(*roots):
        if node.op == "const":
            value = float(node.value or 0.0)
            local[node] = repr(value) if math.isfinite(value) else f"float('{value}')"
        elif node.op == "symbol":
            local[node] = names[str(node.value)]
        else:
            local[node] = f"v{len(lines)}"
            lines.append(f"    {local[node]} = {_SCALAR[node.op].format(*(local[a] for a in node.args))}")
    lines.append(f"    return [{', '.join(local[root] for root in roots)}]")
    space: dict[str, Any] = {**vars(math), "abs": abs}
    exec("\n".join(lines), space)  # noqa: S102 - text made here, from nodes of a closed set of operators
    function: Callable[[float, list[float], list[float]], list[float]] = space["f"]
    return function
