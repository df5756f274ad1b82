"""RAdam: rectified Adam."""

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

__all__ = ["RAdam"]


class RAdam(TensorwiseOptimizer):
    """Adam with a warm-up that follows from the variance of the adaptive step size.

    With `rho_inf = 2 / (1 - beta2) - 1` and
    `rho_t = rho_inf - 2 * t * beta2**t / (1 - beta2**t)`: while `rho_t <= 5` the parameter moves
    by momentum alone; from then on by Adam's step times `sqrt((rho_t - 4) * (rho_t - 2) * rho_inf
    / ((rho_inf - 4) * (rho_inf - 2) * rho_t))`.

    Source: Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020.
    """

    _group_defaults = {
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
        "capturable": False,
    }

    def __init__(
        self,
        params: Params,
        lr: Hyper = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
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
        defaults: dict[str, Any] = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, group: Group, param: Tensor) -> State:
        return {
            "step": scalar_state(),
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
        update = mean / (1 - beta1**step) * lr
        correction = 1 - beta2**step
        rectification = _rectification(step, beta2, correction)
        if rectification is not None:
            update = update * (correction**0.5 / square.sqrt().add_(group["eps"])) * rectification
        param.add_(update, alpha=-1.0)


def _rectification(step: float, beta2: float, correction: float) -> float | None:
    """The factor on Adam's step, or None while its variance is not yet known well enough."""
    limit = 2 / (1 - beta2) - 1
    length = limit - 2 * step * beta2**step / correction
    if length <= 5.0:
        return None
    ratio = (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
    return float(ratio**0.5)
