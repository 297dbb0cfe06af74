"""What a small step aside at the beginning of a period has become at its end, to first order.

Along a course ``x(t)`` a small difference ``d`` obeys ``d' = J(t, x(t)) d``. The period is cut into pieces, ``J`` in
each is the one in its middle, by formula, and ``exp(h J)`` is the (1, 2) Padé approximant, scaled and squared (Hairer
and Wanner, Solving Ordinary Differential Equations II, IV.3): third order for what is slow, and it forgets what is
fast. That is no solution, only a direction to look for one in: who uses it judges by a course.

Species differ 10^16-fold in size, so everything is in folds of each species' own size; without that a matrix of the
whole person has a condition of 10^15, and trace species are lost in its inverse.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from eutone.engine.derivative import Derivative, Formulas
from eutone.engine.differentiate import gradients
from eutone.engine.moieties import Moieties
from eutone.engine.network import Network

__all__ = ["Linearized"]

Array = NDArray[np.float64]

_SQUARINGS = 4


class Linearized:
    """A network's Jacobian by formula, on its independent species, and what follows for a period.

    Parameters
    ----------
    network : Network
    moieties : Moieties
        Of the network.
    """

    def __init__(self, network: Network, moieties: Moieties) -> None:
        f = Derivative(network)
        index = {name: k for k, name in enumerate(network.species)}
        found = [
            (i, index[name], slope) for i, row in enumerate(gradients(f.roots, index)) for name, slope in row.items()
        ]
        self._at = np.array([i for i, _, _ in found], dtype=np.intp), np.array([j for _, j, _ in found], dtype=np.intp)
        self._slopes = Formulas([slope for *_, slope in found], network)
        change = np.zeros((len(network.species), len(f.roots)))
        change[:, : len(network.reactions)] = network.stoichiometry
        for k, name in enumerate(network.drift, len(network.reactions)):
            change[index[name], k] = 1.0
        self._change = csr_array(change[moieties.independent])
        self._moieties = moieties

    def jacobian(self, t: float, x: Array, p: Array) -> Array:
        """``d(dx_i/dt)/dx_j`` of independent species, (m, m), where totals stay what they are."""
        terms = np.zeros((self._change.shape[1], len(x)))
        terms[self._at] = self._slopes(t, x, p)
        free, held = self._moieties.independent, self._moieties.dependent
        whole = self._change @ terms
        return np.asarray(whole[:, free] + whole[:, held] @ self._moieties.link)

    def newton(self, period: float, middles: Array, p: Array, size: Array) -> Array:
        """``(I - P')^-1`` of the period map ``P``, (m, m): the step to the orbit, per change over a period.

        Parameters
        ----------
        period : float
        middles : array, (n_pieces, n_species)
            The course in the middle of each piece.
        p : array, (n_parameters,)
        size : array, (m,)
            Of each independent species.

        Returns
        -------
        array, (m, m)
            The pseudo-inverse where something does not come back at all; 1 where the Jacobian is not finite.
        """
        m, pieces = len(size), len(middles)
        one, slope = np.eye(m), np.eye(m)
        with np.errstate(all="ignore"):
            for k, x in enumerate(middles):
                j = self.jacobian(period * (k + 0.5) / pieces, x, p) * (size / size[:, None])
                if not np.isfinite(j).all():
                    return one
                z = j * (period / pieces / 2**_SQUARINGS)
                r = np.linalg.solve(one - 2 / 3 * z + z @ z / 6, one + z / 3)
                for _ in range(_SQUARINGS):
                    r = r @ r
                slope = r @ slope
        if not np.isfinite(slope).all():
            return one
        try:
            inverse = np.linalg.inv(one - slope)
        except np.linalg.LinAlgError:
            inverse = np.linalg.pinv(one - slope, rcond=1e-12)
        return np.asarray(inverse * (size[:, None] / size))
