"""Image kernels on NumPy arrays of shape ``(..., C, H, W)``.

Every kernel treats the leading dimensions alike and computes each output element by the same
operations in the same order whatever their size. So a batch of images gives bitwise what its images
give one by one, which is what lets datasets be fetched a batch at a time.

Integer images follow torchvision: they are computed in float32 and rounded or truncated back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from rushlight.vision._bridge import Array

Taps = tuple[Array, Array]
"""How one axis is resampled: source index and weight of each tap, both ``(taps, out_size)``."""


def max_value(dtype: np.dtype) -> int:
    """The value of white in this dtype: the largest integer, or 1 for floating point."""
    return int(np.iinfo(dtype).max) if dtype.kind in "iu" else 1


def working_dtype(image: Array) -> np.dtype:
    """The floating point dtype in which ``image`` is computed."""
    return image.dtype if image.dtype.kind == "f" else np.dtype(np.float32)


def rounded(values: Array, dtype: np.dtype) -> Array:
    """``values`` as ``dtype``, rounded half to even where that is an integer type."""
    if values.dtype == dtype:
        return values
    return (np.rint(values) if dtype.kind in "iu" else values).astype(dtype)


# --- values -----------------------------------------------------------------------------------


def convert_dtype(image: Array, dtype: np.dtype) -> Array:
    """``image`` in another dtype with its range scaled, as ``convert_image_dtype``.

    Raises:
        RuntimeError: where a float cannot hold every integer of the target.
    """
    source = image.dtype
    if source == dtype:
        return image
    if source.kind == "f":
        if dtype.kind == "f":
            return image.astype(dtype)
        if (source.itemsize, dtype.itemsize) in ((4, 4), (4, 8), (8, 8)):
            raise RuntimeError(
                f"The cast from torch.{source} to torch.{dtype} cannot be performed safely."
            )
        scaled = image * source.type(max_value(dtype) + 1.0 - 1e-3)
        # Through a wide integer: a negative float to an unsigned type wraps around, as in PyTorch.
        return scaled.astype(np.int64).astype(dtype)
    if dtype.kind == "f":
        return image.astype(dtype) / dtype.type(max_value(source))
    high, low = max_value(source), max_value(dtype)
    if high > low:
        return (image // source.type((high + 1) // (low + 1))).astype(dtype)
    return image.astype(dtype) * dtype.type((low + 1) // (high + 1))


def to_unit(image: Array, dtype: np.dtype) -> Array:
    """A uint8 image divided by 255."""
    return np.divide(image, dtype.type(255), dtype=dtype)


def normalize(image: Array, mean: Array, std: Array) -> Array:
    """``(image - mean) / std`` with one mean and deviation a channel (or one for all)."""
    result = image - _per_channel(mean)
    result /= _per_channel(std)
    return result


def _per_channel(values: Array) -> Array:
    return values.reshape(-1, 1, 1) if values.ndim == 1 else values


def grayscale(image: Array) -> Array:
    """Luminance (ITU-R 601-2) of an RGB image as one channel; a grey image as it is."""
    if image.shape[-3] == 1:
        return image
    dtype = working_dtype(image)
    r, g, b = (np.take(image, c, axis=-3).astype(dtype, copy=False) for c in range(3))
    luma = dtype.type(0.2989) * r + dtype.type(0.587) * g + dtype.type(0.114) * b
    return np.expand_dims(luma.astype(image.dtype), -3)


def blend(image: Array, other: Array | float, ratio: float) -> Array:
    """``ratio * image + (1 - ratio) * other``, clamped to the range of the dtype."""
    dtype = working_dtype(image)
    mixed = dtype.type(ratio) * image.astype(dtype, copy=False)
    mixed = mixed + dtype.type(1.0 - ratio) * np.asarray(other).astype(dtype, copy=False)
    return np.clip(mixed, 0, max_value(image.dtype)).astype(image.dtype)


def adjust_contrast(image: Array, factor: float) -> Array:
    """Blend with the mean grey of each image."""
    mean = grayscale(image).astype(working_dtype(image)).mean(axis=(-3, -2, -1), keepdims=True)
    return blend(image, mean, factor)


def adjust_hue(image: Array, shift: float) -> Array:
    """Turn the hue of an RGB image by ``shift`` of a full circle."""
    rgb = convert_dtype(image, np.dtype(np.float32))
    h, s, v = _rgb_to_hsv(rgb)
    result = _hsv_to_rgb((h + np.float32(shift)) % np.float32(1.0), s, v)
    return convert_dtype(result, image.dtype)


def _rgb_to_hsv(rgb: Array) -> tuple[Array, Array, Array]:
    """Hue, saturation and value in [0, 1] (A. R. Smith, SIGGRAPH 1978: the hexcone model)."""
    r, g, b = (np.take(rgb, c, axis=-3) for c in range(3))
    high = rgb.max(axis=-3)
    chroma = high - rgb.min(axis=-3)
    grey = chroma == 0
    one = np.float32(1.0)
    saturation = chroma / np.where(grey, one, high)
    divisor = np.where(grey, one, chroma)
    rc, gc, bc = ((high - c) / divisor for c in (r, g, b))
    hue = np.where(high == r, bc - gc, np.where(high == g, 2 + rc - bc, 4 + gc - rc))
    return np.fmod(hue / np.float32(6.0) + one, one), saturation, high


def _hsv_to_rgb(h: Array, s: Array, v: Array) -> Array:
    sector = np.floor(h * np.float32(6.0))
    f = h * np.float32(6.0) - sector
    p = np.clip(v * (1 - s), 0, 1)
    q = np.clip(v * (1 - s * f), 0, 1)
    t = np.clip(v * (1 - s * (1 - f)), 0, 1)
    case = sector.astype(np.int64) % 6
    red = np.choose(case, [v, q, p, p, t, v])
    green = np.choose(case, [t, v, v, q, p, p])
    blue = np.choose(case, [p, p, t, v, v, q])
    return np.stack([red, green, blue], axis=-3)


def adjust_gamma(image: Array, gamma: float, gain: float) -> Array:
    """``gain * image ** gamma`` on the unit range."""
    unit = image if image.dtype.kind == "f" else convert_dtype(image, np.dtype(np.float32))
    result = unit.dtype.type(gain) * unit ** unit.dtype.type(gamma)
    return convert_dtype(np.clip(result, 0, 1), image.dtype)


def invert(image: Array) -> Array:
    """The negative."""
    return image.dtype.type(max_value(image.dtype)) - image


def posterize(image: Array, bits: int) -> Array:
    """Keep the highest ``bits`` bits of a uint8 image."""
    return image & np.uint8(256 - 2 ** (8 - bits))


def solarize(image: Array, threshold: float) -> Array:
    """The negative wherever a value reaches ``threshold``."""
    return np.where(image >= threshold, invert(image), image)


def adjust_sharpness(image: Array, factor: float) -> Array:
    """Blend with a 3 x 3 smoothed copy whose border is left as it was."""
    height, width = image.shape[-2:]
    if height <= 2 or width <= 2:
        return image
    dtype = working_dtype(image)
    source = image.astype(dtype, copy=False)
    total = np.zeros((*image.shape[:-2], height - 2, width - 2), dtype)
    for dy in range(3):
        for dx in range(3):
            weight = dtype.type((5.0 if dy == dx == 1 else 1.0) / 13.0)
            total += weight * source[..., dy : height - 2 + dy, dx : width - 2 + dx]
    smooth = image.copy()
    smooth[..., 1:-1, 1:-1] = rounded(total, image.dtype)
    return blend(image, smooth, factor)


def autocontrast(image: Array) -> Array:
    """Stretch each channel to the full range; a channel of one value stays."""
    bound = max_value(image.dtype)
    dtype = working_dtype(image)
    low = image.min(axis=(-2, -1), keepdims=True).astype(dtype)
    span = image.max(axis=(-2, -1), keepdims=True).astype(dtype) - low
    flat = span == 0
    # bound / span as PyTorch divides a number by a tensor: through the reciprocal
    scale = np.reciprocal(np.where(flat, dtype.type(1), span)) * dtype.type(bound)
    scale = np.where(flat, dtype.type(1), scale)
    stretched = (image.astype(dtype, copy=False) - np.where(flat, dtype.type(0), low)) * scale
    return np.clip(stretched, 0, bound).astype(image.dtype)


def equalize(image: Array) -> Array:
    """Flatten the histogram of each channel of a uint8 image."""
    flat = image.reshape(-1, *image.shape[-2:])
    return np.stack([_equalize_channel(channel) for channel in flat]).reshape(image.shape)


def _equalize_channel(channel: Array) -> Array:
    histogram = np.bincount(channel.reshape(-1), minlength=256)
    step = histogram[histogram != 0][:-1].sum() // 255
    if step == 0:
        return channel
    table = np.clip((np.cumsum(histogram) + step // 2) // step, 0, 255)
    return np.concatenate([[0], table[:-1]]).astype(np.uint8)[channel]


# --- geometry ---------------------------------------------------------------------------------


def crop(image: Array, top: int, left: int, height: int, width: int) -> Array:
    """The window at ``(top, left)``; what lies outside the image is 0."""
    h, w = image.shape[-2:]
    bottom, right = top + height, left + width
    window = image[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if left >= 0 and top >= 0 and right <= w and bottom <= h:
        return window
    result = np.zeros((*image.shape[:-2], height, width), image.dtype)
    y, x = max(-top, 0), max(-left, 0)
    result[..., y : y + window.shape[-2], x : x + window.shape[-1]] = window
    return result


def pad(image: Array, ltrb: Sequence[int], fill: float, mode: str) -> Array:
    """Pad (or, with negative amounts, crop) the left, top, right and bottom border."""
    left, top, right, bottom = ltrb
    h, w = image.shape[-2:]
    image = image[
        ..., max(-top, 0) : h - max(-bottom, 0) or None, max(-left, 0) : w - max(-right, 0) or None
    ]
    amounts = [(0, 0)] * (image.ndim - 2)
    amounts += [(max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))]
    if mode == "constant":
        value = np.asarray(fill).astype(image.dtype)
        return np.pad(image, amounts, mode="constant", constant_values=value)
    kind: Any = mode
    return np.pad(image, amounts, mode=kind)


def hflip(image: Array) -> Array:
    """Mirror left and right (a view)."""
    return image[..., ::-1]


def vflip(image: Array) -> Array:
    """Mirror top and bottom (a view)."""
    return image[..., ::-1, :]


# --- resampling -------------------------------------------------------------------------------


def _triangle(x: Array) -> Array:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _cubic(x: Array, a: float) -> Array:
    """Keys' cubic convolution kernel (IEEE TASSP 29(6), 1981)."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


FILTERS: dict[str, tuple[Callable[[Array], Array], float]] = {
    "bilinear": (_triangle, 1.0),
    "bicubic": (lambda x: _cubic(x, -0.5), 2.0),
}


@lru_cache(maxsize=256)
def resample_taps(size: int, out: int, mode: str, antialias: bool) -> Taps:
    """Taps that resample an axis from ``size`` to ``out`` points as ``interpolate`` does.

    With ``antialias`` the filter is widened by the scale when shrinking and its weights are
    normalised over the pixels inside the image, as Pillow does.
    """
    scale = size / out
    position = np.arange(out)
    if mode in ("nearest", "nearest-exact"):
        offset = 0.0 if mode == "nearest" else 0.5
        index = np.floor((position + np.float32(offset)).astype(np.float32) * np.float32(scale))
        return np.minimum(index, size - 1).astype(np.intp)[None], np.ones((1, out))
    if antialias:
        return _antialias_taps(size, scale, position, *FILTERS[mode])
    source = (position + 0.5) * scale - 0.5
    if mode == "bilinear":
        source = np.maximum(source, 0.0)
        first, filter_, count = np.floor(source), _triangle, 2
    else:
        first, filter_, count = np.floor(source) - 1, lambda x: _cubic(x, -0.75), 4
    index = first + np.arange(count)[:, None]
    return np.clip(index, 0, size - 1).astype(np.intp), filter_(index - source)


def _antialias_taps(
    size: int, scale: float, position: Array, filter_: Callable[[Array], Array], radius: float
) -> Taps:
    stretch = max(scale, 1.0)
    support = radius * stretch
    center = (position + 0.5) * scale
    first = np.maximum((center - support + 0.5).astype(np.intp), 0)
    last = np.minimum((center + support + 0.5).astype(np.intp), size)
    index = first + np.arange(math.ceil(support) * 2 + 1)[:, None]
    weight = np.where(index < last, filter_((index - center + 0.5) / stretch), 0.0)
    return np.minimum(index, size - 1), weight / weight.sum(axis=0)


def _resample_axis(image: Array, taps: Taps, axis: int) -> Array:
    """Sum the taps one by one, so that the order of the additions never depends on the shape."""
    shape = (-1, 1) if axis == -2 else (-1,)
    total: Array | None = None
    for index, weight in zip(*taps, strict=True):
        if not weight.any():
            continue
        term = np.take(image, index, axis=axis) * weight.astype(image.dtype).reshape(shape)
        total = term if total is None else np.add(total, term, out=total)
    return image if total is None else total


def resize(image: Array, size: tuple[int, int], mode: str, antialias: bool) -> Array:
    """Resample to ``size`` = (height, width), first along the width."""
    if mode in ("nearest", "nearest-exact"):
        (rows,), _ = resample_taps(image.shape[-2], size[0], mode, False)
        (columns,), _ = resample_taps(image.shape[-1], size[1], mode, False)
        return image[..., rows[:, None], columns]
    result = image.astype(working_dtype(image), copy=False)
    for axis, out in ((-1, size[1]), (-2, size[0])):
        if result.shape[axis] != out or not antialias:
            taps = resample_taps(result.shape[axis], out, mode, antialias)
            result = _resample_axis(result, taps, axis)
    if mode == "bicubic" and image.dtype == np.uint8:
        result = np.clip(result, 0, 255)
    return rounded(result, image.dtype)


def sample(image: Array, x: Array, y: Array, mode: str, fill: Sequence[float] | None) -> Array:
    """Read the image at fractional pixel coordinates ``x``, ``y`` of shape ``(oh, ow)``.

    ``mode`` is ``"nearest"`` or ``"bilinear"``; outside the image lies ``fill`` (a value a channel,
    or one for all) or 0.
    """
    source = image.astype(working_dtype(image), copy=False)
    if mode == "nearest":
        values, mask = _gather(source, np.rint(x), np.rint(y))
    else:
        values, mask = _gather_bilinear(source, x, y)
    if fill is not None:
        outside = np.asarray(fill, source.dtype).reshape(-1, 1, 1)
        if mode == "nearest":
            values = np.where(mask < 0.5, outside, values)
        else:
            values = values * mask + (1 - mask) * outside
    return rounded(values, image.dtype)


def _gather(source: Array, column: Array, row: Array) -> tuple[Array, Array]:
    """Pixels at whole coordinates (0 outside) and the mask of those inside."""
    height, width = source.shape[-2:]
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    rows = np.clip(row, 0, height - 1).astype(np.intp)
    columns = np.clip(column, 0, width - 1).astype(np.intp)
    mask = inside.astype(source.dtype)
    return source[..., rows, columns] * mask, mask


def _gather_bilinear(source: Array, x: Array, y: Array) -> tuple[Array, Array]:
    left, top = np.floor(x), np.floor(y)
    values: Array | float = 0.0
    mask: Array | float = 0.0
    for dy in (0, 1):
        for dx in (0, 1):
            weight = (1 - np.abs(x - (left + dx))) * (1 - np.abs(y - (top + dy)))
            pixel, inside = _gather(source, left + dx, top + dy)
            values, mask = values + pixel * weight, mask + inside * weight
    return np.asarray(values), np.asarray(mask)


def affine_coordinates(
    matrix: Sequence[float], size: tuple[int, int], out: tuple[int, int], dtype: np.dtype
) -> tuple[Array, Array]:
    """Source coordinates of each output pixel under an inverse affine map (centre origin)."""
    height, width = size
    column, row = _centred(out[1], dtype), _centred(out[0], dtype)[:, None]
    a, b, c, d, e, f = (dtype.type(v) for v in matrix)
    half_w, half_h = dtype.type(0.5 * width), dtype.type(0.5 * height)
    # Through coordinates in [-1, 1], rounding as grid_sample's un-normalisation does.
    x = column * (a / half_w) + row * (b / half_w) + c / half_w
    y = column * (d / half_h) + row * (e / half_h) + f / half_h
    return _from_unit(x, width), _from_unit(y, height)


def perspective_coordinates(
    coefficients: Sequence[float], size: tuple[int, int], dtype: np.dtype
) -> tuple[Array, Array]:
    """Source coordinates of each output pixel under a perspective map (corner origin)."""
    height, width = size
    a, b, c, d, e, f, g, h = (dtype.type(v) for v in coefficients)
    column = np.arange(width).astype(dtype) + dtype.type(0.5)
    row = (np.arange(height).astype(dtype) + dtype.type(0.5))[:, None]
    depth = column * g + row * h + dtype.type(1)
    half_w, half_h = dtype.type(0.5 * width), dtype.type(0.5 * height)
    x = (column * (a / half_w) + row * (b / half_w) + c / half_w) / depth - dtype.type(1)
    y = (column * (d / half_h) + row * (e / half_h) + f / half_h) / depth - dtype.type(1)
    return _from_unit(x, width), _from_unit(y, height)


def _centred(size: int, dtype: np.dtype) -> Array:
    return (np.arange(size) - (size - 1) * 0.5).astype(dtype)


def _from_unit(coordinate: Array, size: int) -> Array:
    """From [-1, 1] over the image to pixel indices (``align_corners=False``)."""
    one = coordinate.dtype.type(1)
    return ((coordinate + one) * size - one) / coordinate.dtype.type(2)


def gaussian_blur(image: Array, kernel: Sequence[int], sigma: Sequence[float]) -> Array:
    """Blur with a ``kernel`` = (width, height) Gaussian, the border reflected."""
    source = image.astype(working_dtype(image), copy=False)
    for axis, size, deviation in ((-1, kernel[0], sigma[0]), (-2, kernel[1], sigma[1])):
        x = np.linspace(-(size - 1) * 0.5, (size - 1) * 0.5, size)
        weights = np.exp(-0.5 * (x / deviation) ** 2)
        source = _convolve_axis(source, weights / weights.sum(), axis)
    return rounded(source, image.dtype)


def _convolve_axis(image: Array, weights: Array, axis: int) -> Array:
    half = len(weights) // 2
    amounts = [(0, 0)] * image.ndim
    amounts[axis] = (half, half)
    padded = np.pad(image, amounts, mode="reflect")
    length = image.shape[axis]
    index = np.arange(length) + np.arange(len(weights))[:, None]
    return _resample_axis(padded, (index, np.repeat(weights[:, None], length, axis=1)), axis)
