"""From a calibrated posterior to the result: the contract, the tables and the draws.

Nothing is decided here that inference has not decided; this is where it is put into words and units.
"""

from __future__ import annotations

import json
import platform
import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from eutone import __version__, _results
from eutone._bands import LEVELS
from eutone._read import Case
from eutone.inference import observe, student
from eutone.inference.classes import Classes
from eutone.inference.discrepancy import Fit, widening
from eutone.inference.fingerprint import inference_hash
from eutone.inference.likelihood import Likelihood
from eutone.inference.next_tests import Test
from eutone.inference.observe import Observed, Use
from eutone.inference.posterior import Posterior, drivers
from eutone.inference.prepared import Prepared
from eutone.inference.prior import BodyLike, Prior
from eutone.inference.smc import systematic
from eutone.inference.streams import stream
from eutone.inference.verdict import informed, prior_sample, quantiles
from eutone.knowledge import markers
from eutone.knowledge.fingerprint import knowledge_hash

if TYPE_CHECKING:
    import xarray

__all__ = ["Answer", "hours_of", "nothing_usable", "own_body", "to_profile", "usual_setting"]

Array = NDArray[np.float64]

DRAWS = 2000
HEALTHY = (0.025, 0.975)
IMBALANCED = 0.8
"""Probability outside the healthy interval from which a system is listed."""

_NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class Answer:
    """Everything that a profile is made of."""

    case: Case
    setting: str
    seed: int
    ready: Prepared
    observed: Observed
    likelihood: Likelihood
    posterior: Posterior
    classes: Classes
    fit: Fit
    tests: tuple[Test, ...]


def own_body() -> BodyLike:
    """Eutone's own body."""
    from eutone import body

    return cast(BodyLike, body.load())


def usual_setting(case: Case) -> str:
    """``referred`` where cerebrospinal fluid was drawn (nobody is tapped without a reason), else ``general``."""
    return "referred" if any(m.specimen == "csf" for m in case.panel.measurements) else "general"


def hours_of(case: Case, body: BodyLike) -> dict[str, float]:
    """Hours between the last dose and the sample by read-out, where the panel says so."""
    return observe.hours_of(case.panel, case.person, body.readouts, markers.load())


def nothing_usable(observed: Observed) -> str:
    """Why there is nothing to calibrate to."""
    if not observed.uses:
        return "the panel holds no measurement"
    reasons = Counter(use.why for use in observed.uses)
    said = "; ".join(f"{n} x {why}" if n > 1 else str(why) for why, n in reasons.most_common())
    return f"no measurement of the panel can be used ({said}). Ask for the prior alone with --prior"


def to_profile(answer: Answer, *, seconds: float) -> _results.Profile:
    """The result with its draws."""
    posterior = answer.posterior
    failed = int(answer.ready.bank.failed.sum()) + posterior.failed
    solves = int(answer.ready.bank.drawn.sum()) + posterior.solves
    not_modelled = [t for t in _taken(answer) if not t.modelled]
    quantities = _quantities(answer)
    data = _results.ProfileResult(
        status="partial" if not_modelled or failed > 0.05 * solves else "ok",
        person=_results.PersonResult(**asdict(answer.case.person)),
        measurements=tuple(_measurement(answer, use) for use in answer.observed.uses),
        quantities=quantities,
        explanations=_explanations(answer),
        imbalances=_imbalances(quantities),
        next_tests=tuple(_test(t) for t in answer.tests),
        discrepancy=_discrepancy(answer.fit),
        limits=_limits(answer, failed, solves),
        provenance=_results.Provenance(
            version=__version__,
            model_hash=answer.ready.body.model_hash,
            knowledge_hash=knowledge_hash(),
            seed=answer.seed,
            platform=f"{platform.system().lower()}-{platform.machine()}",
            solves=solves,
            ess=posterior.ess,
            seconds=seconds,
            failed=failed,
            method="bank and smc" if posterior.refined else "bank",
            inference_hash=inference_hash(),
        ),
        setting=cast(Any, answer.setting),
        taking=_taken(answer),
        taking_stated=answer.case.taking.stated,
        warnings=_warnings(answer),
        issues=tuple(_results.IssueResult(message=text) for text in answer.case.issues),
        title=answer.case.person.id or None,
    )
    return _results.Profile(data, _tree(answer), _input(answer.case))


def _explanations(answer: Answer) -> tuple[_results.ExplanationResult, ...]:
    posterior = answer.posterior
    told = drivers(posterior)
    none = posterior.evidence[posterior.ids.index("none")].log
    rows = []
    for i, (cause, evidence) in enumerate(zip(answer.ready.explanations, posterior.evidence, strict=True)):
        members = answer.classes.of(cause.id)
        together = len(members) > 1
        shares = posterior.form_shares(i)
        with np.errstate(over="ignore"):
            factor = float(np.exp(evidence.log - none)) if np.isfinite(evidence.log - none) else np.inf
        rows.append(
            _results.ExplanationResult(
                id=cause.id,
                causes=(cause.id,),
                name=cause.name,
                kind=cast(Any, cause.kind),
                class_="|".join(members) if together else None,
                class_members=members if together else (),
                prior=float(posterior.prior[i]),
                probability=float(posterior.probability[i]),
                log_evidence=_results.finite(evidence.log),
                log_evidence_se=evidence.se if np.isfinite(evidence.log) else None,
                drivers=_drivers(answer, told[i]),
                bayes_factor=_results.finite(factor),
                forms=tuple(
                    _results.Form(
                        id=form.id, name=form.id.replace("-", " "), probability=float(posterior.probability[i] * share)
                    )
                    for form, share in zip(cause.forms, shares, strict=False)
                    if len(cause.forms) > 1 and share > 1e-3
                ),
            )
        )
    return tuple(rows)


def _drivers(answer: Answer, told: Array) -> tuple[_results.Driver, ...]:
    by_observation = {use.observation: use for use in answer.observed.uses if use.observation is not None}
    order = np.argsort(-np.abs(np.where(np.isfinite(told), told, 0.0)), kind="stable")
    return tuple(
        _results.Driver(
            marker=answer.likelihood.observations[k].marker,
            contribution=_results.finite(float(told[k])),
            direction=_direction(by_observation[int(k)]),
        )
        for k in order[:6]
    )


def _direction(use: Use) -> Any:
    if use.measurement.comparator in ("low", "normal", "high"):
        return use.measurement.comparator
    if use.z is None:
        return None
    return "low" if use.z < -1.96 else "high" if use.z > 1.96 else "normal"


def _quantities(answer: Answer) -> tuple[_results.QuantityResult, ...]:
    posterior, bank, healthy = answer.posterior, answer.ready.bank, answer.ready.healthy
    sample = prior_sample(bank, posterior.prior)
    before = bank.log_quantities[sample.rows]
    found = informed(before, sample.weights, posterior.log_quantities, posterior.weights, posterior.group)
    after_bands = np.exp(quantiles(posterior.log_quantities, posterior.weights, LEVELS))
    prior_bands = np.exp(quantiles(before, sample.weights, LEVELS))
    rows = healthy.rows("none")
    typical = healthy.log_quantities[rows][healthy.form[rows] == 0]
    bounds = np.quantile(typical, HEALTHY, axis=0)
    below = posterior.weights @ (posterior.log_quantities < bounds[0])
    above = posterior.weights @ (posterior.log_quantities > bounds[1])
    results = []
    for q, about in enumerate(answer.ready.body.quantities):
        low, median, high = (float(x) for x in after_bands[:, q])
        p_low = float(min(max(below[q], 0.0), 1.0))
        results.append(
            _results.QuantityResult(
                id=about.id,
                name=about.name,
                system=about.system,
                region=about.region or None,
                unit=about.unit,
                median=median,
                low=low,
                high=high,
                prior=_results.Band(
                    low=float(prior_bands[0, q]), median=float(prior_bands[1, q]), high=float(prior_bands[2, q])
                ),
                healthy=_results.Healthy(
                    low=float(np.exp(bounds[0, q])), high=float(np.exp(bounds[1, q])), basis="prior under none"
                ),
                p_low=p_low,
                p_high=float(min(max(above[q], 0.0), 1.0 - p_low)),
                information=float(found.bits[q]),
                information_se=float(found.se[q]),
                contraction=_results.finite(float(found.contraction[q])),
                verdict=cast(Any, found.verdicts[q]),
            )
        )
    return tuple(results)


def _imbalances(quantities: tuple[_results.QuantityResult, ...]) -> tuple[_results.Imbalance, ...]:
    """Systems of which a quantity that the panel informs lies outside the healthy range."""
    groups: dict[tuple[str, str | None, str], list[tuple[float, _results.QuantityResult]]] = {}
    for q in quantities:
        if q.verdict == "prior-only":
            continue
        for direction, p in (("low", q.p_low), ("high", q.p_high)):
            if p is not None and p >= IMBALANCED:
                groups.setdefault((q.system, q.region, direction), []).append((p, q))
    found = []
    for (system, region, direction), members in groups.items():
        members.sort(key=lambda m: (-m[0], m[1].id))
        p, lead = members[0]
        place = f"{region}.{system}" if region else system
        found.append(
            _results.Imbalance(
                id=f"{place}.{direction}",
                name=lead.name,
                system=system,
                direction=cast(Any, direction),
                probability=p,
                region=region,
                verdict=lead.verdict,
                quantities=tuple(q.id for _, q in members),
            )
        )
    return tuple(sorted(found, key=lambda i: (-i.probability, i.id)))


def _measurement(answer: Answer, use: Use) -> _results.MeasurementResult:
    m, known = use.measurement, markers.load()
    marker = known.get(m.marker) if m.marker else None
    number = _NUMBER.search(m.written.replace(",", ".")) if m.value is not None else None
    interval = use.interval
    expected, healthy = _predicted(answer, use)
    own = m.low is not None or m.high is not None
    return _results.MeasurementResult(
        marker=m.marker or m.name,
        specimen=m.specimen,
        value=float(number[0]) if number else None,
        comparator=cast(Any, m.comparator),
        unit=m.unit,
        canonical_value=None if m.comparator.startswith("z") else _results.finite(m.value),
        canonical_unit=marker.unit if marker else None,
        interval=_results.SourcedInterval(low=interval.low, high=interval.high, source=interval.source)
        if interval
        else None,
        z=_results.finite(use.z),
        used=use.used,
        why=use.why,
        name=marker.name if marker else m.name,
        row=m.row,
        laboratory=_results.SourcedInterval(low=m.low, high=m.high, source="laboratory") if own else None,
        expected=expected,
        healthy=healthy,
        note=m.note or None,
    )


def _predicted(answer: Answer, use: Use) -> tuple[_results.Band | None, _results.Healthy | None]:
    """What the posterior and what healthy people would show, with noise, in the marker's unit."""
    k = use.observation
    if k is None or use.interval is None or answer.observed.likelihood.observations[k].marker != use.measurement.marker:
        return None, None
    o = answer.likelihood.observations[k]
    rng = stream(answer.seed, "predicted", o.marker)
    rows = systematic(answer.posterior.weights, DRAWS, rng)
    offset = sum(c * float(answer.ready.noise.centre[column]) for column, c in o.terms)
    error = o.load * rng.standard_normal(DRAWS) + float(student.scale_of(o.sd)) * student.sample(rng, DRAWS)
    folds = o.predicted(answer.posterior.log_readouts[rows]) - offset + error
    normal = o.predicted(answer.ready.noise.healthy[rng.integers(0, len(answer.ready.noise.healthy), DRAWS)]) + error
    to_unit = use.interval.centre
    low, median, high = (float(x) for x in to_unit * np.exp(np.quantile(folds, LEVELS)))
    below, above = (float(x) for x in to_unit * np.exp(np.quantile(normal, HEALTHY)))
    return (
        _results.Band(low=low, median=median, high=high),
        _results.Healthy(low=below, high=above, basis="prior under none"),
    )


def _test(test: Test) -> _results.NextTest:
    marker = markers.load()[test.marker]
    return _results.NextTest(
        marker=test.marker,
        specimen=test.specimen,
        gain=test.gain,
        cost=test.cost,
        name=marker.name,
        why="tells most about " + " and ".join(test.separates),
    )


def _discrepancy(fit: Fit) -> _results.Discrepancy:
    note = None
    if widening(fit) > 1.0:
        note = f"the specific errors were taken {widening(fit):g} times wider than usual"
    return _results.Discrepancy(status=cast(Any, fit.status), p_value=fit.p_value, markers=fit.markers, note=note)


def _taken(answer: Answer) -> tuple[_results.TakenResult, ...]:
    modelled = {_name(item): item for item in answer.ready.exposure.modelled}
    refused = {_name(item): item for item in answer.ready.exposure.not_modelled}
    return tuple(
        _results.TakenResult(
            name=dose.name,
            drug=dose.drug,
            modelled=dose.name in modelled,
            why=_why(modelled.get(dose.name, refused.get(dose.name))),
        )
        for dose in answer.case.taking.doses
    )


def _name(item: Any) -> str:
    return item if isinstance(item, str) else str(item[0])


def _why(item: Any) -> str | None:
    return None if item is None or isinstance(item, str) or len(item) < 2 else str(item[1])


def _warnings(answer: Answer) -> tuple[str, ...]:
    person, said = answer.case.person, []
    if person.age_years is None:
        said.append("the age is not given: every age was thought possible, which widens everything")
    if person.sex is None:
        said.append("the sex is not given: both were thought possible")
    if answer.observed.crowded:
        names = ", ".join(answer.observed.crowded)
        said.append(f"healthy people spread at least as wide in the model as was published for {names}")
    measured = {answer.ready.bank.readouts[column] for o in answer.likelihood.observations for column, _ in o.terms}
    strained = [(name, seen) for name, seen in getattr(answer.ready.body, "strained", ()) if seen in measured]
    for name in dict.fromkeys(name for name, _ in strained):
        affected = ", ".join(seen for moved, seen in strained if moved == name)
        said.append(
            f"what {affected} sees of the treatment at that hour does not follow its course ({name}): "
            "taken as nothing or as its peak, whichever is nearer"
        )
    return tuple(said)


def _limits(answer: Answer, failed: int, solves: int) -> tuple[str, ...]:
    """What was not looked at."""
    absent = answer.ready.absent
    said = [
        "Causes that are not in the table of explanations, and two causes at once",
        "Age and sex move what is measured, not the chemistry itself",
        "Healthy ranges of quantities are those of the model's own healthy people",
    ]
    if absent:
        said.append("Explanations that this body cannot show: " + ", ".join(absent))
    if answer.case.person.genes:
        said.append("The genotypes given were not used")
    if any(m.csf_fraction_ml is not None for m in answer.case.panel.measurements):
        said.append("The fraction of CSF was not used: a middle fraction was assumed")
    if answer.case.taking.stated:
        said.append("Drugs beyond those declared")
    if failed:
        said.append(f"{failed} of {solves} simulated people reached no steady state and were left out")
    return tuple(said)


def _input(case: Case) -> str:
    """The input as JSON text, for the case file."""
    return json.dumps(asdict(case), default=str, ensure_ascii=False, sort_keys=True)


def _tree(answer: Answer) -> xarray.DataTree:
    """The draws in ArviZ's schema: one chain, equal weights after resampling, and the explanation of each draw."""
    import xarray

    posterior, bank, body = answer.posterior, answer.ready.bank, answer.ready.body
    rng = stream(answer.seed, "draws")
    rows = systematic(posterior.weights, DRAWS, rng)
    sample = prior_sample(bank, posterior.prior)
    prior_rows = systematic(sample.weights, DRAWS, rng)
    coords: dict[str, Any] = {
        "chain": [0],
        "draw": np.arange(DRAWS),
        "quantity": [q.id for q in body.quantities],
        "readout": list(bank.readouts),
        "parameter": list(body.free),
        "observation": [o.marker for o in answer.likelihood.observations],
        "cause": list(posterior.ids),
    }

    def group(owner: Any, folds: Any, amounts: Any, factors: Any) -> xarray.Dataset:
        each = {
            "explanation": (("chain", "draw"), owner[None]),
            "weight": (("chain", "draw"), np.full((1, DRAWS), 1.0 / DRAWS)),
            "ln_readout": (("chain", "draw", "readout"), folds[None]),
            "ln_quantity": (("chain", "draw", "quantity"), amounts[None]),
            "ln_factor": (("chain", "draw", "parameter"), factors[None].astype(np.float32)),
        }
        names = ("chain", "draw", "quantity", "readout", "parameter", "cause")
        return xarray.Dataset(each, {name: coords[name] for name in names})

    owner, index = posterior.owner[rows], posterior.index[rows]
    before = sample.rows[prior_rows]
    first = group(owner, posterior.log_readouts[rows], posterior.log_quantities[rows], _factors(answer, owner, index))
    whole = group(
        sample.owner[prior_rows],
        bank.log_readouts[before],
        bank.log_quantities[before],
        _factors(answer, sample.owner[prior_rows], bank.index[before], sampled=False),
    )
    observations = answer.likelihood.observations
    z = rng.standard_normal(DRAWS)
    error = student.sample(rng, (DRAWS, len(observations)))
    predicted = np.zeros((DRAWS, len(observations)))
    for k, o in enumerate(observations):
        mu = o.predicted(posterior.log_readouts[rows])
        predicted[:, k] = mu + o.load * z + float(student.scale_of(o.sd)) * error[:, k] + answer.observed.centres[k]
    some = {name: coords[name] for name in ("chain", "draw", "observation")}
    centre = np.array(answer.observed.centres)
    bounds = {
        side: ("observation", np.array([getattr(o, side)[0] for o in observations]) + centre)
        for side in ("low", "high")
    }
    return xarray.DataTree.from_dict(
        {
            "posterior": first,
            "prior": whole,
            "posterior_predictive": xarray.Dataset(
                {"ln_value": (("chain", "draw", "observation"), predicted[None])}, some
            ),
            "observed_data": xarray.Dataset(bounds, {"observation": coords["observation"]}),
        }
    )


def _factors(answer: Answer, owner: Any, index: Any, *, sampled: bool = True) -> Array:
    """Ln factors of draws, made again from their numbers."""
    found = np.zeros((owner.size, len(answer.ready.body.free)))
    for i in np.unique(owner):
        mine = np.flatnonzero(owner == i)
        cause = answer.ready.explanations[int(i)]
        prior = Prior(answer.ready.body, cause, answer.ready.exposure)
        refined = answer.posterior.refined.get(cause.id) if sampled else None
        u = refined.u if refined else prior.draw(int(answer.ready.bank.drawn[i]), answer.seed)
        found[mine] = prior.ln_factors(u[index[mine]])
    return found
