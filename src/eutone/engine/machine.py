"""LLVM text to machine code, by way of the cache. LLVM is used by one thread at a time.

Every object, fresh or from the cache, is checked by whoever asked for it before it is trusted. A cached one that is
wrong is thrown away and compiled again; a fresh one that is wrong is an error.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import llvmlite
import llvmlite.binding as llvm

from eutone._errors import SolveError
from eutone.engine import cache

__all__ = ["fetch", "host_lane_width", "mark_of", "no_collections"]

log = logging.getLogger(__name__)
T = TypeVar("T")

# level 2 adds a second scheduling of the instructions, which takes half of all time and gives code no faster
_OPTIMISATION = 1
_lock = threading.Lock()
_ready: list[bool] = []


@contextlib.contextmanager
def no_collections() -> Iterator[None]:
    """While programs are built, garbage is not looked for: thousands of new nodes set off search after search."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


def host_lane_width() -> int:
    """Doubles in this processor's widest vectors."""
    features = llvm.get_host_cpu_features()
    return 8 if features.get("avx512f") else 4 if features.get("avx") else 2


def mark_of(text: str) -> str:
    """What an LLVM module is known by: a hash of its text."""
    return hashlib.sha256(text.encode()).hexdigest()


def fetch(
    mark: str, text: Callable[[], str], name: str, make: Callable[[Any, str], T], fault: Callable[[T], str | None]
) -> T:
    """Machine code of a module, from the cache or compiled now, checked.

    Parameters
    ----------
    mark : str
        `mark_of` the module's text.
    text : callable
        Gives the text, if it is needed.
    name : str
        Of the model, for messages.
    make : callable
        From the execution engine (which owns the code) and its origin, ``compiled`` or ``cache``, to what is wanted.
    fault : callable
        What is wrong with it, or None.

    Raises
    ------
    SolveError
        If code that was made just now is wrong.
    """
    with _lock:
        machine = _target_machine()
        key = _key(mark, machine)
        wrong: str | None = None
        for origin in ("cache", "compiled"):
            code = cache.read(key) if origin == "cache" else _compile(text(), machine)
            if code is None:
                continue
            made = make(_load(code), origin)
            wrong = fault(made)
            if wrong is None:
                if origin == "compiled":
                    cache.write(key, code)
                return made
            cache.forget(key)
            log.warning("%s: %s machine code is wrong (%s)", name, origin, wrong)
    raise SolveError(f"{name}: the machine code made here disagrees with the reference ({wrong})")


def _target_machine() -> Any:
    if not _ready:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        _ready.append(True)
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=_OPTIMISATION
    )


def _key(mark: str, machine: Any) -> bytes:
    """A hash of all that the object depends on (programs, lane width and the emitter's doing are in the text)."""
    from eutone import __version__

    parts = [
        __version__,
        llvmlite.__version__,
        str(llvm.llvm_version_info),
        machine.triple,
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        f"opt {_OPTIMISATION}, no fast math, no contraction",
        mark,
    ]
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _compile(text: str, machine: Any) -> bytes:
    module = llvm.parse_assembly(text)
    module.verify()
    code: bytes = machine.emit_object(module)
    return code


def _load(code: bytes) -> Any:
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
    engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine
