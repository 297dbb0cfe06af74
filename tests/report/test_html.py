"""The HTML report: whole in itself, safe, reproducible, and readable by everybody."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from eutone._results import ProfileResult
from eutone.report import html

FIXTURE = Path(__file__).parents[1] / "data" / "synthetic_profile.json"
VOID = {"meta", "path", "rect", "line", "br"}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"' & ]]> {{7*7}} </style></svg>\x1b[31m\u202e"


class Page(HTMLParser):
    """What a page holds; complains about tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.style = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute of <{tag}> is given twice"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def data() -> ProfileResult:
    return ProfileResult.from_json(FIXTURE.read_bytes())


@pytest.fixture
def page(data: ProfileResult) -> Page:
    return Page(html.render(data))


def with_text(value: object, text: str) -> object:
    """The same JSON with ``text`` at the end of every free text."""
    if isinstance(value, dict):
        fixed = {"schema", "status", "comparator", "verdict", "kind", "direction", "setting", "sex", "id", "class"}
        return {key: item if key in fixed else with_text(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [with_text(item, text) for item in value]
    return value + text if isinstance(value, str) else value


def test_it_fetches_and_runs_nothing(page: Page) -> None:
    assert not {"script", "link", "iframe", "object", "embed", "img", "image", "use", "base", "form"} & {
        tag for tag, _ in page.tags
    }
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "href", "srcset", "style")]
        assert not [v for v in attributes.values() if v and re.search(r"(https?:|//|javascript:|data:)", v)], tag
    assert not re.search(r"url\(|@import|@font-face|https?:", page.style)
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_the_same_profile_gives_the_same_bytes_whatever_it_took(data: ProfileResult) -> None:
    slower = data.model_copy(update={"provenance": data.provenance.model_copy(update={"seconds": 1e4})})
    reread = ProfileResult.from_json(data.to_json())
    assert html.render(data) == html.render(slower) == html.render(reread)


def test_it_says_all_that_the_profile_says(data: ProfileResult, page: Page) -> None:
    text = page.text.lower()
    for row in data.measurements:
        assert (row.name or row.marker).lower() in text
        assert row.used or f"not used: {row.why}" in text
    for name in [q.name for q in data.quantities] + [e.name for e in data.explanations]:
        assert name.lower() in text
    for said in (*data.limits, *data.warnings, data.disclaimer, *(item.name for item in data.taking)):
        assert said.lower() in text
    for test in data.next_tests:
        assert (test.why or "").lower() in text
    assert data.provenance.model_hash in text
    assert "synthetic this person was made up" in text


def test_headings_and_tables_can_be_navigated(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    assert set(named) <= set(ids)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("h1") == 1
    assert tags.count("caption") == tags.count("table")
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_picture_speaks_or_is_decoration(page: Page) -> None:
    pictures = [a for tag, a in page.tags if tag == "svg" and "overflow" not in a and "plot" in (a.get("class") or "")]
    assert len(pictures) > 30
    assert all(a.get("role") == "img" and a.get("aria-label") for a in pictures)


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * c for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_and_marks_stand_out_in_light_in_dark_and_on_paper(page: Page) -> None:
    palettes = re.findall(r":root \{(.*?)\}", page.style, re.DOTALL)
    assert len(palettes) == 3
    for palette in palettes:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", palette))
        for name in ("ink", "soft", "seen", "bad", "good"):
            assert contrast(colours[name], colours["paper"]) >= 4.5, (name, colours[name])
        for mark, under in (("post", "paper"), ("prior", "paper"), ("post", "band"), ("seen", "band")):
            assert contrast(colours[mark], colours[under]) >= 3.0, (mark, under)


def test_text_from_a_panel_stays_text(data: ProfileResult) -> None:
    harmless, attacked = (
        html.render(ProfileResult.model_validate(with_text(data.model_dump(mode="json"), text)))
        for text in (" harmless", EVIL)
    )
    page = Page(attacked)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in Page(harmless).tags]
    assert "<script" not in attacked
    assert "\x1b" not in attacked
    assert "\u202e" not in attacked
    assert "{{7*7}}" in page.text, "shown as written, not evaluated"


def test_an_empty_failed_profile_is_a_whole_page(data: ProfileResult) -> None:
    empty = ProfileResult.model_validate(
        {
            "status": "failed", "person": {}, "measurements": [], "quantities": [], "explanations": [],
            "imbalances": [], "next_tests": [], "limits": [],
            "discrepancy": {"status": "not-testable", "p_value": None},
            "provenance": data.provenance, "warnings": ["Too many solves failed."],
        }
    )  # fmt: skip
    text = Page(html.render(empty)).text
    assert "FAILED" in text
    assert "Too many solves failed." in text
    assert "No explanation could be weighed" in text


def test_a_person_who_does_not_fit_is_flagged_on_top(data: ProfileResult) -> None:
    check = data.discrepancy.model_copy(update={"status": "does-not-fit", "p_value": 1e-4, "markers": ("csf.HVA",)})
    text = Page(html.render(data.model_copy(update={"discrepancy": check}))).text
    assert text.index("DOES NOT FIT") < text.index("Summary")


def test_quantities_without_information_are_folded_and_not_mixed_with_the_rest(data: ProfileResult) -> None:
    text = html.render(data)
    folded = re.search(r"<details>(.*?)</details>", text, re.DOTALL)
    assert folded is not None
    silent = sum(q.verdict == "prior-only" for q in data.quantities)
    assert folded[1].count("○ not informed") == silent == text.count("○ not informed")
    assert f"Not informed by this panel: {silent} quantities" in folded[1]


def test_an_arrow_stays_with_its_number(page: Page) -> None:
    said = [word for word in page.words if re.match(r"[▼▲]\s.*%", word)]
    assert said
    assert not [word for word in said if " " in word]
