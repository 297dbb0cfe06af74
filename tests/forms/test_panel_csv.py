"""The CSV panel: every spelling of the contract says the same."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

import eutone
from eutone._panel import Measurement

EXAMPLES = Path(__file__).parents[2] / "examples"


def measured(folder: Path, text: str | bytes, **options: object) -> tuple[Measurement, ...]:
    path = folder / "panel.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return eutone.read(path, **options).panel.measurements  # type: ignore[arg-type]


def test_the_published_newborn() -> None:
    case = eutone.read(EXAMPLES / "mm2015-p2.csv", age="12d", sex="female", taking=[])
    found = [(one.marker, one.comparator, one.value, one.row) for one in case.panel.measurements]
    assert found == [
        ("csf.HVA", "=", 157.0, 2),
        ("csf.5-HIAA", "=", 78.0, 3),
        ("csf.BH4", "<", 5.0, 4),
        ("csf.neopterin", "=", 123.0, 5),
    ]
    assert case.person.age_years == pytest.approx(12 / 365.25)
    assert case.person.sex == "female"
    assert case.taking == eutone.Protocol((), stated=True)
    assert case.issues == ()


@pytest.mark.parametrize(
    "text",
    [
        "marker,value,unit,specimen\nHVA,157.5,nmol/L,csf\n",
        "\ufeffUnit,SPECIMEN,Marker,value\r\nnmol/L,CSF,HVA,157.5\r\n",
        "marker;value;unit;specimen\nHVA;157,5;nmol/L;csf\n",
        "marker\tvalue\tunit\tspecimen\nHVA\t157.5\tnmol/L\tcsf\n",
        '\n"marker","value","unit","specimen"\n\n"HVA","157.5","nmol/L","csf"\n\n',
        "marker,value,unit,specimen\nhomovanillic acid,157.5,nmol/l,cerebrospinal fluid\n",
        "marker,value,unit,specimen\nhva,0.1575,µmol/L,csf\n",
        "marker,value,unit,specimen\nhva,0.1575,μmol/L,csf\n",
        "marker,value,unit,specimen\nCSF HVA,157.5,nM,\n",
        "marker, value ,unit,specimen\n HVA , 157.5 , nmol/L , csf \n",
        "marker,value,unit,specimen\nHVA,1.575e2,nmol/L,csf\n",
        "marker,value,unit,specimen\nHVA,157.5,pmol/mL,csf,\n",
    ],
)
def test_one_value_in_many_spellings(text: str, tmp_path: Path) -> None:
    (one,) = measured(tmp_path, text)
    assert (one.marker, one.specimen, one.comparator) == ("csf.HVA", "csf", "=")
    assert one.value == pytest.approx(157.5)


@pytest.mark.parametrize(
    ("value", "unit", "comparator", "number"),
    [
        ("<5", "nmol/L", "<", 5.0),
        ("< 5", "nmol/L", "<", 5.0),
        ("≤5", "nmol/L", "<", 5.0),
        ("<=5", "nmol/L", "<", 5.0),
        (">50", "nmol/L", ">", 50.0),
        ("≥ 50", "nmol/L", ">", 50.0),
        ("low", "qualitative", "low", None),
        ("Normal", "qualitative", "normal", None),
        ("HIGH", "qualitative", "high", None),
        ("<LOD", "nmol/L", "low", None),
        ("< LOQ", "nmol/L", "low", None),
        ("<LLOQ", "nmol/L", "low", None),
        ("below detection limit", "nmol/L", "low", None),
        ("not detected", "nmol/L", "low", None),
        ("undetectable", "qualitative", "low", None),
        ("-2.5", "z", "z", -2.5),
        ("−2.5", "z-score", "z", -2.5),
    ],
)
def test_what_a_value_can_be(value: str, unit: str, comparator: str, number: float | None, tmp_path: Path) -> None:
    (one,) = measured(tmp_path, f"marker,specimen,value,unit\nBH4,csf,{value},{unit}\n")
    assert (one.marker, one.comparator, one.value) == ("csf.BH4", comparator, number)
    assert (one.written, one.unit) == (value, unit)


def test_a_z_score_of_the_value_itself_says_so_in_its_note(tmp_path: Path) -> None:
    head = "marker,specimen,value,unit,note\n"
    notes = {"linear": "z-linear", "Linear z of the laboratory": "z-linear", "non-linear": "z", "": "z"}
    for note, comparator in notes.items():
        (one,) = measured(tmp_path, f"{head}HVA,csf,-2.5,z,{note}\n")
        assert one.comparator == comparator, note


def test_the_laboratory_interval_is_converted_with_the_value(tmp_path: Path) -> None:
    (one,) = measured(tmp_path, "marker,specimen,value,unit,low,high\nHVA,csf,0.157,umol/L,0.3,0.9\n")
    assert (one.value, one.low, one.high) == pytest.approx((157.0, 300.0, 900.0))
    (one,) = measured(tmp_path, "marker,specimen,value,unit,low,high\nphenylalanine,plasma,4.13,mg/dL,,2\n")
    assert one.low is None
    # 165.19 g/mol: 1 mg/dL is 60.5 umol/L
    assert (one.value, one.high) == pytest.approx((250.0, 121.07), rel=1e-3)


def test_context_columns(tmp_path: Path) -> None:
    (one,) = measured(
        tmp_path,
        "Marker,Specimen,Value,Unit,Collected,Fasting,Hours since dose,CSF-fraction-ml,Note\n"
        'HVA,csf,157,nmol/L,2023-03-05T10:30+02:00,yes,2.5,4,"second, clear"\n',
    )
    assert one.collected == datetime(2023, 3, 5, 10, 30)
    assert (one.fasting, one.hours_since_dose, one.csf_fraction_ml) == (True, 2.5, 4.0)
    assert one.note == "second, clear"


def test_an_unknown_marker_is_kept_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    path.write_text(
        "marker,specimen,value,unit,lab\nHVA,csf,157,nmol/L,A\nunobtainium,csf,-3,furlong,A\nHVA,saliva,3,nmol/L,A\n"
        "HVA (ventricular),csf,700,nmol/L,A\n"
    )
    case = eutone.read(path)
    known, unknown, elsewhere, ventricular = case.panel.measurements
    assert known.why == ""
    assert (unknown.marker, unknown.name, unknown.written, unknown.unit) == (None, "unobtainium", "-3", "furlong")
    assert unknown.why == "not a marker that Eutone knows"
    assert "not known in saliva" in elsewhere.why
    assert ventricular.marker is None, "a parenthesis is part of the name"
    assert any("row 3" in issue and "unobtainium" in issue for issue in case.issues)
    assert any("'lab'" in issue for issue in case.issues)


def test_a_printed_zero_is_below_the_limit_of_detection(tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    path.write_text("marker,specimen,value,unit\nBH4,csf,0,nmol/L\n")
    case = eutone.read(path)
    assert (case.panel.measurements[0].comparator, case.panel.measurements[0].value) == ("low", None)
    assert "0 is read as below" in case.issues[0]


def test_a_doubtful_unit_is_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    path.write_text("marker,specimen,value,unit\nHVA,csf,157,umol/L\n")
    case = eutone.read(path, age=30, sex="male")
    assert case.panel.measurements[0].value == pytest.approx(157_000.0)
    assert "is the unit right?" in case.issues[0]


def test_equal_rows_are_one_and_rounding_is_equal(tmp_path: Path) -> None:
    head = "marker,specimen,value,unit,low,high\n"
    (one,) = measured(tmp_path, head + "HVA,csf,157,nmol/L,,\nHVA,csf,157,nmol/L,,\n")
    assert one.row == 2
    # 28.6 ng/mL / 182.17 g/mol = 157.0 nmol/L
    (one,) = measured(tmp_path, head + "HVA,csf,157,nmol/L,,\nhomovanillate,csf,28.6,ng/mL,,\n")
    assert one.row == 2
    (one,) = measured(tmp_path, head + "HVA,csf,157,nmol/L,,\nHVA,csf,157.3,nmol/L,300,900\n")
    assert (one.row, one.low) == (3, 300.0), "the row with the laboratory's interval says more"


def test_different_specimens_are_not_repeats(tmp_path: Path) -> None:
    head = "marker,specimen,value,unit\n"
    found = measured(tmp_path, head + "phenylalanine,dbs,271,umol/L\nphenylalanine,plasma,249,umol/L\n")
    assert [one.marker for one in found] == ["dbs.phenylalanine", "plasma.phenylalanine"]
    assert len(measured(tmp_path, head + "foo,csf,1,x\nfoo,csf,2,x\n")) == 2, "what is unknown is never compared"


def test_different_times_are_a_series(tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    path.write_text(
        "marker,specimen,value,unit,collected\nHVA,csf,300,nmol/L,2023-05-01\nHVA,csf,157,nmol/L,2022-05-01\n"
        "5-HIAA,csf,78,nmol/L,2022-05-01\n5-HIAA,csf,90,nmol/L,\n"
    )
    case = eutone.read(path)
    assert len(case.panel.measurements) == 4
    assert any("csf.HVA: 2 measurements" in issue for issue in case.issues)
    assert any("365 days" in issue for issue in case.issues)


def test_the_row_is_where_the_editor_shows_it(tmp_path: Path) -> None:
    text = 'marker,specimen,value,unit,note\nHVA,csf,157,nmol/L,"two\nlines"\n\n5-HIAA,csf,-1,nmol/L,\n'
    with pytest.raises(eutone.InputError) as caught:
        measured(tmp_path, text)
    assert caught.value.row == 5


def test_every_example_reads(tmp_path: Path) -> None:
    panels = [path for path in sorted(EXAMPLES.glob("*.csv")) if path.stem not in ("index", "cases", "cases_extra")]
    assert len(panels) >= 60
    for path in panels:
        case = eutone.read(path)
        assert any(one.marker for one in case.panel.measurements), path.name


LIMITED = "marker,specimen,value,unit,low,high\n"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [("0", "15", (0.0, 15.0)), ("", "<15", (None, 15.0)), ("", "≤ 15", (None, 15.0)), (">5", "", (5.0, None))],
)
def test_a_limit_may_be_written_as_the_laboratory_prints_it(
    low: str, high: str, expected: tuple[float | None, float | None], tmp_path: Path
) -> None:
    (one,) = measured(tmp_path, LIMITED + f"homocysteine,plasma,9.85,umol/L,{low},{high}\n")
    assert (one.low, one.high) == expected


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("HVA,csf,low,qualitative,300,900", "not used"),
        ("HVA,csf,-2,z,,900", "not used"),
        ("HVA,csf,157,nmol/L,,900000", "is its unit right"),
        ("HVA,csf,0,nmol/L,,900000", "is its unit right"),
    ],
)
def test_an_interval_that_cannot_be_used_or_believed_is_said(row: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    path.write_text(LIMITED + row + "\n")
    assert any(said in issue for issue in eutone.read(path, age=2.0).issues)
