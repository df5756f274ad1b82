"""LLVM IR text to callable machine code, by llvmlite's LLJIT. llvmlite loads on the first
compile."""

from __future__ import annotations

import ctypes
import itertools
import threading
from typing import Any

from .counters import counters

_lock = threading.Lock()
_state: dict[str, Any] = {}
_names = itertools.count()


def _engine() -> tuple[Any, Any, Any]:
    """(llvmlite.binding, target machine, LLJIT), made once."""
    if not _state:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2
        )
        _state["jit"] = llvm.create_lljit_compiler(machine)
        _state["machine"] = machine
        _state["llvm"] = llvm
        _state["libraries"] = []
    return _state["llvm"], _state["machine"], _state["jit"]


def compile_function(body: str, symbol: str) -> Any:
    """Compile one ``void symbol(ptr)`` given as IR text; returns a function of an array of
    pointers.

    Raises:
        RuntimeError: the IR does not verify, or refers to a symbol that is not in it.
    """
    with _lock:
        llvm, machine, jit = _engine()
        name = f"{symbol}_{next(_names)}"
        module = llvm.parse_assembly(body.replace(f"@{symbol}(", f"@{name}("))
        module.verify()
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        options.loop_vectorization = True
        builder = llvm.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)
        library = llvm.JITLibraryBuilder().add_ir(str(module)).export_symbol(name).link(jit, name)
        _state["libraries"].append(library)  # owns the code
        counters.kernels_compiled += 1
        return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(library[name])
