"""`profile`: from a panel to a calibrated person, and what may be said about the answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from eutone import _case
from eutone._errors import SolveError
from eutone.inference import bank as banks
from eutone.inference import classes, discrepancy, next_tests, noise, observe, posterior
from eutone.inference.prior import UNTREATED, missing
from eutone.knowledge import explanations, markers

if TYPE_CHECKING:
    from collections.abc import Callable

    from eutone._read import Case
    from eutone._results import Profile

__all__ = ["profile"]


def profile(
    case: Case,
    *,
    setting: str = "referred",
    seed: int = 0,
    threads: int | None = None,
    prior: bool = False,
    progress: Callable[[str, float], None] | None = None,
    body: Any = None,
    sizes: banks.Sizes | None = None,
) -> Profile:
    """Calibrate the body to one person's panel.

    Parameters
    ----------
    case : Case
        What `eutone.read` returns.
    setting : str
        How common each explanation is beforehand: ``referred``, ``general`` or ``flat``.
    seed : int
        Of every random draw; 0 is a seed.
    threads : int, optional
        All available cores by default. The answer does not depend on it.
    prior : bool
        Go on although no marker can be used: the profile is then the prior.
    progress : callable, optional
        Called with the name of the stage and the share done.
    body : Body, optional
        Another body than Eutone's own.
    sizes : Sizes, optional
        How many people the bank holds.

    Returns
    -------
    Profile

    Raises
    ------
    SolveError
        If no marker can be used and ``prior`` is False, if nothing explains the panel, or if too many solves failed.
    InputError
        If the setting is not known.
    """
    begun = time.perf_counter()
    tell = progress or (lambda *_: None)
    shares = explanations.priors(setting, taking_stated=case.taking.stated)
    tell("reading the body", 0.0)
    body = body if body is not None else _case.own_body()
    threads = threads or _case.cores()
    known = tuple(e for e in explanations.load() if shares[e.id] > 0 and (e.id == "none" or not missing(body, e)))
    weights = np.array([shares[e.id] for e in known])
    weights /= weights.sum()
    exposure = body.treatment(case.taking, case.person)
    options: dict[str, Any] = {"sizes": sizes, "seed": seed, "threads": threads}

    tell("drawing people", 0.05)
    bank, _ = banks.obtain(body, known, exposure, progress=lambda s, x: tell(s, 0.05 + 0.55 * x), **options)
    healthy = bank
    if exposure.class_key != UNTREATED.class_key:
        healthy, _ = banks.obtain(body, known[:1], UNTREATED, **options)
    normal = noise.from_bank(healthy)

    tell("weighing the panel", 0.6)
    table = markers.load()
    observed = observe.observe(case.panel, case.person, normal, table, threads=threads)
    if not observed.likelihood.observations and not prior:
        raise SolveError(_case.nothing_usable(observed))
    separable = classes.classes(bank, weights, observed.likelihood, seed=seed)  # before the values are looked at

    def calibrate(likelihood: Any) -> posterior.Posterior:
        return posterior.calibrate(
            body, bank, known, exposure, weights, likelihood, seed=seed, threads=threads,
            progress=lambda s, x: tell(s, 0.65 + 0.25 * x),
        )  # fmt: skip

    found = calibrate(observed.likelihood)
    fit = discrepancy.check(found, observed.likelihood, seed=seed)
    likelihood = observed.likelihood
    if (wider := discrepancy.widening(fit)) > 1.0:
        likelihood = likelihood.widened(wider)
        found = calibrate(likelihood)

    tell("asking what would tell more", 0.9)
    measured = [m.marker for m in case.panel.measurements if m.marker]
    tests = next_tests.next_tests(found, case.person, normal, table, measured, seed=seed)
    answer = _case.Answer(
        case, setting, seed, body, exposure, known, bank, healthy, normal, observed, likelihood, found, separable, fit,
        tests,
    )  # fmt: skip
    tell("writing it down", 0.95)
    return _case.to_profile(answer, seconds=time.perf_counter() - begun)
