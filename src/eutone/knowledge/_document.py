"""The page about markers, written from the tables: ``python -m eutone.knowledge._document > docs/markers.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from eutone.knowledge import intervals, markers, sources
from eutone.knowledge.intervals import Interval
from eutone.knowledge.markers import Figure, Marker

__all__ = ["page"]

_AGES = (("1 month", 1 / 12), ("5 y", 5.0), ("40 y", 40.0))
_LETTER = {"SEEN": "", "COMPUTED": "c", "RECALLED": "r", "ASSUMED": "a", markers.UNKNOWN: "?"}
_INTRODUCTION = """# Markers

Written from the tables of `src/eutone/knowledge/tables` by `python -m eutone.knowledge._document`; do not edit by hand.

{count} markers over {bases} analytes in their specimens, {readouts} with a read-out that a body may answer to,
{loinc} LOINC codes (each seen in a published code list or a laboratory's page, and its check digit tested; a marker
without one has none that could be verified). Serum is plasma, unless both stand here.

**Healthy interval**: centre (2.5 % to 97.5 %) at three ages; `m` and `f` where the sexes differ. **Noise**: standard
deviations of the ln value: analytic / within one person / between laboratories, and the load on the factor that all
analytes of one spinal tap share. A letter after a number says how well it is known: none = read in its source,
`c` computed from values that were, `r` recalled and not verified, `a` assumed, `?` unknown, hence wide.
A centre that rests on a one-sided limit (`<`, `>`), or is recalled or assumed, is itself uncertain, and the
likelihood is widened by that (`centre ±`, in ln units, at 40 y).
"""
_UNKNOWN = """## What is not known

* **No analytic or within-person variation from a source**: {no_noise} of {count} markers. They take the widths of the
  `*` rows of `variation.csv`.
* **Centre assumed at every age or in adults**: {assumed}.
* **Only a one-sided limit in adults**, so that the centre is a convention (the limit is taken as the 97.5 % point of a
  spread of {one_sided} in ln): {limits}.
* **CSF 3-O-methyldopa**: laboratories print one-sided limits (<300 to <100 nmol/L); one page says <10. In unmedicated
  parkinsonism it is the largest part of 21 nmol/L: hence the adult centre. Children's centres lie between the limits
  and that value moved along the course of plasma 3-O-methyldopa.
* **CSF L-DOPA, BH2, total biopterin, primapterin, GHB, AASA, pipecolate; 5-HTP of children**: no table of healthy
  people by age was found; orders of magnitude only.
* **Children's HVA and 5-HIAA** come from one centre and from children who were punctured for a reason; the coverage of
  its bounds is not stated and is taken as 95 %. Another laboratory's bands lie 0 to 40 % higher.
* **Adults carried over to children**: plasma L-DOPA, B6 vitamers and GABA, CSF DOPAC.
* **Dried-blood 3-O-methyldopa of newborns**: two laboratories differ by a factor of 2.8; between-laboratory spread 0.5.
* **Sex and height**: CSF monoamine metabolites fall with body height; the intervals do not know it.
* **24-hour and per-volume urine** are per-creatinine values times the creatinine of that age, where no row of their own
  exists; per volume is nearly useless by itself (ln sd 0.7).
"""


def page() -> str:
    """The text of ``docs/markers.md``."""
    every = list(markers.load().values())
    lines = [_INTRODUCTION.format(**_numbers(every))]
    for specimen in dict.fromkeys(marker.specimen for marker in every):
        lines.append(f"## {specimen.replace('_', ' ')}\n")
        lines.extend(_table([marker for marker in every if marker.specimen == specimen]))
        lines.append("")
    lines.append(_UNKNOWN.format(**_numbers(every)))
    lines.append("## Sources\n")
    for source in sources.load().values():
        detail = "; ".join(part for part in (source.identifier, source.note) if part)
        lines.append(f"* `{source.key}` {source.citation}{f' ({detail})' if detail else ''}")
    return "\n".join(lines) + "\n"


def _numbers(every: list[Marker]) -> dict[str, object]:
    adult = {marker.id: intervals.healthy(marker.id, 40.0, None) for marker in every}
    given = [marker for marker in every if marker.kind in ("concentration", "ratio", "count", "activity", "creatinine")]
    return {
        "count": len(every),
        "bases": len({marker.base for marker in every}),
        "readouts": len({marker.readout for marker in every if marker.readout}),
        "loinc": sum(len(marker.loinc) for marker in every),
        "one_sided": intervals.ONE_SIDED_SD,
        "no_noise": sum(m.analytic.grade == markers.UNKNOWN and m.within.grade == markers.UNKNOWN for m in every),
        "assumed": _listed(m for m in given if (found := adult[m.id]) and found.grade == "ASSUMED"),
        "limits": _listed(
            m for m in given if (found := adult[m.id]) and found.basis in (intervals.UPPER, intervals.LOWER)
        ),
    }


def _listed(some: Iterator[Marker]) -> str:
    return ", ".join(f"`{marker.id}`" for marker in some if not marker.id.startswith("urine.") or "/" in marker.id)


def _table(some: list[Marker]) -> Iterator[str]:
    head = ["id", "name", "unit", *(name for name, _ in _AGES), "basis (40 y)", "centre ±", "noise", "load", "LOINC"]
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for m in some:
        adult = intervals.healthy(m.id, 40.0, None)
        noise = " / ".join(_figure(figure) for figure in (m.analytic, m.within, m.lab))
        cells = [
            f"`{m.id}`" + ("" if m.readout else " (no read-out)"),
            m.name,
            f"`{m.unit}`",
            *(_interval(m, age) for _, age in _AGES),
            f"{adult.basis.replace(' and the creatinine of that age', '')}: {adult.source}" if adult else "",
            f"{adult.centre_sd:.2f}" if adult else "",
            noise,
            _figure(m.load) if m.specimen == "csf" else "",
            " ".join(m.loinc),
        ]
        yield "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _figure(figure: Figure) -> str:
    return f"{figure.value:.2g}{_LETTER[figure.grade]}"


def _interval(marker: Marker, age: float) -> str:
    female, male = (intervals.healthy(marker.id, age, sex) for sex in ("female", "male"))
    if female is None or male is None:
        return ""
    return _shown(female) if female == male else f"f {_shown(female)}; m {_shown(male)}"


def _shown(found: Interval) -> str:
    centre = f"{found.centre:.3g}{_LETTER[found.grade]}"
    if found.basis == intervals.UPPER:
        return f"{centre} (<{found.high:.3g})"
    if found.basis == intervals.LOWER:
        return f"{centre} (>{found.low:.3g})"
    return f"{centre} ({found.low:.3g}-{found.high:.3g})"


if __name__ == "__main__":
    sys.stdout.write(page())
