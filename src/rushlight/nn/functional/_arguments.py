"""What the functions share: resolving and checking arguments."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from rushlight import ops
from rushlight.tensor import Tensor

Size = int | Sequence[int]


def legacy_reduction(
    size_average: bool | None, reduce: bool | None, reduction: str, *, stacklevel: int = 3
) -> str:
    """Resolve the deprecated ``size_average`` and ``reduce`` arguments, with PyTorch's warning."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        reduction = "none"
    else:
        reduction = "sum" if size_average is False else "mean"
    warnings.warn(
        "size_average and reduce args will be deprecated, "
        f"please use reduction='{reduction}' instead.",
        stacklevel=stacklevel,
    )
    return reduction


def _check_reduction(reduction: str) -> str:
    """Return ``reduction`` if it is known.

    Raises:
        ValueError: if it is not.
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def _resolve_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce, reduction, stacklevel=5)
    return _check_reduction(reduction)


def _reduce(loss: Tensor, reduction: str) -> Tensor:
    """Apply a reduction to a loss of several elements."""
    if reduction == "none":
        return loss
    return loss.mean() if reduction == "mean" else loss.sum()


def _match_sizes(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Broadcast the two against each other, with PyTorch's warning if that changes anything."""
    if target.size() == input.size():
        return input, target
    warnings.warn(
        f"Using a target size ({target.size()}) that is different to the input size "
        f"({input.size()}). This will likely lead to incorrect results due to broadcasting. "
        "Please ensure they have the same size.",
        stacklevel=3,
    )
    expanded_input, expanded_target = ops.broadcast_tensors(input, target)
    return expanded_input, expanded_target


def _weighted(loss: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """Weigh an elementwise loss; the mean is over the weights."""
    if weight.size() != loss.size():
        raise ValueError("Weights and input must have the same size.")
    weighted = loss * weight
    if reduction == "mean":
        return weighted.sum() / weight.sum()
    return _reduce(weighted, reduction)


def _tuple(value: Any, n: int) -> tuple[Any, ...]:
    """``value`` as a tuple of ``n``: a number is repeated."""
    if isinstance(value, (list, tuple)):
        return tuple(value) if len(value) == n else (value[0],) * n
    return (value,) * n


def _check_probability(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
