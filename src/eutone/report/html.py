"""A profile as one HTML page that needs nothing else: no script, no network, no font, no image.

The page prints on A4, follows the reader's light or dark setting, and is the same bytes for the same profile (the
running time is left to the JSON). Text from a panel reaches it only through automatic escaping.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from eutone._results import ProfileResult, QuantityResult
from eutone.report import plots, story, svg, words

__all__ = ["render"]


def render(profile: ProfileResult) -> str:
    """The page as text, to be written as UTF-8.

    Parameters
    ----------
    profile : ProfileResult
    """
    return _environment().get_template("profile.html.j2").render(_story(profile))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: value if isinstance(value, Markup) else words.clean(value),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=words, story=story, verdicts=words.VERDICTS)
    return environment


def _template(name: str) -> str:
    return resources.files("eutone.report").joinpath("templates", name).read_text(encoding="utf-8")


def _story(profile: ProfileResult) -> dict[str, Any]:
    rows = profile.measurements
    shown, rest, rest_count = story.leading(profile)
    told = [q for q in profile.quantities if q.verdict != "prior-only"]
    silent = [q for q in profile.quantities if q.verdict == "prior-only"]
    measured, known, all_ = plots.measurement_scale(rows), plots.quantity_scale(told), plots.quantity_scale(silent)
    return {
        "profile": profile,
        "style": Markup(_template("style.css")),  # noqa: S704 - our own file
        "title": profile.title or profile.person.id or "Neurochemical profile",
        "summary": story.summary(profile),
        "measurements": [(row, plots.measurement_plot(row, measured), story.position(row)) for row in rows],
        "measured_axis": svg.axis(measured),
        "lines": [(line, plots.explanation_plot(line), story.drivers(line.lead, profile)) for line in shown],
        "has_drivers": any(line.lead.drivers for line in shown),
        "rest": rest,
        "rest_count": rest_count,
        "systems": _systems(told, known),
        "known_axis": svg.axis(known),
        "silent": _systems(silent, all_),
        "silent_axis": svg.axis(all_),
        "silent_count": len(silent),
        "names": {q.id: q.name for q in profile.quantities},
        "specimens": words.listing(sorted({words.SPECIMENS.get(r.specimen or "", "") for r in rows if r.used} - {""})),
        "used": sum(row.used for row in rows),
        "bases": sorted({q.healthy.basis for q in profile.quantities if q.healthy and q.healthy.basis}),
        "most_gain": max((test.gain or 0.0 for test in profile.next_tests), default=0.0),
        "log_factor": lambda item: story.log_factor(item, profile),
    }


def _systems(items: list[QuantityResult], scale: svg.Scale) -> list[tuple[str, list[tuple[QuantityResult, Markup]]]]:
    groups: dict[str, list[tuple[QuantityResult, Markup]]] = {}
    for item in items:
        groups.setdefault(item.system, []).append((item, plots.quantity_plot(item, scale)))
    return list(groups.items())
