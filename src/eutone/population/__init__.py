"""The healthy virtual population: who it is (`targets`, `draw`), and the ranges that it defines (`ranges`)."""

from __future__ import annotations

from eutone.population.ranges import HOME, Healthy, healthy_range, said, span_of

__all__ = ["HOME", "Healthy", "healthy_range", "said", "span_of"]
