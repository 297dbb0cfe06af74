"""What to measure next: which unmeasured marker would change the decision most, per cost and burden.

The gain of a marker is the information that its value is expected to give about the explanation, in bits, given what is
known already: the mutual information between explanation and value. Values fall into bins; the probability of each bin
for a person is exact for the noise, so that only the people are sampled. Costs are relative (a blood test is 1); a
specimen that the panel already holds costs less, because the sample need not be taken again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone._person import Person
from eutone.inference import student
from eutone.inference.likelihood import Observation
from eutone.inference.noise import Noise
from eutone.inference.observe import noise_of
from eutone.inference.posterior import Posterior
from eutone.inference.smc import systematic
from eutone.inference.streams import stream
from eutone.knowledge._table import number, rows
from eutone.knowledge.markers import Marker

__all__ = ["Test", "costs", "gain", "next_tests"]

Array = NDArray[np.float64]

_PEOPLE = 2000
_BINS = 16
_LEAST = 0.01
"""Bits below which a test is not worth naming."""


@dataclass(frozen=True)
class Test:
    """A marker that was not measured.

    Attributes
    ----------
    marker, specimen : str
    gain : float
        Expected information about the explanation, bits.
    cost : float
        Relative to a blood test.
    separates : tuple of str
        The two explanations about which it is expected to tell most.
    """

    marker: str
    specimen: str
    gain: float
    cost: float
    separates: tuple[str, ...]


def costs() -> dict[str, tuple[float, float]]:
    """Cost of a marker by specimen: with a new sample, and on a sample that is there already."""
    table = {}
    for row in rows("specimen_costs"):
        table[row["specimen"]] = (number(row, "new") or 0.0, number(row, "added") or 0.0)
    return table


def gain(posterior: Posterior, drawn: NDArray[np.int64], observation: Observation) -> tuple[float, Array]:
    """Expected information of one marker about the explanation.

    Parameters
    ----------
    drawn : array, (n,)
        Rows of the posterior, equally weighted.

    Returns
    -------
    float, array (n_explanations,)
        Bits, and each explanation's part of them.
    """
    mu = observation.predicted(posterior.log_readouts[drawn])
    owner = posterior.owner[drawn]
    sd = float(np.hypot(observation.sd, observation.load))
    scale = float(student.scale_of(sd))
    spread = 1.5 * sd
    edges = np.quantile(mu, (np.arange(1, _BINS) / _BINS)) + np.linspace(-spread, spread, _BINS - 1)
    reach = np.concatenate([[-np.inf], edges, [np.inf]])
    at = student.cdf((reach[None, :] - mu[:, None]) / scale)
    chance = np.maximum(np.diff(at, axis=1), 0.0)
    joint = np.zeros((posterior.prior.size, _BINS))
    np.add.at(joint, owner, chance)
    joint /= joint.sum()
    by_cause, by_bin = joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(joint > 0, joint * np.log2(joint / (by_cause * by_bin)), 0.0)
    return max(float(terms.sum()), 0.0), np.asarray(terms.sum(axis=1))


def next_tests(
    posterior: Posterior,
    person: Person,
    noise: Noise,
    markers: Mapping[str, Marker],
    measured: Sequence[str],
    *,
    seed: int = 0,
    most: int = 8,
) -> tuple[Test, ...]:
    """Unmeasured markers by gain per cost, best first.

    Parameters
    ----------
    measured : sequence of str
        Ids of markers that the panel holds, used or not.
    most : int
        How many to name.
    """
    table = costs()
    held = {markers[m].specimen for m in measured if m in markers}
    known = {markers[m].readout for m in measured if m in markers}
    drawn = systematic(posterior.weights, _PEOPLE, stream(seed, "next tests"))
    found: dict[str, Test] = {}
    for marker in markers.values():
        if marker.id in measured or marker.readout in known or marker.parts or marker.specimen not in table:
            continue
        candidate = noise_of(marker, person, noise, markers)
        if candidate is None:
            continue
        bits, parts = gain(posterior, drawn, candidate[0])
        if bits < _LEAST:
            continue
        new, added = table[marker.specimen]
        leaders = tuple(posterior.ids[i] for i in np.argsort(-parts, kind="stable")[:2])
        test = Test(marker.id, marker.specimen, bits, added if marker.specimen in held else new, leaders)
        key = marker.readout or marker.id  # one of the ways in which the same analyte is given
        if key not in found or test.gain > found[key].gain:
            found[key] = test
    return tuple(sorted(found.values(), key=lambda t: (-t.gain / t.cost, t.marker))[:most])
