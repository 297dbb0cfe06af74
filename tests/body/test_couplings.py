"""Couplings act where the table says, leave the default where it was, and can be taken out."""

from __future__ import annotations

from pathlib import Path

import pytest

from eutone._errors import ModelError
from eutone.body import _couplings, _tables
from eutone.body._couplings import coupled, couplings

HEAD = "id,source,target,form,strength,ln_sd,grade,citation,against\n"
GOOD = "cortisol.TDO,f_CORT,enzyme.TDO2,power,0.5,0.5,ASSUMED,somebody,somebody else\n"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of couplings in the place of the real one; parameters stay."""
    kept = _tables.parameters()
    (tmp_path / "tables").mkdir()
    monkeypatch.setattr(_tables, "FOLDER", tmp_path)
    monkeypatch.setattr(_couplings, "parameters", lambda: kept)
    monkeypatch.setattr(_couplings, "couplings", couplings.__wrapped__)
    return tmp_path / "tables" / "couplings.csv"


def test_a_coupled_parameter_is_itself_times_its_couplings(table: Path) -> None:
    table.write_text(HEAD + GOOD + "il6.TDO,f_IL6,enzyme.TDO2,linear,0.2,0.5,ASSUMED,somebody,\n")
    text, rules = coupled("J_TDO: P_Trp ->; k_Trp_out*e_TDO*P_Trp; x_e_TDO := e_TDO;")
    assert text == "J_TDO: P_Trp ->; k_Trp_out*by_e_TDO*P_Trp; x_e_TDO := by_e_TDO;"
    (rule,) = rules
    assert rule.strip() == "by_e_TDO := e_TDO*f_CORT^w_cortisol_TDO*max(0, 1 + w_il6_TDO*(f_IL6 - 1));"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (GOOD.replace("power", "cubic"), "form 'cubic' is none of"),
        (GOOD.replace("ASSUMED", "SURE"), "grade, citation and a spread"),
        (GOOD.replace("somebody,", ","), "grade, citation and a spread"),
        (GOOD.replace("0.5,0.5", "0.5,0"), "grade, citation and a spread"),
        (GOOD.replace("0.5,0.5", "much,0.5"), "could not convert"),
        (GOOD.replace("enzyme.TDO2", "enzyme.TDO3"), "is no parameter. Did you mean enzyme.TDO2"),
        (GOOD + GOOD, "given twice: cortisol.TDO"),
    ],
)
def test_a_broken_row_is_refused(table: Path, row: str, why: str) -> None:
    table.write_text(HEAD + row)
    with pytest.raises(ModelError, match=why):
        couplings.__wrapped__()
