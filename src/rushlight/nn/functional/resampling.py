"""Resizing of images: separable, one dimension after the other."""

from __future__ import annotations

import math
import warnings
from typing import Any

from rushlight import ops
from rushlight.dtypes import int64
from rushlight.nn.functional._arguments import (
    _tuple,
)
from rushlight.nn.functional.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
)
from rushlight.tensor import Tensor

_LINEAR_MODES = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}
_ALL_MODES = "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact"


def _cubic(x: float, a: float) -> float:
    """Keys' cubic convolution kernel."""
    x = abs(x)
    if x <= 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    return (((x - 5) * x + 8) * x - 4) * a if x < 2 else 0.0


def _triangle(x: float) -> float:
    return max(0.0, 1.0 - abs(x))


def _interpolation_taps(
    n: int, out: int, scale: float | None, mode: str, align_corners: bool, antialias: bool
) -> list[list[tuple[int, float]]]:
    """For each output position, the input positions it is made of and their weights."""
    cubic = mode == "bicubic"
    if align_corners:
        step = (n - 1) / (out - 1) if out > 1 else 0.0
    else:
        step = 1.0 / scale if scale else n / out
    taps = []
    for i in range(out):
        if antialias:
            stretch = max(step, 1.0)
            center = step * i + 0.5 if align_corners else step * (i + 0.5)
            reach = (2.0 if cubic else 1.0) * stretch
            first, last = max(int(center - reach + 0.5), 0), min(int(center + reach + 0.5), n)
            kernel = (lambda x: _cubic(x, -0.5)) if cubic else _triangle
            row = [(j, kernel((j + 0.5 - center) / stretch)) for j in range(first, last)]
            total = sum(w for _, w in row)
            taps.append([(j, w / total) for j, w in row])
            continue
        source = step * i if align_corners else step * (i + 0.5) - 0.5
        if cubic:
            base = math.floor(source)
            taps.append(
                [
                    (min(max(base + k, 0), n - 1), _cubic(source - base - k, -0.75))
                    for k in (-1, 0, 1, 2)
                ]
            )
        else:
            source = max(source, 0.0)
            base = min(int(source), n - 1)
            weight = source - base
            taps.append([(base, 1.0 - weight), (min(base + 1, n - 1), weight)])
    return taps


def _resample(input: Tensor, dim: int, taps: list[list[tuple[int, float]]]) -> Tensor:
    """Weighted sums of slices of one dimension."""
    width = max(len(row) for row in taps)
    shape = [1] * input.dim()
    shape[dim] = len(taps)
    total: Tensor | None = None
    for k in range(width):
        column = [row[k] if k < len(row) else (0, 0.0) for row in taps]
        index = ops.tensor([j for j, _ in column], dtype=int64)
        weight = ops.tensor([w for _, w in column], dtype=input.dtype).view(shape)
        part = input.index_select(dim, index) * weight
        total = part if total is None else total + part
    return input if total is None else total


def _nearest(input: Tensor, dim: int, out: int, scale: float | None, exact: bool) -> Tensor:
    n = input.shape[dim]
    step = 1.0 / scale if scale else n / out
    shift = 0.5 if exact else 0.0
    index = [min(math.floor((i + shift) * step), n - 1) for i in range(out)]
    return input.index_select(dim, ops.tensor(index, dtype=int64))


def _output_size(
    input: Tensor, size: Any, scale_factor: Any, recompute: bool | None
) -> tuple[list[int], list[float | None]]:
    """The spatial output size of ``interpolate`` and the scales it was asked for."""
    spatial = input.dim() - 2
    given = list(input.shape[2:])
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if isinstance(size, (list, tuple)) and len(size) != spatial:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input "
                "with "
                f"spatial dimensions of {given} and output size of {size}. Please provide input "
                f"tensor "
                "in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
            )
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return [int(s) for s in _tuple(size, spatial)], [None] * spatial
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if isinstance(scale_factor, (list, tuple)) and len(scale_factor) != spatial:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input "
            f"with spatial dimensions of {given} and scale_factor of shape {scale_factor}. Please "
            "provide input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in "
            "(s1, s2, ...,sK) format."
        )
    scales = [float(s) for s in _tuple(scale_factor, spatial)]
    sizes = [math.floor(n * s) for n, s in zip(given, scales, strict=True)]
    return sizes, [None] * spatial if recompute else list(scales)


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resize the spatial dimensions of ``(N, C, *)`` input.

    Args:
        input: 3-D, 4-D or 5-D.
        size: the spatial output size.
        scale_factor: or the factor(s) by which to multiply it.
        mode: nearest, nearest-exact, linear (3-D), bilinear and bicubic (4-D), trilinear (5-D),
            area.
        align_corners: whether corner pixels keep their values (linear modes).
        recompute_scale_factor: derive the scale from the sizes, which are whole numbers.
        antialias: widen the kernel when shrinking (bilinear and bicubic).

    Raises:
        ValueError: if the arguments do not fit each other.
        NotImplementedError: for a mode that does not go with the number of dimensions.
    """
    if mode in ("nearest", "area", "nearest-exact") and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: "
            "linear | bilinear | bicubic | trilinear"
        )
    ndim = input.dim()
    needed = _LINEAR_MODES.get(mode)
    if ndim not in (3, 4, 5) or (
        needed is None and mode not in ("nearest", "area", "nearest-exact")
    ):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: "
            f"{_ALL_MODES} (got {mode})"
        )
    sizes, scales = _output_size(input, size, scale_factor, recompute_scale_factor)
    if antialias and not (mode in ("bilinear", "bicubic") and ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires "
            "a 4-D "
            "tensor as input"
        )
    if needed is not None and ndim != needed + 2:
        raise NotImplementedError(f"Got {ndim}D input, but {mode} mode needs {needed + 2}D input")
    if mode == "area":
        pool = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[ndim - 3]
        return pool(input, sizes[0] if ndim == 3 else sizes)
    out = input
    for dim in range(ndim - 1, 1, -1):
        target, scale = sizes[dim - 2], scales[dim - 2]
        if needed is None:
            out = _nearest(out, dim, target, scale, mode == "nearest-exact")
        elif target != out.shape[dim] or scale not in (None, 1.0):
            taps = _interpolation_taps(
                out.shape[dim], target, scale, mode, bool(align_corners), antialias
            )
            out = _resample(out, dim, taps)
    return out


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """Deprecated name of ``interpolate``."""
    _warn_upsample("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Deprecated: ``interpolate`` in mode nearest."""
    _warn_upsample("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Deprecated: ``interpolate`` in mode bilinear with aligned corners."""
    _warn_upsample("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _warn_upsample(name: str) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=3,
    )
