"""Storage: the mutable cell that holds the current value of one block of memory.

In-place ops compute a new Expr and re-point the cell; Exprs recorded before keep the old value.
Memory
that NumPy can reach is *exposed*: NumPy's writes cannot be seen, so reads copy while recording and
writes land before the call returns.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np

from .dtypes import dtype as DType
from .graph.expr import Expr, Shape, leaf
from .graph.tape import flush, local, value_of
from .shapes import contiguous_strides, numel

_getrefcount = sys.getrefcount


class Storage:
    """One block of memory of one dtype, shared by every view of it.

    Attributes:
        expr: the current value, pending or realized.
        version: how often it was written in place (PyTorch's ``_version``).
        exposed: the array that NumPy may also hold, or ``None``.
        pinned: its address was handed out: the value must stay in the same memory.
        is_parameter: a leaf that requires grad has its values here.
    """

    version = 0
    exposed: np.ndarray | None = None
    pinned = False
    is_parameter = False

    def __init__(self, expr: Expr) -> None:
        self.expr = expr

    @property
    def dtype(self) -> DType:
        """The element type."""
        return self.expr.dtype

    @property
    def numel(self) -> int:
        """The number of elements."""
        return numel(self.expr.shape)

    @classmethod
    def from_array(cls, array: np.ndarray, dtype: DType) -> Storage:
        """A Storage that takes ownership of a C-contiguous array held as ``dtype.numpy``."""
        return cls(leaf(array, dtype))

    def __reduce__(self) -> tuple[Any, ...]:
        from .serialization.tensors import reduce_storage

        return reduce_storage(self)

    def array(self) -> np.ndarray:
        """The realized elements as a flat array. Not to be written to."""
        return value_of(self.expr).reshape(-1)

    def expose(self) -> np.ndarray:
        """The flat array of this memory, to be handed to NumPy, which may read and write it."""
        array = self.exposed
        if array is None:
            flush()  # what was recorded before reads the values of now
            array = self.own()
            self.exposed = array
        return array

    def own(self) -> np.ndarray:
        """Make the realized array this Storage's alone (clones share until one is written)."""
        e = self.expr
        array = value_of(e)
        # References: self.expr, the local name, the argument.
        if _getrefcount(e) > _SOLE or not array.flags.owndata or not array.flags.writeable:
            array = array.copy()
        self.expr = leaf(array, self.dtype)
        return array

    def still_exposed(self) -> bool:
        """Whether somebody outside can still reach the memory; forgets it where not."""
        array = self.exposed
        if array is None:
            return False
        base: Any = array.base
        if base is None:
            # self.exposed, expr.buffer, the local name, the argument
            if _getrefcount(array) > _UNEXPOSED and array.flags.owndata:
                return True
            self.exposed = None
            return False
        return True

    def read_exposed(self, shape: Shape, strides: Shape | None, offset: int) -> Expr:
        """The value now of a view on exposed memory: a copy, which NumPy cannot reach."""
        return leaf(self._exposed_view(shape, strides, offset).copy(order="C"), self.dtype)

    def borrow_exposed(self, shape: Shape, strides: Shape | None, offset: int) -> Expr:
        """``read_exposed`` for an op: large memory is not copied, the op runs before it returns."""
        view = self._exposed_view(shape, strides, offset)
        if view.nbytes <= _COPY_LIMIT or not view.flags.c_contiguous:
            return leaf(view.copy(order="C"), self.dtype)
        view.flags.writeable = False
        e = leaf(view, self.dtype)
        borrowed.setdefault(threading.get_ident(), []).append(e)
        return e

    def _exposed_view(self, shape: Shape, strides: Shape | None, offset: int) -> np.ndarray:
        array = self.exposed
        if array is None:
            raise RuntimeError("this memory is not exposed")
        if 0 in shape:
            return np.empty(shape, array.dtype)
        steps = contiguous_strides(shape) if strides is None else strides
        size = array.itemsize
        return np.ndarray(shape, array.dtype, array, offset * size, [s * size for s in steps])

    def write(self, e: Expr) -> None:
        """Re-point the cell to ``e``, of as many elements; exposed memory is written at once."""
        self.version += 1
        if self.is_parameter:
            local.tape.parameters_written = True
        if self.exposed is None and not self.pinned:
            self.expr = e
            return
        new = value_of(e)
        array = value_of(self.expr) if self.exposed is None else self.exposed
        if new is array:
            return
        self._leave_value_to_others(array)
        np.copyto(array.reshape(-1), new.reshape(-1))
        self.expr = leaf(array, self.dtype)

    def _leave_value_to_others(self, array: np.ndarray) -> None:
        """Before ``array`` is overwritten: who else holds the current Expr keeps its value."""
        e = self.expr
        if e.buffer is array and _getrefcount(e) > _SOLE:
            e.buffer = array.copy()

    def write_exposed(self, new: np.ndarray, shape: Shape, strides: Shape, offset: int) -> None:
        """Write a realized value through a view into exposed memory, now."""
        array = self.exposed
        if array is None:
            raise RuntimeError("this memory is not exposed")
        self.version += 1
        flush()  # what was recorded before reads the values of now
        size = array.itemsize
        view = np.ndarray(shape, array.dtype, array, offset * size, [s * size for s in strides])
        np.copyto(view, new)


borrowed: dict[int, list[Expr]] = {}
"""Per thread: leaves whose memory NumPy may write to as soon as the current op returns."""
_COPY_LIMIT = 1 << 20


def settle(e: Expr) -> Expr:
    """Run what reads borrowed memory; called with the result of the op that reads it."""
    mine = borrowed.pop(threading.get_ident(), None)
    if mine is None:
        return e
    flush()
    return leaf(value_of(e).copy(), e.dtype) if any(e is b for b in mine) else e


def _sole_references() -> int:
    class Cell:
        __slots__ = ("expr",)

    cell = Cell()
    cell.expr = leaf(np.zeros(1), None)  # type: ignore[arg-type, attr-defined]
    e = cell.expr  # type: ignore[attr-defined]
    return _getrefcount(e)


_SOLE = _sole_references()
_UNEXPOSED = _SOLE + 1
