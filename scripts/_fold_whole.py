"""The whole person for `scripts/fold_table`: solved as the body of eleven modules is, from the same columns.

``tables/observed_reasons.csv`` says why it does not show what was seen, where something is known about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from eutone.body import Body, load
from eutone.body._compose import load_whole
from eutone.body._tables import rows, whole_readouts
from eutone.engine import compile_network
from eutone.engine.expr import symbol

__all__ = ["Whole", "compared", "reasons", "whole_person"]

RANK = {"ok": 0, "weak": 1, "**FAIL**": 2}


class Whole(Body):
    """All modules and couplings, with the free columns of the body that inference uses."""

    @cached_property
    def compiled(self) -> Any:
        """Machine code; observables are the markers, in order."""
        named = [(f"r{i}", symbol(r.observable)) for i, r in enumerate(whole_readouts())]
        return compile_network(self.network, free=self._columns, observables=named)


def whole_person() -> Body:
    """The whole person, as a body without quantities."""
    body = load()
    return Whole(load_whole(), body.free, body.spread, body.readouts, (), body.names, "")


def compared(scored: Iterable[Any]) -> list[str]:
    """Which observed rows the whole person gets right or wrong otherwise than the body of eleven modules."""
    lines = ["| | explanation | marker | this body | whole person | observed |", "|---|---|---|---|---|---|"]
    for wanted in ("better", "worse"):
        for s in scored:
            of_body, of_whole = (RANK[said] for said in s.verdicts)
            if of_body == of_whole or s.row["grade"] == "RECALLED" or (of_whole < of_body) != (wanted == "better"):
                continue
            folds = (p.text(s.marker).partition(" | ")[0] for p in (s.body, s.whole))
            cells = " | ".join(f"{said} {fold}" for said, fold in zip(s.verdicts, folds, strict=True))
            lines.append(f"| {wanted} | {s.title} | {s.marker} | {cells} | {s.row['direction']} |")
    return lines if len(lines) > 2 else ["Nothing: both say the same of every scored row."]


def reasons(scored: Iterable[Any]) -> list[str]:
    """Why, for what the whole person does not get right and something is known about."""
    known = {(row["explanation"], row["marker"]): row["why"] for row in rows("observed_reasons")}
    lines = ["| explanation | marker | whole person | why |", "|---|---|---|---|"]
    for s in scored:
        why = known.get((s.title, s.marker))
        if why and s.verdicts[1] != "ok":
            fold = s.whole.text(s.marker).partition(" | ")[0]
            lines.append(f"| {s.title} | {s.marker} | {s.verdicts[1]} {fold} | {why} |")
    return lines
