"""What one module does to another, all in one table: which signal moves which process, how strongly, and on whose word.

A source is a signal: a rule or state of some module that is 1 in the default body (``f_CORT := CORT/CORT_ref``). A
target is a parameter of some module, by its dotted id (``enzyme.TDO``). A row of ``tables/couplings.csv`` joins them:

``power``   ``source^strength``
``linear``  ``1 + strength*(source - 1)``, and never below 0

What the modules call by the parameter's name is then the parameter times the product of its rows; the parameter itself
stays what can be set. With all strengths at 0 nothing moves anything: the same body with all couplings at 1, against
which the ledger compares. What the literature contradicts has strength 0 and says by what (``against``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from eutone._errors import ModelError, did_you_mean
from eutone.body._tables import GRADES, Parameter, parameters, rows

__all__ = ["FORMS", "Coupling", "coupled", "coupling_parameters", "couplings"]

FORMS = {"power": "{source}^{strength}", "linear": "max(0, 1 + {strength}*({source} - 1))"}


@dataclass(frozen=True)
class Coupling:
    """One row of ``couplings.csv``.

    Attributes
    ----------
    id : str
        Dotted: ``cortisol.TDO``.
    source : str
        A signal, as the modules call it, that is 1 in the default body.
    target : str
        Dotted id of a parameter.
    form : str
        A key of `FORMS`.
    strength, ln_sd : float
        Dimensionless, and the standard deviation of what we know of its ln (of itself, where it is 0).
    grade, citation : str
        As of a parameter.
    against : str
        What speaks against it, empty where nothing known does.
    """

    id: str
    source: str
    target: str
    form: str
    strength: float
    ln_sd: float
    grade: str
    citation: str
    against: str

    @property
    def flat(self) -> str:
        """Id of the strength in the composed text."""
        return "w_" + self.id.replace(".", "_").replace("-", "_")

    @property
    def factor(self) -> str:
        """What it multiplies its target by."""
        return FORMS[self.form].format(source=self.source, strength=self.flat)


@cache
def couplings() -> tuple[Coupling, ...]:
    """Every coupling.

    Raises
    ------
    ModelError
        If a row has an unknown form or grade, no citation, a number that cannot be read, or an id of another row.
    """
    found: list[Coupling] = []
    targets = {p.id for p in parameters()}
    for row in rows("couplings"):
        try:
            strength, ln_sd = float(row["strength"]), float(row["ln_sd"])
        except ValueError as error:
            raise ModelError(f"couplings.csv, {row['id']}: {error}") from None
        coupling = Coupling(
            row["id"], row["source"], row["target"], row["form"], strength, ln_sd, row["grade"], row["citation"],
            row["against"],
        )  # fmt: skip
        if coupling.form not in FORMS:
            raise ModelError(f"couplings.csv, {coupling.id}: form {coupling.form!r} is none of {', '.join(FORMS)}")
        if coupling.grade not in GRADES or not coupling.citation or not ln_sd > 0:
            raise ModelError(f"couplings.csv, {coupling.id}: grade, citation and a spread above 0 are needed")
        if coupling.target not in targets:
            near = did_you_mean(coupling.target, sorted(targets))
            raise ModelError(f"couplings.csv, {coupling.id}: {coupling.target!r} is no parameter. {near}".strip())
        found.append(coupling)
    for what in ("id", "flat"):
        names = [getattr(c, what) for c in found]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ModelError(f"couplings.csv: {what} given twice: {', '.join(twice)}")
    return tuple(found)


def coupling_parameters() -> tuple[Parameter, ...]:
    """The strengths as parameters of the body: ``coupling.cortisol.TDO``."""
    return tuple(
        Parameter(
            f"coupling.{c.id}",
            c.flat,
            f"how strongly {c.source} moves {c.target}",
            c.strength,
            "1",
            0.0,
            0.0,
            c.grade,
            c.citation,
        )
        for c in couplings()
    )


def coupled(text: str) -> tuple[str, list[str]]:
    """``text`` of modules, in which couplings act, and the rules that make them.

    A parameter ``e_TDO`` becomes ``by_e_TDO``, with the rule ``by_e_TDO := e_TDO*<factors>``.
    """
    flat = {p.id: p.flat for p in parameters()}
    rules, moved = [], set()
    for target in sorted({c.target for c in couplings()}):
        name = flat[target]
        factors = "*".join(c.factor for c in couplings() if c.target == target)
        moved.add(name)
        rules.append(f"  by_{name} := {name}*{factors};")
    return re.sub(r"\b[A-Za-z_]\w*\b", lambda m: f"by_{m[0]}" if m[0] in moved else m[0], text), rules
