"""The healthy virtual population: who it is (`targets`, `draw`), and the ranges that it defines (`ranges`)."""

from __future__ import annotations

from eutone.population.ranges import Healthy, healthy_range

__all__ = ["Healthy", "healthy_range"]
