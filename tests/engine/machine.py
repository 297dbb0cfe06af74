"""Running one program as machine code, for tests."""

from __future__ import annotations

import ctypes

import llvmlite.binding as llvm
import numpy as np

from eutone.engine.emit import emit_function, emit_module
from eutone.engine.program import Program

_kept: list[object] = []  # engines own their code


def run(program: Program, table: np.ndarray, width: int = 4, finished: int | None = None) -> np.ndarray:
    """What the rows of ``table`` (n_rows, n_people) become."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    rows = len(table)
    everything = range(rows)
    function = emit_function(
        "f", program, rows=rows, taken=everything, stored=everything, width=width, finished=finished
    )
    text = emit_module([function], width)
    module = llvm.parse_assembly(text)
    module.verify()
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten()
    )
    engine = llvm.create_mcjit_compiler(module, target)
    engine.finalize_object()
    _kept.append(engine)
    run_it = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)(engine.get_function_address("f"))
    people, stop = np.ascontiguousarray(table.T), np.zeros(1, dtype=np.uint8)
    run_it(people.ctypes.data, len(people), stop.ctypes.data)
    return people.T.copy()
