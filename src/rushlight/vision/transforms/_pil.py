"""Transforms of PIL images, by Pillow's own operations. Pillow is imported on use."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from rushlight.vision._bridge import Array

if TYPE_CHECKING:
    from PIL.Image import Image


def is_image(value: Any) -> TypeGuard[Image]:
    """Whether ``value`` is a PIL image (never imports Pillow: no image exists before it is)."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(value, module.Image)


def check(value: Any) -> Image:
    """``value`` if it is a PIL image; ``TypeError`` otherwise."""
    if not is_image(value):
        raise TypeError(f"img should be PIL Image. Got {type(value)}")
    return value


def from_array(array: Array, mode: str) -> Image:
    """An image of this ``mode`` with a copy of the values of ``array`` (H, W) or (H, W, C)."""
    from PIL import Image

    size = (array.shape[1], array.shape[0])
    return Image.frombuffer(mode, size, array.tobytes(), "raw", mode, 0, 1)


def dimensions(img: Any) -> list[int]:
    """``[channels, height, width]``."""
    if not is_image(img):
        raise TypeError(f"Unexpected type {type(img)}")
    return [len(img.getbands()), img.height, img.width]


_ARRAY_TYPES = {"I": np.int32, "I;16": np.int16, "I;16B": np.int16, "F": np.float32}


def to_array(img: Image, unify: bool) -> Array:
    """The pixels as a new (C, H, W) array.

    With ``unify`` as ``to_tensor`` reads them (a bilevel image becomes 0 and 255), else as
    ``pil_to_tensor`` does.
    """
    dtype = _ARRAY_TYPES.get(img.mode, np.uint8) if unify else None
    array = np.array(img, dtype)
    if unify and img.mode == "1":
        array = array * np.uint8(255)
    array = array.reshape(img.height, img.width, len(img.getbands()))
    return array.transpose(2, 0, 1)


def _fill(fill: Any, img: Image) -> Any:
    """``fill`` as Pillow wants it: a value a channel, whole numbers unless the mode is ``F``."""
    channels = len(img.getbands())
    if fill is None:
        fill = 0
    if isinstance(fill, (int, float)) and channels > 1:
        fill = (fill,) * channels
    if isinstance(fill, (list, tuple)):
        if len(fill) == 1:
            fill = tuple(fill) * channels
        elif len(fill) != channels:
            raise ValueError(
                "The number of elements in 'fill' does not match the number of channels of the "
                f"image ({len(fill)} != {channels})"
            )
        return tuple(fill) if img.mode == "F" else tuple(int(v) for v in fill)
    return fill if img.mode == "F" else int(fill)


def hflip(img: Any) -> Image:
    """Mirror left and right."""
    from PIL import Image

    return check(img).transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def vflip(img: Any) -> Image:
    """Mirror top and bottom."""
    from PIL import Image

    return check(img).transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def crop(img: Any, top: int, left: int, height: int, width: int) -> Image:
    """The window at ``(top, left)``; what lies outside the image is 0."""
    return check(img).crop((left, top, left + width, top + height))


def resize(img: Any, size: tuple[int, int], filter_: int) -> Image:
    """Resample to ``size`` = (height, width) with a Pillow filter number."""
    return check(img).resize((size[1], size[0]), filter_)


def pad(img: Any, ltrb: Sequence[int], fill: Any, mode: str) -> Image:
    """Pad the left, top, right and bottom border."""
    from PIL import Image, ImageOps

    check(img)
    if mode == "constant":
        padded = ImageOps.expand(img, border=tuple(ltrb), fill=_fill(fill, img))
    else:
        left, top, right, bottom = ltrb
        if min(ltrb) < 0:
            window = (-min(left, 0), -min(top, 0), img.width + min(right, 0))
            img_part = img.crop((*window, img.height + min(bottom, 0)))
        else:
            img_part = img
        amounts = [(max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0)), (0, 0)]
        pixels = np.asarray(img_part)
        padded = Image.fromarray(
            np.pad(pixels, amounts[: pixels.ndim], mode=mode)  # type: ignore[call-overload]
        )
    if img.mode == "P":
        padded.putpalette(img.getpalette())
    return padded


def rotate(img: Any, angle: float, filter_: int, expand: bool, center: Any, fill: Any) -> Image:
    """Rotate counter-clockwise by ``angle`` degrees."""
    from PIL import Image

    return check(img).rotate(
        angle,
        Image.Resampling(filter_),
        expand,
        None if center is None else tuple(center),
        fillcolor=_fill(fill, img),
    )


def affine(img: Any, matrix: Sequence[float], filter_: int, fill: Any) -> Image:
    """Apply the inverse affine ``matrix`` (six numbers, corner origin)."""
    from PIL import Image

    kind = Image.Transform.AFFINE
    return check(img).transform(img.size, kind, tuple(matrix), filter_, fillcolor=_fill(fill, img))


def perspective(img: Any, coefficients: Sequence[float], filter_: int, fill: Any) -> Image:
    """Apply the perspective map with these eight coefficients."""
    from PIL import Image

    kind = Image.Transform.PERSPECTIVE
    fill = _fill(fill, check(img))
    return check(img).transform(img.size, kind, tuple(coefficients), filter_, fillcolor=fill)


def grayscale(img: Any, channels: int) -> Image:
    """Luminance as one channel or repeated three times."""
    if channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    grey = check(img).convert("L")
    if channels == 1:
        return grey
    from PIL import Image

    return Image.merge("RGB", (grey, grey, grey))


def enhance(img: Any, kind: str, factor: float) -> Image:
    """``PIL.ImageEnhance``'s Brightness, Contrast, Color or Sharpness."""
    from PIL import ImageEnhance

    enhanced: Image = getattr(ImageEnhance, kind)(check(img)).enhance(factor)
    return enhanced


def adjust_hue(img: Any, shift: float) -> Image:
    """Turn the hue by ``shift`` of a full circle (256 steps)."""
    from PIL import Image

    if check(img).mode in ("L", "1", "I", "F"):
        return img
    h, s, v = img.convert("HSV").split()
    turned = np.asarray(h) + np.uint8(int(shift * 255) % 256)
    return Image.merge("HSV", (from_array(turned, "L"), s, v)).convert(img.mode)


def adjust_gamma(img: Any, gamma: float, gain: float) -> Image:
    """``gain * value ** gamma`` on the unit range, by a table."""
    rgb = check(img).convert("RGB")
    table = [int((255 + 1 - 1e-3) * gain * (v / 255.0) ** gamma) for v in range(256)]
    return rgb.point(table * 3).convert(img.mode)


def by_image_ops(img: Any, name: str, *args: Any) -> Image:
    """``PIL.ImageOps``'s invert, posterize, solarize, autocontrast or equalize."""
    from PIL import ImageOps

    changed: Image = getattr(ImageOps, name)(check(img), *args)
    return changed
