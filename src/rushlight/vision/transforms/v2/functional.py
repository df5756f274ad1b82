"""The functions of ``torchvision.transforms.v2.functional`` for PIL images and plain tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from rushlight.dtypes import dtype as DType
from rushlight.dtypes import float32, uint8
from rushlight.tensor import Tensor
from rushlight.vision._bridge import from_array, numpy_dtype, to_array
from rushlight.vision.transforms import _array, _pil
from rushlight.vision.transforms import functional as _v1
from rushlight.vision.transforms.functional import (
    InterpolationMode,
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_hue,
    adjust_saturation,
    adjust_sharpness,
    affine,
    autocontrast,
    center_crop,
    crop,
    elastic_transform,
    equalize,
    five_crop,
    gaussian_blur,
    get_dimensions,
    get_image_size,
    hflip,
    invert,
    normalize,
    pad,
    perspective,
    pil_to_tensor,
    posterize,
    rgb_to_grayscale,
    rotate,
    solarize,
    ten_crop,
    to_pil_image,
    vflip,
)

__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "affine",
    "autocontrast",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "elastic_transform",
    "equalize",
    "erase",
    "five_crop",
    "gaussian_blur",
    "get_dimensions",
    "get_image_size",
    "get_size",
    "grayscale_to_rgb",
    "hflip",
    "horizontal_flip",
    "invert",
    "normalize",
    "pad",
    "perspective",
    "pil_to_tensor",
    "posterize",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "scaled",
    "solarize",
    "ten_crop",
    "to_dtype",
    "to_grayscale",
    "to_image",
    "to_pil_image",
    "vertical_flip",
    "vflip",
]

horizontal_flip, vertical_flip = hflip, vflip
to_grayscale = rgb_to_grayscale


def get_size(img: Any) -> list[int]:
    """``[height, width]`` of an image."""
    return get_dimensions(img)[1:]


def resize(
    inpt: Any,
    size: Any,
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """As in version 1, but a smoothed uint8 tensor is rounded after each axis, as Pillow does."""
    mode = _v1.interpolation_mode(interpolation)
    if not isinstance(inpt, Tensor) or inpt.dtype != uint8 or not antialias:
        return _v1.resize(inpt, size, mode, max_size, antialias)
    _, height, width = get_dimensions(inpt)
    target = _v1.resized_size((height, width), size, max_size)
    wide = _v1.resize(inpt, (height, target[1]), mode)
    return _v1.resize(wide, target, mode)


def resized_crop(
    inpt: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Any,
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """Crop, then resize."""
    window = crop(inpt, top, left, height, width)
    return resize(window, size, interpolation, antialias=antialias)


def erase(inpt: Any, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Any:
    """Write ``v`` over the window of size (h, w) at ``(i, j)`` of a tensor or PIL image."""
    if isinstance(inpt, Tensor):
        return _v1.erase(inpt, i, j, h, w, v, inplace)
    return to_pil_image(_v1.erase(pil_to_tensor(inpt), i, j, h, w, v), inpt.mode)


def to_image(inpt: Any) -> Tensor:
    """A PIL image, (H, W[, C]) array or tensor as a plain (C, H, W) tensor, values unscaled.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(inpt, Tensor):
        return inpt[None] if inpt.ndim == 2 else inpt
    if isinstance(inpt, np.ndarray):
        array = inpt[..., None] if inpt.ndim == 2 else inpt
        return from_array(np.array(array.transpose(2, 0, 1), order="C"))
    if not _pil.is_image(inpt):
        raise TypeError(
            "Input can either be a pure Tensor, a numpy array, or a PIL image, "
            f"but got {type(inpt)} instead."
        )
    return pil_to_tensor(inpt)


def to_dtype(inpt: Tensor, dtype: DType = float32, scale: bool = False) -> Tensor:
    """The tensor in another dtype, its values scaled to that type's range if ``scale``."""
    if inpt.dtype == dtype or not scale:
        return inpt.to(dtype)
    if inpt.is_floating_point() or not dtype.is_floating_point:
        return _v1.convert_image_dtype(inpt, dtype)
    return from_array(scaled(to_array(inpt), numpy_dtype(dtype)))


def scaled(image: Any, dtype: np.dtype) -> Any:
    """Whole numbers as a fraction of white: times the reciprocal, where version 1 divides."""
    return image.astype(dtype) * dtype.type(1.0 / _array.max_value(image.dtype))


def convert_image_dtype(image: Tensor, dtype: DType = float32) -> Tensor:
    """The image in another dtype, its values scaled."""
    return to_dtype(image, dtype, scale=True)


def grayscale_to_rgb(img: Any) -> Any:
    """A grey image with its channel repeated three times; a colour image as it is."""
    if not isinstance(img, Tensor):
        return img.convert("RGB")
    return img if img.shape[-3] >= 3 else img.expand(*img.shape[:-3], 3, *img.shape[-2:])
