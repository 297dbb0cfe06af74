"""The text of docs/population.md."""

from __future__ import annotations

import numpy as np

from eutone.knowledge import markers as known_markers
from eutone.population.draw import CANDIDATES, LEAST_EFFECTIVE, NEAR, Population
from eutone.population.fit import WITHIN, Fit, default_within, fits, role, seen
from eutone.population.recipe import of_body
from eutone.population.targets import aged, fitted_pair, held_out, published, sampled, strata

__all__ = ["page"]

ORDER = ("weighted", "ratio", "twin", "off")
WORDS = {
    "weighted": "fitted: used for the weights",
    "ratio": "predicted: a ratio of two others",
    "twin": "the observable of another marker that is weighted",
    "off": "not weighted: the typical person lies more than one sd from the published centre",
}


def page(people: Population, tested: Population) -> str:
    """The page, Markdown: of the population, and of one without the markers that are held out."""
    listed = list(fits(people))
    told = [f for f in fits(tested) if held_out(f.marker) and f.role == "weighted"]
    return "\n".join([*_head(people), *_score(listed, told), *_groups(people, tested), *_correlations(people, tested),
                      *_default(), *_predicted(told), *_markers(listed), *_spreads(people), ""])  # fmt: skip


def _head(people: Population) -> list[str]:
    return [
        "# The healthy virtual population",
        "",
        f"Written by `scripts/population`: {len(people):,} people of 18 to 80 years, women and men, six age groups of "
        f"each alike, drawn with seed {people.seed} from the spreads of the whole person and weighted to what was "
        f"published (`eutone.population.draw` says how, step by step). Made of `{of_body()[:12]}`.",
        "",
        "The recipe (seed, hash, multipliers of the weights) is `src/eutone/population/tables/recipe.json`, the ranges "
        "are `ranges.csv` beside it, and `scripts/population --out people.npz` makes the people again, bit by bit on "
        "one "
        "class of machine. **What each range is:** people's differences and what is not known about everybody, "
        "together: parameters vary by both of their spreads, and only what was measured narrows them.",
        "",
        "## The rules",
        "",
        "Written before the first run, but for two things. The correlations of 100 blood donors "
        "came after it, when the "
        "source was found. And the one standard deviation was the whole 95 % interval at first: "
        "that run fitted epinephrine (typical person at -1.4 sd) and metanephrine (-1.9) by moving the release of the "
        "adrenal by 13 and COMT by 5 of their own sd, and so took two thirds of plasma norepinephrine.",
        "",
        "* A marker is *weighted* if its published distribution is two-sided and SEEN, COMPUTED or RECALLED (not "
        "ASSUMED), it is no ratio, no earlier marker has its observable, and the typical person of the stratum (the "
        f"default with what age and sex do to it) lies within {NEAR:g} standard deviation of its centre.",
        "* To see what the weights are worth, everything is done twice: with all weighted markers (these are the "
        "people "
        "that are kept), and with one marker in four *held out*, those of which the first byte of the SHA-256 of the "
        "name is divisible by 4.",
        "* A correlation is used where both markers are weighted, it is of one sample, of no ratio, and at least 100 "
        "people had it. The others are predicted.",
        f"* The weights must be worth {LEAST_EFFECTIVE:.0%} of the candidates ({CANDIDATES} for each person).",
        f"* A marker fits if mean and standard deviation are both within {WITHIN:.0%}.",
        "* What is measured holds the assay, the day and, in spinal fluid, the factor that one tap shares "
        "(`variation.csv`); these are taken off the published variance before people are fitted to it.",
        "",
        "What age and sex do to a parameter stands in `tables/ages.csv`; what age and sex do to a marker is published "
        "for some (`intervals.csv`, `tables/published.csv`), and the weights follow it.",
        "",
        "![Each marker in each stratum](figures/population.svg)",
        "",
        "![CSF of some of them](figures/population-csf.svg)",
        "",
    ]


def _score(listed: list[Fit], told: list[Fit]) -> list[str]:
    lines = [
        "## Fit",
        "",
        "| markers | in strata | mean within 20 % | sd within 20 % | both |",
        "|---|---|---|---|---|",
    ]
    kinds = {WORDS[kind]: [f for f in listed if f.role == kind] for kind in ORDER}
    for words, mine in {**kinds, "predicted: held out, in the population without them": told}.items():
        if not mine:
            continue
        mean, sd = (np.array([abs(getattr(f, w) - 1) <= WITHIN for f in mine]) for w in ("mean_ratio", "sd_ratio"))
        names = len({f.marker for f in mine})
        lines.append(f"| {names}, {words} | {len(mine)} | {mean.mean():.0%} | {sd.mean():.0%} | "
                     f"{(mean & sd).mean():.0%} |")  # fmt: skip
    return [*lines, ""]


def _groups(people: Population, tested: Population) -> list[str]:
    lines = [
        "## Strata",
        "",
        "| stratum | candidates | no steady state | a clear disease | weights worth | different people | worth, some "
        "held out |",
        "|---|---|---|---|---|---|---|",
    ]
    for g, t in zip(people.groups, tested.groups, strict=True):
        lines.append(f"| {g.stratum} | {g.candidates} | {g.failed} | {g.ill} | {g.effective:.0f} "
                     f"({g.effective / g.candidates:.0%}) | {g.unique} of {len(g.ages)} | "
                     f"{t.effective / t.candidates:.0%} |")  # fmt: skip
    return [*lines, ""]


def _correlations(people: Population, tested: Population) -> list[str]:
    lines = ["## Correlations", "", "Of ln values as measured, all strata together; 95 % interval of the published one "
             "from its number of people. In brackets: in the population without the markers held out.", "",
             "| | with | published (95 %) | n | simulated | | basis | note |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for s, t in zip(seen(people), seen(tested), strict=True):
        c = s.published
        made = fitted_pair(c) and all(role(name, strata()[1]) == "weighted" for name in (c.a, c.b))
        basis = "fitted" if made or c.note.startswith("retest") else "predicted"
        ok = "ok" if s.low <= s.own <= s.high else "**miss**"
        lines.append(f"| {c.a} | {c.b} | {c.r:.2f} ({s.low:.2f} to {s.high:.2f}) | {c.n} | {s.own:.2f} ({t.own:.2f}) | "
                     f"{ok} | {basis} | {c.grade} {c.source}; {c.note} |")  # fmt: skip
    return [*lines, ""]


def _default() -> list[str]:
    found = default_within()
    inside = sum(ok for _, _, ok in found.values())
    mine = {m.marker for m in sampled()}
    home = strata()[1]
    none = sum(published(m, home) is not None for m in known_markers.load() if m not in mine)
    notes = {m.marker: m.note for m in sampled()}
    lines = [
        "## The default person",
        "",
        f"Of {len(found)} markers that have a published interval and an observable in the same place and unit, the "
        f"default steady state lies within it for {inside} ({inside / len(found):.0%}). {none} more are published for "
        "what the body has no such compartment of (urine, stand-ins). Outside:",
        "",
        "| marker | default | interval | basis | why |",
        "|---|---|---|---|---|",
    ]
    for marker, (value, told, ok) in found.items():
        if not ok:
            lines.append(f"| {marker} | {value:.3g} | {told.low:.3g} to {told.high:.3g} | {told.grade}, {told.basis} | "
                         f"{notes[marker]} |")  # fmt: skip
    return [*lines, ""]


def _predicted(told: list[Fit]) -> list[str]:
    lines = [
        "## Held out",
        "",
        "What the population without them says of the markers held out.",
        "",
        *_HEADER,
    ]
    return [*lines, *_rows(told, "weighted", "held out"), ""]


def _markers(listed: list[Fit]) -> list[str]:
    lines = [
        "## Every marker",
        "",
        "Mean and standard deviation, published and simulated, at 40 to 50 y (or the nearest group that has a "
        "published one); the ratios' range over all age groups. Each stratum: [population.csv](population.csv).",
        "",
        *_HEADER,
    ]
    return [*lines, *(row for kind in ORDER for row in _rows(listed, kind, kind)), ""]


_HEADER = ("| marker | sex | unit | role | published | simulated | mean ratio | sd ratio | fits | source |",
           "|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip


def _rows(listed: list[Fit], kind: str, words: str) -> list[str]:
    lines = []
    for marker, sex in dict.fromkeys((f.marker, f.stratum.sex) for f in listed if f.role == kind):
        mine = [f for f in listed if (f.marker, f.stratum.sex, f.role) == (marker, sex, kind)]
        shown = min(mine, key=lambda f: abs(f.stratum.middle - 45))
        means, sds = ([getattr(f, w) for f in mine] for w in ("mean_ratio", "sd_ratio"))
        lines.append(
            f"| {marker} | {sex} | {shown.unit} | {words} | {shown.mean:.3g} ± {shown.sd:.3g} | "
            f"{shown.own_mean:.3g} ± {shown.own_sd:.3g} | {min(means):.2f}-{max(means):.2f} | "
            f"{min(sds):.2f}-{max(sds):.2f} | {sum(f.within for f in mine)} of {len(mine)} | "
            f"{shown.grade} {shown.source} |"
        )
    return lines


def _spreads(people: Population) -> list[str]:
    """What had to be changed for the published spreads."""
    home = people.groups[1]
    lines = [
        "## What was too narrow or too wide",
        "",
        "Ln sd between people of the weighted markers, from the parameters' own spreads (to first order) and as "
        f"published less what measurement adds ({home.stratum}). The difference is what carrying and weights mend; "
        "rows "
        "of parameters stay as they are.",
        "",
        "| marker | prior | published | prior / published |",
        "|---|---|---|---|",
    ]
    ratio = {m: home.prior_sd[m] / home.target_sd[m] for m in home.prior_sd}
    for m in sorted(ratio, key=lambda m: ratio[m]):
        lines.append(f"| {m} | {home.prior_sd[m]:.2f} | {home.target_sd[m]:.2f} | {ratio[m]:.2f} |")
    w = people.whole
    moved = []
    followed = set(aged(home.stratum, np.array([35.0]), np.zeros(1)))
    for k in np.flatnonzero(w.spread):
        if w.names[k] in followed:
            continue
        own = np.concatenate([np.log(np.abs(g.values[:, k])) - np.log(np.abs(g.values[:, k])).mean()
                              for g in people.groups])  # fmt: skip
        middle = home.values[:, k]
        shift = float(np.median(np.log(np.abs(middle / w.centre[k])))) / w.spread[k]
        moved.append((w.names[k], float(own.std()) / w.spread[k], shift))
    wide = sorted(moved, key=lambda row: -abs(np.log(row[1])))[:15]
    far = sorted(moved, key=lambda row: -abs(row[2]))[:15]
    lines += ["", "Parameters whose spread changed most, sd over their own: "
              + ", ".join(f"`{n}` {r:.2f}" for n, r, _ in wide) + ".",
              "", f"Parameters whose middle moved most in {home.stratum}, in their own sd: "
              + ", ".join(f"`{n}` {s:+.1f}" for n, _, s in far) + "."]  # fmt: skip
    return lines
