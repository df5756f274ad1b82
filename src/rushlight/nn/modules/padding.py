"""Padding layers."""

from __future__ import annotations

from typing import Any

from rushlight.nn import functional as F
from rushlight.nn.modules._tuples import ntuple
from rushlight.nn.modules.module import Module
from rushlight.tensor import Tensor

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _Pad(Module):
    """Pad the last dimensions.

    Args:
        padding: a number for all sides, or ``(left, right, top, bottom, ...)``, last dimension
            first.
    """

    _ndim: int
    _mode: str

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = ntuple(padding, 2 * self._ndim)

    def forward(self, input: Tensor) -> Tensor:
        """Pad."""
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        """The widths."""
        return f"{self.padding}"


class _ConstantPad(_Pad):
    """Pad with one value.

    Args:
        padding: as in ``_Pad``.
        value: the value.
    """

    _mode = "constant"

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """Pad."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """The widths and the value."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """Pad the last dimension with one value."""

    _ndim = 1


class ConstantPad2d(_ConstantPad):
    """Pad the last two dimensions with one value."""

    _ndim = 2


class ConstantPad3d(_ConstantPad):
    """Pad the last three dimensions with one value."""

    _ndim = 3


class _ZeroPad(_ConstantPad):
    """Pad with zeros.

    Args:
        padding: as in ``_Pad``.
    """

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """The widths."""
        return f"{self.padding}"


class ZeroPad1d(_ZeroPad):
    """Pad the last dimension with zeros."""

    _ndim = 1


class ZeroPad2d(_ZeroPad):
    """Pad the last two dimensions with zeros."""

    _ndim = 2


class ZeroPad3d(_ZeroPad):
    """Pad the last three dimensions with zeros."""

    _ndim = 3


class _ReflectionPad(_Pad):
    """Pad with the mirror image, without repeating the edge."""

    _mode = "reflect"


class ReflectionPad1d(_ReflectionPad):
    """Pad the last dimension with its mirror image."""

    _ndim = 1


class ReflectionPad2d(_ReflectionPad):
    """Pad the last two dimensions with their mirror image."""

    _ndim = 2


class ReflectionPad3d(_ReflectionPad):
    """Pad the last three dimensions with their mirror image."""

    _ndim = 3


class _ReplicationPad(_Pad):
    """Pad by repeating the edge."""

    _mode = "replicate"


class ReplicationPad1d(_ReplicationPad):
    """Pad the last dimension by repeating its edge."""

    _ndim = 1


class ReplicationPad2d(_ReplicationPad):
    """Pad the last two dimensions by repeating their edge."""

    _ndim = 2


class ReplicationPad3d(_ReplicationPad):
    """Pad the last three dimensions by repeating their edge."""

    _ndim = 3


class _CircularPad(_Pad):
    """Pad with what stands at the other end."""

    _mode = "circular"


class CircularPad1d(_CircularPad):
    """Pad the last dimension with its other end."""

    _ndim = 1


class CircularPad2d(_CircularPad):
    """Pad the last two dimensions with their other end."""

    _ndim = 2


class CircularPad3d(_CircularPad):
    """Pad the last three dimensions with their other end."""

    _ndim = 3
