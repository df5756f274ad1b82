"""Pooling: ``max_pool1d`` ... ``adaptive_max_pool3d``, over batched or unbatched input.

A maximum is a gather at the indices that a window primitive finds; an average is a window sum over
a divisor. Backward rules use the adjoint of the gather and of the sum, so they differentiate again.
One-dimensional pooling is two-dimensional pooling of images one pixel high, as in PyTorch.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import SCALAR_TYPE_NAMES, bool_, dtype
from ..graph import primitives as P
from ..graph import windows as W
from ..graph.expr import Attrs, Expr, Primitive, Shape, leaf
from ..graph.tape import record
from ..runtime.narrow import NARROW, narrow
from ..runtime.reference import pooling
from ..tensor import Tensor, new_tensor
from .common import check_tensor, constant
from .pointwise import div
from .registry import function, operator

Ints = tuple[int, ...]

_COUNT_NAMES = {1: "one int", 2: "two ints", 3: "three ints"}


# --- shared --------------------------------------------------------------------------------------


def _record(prim: Primitive, operands: tuple[Expr, ...], attrs: Attrs, dims: int) -> Tensor:
    """Record a window primitive; unbatched operands get a batch of one for it."""
    if len(operands[0].shape) == dims + 2:
        return new_tensor(record(prim, operands, attrs))
    batched = tuple([record(P.RESHAPE, (e,), ((1, *e.shape),)) for e in operands])
    e = record(prim, batched, attrs)
    return new_tensor(record(P.RESHAPE, (e,), (e.shape[1:],)))


def _batched(shape: Shape, dims: int) -> Shape:
    return shape if len(shape) == dims + 2 else (1, *shape)


def _sizes(value: Any, dims: int, name: str, argument: str, optional: bool = False) -> Ints:
    """An int or a sequence of one or ``dims`` ints as ``dims`` ints."""
    if value.__class__ is int:
        return (value,) * dims
    try:
        given = value if isinstance(value, list | tuple) else (value,)
        found = tuple([v.__index__() for v in given])
    except (AttributeError, TypeError):
        raise TypeError(
            f"{name}(): argument '{argument}' must be tuple of ints, not {type(value).__name__}"
        ) from None
    if len(found) not in (1, dims):
        omitted = "be omitted, a single int," if optional else "be a single int,"
        raise RuntimeError(
            f"{name}: {argument} must either {omitted} or a tuple of {_COUNT_NAMES[dims]}"
        )
    return found * dims if len(found) == 1 else found


def _stride(stride: Any, kernel: Ints, name: str) -> Ints:
    if stride is None or stride == () or stride == []:
        return kernel
    return _sizes(stride, len(kernel), name, "stride", optional=True)


def _axes(prefix: str, values: Ints) -> str:
    names = ("T", "H", "W")[-len(values) :]
    return " ".join(f"{prefix}{n}: {v}" for n, v in zip(names, values, strict=True))


@functools.lru_cache(maxsize=1024)
def _output_size(
    shape: Shape, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> Ints:
    """Number of windows, after checking all sizes as PyTorch does."""
    dims = len(kernel)
    if 0 in stride:
        raise RuntimeError("stride should not be zero")
    for what, prefix, values in (
        ("kernel size", "k", kernel),
        ("stride", "d", stride),
        ("dilation", "dilation", dilation),
    ):
        if any(v <= 0 for v in values):
            raise RuntimeError(
                f"{what} should be greater than zero, but got {_axes(prefix, values)}"
            )
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input, but got "
            f"{list(shape)}"
        )
    for k, p, d in zip(kernel, padding, dilation, strict=True):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > (d * (k - 1) + 1) // 2:
            raise RuntimeError(
                "pad should be at most half of effective kernel size, but got "
                f"pad={p}, kernel_size={k} and dilation={d}"
            )
    if 0 in _batched(shape, dims)[1:]:
        raise RuntimeError(
            f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim batch "
            f"size for input, but got:{list(shape)}"
        )
    spatial = shape[-dims:]
    found = pooling.pool_output_size(spatial, kernel, stride, padding, dilation, ceil_mode)
    if any(n < 1 for n in found):
        channels = shape[-dims - 1]
        raise RuntimeError(
            f"Given input size: ({_by((channels, *spatial))}). Calculated output size: "
            f"({_by((channels, *(max(n, 0) for n in found)))}). Output size is too small"
        )
    return found


def _by(sizes: Ints) -> str:
    return "x".join(map(str, sizes))


def _check_dtype(d: dtype, name: str, floats_only: bool = False) -> None:
    if d is bool_ or (floats_only and not d.is_floating_point):
        raise NotImplementedError(f"\"{name}\" not implemented for '{SCALAR_TYPE_NAMES[d]}'")


def _check_rank_1d(x: Any, name: str) -> None:
    check_tensor(x, name)
    if len(x._shape) not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {len(x._shape)}-dimensional tensor for argument "
            f"#1 'self' (while checking arguments for {name})"
        )


# --- maximum -------------------------------------------------------------------------------------


@operator(
    "MaxPoolBackwardBackward0",
    input=lambda grad, input, indices, unique, dims: _plane_scatter(
        grad, indices, input._shape, unique, dims
    ),
    method=False,
    function=False,
)
def _plane_take(input: Tensor, indices: Tensor, unique: bool, dims: int) -> Tensor:
    return _record(W.PLANE_TAKE, (input._expr(), indices._expr()), (), dims)


@operator(
    "MaxPoolBackwardBackward0",
    input=lambda grad, indices, unique, dims: _plane_take(grad, indices, unique, dims),
    method=False,
    function=False,
)
def _plane_scatter(input: Tensor, indices: Tensor, shape: Shape, unique: bool, dims: int) -> Tensor:
    attrs = (_batched(shape, dims), unique)
    return _record(W.PLANE_SCATTER, (input._expr(), indices._expr()), attrs, dims)


def _max_pool(
    input: Tensor,
    dims: int,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
) -> tuple[Tensor, Tensor]:
    name = f"max_pool{dims}d"
    check_tensor(input, name)
    kernel = _sizes(kernel_size, dims, name, "kernel_size")
    strides = _stride(stride, kernel, name)
    padding = _sizes(padding, dims, name, "padding")
    dilation = _sizes(dilation, dims, name, "dilation")
    out = _output_size(input._shape, kernel, strides, padding, dilation, bool(ceil_mode))
    _check_dtype(input._dtype, name)
    e = input._expr()
    attrs = kernel, strides, padding, dilation, out
    indices = _record(W.MAX_POOL_INDICES, (e,), attrs, dims)
    return _record(W.PLANE_TAKE, (e, indices._expr()), (), dims), indices


def _max_pool_grad(dims: int) -> Callable[..., Any]:
    """The gradient formula of max pooling.

    Windows that do not overlap hit every element at most once: a plain write, no addition.
    """

    def formula(
        grad: Tensor, input: Tensor, result: Any, kernel_size: Any, stride: Any, dilation: Any
    ) -> Any:
        kernel = _sizes(kernel_size, dims, "max_pool", "kernel_size")
        steps = _stride(stride, kernel, "max_pool")
        gaps = _sizes(dilation, dims, "max_pool", "dilation")
        unique = all(s > d * (k - 1) for k, s, d in zip(kernel, steps, gaps, strict=True))
        return _plane_scatter(grad, result[1], input._shape, unique, dims)

    return formula


@operator(
    "MaxPool2DWithIndicesBackward0",
    input=_max_pool_grad(2),
    method=False,
)
def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """``max_pool2d`` and the flat position (int64) of each maximum in its image."""
    return _max_pool(input, 2, kernel_size, stride, padding, dilation, ceil_mode)


@operator(
    "MaxPool3DWithIndicesBackward0",
    input=_max_pool_grad(3),
    method=False,
)
def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """``max_pool3d`` and the flat position (int64) of each maximum in its volume."""
    return _max_pool(input, 3, kernel_size, stride, padding, dilation, ceil_mode)


@function()
def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """``max_pool1d`` and the position (int64) of each maximum."""
    name = "max_pool1d"
    check_tensor(input, name)
    kernel = _sizes(kernel_size, 1, name, "kernel_size")
    strides = _stride(stride, kernel, name)
    padding = _sizes(padding, 1, name, "padding")
    dilation = _sizes(dilation, 1, name, "dilation")
    _check_max_pool1d(input._shape, kernel[0], strides[0], padding[0], dilation[0], bool(ceil_mode))
    values, indices = max_pool2d_with_indices(
        input.unsqueeze(-2),
        (1, *kernel),
        (1, *strides),
        (0, *padding),
        (1, *dilation),
        ceil_mode,
    )
    return values.squeeze(-2), indices.squeeze(-2)


@functools.lru_cache(maxsize=1024)
def _check_max_pool1d(
    shape: Shape, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> None:
    name = "max_pool1d"
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            f"{name}: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for "
            f"input, but got:{list(shape)}"
        )
    for what, value in (("kernel_size", kernel), ("stride", stride), ("dilation", dilation)):
        if value <= 0:
            raise RuntimeError(f"{name}() {what} must be greater than zero, but got {value}")
    if padding < 0:
        raise RuntimeError(f"{name}() padding must be non-negative, but got {padding}")
    if padding > kernel // 2:
        raise RuntimeError(
            f"{name}() padding should be at most half of kernel size, but got padding={padding} "
            f"and kernel_size={kernel}"
        )
    (size,) = pooling.pool_output_size(
        shape[-1:], (kernel,), (stride,), (padding,), (dilation,), ceil_mode
    )
    if size < 1:
        raise RuntimeError(f"{name}() Invalid computed output size: {size}")


@function()
def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """Maximum of sliding windows over ``[N, C, L]`` or ``[C, L]``.

    Padding never wins, a NaN does.
    """
    found: tuple[Tensor, Tensor] = max_pool1d_with_indices(
        input, kernel_size, stride, padding, dilation, ceil_mode
    )
    return found[0]


@function()
def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """Maximum of sliding windows over ``[N, C, H, W]`` or ``[C, H, W]``.

    Padding never wins, a NaN does.
    """
    found: tuple[Tensor, Tensor] = max_pool2d_with_indices(
        input, kernel_size, stride, padding, dilation, ceil_mode
    )
    return found[0]


@function()
def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """Maximum of sliding windows over ``[N, C, D, H, W]`` or ``[C, D, H, W]``."""
    found: tuple[Tensor, Tensor] = max_pool3d_with_indices(
        input, kernel_size, stride, padding, dilation, ceil_mode
    )
    return found[0]


# --- average -------------------------------------------------------------------------------------


@operator(
    "AvgPoolBackwardBackward0",
    input=lambda grad, input, window, dims: _window_spread(
        grad, _batched(input._shape, dims), window, dims
    ),
    method=False,
    function=False,
)
def _window_sum(input: Tensor, window: Attrs, dims: int) -> Tensor:
    """Sums of windows; ``window`` is (kernel, stride, padding, out size) or (out size,)."""
    prim = W.WINDOW_SUM if len(window) == 4 else W.ADAPTIVE_WINDOW_SUM
    return _record(prim, (input._expr(),), window, dims)


@operator(
    "AvgPoolBackwardBackward0",
    input=lambda grad, window, dims: _window_sum(grad, window, dims),
    method=False,
    function=False,
)
def _window_spread(input: Tensor, shape: Shape, window: Attrs, dims: int) -> Tensor:
    prim = W.WINDOW_SPREAD if len(window) == 4 else W.ADAPTIVE_WINDOW_SPREAD
    return _record(prim, (input._expr(),), (shape, *window[:-1]), dims)


@functools.lru_cache(maxsize=256)
def _counts(spatial: Shape, window: Attrs, include_pad: bool, d: dtype) -> int | Expr:
    """Elements of each window: a number if all are equal, else a realized value ``[*out]``."""
    if len(window) == 4:
        counts = pooling.window_counts(spatial, *window, include_pad)
    else:
        counts = pooling.adaptive_window_counts(spatial, *window)
    if counts.size and (counts == counts.flat[0]).all():
        return int(counts.flat[0])
    if d in NARROW:
        return leaf(narrow(counts.astype(np.float32), d), d)
    return leaf(counts.astype(d.numpy), d)


def _divided(total: Tensor, divisor: int | Expr) -> Tensor:
    d = total._dtype
    by = constant(divisor, d) if isinstance(divisor, int) else divisor
    e = total._expr()
    if not d.is_floating_point:  # towards zero
        e = record(P.SUB, (e, record(P.FMOD, (e, by))))
    return new_tensor(record(P.DIV, (e, by)))


def _divisor(
    shape: Shape, window: Attrs, include_pad: bool, override: int | None, d: dtype, dims: int
) -> int | Expr:
    if override is not None:
        return int(override)
    return _counts(shape[-dims:], window, bool(include_pad), d)


def _shared(grad: Tensor, divisor: int | Expr) -> Tensor:
    """The gradient over the divisor, with its history."""
    by = divisor if isinstance(divisor, int) else new_tensor(divisor)
    return div(grad, by)


def _avg_window(
    shape: Shape, dims: int, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool
) -> Attrs:
    name = f"avg_pool{dims}d"
    kernel = _sizes(kernel_size, dims, name, "kernel_size")
    strides = _stride(stride, kernel, name)
    padding = _sizes(padding, dims, name, "padding")
    out = _output_size(shape, kernel, strides, padding, (1,) * dims, bool(ceil_mode))
    return kernel, strides, padding, out


def _avg_pool(
    input: Tensor,
    dims: int,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    name = f"avg_pool{dims}d"
    check_tensor(input, name)
    shape = input._shape
    window = _avg_window(shape, dims, kernel_size, stride, padding, ceil_mode)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    _check_dtype(input._dtype, name)
    total = _record(W.WINDOW_SUM, (input._expr(),), window, dims)
    divisor = _divisor(shape, window, count_include_pad, divisor_override, input._dtype, dims)
    return _divided(total, divisor)


def _avg_pool_grad(dims: int) -> Callable[..., Any]:
    """The gradient formula of average pooling."""

    def formula(
        grad: Tensor,
        input: Tensor,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        ceil_mode: bool,
        count_include_pad: bool,
        divisor_override: int | None,
    ) -> Any:
        shape = input._shape
        window = _avg_window(shape, dims, kernel_size, stride, padding, ceil_mode)
        divisor = _divisor(shape, window, count_include_pad, divisor_override, grad._dtype, dims)
        return _window_spread(_shared(grad, divisor), _batched(shape, dims), window, dims)

    return formula


@operator(
    "AvgPool2DBackward0",
    input=_avg_pool_grad(2),
    method=False,
)
def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Mean of sliding windows over ``[N, C, H, W]`` or ``[C, H, W]``."""
    return _avg_pool(
        input, 2, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


@operator(
    "AvgPool3DBackward0",
    input=_avg_pool_grad(3),
    method=False,
)
def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Mean of sliding windows over ``[N, C, D, H, W]`` or ``[C, D, H, W]``."""
    return _avg_pool(
        input, 3, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


@function()
def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Mean of sliding windows over ``[N, C, L]`` or ``[C, L]``."""
    name = "avg_pool1d"
    _check_rank_1d(input, name)
    kernel = _sizes(kernel_size, 1, name, "kernel_size")
    found = avg_pool2d(
        input.unsqueeze(-2),
        (1, *kernel),
        (1, *_stride(stride, kernel, name)),
        (0, *_sizes(padding, 1, name, "padding")),
        ceil_mode,
        count_include_pad,
    )
    return found.squeeze(-2)


# --- adaptive ------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1024)
def _check_adaptive(shape: Shape, out: Ints, name: str) -> None:
    dims = len(out)
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got {list(shape)}"
        )
    if any(n < 0 for n in out):
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received "
            f"{{{', '.join(map(str, out))}}}"
        )
    for dim in range(len(shape) - dims - 1 if len(shape) == dims + 1 else 1, len(shape)):
        if shape[dim] == 0:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but "
                f"input has sizes {list(shape)} with dimension {dim} being empty"
            )


def _adaptive_size(input: Tensor, output_size: Any, dims: int, name: str) -> Ints:
    """``output_size`` as ints; ``None`` keeps the size of the input."""
    check_tensor(input, name)
    if isinstance(output_size, list | tuple) and len(output_size) == dims:
        if len(input._shape) >= dims:
            sizes = zip(output_size, input._shape[-dims:], strict=True)
            output_size = tuple(n if wanted is None else wanted for wanted, n in sizes)
    elif isinstance(output_size, list | tuple) and len(output_size) != 1:
        raise RuntimeError(f"{name}: output_size must be {dims}")
    out = _sizes(output_size, dims, name, "output_size")
    _check_adaptive(input._shape, out, name)
    return out


def _adaptive_window(spatial: Shape, out: Ints) -> Attrs:
    """Equal windows where the output divides the input, else adaptive ones."""
    if all(n and not size % n for size, n in zip(spatial, out, strict=True)):
        kernel = tuple(size // n for size, n in zip(spatial, out, strict=True))
        return kernel, kernel, (0,) * len(out), out
    return (out,)


def _adaptive_avg(input: Tensor, output_size: Any, dims: int) -> Tensor:
    name = f"adaptive_avg_pool{dims}d"
    out = _adaptive_size(input, output_size, dims, name)
    _check_dtype(input._dtype, name, floats_only=True)
    window = _adaptive_window(input._shape[-dims:], out)
    total = _record(
        W.WINDOW_SUM if len(window) == 4 else W.ADAPTIVE_WINDOW_SUM, (input._expr(),), window, dims
    )
    return _divided(total, _counts(input._shape[-dims:], window, False, input._dtype))


def _adaptive_avg_grad(grad: Tensor, input: Tensor, dims: int) -> Tensor:
    window = _adaptive_window(input._shape[-dims:], grad._shape[-dims:])
    divisor = _counts(input._shape[-dims:], window, False, grad._dtype)
    return _window_spread(_shared(grad, divisor), _batched(input._shape, dims), window, dims)


@operator(
    "AdaptiveAvgPool2DBackward0",
    input=lambda grad, input: _adaptive_avg_grad(grad, input, 2),
    method=False,
    function=False,
)
def _adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    return _adaptive_avg(input, output_size, 2)


@operator(
    "AdaptiveAvgPool3DBackward0",
    input=lambda grad, input: _adaptive_avg_grad(grad, input, 3),
    method=False,
    function=False,
)
def _adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    return _adaptive_avg(input, output_size, 3)


@function()
def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Mean over ``output_size`` windows that cover ``[N, C, L]`` or ``[C, L]``."""
    _check_rank_1d(input, "adaptive_avg_pool1d")
    (size,) = _sizes(output_size, 1, "adaptive_avg_pool1d", "output_size")
    wide = input.unsqueeze(-2)
    return adaptive_avg_pool2d(wide, (1, size)).squeeze(-2)


@function()
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Mean over a grid of ``output_size`` windows that cover each image; ``None`` keeps a size."""
    out = _adaptive_size(input, output_size, 2, "adaptive_avg_pool2d")
    if out == (1, 1):
        return input.mean((-1, -2), keepdim=True)
    return _adaptive_avg_pool2d(input, out)


@function()
def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Mean over a grid of ``output_size`` windows that cover each volume; ``None`` keeps a size."""
    out = _adaptive_size(input, output_size, 3, "adaptive_avg_pool3d")
    if out == (1, 1, 1):
        return input.mean((-1, -2, -3), keepdim=True)
    return _adaptive_avg_pool3d(input, out)


def _adaptive_max(input: Tensor, output_size: Any, dims: int) -> tuple[Tensor, Tensor]:
    name = f"adaptive_max_pool{dims}d"
    out = _adaptive_size(input, output_size, dims, name)
    _check_dtype(input._dtype, name, floats_only=True)
    e = input._expr()
    indices = _record(W.ADAPTIVE_MAX_POOL_INDICES, (e,), (out,), dims)
    return _record(W.PLANE_TAKE, (e, indices._expr()), (), dims), indices


@operator(
    "AdaptiveMaxPool2DBackward0",
    input=lambda grad, input, result: _plane_scatter(grad, result[1], input._shape, False, 2),
    method=False,
)
def adaptive_max_pool2d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """Maximum over a grid of windows that cover each image, and its flat positions (int64)."""
    return _adaptive_max(input, output_size, 2)


@operator(
    "AdaptiveMaxPool3DBackward0",
    input=lambda grad, input, result: _plane_scatter(grad, result[1], input._shape, False, 3),
    method=False,
)
def adaptive_max_pool3d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """Maximum over a grid of windows that cover each volume, and its flat positions (int64)."""
    return _adaptive_max(input, output_size, 3)


@function()
def adaptive_max_pool1d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """Maximum over ``output_size`` windows of ``[N, C, L]`` or ``[C, L]``, and its positions."""
    _check_rank_1d(input, "adaptive_max_pool1d")
    (size,) = _sizes(output_size, 1, "adaptive_max_pool1d", "output_size")
    wide = input.unsqueeze(-2)
    values, indices = adaptive_max_pool2d(wide, (1, size))
    return values.squeeze(-2), indices.squeeze(-2)
