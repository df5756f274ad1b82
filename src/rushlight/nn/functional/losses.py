"""Losses."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence

from rushlight import ops
from rushlight.autograd import no_grad
from rushlight.dtypes import int64
from rushlight.nn.functional._arguments import (
    _check_reduction,
    _match_sizes,
    _reduce,
    _resolve_reduction,
    _weighted,
    legacy_reduction,
)
from rushlight.nn.functional.geometry import pairwise_distance
from rushlight.tensor import Tensor


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Squared error."""
    input, target = _match_sizes(input, target)
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if weight is not None:
        return _weighted(ops.mse_loss(input, target, "none"), weight, reduction)
    return ops.mse_loss(input, target, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Absolute error."""
    input, target = _match_sizes(input, target)
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if weight is not None:
        return _weighted(ops.l1_loss(input, target, "none"), weight, reduction)
    return ops.l1_loss(input, target, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """``0.5 d^2 / beta`` where the error ``d`` is below ``beta``, else ``|d| - beta / 2``."""
    input, target = _match_sizes(input, target)
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0.0:
        return ops.l1_loss(input, target, reduction)
    return ops.smooth_l1_loss(input, target, reduction, beta)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """``0.5 d^2`` where the error ``d`` is below ``delta``, else ``delta * (|d| - delta / 2)``."""
    input, target = _match_sizes(input, target)
    _check_reduction(reduction)
    if weight is not None:
        if weight.size() != input.size():
            raise ValueError("Weights and input must have the same size.")
        return _reduce(ops.huber_loss(input, target, "none", delta) * weight, reduction)
    return ops.huber_loss(input, target, reduction, delta)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Negative log likelihood of ``log_softmax(input)``.

    Args:
        input: logits ``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)``.
        target: class numbers ``()``, ``(N,)``, ``(N, d1, ...)``, or probabilities of the shape of
            ``input``.
        weight: a factor for each class.
        size_average: deprecated.
        ignore_index: a class number that does not count.
        reduce: deprecated.
        reduction: mean (weighted by class), sum or none.
        label_smoothing: how much of the target is spread over all classes.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    return ops.cross_entropy(input, target, weight, reduction, ignore_index, label_smoothing)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log likelihood of log probabilities; arguments as in ``cross_entropy``."""
    reduction = _resolve_reduction(size_average, reduce, reduction)
    return ops.nll_loss(input, target, weight, reduction, ignore_index)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``-(t log x + (1 - t) log(1 - x))`` for probabilities, logarithms clamped at -100.

    Raises:
        ValueError: if sizes differ.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if target.size() != input.size():
        raise ValueError(
            f"Using a target size ({target.size()}) that is different to the input size "
            f"({input.size()}) is deprecated. Please ensure they have the same size."
        )
    if weight is not None and weight.size() != input.size():
        weight = ops.broadcast_tensors(weight, target)[0]
    return ops.binary_cross_entropy(input, target, weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """``binary_cross_entropy(sigmoid(input), target)``, stable for large logits.

    Raises:
        ValueError: if sizes differ.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if target.size() != input.size():
        raise ValueError(
            f"Target size ({target.size()}) must be the same as input size ({input.size()})"
        )
    return ops.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Kullback-Leibler divergence ``target * (log target - input)`` of log probabilities ``input``.

    The reduction "batchmean" is the divergence by its definition; "mean" divides by the number of
    elements.
    """
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce, reduction)
    elif reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    if reduction == "batchmean":
        total = ops.kl_div(input, target, "sum", log_target=log_target)
        return total / input.size(0) if input.size(0) else total
    return ops.kl_div(input, target, _check_reduction(reduction), log_target=log_target)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log likelihood of counts ``target`` under a Poisson distribution.

    Args:
        input: the (log of the) rate.
        target: the counts.
        log_input: whether ``input`` is the logarithm of the rate.
        full: add Stirling's approximation of the factorial term.
        size_average: deprecated.
        eps: keeps the logarithm finite.
        reduce: deprecated.
        reduction: mean, sum or none.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if log_input:
        loss = input.exp() - target * input
    else:
        loss = input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return _reduce(loss, reduction)


def _is_one_per_row(size: Sequence[int], full: Sequence[int]) -> bool:
    """Whether ``size`` is ``full`` but for a 1 in place of one dimension."""
    if len(size) != len(full):
        return False
    return [n for n, m in zip(size, full, strict=True) if n != m] == [1]


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Negative log likelihood of ``target`` under a normal distribution of mean ``input``.

    Args:
        input: the mean.
        target: the sample.
        var: the variance: of the shape of ``input``, of one element for its last dimension, or a
            number.
        full: add the constant term.
        eps: the least variance.
        reduction: mean, sum or none.

    Raises:
        ValueError: for a negative variance, one of the wrong size, or an unknown reduction.
    """
    spread = var if isinstance(var, Tensor) else ops.full_like(input, var)
    if (spread < 0).any():
        raise ValueError("var has negative entry/entries")
    if spread.size() != input.size():
        if input.size()[:-1] == spread.size():
            spread = spread.unsqueeze(-1)
        elif not _is_one_per_row(spread.size(), input.size()):
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    spread = spread.clone()
    with no_grad():
        spread.clamp_(min=eps)
    loss = 0.5 * (spread.log() + (input - target) ** 2 / spread)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return _reduce(loss, reduction)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``x`` where the target is 1, ``max(0, margin - x)`` where it is -1."""
    reduction = _resolve_reduction(size_average, reduce, reduction)
    zero = ops.zeros_like(input)
    far = ops.where(target != 1, (margin - input).clamp_min(0), zero)
    near = ops.where(target != -1, input, zero)
    return _reduce(far + near, reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, -target * (input1 - input2) + margin)``.

    Raises:
        RuntimeError: if the numbers of dimensions differ.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.size()}, input2: {input2.size()}, target: {target.size()} "
        )
    return _reduce((-target * (input1 - input2) + margin).clamp_min(0), reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1.

    Raises:
        RuntimeError: if the numbers of dimensions do not fit.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if target.dim() not in (0, 1):
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    ndim = target.dim() + 1
    if input1.dim() != ndim or input2.dim() != ndim:
        raise RuntimeError(
            f"{target.dim()}D target tensor expects {ndim}D input tensors, but found inputs with "
            f"sizes {list(input1.shape)} and {list(input2.shape)}."
        )
    eps = 1e-12
    squares = ((input1 * input1).sum(-1) + eps) * ((input2 * input2).sum(-1) + eps)
    cos = (input1 * input2).sum(-1) / squares.sqrt()
    zero = ops.zeros_like(cos)
    near = ops.where(target == 1, 1 - cos, zero)
    far = ops.where(target == -1, (cos - margin).clamp_min(0), zero)
    return _reduce(near + far, reduction)


def _check_triplet(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> None:
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {anchor.dim()}D, positive {positive.dim()}D, and "
            f"negative "
            f"{negative.dim()}D inputs"
        )


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` for the ``p``-distance ``d``.

    Raises:
        ValueError: if the margin is not positive.
        RuntimeError: if the numbers of dimensions differ.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    return triplet_margin_with_distance_loss(
        anchor,
        positive,
        negative,
        distance_function=distance,
        margin=margin,
        swap=swap,
        reduction=reduction,
    )


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """``triplet_margin_loss`` with any distance (default: ``pairwise_distance``)."""
    _check_reduction(reduction)
    _check_triplet(anchor, positive, negative, margin)
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = ops.minimum(far, distance(positive, negative))
    return _reduce((margin + near - far).clamp_min(0), reduction)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``log(1 + exp(-target * input))``."""
    reduction = _resolve_reduction(size_average, reduce, reduction)
    return ops.soft_margin_loss(input, target, reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes ``j`` of ``max(0, margin - x[target] + x[j]) ** p``.

    Raises:
        ValueError: for another ``p``, or weights that are not 1-D.
        RuntimeError: if sizes do not fit.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional")
    if input.dim() == 1:
        loss = multi_margin_loss(
            input.unsqueeze(0), target.reshape(1), p, margin, weight, reduction="none"
        )
        return loss.squeeze(0)
    if target.dim() != 1 or target.size(0) != input.size(0):
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input "
            f"samples (batch size). Expected target size [{input.size(0)}], but got "
            f"{list(target.shape)}. Input has shape {list(input.shape)}."
        )
    index = target.unsqueeze(1)
    terms = (margin - input.gather(1, index) + input).clamp_min(0)
    if p == 2:
        terms = terms * terms
    if weight is not None:
        terms = terms * weight[target].unsqueeze(1)
    terms = terms.scatter(1, index, 0.0)
    return _reduce(terms.sum(1) / input.size(1), reduction)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Hinge loss between each target class and each other class.

    ``target`` lists class numbers per sample, ended by the first negative number.

    Raises:
        RuntimeError: if sizes differ.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise RuntimeError(
            f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}"
        )
    if input.dim() < 2:
        flat_in, flat_target = input.reshape(1, -1), target.reshape(1, -1)
        return multilabel_margin_loss(flat_in, flat_target, reduction="none").squeeze(0)
    listed = (target >= 0).to(int64).cumprod(1)
    index = target * listed
    is_target = ops.zeros_like(target).scatter_add(1, index, listed) > 0
    pairs = (1 - input.gather(1, index).unsqueeze(2) + input.unsqueeze(1)).clamp_min(0)
    counts = listed.unsqueeze(2) * is_target.logical_not().unsqueeze(1)
    return _reduce((pairs * counts).sum((1, 2)) / input.size(1), reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of the binary cross entropy with logits."""
    reduction = _resolve_reduction(size_average, reduce, reduction)
    loss = -(target * ops.log_sigmoid(input) + (1 - target) * ops.log_sigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return _reduce(loss.sum(-1) / input.size(-1), reduction)
