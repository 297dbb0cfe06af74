"""When something was taken: what each read-out sees of a dose hours after it.

An exposure is a daily mean (`_treatment`). Where it is said how long ago the last dose was, blood has more or less than
that, and what follows blood with a lag sees an average over the hours before. How long each lag is, the network itself
says: about the state of a person who takes the daily mean it is linear,

    dx/dt = J x + b r(t),    y = C x + D r(t)

with ``J`` its Jacobian, ``b`` and ``D`` the effects of the parameter that the drug moves, ``C`` the gradient of the
read-outs, and ``r`` the course of the drug relative to its mean: a dose every ``interval`` hours through first-order
stages (absorption of an inflow, which the network then clears itself; absorption and decline of an effect). With the
stages as more states the course of everything is a matrix exponential, and what a read-out *sees* at time t is ``y(t)``
over the ``y`` of the mean: near 1 for whatever is slow, several-fold up or down for the drug itself in blood.

A person is then solved once per group of read-outs that see alike, with the treatment's part of each parameter scaled:
an inflow by what is seen, an activity that is left as the odds of block (reversible) or as the blocked share
(irreversible). Chemistry stays at steady state; only what drives it is taken at its time. Quantities are those of the
daily mean.

No read-out sees less than nothing or more than the drug's own peak, which is the largest weighted mean of its course.
One that would (the network overshoots, or the answer to the mean is the small rest of two that cancel) is not an
average of the course at all: it is held at that bound and named (`TimedBody.strained`), and the report says so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from eutone.body._course import About, scaled, seen

if TYPE_CHECKING:
    from eutone.body._body import Body, Solved
    from eutone.body._treatment import Exposure

__all__ = ["PREFIX", "TimedBody"]

Array = NDArray[np.float64]

PREFIX = "taken."
"""Before the id of a parameter: the column that holds the treatment's part of it."""

_ALIKE = 0.1
"""Read-outs are solved together if no parameter that they see differs by more than this in ln.

Then none is off by more than 10 % (a read-out hardly ever changes by more than the parameter that moves it), and half
of that is usual. Analytic and within-person spread of a marker are 0.15 in the median; a half-time is known to 0.3 to
0.6.
"""

_MEAN = 0.05
"""As little as this from the daily mean, in the same unit, is the daily mean."""


@dataclass(frozen=True)
class TimedBody:
    """A body under a treatment whose time is known: each read-out is that of its own exposure.

    Has the interface of `Body`, and before its columns one ``taken.`` column for each parameter with a `Course`.
    """

    body: Body
    exposure: Exposure
    columns: frozenset[int] | None = None
    """Read-outs that must be at their own exposure; None: all. The others may be those of the daily mean."""

    def looking_at(self, columns: Collection[int]) -> TimedBody:
        """The body for a question about these read-outs only: groups that hold none of them are not solved."""
        other = replace(self, columns=frozenset(columns))
        vars(other)["_seen"] = self._seen
        return other

    @property
    def free(self) -> tuple[str, ...]:
        """The treatment's parts, then the columns of the body."""
        return (*(PREFIX + name for name in self._timed), *self.body.free)

    @property
    def spread(self) -> Array:
        """Ln standard deviation between people: none of the treatment's own."""
        return np.concatenate([np.zeros(len(self._timed)), self.body.spread])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("body", "exposure"):
            raise AttributeError(name)
        return getattr(self.body, name)

    @cached_property
    def _timed(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c.parameter for c in self.exposure.courses))

    @cached_property
    def _seen(self) -> tuple[Array, tuple[tuple[str, str], ...]]:
        about = About.of(self.body, {name.removeprefix(PREFIX): mean for name, mean, _ in self.exposure.shifts})
        rows, strained = [], []
        for name in self._timed:
            mine = [c for c in self.exposure.courses if c.parameter == name]
            weights = np.array([c.size for c in mine])
            found, held = zip(*(seen(about, c) for c in mine), strict=True)
            rows.append(weights @ np.array(found) / weights.sum())
            strained += [(name, self.body.readouts[j]) for j in np.flatnonzero(np.any(held, axis=0))]
        return np.array(rows), tuple(strained)

    @property
    def ratios(self) -> Array:
        """What each read-out sees of each timed parameter's daily mean, (n_timed, n_readouts)."""
        return self._seen[0]

    @property
    def strained(self) -> tuple[tuple[str, str], ...]:
        """Parameters and read-outs that do not follow the course of what moves them: held at nothing or its peak."""
        return self._seen[1]

    @cached_property
    def groups(self) -> tuple[tuple[Array, NDArray[np.intp]], ...]:
        """Ratios (n_timed,) and read-outs of each group that sees alike; without those that see the daily mean.

        Alike is what moves the typical person's parameters alike, to `_ALIKE`; there are as many groups as that takes.
        """
        moments = {name: mean for name, mean, _ in self.exposure.shifts}
        means = [moments[PREFIX + name] for name in self._timed]
        moved = np.array(
            [
                scaled(np.asarray(mean), ratio, irreversible) - mean
                for mean, ratio, irreversible in zip(means, self.ratios, self._irreversible, strict=True)
            ]
        )
        apart = np.flatnonzero(np.abs(moved).max(axis=0) > _MEAN)
        if apart.size < 2:
            return tuple((self.ratios[:, j], np.array([j])) for j in apart)
        at = fcluster(linkage(moved[:, apart].T, "complete", metric="chebyshev"), _ALIKE, "distance")
        members = [apart[at == g] for g in range(1, int(at.max()) + 1)]
        return tuple((np.exp(np.log(self.ratios[:, m]).mean(axis=1)), m) for m in members)

    @property
    def _asked(self) -> list[tuple[Array, NDArray[np.intp]]]:
        return [(r, m) for r, m in self.groups if self.columns is None or not self.columns.isdisjoint(m.tolist())]

    def solve(self, ln_factors: Array, threads: int | None = None, stop: Any = None) -> Solved:
        """As `Body.solve`; read-outs of each group at its own exposure, quantities at the daily mean."""
        from eutone.body._body import Solved

        timed = self._timed
        parts, rest = ln_factors[:, : len(timed)], np.asarray(ln_factors[:, len(timed) :], dtype=np.float64)
        columns = [self.body.free.index(name) for name in timed]
        moments = {name.removeprefix(PREFIX): (mean, sd) for name, mean, sd in self.exposure.shifts}

        def run(ratio: Array | None) -> Solved:
            ln = rest.copy()
            for k, (name, column) in enumerate(zip(timed, columns, strict=True)):
                mine = parts[:, k]
                if ratio is not None:
                    # who has more of a drug than others clears it more slowly, and has more of it left as well
                    mean, sd = moments[name]
                    more = np.sign(mean) * (mine - mean) / sd
                    own = ratio[k] ** np.exp(-self._slower[k] * more) if ratio[k] < 1.0 else ratio[k]
                    mine = scaled(mine, own, self._irreversible[k])
                ln[:, column] += mine
            return self.body.solve(ln, threads=threads, stop=stop)

        base = run(None)
        folds, status = base.log_readouts.copy(), base.status.copy()
        for ratio, members in self._asked:
            found = run(ratio)
            folds[:, members] = found.log_readouts[:, members]
            status = np.where(status == 0, found.status, status)
        folds[status != 0] = np.nan
        return Solved(folds, base.log_quantities, status)

    @cached_property
    def _slower(self) -> tuple[float, ...]:
        return tuple(max(c.stage_ln_sd for c in self.exposure.courses if c.parameter == n) for n in self._timed)

    @cached_property
    def _irreversible(self) -> tuple[bool, ...]:
        return tuple(all(c.irreversible for c in self.exposure.courses if c.parameter == n) for n in self._timed)
