"""L-BFGS with an optional strong-Wolfe line search."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from rushlight import ops
from rushlight.autograd import enable_grad, no_grad
from rushlight.optim.optimizer import Closure, Hyper, Optimizer, Params, State, check_lr, number
from rushlight.tensor import Tensor

__all__ = ["LBFGS"]

_SUFFICIENT_DECREASE = 1e-4
_CURVATURE = 0.9
_MIN_CURVATURE_PRODUCT = 1e-10


class LBFGS(Optimizer):
    """Limited-memory BFGS: Newton-like steps from the last `history_size` gradient changes.

    One `step(closure)` does up to `max_iter` iterations and `max_eval` evaluations of `closure`,
    which has to clear the gradients, compute the loss, call `backward` and return the loss. It
    stops early when no gradient element exceeds `tolerance_grad`, or neither the step nor the
    loss changes by more than `tolerance_change`. `line_search_fn` is None (steps of `lr`) or
    `"strong_wolfe"`. There is one parameter group, and the values are read in every iteration.

    Source: Nocedal and Wright, "Numerical Optimization", 2nd edition, algorithms 7.4 (two-loop
    recursion), 3.5 and 3.6 (line search).
    """

    def __init__(
        self,
        params: Params,
        lr: Hyper = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_lr(lr)
        defaults: dict[str, Any] = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        params: list[Tensor] = self.param_groups[0]["params"]
        return params

    @no_grad()
    def step(self, closure: Closure) -> Any:  # type: ignore[override] # it needs one
        """Minimise for up to `max_iter` iterations; return the loss before the first of them.

        Raises RuntimeError for an unknown `line_search_fn`.
        """
        group = self.param_groups[0]
        lr, tolerance = number(group["lr"]), group["tolerance_change"]
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        state: State = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        first_loss, grad = self._evaluate(closure)
        loss = _number(first_loss)
        evaluations = 1
        state["func_evals"] += 1
        if _largest(grad) <= group["tolerance_grad"]:
            return first_loss

        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            direction = self._direction(state, grad, group["history_size"])
            previous_loss = loss
            state["prev_flat_grad"], state["prev_loss"] = grad, loss
            size = lr
            if state["n_iter"] == 1:
                size = min(1.0, 1.0 / float(grad.abs().sum())) * lr
            state["t"] = size
            slope = float(grad.dot(direction))
            if slope > -tolerance:
                break

            used = 0
            if group["line_search_fn"] is not None:
                found = self._line_search(
                    closure, direction, size, loss, grad, slope, group["max_eval"] - evaluations
                )
                loss, grad, size, used = found.loss, found.grad, found.size, found.evaluations
                state["t"] = size
                self._move(direction, size)
            else:
                self._move(direction, size)
                if iteration != group["max_iter"]:
                    # The last evaluation of a step would only serve a further iteration.
                    result, grad = self._evaluate(closure)
                    loss, used = _number(result), 1
            evaluations += used
            state["func_evals"] += used

            if (
                evaluations >= group["max_eval"]
                or _largest(grad) <= group["tolerance_grad"]
                or _largest(direction) * abs(size) <= tolerance
                or abs(loss - previous_loss) < tolerance
            ):
                break
        return first_loss

    def _direction(self, state: State, grad: Tensor, history_size: int) -> Tensor:
        """The quasi-Newton direction at `grad`, after noting what the last step has taught."""
        if state["n_iter"] == 1:
            state.update(d=grad.neg(), old_dirs=[], old_stps=[], ro=[], H_diag=1)
        else:
            self._remember(state, grad, history_size)
            state["d"] = _two_loop(state, grad, history_size)
        direction: Tensor = state["d"]
        return direction

    def _remember(self, state: State, grad: Tensor, history_size: int) -> None:
        change = grad.sub(state["prev_flat_grad"])
        step = state["d"].mul(state["t"])
        curvature = change.dot(step)
        if float(curvature) <= _MIN_CURVATURE_PRODUCT:
            return
        entries = (("old_dirs", change), ("old_stps", step), ("ro", 1.0 / curvature))
        for name, value in entries:
            state[name].append(value)
            del state[name][:-history_size]
        state["H_diag"] = curvature / change.dot(change)

    def _line_search(
        self,
        closure: Closure,
        direction: Tensor,
        size: float,
        loss: float,
        grad: Tensor,
        slope: float,
        max_evaluations: int,
    ) -> _Found:
        start = [param.clone() for param in self._params]

        def evaluate(at: float) -> _Point:
            self._move(direction, at)
            result, grad_there = self._evaluate(closure)
            for param, value in zip(self._params, start, strict=True):
                param.copy_(value)
            return _Point(at, _number(result), grad_there, float(grad_there.dot(direction)))

        origin = _Point(0.0, loss, grad, slope)
        return _strong_wolfe(evaluate, origin, size, _largest(direction), max_evaluations)

    def _evaluate(self, closure: Closure) -> tuple[Any, Tensor]:
        """The loss of `closure`, and all gradients as one vector."""
        with enable_grad():
            loss = closure()
        grads = [
            ops.zeros_like(param).view(-1) if param.grad is None else param.grad.reshape(-1)
            for param in self._params
        ]
        return loss, ops.cat(grads)

    def _move(self, direction: Tensor, size: float) -> None:
        """Add `size * direction` to the parameters."""
        start = 0
        for param in self._params:
            end = start + param.numel()
            param.add_(direction[start:end].view(param.shape), alpha=size)
            start = end


class _Point(NamedTuple):
    """What is known at one step size along the search direction."""

    size: float
    loss: float
    grad: Tensor
    slope: float


class _Found(NamedTuple):
    """The result of a line search."""

    loss: float
    grad: Tensor
    size: float
    evaluations: int


def _number(loss: Any) -> float:
    """The value of what a closure returned, a number or a tensor with its history."""
    return float(loss.item() if isinstance(loss, Tensor) else loss)


def _largest(vector: Tensor) -> float:
    return float(vector.abs().max())


def _two_loop(state: State, grad: Tensor, history_size: int) -> Tensor:
    """Multiply `-grad` by the inverse Hessian that the remembered changes approximate."""
    history = list(zip(state["old_dirs"], state["old_stps"], state["ro"], strict=True))
    direction = grad.neg()
    weights = []
    for change, step, inverse in reversed(history):
        weight = step.dot(direction) * inverse
        direction = direction - weight * change
        weights.append(weight)
    weights.reverse()
    state["al"] = weights + [None] * (history_size - len(weights))
    direction = direction * state["H_diag"]
    for (change, step, inverse), weight in zip(history, weights, strict=True):
        direction = direction + (weight - change.dot(direction) * inverse) * step
    return direction


def _strong_wolfe(
    evaluate: Callable[[float], _Point],
    origin: _Point,
    size: float,
    direction_size: float,
    max_iterations: int,
    tolerance: float = 1e-9,
) -> _Found:
    """Find a step size that meets the strong Wolfe conditions, or the best one seen.

    `evaluate` gives loss, gradient and slope at a step size. The search extrapolates until an
    interval is known to hold a good step size, then shrinks that interval.
    """
    point = evaluate(size)
    evaluations = 1
    previous = origin
    iterations = 0
    bracket: list[_Point] = []
    while iterations < max_iterations:
        if _too_high(point, origin) or (iterations > 1 and point.loss >= previous.loss):
            bracket = [previous, point]
            break
        if _flat_enough(point, origin):
            return _Found(point.loss, point.grad, point.size, evaluations)
        if point.slope >= 0:
            bracket = [previous, point]
            break
        bounds = (point.size + 0.01 * (point.size - previous.size), point.size * 10)
        size = _cubic_minimum(previous, point, bounds)
        previous, point = point, evaluate(size)
        evaluations += 1
        iterations += 1
    else:
        bracket = [origin, point]

    low = _lower(bracket)
    stalled = False
    while iterations < max_iterations:
        left, right = sorted(end.size for end in bracket)
        if (right - left) * direction_size < tolerance:
            break
        size, stalled = _keep_off_the_ends(
            _cubic_minimum(bracket[0], bracket[1], (left, right)), left, right, stalled
        )
        point = evaluate(size)
        evaluations += 1
        iterations += 1
        if _too_high(point, origin) or point.loss >= bracket[low].loss:
            bracket[1 - low] = point
            low = _lower(bracket)
            continue
        done = _flat_enough(point, origin)
        if not done and point.slope * (bracket[1 - low].size - bracket[low].size) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = point
        if done:
            break
    best = bracket[low]
    return _Found(best.loss, best.grad, best.size, evaluations)


def _lower(bracket: list[_Point]) -> int:
    return 0 if bracket[0].loss <= bracket[1].loss else 1


def _too_high(point: _Point, origin: _Point) -> bool:
    return point.loss > origin.loss + _SUFFICIENT_DECREASE * point.size * origin.slope


def _flat_enough(point: _Point, origin: _Point) -> bool:
    return abs(point.slope) <= -_CURVATURE * origin.slope


def _cubic_minimum(a: _Point, b: _Point, bounds: tuple[float, float]) -> float:
    """The minimum of the cubic through two points and slopes, kept within `bounds`.

    Source: Nocedal and Wright, equation 3.59. Without a minimum: the middle of the bounds.
    """
    a, b = sorted((a, b), key=lambda point: point.size)
    mean = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.size - b.size)
    square = mean**2 - a.slope * b.slope
    if not square >= 0:
        return (bounds[0] + bounds[1]) / 2.0
    root = math.sqrt(square)
    fraction = (b.slope + root - mean) / (b.slope - a.slope + 2 * root)
    size = b.size - (b.size - a.size) * fraction
    return min(max(size, bounds[0]), bounds[1])


def _keep_off_the_ends(size: float, left: float, right: float, stalled: bool) -> tuple[float, bool]:
    """Move `size` a tenth of the interval inside when it is near an end for a second time.

    Returns the size, and whether it is near an end for the first time.
    """
    margin = 0.1 * (right - left)
    if min(right - size, size - left) >= margin:
        return size, False
    if not stalled and left < size < right:
        return size, True
    if abs(size - right) < abs(size - left):
        return right - margin, False
    return left + margin, False
