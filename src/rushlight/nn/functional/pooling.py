"""Pooling, and its inverses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rushlight import ops
from rushlight.dtypes import int64
from rushlight.nn.functional._arguments import (
    Size,
    _tuple,
)
from rushlight.tensor import Tensor


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """Max pooling over ``(N, C, L)``; returns the values and their flat positions."""
    return ops.max_pool1d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """Max pooling over ``(N, C, H, W)``; returns the values and their flat positions."""
    return ops.max_pool2d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """Max pooling over ``(N, C, D, H, W)``; returns the values and their flat positions."""
    return ops.max_pool3d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool1d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Maximum over windows of the last dimension; with ``return_indices`` a pair."""
    pool = ops.max_pool1d_with_indices if return_indices else ops.max_pool1d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Maximum over windows of the last two dimensions; with ``return_indices`` a pair."""
    pool = ops.max_pool2d_with_indices if return_indices else ops.max_pool2d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Maximum over windows of the last three dimensions; with ``return_indices`` a pair."""
    pool = ops.max_pool3d_with_indices if return_indices else ops.max_pool3d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def _unpool_size(
    input: Tensor, kernel: Any, stride: Any, padding: Any, output_size: Any, spatial: int
) -> list[int]:
    """The spatial output size of max unpooling, checked for whether pooling can undo it."""
    kernel = _tuple(kernel, spatial)
    stride = _tuple(stride if stride is not None else kernel, spatial)
    padding = _tuple(padding, spatial)
    sizes = input.size()[-spatial:]
    default = [
        (size - 1) * s + k - 2 * p
        for size, s, k, p in zip(sizes, stride, kernel, padding, strict=True)
    ]
    if output_size is None:
        return default
    given = list(output_size)
    if len(given) == spatial + 2:
        given = given[2:]
    if len(given) != spatial:
        raise ValueError(
            f"output_size should be a sequence containing {spatial} or {spatial + 2} elements, "
            f"but it has a length of '{len(given)}'"
        )
    for size, base, s in zip(given, default, stride, strict=True):
        if not base - s < size < base + s:
            raise ValueError(
                f'invalid output_size "{given}" (dim 0 must be between {base - s} and {base + s})'
            )
    return given


def _max_unpool(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
    spatial: int,
) -> Tensor:
    """Put pooled values back where ``indices`` says they came from; zero elsewhere."""
    if indices.dtype != int64:
        name = indices.type().rpartition(".")[2].removesuffix("Tensor")
        raise RuntimeError(f"elements in indices should be type int64 but got: {name}")
    if input.shape != indices.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({input.shape}) "
            f"but got indices tensor with shape: {indices.shape}"
        )
    size = _unpool_size(input, kernel_size, stride, padding, output_size, spatial)
    lead = list(input.shape[:-spatial])
    flat = ops.zeros([*lead, math.prod(size)], dtype=input.dtype)
    out = flat.scatter(-1, indices.flatten(-spatial), input.flatten(-spatial))
    return out.view(lead + size)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Partial inverse of ``max_pool1d``."""
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 1)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Partial inverse of ``max_pool2d``."""
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 2)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Partial inverse of ``max_pool3d``."""
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 3)


def _adaptive_size(output_size: Any, input: Tensor) -> Any:
    """Replace None in an adaptive output size by the input's size."""
    if not isinstance(output_size, (list, tuple)) or None not in output_size:
        return output_size
    if input.dim() <= len(output_size):
        raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
    sizes = input.size()[-len(output_size) :]
    return [d if v is None else v for v, d in zip(output_size, sizes, strict=True)]


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Mean over windows chosen so that the last dimension gets ``output_size`` elements."""
    return ops.adaptive_avg_pool1d(input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Mean over windows chosen for an output of ``(H, W)``; None keeps the input's size."""
    return ops.adaptive_avg_pool2d(input, _adaptive_size(output_size, input))


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Mean over windows chosen for an output of ``(D, H, W)``; None keeps the input's size."""
    return ops.adaptive_avg_pool3d(input, _adaptive_size(output_size, input))


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maximum over adaptive windows; with ``return_indices`` a pair."""
    out, indices = ops.adaptive_max_pool1d(input, output_size)
    return (out, indices) if return_indices else out


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maximum over adaptive windows; with ``return_indices`` a pair."""
    out, indices = ops.adaptive_max_pool2d(input, _adaptive_size(output_size, input))
    return (out, indices) if return_indices else out


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maximum over adaptive windows; with ``return_indices`` a pair."""
    out, indices = ops.adaptive_max_pool3d(input, _adaptive_size(output_size, input))
    return (out, indices) if return_indices else out


def _lp_pool(
    input: Tensor, norm_type: float, kernel: Any, stride: Any, ceil_mode: bool, spatial: int
) -> Tensor:
    pool = (ops.avg_pool1d, ops.avg_pool2d, ops.avg_pool3d)[spatial - 1]
    mean = pool(input.pow(norm_type), kernel, stride, 0, ceil_mode)
    total = ops.sign(mean) * ops.relu(ops.abs(mean)) * math.prod(_tuple(kernel, spatial))
    return total.pow(1.0 / norm_type)


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The ``norm_type``-norm of each window of the last dimension."""
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, 1)


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The ``norm_type``-norm of each window of the last two dimensions."""
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, 2)


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The ``norm_type``-norm of each window of the last three dimensions."""
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, 3)
