"""What may be behind a panel: explanations, each a name, the model parameters it touches, and a prior on them.

Nothing here says which marker rises or falls; that is the body's business. `explanations.csv` has one row per form,
parameter and draw::

    ln factor of the parameter = sum over its rows of  power * (ln median + ln_sd * t)

where ``t`` is a standard normal that all rows of a form with the same ``draw`` share, truncated from above so that
``median * exp(ln_sd * t) <= upper``. A form is one way in which an explanation comes about (dominant or recessive; a
carrier inside ``none``); its weight is its share of the explanation's prior.

`explanation_priors.csv` holds the probability of each explanation before any measurement, by setting:

``referred``
    Whose CSF is sampled. The blocks ``none``, ``secondary`` and ``primary`` have a total each; primaries share theirs
    by the square root of their counts in a series of referred samples, with a floor, because the counts depend on
    which laboratory counted.
``general``
    The population: prevalences, as they are; what is left is ``none``.
``flat``
    ``none``, ``secondary`` and each primary alike.

Deficiencies, states and drugs that nobody declared take a share of ``none``; drugs only where it was not said what is
taken, and in every setting the share is the one that the table gives.

Rows of ``female_share`` say how many of the affected are female, for what is not shared equally (X-linked defects).
Where the sex is known the probability of the explanation is twice its share of that sex, and ``none`` takes up the
difference; the mean over both sexes is what it was. ``flat`` says nothing of how common anything is, and knows no sex.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path

from eutone._errors import InputError
from eutone.knowledge._table import GRADES, Row, number, rows

__all__ = ["KINDS", "SETTINGS", "SEXES", "Effect", "Explanation", "Form", "load", "priors"]

KINDS = ("primary", "drug", "deficiency", "state", "none")
SETTINGS = ("referred", "general", "flat")
SEXES = ("female", "male")


@dataclass(frozen=True)
class Effect:
    """What a form does to one parameter, through one draw.

    Attributes
    ----------
    parameter : str
        Dotted id in the body (``enzyme.TH``).
    median : float
        Median factor.
    ln_sd : float
        Spread of its logarithm.
    upper : float or None
        The factor (before ``power``) does not exceed this.
    draw : str
        Rows with the same draw share one standard normal.
    power : float
        Multiplies the logarithm.
    source, grade : str
    """

    parameter: str
    median: float
    ln_sd: float
    upper: float | None
    draw: str
    power: float
    source: str
    grade: str


@dataclass(frozen=True)
class Form:
    """One way in which an explanation comes about. ``weight`` is its share of the explanation's prior."""

    id: str
    weight: float
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class Explanation:
    """A possible cause. Primary defects have HGNC symbols as ids, the others plain words."""

    id: str
    name: str
    kind: str
    forms: tuple[Form, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every parameter that any form touches, sorted."""
        return tuple(sorted({effect.parameter for form in self.forms for effect in form.effects}))


def load(folder: Path | None = None) -> tuple[Explanation, ...]:
    """Every explanation, in the table's order.

    Raises
    ------
    InputError
        If the table is broken: a kind, grade or distribution that is not known, forms whose weights do not sum to one,
        a spread that is negative, a draw that no value satisfies.
    """
    return _load(folder)


@lru_cache(maxsize=4)
def _load(folder: Path | None) -> tuple[Explanation, ...]:
    heads: dict[str, tuple[str, str]] = {}
    forms: dict[str, dict[str, tuple[float, list[Effect]]]] = {}
    for row in rows("explanations", folder):
        name = row["explanation"]
        head = (row["name"], row["kind"])
        if head[1] not in KINDS:
            raise _wrong(row, "kind", f"'{head[1]}' is not one of {', '.join(KINDS)}")
        if heads.setdefault(name, head) != head:
            raise _wrong(row, "name", f"'{name}' has two names or kinds")
        weight = number(row, "form_weight")
        if weight is None or not 0 < weight <= 1:
            raise _wrong(row, "form_weight", "a weight lies above 0 and is at most 1")
        known, effects = forms.setdefault(name, {}).setdefault(row["form"], (weight, []))
        if known != weight:
            raise _wrong(row, "form_weight", f"form '{row['form']}' has two weights")
        if row["parameter"]:
            effects.append(_effect(row))
    found = []
    for name, (words, kind) in heads.items():
        total = sum(weight for weight, _ in forms[name].values())
        if abs(total - 1) > 1e-9:
            raise InputError(f"the forms of '{name}' weigh {total:g} together, not 1", file="explanations.csv")
        parts = tuple(Form(form, weight, tuple(effects)) for form, (weight, effects) in forms[name].items())
        found.append(Explanation(name, words, kind, parts))
    return tuple(found)


def _effect(row: Row) -> Effect:
    if row["distribution"] != "lognormal":
        raise _wrong(row, "distribution", f"'{row['distribution']}' is not known; lognormal is")
    if row["grade"] not in GRADES:
        raise _wrong(row, "grade", f"'{row['grade']}' is not one of {', '.join(GRADES)}")
    median, spread, power = number(row, "median"), number(row, "ln_sd"), number(row, "power")
    upper = number(row, "upper")
    if median is None or median <= 0:
        raise _wrong(row, "median", "a median factor is above 0")
    if spread is None or spread < 0:
        raise _wrong(row, "ln_sd", "a spread is not negative")
    if upper is not None and (upper <= 0 or (spread == 0 and median > upper)):
        raise _wrong(row, "upper", "no factor can be below this bound")
    if not row["source"]:
        raise _wrong(row, "source", "say where this comes from")
    return Effect(
        row["parameter"],
        median,
        spread,
        upper,
        row["draw"] or row["parameter"],
        1.0 if power is None else power,
        row["source"],
        row["grade"],
    )


def _wrong(row: Row, column: str, message: str) -> InputError:
    return InputError(message, file=row.file, row=row.line, column=column)


def priors(
    setting: str, *, taking_stated: bool, sex: str | None = None, folder: Path | None = None
) -> dict[str, float]:
    """Probability of each explanation before any measurement.

    Parameters
    ----------
    setting : str
        ``referred``, ``general`` or ``flat``.
    taking_stated : bool
        Whether it was said what the person takes. If it was, undeclared drugs have probability zero.
    sex : str, optional
        ``female`` or ``male``; None where it is not known.

    Returns
    -------
    dict of str to float
        Sums to one, in the order of `load`. Explanations of probability zero are in it.

    Raises
    ------
    InputError
        If the setting or the sex is not known, or the table does not cover every explanation.
    """
    if sex not in (None, *SEXES):
        raise InputError(f"the sex '{sex}' is not known", hint=f"Use one of {', '.join(SEXES)}, or none at all")
    if setting not in SETTINGS:
        raise InputError(f"the setting '{setting}' is not known", hint=f"Use one of {', '.join(SETTINGS)}")
    table = _priors(folder)
    known = load(folder)
    primary = [e.id for e in known if e.kind == "primary"]
    taken = [e.id for e in known if e.kind in ("deficiency", "state") and e.id != "secondary"]
    drugs = [] if taking_stated else [e.id for e in known if e.kind == "drug"]
    needed = {
        "referred": [*primary, *taken, *drugs],
        "general": ["secondary", *primary, *taken, *drugs],
        "block": ["none", "secondary", "primary", "floor"],
    }
    for block in ("general",) if setting == "general" else ("referred", "block"):
        if missing := [e for e in needed[block] if e not in table[block]]:
            raise InputError(f"no {block} row for {', '.join(missing)}", file="explanation_priors.csv")
    if strange := set(table["female_share"]) - {e.id for e in known if e.kind != "none"}:
        words = ", ".join(sorted(strange))
        raise InputError(f"female_share of {words}: no such explanation beside 'none'", file="explanation_priors.csv")

    found = dict.fromkeys((e.id for e in known), 0.0)
    blocks = table["block"]
    if setting == "general":
        for e in ["secondary", *primary, *taken, *drugs]:
            found[e] = table["general"][e]
        found["none"] = 1.0 - sum(found.values())
    else:
        if setting == "flat":
            each = 1.0 / (len(primary) + 2)
            found.update(dict.fromkeys([*primary, "none", "secondary"], each))
        else:
            roots = {e: sqrt(max(table["referred"][e], blocks["floor"])) for e in primary}
            scale = blocks["primary"] / sum(roots.values())
            found.update({e: scale * root for e, root in roots.items()})
            found["none"], found["secondary"] = blocks["none"], blocks["secondary"]
        whole = found["none"]
        for e in [*taken, *drugs]:
            found[e] = whole * table["referred"][e]
            found["none"] -= found[e]
    if sex is not None and setting != "flat":
        for e, share in table["female_share"].items():
            of_sex = 2.0 * found[e] * (share if sex == "female" else 1.0 - share)
            found["none"] -= of_sex - found[e]
            found[e] = of_sex
    if found["none"] <= 0:
        raise InputError("the priors leave nothing for 'none'", file="explanation_priors.csv")
    return found


@lru_cache(maxsize=4)
def _priors(folder: Path | None) -> dict[str, dict[str, float]]:
    """By block and id: totals (``block``), counts or shares of none, prevalences, and shares of the sexes."""
    table: dict[str, dict[str, float]] = {"block": {}, "referred": {}, "general": {}, "female_share": {}}
    for row in rows("explanation_priors", folder):
        value = number(row, "value")
        if row["setting"] not in table:
            raise _wrong(row, "setting", f"'{row['setting']}' is not one of {', '.join(table)}")
        if value is None or value < 0:
            raise _wrong(row, "value", "a count or a share is not negative")
        if row["setting"] == "female_share" and not 0 < value < 1:
            # a cause that is ruled out by sex could not be found at all, and the bank would depend on the sex
            raise _wrong(row, "value", "a share of one sex lies between 0 and 1, and is neither")
        if row["grade"] not in GRADES:
            raise _wrong(row, "grade", f"'{row['grade']}' is not one of {', '.join(GRADES)}")
        table[row["setting"]][row["explanation"]] = value
    return table
