"""Functions on images: PIL images by Pillow, tensors of shape ``(..., C, H, W)`` by array kernels.

The functions, their arguments and results are those of ``torchvision.transforms.functional``. A
tensor that requires gradients goes through differentiable operators instead, where there are any.
"""

from __future__ import annotations

import math
import numbers
import sys
import warnings
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import numpy as np

from rushlight import ops
from rushlight.autograd import is_grad_enabled
from rushlight.dtypes import dtype as DType
from rushlight.dtypes import float32, uint8
from rushlight.tensor import Tensor
from rushlight.vision._bridge import default_dtype, from_array, numpy_dtype, to_array
from rushlight.vision.transforms import _array, _operators, _pil


class InterpolationMode(Enum):
    """How values between pixels are found."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


pil_modes_mapping = {
    InterpolationMode.NEAREST: 0,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.NEAREST_EXACT: 0,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
    InterpolationMode.LANCZOS: 1,
}
_MODE_OF_PIL = {0: InterpolationMode.NEAREST} | {
    number: mode for mode, number in pil_modes_mapping.items() if number
}


def interpolation_mode(mode: Any) -> InterpolationMode:
    """``mode`` as an InterpolationMode; Pillow's integer constants are accepted."""
    if isinstance(mode, InterpolationMode):
        return mode
    if isinstance(mode, int) and mode in _MODE_OF_PIL:
        return _MODE_OF_PIL[mode]
    raise TypeError(
        "Argument interpolation should be a InterpolationMode or a corresponding Pillow integer "
        "constant"
    )


# --- dispatch ---------------------------------------------------------------------------------


def _on_tensor(name: str, img: Tensor, *args: Any) -> Tensor:
    """Run the kernel ``name`` on a tensor image: by operators where a gradient is recorded."""
    if img.requires_grad and is_grad_enabled():
        operator: Callable[..., Tensor] | None = getattr(_operators, name, None)
        if operator is None:
            raise RuntimeError(
                f"Rushlight's {name}() of tensor images is not differentiable: "
                "pass img.detach(), or call it under no_grad()"
            )
        return operator(img, *args)
    source = to_array(img)
    result = getattr(_array, name)(source, *args)
    return from_array(result.copy() if np.may_share_memory(result, source) else result)


def _image_tensor(img: Tensor, channels: tuple[int, ...] | None = None, ndim: int = 2) -> Tensor:
    """``img`` if it has at least ``ndim`` dimensions and a permitted number of channels."""
    if img.ndim < 2:
        raise TypeError("Tensor is not a torch image.")
    if img.ndim < ndim:
        raise TypeError(
            f"Input image tensor should have at least {ndim} dimensions, but found {img.ndim}"
        )
    if channels is not None and get_dimensions(img)[0] not in channels:
        raise TypeError(
            f"Input image tensor permitted channel values are {list(channels)}, "
            f"but found {get_dimensions(img)[0]}"
        )
    return img


def get_dimensions(img: Any) -> list[int]:
    """``[channels, height, width]`` of an image."""
    if isinstance(img, Tensor):
        if img.ndim < 2:
            raise TypeError("Tensor is not a torch image.")
        return [1 if img.ndim == 2 else img.shape[-3], img.shape[-2], img.shape[-1]]
    return _pil.dimensions(img)


def get_image_size(img: Any) -> list[int]:
    """``[width, height]`` of an image."""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Any) -> int:
    """The number of channels of an image."""
    return get_dimensions(img)[0]


# --- conversions ------------------------------------------------------------------------------


def to_tensor(pic: Any) -> Tensor:
    """A PIL image or (H, W[, C]) array as a (C, H, W) tensor; uint8 is scaled to [0, 1].

    Raises:
        TypeError: for anything else.
        ValueError: for an array that is not 2/3 dimensional.
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        array = pic[None] if pic.ndim == 2 else pic.transpose(2, 0, 1)
        array = array if array.dtype == np.uint8 else np.array(array, order="C")
    elif _pil.is_image(pic):
        array = _pil.to_array(pic, unify=True)
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    if array.dtype != np.uint8:
        return from_array(array)
    return from_array(_array.to_unit(np.ascontiguousarray(array), default_dtype()))


def pil_to_tensor(pic: Any) -> Tensor:
    """A PIL image as a (C, H, W) tensor of the same type, values unscaled."""
    if not _pil.is_image(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    return from_array(_pil.to_array(pic, unify=False))


def convert_image_dtype(image: Tensor, dtype: DType = float32) -> Tensor:
    """The image in another dtype, its values scaled to that type's range.

    Raises:
        RuntimeError: where floating point cannot hold every integer of the target.
    """
    if not isinstance(image, Tensor):
        raise TypeError("Input img should be Tensor Image")
    if image.dtype == dtype:
        return image
    if image.requires_grad and is_grad_enabled() and dtype.is_floating_point:
        return _operators.convert_dtype(image, dtype)
    return from_array(_array.convert_dtype(to_array(image), numpy_dtype(dtype)))


_LITTLE = sys.byteorder == "little"
_GREY_MODES = {"uint8": "L", "int16": "I;16" if _LITTLE else "I;16B", "int32": "I", "float32": "F"}
_COLOUR_MODES = {2: ("LA",), 3: ("RGB", "YCbCr", "HSV"), 4: ("RGBA", "CMYK", "RGBX")}


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A (C, H, W) tensor or (H, W[, C]) array as a PIL image; floats are scaled by 255.

    Raises:
        TypeError: for an unsupported input or element type.
        ValueError: for a wrong number of dimensions or channels, or a mode that does not fit.
    """
    if isinstance(pic, Tensor):
        array = to_array(pic)
        array = array.transpose(1, 2, 0) if array.ndim == 3 else array
    elif isinstance(pic, np.ndarray):
        array = pic
    else:
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if array.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {array.ndim} dimensions.")
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {channels} channels.")
    if array.dtype.kind == "f" and mode != "F":
        array = (array * 255).astype(np.int64).astype(np.uint8)
    if channels == 1:
        array = array.reshape(array.shape[:2])
        expected = _GREY_MODES.get(str(array.dtype))
        if mode is not None and mode != expected:
            raise ValueError(
                f"Incorrect mode ({mode}) supplied for input type {array.dtype}. "
                f"Should be {expected}"
            )
        mode = expected
    elif mode is None and array.dtype == np.uint8:
        mode = _COLOUR_MODES[channels][0]
    elif mode is not None and mode not in _COLOUR_MODES[channels]:
        permitted = list(_COLOUR_MODES[channels])
        raise ValueError(f"Only modes {permitted} are supported for {channels}D inputs")
    if mode is None:
        raise TypeError(f"Input type {array.dtype} is not supported")
    return _pil.from_array(array, mode)


def normalize(
    tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False
) -> Tensor:
    """``(tensor - mean) / std`` channel by channel.

    Raises:
        TypeError: for anything but a floating point tensor.
        ValueError: for fewer than three dimensions, or a deviation of zero.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). "
            f"Got tensor.size() = {tensor.size()}"
        )
    means, stds = (
        ops.as_tensor(v if isinstance(v, Tensor) else list(np.atleast_1d(v)), dtype=tensor.dtype)
        for v in (mean, std)
    )
    std_array = to_array(stds)
    if (std_array == 0).any():
        raise ValueError(
            f"std evaluated to zero after conversion to {tensor.dtype}, "
            "leading to division by zero."
        )
    wider = max(means.numel(), stds.numel())
    if wider not in (1, tensor.shape[-3]):
        shape = [*tensor.shape[:-3], wider, *tensor.shape[-2:]]
        raise RuntimeError(
            f"output with shape {list(tensor.shape)} doesn't match the broadcast shape {shape}"
        )
    if tensor.requires_grad and is_grad_enabled():
        return _operators.normalize(tensor, means, stds)
    result = from_array(_array.normalize(to_array(tensor), to_array(means), std_array))
    return tensor.copy_(result) if inplace else result


# --- geometry ---------------------------------------------------------------------------------


def resized_size(image_size: tuple[int, int], size: Any, max_size: int | None) -> tuple[int, int]:
    """The (height, width) that ``resize`` gives an image of ``image_size`` = (height, width)."""
    if not isinstance(size, int) and len(size) == 2:
        if max_size is not None:
            raise ValueError(
                "max_size should only be passed if size specifies the length of the smaller edge, "
                "i.e. size should be an int or a sequence of length 1 in torchscript mode."
            )
        return int(size[0]), int(size[1])
    new_short = size if isinstance(size, int) else size[0]
    short, long = sorted(image_size)
    new_long = int(new_short * long / short)
    if max_size is not None:
        if max_size <= new_short:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested size for the "
                f"smaller edge size = {size}"
            )
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    height, width = image_size
    return (new_long, new_short) if width <= height else (new_short, new_long)


def resize(
    img: Any,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """Resample to ``size``: (height, width), or the length of the shorter edge.

    ``antialias`` matters for tensors with bilinear or bicubic mode; Pillow always smooths.
    """
    mode = interpolation_mode(interpolation)
    if isinstance(size, (list, tuple)) and len(size) not in (1, 2):
        raise ValueError(
            f"Size must be an int or a 1 or 2 element tuple/list, not a {len(size)} element "
            "tuple/list"
        )
    _, height, width = get_dimensions(img)
    target = resized_size((height, width), size, max_size)
    if target == (height, width):
        return img
    if not isinstance(img, Tensor):
        if antialias is False:
            warnings.warn(
                "Anti-alias option is always applied for PIL Image input. "
                "Argument antialias is ignored."
            )
        return _pil.resize(img, target, pil_modes_mapping[mode])
    if mode.value not in ("nearest", "nearest-exact", "bilinear", "bicubic"):
        raise ValueError(f"Interpolation mode '{mode.value}' is unsupported with Tensor input")
    smooth = bool(antialias) and mode.value in ("bilinear", "bicubic")
    return _on_tensor("resize", img, target, mode.value, smooth)


def pad_amounts(padding: Any) -> tuple[int, int, int, int]:
    """``padding`` (all / horizontal, vertical / each) as left, top, right, bottom."""
    if isinstance(padding, numbers.Number):
        return (int(padding),) * 4  # type: ignore[call-overload]
    if not isinstance(padding, (list, tuple)):
        raise TypeError("Got inappropriate padding arg")
    if len(padding) not in (1, 2, 4):
        raise ValueError(
            f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(padding)} element "
            "tuple"
        )
    left, top, right, bottom = tuple(padding) * (4 // len(padding))
    return left, top, right, bottom


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """Pad the borders by a constant, or by "edge", "reflect" or "symmetric" continuation."""
    amounts = pad_amounts(padding)
    if not isinstance(padding_mode, str):
        raise TypeError("Got inappropriate padding_mode arg")
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    if fill is not None and not isinstance(fill, (numbers.Number, tuple, list)):
        raise TypeError("Got inappropriate fill arg")
    if not isinstance(img, Tensor):
        return _pil.pad(img, amounts, fill, padding_mode)
    if isinstance(fill, (tuple, list)):
        raise TypeError("Got inappropriate fill arg")
    return _on_tensor("pad", _image_tensor(img), amounts, fill or 0, padding_mode)


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The window of this size at ``(top, left)``; what lies outside the image is 0."""
    if not isinstance(img, Tensor):
        return _pil.crop(img, top, left, height, width)
    return _on_tensor("crop", _image_tensor(img), top, left, height, width)


def pair(size: Any) -> tuple[int, int]:
    """``size`` as (height, width): an int or a sequence of one stands for a square."""
    if isinstance(size, numbers.Number):
        return int(size), int(size)  # type: ignore[call-overload]
    return (size[0], size[0]) if len(size) == 1 else tuple(size)


def centre_padding(height: int, width: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The padding (left, top, right, bottom) that makes an image large enough to crop."""
    dy, dx = max(size[0] - height, 0), max(size[1] - width, 0)
    return dx // 2, dy // 2, (dx + 1) // 2, (dy + 1) // 2


def centre_offset(height: int, width: int, size: tuple[int, int]) -> tuple[int, int]:
    """The (top, left) of the centred window."""
    return round((height - size[0]) / 2.0), round((width - size[1]) / 2.0)


def center_crop(img: Any, output_size: int | Sequence[int]) -> Any:
    """The window of this size in the middle, the image padded with 0 where it is too small."""
    size = pair(output_size)
    _, height, width = get_dimensions(img)
    padding = centre_padding(height, width, size)
    if any(padding):
        img = pad(img, padding, fill=0)
        _, height, width = get_dimensions(img)
        if (height, width) == size:
            return img
    return crop(img, *centre_offset(height, width, size), *size)


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """Crop, then resize."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def hflip(img: Any) -> Any:
    """Mirror left and right."""
    return _on_tensor("hflip", _image_tensor(img)) if isinstance(img, Tensor) else _pil.hflip(img)


def vflip(img: Any) -> Any:
    """Mirror top and bottom."""
    return _on_tensor("vflip", _image_tensor(img)) if isinstance(img, Tensor) else _pil.vflip(img)


def five_crop(img: Any, size: int | Sequence[int]) -> tuple[Any, Any, Any, Any, Any]:
    """The four corners (top left, top right, bottom left, bottom right) and the centre."""
    h, w = _crop_pair(size)
    _, height, width = get_dimensions(img)
    if w > width or h > height:
        raise ValueError(f"Requested crop size {size} is bigger than input size {(height, width)}")
    return (
        crop(img, 0, 0, h, w),
        crop(img, 0, width - w, h, w),
        crop(img, height - h, 0, h, w),
        crop(img, height - h, width - w, h, w),
        center_crop(img, [h, w]),
    )


def _crop_pair(size: Any) -> tuple[int, int]:
    result = pair(size)
    if len(result) != 2:
        raise ValueError("Please provide only two dimensions (h, w) for size.")
    return result


def ten_crop(img: Any, size: int | Sequence[int], vertical_flip: bool = False) -> tuple[Any, ...]:
    """``five_crop`` of the image and of its mirror image."""
    mirrored = vflip(img) if vertical_flip else hflip(img)
    return five_crop(img, size) + five_crop(mirrored, size)


def inverse_affine_matrix(
    center: Sequence[float],
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: Sequence[float],
) -> list[float]:
    """The six numbers that map output to input coordinates.

    The forward map is T(translate) C R(angle) Shear(shear) Scale(scale) C^-1 with C the
    translation to ``center``; rotation and shear compose to [[a, b], [c, d]] of determinant 1.
    """
    rot, sx, sy = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    (cx, cy), (tx, ty) = center, translate
    a = math.cos(rot - sy) / math.cos(sy)
    b = -a * math.tan(sx) - math.sin(rot)
    c = math.sin(rot - sy) / math.cos(sy)
    d = -c * math.tan(sx) + math.cos(rot)
    m00, m01, m10, m11 = d / scale, -b / scale, -c / scale, a / scale
    x, y = -cx - tx, -cy - ty
    return [m00, m01, m00 * x + m01 * y + cx, m10, m11, m10 * x + m11 * y + cy]


def _channel_fill(img: Tensor, fill: Any) -> list[float] | None:
    if fill is None:
        return None
    values = [float(v) for v in fill] if isinstance(fill, (list, tuple)) else [float(fill)]
    channels = get_dimensions(img)[0]
    if len(values) not in (1, channels):
        raise ValueError(
            "The number of elements in 'fill' cannot broadcast to match the number of channels of "
            f"the image ({len(values)} != {channels})"
        )
    return values


def _sample(img: Tensor, x: Any, y: Any, mode: InterpolationMode, fill: Any) -> Tensor:
    if mode.value not in ("nearest", "bilinear"):
        raise ValueError(f"Interpolation mode '{mode.value}' is unsupported with Tensor input")
    return _on_tensor("sample", img, x, y, mode.value, _channel_fill(img, fill))


def _centre_of(img: Any, center: Any) -> list[float]:
    """``center`` relative to the middle of the image."""
    if center is None:
        return [0.0, 0.0]
    if not isinstance(center, (list, tuple)):
        raise TypeError("Argument center should be a sequence")
    _, height, width = get_dimensions(img)
    return [center[0] - width * 0.5, center[1] - height * 0.5]


def _expanded_size(matrix: Sequence[float], height: int, width: int) -> tuple[int, int]:
    """The (height, width) that holds the whole rotated image."""
    corners = np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, 0.5], [0.5, -0.5]], np.float32)
    corners *= np.array([width, height], np.float32)
    linear = np.array([matrix[0:2], matrix[3:5]], np.float32)
    points = corners @ linear.T + np.array([matrix[2], matrix[5]], np.float32)
    points += np.array([width, height], np.float32) / 2
    tolerance = np.float32(1e-4)  # rounding must not add a row of background
    high = np.ceil(np.trunc(points.max(axis=0) / tolerance) * tolerance)
    low = np.floor(np.trunc(points.min(axis=0) / tolerance) * tolerance)
    new_width, new_height = (high - low).astype(int).tolist()
    return new_height, new_width


def rotate(
    img: Any,
    angle: float,
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[int] | None = None,
    fill: Any = None,
) -> Any:
    """Rotate counter-clockwise by ``angle`` degrees, about the middle or ``center`` = (x, y)."""
    mode = interpolation_mode(interpolation)
    if not isinstance(angle, (int, float)):
        raise TypeError("Argument angle should be int or float")
    middle = _centre_of(img, center)
    if not isinstance(img, Tensor):
        return _pil.rotate(img, angle, pil_modes_mapping[mode], expand, center, fill)
    matrix = inverse_affine_matrix(middle, -angle, [0.0, 0.0], 1.0, [0.0, 0.0])
    _, height, width = get_dimensions(img)
    out = _expanded_size(matrix, height, width) if expand else (height, width)
    return _warp(img, matrix, out, mode, fill)


def _warp(
    img: Tensor, matrix: Sequence[float], out: tuple[int, int], mode: InterpolationMode, fill: Any
) -> Tensor:
    dtype = numpy_dtype(img.dtype) if img.is_floating_point() else np.dtype(np.float32)
    size = (img.shape[-2], img.shape[-1])
    return _sample(img, *_array.affine_coordinates(matrix, size, out, dtype), mode, fill)


def affine(
    img: Any,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: float | Sequence[float],
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Sequence[int] | None = None,
) -> Any:
    """Rotate clockwise, shear, scale and translate, keeping the middle (or ``center``)."""
    mode = interpolation_mode(interpolation)
    if not isinstance(angle, (int, float)):
        raise TypeError("Argument angle should be int or float")
    if not isinstance(translate, (list, tuple)):
        raise TypeError("Argument translate should be a sequence")
    if len(translate) != 2:
        raise ValueError("Argument translate should be a sequence of length 2")
    if scale <= 0.0:
        raise ValueError("Argument scale should be positive")
    shears = _shears(shear)
    middle = _centre_of(img, center)
    _, height, width = get_dimensions(img)
    if isinstance(img, Tensor):
        matrix = inverse_affine_matrix(middle, float(angle), translate, scale, shears)
        return _warp(img, matrix, (height, width), mode, fill)
    corner = [width * 0.5, height * 0.5] if center is None else center
    matrix = inverse_affine_matrix(corner, float(angle), translate, scale, shears)
    return _pil.affine(img, matrix, pil_modes_mapping[mode], fill)


def _shears(shear: Any) -> list[float]:
    if not isinstance(shear, (numbers.Number, list, tuple)):
        raise TypeError("Shear should be either a single value or a sequence of two values")
    if isinstance(shear, numbers.Number):
        return [float(shear), 0.0]  # type: ignore[arg-type]
    values = list(shear) * 2 if len(shear) == 1 else list(shear)
    if len(values) != 2:
        raise ValueError(f"Shear should be a sequence containing two values. Got {shear}")
    return values


def _perspective_coefficients(
    startpoints: Sequence[Sequence[int]], endpoints: Sequence[Sequence[int]]
) -> list[float]:
    """Solve for the map that takes each end point back to its start point."""
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(
            f"Please provide exactly four corners, got {len(startpoints)} startpoints and "
            f"{len(endpoints)} endpoints."
        )
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(endpoints, startpoints, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    target = np.array(startpoints, np.float64).reshape(8)
    solution = np.linalg.lstsq(np.array(rows, np.float64), target, rcond=None)[0]
    return [float(c) for c in solution.astype(np.float32)]


def perspective(
    img: Any,
    startpoints: Sequence[Sequence[int]],
    endpoints: Sequence[Sequence[int]],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    fill: Any = None,
) -> Any:
    """Move the four corners ``startpoints`` to ``endpoints``."""
    coefficients = _perspective_coefficients(startpoints, endpoints)
    mode = interpolation_mode(interpolation)
    if not isinstance(img, Tensor):
        return _pil.perspective(img, coefficients, pil_modes_mapping[mode], fill)
    dtype = numpy_dtype(img.dtype) if img.is_floating_point() else np.dtype(np.float32)
    size = (img.shape[-2], img.shape[-1])
    return _sample(img, *_array.perspective_coordinates(coefficients, size, dtype), mode, fill)


def elastic_transform(
    img: Any,
    displacement: Tensor,
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    fill: Any = None,
) -> Any:
    """Move each pixel by ``displacement`` (1, H, W, 2), in units of half the image."""
    mode = interpolation_mode(interpolation)
    if not isinstance(displacement, Tensor):
        raise TypeError("Argument displacement should be a Tensor")
    tensor = img if isinstance(img, Tensor) else pil_to_tensor(img)
    height, width = tensor.shape[-2:]
    if tuple(displacement.shape) != (1, height, width, 2):
        raise ValueError(
            f"Argument displacement shape should be {(1, height, width, 2)}, "
            f"but given {displacement.shape}"
        )
    shift = to_array(displacement)[0].astype(np.float32)
    x = np.arange(width) + shift[..., 0] * np.float32(width / 2)
    y = np.arange(height)[:, None] + shift[..., 1] * np.float32(height / 2)
    moved = _sample(tensor, x, y, mode, fill)
    return moved if isinstance(img, Tensor) else to_pil_image(moved, img.mode)


def gaussian_blur(img: Any, kernel_size: int | Sequence[int], sigma: Any = None) -> Any:
    """Blur with a Gaussian of ``kernel_size`` = (width, height); sigma defaults to fit it."""
    if not isinstance(kernel_size, (int, list, tuple)):
        raise TypeError(
            f"kernel_size should be int or a sequence of integers. Got {type(kernel_size)}"
        )
    kernel = [kernel_size] * 2 if isinstance(kernel_size, int) else list(kernel_size)
    if len(kernel) != 2:
        raise ValueError(f"If kernel_size is a sequence its length should be 2. Got {len(kernel)}")
    if any(k % 2 == 0 or k < 0 for k in kernel):
        raise ValueError(f"kernel_size should have odd and positive integers. Got {kernel}")
    sigmas = _sigmas(sigma, kernel)
    tensor = img if isinstance(img, Tensor) else pil_to_tensor(img)
    blurred = _on_tensor("gaussian_blur", _image_tensor(tensor), kernel, sigmas)
    return blurred if isinstance(img, Tensor) else to_pil_image(blurred, img.mode)


def _sigmas(sigma: Any, kernel: Sequence[int]) -> list[float]:
    if sigma is None:
        return [size * 0.15 + 0.35 for size in kernel]
    if not isinstance(sigma, (int, float, list, tuple)):
        raise TypeError(f"sigma should be either float or sequence of floats. Got {type(sigma)}")
    values = [float(sigma)] if isinstance(sigma, (int, float)) else [float(v) for v in sigma]
    values = values * 2 if len(values) == 1 else values
    if len(values) != 2:
        raise ValueError(f"If sigma is a sequence, its length should be 2. Got {len(values)}")
    if min(values) <= 0.0:
        raise ValueError(f"sigma should have positive values. Got {values}")
    return values


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """Write ``v`` over the window of size (h, w) at ``(i, j)``."""
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    result = img if inplace else img.clone()
    result[..., i : i + h, j : j + w] = v
    return result


# --- colours ----------------------------------------------------------------------------------


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A PIL image in grey."""
    if not _pil.is_image(img):
        raise TypeError("Input should be PIL Image")
    return _pil.grayscale(img, num_output_channels)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """An image in grey, as one channel or repeated three times (a grey tensor stays as it is)."""
    if not isinstance(img, Tensor):
        return _pil.grayscale(img, num_output_channels)
    _image_tensor(img, (1, 3), ndim=3)
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    grey = _on_tensor("grayscale", img)
    return grey if num_output_channels == 1 else grey.expand(img.shape)


def _checked_factor(name: str, factor: float) -> float:
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")
    return float(factor)


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """0 gives black, 1 the image."""
    if not isinstance(img, Tensor):
        return _pil.enhance(img, "Brightness", brightness_factor)
    factor = _checked_factor("brightness_factor", brightness_factor)
    return _on_tensor("blend", _image_tensor(img, (1, 3)), 0.0, factor)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """0 gives solid grey, 1 the image."""
    if not isinstance(img, Tensor):
        return _pil.enhance(img, "Contrast", contrast_factor)
    factor = _checked_factor("contrast_factor", contrast_factor)
    return _on_tensor("adjust_contrast", _image_tensor(img, (1, 3), ndim=3), factor)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """0 gives a black and white image, 1 the image."""
    if not isinstance(img, Tensor):
        return _pil.enhance(img, "Color", saturation_factor)
    factor = _checked_factor("saturation_factor", saturation_factor)
    if get_dimensions(_image_tensor(img, (1, 3)))[0] == 1:
        return img
    if img.requires_grad and is_grad_enabled():
        return _operators.blend(img, _operators.grayscale(img), factor)
    array = to_array(img)
    return from_array(_array.blend(array, _array.grayscale(array), factor))


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """Turn the hue by ``hue_factor`` in [-0.5, 0.5] of a full circle."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    if not isinstance(img, Tensor):
        return _pil.adjust_hue(img, hue_factor)
    if get_dimensions(_image_tensor(img, (1, 3)))[0] == 1:
        return img
    return _on_tensor("adjust_hue", img, hue_factor)


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """``gain * img ** gamma`` on the unit range."""
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    if not isinstance(img, Tensor):
        return _pil.adjust_gamma(img, gamma, gain)
    return _on_tensor("adjust_gamma", _image_tensor(img, (1, 3)), gamma, gain)


def invert(img: Any) -> Any:
    """The negative."""
    if not isinstance(img, Tensor):
        return _pil.by_image_ops(img, "invert")
    return _on_tensor("invert", _image_tensor(img, (1, 3), ndim=3))


def posterize(img: Any, bits: int) -> Any:
    """Keep the highest ``bits`` bits of each value."""
    if not 0 <= bits <= 8:
        raise ValueError(f"The number if bits should be between 0 and 8. Got {bits}")
    if not isinstance(img, Tensor):
        return _pil.by_image_ops(img, "posterize", bits)
    return _on_tensor("posterize", _uint8(_image_tensor(img, (1, 3), ndim=3)), bits)


def _uint8(img: Tensor) -> Tensor:
    if img.dtype != uint8:
        raise TypeError(f"Only torch.uint8 image tensors are supported, but found {img.dtype}")
    return img


def solarize(img: Any, threshold: float) -> Any:
    """The negative wherever a value reaches ``threshold``."""
    if not isinstance(img, Tensor):
        return _pil.by_image_ops(img, "solarize", threshold)
    _image_tensor(img, (1, 3), ndim=3)
    if threshold > _array.max_value(numpy_dtype(img.dtype)):
        raise TypeError("Threshold should be less than bound of img.")
    return _on_tensor("solarize", img, threshold)


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """0 gives a blurred image, 1 the image, 2 a sharpened one."""
    if not isinstance(img, Tensor):
        return _pil.enhance(img, "Sharpness", sharpness_factor)
    factor = _checked_factor("sharpness_factor", sharpness_factor)
    return _on_tensor("adjust_sharpness", _image_tensor(img, (1, 3)), factor)


def autocontrast(img: Any) -> Any:
    """Stretch each channel to the full range."""
    if not isinstance(img, Tensor):
        return _pil.by_image_ops(img, "autocontrast")
    return _on_tensor("autocontrast", _image_tensor(img, (1, 3), ndim=3))


def equalize(img: Any) -> Any:
    """Flatten the histogram of each channel."""
    if not isinstance(img, Tensor):
        return _pil.by_image_ops(img, "equalize")
    return _on_tensor("equalize", _uint8(_image_tensor(img, (1, 3), ndim=3)))
