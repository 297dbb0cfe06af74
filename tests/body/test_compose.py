"""Modules become one text or stand alone; what a module takes from others is found from its text and said in it."""

from __future__ import annotations

import re

import pytest

from eutone._errors import ModelError
from eutone.body._compose import MODULES, MORE, body_text, module_text, ports, structure
from eutone.body._tables import FOLDER
from eutone.engine import load_network


def test_every_file_is_a_module_and_every_module_a_file():
    assert {path.stem for path in (FOLDER / "modules").glob("*.ant")} == {*MODULES, *MORE}


@pytest.mark.parametrize("name", [*MODULES, *MORE])
def test_the_text_says_which_ports_there_are(name: str):
    said = re.search(r"^// ports:(.*)$", (FOLDER / "modules" / f"{name}.ant").read_text(encoding="utf-8"), re.MULTILINE)
    assert said is not None, "a module says what it takes from others"
    assert {p.strip() for p in said[1].split(",")} - {""} == set(ports(name))


def test_an_unknown_module_is_refused():
    with pytest.raises(ModelError, match="there is no module 'glutamat'"):
        structure("glutamat")


def test_the_body_holds_each_module_once():
    text = body_text()
    assert [text.count(f"// {name}\n") for name in MODULES] == [1] * len(MODULES)
    whole = load_network(text)
    alone = [s for name in MODULES for s in load_network(module_text(name)).species]
    assert sorted(alone) == sorted(whole.species)


def test_ids_are_declared_in_one_module_only():
    declared = [n for m in (*MODULES, *MORE) for n in re.findall(r"^\s*(\w+)\s*:[=\s]", structure(m), re.MULTILINE)]
    assert sorted({n for n in declared if declared.count(n) > 1}) == []
