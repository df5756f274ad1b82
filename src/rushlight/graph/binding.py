"""From a recording to a Program: drop what nobody reads, simplify, number slots, plan reuse."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from ..runtime import execute
from ..runtime.counters import counters
from ..runtime.flags import flags
from ..runtime.program import Program, Step, StepError
from .expr import Expr, line_of

_programs: dict[Any, Program] = {}
_PROGRAM_LIMIT = 4096


class Binding:
    """How one recording maps onto a Program: which Exprs are its leaves, arguments and outputs."""

    __slots__ = ("args", "leaves", "outputs", "program", "step_exprs")

    def __init__(
        self,
        program: Program,
        leaves: tuple[int, ...],
        args: tuple[int, ...],
        outputs: tuple[int, ...],
        step_exprs: tuple[int, ...],
    ) -> None:
        self.program = program
        self.leaves = leaves
        self.args = args
        self.outputs = outputs
        self.step_exprs = step_exprs

    def run(self, exprs: Sequence[Expr], args: Sequence[Any]) -> None:
        """Run the Program on the recording's values and realize the outputs."""
        counters.flushes += 1
        started = time.perf_counter() if flags.debug >= 2 else 0.0
        try:
            arrays = execute(
                self.program,
                [exprs[i].buffer for i in self.leaves],  # type: ignore[misc]
                [args[i] for i in self.args],
            )
        except StepError as failure:
            raise self._poison(exprs, failure) from None
        for i, array in zip(self.outputs, arrays, strict=True):
            e = exprs[i]
            e.buffer = array  # before the inputs go: other threads read them in the other order
            e.inputs = ()
            e.args = ()
        if flags.debug >= 2:
            spent = (time.perf_counter() - started) * 1e3
            print(
                f"[rushlight] flush {counters.flushes}: {len(self.program.steps)} steps, "
                f"{spent:.3f} ms",
                file=sys.stderr,
            )

    def _poison(self, exprs: Sequence[Expr], failure: StepError) -> BaseException:
        """Mark the Expr that failed and what depends on it; return the error to raise."""
        failed = exprs[self.step_exprs[failure.step]]
        error = failure.__cause__ or failure
        where = line_of(failed.site)
        if where is not None:
            error.add_note(f"recorded at {where[0]}:{where[1]} ({failed.prim.name})")  # type: ignore[union-attr]
        failed.error = error
        for e in exprs:
            if e.error is None and any(operand.error is not None for operand in e.inputs):
                e.error = error
        return error


def bind(exprs: Sequence[Expr], held: tuple[int, ...]) -> Binding:
    """Find or build the Program for the pending Exprs in ``held``, positions in ``exprs``.

    ``held`` also lists the leaves that something outside still holds: these are never written to.
    """
    counters.bindings += 1
    outputs = tuple(i for i in held if exprs[i].buffer is None and exprs[i].error is None)
    position = {id(e): i for i, e in enumerate(exprs)}
    needed = _reachable(exprs, outputs, position)
    arg_starts = _argument_starts(exprs)
    slot_of: dict[int, int] = {}
    leaves = tuple(i for i in needed if exprs[i].buffer is not None)
    for slot, i in enumerate(leaves):
        slot_of[i] = slot
    steps: list[Step] = []
    step_exprs: list[int] = []
    args: list[int] = []
    seen: dict[Any, int] = {}
    for i in needed:
        e = exprs[i]
        if e.buffer is not None:
            continue
        prim = e.prim
        operands = tuple(slot_of[position[id(operand)]] for operand in e.inputs)
        if not e.args:  # common subexpressions: same op, same operands, no run-time scalars
            same = (prim, e.attrs, operands)
            if same in seen:
                slot_of[i] = seen[same]
                continue
            seen[same] = len(leaves) + len(steps)
        slot_of[i] = len(leaves) + len(steps)
        first = len(args)
        args.extend(range(arg_starts[i], arg_starts[i] + len(e.args)))
        steps.append(
            Step(
                prim,  # type: ignore[arg-type]
                e.attrs,
                operands,
                tuple(range(first, len(args))),
                slot_of[i],
                e.shape,
                e.dtype,
                tuple(operand.dtype for operand in e.inputs),
            )
        )
        step_exprs.append(i)
    output_slots = tuple(slot_of[i] for i in outputs)
    kept = frozenset(slot for slot, i in enumerate(leaves) if i in set(held))
    key = (
        tuple((exprs[i].shape, exprs[i].dtype) for i in leaves),
        tuple((s.prim, s.attrs, s.inputs, len(s.args)) for s in steps),
        output_slots,
        kept,
        flags.backend,
    )
    program = _programs.get(key)
    if program is None:
        program = _build(key, steps, output_slots, kept)
    return Binding(program, leaves, tuple(args), outputs, tuple(step_exprs))


def _reachable(
    exprs: Sequence[Expr], outputs: tuple[int, ...], position: dict[int, int]
) -> list[int]:
    """Positions of what the outputs depend on, in recording order (which is topological)."""
    needed: set[int] = set()
    stack = list(outputs)
    while stack:
        i = stack.pop()
        if i in needed:
            continue
        needed.add(i)
        if exprs[i].buffer is None:
            stack.extend(position[id(operand)] for operand in exprs[i].inputs)
    return sorted(needed)


def _argument_starts(exprs: Sequence[Expr]) -> list[int]:
    starts, total = [], 0
    for e in exprs:
        starts.append(total)
        if e.buffer is None:
            total += len(e.args)
    return starts


def _build(key: Any, steps: list[Step], outputs: tuple[int, ...], kept: frozenset[int]) -> Program:
    leaves = key[0]
    if len(_programs) >= _PROGRAM_LIMIT:
        _programs.clear()
    donated, shared = _plan(len(leaves), steps, outputs, kept)
    program = _programs[key] = Program(leaves, steps, outputs, shared, donated)
    counters.programs += 1
    if flags.backend == "compiler":
        from ..compiler import compile_program

        program.code = compile_program(program)
    if flags.debug >= 1:
        print(f"[rushlight] new Program {len(_programs)}: {_reason(key)}", file=sys.stderr)
    if flags.debug >= 3:
        print(program, file=sys.stderr)
    return program


def _reason(key: Any) -> str:
    """Why no Program was found: the closest one differs in leaves, steps, outputs or liveness."""
    parts = (
        "leaf shapes or dtypes",
        "operations",
        "values that are still read",
        "live inputs",
        "backend",
    )
    best: list[str] | None = None
    for other in _programs:
        if other is key or len(other[1]) != len(key[1]):
            continue
        differing = [part for part, a, b in zip(parts, other, key, strict=True) if a != b]
        if differing and (best is None or len(differing) < len(best)):
            best = differing
    found = f"differs in {', '.join(best)}" if best else "a new structure"
    return f"{len(key[1])} steps, {found}"


def _overlaps(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether elements of a strided view may share memory (``expand``, ``as_strided``)."""
    reach = 0
    for stride, size in sorted((abs(s), n) for s, n in zip(strides, shape, strict=True) if n > 1):
        if stride <= reach:
            return True
        reach += stride * (size - 1)
    return False


def _plan(
    leaf_count: int, steps: list[Step], outputs: tuple[int, ...], kept: frozenset[int]
) -> tuple[tuple[int, ...], frozenset[int]]:
    """Liveness: set ``frees`` and ``in_place`` of each step.

    Returns the leaves that are written to, and which outputs are views of other memory. A step
    updates in place what no later step, no output and nobody outside can read any more; a leaf only
    if no step that can fail runs at or after it, because a flush is a transaction.
    """
    parent = list(range(leaf_count + len(steps)))

    def root(slot: int) -> int:
        """The slot whose memory this slot's array may be."""
        while parent[slot] != slot:
            parent[slot] = parent[parent[slot]]
            slot = parent[slot]
        return slot

    overlapping: set[int] = set()  # slots with elements that share memory with each other
    for step in steps:
        if step.prim.aliases:
            parent[step.out] = root(step.inputs[0])
            strided = step.prim.name == "strided"
            if _overlaps(*step.attrs[:2]) if strided else step.inputs[0] in overlapping:
                overlapping.add(step.out)
    last_use: dict[int, int] = {}
    for index, step in enumerate(steps):
        for slot in step.inputs:
            last_use[root(slot)] = index
    for slot in outputs:
        last_use[root(slot)] = len(steps)
    last_fallible = max((i for i, s in enumerate(steps) if s.prim.fallible), default=-1)
    donated: set[int] = set()
    for index, step in enumerate(steps):
        if not step.prim.updates:
            continue
        base = root(step.inputs[0])
        if last_use[base] != index or base in kept or step.inputs[0] in overlapping:
            continue
        if step.prim.name != "write" and any(root(slot) == base for slot in step.inputs[1:]):
            continue
        if base < leaf_count:
            if index <= last_fallible:
                continue
            donated.add(base)
        step.in_place = True
        parent[step.out] = base  # the result lives in the base's memory from here on
        last_use[base] = last_use.pop(step.out, index)
    frees: dict[int, list[int]] = {}
    for slot in range(len(parent)):
        end = last_use.get(root(slot))
        if end is not None and end < len(steps):
            frees.setdefault(end, []).append(slot)
    for index, step in enumerate(steps):
        step.frees = tuple(s for s in frees.get(index, ()) if s <= step.out)
    owners: dict[int, int] = {}
    shared = set()
    for position, slot in enumerate(outputs):
        r = root(slot)
        if (r < leaf_count and r not in donated) or r in owners:
            shared.add(position)
        owners.setdefault(r, position)
    return tuple(sorted(donated)), frozenset(shared)
