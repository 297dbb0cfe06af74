"""What is looked at in a simulation, as a formula: ``plt_5HT``, ``U_DHPG / U_NE``, ``max(PRL, 0, 4) - at(PRL, 0)``.

Names are species, rules, reactions and parameters as the modules call them, or dotted ids of them. A name alone is
its value at the hour of the trial, or at the new steady state where it has none. Hours count from hour 0 of the trial.

======================  ===============================================================================================
``+ - * / ^``           and ``exp``, ``ln``, ``sqrt``, ``abs``
``at(x, h)``            ``x`` at hour ``h``
``max(x, a, b)``        highest from hour ``a`` to ``b``; ``min`` lowest, ``mean`` mean
``tmax(x, a, b)``       the hour at which it is highest; ``tmin`` lowest
``auc(x, a, b)``        area under the curve, in units of ``x`` times hours; ``auc(x - at(x, 0), a, b)`` above baseline
``halflife(x, a, b)``   hours in which ``x`` halves, from the straight line through ``ln x`` as studies draw it
``average median``      ``sd cv`` of ``x``, and ``corr(x, y)``, between people (see ``people`` of a trial)
``dose(x, v, a, b)``    the dose from ``a`` to ``b`` at which ``x`` comes to ``v``; the arms say ``{dose}`` where it is
                        taken, and it stands alone
======================  ===============================================================================================

A window is looked at in `GRID` even moments, both ends included. A dose is looked for among `DOSES` even steps of its
ln, straight between the two nearest; the first crossing counts, and where there is none the answer is not a number.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from eutone._errors import InputError
from eutone.body._formula import compute, dotted, formula, number, operands

__all__ = ["DOSES", "GRID", "Look", "Statistic", "statistic"]

Array = NDArray[np.float64]
Look = Callable[[str, "Array | None"], Array]
"""From a name and hours (None: the hour of the trial, or the steady state) to values (people, hours)."""

GRID = 241
"""Moments of a window: every 3 minutes of 12 hours. A peak that one would draw by hand is not sharper."""

DOSES = 33

_FUNCTIONS: dict[str, Callable[..., Array]] = {"exp": np.exp, "ln": np.log, "sqrt": np.sqrt, "abs": np.abs}
_PEOPLE = {"average": 1, "median": 1, "sd": 1, "cv": 1, "corr": 2}


def _line(hours: Array, x: Array) -> Array:
    """Half-life by least squares on ln x; infinite where it does not fall."""
    t = hours - hours.mean()
    y = np.log(x)
    slope = (t * (y - y.mean(axis=1, keepdims=True))).sum(axis=1, keepdims=True) / (t**2).sum()
    return np.where(slope < 0, -math.log(2.0) / np.where(slope < 0, slope, -1.0), np.where(slope >= 0, np.inf, np.nan))


def _area(hours: Array, x: Array) -> Array:
    return np.asarray(np.trapezoid(x, hours, axis=1), dtype=np.float64)[:, None]


def _hour_of(best: Callable[..., NDArray[np.intp]]) -> Callable[[Array, Array], Array]:
    def found(hours: Array, x: Array) -> Array:
        lost = np.isnan(x).any(axis=1)
        return np.where(lost, np.nan, hours[best(np.where(np.isnan(x), 0.0, x), 1)])[:, None]

    return found


_WINDOW: dict[str, Callable[[Array, Array], Array]] = {
    "max": lambda _, x: x.max(axis=1, keepdims=True),
    "min": lambda _, x: x.min(axis=1, keepdims=True),
    "mean": lambda h, x: _area(h, x) / (h[-1] - h[0]),
    "auc": _area,
    "tmax": _hour_of(np.argmax),
    "tmin": _hour_of(np.argmin),
    "halflife": _line,
}


@dataclass(frozen=True)
class Statistic:
    """A formula that has been read.

    Attributes
    ----------
    text : str
    names : tuple of str
        That it speaks of, in order.
    hours : tuple of float
        All that it looks at by itself; empty where names stand alone.
    bare : bool
        Whether a name stands for its value at the hour of the trial.
    people : bool
        Whether it is a number of many people.
    dose : (value, lowest, highest), or None
        What ``dose`` looks for.
    tree : ast.expr
        Of what is computed for each person; of ``dose`` its first argument.
    """

    text: str
    names: tuple[str, ...]
    hours: tuple[float, ...]
    bare: bool
    people: bool
    dose: tuple[float, float, float] | None
    tree: ast.expr

    @property
    def doses(self) -> Array:
        """At which it has to be computed, (n,); empty where no dose is looked for."""
        return np.geomspace(self.dose[1], self.dose[2], DOSES) if self.dose else np.empty(0)

    def of(self, look: Look) -> float:
        """The number, from what `Look` says of the people (one; many; or one at each of `doses`)."""
        with np.errstate(all="ignore"):
            found = np.asarray(_value(self.tree, look, None), dtype=np.float64)
        values = found.reshape(-1)
        if self.dose:
            return _crossing(self.doses, values, self.dose[0])
        return float(values[0])


@cache
def statistic(text: str) -> Statistic:
    """Read a formula.

    Raises
    ------
    InputError
        If it is none; the message says what was not understood.
    """
    tree = formula(text)
    dose = None
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "dose":
        _count(tree, 4)
        value, low, high = (number(arg) for arg in tree.args[1:])
        if not 0 < low < high:
            raise InputError(f"a dose from {low:g} to {high:g} cannot be looked for", hint="Write 0 < lowest < highest")
        dose, tree = (value, low, high), tree.args[0]
    names, hours = dict[str, None](), set[float]()
    bare = people = False
    for name, window, crowd in _walk(tree, None, crowd=False):
        if name:
            names[name] = None
            bare |= window is None
        hours.update(() if window is None else window.tolist())
        people |= crowd
    if not names:
        raise InputError(f"'{text}' looks at nothing", hint="Name what is looked at, such as plt_5HT")
    if people and dose:
        raise InputError(f"'{text}': a dose is looked for in one person, not in many")
    return Statistic(text, tuple(names), tuple(sorted(hours)), bare, people, dose, tree)


def _count(node: ast.Call, n: int) -> None:
    if len(node.args) != n:
        name = ast.unparse(node.func)
        raise InputError(f"{name} takes {n} things between its brackets, not {len(node.args)}")


def _hours(node: ast.Call) -> Array | None:
    """The moments at which a function of the course looks; None of any other function."""
    name = ast.unparse(node.func)
    if name == "at":
        _count(node, 2)
        return np.array([number(node.args[1])])
    if name not in _WINDOW:
        return None
    _count(node, 3)
    begin, end = (number(arg) for arg in node.args[1:])
    if not begin < end:
        raise InputError(f"{name} from hour {begin:g} to {end:g} is no window", hint="Write the earlier hour first")
    return np.linspace(begin, end, GRID)


def _walk(node: ast.expr, window: Array | None, *, crowd: bool) -> Iterator[tuple[str, Array | None, bool]]:
    """Every name with the moments at which it is looked at, and whether people are compared there."""
    name = dotted(node)
    if name is not None:
        yield name, window, False
        return
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        if called == "dose":
            raise InputError("dose(...) stands alone", hint="Write it around the whole formula")
        hours = _hours(node)
        if hours is not None:
            yield "", hours, False
            yield from _walk(node.args[0], hours, crowd=crowd)
            return
        if called in _PEOPLE:
            _count(node, _PEOPLE[called])
            if crowd or window is not None:
                raise InputError(f"{called} is of many people, so it stands outside of what is asked of each")
            yield "", None, True
        elif called in _FUNCTIONS:
            _count(node, 1)
        else:
            known = ", ".join([*_FUNCTIONS, "at", *_WINDOW, *_PEOPLE, "dose"])
            raise InputError(f"'{called}' is no function", hint=f"There are {known}")
        for arg in node.args:
            yield from _walk(arg, window, crowd=crowd or called in _PEOPLE)
        return
    for child in operands(node):
        yield from _walk(child, window, crowd=crowd)


def _value(node: ast.expr, look: Look, window: Array | None) -> Array:
    """The value, (people, moments) within a window, else (people, 1) or one number."""

    def called(call: ast.Call) -> Array:
        name, hours = ast.unparse(call.func), _hours(call)
        if hours is not None:
            inner = _value(call.args[0], look, hours)
            return inner if name == "at" else _WINDOW[name](hours, np.broadcast_to(inner, (len(inner), len(hours))))
        args = [_value(arg, look, window) for arg in call.args]
        if name in _FUNCTIONS:
            return _FUNCTIONS[name](*args)
        return np.array([[_between(name, [arg.reshape(-1) for arg in args])]])

    return compute(node, lambda name: look(name, window), called)


def _between(called: str, args: list[Array]) -> float:
    """A number of many people."""
    x = args[0]
    if called == "corr":
        return float(np.corrcoef(x, args[1])[0, 1])
    spread = float(x.std(ddof=1)) if len(x) > 1 else math.nan
    return {"average": float(x.mean()), "median": float(np.median(x)), "sd": spread, "cv": spread / float(x.mean())}[
        called
    ]


def _crossing(doses: Array, values: Array, wanted: float) -> float:
    """The first dose, upwards, at which ``values`` come to ``wanted``."""
    away = values - wanted
    if not np.isfinite(away).all():
        return math.nan
    over = np.flatnonzero((away[:-1] <= 0) != (away[1:] <= 0))
    if not len(over):
        return float(doses[0]) if away[0] == 0 else math.nan
    k = int(over[0])
    share = away[k] / (away[k] - away[k + 1])
    return float(doses[k] * (doses[k + 1] / doses[k]) ** share)
