"""Normalisation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rushlight import ops
from rushlight.autograd import no_grad
from rushlight.dtypes import finfo
from rushlight.ops import pad
from rushlight.tensor import Tensor


def _check_batch(size: Sequence[int]) -> None:
    """Raise if a channel has one value only, whose variance would be zero."""
    if size[0] * math.prod(size[2:]) == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {size}"
        )


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel over the batch, in training updating the running statistics in place.

    Raises:
        ValueError: in training, if there is one value per channel.
    """
    if training:
        _check_batch(input.size())
    return ops.batch_norm(
        input, weight, bias, running_mean, running_var, training, momentum, eps, True
    )


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of each instance: batch norm with the instances as channels.

    Raises:
        ValueError: if there is one spatial element.
        RuntimeError: if neither input nor running statistics are to be used.
    """
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.size()}"
        )
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError(
            "Expected running_mean and running_var to be defined when use_input_stats is false"
        )
    batch, channels = input.shape[0], input.shape[1]

    def repeat(t: Tensor | None) -> Tensor | None:
        return None if t is None else t.repeat(batch)

    mean, var = repeat(running_mean), repeat(running_var)
    folded = input.contiguous().view(1, batch * channels, *input.shape[2:])
    out = ops.batch_norm(
        folded, repeat(weight), repeat(bias), mean, var, use_input_stats, momentum, eps, True
    )
    if use_input_stats:
        with no_grad():
            for running, repeated in ((running_mean, mean), (running_var, var)):
                if running is not None and repeated is not None:
                    running.copy_(repeated.view(batch, channels).mean(0))
    return out.view(input.shape)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise over the last dimensions, which have ``normalized_shape``."""
    return ops.layer_norm(input, normalized_shape, weight, bias, eps)


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Divide by the root mean square over the last dimensions, which have ``normalized_shape``.

    Raises:
        RuntimeError: if the input does not end in ``normalized_shape``.
    """
    shape = list(normalized_shape)
    if list(input.shape[input.dim() - len(shape) :]) != shape:
        raise RuntimeError(
            f"Given normalized_shape={shape}, expected input with shape "
            f"[*{', '.join(map(str, shape))}], but got input of size{list(input.shape)}"
        )
    dims = tuple(range(-len(shape), 0))
    eps = finfo(input.dtype).eps if eps is None else eps
    out = input * ops.rsqrt(input.pow(2).mean(dims, keepdim=True) + eps)
    return out if weight is None else out * weight


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise over groups of channels of each instance.

    Raises:
        RuntimeError: if the channels cannot be divided into ``num_groups``.
        ValueError: if a group has one value.
    """
    if input.dim() < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.dim()}"
        )
    _check_batch([input.size(0) * input.size(1) // num_groups, num_groups, *input.shape[2:]])
    return ops.group_norm(input, num_groups, weight, bias, eps)


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Divide by ``(k + alpha * mean of squares over size neighbouring channels) ** beta``.

    Raises:
        ValueError: for fewer than three dimensions.
    """
    ndim = input.dim()
    if ndim < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality                          input (got {ndim} "
            "dimensions)"
        )
    if input.numel() == 0:
        return input
    channels = input.shape[1]
    spread = (0, 0) * (ndim - 2) + (size // 2, (size - 1) // 2)
    squares = pad(input.mul(input), spread)
    total = squares.narrow(1, 0, channels)
    for offset in range(1, size):
        total = total + squares.narrow(1, offset, channels)
    return input / (total * (alpha / size) + k).pow(beta)


def normalize(
    input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None
) -> Tensor:
    """Divide by the ``p``-norm along ``dim`` (or ``eps``, if that is greater)."""
    norm = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    return input / norm if out is None else ops.div(input, norm, out=out)
