"""N-dimensional convolution and its two gradients as im2col and one large matrix product.

Layout: ``x`` is ``[N, C, *spatial]``, ``w`` is ``[O, C / groups, *kernel]``; as everywhere in
neural networks "convolution" means cross-correlation. ``padding`` holds one ``(low, high)`` pair
for each spatial dimension, so that ``padding="same"`` with an odd total needs no extra step; a
negative ``high`` leaves out elements at the end, which is what the output padding of a transposed
convolution amounts to. Arrays are float32, float64 or integer: whoever calls widens narrower
floats.

Windows are unfolded with the *batch as the fastest axis*: for stride 1 a row of the unfolded
matrix is then a run of ``width * batch`` elements copied at memory speed, however small the image,
and a group of images becomes one matrix product with ``pixels * batch`` columns. The batch is cut
into pieces whose unfolded matrix stays in the cache; the size of a piece depends on the shapes
alone, so the result does not depend on the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

Array = np.ndarray[Any, np.dtype[Any]]
Ints = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]

_PIECE_BYTES = 4 << 20


def output_size(spatial: Ints, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Ints:
    """Spatial size of the result of a convolution, never below zero."""
    sizes = []
    for size, k, s, (low, high), d in zip(spatial, kernel, stride, padding, dilation, strict=True):
        sizes.append(max((size + low + high - d * (k - 1) - 1) // s + 1, 0))
    return tuple(sizes)


def conv_forward(
    x: Array, w: Array, stride: Ints, padding: Pads, dilation: Ints, groups: int
) -> Array:
    """Convolution of ``x[N, C, *]`` with ``w[O, C / groups, *kernel]``: ``[N, O, *out]``."""
    kernel = w.shape[2:]
    out_size = output_size(x.shape[2:], kernel, stride, padding, dilation)
    out = np.empty((len(x), len(w), *out_size), x.dtype)
    if not out.size:
        return out
    matrix = w.reshape(groups, len(w) // groups, -1)
    scratch = _Scratch(matrix.dtype)
    for piece in _pieces(len(x), x.shape[1] * math.prod(kernel + out_size), x.dtype):
        columns = _unfold(x[piece], kernel, stride, padding, dilation, out_size, scratch)
        columns = columns.reshape(groups, matrix.shape[2], -1)
        result = scratch.product(matrix, columns)
        out[piece] = np.moveaxis(result.reshape(len(w), *out_size, -1), -1, 0)
    return out


def conv_input_grad(
    g: Array,
    w: Array,
    input_shape: Ints,
    stride: Ints,
    padding: Pads,
    dilation: Ints,
    groups: int,
) -> Array:
    """Gradient of :func:`conv_forward` for ``x``; also the transposed convolution of ``g``."""
    kernel = w.shape[2:]
    if not g.size:
        return np.zeros(input_shape, g.dtype)
    out = np.empty(input_shape, g.dtype)
    matrix = w.reshape(groups, len(w) // groups, -1).swapaxes(1, 2)
    out_size = g.shape[2:]
    scratch = _Scratch(matrix.dtype)
    for piece in _pieces(len(g), input_shape[1] * math.prod(kernel + out_size), g.dtype):
        part = _batch_last(g[piece])
        columns = scratch.product(matrix, part.reshape(groups, len(w) // groups, -1))
        columns = columns.reshape(input_shape[1], *kernel, *out_size, part.shape[-1])
        out[piece] = _fold(columns, input_shape[2:], stride, padding, dilation)
    return out


def conv_weight_grad(
    x: Array,
    g: Array,
    weight_shape: Ints,
    stride: Ints,
    padding: Pads,
    dilation: Ints,
    groups: int,
) -> Array:
    """Gradient of :func:`conv_forward` for ``w``: ``x[N, C, *]`` and ``g[N, O, *out]``."""
    if not g.size:
        return np.zeros(weight_shape, g.dtype)
    kernel, out_size, channels = weight_shape[2:], g.shape[2:], weight_shape[0]
    rows = math.prod(weight_shape[1:])
    total = np.zeros((groups, channels // groups, rows), g.dtype)
    scratch = _Scratch(total.dtype)
    for piece in _pieces(len(x), rows * groups * math.prod(out_size), x.dtype):
        columns = _unfold(x[piece], kernel, stride, padding, dilation, out_size, scratch)
        part = _batch_last(g[piece]).reshape(groups, channels // groups, -1)
        total += part @ columns.reshape(groups, rows, -1).swapaxes(1, 2)
    return total.reshape(weight_shape)


def unfold(x: Array, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Array:
    """Sliding windows of ``x[N, C, *]`` as columns: ``[N, C * prod(kernel), prod(out)]``."""
    out_size = output_size(x.shape[2:], kernel, stride, padding, dilation)
    columns = _unfold(x, kernel, stride, padding, dilation, out_size, _Scratch(x.dtype))
    columns = np.moveaxis(columns, -1, 0)
    rows = x.shape[1] * math.prod(kernel)
    return np.ascontiguousarray(columns).reshape(len(x), rows, math.prod(out_size))


def fold(
    columns: Array,
    input_shape: Ints,
    kernel: Ints,
    stride: Ints,
    padding: Pads,
    dilation: Ints,
) -> Array:
    """Adjoint of :func:`unfold`: overlapping windows are summed into ``input_shape``."""
    out_size = output_size(input_shape[2:], kernel, stride, padding, dilation)
    windows = columns.reshape(len(columns), input_shape[1], *kernel, *out_size)
    result = _fold(_batch_last(windows), input_shape[2:], stride, padding, dilation)
    return np.ascontiguousarray(result)


class _Scratch:
    """Memory for the unfolded matrix and the product, used again for every piece of a batch.

    Asking the system for fresh pages would cost more than a small convolution itself.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._dtype = dtype
        self._columns = self._result = np.empty(0, dtype)

    def columns(self, shape: Ints) -> Array:
        """Uninitialised memory of ``shape``; valid until the next call."""
        size = math.prod(shape)
        if self._columns.size < size:
            self._columns = np.empty(size, self._dtype)
        return self._columns[:size].reshape(shape)

    def product(self, a: Array, b: Array) -> Array:
        """``a @ b`` for 3-dimensional operands; valid until the next call."""
        shape = (len(a), a.shape[1], b.shape[2])
        size = math.prod(shape)
        if self._result.size < size:
            self._result = np.empty(size, self._dtype)
        result = self._result[:size].reshape(shape)
        # BLAS is slow at outer products, which is what depthwise convolutions ask for.
        return (np.multiply if a.shape[2] == 1 else np.matmul)(a, b, out=result)


def _pieces(batch: int, elements: int, dtype: np.dtype[Any]) -> Iterator[slice]:
    """Slices of the batch whose unfolded matrix (``elements`` per image) stays in the cache."""
    step = max(1, _PIECE_BYTES // max(1, elements * dtype.itemsize))
    for start in range(0, batch, step):
        yield slice(start, start + step)


def _batch_last(x: Array) -> Array:
    """Contiguous copy of ``x[N, ...]`` as ``[..., N]``."""
    return np.ascontiguousarray(np.moveaxis(x, 0, -1))


def _unfold(
    x: Array,
    kernel: Ints,
    stride: Ints,
    padding: Pads,
    dilation: Ints,
    out_size: Ints,
    scratch: _Scratch,
) -> Array:
    """Contiguous ``[C, *kernel, *out, N]`` windows of ``x[N, C, *]``, in ``scratch``."""
    x = _padded(x, padding)
    by_channel, steps, by_image = x.strides[0], x.strides[1:-1], x.strides[-1]
    taps = tuple(a * d for a, d in zip(steps, dilation, strict=True))
    moves = tuple(a * s for a, s in zip(steps, stride, strict=True))
    shape = (len(x), *kernel, *out_size, x.shape[-1])
    windows = as_strided(x, shape, (by_channel, *taps, *moves, by_image), writeable=False)
    columns = scratch.columns(shape)
    np.copyto(columns, windows)
    return columns


def _padded(x: Array, padding: Pads) -> Array:
    """``[C, *spatial, N]`` copy of ``x[N, C, *spatial]`` with zeros around each image."""
    if not any(low or high for low, high in padding):
        return _batch_last(x)
    batch, channels, *spatial = x.shape
    sizes = [n + low + max(high, 0) for n, (low, high) in zip(spatial, padding, strict=True)]
    out = np.zeros((channels, *sizes, batch), x.dtype)
    out[(slice(None), *_interior(tuple(spatial), padding))] = np.moveaxis(x, 0, -1)
    return out


def _fold(columns: Array, spatial: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Array:
    """Sum windows ``[C, *kernel, *out, N]`` into images; a view ``[N, C, *spatial]``."""
    dims = len(spatial)
    kernel, out_size = columns.shape[1 : 1 + dims], columns.shape[1 + dims : -1]
    sizes = [n + low + max(high, 0) for n, (low, high) in zip(spatial, padding, strict=True)]
    image = np.zeros((len(columns), *sizes, columns.shape[-1]), columns.dtype)
    channels: Any = slice(None)
    for tap in product(*map(range, kernel)):
        target = (
            slice(k * d, k * d + (n - 1) * s + 1, s)
            for k, d, s, n in zip(tap, dilation, stride, out_size, strict=True)
        )
        image[(channels, *target)] += columns[(channels, *tap)]
    return np.moveaxis(image[(channels, *_interior(spatial, padding))], -1, 0)


def _interior(spatial: Ints, padding: Pads) -> tuple[Any, ...]:
    return tuple(slice(p[0], p[0] + size) for size, p in zip(spatial, padding, strict=True))
