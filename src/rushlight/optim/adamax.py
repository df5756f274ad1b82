"""Adamax."""

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
    check_betas,
    check_lr,
    next_step,
    number,
    scalar_state,
)
from rushlight.tensor import Tensor

__all__ = ["Adamax"]


class Adamax(TensorwiseOptimizer):
    """Adam with the running maximum of the gradient's size in place of the root mean square.

    With `m = beta1 * m + (1 - beta1) * g` and `u = max(beta2 * u, |g| + eps)`, after `t` steps:
    `p -= lr / (1 - beta1**t) * m / u`.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, section 7.1.
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
        lr: Hyper = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check_betas(betas)
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        defaults: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _new_state(self, group: Group, param: Tensor) -> State:
        return {
            "step": scalar_state(),
            "exp_avg": ops.zeros_like(param),
            "exp_inf": ops.zeros_like(param),
        }

    def _update(self, group: Group, param: Tensor, grad: Tensor, state: State) -> None:
        step = next_step(state)
        beta1, beta2 = group["betas"]
        grad = add_weight_decay(grad, param, group["weight_decay"])
        mean, largest = state["exp_avg"], state["exp_inf"]
        mean.lerp_(grad, 1 - beta1)
        largest.copy_(ops.maximum(largest.mul(beta2), grad.abs().add_(group["eps"])))
        param.addcdiv_(mean, largest, value=-number(group["lr"]) / (1 - beta1**step))
