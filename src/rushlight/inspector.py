"""``explain``: the Program behind a tensor's pending value, with the time of each step."""

from __future__ import annotations

import time
from typing import Any

from .graph.binding import bind
from .graph.expr import Expr, line_of
from .runtime.interpreter import run_step
from .shapes import numel
from .tensor import Tensor


class Explanation(str):
    """A text that a prompt shows with its line breaks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _ordered(wanted: Expr) -> list[Expr]:
    """The Exprs that ``wanted`` depends on, operands first."""
    order: list[Expr] = []
    seen: set[int] = set()
    stack = [(wanted, False)]
    while stack:
        e, done = stack.pop()
        if done:
            order.append(e)
        elif id(e) not in seen:
            seen.add(id(e))
            stack.append((e, True))
            if e.buffer is None:
                if e.error is not None:
                    raise e.error
                stack.extend((operand, False) for operand in e.inputs)
    return order


def _line(e: Expr) -> str:
    where = line_of(e.site)
    return "" if where is None else f"  {where[0].rpartition('/')[2]}:{where[1]}"


def explain(tensor: Tensor) -> Explanation:
    """What would run to compute a tensor that has not been computed yet.

    The text lists the leaves, the steps with the line that recorded each, its time and its bytes.
    The steps are run once to be timed, on the reference executor; the tensor stays pending.
    """
    import numpy as np

    if not isinstance(tensor, Tensor):
        raise TypeError(f"explain() expects a Tensor, got {type(tensor).__name__}")
    wanted = tensor._storage.expr
    if wanted.buffer is not None:
        return Explanation(f"{wanted.dtype.name}{list(wanted.shape)}: computed already")
    order = _ordered(wanted)
    kept = {i for i, e in enumerate(order) if e.buffer is not None} | {len(order) - 1}
    binding = bind(order, tuple(sorted(kept)))
    program = binding.program
    arguments: list[Any] = [a for e in order if e.buffer is None for a in e.args]
    args = [arguments[i] for i in binding.args]
    arrays: list[Any] = [order[i].buffer for i in binding.leaves]
    arrays += [None] * len(program.steps)
    lines = [f"Program: {len(program.leaves)} leaves, {len(program.steps)} steps"]
    lines += [f"  %{i} = leaf -> {d.name}{list(s)}" for i, (s, d) in enumerate(program.leaves)]
    total = 0.0
    with np.errstate(all="ignore"):
        for step, index in zip(program.steps, binding.step_exprs, strict=True):
            started = time.perf_counter()
            arrays[step.out] = run_step(step, arrays, args)
            spent = (time.perf_counter() - started) * 1e6
            total += spent
            size = numel(step.shape) * step.dtype.itemsize
            lines.append(f"  {step!r}  {spent:.1f} us, {size} bytes{_line(order[index])}")
    lines.append("  return " + ", ".join(f"%{i}" for i in program.outputs))
    lines.append(f"{total:.1f} us in all")
    return Explanation("\n".join(lines))
