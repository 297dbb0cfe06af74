"""A profile as terminal text: one screen, 80 to 100 columns, plain where the output is not a terminal.

Everything is printed as `rich.text.Text`, never as markup, so a marker named ``[red]`` keeps its name.
Where the output cannot show a sign (an old Windows console, a C locale), a plain one stands in for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eutone._results import MeasurementResult, ProfileResult, QuantityResult
from eutone.report import story, words

__all__ = ["render"]

_PLAIN = {
    "▼": "v", "▲": "^", "●": "o", "◄": "<", "►": ">", "━": "=", "─": "-", "·": ".", "█": "#", "▏": "|", "–": "-",
    "—": "-", "−": "-", "×": "x", "µ": "u", "≤": "<=", "≥": ">=", "\u00a0": " ", "±": "+-", "’": "'", "÷": "/",
    "…": "...",
}  # fmt: skip
_POWER = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")

_GAUGE = 17
_QUANTITIES = 10


class _Column(NamedTuple):
    name: str
    side: Literal["left", "right"] = "right"
    need: int = 0
    """Narrowest screen on which it is shown."""


_NAME = _Column("", "left")
_MEASURED = (
    _NAME,
    _Column("value"),
    _Column("", "left"),
    _Column("healthy"),
    _Column("expected", need=70),
    _Column("", "left", need=96),  # the gauge; the arrows say the same
    _Column("", "left"),
)
_EXPLAINED = (_NAME, _Column("probability"), _Column("", "left", need=90), _Column("prior"), _Column("Bayes factor"))
_QUANTIFIED = (
    _NAME,
    _Column("median"),
    _Column("", "left"),
    _Column("5–95 %"),
    _Column("healthy", need=70),
    _Column("outside"),
    _Column("told", need=90),
)


def render(profile: ProfileResult, console: Console) -> None:
    """Print ``profile`` on ``console``.

    Parameters
    ----------
    profile : ProfileResult
    console : rich.console.Console
        Its width, colours and encoding are respected.
    """
    _Screen(profile, console).show()


class _Screen:
    def __init__(self, profile: ProfileResult, console: Console) -> None:
        self.profile = profile
        self.console = console
        self.width = min(console.width, 100)
        self.cut: Literal["ellipsis", "crop"] = "ellipsis" if self.text("…").plain == "…" else "crop"

    def show(self) -> None:
        self._head()
        self._measured()
        self._explained()
        self._quantities()
        self._closing()

    def text(self, words_: object, style: str = "") -> Text:
        """Safe text in what the console's encoding can show."""
        shown = words.clean(words_)
        try:
            shown.encode(self.console.encoding)
        except (UnicodeEncodeError, LookupError):
            shown = _POWER.sub(lambda power: "^" + power[0].translate(_LOWERED), shown)
            shown = "".join(_PLAIN.get(c, c) for c in shown).encode("ascii", "replace").decode("ascii")
        return Text(shown, style=style)

    def say(self, *parts: tuple[object, str] | str) -> None:
        line = Text()
        for part in parts:
            line.append_text(self.text(part) if isinstance(part, str) else self.text(*part))
        self.console.print(line, width=self.width)

    def pairs(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Label, its style, and a text that wraps beside it."""
        made = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
        made.add_column(no_wrap=True, overflow=self.cut)
        made.add_column(overflow="fold")
        for label, style, said in rows:
            made.add_row(self.text(label, style), self.text(said))
        self.console.print(made, width=self.width)

    def heading(self, title: str, note: str = "") -> None:
        self.console.print()
        self.say((title, "bold"), (f"  {note}" if note else "", "dim"))

    def table(self, heads: Sequence[_Column], rows: Iterable[Sequence[Text]]) -> None:
        """A table without lines. The first column takes what the others leave; a narrow screen loses some of these."""
        shown = [number for number, head in enumerate(heads) if head.need <= self.width]
        made = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
        for number in shown:
            first = number == 0
            made.add_column(
                self.text(heads[number].name),
                justify=heads[number].side,
                ratio=1 if first else None,
                min_width=12 if first else None,
                no_wrap=not first and bool(heads[number].name),
                overflow="fold" if first or not heads[number].name else self.cut,
            )
        made.expand = True
        for row in rows:
            made.add_row(*(row[number] for number in shown))
        self.console.print(made, width=self.width)

    def _head(self) -> None:
        profile = self.profile
        title = profile.title or profile.person.id
        self.say(("Eutone profile", "bold"), f" · {title}" if title else "")
        self.say(f"{words.person(profile.person)} · {story.taking(profile)} · setting: {profile.setting}")
        if profile.person.citation:
            self.say((f"published case: {profile.person.citation}", "dim"))
        if profile.person.synthetic:
            self.say(("SYNTHETIC", "bold yellow"), ": this person was made up or simulated; nobody was measured.")
        if profile.status != "ok":
            self.say((profile.status.upper(), "bold red"), ": see the warnings.")
        self.console.print()
        for sentence in story.conclusion(profile):
            self.say((sentence, "bold" if sentence == story.conclusion(profile)[0] else ""))

    def _measured(self) -> None:
        rows = self.profile.measurements
        if not rows:
            self.heading("Measured", "nothing: this is the prior alone")
            return
        used = [row for row in rows if row.used]
        self.heading("Measured", f"{len(used)} of {len(rows)} used")
        if used:
            self.table(_MEASURED, [self._measurement(row) for row in used])
        for row in rows:
            if not row.used:
                name = words.marker_name(row.marker, row.name, row.specimen)
                self.say((f"not used: {name} ({row.why or 'no reason given'})", "dim"))

    def _measurement(self, row: MeasurementResult) -> list[Text]:
        where = story.position(row)
        arrow = {"low": "▼ low", "high": "▲ high", "within": "within"}.get(where, "")
        expected = words.span(row.expected.low, row.expected.high) if row.expected else ""
        healthy = words.span(row.interval.low, row.interval.high) if row.interval else ""
        unit = "" if row.comparator in ("low", "normal", "high", "z", "z-linear") else words.unit(row.unit)
        if row.interval and row.canonical_unit and row.canonical_unit != row.unit:
            healthy += f" {words.unit(row.canonical_unit)}"
        return [
            self.text(words.cap(words.marker_name(row.marker, row.name, row.specimen))),
            self.text(words.written(row), "bold"),
            self.text(unit),
            self.text(healthy),
            self.text(expected),
            self.text(_gauge(row), "cyan"),
            self.text(arrow, "yellow" if where in ("low", "high") else "dim"),
        ]

    def _explained(self) -> None:
        shown, rest, count = story.leading(self.profile, most=6)
        self.heading("Explanations", "Bayes factors are against none")
        if not shown:
            self.say("None could be weighed.")
            return
        rows = []
        for line in shown:
            alone = len(line.members) == 1
            members = line.shown(most=5)
            style = "bold" if line.probability >= 0.5 else ""
            rows.append([
                self.text(f"{line.label} [{line.lead.id}]" if alone else line.label, style),
                self.text(words.percent(line.probability), style),
                self.text("█" * round(12 * line.probability) or "▏", "cyan"),
                self.text(words.percent(line.prior)),
                self.text(words.factor(line.bayes_factor, line.log_bayes_factor)),
            ])  # fmt: skip
            rows += [
                [
                    self.text(f"  {words.cap(member.name)} [{member.id}]", "dim"),
                    self.text(words.percent(member.probability), "dim"),
                    Text(),
                    self.text(words.percent(member.prior), "dim"),
                    self.text(words.factor(member.bayes_factor, story.log_factor(member, self.profile)), "dim"),
                ]
                for member in members
            ]
            if members and len(members) < len(line.members):
                left = len(line.members) - len(members)
                rows.append([self.text(f"  and {left} more of this class", "dim"), *(Text() for _ in range(4))])
        self.table(_EXPLAINED, rows)
        if count:
            self.say((f"{words.plural(count, 'other')} together {words.percent(rest)}", "dim"))
        lead = shown[0].lead
        said = story.drivers(lead, self.profile)
        self.pairs((f"{lead.id}, {side}", "dim", " · ".join(texts[:6])) for side, texts in said.items() if texts)

    def _quantities(self) -> None:
        told = [q for q in self.profile.quantities if q.verdict == "informed"]
        weak = sum(q.verdict == "weak" for q in self.profile.quantities)
        silent = len(self.profile.quantities) - len(told) - weak
        self.heading("Quantities", f"{len(told)} informed, {weak} weakly, {silent} not at all")
        told.sort(key=lambda q: -(q.information or 0.0))
        if told:
            self.table(_QUANTIFIED, [self._quantity(item) for item in told[:_QUANTITIES]])
        if len(told) > _QUANTITIES:
            self.say((f"and {len(told) - _QUANTITIES} more in the HTML report", "dim"))

    def _quantity(self, item: QuantityResult) -> list[Text]:
        outside = ""
        if item.p_low is not None and item.p_high is not None:
            side = "▼" if item.p_low >= item.p_high else "▲"
            outside = f"{side} {words.percent(max(item.p_low, item.p_high))}"
        region = words.place(item)
        return [
            self.text(words.cap(item.name) + (f", {region}" if region else "")),
            self.text(words.number(item.median), "bold"),
            self.text(words.unit(item.unit)),
            self.text(words.span(item.low, item.high)),
            self.text(words.span(item.healthy.low, item.healthy.high) if item.healthy else ""),
            self.text(outside),
            self.text("" if item.information is None else words.bits(item.information)),
        ]

    def _closing(self) -> None:
        profile, made = self.profile, self.profile.provenance
        self.console.print()
        tests = [
            words.marker_name(test.marker, test.name, test.specimen)
            + ("" if test.gain is None else f" ({words.bits(test.gain)})")
            for test in profile.next_tests[:3]
        ]
        rows = [
            ("Fit", "bold", story.fit(profile)),
            ("Measure", "bold", words.listing(tests) or "nothing known would be expected to change this."),
            *(("Warning", "bold yellow", warning) for warning in profile.warnings),
        ]
        if profile.limits:
            rows.append(("Not seen", "bold", " · ".join(limit.rstrip(".") for limit in profile.limits)))
        self.pairs(rows)
        parts = [
            f"eutone {made.version}",
            f"model {made.model_hash[:12]}",
            f"knowledge {made.knowledge_hash[:12]}",
            *([f"inference {made.inference_hash[:12]}"] if made.inference_hash else []),
            f"seed {made.seed}",
            words.plural(made.solves, "solve") + (f", {made.failed} failed" if made.failed else ""),
        ]
        if made.ess is not None:
            parts.append(f"ESS\u00a0{words.number(made.ess)}")
        if made.seconds is not None:
            parts.append(f"{words.number(made.seconds)}\u00a0s")
        self.console.print()
        self.say((" · ".join(parts), "dim"))
        self.say((profile.disclaimer, "dim"))


def _gauge(row: MeasurementResult) -> str:
    """Where the value lies against the healthy interval (middle, ``━``), five standard deviations to each side."""
    if row.z is None and row.comparator not in ("low", "high"):
        return ""
    half = _GAUGE // 2
    cells = ["━" if abs(cell - half) <= 0.38 * half else "·" for cell in range(_GAUGE)]
    z = row.z if row.z is not None else (-4.0 if row.comparator == "low" else 4.0)
    at = round(half + max(-1.0, min(1.0, z / 5)) * half)
    cells[at] = {"<": "◄", "low": "◄", ">": "►", "high": "►"}.get(row.comparator, "●")
    return "".join(cells)
