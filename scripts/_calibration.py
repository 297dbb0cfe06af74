"""What the calibration scripts share: a bench of prepared treatments, simulated people, and writing down.

The scripts are: decidability, evaluate_cases, speaks_right, false_alarms, sbc. Each answers one question of
docs/inference.md, prints a table, and writes JSON (DESIGN: calibration is a release artefact) with the hashes of what
it was made with.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if find_spec("eutone") is None:
    sys.path.insert(0, str(ROOT / "src"))

import numpy as np

import eutone
from eutone import _case
from eutone._panel import Measurement, Panel
from eutone._person import Person
from eutone._protocol import Protocol
from eutone.engine.chunks import threads_of
from eutone.inference.bank import Sizes
from eutone.inference.calibration import judge, panel_of, rank_of, rate
from eutone.inference.classes import classes
from eutone.inference.fingerprint import inference_hash
from eutone.inference.observe import observe
from eutone.inference.prepared import prepare
from eutone.inference.streams import stream
from eutone.knowledge import explanations, markers
from eutone.knowledge.fingerprint import knowledge_hash

DECIDABLE = 0.9
DECLARING = Sizes(4000, 1500)
"""Smaller banks for declarations: 200 people a panel are judged, and nothing is reported of one of them."""
STRATA = ("decidable, 3+", "decidable, 1-2", "not decidable")

UNKNOWN_GENE = ("none", "secondary")
"""What is right for a gene that Eutone does not know."""

PANELS = {
    "HVA and 5-HIAA": ("csf.HVA", "csf.5-HIAA"),
    "with 3-OMD and pterins": ("csf.HVA", "csf.5-HIAA", "csf.3-OMD", "csf.neopterin", "csf.BH4"),
    "with 5-MTHF and phenylalanine": (
        "csf.HVA", "csf.5-HIAA", "csf.3-OMD", "csf.neopterin", "csf.BH4", "csf.5-MTHF", "plasma.phenylalanine",
    ),
    "fourteen analytes": (
        "csf.HVA", "csf.5-HIAA", "csf.3-OMD", "csf.neopterin", "csf.BH4", "csf.5-MTHF", "plasma.phenylalanine",
        "csf.MHPG", "csf.L-DOPA", "csf.5-HTP", "csf.biopterin", "csf.sepiapterin", "csf.PLP", "plasma.prolactin",
    ),
}  # fmt: skip


@dataclass
class Bench:
    """Prepared treatments, kept between panels."""

    setting: str = "referred"
    seed: int = 0
    sizes: Sizes = field(default_factory=Sizes)
    threads: int = field(default_factory=threads_of)
    ready: dict = field(default_factory=dict)

    def __post_init__(self):
        self.body = _case.own_body()
        self.markers = markers.load()

    def prepared(self, taking, person, hours=None):
        key = (self.body.treatment(taking, person, hours).class_key, taking.stated, person.sex)
        if key not in self.ready:
            while len(self.ready) >= 3:  # a bank is 100 MB
                self.ready.pop(next(iter(self.ready)))
            self.ready[key] = prepare(
                self.body,
                taking,
                person,
                setting=self.setting,
                seed=self.seed,
                sizes=self.sizes,
                threads=self.threads,
                hours=hours,
            )
        return self.ready[key]

    def observed(self, case, ready):
        return observe(case.panel, case.person, ready.noise, self.markers, threads=self.threads)

    def template(self, ready, ids, age=5.0, sex="female"):
        """A panel of ``ids`` whose values do not matter."""
        rows = tuple(Measurement(m, m, None, "=", 1.0, "", "1") for m in ids)
        found = observe(Panel(rows), Person(age_years=age, sex=sex), ready.noise, self.markers, threads=self.threads)
        if len(found.likelihood.observations) != len(ids):
            raise SystemExit(f"not usable: {[(u.measurement.marker, u.why) for u in found.uses if not u.used]}")
        return found.likelihood

    def provenance(self):
        return {
            "version": eutone.__version__,
            "model_hash": self.body.model_hash,
            "knowledge_hash": knowledge_hash(),
            "inference_hash": inference_hash(),
            "seed": self.seed,
            "setting": self.setting,
            "bank": {"common": self.sizes.common, "other": self.sizes.other},
        }


NOTHING = Protocol((), True)
NOBODY = Person()


def truth_of(gene, ready):
    """Ids that are right for a gene."""
    known = {e.id for e in explanations.load()}
    if gene in ready.ids:
        return (gene,)
    return (gene,) if gene in known else UNKNOWN_GENE


def simulated(ready, likelihood, truth, n, rng):
    """``n`` people whose cause is one of ``truth`` (in proportion to their priors): (cause, row, panel)."""
    at = [ready.ids.index(t) for t in truth]
    share = ready.weights[at] / ready.weights[at].sum()
    for _ in range(n):
        i = at[int(rng.choice(len(at), p=share))]
        row = int(rng.integers(ready.bank.edges[i], ready.bank.edges[i + 1]))
        mu = np.array([o.predicted(ready.bank.log_readouts[row : row + 1])[0] for o in likelihood.observations])
        yield i, row, panel_of(likelihood, mu, rng)


def blind(likelihood):
    """All of a panel that may be looked at: everything but the values that were measured."""
    return tuple(
        (o.marker, o.terms, o.load, o.sd, o.cuts, None if o.measured or o.cuts else (o.low, o.high))
        for o in likelihood.observations
    ), likelihood.contexts


def stratum(row):
    if not row["decidable"]:
        return "not decidable"
    return "decidable, 3+" if row["analytes"] >= 3 else "decidable, 1-2"


def declare(work, panels, people, say=print):
    """What can be decided, panel by panel; the values that were measured are not used."""
    rows, seen = [], {}
    for panel in panels:
        ready = work.prepared(panel.case.taking, panel.case.person, _case.hours_of(panel.case, work.body))
        likelihood = work.observed(panel.case, ready).likelihood
        truth = truth_of(panel.truth_gene, ready)
        row = {
            "id": panel.id, "truth": panel.truth_gene, "right": list(truth),
            "markers": [o.marker for o in likelihood.observations], "analytes": len(likelihood.observations),
        }  # fmt: skip
        rows.append(row)
        if not likelihood.observations or not set(truth) <= set(ready.ids):
            why = "no usable marker" if not likelihood.observations else "the body does not know this cause"
            row |= {"decidable": False, "why": why, "stratum": "not decidable"}
            continue
        key = (ready.bank.key, truth, blind(likelihood))
        if key not in seen:
            seen[key] = ask(work, ready, likelihood, truth, people)
        row |= seen[key]
        row["stratum"] = stratum(row)
        say(f"{row['id'][:58]:58} {row['truth']:9} {row['analytes']:2} analytes  class first "
            f"{row['class_first']['value']:.2f}  {row['stratum']}", flush=True)  # fmt: skip
    return rows


def ask(work, ready, likelihood, truth, people):
    members = classes(ready.bank, ready.weights, likelihood, seed=work.seed).members
    rng = stream(work.seed, "decidability", *truth, *(o.marker for o in likelihood.observations))
    alone = [(e,) for e in ready.ids]
    first = third = top1 = 0
    scores, answers = [], {}
    for _, row, panel in simulated(ready, likelihood, truth, people, rng):
        words = None if any(o.measured for o in panel.observations) else tuple(o.low for o in panel.observations)
        if words is None or words not in answers:  # words repeat, and no one can be recognised by them
            answers[words] = judge(ready, panel, leave_out=row)
        p = answers[words]
        rank = rank_of(p, ready.ids, truth, alone)
        best = min(rank, rank_of(p, ready.ids, truth, members))
        first += best == 1
        third += best <= 3
        top1 += rank == 1
        scores.append(np.log(max(p[[ready.ids.index(t) for t in truth]].sum(), 1e-12)))
    own = sorted({e for group in members if set(group) & set(truth) for e in group})
    return {
        "class": own,
        "class_first": as_json(rate(first, people)),
        "class_third": as_json(rate(third, people)),
        "alone_first": as_json(rate(top1, people)),
        "log_score": float(np.mean(scores)),
        "decidable": bool(first >= DECIDABLE * people),
    }


def shown(found):
    """A rate as text."""
    return f"{found.value:.3f} ({found.low:.3f}-{found.high:.3f}, n = {found.n})" if found.n else "no panels"


def as_json(found):
    value = found.value if found.n else None
    return {"value": value, "count": found.count, "n": found.n, "low": found.low, "high": found.high}


def write(path, data):
    Path(path).write_text(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def options(description, **defaults):
    """The arguments that every script takes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", help="write what was found")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--common", type=int, default=defaults.get("common", 8000), help="people of none and secondary")
    parser.add_argument("--other", type=int, default=defaults.get("other", 3000), help="people of every other cause")
    return parser


def bench(given, setting="referred"):
    return Bench(setting=setting, seed=given.seed, sizes=Sizes(given.common, given.other))


MADE_WITH = ("model_hash", "knowledge_hash", "inference_hash", "setting")
"""What must be the same for what was declared to hold."""

__all__ = [
    "DECLARING", "MADE_WITH", "NOBODY", "NOTHING", "PANELS", "ROOT", "STRATA", "Bench", "as_json", "bench", "classes",
    "declare", "judge", "options", "rate", "shown", "simulated", "stream", "time", "truth_of", "write",
]  # fmt: skip
