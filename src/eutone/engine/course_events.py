"""Events of many people: an `Agenda` for each, so that what happens when is decided as on the reference path.

The machine code only stops at the first moment at which a trigger is other than it was. That is rare beside its steps;
what follows, priorities, delays, assignments, is done here, one person at a time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eutone.engine.agenda import Agenda, EventStormError
from eutone.engine.derivative import Derivative
from eutone.engine.network import Network

__all__ = ["Agendas"]

Array = NDArray[np.float64]


class Agendas:
    """What waits for whom, and what every trigger was."""

    def __init__(self, network: Network, free: tuple[str, ...], values: Array, span: float) -> None:
        derivative = Derivative(network)
        columns = [network.parameters.index(name) for name in free]
        self._parameters = np.tile(network.values, (len(values), 1))
        self._parameters[:, columns] = values
        self._agendas = [Agenda(derivative, span) for _ in range(len(values))]

    def settle(self, who: NDArray[np.bool_], now: Array, x: Array, truth: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Do what is due; states ``x`` and ``truth`` of triggers are changed in place.

        Returns
        -------
        array, (n,)
            When the next execution that waits is due; infinity if nothing waits.
        array of bool, (n,)
            Whose events never end.
        """
        due, storm = np.full(len(now), np.inf), np.zeros(len(now), dtype=bool)
        for i in np.flatnonzero(who):
            agenda = self._agendas[i]
            try:
                x[i] = agenda.settle(float(now[i]), x[i].copy(), self._parameters[i])
            except EventStormError:
                storm[i] = True
                continue
            truth[i], due[i] = agenda.truth, agenda.next()
        return due, storm
