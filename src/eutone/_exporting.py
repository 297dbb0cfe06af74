"""What the command line does around `Model.save`: paths, the file, one line of summary."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from eutone import _terminal
from eutone._export import export, form_of
from eutone._loaded import load

__all__ = ["run"]


def run(name: str, out: str, settings: Mapping[str, float], *, quiet: bool) -> None:
    """Write the model called ``name`` into the file ``out``, whole or not at all; the path is checked first.

    Raises
    ------
    EutoneError
        If the model cannot be read, set or said so, or the file cannot be written.
    """
    form = form_of(out)
    given = {Path(name).resolve(): "the model"} if Path(name).is_file() else {}
    _terminal.check_paths(given, {"--out": out})
    model = load(name)
    exported = export(model.network, model.described, form, settings)
    _terminal.put(out, exported.text)
    if quiet:
        return
    network = model.network
    sizes = [f"{len(network.species)} states", f"{len(network.reactions)} reactions"]
    sizes += [f"{len(part)} {what}" for part, what in ((network.rules, "rules"), (network.events, "events")) if part]
    version = "SBML Level 3 Version 2" if form == "SBML" else form
    sys.stdout.write(f"{out}: {model.name} in {version}, {', '.join(sizes)}, {len(network.parameters)} parameters\n")
    if form == "SBML":
        for warning, count in exported.warnings.items():
            print(f"note: libSBML warns, {count} times: {warning}", file=sys.stderr)  # noqa: T201
