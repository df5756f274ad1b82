"""Gradient clipping, by norm and by value."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from rushlight import ops
from rushlight.autograd import no_grad
from rushlight.tensor import Tensor

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
]


def _as_list(tensors: Tensor | Iterable[Tensor], warn: bool = False) -> list[Tensor]:
    if isinstance(tensors, Tensor):
        return [tensors]
    exhausted = not hasattr(tensors, "__len__") and warn
    result = list(tensors)
    if exhausted and not result:
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3
        )
    return result


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all ``tensors`` taken together as one vector.

    Args:
        tensors: one or several.
        norm_type: the exponent; may be ``inf``.
        error_if_nonfinite: whether a norm that is nan or infinite is an error.
        foreach: accepted; updates are fused in any case.

    Raises:
        RuntimeError: if the norm is not finite and ``error_if_nonfinite``.
    """
    with no_grad():
        norms = [t.norm(float(norm_type)) for t in _as_list(tensors)]
        if not norms:
            return ops.tensor(0.0)
        total = ops.stack(norms).norm(float(norm_type))
    if error_if_nonfinite and not ops.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            f"so "
            "it cannot be clipped. To disable this error and scale the gradients by the non-finite "
            "norm anyway, set `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,
) -> None:
    """Scale the gradients by ``max_norm / total_norm`` where that is below 1."""
    with no_grad():
        factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
        for parameter in _as_list(parameters):
            if parameter.grad is not None:
                parameter.grad.mul_(factor)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients down, if need be, so that together they have at most the norm "
    "``max_norm``.

    Returns:
        The norm before clipping.

    Raises:
        RuntimeError: if it is not finite and ``error_if_nonfinite``.
    """
    params = _as_list(parameters, warn=True)
    grads = [p.grad for p in params if p.grad is not None]
    total = get_total_norm(grads, norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(params, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Deprecated name of ``clip_grad_norm_``."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of "
        "`torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """Clamp every element of every gradient to ``[-clip_value, clip_value]``."""
    bound = float(clip_value)
    with no_grad():
        for parameter in _as_list(parameters):
            if parameter.grad is not None:
                parameter.grad.clamp_(-bound, bound)
