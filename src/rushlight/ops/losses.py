"""Losses with a node of their own. ``reduction`` is ``"none"``, ``"mean"`` or ``"sum"``."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..errors import with_note
from ..graph import primitives as P
from ..graph.expr import Expr
from ..graph.tape import record
from ..shapes import numel
from ..tensor import Tensor, new_tensor
from .common import cast, check_tensor, result_dtype
from .indexing import gather, scatter
from .movement import expand, reshape, unsqueeze
from .pointwise import where
from .random_ops import _checked
from .reductions import log_softmax
from .registry import nn_function, operator


def _reduce(loss: Any, reduction: str) -> Any:
    if reduction == "none":
        return loss
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    raise ValueError(f"{reduction} is not a valid value for reduction")


def _scaled(grad: Any, n: int, reduction: str) -> Any:
    """The gradient of each element of the unreduced loss."""
    return grad / n if reduction == "mean" else grad


def _size(input: Tensor, target: Tensor) -> int:
    from ..shapes import broadcast_shapes

    return numel(broadcast_shapes(input._shape, target._shape))


def _pairwise(input: Tensor, target: Tensor, name: str) -> tuple[Expr, Expr]:
    check_tensor(input, name)
    check_tensor(target, name, "target", 2)
    d = result_dtype(input, target)
    return cast(input._expr(), d), cast(target._expr(), d)


def _op(prim: Any, *operands: Expr) -> Expr:
    return record(prim, operands)


# --- regression ----------------------------------------------------------------------------------


def _mse_slope(grad: Any, input: Any, target: Any, reduction: str) -> Any:
    n = _size(input, target)
    scale = 2.0 / n if reduction == "mean" and n else 2.0
    return grad * ((input - target) * scale)


@operator(
    "MseLossBackward0",
    method=False,
    function=False,
    input=_mse_slope,
    target=lambda grad, input, target, reduction: -_mse_slope(grad, input, target, reduction),
)
def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The squared difference."""
    a, b = _pairwise(input, target, "mse_loss")
    gap = _op(P.SUB, a, b)
    return _reduce(new_tensor(_op(P.MUL, gap, gap)), reduction)


@nn_function
def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The absolute difference."""
    return _reduce((input - target).abs(), reduction)


def _smooth_slope(grad: Any, input: Any, target: Any, reduction: str, beta: float) -> Any:
    gap = input - target
    slope = where(gap.abs() < beta, gap / beta if beta else gap, gap.sign())
    return _scaled(grad, _size(input, target), reduction) * slope


@operator(
    "SmoothL1LossBackward0",
    method=False,
    function=False,
    input=_smooth_slope,
    target=lambda grad, input, target, reduction, beta: (
        -_smooth_slope(grad, input, target, reduction, beta)
    ),
)
def smooth_l1_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0
) -> Tensor:
    """``0.5 * d**2 / beta`` where the difference ``d`` is below ``beta``, ``|d| - beta / 2``
    above."""
    a, b = _pairwise(input, target, "smooth_l1_loss")
    gap: Any = new_tensor(_op(P.SUB, a, b)).abs()
    if beta == 0:
        return _reduce(gap, reduction)
    loss = where(gap < beta, 0.5 * gap * gap / beta, gap - 0.5 * beta)
    return _reduce(loss, reduction)


def _huber_slope(grad: Any, input: Any, target: Any, reduction: str, delta: float) -> Any:
    slope = (input - target).clamp(-delta, delta)
    return _scaled(grad, _size(input, target), reduction) * slope


@operator(
    "HuberLossBackward0",
    method=False,
    function=False,
    input=_huber_slope,
    target=lambda grad, input, target, reduction, delta: (
        -_huber_slope(grad, input, target, reduction, delta)
    ),
)
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0
) -> Tensor:
    """``0.5 * d**2`` where the difference ``d`` is below ``delta``, linear above."""
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    a, b = _pairwise(input, target, "huber_loss")
    gap: Any = new_tensor(_op(P.SUB, a, b)).abs()
    loss = where(gap < delta, 0.5 * gap * gap, delta * (gap - 0.5 * delta))
    return _reduce(loss, reduction)


def _soft_margin_slope(grad: Any, input: Any, target: Any, reduction: str) -> Any:
    z = (-target * input).sigmoid()
    return _scaled(grad, _size(input, target), reduction) * (-target * z)


@operator("SoftMarginLossBackward0", method=False, function=False, input=_soft_margin_slope)
def soft_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """``log(1 + exp(-target * input))``."""
    return _reduce((-target * input).exp().log1p(), reduction)


# --- classification ------------------------------------------------------------------------------


def _bce_slope(grad: Any, input: Any, target: Any, weight: Any, reduction: str) -> Any:
    n = _size(input, target)
    slope = (input - target) / ((1 - input) * input).clamp(min=1e-12)
    slope = _scaled(grad, n, reduction) * slope
    return slope if weight is None else slope * weight


def _bce_target_slope(grad: Any, input: Any, target: Any, weight: Any, reduction: str) -> Any:
    slope = (1 - input).log().clamp(min=-100) - input.log().clamp(min=-100)
    slope = _scaled(grad, _size(input, target), reduction) * slope
    return slope if weight is None else slope * weight


@operator(
    "BinaryCrossEntropyBackward0",
    method=False,
    function=False,
    input=_bce_slope,
    target=_bce_target_slope,
)
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Of probabilities in [0, 1]; logarithms are limited to -100.

    Raises:
        RuntimeError: an element lies outside [0, 1] (pending values are checked when they are
            computed), or the dtypes differ.
    """
    if input._dtype is not target._dtype:
        raise RuntimeError(
            f"Found dtype {dtypes.SCALAR_TYPE_NAMES[target._dtype]} but expected "
            f"{dtypes.SCALAR_TYPE_NAMES[input._dtype]}"
        )
    p: Any = new_tensor(_checked(input._expr(), "loss input"))
    target = new_tensor(_checked(target._expr(), "loss target"))
    loss = -(target * p.log().clamp(min=-100) + (1 - target) * (1 - p).log().clamp(min=-100))
    return _reduce(loss if weight is None else loss * weight, reduction)


def _bce_logits_slope(
    grad: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    if pos_weight is None:
        slope = input.sigmoid() - target
    else:
        t = pos_weight * target
        slope = (t + 1 - target) * input.sigmoid() - t
    slope = slope if weight is None else slope * weight
    return _scaled(grad, _size(input, target), reduction) * slope


def _bce_logits_target(grad: Any, input: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    from .activations import log_sigmoid

    slope = -input if pos_weight is None else log_sigmoid(-input) - pos_weight * log_sigmoid(input)
    slope = slope if weight is None else slope * weight
    return _scaled(grad, input.numel(), reduction) * slope


@operator(
    "BinaryCrossEntropyWithLogitsBackward0",
    method=False,
    input=_bce_logits_slope,
    target=_bce_logits_target,
)
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``binary_cross_entropy`` of ``sigmoid(input)``, without overflow."""
    from .activations import log_sigmoid

    log_p: Any = log_sigmoid(input)
    t: Any = target
    scale = 1 if pos_weight is None else (pos_weight - 1) * t + 1
    loss = (1 - t) * input - scale * log_p
    return _reduce(loss if weight is None else loss * weight, reduction)


def _class_index(target: Tensor) -> Expr:
    return cast(target._expr(), dtypes.int64)


def _check_classes(target: Tensor, classes: int, ignore_index: int) -> None:
    """Realized targets are checked in the call; pending ones when the Program runs."""
    if target._storage.expr.buffer is None or not target.numel():
        return
    array = target._array()
    if array.min() >= 0 and array.max() < classes:
        return
    bad = array[((array < 0) | (array >= classes)) & (array != ignore_index)]
    if bad.size:
        raise with_note(
            IndexError(f"Target {bad.flat[0]} is out of bounds."),
            f"the scores have {classes} classes: labels must be 0 to {classes - 1}",
        )


def _nll_parts(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int
) -> tuple[Any, Any, Any]:
    """Per element: safe class index, the weight of its class (0 where ignored), and its dim of
    1."""
    dim = 1 if len(input._shape) > 1 else 0
    index: Any = unsqueeze(new_tensor(_class_index(target)), dim)
    kept = index != ignore_index
    safe = where(kept, index, 0)
    if weight is None:
        return safe, kept.to(input._dtype), dim
    wide = reshape(weight, [-1 if i == dim else 1 for i in range(len(input._shape))])
    full = expand(wide, [n if i != dim else input._shape[dim] for i, n in enumerate(input._shape)])
    return safe, gather(full, dim, safe) * kept, dim


def _nll_grad(
    grad: Any, input: Tensor, target: Tensor, weight: Any, reduction: str, ignore_index: int
) -> Any:
    safe, w, dim = _nll_parts(input, target, weight, ignore_index)
    if reduction == "none":
        g = unsqueeze(grad, dim)
    else:
        g = grad / w.sum() if reduction == "mean" else grad
    values = (-w * g).expand(safe._shape)
    zeros = new_tensor(record(P.FULL, (), (input._shape, input._dtype), (0,)))
    return scatter(zeros, dim, safe, values)


@operator("NllLossBackward0", method=False, function=False, input=_nll_grad, name="_nll_loss")
def _nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore_index: int
) -> Tensor:
    safe, w, dim = _nll_parts(input, target, weight, ignore_index)
    loss = -gather(input, dim, safe) * w
    if reduction == "none":
        return loss.squeeze(dim)
    total = loss.sum()
    return total / w.sum() if reduction == "mean" else total


@nn_function
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int = -100,
) -> Tensor:
    """Minus the entry of ``input`` (log-probabilities) at the class ``target`` names.

    Args:
        input: (C,), (N, C) or (N, C, d1, ...). target: class indices, without C.

    Raises:
        RuntimeError, ValueError: shapes or dtypes do not fit. IndexError: a class out of range.
    """
    check_tensor(input, "nll_loss")
    check_tensor(target, "nll_loss", "target", 2)
    n = len(input._shape)
    if n == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if n == 1:
        if target._shape not in ((), (1,)):
            raise ValueError(
                f"Expected input batch_size ({input._shape[0]}) to match target batch_size "
                f"({target._shape[0]})."
            )
        target = reshape(target, ())
    else:
        if len(target._shape) != n - 1:
            if n == 2:
                raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
            raise RuntimeError(
                f"only batches of spatial targets supported ({n - 1}D tensors) but got targets of "
                f"dimension: {len(target._shape)}"
            )
        if input._shape[0] != target._shape[0]:
            raise ValueError(
                f"Expected input batch_size ({input._shape[0]}) to match target batch_size "
                f"({target._shape[0]})."
            )
        if input._shape[2:] != target._shape[1:]:
            raise RuntimeError(
                f"Expected target size {[input._shape[0], *input._shape[2:]]}, got "
                f"{list(target._shape)}"
            )
    if target._dtype not in (dtypes.int64, dtypes.uint8):
        raise RuntimeError(
            "expected target dtype to be Long or Byte, but got "
            f"{dtypes.SCALAR_TYPE_NAMES[target._dtype]}: convert class indices with target.long()"
        )
    classes = input._shape[1 if n > 1 else 0]
    if weight is not None and weight._shape != (classes,):
        raise RuntimeError(
            "weight tensor should be defined either for all "
            f"{classes} classes or no classes but got weight tensor of shape: {list(weight._shape)}"
        )
    _check_classes(target, classes, ignore_index)
    out = _nll_loss(input, target, weight, reduction, ignore_index)
    if n > 2 and out._node is not None:
        from .registry import node_class

        out._node.__class__ = node_class("NllLoss2DBackward0")
    return out


@nn_function
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Tensor:
    """``nll_loss`` of ``log_softmax``; the target holds class indices or class probabilities.

    Raises:
        RuntimeError, ValueError: shapes or dtypes do not fit. IndexError: a class out of range.
    """
    check_tensor(input, "cross_entropy_loss")
    check_tensor(target, "cross_entropy_loss", "target", 2)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    dim = 0 if len(input._shape) == 1 else 1
    if len(input._shape) == 0:
        raise IndexError("Dimension out of range (expected to be in range of [-1, 0], but got 1)")
    classes = input._shape[dim]
    if target._shape == input._shape and target._dtype.is_floating_point:
        log_p: Any = log_softmax(input, dim)
        t: Any = target
        if label_smoothing > 0:
            t = t * (1 - label_smoothing) + label_smoothing / classes
        if weight is not None:
            log_p = log_p * reshape(weight, [-1 if i == dim else 1 for i in range(input.ndim)])
        loss = -(log_p * t).sum(dim) if reduction == "none" else -(log_p * t).sum()
        batch = numel(input._shape) // max(classes, 1)
        return loss / max(batch, 1) if reduction == "mean" else loss
    log_probs: Any = log_softmax(input, dim)
    plain = nll_loss(log_probs, target, weight, reduction, ignore_index)
    if label_smoothing == 0:
        return plain
    return _smoothed(
        log_probs, plain, target, weight, reduction, ignore_index, label_smoothing, dim
    )


def _smoothed(
    log_p: Any,
    plain: Any,
    target: Tensor,
    weight: Any,
    reduction: str,
    ignore_index: int,
    smoothing: float,
    dim: int,
) -> Tensor:
    classes = log_p._shape[dim]
    spread = (
        log_p
        if weight is None
        else log_p * reshape(weight, [-1 if i == dim else 1 for i in range(log_p.ndim)])
    )
    smooth = -spread.sum(dim)
    index = new_tensor(_class_index(target))
    ignored: Any = index == ignore_index
    smooth = smooth.masked_fill(ignored, 0.0)
    if reduction == "sum":
        smooth = smooth.sum()
    elif reduction == "mean":
        if weight is None:
            smooth = smooth.sum() / ignored.logical_not().sum()
        else:
            safe = index.masked_fill(ignored, 0)
            w = weight[safe].masked_fill(ignored, 0.0)
            smooth = smooth.sum() / w.sum()
    return plain * (1 - smoothing) + smooth * (smoothing / classes)


@nn_function
def kl_div(
    input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False
) -> Tensor:
    """``target * (log(target) - input)`` for log-probabilities ``input``."""
    x: Any = input
    t: Any = target
    if log_target:
        loss = t.exp() * (t - x)
    else:
        loss = t.xlogy(t) - t * x
    return _reduce(loss, reduction)
