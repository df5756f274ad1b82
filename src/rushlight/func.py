"""``torch.func``: gradients, Jacobians and batches as functions of functions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from .autograd import functional
from .autograd import grad as _grad
from .autograd.grad_mode import enable_grad
from .batching import vmap
from .tensor import Tensor

_Function = Callable[..., Any]


def _leaves(x: Any, out: list[Tensor]) -> Any:
    """A copy of a structure whose tensors are fresh leaves, which are also listed in ``out``."""
    if isinstance(x, Tensor):
        leaf = x.view_as(x) if x.requires_grad else x.detach().requires_grad_()
        out.append(leaf)
        return leaf
    if isinstance(x, Mapping):
        return {k: _leaves(v, out) for k, v in x.items()}
    if isinstance(x, list | tuple):
        return type(x)(_leaves(v, out) for v in x)
    raise RuntimeError(f"grad: expected Tensors or structures of them, got {type(x).__name__}")


def _filled(x: Any, values: Any) -> Any:
    if isinstance(x, Tensor):
        return next(values)
    if isinstance(x, Mapping):
        return {k: _filled(v, values) for k, v in x.items()}
    return type(x)(_filled(v, values) for v in x)


def grad_and_value(
    func: _Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> _Function:
    """A function that returns the gradient of the scalar ``func`` and its value."""
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        from . import ops

        with enable_grad():
            leaves: list[Tensor] = []
            made = list(args)
            for n in numbers:
                made[n] = _leaves(args[n], leaves)
            result = func(*made, **kwargs)
            value, aux = result if has_aux else (result, None)
            if not isinstance(value, Tensor) or value.ndim:
                got = f"tensor with {value.ndim} dims" if isinstance(value, Tensor) else type(value)
                raise RuntimeError(
                    "grad_and_value(f)(*args): Expected f(*args) to return a scalar tensor, got "
                    f"{got}. Maybe you wanted to use the vjp or jacrev APIs instead?"
                )
            outer = any(
                isinstance(t, Tensor) and t.requires_grad
                for n in numbers
                for t in _tensors(args[n])
            )
            found = _grad(value, leaves, create_graph=outer, allow_unused=True)
        values = iter(
            ops.zeros_like(t) if g is None else g for g, t in zip(found, leaves, strict=True)
        )
        grads = tuple(_filled(args[n], values) for n in numbers)
        gradient = grads if isinstance(argnums, tuple) else grads[0]
        plain = value if outer else value.detach()
        return (gradient, (plain, aux)) if has_aux else (gradient, plain)

    return call


def _tensors(x: Any) -> list[Any]:
    if isinstance(x, Mapping):
        return [t for v in x.values() for t in _tensors(v)]
    if isinstance(x, list | tuple):
        return [t for v in x for t in _tensors(v)]
    return [x]


def grad(func: _Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> _Function:
    """A function that returns the gradient of the scalar ``func``."""
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return call


def _of_arguments(func: _Function, argnums: int | tuple[int, ...], run: _Function) -> _Function:
    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

        def chosen(*values: Any) -> Any:
            made = list(args)
            for n, v in zip(numbers, values, strict=True):
                made[n] = v
            return func(*made, **kwargs)

        inputs = tuple(args[n] for n in numbers)
        return run(chosen, inputs if isinstance(argnums, tuple) else inputs[0])

    return call


def jacrev(func: _Function, argnums: int | tuple[int, ...] = 0) -> _Function:
    """A function that returns the Jacobian of ``func``."""
    return _of_arguments(
        func, argnums, lambda f, x: functional.jacobian(f, x, create_graph=_tracked(x))
    )


jacfwd = jacrev


def hessian(func: _Function, argnums: int | tuple[int, ...] = 0) -> _Function:
    """A function that returns the Hessian of the scalar ``func``."""
    return _of_arguments(func, argnums, functional.hessian)


def _tracked(x: Any) -> bool:
    return any(isinstance(t, Tensor) and t.requires_grad for t in _tensors(x))


def vjp(func: _Function, *primals: Any) -> tuple[Any, _Function]:
    """The outputs of ``func``, and a function from vectors to their products with the Jacobian."""
    from . import ops

    with enable_grad():
        leaves: list[Tensor] = []
        made = _leaves(tuple(primals), leaves)
        result = func(*made)
    outputs = _tensors(result)

    def pull(*vectors: Any) -> tuple[Any, ...]:
        found = _grad(outputs, leaves, _tensors(vectors), retain_graph=True, allow_unused=True)
        values = iter(
            ops.zeros_like(t) if g is None else g for g, t in zip(found, leaves, strict=True)
        )
        return tuple(_filled(p, values) for p in primals)

    return _filled(result, iter([t.detach() for t in outputs])), pull


def jvp(func: _Function, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    """The outputs of ``func``, and its Jacobian times ``tangents``."""
    return functional.jvp(func, tuple(primals), tuple(tangents))


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: Any = None,
    **options: Any,
) -> Any:
    """``module(*args)`` with other tensors in place of its parameters and buffers."""
    tables = parameter_and_buffer_dicts
    values: dict[str, Any] = {}
    for table in tables if isinstance(tables, list | tuple) else [tables]:
        values.update(table)
    positional = () if args is None else args if isinstance(args, tuple) else (args,)
    saved: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for name, value in values.items():
            path, _, last = name.rpartition(".")
            owner = module.get_submodule(path)
            table = owner._parameters if last in owner._parameters else owner._buffers
            if last not in table:
                raise ValueError(f"functional_call: the module has no parameter or buffer {name!r}")
            saved.append((table, last, table[last]))
            table[last] = value
        return module(*positional, **(kwargs or {}))
    finally:
        for table, last, old in reversed(saved):
            table[last] = old


__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "vjp",
    "vmap",
]
