"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

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
    number,
)
from rushlight.tensor import Tensor

__all__ = ["SGD"]


class SGD(TensorwiseOptimizer):
    """Stochastic gradient descent, optionally with (Nesterov) momentum.

    With gradient `g` (plus `weight_decay * p`): `buf = momentum * buf + (1 - dampening) * g`, where
    the first `buf` is `g` itself; then `p -= lr * buf`, or with Nesterov momentum
    `p -= lr * (g + momentum * buf)`.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning",
    2013, in the variant where `lr` multiplies the buffer.
    """

    _group_defaults = {
        "nesterov": False,
        "maximize": False,
        "foreach": None,
        "differentiable": False,
        "fused": False,
    }

    def __init__(
        self,
        params: Params,
        lr: Hyper = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: Hyper = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check(momentum >= 0.0, f"Invalid momentum value: {momentum}")
        check(bool(weight_decay >= 0.0), f"Invalid weight_decay value: {weight_decay}")
        check(
            not nesterov or (momentum > 0 and dampening == 0),
            "Nesterov momentum requires a momentum and zero dampening",
        )
        defaults: dict[str, Any] = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_implementation(fused, foreach, differentiable)

    def _state_of(self, group: Group, param: Tensor) -> State:
        return self.state[param] if group["momentum"] != 0 else {}

    def _update(self, group: Group, param: Tensor, grad: Tensor, state: State) -> None:
        grad = add_weight_decay(grad, param, group["weight_decay"])
        momentum = group["momentum"]
        if momentum != 0:
            buffer = state.get("momentum_buffer")
            if buffer is None:
                buffer = state["momentum_buffer"] = grad.detach().clone()
            else:
                buffer.mul_(momentum).add_(grad, alpha=1 - group["dampening"])
            grad = grad.add(buffer, alpha=momentum) if group["nesterov"] else buffer
        lr = group["lr"]
        if isinstance(lr, Tensor) and lr.requires_grad:
            param.addcmul_(grad, lr, value=-1)
        else:
            param.add_(grad, alpha=-number(lr))
