"""The JSON Schemas of the contracts: generated from the models and committed under ``eutone/schemas``."""

from __future__ import annotations

import json
from importlib import resources

from pydantic import BaseModel

from eutone._errors import InputError
from eutone._results.contract import ProfileResult
from eutone._results.courses import CoursesResult

__all__ = ["SCHEMAS", "generate_schema", "schema"]

SCHEMAS: dict[str, type[BaseModel]] = {"courses": CoursesResult, "profile": ProfileResult}


def generate_schema(name: str) -> str:
    """The schema of contract ``name`` as the models define it now: JSON text with a final newline."""
    made = SCHEMAS[name].model_json_schema(mode="serialization", by_alias=True)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:eutone:{name}:1"}
    return json.dumps(head | made, ensure_ascii=False, indent=2) + "\n"


def schema(name: str) -> str:
    """The committed schema of contract ``name``, as ``eutone schema NAME`` prints it.

    Raises
    ------
    InputError
        If there is no such contract.
    """
    if name not in SCHEMAS:
        raise InputError(f"there is no schema '{name}'", hint=f"There are: {', '.join(sorted(SCHEMAS))}")
    return resources.files("eutone").joinpath("schemas", f"{name}.json").read_text(encoding="utf-8")
