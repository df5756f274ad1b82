"""Adam."""

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
    check_implementation,
    check_lr,
    next_step,
    number,
    scalar_state,
)
from rushlight.tensor import Tensor

__all__ = ["Adam"]


class Adam(TensorwiseOptimizer):
    """Adam: steps scaled by running averages of the gradient and of its square.

    With `m = beta1 * m + (1 - beta1) * g` and `v = beta2 * v + (1 - beta2) * g * g`, after `t`
    steps: `p -= lr / (1 - beta1**t) * m / (sqrt(v) / sqrt(1 - beta2**t) + eps)`. `amsgrad` uses
    the largest `v` so far. Weight decay is added to `g`; with `decoupled_weight_decay` it shrinks
    the parameter itself, by `1 - lr * weight_decay`, as in AdamW.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015; Reddi et al., "On
    the Convergence of Adam and Beyond", 2018; Loshchilov and Hutter, "Decoupled Weight Decay
    Regularization", 2019.
    """

    _group_defaults = {
        "amsgrad": False,
        "maximize": False,
        "foreach": None,
        "capturable": False,
        "differentiable": False,
        "decoupled_weight_decay": False,
        "fused": None,
    }

    def __init__(
        self,
        params: Params,
        lr: Hyper = 1e-3,
        betas: tuple[Hyper, Hyper] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError(
                "lr as a Tensor is not supported for capturable=False and foreach=True"
            )
        check_lr(lr)
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check_betas(betas)
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        _check_beta_types(betas, foreach=bool(foreach), capturable=capturable)
        defaults: dict[str, Any] = {
            "lr": lr,
            "betas": tuple(betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        check_implementation(fused, foreach, differentiable)

    def _new_state(self, group: Group, param: Tensor) -> State:
        state = {
            "step": scalar_state(),
            "exp_avg": ops.zeros_like(param),
            "exp_avg_sq": ops.zeros_like(param),
        }
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = ops.zeros_like(param)
        return state

    def _update(self, group: Group, param: Tensor, grad: Tensor, state: State) -> None:
        step = next_step(state)
        beta1, beta2 = map(number, group["betas"])
        lr, decay = number(group["lr"]), group["weight_decay"]
        if not group["decoupled_weight_decay"]:
            grad = add_weight_decay(grad, param, decay)
        elif decay != 0:
            param.mul_(1 - lr * decay)

        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        if group["amsgrad"]:
            largest = state["max_exp_avg_sq"]
            square = largest.copy_(ops.maximum(largest, square))

        scale = lr / (1 - beta1**step)
        denominator = (square.sqrt() / (1 - beta2**step) ** 0.5).add_(group["eps"])
        param.addcdiv_(mean, denominator, value=-scale)


def _check_beta_types(betas: tuple[Any, Any], *, foreach: bool, capturable: bool) -> None:
    tensors = [isinstance(beta, Tensor) for beta in betas]
    check(
        all(tensors) or all(isinstance(beta, float) for beta in betas),
        "betas must be either both floats or both Tensors",
    )
    for index, beta in enumerate(betas):
        if not isinstance(beta, Tensor):
            continue
        check(
            capturable or not foreach,
            f"betas[{index}] as a Tensor is not supported for capturable=False and foreach=True",
        )
        check(beta.numel() == 1, f"Tensor betas[{index}] must be 1-element")
