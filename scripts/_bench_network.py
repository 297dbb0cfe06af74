"""What every part of the benchmark takes: networks, people, and the network as text for those who read text."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from eutone.engine import Compiled, Network, compile_network, load_network
from eutone.engine.clocks import clocks
from eutone.engine.expr import Expr, const, substitute, symbol, walk

SCRIPTS = Path(__file__).resolve().parent


@dataclass
class Problem:
    """A network at steady state, who differs in what, and the text that peers read."""

    name: str
    network: Network
    compiled: Compiled
    antimony: str
    values: np.ndarray
    truth: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def free(self) -> tuple[str, ...]:
        """Who differs in what."""
        return self.compiled.free


def draw(network: Network, free: tuple[str, ...], n: int) -> np.ndarray:
    default = dict(zip(network.parameters, network.values, strict=True))
    centre = np.array([default[name] for name in free])
    return centre * np.exp(0.2 * np.random.default_rng(0).standard_normal((n, len(free))))


def spread(network: Network, but: Sequence[str] = ()) -> tuple[str, ...]:
    """Every positive parameter, those left out on which a clock depends: people live in the same day."""
    fixed = {"time", *but}.union(*(clock.names for clock in clocks(network)))
    return tuple(p for p, v in zip(network.parameters, network.values, strict=True) if v > 0 and p not in fixed)


def six_terminals() -> str:
    return (SCRIPTS / "bench_models/six-terminals.ant").read_text(encoding="utf-8")


def steady_problems(n: int) -> list[Problem]:
    made = []
    home = importlib.util.find_spec("eutone")
    assert home is not None
    assert home.submodule_search_locations is not None
    published = Path(home.submodule_search_locations[0]) / "body/published"
    for name, text in (
        ("dopamine 2009", (published / "dopamine_2009.ant").read_text(encoding="utf-8")),
        ("six terminals", six_terminals().replace("amp=0.3", "amp=0")),
    ):
        network = load_network(text)
        free = spread(network, ("c",))
        made.append(Problem(name, network, compile_network(network, free), text, draw(network, free, n)))
    found = body()
    if found is not None:
        network, free = found
        compiled = compile_network(network, free)
        made.append(Problem("body", network, compiled, to_antimony(network), draw(network, free, n)))
    return made


def body() -> tuple[Network, tuple[str, ...]] | None:
    """The body's network and what differs between people; None, with a word, if it cannot be loaded."""
    try:
        from eutone.body import load

        found = load()
    except Exception as error:  # a body that is being worked on must not hide the other numbers
        print(f"body: not measured ({type(error).__name__}: {error})", file=sys.stderr)
        return None
    return found.network, found.compiled.free


def plain(network: Network) -> Network:
    """The network with names that every reader of text takes: an id of a reaction's own parameter has a dot in it."""
    names = {name: name.replace(".", "_") for name in network.parameters}
    swap = {old: symbol(new) for old, new in names.items() if old != new}
    if not swap:
        return network
    rules, moved, begin = list(network.rules), list(network.drift.items()), list(network.initials.items())
    return replace(
        network,
        parameters=tuple(names.values()),
        rates=tuple(substitute(list(network.rates), swap)),
        rules=tuple((name, substitute([e], swap)[0]) for name, e in rules),
        drift={name: substitute([e], swap)[0] for name, e in moved},
        initials={name: substitute([e], swap)[0] for name, e in begin},
    )


# --- time ---


def timed(solve: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Seconds of the processor, all threads together: other jobs on the machine, and more cores, change nothing."""
    began = clock()
    solve()
    return clock() - began


# --- the network for those who read text ---

INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^"}
INFIX |= {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=", "and": "&&", "or": "||"}


def written(e: Expr) -> str:
    if e.op in ("const", "symbol"):
        return repr(e.value) if e.op == "const" else str(e.value)
    args = [written(a) for a in e.args]
    if e.op in INFIX:
        return f"({args[0]} {INFIX[e.op]} {args[1]})"
    if e.op == "neg":
        return f"(-{args[0]})"
    if e.op == "select":
        return f"piecewise({args[1]}, {args[0]}, {args[2]})"
    return f"{'!' if e.op == 'not' else e.op}({', '.join(args)})"


def to_antimony(network: Network) -> str:
    """The network as Eutone sees it: concentrations in a volume of 1, stoichiometry divided by the true volumes."""
    lines = ["model exported()", "compartment whole_ = 1;"]
    begin = dict(zip(network.species, map(repr, network.initial.tolist()), strict=True))
    begin |= {name: written(e) for name, e in network.initials.items()}
    lines += [f"species {s} in whole_ = {v};" for s, v in begin.items()]
    lines += [f"{p} = {v!r};" for p, v in zip(network.parameters, network.values.tolist(), strict=True)]
    lines += [f"{name} := {written(e)};" for name, e in network.rules]
    for j, (name, rate) in enumerate(zip(network.reactions, network.rates, strict=True)):
        column = network.stoichiometry[:, j]
        sides = [
            " + ".join(f"{abs(float(column[i]))!r} {network.species[i]}" for i in np.flatnonzero(sign * column > 0))
            for sign in (-1, 1)
        ]
        lines.append(f"{name}: {sides[0]} -> {sides[1]}; {written(rate)};")
    lines += [f"{name}' = {written(e)};" for name, e in network.drift.items()]
    return "\n".join([*lines, "end", ""])


def to_sbml(text: str) -> str:
    import antimony

    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(text) < 0:
        raise RuntimeError(antimony.getLastError())
    return str(antimony.getSBMLString(antimony.getMainModuleName()))


# --- the network for those who read formulas ---


def derivatives(network: Network, free: Sequence[str]) -> list[Expr]:
    """``dx/dt`` of every species over species, ``free`` and time; every other parameter is a number."""
    known: dict[str, Expr] = {
        name: symbol(name) if name in free else const(float(value))
        for name, value in zip(network.parameters, network.values, strict=True)
    }
    for name, rule in network.rules:
        known[name] = substitute([rule], known)[0]
    terms = substitute([*network.rates, *network.drift.values()], known)
    moved = dict(zip(network.drift, terms[len(network.rates) :], strict=True))
    net = []
    for row, name in zip(network.stoichiometry, network.species, strict=True):
        total = moved.get(name, const(0.0))
        for j in np.flatnonzero(row):
            total = total + float(row[j]) * terms[j]
        net.append(total)
    return net


def straight(
    roots: Sequence[Expr],
    names: Mapping[str, str],
    write: Callable[[str, list[str]], str],
    local: str = "v{}",
) -> tuple[list[tuple[str, str]], list[str]]:
    """Assignments ``(name, formula)``, one operation each and every operation once, and what ``roots`` are then."""
    lines: list[tuple[str, str]] = []
    found: dict[Expr, str] = {}
    for node in walk(*roots):
        if node.op == "const":
            found[node] = repr(float(node.value or 0.0))
        elif node.op == "symbol":
            found[node] = names[str(node.value)]
        else:
            found[node] = local.format(len(lines))
            lines.append((found[node], write(node.op, [found[a] for a in node.args])))
    return lines, [found[root] for root in roots]


MARKS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
COMPARE = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}


def python(op: str, args: list[str]) -> str:
    """One operation on floats, functions as `math` names them."""
    if op in MARKS:
        return f"{args[0]} {MARKS[op]} {args[1]}"
    if op in COMPARE:
        return f"float({args[0]} {COMPARE[op]} {args[1]})"
    forms = {
        "neg": "-{0}", "pow": "pow({0}, {1})", "ln": "log({0})", "floor": "float(floor({0}))",
        "ceil": "float(ceil({0}))", "arcsin": "asin({0})", "arccos": "acos({0})", "arctan": "atan({0})",
        "and": "float({0} != 0 and {1} != 0)", "or": "float({0} != 0 or {1} != 0)", "not": "float({0} == 0)",
        "select": "({1} if {0} != 0 else {2})",
    }  # fmt: skip
    return forms[op].format(*args) if op in forms else f"{op}({', '.join(args)})"


def arrays(op: str, args: list[str]) -> str:
    """One operation on arrays; ``xp`` is NumPy or what looks like it."""
    if op in MARKS:
        return f"{args[0]} {MARKS[op]} {args[1]}"
    if op in COMPARE:
        return f"({args[0]} {COMPARE[op]} {args[1]}) * 1.0"
    if op == "select":
        return f"xp.where({args[0]} != 0, {args[1]}, {args[2]})"
    names = {
        "ln": "log", "neg": "negative", "min": "minimum", "max": "maximum", "pow": "power",
        "and": "logical_and", "or": "logical_or", "not": "logical_not",
    }  # fmt: skip
    return f"xp.{names.get(op, op)}({', '.join(args)}){' * 1.0' if op in ('and', 'or', 'not') else ''}"


def diffsl(op: str, args: list[str]) -> str:
    """One operation in DiffSL, which has steps, but neither comparisons nor whole numbers."""
    if op in MARKS:
        return f"({args[0]}) {MARKS[op]} ({args[1]})"
    step = {"lt": "heaviside(({1}) - ({0}))", "le": "heaviside(({1}) - ({0}))"}
    step |= {"gt": "heaviside(({0}) - ({1}))", "ge": "heaviside(({0}) - ({1}))"}
    forms = step | {
        "neg": "-({0})", "ln": "log({0})", "and": "({0}) * ({1})", "not": "1.0 - ({0})",
        "or": "max({0}, {1})", "select": "({0}) * ({1}) + (1.0 - ({0})) * ({2})",
        # right from -4 to 4; elsewhere the error against the truth shows it
        "ceil": "-4.0" + "".join(f" + heaviside(({{0}}) - ({k}.0))" for k in range(-4, 4)),
        "floor": "-4.0" + "".join(f" + heaviside(({{0}}) - ({k}.0))" for k in range(-3, 5)),
    }  # fmt: skip
    known = {"pow", "exp", "sqrt", "abs", "sin", "cos", "tan", "sinh", "cosh", "tanh", "min", "max"}
    if op not in forms and op not in known:
        raise ValueError(f"DiffSL has no {op}")
    return forms[op].format(*args) if op in forms else f"{op}({', '.join(args)})"
