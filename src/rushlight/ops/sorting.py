"""Order: sort, the k-th value, medians, modes, unique values, search in sorted sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..graph import primitives as P
from ..graph.expr import Expr
from ..graph.tape import record
from ..return_types import values_and_indices
from ..runtime.narrow import NARROW, narrow
from ..shapes import numel, reduced_shape, wrap_dim
from ..tensor import Tensor, new_tensor
from .common import cast, check_tensor, constant, is_number, not_for
from .registry import function, node_class, operator

# --- sort ----------------------------------------------------------------------------------------


def _flat_if_scalar(e: Expr) -> Expr:
    return e if e.shape else record(P.RESHAPE, (e,), ((1,),))


def _shaped(e: Expr, shape: tuple[int, ...]) -> Tensor:
    return new_tensor(e if e.shape == shape else record(P.RESHAPE, (e,), (shape,)))


def _order(e: Expr, dim: int, descending: bool) -> Expr:
    return record(P.ARGSORT, (e,), (dim, int(descending)))


def _scatter_back(grads: Any, input_like: Tensor, dim: int, result: Any) -> Tensor:
    """Each value's gradient goes to the place that it was taken from."""
    return input_like.new_zeros(input_like._shape).scatter(dim, result[1], grads[0])


@operator("SortBackward0", name="_sort", function=False, method=False, input=_scatter_back)
def _sort(input: Tensor, dim: int, descending: bool) -> Any:
    e = _flat_if_scalar(input._expr())
    index = _order(e, dim, descending)
    values = record(P.GATHER, (e, index), (dim,))
    shape = input._shape
    return values_and_indices("sort")((_shaped(values, shape), _shaped(index, shape)))


@function(method=True)
def sort(
    input: Tensor,
    dim: int = -1,
    descending: bool = False,
    stable: bool | None = None,
    *,
    out: Any = None,
) -> Any:
    """The values in order along ``dim``, with their indices. NaN counts as the largest value.

    Equal elements keep their order whether or not ``stable`` is set.
    """
    check_tensor(input, "sort")
    result = _sort(input, wrap_dim(dim, len(input._shape)), bool(descending))
    if stable is not None and result[0]._node is not None:
        result[0]._node.__class__ = node_class("SortBackward1")
    return _out("sort", result, out)


def _out(name: str, result: Any, out: Any) -> Any:
    if out is None:
        return result
    from .registry import write_out

    return write_out(name, result, out, (), {})


@function(method=True)
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort ``input`` along ``dim``."""
    check_tensor(input, "argsort")
    at = wrap_dim(dim, len(input._shape))
    e = _flat_if_scalar(input._expr())
    return _shaped(_order(e, at, bool(descending)), input._shape)


@function(method=True)
def msort(input: Tensor) -> Tensor:
    """The values in order along the first dimension."""
    return sort(input, 0)[0]


@operator(
    "TopkBackward0",
    name="_topk",
    function=False,
    method=False,
    input=_scatter_back,
)
def _topk(input: Tensor, k: int, dim: int, largest: bool) -> Any:
    e = _flat_if_scalar(input._expr())
    order = new_tensor(_order(e, dim, largest))
    index = order.narrow(dim, 0, k)._expr()
    values = record(P.GATHER, (e, index), (dim,))
    shape = tuple(k if i == dim else n for i, n in enumerate(input._shape))
    return values_and_indices("topk")((_shaped(values, shape), _shaped(index, shape)))


@function(method=True)
def topk(
    input: Tensor,
    k: int,
    dim: int = -1,
    largest: bool = True,
    sorted: bool = True,
    *,
    out: Any = None,
) -> Any:
    """The ``k`` largest (or smallest) elements along ``dim`` in order, with their indices.

    Of equal elements the first comes first; PyTorch leaves their order open.

    Raises:
        RuntimeError: there are fewer than ``k`` elements.
    """
    check_tensor(input, "topk")
    if input._dtype.category == 0:
        raise RuntimeError("topk does not support bool dtypes on CPU")
    at = wrap_dim(dim, len(input._shape))
    if not 0 <= k <= (input._shape[at] if input._shape else 1):
        raise RuntimeError("selected index k out of range")
    return _out("topk", _topk(input, k, at, bool(largest)), out)


# --- order statistics ----------------------------------------------------------------------------


def _picked(input: Tensor, dim: int, keepdim: bool, index: Expr, name: str) -> Any:
    """Values and indices at one position of each slice; ``index`` keeps the dimension."""
    e = _flat_if_scalar(input._expr())
    values = record(P.GATHER, (e, index), (dim,))
    shape = reduced_shape(input._shape, (dim,), keepdim) if input._shape else ()
    return values_and_indices(name)((_shaped(values, shape), _shaped(index, shape)))


def _picked_back(grads: Any, input_like: Tensor, dim: int, keepdim: bool, result: Any) -> Tensor:
    grad, index = grads[0], result[1]
    if not keepdim and input_like._shape:
        grad, index = grad.unsqueeze(dim), index.unsqueeze(dim)
    return input_like.new_zeros(input_like._shape).scatter(dim, index, grad)


@operator("KthvalueBackward0", name="_kthvalue", function=False, method=False, input=_picked_back)
def _kthvalue(input: Tensor, k: int, dim: int, keepdim: bool) -> Any:
    order = new_tensor(_order(_flat_if_scalar(input._expr()), dim, False))
    index = order.narrow(dim, k - 1, 1)._expr()
    return _picked(input, dim, keepdim, index, "kthvalue")


@function(method=True)
def kthvalue(
    input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: Any = None
) -> Any:
    """The ``k``-th smallest element of each slice along ``dim``, with its index."""
    check_tensor(input, "kthvalue")
    not_for(input._dtype, "kthvalue_cpu", 0)
    at = wrap_dim(dim, len(input._shape))
    if not 1 <= k <= (input._shape[at] if input._shape else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {at}")
    return _out("kthvalue", _kthvalue(input, k, at, keepdim), out)


def _median_index(e: Expr, dim: int, skip_nan: bool) -> Expr:
    """The index of the lower median of each slice; of the first NaN where there is one."""
    n = e.shape[dim]
    order = _order(e, dim, False)
    one = tuple(1 if i == dim else s for i, s in enumerate(e.shape))
    middle = new_tensor(order).narrow(dim, (n - 1) // 2, 1)._expr()
    if not e.dtype.is_floating_point:
        return middle
    missing = record(P.ISNAN, (e,))
    if skip_nan:
        count = record(P.SUM, (cast(record(P.NOT, (missing,)), dtypes.int64),), ((dim,),))
        count = record(P.RESHAPE, (count,), (one,))
        less = record(P.SUB, (count, constant(1, dtypes.int64)))
        half = record(
            P.SHR, (record(P.MAXIMUM, (less, constant(0, dtypes.int64))), constant(1, dtypes.int64))
        )
        return record(P.GATHER, (order, half), (dim,))
    first = record(P.RESHAPE, (record(P.ARGMAX, (missing,), ((dim,),)),), (one,))
    some = record(P.RESHAPE, (record(P.ANY, (missing,), ((dim,),)),), (one,))
    return record(P.WHERE, (some, first, middle))


def _define_median(name: str, skip_nan: bool, doc: str) -> None:
    title = name.capitalize()

    @operator(
        f"{title}Backward1", name=f"_{name}_dim", function=False, method=False, input=_picked_back
    )
    def over_dim(input: Tensor, dim: int, keepdim: bool) -> Any:
        index = _median_index(_flat_if_scalar(input._expr()), dim, skip_nan)
        return _picked(input, dim, keepdim, index, name)

    @operator(
        f"{title}Backward0",
        name=f"_{name}_all",
        function=False,
        method=False,
        input=lambda grad, input, result: _equal_share(grad, input, result),
    )
    def over_all(input: Tensor) -> Tensor:
        flat = record(P.RESHAPE, (input._expr(),), ((numel(input._shape),),))
        index = _median_index(flat, 0, skip_nan)
        return _shaped(record(P.GATHER, (flat, index), (0,)), ())

    def median(
        input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None
    ) -> Any:
        check_tensor(input, name)
        not_for(input._dtype, "median_cpu", 0)
        if dim is None:
            if not numel(input._shape):
                return input.new_full((), float("nan"))
            return over_all(input)
        at = wrap_dim(dim, len(input._shape))
        if input._shape and not input._shape[at]:
            raise IndexError(f"{name}(): Expected reduction dim {at} to have non-zero size.")
        return _out(name, over_dim(input, at, keepdim), out)

    median.__name__ = name
    median.__doc__ = doc
    function(name, method=True)(median)


def _equal_share(grad: Tensor, input: Tensor, result: Tensor) -> Tensor:
    """The elements equal to the median share its gradient."""
    mask = (input == result) | (input.isnan() & result.isnan())
    return mask * (grad / mask.sum())


_define_median(
    "median",
    False,
    "The lower median of all elements, or of each slice along ``dim`` with its index; NaN wins.",
)
_define_median(
    "nanmedian",
    True,
    "The lower median of the elements that are not NaN: of all, or of each slice along ``dim``.",
)


def _mode_reference(attrs: Any, args: Any, a: np.ndarray) -> np.ndarray:
    """The last index of the smallest of the most frequent values of each slice."""
    (dim,) = attrs
    moved = np.moveaxis(a, dim, -1)
    rows = moved.reshape(-1, moved.shape[-1])
    found = np.empty(len(rows), np.int64)
    for i, row in enumerate(rows):
        values, counts = np.unique(row, return_counts=True, equal_nan=False)
        best = values[np.argmax(counts)]
        same = np.isnan(row) if best != best else row == best
        found[i] = np.flatnonzero(same)[-1]
    return found.reshape(moved.shape[:-1])


MODE = P.primitive(  # attrs (dim,)
    "mode",
    lambda inputs, attrs: (reduced_shape(inputs[0].shape, attrs, False), dtypes.int64),
    _mode_reference,
    "host",
)


@operator("ModeBackward0", name="_mode", function=False, method=False, input=_picked_back)
def _mode(input: Tensor, dim: int, keepdim: bool) -> Any:
    e = _flat_if_scalar(input._expr())
    index = record(
        P.RESHAPE, (record(MODE, (e,), (dim,)),), (reduced_shape(e.shape, (dim,), True),)
    )
    return _picked(input, dim, keepdim, index, "mode")


@function(method=True)
def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The most frequent value of each slice (the smallest of several), with its index."""
    at = wrap_dim(dim, len(input._shape))
    if input._shape and not input._shape[at]:
        raise IndexError(f"mode(): Expected reduction dim {at} to have non-zero size.")
    return _out("mode", _mode(input, at, keepdim), out)


# --- unique values: their number depends on the values, so pending work is run -------------------


def _holding(array: np.ndarray, d: dtypes.dtype) -> Tensor:
    return Tensor._from_array(narrow(array, d) if d in NARROW else array, d)


def _unique_result(values: Tensor, inverse: Any, counts: Any, flags: tuple[bool, bool]) -> Any:
    extra = [
        Tensor._from_array(np.ascontiguousarray(a, dtype=np.int64))
        for a, wanted in zip((inverse, counts), flags, strict=True)
        if wanted
    ]
    return (values, *extra) if extra else values


@function(method=True)
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different values (or slices along ``dim``) in order; on request, where each came from and
    how often. Each NaN counts as different."""
    check_tensor(input, "unique")
    array = input._wide()
    if dim is None:
        values, inverse, counts = np.unique(
            array.reshape(-1), return_inverse=True, return_counts=True, equal_nan=False
        )
        inverse = inverse.reshape(array.shape)
    else:
        at = wrap_dim(dim, array.ndim)
        values, inverse, counts = np.unique(array, axis=at, return_inverse=True, return_counts=True)
        inverse = inverse.reshape(-1)
    made = _holding(values, input._dtype)
    return _unique_result(made, inverse, counts, (return_inverse, return_counts))


@function(method=True)
def unique_consecutive(
    input: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The values (or slices along ``dim``) that differ from the one before them."""
    check_tensor(input, "unique_consecutive")
    array = input._wide()
    rows = array.reshape(-1, 1) if dim is None else np.moveaxis(array, dim, 0)
    rows2d = rows.reshape(rows.shape[0], -1)
    new = np.ones(len(rows2d), bool)
    if len(rows2d):
        new[1:] = (rows2d[1:] != rows2d[:-1]).any(axis=1)
    starts = np.flatnonzero(new)
    counts = np.diff(np.append(starts, len(rows2d)))
    inverse = np.cumsum(new) - 1
    if dim is None:
        values = array.reshape(-1)[starts]
        inverse = inverse.reshape(array.shape)
    else:
        values = np.moveaxis(rows[starts], 0, dim)
    made = _holding(values, input._dtype)
    return _unique_result(made, inverse, counts, (return_inverse, return_counts))


# --- search --------------------------------------------------------------------------------------


def _values_like(sequence: Tensor, values: Any) -> Tensor:
    if isinstance(values, Tensor):
        return values
    if not is_number(values):
        raise TypeError(
            "searchsorted(): argument 'input' must be Tensor or Number, not "
            f"{type(values).__name__}"
        )
    from .common import result_dtype

    d = result_dtype(sequence, values)
    return new_tensor(constant(values, d))


@function()
def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
    out: Any = None,
) -> Tensor:
    """Where each value would be inserted into a sequence sorted along its last dimension.

    Raises:
        RuntimeError: batch dimensions of a sequence with several do not match those of the values.
    """
    values = _values_like(sorted_sequence, input)
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(
            "torch.searchsorted(): side can only be 'left' or 'right' but got " + side
        )
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left "
            "while right was True"
        )
    boundaries = sorted_sequence
    if sorter is not None:
        boundaries = boundaries.gather(-1, sorter)
    if boundaries.ndim == 0:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 "
            "dimension"
        )
    if boundaries.ndim != 1 and boundaries._shape[:-1] != values._shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
            "dimensions of boundaries tensor and input value tensor must match, but we got "
            f"boundaries tensor {list(boundaries._shape)} and input value tensor "
            f"{list(values._shape)}"
        )
    d = dtypes.promote_types(boundaries._dtype, values._dtype)
    not_for(d, "searchsorted_out_cpu", 0)
    operands = cast(boundaries._expr(), d), cast(values._expr(), d)
    found = record(P.SEARCHSORTED, operands, (int(right or side == "right"),))
    result = new_tensor(cast(found, dtypes.int32 if out_int32 else dtypes.int64))
    return _out("searchsorted", result, out)


@function()
def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Any = None
) -> Tensor:
    """Which of the intervals between 1-d ``boundaries`` each value falls into."""
    if boundaries.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


ISIN = P.primitive(  # attrs (invert,); elements, tests
    "isin",
    lambda inputs, attrs: (inputs[0].shape, dtypes.bool_),
    lambda attrs, args, a, b: np.isin(a, b, invert=bool(attrs[0])),
    "host",
)


@function()
def isin(
    elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Whether each element is among ``test_elements`` (or is not, with ``invert``)."""
    from .common import operand, result_dtype

    d = result_dtype(elements, test_elements)
    if d.category == 0:
        raise RuntimeError("Unsupported input type encountered for isin(): Bool")
    a, b = operand(elements, d, "isin", "elements"), operand(test_elements, d, "isin")
    return new_tensor(record(ISIN, (a, b), (int(invert),)))
