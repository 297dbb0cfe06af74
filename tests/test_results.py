"""The contract ``eutone.profile/1``, its schema, the tables and the case file."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from eutone._errors import EutoneError, InputError
from eutone._results import (
    SCHEMAS,
    Band,
    ExplanationResult,
    Profile,
    ProfileResult,
    finite,
    generate_schema,
    load_case,
    schema,
    write_atomic,
)

FIXTURE = Path(__file__).parent / "data" / "synthetic_profile.json"

# DESIGN section 8, key by key. This list may grow at the end of each entry and never otherwise.
CONTRACT = {
    "": "schema status person measurements quantities explanations imbalances next_tests discrepancy limits provenance",
    "measurements": "marker specimen value comparator unit canonical_value canonical_unit interval z used why",
    "measurements.interval": "low high source",
    "quantities": "id name system region unit median low high prior healthy p_low p_high information information_se "
    "contraction verdict",
    "quantities.prior": "median low high",
    "quantities.healthy": "low high basis",
    "explanations": "id causes name kind class prior probability log_evidence log_evidence_se drivers",
    "next_tests": "marker specimen gain cost",
    "discrepancy": "status p_value markers",
    "provenance": "version model_hash knowledge_hash seed interval_mass platform solves ess seconds",
}


@pytest.fixture
def data() -> ProfileResult:
    return ProfileResult.from_json(FIXTURE.read_bytes())


@pytest.fixture
def raw() -> dict:
    return json.loads(FIXTURE.read_text(encoding="utf-8"))


def explanation(name: str, probability: float, **more: object) -> ExplanationResult:
    fields = {
        "causes": (name,),
        "name": name,
        "kind": "primary",
        "prior": 0.1,
        "log_evidence": 0.0,
        "log_evidence_se": 0.0,
    }
    return ExplanationResult(**{**fields, "id": name, "probability": probability, **more})


def with_explanations(data: ProfileResult, *items: ExplanationResult) -> ProfileResult:
    fields = {name: getattr(data, name) for name in ProfileResult.model_fields}
    return ProfileResult(**{**fields, "explanations": items})


@pytest.mark.parametrize("path", CONTRACT)
def test_every_promised_key_is_there_in_order(path: str, raw: dict) -> None:
    place: object = raw
    for part in filter(None, path.split(".")):
        place = place[part]
        place = place[0] if isinstance(place, list) else place
    promised = CONTRACT[path].split()
    assert list(place)[: len(promised)] == promised


def test_the_file_reads_back_to_the_same_bytes(data: ProfileResult) -> None:
    assert data.to_json().encode() == FIXTURE.read_bytes()
    assert data.schema_ == "eutone.profile/1"
    assert data.person.synthetic, "the fixture is labelled as made up"


def test_only_seconds_may_differ_between_runs(data: ProfileResult) -> None:
    again = data.model_copy(update={"provenance": data.provenance.model_copy(update={"seconds": 99.5})})
    differing = [a for a, b in zip(data.to_json().splitlines(), again.to_json().splitlines(), strict=True) if a != b]
    assert len(differing) == 1
    assert '"seconds"' in differing[0]


def number_paths(value: object, path: tuple = ()) -> list[tuple]:
    if isinstance(value, float):
        return [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items for found in number_paths(item, (*path, key))]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_no_number_anywhere_may_be_nan_or_infinite(bad: float, raw: dict) -> None:
    paths = number_paths(raw)
    assert len(paths) > 300
    # one of each kind of place is enough
    for path in {tuple(p for p in path if isinstance(p, str)): path for path in paths}.values():
        place = raw
        for key in path[:-1]:
            place = place[key]
        kept, place[path[-1]] = place[path[-1]], bad
        with pytest.raises(ValidationError):
            ProfileResult.model_validate(raw)
        place[path[-1]] = kept


@given(st.one_of(st.none(), st.floats()))
def test_finite_keeps_numbers_and_drops_the_rest(value: float | None) -> None:
    kept = finite(value)
    assert kept == value if value is not None and math.isfinite(value) else kept is None


def test_explanations_are_sorted_whatever_their_order(data: ProfileResult) -> None:
    made = with_explanations(data, explanation("A", 0.1), explanation("none", 0.6, kind="none"), explanation("B", 0.3))
    assert [e.id for e in made.explanations] == ["none", "B", "A"]


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ((explanation("A", 0.5), explanation("none", 0.4)), "sum to 0.9"),
        ((explanation("A", 0.5), explanation("B", 0.5)), "'none' is missing"),
        ((explanation("none", 0.5), explanation("none", 0.5)), "appear twice"),
        ((), "are missing"),
    ],
)
def test_explanations_that_make_no_sense_are_refused(items: tuple, why: str, data: ProfileResult) -> None:
    with pytest.raises(ValidationError, match=why):
        with_explanations(data, *items)


def test_intervals_are_in_order() -> None:
    Band(median=1.0, low=None, high=2.0)
    with pytest.raises(ValidationError, match="out of order"):
        Band(median=1.0, low=2.0, high=3.0)


def test_quantities_check_their_interval_and_their_probabilities(raw: dict) -> None:
    for change in ({"low": 1e9}, {"p_low": 0.7, "p_high": 0.7}, {"p_low": -0.1}, {"verdict": "certain"}):
        changed = {**raw, "quantities": [{**raw["quantities"][0], **change}]}
        with pytest.raises(ValidationError):
            ProfileResult.model_validate(changed)


def test_results_are_frozen_and_refuse_unknown_keys(data: ProfileResult, raw: dict) -> None:
    with pytest.raises(ValidationError):
        data.status = "failed"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="guess"):
        ProfileResult.model_validate({**raw, "guess": 1})


def test_a_newer_file_with_more_keys_is_read(raw: dict, data: ProfileResult) -> None:
    raw["added_later"] = {"x": 1}
    raw["measurements"][0]["added_later"] = True
    assert ProfileResult.from_json(json.dumps(raw)) == data


def test_floats_are_written_with_twelve_digits_and_no_negative_zero(data: ProfileResult) -> None:
    band = Band(median=0.1 + 0.2, low=-0.0, high=1e300 / 3)
    changed = data.model_copy(update={"quantities": (data.quantities[0].model_copy(update={"prior": band}),)})
    prior = json.loads(changed.to_json())["quantities"][0]["prior"]
    assert prior == {"median": 0.3, "low": 0.0, "high": 3.33333333333e299}
    assert "-0.0" not in changed.to_json()


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schema_is_the_generated_one(name: str) -> None:
    assert schema(name) == generate_schema(name)


def test_a_schema_that_is_not_there_is_an_input_error() -> None:
    with pytest.raises(InputError, match="profile"):
        schema("profil")


def test_tables_have_a_row_each_and_flat_columns(data: ProfileResult) -> None:
    profile = Profile(data)
    assert list(profile.explanations.head(1)["id"]) == ["PTS"]
    assert len(profile.quantities.query("verdict != 'prior-only'")) == 17
    assert {"prior_low", "healthy_high", "median"} <= set(profile.quantities.columns)
    assert profile.measurements.loc[0, "interval_low"] == 337
    assert profile.person.sex == "female"
    assert "PTS 0.96" in repr(profile)


def tree() -> xr.DataTree:
    draws = np.random.default_rng(0).normal(size=(1, 50))
    posterior = xr.Dataset({"csf.HVA": (("chain", "draw"), draws)})
    observed = xr.Dataset({"csf.HVA": ((), 157.0)})
    return xr.DataTree.from_dict(
        {"/": xr.Dataset(attrs={"kind": "test"}), "posterior": posterior, "observed_data": observed}
    )


def test_a_case_file_reads_back_whole(data: ProfileResult, tmp_path: Path) -> None:
    path = tmp_path / "case.eutone.nc"
    Profile(data, tree(), case='{"panel": "µ"}').save(path)
    read = load_case(path)
    assert read.data == data
    assert read.to_json() == data.to_json()
    assert read.case == '{"panel": "µ"}'
    xr.testing.assert_identical(read.tree["posterior"].to_dataset(), tree()["posterior"].to_dataset())
    assert read.tree.attrs == {"kind": "test"}
    assert os.listdir(tmp_path) == ["case.eutone.nc"]


def test_a_long_profile_fits_into_the_case_file(data: ProfileResult, tmp_path: Path) -> None:
    many = tuple(data.quantities[0].model_copy(update={"id": f"q{i}"}) for i in range(2000))
    long = data.model_copy(update={"quantities": many})
    assert len(long.to_json()) > 500_000
    Profile(long, tree()).save(tmp_path / "long.nc")
    assert load_case(tmp_path / "long.nc").data == long


def test_saving_does_not_change_the_profile(data: ProfileResult, tmp_path: Path) -> None:
    profile = Profile(data, tree())
    profile.save(tmp_path / "a.nc")
    assert profile.tree.attrs == {"kind": "test"}


def test_a_profile_without_draws_says_so(data: ProfileResult, tmp_path: Path) -> None:
    with pytest.raises(EutoneError, match="--save"):
        Profile(data).save(tmp_path / "a.nc")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["missing/a.nc", "."])
def test_a_path_that_cannot_be_written_is_an_input_error(name: str, data: ProfileResult, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        Profile(data, tree()).save(tmp_path / name)
    with pytest.raises(InputError):
        Profile(data).to_html(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("no")])
def test_a_write_that_breaks_leaves_the_old_file(error: BaseException, tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    path.write_bytes(b"old")

    def write(part: Path) -> None:
        part.write_bytes(b"half")
        raise error

    with pytest.raises(InputError if isinstance(error, OSError) else type(error)):
        write_atomic(path, write)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.nc"]


@pytest.mark.parametrize(
    ("content", "why"),
    [(b'{"schema": "eutone.profile/1"}', "--save"), (b"marker,value\n", "not a case file"), (b"", "not a case file")],
)
def test_another_file_is_refused_by_name(content: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(InputError, match=why):
        load_case(path)


def test_a_damaged_or_foreign_netcdf_is_refused(data: ProfileResult, tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    Profile(data, tree()).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(InputError, match="damaged"):
        load_case(path)
    tree().to_netcdf(path, engine="h5netcdf")
    with pytest.raises(InputError, match="was not written by"):
        load_case(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_case(tmp_path / "nothing.nc")


def test_html_is_written_where_asked(data: ProfileResult, tmp_path: Path) -> None:
    page = Profile(data).to_html(tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == page
