"""Jacobians, Hessians and products with them: ``torch.autograd.functional``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from . import grad as _grad
from .grad_mode import enable_grad

_Function = Callable[..., Any]
_Tensors = tuple[Tensor, ...]


def _as_tuple(x: Any, what: str, name: str) -> tuple[bool, _Tensors]:
    """Whether ``x`` was a tuple, and the tuple; PyTorch's ``TypeError`` for anything else."""
    several = isinstance(x, tuple)
    items = x if several else (x,)
    for i, t in enumerate(items):
        if isinstance(t, Tensor):
            continue
        kind = "given" if what != "outputs of the user-provided function" else "returned"
        if several:
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the "
                f"value at index {i} has type {type(t)}."
            )
        raise TypeError(
            f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the "
            f"{kind} {what} has type {type(t)}."
        )
    return several, items


def _prepared(inputs: _Tensors, create_graph: bool) -> _Tensors:
    """Inputs cut off from their history, or with ``create_graph`` seen through a view of it."""
    if create_graph:
        return tuple(
            t.view_as(t) if t.requires_grad else t.detach().requires_grad_() for t in inputs
        )
    return tuple(t.detach().requires_grad_() for t in inputs)


def _check_outputs(outputs: _Tensors, strict: bool) -> None:
    for i, t in enumerate(outputs):
        if strict and not t.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs "
                "must be computed in a differentiable manner from the input when running in strict "
                "mode."
            )


def _gradients(
    outputs: _Tensors,
    inputs: _Tensors,
    seeds: Any,
    create_graph: bool,
    strict: bool = False,
    retain: bool | None = None,
) -> _Tensors:
    """Gradients with zeros in place of ``None``."""
    from .. import ops

    pairs = [
        (t, s)
        for t, s in zip(outputs, seeds or [None] * len(outputs), strict=True)
        if t.requires_grad
    ]
    if pairs:
        found: Any = _grad(
            [t for t, _ in pairs],
            list(inputs),
            [s for _, s in pairs] if seeds else None,
            retain_graph=retain,
            create_graph=create_graph,
            allow_unused=True,
        )
    else:
        found = [None] * len(inputs)
    if strict and any(g is None for g in found):
        i = next(i for i, g in enumerate(found) if g is None)
        raise RuntimeError(
            f"The output of the user-provided function is independent of input {i}. This is not "
            "allowed in strict mode."
        )
    return tuple(ops.zeros_like(t) if g is None else g for g, t in zip(found, inputs, strict=True))


def _finished(results: _Tensors, several: bool, create_graph: bool) -> Any:
    if not create_graph:
        results = tuple(t.detach() for t in results)
    return results if several else results[0]


def _check_vector(v: Any, like: _Tensors, name: str, strict_name: str = "v") -> _Tensors:
    _, vectors = _as_tuple(v, strict_name, name)
    if len(vectors) != len(like):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(vectors)}."
        )
    for i, (a, b) in enumerate(zip(vectors, like, strict=True)):
        if a.shape != b.shape:
            entry = f"Entry {i} in " if len(like) > 1 else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {b.shape} but got {a.shape}.")
    return tuple(t.detach() if not t.requires_grad else t for t in vectors)


def jacobian(
    func: _Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The derivatives of every output element by every input element.

    Returns a tensor of shape output + input, or tuples of them for several inputs or outputs. Rows
    are computed one after the other; ``vectorize`` and ``strategy`` change nothing.
    """
    from .. import ops

    with enable_grad():
        several_in, given = _as_tuple(inputs, "inputs", "jacobian")
        args = _prepared(given, create_graph)
        several_out, outputs = _as_tuple(
            func(*args), "outputs of the user-provided function", "jacobian"
        )
        _check_outputs(outputs, strict)
        table: list[Any] = []
        for out in outputs:
            rows = []
            flat = out.reshape(-1)
            for k in range(out.numel()):
                rows.append(_gradients((flat[k],), args, None, create_graph, strict, retain=True))
            columns = [
                ops.stack([row[i] for row in rows]).reshape(out.shape + t.shape)
                if rows
                else ops.zeros(out.shape + t.shape, dtype=t.dtype)
                for i, t in enumerate(args)
            ]
            table.append(_finished(tuple(columns), several_in, create_graph))
    return tuple(table) if several_out else table[0]


def _scalar_output(func: _Function, name: str) -> _Function:
    def call(*args: Any) -> Tensor:
        out = func(*args)
        several, outputs = _as_tuple(out, "outputs of the user-provided function", name)
        if several or not isinstance(out, Tensor):
            raise RuntimeError(f"The function given to {name} should return a single Tensor")
        if outputs[0].numel() != 1:
            raise RuntimeError(
                f"The Tensor returned by the function given to {name} should contain a single "
                "element"
            )
        return outputs[0].squeeze()

    return call


def hessian(
    func: _Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a scalar function: a tensor, or a tuple of tuples."""
    several, given = _as_tuple(inputs, "inputs", "hessian")
    scalar = _scalar_output(func, "hessian")

    def gradient(*args: Any) -> Any:
        return jacobian(scalar, args, create_graph=True, strict=strict)

    table = jacobian(gradient, given, create_graph=create_graph, strict=strict)
    return table if several else table[0][0]


def vjp(
    func: _Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs, and the vector ``v`` times the Jacobian."""
    with enable_grad():
        several_in, given = _as_tuple(inputs, "inputs", "vjp")
        args = _prepared(given, create_graph)
        several_out, outputs = _as_tuple(
            func(*args), "outputs of the user-provided function", "vjp"
        )
        _check_outputs(outputs, strict)
        seeds: Any = None
        if v is not None:
            seeds = _check_vector(v, outputs, "vjp")
        elif len(outputs) != 1 or outputs[0].numel() != 1:
            raise RuntimeError(
                "The vector v can only be None if the user-provided function returns a single "
                "Tensor with a single element."
            )
        found = _gradients(outputs, args, seeds, create_graph, strict)
    return (
        _finished(outputs, several_out, create_graph),
        _finished(found, several_in, create_graph),
    )


def jvp(
    func: _Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs, and the Jacobian times the vector ``v`` (by two backward passes)."""
    from .. import ops

    with enable_grad():
        _, given = _as_tuple(inputs, "inputs", "jvp")
        args = _prepared(given, create_graph)
        if v is not None:
            vectors = _check_vector(v, given, "jvp")
        elif len(given) != 1 or given[0].numel() != 1:
            raise RuntimeError(
                "The vector v can only be None if the input to the user-provided function is a "
                "single Tensor with a single element."
            )
        else:
            vectors = (ops.ones_like(given[0]),)
        several_out, outputs = _as_tuple(
            func(*args), "outputs of the user-provided function", "jvp"
        )
        _check_outputs(outputs, strict)
        dummies = tuple(ops.zeros_like(t).requires_grad_() for t in outputs)
        first = _gradients(outputs, args, dummies, True, strict)
        found = _gradients(first, dummies, vectors, create_graph, strict)
    return (
        _finished(outputs, several_out, create_graph),
        _finished(found, several_out, create_graph),
    )


def vhp(
    func: _Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of a scalar function, and the vector ``v`` times its Hessian."""
    from .. import ops

    with enable_grad():
        several, given = _as_tuple(inputs, "inputs", "vhp")
        args = _prepared(given, create_graph)
        if v is None and (len(given) != 1 or given[0].numel() != 1):
            raise RuntimeError(
                "The vector v can only be None if the input to the user-provided function is a "
                "single Tensor with a single element."
            )
        vectors = (ops.ones_like(given[0]),) if v is None else _check_vector(v, given, "vhp")
        out = _scalar_output(func, "vhp")(*args)
        _check_outputs((out,), strict)
        first = _gradients((out,), args, None, True, strict)
        found = _gradients(first, args, vectors, create_graph, strict)
    value = out if create_graph else out.detach()
    return value, _finished(found, several, create_graph)


def hvp(
    func: _Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of a scalar function, and its Hessian (which is symmetric) times ``v``."""
    return vhp(func, inputs, v, create_graph, strict)


__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
