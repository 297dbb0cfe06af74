"""`profile`: from a panel to a calibrated person, and what may be said about the answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from eutone import _case
from eutone._errors import SolveError
from eutone.engine.chunks import threads_of
from eutone.inference import classes, discrepancy, next_tests, observe, posterior
from eutone.inference.bank import Sizes
from eutone.inference.prepared import prepare
from eutone.inference.stopping import heed
from eutone.knowledge import markers

if TYPE_CHECKING:
    from collections.abc import Callable

    from eutone._read import Case
    from eutone._results import Profile
    from eutone.engine.chunks import Stop

__all__ = ["profile"]


def profile(
    case: Case,
    *,
    setting: str | None = None,
    seed: int = 0,
    threads: int | None = None,
    prior: bool = False,
    progress: Callable[[str, float], None] | None = None,
    stop: Stop | None = None,
    body: Any = None,
    sizes: Sizes | None = None,
) -> Profile:
    """Calibrate the body to one person's panel.

    Parameters
    ----------
    case : Case
        What `eutone.read` returns.
    setting : str, optional
        How common each explanation is beforehand: ``referred``, ``general`` or ``flat``. If left out, ``referred`` for
        a panel with cerebrospinal fluid (whose CSF is drawn has been referred) and ``general`` without.
    seed : int
        Of every random draw; 0 is a seed.
    threads : int, optional
        All available cores by default. The answer does not depend on it.
    prior : bool
        Go on although no marker can be used: the profile is then the prior.
    progress : callable, optional
        Called with the name of the stage and the share done.
    stop : object with ``is_set()``, optional
        Such as a `threading.Event`: polled throughout; once it is set there is a `StoppedError` instead of a profile.
        No solve begins after that, and one that runs ends early.
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
    StoppedError
        If ``stop`` was set before the profile was made.
    """
    begun = time.perf_counter()

    def tell(stage: str, share: float) -> None:
        if progress is not None:
            progress(stage, share)
        heed(stop, stage)

    threads = threads_of(threads)
    setting = setting or _case.usual_setting(case)
    tell("reading the body", 0.0)
    body = body if body is not None else _case.own_body()
    ready = prepare(
        body, case.taking, case.person, setting=setting, seed=seed, sizes=sizes, threads=threads,
        hours=_case.hours_of(case, body), stop=stop,
        progress=lambda stage, share: tell(stage, 0.05 + 0.55 * share),
    )  # fmt: skip

    tell("weighing the panel", 0.6)
    table = markers.load()
    observed = observe.observe(case.panel, case.person, ready.noise, table, threads=threads)
    if not observed.likelihood.observations and not prior:
        raise SolveError(_case.nothing_usable(observed))
    separable = classes.classes(ready.bank, ready.weights, observed.likelihood, seed=seed)  # values are not looked at
    found = posterior.calibrate(
        ready, observed.likelihood, seed=seed, threads=threads, stop=stop, progress=_within(tell, 0.65)
    )
    fit = discrepancy.check(ready, found, observed.likelihood, seed=seed)
    likelihood = observed.likelihood.widened(discrepancy.widening(fit))
    if likelihood != observed.likelihood:
        found = posterior.calibrate(
            ready, likelihood, seed=seed, threads=threads, stop=stop, progress=_within(tell, 0.78)
        )

    tell("asking what would tell more", 0.9)
    measured = [m.marker for m in case.panel.measurements if m.marker]
    tests = next_tests.next_tests(found, case.person, ready.noise, table, measured, seed=seed)
    tell("writing it down", 0.95)
    answer = _case.Answer(case, setting, seed, ready, observed, likelihood, found, separable, fit, tests)
    return _case.to_profile(answer, seconds=time.perf_counter() - begun)


def _within(tell: Callable[[str, float], None], begin: float) -> Callable[[str, float], None]:
    return lambda stage, share: tell(stage, begin + 0.12 * share)
