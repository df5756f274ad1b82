"""The functions of ``torchvision.transforms.v2.functional`` for PIL images and plain tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from rushlight.dtypes import dtype as DType
from rushlight.dtypes import float32
from rushlight.tensor import Tensor
from rushlight.vision._bridge import from_array, numpy_dtype, to_array
from rushlight.vision.transforms import _array
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
    erase,
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
    resize,
    resized_crop,
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
    if not _v1._pil.is_image(inpt):
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
