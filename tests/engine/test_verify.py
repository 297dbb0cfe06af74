"""What machine code may differ by from the interpretation of its program."""

from __future__ import annotations

import numpy as np

from eutone.engine.verify import _differs


def test_a_millionth_is_let_pass_and_more_is_not():
    assert _differs(np.array([1.0, 2.0 + 1e-6]), np.array([1.0, 2.0])) is None
    assert _differs(np.array([1.0, 2.0 + 1e-5]), np.array([1.0, 2.0])) == "1 of 2 numbers"


def test_a_small_lot_has_the_digits_that_its_sum_leaves_it():
    """The fraction of a sum of hundreds of millions: right to 3e-8, which is more than a millionth of 0.0149."""
    got, wanted = np.array([0.01489303, 2.0]), np.array([0.014893, 2.0])
    assert _differs(got, wanted, slice(0, 1)) is None
    assert _differs(got, wanted, slice(1, 2)) == "1 of 2 numbers"
    assert _differs(np.array([0.0150, 2.0]), wanted, slice(0, 1)) == "1 of 2 numbers"
