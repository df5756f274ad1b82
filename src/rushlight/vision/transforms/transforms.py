"""The transform classes, with torchvision's arguments, reprs and order of random draws."""

from __future__ import annotations

import math
import numbers
import random
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rushlight import ops
from rushlight.dtypes import dtype as DType
from rushlight.dtypes import float32
from rushlight.nn import Module
from rushlight.tensor import Tensor
from rushlight.vision import _draws
from rushlight.vision.transforms import functional as F
from rushlight.vision.transforms.functional import InterpolationMode, interpolation_mode

__all__ = [
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "ElasticTransform",
    "FiveCrop",
    "GaussianBlur",
    "Grayscale",
    "InterpolationMode",
    "Lambda",
    "LinearTransformation",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandomAdjustSharpness",
    "RandomAffine",
    "RandomApply",
    "RandomAutocontrast",
    "RandomChoice",
    "RandomCrop",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomInvert",
    "RandomOrder",
    "RandomPerspective",
    "RandomPosterize",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSolarize",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
    "ToPILImage",
    "ToTensor",
]

_TWO_DIMENSIONS = "Please provide only two dimensions (h, w) for size."


def _listing(name: str, lines: Sequence[object]) -> str:
    """``name(`` with one indented line for each part, then ``)``."""
    return "".join([f"{name}(", *(f"\n    {line}" for line in lines), "\n)"])


def _size(size: Any, message: str = _TWO_DIMENSIONS) -> Any:
    """``size`` as a pair: an int or a sequence of one stands for a square."""
    if isinstance(size, numbers.Number):
        return int(size), int(size)  # type: ignore[call-overload]
    if isinstance(size, Sequence) and len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(message)
    return size


def _check_sequence(value: Any, name: str, lengths: tuple[int, ...]) -> None:
    wanted = " or ".join(str(n) for n in lengths)
    if not isinstance(value, Sequence):
        raise TypeError(f"{name} should be a sequence of length {wanted}.")
    if len(value) not in lengths:
        raise ValueError(f"{name} should be a sequence of length {wanted}.")


def _angles(value: Any, name: str, lengths: tuple[int, ...] = (2,)) -> list[float]:
    if isinstance(value, numbers.Number):
        if value < 0:  # type: ignore[operator]
            raise ValueError(f"If {name} is a single number, it must be positive.")
        value = [-value, value]  # type: ignore[operator]
    else:
        _check_sequence(value, name, lengths)
    return [float(v) for v in value]


def _check_fill(fill: Any) -> Any:
    if fill is None:
        return 0
    if not isinstance(fill, (Sequence, numbers.Number)):
        raise TypeError("Fill should be either a sequence or a number.")
    return fill


def _tensor_fill(img: Any, fill: Any) -> Any:
    """For a tensor, ``fill`` as one float a channel."""
    if not isinstance(img, Tensor):
        return fill
    if isinstance(fill, (int, float)):
        return [float(fill)] * F.get_dimensions(img)[0]
    return [float(v) for v in fill]


def _check_ranges(scale: Any, ratio: Any) -> None:
    if not isinstance(scale, Sequence):
        raise TypeError("Scale should be a sequence")
    if not isinstance(ratio, Sequence):
        raise TypeError("Ratio should be a sequence")
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=3)


# --- containers -------------------------------------------------------------------------------


class Compose:
    """Apply several transforms one after the other."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        """What the transform makes of the image."""
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listing(type(self).__name__, self.transforms)


class Lambda:
    """Apply a function of the user.

    Raises:
        TypeError: if ``lambd`` is not callable.
    """

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        """What the transform makes of the image."""
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RandomApply(Module):
    """Apply all ``transforms`` with probability ``p``, or none."""

    def __init__(self, transforms: Any, p: float = 0.5) -> None:
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, img: Any) -> Any:
        """The image, transformed or not."""
        if np.float32(self.p) < np.float32(_draws.rand()):
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listing(type(self).__name__, [f"p={self.p}", *self.transforms])


class _RandomTransforms:
    """Base of the containers that draw with Python's ``random``."""

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        if not isinstance(transforms, Sequence):
            raise TypeError("Argument transforms should be a sequence")
        self.transforms = transforms

    def __repr__(self) -> str:
        return _listing(type(self).__name__, self.transforms)


class RandomOrder(_RandomTransforms):
    """Apply all transforms in a random order."""

    def __call__(self, img: Any) -> Any:
        """What the transform makes of the image."""
        order = list(range(len(self.transforms)))
        random.shuffle(order)
        for i in order:
            img = self.transforms[i](img)
        return img


class RandomChoice(_RandomTransforms):
    """Apply one of the transforms, drawn with the weights ``p``."""

    def __init__(
        self, transforms: Sequence[Callable[..., Any]], p: Sequence[float] | None = None
    ) -> None:
        super().__init__(transforms)
        if p is not None and not isinstance(p, Sequence):
            raise TypeError("Argument p should be a sequence")
        self.p = p

    def __call__(self, *args: Any) -> Any:
        """What the transform makes of the image."""
        (transform,) = random.choices(self.transforms, weights=self.p)
        return transform(*args)

    def __repr__(self) -> str:
        return f"{super().__repr__()}(p={self.p})"


# --- conversions ------------------------------------------------------------------------------


class ToTensor:
    """PIL image or (H, W[, C]) array to a (C, H, W) tensor; 8 bit values are scaled to [0, 1]."""

    def __call__(self, pic: Any) -> Tensor:
        """The tensor."""
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """PIL image to a (C, H, W) tensor of the same type, values unscaled."""

    def __call__(self, pic: Any) -> Tensor:
        """The tensor."""
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToPILImage:
    """(C, H, W) tensor or (H, W[, C]) array to a PIL image of ``mode`` (default: by its type)."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        """What the transform makes of the image."""
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class ConvertImageDtype(Module):
    """Tensor image to another dtype, its values scaled to that type's range."""

    def __init__(self, dtype: DType) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        """The converted image."""
        return F.convert_image_dtype(image, self.dtype)


class Normalize(Module):
    """``(x - mean) / std`` for each channel of a floating point tensor image."""

    def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Tensor) -> Tensor:
        """The normalised image."""
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class LinearTransformation(Module):
    """Flatten a tensor image, subtract ``mean_vector``, multiply by a square matrix (whitening)."""

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        rows, columns = transformation_matrix.shape
        if rows != columns:
            raise ValueError(
                "transformation_matrix should be square. Got "
                f"{tuple(transformation_matrix.shape)} rectangular matrix."
            )
        if mean_vector.shape[0] != rows:
            raise ValueError(
                f"mean_vector should have the same length {mean_vector.shape[0]} as any one of the "
                f"dimensions of the transformation_matrix [{tuple(transformation_matrix.shape)}]"
            )
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def forward(self, tensor: Tensor) -> Tensor:
        """The transformed image, of the same shape."""
        n = int(np.prod(tensor.shape[-3:]))
        if n != self.transformation_matrix.shape[0]:
            raise ValueError(
                "Input tensor and transformation matrix have incompatible shape."
                f"[{tensor.shape[-3]} x {tensor.shape[-2]} x {tensor.shape[-1]}] != "
                f"{self.transformation_matrix.shape[0]}"
            )
        flat = tensor.reshape(-1, n) - self.mean_vector
        return (flat @ self.transformation_matrix).reshape(tensor.shape)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(transformation_matrix="
            f"{self.transformation_matrix.tolist()}, mean_vector={self.mean_vector.tolist()})"
        )


# --- geometry ---------------------------------------------------------------------------------


class Resize(Module):
    """Resample to ``size``: (height, width), or the length of the shorter edge."""

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if not isinstance(size, (int, Sequence)):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError("If size is a sequence, it should have 1 or 2 values")
        self.size = size
        self.max_size = max_size
        self.interpolation = interpolation_mode(interpolation)
        self.antialias = antialias

    def forward(self, img: Any) -> Any:
        """The resized image."""
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias})"
        )


class CenterCrop(Module):
    """The middle of the image, padded with 0 where it is too small."""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = _size(size)

    def forward(self, img: Any) -> Any:
        """The cropped image."""
        return F.center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class Pad(Module):
    """Pad the borders by a constant, or by "edge", "reflect" or "symmetric" continuation."""

    def __init__(
        self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant"
    ) -> None:
        super().__init__()
        if not isinstance(padding, (numbers.Number, tuple, list)):
            raise TypeError("Got inappropriate padding arg")
        if not isinstance(fill, (numbers.Number, tuple, list)):
            raise TypeError("Got inappropriate fill arg")
        if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
            raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
        F.pad_amounts(padding)
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Any) -> Any:
        """The padded image."""
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, "
            f"padding_mode={self.padding_mode})"
        )


class RandomCrop(Module):
    """A window at a random place, after padding."""

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = tuple(_size(size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Draw ``(top, left, height, width)``; nothing is drawn when the sizes agree.

        Raises:
            ValueError: if the image is smaller than the window.
        """
        _, h, w = F.get_dimensions(img)
        th, tw = output_size
        if h < th or w < tw:
            raise ValueError(
                f"Required crop size {(th, tw)} is larger than input image size {(h, w)}"
            )
        if (h, w) == (th, tw):
            return 0, 0, h, w
        return _draws.randint(0, h - th + 1), _draws.randint(0, w - tw + 1), th, tw

    def forward(self, img: Any) -> Any:
        """The cropped image."""
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        for padding in self._missing(*F.get_dimensions(img)[1:]):
            img = F.pad(img, padding, self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def _missing(self, height: int, width: int) -> list[list[int]]:
        """The paddings that ``pad_if_needed`` adds to an image of this size."""
        if not self.pad_if_needed:
            return []
        paddings = []
        if width < self.size[1]:
            paddings.append([self.size[1] - width, 0])
        if height < self.size[0]:
            paddings.append([0, self.size[0] - height])
        return paddings

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class RandomResizedCrop(Module):
    """A window of random area and aspect ratio, resized."""

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = _size(size)
        _check_ranges(scale, ratio)
        self.interpolation = interpolation_mode(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(
        img: Any, scale: Sequence[float], ratio: Sequence[float]
    ) -> tuple[int, int, int, int]:
        """Draw ``(top, left, height, width)``: ten tries, then the largest centred window."""
        _, height, width = F.get_dimensions(img)
        for h, w in _random_windows(height * width, scale, ratio):
            # The ratio is width to height here, while RandomErasing reads it the other way.
            h, w = w, h
            if 0 < w <= width and 0 < h <= height:
                top = _draws.randint(0, height - h + 1)
                return top, _draws.randint(0, width - w + 1), h, w
        w, h = width, height
        if width / height < min(ratio):
            h = round(w / min(ratio))
        elif width / height > max(ratio):
            w = round(h * max(ratio))
        return (height - h) // 2, (width - w) // 2, h, w

    def forward(self, img: Any) -> Any:
        """The cropped and resized image."""
        window = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(img, *window, self.size, self.interpolation, self.antialias)

    def __repr__(self) -> str:
        scale, ratio = (tuple(round(v, 4) for v in part) for part in (self.scale, self.ratio))
        return (
            f"{type(self).__name__}(size={self.size}, scale={scale}, ratio={ratio}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )


def _random_windows(area: int, scale: Sequence[float], ratio: Sequence[float]) -> Any:
    """Ten draws of a window as (long by the ratio, short by the ratio)."""
    low, high = (float(np.log(np.float32(v))) for v in ratio)
    for _ in range(10):
        target = area * _draws.uniform(scale[0], scale[1])
        aspect = float(np.exp(np.float32(_draws.uniform(low, high))))
        yield round(math.sqrt(target * aspect)), round(math.sqrt(target / aspect))


class FiveCrop(Module):
    """The four corners and the centre, as a tuple of five images."""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = _size(size)

    def forward(self, img: Any) -> Any:
        """The five crops."""
        return F.five_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class TenCrop(Module):
    """The five crops of the image and of its mirror image."""

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = _size(size)
        self.vertical_flip = vertical_flip

    def forward(self, img: Any) -> Any:
        """The ten crops."""
        return F.ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, vertical_flip={self.vertical_flip})"


class _Randomly(Module):
    """Base of the transforms that act with probability ``p``: one ``rand(1)`` an image."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        """The image, transformed or not."""
        return self._act(img) if _draws.chance(self.p) else img

    def _act(self, img: Any) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomHorizontalFlip(_Randomly):
    """Mirror left and right with probability ``p``."""

    def _act(self, img: Any) -> Any:
        return F.hflip(img)


class RandomVerticalFlip(_Randomly):
    """Mirror top and bottom with probability ``p``."""

    def _act(self, img: Any) -> Any:
        return F.vflip(img)


class RandomGrayscale(_Randomly):
    """Grey with probability ``p``, the number of channels kept."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)

    def _act(self, img: Any) -> Any:
        return F.rgb_to_grayscale(img, F.get_dimensions(img)[0])


class RandomInvert(_Randomly):
    """The negative with probability ``p``."""

    def _act(self, img: Any) -> Any:
        return F.invert(img)


class RandomAutocontrast(_Randomly):
    """Stretch to the full range with probability ``p``."""

    def _act(self, img: Any) -> Any:
        return F.autocontrast(img)


class RandomEqualize(_Randomly):
    """Flatten the histogram with probability ``p``."""

    def _act(self, img: Any) -> Any:
        return F.equalize(img)


class RandomPosterize(_Randomly):
    """Keep the highest ``bits`` bits with probability ``p``."""

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        self.bits = bits

    def _act(self, img: Any) -> Any:
        return F.posterize(img, self.bits)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(bits={self.bits},p={self.p})"


class RandomSolarize(_Randomly):
    """The negative of all values from ``threshold`` on, with probability ``p``."""

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold

    def _act(self, img: Any) -> Any:
        return F.solarize(img, self.threshold)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self.threshold},p={self.p})"


class RandomAdjustSharpness(_Randomly):
    """Sharpen or blur with probability ``p``."""

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.sharpness_factor = sharpness_factor

    def _act(self, img: Any) -> Any:
        return F.adjust_sharpness(img, self.sharpness_factor)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(sharpness_factor={self.sharpness_factor},p={self.p})"


class RandomPerspective(_Randomly):
    """Move the four corners inwards at random, with probability ``p``."""

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__(p)
        self.distortion_scale = distortion_scale
        self.interpolation = interpolation_mode(interpolation)
        self.fill = _check_fill(fill)

    @staticmethod
    def get_params(
        width: int, height: int, distortion_scale: float
    ) -> tuple[list[list[int]], list[list[int]]]:
        """Draw the corners: where they are and where they go, clockwise from the top left."""
        dx, dy = int(distortion_scale * (width // 2)), int(distortion_scale * (height // 2))
        near_x, far_x = (0, dx + 1), (width - dx - 1, width)
        near_y, far_y = (0, dy + 1), (height - dy - 1, height)
        ends = [
            [_draws.randint(*xs), _draws.randint(*ys)]
            for xs, ys in ((near_x, near_y), (far_x, near_y), (far_x, far_y), (near_x, far_y))
        ]
        right, bottom = width - 1, height - 1
        return [[0, 0], [right, 0], [right, bottom], [0, bottom]], ends

    def _act(self, img: Any) -> Any:
        _, height, width = F.get_dimensions(img)
        start, end = self.get_params(width, height, self.distortion_scale)
        return F.perspective(img, start, end, self.interpolation, _tensor_fill(img, self.fill))


class RandomRotation(Module):
    """Rotate by a random angle."""

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.interpolation = interpolation_mode(interpolation)
        self.degrees = _angles(degrees, "degrees")
        if center is not None:
            _check_sequence(center, "center", (2,))
        self.center = center
        self.expand = expand
        self.fill = _check_fill(fill)

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """Draw the angle."""
        return _draws.uniform(degrees[0], degrees[1])

    def forward(self, img: Any) -> Any:
        """The rotated image."""
        fill = _tensor_fill(img, self.fill)
        angle = self.get_params(self.degrees)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, fill)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        fill = "" if self.fill is None else f", fill={self.fill}"
        return (
            f"{type(self).__name__}(degrees={self.degrees}, "
            f"interpolation={self.interpolation.value}, expand={self.expand}{center}{fill})"
        )


class RandomAffine(Module):
    """Rotate, translate, scale and shear at random."""

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.interpolation = interpolation_mode(interpolation)
        self.degrees = _angles(degrees, "degrees")
        if translate is not None:
            _check_sequence(translate, "translate", (2,))
            if not all(0.0 <= t <= 1.0 for t in translate):
                raise ValueError("translation values should be between 0 and 1")
        if scale is not None:
            _check_sequence(scale, "scale", (2,))
            if min(scale) <= 0:
                raise ValueError("scale values should be positive")
        if center is not None:
            _check_sequence(center, "center", (2,))
        self.translate = translate
        self.scale = scale
        self.shear = None if shear is None else _angles(shear, "shear", (2, 4))
        self.fill = _check_fill(fill)
        self.center = center

    @staticmethod
    def get_params(
        degrees: Sequence[float],
        translate: Sequence[float] | None,
        scale_ranges: Sequence[float] | None,
        shears: Sequence[float] | None,
        img_size: Sequence[int],
    ) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        """Draw angle, translation, scale and shear for an image of ``img_size`` (width, height)."""
        angle = _draws.uniform(degrees[0], degrees[1])
        tx = ty = 0
        if translate is not None:
            dx, dy = float(translate[0] * img_size[0]), float(translate[1] * img_size[1])
            tx = round(_draws.uniform(-dx, dx))
            ty = round(_draws.uniform(-dy, dy))
        scale = 1.0 if scale_ranges is None else _draws.uniform(*scale_ranges)
        shear_x = shear_y = 0.0
        if shears is not None:
            shear_x = _draws.uniform(shears[0], shears[1])
            if len(shears) == 4:
                shear_y = _draws.uniform(shears[2], shears[3])
        return angle, (tx, ty), scale, (shear_x, shear_y)

    def forward(self, img: Any) -> Any:
        """The transformed image."""
        _, height, width = F.get_dimensions(img)
        drawn = self.get_params(
            self.degrees, self.translate, self.scale, self.shear, (width, height)
        )
        fill = _tensor_fill(img, self.fill)
        return F.affine(img, *drawn, self.interpolation, fill, self.center)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        parts = [f"degrees={self.degrees}"]
        for name in ("translate", "scale", "shear"):
            if getattr(self, name) is not None:
                parts.append(f"{name}={getattr(self, name)}")
        if self.interpolation != InterpolationMode.NEAREST:
            parts.append(f"interpolation={self.interpolation.value}")
        if self.fill != 0:
            parts.append(f"fill={self.fill}")
        if self.center is not None:
            parts.append(f"center={self.center}")
        return f"{type(self).__name__}({', '.join(parts)})"


class ElasticTransform(Module):
    """Move pixels by a smooth random field of strength ``alpha`` and smoothness ``sigma``."""

    def __init__(
        self,
        alpha: float | Sequence[float] = 50.0,
        sigma: float | Sequence[float] = 5.0,
        interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.alpha = self._pair(alpha, "alpha")
        self.sigma = self._pair(sigma, "sigma")
        self.interpolation = interpolation_mode(interpolation)
        if not isinstance(fill, (int, float, list, tuple)):
            raise TypeError(
                f"fill should be int or float or a list or tuple of them. Got {type(fill)}"
            )
        self.fill = [float(v) for v in (fill if isinstance(fill, (list, tuple)) else [fill])]

    @staticmethod
    def _pair(value: Any, name: str) -> list[float]:
        if not isinstance(value, (float, Sequence)):
            raise TypeError(f"{name} should be float or a sequence of floats. Got {type(value)}")
        values = [value, value] if isinstance(value, float) else list(value)
        if len(values) != 2:
            raise ValueError(f"If {name} is a sequence its length should be 2. Got {len(values)}")
        for v in values:
            if not isinstance(v, float):
                raise TypeError(f"{name} should be a sequence of floats. Got {type(v)}")
        return values

    @staticmethod
    def get_params(alpha: Sequence[float], sigma: Sequence[float], size: Sequence[int]) -> Tensor:
        """Draw the displacement field (1, H, W, 2)."""
        fields = []
        for strength, smoothness, extent in zip(alpha, sigma, reversed(size), strict=True):
            field = ops.rand([1, 1, *size]) * 2 - 1
            if smoothness > 0.0:
                kernel = int(8 * smoothness + 1) | 1
                field = F.gaussian_blur(field, [kernel, kernel], list(sigma))
            fields.append(field * strength / extent)
        return ops.cat(fields, 1).permute(0, 2, 3, 1)

    def forward(self, tensor: Any) -> Any:
        """The transformed image."""
        _, height, width = F.get_dimensions(tensor)
        displacement = self.get_params(self.alpha, self.sigma, [height, width])
        return F.elastic_transform(tensor, displacement, self.interpolation, self.fill)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(alpha={self.alpha}, sigma={self.sigma}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )


# --- colours and noise ------------------------------------------------------------------------


class Grayscale(Module):
    """Grey, as one channel or repeated three times."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Any) -> Any:
        """The grey image."""
        return F.rgb_to_grayscale(img, self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"


class ColorJitter(Module):
    """Change brightness, contrast, saturation and hue at random, in a random order."""

    def __init__(
        self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0, hue: Any = 0
    ) -> None:
        super().__init__()
        self.brightness = self._range(brightness, "brightness")
        self.contrast = self._range(contrast, "contrast")
        self.saturation = self._range(saturation, "saturation")
        self.hue = self._range(hue, "hue", 0.0, (-0.5, 0.5), clip=False)

    @staticmethod
    def _range(
        value: Any,
        name: str,
        center: float = 1.0,
        bound: tuple[float, float] = (0, float("inf")),
        clip: bool = True,
    ) -> tuple[float, float] | None:
        """The range of factors, or None where it holds only the one that changes nothing."""
        if isinstance(value, numbers.Number):
            if value < 0:  # type: ignore[operator]
                raise ValueError(f"If {name} is a single number, it must be non negative.")
            low, high = center - float(value), center + float(value)  # type: ignore[arg-type]
            low = max(low, 0.0) if clip else low
        elif isinstance(value, (tuple, list)) and len(value) == 2:
            low, high = float(value[0]), float(value[1])
        else:
            raise TypeError(f"{name} should be a single number or a list/tuple with length 2.")
        if not bound[0] <= low <= high <= bound[1]:
            raise ValueError(f"{name} values should be between {bound}, but got {[low, high]}.")
        return None if low == high == center else (low, high)

    @staticmethod
    def get_params(
        brightness: Sequence[float] | None,
        contrast: Sequence[float] | None,
        saturation: Sequence[float] | None,
        hue: Sequence[float] | None,
    ) -> tuple[Tensor, float | None, float | None, float | None, float | None]:
        """Draw the order of the four changes and the factor of each (None: left out)."""
        order = ops.randperm(4)
        factors = [
            None if limits is None else _draws.uniform(limits[0], limits[1])
            for limits in (brightness, contrast, saturation, hue)
        ]
        return order, factors[0], factors[1], factors[2], factors[3]

    def forward(self, img: Any) -> Any:
        """The changed image."""
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        changes = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for i in order.tolist():
            factor = factors[i]
            if factor is not None:
                img = changes[i](img, factor)
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(brightness={self.brightness}, contrast={self.contrast}, "
            f"saturation={self.saturation}, hue={self.hue})"
        )


class RandomErasing(Module):
    """Overwrite a random window of a tensor image, with probability ``p``.

    ``value`` is a number, one number a channel, or ``"random"`` for normal noise.
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(value, (numbers.Number, str, tuple, list)):
            raise TypeError("Argument value should be either a number or str or a sequence")
        if isinstance(value, str) and value != "random":
            raise ValueError("If value is str, it should be 'random'")
        _check_ranges(scale, ratio)
        if scale[0] < 0 or scale[1] > 1:
            raise ValueError("Scale should be between 0 and 1")
        if p < 0 or p > 1:
            raise ValueError("Random erasing probability should be between 0 and 1")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Tensor,
        scale: Sequence[float],
        ratio: Sequence[float],
        value: Sequence[float] | None = None,
    ) -> tuple[int, int, int, int, Tensor]:
        """Draw ``(top, left, height, width, values)``; the whole image itself after ten misses."""
        channels, height, width = img.shape[-3:]
        for h, w in _random_windows(height * width, scale, ratio):
            if not (h < height and w < width):
                continue
            if value is None:
                values = ops.empty([channels, h, w], dtype=float32).normal_()
            else:
                values = ops.tensor(list(value))[:, None, None]
            top = _draws.randint(0, height - h + 1)
            return top, _draws.randint(0, width - w + 1), h, w, values
        return 0, 0, height, width, img

    def forward(self, img: Tensor) -> Tensor:
        """The image, erased or not."""
        if not _draws.chance(self.p):
            return img
        value: list[float] | None = None
        if isinstance(self.value, (list, tuple)):
            value = [float(v) for v in self.value]
        elif not isinstance(self.value, str):
            value = [float(self.value)]  # type: ignore[arg-type]
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{img.shape[-3]} (number of input channels)"
            )
        window = self.get_params(img, self.scale, self.ratio, value)
        return F.erase(img, *window, self.inplace)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, "
            f"value={self.value}, inplace={self.inplace})"
        )


class GaussianBlur(Module):
    """Blur with a Gaussian of random width."""

    def __init__(self, kernel_size: int | Sequence[int], sigma: Any = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = _size(kernel_size, "Kernel size should be a tuple/list of two integers")
        if any(k <= 0 or k % 2 == 0 for k in self.kernel_size):
            raise ValueError("Kernel size value should be an odd and positive number.")
        if isinstance(sigma, numbers.Number):
            if sigma <= 0:  # type: ignore[operator]
                raise ValueError("If sigma is a single number, it must be positive.")
            sigma = (sigma, sigma)
        elif not (isinstance(sigma, Sequence) and len(sigma) == 2):
            raise ValueError("sigma should be a single number or a list/tuple with length 2.")
        elif not 0.0 < sigma[0] <= sigma[1]:
            raise ValueError("sigma values should be positive and of the form (min, max).")
        self.sigma = sigma

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """Draw the width."""
        return _draws.uniform(sigma_min, sigma_max)

    def forward(self, img: Any) -> Any:
        """The blurred image."""
        sigma = self.get_params(self.sigma[0], self.sigma[1])
        return F.gaussian_blur(img, self.kernel_size, [sigma, sigma])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"
