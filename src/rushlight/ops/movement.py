"""Views and rearrangements: what changes shape, strides and offset, and what copies."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from ..autograd.grad_mode import mode
from ..autograd.node import edge
from ..dtypes import dtype
from ..graph import primitives as P
from ..graph.expr import Shape
from ..graph.tape import record
from ..runtime.memory import check_memory
from ..shapes import broadcast_shapes, contiguous_strides, numel, view_strides, wrap_dim
from ..tensor import (
    Size,
    Tensor,
    contiguous_format,
    new_tensor,
    preserve_format,
)
from .common import cast, check_tensor, dims_of, sizes_of, type_name
from .layout import inverse, make_view, permuted, storage_order, stored_in
from .registry import (
    OPERATORS,
    Formula,
    Plan,
    assign,
    check_inplace,
    function,
    method,
    node_class,
    operator,
)


def _as_strided_grad(
    grad: Tensor, input_like: Tensor, size: Shape, stride: Shape, storage_offset: int | None
) -> Tensor:
    """Through memory: from where the view's elements lie to where those of ``input_like`` lie."""
    at, strides = input_like._offset, input_like.stride()
    start = at if storage_offset is None else storage_offset
    if 0 in size or 0 in input_like._shape:
        return _zeros(input_like._shape, grad._dtype)
    first = min(at, start)
    extent = max(_end(input_like._shape, strides, at), _end(size, stride, start)) - first
    memory = memory_gradient(grad, stride, start - first, extent)
    if _overlaps(input_like._shape, strides):  # each position gets its share
        ones = new_tensor(record(P.FULL, (), (input_like._shape, grad._dtype), (1,)))
        count = memory_gradient(ones, strides, at - first, extent)
        memory = memory / count.clamp(min=1)
    return as_strided(memory, input_like._shape, strides, at - first)


def _zeros(shape: Shape, d: dtype) -> Tensor:
    return new_tensor(record(P.FULL, (), (shape, d), (0,)))


def _end(shape: Shape, strides: Shape, offset: int) -> int:
    """One past the last element of a non-empty view."""
    return offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) + 1


def memory_gradient(grad: Tensor, strides: Shape, offset: int, extent: int) -> Tensor:
    """The gradient of flat memory of ``extent`` elements, from that of a view on it."""
    flat = _zeros((extent,), grad._dtype)
    if _overlaps(grad._shape, strides):
        return flat.index_add(0, _positions(grad._shape, strides, offset), reshape(grad, -1))
    return as_strided_scatter(flat, grad, grad._shape, strides, offset)


def _overlaps(size: Shape, stride: Shape) -> bool:
    """Whether two positions may share memory (conservative)."""
    reach = 0
    for s, n in sorted(zip(stride, size, strict=True)):
        if n > 1:
            if s <= reach:
                return True
            reach += s * (n - 1)
    return False


def _positions(size: Shape, stride: Shape, offset: int) -> Tensor:
    import numpy as np

    index = np.full((), offset, np.int64)
    for n, s in zip(size, stride, strict=True):
        index = index[..., None] + np.arange(n) * s
    return Tensor._from_array(index.reshape(-1))


@operator(
    "AsStridedBackward0",
    input=_as_strided_grad,
    samples=None,
)
def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view with any size and strides on the Storage of ``input``.

    Raises:
        RuntimeError: it would reach outside the Storage.
    """
    size, stride = tuple(size), tuple(stride)
    offset = input._offset if storage_offset is None else storage_offset
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(s < 0 for s in stride):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            f"{list(stride)}"
        )
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if 0 not in size and last >= input._storage.numel:
        itemsize = input._dtype.itemsize
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and "
            f"itemsize {itemsize} requiring a storage size of {(last + 1) * itemsize} are out of "
            f"bounds for storage of size {input._storage.numel * itemsize}"
        )
    return make_view(input, size, stride, offset)


@operator(
    "AsStridedScatterBackward0",
    input=lambda grad, src, size, stride, storage_offset: as_strided_scatter(
        grad, src.new_zeros(src.shape), size, stride, storage_offset
    ),
    src=lambda grad, size, stride, storage_offset: as_strided(
        contiguous(grad), size, stride, storage_offset
    ).clone(),
    samples=None,
)
def as_strided_scatter(
    input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None
) -> Tensor:
    """A copy of contiguous ``input`` with the elements of that view replaced by ``src``."""
    attrs = (tuple(size), tuple(stride))
    if 0 in attrs[0]:
        return input.clone()
    args = (input._offset if storage_offset is None else storage_offset,)
    return new_tensor(
        record(P.WRITE, (input._expr(), cast(src._expr(), input._dtype)), attrs, args)
    )


def _strided_regenerated(view: Tensor) -> None:
    base = view._base
    if base is None or not base._req:
        view._node, view._nr, view._req = None, 0, False
        return
    node = node_class("AsStridedBackward0")()
    node.site = base._storage.expr.site
    geometry = (view._shape, view.stride(), view._offset)
    _AS_STRIDED._connect(node, (base, *geometry))
    node.saved = _AS_STRIDED.kept(node, (base._alias(), *geometry), None)
    view._node, view._nr, view._req = node, 0, True


def regenerate_view(view: Tensor) -> None:
    """Derive a view's history anew from its base, after an in-place write changed that."""
    base = view._base
    if base is None:
        return
    view._seen = base._generation
    _strided_regenerated(view)


# --- reshaping -----------------------------------------------------------------------------------


def infer_size(shape: Sequence[int], n: int) -> Shape:
    """Replace one -1 so that the sizes multiply to ``n``."""
    known = 1
    unknown = None
    for i, s in enumerate(shape):
        if s == -1:
            if unknown is not None:
                raise RuntimeError("only one dimension can be inferred")
            unknown = i
        elif s < 0:
            raise RuntimeError(f"invalid shape dimension {s} at index {i} of shape {list(shape)}")
        else:
            known *= s
    if unknown is None:
        if known != n:
            raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {n}")
        return tuple(shape)
    if known == 0:
        if n == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(shape)} because the "
                f"unspecified dimension size -1 can be any value and is ambiguous"
            )
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {n}")
    if n % known:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {n}")
    return (*shape[:unknown], n // known, *shape[unknown + 1 :])


def _view_node(t: Tensor, v: Tensor, name: str) -> Tensor:
    """Give a view a node that needs only its operand's shape (nothing is saved)."""
    node = node_class(name)()
    node.edges = (edge(t),)
    node.site = t._storage.expr.site
    node.plan = _BACK_PLAN
    node.saved = [t._shape]
    v._node, v._nr, v._req = node, 0, True
    return v


_BACK_PLAN = Plan(
    [Formula("input", 0, lambda grad, shape: reshape(grad, shape))], (True,), ("input", "shape")
)


def _tracks(t: Tensor) -> bool:
    if not mode.enabled:
        return False
    if t._base is not None:
        t._sync()
    return t._req


def _shaped_view(t: Tensor, shape: Shape, strides: Shape, name: str) -> Tensor:
    v = make_view(t, shape, strides, t._offset)
    return _view_node(t, v, name) if _tracks(t) else v


@method()
def view(self: Tensor, *shape: Any) -> Tensor:
    """The same memory with another shape (or, given a dtype of the same size, another type).

    Raises:
        RuntimeError: the sizes do not fit, or the strides do not allow a view.
    """
    if len(shape) == 1 and isinstance(shape[0], dtype):
        return _view_dtype(self, shape[0])
    sizes = infer_size(sizes_of(shape), numel(self._shape))
    strides = view_strides(self._shape, self.stride(), sizes)
    if strides is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return _shaped_view(self, sizes, strides, "ViewBackward0")


def _view_dtype(t: Tensor, d: dtype) -> Tensor:
    if d is t._dtype:
        return t
    if d.itemsize != t._dtype.itemsize:
        array = contiguous(t)._array()
        return Tensor._from_array(array.view(d.numpy).copy(), d)
    return new_tensor(record(P.BITCAST, (t._expr(),), (d,)))


@method()
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """``view`` with the shape of ``other``."""
    return view(self, other._shape)


@operator(
    "UnsafeViewBackward0",
    method=False,
    function=False,
    name="_unsafe_view",
    input=lambda grad, input_like: reshape(grad, input_like._shape),
)
def _unsafe_view(input: Tensor, shape: Shape) -> Tensor:
    """A copy with another shape: the node that PyTorch shows where ``reshape`` had to copy."""
    return new_tensor(record(P.RESHAPE, (input._expr(),), (shape,)))


@function(method=True)
def reshape(input: Tensor, *shape: Any) -> Tensor:
    """``input`` with another shape: a view where the strides allow it, else a copy."""
    if not shape:
        raise TypeError('reshape() missing 1 required positional arguments: "shape"')
    sizes = infer_size(sizes_of(shape), numel(input._shape))
    strides = view_strides(input._shape, input.stride(), sizes)
    if strides is not None:
        return _shaped_view(input, sizes, strides, "ViewBackward0")
    return _unsafe_view(clone(input), sizes)


@method()
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """``reshape`` to the shape of ``other``."""
    return reshape(self, other._shape)


@function(method=True)
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Join the dimensions ``start_dim .. end_dim`` into one."""
    shape = input._shape
    first, last = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, 1)
    if first == last:
        return input
    return reshape(input, (*shape[:first], numel(shape[first : last + 1]), *shape[last + 1 :]))


@function(method=True)
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension."""
    return reshape(input, -1)


@function(method=True)
def unflatten(input: Tensor, dim: int, sizes: Any) -> Tensor:
    """Split one dimension into ``sizes`` (one may be -1)."""
    at = wrap_dim(dim, len(input._shape))
    try:
        inner = infer_size(sizes_of((sizes,)), input._shape[at])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {at} "
            f"({input._shape[at]}) in the input tensor"
        ) from None
    return view(input, (*input._shape[:at], *inner, *input._shape[at + 1 :]))


# --- strided views -------------------------------------------------------------------------------


@operator(
    "PermuteBackward0",
    name="_permute",
    function=False,
    method=False,
    input=lambda grad, dims: _permute(grad, inverse(dims)),
)
def _permute(input: Tensor, dims: Shape) -> Tensor:
    """``permute`` with wrapped dimensions."""
    return permuted(input, dims)


@function(method=True)
def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dimensions in another order, as a view."""
    order = sizes_of(dims)
    if len(order) != len(input._shape):
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length "
            f"of the desired ordering of dimensions i.e. input.dim() = {len(input._shape)} is "
            f"not equal to len(dims) = {len(order)}"
        )
    wrapped = tuple(wrap_dim(d, len(order)) for d in order)
    if len(set(wrapped)) != len(wrapped):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return _permute(input, wrapped)


@operator(
    "TransposeBackward0",
    input=lambda grad, dim0, dim1: transpose(grad, dim0, dim1),
    samples=None,
    aliases=("swapaxes", "swapdims"),
)
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped, as a view."""
    n = len(input._shape)
    a, b = wrap_dim(dim0, n), wrap_dim(dim1, n)
    order = list(range(n))
    if n:
        order[a], order[b] = b, a
    return permuted(input, order)


@operator("TBackward0", input=lambda grad: t(grad))
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix, as a view."""
    n = len(input._shape)
    if n > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {n}D")
    return make_view(input, input._shape[::-1], input.stride()[::-1], input._offset)


@function(method=True)
def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions swapped."""
    return transpose(input, -2, -1)


@function(method=True)
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions moved to other places; the others keep their order."""
    n = len(input._shape)
    src = [wrap_dim(d, n) for d in ([source] if isinstance(source, int) else source)]
    dst = [wrap_dim(d, n) for d in ([destination] if isinstance(destination, int) else destination)]
    rest = iter([d for d in range(n) if d not in src])
    order = [src[dst.index(i)] if i in dst else next(rest) for i in range(n)]
    return permute(input, order)


function("moveaxis", method=True)(movedim)


@operator("UnsqueezeBackward0", input=lambda grad, dim: grad.squeeze(dim))
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A dimension of size 1 added at ``dim``."""
    shape, strides = input._shape, input.stride()
    at = wrap_dim(dim, len(shape) + 1)
    step = shape[at] * strides[at] if at < len(shape) else 1
    return make_view(
        input, (*shape[:at], 1, *shape[at:]), (*strides[:at], step, *strides[at:]), input._offset
    )


@operator(
    "SqueezeBackward",
    name="_squeeze",
    function=False,
    method=False,
    input=lambda grad, shape: reshape(grad, shape),
)
def _squeeze(input: Tensor, dims: Shape, shape: Shape) -> Tensor:
    keep = [i for i in range(len(input._shape)) if i not in dims or input._shape[i] != 1]
    return permuted(input, keep)


@function(method=True)
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Dimensions of size 1 removed: all, or those named that have size 1."""
    check_tensor(input, "squeeze")
    n = len(input._shape)
    dims = (
        tuple(range(n))
        if dim is None
        else tuple(wrap_dim(d, n) for d in ((dim,) if isinstance(dim, int) else dim))
    )
    v = _squeeze(input, dims, input._shape)
    if v._node is not None and v._req and v is not input:
        kind = 0 if dim is None else 1 if isinstance(dim, int) else 2
        v._node.__class__ = node_class(f"SqueezeBackward{kind}")
    return v


@operator(
    "ExpandBackward0",
    name="_expand",
    function=False,
    method=False,
    input=lambda grad, shape: sum_to_size(grad, shape),
)
def _expand(input: Tensor, sizes: Shape, shape: Shape) -> Tensor:
    strides = input.stride()
    lead = len(sizes) - len(shape)
    steps = [0] * lead + [
        s if n == m else 0 for s, n, m in zip(strides, shape, sizes[lead:], strict=True)
    ]
    for i in range(lead - 1, -1, -1):  # PyTorch's strides of new leading dimensions of size 1
        steps[i] = (
            0 if sizes[i] != 1 else (steps[i + 1] * sizes[i + 1] if i + 1 < len(sizes) else 1)
        )
    return make_view(input, sizes, tuple(steps), input._offset)


@method()
def expand(self: Tensor, *sizes: Any) -> Tensor:
    """Dimensions of size 1 repeated without a copy; -1 keeps a size."""
    wanted = list(sizes_of(sizes))
    shape = self._shape
    lead = len(wanted) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand({self.type()}{{{list(shape)}}}, size={wanted}): the number of sizes provided "
            f"({len(wanted)}) must be greater or equal to the number of dimensions in the tensor "
            f"({len(shape)})"
        )
    for i, n in enumerate(wanted):
        have = shape[i - lead] if i >= lead else None
        if n == -1:
            if have is None:
                raise RuntimeError(
                    f"The expanded size of the tensor ({n}) isn't allowed in a leading, "
                    f"non-existing dimension {i}"
                )
            wanted[i] = have
        elif have is not None and have != 1 and n != have:
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({have}) at "
                f"non-singleton dimension {i}.  Target sizes: {wanted}.  Tensor sizes: "
                f"{list(shape)}"
            )
    return _expand(self, tuple(wanted), shape)


@method()
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """``expand`` to the shape of ``other``."""
    return expand(self, other._shape)


@function()
def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """``input`` expanded to ``size``."""
    return expand(input, size)


@method("broadcast_to")
def _broadcast_to(self: Tensor, *size: Any) -> Tensor:
    """``expand`` to the given sizes."""
    return expand(self, *size)


@function()
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """All tensors expanded to their common shape."""
    if len(tensors) == 1 and isinstance(tensors[0], list | tuple):
        tensors = tuple(tensors[0])
    shape = broadcast_shapes(*[x._shape for x in tensors])
    return tuple(expand(x, shape) for x in tensors)


@function("broadcast_shapes")
def _public_broadcast_shapes(*shapes: Any) -> Size:
    """The shape that these shapes broadcast to."""
    return Size(broadcast_shapes(*[tuple(s) if not isinstance(s, int) else (s,) for s in shapes]))


@method()
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """The sum over broadcast dimensions, so that the result has ``size``."""
    shape = sizes_of(size)
    if shape == self._shape:
        return self
    lead = len(self._shape) - len(shape)
    dims = tuple(range(lead)) + tuple(
        i + lead for i, n in enumerate(shape) if n == 1 and self._shape[i + lead] != 1
    )
    total = self.sum(dims, keepdim=True) if dims else self
    return reshape(total, shape) if lead else total


# --- slices --------------------------------------------------------------------------------------


def _region_gradient(
    grad: Tensor, shape: Shape, strides: Shape, offset: int, full: Shape
) -> Tensor:
    zeros = new_tensor(record(P.FULL, (), (full, grad._dtype), (0,)))
    return as_strided_scatter(zeros, grad, shape, strides, offset)


@operator(
    "SelectBackward0",
    name="select",
    input=lambda grad, input_like, dim, index: select_backward(grad, input_like._shape, dim, index),
)
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The ``index``-th slice along ``dim``, without that dimension."""
    n = len(input._shape)
    if n == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    at = wrap_dim(dim, n)
    size = input._shape[at]
    i = int(index)
    if not -size <= i < size:
        raise IndexError(
            f"select(): index {i} out of range for tensor of size {list(input._shape)} at "
            f"dimension {at}"
        )
    i += size if i < 0 else 0
    strides = input.stride()
    return make_view(
        input,
        input._shape[:at] + input._shape[at + 1 :],
        strides[:at] + strides[at + 1 :],
        input._offset + i * strides[at],
    )


@operator(
    "SelectBackwardBackward0",
    function=False,
    method=False,
    name="select_backward",
    grad=lambda grad, dim, index: select(grad, dim, index),
)
def select_backward(grad: Tensor, shape: Shape, dim: int, index: int) -> Tensor:
    """Zeros of ``shape`` with ``grad`` in the selected slice."""
    at = wrap_dim(dim, len(shape))
    strides = contiguous_strides(shape)
    i = index + shape[at] if index < 0 else index
    return _region_gradient(
        grad, grad._shape, strides[:at] + strides[at + 1 :], i * strides[at], shape
    )


@operator(
    "SliceBackward0",
    name="_slice",
    function=False,
    method=False,
    input=lambda grad, input_like, dim, start, length, step: slice_backward(
        grad, input_like._shape, dim, start, step, length
    ),
)
def _slice(input: Tensor, dim: int, start: int, length: int, step: int) -> Tensor:
    """``length`` elements along ``dim`` from ``start``, every ``step``-th."""
    strides = input.stride()
    return make_view(
        input,
        (*input._shape[:dim], length, *input._shape[dim + 1 :]),
        (*strides[:dim], strides[dim] * step, *strides[dim + 1 :]),
        input._offset + (start * strides[dim] if length or start < input._shape[dim] else 0),
    )


@operator(
    "SliceBackwardBackward0",
    function=False,
    method=False,
    name="slice_backward",
    grad=lambda grad, dim, start, step, length: _slice(grad, dim, start, length, step),
)
def slice_backward(
    grad: Tensor, shape: Shape, dim: int, start: int, step: int, length: int | None = None
) -> Tensor:
    """Zeros of ``shape`` with ``grad`` in the slice."""
    strides = contiguous_strides(shape)
    return _region_gradient(
        grad,
        grad._shape,
        (*strides[:dim], strides[dim] * step, *strides[dim + 1 :]),
        start * strides[dim],
        shape,
    )


@function(method=True)
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """``length`` elements along ``dim`` from ``start``, as a view."""
    n = len(input._shape)
    if n == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    at = wrap_dim(dim, n)
    size = input._shape[at]
    first = int(start)
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if not -size <= first <= size:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-size}, {size}], but got "
            f"{first})"
        )
    first += size if first < 0 else 0
    if first + length > size:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({size}).")
    return _slice(input, at, first, length, 1)


@operator(
    "DiagonalBackward0",
    input=lambda grad, input_like, offset, dim1, dim2: _diagonal_back(
        grad, input_like._shape, offset, dim1, dim2
    ),
)
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two dimensions as the last dimension, as a view."""
    shape, strides, start = _diagonal_geometry(input._shape, input.stride(), offset, dim1, dim2)
    return make_view(input, shape, strides, input._offset + start)


def _diagonal_geometry(
    shape: Shape, strides: Shape, offset: int, dim1: int, dim2: int
) -> tuple[Shape, Shape, int]:
    n = len(shape)
    a, b = wrap_dim(dim1, n), wrap_dim(dim2, n)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    if offset >= 0:
        length = max(min(shape[a], shape[b] - offset), 0)
        start = offset * strides[b]
    else:
        length = max(min(shape[a] + offset, shape[b]), 0)
        start = -offset * strides[a]
    rest = [i for i in range(n) if i not in (a, b)]
    return (
        (*[shape[i] for i in rest], length),
        (*[strides[i] for i in rest], strides[a] + strides[b]),
        start if length else 0,
    )


@method()
def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Write a number to the main diagonal; with ``wrap``, to those below it in a tall matrix."""
    shape, strides = self._shape, self.stride()
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    step = sum(strides)
    starts = [0]
    if wrap and len(shape) == 2:
        starts = list(range(0, shape[0], shape[1] + 1))
    for start in starts:
        length = min(shape[0] - start, *shape[1:])
        self.as_strided((length,), (step,), self._offset + start * strides[0]).fill_(fill_value)
    return self


def _diagonal_back(grad: Tensor, shape: Shape, offset: int, dim1: int, dim2: int) -> Tensor:
    region = _diagonal_geometry(shape, contiguous_strides(shape), offset, dim1, dim2)
    return _region_gradient(grad, region[0], region[1], region[2], shape)


@operator(
    "UnfoldBackward0",
    name="unfold",
    function=False,
    input=lambda grad, input_like, dimension, size, step: _unfold_back(
        grad, input_like._shape, dimension, size, step
    ),
)
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of ``size`` along a dimension, as a view with the window last."""
    at = wrap_dim(dimension, len(input._shape))
    n = input._shape[at] if input._shape else 1
    if size > n:
        raise RuntimeError(f"maximum size for tensor at dimension {at} is {n} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    strides = input.stride()
    if not input._shape:
        return make_view(input, (size,), (1,), input._offset)
    return make_view(
        input,
        (*input._shape[:at], (n - size) // step + 1, *input._shape[at + 1 :], size),
        (*strides[:at], strides[at] * step, *strides[at + 1 :], strides[at]),
        input._offset,
    )


def _unfold_back(grad: Tensor, shape: Shape, dimension: int, size: int, step: int) -> Tensor:
    at = wrap_dim(dimension, len(shape))
    strides = contiguous_strides(shape)
    steps = (*strides[:at], strides[at] * step, *strides[at + 1 :], strides[at])
    index = _positions(grad._shape, steps, 0)
    flat = new_tensor(record(P.FULL, (), ((numel(shape),), grad._dtype), (0,)))
    return flat.index_add(0, index, reshape(grad, -1)).reshape(shape)


# --- splitting and joining -----------------------------------------------------------------------


def _split_backward(grads: list[Tensor | None], input_like: Tensor, dim: int, sizes: Any) -> Tensor:
    at = wrap_dim(dim, len(input_like._shape))
    parts = []
    for g, n in zip(grads, sizes, strict=True):
        if g is None:
            shape = (*input_like._shape[:at], n, *input_like._shape[at + 1 :])
            g = new_tensor(record(P.FULL, (), (shape, input_like._dtype), (0,)))
        parts.append(g)
    return cat(parts, at)


@operator("SplitBackward0", name="_split", function=False, method=False, input=_split_backward)
def _split(input: Tensor, sizes: Shape, dim: int) -> tuple[Tensor, ...]:
    out, start = [], 0
    strides = input.stride()
    for n in sizes:
        shape = (*input._shape[:dim], n, *input._shape[dim + 1 :])
        out.append(make_view(input, shape, strides, input._offset + start * strides[dim]))
        start += n
    return tuple(out)


@function(method=True)
def split(input: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of consecutive parts along ``dim``: of one size, or of the sizes listed."""
    check_tensor(input, "split", "tensor")
    at = wrap_dim(dim, len(input._shape))
    if not input._shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    total = input._shape[at]
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        if size < 0:
            raise RuntimeError(
                f"split expects split_size be non-negative, but got split_size={size}"
            )
        if size == 0:
            if total:
                raise RuntimeError(
                    "split_size can only be 0 if dimension size is 0, but got dimension size of "
                    f"{total}"
                )
            return _split(input, (0,), at)
        sizes = tuple(min(size, total - i) for i in range(0, total, size)) or (0,)
        return _split(input, sizes, at)
    sizes = tuple(int(s) for s in split_size_or_sections)
    if sum(sizes) != total or any(s < 0 for s in sizes):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {total} (input tensor's "
            f"size at dimension {at}), but got split_sizes={list(sizes)}"
        )
    parts = _split(input, sizes, at)
    if parts and parts[0]._node is not None:
        parts[0]._node.__class__ = node_class("SplitWithSizesBackward0")
    return parts


method("split_with_sizes")(lambda self, sizes, dim=0: split(self, list(sizes), dim))


@function(method=True)
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most ``chunks`` views of equal size (the last may be smaller) along ``dim``."""
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    at = wrap_dim(dim, len(input._shape))
    return split(input, max(-(-input._shape[at] // chunks), 1), at)


@function(method=True)
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views split at indices, or into a number of nearly equal parts."""
    at = wrap_dim(dim, len(input._shape))
    n = input._shape[at]
    if isinstance(indices_or_sections, int):
        small, larger = divmod(n, indices_or_sections)
        sizes = [small + (i < larger) for i in range(indices_or_sections)]
        return _split(input, tuple(sizes), at)
    bounds = [0, *[min(int(i) + (n if int(i) < 0 else 0), n) for i in indices_or_sections], n]
    return tuple(_slice(input, at, a, max(b - a, 0), 1) for a, b in itertools.pairwise(bounds))


def _split_along(name: str, input: Tensor, parts: Any, dim: int, least: int) -> tuple[Tensor, ...]:
    n = len(input._shape)
    if n < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor "
            f"with {n} dimensions!"
        )
    if isinstance(parts, int) and (parts <= 0 or input._shape[dim] % parts):
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
            f"{input._shape[dim]} is not divisible by the split_size {parts}!"
        )
    return tensor_split(input, parts, dim)


@function(method=True)
def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Views split by columns: at indices, or into a number of equal parts."""
    return _split_along("hsplit", input, indices_or_sections, min(len(input._shape) - 1, 1), 1)


@function(method=True)
def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Views split by rows: at indices, or into a number of equal parts."""
    return _split_along("vsplit", input, indices_or_sections, 0, 2)


@function(method=True)
def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Views split along the third dimension: at indices, or into a number of equal parts."""
    return _split_along("dsplit", input, indices_or_sections, 2, 3)


def _unbind_backward(grads: list[Tensor | None], input_like: Tensor, dim: int) -> Tensor:
    at = wrap_dim(dim, len(input_like._shape))
    shape = input_like._shape[:at] + input_like._shape[at + 1 :]
    zero = None
    if any(g is None for g in grads):
        zero = new_tensor(record(P.FULL, (), (shape, input_like._dtype), (0,)))
    return stack([zero if g is None else g for g in grads], at)


@operator("UnbindBackward0", input=_unbind_backward)
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along ``dim``, as views without that dimension."""
    at = wrap_dim(dim, len(input._shape))
    if not input._shape:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    strides = input.stride()
    shape = input._shape[:at] + input._shape[at + 1 :]
    steps = strides[:at] + strides[at + 1 :]
    return tuple(
        make_view(input, shape, steps, input._offset + i * strides[at])
        for i in range(input._shape[at])
    )


def _cat_backward(grad: Tensor, tensors_like: list[Tensor], dim: int) -> list[Tensor]:
    at = wrap_dim(dim, len(grad._shape))
    out, start = [], 0
    for x in tensors_like:
        if x._shape == (0,) and len(grad._shape) != 1:
            out.append(new_tensor(record(P.FULL, (), ((0,), grad._dtype), (0,))))
            continue
        out.append(_slice(grad, at, start, x._shape[at], 1))
        start += x._shape[at]
    return out


@operator(
    "CatBackward0",
    tensors=_cat_backward,
    method=False,
    out=True,
    aliases=("concat", "concatenate"),
    samples="cat",
)
def cat(tensors: Any, dim: int = 0) -> Tensor:
    """The tensors joined along an existing dimension, with type promotion."""
    if isinstance(tensors, Tensor):
        raise TypeError(
            "cat(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor"
        )
    items = list(tensors)
    if not items:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for i, x in enumerate(items):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type_name(x)}")
        if not x._shape:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    from .common import result_dtype

    d = result_dtype(*items)
    real = [x for x in items if x._shape != (0,)] or items[:1]
    at = wrap_dim(dim, len(real[0]._shape))
    first = real[0]._shape
    for i, x in enumerate(items):
        if x._shape == (0,):
            continue
        if len(x._shape) != len(first):
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(first)} and {len(x._shape)}"
            )
        for k, (n, m) in enumerate(zip(first, x._shape, strict=True)):
            if n != m and k != at:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {at}. Expected size {n} "
                    f"but got size {m} for tensor number {i} in the list."
                )
    exprs = tuple(cast(x._expr(), d) for x in real)
    return new_tensor(record(P.CONCAT, exprs, (at,)))


@operator(
    "StackBackward0",
    tensors=lambda grad, dim: list(unbind(grad, dim)),
    method=False,
    out=True,
    samples="stack",
)
def stack(tensors: Any, dim: int = 0) -> Tensor:
    """The tensors (of one shape) joined along a new dimension."""
    items = list(tensors)
    if not items:
        raise RuntimeError("stack expects a non-empty TensorList")
    for i, x in enumerate(items):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type_name(x)}")
        if x._shape != items[0]._shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(items[0]._shape)} at "
                f"entry 0 and {list(x._shape)} at entry {i}"
            )
    at = wrap_dim(dim, len(items[0]._shape) + 1)
    return cat([unsqueeze(x, at) for x in items], at)


@function("hstack")
def hstack(tensors: Any) -> Tensor:
    """Joined along the second dimension (the first of 1-d tensors)."""
    items = atleast_1d(list(tensors))
    return cat(items, 0 if len(items[0]._shape) == 1 else 1)


@function("vstack", "row_stack")
def vstack(tensors: Any) -> Tensor:
    """Joined along the first dimension; 1-d tensors are rows."""
    return cat(list(atleast_2d(list(tensors))), 0)


@function("dstack")
def dstack(tensors: Any) -> Tensor:
    """Joined along the third dimension."""
    return cat(list(atleast_3d(list(tensors))), 2)


@function("column_stack")
def column_stack(tensors: Any) -> Tensor:
    """1-d tensors as columns, 2-d ones side by side."""
    return hstack([x if len(x._shape) > 1 else reshape(x, (-1, 1)) for x in tensors])


def _at_least(tensors: tuple[Any, ...], widen: Any) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return widen(tensors[0])
    items = tensors[0] if len(tensors) == 1 else tensors
    return tuple(widen(x) for x in items)


@function()
def atleast_1d(*tensors: Any) -> Any:
    """0-d tensors as 1-d."""
    return _at_least(tensors, lambda x: x if x._shape else reshape(x, 1))


@function()
def atleast_2d(*tensors: Any) -> Any:
    """Tensors with fewer than two dimensions as rows."""
    return _at_least(tensors, lambda x: x if len(x._shape) > 1 else unsqueeze(reshape(x, -1), 0))


@function()
def atleast_3d(*tensors: Any) -> Any:
    """Tensors with fewer than three dimensions as PyTorch widens them."""

    def widen(x: Tensor) -> Tensor:
        n = len(x._shape)
        if n >= 3:
            return x
        if n == 2:
            return unsqueeze(x, -1)
        return reshape(x, (1, -1, 1))

    return _at_least(tensors, widen)


@method()
def repeat(self: Tensor, *sizes: Any) -> Tensor:
    """Copies side by side along each dimension."""
    times = sizes_of(sizes)
    lead = len(times) - len(self._shape)
    if lead < 0:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    if any(n < 0 for n in times):
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(times)}: {list(times)}"
        )
    return _repeat(self, times)


def _repeat_backward(grad: Tensor, input_like: Tensor, times: Shape) -> Tensor:
    lead = len(times) - len(input_like._shape)
    if 0 in times:
        return new_tensor(record(P.FULL, (), (input_like._shape, grad._dtype), (0,)))
    shape = (1,) * lead + input_like._shape
    split_shape = [m for pair in zip(times, shape, strict=True) for m in pair]
    parts = reshape(grad, split_shape).sum(tuple(range(0, 2 * len(times), 2)))
    return reshape(parts, input_like._shape)


@operator("RepeatBackward0", name="_repeat", function=False, method=False, input=_repeat_backward)
def _repeat(input: Tensor, times: Shape) -> Tensor:
    lead = len(times) - len(input._shape)
    shape = (1,) * lead + input._shape
    if 0 in times:
        out = tuple(n * m for n, m in zip(shape, times, strict=True))
        return new_tensor(record(P.FULL, (), (out, input._dtype), (0,)))
    spread = reshape(input, [m for n in shape for m in (1, n)])
    wide = expand(spread, [m for pair in zip(times, shape, strict=True) for m in pair])
    return new_tensor(
        record(
            P.RESHAPE, (wide._expr(),), (tuple(n * m for n, m in zip(shape, times, strict=True)),)
        )
    )


@function(method=True)
def tile(input: Tensor, *dims: Any) -> Tensor:
    """``repeat`` with missing leading counts taken as 1."""
    times = sizes_of(dims)
    return repeat(input, (1,) * (len(input._shape) - len(times)) + times)


@function(method=True)
def repeat_interleave(
    input: Tensor, repeats: Any, dim: int | None = None, output_size: Any = None
) -> Tensor:
    """Each element repeated in place along ``dim`` (of the flattened tensor by default)."""
    import numpy as np

    x, at = (reshape(input, -1), 0) if dim is None else (input, wrap_dim(dim, len(input._shape)))
    n = x._shape[at]
    if isinstance(repeats, Tensor):
        counts = repeats._array().reshape(-1)
        if counts.size not in (1, n):
            raise RuntimeError(
                "repeats must have the same size as input along dim, but got repeats.size(0) = "
                f"{counts.size} and input.size({at}) = {n}"
            )
        index = np.repeat(np.arange(n), counts)
    else:
        index = np.repeat(np.arange(n), repeats)
    return x.index_select(at, Tensor._from_array(index))


@operator(
    "FlipBackward0",
    input=lambda grad, dims: flip(grad, dims),
    name="_flip",
    function=False,
    method=False,
)
def _flip(input: Tensor, dims: Shape) -> Tensor:
    return new_tensor(record(P.FLIP, (input._expr(),), (dims,)))


@function(method=True)
def flip(input: Tensor, *dims: Any) -> Tensor:
    """A copy with the order along ``dims`` reversed."""
    wanted = sizes_of(dims)
    order = dims_of(wanted, len(input._shape)) if wanted else ()
    return _flip(input, order)


function("fliplr", method=True)(lambda input: flip(input, 1))
function("flipud", method=True)(lambda input: flip(input, 0))


@function(method=True)
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """A copy with elements moved along ``dims``; what leaves one end enters the other."""
    if dims is None:
        return reshape(roll(reshape(input, -1), shifts, 0), input._shape)
    steps = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    axes = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(steps) != len(axes):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(steps)}, dims:{len(axes)}"
        )
    x = input
    for s, d in zip(steps, axes, strict=True):
        at = wrap_dim(d, len(x._shape))
        n = x._shape[at]
        cut = (-s) % n if n else 0
        x = cat([_slice(x, at, cut, n - cut, 1), _slice(x, at, 0, cut, 1)], at)
    return x


@function(method=True)
def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """Rotated by ``k`` quarter turns in the plane of ``dims``."""
    a, b = dims
    k %= 4
    if k == 0:
        return clone(input)
    if k == 2:
        return flip(input, a, b)
    turned = flip(input, b if k == 1 else a)
    return clone(transpose(turned, a, b))


# --- copies and conversions ----------------------------------------------------------------------


@operator("CloneBackward0", input=lambda grad: grad, samples="unary")
def clone(input: Tensor, *, memory_format: Any = preserve_format) -> Tensor:
    """A copy. Memory is shared until one of the two is written to."""
    check_tensor(input, "clone")
    if input._strides is not None:  # an expanded view may have more elements than memory
        check_memory(input.nbytes)
    order = storage_order(input) if memory_format is preserve_format else None
    if (
        memory_format is not None
        and memory_format.channels
        and len(input._shape) == memory_format.rank
    ):
        order = (0, *range(2, len(input._shape)), 1)
    return _laid_out(input, order)


def _laid_out(t: Tensor, order: Shape | None) -> Tensor:
    """The value in fresh memory whose dimensions are stored in ``order``."""
    if order is None or order == tuple(range(len(order))):
        return new_tensor(t._expr())
    return stored_in(permuted(t, order)._expr(), order)


@operator(
    "CloneBackward0", name="_copy_to_format", function=False, method=False, input=lambda grad: grad
)
def _copy_to_format(input: Tensor, memory_format: Any) -> Tensor:
    return clone(input, memory_format=memory_format)


@method()
def contiguous(self: Tensor, memory_format: Any = contiguous_format) -> Tensor:
    """``self`` if it is contiguous already, else a contiguous copy."""
    if self.is_contiguous(memory_format):
        return self
    return _copy_to_format(self, memory_format)


@operator(
    "ToCopyBackward0",
    input=lambda grad, input_like: _to_dtype(grad, input_like._dtype),
    name="_to_dtype",
    function=False,
    method=False,
)
def _to_dtype(input: Tensor, d: dtype) -> Tensor:
    order = storage_order(input)
    if order is None:
        return new_tensor(cast(input._expr(), d))
    return stored_in(cast(permuted(input, order)._expr(), d), order)


@method()
def to(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Converted to a dtype and device: ``to(dtype)``, ``to(device, dtype)``, ``to(other)``.

    Raises:
        AssertionError, RuntimeError: a device other than the CPU, with PyTorch's message.
    """
    from ..device import check_device, device

    d = kwargs.pop("dtype", None)
    where = kwargs.pop("device", None)
    copy = kwargs.pop("copy", False)
    kwargs.pop("non_blocking", None)
    layout = kwargs.pop("memory_format", None)
    other = kwargs.pop("other", None)
    if kwargs:
        raise TypeError(f"to() got an unexpected keyword argument '{next(iter(kwargs))}'")
    rest = list(args)
    if rest:
        first = rest.pop(0)
        if isinstance(first, dtype):
            d = first
        elif isinstance(first, Tensor):
            other = first
        elif isinstance(first, str | int | device):
            where = first
            if rest and (isinstance(rest[0], dtype) or rest[0] is None):
                d = rest.pop(0) or d
        elif first is not None:
            raise TypeError(
                "to() received an invalid combination of arguments - got "
                f"({type(first).__name__}), but expected one of:\n * (torch.device device = None, "
                "torch.dtype dtype = None, bool non_blocking = False, bool copy = False, *, "
                "torch.memory_format memory_format = None)\n * (torch.dtype dtype, bool "
                "non_blocking = "
                "False, bool copy = False, *, torch.memory_format memory_format = None)\n * "
                "(Tensor "
                "tensor, bool non_blocking = False, bool copy = False, *, torch.memory_format "
                "memory_format = None)\n"
            )
        if len(rest) > 1:
            copy = bool(rest[1])
    if other is not None:
        d = d or other._dtype
    if where is not None:
        check_device(where)
    if d is not None and not isinstance(d, dtype):
        raise TypeError(f"to(): argument 'dtype' must be torch.dtype, not {type(d).__name__}")
    if d is None or d is self._dtype:
        if layout is not None and not self.is_contiguous(layout):
            return _copy_to_format(self, layout)
        return clone(self) if copy else self
    return _to_dtype(self, d)


def _conversion(name: str, d: dtype) -> None:
    def convert(self: Tensor, memory_format: Any = preserve_format) -> Tensor:
        return self if d is self._dtype else _to_dtype(self, d)

    convert.__doc__ = f"``self`` as {d.name}."
    convert.__name__ = name
    method(name)(convert)


def _install_conversions() -> None:
    from .. import dtypes as D

    for name, d in {
        "float": D.float32,
        "double": D.float64,
        "half": D.float16,
        "bfloat16": D.bfloat16,
        "int": D.int32,
        "long": D.int64,
        "short": D.int16,
        "char": D.int8,
        "byte": D.uint8,
        "bool": D.bool_,
    }.items():
        _conversion(name, d)


_install_conversions()


@method()
def type(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The type's name (``"torch.FloatTensor"``), or ``self`` converted to a dtype or type name."""
    from ..legacy_types import dtype_of_type, type_name

    return type_name(self) if dtype is None else to(self, dtype_of_type(dtype))


@method()
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """``self`` as the dtype of ``other``."""
    return to(self, other._dtype)


@method()
def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """``self``: it is on the CPU."""
    return self


@method()
def cuda(
    self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None
) -> Tensor:
    """Always raises ``AssertionError``: there is no CUDA."""
    from ..device import check_device

    check_device("cuda")
    return self


@method()
def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """``self``: pinned memory is for accelerators."""
    return self


@method()
def share_memory_(self: Tensor) -> Tensor:
    """``self``; processes get copies."""
    return self


@method()
def is_shared(self: Tensor) -> bool:
    """Always False."""
    return False


@operator(
    "CopyBackwards",
    function=False,
    method=False,
    name="_copied",
    input=lambda grad: new_tensor(record(P.FULL, (), (grad._shape, grad._dtype), (0,))),
    src=lambda grad, src: _to_dtype(grad, src._dtype) if src._dtype is not grad._dtype else grad,
)
def _copied(input: Tensor, src: Tensor) -> Tensor:
    """``src`` as the shape and dtype of ``input``: the value of ``input.copy_(src)``."""
    x = src if src._shape == input._shape else expand(src, input._shape)
    return new_tensor(cast(x._expr(), input._dtype))


@method()
def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Write the values of ``src`` (broadcast, converted) into this tensor."""
    if not isinstance(src, Tensor):
        raise TypeError(
            f"copy_(): argument 'other' (position 1) must be Tensor, not {type_name(src)}"
        )
    check_inplace(self)
    if src._shape != self._shape:
        _check_expandable(self, src)
    old = self._shadow() if self._req and mode.enabled else self
    return assign(self, _copied(old, src))


def _check_expandable(t: Tensor, src: Tensor) -> None:
    lead = len(t._shape) - len(src._shape)
    if lead < 0:
        raise RuntimeError(
            f"output with shape {list(t._shape)} doesn't match the broadcast shape "
            f"{list(src._shape)}"
        )
    for i, n in enumerate(src._shape):
        if n not in (1, t._shape[i + lead]):
            dim = max(k for k, m in enumerate(src._shape) if m not in (1, t._shape[k + lead]))
            raise RuntimeError(
                f"The size of tensor a ({t._shape[dim + lead]}) must match the size of tensor b "
                f"({src._shape[dim]}) at non-singleton dimension {dim + lead}"
            )


@operator(
    "FillBackward0",
    function=False,
    method=False,
    name="_filled",
    input=lambda grad: new_tensor(record(P.FULL, (), (grad._shape, grad._dtype), (0,))),
    value=lambda grad: grad.sum(),
)
def _filled(input: Tensor, value: Any) -> Tensor:
    d = input._dtype
    if isinstance(value, Tensor):
        if value._shape:
            raise RuntimeError(
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{len(value._shape)} dimensions."
            )
        e = cast(value._expr(), d)
        return expand(new_tensor(e), input._shape).clone()
    return new_tensor(record(P.FULL, (), (input._shape, d), (value,)))


@method()
def fill_(self: Tensor, value: Any) -> Tensor:
    """Write one value everywhere."""
    check_inplace(self)
    old = self._shadow() if self._req and mode.enabled else self
    return assign(self, _filled(old, value))


@operator(
    "ZeroBackward0",
    function=False,
    method=False,
    name="_zeroed",
    input=lambda grad: new_tensor(record(P.FULL, (), (grad._shape, grad._dtype), (0,))),
)
def _zeroed(input: Tensor) -> Tensor:
    return new_tensor(record(P.FULL, (), (input._shape, input._dtype), (0,)))


@method()
def zero_(self: Tensor) -> Tensor:
    """Write zeros everywhere."""
    check_inplace(self)
    old = self._shadow() if self._req and mode.enabled else self
    return assign(self, _zeroed(old))


function("zero_")(zero_)
function("fill_")(fill_)


@method()
def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Change the shape in place; the memory grows as needed (new elements are zero)."""
    from ..storage import Storage

    shape = sizes_of(sizes)
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    n = numel(shape)
    storage = self._storage
    if n + self._offset > storage.numel:
        flat = record(P.RESHAPE, (storage.expr,), ((storage.numel,),))
        fill = record(P.CONST, (), (self._dtype,), (0,))
        grown = record(P.PAD, (flat, fill), (((0, n + self._offset - storage.numel),),))
        if storage.exposed is not None or storage.pinned:
            raise RuntimeError("Trying to resize storage that is not resizable")
        fresh = Storage(grown)
        fresh.version = storage.version + 1
        self._storage = fresh
    self._shape = shape
    self._strides = None
    return self


method("resize_as_")(lambda self, other, memory_format=None: resize_(self, other._shape))


@method()
def set_(self: Tensor, source: Tensor, *args: Any) -> Tensor:
    """Make this tensor a view of what ``source`` views."""
    self._storage = source._storage
    self._shape, self._strides = source._shape, source._strides
    self._offset, self._dtype = source._offset, source._dtype
    return self


def _view_inplace(name: str, f: Any) -> None:
    def inplace(self: Tensor, *args: Any) -> Tensor:
        v = f(self._alias(), *args)
        if self._req and mode.enabled:
            shadow = self._shadow()
            moved = f(shadow, *args)
            self._node, self._nr = moved._node, moved._nr
            self._generation += 1
        self._shape = v._shape
        self._strides = v._strides
        self._offset = v._offset
        return self

    inplace.__name__ = name
    inplace.__doc__ = f"In-place form of ``{name[:-1]}``: changes this tensor's shape and strides."
    method(name)(inplace)


for _name_, _f in {
    "squeeze_": squeeze,
    "unsqueeze_": unsqueeze,
    "t_": t,
    "transpose_": transpose,
    "swapaxes_": transpose,
    "swapdims_": transpose,
}.items():
    _view_inplace(_name_, _f)


def _reversed_dims(self: Tensor) -> Tensor:
    n = len(self._shape)
    if n != 2:
        import warnings

        warnings.warn(
            "Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases."
            if n == 0
            else "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is "
            "deprecated and it will throw an error in a future release. Consider `x.mT` to "
            "transpose "
            "batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the "
            "dimensions of a tensor.",
            stacklevel=2,
        )
    return _permute(self, tuple(range(n))[::-1])


def _adjoint(self: Tensor) -> Tensor:
    n = len(self._shape)
    if n not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {n}-D tensor."
            + (" For batches of matrices, consider using tensor.mH" if n > 2 else "")
        )
    return _permute(self, tuple(range(n))[::-1])


def _mT(self: Tensor) -> Tensor:
    if len(self._shape) < 2:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got "
            f"{len(self._shape)}-D tensor."
        )
    return transpose(self, -2, -1)


Tensor.T = property(_reversed_dims, doc="All dimensions reversed.")  # type: ignore[attr-defined]
Tensor.mT = property(_mT, doc="The last two dimensions swapped.")  # type: ignore[attr-defined]
Tensor.H = property(_adjoint, doc="The transpose of a matrix.")  # type: ignore[attr-defined]
Tensor.real = property(lambda self: self, doc="``self``: there are no complex numbers.")  # type: ignore[attr-defined]

_AS_STRIDED = OPERATORS["as_strided"]
