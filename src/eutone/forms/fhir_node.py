"""Reading one resource of a FHIR Bundle without trusting its shape.

Each accessor gives what FHIR R4 promises at that key, or nothing where it is left out, or an `InputError` that names
the entry and the path where something else stands there.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

from eutone._errors import InputError
from eutone.forms.values import clean

__all__ = ["LOINC", "UCUM", "Node"]

LOINC = "loinc.org"
UCUM = "unitsofmeasure.org"


@dataclass(frozen=True)
class Node:
    """A JSON object inside entry ``row`` of the Bundle, at ``path`` (``Observation.valueQuantity``)."""

    data: dict[str, Any]
    path: str
    file: str | None
    row: int | None

    def error(self, message: str, key: str = "", hint: str = "") -> InputError:
        """The error that ``message`` is, at ``key`` of this object."""
        column = f"{self.path}.{key}" if key else self.path
        return InputError(message, file=self.file, row=self.row, column=column, hint=hint or None)

    def _wrong(self, key: str, wanted: str) -> InputError:
        return self.error(f"this is not {wanted}", key, "See the resource's definition in FHIR R4")

    def has(self, key: str) -> bool:
        """Whether anything stands at ``key``."""
        return self.data.get(key) is not None

    def child(self, key: str) -> Node:
        """The object at ``key``; an empty one where there is none."""
        found = self.data.get(key)
        if found is None:
            found = {}
        if not isinstance(found, dict):
            raise self._wrong(key, "an object")
        return Node(found, f"{self.path}.{key}", self.file, self.row)

    def children(self, key: str) -> tuple[Node, ...]:
        """The objects of the list at ``key``."""
        found = self.data.get(key)
        if found is None:
            return ()
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._wrong(key, "a list of objects")
        return tuple(Node(one, f"{self.path}.{key}[{at}]", self.file, self.row) for at, one in enumerate(found))

    def text(self, key: str) -> str:
        """The text at ``key``, stripped; empty where there is none."""
        found = self.data.get(key)
        if found is None:
            return ""
        if not isinstance(found, str):
            raise self._wrong(key, "a text")
        return clean(found)

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts of the list at ``key``."""
        found = self.data.get(key)
        if found is None:
            return ()
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise self._wrong(key, "a list of texts")
        return tuple(found)

    def number(self, key: str) -> float | None:
        """The number at ``key``; None where there is none."""
        found = self.data.get(key)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self._wrong(key, "a number")
        try:
            value = float(found)
        except OverflowError:
            value = float("inf")
        if not isfinite(value):
            raise self.error("this number is too large", key)
        return value

    def flag(self, key: str) -> bool:
        """Whether ``true`` stands at ``key``."""
        return self.data.get(key) is True

    def required(self, key: str) -> None:
        """Raise an `InputError` unless something stands at ``key``."""
        if not self.has(key):
            raise self.error("FHIR R4 requires this, and it is missing", key)

    def codes(self, system: str) -> tuple[str, ...]:
        """The codes of this CodeableConcept in the code system whose address contains ``system``."""
        return tuple(
            one.text("code") for one in self.children("coding") if system in one.text("system") and one.text("code")
        )

    def names(self) -> tuple[str, ...]:
        """The text of this CodeableConcept and the names of its codes, each once."""
        found = [self.text("text"), *(one.text("display") for one in self.children("coding"))]
        return tuple(dict.fromkeys(name for name in found if name))
