"""Less common forms: scatters of slices, reductions by index, stacks and splits by axis, parts of
numbers that are all real."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..shapes import wrap_dim
from ..tensor import Tensor
from .common import check_tensor, not_for
from .movement import as_strided, chunk, narrow, reshape, select, split, tensor_split
from .pointwise import where
from .registry import (
    FUNCTIONS,
    METHODS,
    Operator,
    assign,
    check_inplace,
    function,
    make_inplace,
    method,
)

# --- scatters of slices --------------------------------------------------------------------------


def _written(input: Tensor, place: Callable[[Tensor], Tensor], src: Tensor) -> Tensor:
    copy = input.clone()
    target = place(copy)
    if target._shape != src._shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src._shape)}, slice size = {list(target._shape)}"
        )
    target.copy_(src)
    return copy


@function(method=True)
def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Tensor:
    """A copy of ``input`` with ``src`` in the slice ``start:end:step`` along ``dim``."""
    index = (slice(None),) * wrap_dim(dim, input.ndim) + (slice(start, end, step),)
    return _written(input, lambda t: t[index], src)


@function(method=True)
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of ``input`` with ``src`` in one slice along ``dim``."""
    return _written(input, lambda t: select(t, dim, index), src)


# --- reductions by index -------------------------------------------------------------------------


def _identity(reduce: str, d: dtypes.dtype) -> Any:
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if d.is_floating_point:
        return -math.inf if reduce == "amax" else math.inf
    if d.category == 0:
        return reduce == "amin"
    limits = dtypes.iinfo(d)
    return limits.min if reduce == "amax" else limits.max


def _reduced_by_index(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool
) -> Tensor:
    """``scatter_reduce`` as sums, products or extremes whose gradients follow from its parts."""
    d = input._dtype
    hit = input.new_zeros(input._shape, dtype=dtypes.int64)
    count = hit.scatter_add(dim, index, index.new_ones(src._shape, dtype=dtypes.int64))
    base = input
    if not include_self:
        base = where(count > 0, _identity(reduce, d), input)
        base = base if base._dtype is d else base.to(d)
    if reduce in ("sum", "mean"):
        total = base.scatter_add(dim, index, src)
        if reduce == "sum":
            return total
        n = count + 1 if include_self else count.clamp(min=1)
        return total / n if d.is_floating_point else total.div(n, rounding_mode="floor").to(d)
    if reduce == "prod":
        return _product_by_index(base, dim, index, src)
    return _extreme_by_index(base, dim, index, src, reduce)


def _extreme_by_index(base: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str) -> Tensor:
    from .indexing import _scatter_expr

    best = _scatter_expr(base.detach(), dim, index, src.detach(), reduce, "scatter_reduce")
    if not (base.requires_grad or src.requires_grad):
        return best
    # The elements that reached the extreme share its gradient evenly.
    own = (base.detach() == best).to(base._dtype)
    theirs = (src.detach() == best.gather(dim, index)).to(src._dtype)
    n = own.scatter_add(dim, index, theirs)
    mean = (base * own).scatter_add(dim, index, src * theirs) / n
    return where(n > 0, mean, best)


def _product_by_index(base: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    from .indexing import _scatter_expr

    if not (base.requires_grad or src.requires_grad):
        return _scatter_expr(base, dim, index, src, "prod", "scatter_reduce")
    # Sequentially, one source slice at a time, so that zeros have their exact gradients.
    result = base
    for i in range(index._shape[dim]):
        one, value = narrow(index, dim, i, 1), narrow(src, dim, i, 1)
        old = result.gather(dim, one)
        result = result.scatter(dim, one, old * value)
    return result


@function(method=True)
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """``input`` combined with elements of ``src`` where ``index`` says.

    ``reduce`` is ``sum``, ``prod``, ``mean``, ``amax`` or ``amin``; without ``include_self`` the
    old values there do not count.
    """
    check_tensor(input, "scatter_reduce")
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}."
        )
    if reduce == "mean":
        not_for(input._dtype, "scatter_gather_tensor_cpu_reduce_mean", 0)
    if src._dtype is not input._dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    at = wrap_dim(dim, input.ndim)
    cut = src[tuple(slice(n) for n in index._shape)] if src._shape != index._shape else src
    return _reduced_by_index(input, at, index, cut, reduce, include_self)


@function(method=True)
def index_reduce(
    input: Tensor,
    dim: int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    *,
    include_self: bool = True,
) -> Tensor:
    """``input`` combined with slices of ``source`` at the positions in ``index``."""
    check_tensor(input, "index_reduce")
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"reduce argument must be either prod, mean, amax or amin, got {reduce}."
        )
    if reduce == "mean":
        not_for(input._dtype, "div_floor_cpu", 0)
    at = wrap_dim(dim, input.ndim)
    shape = [1] * input.ndim
    shape[at] = -1
    wide = reshape(index, shape).expand(source._shape)
    return _reduced_by_index(input, at, wide, source, reduce, include_self)


@function(method=True)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with elements of ``source`` written (or added) at flat positions."""
    flat = reshape(input.clone(), -1)
    values = reshape(source, index._shape) if source._shape != index._shape else source
    return reshape(flat.index_put((index,), values, accumulate), input._shape)


@function()
def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """The coordinates of flat positions in a tensor of ``shape``."""
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    out, rest = [], indices
    for n in reversed(sizes):
        out.append(rest % n)
        rest = rest.div(n, rounding_mode="floor")
    return tuple(reversed(out))


# --- splits by axis ------------------------------------------------------------------------------


def _axis_split(name: str, least: int, axis: Callable[[int], int]) -> None:
    def split(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
        if input.ndim < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension"
                f"{'s' if least > 1 else ''}, but got a tensor with {input.ndim} dimensions!"
            )
        dim = axis(input.ndim)
        sections = indices_or_sections
        if isinstance(sections, int) and (sections <= 0 or input._shape[dim] % sections):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the "
                f"dimension {input._shape[dim]} is not divisible by the split_size {sections}!"
            )
        return tensor_split(input, sections, dim)

    split.__name__ = split.__qualname__ = name
    split.__doc__ = "Views split along one axis, at indices or into equal parts."
    function(name, method=True)(split)


_axis_split("hsplit", 1, lambda rank: 0 if rank == 1 else 1)
_axis_split("vsplit", 2, lambda rank: 0)
_axis_split("dsplit", 3, lambda rank: 2)


# --- real numbers as complex ones ----------------------------------------------------------------


@function(method=True)
def angle(input: Tensor) -> Tensor:
    """0 for positive numbers, pi for negative ones, NaN for NaN."""
    check_tensor(input, "angle")
    x = input if input._dtype.is_floating_point else input.to(dtypes.get_default_dtype())
    return where(x.isnan(), x, where(x < 0, math.pi, x * 0.0))


def _itself(input: Tensor) -> Tensor:
    """``input`` itself: its numbers are real."""
    check_tensor(input, "conj")
    return input


for _name in ("conj", "conj_physical", "resolve_conj", "resolve_neg"):
    function(_name, method=True)(_itself)
function("real")(_itself)


@function(method=True)
def isreal(input: Tensor) -> Tensor:
    """Always true: there are no complex numbers."""
    check_tensor(input, "isreal")
    return input.new_ones(input._shape, dtype=dtypes.bool_)


@function("is_conj", method=True)
def is_conj(input: Tensor) -> bool:
    """Always False."""
    return False


@function("is_neg", method=True)
def is_neg(input: Tensor) -> bool:
    """Always False."""
    return False


@function("is_signed")
def is_signed(input: Tensor) -> bool:
    """Whether the dtype can hold negative values."""
    return input._dtype.is_signed


@function("detach")
def detach(input: Tensor) -> Tensor:
    """``input`` without its history."""
    return input.detach()


@function("get_device")
def get_device(input: Tensor) -> int:
    """-1: the CPU."""
    return -1


# --- Python functions element by element ---------------------------------------------------------


def _elementwise(self: Tensor, f: Callable[..., Any], *others: Tensor) -> Tensor:
    check_inplace(self)
    columns = [
        np.broadcast_to(t._wide(), self._shape).reshape(-1).tolist() for t in (self, *others)
    ]
    values = [f(*row) for row in zip(*columns, strict=True)]
    from .creation import tensor

    made = tensor(values, dtype=self._dtype) if values else self.new_zeros(0)
    return assign(self, reshape(made, self._shape))


@method()
def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace each element by a Python function of it. Slow; pending work is run."""
    return _elementwise(self, callable)


@method()
def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace each element by a Python function of it and another tensor's. Slow."""
    return _elementwise(self, callable, tensor)


@method()
def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Replace each element by a Python function of it and two other tensors'. Slow."""
    return _elementwise(self, callable, x, y)


@method()
def as_strided_(self: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """Change this tensor's sizes, strides and offset."""
    v = as_strided(self.detach(), size, stride, storage_offset)
    self._shape, self._strides, self._offset = v._shape, v._strides, v._offset
    return self


@method()
def new_empty_strided(self: Tensor, size: Any, stride: Any, **options: Any) -> Tensor:
    """A tensor of these sizes and strides with the dtype of this one."""
    from .creation import empty_strided

    return empty_strided(size, stride, dtype=options.pop("dtype", None) or self._dtype, **options)


@method()
def polygamma(self: Tensor, n: int) -> Tensor:
    """The ``n``-th derivative of ``digamma``."""
    from .special import polygamma as function_of

    return function_of(n, self)


@method()
def dim_order(self: Tensor, **options: Any) -> tuple[int, ...]:
    """The dimensions from the slowest to the fastest in memory."""
    strides = self.stride()
    return tuple(sorted(range(self.ndim), key=lambda i: (-strides[i], i)))


@method()
def dense_dim(self: Tensor) -> int:
    """The number of dimensions: all are dense."""
    return self.ndim


@method()
def to_dense(self: Tensor, dtype: Any = None, **options: Any) -> Tensor:
    """``self``: it is dense."""
    return self if dtype is None else self.to(dtype)


# --- further names -------------------------------------------------------------------------------


@function("split_with_sizes")
def split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of the sizes listed, along ``dim``."""
    return split(input, list(split_sizes), dim)


function("unsafe_split", method=True)(split)
function("unsafe_chunk", method=True)(chunk)
function("unsafe_split_with_sizes", method=True)(split_with_sizes)


@function("narrow_copy", method=True)
def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """``narrow`` as a copy."""
    return narrow(input, dim, start, length).clone()


@function("fill")
def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like ``input`` with one value everywhere."""
    return input.clone().fill_(value)


@function("norm_except_dim")
def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norms over all dimensions but one (``dim`` -1: over all)."""
    if dim == -1:
        return v.norm(pow)
    rest = [i for i in range(v.ndim) if i != wrap_dim(dim, v.ndim)]
    return v.norm(pow, rest, True)


setattr(Tensor, "mH", property(lambda self: self.mT, doc="The last two dimensions swapped."))  # noqa: B010

# --- in-place forms of functions made of several operators ---------------------------------------

_IN_PLACE = (
    "addbmm",
    "addr",
    "copysign",
    "gcd",
    "hypot",
    "index_reduce",
    "lcm",
    "ldexp",
    "mvlgamma",
    "nan_to_num",
    "put",
    "renorm",
    "scatter_reduce",
    "xlogy",
)
for _name in _IN_PLACE:
    METHODS[_name + "_"] = make_inplace(Operator(FUNCTIONS[_name], None, {}, None), _name + "_")
for _name in (
    "gcd_",
    "lcm_",
    "ldexp_",
    "nan_to_num_",
    "xlogy_",
    "clamp_min_",
    "clamp_max_",
    "index_put_",
):
    FUNCTIONS[_name] = METHODS[_name]


@method()
def float_power_(self: Tensor, exponent: Any) -> Tensor:
    """In-place form of ``float_power``, of float64 tensors only."""
    if self._dtype is not dtypes.float64:
        kind = dtypes.SCALAR_TYPE_NAMES[self._dtype]
        raise RuntimeError(
            f"the base given to float_power_ has dtype {kind} but the operation's result requires "
            "dtype Double"
        )
    return self.pow_(exponent)


METHODS["polygamma_"] = make_inplace(Operator(polygamma, None, {}, None), "polygamma_")
METHODS["conj_physical_"] = lambda self: self
