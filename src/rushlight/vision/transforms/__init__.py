"""Transforms of images: classes here, functions in ``functional``, the newer names in ``v2``."""

from __future__ import annotations

from rushlight.vision.transforms import functional as functional
from rushlight.vision.transforms.autoaugment import *  # noqa: F403
from rushlight.vision.transforms.transforms import *  # noqa: F403
