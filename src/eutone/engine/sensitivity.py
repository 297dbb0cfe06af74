"""How courses answer to parameters: derivatives of what was computed, at the cost of a course per parameter.

Differences of two solutions that chose their own steps are full of the noise of these choices. Here a person is
integrated once with error control, the steps are written down, and the same person with one parameter a millionth
higher takes the very same steps (internal numerical differentiation: Bock 1981, Springer Ser. Chem. Phys. 18:102).
The difference is then that of one smooth function, and its quotient the derivative of the numerical solution: off by
about a millionth of the curvature, and by rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import ModelError
from eutone.engine import dosing
from eutone.engine.course import CourseCode, Courses, Pace, jumps_until, solve_course
from eutone.engine.course_kernel import FOLLOWS, NOTES
from eutone.engine.dosing import Dose
from eutone.engine.status import Status
from eutone.engine.switches import switched

__all__ = ["Sensitivities", "sensitivities"]

Array = NDArray[np.float64]

_HIGHER = 1e-6  # what a difference loses to curvature is a millionth, to rounding a ten-thousand-millionth
_BLOCK_BYTES = 256 * 2**20  # that are worked on at a time
_ROOM = 4096  # steps for which there is room at first; who takes more has everybody of the block done again


@dataclass(frozen=True)
class Sensitivities:
    """Courses and their derivatives.

    Attributes
    ----------
    courses : Courses
    wrt : tuple of str
    slopes : array, (n, n_times, n_species, n_wrt)
        ``d x / d ln p``: the change of a species for a change of the parameter by a share. Not a number where a
        person's course, or the one beside it, failed.
    """

    courses: Courses
    wrt: tuple[str, ...]
    slopes: Array


def sensitivities(
    code: CourseCode,
    parameters: ArrayLike,
    times: ArrayLike,
    wrt: Sequence[str] | None = None,
    *,
    doses: Sequence[Dose] = (),
    start: ArrayLike | None = None,
    **options: Any,
) -> Sensitivities:
    """Courses of everybody, and their derivatives with respect to the logarithm of parameters.

    Parameters
    ----------
    code : CourseCode
    parameters : array, (n, n_free)
    times : array, (n_times,)
    wrt : sequence of str, optional
        Free parameters; all of them if not given. One that is 0 has no logarithm: its slope is not a number.
    doses, start, **options
        As in `solve_course`. A ``start`` that is given does not change with the parameters.

    Raises
    ------
    ModelError
        If one of ``wrt`` is not free, or moves the jumps of a clock (then nothing is smooth in it), the model has
        events, or a rate jumps at a value of the state (`eutone.engine.switches`); where it bends is no harm. Also as
        `solve_course`.
    """
    names = tuple(code.free if wrt is None else wrt)
    for name in names:
        if name not in code.free:
            raise ModelError(f"{code.network.name}: '{name}' is not a free parameter of this code")
    if code.network.events:
        raise ModelError(f"{code.network.name}: event '{code.network.events[0].id}' makes courses that are not smooth")
    if (species := switched(code.network)) is not None:
        raise ModelError(f"{code.network.name}: a rate jumps at a value of '{species}'; courses are not smooth there")
    moved = set[str]().union(*(clock.names for clock in code.clocks)) & set(names)
    if moved:
        raise ModelError(f"{code.network.name}: '{sorted(moved)[0]}' moves the jumps of a clock")
    values = np.ascontiguousarray(parameters, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(code.free):
        raise ModelError(f"{code.network.name}: parameters have shape {values.shape}, not (n, {len(code.free)})")
    at = np.asarray(times, dtype=np.float64)
    doses = dosing.checked(doses, len(values), code.network, code.free, code.infused, float(at.max(initial=0.0)))
    first = None if start is None else np.asarray(start, dtype=np.float64)
    if first is not None and first.ndim == 1:
        first = np.broadcast_to(first, (len(values), len(first)))
    if first is not None and len(first) != len(values):
        raise ModelError(f"{code.network.name}: start is for {len(first)} people, not {len(values)}")
    options = {"jumps": jumps_until(code, times)} | options
    wanted = len(options.get("wanted") or code.network.species)
    # a person's states and those beside them, and the list of steps
    each = 8 * (np.size(times) * wanted * (1 + len(names)) + _ROOM)
    block = max(1, _BLOCK_BYTES // each)
    slopes = np.empty((len(values), len(names), np.size(times), wanted))
    courses = []
    for low in range(0, max(len(values), 1), block):
        rows = np.arange(low, min(low + block, len(values)))
        mine = [d.of(rows) for d in doses]
        own = None if first is None else first[rows]
        courses.append(_block(code, values[rows], times, names, mine, own, options, slopes[low : low + block]))
    joined = replace(
        courses[0],
        states=np.concatenate([c.states for c in courses]),
        status=np.concatenate([c.status for c in courses]),
        steps=np.concatenate([c.steps for c in courses]),
        refused=np.concatenate([c.refused for c in courses]),
    )
    return Sensitivities(joined, names, np.moveaxis(slopes, 1, -1))


def _block(
    code: CourseCode,
    values: Array,
    times: ArrayLike,
    names: tuple[str, ...],
    doses: Sequence[Dose],
    start: Array | None,
    options: dict[str, Any],
    slopes: Array,
) -> Courses:
    """Courses of some people; their slopes are written into ``slopes``, (n, n_wrt, n_times, n_species)."""
    n, k, room = len(values), len(names), _ROOM
    while True:
        pace = Pace(NOTES, np.zeros((max(n, 1), room)), np.arange(n))
        noted = solve_course(code, values, times, doses=doses, start=start, pace=pace, **options)
        most = int((noted.steps - noted.refused).max(initial=0))
        if most <= room:
            break
        room = most
    columns = [code.free.index(name) for name in names]
    beside = np.repeat(values[:, None], k, axis=1)
    for j, column in enumerate(columns):
        beside[:, j, column] *= 1.0 + _HIGHER
    many = np.repeat(np.arange(n), k)
    moved = solve_course(
        code,
        beside.reshape(n * k, values.shape[1]),
        times,
        doses=[d.of(many) for d in doses],
        start=None if start is None else start[many],
        pace=Pace(FOLLOWS, pace.steps, many),
        **options,
    )
    failed = (noted.status != Status.CONVERGED)[:, None] | (moved.status.reshape(n, k) != Status.CONVERGED)
    with np.errstate(all="ignore"):
        # by how much it was higher in truth, rounding included
        higher = beside[:, range(k), columns] / values[:, columns] - 1.0
        higher[failed | (higher == 0)] = np.nan
        np.subtract(moved.states.reshape(slopes.shape), noted.states[:, None], out=slopes)
        slopes /= higher[:, :, None, None]
    return noted
