"""Reductions, scans and norms."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import dtype
from ..graph import primitives as P
from ..graph.tape import record
from ..shapes import numel, reduced_shape, wrap_dim
from ..tensor import Tensor, new_tensor
from .common import as_float, cast, check_tensor, constant, dims_of, not_for
from .movement import expand, reshape, unsqueeze
from .registry import function, node_class, operator


def _reduced(prim: Any, e: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    """Record a reduction over ``dims``; kept dimensions are a reshape."""
    out = record(prim, (e,), (dims,))
    if keepdim and dims:
        out = record(P.RESHAPE, (out,), (reduced_shape(e.shape, dims, True),))
    return out


def _spread(grad: Tensor, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    """A gradient of a reduction, expanded back over the reduced dimensions."""
    shape = input._shape
    dims = dims_of(dim, len(shape))
    if not keepdim and dims and shape:
        grad = reshape(grad, reduced_shape(shape, dims, True))
    return expand(grad, shape)


def _named(t: Tensor, base: str, dim: Any) -> Tensor:
    """PyTorch numbers the nodes of reductions by overload: 0 without dims, 1 with."""
    if t._node is not None:
        t._node.__class__ = node_class(f"{base}Backward{0 if dim is None else 1}")
    return t


def _sum_dtype(d: dtype) -> dtype:
    return d if d.is_floating_point else dtypes.int64


@operator(
    "SumBackward0",
    name="_sum",
    function=False,
    method=False,
    input=lambda grad, input_like, dim, keepdim: _spread(grad, input_like, dim, keepdim),
)
def _sum(input: Tensor, dim: Any, keepdim: bool, d: dtype) -> Tensor:
    e = cast(input._expr(), d)
    return new_tensor(_reduced(P.SUM, e, dims_of(dim, len(e.shape)), keepdim))


@function(method=True)
def sum(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Any = None,
    axis: Any = None,
    keepdims: bool | None = None,
) -> Tensor:
    """The sum over all elements or over ``dim``. Integers are summed as int64."""
    check_tensor(input, "sum")
    dim = axis if dim is None else dim
    keepdim = keepdim if keepdims is None else keepdims
    t = _named(_sum(input, dim, keepdim, dtype or _sum_dtype(input._dtype)), "Sum", dim)
    return _out("sum", t, out)


def _out(name: str, t: Any, out: Any) -> Any:
    if out is None:
        return t
    from .registry import write_out

    return write_out(name, t, out, (), {})


def _mean_grad(grad: Tensor, input_like: Tensor, dim: Any, keepdim: bool) -> Tensor:
    return _spread(grad, input_like, dim, keepdim) / _count(input_like._shape, dim)


def _count(shape: tuple[int, ...], dim: Any) -> int:
    return numel([shape[i] for i in dims_of(dim, len(shape))])


@operator("MeanBackward0", name="_mean", function=False, method=False, input=_mean_grad)
def _mean(input: Tensor, dim: Any, keepdim: bool, d: dtype) -> Tensor:
    e = cast(input._expr(), d)
    total = _reduced(P.SUM, e, dims_of(dim, len(e.shape)), keepdim)
    n = _count(input._shape, dim)
    return new_tensor(record(P.DIV, (total, constant(n, d))))


@function(method=True)
def mean(
    input: Tensor,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Any = None,
    axis: Any = None,
    keepdims: bool | None = None,
) -> Tensor:
    """The mean over all elements or over ``dim``; needs a floating point dtype."""
    check_tensor(input, "mean")
    dim = axis if dim is None else dim
    keepdim = keepdim if keepdims is None else keepdims
    d = dtype or input._dtype
    if not d.is_floating_point:
        got = "Bool" if d.category == 0 else dtypes.SCALAR_TYPE_NAMES[d]
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or "
            f"complex dtype. Got: {got}"
        )
    return _out("mean", _named(_mean(input, dim, keepdim, d), "Mean", dim), out)


def _var_grad(grad: Tensor, input: Tensor, dim: Any, correction: float, keepdim: bool) -> Tensor:
    n = _count(input._shape, dim)
    wide = _spread(grad, input, dim, keepdim)
    centered = input - mean(input, dim, True)
    return wide * centered * (2.0 / (n - correction) if n != correction else math.nan)


def _var_value(input: Tensor, dim: Any, correction: float, keepdim: bool) -> Tensor:
    n = _count(input._shape, dim)
    centered = input - _mean(input, dim, True, input._dtype)
    total = _sum(centered * centered, dim, keepdim, input._dtype)
    left = max(n - correction, 0)
    return total / left if left or n else total / 0.0


@operator("VarBackward0", name="_var", function=False, method=False, input=_var_grad)
def _var(input: Tensor, dim: Any, correction: float, keepdim: bool) -> Tensor:
    return _var_value(input, dim, correction, keepdim)


@operator(
    "StdBackward0",
    name="_std",
    function=False,
    method=False,
    input=lambda grad, input, dim, correction, keepdim, result: _var_grad(
        grad / (result * 2), input, dim, correction, keepdim
    ).masked_fill(_spread(result, input, dim, keepdim) == 0, 0.0),
)
def _std(input: Tensor, dim: Any, correction: float, keepdim: bool) -> Tensor:
    return _var_value(input, dim, correction, keepdim).sqrt()


def _spread_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, float, bool]:
    """``(dim, correction, keepdim)`` from the several forms of ``var`` and ``std``."""
    rest = list(args)
    dim = kwargs.pop("dim", kwargs.pop("axis", None))
    correction = kwargs.pop("correction", 1)
    keepdim = kwargs.pop("keepdim", kwargs.pop("keepdims", False))
    if rest and isinstance(rest[0], bool):
        correction = 1 if rest.pop(0) else 0
    elif rest:
        dim = rest.pop(0)
        if rest:
            correction = 1 if rest.pop(0) else 0
        if rest:
            keepdim = rest.pop(0)
    unbiased = kwargs.pop("unbiased", None)
    if unbiased is not None:
        correction = 1 if unbiased else 0
    if kwargs:
        raise TypeError(f"unexpected keyword argument '{next(iter(kwargs))}'")
    return dim, 1 if correction is None else correction, keepdim


def _checked_arguments(
    name: str, input: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, float, bool]:
    """``_spread_arguments``, with PyTorch's warning where there is too little to divide by."""
    dim, correction, keepdim = _spread_arguments(args, kwargs)
    if _count(input._shape, dim) <= correction:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the "
            "reduction factor (input numel divided by output numel).",
            stacklevel=4,
        )
    return dim, correction, keepdim


def _need_float(t: Tensor, name: str) -> None:
    if not t._dtype.is_floating_point:
        raise RuntimeError(f"{name} only support floating point and complex dtypes")


@function(method=True)
def var(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The variance: ``var(dim=None, unbiased=True, keepdim=False)`` or ``correction=1``."""
    _need_float(input, "std and var")
    return _var(input, *_checked_arguments("var", input, args, kwargs))


@function(method=True)
def std(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The standard deviation: ``std(dim=None, unbiased=True, keepdim=False)`` or
    ``correction=1``."""
    _need_float(input, "std and var")
    return _std(input, *_checked_arguments("std", input, args, kwargs))


@function()
def var_mean(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """The variance and the mean."""
    dim, correction, keepdim = _checked_arguments("var_mean", input, args, kwargs)
    return _var(input, dim, correction, keepdim), mean(input, dim, keepdim)


@function()
def std_mean(input: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean."""
    dim, correction, keepdim = _checked_arguments("std_mean", input, args, kwargs)
    return _std(input, dim, correction, keepdim), mean(input, dim, keepdim)


def _prod_grad(grad: Tensor, input: Tensor, dim: Any, keepdim: bool, result: Tensor) -> Tensor:
    """Exact where elements are zero: the product of the others, from both ends."""
    if dim is None:
        flat = reshape(input, -1)
        return reshape(_others_product(flat, 0) * grad, input._shape)
    return _others_product(input, dim) * _spread(grad, input, dim, keepdim)


def _others_product(x: Tensor, dim: int) -> Tensor:
    n = x._shape[dim]
    one = x.new_ones(
        (*x._shape[: wrap_dim(dim, x.ndim)], 1, *x._shape[wrap_dim(dim, x.ndim) + 1 :])
    )
    from .movement import cat, flip

    if n == 0:
        return x
    before = cumprod(cat([one, x.narrow(dim, 0, n - 1)], dim), dim)
    behind = cumprod(cat([one, flip(x, dim).narrow(dim, 0, n - 1)], dim), dim)
    return before * flip(behind, dim)


@operator("ProdBackward0", name="_prod", function=False, method=False, input=_prod_grad)
def _prod(input: Tensor, dim: Any, keepdim: bool, d: dtype) -> Tensor:
    e = cast(input._expr(), d)
    return new_tensor(_reduced(P.PROD, e, dims_of(dim, len(e.shape)), keepdim))


@function(method=True)
def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: dtype | None = None
) -> Tensor:
    """The product of all elements or over ``dim``."""
    return _named(_prod(input, dim, keepdim, dtype or _sum_dtype(input._dtype)), "Prod", dim)


def _truth_reduction(name: str, prim: Any) -> Any:
    def reduce(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Tensor:
        e = input._expr()
        d = e.dtype if e.dtype is dtypes.uint8 else dtypes.bool_
        found = _reduced(prim, cast(e, dtypes.bool_), dims_of(dim, len(e.shape)), keepdim)
        return _out(name, new_tensor(cast(found, d)), out)

    reduce.__name__ = name
    reduce.__doc__ = f"Whether {name} of the elements (over ``dim``) is not zero."
    return function(name, method=True)(reduce)


any = _truth_reduction("any", P.ANY)
all = _truth_reduction("all", P.ALL)


def _pair(name: str) -> Any:
    """The named tuple that PyTorch returns: prints as ``torch.return_types.max(...)``."""
    from ..return_types import values_and_indices

    return values_and_indices(name)


def _check_nonempty(t: Tensor, dim: int | None, name: str) -> None:
    if dim is None:
        if 0 in t._shape:
            raise RuntimeError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
                f"Specify the "
                "reduction dim with the 'dim' argument."
            )
    elif t._shape and t._shape[wrap_dim(dim, len(t._shape))] == 0:
        raise IndexError(
            f"{name}(): Expected reduction dim {wrap_dim(dim, len(t._shape))} to have non-zero "
            f"size."
        )


def _value_at_backward(
    grads: Any, input_like: Tensor, dim: int, keepdim: bool, result: Any
) -> Tensor:
    grad, index = grads[0], result[1]
    if not keepdim and input_like._shape:
        grad, index = unsqueeze(grad, dim), unsqueeze(index, dim)
    return input_like.new_zeros(input_like._shape).scatter(dim, index, grad)


def _even_share(grad: Tensor, input: Tensor, result: Tensor) -> Tensor:
    """Ties share the gradient evenly."""
    mask = input == result
    return mask * (grad / mask.sum())


def _define_extremum(name: str, prim: Any, arg_prim: Any, pairwise: str) -> None:
    @operator(
        f"{name.capitalize()}Backward1",
        name=f"_{name}_all",
        function=False,
        method=False,
        input=_even_share,
    )
    def over_all(input: Tensor) -> Tensor:
        e = input._expr()
        return new_tensor(record(prim, (e,), (tuple(range(len(e.shape))),)))

    @operator(
        f"{name.capitalize()}Backward0",
        name=f"_{name}_dim",
        function=False,
        method=False,
        input=_value_at_backward,
    )
    def over_dim(input: Tensor, dim: int, keepdim: bool) -> Any:
        e = input._expr()
        if not e.shape:
            zero = new_tensor(record(P.CONST, (), (dtypes.int64,), (0,)))
            return _pair(name)((new_tensor(e), zero))
        at = wrap_dim(dim, len(e.shape))
        return _pair(name)(
            (
                new_tensor(_reduced(prim, e, (at,), keepdim)),
                new_tensor(_reduced(arg_prim, e, (at,), keepdim)),
            )
        )

    def extremum(
        input: Tensor,
        dim: Any = None,
        keepdim: bool = False,
        *,
        other: Any = None,
        out: Any = None,
        axis: Any = None,
    ) -> Any:
        from . import pointwise

        dim = axis if dim is None else dim
        if isinstance(dim, Tensor) or other is not None:
            return getattr(pointwise, pairwise)(input, dim if other is None else other)
        _check_nonempty(input, dim, name)
        if dim is None:
            return over_all(input)
        wrap_dim(dim, len(input._shape))
        return _out(name, over_dim(input, dim, keepdim), out)

    extremum.__name__ = name
    extremum.__doc__ = (
        f"The {name}imum of all elements, of each slice along ``dim`` (with its index), or of two "
        "tensors."
    )
    function(name, method=True)(extremum)

    @operator(
        f"A{name}Backward0",
        name=f"a{name}",
        input=lambda grad, input, dim, keepdim, result: _share_over(
            grad, input, dim, keepdim, result
        ),
    )
    def amount(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
        e = input._expr()
        return new_tensor(_reduced(prim, e, dims_of(dim, len(e.shape)), keepdim))

    def arg(
        input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None
    ) -> Tensor:
        check_tensor(input, f"arg{name}")
        if input._dtype.category == 0:
            raise RuntimeError(f"arg{name}(): does not support bool input")
        if dim is None and 0 in input._shape:
            raise IndexError(
                f"arg{name}(): Expected reduction dim to be specified for input.numel() == 0. "
                f"Specify "
                "the reduction dim with the 'dim' argument."
            )
        e = input._expr()
        rank = len(e.shape)
        if dim is None:
            flat = record(P.RESHAPE, (e,), ((numel(e.shape),),))
            found = record(arg_prim, (flat,), ((0,),))
            if keepdim:
                found = record(P.RESHAPE, (found,), ((1,) * rank,))
            return new_tensor(found)
        at = wrap_dim(dim, rank)
        if not rank:
            return new_tensor(record(P.CONST, (), (dtypes.int64,), (0,)))
        _check_nonempty(input, dim, f"arg{name}")
        return new_tensor(_reduced(arg_prim, e, (at,), keepdim))

    arg.__name__ = f"arg{name}"
    arg.__doc__ = f"The index of the {name}imum: of the flattened tensor, or along ``dim``."
    function(f"arg{name}", method=True)(arg)


def _share_over(grad: Tensor, input: Tensor, dim: Any, keepdim: bool, result: Tensor) -> Tensor:
    wide = _spread(result, input, dim, keepdim)
    mask = input == wide
    return mask * (_spread(grad, input, dim, keepdim) / mask.sum(dims_of(dim, input.ndim), True))


_define_extremum("max", P.MAX, P.ARGMAX, "maximum")
_define_extremum("min", P.MIN, P.ARGMIN, "minimum")


@function(method=True)
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest, as a pair."""
    if not numel(input._shape) and (dim is None or not input._shape[wrap_dim(dim, input.ndim)]):
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
            "identity."
        )
    from ..return_types import named_result

    return named_result("aminmax", ("min", "max"))(
        (
            input.amin(() if dim is None else dim, keepdim),
            input.amax(() if dim is None else dim, keepdim),
        )
    )


# --- sums of exponentials ------------------------------------------------------------------------


@operator(
    "LogsumexpBackward0",
    out=True,
    input=lambda grad, input, dim, keepdim, result: (
        _spread(grad, input, dim, keepdim) * (input - _spread(result, input, dim, keepdim)).exp()
    ),
    samples="logsumexp",
)
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """``log(sum(exp(input)))`` over ``dim`` without overflow."""
    e = cast(input._expr(), as_float(input._dtype))
    dims = dims_of(dim, len(e.shape))
    if numel([e.shape[i] for i in dims]) == 0:
        return new_tensor(record(P.LOG, (_reduced(P.SUM, e, dims, keepdim),)))
    top = _reduced(P.MAX, e, dims, True)
    inf = constant(math.inf, e.dtype)
    finite = record(P.LT, (record(P.ABS, (top,)), inf))
    top = record(P.WHERE, (finite, top, constant(0.0, e.dtype)))
    total = _reduced(P.SUM, record(P.EXP, (record(P.SUB, (e, top)),)), dims, keepdim)
    if not keepdim:
        top = record(P.RESHAPE, (top,), (reduced_shape(e.shape, dims, False),))
    return new_tensor(record(P.ADD, (record(P.LOG, (total,)), top)))


def _softmax_input(input: Tensor, dim: int, d: dtype | None) -> tuple[Any, tuple[int, ...]]:
    e = input._expr()
    d = d or e.dtype
    if not d.is_floating_point:
        kind = dtypes.SCALAR_TYPE_NAMES[d]
        raise NotImplementedError(f"\"softmax_lastdim_kernel_impl\" not implemented for '{kind}'")
    e = cast(e, d)
    if not e.shape:
        wrap_dim(dim, 0)
        return record(P.RESHAPE, (e,), ((1,),)), (0,)
    return e, (wrap_dim(dim, len(e.shape)),)


def _shifted(e: Any, dims: tuple[int, ...]) -> Any:
    if 0 in e.shape:
        return e
    return record(P.SUB, (e, _reduced(P.MAX, e, dims, True)))


@operator(
    "SoftmaxBackward0",
    name="softmax",
    input=lambda grad, dim, result: (
        (grad.to(result._dtype) - (grad.to(result._dtype) * result).sum(dim, True)) * result
    ),
    samples="softmax",
)
def softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """``exp(input) / sum(exp(input))`` along ``dim``, without overflow."""
    e, dims = _softmax_input(input, dim, dtype)
    top = record(P.EXP, (_shifted(e, dims),))
    out = record(P.DIV, (top, _reduced(P.SUM, top, dims, True)))
    return new_tensor(_same_rank(out, input))


@operator(
    "LogSoftmaxBackward0",
    name="log_softmax",
    input=lambda grad, dim, result: (
        grad.to(result._dtype) - result.exp() * grad.to(result._dtype).sum(dim, True)
    ),
    samples="softmax",
)
def log_softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """``log(softmax(input))`` along ``dim``, without overflow."""
    e, dims = _softmax_input(input, dim, dtype)
    x = _shifted(e, dims)
    total = _reduced(P.SUM, record(P.EXP, (x,)), dims, True)
    return new_tensor(_same_rank(record(P.SUB, (x, record(P.LOG, (total,)))), input))


def _same_rank(e: Any, input: Tensor) -> Any:
    return e if e.shape == input._shape else record(P.RESHAPE, (e,), (input._shape,))


# --- scans ---------------------------------------------------------------------------------------


def _scan(prim: Any, input: Tensor, dim: int, d: dtype) -> Tensor:
    e = cast(input._expr(), d)
    at = wrap_dim(dim, len(e.shape))
    return new_tensor(record(prim, (e,), (at,)) if e.shape else e)


def _reverse_cumsum(x: Tensor, dim: int) -> Tensor:
    from .movement import flip

    return x if not x._shape else flip(cumsum(flip(x, dim), dim), dim)


@operator(
    "CumsumBackward0",
    input=lambda grad, dim: _reverse_cumsum(grad, dim),
    inplace=True,
    out=True,
    samples="cumulative",
)
def cumsum(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """Running sums along ``dim``."""
    return _scan(P.CUMSUM, input, dim, dtype or _sum_dtype(input._dtype))


def _cumprod_grad(grad: Tensor, input: Tensor, dim: int, result: Tensor) -> Tensor:
    n = input._shape[dim] if input._shape else 1
    if not input._shape:
        return grad
    # Exact where elements are zero: column j of the Jacobian is a product that leaves x_j out.
    parts = []
    from .movement import cat, stack

    if not n:
        return input * 0
    for j in range(n):
        before = input.narrow(dim, 0, j).prod(dim, keepdim=True)
        after = cumprod(input.narrow(dim, j + 1, n - j - 1), dim)
        ones = before.new_ones(before._shape)
        weights = cat([before * ones, before * after], dim)
        parts.append((grad.narrow(dim, j, n - j) * weights).sum(dim))
    return stack(parts, dim)


@operator("CumprodBackward0", input=_cumprod_grad, inplace=True, out=True, samples="cumulative")
def cumprod(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """Running products along ``dim``."""
    return _scan(P.CUMPROD, input, dim, dtype or _sum_dtype(input._dtype))


LOGCUMSUMEXP = P.primitive(  # attrs (dim,)
    "logcumsumexp",
    lambda inputs, attrs: (inputs[0].shape, inputs[0].dtype),
    lambda attrs, args, a: np.logaddexp.accumulate(a, axis=attrs[0]),
    "scan",
)


def _logcumsumexp_grad(grad: Tensor, input: Tensor, dim: int, result: Tensor) -> Tensor:
    """``exp(input) * reverse_cumsum(grad * exp(-result))``, summed as logarithms by sign."""
    from .movement import flip
    from .pointwise import where

    def part(g: Tensor) -> Tensor:
        logs = where(g > 0, where(g > 0, g, 1.0).log() - result, -math.inf)
        if not logs._shape:
            return (logs + input).exp()
        return (flip(logcumsumexp(flip(logs, dim), dim), dim) + input).exp()

    return part(grad) - part(-grad)


@operator("LogcumsumexpBackward0", out=True, input=_logcumsumexp_grad, samples="cumulative")
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """``log(cumsum(exp(input)))`` along ``dim``, without overflow."""
    check_tensor(input, "logcumsumexp")
    not_for(input._dtype, "logcumsumexp_out_cpu", 0, 1)
    return _scan(LOGCUMSUMEXP, input, dim, input._dtype)


def _define_cumulative(name: str, prim: Any) -> None:
    def scan(input: Tensor, dim: int) -> Any:
        e = input._expr()
        at = wrap_dim(dim, len(e.shape))
        if not e.shape:
            return _pair(name)(
                (new_tensor(e), new_tensor(record(P.CONST, (), (dtypes.int64,), (0,))))
            )
        values = record(prim, (e,), (at,))
        # The index of the running extremum: the last position where it was (re)reached.
        n = e.shape[at]
        steps = record(P.IOTA, (), (n, dtypes.int64), (0, 1))
        shape = tuple(n if i == at else 1 for i in range(len(e.shape)))
        steps = record(P.RESHAPE, (steps,), (shape,))
        reached = record(P.EQ, (e, values))
        if e.dtype.is_floating_point:
            reached = record(P.OR, (reached, record(P.NE, (e, e))))
        here = record(P.WHERE, (reached, steps, constant(0, dtypes.int64)))
        return _pair(name)((new_tensor(values), new_tensor(record(P.CUMMAX, (here,), (at,)))))

    scan.__name__ = name
    scan.__doc__ = f"The running {name[3:]}imum along ``dim`` and its index."
    operator(
        f"{name.capitalize()}Backward0",
        name=name,
        input=lambda grads, input_like, dim, result: input_like.new_zeros(
            input_like._shape
        ).scatter_add(dim, result[1], grads[0]),
    )(scan)


_define_cumulative("cummax", P.CUMMAX)
_define_cumulative("cummin", P.CUMMIN)


@function(method=True)
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None
) -> Tensor:
    """Differences of neighbours along ``dim``, ``n`` times."""
    from .movement import cat

    parts = [x for x in (prepend, input, append) if x is not None]
    x = cat(parts, dim) if len(parts) > 1 else input
    for _ in range(n):
        size = x._shape[wrap_dim(dim, x.ndim)]
        if size == 0:
            break
        high, low = x.narrow(dim, 1, size - 1), x.narrow(dim, 0, size - 1)
        x = high ^ low if x._dtype.category == 0 else high - low
    return x


# --- norms ---------------------------------------------------------------------------------------


def _norm_grad(
    grad: Tensor, input: Tensor, ord: float, dim: Any, keepdim: bool, result: Tensor
) -> Tensor:
    """The gradient of a vector norm; zero (not NaN) where the norm is zero."""
    wide = _spread(grad, input, dim, keepdim)
    norm_ = _spread(result, input, dim, keepdim)
    if ord == 0:
        return input * 0.0
    if ord == 1:
        return wide * input.sgn()
    if ord == 2:
        return (input * (wide / norm_)).masked_fill(norm_ == 0, 0.0)
    if math.isinf(ord):
        reached = (input.abs() == norm_).to(input._dtype)
        share = reached / reached.sum(dims_of(dim, input.ndim), True)
        return wide * input.sgn() * share
    if ord < 2:
        scale = input.sgn() * input.abs().pow(ord - 1)
        scale = scale.masked_fill(input == 0, 0.0)
    else:
        scale = input * input.abs().pow(ord - 2)
    return scale * (wide / norm_.pow(ord - 1)).masked_fill(norm_ == 0, 0.0)


@operator("LinalgVectorNormBackward0", name="_norm", function=False, method=False, input=_norm_grad)
def _norm(input: Tensor, ord: float, dim: Any, keepdim: bool) -> Tensor:
    e = input._expr()
    dims = dims_of(dim, len(e.shape))
    if ord == 2:
        squares = _reduced(P.SUM, record(P.MUL, (e, e)), dims, keepdim)
        return new_tensor(record(P.SQRT, (squares,)))
    if ord == 0:
        count = cast(record(P.NE, (e, constant(0, e.dtype))), e.dtype)
        return new_tensor(_reduced(P.SUM, count, dims, keepdim))
    size = record(P.ABS, (e,))
    if math.isinf(ord):
        return new_tensor(_reduced(P.MAX if ord > 0 else P.MIN, size, dims, keepdim))
    if ord == 1:
        return new_tensor(_reduced(P.SUM, size, dims, keepdim))
    powers = record(P.POW, (size, constant(float(ord), e.dtype)))
    total = _reduced(P.SUM, powers, dims, keepdim)
    return new_tensor(record(P.POW, (total, constant(1.0 / ord, e.dtype))))


def _vector_norm(x: Tensor, ord: float, dim: Any, keepdim: bool) -> Tensor:
    if math.isinf(ord) and 0 in x._shape:
        dims = dims_of(dim, x.ndim)
        if ord < 0 or numel([x._shape[i] for i in dims]) == 0:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor because the "
                "operation does not have an identity"
            )
    return _norm(x, ord, dim, keepdim)


@function(method=True)
def norm(
    input: Tensor,
    p: Any = "fro",
    dim: Any = None,
    keepdim: bool = False,
    out: Any = None,
    dtype: dtype | None = None,
) -> Tensor:
    """The ``p``-norm (a number, ``inf``, ``"fro"`` or ``"nuc"``) over all elements or ``dim``."""
    x = input if dtype is None else input.to(dtype)
    if not x._dtype.is_floating_point:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{dtypes.SCALAR_TYPE_NAMES[x._dtype]}"
        )
    if p == "nuc":
        from .decompositions import svdvals

        return svdvals(x).sum()
    order = 2.0 if p in ("fro", None) else float(p)
    return _vector_norm(x, order, dim, keepdim)


@function(method=True)
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The ``p``-norm of the difference."""
    if not input._dtype.is_floating_point:
        raise RuntimeError(
            "norm(): input dtype should be either floating point or complex. Got "
            f"{dtypes.SCALAR_TYPE_NAMES[input._dtype]} instead."
        )
    return _vector_norm(input - other, float(p), None, False)


@function(method=True)
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Slices along ``dim`` scaled down so that their ``p``-norm is at most ``maxnorm``."""
    if not input._dtype.is_floating_point:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{dtypes.SCALAR_TYPE_NAMES[input._dtype]}"
        )
    rest = [i for i in range(input.ndim) if i != wrap_dim(dim, input.ndim)]
    size = _vector_norm(input, float(p), rest, True)
    from .pointwise import where

    return input * where(size > maxnorm, maxnorm / (size + 1e-7), 1.0)


@function(method=True)
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero."""
    return sum(input != 0, dim)


@function(method=True)
def nansum(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None
) -> Tensor:
    """``sum`` with NaN taken as 0."""
    return sum(input.masked_fill(input.isnan(), 0), dim, keepdim, dtype=dtype)


@function(method=True)
def nanmean(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None
) -> Tensor:
    """``mean`` of the elements that are not NaN."""
    check_tensor(input, "nanmean")
    if not input._dtype.is_floating_point:
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{dtypes.SCALAR_TYPE_NAMES[input._dtype]}"
        )
    known = input.isnan().logical_not()
    return nansum(input, dim, keepdim, dtype=dtype) / sum(known, dim, keepdim)
