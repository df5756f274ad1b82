"""Names for annotations, as in ``torch.types``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from .device import device
from .dtypes import dtype
from .tensor import Size, Tensor

Number: TypeAlias = int | float | bool
Device: TypeAlias = device | str | int | None
_dtype: TypeAlias = dtype
_device: TypeAlias = device
_size: TypeAlias = Size | list[int] | tuple[int, ...]
_TensorOrTensors: TypeAlias = Tensor | Sequence[Tensor]

__all__ = ["Device", "Number", "_TensorOrTensors", "_device", "_dtype", "_size"]
