"""Dropout layers."""

from __future__ import annotations

from collections.abc import Callable

from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module
from rushlight.tensor import Tensor

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class _Dropout(Module):
    """A layer that drops values in training mode.

    Args:
        p: the probability of an element (or channel) to be dropped.
        inplace: whether to overwrite the input.

    Raises:
        ValueError: if ``p`` is no probability.
    """

    _function: Callable[..., Tensor]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Drop in training mode; return the input in evaluation mode."""
        return type(self)._function(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Zero elements and scale the others up."""

    _function = staticmethod(F.dropout)


class Dropout1d(_Dropout):
    """Zero whole channels of ``(N, C, L)`` and scale the others up."""

    _function = staticmethod(F.dropout1d)


class Dropout2d(_Dropout):
    """Zero whole channels of ``(N, C, H, W)`` and scale the others up."""

    _function = staticmethod(F.dropout2d)


class Dropout3d(_Dropout):
    """Zero whole channels of ``(N, C, D, H, W)`` and scale the others up."""

    _function = staticmethod(F.dropout3d)


class _AlphaDropout(_Dropout):
    """A layer that never overwrites its input, whatever ``inplace`` says, as in PyTorch."""

    def forward(self, input: Tensor) -> Tensor:
        """Drop in training mode; return the input in evaluation mode."""
        return type(self)._function(input, self.p, self.training)


class AlphaDropout(_AlphaDropout):
    """Dropout that keeps the mean and variance of self-normalising inputs."""

    _function = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(_AlphaDropout):
    """``AlphaDropout`` of whole channels."""

    _function = staticmethod(F.feature_alpha_dropout)
