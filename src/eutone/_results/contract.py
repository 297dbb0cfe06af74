"""The JSON contract ``eutone.profile/1``: frozen models, one per kind of object in the file.

Other programs rely on these keys, so they change only by adding. What is unknown is ``null``; NaN and infinity are
refused. ``low`` and ``high`` are the 5 % and 95 % quantiles everywhere; ``healthy`` spans 2.5 to 97.5 % of healthy
people of that age and sex, and ``basis`` says where that comes from. Explanations are sorted by probability and sum to
one.

The order of fields is the order of keys in the file. Keys that a newer Eutone added are ignored when a file is read,
but a key that nobody defined is an error where a result is made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "DISCLAIMER",
    "SCHEMA_ID",
    "Band",
    "Discrepancy",
    "Driver",
    "ExplanationResult",
    "Form",
    "Healthy",
    "Imbalance",
    "IssueResult",
    "MeasurementResult",
    "Model",
    "NextTest",
    "PersonResult",
    "ProfileResult",
    "Provenance",
    "QuantityResult",
    "SourcedInterval",
    "TakenResult",
    "finite",
]

SCHEMA_ID = "eutone.profile/1"

DISCLAIMER = (
    "Research and professional-support software. It is not a medical device, makes no diagnosis and prescribes "
    "nothing. Every number is the output of a model given the measurements listed here; what the measurements did not "
    "inform, and what was not looked at, is named. A decision about a person needs a clinician, the whole history and "
    "confirmation by an independent test."
)

SIGNIFICANT_DIGITS = 12
"""Floats are written with this many significant digits: beyond them lies the noise of summation order."""

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Comparator = Literal["=", "<", ">", "low", "normal", "high", "z", "z-linear"]
Verdict = Literal["prior-only", "weak", "informed"]
Kind = Literal["primary", "drug", "deficiency", "state", "none"]


def finite(value: float | None) -> float | None:
    """``value`` as a Python float, or None where it is None, NaN or infinite: how an unknown enters a result."""
    return None if value is None or not math.isfinite(value) else float(value)


class Model(BaseModel):
    """What all parts of a contract are: frozen, without unknown keys, without NaN and infinity."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )


class Band(Model):
    """A distribution in three numbers."""

    median: float | None
    low: float | None
    """5 % quantile."""
    high: float | None
    """95 % quantile."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        known = [x for x in (self.low, self.median, self.high) if x is not None]
        if known != sorted(known):
            raise ValueError(f"low, median and high are out of order: {known}")
        return self


class Healthy(Model):
    """2.5 to 97.5 % of healthy people of that age and sex."""

    low: float | None
    high: float | None
    basis: str | None = None
    """Where it comes from: a source, a reference population, or the prior under ``none``."""


class SourcedInterval(Model):
    """A reference interval and whose it is."""

    low: float | None
    high: float | None
    source: str | None = None


class PersonResult(Model):
    """Who was measured, as far as the model asked; null means averaged over."""

    id: str | None = None
    age_years: Annotated[float, Field(ge=0.0)] | None = None
    sex: Literal["female", "male"] | None = None
    weight_kg: float | None = None
    height_cm: float | None = None
    genes: dict[str, str] = {}
    citation: str | None = None
    """Where a published case was published."""
    synthetic: bool = False
    """True for a person that was made up or simulated."""


class TakenResult(Model):
    """One item that was taken, and what the model did with it."""

    name: str
    drug: str | None = None
    """Id in the knowledge tables; null if unknown."""
    modelled: bool
    why: str | None = None
    """How it was modelled, or why it was not."""


class MeasurementResult(Model):
    """One row of the panel: what was measured, what was expected, and whether it was used."""

    marker: str
    """Marker id (``csf.HVA``); the text as written when the marker is unknown."""
    specimen: str | None
    value: float | None
    """The number as written, in ``unit``; null for a qualitative result."""
    comparator: Comparator
    unit: str
    canonical_value: float | None
    canonical_unit: str | None
    interval: SourcedInterval | None
    """Healthy interval of the marker at this age and sex, canonical unit."""
    z: float | None
    """Standard score of the ln value against ``interval``; for a censored value that of its limit."""
    used: bool
    why: str | None
    """Why it was not used, or how it was."""
    name: str | None = None
    """The marker in words."""
    row: int | None = None
    """Row of the file, header included."""
    laboratory: SourcedInterval | None = None
    """The laboratory's own interval, canonical unit."""
    expected: Band | None = None
    """Posterior predictive, canonical unit, noise included."""
    healthy: Healthy | None = None
    """What the model predicts for healthy people, canonical unit, noise included."""
    note: str | None = None


class QuantityResult(Model):
    """One quantity of the model: posterior, prior, healthy interval, and what the panel told about it."""

    id: str
    name: str
    system: str
    region: str | None
    unit: str
    median: float | None
    low: float | None
    high: float | None
    prior: Band
    healthy: Healthy | None
    p_low: Probability | None
    p_high: Probability | None
    information: Annotated[float, Field(ge=0.0)] | None
    """KL(posterior || prior) in bits."""
    information_se: Annotated[float, Field(ge=0.0)] | None
    contraction: float | None
    """1 - var(posterior) / var(prior) of the ln value; negative where the posterior is wider."""
    verdict: Verdict

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        Band(median=self.median, low=self.low, high=self.high)
        if self.p_low is not None and self.p_high is not None and self.p_low + self.p_high > 1 + 1e-9:
            raise ValueError(f"{self.id}: p_low and p_high exceed one together")
        return self


class Driver(Model):
    """A measurement that speaks for (or against) an explanation."""

    marker: str
    contribution: float | None = None
    """Change of the ln Bayes factor against ``none`` that this measurement makes, given the others; positive speaks
    for it. For ``none`` itself it is against the prior mixture of all others."""
    direction: Literal["low", "high", "normal"] | None = None
    """Where the measurement lies against the healthy interval."""
    note: str | None = None


class Form(Model):
    """One internal form of an explanation (dominant, recessive) and its share of the probability."""

    id: str
    name: str
    probability: Probability


class ExplanationResult(Model):
    """One explanation of the panel, weighed against all others."""

    id: str
    """HGNC symbol for a primary defect, a plain word otherwise."""
    causes: tuple[str, ...]
    name: str
    kind: Kind
    class_: Annotated[str | None, Field(validation_alias="class", serialization_alias="class")] = None
    """Class of causes that this panel cannot separate; null where it stands alone."""
    prior: Probability
    probability: Probability
    log_evidence: float | None
    """Natural logarithm; null where no particle explains the panel."""
    log_evidence_se: Annotated[float, Field(ge=0.0)] | None
    drivers: tuple[Driver, ...] = ()
    bayes_factor: Annotated[float, Field(ge=0.0)] | None = None
    """Against ``none``; null where it cannot be written (then see ``log_evidence``)."""
    class_members: tuple[str, ...] = ()
    """Ids of its class, itself included."""
    forms: tuple[Form, ...] = ()


class Imbalance(Model):
    """A system that lies outside the healthy range, as far as the panel informs it."""

    id: str
    name: str
    system: str
    direction: Literal["low", "high"]
    probability: Probability
    region: str | None = None
    verdict: Verdict | None = None
    quantities: tuple[str, ...] = ()
    """Ids of the quantities that show it."""
    statement: str | None = None


class NextTest(Model):
    """A marker that was not measured, and what measuring it would be expected to tell."""

    marker: str
    specimen: str | None
    gain: float | None
    """Expected change in the decision, bits."""
    cost: float | None
    """Relative burden and price; a blood test is 1."""
    name: str | None = None
    why: str | None = None
    """What it would separate."""


class Discrepancy(Model):
    """Posterior predictive check: whether this person fits the model at all."""

    status: Literal["fits", "strained", "does-not-fit", "not-testable"]
    p_value: Probability | None
    markers: tuple[str, ...] = ()
    """Markers that do not fit."""
    note: str | None = None


class IssueResult(Model):
    """Something the reader of the panel noticed and went on from."""

    message: str
    file: str | None = None
    row: int | None = None
    column: str | None = None


class Provenance(Model):
    """What made this result. ``seconds`` is the only field that may differ when it is made again."""

    version: str
    model_hash: str
    knowledge_hash: str
    seed: int
    interval_mass: float = 0.9
    platform: str
    solves: int
    ess: float | None
    """Effective sample size of the posterior."""
    seconds: float | None
    failed: int = 0
    """Solves that did not converge."""
    method: str | None = None
    """``bank``, ``smc`` or the like."""
    inference_hash: str | None = None
    """Of the code and settings of body and inference; ``None`` in results that were made before it was kept."""


def _ranked(explanations: Sequence[ExplanationResult]) -> tuple[ExplanationResult, ...]:
    return tuple(sorted(explanations, key=lambda e: (-e.probability, -e.prior, e.id)))


class ProfileResult(Model):
    """A calibrated profile: the whole file."""

    schema_: Annotated[Literal["eutone.profile/1"], Field(validation_alias="schema", serialization_alias="schema")] = (
        "eutone.profile/1"
    )
    status: Literal["ok", "partial", "failed"]
    person: PersonResult
    measurements: tuple[MeasurementResult, ...]
    quantities: tuple[QuantityResult, ...]
    explanations: Annotated[tuple[ExplanationResult, ...], AfterValidator(_ranked)]
    """Sorted by probability; they sum to one and include ``none``. Empty only where the run failed."""
    imbalances: tuple[Imbalance, ...]
    next_tests: tuple[NextTest, ...]
    discrepancy: Discrepancy
    limits: tuple[str, ...]
    """What was not looked at."""
    provenance: Provenance
    setting: Literal["referred", "general", "flat"] = "referred"
    taking: tuple[TakenResult, ...] = ()
    taking_stated: bool = True
    """False where nothing was said about what is taken."""
    warnings: tuple[str, ...] = ()
    issues: tuple[IssueResult, ...] = ()
    title: str | None = None
    """The panel's name, for a heading."""
    disclaimer: str = DISCLAIMER

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.explanations:
            if self.status != "failed":
                raise ValueError("explanations are missing although the status is not 'failed'")
            return self
        total = math.fsum(e.probability for e in self.explanations)
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"probabilities of explanations sum to {total:.9g}, not 1")
        ids = [e.id for e in self.explanations]
        if len(set(ids)) != len(ids):
            raise ValueError(f"explanations appear twice: {sorted(x for x in set(ids) if ids.count(x) > 1)}")
        if "none" not in ids:
            raise ValueError("the explanation 'none' is missing")
        return self

    def to_json(self) -> str:
        """The file's text: keys in the order of the contract, 12 significant digits, two-space indent, final newline.

        The same result gives the same bytes; only ``provenance.seconds`` differs between two runs.
        """
        return json.dumps(_rounded(self.model_dump(mode="json")), ensure_ascii=False, allow_nan=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read ``to_json`` back. Keys added by a newer version are ignored.

        Raises
        ------
        pydantic.ValidationError
            Where the text is not a profile.
        """
        return cls.model_validate_json(text, extra="ignore")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") + 0.0  # + 0.0 turns -0.0 into 0.0
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value
