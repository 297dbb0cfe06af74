"""The project's own environment, made once: what `scripts/demo` and `scripts/test` share. Standard library only.

``.eutone-env/`` in the checkout holds, per kind (run, test) and Python version, one folder and one *stamp*: a small
file that names the folder and what it was made from. A folder gets its name when its making starts; the stamp is
written, in one step, when it is complete. So a start that was killed half-way leaves a folder that no stamp names: the
next start makes another and sweeps it away, even while an orphaned pip may still be writing into it. Two starts at once
meet at a file lock: one makes, the other waits and finds it made.

Everything is installed from a lock with hashes (`requirements/*.txt`, wheels only) and the package itself without
build isolation, because isolation would fetch the build tool unpinned. pip's own settings (proxy, index, certificates)
hold; those that would change what is installed, or where, do not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".eutone-env"
WINDOWS = os.name == "nt"
# A user's settings that would send the packages elsewhere or change which ones are taken.
DROPPED = {
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PIP_CONSTRAINT",
    "PIP_DRY_RUN",
    "PIP_NO_BINARY",
    "PIP_PREFIX",
    "PIP_REQUIREMENT",
    "PIP_ROOT",
    "PIP_TARGET",
    "PIP_USER",
    "__PYVENV_LAUNCHER__",
}


class MakingError(Exception):
    """Why the environment could not be made, in one line."""


def start(kind: str, arguments: Sequence[str], variables: Mapping[str, str] | None = None) -> NoReturn:
    """Make the environment ``kind`` if need be, then run its Python with ``arguments`` from the checkout's root.

    Parameters
    ----------
    kind : str
        ``run`` or ``test``: the lock of that name.
    arguments : sequence of str
        What Python is given; its exit code is ours.
    variables : mapping, optional
        Environment variables to add.
    """
    try:
        folder = _made(kind)
    except KeyboardInterrupt:
        _stop("interrupted", 130)
    except (MakingError, OSError) as error:
        _stop(f"the environment could not be made: {error}", 1)
    python = _python(folder)
    environment = _environment(folder) | dict(variables or {})
    os.chdir(ROOT)
    # -P keeps the current folder off the import path: what runs is what was installed.
    command = [str(python), "-P", *arguments]
    if not WINDOWS:
        os.execve(python, command, environment)  # signals and the exit code then need no passing on
    process = subprocess.Popen(command, env=environment)
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # the child got it too, and says what there is to say
            raise SystemExit(process.wait())


def _stop(reason: str, code: int) -> NoReturn:
    print(f"eutone: {reason}", file=sys.stderr)
    raise SystemExit(code)


def _python(folder: Path) -> Path:
    return folder / "Scripts" / "python.exe" if WINDOWS else folder / "bin" / "python"


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    kept["PATH"] = os.pathsep.join([str(_python(folder).parent), kept.get("PATH", os.defpath)])
    kept["VIRTUAL_ENV"] = str(folder)
    kept["PYTHONNOUSERSITE"] = "1"
    return kept


def _made(kind: str) -> Path:
    """Return the complete environment, made now if there is none for this lock, package, Python and place."""
    name = f"{kind}-{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}"
    stamp = HOME / f"{name}.json"
    wanted = _recipe(kind)
    if folder := _complete(stamp, wanted):
        return folder
    HOME.mkdir(exist_ok=True)
    with _locked(HOME / "lock"):
        if folder := _complete(stamp, wanted):  # another start made it while this one waited
            return folder
        stamp.unlink(missing_ok=True)
        _sweep(name)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=HOME))
        try:
            _make(kind, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        draft = folder / "stamp.json"
        draft.write_text(json.dumps({"folder": folder.name, "recipe": wanted}), encoding="utf-8")
        draft.replace(stamp)
        _sweep(name, folder)  # again: an orphan may have been at work until now
    return folder


def _sweep(name: str, kept: Path | None = None) -> None:
    for old in HOME.glob(f"{name}-*"):
        if old != kept:
            shutil.rmtree(old, ignore_errors=True)


def _recipe(kind: str) -> str:
    """Return the hash of everything that decides what the environment is."""
    digest = hashlib.sha256()
    for file in (ROOT / "requirements" / f"{kind}.txt", ROOT / "pyproject.toml", Path(__file__)):
        digest.update(file.read_bytes() + b"\0")
    for fact in (sys.version, sys.base_prefix, platform.machine(), str(ROOT)):
        digest.update(fact.encode() + b"\0")
    return digest.hexdigest()


def _complete(stamp: Path, wanted: str) -> Path | None:
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))
        folder = HOME / str(found["folder"])
        return folder if found["recipe"] == wanted and _python(folder).exists() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _make(kind: str, folder: Path) -> None:
    began = time.monotonic()
    print(
        f"Making Eutone's environment in {HOME.name}, once: some 150 MB to fetch, half a minute on a fast line ...",
        file=sys.stderr,
        flush=True,
    )
    log = HOME / f"{kind}.log"
    with log.open("w", encoding="utf-8") as record:
        _call([sys.executable, "-m", "venv", str(folder)], folder, record.fileno(), log)
        pip = [str(_python(folder)), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input"]
        pip += ["install", "--quiet", "--no-deps"]
        lock = ROOT / "requirements" / f"{kind}.txt"
        pinned = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(lock)]
        _call([*pip, *pinned], folder, record.fileno(), log)
        _call([*pip, "--no-index", "--no-build-isolation", "--editable", str(ROOT)], folder, record.fileno(), log)
    print(f"Made in {time.monotonic() - began:.0f} s.", file=sys.stderr, flush=True)


def _call(command: list[str], folder: Path, record: int, log: Path) -> None:
    done = subprocess.run(command, env=_environment(folder), stdin=subprocess.DEVNULL, stdout=record, stderr=record)
    if done.returncode:
        raise MakingError(f"{_reason(log.read_text(encoding='utf-8', errors='replace'))} (the whole output: {log})")


def _reason(text: str) -> str:
    """Pick out of what venv or pip printed the one line that says why."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    if any("DO NOT MATCH THE HASHES" in line for line in lines):
        packages = [line.split(" from ")[0].rstrip(":") for line in lines if " from " in line and "==" in line]
        named = f" ({packages[0]})" if packages else ""
        return f"a download does not match the hash pinned in requirements{named}; nothing of it was installed"
    if any("connection broken" in line or "Failed to establish" in line for line in lines):
        return f"no connection to the package index: {errors[-1] if errors else lines[-1]}"
    if any("ensurepip is not available" in line for line in lines):
        return "this Python has no ensurepip; install its venv package (on Debian and Ubuntu: python3-venv)"
    if errors:
        return errors[0]
    return lines[-1] if lines else "no reason was given"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold ``path`` for this process alone; the system lets go of it however the process ends."""
    with path.open("a+b") as file:
        if not _try_lock(file.fileno()):
            print("Another start is making the environment: waiting for it ...", file=sys.stderr, flush=True)
            while not _try_lock(file.fileno()):
                time.sleep(0.2)
        yield


if WINDOWS:
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
