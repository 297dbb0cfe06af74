"""What the tables say of each quantity, for those who take the body elsewhere: unit, dotted id, grade, source."""

from __future__ import annotations

from eutone.body._tables import parameters
from eutone.engine.export import About

__all__ = ["about"]


def about() -> About:
    """Unit, dotted id, and meaning with grade and source, of everything in ``parameters.csv``, by flat id."""
    rows = parameters()
    return About(
        units={p.flat: p.unit for p in rows},
        names={p.flat: p.id for p in rows},
        notes={p.flat: f"{p.meaning}. {p.grade}: {p.source}" for p in rows},
    )
