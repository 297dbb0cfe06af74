"""Units: every spelling reaches the marker's own unit, and nothing impossible does."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._errors import InputError
from eutone.knowledge import markers, units
from eutone.knowledge.units import UnitError

MARKERS = markers.load()
HVA = MARKERS["csf.HVA"]


@pytest.mark.parametrize(
    ("marker", "value", "unit", "expected"),
    [
        ("csf.HVA", 200, "nmol/L", 200),
        ("csf.HVA", 200, "nM", 200),
        ("csf.HVA", 200, "nmol/l", 200),
        ("csf.HVA", 200, "NMOL/L", 200),
        ("csf.HVA", 200, "pmol/mL", 200),
        ("csf.HVA", 200, "pmol/mL (= nmol/L)", 200),
        ("csf.HVA", 0.2, "µM", 200),
        ("csf.HVA", 0.2, "μmol/L", 200),
        ("csf.HVA", 0.2, "µmol·L-1", 200),
        ("csf.HVA", 0.2, "umol L^-1", 200),
        ("csf.HVA", 0.2, "umol per litre", 200),
        ("csf.HVA", 0.2, "umol/L (unit inferred)", 200),
        ("csf.HVA", 2e-7, "mol.L-1", 200),
        ("csf.HVA", 36.434, "ng/mL", 200),
        ("csf.HVA", 36.434, "mcg/L", 200),
        ("csf.HVA", 3.6434, "µg/dL", 200),
        ("csf.HVA", 3.6434, "ug/100.mL", None),
        ("plasma.phenylalanine", 1, "mg/dL", 60.536),
        ("plasma.phenylalanine", 1, "MG/DL", 60.536),
        ("plasma.phenylalanine", 0.06, "mM", 60),
        ("plasma.prolactin", 212, "mIU/L", 10),
        ("plasma.prolactin", 212, "uIU/mL", 10),
        ("plasma.prolactin", 212, "m[IU]/L", 10),
        ("plasma.prolactin", 212, "mU/L", 10),
        ("plasma.prolactin", 10, "ug/L", 10),
        ("urine.5-HIAA/24h", 6, "mg/24h", 31.384),
        ("urine.5-HIAA/24h", 6, "mg/24 h", 31.384),
        ("urine.5-HIAA/24h", 6, "mg/day", 31.384),
        ("urine.5-HIAA/24h", 6, "mg/(24.h)", 31.384),
        ("urine.5-HIAA/24h", 6, "mg (24-h collection implied)", 31.384),
        ("urine.5-HIAA/24h", 30, "umol/d", 30),
        ("urine.VMA/creatinine", 5, "mmol/mol creatinine", 5),
        ("urine.VMA/creatinine", 5, "mmol/mol{creat}", 5),
        ("urine.VMA/creatinine", 5, "umol/mmol crea", 5),
        ("urine.VMA/creatinine", 5, "mmol/mol", 5),
        ("urine.VMA/creatinine", 5000, "umol/mol Cr", 5),
        ("urine.VMA/creatinine", 5, "mg/g creatinine", 2.8541),
        ("urine.VMA/creatinine", 5, "ug/mg creatinine", 2.8541),
        ("urine.metanephrine/creatinine", 123, "ng/mg creatinine", 0.070544),
        ("urine.VMA/creatinine", 44.2017, "umol/g creatinine", 5),
        ("platelets.serotonin", 4, "nmol/10^9 platelets", 4),
        ("platelets.serotonin", 4, "nmol/10⁹", 4),
        ("platelets.serotonin", 704.88, "ng/10*9{platelets}", 4),
        ("plasma.ferritin", 224.7, "pmol/L", 100),
        ("csf.HVA:5-HIAA", 2.1, "ratio", 2.1),
        ("csf.HVA:5-HIAA", 2.1, "", 2.1),
        ("csf.HVA:5-HIAA", 2.1, "mol/mol", 2.1),
        ("urine.percent-biopterin", 40, "%", 40),
        ("urine.percent-biopterin", 0.4, "ratio", 40),
    ],
)
def test_a_laboratory_spelling_reaches_the_canonical_unit(
    marker: str, value: float, unit: str, expected: float | None
) -> None:
    if expected is None:  # UCUM itself refuses this one
        with pytest.raises(UnitError):
            units.to_canonical(value, unit, MARKERS[marker])
    else:
        assert units.to_canonical(value, unit, MARKERS[marker]) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("marker", "unit"),
    [
        ("csf.HVA", "mmHg"),
        ("csf.HVA", "mg/24h"),
        ("csf.HVA", "umol/mmol creatinine"),
        ("csf.HVA", "mIU/L"),
        ("csf.HVA", "ratio"),
        ("csf.HVA", "%"),
        ("csf.HVA", ""),
        ("csf.HVA", "mmol/creatinine"),
        ("csf.HVA", "nanomoles"),
        ("csf.HVA", "furlong"),
        ("csf.HVA", "g/L/L"),
        ("csf.HVA", "qualitative"),
        ("csf.HVA", "z"),
        ("csf.HVA", "x" * 10_000),
        ("urine.VMA/24h", "umol/L"),
        ("urine.VMA/creatinine", "umol/24h"),
        ("urine.VMA", "mmol/mol creatinine"),
        ("csf.HVA:5-HIAA", "nmol/L"),
        ("csf.HVA:5-HIAA", "mg/g"),
        ("plasma.ceruloplasmin", "mIU/L"),
        ("dbs.DHPR-activity", "nmol/L"),
    ],
)
def test_an_impossible_unit_is_refused_with_a_hint(marker: str, unit: str) -> None:
    with pytest.raises(UnitError) as caught:
        units.to_canonical(1.0, unit, MARKERS[marker])
    assert isinstance(caught.value, InputError)
    assert caught.value.exit_code == 2
    assert caught.value.hint
    assert len(str(caught.value)) < 400


def test_what_laboratories_usually_write_does_not_wait_for_the_ucum_registry() -> None:
    """In a fresh interpreter: the registry takes most of a second, and a panel needs none of it."""
    code = (
        "import sys; from eutone.knowledge import markers, units\n"
        "m = markers.find('HVA', 'csf', 'nmol/L'); assert units.to_canonical(36.434, 'ng/mL', m) > 199\n"
        "assert 'pint' not in sys.modules; units.to_canonical(1, '10*-9.mol/L', m)\n"
        "assert 'pint' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(("unit", "said"), [("mg", "is no unit of"), ("blobs", "is not known"), (" ", "no unit")])
def test_a_wrong_unit_is_answered_with_the_one_wanted(unit: str, said: str) -> None:
    with pytest.raises(UnitError) as caught:
        units.to_canonical(6, unit, MARKERS["urine.5-HIAA/24h"])
    assert said in caught.value.message
    assert "given in umol/(24.h), or another amount or mass per 24 h" in str(caught.value)


def test_every_canonical_unit_is_one_of_ours_and_is_ucum() -> None:
    from ucumvert import PintUcumRegistry

    registry = PintUcumRegistry()
    for unit in {marker.unit for marker in MARKERS.values()}:
        registry.from_ucum(unit)  # raises if UCUM does not know it
    for marker in MARKERS.values():
        assert units.to_canonical(3.0, marker.unit, marker) == pytest.approx(3.0, rel=1e-15)
        assert units.kind_of(marker.unit) == marker.kind


PER_VOLUME = ["nmol/L", "umol/L", "pmol/mL", "mmol/L", "ng/mL", "ug/dL", "mg/L", "pg/mL", "nM", "mcg/L"]
PER_CREATININE = ["mmol/mol creatinine", "umol/mmol crea", "mg/g creatinine", "ng/mg{creat}", "umol/g cr", "mg/mmol Cr"]
PER_DAY = ["umol/24h", "mg/d", "ug/24 h", "nmol/day", "mmol/(24.h)"]
SPELLINGS = {"concentration": PER_VOLUME, "creatinine": PER_CREATININE, "24h": PER_DAY}
SMALL = [m for m in MARKERS.values() if m.kind in SPELLINGS and m.molar_mass]


@given(st.data(), st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_conversion_is_linear_and_keeps_order(data: st.DataObject, a: float, b: float) -> None:
    marker = data.draw(st.sampled_from(SMALL))
    unit = data.draw(st.sampled_from(SPELLINGS[marker.kind]))
    x, y = units.to_canonical(a, unit, marker), units.to_canonical(b, unit, marker)
    assert (x < y) == (a < b)
    assert x / y == pytest.approx(a / b, rel=1e-12)


@given(st.data(), st.floats(1e-6, 1e6))
def test_two_units_round_trip(data: st.DataObject, value: float) -> None:
    marker = data.draw(st.sampled_from(SMALL))
    there, back = (data.draw(st.sampled_from(SPELLINGS[marker.kind])) for _ in range(2))
    canonical = units.to_canonical(value, there, marker)
    in_back = canonical / units.to_canonical(1.0, back, marker)
    assert units.to_canonical(in_back, back, marker) == pytest.approx(canonical, rel=1e-12)


@given(st.data())
def test_the_fast_way_agrees_with_ucum(data: st.DataObject) -> None:
    marker = data.draw(st.sampled_from([m for m in SMALL if m.kind != "creatinine"]))
    prefix = data.draw(st.sampled_from(["n", "u", "m", "p"]))
    top = data.draw(st.sampled_from(["mol", "g"]))
    bottom = data.draw(st.sampled_from(["L", "mL", "dL"])) if marker.kind == "concentration" else "d"
    fast = units.parse(f"{prefix}{top}/{bottom}")
    slow = units._ask_ucum(f"{prefix}{top}/{bottom}")
    assert slow is not None
    assert (fast.top, fast.bottom) == (slow.top, slow.bottom)
    assert fast.factor == pytest.approx(slow.factor, rel=1e-12)


def outcome(value: float, unit: str, marker: markers.Marker) -> float | UnitError:
    try:
        return units.to_canonical(value, unit, marker)
    except UnitError as error:
        return error


ANY_MARKER = st.sampled_from(list(MARKERS.values()))


@given(st.text(max_size=40), ANY_MARKER, st.floats(allow_nan=True, allow_infinity=True))
def test_any_text_converts_or_is_refused_in_words(text: str, marker: markers.Marker, value: float) -> None:
    found = outcome(value, text, marker)
    assert found.hint if isinstance(found, UnitError) else math.isfinite(found)


PIECES = "n m µ u mol g M L / 24 h creatinine ( ) { } 10 ^ 9 . -1 IU % [ ] *"


@given(st.lists(st.sampled_from([*PIECES.split(), " "]), min_size=1, max_size=9).map("".join), ANY_MARKER)
def test_almost_units_convert_or_are_refused_in_words(text: str, marker: markers.Marker) -> None:
    found = outcome(1.0, text, marker)
    assert found.hint if isinstance(found, UnitError) else found > 0
