"""Learned and random augmentation policies."""

from __future__ import annotations

import math
from enum import Enum
from typing import Any

import numpy as np

from rushlight import ops
from rushlight.nn import Module
from rushlight.tensor import Tensor
from rushlight.vision import _draws
from rushlight.vision._bridge import Array, to_array
from rushlight.vision.transforms import functional as F
from rushlight.vision.transforms.functional import InterpolationMode

__all__ = ["AutoAugment", "AutoAugmentPolicy", "RandAugment", "TrivialAugmentWide"]


class AutoAugmentPolicy(Enum):
    """The datasets on which a policy was learned."""

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


# The learned policies (Cubuk et al., "AutoAugment", CVPR 2019, appendix): on each line two changes,
# each with its probability and the step of its strength.
_POLICIES = {
    AutoAugmentPolicy.IMAGENET: """
        Posterize 0.4 8, Rotate 0.6 9
        Solarize 0.6 5, AutoContrast 0.6 -
        Equalize 0.8 -, Equalize 0.6 -
        Posterize 0.6 7, Posterize 0.6 6
        Equalize 0.4 -, Solarize 0.2 4
        Equalize 0.4 -, Rotate 0.8 8
        Solarize 0.6 3, Equalize 0.6 -
        Posterize 0.8 5, Equalize 1.0 -
        Rotate 0.2 3, Solarize 0.6 8
        Equalize 0.6 -, Posterize 0.4 6
        Rotate 0.8 8, Color 0.4 0
        Rotate 0.4 9, Equalize 0.6 -
        Equalize 0.0 -, Equalize 0.8 -
        Invert 0.6 -, Equalize 1.0 -
        Color 0.6 4, Contrast 1.0 8
        Rotate 0.8 8, Color 1.0 2
        Color 0.8 8, Solarize 0.8 7
        Sharpness 0.4 7, Invert 0.6 -
        ShearX 0.6 5, Equalize 1.0 -
        Color 0.4 0, Equalize 0.6 -
        Equalize 0.4 -, Solarize 0.2 4
        Solarize 0.6 5, AutoContrast 0.6 -
        Invert 0.6 -, Equalize 1.0 -
        Color 0.6 4, Contrast 1.0 8
        Equalize 0.8 -, Equalize 0.6 -
    """,
    AutoAugmentPolicy.CIFAR10: """
        Invert 0.1 -, Contrast 0.2 6
        Rotate 0.7 2, TranslateX 0.3 9
        Sharpness 0.8 1, Sharpness 0.9 3
        ShearY 0.5 8, TranslateY 0.7 9
        AutoContrast 0.5 -, Equalize 0.9 -
        ShearY 0.2 7, Posterize 0.3 7
        Color 0.4 3, Brightness 0.6 7
        Sharpness 0.3 9, Brightness 0.7 9
        Equalize 0.6 -, Equalize 0.5 -
        Contrast 0.6 7, Sharpness 0.6 5
        Color 0.7 7, TranslateX 0.5 8
        Equalize 0.3 -, AutoContrast 0.4 -
        TranslateY 0.4 3, Sharpness 0.2 6
        Brightness 0.9 6, Color 0.2 8
        Solarize 0.5 2, Invert 0.0 -
        Equalize 0.2 -, AutoContrast 0.6 -
        Equalize 0.2 -, Equalize 0.6 -
        Color 0.9 9, Equalize 0.6 -
        AutoContrast 0.8 -, Solarize 0.2 8
        Brightness 0.1 3, Color 0.7 0
        Solarize 0.4 5, AutoContrast 0.9 -
        TranslateY 0.9 9, TranslateY 0.7 9
        AutoContrast 0.9 -, Solarize 0.8 3
        Equalize 0.8 -, Invert 0.1 -
        TranslateY 0.7 9, AutoContrast 0.9 -
    """,
    AutoAugmentPolicy.SVHN: """
        ShearX 0.9 4, Invert 0.2 -
        ShearY 0.9 8, Invert 0.7 -
        Equalize 0.6 -, Solarize 0.6 6
        Invert 0.9 -, Equalize 0.6 -
        Equalize 0.6 -, Rotate 0.9 3
        ShearX 0.9 4, AutoContrast 0.8 -
        ShearY 0.9 8, Invert 0.4 -
        ShearY 0.9 5, Solarize 0.2 6
        Invert 0.9 -, AutoContrast 0.8 -
        Equalize 0.6 -, Rotate 0.9 3
        ShearX 0.9 4, Solarize 0.3 3
        ShearY 0.8 8, Invert 0.7 -
        Equalize 0.9 -, TranslateY 0.6 6
        Invert 0.9 -, Equalize 0.6 -
        Contrast 0.3 3, Rotate 0.8 4
        Invert 0.8 -, TranslateY 0.0 2
        ShearY 0.7 6, Solarize 0.4 8
        Invert 0.6 -, Rotate 0.8 4
        ShearY 0.3 7, TranslateX 0.9 3
        ShearX 0.1 6, Invert 0.6 -
        Solarize 0.7 2, TranslateY 0.6 7
        ShearY 0.8 4, Invert 0.8 -
        ShearX 0.7 9, TranslateY 0.8 3
        ShearY 0.8 5, AutoContrast 0.7 -
        ShearX 0.7 2, Invert 0.1 -
    """,
}

Range = tuple[Array | None, bool]
"""The steps of a change's strength (None: it has none), and whether its sign is random."""


def _parsed(policy: AutoAugmentPolicy) -> list[list[tuple[str, float, int | None]]]:
    """The pairs of (change, probability, step) of a policy."""
    pairs = []
    for line in _POLICIES[policy].strip().splitlines():
        changes = [change.split() for change in line.split(",")]
        pairs.append([(n, float(p), None if step == "-" else int(step)) for n, p, step in changes])
    return pairs


def _steps(start: float, end: float, count: int) -> Array:
    return to_array(ops.linspace(start, end, count))


def _ranges(
    count: int, shear: float, shift: tuple[float, float], turn: float, strength: float, bits: int
) -> dict[str, Range]:
    """The changes in the order in which they are drawn, each with ``count`` steps."""
    ranges: dict[str, Range] = {
        "Identity": (None, False),
        "ShearX": (_steps(0.0, shear, count), True),
        "ShearY": (_steps(0.0, shear, count), True),
        "TranslateX": (_steps(0.0, shift[0], count), True),
        "TranslateY": (_steps(0.0, shift[1], count), True),
        "Rotate": (_steps(0.0, turn, count), True),
    }
    for name in ("Brightness", "Color", "Contrast", "Sharpness"):
        ranges[name] = (_steps(0.0, strength, count), True)
    fewer = np.rint(np.arange(count, dtype=np.float32) / np.float32((count - 1) / bits))
    ranges["Posterize"] = (8 - fewer, False)
    ranges["Solarize"] = (_steps(255.0, 0.0, count), False)
    ranges["AutoContrast"] = (None, False)
    ranges["Equalize"] = (None, False)
    return ranges


def _shifts(img: Any) -> tuple[float, float]:
    """The largest translations of the papers: 150 pixels of their 331."""
    _, height, width = F.get_dimensions(img)
    return 150.0 / 331.0 * width, 150.0 / 331.0 * height


_FACTORS = {
    "Brightness": F.adjust_brightness,
    "Color": F.adjust_saturation,
    "Contrast": F.adjust_contrast,
    "Sharpness": F.adjust_sharpness,
}


def _changed(img: Any, name: str, strength: float, mode: InterpolationMode, fill: Any) -> Any:
    """One change of an image."""
    if name in _FACTORS:
        return _FACTORS[name](img, 1.0 + strength)
    if name.startswith("Shear"):
        angle = math.degrees(math.atan(strength))
        shear = [angle, 0.0] if name == "ShearX" else [0.0, angle]
        return F.affine(img, 0.0, [0, 0], 1.0, shear, mode, fill, center=[0, 0])
    if name.startswith("Translate"):
        shift = [int(strength), 0] if name == "TranslateX" else [0, int(strength)]
        return F.affine(img, 0.0, shift, 1.0, [0.0, 0.0], mode, fill)
    if name == "Rotate":
        return F.rotate(img, strength, mode, fill=fill)
    if name == "Posterize":
        return F.posterize(img, int(strength))
    if name == "Solarize":
        return F.solarize(img, strength)
    simple = {"AutoContrast": F.autocontrast, "Equalize": F.equalize, "Invert": F.invert}
    return simple[name](img) if name in simple else img


class _Policy(Module):
    """What the policies share."""

    def __init__(self, interpolation: InterpolationMode, fill: Any) -> None:
        super().__init__()
        self.interpolation = interpolation
        self.fill = fill

    def _change(self, img: Any, name: str, strength: float) -> Any:
        fill = self.fill
        if isinstance(img, Tensor) and fill is not None:
            channels = F.get_dimensions(img)[0]
            fill = [float(fill)] * channels if isinstance(fill, (int, float)) else list(fill)
        return _changed(img, name, strength, self.interpolation, fill)

    def _drawn_change(self, img: Any, ranges: dict[str, Range], step: int | None) -> Any:
        """Draw a change, its strength (unless its ``step`` is given) and its sign."""
        name = list(ranges)[_draws.randint(0, len(ranges))]
        steps, signed = ranges[name]
        strength = 0.0
        if steps is not None:
            strength = float(steps[_draws.randint(0, len(steps)) if step is None else step])
        if signed and _draws.randint(0, 2):
            strength = -strength
        return self._change(img, name, strength)


class AutoAugment(_Policy):
    """Apply a random pair of changes of a learned policy."""

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        if policy not in _POLICIES:
            raise ValueError(f"The provided policy {policy} is not recognized.")
        self.policy = policy
        self.policies = _parsed(policy)

    def forward(self, img: Any) -> Any:
        """The changed image."""
        chosen = self.policies[_draws.randint(0, len(self.policies))]
        chances = [_draws.rand(), _draws.rand()]
        signs = [_draws.randint(0, 2), _draws.randint(0, 2)]
        ranges = _ranges(10, 0.3, _shifts(img), 30.0, 0.9, 4)
        for (name, p, step), chance, sign in zip(chosen, chances, signs, strict=True):
            if np.float32(chance) > np.float32(p):
                continue
            steps, signed = ranges.get(name, (None, False))
            strength = 0.0 if steps is None or step is None else float(steps[step])
            img = self._change(img, name, -strength if signed and not sign else strength)
        return img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(policy={self.policy}, fill={self.fill})"


class RandAugment(_Policy):
    """Apply ``num_ops`` random changes of one strength (Cubuk et al., CVPR workshops 2020)."""

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, img: Any) -> Any:
        """The changed image."""
        ranges = _ranges(self.num_magnitude_bins, 0.3, _shifts(img), 30.0, 0.9, 4)
        for _ in range(self.num_ops):
            img = self._drawn_change(img, ranges, self.magnitude)
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(num_ops={self.num_ops}, magnitude={self.magnitude}, "
            f"num_magnitude_bins={self.num_magnitude_bins}, interpolation={self.interpolation}, "
            f"fill={self.fill})"
        )


class TrivialAugmentWide(_Policy):
    """Apply one random change of random strength (Mueller and Hutter, ICCV 2021)."""

    def __init__(
        self,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, img: Any) -> Any:
        """The changed image."""
        ranges = _ranges(self.num_magnitude_bins, 0.99, (32.0, 32.0), 135.0, 0.99, 6)
        return self._drawn_change(img, ranges, None)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(num_magnitude_bins={self.num_magnitude_bins}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )
