"""ASGD: averaged stochastic gradient descent."""

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
    set_scalar,
)
from rushlight.tensor import Tensor

__all__ = ["ASGD"]


class ASGD(TensorwiseOptimizer):
    """Gradient descent with a decaying rate, and the average of the parameters in `state["ax"]`.

    `p = (1 - lambd * eta) * p - eta * g` and `ax += mu * (p - ax)`, where after `t` steps
    `eta = lr / (1 + lambd * lr * t)**alpha` and `mu = 1 / max(1, t - t0)`.

    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.
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
        lr: Hyper = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        defaults: dict[str, Any] = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
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
            "eta": scalar_state(number(group["lr"])),
            "mu": scalar_state(1.0),
            "ax": ops.zeros_like(param),
        }

    def _update(self, group: Group, param: Tensor, grad: Tensor, state: State) -> None:
        step = next_step(state)
        lr, lambd = number(group["lr"]), group["lambd"]
        grad = add_weight_decay(grad, param, group["weight_decay"])
        rate, share, average = state["eta"].item(), state["mu"].item(), state["ax"]
        param.mul_(1 - lambd * rate).add_(grad, alpha=-rate)
        if share == 1:
            average.copy_(param)
        else:
            average.add_(param.sub(average).mul_(share))
        set_scalar(state["eta"], lr / (1 + lambd * lr * step) ** group["alpha"])
        set_scalar(state["mu"], 1 / max(1, step - group["t0"]))
