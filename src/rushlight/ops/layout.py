"""Layouts: views by strides, and results stored in the order of dimensions that PyTorch would
choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph.expr import Expr, Shape
from ..tensor import Tensor, new_tensor, view_of_storage


def make_view(t: Tensor, shape: Shape, strides: Shape, offset: int) -> Tensor:
    """A tensor on other shape, strides and offset of the same Storage, remembering its base."""
    v = view_of_storage(t._storage, shape, strides, offset, t._dtype)
    base = t if t._base is None else t._base
    v._base = base
    if base._generation:
        v._seen = base._generation
    return v


def permuted(t: Tensor, dims: Sequence[int]) -> Tensor:
    """The view with its dimensions in another order."""
    strides = t.stride()
    return make_view(
        t, tuple(t._shape[d] for d in dims), tuple(strides[d] for d in dims), t._offset
    )


def inverse(dims: Sequence[int]) -> Shape:
    """The permutation that undoes ``dims``."""
    return tuple(sorted(range(len(dims)), key=dims.__getitem__))


def storage_order(t: Tensor) -> Shape | None:
    """The dimensions from the slowest to the fastest in which PyTorch lays out a copy of ``t``.

    ``None`` where that is their own order.
    """
    strides, shape = t._strides, t._shape
    if strides is None or 0 in shape:
        return None
    order = list(range(len(shape)))[::-1]
    for i in range(1, len(order)):  # insertion sort, fastest first; expanded dimensions stay
        at = i
        for k in range(i - 1, -1, -1):
            a, b = order[k], order[at]
            if strides[a] == 0 or strides[b] == 0:
                continue
            if strides[a] < strides[b]:
                break
            if strides[a] > strides[b] or shape[a] > shape[b]:
                order[k], order[at] = b, a
                at = k
    found = tuple(order[::-1])
    return None if found == tuple(range(len(found))) else found


def joint_order(a: Any, b: Any) -> Shape | None:
    """The order for an elementwise result: that of the first operand with dimensions.

    ``None`` also where the operands broadcast: such results are stored row by row.
    """
    first = a if isinstance(a, Tensor) and a._shape else b
    if not isinstance(first, Tensor) or first._strides is None:
        return None
    if any(isinstance(x, Tensor) and x._shape not in ((), first._shape) for x in (a, b)):
        return None
    return storage_order(first)


def stored_in(e: Expr, order: Shape) -> Tensor:
    """A fresh tensor whose memory holds ``e``, its dimensions being those of ``order``."""
    t = permuted(new_tensor(e), inverse(order))
    t._base = None
    return t


def in_order(t: Any, order: Shape) -> Any:
    """An operand with its dimensions in ``order``; numbers and 0-d tensors as they are."""
    return permuted(t, order) if isinstance(t, Tensor) and t._shape else t
