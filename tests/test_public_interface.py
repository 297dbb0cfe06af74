"""What a newcomer sees of `eutone`: every public name, sorted, documented, typed, and cheap to import."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import eutone

SOURCE = Path(eutone.__file__).parent
MODULES = sorted(
    ".".join(("eutone", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    for path in SOURCE.rglob("*.py")
    if path.name != "__main__.py"
)
HEAVY = (
    "antimony",
    "h5netcdf",
    "libsbml",
    "llvmlite",
    "numpy",
    "pandas",
    "pint",
    "pydantic",
    "rich",
    "scipy",
    "xarray",
)


def test_public_names_are_sorted_and_all_there_is_to_see() -> None:
    assert eutone.__all__ == sorted(set(eutone.__all__))
    assert dir(eutone) == eutone.__all__
    assert set(eutone._WHERE) == set(eutone.__all__) - {"__version__"}


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    typed = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == eutone._WHERE


@pytest.mark.parametrize("name", eutone.__all__)
def test_each_public_name_exists_and_is_documented(name: str) -> None:
    value = getattr(eutone, name)
    assert not isinstance(value, ModuleType)
    if name != "__version__":
        assert inspect.getdoc(value), f"{name} has no docstring"


def test_no_module_hides_a_public_name() -> None:
    # Importing `eutone.profile`, if it were a module, would bind it over the function.
    assert not {module.split(".")[1] for module in MODULES if "." in module} & set(eutone.__all__)
    for name, (module, inner) in eutone._WHERE.items():
        assert getattr(eutone, name) is getattr(importlib.import_module(module), inner)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'serotonin'"):
        eutone.serotonin  # noqa: B018


@pytest.mark.parametrize("module", MODULES)
def test_every_module_imports_and_begins_with_an_essay(module: str) -> None:
    assert importlib.import_module(module).__doc__, f"{module} does not say what it is"


@pytest.mark.parametrize("module", MODULES)
def test_what_a_module_exports_exists_and_is_documented(module: str) -> None:
    loaded = importlib.import_module(module)
    for name in getattr(loaded, "__all__", ()):
        value = getattr(loaded, name)
        if inspect.isfunction(value) or inspect.isclass(value):
            assert inspect.getdoc(value), f"{module}.{name} has no docstring"


@pytest.mark.parametrize("statement", ["import eutone", "import eutone.cli", "import eutone; eutone.Panel"])
def test_starting_is_light(statement: str) -> None:
    code = f"{statement}; import sys; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []
