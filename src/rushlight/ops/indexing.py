"""Indexing: ``x[...]`` and ``x[...] = v`` in all forms, gather, scatter, select by index or
mask."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.grad_mode import mode
from ..errors import with_note
from ..graph import primitives as P
from ..graph.expr import Expr
from ..graph.tape import record
from ..shapes import broadcast_shapes, numel, wrap_dim
from ..tensor import Tensor, new_tensor
from .common import cast, check_tensor, constant, is_number, operand
from .movement import _slice, expand, reshape, select, unsqueeze
from .registry import assign, check_inplace, function, method, operator

# --- reading an index expression -----------------------------------------------------------------


def _checked(index: Tensor, size: int, dim: int) -> None:
    """Realized indices are checked in the call; pending ones when the Program runs."""
    e = index._storage.expr
    if e.buffer is None or not numel(index._shape):
        return
    array = index._array()
    low, high = array.min(), array.max()
    if low < -size or high >= size:
        bad = array[(array < -size) | (array >= size)].flat[0]
        raise IndexError(f"index {bad} is out of bounds for dimension {dim} with size {size}")


def _as_index(item: Any) -> Tensor | None:
    """An index tensor (integers or mask) if the item is one, else ``None``."""
    if isinstance(item, Tensor):
        if item._dtype.is_floating_point:
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return item
    if isinstance(item, np.ndarray):
        if item.dtype.kind not in "iub":
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return Tensor._from_array(item.copy())
    if isinstance(item, list | range):
        from .creation import tensor

        made = tensor(list(item))
        if not made.numel():
            return made.to(dtypes.int64)
        return _as_index(made)
    return None


def _dims_taken(item: Any) -> int:
    if item is None or isinstance(item, bool):
        return 0
    index = _as_index(item) if not isinstance(item, int | slice) else None
    if index is not None and index._dtype in (dtypes.bool_, dtypes.uint8):
        return len(index._shape)
    return 1


_PARTS_OF_A_TUPLE = (slice, type(None), type(Ellipsis), Tensor, list, tuple, range, np.ndarray)


def _normalized(t: Tensor, key: Any) -> list[Any]:
    """The index as a list without Ellipsis, one entry per indexed dimension (or new axis)."""
    if isinstance(key, tuple):
        items = list(key)
    elif isinstance(key, list) and any(isinstance(k, _PARTS_OF_A_TUPLE) for k in key):
        warnings.warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated and will be "
            "changed in pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will "
            "be interpreted as tensor index, x[torch.tensor(seq)], which will result either in an "
            "error or a different result",
            UserWarning,
            stacklevel=4,
        )
        items = list(key)
    else:
        items = [key]
    taken = 0
    for item in items:
        if item is not Ellipsis:
            taken += _dims_taken(item)
    rank = len(t._shape)
    if taken > rank:
        if rank == 0 and all(isinstance(i, int) and not isinstance(i, bool) for i in items):
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
                "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
            )
        raise IndexError(f"too many indices for tensor of dimension {rank}")
    dots = [i for i, item in enumerate(items) if item is Ellipsis]
    if len(dots) > 1:
        items = [x for i, x in enumerate(items) if x is not Ellipsis or i == dots[0]]
    if dots:
        at = dots[0]
        items[at : at + 1] = [slice(None)] * (rank - taken)
    return items


def _basic(t: Tensor, items: list[Any]) -> tuple[Tensor, list[tuple[int, Tensor]]]:
    """Apply ints, slices and new axes as views; return the view and (dim, index tensor) pairs."""
    indices: list[tuple[int, Tensor]] = []
    dim = 0
    for place, item in enumerate(items):
        if item is None:
            t = unsqueeze(t, dim)
            dim += 1
        elif isinstance(item, bool | np.bool_):
            t = unsqueeze(t, dim)
            indices.append((dim, Tensor._from_array(np.array([0] if item else [], np.int64))))
            dim += 1
        elif isinstance(item, slice):
            t = _sliced(t, dim, item)
            dim += 1
        elif isinstance(item, int | np.integer):
            t = _selected(t, dim, int(item), place)
        elif (
            isinstance(item, Tensor)
            and not item._shape
            and item._dtype.category == 1
            and (item._dtype is not dtypes.uint8)
        ):
            t = _selected(t, dim, int(item.item()), place)
        else:
            index = _as_index(item)
            if index is None:
                if hasattr(item, "__index__"):
                    t = _selected(t, dim, item.__index__(), place)
                    continue
                if isinstance(item, str):
                    raise TypeError("new(): invalid data type 'str'")
                raise IndexError(
                    "only integers, slices (`:`), ellipsis (`...`), None and long or byte "
                    "Variables are "
                    f"valid indices (got {type(item).__name__})"
                )
            if index._dtype in (dtypes.bool_, dtypes.uint8):
                if index._dtype is dtypes.uint8:
                    _warn_of_bytes()
                if not index._shape:
                    t = unsqueeze(t, dim)
                    indices.append((dim, reshape(index, 1).to(dtypes.int64).nonzero().reshape(-1)))
                    dim += 1
                    continue
                _check_mask(t, index, dim)
                for part in index.nonzero(as_tuple=True):
                    indices.append((dim, part))
                    dim += 1
            else:
                indices.append((dim, index.to(dtypes.int64)))
                dim += 1
    return t, indices


def _warn_of_bytes() -> None:
    warnings.warn(
        "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.",
        stacklevel=4,
    )


def _check_mask(t: Tensor, mask: Tensor, dim: int) -> None:
    for i, n in enumerate(mask._shape):
        if n != t._shape[dim + i]:
            raise IndexError(
                f"The shape of the mask {list(mask._shape)} at index {i} does not match the "
                f"shape of the indexed tensor {list(t._shape)} at index {dim + i}"
            )


def _selected(t: Tensor, dim: int, index: int, place: int = 0) -> Tensor:
    """``t.select(dim, index)``; ``place`` is the position in the index that the user wrote."""
    if not t._shape:
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
            "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
        )
    size = t._shape[dim]
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for dimension {place} with size {size}")
    return select(t, dim, index)


def _bound(x: Any) -> Any:
    return x.__index__() if x is not None and not isinstance(x, int) else x


def _sliced(t: Tensor, dim: int, item: slice) -> Tensor:
    if item.start is None and item.stop is None and item.step is None:
        return t if t._base is not None else _slice(t, dim, 0, t._shape[dim], 1)
    step = _bound(item.step)
    if step is not None and step <= 0:
        raise ValueError("step must be greater than zero")
    start, stop, step = slice(_bound(item.start), _bound(item.stop), step).indices(t._shape[dim])
    return _slice(t, dim, start, max(0, -((start - stop) // step)), step)


@operator(
    "IndexBackward0",
    name="_index",
    function=False,
    method=False,
    input=lambda grad, input_like, dims, indices: _index_put(
        input_like.new_zeros(input_like._shape), grad, dims, indices, True
    ),
)
def _index(input: Tensor, dims: tuple[int, ...], indices: list[Tensor]) -> Tensor:
    for d, i in zip(dims, indices, strict=True):
        _checked(i, input._shape[d], d)
    _check_joint([i._shape for i in indices])
    exprs = (input._expr(), *[i._expr() for i in indices])
    return new_tensor(record(P.INDEX, exprs, (dims,)))


def _check_joint(shapes: list[tuple[int, ...]]) -> None:
    try:
        broadcast_shapes(*shapes)
    except RuntimeError:
        raise IndexError(
            "shape mismatch: indexing tensors could not be broadcast together with shapes "
            + ", ".join(str(list(s)) for s in shapes)
        ) from None


@operator(
    "IndexPutBackward0",
    name="_index_put",
    function=False,
    method=False,
    input=lambda grad, value, dims, indices, accumulate: (
        grad if accumulate else _index_put(grad, _zero(grad), dims, indices, False)
    ),
    value=lambda grad, dims, indices: _index(grad, dims, indices),
)
def _index_put(
    input: Tensor, value: Tensor, dims: tuple[int, ...], indices: list[Tensor], accumulate: bool
) -> Tensor:
    for d, i in zip(dims, indices, strict=True):
        _checked(i, input._shape[d], d)
    exprs = (input._expr(), cast(value._expr(), input._dtype), *[i._expr() for i in indices])
    return new_tensor(record(P.INDEX_PUT, exprs, (dims, bool(accumulate))))


def _zero(like: Tensor) -> Tensor:
    return new_tensor(constant(0, like._dtype))


def _getitem(self: Tensor, key: Any) -> Tensor:
    if key.__class__ is int:
        return _selected(self, 0, key)
    if key.__class__ is slice and self._shape:
        return _sliced(self, 0, key)
    v, indices = _basic(self, _normalized(self, key))
    if indices:
        return _index(v, tuple(d for d, _ in indices), [i for _, i in indices])
    if v is self:
        return self._view_of_self()
    return v


@method()
def _view_of_self(self: Tensor) -> Tensor:
    """A view of the whole tensor: what ``x[...]`` returns."""
    from .movement import _shaped_view

    return _shaped_view(self, self._shape, self.stride(), "AliasBackward0")


def _value_for(t: Tensor, value: Any) -> Tensor:
    """The right side of an assignment as a tensor of the target's dtype."""
    if isinstance(value, Tensor):
        return value
    if is_number(value):
        return new_tensor(constant(value, t._dtype))
    if isinstance(value, np.ndarray):
        return Tensor._from_array(value.copy())
    from .creation import tensor

    if isinstance(value, list | tuple):
        raise TypeError(f"can't assign a {type(value).__name__} to a torch.{_legacy_name(t)}")
    return tensor(value)


def _legacy_name(t: Tensor) -> str:
    return dtypes.SCALAR_TYPE_NAMES[t._dtype] + "Tensor"


def _setitem(self: Tensor, key: Any, value: Any) -> None:
    value = _value_for(self, value)
    mask = key if isinstance(key, Tensor) and key._dtype is dtypes.bool_ else None
    if mask is not None and mask._shape == self._shape and not value._shape and mask._shape:
        check_inplace(self)
        old = self._shadow() if self._req and mode.enabled else self
        scalar = value if value._dtype is self._dtype else value.to(self._dtype)
        assign(self, old.masked_fill(mask, scalar))
        return
    v, indices = _basic(self, _normalized(self, key))
    if not indices:
        if v is self:
            v = _view_of_self(self)
        value = _without_leading_ones(value, v._shape)
        v.copy_(value if value._shape == v._shape else expand(value, v._shape))
        return
    check_inplace(v)
    _put_at(v, tuple(d for d, _ in indices), [i for _, i in indices], value, False)


def _without_leading_ones(value: Tensor, shape: tuple[int, ...]) -> Tensor:
    while len(value._shape) > len(shape) and value._shape[0] == 1:
        value = select(value, 0, 0)
    return value


def _put_at(
    v: Tensor, dims: tuple[int, ...], indices: list[Tensor], value: Tensor, accumulate: bool
) -> None:
    shape = P._index_shape(v._shape, (dims,), tuple(i._expr() for i in indices))
    value = _without_leading_ones(value, shape)
    try:
        fits = broadcast_shapes(value._shape, shape) == shape
    except RuntimeError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value._shape)} cannot be broadcast to "
            f"indexing result of shape {list(shape)}"
        )
    if value._dtype is not v._dtype:
        if accumulate or not value._shape or value._dtype.category <= v._dtype.category:
            value = value.to(v._dtype)
        else:
            raise RuntimeError(
                "Index put requires the source and destination dtypes match, got "
                f"{dtypes.SCALAR_TYPE_NAMES[v._dtype]} for the destination and "
                f"{dtypes.SCALAR_TYPE_NAMES[value._dtype]} for the source."
            )
    if value._shape != shape:
        value = expand(value, shape)
    old = v._shadow() if v.requires_grad and mode.enabled else v
    assign(v, _index_put(old, value, dims, indices, accumulate))


Tensor.__getitem__ = _getitem  # type: ignore[method-assign]
Tensor.__setitem__ = _setitem  # type: ignore[method-assign]


@method()
def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """Write (or add) ``values`` at the positions given by a tuple of index tensors."""
    check_inplace(self)
    v, found = _basic(self, _normalized(self, tuple(indices)))
    _put_at(v, tuple(d for d, _ in found), [i for _, i in found], values, accumulate)
    return self


@function(method=True)
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with ``values`` written (or added) at the given positions."""
    return input.clone().index_put_(indices, values, accumulate)


# --- gather and scatter --------------------------------------------------------------------------


def _check_index_dtype(index: Tensor, name: str) -> None:
    if index._dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")


def _checked_inside(index: Tensor, size: int, dim: int) -> None:
    e = index._storage.expr
    if e.buffer is None or not numel(index._shape):
        return
    array = index._array()
    if array.min() < 0 or array.max() >= size:
        bad = array[(array < 0) | (array >= size)].flat[0]
        raise RuntimeError(f"index {bad} is out of bounds for dimension {dim} with size {size}")


def _at_least_1d(t: Tensor) -> Expr:
    e = t._expr()
    return e if e.shape else record(P.RESHAPE, (e,), ((1,),))


def _rank_back(e: Expr, shape: tuple[int, ...]) -> Tensor:
    return new_tensor(e if e.shape == shape else record(P.RESHAPE, (e,), (shape,)))


@operator(
    "GatherBackward0",
    out=True,
    samples="gather",
    input=lambda grad, input_like, dim, index: scatter_add(
        input_like.new_zeros(input_like._shape), dim, index, grad
    ),
)
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """``out[i][j] = input[index[i][j]][j]`` (for ``dim`` 0): one element per index."""
    at = wrap_dim(dim, len(input._shape))
    _check_index_dtype(index, "gather")
    if len(index._shape or (1,)) != len(input._shape or (1,)):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for d, (n, m) in enumerate(zip(index._shape, input._shape, strict=False)):
        if d != at and n > m:
            raise RuntimeError(
                f"Size does not match at dimension {d} expected index {list(index._shape)} to be "
                f"no larger than self {list(input._shape)} apart from dimension {at}"
            )
    _checked_inside(index, input._shape[at] if input._shape else 1, at)
    e = record(P.GATHER, (_at_least_1d(input), cast(_at_least_1d(index), dtypes.int64)), (at,))
    return _rank_back(e, index._shape)


def _scatter_expr(input: Tensor, dim: int, index: Tensor, src: Any, how: str, name: str) -> Tensor:
    at = wrap_dim(dim, len(input._shape))
    _check_index_dtype(index, name)
    if not numel(index._shape):
        return new_tensor(input._expr())
    if len(index._shape or (1,)) != len(input._shape or (1,)):
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
    for d, (n, m) in enumerate(zip(index._shape, input._shape, strict=False)):
        s = src._shape[d] if isinstance(src, Tensor) and src._shape else n
        if (d != at and n > m) or n > s:
            raise RuntimeError(
                f"Expected index {list(index._shape)} to be no larger than self "
                f"{list(input._shape)} apart from dimension {at}"
                + (
                    f" and to be no larger size than src {list(src._shape)}"
                    if isinstance(src, Tensor)
                    else ""
                )
            )
    _checked_inside(index, input._shape[at] if input._shape else 1, at)
    i = cast(_at_least_1d(index), dtypes.int64)
    if isinstance(src, Tensor):
        if src._dtype is not input._dtype:
            raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
        value = _at_least_1d(src)
    else:
        value = expand(new_tensor(constant(src, input._dtype)), i.shape)._expr()
    e = record(P.SCATTER, (_at_least_1d(input), i, value), (at, how))
    return _rank_back(e, input._shape)


@operator(
    "ScatterBackward0",
    name="_scatter",
    function=False,
    method=False,
    input=lambda grad, dim, index: _scatter(grad, dim, index, 0),
    src=lambda grad, dim, index: gather(grad, dim, index),
)
def _scatter(input: Tensor, dim: int, index: Tensor, src: Any) -> Tensor:
    return _scatter_expr(input, dim, index, src, "set", "scatter")


@function(method=True)
def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Any = None,
    *,
    value: Any = None,
    reduce: str | None = None,
    out: Any = None,
) -> Tensor:
    """A copy of ``input`` with elements of ``src`` (or ``value``) written where ``index`` says."""
    source = value if src is None else src
    if reduce is not None:
        how = {"add": "add", "multiply": "multiply"}.get(reduce)
        if how is None:
            raise RuntimeError("reduce argument must be either add or multiply.")
        return _scatter_expr(input, dim, index, source, how, "scatter")
    return _scatter(input, dim, index, source)


@method()
def scatter_(
    self: Tensor,
    dim: int,
    index: Tensor,
    src: Any = None,
    *,
    value: Any = None,
    reduce: str | None = None,
) -> Tensor:
    """In-place form of ``scatter``."""
    check_inplace(self)
    old = self._shadow() if self._req and mode.enabled else self
    return assign(self, scatter(old, dim, index, src, value=value, reduce=reduce))


@operator(
    "ScatterAddBackward0",
    inplace=True,
    out=True,
    samples="scatter",
    input=lambda grad: grad,
    src=lambda grad, dim, index: gather(grad, dim, index),
)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of ``input`` with elements of ``src`` added where ``index`` says."""
    check_tensor(input, "scatter_add")
    check_tensor(index, "scatter_add", "index", 3)
    check_tensor(src, "scatter_add", "src", 4)
    return _scatter_expr(input, dim, index, src, "add", "scatter_add")


@operator(
    "IndexSelectBackward0",
    out=True,
    samples="index_select",
    input=lambda grad, input_like, dim, index: index_add(
        input_like.new_zeros(input_like._shape), dim, index, grad
    ),
)
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices along ``dim`` at the positions in a 1-d ``index``."""
    at = wrap_dim(dim, len(input._shape))
    if index._dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    if len(index._shape) > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    size = input._shape[at] if input._shape else 1
    e = index._storage.expr
    if e.buffer is not None and numel(index._shape):
        array = index._array()
        if array.min() < 0 or array.max() >= size:
            raise with_note(
                IndexError("index out of range in self"),
                f"indices are {array.min()} to {array.max()}, and there are {size} entries",
            )
    flat = cast(_at_least_1d(index), dtypes.int64)
    out = record(P.INDEX, (_at_least_1d(input), flat), ((at,),))
    shape = (*input._shape[:at], *flat.shape, *input._shape[at + 1 :]) if input._shape else ()
    return _rank_back(out, shape)


@operator(
    "IndexAddBackward0",
    inplace=True,
    out=True,
    samples=None,
    input=lambda grad: grad,
    source=lambda grad, dim, index, alpha: index_select(grad, dim, index) * alpha,
)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """A copy of ``input`` with slices of ``source`` added at the positions in ``index``."""
    at = wrap_dim(dim, len(input._shape))
    if alpha != 1:
        source = (source * alpha).to(source._dtype)
    _checked(index, input._shape[at] if input._shape else 1, at)
    if source._dtype is not input._dtype:
        raise RuntimeError(
            "index_add_(): self and source expected to have the same dtype, but got (self) "
            f"{dtypes.SCALAR_TYPE_NAMES[input._dtype]} and (source) "
            f"{dtypes.SCALAR_TYPE_NAMES[source._dtype]}"
        )
    e = record(
        P.INDEX_PUT,
        (_at_least_1d(input), _at_least_1d(source), cast(_at_least_1d(index), dtypes.int64)),
        ((at,), True),
    )
    return _rank_back(e, input._shape)


@operator(
    "IndexCopyBackward0",
    inplace=True,
    samples=None,
    input=lambda grad, dim, index: index_fill(grad, dim, index, 0),
    source=lambda grad, dim, index: index_select(grad, dim, index),
)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy of ``input`` with slices of ``source`` written at the positions in ``index``."""
    at = wrap_dim(dim, len(input._shape))
    _checked(index, input._shape[at] if input._shape else 1, at)
    e = record(
        P.INDEX_PUT,
        (_at_least_1d(input), _at_least_1d(source), cast(_at_least_1d(index), dtypes.int64)),
        ((at,), False),
    )
    return _rank_back(e, input._shape)


@operator(
    "IndexFillBackward0",
    inplace=True,
    samples=None,
    input=lambda grad, dim, index: index_fill(grad, dim, index, 0),
)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of ``input`` with one value in the slices at the positions in ``index``."""
    at = wrap_dim(dim, len(input._shape))
    _checked(index, input._shape[at] if input._shape else 1, at)
    e = record(
        P.INDEX_PUT,
        (
            _at_least_1d(input),
            operand(value, input._dtype),
            cast(_at_least_1d(index), dtypes.int64),
        ),
        ((at,), False),
    )
    return _rank_back(e, input._shape)


@function(method=True)
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements of the flattened tensor."""
    return reshape(input, -1)[index]


@function(method=True)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with ``source`` written (or added) at positions of the flattened tensor."""
    if index._dtype is not dtypes.int64:
        name = dtypes.SCALAR_TYPE_NAMES[index._dtype]
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {name}")
    if source._dtype is not input._dtype:
        names = [dtypes.SCALAR_TYPE_NAMES[t._dtype] for t in (input, source)]
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{names[0]} and source.dtype = {names[1]}"
        )
    if numel(index._shape) != numel(source._shape):
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {numel(source._shape)}, index.numel() = {numel(index._shape)}"
        )
    flat = index_put(reshape(input, -1), (reshape(index, -1),), reshape(source, -1), accumulate)
    return reshape(flat, input._shape)


@method()
def put_(self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """Write (or add) ``source`` at positions of the flattened tensor."""
    check_inplace(self)
    return self.copy_(put(self, index, source, accumulate))


@function(method=True)
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """``gather`` with broadcasting; on the flattened tensors without ``dim``."""
    if dim is None:
        return gather(reshape(input, -1), 0, reshape(indices, -1))
    at = wrap_dim(dim, input.ndim)
    shape = list(
        broadcast_shapes(
            tuple(1 if i == at else n for i, n in enumerate(input._shape)),
            tuple(1 if i == at else n for i, n in enumerate(indices._shape)),
        )
    )
    wide = [*shape]
    wide[at] = input._shape[at]
    shape[at] = indices._shape[at]
    return gather(expand(input, wide), at, expand(indices, shape))


# --- masks and positions -------------------------------------------------------------------------


@function(method=True)
def nonzero(input: Tensor, *, out: Any = None, as_tuple: bool = False) -> Any:
    """The positions of elements that are not zero: a matrix, or a tuple of index tensors.

    The number of results depends on the values, so pending work is run.
    """
    if as_tuple and not input._shape:
        input = unsqueeze(input, 0)
    array = input._wide()
    if as_tuple:
        return tuple(Tensor._from_array(i.astype(np.int64)) for i in np.nonzero(array))
    if not array.ndim:
        return Tensor._from_array(np.zeros((int(bool(array)), 0), np.int64))
    return Tensor._from_array(np.argwhere(array).astype(np.int64))


@function()
def argwhere(input: Tensor) -> Tensor:
    """The positions of elements that are not zero, one row each."""
    return nonzero(input)


method("argwhere")(argwhere)


@operator(
    "MaskedSelectBackward0",
    out=True,
    samples="masked_select",
    input=lambda grad, input, mask: _masked_select_back(grad, input, mask),
)
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where ``mask`` holds (broadcast together), in one dimension."""
    if mask._dtype is not dtypes.bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    shape = broadcast_shapes(input._shape, mask._shape)
    positions = Tensor._from_array(
        np.flatnonzero(np.broadcast_to(mask._array(), shape)).astype(np.int64)
    )
    flat = reshape(expand(input, shape), -1)
    return new_tensor(record(P.INDEX, (flat._expr(), positions._expr()), ((0,),)))


def _masked_select_back(grad: Tensor, input: Tensor, mask: Tensor) -> Tensor:
    shape = broadcast_shapes(input._shape, mask._shape)
    positions = Tensor._from_array(
        np.flatnonzero(np.broadcast_to(mask._array(), shape)).astype(np.int64)
    )
    flat = grad.new_zeros(numel(shape)).index_put((positions,), grad)
    return flat.reshape(shape)


@function(method=True)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy with elements of ``source``, in order, where ``mask`` holds."""
    shape = broadcast_shapes(input._shape, mask._shape)
    positions = np.flatnonzero(np.broadcast_to(mask._array(), shape)).astype(np.int64)
    if positions.size > source.numel():
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes and enough source "
            "elements"
        )
    flat = reshape(expand(input, shape).clone(), -1)
    values = reshape(source, -1)[: positions.size]
    return flat.index_put((Tensor._from_array(positions),), values).reshape(shape)


method("masked_scatter_")(
    lambda self, mask, source: self.copy_(masked_scatter(self._shadow(), mask, source))
)
