"""Expr: an immutable node of the lazy expression graph, and ``Primitive``: the row it is made
of."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any, Final

import numpy as np

from ..dtypes import dtype

Shape = tuple[int, ...]
Attrs = tuple[Any, ...]
Rule = Callable[["tuple[Expr, ...]", Attrs], tuple[Shape, dtype]]


class Primitive:
    """One row of the registry of primitives: everything that the engine knows about one op.

    Attributes:
        name: its name in keys, in ``explain`` and in debug output.
        rule: ``(inputs, attrs) -> (shape, dtype)``; raises what PyTorch raises on bad operands.
        reference: ``(attrs, args, *arrays) -> array``: the NumPy meaning, the oracle for kernels.
        kind: ``elementwise``, ``reduce``, ``movement``, ``contraction``, ``window``, ``index``,
            ``sort``, ``random``, ``source`` or ``host``: what the compiler may fuse it with.
        moves_bits: it copies elements without computing, so bfloat16 need not be widened.
        fallible: it can fail on values (an index out of range), so it runs before donated writes.
        aliases: its reference may return a view of its first input.
        updates: its reference writes into its first input and returns it: the executor passes a
            copy unless that memory is dead.
    """

    __slots__ = (
        "aliases",
        "fallible",
        "kind",
        "moves_bits",
        "name",
        "reference",
        "rule",
        "updates",
    )

    def __init__(
        self,
        name: str,
        rule: Rule,
        reference: Callable[..., np.ndarray],
        kind: str,
        *,
        moves_bits: bool = False,
        fallible: bool = False,
        aliases: bool = False,
        updates: bool = False,
    ) -> None:
        self.name = name
        self.rule = rule
        self.reference = reference
        self.kind = kind
        self.moves_bits = moves_bits
        self.fallible = fallible
        self.aliases = aliases
        self.updates = updates

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


Site = tuple[CodeType, int] | None


class Expr:
    """A value: either pending (``prim`` of ``inputs``) or realized (``buffer`` holds it).

    Attributes:
        prim: the primitive; ``None`` for a value that was born realized.
        inputs: operands; emptied when the value is realized, so that evaluated graphs are freed.
        attrs: what selects the code (part of the key). ints, strings, dtypes and tuples only.
        args: Python scalars that are run-time arguments (not part of the key).
        shape, dtype: of the value, which is row-major contiguous.
        buffer: the C-contiguous array once realized, else ``None``.
        gen, index: the recording that it is pending on and its position there.
        site: the user's line as (code, instruction), never a frame; where the op cannot fail, the
            line that first recorded the same structure.
        error: what a failed run raised for it; everything that depends on it raises it again.
    """

    buffer: np.ndarray | None = None
    error: BaseException | None = None

    def __init__(
        self,
        prim: Primitive | None,
        inputs: tuple[Expr, ...],
        attrs: Attrs,
        args: tuple[Any, ...],
        shape: Shape,
        dtype: dtype,
        gen: int,
        index: int,
        site: Site,
    ) -> None:
        self.prim = prim
        self.inputs = inputs
        self.attrs = attrs
        self.args = args
        self.shape = shape
        self.dtype = dtype
        self.gen = gen
        self.index = index
        self.site = site

    def __repr__(self) -> str:
        name = "realized" if self.buffer is not None else self.prim.name if self.prim else "?"
        return f"Expr({name}, {list(self.shape)}, {self.dtype.name})"


NOT_RECORDED: Final = -1


def leaf(array: np.ndarray, dtype: dtype) -> Expr:
    """A realized Expr that owns ``array`` (C-contiguous, of ``dtype.numpy``)."""
    e = Expr(None, (), (), (), array.shape, dtype, NOT_RECORDED, NOT_RECORDED, None)
    e.buffer = array
    return e


def line_of(site: Site) -> tuple[str, int] | None:
    """(file name, line number) of a site."""
    if site is None:
        return None
    code, instruction = site
    for start, end, line in code.co_lines():
        if start <= instruction < end and line is not None:
            return code.co_filename, line
    return code.co_filename, code.co_firstlineno
