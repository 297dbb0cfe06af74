"""Whose measurements they are: `Person`. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Person"]


@dataclass(frozen=True)
class Person:
    """A person, as far as the model asks. What is None is averaged over, with a warning.

    Attributes
    ----------
    age_years : float or None
    sex : str or None
        ``female`` or ``male``.
    weight_kg, height_cm : float or None
    genes : dict of str to str
        ``{"COMT:rs4680": "A/A"}`` as given; a gene alone (``{"DDC": "p.Gly102Ser/p.Gly102Ser"}``) is kept too.
    id : str or None
    citation : str or None
        For published cases: where they were published.
    synthetic : bool
        True for a person that was made up or simulated.
    """

    age_years: float | None = None
    sex: str | None = None
    weight_kg: float | None = None
    height_cm: float | None = None
    genes: dict[str, str] = field(default_factory=dict)
    id: str | None = None
    citation: str | None = None
    synthetic: bool = False
