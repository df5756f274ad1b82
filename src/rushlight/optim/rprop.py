"""Rprop: resilient backpropagation."""

from __future__ import annotations

from typing import Any

from rushlight import ops
from rushlight.optim.optimizer import (
    Group,
    Hyper,
    Params,
    State,
    TensorwiseOptimizer,
    check,
    check_lr,
    next_step,
    number,
    scalar_state,
)
from rushlight.tensor import Tensor

__all__ = ["Rprop"]


class Rprop(TensorwiseOptimizer):
    """Steps by the sign of the gradient, with a step size for each element.

    Where the gradient keeps its sign the step size grows by `etas[1]`; where it changes sign the
    step size shrinks by `etas[0]` and the element rests once. `step_sizes` bounds the sizes.

    Source: Riedmiller and Braun, "A Direct Adaptive Method for Faster Backpropagation Learning:
    The RPROP Algorithm", 1993; the variant without backtracking.
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
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check(0.0 < etas[0] < 1.0 < etas[1], f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults: dict[str, Any] = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _new_state(self, group: Group, param: Tensor) -> State:
        return {
            "step": scalar_state(),
            "prev": ops.zeros_like(param),
            "step_size": ops.full_like(param, number(group["lr"])),
        }

    def _update(self, group: Group, param: Tensor, grad: Tensor, state: State) -> None:
        next_step(state)
        shrink, grow = group["etas"]
        size, previous = state["step_size"], state["prev"]
        product = grad.mul(previous)
        reversed_ = product < 0
        # The innermost `where` passes a NaN on, as multiplying by the sign would.
        factor = ops.where(product == 0, 1.0, product)
        factor = ops.where(product > 0, grow, ops.where(reversed_, shrink, factor))
        size.mul_(factor).clamp_(*group["step_sizes"])
        grad = grad.masked_fill(reversed_, 0)
        param.addcmul_(grad.sign(), size, value=-1)
        previous.copy_(grad)
