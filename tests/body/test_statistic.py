"""What is looked at in a trial: measures of curves whose answers are known; what is typed is read or refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eutone._errors import InputError
from eutone.body._formula import compute, formula, names_in
from eutone.body._statistic import DOSES, GRID, statistic


def hill(name: str, window: np.ndarray | None) -> np.ndarray:
    """``x`` rises and falls (absorption 2 per h, decline 0.5), ``y`` is 3; a name alone is that of hour 2."""
    hours = np.array([2.0]) if window is None else window
    x = (np.exp(-0.5 * hours) - np.exp(-2.0 * hours)) * (hours > 0)
    return {"x": x, "y": 3.0 + 0.0 * hours, "t": hours}[name][None, :]


PEAK = math.log(4.0) / 1.5


@pytest.mark.parametrize(
    ("text", "value", "within"),
    [
        ("x", math.exp(-1) - math.exp(-4), 1e-12),
        ("x / y", (math.exp(-1) - math.exp(-4)) / 3, 1e-12),
        ("at(x, 1) - at(x, 0)", math.exp(-0.5) - math.exp(-2), 1e-12),
        ("tmax(x, 0, 12)", PEAK, 12 / (GRID - 1)),
        ("max(x, 0, 12)", math.exp(-0.5 * PEAK) - math.exp(-2 * PEAK), 1e-3),
        ("max(x, 0, 12) - at(x, 0)", math.exp(-0.5 * PEAK) - math.exp(-2 * PEAK), 1e-3),
        ("auc(x, 0, 48)", 2 - 0.5, 5e-3),
        ("auc(x + 2 - at(x + 2, 0), 0, 48)", 1.5, 5e-3),
        ("mean(y, -3, 5)", 3.0, 1e-12),
        ("min(t, -3, 5)", -3.0, 1e-12),
        ("tmin(x, 2, 5)", 5.0, 1e-12),
        ("halflife(x, 8, 20)", math.log(2) / 0.5, 1e-4),
        ("halflife(y, 8, 20)", math.inf, 0),
        ("exp(ln(y)) ^ 2 - sqrt(y^4) + abs(-y)", 3.0, 1e-9),
        ("-x ^ 2 + x * x", 0.0, 1e-12),
    ],
)
def test_the_measures(text: str, value: float, within: float) -> None:
    assert statistic(text).of(hill) == pytest.approx(value, abs=within)


def test_a_window_is_looked_at_in_even_moments_with_both_ends() -> None:
    """All that is needed is said beforehand, and nothing else is asked for."""
    read = statistic("max(x, 0, 12) - at(x, -1) + y")
    assert read.names == ("x", "y")
    assert read.bare
    assert len(read.hours) == GRID + 1
    assert (min(read.hours), max(read.hours)) == (-1.0, 12.0)
    asked: list[float] = []
    read.of(lambda name, window: asked.extend([] if window is None else window) or hill(name, window))
    assert set(asked) == set(read.hours)


def test_people() -> None:
    rng = np.random.default_rng(0)
    x, z = rng.normal(5, 1, 400), rng.normal(0, 1, 400)
    people = {"x": x, "y": 2 * x + z}

    def look(name: str, window: object) -> np.ndarray:
        return people[name][:, None]

    assert statistic("corr(x, y)").of(look) == pytest.approx(np.corrcoef(x, people["y"])[0, 1])
    assert statistic("sd(x)").of(look) == pytest.approx(x.std(ddof=1))
    assert statistic("cv(x / 2)").of(look) == pytest.approx(x.std(ddof=1) / x.mean())
    assert statistic("median(x) - average(x)").of(look) == pytest.approx(np.median(x) - x.mean())


@given(st.floats(1.5, 900.0))
def test_a_dose_is_found_where_it_is(wanted: float) -> None:
    """The effect of a dose d is d / (d + 100): the dose of each effect is known."""
    read = statistic(f"dose(x, {wanted / (wanted + 100)!r}, 1, 1000)")
    doses = read.doses
    assert len(doses) == DOSES
    assert read.of(lambda *_: (doses / (doses + 100))[:, None]) == pytest.approx(wanted, rel=5e-3)


def test_a_dose_that_is_not_there_is_no_number() -> None:
    read = statistic("dose(x, 2, 1, 1000)")
    assert math.isnan(read.of(lambda *_: np.linspace(0, 1, DOSES)[:, None]))
    assert math.isnan(read.of(lambda *_: np.full((DOSES, 1), np.nan)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x +", "is no formula"),
        ("", "is no formula"),
        ("3", "looks at nothing"),
        ("highest(x, 0, 3)", "'highest' is no function. There are exp"),
        ("max(x)", "max takes 3 things between its brackets, not 1"),
        ("max(x, 3, 3)", "max from hour 3 to 3 is no window"),
        ("max(x, a, 3)", "'a' is not a number"),
        ("dose(x, 1, 0, 3)", "a dose from 0 to 3 cannot be looked for"),
        ("2 * dose(x, 1, 1, 3)", "stands alone"),
        ("dose(sd(x), 1, 1, 3)", "in one person"),
        ("max(sd(x), 0, 3)", "of many people"),
        ("sd(sd(x))", "of many people"),
        ("x ** 2", "a power is"),
        ("__import__('os')", "has no place|no function"),
        ("x if y else z", "has no place"),
        ("x[0]", "has no place"),
        ("(lambda: 1)()", "has no place"),
        ("x(y)(z)", "has no place"),
        ("x = 3", "is no formula"),
        ("x and y", "has no place"),
        ("1e400 * x", "has no place"),
        ("x" * 500, "too long"),
        ("(" * 60 + "x" + ")" * 60 + "-" * 100 + "x", "nested too deeply"),
        ("\u00b5 + 1", "is no formula"),
    ],
)
def test_what_is_no_formula_is_refused(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        statistic(text)


PARTS = st.sampled_from(["x", "y", "a.b", "1", "2.5", "at", "max", "sd", "dose", "corr", "ln", "(", ")", "(", ")", ",",
                         ",", "+", "-", "*", "/", "^", " ", ".", "{", "=", ":", "if", "lambda", "'", "\n", "0x1", "1_0",
                         "1j", "\x00", "#", ";", "[", "]"])  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(PARTS, max_size=25).map("".join)))
def test_anything_typed_is_read_or_refused(text: str) -> None:
    try:
        read = statistic(text)
    except InputError:
        return
    value = read.of(lambda *_: np.ones((max(len(read.doses), 3), 1)))
    assert isinstance(value, float)


LEAVES = st.sampled_from(["x", "y", "2", "0.5"])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"-({t})"),
    ),
    max_leaves=12,
)


@given(TREES)
def test_arithmetic_is_that_of_python(text: str) -> None:
    numbers = {"x": 1.25, "y": -0.75}
    expected = eval(text, {"__builtins__": {}}, numbers)
    found = compute(formula(text), lambda name: np.array([[numbers[name]]]))
    assert float(found.reshape(-1)[0]) == pytest.approx(expected)
    assert set(names_in(formula(text))) == {name for name in numbers if name in text}
