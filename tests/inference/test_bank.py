import numpy as np
import pytest

from eutone._errors import SolveError
from eutone.inference import bank as banks

SMALL = banks.Sizes(60, 40)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("EUTONE_CACHE_DIR", str(tmp_path))
    return tmp_path / "banks"


def same(one, other):
    return all(np.array_equal(getattr(one, f), getattr(other, f)) for f in ("edges", "index", "form", "log_readouts"))


def test_it_is_made_once_and_then_read(kept, body, toy):
    first, solves = banks.obtain(body, toy[1], sizes=SMALL)
    again, none = banks.obtain(body, toy[1], sizes=SMALL)
    assert solves == 60 * 2 + 40 * 5
    assert none == 0
    assert same(first, again)
    assert again.ids == first.ids
    assert np.array_equal(first.log_quantities, again.log_quantities)


@pytest.mark.parametrize("damage", [lambda p: p.write_bytes(b"no"), lambda p: p.write_bytes(p.read_bytes()[:-900])])
def test_a_damaged_file_is_made_again(kept, body, toy, damage):
    first, _ = banks.obtain(body, toy[1], sizes=SMALL)
    damage(next(kept.glob("*.npz")))
    again, solves = banks.obtain(body, toy[1], sizes=SMALL)
    assert solves
    assert same(first, again)
    assert banks.obtain(body, toy[1], sizes=SMALL)[1] == 0


def test_a_file_of_another_name_is_not_believed(kept, body, toy):
    banks.obtain(body, toy[1], sizes=SMALL)
    path = next(kept.glob("*.npz"))
    other = banks.key_of(body, toy[1], banks.UNTREATED, SMALL, 5)
    path.rename(kept / f"{other}.npz")
    bank, solves = banks.obtain(body, toy[1], sizes=SMALL, seed=5)
    assert solves
    assert bank.key == other


def test_the_key_names_everything_that_matters(body, toy):
    class Treated:
        shifts = (("enzyme_DDC", -1.0, 0.2),)
        class_key = "treated"

    def key(seed=0, sizes=SMALL, exposure=banks.UNTREATED, explanations=toy[1]):
        return banks.key_of(body, explanations, exposure, sizes, seed)

    plain = key()
    changed = [key(seed=1), key(sizes=banks.Sizes(61, 40)), key(exposure=Treated()), key(explanations=toy[1][:-1])]
    body.model_hash = "other"
    changed.append(key())
    assert len({plain, *changed}) == 6


def test_an_explanation_keeps_its_people_when_others_come_and_go(body, toy):
    few = banks.make(body, (toy[1][0], toy[1][3]), sizes=SMALL)
    many = banks.make(body, toy[1], sizes=SMALL)
    assert np.array_equal(few.log_readouts[few.rows("DDC")], many.log_readouts[many.rows("DDC")])


def test_the_folder_stays_small(kept, body, toy, monkeypatch):
    banks.obtain(body, toy[1], sizes=SMALL)
    one = next(kept.glob("*.npz")).stat().st_size
    monkeypatch.setattr(banks, "LIMIT_BYTES", int(2.5 * one))
    for seed in (1, 2, 3):
        banks.obtain(body, toy[1], sizes=SMALL, seed=seed)
    assert len(list(kept.glob("*.npz"))) == 2
    assert not list(kept.glob("*.part"))


def test_without_a_place_nothing_is_kept_and_nothing_fails(body, toy, monkeypatch):
    monkeypatch.setenv("EUTONE_CACHE_DIR", "/proc/no/such/place")
    assert banks.folder() is None
    assert banks.obtain(body, toy[1], sizes=SMALL)[1] > 0


def test_people_without_a_steady_state_are_counted_and_many_are_an_error(body, toy):
    whole = body.solve

    def limping(share):
        def solve(ln_factors, threads=None, stop=None):
            solved = whole(ln_factors)
            solved.status[: int(share * len(ln_factors))] = 1
            return solved

        return solve

    body.solve = limping(0.1)
    bank = banks.make(body, toy[1], sizes=SMALL)
    assert bank.failed.tolist() == [6, 6, 4, 4, 4, 4, 4]
    assert bank.index[0] == 6
    body.solve = limping(0.5)
    with pytest.raises(SolveError, match="no steady state"):
        banks.make(body, toy[1], sizes=SMALL)
