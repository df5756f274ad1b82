"""Fusion: a Program's steps as units, elementwise runs joined into one kernel.

In: ``Program.steps``. Out: a list of groups in order; a group is either one step, or several
elementwise steps that the emitter supports, of one output shape, in which values that nothing
outside reads need no memory.
"""

from __future__ import annotations

from ..runtime.program import Program, Step
from . import contraction, elementwise


class Group:
    """Steps that become one kernel (or one host call).

    Attributes:
        steps: in order. ``inputs``: slots read from memory. ``outputs``: steps whose values
        others read. kind: ``elementwise``, ``matmul`` or ``host``.
    """

    __slots__ = ("inputs", "kind", "outputs", "steps")

    def __init__(self, kind: str, steps: list[Step]) -> None:
        self.kind = kind
        self.steps = steps
        self.inputs: tuple[int, ...] = ()
        self.outputs: list[Step] = []


def group_steps(program: Program) -> list[Group]:
    """Partition the steps into groups; the order of the groups is an order of execution."""
    groups: list[Group] = []
    for step in program.steps:
        if elementwise.supports(step):
            last = groups[-1] if groups else None
            if (
                last is not None
                and last.kind == "elementwise"
                and last.steps[-1].shape == step.shape
            ):
                last.steps.append(step)
                continue
            groups.append(Group("elementwise", [step]))
        elif contraction.supports(step):
            groups.append(Group("matmul", [step]))
        else:
            groups.append(Group("host", [step]))
    _find_boundaries(program, groups)
    return groups


def _find_boundaries(program: Program, groups: list[Group]) -> None:
    """Set what each group reads from memory and what it must leave there."""
    read_by: dict[int, set[int]] = {}
    for number, group in enumerate(groups):
        for step in group.steps:
            for slot in step.inputs:
                read_by.setdefault(slot, set()).add(number)
    kept = set(program.outputs)
    for number, group in enumerate(groups):
        inside = {step.out for step in group.steps}
        group.inputs = tuple(
            dict.fromkeys(s for step in group.steps for s in step.inputs if s not in inside)
        )
        group.outputs = [
            step
            for step in group.steps
            if step.out in kept or read_by.get(step.out, set()) - {number}
        ]
