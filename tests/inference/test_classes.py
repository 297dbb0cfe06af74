import numpy as np
import pytest

from eutone.inference.classes import classes, simulate
from eutone.inference.likelihood import Likelihood, Observation


def point(column, sd=0.2, load=0.3):
    return Observation(f"m{column}", ((column, 1.0),), (0.0,), (0.0,), load, sd)


def found(toy, *observations):
    return classes(toy[3], toy[2], Likelihood(observations))


def test_what_no_marker_separates_is_one_class(toy):
    """HVA and 5-HIAA alone: low both ways is low both ways, whoever did it."""
    both = found(toy, point(0), point(1))
    assert set(both.of("DDC")) >= {"DDC", "PTS"}
    assert "TH" not in both.of("TPH2")
    assert sorted(e for c in both.members for e in c) == sorted(toy[3].ids)


def test_the_marker_that_separates_them_separates_them(toy):
    more = found(toy, point(0), point(1), point(2), point(3), point(5, load=0.0))
    assert more.of("DDC") == ("DDC",)
    assert more.of("PTS") == ("PTS",)
    i, j = more.ids.index("DDC"), more.ids.index("PTS")
    assert more.auc[i, j] == more.auc[j, i] > 0.95


def test_a_result_in_words_and_a_limit_of_detection_say_less_than_a_number(toy):
    number = found(toy, point(2)).auc
    words = Observation("m2", ((2, 1.0),), (-1.0,), (1.0,), 0.3, 0.2, cuts=(-1.0, 1.0))
    limit = Observation("m2", ((2, 1.0),), (-np.inf,), (2.5,), 0.3, 0.2)
    ids = found(toy, words).ids
    i, j = ids.index("none"), ids.index("DDC")
    assert 0.75 < found(toy, words).auc[i, j] <= number[i, j] + 0.02
    assert 0.7 < found(toy, limit).auc[i, j] <= number[i, j] + 0.02


def test_no_marker_no_difference_and_no_prior_no_member(toy):
    assert found(toy).members == (toy[3].ids,)
    prior = toy[2].copy()
    prior[3] = 0.0
    assert "DDC" not in classes(toy[3], prior, Likelihood((point(0),))).ids


def test_it_does_not_depend_on_the_value(toy):
    """Classes are declared before the person is looked at."""
    low = Observation("m0", ((0, 1.0),), (-3.0,), (-3.0,), 0.3, 0.2)
    assert np.array_equal(found(toy, low).auc, found(toy, point(0)).auc)


def test_simulated_people_spread_as_the_noise_says():
    observations = (point(0, sd=0.2, load=0.4), point(1, sd=0.1, load=0.4))
    y = simulate(np.zeros((100_000, 2)), observations, np.random.default_rng(0))
    assert y.std(axis=0) == pytest.approx([np.hypot(0.2, 0.4), np.hypot(0.1, 0.4)], rel=0.02)
    assert np.corrcoef(y.T)[0, 1] == pytest.approx(0.16 / (np.hypot(0.2, 0.4) * np.hypot(0.1, 0.4)), abs=0.01)
