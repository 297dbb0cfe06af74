"""Signals as exceptions: none is lost, one line is said, and what was done about them before is done again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from eutone import cli
from eutone._interrupt import look, signals

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def handlers() -> list[Any]:
    return [signal.getsignal(number) for number in SIGNALS]


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_what_a_signal_raised_and_somebody_dropped_is_raised_again(
    number: signal.Signals, error: type[BaseException]
) -> None:
    before = handlers()
    with signals():
        look()
        with pytest.raises(error):
            signal.raise_signal(number)
        with pytest.raises(error):
            look()
        assert handlers() != before
    look()  # what is over is over
    assert handlers() == before


def test_another_thread_than_the_main_one_leaves_signals_alone() -> None:
    found: list[Any] = []

    def work() -> None:
        with signals():
            found.append(handlers())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert found == [handlers()]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(list(arguments))
    code = end.value.code
    return 0 if code is None else int(code)


def test_the_command_line_leaves_signals_as_they_were() -> None:
    before = handlers()
    for arguments in (["--version"], ["simulate"], ["simulate", "nothing", "--days", "1"]):
        run(*arguments)
        assert handlers() == before


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("dropped", [False, True])
def test_a_signal_ends_the_command_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    quiet: tuple[str, ...],
    number: signal.Signals,
    code: int,
    dropped: bool,
) -> None:
    course = import_module("eutone.engine.course")
    compile_course: Callable[..., Any] = course.compile_course

    def interrupted(*arguments: Any, **more: Any) -> Any:
        try:
            signal.raise_signal(number)
        except BaseException:
            if not dropped:
                raise
        return compile_course(*arguments, **more)

    monkeypatch.setattr(course, "compile_course", interrupted)
    csv = tmp_path / "a.csv"
    assert run("simulate", "dopamine_2009", "--days", "1", "--csv", str(csv), *quiet) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert err == ("eutone: interrupted; nothing half-written was left behind\n" if code == 130 else "")
    assert list(tmp_path.iterdir()) == []


# Ctrl-C at the n-th import from that of a module on, inside a text that is run, as every dataclass runs one. The first
# import of ``python -m eutone`` itself is that of signal.
AT = """
import _signal, os, sys
# as from a terminal: a shell without job control starts what runs in the background with Ctrl-C ignored
_signal.signal(_signal.SIGINT, _signal.default_int_handler)
seen = []

def hook(event, args, first=os.environ["FIRST"], n=int(os.environ["NTH"])):
    if event == "import" and (seen or args[0] == first):
        seen.append(args[0])
        if len(seen) == n:
            exec("os.kill(os.getpid(), 2)", {"os": os})

sys.addaudithook(hook)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent Ctrl-C alone there")
@pytest.mark.parametrize(
    ("first", "n"), [("signal", n) for n in (1, 2, 3, 20, 200)] + [("eutone._simulating", n) for n in (1, 9, 99)]
)
def test_ctrl_c_while_everything_is_loaded_is_one_line_and_130(tmp_path: Path, first: str, n: int) -> None:
    (tmp_path / "sitecustomize.py").write_text(AT, encoding="utf-8")
    places = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = os.environ | {"PYTHONPATH": places, "FIRST": first, "NTH": str(n)}
    command = (sys.executable, "-m", "eutone", "simulate", "dopamine_2009", "--days", "7")
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "eutone: interrupted; nothing half-written was left behind\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent Ctrl-C alone there")
@pytest.mark.parametrize("delay", [0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2])
def test_no_traceback_of_ctrl_c_comes_from_here(delay: float, child: Callable[..., subprocess.Popen[str]]) -> None:
    """However early; what Python says before it comes to this package is its own."""
    process = child("-m", "eutone", "simulate", "dopamine_2009", "--days", "7")
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    package = str(Path(cli.__file__).parent)
    assert package not in said
    assert process.returncode == 130 or "interrupted" not in said
