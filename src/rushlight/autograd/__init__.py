"""Automatic differentiation: ``backward``, ``grad``, ``Function``, grad modes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import with_note
from .grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)

if TYPE_CHECKING:
    from ..tensor import Tensor
    from .function import Function as Function


def _listed(x: Any) -> list[Any]:
    return list(x) if isinstance(x, list | tuple) else [x]


def _output_grads(outputs: Sequence[Tensor], grads: Any, is_batched: bool = False) -> list[Tensor]:
    """Check or make the gradients of the outputs: ones for scalars."""
    from .. import ops
    from ..tensor import Tensor

    given = [None] * len(outputs) if grads is None else _listed(grads)
    if len(given) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(given)} gradients")
    result = []
    for t, grad in zip(outputs, given, strict=True):
        if grad is None:
            if t.numel() != 1:
                raise with_note(
                    RuntimeError("grad can be implicitly created only for scalar outputs"),
                    f"the output is {list(t._shape)}: reduce it with .mean() or .sum(), or pass "
                    "gradient=",
                )
            grad = ops.ones_like(t)  # type: ignore[misc]
        elif not isinstance(grad, Tensor):
            raise TypeError(
                f"gradients can be either Tensors or None, but got {type(grad).__name__}"
            )
        elif grad._shape != t._shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[0] has a shape of {grad.shape} and output[0] "
                f"has a shape of {t.shape}."
            )
        result.append(grad)
    return result


def _check_has_history(outputs: Sequence[Tensor]) -> None:
    for i, t in enumerate(outputs):
        if not t.requires_grad:
            raise with_note(
                RuntimeError(
                    f"element {i} of tensors does not require grad and does not have a grad_fn"
                ),
                "no operand required grad: was it computed under no_grad(), or from .detach(), "
                ".data or .item()?",
            )


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Accumulate the gradients of ``tensors`` into the leaves of their graphs.

    Raises:
        RuntimeError: an output is not a scalar and has no gradient, has no history, or its graph
        was
            freed by an earlier backward.
    """
    from .engine import run_backward

    outputs = _listed(tensors)
    wanted = None if inputs is None else _listed(inputs)
    if wanted is not None and not wanted:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    _check_has_history(outputs)
    grads = _output_grads(outputs, grad_variables if grad_tensors is None else grad_tensors)
    keep = create_graph if retain_graph is None else retain_graph
    run_backward(outputs, grads, keep, create_graph, wanted)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of ``outputs`` with respect to ``inputs``, as a tuple; ``.grad`` stays as it
    is.

    Raises:
        RuntimeError: an input was not used in the graph and ``allow_unused`` is not set.
    """
    from .. import ops
    from .engine import run_backward

    outs, wanted = _listed(outputs), _listed(inputs)
    if is_grads_batched:
        rows = [
            grad(
                outs,
                wanted,
                [g[i] for g in _listed(grad_outputs)],
                True,
                create_graph,
                allow_unused=allow_unused,
                materialize_grads=materialize_grads,
            )
            for i in range(_listed(grad_outputs)[0].shape[0])
        ]
        return tuple(
            None if column[0] is None else ops.stack(list(column))  # type: ignore[misc]
            for column in zip(*rows, strict=True)
        )
    if allow_unused is None:
        allow_unused = materialize_grads
    _check_has_history(outs)
    for t in wanted:
        if not t.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    grads = _output_grads(outs, grad_outputs)
    keep = create_graph if retain_graph is None else retain_graph
    found = run_backward(outs, grads, keep, create_graph, wanted, accumulate=False)
    for i, g in enumerate(found):
        if g is None:
            if not allow_unused:
                raise RuntimeError(
                    f"The differentiated Tensor at index {i} appears to not have been used in "
                    f"the graph. Set "
                    "allow_unused=True if this is the desired behavior."
                )
            if materialize_grads:
                found[i] = ops.zeros_like(wanted[i])  # type: ignore[misc]
    return tuple(found)


_LAZY = {
    "Function": "function",
    "FunctionCtx": "function",
    "once_differentiable": "function",
    "gradcheck": "gradcheck",
    "gradgradcheck": "gradcheck",
    "functional": "functional",
    "Variable": "variable",
    "detect_anomaly": "anomaly",
    "set_detect_anomaly": "anomaly",
    "is_anomaly_enabled": "anomaly",
    "anomaly": "anomaly",
    "variable": "variable",
    "profiler": "profiler",
    "function": "function",
    "forward_ad": "forward_ad",
}


def __getattr__(name: str) -> Any:
    import importlib

    if name in _LAZY:
        module = importlib.import_module(f"{__name__}.{_LAZY[name]}")
        return (
            module if _LAZY[name] == name and not hasattr(module, name) else getattr(module, name)
        )
    raise AttributeError(f"module 'rushlight.autograd' has no attribute {name!r}")


__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]
