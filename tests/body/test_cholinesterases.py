"""Cholinesterases: what the brain is left with, and what an assay of CSF says of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from eutone.body import load_whole
from eutone.engine import compile_network, solve_steady
from eutone.engine.expr import symbol

FREE = ("free_AChE", "carb_AChE", "carb_BChE")
SEEN = ("f_ACh", "f_AChE", "f_BChE", "csf_AChE_activity", "csf_BChE_activity", "p_AChE")


@pytest.fixture(scope="module")
def found() -> dict[str, np.ndarray]:
    """At rest; under a reversible inhibitor; under a carbamate; with butyrylcholinesterase alone carbamylated."""
    compiled = compile_network(load_whole(), free=FREE, observables=[(n, symbol(n)) for n in SEEN])
    values = np.array([[1.0, 1.0, 1.0], [0.5, 1.0, 1.0], [1.0, 0.5, 0.5], [1.0, 1.0, 0.5]])
    solved = solve_steady(compiled, values)
    assert not solved.status.any()
    return dict(zip(SEEN, solved.observables.T, strict=True))


def test_at_rest_all_is_one(found: dict[str, np.ndarray]):
    assert [found[n][0] for n in SEEN] == pytest.approx([1.0] * len(SEEN), abs=1e-6)


def test_inhibitors_raise_acetylcholine_and_the_enzyme_with_it(found: dict[str, np.ndarray]):
    assert (found["f_ACh"][1:3] > 1.2).all()
    assert (found["p_AChE"][1:3] > 1.05).all()
    assert 0.5 < found["f_AChE"][1] < 1.0


def test_an_assay_sees_carbamates_only(found: dict[str, np.ndarray]):
    """CSF activity rises on donepezil and falls on rivastigmine."""
    assert found["csf_AChE_activity"][1] > 1.05
    assert found["csf_AChE_activity"][2] < 0.8


def test_butyrylcholinesterase_matters_little(found: dict[str, np.ndarray]):
    assert 1.0 < found["f_ACh"][3] < 1.1
    assert found["csf_BChE_activity"][3] == pytest.approx(0.5)


def test_it_stays_positive(stays_positive: Callable[[str], None]):
    stays_positive("cholinesterases")
