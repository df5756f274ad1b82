"""Normalisation and embedding."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..autograd.grad_mode import no_grad
from ..shapes import numel
from ..tensor import Tensor
from .common import check_tensor
from .indexing import _index_put, index_select
from .movement import reshape
from .registry import function, operator


def _per_channel(t: Tensor, rank: int) -> Tensor:
    return reshape(t, (1, -1, *(1,) * (rank - 2)))


def _batch_dims(rank: int) -> tuple[int, ...]:
    return (0, *range(2, rank))


def _batch_grads(grad: Any, input: Any, weight: Any, mean: Any, invstd: Any, training: bool) -> Any:
    """The gradient for the input (Ioffe and Szegedy, 2015, section 3)."""
    rank = input.ndim
    dims = _batch_dims(rank)
    scale = invstd if weight is None else invstd * _per_channel(weight, rank)
    if not training:
        return grad * scale
    n = numel([input._shape[d] for d in dims])
    normalized = (input - mean) * invstd
    along = (grad * normalized).sum(dims, True)
    return scale * (grad - grad.sum(dims, True) / n - normalized * along / n)


def _moments(input: Any, eps: float) -> tuple[Any, Any, Any]:
    dims = _batch_dims(input.ndim)
    mean = input.mean(dims, True)
    centered = input - mean
    variance = (centered * centered).mean(dims, True)
    return mean, variance, (variance + eps).rsqrt()


def _stats(
    input: Any, running_mean: Any, running_var: Any, training: bool, eps: float
) -> tuple[Any, Any]:
    if training:
        mean, _, invstd = _moments(input, eps)
        return mean, invstd
    rank = input.ndim
    return _per_channel(running_mean, rank), (_per_channel(running_var, rank) + eps).rsqrt()


@operator(
    "NativeBatchNormBackward0",
    method=False,
    function=False,
    name="_batch_norm",
    input=lambda grad, input, weight, running_mean, running_var, training, eps: _batch_grads(
        grad, input, weight, *_stats(input, running_mean, running_var, training, eps), training
    ),
    weight=lambda grad, input, running_mean, running_var, training, eps: (
        grad * _normalized(input, running_mean, running_var, training, eps)
    ).sum(_batch_dims(input.ndim)),
    bias=lambda grad, input: grad.sum(_batch_dims(input.ndim)),
)
def _batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    eps: float,
) -> Tensor:
    out = _normalized(input, running_mean, running_var, training, eps)
    if weight is not None:
        out = out * _per_channel(weight, input.ndim)
    if bias is not None:
        out = out + _per_channel(bias, input.ndim)
    return out


def _normalized(input: Any, running_mean: Any, running_var: Any, training: bool, eps: float) -> Any:
    mean, invstd = _stats(input, running_mean, running_var, training, eps)
    return (input - mean) * invstd


@function()
def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Tensor:
    """Normalise each channel over the batch (or by the running statistics).

    Args:
        input: (N, C, ...). weight, bias, running_mean, running_var: (C,). In training the running
            statistics are updated in place: mean, and variance with ``n - 1``.
    """
    check_tensor(input, "batch_norm")
    if len(input._shape) < 2:
        raise ValueError(f"expected 2D or 3D input (got {len(input._shape)}D input)")
    channels = input._shape[1]
    for name, t in (("running_mean", running_mean), ("weight", weight), ("bias", bias)):
        if t is not None and t._shape != (channels,):
            raise RuntimeError(f"{name} should contain {channels} elements not {t.numel()}")
    if not training and (running_mean is None or running_var is None):
        raise RuntimeError("running_mean and running_var must be defined in evaluation mode")
    # Saved statistics would see the update below: the node keeps its own snapshot of each operand.
    out = _batch_norm(input, weight, bias, running_mean, running_var, training, eps)
    if training and running_mean is not None and running_var is not None:
        with no_grad():
            mean, variance, _ = _moments(input._alias(), eps)
            n = numel([input._shape[d] for d in _batch_dims(input.ndim)])
            unbiased = variance * (n / (n - 1) if n > 1 else math.nan)
            mean, unbiased = reshape(mean, (channels,)), reshape(unbiased, (channels,))
            running_mean.mul_(1 - momentum).add_(mean.to(running_mean._dtype), alpha=momentum)
            running_var.mul_(1 - momentum).add_(unbiased.to(running_var._dtype), alpha=momentum)
    return out


# --- layer norm ----------------------------------------------------------------------------------


def _trailing(rank: int, n: int) -> tuple[int, ...]:
    return tuple(range(rank - n, rank))


def _layer_parts(input: Any, n: int, eps: float) -> tuple[Any, Any]:
    dims = _trailing(input.ndim, n)
    centered = input - input.mean(dims, True)
    invstd = ((centered * centered).mean(dims, True) + eps).rsqrt()
    return centered * invstd, invstd


def _layer_input_grad(grad: Any, input: Any, shape: Any, weight: Any, eps: float) -> Any:
    dims = _trailing(input.ndim, len(shape))
    normalized, invstd = _layer_parts(input, len(shape), eps)
    g = grad if weight is None else grad * weight
    return invstd * (g - g.mean(dims, True) - normalized * (g * normalized).mean(dims, True))


@operator(
    "NativeLayerNormBackward0",
    method=False,
    function=False,
    name="_layer_norm",
    input=lambda grad, input, shape, weight, eps: _layer_input_grad(
        grad, input, shape, weight, eps
    ),
    weight=lambda grad, input, shape, eps: (
        grad * _layer_parts(input, len(shape), eps)[0]
    ).sum_to_size(tuple(shape)),
    bias=lambda grad, shape: grad.sum_to_size(tuple(shape)),
)
def _layer_norm(
    input: Tensor, shape: Any, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor:
    out = _layer_parts(input, len(shape), eps)[0]
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


@function()
def layer_norm(
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    """Normalise over the last dimensions, ``normalized_shape``, then scale and shift."""
    check_tensor(input, "layer_norm")
    shape = tuple(normalized_shape)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            f"element, but got normalized_shape = {list(shape)}"
        )
    for name, t in (("weight", weight), ("bias", bias)):
        if t is not None and t._shape != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(t._shape)} and normalized_shape = {list(shape)}"
            )
    if input._shape[-len(shape) :] != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape "
            f"[*, {', '.join(map(str, shape))}], but got input of size{list(input._shape)}"
        )
    return _layer_norm(input, shape, weight, bias, eps)


@function()
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    """Normalise groups of channels of each sample, then scale and shift channels."""
    check_tensor(input, "group_norm")
    if len(input._shape) < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.ndim}"
        )
    n, channels = input._shape[:2]
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(input._shape)} and num_groups={num_groups}"
        )
    grouped = reshape(input, (n * num_groups, -1)) if numel(input._shape) else input
    out = grouped
    if numel(input._shape):
        out = reshape(_layer_norm(grouped, (grouped._shape[1],), None, None, eps), input._shape)
    if weight is not None:
        out = out * _per_channel(weight, input.ndim)
    if bias is not None:
        out = out + _per_channel(bias, input.ndim)
    return out


# --- embedding -----------------------------------------------------------------------------------


def _embedding_grad(
    grad: Any, weight: Tensor, input: Tensor, padding_idx: int, scale_grad_by_freq: bool
) -> Tensor:
    index = reshape(input, (-1,)).to(dtypes.int64)
    rows = reshape(grad, (-1, weight._shape[1]))
    if padding_idx >= 0:
        rows = rows.masked_fill((index == padding_idx).unsqueeze(1), 0.0)
    if scale_grad_by_freq:
        ones = grad.new_ones(index._shape)
        counts = _index_put(grad.new_zeros(weight._shape[:1]), ones, (0,), [index], True)
        rows = rows / index_select(counts, 0, index).unsqueeze(1)
    zeros = grad.new_zeros(weight._shape)
    return _index_put(zeros, rows, (0,), [index], True)


@operator("EmbeddingBackward0", method=False, name="embedding", weight=_embedding_grad)
def embedding(
    weight: Tensor,
    input: Tensor,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of ``weight`` (V, D) at the indices ``input``: (..., D).

    Raises:
        IndexError: a realized index is out of range. RuntimeError: indices are not integers.
    """
    check_tensor(weight, "embedding", "weight")
    check_tensor(input, "embedding", "indices", 2)
    if len(weight._shape) != 2:
        raise RuntimeError("'weight' must be 2-D")
    if input._dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got torch.{dtypes.SCALAR_TYPE_NAMES[input._dtype]}Tensor instead "
            f"(while "
            "checking arguments for embedding)"
        )
    flat = index_select(weight, 0, reshape(input, (-1,)))
    return reshape(flat, (*input._shape, weight._shape[1]))
