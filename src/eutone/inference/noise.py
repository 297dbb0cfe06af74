"""How far a measurement lies from what the model predicts for that person: the noise of each marker.

Healthy people spread for three reasons: their chemistry differs (the body's own spread under ``none``), the CSF samples
of one spinal tap move together (the shared factor, `likelihood`), and the rest. Their sum is known, because it is the
published healthy spread; so the rest is what is left of it::

    specific² = healthy² - body² - load²        but at least analytic² + within² (where within is known)

The load gives way first where body and shared factor together would overfill the healthy spread (what people of the
body have in common is shared already). Where the body alone overfills it the marker is *crowded*, and named. On top
come the laboratory term (halved where the laboratory brought its own interval) and the uncertainty of our centre (none
where it did).

The body predicts folds of its default person; the healthy centre belongs to the median healthy person. The median
ln fold under ``none`` is therefore taken off every prediction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from eutone.inference.bank import Bank
from eutone.knowledge.markers import Marker

__all__ = ["Noise", "columns_of", "from_bank"]

Array = NDArray[np.float64]

LAB_KEPT = 0.5
"""Share of the laboratory term that remains when the laboratory's own interval is used."""


@dataclass(frozen=True)
class Noise:
    """What healthy people look like in the model, per read-out.

    Attributes
    ----------
    readouts : tuple of str, (n_readouts,)
    centre : array, (n_readouts,)
        Median ln fold of healthy people, treatment none.
    healthy : array, (n, n_readouts)
        ln folds of healthy people about that centre.
    """

    readouts: tuple[str, ...]
    centre: Array
    healthy: NDArray[np.float32] = field(repr=False)

    def parts(
        self,
        marker: Marker,
        terms: Sequence[tuple[int, float]],
        healthy_sd: float,
        loads: Mapping[str, float],
        *,
        own_interval: bool,
        centre_sd: float,
    ) -> tuple[float, float, bool]:
        """Load of the shared factor, standard deviation of the rest, and whether the marker is crowded.

        Parameters
        ----------
        marker : Marker
        terms : sequence of (int, float)
            Read-outs and coefficients.
        healthy_sd : float
            Published spread of the ln value at this age and sex.
        loads : mapping of str to float
            Load of each read-out on the shared factor.
        own_interval : bool
            Whether the laboratory's interval places the value.
        centre_sd : float
            Uncertainty of our ln centre.
        """
        combined = sum(c * self.healthy[:, k].astype(np.float64) for k, c in terms)
        body = float(np.var(combined))
        load = sum(c * loads.get(self.readouts[k], 0.0) for k, c in terms)
        within = 0.0 if marker.within.grade == "unknown" else marker.within.value
        least = marker.analytic.value**2 + within**2
        room = healthy_sd**2 - body
        crowded = room < least
        load = float(np.sign(load)) * sqrt(max(min(load**2, room - least), 0.0))
        specific = max(room - load**2, least)
        lab = marker.lab.value * (LAB_KEPT if own_interval else 1.0)
        unsure = 0.0 if own_interval else centre_sd
        return load, sqrt(specific + lab**2 + unsure**2), crowded


def from_bank(bank: Bank) -> Noise:
    """The healthy people of an untreated bank: the first form of ``none``."""
    rows = bank.rows("none")
    typical = bank.log_readouts[rows][bank.form[rows] == 0]
    centre = np.median(typical, axis=0).astype(np.float64)
    return Noise(bank.readouts, centre, (typical - centre).astype(np.float32))


def columns_of(marker: Marker, readouts: Sequence[str], markers: Mapping[str, Marker]) -> tuple[tuple[int, float], ...]:
    """Read-outs and coefficients of a marker's ln value; empty where the body predicts nothing for it."""
    known = list(readouts)
    if marker.parts:
        names = [(markers[part].readout or part) if part in markers else part for part in marker.parts]
        if all(name in known for name in names):
            return tuple((known.index(name), sign) for name, sign in zip(names, (1.0, -1.0), strict=True))
        return ()
    name = marker.readout
    return ((known.index(name), 1.0),) if name is not None and name in known else ()
