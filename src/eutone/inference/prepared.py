"""Everything that stands before a panel is looked at: the explanations with their priors, the treatment, the bank.

It depends on who is measured only through what is taken (and, for doses, weight and age) and through the sex, which
moves some priors; the bank is the same for both, so that one bank serves every panel of a treatment class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eutone._person import Person
from eutone._protocol import Protocol
from eutone.engine.chunks import Stop
from eutone.inference import bank as banks
from eutone.inference.bank import Bank, Sizes
from eutone.inference.noise import Noise, from_bank
from eutone.inference.prior import UNTREATED, missing
from eutone.knowledge import explanations
from eutone.knowledge.explanations import Explanation

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True)
class Prepared:
    """What a panel meets.

    Attributes
    ----------
    body : Body
        Under the exposure (`Body.under`).
    exposure : Exposure
        What is taken, as the body sees it.
    explanations : tuple of Explanation, (n,)
        Those whose prior is above zero and whose parameters the body has.
    absent : tuple of str
        Ids of those that the body cannot show.
    weights : array, (n,)
        Their prior; sums to one.
    bank, healthy : Bank
        People under this treatment, and untreated people without a defect.
    noise : Noise
    """

    body: Any
    exposure: Any
    explanations: tuple[Explanation, ...]
    absent: tuple[str, ...]
    weights: NDArray[np.float64]
    bank: Bank
    healthy: Bank
    noise: Noise

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the explanations."""
        return tuple(e.id for e in self.explanations)


def prepare(
    body: Any,
    taking: Protocol,
    person: Person,
    *,
    setting: str = "referred",
    seed: int = 0,
    sizes: Sizes | None = None,
    threads: int | None = None,
    hours: Mapping[str, float] | None = None,
    stop: Stop | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Prepared:
    """Choose the explanations and obtain the bank of a treatment.

    Parameters
    ----------
    hours : mapping of str to float, optional
        Hours between the last dose and the sample, by read-out, where the panel says so.

    Raises
    ------
    InputError
        If the setting is not known.
    SolveError
        If too many of the people drawn reach no steady state.
    StoppedError
        If ``stop`` was set.
    """
    shares = explanations.priors(setting, taking_stated=taking.stated, sex=person.sex)
    possible = [e for e in explanations.load() if shares[e.id] > 0]
    known = tuple(e for e in possible if e.id == "none" or not missing(body, e))
    weights = np.array([shares[e.id] for e in known])
    exposure = body.treatment(taking, person, hours)
    solver = body.under(exposure)
    bank, _ = banks.obtain(
        solver, known, exposure, sizes=sizes, seed=seed, threads=threads, stop=stop, progress=progress
    )
    healthy = bank
    if exposure.class_key != UNTREATED.class_key:
        healthy, _ = banks.obtain(body, known[:1], UNTREATED, sizes=sizes, seed=seed, threads=threads, stop=stop)
    return Prepared(
        solver,
        exposure,
        known,
        tuple(e.id for e in possible if e not in known),
        weights / weights.sum(),
        bank,
        healthy,
        from_bank(healthy),
    )
