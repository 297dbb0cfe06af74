"""How a solve ended: one small integer per lane, the same for the reference path and for the fast one."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Status"]


class Status(IntEnum):
    """How the search for a steady state, or an integration, ended. Only ``CONVERGED`` may be used as an answer.

    Attributes
    ----------
    CONVERGED
        The residual is below the tolerance and no concentration is negative.
    STEP_LIMIT
        Steps ran out before the tolerance was met.
    SINGULAR
        The Jacobian (moieties removed) cannot be solved: the steady state is not isolated, or there is none.
    NEGATIVE
        The equations are met, but by a negative concentration.
    NOT_FINITE
        A rate, or the state, became infinite or not a number.
    OTHER_BASIN
        A steady state, but not the one that the network reaches from its start.
    STOPPED
        Asked to stop before it was done.
    NOT_COMPUTED
        Not looked at yet: what a Zarr store shows of people whom `eutone.engine.stream` has not come to.
    EVENT_STORM
        Events set off each other, or themselves, without end.
    """

    NOT_COMPUTED = -1
    CONVERGED = 0
    STEP_LIMIT = 1
    SINGULAR = 2
    NEGATIVE = 3
    NOT_FINITE = 4
    OTHER_BASIN = 5
    STOPPED = 6
    EVENT_STORM = 7
