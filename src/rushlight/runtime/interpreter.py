"""The NumPy interpreter of Programs: the reference executor, and the null backend."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from .blas import use_one_thread
from .counters import counters
from .flags import flags
from .memory import out_of_memory
from .narrow import NARROW, narrow, widen
from .program import Program, Step, StepError

_getrefcount = sys.getrefcount


def run_step(step: Step, arrays: list[Any], args: list[Any]) -> np.ndarray:
    """Compute one step from the slots; returns an array of the step's shape and holder type."""
    prim = step.prim
    operands = [arrays[i] for i in step.inputs]
    if prim.updates:
        if not step.in_place:
            operands[0] = operands[0].copy()
            counters.bytes_moved += operands[0].nbytes
        counters.bytes_moved += max(o.nbytes for o in operands[1:])
    is_narrow = False
    if not prim.moves_bits:
        is_narrow = step.dtype in NARROW
        for position, d in enumerate(step.input_dtypes):
            if d in NARROW:
                operands[position] = widen(operands[position], d)
    out = prim.reference(step.attrs, tuple([args[i] for i in step.args]), *operands)
    if is_narrow:
        out = narrow(out, step.dtype)
    elif out.__class__ is not np.ndarray or out.dtype is not step.dtype.numpy:
        out = np.asarray(out, dtype=step.dtype.numpy)
    return out


class Unit:
    """What runs at once: here one step on NumPy; the compiler's kernels are units of several steps.

    Attributes:
        steps: in order. ``first``: index of the first one in the Program.
    """

    def __init__(self, steps: list[Step], first: int) -> None:
        self.steps = steps
        self.first = first
        self.frees = tuple(slot for step in steps for slot in step.frees)

    def run(self, arrays: list[Any], args: list[Any]) -> None:
        """Fill the slots of the results."""
        step = self.steps[0]
        arrays[step.out] = run_step(step, arrays, args)


def run(program: Program, leaves: list[np.ndarray], args: list[Any]) -> list[np.ndarray]:
    """Run a Program's units and return the arrays of its outputs, each owning its memory.

    Raises:
        StepError: a step failed; nothing that was passed in has been written to.
    """
    units = program.code
    if units is None:
        use_one_thread()
        units = program.code = [Unit([step], i) for i, step in enumerate(program.steps)]
    for slot in program.donated:
        array = leaves[slot]
        if not array.flags.writeable or not array.flags.owndata:
            leaves[slot] = array.copy()
    arrays: list[Any] = [*leaves, *[None] * len(program.steps)]
    del leaves
    verbose = flags.debug >= 3
    with np.errstate(all="ignore"):
        for unit in units:
            started = time.perf_counter() if verbose else 0.0
            try:
                unit.run(arrays, args)
            except MemoryError as error:
                raise StepError(unit.first) from out_of_memory(unit.steps[-1].shape, error)
            except Exception as error:
                raise StepError(unit.first) from error
            for slot in unit.frees:
                arrays[slot] = None
            if verbose:
                spent = (time.perf_counter() - started) * 1e6
                print(f"[rushlight] {spent:9.1f} us  {unit.steps!r}", file=sys.stderr)
    counters.steps += len(program.steps)
    outputs = []
    for position, slot in enumerate(program.outputs):
        array = arrays[slot]
        shared = position in program.shared_outputs or array.base is not None
        if shared or not array.flags.c_contiguous:
            array = np.array(array, order="C", copy=True)
        outputs.append(array)
    return outputs


def run_null(program: Program, leaves: list[np.ndarray], args: list[Any]) -> list[np.ndarray]:
    """Run everything but the arithmetic: outputs are zeros. Measures what Python costs."""
    by_slot = {step.out: step for step in program.steps}
    return [
        np.zeros(by_slot[slot].shape, by_slot[slot].dtype.numpy)
        if slot in by_slot
        else leaves[slot].copy()
        for slot in program.outputs
    ]
