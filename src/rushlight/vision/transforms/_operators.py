"""The common image functions as tensor operators, used where gradients have to flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rushlight import ops
from rushlight.dtypes import dtype as DType
from rushlight.nn import functional as nn_functional
from rushlight.tensor import Tensor


def hflip(img: Tensor) -> Tensor:
    """Mirror left and right."""
    return img.flip(-1)


def vflip(img: Tensor) -> Tensor:
    """Mirror top and bottom."""
    return img.flip(-2)


def crop(img: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """The window at ``(top, left)``; what lies outside the image is 0."""
    window = img[..., max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)]
    above, before = max(-top, 0), max(-left, 0)
    below, after = height - above - window.shape[-2], width - before - window.shape[-1]
    if not (above or before or below or after):
        return window
    return nn_functional.pad(window, (before, after, above, below))


def pad(img: Tensor, ltrb: Sequence[int], fill: float, mode: str) -> Tensor:
    """Pad the left, top, right and bottom border."""
    left, top, right, bottom = ltrb
    if mode == "constant":
        return nn_functional.pad(img, (left, right, top, bottom), value=float(fill))
    rows = _border_index(img.shape[-2], top, bottom, mode)
    columns = _border_index(img.shape[-1], left, right, mode)
    return img.index_select(-2, rows).index_select(-1, columns)


def _border_index(size: int, before: int, after: int, mode: str) -> Tensor:
    import numpy as np

    index = np.arange(size)[max(-before, 0) : size - max(-after, 0)]
    padded = np.pad(index, (max(before, 0), max(after, 0)), mode=mode)  # type: ignore[call-overload]
    return ops.tensor(padded.tolist())


def normalize(img: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """``(img - mean) / std`` with one mean and deviation a channel."""
    return (img - _per_channel(mean)) / _per_channel(std)


def _per_channel(values: Tensor) -> Tensor:
    return values.reshape(-1, 1, 1) if values.dim() == 1 else values


def convert_dtype(img: Tensor, dtype: DType) -> Tensor:
    """A floating point image in another floating point dtype."""
    return img.to(dtype)


def resize(img: Tensor, size: tuple[int, int], mode: str, antialias: bool) -> Tensor:
    """Resample to ``size`` = (height, width) by two products with weight matrices."""
    import numpy as np

    from rushlight.vision.transforms._array import resample_taps

    result = img
    for axis, out in ((-1, size[1]), (-2, size[0])):
        index, weight = resample_taps(result.shape[axis], out, mode, antialias)
        matrix = np.zeros((out, result.shape[axis]))
        np.add.at(matrix, (np.arange(out), index), weight)
        weights = ops.tensor(matrix.tolist(), dtype=img.dtype)
        result = result @ weights.t() if axis == -1 else weights @ result
    return result


def grayscale(img: Tensor) -> Tensor:
    """Luminance as one channel."""
    if img.shape[-3] == 1:
        return img
    r, g, b = img.unbind(-3)
    return (0.2989 * r + 0.587 * g + 0.114 * b).unsqueeze(-3)


def blend(img: Tensor, other: Any, ratio: float) -> Tensor:
    """``ratio * img + (1 - ratio) * other``, clamped to [0, 1]."""
    return (ratio * img + (1.0 - ratio) * other).clamp(0, 1)


def adjust_contrast(img: Tensor, factor: float) -> Tensor:
    """Blend with the mean grey of each image."""
    return blend(img, grayscale(img).mean(dim=(-3, -2, -1), keepdim=True), factor)


def invert(img: Tensor) -> Tensor:
    """The negative."""
    return 1 - img
