"""Which of the interventions of the reference list the whole person answers, and by what: ``tables/coverage.csv``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from eutone.body._pharmacology import actions
from eutone.body._tables import rows
from eutone.body._treatment import effects

__all__ = ["Covered", "Move", "coverage"]


@dataclass(frozen=True)
class Move:
    """One parameter that an item moves.

    Attributes
    ----------
    drug, parameter, how, grade, source : str
    doses : bool
        Whether it follows the dose.
    """

    drug: str
    parameter: str
    how: str
    grade: str
    source: str
    doses: bool


@dataclass(frozen=True)
class Covered:
    """One intervention.

    Attributes
    ----------
    name : str
    drugs : tuple of str
        Ids of what can be taken for it.
    moves : tuple of Move
    missing : str
        What of it is not in the body.
    """

    name: str
    drugs: tuple[str, ...]
    moves: tuple[Move, ...]
    missing: str

    @property
    def bound(self) -> bool:
        """Whether it counts: something moves on more than an assumption."""
        return any(move.grade != "ASSUMED" for move in self.moves)


def _moves(drug: str) -> list[Move]:
    mine = actions().get(drug, ())
    replaced = {a.parameter for a in mine}
    found = [Move(drug, a.parameter, a.kind, a.grade, a.source, a.doses) for a in mine if a.kind != "none"]
    for e in effects().get(drug, ()):
        if e.parameter not in replaced:
            found.append(Move(drug, e.parameter, e.kind, e.grade, e.source, e.kind in ("input", "dose")))
    return found


@cache
def coverage() -> tuple[Covered, ...]:
    """Every intervention, in the list's order."""
    return tuple(
        Covered(r["intervention"], drugs, tuple(move for drug in drugs for move in _moves(drug)), r["missing"])
        for r in rows("coverage")
        for drugs in [tuple(filter(None, r["drugs"].split(";")))]
    )
