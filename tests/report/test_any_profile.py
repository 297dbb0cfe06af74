"""Whatever a profile holds, both reports show it whole: profiles drawn at random, with the extremes that data have."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from eutone._results import ProfileResult
from eutone.report import html, terminal

BROKEN = ("nan", "inf", "None")
"""What a number or a gap would look like that nobody put into words."""

text = st.one_of(
    st.sampled_from(
        ["", "x", "5-HIAA", "<b>", "[red]", "µ" * 3, "A" * 200, "a b " * 40, "{{ 1 }}", "\u202e\x1b[0m\t\n"]
    ),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=20),
).filter(lambda drawn: drawn.strip() not in BROKEN)
maybe_text = st.one_of(st.none(), text)
number = st.one_of(
    st.sampled_from([0.0, -1.0, 1.0, 1e-300, 1e300, 5e-324, -1e300]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(1e-3, 1e3),
)
maybe = st.one_of(st.none(), number)
share = st.floats(0, 1)
maybe_share = st.one_of(st.none(), share)


@st.composite
def band(draw: st.DrawFn) -> dict:
    low, median, high = sorted(draw(st.tuples(number, number, number)))
    return (
        {"low": low, "median": median, "high": high}
        if draw(st.booleans())
        else dict.fromkeys(("low", "median", "high"))
    )


@st.composite
def interval(draw: st.DrawFn, basis: str = "source") -> dict | None:
    return draw(st.none() | st.fixed_dictionaries({"low": maybe, "high": maybe, basis: maybe_text}))


measurement = st.fixed_dictionaries(
    {
        "marker": text, "specimen": st.sampled_from([None, "csf", "plasma", "hair"]), "value": maybe, "unit": text,
        "comparator": st.sampled_from(["=", "<", ">", "low", "normal", "high", "z", "z-linear"]),
        "canonical_value": maybe, "canonical_unit": maybe_text, "interval": interval(), "z": maybe,
        "used": st.booleans(), "why": maybe_text, "name": maybe_text, "row": st.none() | st.integers(1, 99),
        "laboratory": interval(), "expected": st.none() | band(), "healthy": interval("basis"), "note": maybe_text,
    }
)  # fmt: skip


@st.composite
def quantity(draw: st.DrawFn) -> dict:
    low = draw(share)
    return draw(band()) | {
        "id": draw(text), "name": draw(text), "system": draw(st.sampled_from(["dopamine", "one-carbon", ""])),
        "region": draw(maybe_text), "unit": draw(text), "prior": draw(band()), "healthy": draw(interval("basis")),
        "p_low": low, "p_high": draw(st.none() | st.floats(0, 1 - low)),
        "information": draw(st.none() | st.floats(0, 1e3)), "information_se": draw(st.none() | st.floats(0, 1e3)),
        "contraction": draw(maybe), "verdict": draw(st.sampled_from(["prior-only", "weak", "informed"])),
    }  # fmt: skip


@st.composite
def explanations(draw: st.DrawFn) -> list[dict]:
    names = ["none", *draw(st.lists(text.filter(lambda t: t != "none"), max_size=30, unique=True))]
    weights = draw(st.lists(st.floats(0, 1), min_size=len(names), max_size=len(names)))
    total = sum(weights)
    if total < 1e-3:
        weights, total = [1.0] * len(names), float(len(names))
    return [
        {
            "id": name, "causes": [name], "name": draw(text), "prior": draw(share), "probability": weight / total,
            "kind": draw(st.sampled_from(["primary", "drug", "deficiency", "state", "none"])),
            "class": draw(st.sampled_from([None, None, "A", "B"])), "class_members": draw(st.lists(text, max_size=3)),
            "log_evidence": draw(maybe), "log_evidence_se": draw(st.none() | st.floats(0, 10)),
            "bayes_factor": draw(st.none() | st.floats(0, 1e308)),
            "drivers": draw(st.lists(st.fixed_dictionaries({"marker": text, "contribution": maybe}), max_size=3)),
        }
        for name, weight in zip(names, weights, strict=True)
    ]  # fmt: skip


person = st.fixed_dictionaries(
    {
        "age_years": st.none() | st.floats(0, 130), "sex": st.sampled_from([None, "female", "male"]),
        "citation": maybe_text, "synthetic": st.booleans(), "genes": st.dictionaries(text, text, max_size=2),
    }
)  # fmt: skip
imbalance = st.fixed_dictionaries(
    {
        "id": text, "name": text, "system": text, "direction": st.sampled_from(["low", "high"]), "probability": share,
        "region": maybe_text, "quantities": st.lists(text, max_size=2),
    }
)  # fmt: skip
provenance = st.fixed_dictionaries(
    {
        "version": text, "model_hash": text, "knowledge_hash": text, "seed": st.integers(), "platform": text,
        "solves": st.integers(0, 10**9), "ess": maybe, "seconds": maybe,
    }
)  # fmt: skip
profiles = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["ok", "partial", "failed"]),
        "person": person,
        "measurements": st.lists(measurement, max_size=6),
        "quantities": st.lists(quantity(), max_size=8),
        "explanations": explanations(),
        "imbalances": st.lists(imbalance, max_size=3),
        "next_tests": st.lists(
            st.fixed_dictionaries({"marker": text, "specimen": maybe_text, "gain": maybe, "cost": maybe}), max_size=4
        ),
        "discrepancy": st.fixed_dictionaries(
            {
                "status": st.sampled_from(["fits", "strained", "does-not-fit", "not-testable"]),
                "p_value": maybe_share,
                "markers": st.lists(text, max_size=8),
            }
        ),
        "limits": st.lists(text, max_size=3),
        "provenance": provenance,
        "taking": st.lists(st.fixed_dictionaries({"name": text, "modelled": st.booleans()}), max_size=3),
        "taking_stated": st.booleans(),
        "title": maybe_text,
        "warnings": st.lists(text, max_size=2),
    }
).map(ProfileResult.model_validate)


@given(profiles)
def test_html_is_whole(profile: ProfileResult) -> None:
    page = html.render(profile)
    assert page.rstrip().endswith("</html>")
    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, _: tags.append(tag)  # type: ignore[method-assign]
    parser.feed(page)
    assert "script" not in tags
    assert not [word for word in BROKEN if f">{word}<" in page]
    for position in re.findall(r' (?:x|x1|x2|width)="([^"]*)%"', page):  # every mark lies inside its plot
        assert 0 <= float(position) <= 100
    assert ProfileResult.from_json(profile.to_json()).to_json() == profile.to_json()


@given(profiles, st.sampled_from([60, 80, 100]), st.sampled_from(["utf-8", "ascii"]))
def test_terminal_text_is_whole(profile: ProfileResult, width: int, encoding: str) -> None:
    buffer = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="\n")
    terminal.render(profile, Console(file=buffer, width=width))
    buffer.flush()
    shown = buffer.buffer.getvalue().decode(encoding)
    assert "\x1b" not in shown
    assert "Fit" in shown
    assert "medical device" in " ".join(shown.split())
