"""What a report says in words: no more than the numbers do."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from eutone._results import Discrepancy, ExplanationResult, MeasurementResult, ProfileResult, SourcedInterval
from eutone.report import story

FIXTURE = Path(__file__).parents[1] / "data" / "synthetic_profile.json"


@pytest.fixture
def data() -> ProfileResult:
    return ProfileResult.from_json(FIXTURE.read_bytes())


def weighed(data: ProfileResult, **probabilities: float) -> ProfileResult:
    """``data`` with these explanations; a name like ``A_x`` belongs to class ``x``."""
    items = []
    for key, probability in probabilities.items():
        name, _, group = key.partition("_")
        items.append(
            ExplanationResult(
                id=name,
                causes=(name,),
                name=f"cause {name}",
                kind="none" if name == "none" else "primary",
                class_=group or None,
                prior=1 / len(probabilities),
                probability=probability,
                log_evidence=math.log(max(probability, 1e-9)),
                log_evidence_se=0.0,
            )
        )
    fields = {name: getattr(data, name) for name in ProfileResult.model_fields}
    return ProfileResult(**{**fields, "explanations": tuple(items), "imbalances": ()})


def test_a_class_is_one_line_with_the_sum_of_its_members(data: ProfileResult) -> None:
    lines = story.lines(weighed(data, none=0.3, A_x=0.25, B_x=0.4, C=0.05))
    assert [line.ids for line in lines] == ["B / A", "none", "C"]
    assert lines[0].probability == pytest.approx(0.65)
    assert lines[0].name == "cause B or cause A"


def test_the_factor_of_a_class_is_the_prior_weighted_mean(data: ProfileResult) -> None:
    line = story.lines(weighed(data, none=0.2, A_x=0.2, B_x=0.6))[0]
    assert line.bayes_factor == pytest.approx((0.2 + 0.6) / 2 / 0.2)
    # posterior odds = prior odds x Bayes factor, also for a class
    assert line.probability / 0.2 == pytest.approx(line.prior / (1 / 3) * line.bayes_factor)


def test_a_factor_too_large_to_write_keeps_its_logarithm(data: ProfileResult) -> None:
    other, none = weighed(data, none=0.4, A=0.6).explanations
    huge = other.model_copy(update={"log_evidence": 3000.0})
    profile = data.model_copy(update={"explanations": (huge, none.model_copy(update={"log_evidence": 0.0}))})
    line = next(line for line in story.lines(profile) if line.lead.id == "A")
    assert line.bayes_factor is None
    assert line.log_bayes_factor == pytest.approx(3000.0)


@pytest.mark.parametrize(
    ("probabilities", "says", "says_not"),
    [
        ({"A": 0.9, "none": 0.1}, "Best explanation: cause A", "does not"),
        ({"A": 0.6, "none": 0.3, "B": 0.1}, "More likely than not: cause A", "Best explanation"),
        ({"A": 0.4, "none": 0.3, "B": 0.3}, "does not decide", "Best explanation"),
        ({"none": 0.92, "A": 0.08}, "no reason to assume a primary defect", "Best explanation"),
        ({"none": 0.55, "A": 0.45}, "but cause A (45\u00a0%) cannot be put aside", "no reason"),
        ({"none": 0.4, "A": 0.3, "B": 0.3}, "Nothing reaches one half", "no reason"),
        ({"A_x": 0.5, "B_x": 0.4, "none": 0.1}, "cannot be told apart", "does not decide"),
    ],
)
def test_the_lead_claims_what_the_probability_allows(
    probabilities: dict[str, float], says: str, says_not: str, data: ProfileResult
) -> None:
    text = " ".join(story.conclusion(weighed(data, **probabilities)))
    assert says in text
    assert says_not not in text


def test_none_is_always_shown_and_the_rest_adds_up(data: ProfileResult) -> None:
    profile = weighed(data, **{f"G{i}": 0.0999 for i in range(10)}, none=0.001)
    shown, rest, count = story.leading(profile, most=4)
    assert [line.lead.id for line in shown][-1] == "none"
    assert sum(line.probability for line in shown) + rest == pytest.approx(1.0)
    assert sum(len(line.members) for line in shown) + count == 11


@pytest.mark.parametrize("status", ["fits", "strained", "does-not-fit", "not-testable"])
def test_every_fit_is_said_and_a_bad_one_names_its_markers(status: str, data: ProfileResult) -> None:
    check = Discrepancy(status=status, p_value=0.001, markers=("csf.HVA",))
    text = story.fit(data.model_copy(update={"discrepancy": check}))
    assert ("CSF HVA" in text) == (status in ("strained", "does-not-fit"))
    assert ("cannot reproduce" in text) == (status == "does-not-fit")


def measurement(comparator: str, value: float | None, z: float | None = None) -> MeasurementResult:
    return MeasurementResult(
        marker="csf.X", specimen="csf", value=value, comparator=comparator, unit="nmol/L", canonical_value=value,
        canonical_unit="nmol/L", interval=SourcedInterval(low=10.0, high=20.0), z=z, used=True, why=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("comparator", "value", "where"),
    [
        ("=", 9.0, "low"), ("=", 10.0, "within"), ("=", 21.0, "high"),
        ("<", 9.0, "low"), ("<", 15.0, ""), (">", 25.0, "high"), (">", 15.0, ""),
        ("low", None, "low"), ("normal", None, "within"), ("high", None, "high"),
        ("z", -3.0, "low"), ("z", 0.5, "within"), ("z-linear", 4.0, "high"), ("=", None, ""),
    ],
)  # fmt: skip
def test_a_position_is_said_only_where_it_is_certain(comparator: str, value: float | None, where: str) -> None:
    assert story.position(measurement(comparator, value)) == where


def test_a_failed_run_says_so_first(data: ProfileResult) -> None:
    assert "failed" in story.summary(data.model_copy(update={"status": "failed"}))[0]


def test_what_speaks_for_and_against_is_kept_apart(data: ProfileResult) -> None:
    lead = data.explanations[0]
    said = story.drivers(lead, data)
    assert said["for"][0].split(" (+")[0] == "CSF neopterin high"
    assert len(said["for"]) == 3
    assert len(said["against"]) == 1
    assert "−0.3" in said["against"][0]


def test_what_looks_like_none_is_never_the_best_explanation(data: ProfileResult) -> None:
    probabilities = {"none_x": 0.6, **{f"G{i}_x": 0.06 for i in range(5)}, "A": 0.1}
    profile = weighed(data, **probabilities)
    text = " ".join(story.conclusion(profile))
    assert "'cause none' keeps 60\u00a0% (prior 14\u00a0%) and 5 causes that look like it here 30\u00a0%" in text
    assert "Best explanation" not in text
    line = story.lines(profile)[0]
    assert line.label == "Cause none, or 5 causes not separable from it by this panel"
    assert [member.id for member in line.shown(3)] == ["none", "G0", "G1"]


def test_a_class_that_hardly_counts_is_not_spelled_out(data: ProfileResult) -> None:
    line = story.lines(weighed(data, none_x=0.001, B_x=0.001, A=0.998))[1]
    assert len(line.members) == 2
    assert line.shown(5) == ()


@pytest.mark.parametrize(("gain", "says"), [(0.5, "expected to tell most (0.50"), (0.01, "No further test would be")])
def test_a_test_that_tells_little_is_not_recommended(gain: float, says: str, data: ProfileResult) -> None:
    test = data.next_tests[0].model_copy(update={"gain": gain})
    assert says in story.summary(data.model_copy(update={"next_tests": (test,)}))[-1]
