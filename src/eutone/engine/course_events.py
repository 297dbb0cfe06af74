"""Events of many people: an `Agenda` for each, so that what happens when is decided as on the reference path.

The machine code only stops at the first moment at which a trigger is other than it was. That is rare beside its steps;
what follows, priorities, delays, assignments, is done here, one person at a time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eutone.engine.agenda import Agenda, BadDelayError, EventFormulas, EventStormError
from eutone.engine.status import Status

__all__ = ["Agendas"]

Array = NDArray[np.float64]


class Agendas:
    """What waits for whom, and what every trigger was."""

    def __init__(self, formulas: EventFormulas, free: tuple[str, ...], n: int, span: float) -> None:
        network = formulas.triggers.network
        self._columns = [network.parameters.index(name) for name in free]
        self._parameters = network.values.copy()
        self._agendas = [Agenda(formulas, span) for _ in range(n)]

    def settle(
        self, who: NDArray[np.bool_], now: Array, x: Array, free: Array, truth: Array
    ) -> tuple[Array, NDArray[np.int8]]:
        """Do what is due; states ``x`` and ``truth`` of triggers are changed in place.

        Parameters
        ----------
        free : array, (n, n_free or more)
            Free parameters as they are now, doses included.

        Returns
        -------
        array, (n,)
            When the next execution that waits is due; infinity if nothing waits.
        array of int8, (n,)
            ``CONVERGED``; for whose events never end ``EVENT_STORM``, where a delay is impossible ``NOT_FINITE``.
        """
        due, status = np.full(len(now), np.inf), np.full(len(now), Status.CONVERGED, dtype=np.int8)
        parameters = self._parameters
        for i in np.flatnonzero(who):
            agenda = self._agendas[i]
            parameters[self._columns] = free[i, : len(self._columns)]
            try:
                x[i] = agenda.settle(float(now[i]), x[i].copy(), parameters)
            except EventStormError:
                status[i] = Status.EVENT_STORM
                continue
            except BadDelayError:
                status[i] = Status.NOT_FINITE
                continue
            truth[i], due[i] = agenda.truth, agenda.next()
        return due, status
