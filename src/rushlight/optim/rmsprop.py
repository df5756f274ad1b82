"""RMSprop."""

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

__all__ = ["RMSprop"]


class RMSprop(TensorwiseOptimizer):
    """Gradient descent scaled by the root of a running average of squared gradients.

    With `v = alpha * v + (1 - alpha) * g * g`: `p -= lr * g / (sqrt(v) + eps)`. `centered`
    subtracts the square of the running average of `g` from `v` under the root; with `momentum`
    the quotients are gathered in a buffer first.

    Source: Hinton, lecture 6 of "Neural Networks for Machine Learning", 2012; the centered form
    is Graves, "Generating Sequences With Recurrent Neural Networks", 2013.
    """

    _group_defaults = {
        "momentum": 0,
        "centered": False,
        "foreach": None,
        "maximize": False,
        "differentiable": False,
        "capturable": False,
    }

    def __init__(
        self,
        params: Params,
        lr: Hyper = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        check(momentum >= 0.0, f"Invalid momentum value: {momentum}")
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        check(alpha >= 0.0, f"Invalid alpha value: {alpha}")
        defaults: dict[str, Any] = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, group: Group, param: Tensor) -> State:
        state = {"step": scalar_state(), "square_avg": ops.zeros_like(param)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = ops.zeros_like(param)
        if group["centered"]:
            state["grad_avg"] = ops.zeros_like(param)
        return state

    def _update(self, group: Group, param: Tensor, grad: Tensor, state: State) -> None:
        next_step(state)
        grad = add_weight_decay(grad, param, group["weight_decay"])
        lr, alpha, momentum = number(group["lr"]), group["alpha"], group["momentum"]
        square = state["square_avg"]
        square.mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        if group["centered"]:
            mean = state["grad_avg"]
            mean.lerp_(grad, 1 - alpha)
            square = square.addcmul(mean, mean, value=-1)
        root = square.sqrt().add_(group["eps"])
        if momentum > 0:
            buffer = state["momentum_buffer"]
            buffer.mul_(momentum).addcdiv_(grad, root)
            param.add_(buffer, alpha=-lr)
        else:
            param.addcdiv_(grad, root, value=-lr)
