"""``vmap``: a function of one example applied to each example of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .tensor import Tensor


def _flat_dims(in_dims: Any, value: Any) -> Any:
    """``in_dims`` in the structure of ``value``: one entry for a whole structure is repeated."""
    if isinstance(value, dict):
        return {
            k: _flat_dims(in_dims[k] if isinstance(in_dims, dict) else in_dims, v)
            for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        several = isinstance(in_dims, list | tuple)
        return [_flat_dims(in_dims[i] if several else in_dims, v) for i, v in enumerate(value)]
    return in_dims


def _sizes(value: Any, dims: Any, out: list[int]) -> None:
    if isinstance(value, dict):
        for k, v in value.items():
            _sizes(v, dims[k], out)
    elif isinstance(value, list | tuple):
        for v, d in zip(value, dims, strict=True):
            _sizes(v, d, out)
    elif dims is not None:
        if not isinstance(value, Tensor):
            raise ValueError(
                f"vmap: Got in_dim={dims} for an input but the input is of type {type(value)}. We "
                "cannot vmap over non-Tensor arguments, please use None as the respective in_dim"
            )
        if not value._shape:
            raise ValueError(
                f"vmap: Got in_dim={dims} for some input, but that input is a Tensor of "
                "dimensionality 0 so expected in_dim to satisfy -0 <= in_dim < 0."
            )
        out.append(value.size(dims))


def _example(value: Any, dims: Any, i: int) -> Any:
    if isinstance(value, dict):
        return {k: _example(v, dims[k], i) for k, v in value.items()}
    if isinstance(value, list | tuple):
        items = [_example(v, d, i) for v, d in zip(value, dims, strict=True)]
        return tuple(items) if isinstance(value, tuple) else items
    return value if dims is None else value.select(dims, i)


def _stacked(results: list[Any], out_dims: Any) -> Any:
    from . import ops

    first = results[0]
    if isinstance(first, dict):
        return {k: _stacked([r[k] for r in results], out_dims) for k in first}
    if isinstance(first, list | tuple):
        several = isinstance(out_dims, list | tuple)
        items = [
            _stacked([r[i] for r in results], out_dims[i] if several else out_dims)
            for i in range(len(first))
        ]
        return tuple(items) if isinstance(first, tuple) else items
    if not isinstance(first, Tensor):
        raise ValueError(
            "vmap: `func` must only return Tensors, got type "
            f"{type(first)}. Did you mean to "
            "set out_dims= to None for output?"
        )
    return first if out_dims is None else ops.stack(results, out_dims)


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """``func`` applied to each slice along ``in_dims``, the results stacked along ``out_dims``.

    The slices are computed one after the other (recorded as one graph). Random operators draw
    anew for each slice, as with PyTorch's ``randomness="different"``.

    Raises:
        ValueError: nothing to map over, or sizes of the mapped dimensions that differ.
    """

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        dims = _flat_dims(in_dims, args)
        sizes: list[int] = []
        _sizes(args, dims, sizes)
        if not sizes:
            raise ValueError(
                "vmap: at least one of in_dims must not be None, so that there is something to map "
                "over"
            )
        if len(set(sizes)) > 1:
            raise ValueError(
                "vmap: Expected all tensors to have the same size in the mapped dimension, got "
                f"sizes {sizes} for the mapped dimension"
            )
        if not sizes[0]:
            raise ValueError("vmap: the mapped dimension is empty")
        shared = {k: _flat_dims(0 if isinstance(v, Tensor) else None, v) for k, v in kwargs.items()}
        results = [
            func(*_example(args, dims, i), **_example(kwargs, shared, i)) for i in range(sizes[0])
        ]
        return _stacked(results, out_dims)

    return mapped
