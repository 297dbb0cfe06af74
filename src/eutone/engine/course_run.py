"""Courses of some people, stretch by stretch: what happens between the runs of the machine code.

Where doses fall, clocks jump and events are due, this module changes what is to be changed, person by person, and sends
people on. Everything that touches a person's numbers uses that person's numbers alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eutone.engine import dosing
from eutone.engine.course_events import Agendas
from eutone.engine.course_kernel import FOLLOWS, LANE, CourseLayout
from eutone.engine.dosing import Dose
from eutone.engine.edges import Edges
from eutone.engine.status import Status

if TYPE_CHECKING:
    from eutone.engine.course import CourseCode, Courses, Pace

__all__ = ["INFLOW", "Settings", "integrate"]

Array = NDArray[np.float64]

INFLOW = "~inflow "
"""Before the name of a species: the parameter by which a dose flows into it."""

_HAPPENED = 4  # what the machine code calls the change of a trigger
_LONGEST = 0.01  # longest step with events, as a share of the whole: triggers are looked at five times a step
_CLOSING = 50  # attempts of the closing in on an event; 52 halvings go from a step to one bit of it
_FIRST = 1e-4
"""First step of a stretch, as a share of the whole; errors shorten it, or it grows six-fold a step."""


@dataclass(frozen=True)
class Settings:
    """What is the same for everybody.

    Attributes
    ----------
    rtol : float
    atol : array, (n_species,)
    max_steps : int
    keep : array of int64, (n_wanted,)
        Species that are wanted.
    values : dict of str to float
        Defaults of the network's parameters.
    common : array, (1, most), or None
        When clocks jump, where that is the same for everybody.
    """

    rtol: float
    atol: Array
    max_steps: int
    keep: NDArray[np.int64]
    values: dict[str, float]
    common: Array | None


def integrate(
    code: CourseCode,
    values: Array,
    begin: Array,
    at: Array,
    doses: Sequence[Dose],
    settings: Settings,
    word: NDArray[np.uint8],
    result: Courses,
    mine: slice,
    pace: Pace | None = None,
) -> None:
    """Integrate some people, stretch by stretch, and write what was found into ``result``."""
    network, n, last = code.network, len(values), float(at[-1]) if len(at) else 0.0
    lane, block = _rows(code.layout)
    # within a step triggers are looked at in five places: a short step sees a short while
    longest = last * _LONGEST if network.events else np.inf
    people = _seated(code, values, begin, settings, longest, pace)
    x, free, done = people[:, block["x"]], people[:, block["free"]], people[:, lane["~done"]]
    columns = {name: k for k, name in enumerate((*code.free, *(INFLOW + s for s in code.infused)))}
    species = {name: k for k, name in enumerate(network.species)}
    undosed, out = free.copy(), result.states[mine]
    given = dosing.series(doses, species, columns, INFLOW)
    edges = Edges(doses, code.clocks, settings.values, columns, species, n, last, settings.common)
    agendas = None if code.events is None else Agendas(code.events, code.free, n, last)
    now, due = np.zeros(n), np.full(n, np.inf)
    here, edgy = np.ones(n, dtype=bool), np.ones(n, dtype=bool)  # who stands at the beginning of a stretch; at an edge
    failed = np.full(n, Status.CONVERGED, dtype=np.int8)  # whose events cannot be done
    while here.any():
        dosing.apply(given, now, here & edgy, x, free, undosed)
        if agendas is not None:
            due, lost = agendas.settle(here, now, x, free, people[:, block["truth"]])
            failed = np.where(here & (lost != 0), lost, failed)
            here = here & (lost == 0)
        _write(out, x[:, settings.keep], at, now, now, here)
        # a stretch ends one bit before its edge, where every clock still shows what it showed
        edge = np.full(n, np.inf)
        edge[here] = edges.next(now, np.flatnonzero(here), x, free)
        before = np.where(np.isfinite(edge), np.nextafter(edge, -np.inf), last)
        end = np.minimum(before, due)
        # between a jump and a dose beside it there may be less than a step can be
        far = end - now > dosing.least_stretch(now, last)
        _write(out, x[:, settings.keep], at, np.nextafter(now, np.inf), end, here & ~far & (not word[0]))
        who = np.flatnonzero(here & far)
        if word[0]:
            done[who] = 0
        elif len(who):
            first = min(_FIRST * last, longest)
            _run(code, people, who, now[who], end[who], at, out, settings, word, first, pace)
        happened = here & (done == _HAPPENED)
        done[happened] = 1
        edgy = here & ~happened & (end == before) & np.isfinite(edge)
        waited = here & ~happened & ~edgy & (end == due)
        here = (done == 1) & (happened | edgy | waited)
        now = np.where(happened, people[:, lane["~t"]], np.where(edgy, edge, np.where(waited, due, now)))
    result.status[mine] = np.where(failed != 0, failed, _status(done, x))
    result.steps[mine], result.refused[mine] = people[:, lane["~steps"]], people[:, lane["~refused"]]


def _rows(layout: CourseLayout) -> tuple[dict[str, int], dict[str, slice]]:
    """Where a lane's own numbers stand, and each block."""
    lane = {name: layout.blocks["lane"][0] + k for k, name in enumerate(LANE)}
    return lane, {name: slice(a, a + k) for name, (a, k) in layout.blocks.items()}


def _seated(
    code: CourseCode, values: Array, begin: Array, settings: Settings, longest: float, pace: Pace | None
) -> Array:
    """What each person brings into the machine code, (n, kept)."""
    lane, block = _rows(code.layout)
    people = np.zeros((len(values), code.layout.kept))
    people[:, block["x"]], people[:, block["atol"]] = begin, settings.atol
    people[:, block["free"]][:, : values.shape[1]] = values
    # closing in on an event takes some forty attempts
    people[:, lane["~limit"]] = settings.max_steps * (_CLOSING if code.network.events else 1)
    people[:, lane["~rtol"]], people[:, lane["~longest"]], people[:, lane["~done"]] = settings.rtol, longest, 1
    if pace is not None:
        people[:, lane["~pace"]], people[:, lane["~list"]] = pace.kind, pace.lists
    return people


def _run(
    code: CourseCode,
    people: Array,
    who: NDArray[np.intp],
    now: Array,
    end: Array,
    at: Array,
    out: Array,
    settings: Settings,
    word: NDArray[np.uint8],
    first: float,
    pace: Pace | None,
) -> None:
    """Take each of ``who`` from ``now`` to ``end`` (k,), in the rows of ``people`` and ``out``; ``first`` is a step."""
    lane, _ = _rows(code.layout)
    lists = np.zeros((1, 1)) if pace is None else pace.steps
    table, coming = people[who], np.searchsorted(at, now, side="right")
    table[:, lane["~t"]], table[:, lane["~end"]], table[:, lane["~next"]] = now, end, coming
    table[:, lane["~tout"]] = np.where(coming < len(at), at[np.minimum(coming, len(at) - 1)], np.inf)
    table[:, lane["~done"]] = table[:, lane["~streak"]] = 0
    table[:, lane["~h"]] = np.minimum(first, end - now)
    if pace is not None and pace.kind == FOLLOWS:
        place = np.minimum(table[:, lane["~place"]].astype(np.intp), lists.shape[1] - 1)
        table[:, lane["~h"]] = lists[pace.lists[who], place]
    part = out if len(who) == len(out) else out[who]
    code.run(
        table.ctypes.data, len(who), word.ctypes.data, at.ctypes.data, len(at), part.ctypes.data,
        len(settings.keep), settings.keep.ctypes.data, lists.ctypes.data, lists.shape[1],
    )  # fmt: skip
    people[who] = table
    if part is not out:
        out[who] = part


def _write(out: Array, x: Array, at: Array, first: Array, last: Array, who: NDArray[np.bool_]) -> None:
    """The present state at what was asked for from ``first`` until ``last`` of each of ``who``."""
    low, high = np.searchsorted(at, first, side="left"), np.searchsorted(at, last, side="right")
    while (more := np.flatnonzero(who & (low < high))).size:
        out[more, low[more]] = x[more]
        low = low + 1


def _status(done: Array, x: Array) -> NDArray[np.int8]:
    codes = np.array([Status.STOPPED, Status.CONVERGED, Status.STEP_LIMIT, Status.NOT_FINITE], dtype=np.int8)
    status = codes[done.astype(np.int8)]
    lost = (done == 1) & ~np.isfinite(x).all(axis=1)
    return np.asarray(np.where(lost, np.int8(Status.NOT_FINITE), status))
