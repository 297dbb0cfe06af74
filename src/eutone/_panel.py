"""What was measured: `Measurement` and `Panel`. Data only; `eutone.read` makes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Measurement", "Panel"]


@dataclass(frozen=True)
class Measurement:
    """One row of a panel.

    ``value``, ``low`` and ``high`` are in the marker's canonical unit; ``written`` is what the row said. A marker that
    Eutone does not know has ``marker=None`` and keeps its text: it is reported as unused, never dropped.

    Attributes
    ----------
    marker : str or None
        Id in ``knowledge`` (``csf.HVA``); None if unknown.
    name : str
        The marker as written.
    specimen : str or None
        ``csf``, ``plasma``, ``serum``, ``whole_blood``, ``platelets``, ``urine``, ``dbs``, ``saliva``.
    comparator : str
        ``=``, ``<``, ``>``; ``low``, ``normal``, ``high`` (no number); ``z`` (``value`` is a z-score of the ln value);
        ``z-linear`` (a z-score of the value itself).
    value : float or None
        Number in the canonical unit (a z-score for ``z``); None for a qualitative result.
    unit : str
        Unit as written.
    written : str
        Value as written.
    low, high : float or None
        The laboratory's own interval, canonical unit.
    collected : datetime or None
    fasting : bool or None
    hours_since_dose : float or None
    csf_fraction_ml : float or None
        Millilitres of CSF drawn before the middle of this sample.
    note : str
    row : int or None
        Row of the file, header included; the number of the measurement in JSON, of the entry in a FHIR Bundle.
    why : str
        Why it cannot be used, for example that the marker is not known; empty if nothing stands in the way here.
    """

    marker: str | None
    name: str
    specimen: str | None
    comparator: str
    value: float | None
    unit: str
    written: str
    low: float | None = None
    high: float | None = None
    collected: datetime | None = None
    fasting: bool | None = None
    hours_since_dose: float | None = None
    csf_fraction_ml: float | None = None
    note: str = ""
    row: int | None = None
    why: str = ""


@dataclass(frozen=True)
class Panel:
    """The measurements of one person, in the order in which they were written.

    The same marker may be there with several ``collected`` times: a series. All of it is kept; a profile uses the
    newest.
    """

    measurements: tuple[Measurement, ...]
    source: str = ""
