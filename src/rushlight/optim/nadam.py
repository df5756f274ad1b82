"""NAdam: Adam with Nesterov momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

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
    set_scalar,
)
from rushlight.tensor import Tensor

__all__ = ["NAdam"]


class NAdam(TensorwiseOptimizer):
    """Adam with Nesterov momentum, whose coefficient `mu` grows with the steps.

    At step `t`, `mu_t = beta1 * (1 - 0.96**(t * momentum_decay) / 2)`. The parameter moves along
    `(1 - mu_t) / (1 - prod(mu_1..t)) * g + mu_(t+1) / (1 - prod(mu_1..t+1)) * m`, divided by
    `sqrt(v / (1 - beta2**t)) + eps`.

    Source: Dozat, "Incorporating Nesterov Momentum into Adam", 2016.
    """

    _group_defaults = {
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
    }

    def __init__(
        self,
        params: Params,
        lr: Hyper = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check_betas(betas)
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        check(momentum_decay >= 0.0, f"Invalid momentum_decay value: {momentum_decay}")
        defaults: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, group: Group, param: Tensor) -> State:
        return {
            "step": scalar_state(),
            "mu_product": scalar_state(1.0),
            "exp_avg": ops.zeros_like(param),
            "exp_avg_sq": ops.zeros_like(param),
        }

    def _update(self, group: Group, param: Tensor, grad: Tensor, state: State) -> None:
        step = next_step(state)
        beta1, beta2 = group["betas"]
        lr, decay = number(group["lr"]), group["weight_decay"]
        if not group["decoupled_weight_decay"]:
            grad = add_weight_decay(grad, param, decay)
        elif decay != 0:
            param.mul_(1 - lr * decay)

        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        denominator = square.div(1 - beta2**step).sqrt_().add_(group["eps"])

        momentum_decay = group["momentum_decay"]
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (step * momentum_decay))
        next_mu = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1) * momentum_decay))
        # A float32 product, as PyTorch computes it: exact here, rounded once when stored.
        set_scalar(state["mu_product"], state["mu_product"].item() * float(np.float32(mu)))
        product = state["mu_product"].item()
        param.addcdiv_(grad, denominator, value=-lr * (1.0 - mu) / (1.0 - product))
        param.addcdiv_(mean, denominator, value=-lr * next_mu / (1.0 - product * next_mu))
