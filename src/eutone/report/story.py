"""What a profile has to say, before anybody decides how to show it.

Causes that a panel cannot separate become one `Line`, each keeping its share. `summary` puts the whole profile into a
few plain sentences, which claim no more than the numbers do: below 0.8 nothing is called the best explanation, and
where ``none`` leads the report says that there is no reason to assume a defect, not that there is none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from eutone._results import ExplanationResult, MeasurementResult, ProfileResult, QuantityResult, finite
from eutone.report import words

__all__ = [
    "CONFIDENT",
    "POSSIBLE",
    "Line",
    "conclusion",
    "drivers",
    "fit",
    "leading",
    "lines",
    "log_factor",
    "position",
    "summary",
    "taking",
]

CONFIDENT = 0.8
"""From here on an answer counts as given: the probability at which calibration is tested."""

POSSIBLE = 0.1
"""From here on a rival of the leading explanation is named."""

LITTLE = 0.05
"""Expected gains below this many bits are called little: the same line as for information."""


@dataclass(frozen=True)
class Line:
    """One explanation, or one class of explanations that this panel cannot separate.

    Attributes
    ----------
    members : tuple of ExplanationResult
        Most probable first; one where it stands alone.
    probability, prior : float
        Sums over the members.
    bayes_factor : float or None
        Against ``none``, averaged over the members' prior.
    log_bayes_factor : float or None
        Its natural logarithm, also where the factor itself overflows.
    """

    members: tuple[ExplanationResult, ...]
    probability: float
    prior: float
    bayes_factor: float | None
    log_bayes_factor: float | None

    @property
    def lead(self) -> ExplanationResult:
        """The most probable member."""
        return self.members[0]

    @property
    def none(self) -> ExplanationResult | None:
        """``none``, where it is among the members."""
        return next((member for member in self.members if member.id == "none"), None)

    @property
    def name(self) -> str:
        """The cause in words; of a class its causes, or what ``none`` cannot be told from."""
        if self.none and len(self.members) > 1:
            return f"{self.none.name}, or one of {words.plural(len(self.members) - 1, 'cause')} that look like it here"
        return words.either(self.members)

    @property
    def label(self) -> str:
        """The cause in words; of a class, how many there are."""
        if len(self.members) == 1:
            return words.cap(self.lead.name)
        if self.none:
            others = words.plural(len(self.members) - 1, "cause")
            return f"{words.cap(self.none.name)}, or {others} not separable from it by this panel"
        return f"{len(self.members)} causes not separable by this panel"

    def shown(self, most: int) -> tuple[ExplanationResult, ...]:
        """The members worth naming: none where it stands alone or hardly counts, else the ``most`` probable."""
        return self.members[:most] if len(self.members) > 1 and self.probability >= POSSIBLE / 10 else ()

    @property
    def ids(self) -> str:
        """The ids, joined."""
        return " / ".join(member.id for member in self.members)


def log_factor(item: ExplanationResult, profile: ProfileResult) -> float | None:
    """The ln Bayes factor of one explanation against ``none``; None where an evidence is missing."""
    if item.bayes_factor:
        return math.log(item.bayes_factor)
    none = next((e for e in profile.explanations if e.id == "none"), None)
    if none is None or none.log_evidence is None or item.log_evidence is None:
        return None
    return finite(item.log_evidence - none.log_evidence)


def lines(profile: ProfileResult) -> tuple[Line, ...]:
    """Explanations with inseparable ones merged, most probable first."""
    groups: dict[tuple[str, str], list[ExplanationResult]] = {}
    for item in profile.explanations:
        key = ("class", item.class_) if item.class_ else ("alone", item.id)
        groups.setdefault(key, []).append(item)
    made = [_line(tuple(members), profile) for members in groups.values()]
    return tuple(sorted(made, key=lambda line: (-line.probability, -line.prior, line.ids)))


def _line(members: tuple[ExplanationResult, ...], profile: ProfileResult) -> Line:
    prior = math.fsum(member.prior for member in members)
    logs = [(member.prior, log_factor(member, profile)) for member in members if member.prior > 0]
    known = [(weight, log) for weight, log in logs if log is not None]
    log = None
    if known:
        top = max(value for _, value in known)
        heaviest = max(weight for weight, _ in known)  # shares of it, so that tiny priors do not round to nothing
        shares = [(weight / heaviest, value) for weight, value in known]
        log = finite(
            top
            + math.log(math.fsum(share * math.exp(value - top) for share, value in shares))
            - math.log(math.fsum(share for share, _ in shares))
        )
    return Line(
        members=members,
        probability=min(1.0, math.fsum(member.probability for member in members)),
        prior=min(1.0, prior),
        bayes_factor=math.exp(log) if log is not None and log < 700 else None,
        log_bayes_factor=log,
    )


def leading(profile: ProfileResult, most: int = 8, floor: float = 0.005) -> tuple[tuple[Line, ...], float, int]:
    """The lines worth showing, the probability of all others together, and how many explanations these are.

    ``none`` is always among those shown: every Bayes factor stands against it.
    """
    everything = lines(profile)
    shown = [line for line in everything[:most] if line.probability >= floor] or list(everything[:1])
    none = next((line for line in everything if line.none), None)
    if none is not None and none not in shown:
        shown.append(none)
    rest = [line for line in everything if line not in shown]
    return tuple(shown), math.fsum(line.probability for line in rest), sum(len(line.members) for line in rest)


def position(row: MeasurementResult) -> str:
    """``low``, ``high`` or ``within`` the healthy interval; empty where that cannot be said."""
    if row.comparator in ("low", "high"):
        return row.comparator
    if row.comparator == "normal":
        return "within"
    value, interval = row.canonical_value, row.interval
    if row.comparator in ("z", "z-linear"):
        value, interval = row.z if row.z is not None else row.value, None
        low, high = -1.96, 1.96
    elif interval is not None:
        low = -math.inf if interval.low is None else interval.low
        high = math.inf if interval.high is None else interval.high
    else:
        return ""
    if value is None:
        return ""
    if row.comparator == "<":
        return "low" if value <= low else ""
    if row.comparator == ">":
        return "high" if value >= high else ""
    return "low" if value < low else "high" if value > high else "within"


def taking(profile: ProfileResult) -> str:
    """One clause about what is taken."""
    if not profile.taking:
        return "nothing is taken" if profile.taking_stated else "what is taken was not stated"
    text = "taken: " + words.listing([item.name for item in profile.taking])
    unmodelled = sum(not item.modelled for item in profile.taking)
    return text + (f" ({unmodelled} not modelled)" if unmodelled else "")


def fit(profile: ProfileResult) -> str:
    """One sentence about the posterior predictive check."""
    check = profile.discrepancy
    which = words.listing([words.marker_name(marker) for marker in check.markers], most=6)
    chance = f" (p\u00a0=\u00a0{words.number(check.p_value, 2)})" if check.p_value is not None else ""
    match check.status:
        case "fits":
            return f"The model can produce measurements like these{chance}."
        case "strained":
            return f"The model reproduces these measurements only with effort{chance}" + _about(which)
        case "does-not-fit":
            return f"The model cannot reproduce these measurements{chance}{_about(which)} Read every number with care."
        case _:
            return "Whether the model fits this person cannot be tested with so few measurements."


def drivers(item: ExplanationResult, profile: ProfileResult) -> dict[str, list[str]]:
    """What speaks for an explanation and what against it, strongest first, in words."""
    names = {row.marker: words.marker_name(row.marker, row.name, row.specimen) for row in profile.measurements}
    said: dict[str, list[str]] = {"for": [], "against": []}
    for driver in sorted(item.drivers, key=lambda d: -abs(d.contribution or 0.0)):
        name = names.get(driver.marker, words.marker_name(driver.marker))
        text = " ".join(filter(None, [name, driver.direction, f"({driver.note})" if driver.note else ""]))
        if driver.contribution is not None:
            text += f" ({driver.contribution:+.1f})".replace("-", "−")
        said["against" if (driver.contribution or 0.0) < 0 else "for"].append(text)
    return said


def _about(which: str) -> str:
    return f", mainly {which}." if which else "."


def _none_leads(none: Line, shown: tuple[Line, ...]) -> str:
    alone = none.none or none.lead
    kept = f"'{alone.name}' keeps {words.percent(alone.probability)} (prior {words.percent(alone.prior)})"
    if len(none.members) > 1:
        others = words.plural(len(none.members) - 1, "cause")
        kept += f" and {others} that look like it here {words.percent(none.probability - alone.probability)}"
    rivals = [line for line in shown if line is not none and line.probability >= POSSIBLE]
    named = words.listing([f"{line.name} ({words.percent(line.probability)})" for line in rivals[:2]])
    if none.probability < 0.5:
        return f"Nothing reaches one half: {kept}" + (f", before {named}." if named else ".")
    if any(line.lead.kind == "primary" for line in rivals):
        return f"The panel does not settle it: {kept}, but {named} cannot be put aside."
    also = f"; next comes {named}" if named else ""
    return f"The measurements give no reason to assume a primary defect: {kept}{also}."


def _lead(profile: ProfileResult) -> list[str]:
    shown, _, _ = leading(profile)
    if not shown:
        return ["No explanation could be weighed."]
    first = shown[0]
    if first.none:
        return [_none_leads(first, shown)]
    how = (
        f"probability {words.percent(first.probability)}, prior {words.percent(first.prior)}, "
        f"Bayes factor against none {words.factor(first.bayes_factor, first.log_bayes_factor)}"
    )
    if first.probability >= CONFIDENT:
        said = [f"Best explanation: {first.name} ({how})."]
    elif first.probability >= 0.5:
        said = [f"More likely than not: {first.name} ({how}). The panel does not settle it."]
    else:
        candidates = [f"{line.name} ({words.percent(line.probability)})" for line in shown[:3]]
        said = [f"The panel does not decide. In front: {words.listing(candidates)}."]
    if len(first.members) > 1:
        said.append("Causes joined by 'or' cannot be told apart by this panel; each keeps its own share.")
    elif first.probability < CONFIDENT and len(shown) > 1 and first.probability >= 0.5:
        said.append(f"Next comes {shown[1].name} with {words.percent(shown[1].probability)}.")
    return said


def _knowledge(quantities: tuple[QuantityResult, ...]) -> str:
    count = {verdict: sum(q.verdict == verdict for q in quantities) for verdict in words.VERDICTS}
    return (
        f"Of {words.plural(len(quantities), 'quantity', 'quantities')} of the model, the panel informed "
        f"{count['informed']}, weakly {count['weak']}, and told nothing about {count['prior-only']}."
    )


def _wrong(profile: ProfileResult) -> list[str]:
    found = {
        side: [
            f"{item.name} ({words.percent(item.probability)})"
            for item in sorted(profile.imbalances, key=lambda i: -i.probability)
            if item.direction == side and item.probability >= CONFIDENT
        ]
        for side in ("low", "high")
    }
    return [f"Probably {side}: {words.listing(names, most=5)}." for side, names in found.items() if names]


def conclusion(profile: ProfileResult) -> tuple[str, ...]:
    """The answer in a few sentences: what explains the panel, and what is off."""
    sentences = _lead(profile) + _wrong(profile)
    if profile.status == "failed":
        sentences.insert(0, "The computation failed; what follows is incomplete and must not be read as a result.")
    elif profile.status == "partial":
        sentences.append("The computation is incomplete; see the warnings.")
    return tuple(words.clean(sentence) for sentence in sentences)


def summary(profile: ProfileResult) -> tuple[str, ...]:
    """The whole profile in a few sentences, most important first."""
    used = sum(row.used for row in profile.measurements)
    sentences = [*conclusion(profile), fit(profile)]
    sentences.append(
        f"{used} of {words.plural(len(profile.measurements), 'measurement')} could be used; {taking(profile)}."
    )
    if profile.quantities:
        sentences.append(_knowledge(profile.quantities))
    if profile.next_tests:
        best = profile.next_tests[0]
        name = words.marker_name(best.marker, best.name, best.specimen)
        if best.gain is not None and best.gain < LITTLE:
            sentences.append(
                f"No further test would be expected to change this much; {name} would most{_gain(best.gain)}"
            )
        else:
            sentences.append(f"Measuring {name} next would be expected to tell most{_gain(best.gain)}")
    return tuple(words.clean(sentence) for sentence in sentences)


def _gain(gain: float | None) -> str:
    return "." if gain is None else f" ({words.bits(gain)})."
