"""The transforms of ``torchvision.transforms.v2`` for images.

They take any number of inputs, nested in tuples, lists and dicts, change the images among them
(PIL images; without any, the first tensor) and pass the rest through. ``ToImage`` gives a plain
tensor: there are no tensor subclasses for boxes, masks and videos here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import numpy as np

from rushlight import ops
from rushlight.dtypes import dtype as DType
from rushlight.dtypes import float32
from rushlight.nn import Module, ModuleList
from rushlight.tensor import Tensor
from rushlight.vision import _draws
from rushlight.vision.transforms import _pil
from rushlight.vision.transforms import functional as F_v1
from rushlight.vision.transforms import transforms as _v1
from rushlight.vision.transforms.functional import InterpolationMode, interpolation_mode
from rushlight.vision.transforms.v2 import functional as F
from rushlight.vision.transforms.v2 import functional as functional

__all__ = [
    "RGB",
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "FiveCrop",
    "GaussianBlur",
    "GaussianNoise",
    "Grayscale",
    "Identity",
    "InterpolationMode",
    "Lambda",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandomAffine",
    "RandomApply",
    "RandomChoice",
    "RandomCrop",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomInvert",
    "RandomOrder",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
    "ToDtype",
    "ToImage",
    "ToPILImage",
    "ToPureTensor",
    "ToTensor",
    "Transform",
    "functional",
]


def _leaves(value: Any) -> list[Any]:
    """The parts of nested tuples, lists and dicts, in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in _leaves(part)]
    return [value]


def _rebuilt(value: Any, leaves: Any) -> Any:
    """``value`` with its parts taken from the iterator ``leaves``."""
    if isinstance(value, dict):
        return type(value)((key, _rebuilt(part, leaves)) for key, part in value.items())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_rebuilt(part, leaves) for part in value))
    if isinstance(value, (list, tuple)):
        return type(value)(_rebuilt(part, leaves) for part in value)
    return next(leaves)


class Transform(Module):
    """Base class: override ``transform``, and ``make_params`` to draw once for all the images."""

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Raise for inputs that do not fit."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """What is drawn or computed once for the images of a call."""
        return {}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """One image, transformed."""
        raise NotImplementedError

    def _accepts(self, value: Any) -> bool:
        return isinstance(value, Tensor) or _pil.is_image(value)

    def _chosen(self, leaves: list[Any]) -> list[bool]:
        """Which leaves are transformed: the PIL images or, without any, the first tensor."""
        tensors_left = not any(_pil.is_image(leaf) for leaf in leaves)
        chosen = []
        for leaf in leaves:
            take = self._accepts(leaf)
            if isinstance(leaf, Tensor):
                take, tensors_left = take and tensors_left, tensors_left and not take
            chosen.append(take)
        return chosen

    def forward(self, *inputs: Any) -> Any:
        """The inputs with their images transformed."""
        value = inputs if len(inputs) > 1 else inputs[0]
        leaves = _leaves(value)
        self.check_inputs(leaves)
        return self._apply_to(value, leaves)

    def _apply_to(self, value: Any, leaves: list[Any]) -> Any:
        chosen = self._chosen(leaves)
        params = self.make_params([leaf for leaf, take in zip(leaves, chosen, strict=True) if take])
        done = [
            self.transform(leaf, params) if take else leaf
            for leaf, take in zip(leaves, chosen, strict=True)
        ]
        return _rebuilt(value, iter(done))

    def extra_repr(self) -> str:
        """The plain attributes."""
        shown = (bool, int, float, str, tuple, list, Enum)
        return ", ".join(
            f"{name}={value.value if isinstance(value, InterpolationMode) else value}"
            for name, value in self.__dict__.items()
            if not name.startswith("_") and name != "training" and isinstance(value, shown)
        )


class _Randomly(Transform):
    """Base of the transforms that act with probability ``p``."""

    def __init__(self, p: float = 0.5) -> None:
        if not 0.0 <= p <= 1.0:
            raise ValueError("`p` should be a floating point value in the interval [0.0, 1.0].")
        super().__init__()
        self.p = p

    def forward(self, *inputs: Any) -> Any:
        """The inputs, their images transformed or not."""
        value = inputs if len(inputs) > 1 else inputs[0]
        leaves = _leaves(value)
        self.check_inputs(leaves)
        return self._apply_to(value, leaves) if _draws.chance(self.p) else value


# --- containers -------------------------------------------------------------------------------


class _Container(Transform):
    def __init__(self, transforms: Any) -> None:
        super().__init__()
        if not isinstance(transforms, (Sequence, ModuleList)):
            raise TypeError("Argument transforms should be a sequence of callables")
        if not len(transforms):
            raise ValueError("Pass at least one transform")
        self.transforms = transforms

    @staticmethod
    def _in_turn(transforms: Any, inputs: tuple[Any, ...]) -> Any:
        several = len(inputs) > 1
        for transform in transforms:
            outputs = transform(*inputs)
            inputs = outputs if several else (outputs,)
        return inputs if several else inputs[0]


class Compose(_Container):
    """Apply several transforms one after the other."""

    def forward(self, *inputs: Any) -> Any:
        """The inputs, transformed."""
        return self._in_turn(self.transforms, inputs)

    def extra_repr(self) -> str:
        """One line for each transform."""
        return "\n".join(f"    {transform}" for transform in self.transforms)


class RandomApply(_Container):
    """Apply all transforms with probability ``p``, or none."""

    def __init__(self, transforms: Any, p: float = 0.5) -> None:
        super().__init__(transforms)
        if not 0.0 <= p <= 1.0:
            raise ValueError("`p` should be a floating point value in the interval [0.0, 1.0].")
        self.p = p

    def forward(self, *inputs: Any) -> Any:
        """The inputs, transformed or not."""
        if _draws.chance(self.p):
            return self._in_turn(self.transforms, inputs)
        return inputs if len(inputs) > 1 else inputs[0]

    def extra_repr(self) -> str:
        """One line for each transform."""
        return "\n".join(f"    {transform}" for transform in self.transforms)


class RandomChoice(_Container):
    """Apply one of the transforms, drawn with the weights ``p``."""

    def __init__(self, transforms: Sequence[Any], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        weights = [1.0] * len(transforms) if p is None else p
        if len(weights) != len(transforms):
            raise ValueError(
                "Length of p doesn't match the number of transforms: "
                f"{len(weights)} != {len(transforms)}"
            )
        self.p = [weight / sum(weights) for weight in weights]

    def forward(self, *inputs: Any) -> Any:
        """The inputs, transformed."""
        chosen = int(ops.multinomial(ops.tensor(self.p), 1).item())
        return self.transforms[chosen](*inputs)


class RandomOrder(_Container):
    """Apply all transforms in a random order."""

    def forward(self, *inputs: Any) -> Any:
        """The inputs, transformed."""
        order = _draws.randperm(len(self.transforms))
        return self._in_turn([self.transforms[i] for i in order], inputs)


class Lambda(Transform):
    """Apply a function to every input of the given types."""

    def __init__(self, lambd: Callable[[Any], Any], *types: type) -> None:
        super().__init__()
        self.lambd = lambd
        self.types = types or (object,)

    def _chosen(self, leaves: list[Any]) -> list[bool]:
        return [isinstance(leaf, self.types) for leaf in leaves]

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """What the function makes of it."""
        return self.lambd(inpt)

    def extra_repr(self) -> str:
        """The function and the types."""
        name = getattr(self.lambd, "__name__", "")
        types = f"types={[kind.__name__ for kind in self.types]}"
        return f"{name}, {types}" if name else types


class Identity(Transform):
    """Nothing."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The image itself."""
        return inpt


# --- conversions ------------------------------------------------------------------------------


class ToImage(Transform):
    """PIL image, (H, W[, C]) array or tensor to a plain (C, H, W) tensor, values unscaled."""

    def _accepts(self, value: Any) -> bool:
        return super()._accepts(value) or isinstance(value, np.ndarray)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The tensor."""
        return F.to_image(inpt)


class PILToTensor(Transform):
    """PIL image to a (C, H, W) tensor, values unscaled."""

    def _accepts(self, value: Any) -> bool:
        return _pil.is_image(value)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The tensor."""
        return F.pil_to_tensor(inpt)


class ToTensor(Transform):
    """PIL image or array to a (C, H, W) tensor; 8 bit values are scaled to [0, 1]."""

    def __init__(self) -> None:
        warnings.warn(
            "The transform `ToTensor()` is deprecated and will be removed in a future release. "
            "Instead, please use "
            "`v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])`."
            "Output is equivalent up to float precision.",
            stacklevel=2,
        )
        super().__init__()

    def _accepts(self, value: Any) -> bool:
        return _pil.is_image(value) or isinstance(value, np.ndarray)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The tensor."""
        return F_v1.to_tensor(inpt)


class ToPILImage(Transform):
    """Tensor or array to a PIL image."""

    def __init__(self, mode: str | None = None) -> None:
        super().__init__()
        self.mode = mode

    def _accepts(self, value: Any) -> bool:
        return isinstance(value, (Tensor, np.ndarray))

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The PIL image."""
        return F.to_pil_image(inpt, self.mode)


class ToPureTensor(Identity):
    """Plain tensors: what all tensors are here."""


class ToDtype(Transform):
    """Tensors to another dtype, values scaled to its range if ``scale``."""

    def __init__(self, dtype: DType | dict[Any, DType | None], scale: bool = False) -> None:
        super().__init__()
        if not isinstance(dtype, (dict, DType)):
            raise ValueError(f"dtype must be a dict or a torch.dtype, got {type(dtype)} instead")
        self.dtype = dtype
        self.scale = scale

    def _accepts(self, value: Any) -> bool:
        return isinstance(value, Tensor)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The converted tensor."""
        dtype: Any = self.dtype
        if isinstance(dtype, dict):
            if Tensor not in dtype and "others" not in dtype:
                raise ValueError(f"No dtype was specified for type {type(inpt)}.")
            dtype = dtype.get(Tensor, dtype.get("others"))
        return inpt if dtype is None else F.to_dtype(inpt, dtype, self.scale)


class ConvertImageDtype(Transform):
    """Tensors to another dtype, values scaled to its range."""

    def __init__(self, dtype: DType = float32) -> None:
        super().__init__()
        self.dtype = dtype

    def _accepts(self, value: Any) -> bool:
        return isinstance(value, Tensor)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The converted tensor."""
        return F.convert_image_dtype(inpt, self.dtype)


class Normalize(Transform):
    """``(x - mean) / std`` for each channel of a floating point tensor."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = list(mean)
        self.std = list(std)
        self.inplace = inplace

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """PIL images are refused."""
        if any(_pil.is_image(value) for value in flat_inputs):
            raise TypeError(f"{type(self).__name__}() does not support PIL images.")

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The normalised tensor."""
        return F.normalize(inpt, self.mean, self.std, self.inplace)


# --- geometry ---------------------------------------------------------------------------------


class Resize(Transform):
    """Resample to ``size``: (height, width), or the length of the shorter edge."""

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if not isinstance(size, int) and not (isinstance(size, Sequence) and len(size) in (1, 2)):
            raise ValueError(
                "size can be an integer, a sequence of one or two integers, or None, "
                f"but got {size} instead."
            )
        self.size = [size] if isinstance(size, int) else list(size)
        self.interpolation = _mode(interpolation)
        self.max_size = max_size
        self.antialias = antialias

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The resized image."""
        return F.resize(inpt, self.size, self.interpolation, self.max_size, self.antialias)


def _mode(interpolation: Any) -> InterpolationMode:
    """The mode of a name, a mode or Pillow's number."""
    if isinstance(interpolation, str):
        return InterpolationMode(interpolation)
    return interpolation_mode(interpolation)


class CenterCrop(Transform):
    """The middle of the image, padded with 0 where it is too small."""

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = _v1._size(size)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The cropped image."""
        return F.center_crop(inpt, self.size)


class FiveCrop(CenterCrop):
    """The four corners and the centre, as a tuple of five images."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The five crops."""
        return F.five_crop(inpt, self.size)


class TenCrop(CenterCrop):
    """The five crops of the image and of its mirror image."""

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__(size)
        self.vertical_flip = vertical_flip

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The ten crops."""
        return F.ten_crop(inpt, self.size, self.vertical_flip)


class Pad(Transform):
    """Pad the borders by a constant, or by "edge", "reflect" or "symmetric" continuation."""

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        _v1.Pad(padding, 0, padding_mode)  # checks the arguments
        self.padding = padding if isinstance(padding, int) else list(padding)
        self.fill = fill
        self.padding_mode = padding_mode

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The padded image."""
        return F.pad(inpt, self.padding, self.fill, self.padding_mode)


class RandomCrop(Transform):
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
        self.size = tuple(_v1._size(size))
        self.padding = None if padding is None else list(F_v1.pad_amounts(padding))
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the window: first its top, then its left, each only where there is a choice."""
        height, width = F.get_size(flat_inputs[0])
        left, top, right, bottom = self.padding or (0, 0, 0, 0)
        height, width = height + top + bottom, width + left + right
        crop_height, crop_width = self.size
        if self.pad_if_needed:
            dy, dx = max(crop_height - height, 0), max(crop_width - width, 0)
            left, top, right, bottom = left + dx, top + dy, right + dx, bottom + dy
            height, width = height + 2 * dy, width + 2 * dx
        if height < crop_height or width < crop_width:
            raise ValueError(
                f"Required crop size {(crop_height, crop_width)} is larger than "
                f"padded input image size {(height, width)}."
            )
        y = _draws.randint(0, height - crop_height + 1) if height > crop_height else 0
        x = _draws.randint(0, width - crop_width + 1) if width > crop_width else 0
        return {"padding": [left, top, right, bottom], "top": y, "left": x}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The cropped image."""
        if any(params["padding"]):
            inpt = F.pad(inpt, params["padding"], self.fill, self.padding_mode)
        return F.crop(inpt, params["top"], params["left"], *self.size)


class RandomResizedCrop(Transform):
    """A window of random area and aspect ratio, resized."""

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Any = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = _v1._size(size)
        _v1._check_ranges(scale, ratio)
        self.scale = scale
        self.ratio = ratio
        self.interpolation = _mode(interpolation)
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the window."""
        window = _v1.RandomResizedCrop.get_params(flat_inputs[0], self.scale, self.ratio)
        return {"window": window}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The cropped and resized image."""
        top, left, height, width = params["window"]
        return F.resized_crop(
            inpt, top, left, height, width, self.size, self.interpolation, self.antialias
        )


class RandomHorizontalFlip(_Randomly):
    """Mirror left and right with probability ``p``."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The mirrored image."""
        return F.hflip(inpt)


class RandomVerticalFlip(_Randomly):
    """Mirror top and bottom with probability ``p``."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The mirrored image."""
        return F.vflip(inpt)


class RandomRotation(Transform):
    """Rotate by a random angle."""

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: Any = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.degrees = _v1._angles(degrees, "degrees")
        self.interpolation = _mode(interpolation)
        self.expand = expand
        self.fill = fill
        if center is not None:
            _v1._check_sequence(center, "center", (2,))
        self.center = center

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the angle."""
        return {"angle": _v1.RandomRotation.get_params(self.degrees)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The rotated image."""
        angle, fill = params["angle"], _v1._tensor_fill(inpt, self.fill)
        center: Any = self.center
        return F.rotate(inpt, angle, self.interpolation, self.expand, center, fill)


class RandomAffine(Transform):
    """Rotate, translate, scale and shear at random."""

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: Any = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        checked = _v1.RandomAffine(
            degrees, translate, scale, shear, _mode(interpolation), fill, center
        )
        self.degrees = checked.degrees
        self.translate = translate
        self.scale = scale
        self.shear = checked.shear
        self.interpolation = checked.interpolation
        self.fill = fill
        self.center = center

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw angle, translation, scale and shear."""
        height, width = F.get_size(flat_inputs[0])
        ranges = (self.degrees, self.translate, self.scale, self.shear)
        return {"drawn": _v1.RandomAffine.get_params(*ranges, (width, height))}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The transformed image."""
        fill = _v1._tensor_fill(inpt, self.fill)
        center: Any = self.center
        angle, shift, scale, shear = params["drawn"]
        return F.affine(inpt, angle, shift, scale, shear, self.interpolation, fill, center)


# --- colours and noise ------------------------------------------------------------------------


class Grayscale(Transform):
    """Grey, as one channel or repeated three times."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The grey image."""
        return F.rgb_to_grayscale(inpt, self.num_output_channels)


class RGB(Transform):
    """Grey images with their channel repeated three times."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The colour image."""
        return F.grayscale_to_rgb(inpt)


class RandomGrayscale(_Randomly):
    """Grey with probability ``p``, the number of channels kept."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The grey image."""
        return F.rgb_to_grayscale(inpt, F.get_dimensions(inpt)[0])


class RandomInvert(_Randomly):
    """The negative with probability ``p``."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The negative."""
        return F.invert(inpt)


class ColorJitter(Transform):
    """Change brightness, contrast, saturation and hue at random, in a random order."""

    def __init__(
        self, brightness: Any = None, contrast: Any = None, saturation: Any = None, hue: Any = None
    ) -> None:
        super().__init__()
        checked = _v1.ColorJitter(brightness or 0, contrast or 0, saturation or 0, hue or 0)
        self.brightness = checked.brightness
        self.contrast = checked.contrast
        self.saturation = checked.saturation
        self.hue = checked.hue

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the order and the factors."""
        limits = (self.brightness, self.contrast, self.saturation, self.hue)
        order, *factors = _v1.ColorJitter.get_params(*limits)
        return {"order": order.tolist(), "factors": factors}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The changed image."""
        changes = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for i in params["order"]:
            if params["factors"][i] is not None:
                inpt = changes[i](inpt, params["factors"][i])
        return inpt


class GaussianBlur(Transform):
    """Blur with a Gaussian of random width."""

    def __init__(self, kernel_size: int | Sequence[int], sigma: Any = (0.1, 2.0)) -> None:
        super().__init__()
        checked = _v1.GaussianBlur(kernel_size, sigma)
        self.kernel_size = checked.kernel_size
        self.sigma = [float(v) for v in checked.sigma]

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the width."""
        return {"sigma": _draws.uniform(*self.sigma)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The blurred image."""
        return F.gaussian_blur(inpt, self.kernel_size, [params["sigma"]] * 2)


class GaussianNoise(Transform):
    """Add normal noise to a floating point tensor."""

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        super().__init__()
        self.mean = mean
        self.sigma = sigma
        self.clip = clip

    def _accepts(self, value: Any) -> bool:
        return isinstance(value, Tensor)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The noisy image."""
        if not inpt.is_floating_point():
            raise ValueError(
                f"Input tensor is expected to be in float dtype, got dtype={inpt.dtype}"
            )
        if self.sigma < 0:
            raise ValueError(f"sigma shouldn't be negative. Got {self.sigma}")
        noisy = inpt + (self.mean + ops.randn_like(inpt) * self.sigma)
        return noisy.clamp(0, 1) if self.clip else noisy


class RandomErasing(_Randomly):
    """Overwrite a random window of a tensor image, with probability ``p``."""

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: Any = 0.0,
        inplace: bool = False,
    ) -> None:
        super().__init__(p)
        _v1.RandomErasing(p, scale, ratio, value)  # checks the arguments
        self.scale = scale
        self.ratio = ratio
        numbers = [value] if isinstance(value, (int, float)) else value
        self.value = None if isinstance(numbers, str) else [float(v) for v in numbers]
        self.inplace = inplace

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the window and what it is filled with; None after ten misses."""
        (image,) = flat_inputs[:1]
        image = image if isinstance(image, Tensor) else F.pil_to_tensor(image)
        window = _v1.RandomErasing.get_params(image, self.scale, self.ratio, self.value)
        return {"window": None if window[4] is image else window}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The erased image."""
        if params["window"] is None:
            return inpt
        i, j, h, w, values = params["window"]
        return F.erase(inpt, i, j, h, w, values, self.inplace)
