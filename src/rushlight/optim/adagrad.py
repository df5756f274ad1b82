"""Adagrad."""

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
    check_implementation,
    check_lr,
    next_step,
    number,
    scalar_state,
)
from rushlight.tensor import Tensor

__all__ = ["Adagrad"]


class Adagrad(TensorwiseOptimizer):
    """Gradient descent scaled by the root of the sum of all squared gradients.

    With `s += g * g`, at step `t`: `p -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)`.

    Source: Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and
    Stochastic Optimization", 2011.
    """

    _group_defaults = {"foreach": None, "maximize": False, "differentiable": False, "fused": None}

    def __init__(
        self,
        params: Params,
        lr: Hyper = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check(lr_decay >= 0.0, f"Invalid lr_decay value: {lr_decay}")
        check(weight_decay >= 0.0, f"Invalid weight_decay value: {weight_decay}")
        check(
            initial_accumulator_value >= 0.0,
            f"Invalid initial_accumulator_value value: {initial_accumulator_value}",
        )
        check(eps >= 0.0, f"Invalid epsilon value: {eps}")
        defaults: dict[str, Any] = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_implementation(fused, foreach, differentiable)
        for group in self.param_groups:
            for param in group["params"]:
                self._state_of(group, param)

    def _new_state(self, group: Group, param: Tensor) -> State:
        start = group["initial_accumulator_value"]
        return {"step": scalar_state(), "sum": ops.full_like(param, start)}

    def _update(self, group: Group, param: Tensor, grad: Tensor, state: State) -> None:
        step = next_step(state)
        grad = add_weight_decay(grad, param, group["weight_decay"])
        lr = number(group["lr"]) / (1 + (step - 1) * group["lr_decay"])
        total = state["sum"].addcmul_(grad, grad, value=1)
        param.addcdiv_(grad, total.sqrt().add_(group["eps"]), value=-lr)
