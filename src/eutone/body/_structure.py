"""Structural constants: numbers that decide answers and that nobody has measured.

They are the same for everybody, so they are not sampled person by person but as one joint draw per particle, from an
ensemble that was drawn once from their own spreads and weighted by the sign and size facts of
``tables/observed_patterns.csv`` (`scripts/make_structures`). Member 0 is the table's own values. Each prediction is
taken relative to the default body *of the same member*, so that ignorance of a constant widens what a defect does,
not what is healthy.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError
from eutone.body._compose import MODULES, used_names
from eutone.body._tables import FOLDER, parameters

__all__ = ["ensemble", "members", "structural_ids"]


@cache
def structural_ids() -> tuple[str, ...]:
    """Flat ids of the structural constants of the body that inference uses, in the table's order."""
    used = used_names(MODULES)
    return tuple(p.flat for p in parameters() if p.structural_ln_sd > 0 and p.flat in used)


@cache
def ensemble() -> NDArray[np.float64]:
    """Ln factors of the structural constants, ``(n_members, n_structural)``; row 0 is zero.

    Raises
    ------
    ModelError
        If the stored ensemble is of other constants than the table's (make it again).
    """
    path = FOLDER / "tables" / "structures.csv"
    ids = structural_ids()
    if not path.is_file():
        return np.zeros((1, len(ids)))
    header = path.read_text(encoding="utf-8").split("\n", 1)[0].split(",")
    if tuple(header) != ids:
        raise ModelError("structures.csv is of other constants than parameters.csv; run scripts/make_structures")
    table = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    return np.vstack([np.zeros(len(ids)), table])


def members(z: NDArray[np.float64]) -> NDArray[np.intp]:
    """The member that each standard normal ``z`` (n,) stands for: equal shares, in order."""
    from scipy.special import ndtr

    count = len(ensemble())
    return np.asarray(np.minimum((ndtr(z) * count).astype(np.intp), count - 1))
