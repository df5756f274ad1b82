"""Adadelta."""

from __future__ import annotations

from typing import Any

from rushlight import ops
from rushlight.optim.optimizer import (
    Group,
    Hyper,
    Params,
    State,
    TensorwiseOptimizer,
    add_weight_decay,
    check,
    check_lr,
    next_step,
    number,
    scalar_state,
)
from rushlight.tensor import Tensor

__all__ = ["Adadelta"]


class Adadelta(TensorwiseOptimizer):
    """Gradient descent scaled by the ratio of the recent sizes of updates and gradients.

    With `v = rho * v + (1 - rho) * g * g`, the update is `d = sqrt(u + eps) / sqrt(v + eps) * g`,
    where `u` is the same running average of `d * d`; then `p -= lr * d`.

    Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.
    """

    _group_defaults = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def __init__(
        self,
        params: Params,
        lr: Hyper = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check(0.0 <= rho <= 1.0, f"Invalid rho value: {rho}")
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        defaults: dict[str, Any] = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, group: Group, param: Tensor) -> State:
        return {
            "step": scalar_state(),
            "square_avg": ops.zeros_like(param),
            "acc_delta": ops.zeros_like(param),
        }

    def _update(self, group: Group, param: Tensor, grad: Tensor, state: State) -> None:
        next_step(state)
        grad = add_weight_decay(grad, param, group["weight_decay"])
        rho, eps = group["rho"], group["eps"]
        square, updates = state["square_avg"], state["acc_delta"]
        square.mul_(rho).addcmul_(grad, grad, value=1 - rho)
        delta = updates.add(eps).sqrt_().div_(square.add(eps).sqrt_()).mul_(grad)
        updates.mul_(rho).addcmul_(delta, delta, value=1 - rho)
        param.add_(delta, alpha=-number(group["lr"]))
