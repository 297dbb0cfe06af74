"""Banks: people drawn from the prior of every explanation, solved once and reused for every panel.

A bank holds what the body answers (read-outs and quantities) for draws of each explanation under one treatment. Age and
sex act on read-outs only, through the healthy centre, so one bank per treatment serves every person who takes the same.
The draws themselves are not stored: `prior.Prior.draw` makes the same ones again where a sampler wants to start there.

On disk a bank is an ``.npz`` without pickled objects, named by everything that it depends on. It is written whole or
not at all, made again when it cannot be read, and the folder is kept below `LIMIT_BYTES` by dropping the files that
were used longest ago. ``EUTONE_CACHE_DIR`` says where; without a place that can be written nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eutone._errors import SolveError
from eutone._files import put
from eutone.engine.chunks import Stop
from eutone.inference.fingerprint import inference_hash
from eutone.inference.prior import UNTREATED, BodyLike, ExposureLike, Prior
from eutone.inference.stopping import heed
from eutone.knowledge.explanations import Explanation

__all__ = ["LIMIT_BYTES", "Bank", "Sizes", "folder", "key_of", "make", "obtain"]

Array = NDArray[np.float64]
Progress = Callable[[str, float], None]

_FORMAT = 4
"""Raise it when the meaning of a file changes."""

LIMIT_BYTES = 2_000_000_000

FAILED_SHARE = 0.2
"""A bank of which more than this did not converge is no bank."""


@dataclass(frozen=True)
class Sizes:
    """How many people are drawn: for ``none`` and ``secondary``, and for every other explanation."""

    common: int = 8000
    other: int = 3000

    def of(self, explanation: Explanation) -> int:
        """Number of draws of ``explanation``."""
        return self.common if explanation.id in ("none", "secondary") else self.other


@dataclass(frozen=True)
class Bank:
    """People drawn from the priors, and what the body answered.

    Attributes
    ----------
    key : str
        Names everything that the bank depends on.
    ids : tuple of str, (n_explanations,)
    readouts : tuple of str, (n_readouts,)
    edges : array, (n_explanations + 1,)
        Particles ``edges[i]:edges[i + 1]`` belong to explanation ``i``; only those that converged are kept.
    index : array, (n,)
        Number of the draw within its explanation (`prior.Prior.draw`).
    form : array, (n,)
        Form of the draw.
    log_readouts : array, (n, n_readouts), float32
        ln fold of the default body.
    log_quantities : array, (n, n_quantities), float32
        ln of the value in the quantity's unit.
    drawn, failed : array, (n_explanations,)
        How many were drawn, and how many did not converge.
    """

    key: str
    ids: tuple[str, ...]
    readouts: tuple[str, ...]
    edges: NDArray[np.int64]
    index: NDArray[np.int64]
    form: NDArray[np.int64]
    log_readouts: NDArray[np.float32]
    log_quantities: NDArray[np.float32]
    drawn: NDArray[np.int64]
    failed: NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of particles."""
        return int(self.index.size)

    def rows(self, explanation: str) -> slice:
        """Where the particles of ``explanation`` are."""
        i = self.ids.index(explanation)
        return slice(int(self.edges[i]), int(self.edges[i + 1]))

    def owner(self) -> NDArray[np.int64]:
        """Position in ``ids`` of the explanation of each particle, ``(n,)``."""
        return np.repeat(np.arange(len(self.ids)), np.diff(self.edges))


def key_of(body: BodyLike, explanations: Sequence[Explanation], exposure: ExposureLike, sizes: Sizes, seed: int) -> str:
    """Name of everything that a bank depends on, 32 hexadecimal digits."""
    parts = (
        f"bank {_FORMAT}",
        np.__version__,
        body.model_hash,
        inference_hash(),
        repr(tuple(body.free)),
        np.asarray(body.spread, dtype=np.float64).tobytes().hex(),
        repr(tuple(body.readouts)),
        repr(tuple(q.id for q in body.quantities)),
        exposure.class_key,
        repr(tuple(exposure.shifts)),
        repr(tuple((e.id, e.forms) for e in explanations)),
        repr((sizes, seed)),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def make(
    body: BodyLike,
    explanations: Sequence[Explanation],
    exposure: ExposureLike = UNTREATED,
    *,
    sizes: Sizes | None = None,
    seed: int = 0,
    threads: int | None = None,
    stop: Stop | None = None,
    progress: Progress | None = None,
) -> Bank:
    """Draw and solve the people of every explanation.

    Raises
    ------
    SolveError
        If more than `FAILED_SHARE` of all, or every draw of one explanation, did not converge.
    StoppedError
        If ``stop`` was set.
    """
    sizes = sizes or Sizes()
    readouts, quantities, index, form = [], [], [], []
    drawn, failed = [], []
    for done, explanation in enumerate(explanations):
        if progress:
            progress(f"bank: {explanation.id}", done / len(explanations))
        heed(stop, f"bank: {explanation.id}")
        prior = Prior(body, explanation, exposure)
        u = prior.draw(sizes.of(explanation), seed)
        solved = body.solve(prior.ln_factors(u), threads=threads, stop=stop)
        heed(stop, f"bank: {explanation.id}")  # those who were not finished would count as failed
        good = np.flatnonzero(
            (np.asarray(solved.status) == 0)
            & np.isfinite(solved.log_readouts).all(axis=1)
            & np.isfinite(solved.log_quantities).all(axis=1)
        )
        drawn.append(u.shape[0])
        failed.append(u.shape[0] - good.size)
        if not good.size:
            raise SolveError(f"none of the {u.shape[0]} people drawn under '{explanation.id}' reached a steady state")
        readouts.append(np.asarray(solved.log_readouts)[good].astype(np.float32))
        quantities.append(np.asarray(solved.log_quantities)[good].astype(np.float32))
        index.append(good.astype(np.int64))
        form.append(prior.forms(u)[good].astype(np.int64))
    if sum(failed) > FAILED_SHARE * sum(drawn):
        raise SolveError(f"{sum(failed)} of {sum(drawn)} people drawn from the prior reached no steady state")
    return Bank(
        key_of(body, explanations, exposure, sizes, seed),
        tuple(e.id for e in explanations),
        tuple(body.readouts),
        np.concatenate([[0], np.cumsum([i.size for i in index])]).astype(np.int64),
        np.concatenate(index),
        np.concatenate(form),
        np.concatenate(readouts),
        np.concatenate(quantities),
        np.asarray(drawn, dtype=np.int64),
        np.asarray(failed, dtype=np.int64),
    )


def obtain(
    body: BodyLike,
    explanations: Sequence[Explanation],
    exposure: ExposureLike = UNTREATED,
    *,
    sizes: Sizes | None = None,
    seed: int = 0,
    threads: int | None = None,
    stop: Stop | None = None,
    progress: Progress | None = None,
) -> tuple[Bank, int]:
    """The bank from the cache, or made and kept there, and how many solves that took."""
    sizes = sizes or Sizes()
    place = folder()
    path = place / f"{key_of(body, explanations, exposure, sizes, seed)}.npz" if place else None
    found = _read(path) if path else None
    if found is not None:
        return found, 0
    bank = make(body, explanations, exposure, sizes=sizes, seed=seed, threads=threads, stop=stop, progress=progress)
    if path:
        with contextlib.suppress(OSError):  # a full or read-only disk costs time, not the answer
            _write(path, bank)
            _trim(path.parent, keep=path)
    return bank, int(bank.drawn.sum())


def folder(environment: Mapping[str, str] | None = None) -> Path | None:
    """Where banks are kept: ``EUTONE_CACHE_DIR``, else the user's cache folder; None if it cannot be made."""
    chosen = (os.environ if environment is None else environment).get("EUTONE_CACHE_DIR")
    if chosen is not None and not chosen:
        return None
    if chosen:
        place = Path(chosen) / "banks"
    else:
        from platformdirs import user_cache_path

        place = user_cache_path("eutone") / "banks"
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return place


_ARRAYS = {
    "edges": np.int64,
    "index": np.int64,
    "form": np.int64,
    "log_readouts": np.float32,
    "log_quantities": np.float32,
    "drawn": np.int64,
    "failed": np.int64,
}


def _read(path: Path) -> Bank | None:
    """The bank at ``path``; None where there is none or it is damaged."""
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as stored:
            if str(stored["key"]) != path.stem:
                return None
            arrays = {name: stored[name] for name in _ARRAYS}
            ids, readouts = tuple(map(str, stored["ids"])), tuple(map(str, stored["readouts"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    n, shapes = arrays["index"].size, arrays["log_readouts"].shape
    right = (
        all(arrays[name].dtype == kind for name, kind in _ARRAYS.items())
        and arrays["edges"].shape == (len(ids) + 1,)
        and arrays["edges"][-1] == n == shapes[0] == arrays["log_quantities"].shape[0] == arrays["form"].size
        and shapes[1] == len(readouts)
    )
    if not right:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return Bank(path.stem, ids, readouts, **arrays)


def _write(path: Path, bank: Bank) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(descriptor)

    def write(part: Path) -> None:
        with part.open("wb") as handle:
            np.savez(
                handle,
                key=np.array(bank.key),
                ids=np.array(bank.ids),
                readouts=np.array(bank.readouts),
                **{field: getattr(bank, field) for field in _ARRAYS},
            )

    put(path, Path(name), write)


def _trim(place: Path, keep: Path) -> None:
    """Drop the banks that were used longest ago until the folder is small enough."""
    found = sorted((p.stat().st_mtime, p.stat().st_size, p) for p in place.glob("*.npz") if p != keep)
    total = sum(size for _, size, _ in found) + keep.stat().st_size
    for _, size, path in found:
        if total <= LIMIT_BYTES:
            return
        path.unlink(missing_ok=True)
        total -= size
