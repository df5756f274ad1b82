"""From a Program to units that run: kernels where the emitters can, host calls elsewhere.

Passes in order: ``fusion`` (steps to groups), ``elementwise`` and ``contraction`` (a group to LLVM
IR), ``runtime.jit`` (IR to machine code). Off by default: ``RUSHLIGHT_BACKEND=compiler``.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import numpy as np

from ..runtime.flags import flags
from ..runtime.interpreter import Unit
from ..runtime.jit import compile_function
from ..runtime.program import Program
from ..shapes import numel
from . import contraction, elementwise
from .fusion import Group, group_steps


class KernelUnit(Unit):
    """A compiled group: reads contiguous operands, allocates and fills its outputs."""

    def __init__(self, program: Program, group: Group, first: int) -> None:
        super().__init__(group.steps, first)
        shapes = {i: s for i, (s, _) in enumerate(program.leaves)}
        dtypes = {i: d for i, (_, d) in enumerate(program.leaves)}
        for step in program.steps:
            shapes[step.out], dtypes[step.out] = step.shape, step.dtype
        symbol = f"{group.kind}"
        if group.kind == "matmul":
            step = group.steps[0]
            self.text = contraction.emit(
                step, shapes[step.inputs[0]], shapes[step.inputs[1]], symbol
            )
            self.inputs: tuple[int, ...] = step.inputs
        else:
            self.text = elementwise.emit(group, shapes, dtypes, symbol)
            self.inputs = group.inputs
        if flags.debug >= 3:
            print(self.text, file=sys.stderr)
        self.call = compile_function(self.text, symbol)
        self.outputs = [(s.out, s.shape, s.dtype.numpy) for s in group.outputs]
        self.table = ctypes.c_void_p * (len(self.inputs) + len(self.outputs))

    def run(self, arrays: list[Any], args: list[Any]) -> None:
        """Call the kernel on the operands' memory."""
        operands = [np.ascontiguousarray(arrays[s]) for s in self.inputs]
        results = [np.empty(shape, kind) for _, shape, kind in self.outputs]
        table = self.table(*[a.ctypes.data for a in (*operands, *results)])
        self.call(ctypes.addressof(table))
        for (slot, _, _), array in zip(self.outputs, results, strict=True):
            arrays[slot] = array


def compile_program(program: Program) -> list[Unit]:
    """The units of a Program, kernels compiled."""
    units: list[Unit] = []
    done = 0
    for group in group_steps(program):
        empty = any(numel(step.shape) == 0 for step in group.steps)
        if group.kind == "host" or empty:
            units.extend(Unit([step], done + i) for i, step in enumerate(group.steps))
        else:
            units.append(KernelUnit(program, group, done))
        done += len(group.steps)
    return units
