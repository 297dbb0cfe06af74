"""Signals as exceptions: none is lost, one line is said, and what was done about them before is done again."""

from __future__ import annotations

import signal
import threading
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
