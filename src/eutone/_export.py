"""A model as a document for other tools: SBML or Antimony, written from what the engine solves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eutone._errors import InputError
from eutone._settings import with_settings

if TYPE_CHECKING:
    from eutone.engine.export import About
    from eutone.engine.network import Network

__all__ = ["FORMS", "Exported", "export", "form_of"]

FORMS = {".xml": "SBML", ".sbml": "SBML", ".ant": "Antimony"}


@dataclass(frozen=True)
class Exported:
    """One document.

    Attributes
    ----------
    text : str
    warnings : mapping of str to int
        What libSBML warns of, and how often; errors there are none. Of a model without units it warns that it cannot
        check them.
    """

    text: str
    warnings: Mapping[str, int]


def form_of(path: str | Path) -> str:
    """``SBML`` or ``Antimony``, by the ending.

    Raises
    ------
    InputError
        If it is neither.
    """
    ending = Path(path).suffix.lower()
    if ending not in FORMS:
        raise InputError("does not end with .xml, .sbml or .ant", file=str(path), hint="The ending says the form")
    return FORMS[ending]


def export(network: Network, about: About, form: str = "SBML", given: Mapping[str, float] | None = None) -> Exported:
    """The document of a network.

    Parameters
    ----------
    about : About
        Units, names and notes by id.
    form : str
        ``SBML`` or ``Antimony``.
    given : mapping, optional
        ``set`` of `Model.to_sbml`, which also says what is raised.
    """
    from eutone.engine.source import antimony_of, sbml_of

    network = with_settings(network, given)
    text, warnings = sbml_of(network, about)
    return Exported(antimony_of(text, network.name) if form == "Antimony" else text, Counter(warnings))
