"""Grids of images, saved images and boxes drawn on them."""

from __future__ import annotations

import math
import os
import warnings
from typing import IO, Any

import numpy as np

from rushlight.dtypes import uint8
from rushlight.tensor import Tensor
from rushlight.vision._bridge import Array, from_array, to_array

__all__ = ["draw_bounding_boxes", "draw_segmentation_masks", "make_grid", "save_image"]


def _stacked(images: Any) -> Array:
    """The images as one array (N, C, H, W), single grey channels repeated to three."""
    if isinstance(images, Tensor):
        array = to_array(images)
    elif isinstance(images, list):
        for image in images:
            if not isinstance(image, Tensor):
                raise TypeError(
                    f"tensor or list of tensors expected, got a list containing {type(image)}"
                )
        array = np.stack([to_array(image) for image in images])
    else:
        raise TypeError(f"tensor or list of tensors expected, got {type(images)}")
    if array.ndim == 2:
        array = array[None]
    if array.ndim == 3:
        array = array[None]
    if array.ndim == 4 and array.shape[1] == 1:
        array = np.repeat(array, 3, axis=1)
    return array


def _to_unit(values: Array, limits: tuple[float, float] | None) -> Array:
    """``values`` clamped to ``limits`` (their own by default) and scaled to [0, 1]."""
    low, high = limits if limits is not None else (float(values.min()), float(values.max()))
    scaled = np.clip(values, low, high) - values.dtype.type(low)
    return np.asarray(scaled / values.dtype.type(max(high - low, 1e-5)))


def make_grid(
    tensor: Any,
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Images side by side in one image.

    Args:
        tensor: (N, C, H, W), or a list of (C, H, W) tensors of one size.
        nrow: the number of images in a row.
        padding: the space around each image, filled with ``pad_value``.
        normalize: scale the values to [0, 1] from ``value_range`` or their minimum and maximum,
            those of each image if ``scale_each``.

    Returns:
        A (C, H', W') tensor of the same dtype; a single image comes back without padding.
    """
    images = _stacked(tensor)
    if normalize:
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError(
                "value_range has to be a tuple (min, max) if specified. min and max are numbers"
            )
        if scale_each:
            images = np.stack([_to_unit(image, value_range) for image in images])
        else:
            images = _to_unit(images, value_range)
    if len(images) == 1:
        return from_array(images[0].copy())
    columns = min(nrow, len(images))
    rows = math.ceil(len(images) / columns)
    channels, height, width = images.shape[1:]
    shape = (channels, (height + padding) * rows + padding, (width + padding) * columns + padding)
    grid = np.full(shape, np.asarray(pad_value).astype(images.dtype))
    for k, image in enumerate(images):
        y = k // columns * (height + padding) + padding
        x = k % columns * (width + padding) + padding
        grid[:, y : y + height, x : x + width] = image
    return from_array(grid)


def save_image(
    tensor: Any,
    fp: str | os.PathLike[str] | IO[bytes],
    format: str | None = None,
    **kwargs: Any,
) -> None:
    """Save images with values in [0, 1] as one image file, in a grid (see ``make_grid``)."""
    from PIL import Image

    grid = to_array(make_grid(tensor, **kwargs))
    pixels = np.clip(grid * 255 + 0.5, 0, 255).astype(np.uint8)
    Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0))).save(fp, format=format)


def _colors(colors: Any, count: int) -> list[tuple[int, ...]]:
    """One RGB colour an object, from a colour, a list of them, or a palette."""
    from PIL import ImageColor

    if colors is None:
        multiples = np.arange(count)[:, None] * np.array([2**25 - 1, 2**15 - 1, 2**21 - 1])
        return [tuple(int(v) for v in color % 255) for color in multiples]
    if isinstance(colors, list):
        if len(colors) < count:
            raise ValueError(
                f"Number of colors must be equal or larger than the number of objects, "
                f"but got {len(colors)} < {count}."
            )
        chosen = colors[:count]
    elif isinstance(colors, (str, tuple)):
        chosen = [colors] * count
    else:
        raise ValueError(
            f"colors must be a tuple or a string, or a list thereof, but got {colors}."
        )
    return [ImageColor.getrgb(c) if isinstance(c, str) else c for c in chosen]


def _check_image(image: Any) -> None:
    if not isinstance(image, Tensor):
        raise TypeError(f"Tensor expected, got {type(image)}")
    if not (image.dtype == uint8 or image.is_floating_point()):
        raise ValueError(f"The image dtype must be uint8 or float, got {image.dtype}")
    if image.dim() != 3:
        raise ValueError("Pass individual images, not batches")


def draw_bounding_boxes(
    image: Tensor,
    boxes: Tensor,
    labels: list[str] | None = None,
    colors: Any = None,
    fill: bool = False,
    width: int = 1,
    font: str | None = None,
    font_size: int | None = None,
) -> Tensor:
    """Draw boxes (N, 4) = (xmin, ymin, xmax, ymax), and their labels, on a copy of an image.

    Args:
        image: (1 or 3, H, W), uint8 or floating point in [0, 1].
        labels: one text a box, or None.
        colors: a colour (name or RGB) or a list of one a box; by default all differ.
        fill: fill the boxes with a transparent colour.
        width: of the lines.
        font, font_size: a TrueType file for the labels.

    Returns:
        A (3, H, W) image of the same dtype.
    """
    from PIL import ImageDraw, ImageFont

    from rushlight.vision.transforms import functional as F

    _check_image(image)
    if image.shape[0] not in (1, 3):
        raise ValueError("Only grayscale and RGB images are supported")
    corners = to_array(boxes)
    if (corners[:, :2] > corners[:, 2:]).any():
        raise ValueError("Boxes need to be in (xmin, ymin, xmax, ymax) format.")
    if not len(corners):
        warnings.warn("boxes doesn't contain any box. No box was drawn")
        return image
    if labels is not None and len(labels) != len(corners):
        raise ValueError(
            f"Number of boxes ({len(corners)}) and labels ({len(labels)}) mismatch. "
            "Please specify labels for each box."
        )
    typeface: Any = ImageFont.truetype(font, font_size or 10) if font else ImageFont.load_default()
    canvas = F.to_pil_image(F.convert_image_dtype(image, uint8)).convert("RGB")
    draw = ImageDraw.Draw(canvas, "RGBA" if fill else None)
    texts: list[Any] = labels or [None] * len(corners)
    for box, color, text in zip(
        corners.astype(np.int64).tolist(), _colors(colors, len(corners)), texts, strict=True
    ):
        draw.rectangle(box, width=width, outline=color, fill=(*color, 100) if fill else None)
        if text is not None:
            place = (box[0] + width + 1, box[1] + width + 1)
            draw.text(place, text, fill=color, font=typeface)
    return F.convert_image_dtype(F.pil_to_tensor(canvas), image.dtype)


def draw_segmentation_masks(
    image: Tensor, masks: Tensor, alpha: float = 0.8, colors: Any = None
) -> Tensor:
    """Lay coloured masks (N, H, W) of dtype bool over a (3, H, W) image; overlaps are black."""
    _check_image(image)
    if image.shape[0] != 3:
        raise ValueError("Pass an RGB image. Other Image formats are not supported")
    areas = to_array(masks)
    areas = areas[None] if areas.ndim == 2 else areas
    if areas.ndim != 3:
        raise ValueError("masks must be of shape (H, W) or (batch_size, H, W)")
    if areas.dtype != np.bool_:
        raise ValueError(f"The masks must be of dtype bool. Got {masks.dtype}")
    if areas.shape[1:] != tuple(image.shape[1:]):
        raise ValueError("The image and the masks must have the same height and width")
    if not len(areas):
        warnings.warn("masks doesn't contain any mask. No mask was drawn")
        return image
    base = to_array(image)
    scale = 1 if base.dtype == np.uint8 else 1 / 255
    painted = base.copy()
    for area, color in zip(areas, _colors(colors, len(areas)), strict=True):
        painted[:, area] = (np.array(color) * scale).astype(base.dtype)[:, None]
    painted[:, areas.sum(axis=0) > 1] = 0
    kind = base.dtype if base.dtype.kind == "f" else np.dtype(np.float32)
    mixed = base * kind.type(1 - alpha) + painted * kind.type(alpha)
    return from_array(mixed.astype(base.dtype))
