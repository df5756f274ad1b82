"""Program: the executable for one subgraph, a list of Steps over numbered slots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..dtypes import dtype
    from ..graph.expr import Attrs, Primitive, Shape


class Step:
    """One primitive applied to slots.

    Attributes:
        prim, attrs: what is computed.
        inputs: slots of the operands. ``out``: the slot of the result.
        args: positions of its run-time scalars in the Program's argument list.
        shape, dtype: of the result. ``input_dtypes``: of the operands.
        in_place: the first operand's memory is dead afterwards and may be written to.
        frees: slots whose last use this step is.
    """

    __slots__ = (
        "args",
        "attrs",
        "dtype",
        "frees",
        "in_place",
        "input_dtypes",
        "inputs",
        "out",
        "prim",
        "shape",
    )

    def __init__(
        self,
        prim: Primitive,
        attrs: Attrs,
        inputs: tuple[int, ...],
        args: tuple[int, ...],
        out: int,
        shape: Shape,
        dtype: dtype,
        input_dtypes: tuple[dtype, ...],
    ) -> None:
        self.prim = prim
        self.attrs = attrs
        self.inputs = inputs
        self.args = args
        self.out = out
        self.shape = shape
        self.dtype = dtype
        self.input_dtypes = input_dtypes
        self.in_place = False
        self.frees: tuple[int, ...] = ()

    def __repr__(self) -> str:
        operands = ", ".join(f"%{i}" for i in self.inputs)
        detail = f" {self.attrs}" if self.attrs else ""
        scalars = f" args{list(self.args)}" if self.args else ""
        mark = " in place" if self.in_place else ""
        return (
            f"%{self.out} = {self.prim.name}({operands}){detail}{scalars}"
            f" -> {self.dtype.name}{list(self.shape)}{mark}"
        )


class Program:
    """Steps in order. Slots ``0 .. leaves-1`` are the leaves, then one slot a step.

    Attributes:
        leaves: shape and dtype of each leaf.
        steps: in the order they run.
        outputs: slots whose arrays are handed out.
        shared_outputs: positions in ``outputs`` that are views of other memory: they are copied.
        donated: leaf slots that a step writes into.
        code: what the executor keeps for this Program (compiled kernels), if anything.
    """

    __slots__ = ("code", "donated", "leaves", "outputs", "shared_outputs", "slots", "steps")

    def __init__(
        self,
        leaves: Sequence[tuple[Shape, dtype]],
        steps: list[Step],
        outputs: tuple[int, ...],
        shared_outputs: frozenset[int],
        donated: tuple[int, ...],
    ) -> None:
        self.leaves = tuple(leaves)
        self.steps = steps
        self.outputs = outputs
        self.shared_outputs = shared_outputs
        self.donated = donated
        self.slots = len(self.leaves) + len(steps)
        self.code: Any = None

    def __repr__(self) -> str:
        lines = [f"Program: {len(self.leaves)} leaves, {len(self.steps)} steps"]
        lines += [
            f"  %{i} = leaf -> {d.name}{list(s)}{' donated' if i in self.donated else ''}"
            for i, (s, d) in enumerate(self.leaves)
        ]
        lines += [f"  {step!r}" for step in self.steps]
        lines.append("  return " + ", ".join(f"%{i}" for i in self.outputs))
        return "\n".join(lines)


class StepError(Exception):
    """A step failed on its values. ``step`` is its index, ``__cause__`` what it raised."""

    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step
