"""Fast steady states: against closed forms, against the reference path, against each other in other company."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eutone._errors import ModelError
from eutone.engine import Compiled, SteadyStates, compile_network, load_network, reference, solve_steady, steady
from eutone.engine.ending import ENDED
from eutone.engine.expr import symbol
from eutone.engine.status import Status
from eutone.engine.steady_emit import block_of

CHAIN = "-> A; v; A -> B; V*A/(K + A); B -> ; k*B; v = 2; V = 10; K = 3; k = 0.5; A = 0; B = 100; total := A + B"
# two genes that repress each other: two stable states, and an unstable one between them
TOGGLE = "u = 0.1; w = 2; -> u; a/(1 + w^n); u -> ; u; -> w; a/(1 + u^n); w -> ; w; a = 3; n = 2.5"
BRUSSELATOR = "x = 1; y = 1; a = 1; b = 3; -> x; a; x -> ; x; 2x + y -> 3x; x^2*y; x -> y; b*x"
SIX = (Path(__file__).parents[2] / "scripts/bench_models/six-terminals.ant").read_text().replace("amp=0.3", "amp=0")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EUTONE_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "steady-cache"))


@cache
def made(source: str, free: tuple[str, ...], observables: tuple[str, ...] = (), width: int | None = None) -> Compiled:
    return compile_network(load_network(source), free, observables, width)


def six_terminals(width: int | None = None) -> Compiled:
    free = tuple(f"{name}_{k}" for k in range(6) for name in ("VTH", "VAADC", "VDAT", "fire", "btyr"))
    return made(SIX, free, ("Jth_0", "vd_0"), width)


def people(compiled: Compiled, n: int, spread: float, seed: int = 0) -> np.ndarray:
    values = dict(zip(compiled.network.parameters, compiled.network.values, strict=True))
    centre = np.array([values[name] for name in compiled.free])
    return centre * np.exp(spread * np.random.default_rng(seed).standard_normal((n, len(centre))))


def assert_same_bits(one: SteadyStates, other: SteadyStates, order: np.ndarray | slice = slice(None)) -> None:
    for name in ("states", "observables", "status", "residual", "iterations"):
        np.testing.assert_array_equal(getattr(one, name)[order], getattr(other, name), err_msg=name)


# --- right answers ---


def test_a_chain_in_closed_form() -> None:
    compiled = made(CHAIN, ("v", "k"), ("total",))
    v, k = np.random.default_rng(0).uniform(0.1, 5, (2, 500))
    found = solve_steady(compiled, np.column_stack([v, k]))
    assert found.converged.all()
    assert found.residual.max() < 1e-12
    a, b = 3 * v / (10 - v), v / k
    np.testing.assert_allclose(found.states, np.column_stack([a, b]), rtol=1e-11)
    np.testing.assert_allclose(found.observables[:, 0], a + b, rtol=1e-11)
    assert found.counts() == {"CONVERGED": 500}


def test_equilibrium_counts_as_rest_although_no_flux_is_left() -> None:
    found = solve_steady(made("A -> B; k*(A - B/K); k = 1; K = 3; A = 1; B = 0", ("K",)), [[3.0], [0.1]])
    np.testing.assert_allclose(found.states, [[0.25, 0.75], [1 / 1.1, 0.1 / 1.1]], rtol=1e-12)
    assert found.converged.all()


def test_what_is_not_supplied_ends_at_zero() -> None:
    found = solve_steady(made("A -> B; k*A; B -> C; k*B; k = 1; A = 5; B = 0; C = 0", ("k",)), [[0.3], [1e3]])
    assert found.converged.all()
    np.testing.assert_allclose(found.states, [[0, 0, 5]] * 2, atol=1e-12)
    assert (found.states >= 0).all()


def test_a_rate_with_an_infinite_slope_at_zero() -> None:
    found = solve_steady(made("-> A; v; A -> ; k*A^h; v = 2; k = 0.5; h = 0.4; A = 0", ("v",)), [[2.0], [0.1]])
    np.testing.assert_allclose(found.states[:, 0], (np.array([2.0, 0.1]) / 0.5) ** 2.5, rtol=1e-9)
    assert found.converged.all()


def test_a_singular_network_keeps_its_totals() -> None:
    """BH2 + BH4 is conserved, so the plain Jacobian is singular; every start keeps its own total."""
    compiled = made("BH4 -> BH2; a*BH4; BH2 -> BH4; b*BH2/(1 + BH2); a = 1; b = 4; BH4 = 0.3; BH2 = 0.06", ("a",))
    starts = np.array([[0.3, 0.06], [3.0, 0.6], [0.0, 1e-3]])
    found = solve_steady(compiled, np.full((3, 1), 0.5), start=starts)
    assert found.converged.all()
    np.testing.assert_allclose(found.states.sum(axis=1), starts.sum(axis=1), rtol=1e-13)
    bh4, bh2 = found.states.T
    np.testing.assert_allclose(0.5 * bh4, 4 * bh2 / (1 + bh2), rtol=1e-10)


def test_every_species_conserved() -> None:
    """No independent species at all: the start is the answer."""
    found = solve_steady(made("A = 3; k = 1; -> A; k - k; B = 2; B' = 0", ("k",)), [[1.0], [2.0]])
    np.testing.assert_array_equal(found.states, [[3.0, 2.0]] * 2)
    assert found.converged.all()


def test_initial_assignments_follow_the_parameters() -> None:
    compiled = made("A = 2*T; B = 0; A -> B; k*A; B -> A; B; T = 1; k = 1", ("T", "k"))
    found = solve_steady(compiled, [[1.0, 1.0], [5.0, 3.0]])
    np.testing.assert_allclose(found.states, [[1, 1], [2.5, 7.5]], rtol=1e-12)
    given_start = solve_steady(compiled, [[5.0, 3.0]], start=[8.0, 0.0])
    np.testing.assert_allclose(given_start.states, [[2, 6]], rtol=1e-12)


def test_observables_of_every_kind() -> None:
    network = load_network("-> A; v; J: A -> ; k*A; v = 2; k = 0.5; A = 1; twice := 2*A")
    compiled = compile_network(network, ("v",), ("A", "twice", "J", "k", ("square", symbol("A") * symbol("twice"))))
    assert compiled.observables == ("A", "twice", "J", "k", "square")
    found = solve_steady(compiled, [[2.0], [4.0]])
    np.testing.assert_allclose(found.observables, [[4, 8, 2, 0.5, 32], [8, 16, 4, 0.5, 128]], rtol=1e-12)


def test_six_terminals_agree_with_the_reference() -> None:
    compiled = six_terminals()
    values = people(compiled, 40, 0.5)
    found = solve_steady(compiled, values)
    assert found.converged.all()
    plain = replace(compiled.network, explicit_time=False)  # its clock has amplitude 0
    for i in (0, 17):
        wanted = reference.steady_state(plain, dict(zip(compiled.free, values[i], strict=True)))
        assert wanted.status is Status.CONVERGED
        np.testing.assert_allclose(found.states[i], wanted.state, rtol=1e-9)
        np.testing.assert_allclose(found.observables[i], [wanted["Jth_0"], wanted["vd_0"]], rtol=1e-9)


@pytest.mark.parametrize("away", [1e-12, 1e-9, 1e-7, 1e-5])
def test_a_start_next_to_rest_comes_to_rest(away: float) -> None:
    """The first step, which is shorter than Newton's, is small there and yet not the last."""
    compiled = six_terminals()
    values = people(compiled, 200, 0.2)
    rest = solve_steady(compiled, values)
    again = solve_steady(
        compiled, values, start=rest.states * (1 + away * np.random.default_rng(7).standard_normal(60))
    )
    assert again.converged.all()
    np.testing.assert_allclose(again.states, rest.states, rtol=1e-6 + 10 * away)  # totals are of the start


@st.composite
def networks(draw: st.DrawFn) -> tuple[str, int]:
    """Open networks of saturable and mass-action reactions; what is not conserved is supplied and has an exit."""
    n = draw(st.integers(1, 6))
    number = st.floats(0.05, 20).map(lambda v: f"{v:.4g}")
    lines = []
    for i in range(n):
        lines += [
            f"S{i} = {draw(number)}",
            f"-> S{i}; {draw(number)}",
            f"S{i} -> ; p{i}*S{i}",
            f"p{i} = {draw(number)}",
        ]
    for k in range(draw(st.integers(0, 6))):
        i, j = draw(st.integers(0, n - 1)), draw(st.integers(0, n - 1))
        law = draw(st.sampled_from(["{a}*S{i}", "{a}*S{i}/({b} + S{i})", "{a}*S{i}^2/({b} + S{i}^2)"]))
        inhibition = draw(st.sampled_from(["", "/(1 + S{j}/{b})", "/(1 + (S{j}/{b})^1.7)"]))
        rate = (law + inhibition).format(a=draw(number), b=draw(number), i=i, j=j)
        lines.append(f"R{k}: S{i} -> S{j}; {rate}" if i != j else f"R{k}: S{i} -> ; {rate}")
    if draw(st.booleans()):  # a cofactor that is only passed round
        lines += [f"M = {draw(number)}", f"N = {draw(number)}", f"M -> N; {draw(number)}*M*S0/(1 + M)"]
        lines += [f"N -> M; {draw(number)}*N", f"C: -> S0; {draw(number)}*N/(N + {draw(number)})"]
    return "; ".join(lines), n


@settings(max_examples=25)
@given(networks(), st.integers(0, 2**32 - 1))
def test_random_networks_agree_with_the_reference(drawn: tuple[str, int], seed: int) -> None:
    source, n = drawn
    compiled = compile_network(load_network(source), tuple(f"p{i}" for i in range(n)))
    values = people(compiled, 3, 1.0, seed)
    found = solve_steady(compiled, values, threads=1)
    wanted = reference.steady_state(compiled.network, dict(zip(compiled.free, values[0], strict=True)))
    if wanted.status is Status.CONVERGED:
        assert found.status[0] == Status.CONVERGED
        np.testing.assert_allclose(found.states[0], wanted.state, rtol=1e-6)
    assert (found.residual[found.converged] <= 1e-9).all()
    assert (found.states[found.converged] >= 0).all()


# --- which of several steady states ---


def test_the_answer_is_the_state_that_the_start_runs_to() -> None:
    """Starts on either side of the separatrix, close to it too, against integration in time."""
    compiled = made(TOGGLE, ("a", "n"))
    starts = np.random.default_rng(5).uniform(0.01, 4, (60, 2))
    found = solve_steady(compiled, np.tile([3.0, 2.5], (60, 1)), start=starts)
    assert found.converged.all()
    # with equal parameters the separatrix is the diagonal
    np.testing.assert_array_equal(found.states[:, 0] > found.states[:, 1], starts[:, 0] > starts[:, 1])


def test_the_check_finds_answers_that_the_start_does_not_run_to() -> None:
    """The fixed point of the Brusselator is unstable beyond b = 1 + a^2: everything ends in oscillation."""
    compiled = made(BRUSSELATOR, ("a", "b"))
    found = solve_steady(compiled, people(compiled, 1500, 0.05))
    assert found.checked > 0
    assert found.disagreed > 0.9 * found.checked
    assert (found.status == Status.OTHER_BASIN).sum() == found.disagreed
    stable = solve_steady(compiled, people(compiled, 1500, 0.05) * [1.0, 0.4])
    assert stable.converged.all()
    assert stable.checked > 0
    assert stable.disagreed == 0


def test_asking_for_everyone_leaves_no_wrong_basin() -> None:
    """Two genes of different speed: near the separatrix the fast path may err, and the check notices."""
    compiled = made(
        "u = 1; w = 1; -> u; a/(1 + w^2.5); u -> ; u; -> w; 1/(1 + u^2.5); w -> ; k*w; a = 3; k = 0.2", ("k",)
    )
    starts = np.exp(np.random.default_rng(3).uniform(-3, 1.5, (300, 2)))
    found = solve_steady(compiled, np.full((300, 1), 0.2), start=starts, check=1.0)
    assert found.checked == 300
    for i in range(0, 300, 15):
        run = reference.steady_state(compiled.network, {"k": 0.2}, start=starts[i])
        same = np.allclose(run.state, found.states[i], rtol=1e-6)
        assert found.status[i] == (Status.CONVERGED if same else Status.OTHER_BASIN)


def test_about_one_in_a_hundred_is_checked() -> None:
    found = solve_steady(six_terminals(), people(six_terminals(), 3000, 0.2))
    assert 10 <= found.checked <= 60
    assert found.disagreed == 0


def test_a_path_along_a_bend_is_followed_to_its_end() -> None:
    """ATP beside creatine kinase, pressed against its total: extrapolated steps jumped back and forth."""
    source = (
        "A = 3000; C = 3500; P = 4500; T = 3000; k = 0.05; Q = 0.0129; V = 1.3e6; c = 3; D := max(0, T - A); "
        "C + A -> P; k*(C*A - P*D/Q); -> A; V*D/(30 + D); A -> ; 4.8e5*A/(3000 + A); "
        "-> C; c; C -> ; 8e-4*C; P -> ; 8e-4*P"
    )
    compiled = made(source, ("T", "k", "V", "c"))
    spread = np.random.default_rng(0).normal(0.0, 1.0, (400, 4)) * [0.1, 0.7, 0.4, 0.4]
    found = solve_steady(compiled, [3000, 0.05, 1.3e6, 6.0] * np.exp(spread), check=1.0)
    assert found.counts() == {"CONVERGED": 400}


# --- every way to fail has its name ---


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("A -> ; k; A = 1; k = 1", Status.NEGATIVE),
        ("-> A; k; B -> A; 0*B; A = 1; B = 1; k = 1", Status.STEP_LIMIT),
        ("A -> B; k*A; B -> A; ln(0 - B - 1); A = 1; B = 1; k = 1", Status.NOT_FINITE),
    ],
)
def test_statuses(source: str, status: Status) -> None:
    found = solve_steady(made(source, ("k",)), [[1.0]])
    assert Status(found.status[0]) is status
    assert found.converged.tolist() == [False]


def test_a_negative_root_is_called_negative() -> None:
    """Removal at a constant rate and return in proportion: rest is at A = -1."""
    found = solve_steady(made("A -> ; k; -> A; 1 - 1*(A + 1); A = 1; k = 1", ("k",)), [[1.0]])
    assert Status(found.status[0]) is Status.NEGATIVE
    assert found.states[0, 0] == pytest.approx(-1)


# --- nobody's numbers depend on anybody else ---


@pytest.mark.parametrize("width", [1, 2, 4, 8, 16])
def test_bits_do_not_depend_on_order_chunks_threads_or_lane_width(width: int) -> None:
    values = people(six_terminals(), 700, 0.6)
    whole = solve_steady(six_terminals(), values, threads=2)
    order = np.random.default_rng(1).permutation(len(values))
    assert_same_bits(whole, solve_steady(six_terminals(width), values[order], threads=1), order)
    assert_same_bits(whole, solve_steady(six_terminals(width), values[300:303], threads=1), slice(300, 303))
    assert_same_bits(whole, solve_steady(six_terminals(width), values, threads=3))


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_bits_do_not_depend_on_where_a_block_ends(more: int) -> None:
    """One thread, so that a chunk of a quarter of the people holds whole blocks and what is left over."""
    compiled = made(CHAIN, ("v", "k"), ("total",))
    values = people(compiled, 4 * (block_of(compiled.layout) + more), 0.5)
    start = np.random.default_rng(4).uniform(0.1, 3, (len(values), 2))
    whole = solve_steady(compiled, values, threads=1)
    given = solve_steady(compiled, values, start=start, threads=1)
    order = np.random.default_rng(5).permutation(len(values))[:300]
    assert_same_bits(whole, solve_steady(compiled, values[order], threads=1), order)
    assert_same_bits(given, solve_steady(compiled, values[order], start=start[order], threads=1), order)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
def test_about_the_share_asked_for_is_checked(share: float) -> None:
    compiled = made(CHAIN, ("v", "k"))
    n = 10_000
    checked = solve_steady(compiled, people(compiled, n, 0.2), check=share).checked
    assert abs(checked - share * n) <= 5 * np.sqrt(n * share * (1 - share))


def test_people_who_differ_by_a_millionth_draw_lots_of_their_own() -> None:
    compiled = made(CHAIN, ("v", "k"))
    values = np.tile([2.0, 0.5], (1000, 1)) * (1 + 1e-6 * np.arange(1000)[:, None])
    assert 200 < solve_steady(compiled, values, check=0.3).checked < 400


def test_hard_and_checked_people_have_the_same_bits_in_any_company() -> None:
    compiled = made(BRUSSELATOR, ("a", "b"))
    values = people(compiled, 600, 0.3) * [1.0, 0.7]
    whole = solve_steady(compiled, values)
    assert len(whole.counts()) > 2
    order = np.random.default_rng(2).permutation(600)
    assert_same_bits(whole, solve_steady(compiled, values[order], threads=1), order)


def test_a_lane_that_fails_leaves_its_neighbours_untouched() -> None:
    compiled = six_terminals()
    values = people(compiled, 64, 0.3)
    clean = solve_steady(compiled, values, threads=1)
    for poison in (np.nan, np.inf, -1e300, 0.0):
        spoiled = values.copy()
        spoiled[::5] = poison
        found = solve_steady(compiled, spoiled, threads=1)
        others = np.arange(64) % 5 != 0
        for name in ("states", "status", "residual", "iterations"):
            np.testing.assert_array_equal(getattr(found, name)[others], getattr(clean, name)[others])
        assert not found.converged[::5].any() or poison == 0.0


# --- asking ---


RESTLESS = "-> A; k; B -> A; 0*B; A = 1; B = 1; k = 1"


def test_stop_ends_it_at_once() -> None:
    """Asked when the first of some 500 chunks was done: hardly anybody else is solved, and nothing is broken."""
    stop = threading.Event()
    compiled = made(RESTLESS, ("k",))
    found = solve_steady(compiled, np.ones((1_000_000, 1)), stop=stop, progress=lambda *_: stop.set(), threads=2)
    assert (found.status == Status.STOPPED).sum() > 500_000
    assert not found.converged.any()
    assert solve_steady(compiled, np.ones((1, 1))).counts() == {"STEP_LIMIT": 1}


def test_a_stopped_search_says_how_it_ended_though_nothing_was_left_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second search that is stopped before its first step finishes all the same, over what stood in the table."""
    compiled, stop = made(RESTLESS, ("k",)), np.zeros(1, dtype=np.uint8)
    begin = steady.begin

    def begun_and_stopped(*arguments: Any) -> np.ndarray:
        people = begin(*arguments)
        people[:, compiled.layout.parts["ended"]] = np.nan
        stop[:] = 1
        return people

    monkeypatch.setattr(steady, "begin", begun_and_stopped)
    n = 40  # more than there are lanes
    result, ended, traced = steady._empty(compiled, n), np.zeros((n, len(ENDED))), np.zeros(n, dtype=bool)
    steady._search_again(compiled, np.ones((n, 1)), None, np.arange(n), traced, result, ended, stop)
    assert np.isfinite(ended).all()


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent Ctrl-C alone there")
def test_ctrl_c_ends_it_at_once(child: Callable[..., subprocess.Popen[str]]) -> None:
    """Pressed when the first of 2,442 chunks was done: the others are not begun, and nothing is broken.

    Two threads are busy for half a minute and more, so that the signal comes long before the end, however slow the
    machine. It comes after the first chunk, so not before there is anything to interrupt.
    """
    script = f"""
import signal
import numpy as np
from eutone.engine import compile_network, load_network, solve_steady, steady
# as from a terminal: a shell without job control starts what runs in the background with Ctrl-C ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
made = compile_network(load_network({RESTLESS!r}), ("k",))
begun, solve = [], steady._solve
def counted(compiled, values, *rest):
    begun.append(len(values))
    return solve(compiled, values, *rest)
steady._solve = counted
said = []
def progress(done, n):
    if not said:
        said.append(done)
        print("begun", flush=True)
try:
    solve_steady(made, np.ones((5_000_000, 1)), threads=2, progress=progress)
except KeyboardInterrupt:
    print(sum(begun), solve_steady(made, np.ones((1, 1))).counts())
else:
    print("not interrupted")
"""
    process = child("-c", script)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    solved, _, counts = process.stdout.readline().partition(" ")
    assert counts == "{'STEP_LIMIT': 1}\n"
    assert int(solved) < 2_500_000


def test_stopped_before_it_began() -> None:
    stop = threading.Event()
    stop.set()
    found = solve_steady(six_terminals(), people(six_terminals(), 2000, 0.2), stop=stop)
    assert len(found.status) == 2000
    assert (found.status == Status.STOPPED).any()


def test_progress_ends_at_everybody() -> None:
    seen: list[tuple[int, int]] = []
    solve_steady(six_terminals(), people(six_terminals(), 1000, 0.1), progress=lambda done, n: seen.append((done, n)))
    assert seen[-1] == (1000, 1000)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_nobody() -> None:
    found = solve_steady(made(CHAIN, ("v",)), np.empty((0, 1)))
    assert found.states.shape == (0, 2)
    assert found.counts() == {}


def test_no_free_parameters() -> None:
    found = solve_steady(made(CHAIN, ()), np.empty((3, 0)))
    np.testing.assert_allclose(found.states, [[0.75, 4.0]] * 3, rtol=1e-12)


def test_explicit_time_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match="Jin"):
        compile_network(load_network("Jin: -> A; 1 + cos(time); A -> ; A; A = 1"))


@pytest.mark.parametrize(
    ("free", "observables", "message"),
    [
        (("vv",), (), "'vv' is not a parameter"),
        (("v", "v"), (), "free twice"),
        (("v",), ("Q",), "'Q' is no species"),
    ],
)
def test_unknown_names_are_refused(free: tuple[str, ...], observables: tuple[str, ...], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        compile_network(load_network(CHAIN), free, observables)


def test_wrong_shapes_are_refused() -> None:
    compiled = made(CHAIN, ("v",))
    with pytest.raises(ModelError, match=r"\(n, 1\)"):
        solve_steady(compiled, [1.0, 2.0])
    with pytest.raises(ModelError, match="start has shape"):
        solve_steady(compiled, [[1.0]], start=[1.0])
    with pytest.raises(ValueError, match="lane_width"):
        compile_network(load_network(CHAIN), ("v",), lane_width=3)
