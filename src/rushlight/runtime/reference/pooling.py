"""Pooling windows over ``[N, C, *spatial]`` arrays: which element is largest, and window sums.

Two linear maps and two index functions carry every pooling operator:

* :func:`max_pool_indices` and :func:`adaptive_max_pool_indices` say *which* element of a plane
  each window takes; values are :func:`take_planes` of them and gradients :func:`scatter_planes`,
  each the adjoint of the other, so every further derivative is one of the two.
* :func:`window_sum` and :func:`window_spread` (equal windows) and :func:`adaptive_window_sum` and
  :func:`adaptive_window_spread` (PyTorch's adaptive windows) are adjoint pairs too; an average is
  such a sum over a divisor.

A plane is one ``(n, c)`` image, its indices are flat int64 positions as PyTorch returns them.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Ints = tuple[int, ...]


def pool_output_size(
    spatial: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> Ints:
    """Number of windows for each dimension.

    With ``ceil_mode`` a last, partial window is added, unless it would start in the padding on
    the far side. Sizes below one are returned as they come; callers report them.
    """
    sizes = []
    for size, k, s, p, d in zip(spatial, kernel, stride, padding, dilation, strict=True):
        room = size + 2 * p - d * (k - 1) - 1
        count = (room + (s - 1 if ceil_mode else 0)) // s + 1
        sizes.append(count - 1 if ceil_mode and (count - 1) * s >= size + p else count)
    return tuple(sizes)


def adaptive_bounds(size: int, count: int) -> tuple[Array, Array]:
    """Starts and ends of PyTorch's ``count`` adaptive windows over ``size`` elements."""
    number = np.arange(count)
    return number * size // max(count, 1), -(-(number + 1) * size // max(count, 1))


def max_pool_indices(
    x: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, out_size: Ints
) -> Array:
    """Flat position of the largest element of each window; a NaN wins, the last one if several."""
    positions = []
    for size, k, s, p, d, n in zip(
        x.shape[2:], kernel, stride, padding, dilation, out_size, strict=True
    ):
        taps = (np.arange(n) * s - p)[:, None] + np.arange(k) * d
        first, last = taps[:, :1], taps[:, -1:]
        first = first + np.maximum(-(first // d), 0) * d
        last = last - np.maximum(-((size - 1 - last) // d), 0) * d
        positions.append(np.clip(taps, first, last).clip(0, size - 1))
    return _window_argmax(x, positions)


def adaptive_max_pool_indices(x: Array, out_size: Ints) -> Array:
    """:func:`max_pool_indices` for adaptive windows."""
    positions = []
    for size, count in zip(x.shape[2:], out_size, strict=True):
        starts, ends = adaptive_bounds(size, count)
        longest = int((ends - starts).max(initial=1))
        positions.append(np.minimum(starts[:, None] + np.arange(longest), ends[:, None] - 1))
    return _window_argmax(x, positions)


def take_planes(x: Array, indices: Array) -> Array:
    """``x[n, c].flat[indices[n, c]]`` for every plane."""
    return x.reshape(-1)[_flat(indices, math.prod(x.shape[2:]))]


def scatter_planes(g: Array, indices: Array, input_shape: Ints, unique: bool) -> Array:
    """Adjoint of :func:`take_planes`: add ``g`` at ``indices`` into zeros of ``input_shape``.

    ``unique`` promises that no index occurs twice in a plane (windows that do not overlap).
    """
    out = np.zeros(math.prod(input_shape), g.dtype)
    flat = _flat(indices, math.prod(input_shape[2:]))
    if unique:
        out[flat] = g
    else:
        np.add.at(out, flat.reshape(-1), g.reshape(-1))
    return out.reshape(input_shape)


def window_sum(x: Array, kernel: Ints, stride: Ints, padding: Ints, out_size: Ints) -> Array:
    """Sum of each window of ``x[N, C, *]``, in row-major order; padding counts as zero."""
    x = _zero_padded(x, kernel, stride, padding, out_size)
    total = np.zeros((*x.shape[:2], *out_size), x.dtype)
    for tap in product(*map(range, kernel)):
        total += x[_tap_slices(tap, stride, out_size)]
    return total


def window_spread(g: Array, input_shape: Ints, kernel: Ints, stride: Ints, padding: Ints) -> Array:
    """Adjoint of :func:`window_sum`: each ``g`` is added to every element of its window."""
    out_size = g.shape[2:]
    covered = _covered(input_shape[2:], kernel, stride, padding, out_size)
    total = np.zeros((*input_shape[:2], *covered), g.dtype)
    for tap in product(*map(range, kernel)):
        total[_tap_slices(tap, stride, out_size)] += g
    inside: tuple[Any, ...] = tuple(
        slice(p, p + n) for p, n in zip(padding, input_shape[2:], strict=True)
    )
    return np.ascontiguousarray(total[(..., *inside)])


def window_counts(
    spatial: Ints,
    kernel: Ints,
    stride: Ints,
    padding: Ints,
    out_size: Ints,
    count_include_pad: bool,
) -> Array:
    """Elements of each window, ``[*out]`` int64: what an average divides by.

    Padding counts if asked, but what ``ceil_mode`` adds beyond it never does.
    """
    counts: Array = np.ones((), np.int64)
    for d, count in enumerate(out_size):
        start = np.arange(count) * stride[d] - padding[d]
        end = np.minimum(start + kernel[d], spatial[d] + padding[d])
        if not count_include_pad:
            start, end = np.maximum(start, 0), np.minimum(end, spatial[d])
        counts = counts[..., None] * (end - start)
    return counts


def adaptive_window_sum(x: Array, out_size: Ints) -> Array:
    """Sum of each adaptive window of ``x[N, C, *]``."""
    for axis, count in enumerate(out_size, 2):
        starts, ends = adaptive_bounds(x.shape[axis], count)
        # reduceat sums between consecutive bounds; every second sum is a window. The extra zero
        # makes the size itself a valid bound.
        x = np.concatenate([x, np.zeros_like(x.take([0], axis))], axis)
        bounds = np.stack([starts, ends], 1).reshape(-1)
        x = np.add.reduceat(x, bounds, axis)[(slice(None),) * axis + (slice(None, None, 2),)]
    return np.ascontiguousarray(x)


def adaptive_window_spread(g: Array, input_shape: Ints) -> Array:
    """Adjoint of :func:`adaptive_window_sum`."""
    for axis, size in enumerate(input_shape[2:], 2):
        wide = np.zeros((*g.shape[:axis], size, *g.shape[axis + 1 :]), g.dtype)
        before = (slice(None),) * axis
        for number, bounds in enumerate(zip(*adaptive_bounds(size, g.shape[axis]), strict=True)):
            wide[(*before, slice(*bounds))] += g[(*before, slice(number, number + 1))]
        g = wide
    return g


def adaptive_window_counts(spatial: Ints, out_size: Ints) -> Array:
    """Elements of each adaptive window, ``[*out]`` int64."""
    counts: Array = np.ones((), np.int64)
    for size, count in zip(spatial, out_size, strict=True):
        starts, ends = adaptive_bounds(size, count)
        counts = counts[..., None] * (ends - starts)
    return counts


def _window_argmax(x: Array, positions: list[Array]) -> Array:
    """Flat position of each window's maximum; ``positions[d][out, tap]`` are its coordinates.

    Windows that stick out of the image repeat a coordinate, which cannot change a maximum.
    """
    spatial = x.shape[2:]
    taps = list(product(*(range(p.shape[1]) for p in positions)))
    numbers = np.zeros((*x.shape[:2], *(len(p) for p in positions)), np.min_scalar_type(len(taps)))
    if not numbers.size:
        return numbers.astype(np.int64)
    has_nan = x.dtype.kind == "f" and bool(np.isnan(x.max()))
    best = np.array(_tap(x, positions, taps[0]), order="C", copy=True)
    for number, tap in enumerate(taps[1:], 1):
        value = np.ascontiguousarray(_tap(x, positions, tap))
        larger = value > best
        if has_nan:
            larger |= value != value
        np.maximum(best, value, out=best)
        # Numbers grow, so the latest is the largest: no masked write, which would mispredict.
        np.maximum(numbers, larger * numbers.dtype.type(number), out=numbers)
    return _plane_positions(numbers, positions, taps, spatial)


def _tap(x: Array, positions: list[Array], tap: Ints) -> Array:
    """The ``tap``-th element of every window: a strided view where coordinates allow."""
    for axis, (table, t) in enumerate(zip(positions, tap, strict=True), 2):
        column = table[:, t]
        step = int(column[1] - column[0]) if len(column) > 1 else 1
        if step > 0 and (np.diff(column) == step).all():
            x = x[(slice(None),) * axis + (slice(int(column[0]), int(column[-1]) + 1, step),)]
        else:
            x = x.take(column, axis)
    return x


def _plane_positions(
    numbers: Array, positions: list[Array], taps: list[Ints], spatial: Ints
) -> Array:
    """Flat plane positions of the chosen tap ``numbers[N, C, *out]``."""
    out_size = numbers.shape[2:]
    table = np.zeros((len(taps), *out_size), np.int64)
    for number, tap in enumerate(taps):
        flat: Array = np.zeros((), np.int64)
        for size, coordinates, t in zip(spatial, positions, tap, strict=True):
            flat = flat[..., None] * size + coordinates[:, t]
        table[number] = flat
    cells = math.prod(out_size)
    chosen = numbers.reshape(-1, cells).astype(np.intp)
    chosen *= cells
    chosen += np.arange(cells)
    return table.reshape(-1)[chosen].reshape(numbers.shape)


def _flat(indices: Array, plane: int) -> Array:
    offsets = np.arange(math.prod(indices.shape[:2])) * plane
    return indices + offsets.reshape(*indices.shape[:2], *[1] * (indices.ndim - 2))


def _tap_slices(tap: Ints, stride: Ints, out_size: Ints) -> tuple[Any, ...]:
    ends = (t + (n - 1) * s + 1 for t, s, n in zip(tap, stride, out_size, strict=True))
    return (..., *(slice(t, e, s) for t, e, s in zip(tap, ends, stride, strict=True)))


def _covered(
    spatial: Ints, kernel: Ints, stride: Ints, padding: Ints, out_size: Ints
) -> tuple[int, ...]:
    """Size of the padded image that holds every window (``ceil_mode`` may need more)."""
    return tuple(
        max(size + 2 * p, (n - 1) * s + k)
        for size, k, s, p, n in zip(spatial, kernel, stride, padding, out_size, strict=True)
    )


def _zero_padded(x: Array, kernel: Ints, stride: Ints, padding: Ints, out_size: Ints) -> Array:
    spatial = x.shape[2:]
    covered = _covered(spatial, kernel, stride, padding, out_size)
    if covered == spatial:
        return x
    out = np.zeros((*x.shape[:2], *covered), x.dtype)
    inside: tuple[Any, ...] = tuple(slice(p, p + n) for p, n in zip(padding, spatial, strict=True))
    out[(..., *inside)] = x
    return out
