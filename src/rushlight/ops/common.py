"""What operators share: type promotion, operands, recording elementwise primitives, dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import dtype, promote_types
from ..graph import primitives as P
from ..graph.expr import Expr, Primitive
from ..graph.tape import record
from ..shapes import wrap_dim
from ..tensor import Tensor, new_tensor
from .layout import in_order, joint_order, permuted, storage_order, stored_in

Number = int | float | bool


def is_number(x: Any) -> bool:
    """Whether ``x`` is a Python or NumPy scalar."""
    return isinstance(x, int | float | np.number | np.bool_)


def number_dtype(x: Any) -> dtype:
    """The dtype that a Python number stands for in promotion."""
    if isinstance(x, bool | np.bool_):
        return dtypes.bool_
    if isinstance(x, int | np.integer):
        return dtypes.int64
    if isinstance(x, float | np.floating):
        return dtypes.get_default_dtype()
    raise TypeError(f"unsupported operand type: {type(x).__name__}")


def _combine(higher: dtype | None, lower: dtype | None) -> dtype | None:
    if higher is None or lower is None:
        return lower if higher is None else higher
    if lower.category > higher.category:
        return promote_types(higher, lower)
    return higher


def result_dtype(*operands: Any) -> dtype:
    """PyTorch's result type: tensors with dimensions, then 0-d tensors, then Python numbers."""
    dimensioned: dtype | None = None
    zero_dim: dtype | None = None
    wrapped: dtype | None = None
    for x in operands:
        if isinstance(x, Tensor):
            d = x._dtype
            if x._shape:
                dimensioned = d if dimensioned is None else promote_types(dimensioned, d)
            else:
                zero_dim = d if zero_dim is None else promote_types(zero_dim, d)
        else:
            d = number_dtype(x)
            wrapped = d if wrapped is None else promote_types(wrapped, d)
    found = _combine(_combine(dimensioned, zero_dim), wrapped)
    if found is None:
        raise TypeError("result_type() needs at least one operand")
    return found


def cast(e: Expr, d: dtype) -> Expr:
    """The Expr converted to ``d``; itself if it has that dtype."""
    return e if e.dtype is d else record(P.CAST, (e,), (d,))


def constant(value: Any, d: dtype) -> Expr:
    """A 0-d Expr whose value is a run-time argument."""
    if value.__class__ is float:
        return record(P.CONST, (), (d,), (value,))
    if isinstance(value, np.generic):
        value = value.item()
    if d.category == 1 and value.__class__ is int and not -(1 << 63) <= value < (1 << 64):
        raise RuntimeError("value cannot be converted to type int64_t without overflow")
    return record(P.CONST, (), (d,), (value,))


def operand(x: Any, d: dtype, name: str = "", position: str = "other") -> Expr:
    """A Tensor or number as an Expr of dtype ``d``."""
    if isinstance(x, Tensor):
        return cast(x._expr(), d)
    if isinstance(x, int | float | np.generic):
        return constant(x, d)
    raise TypeError(
        f"{name}(): argument '{position}' must be Tensor or Number, not {type(x).__name__}"
    )


def as_float(d: dtype) -> dtype:
    """The floating point dtype that integers become in float-only functions."""
    return d if d.is_floating_point else dtypes.get_default_dtype()


def type_name(x: Any) -> str:
    """The name of a value's type as PyTorch's messages print it (``list``, ``numpy.ndarray``)."""
    cls = type(x)
    written_in_python = cls.__flags__ & (1 << 9)  # Py_TPFLAGS_HEAPTYPE
    if written_in_python or cls.__module__ == "builtins":
        return cls.__name__
    return f"{cls.__module__}.{cls.__name__}"


def not_for(d: dtype, kernel: str, *categories: int) -> None:
    """PyTorch's error where a kernel has no version for a kind of dtype (0: bool, 1: integers)."""
    if d.category in categories:
        kind = dtypes.SCALAR_TYPE_NAMES[d]
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{kind}'")


def check_tensor(x: Any, name: str, argument: str = "input", position: int = 1) -> None:
    """PyTorch's TypeError unless ``x`` is a Tensor."""
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be Tensor, not "
            f"{type_name(x)}"
        )


def unary(prim: Primitive, x: Tensor) -> Tensor:
    """Record an elementwise primitive that keeps the dtype."""
    if not isinstance(x, Tensor):
        check_tensor(x, prim.name)
    if x._strides is not None and (order := storage_order(x)) is not None:
        return stored_in(record(prim, (permuted(x, order)._expr(),)), order)
    return new_tensor(record(prim, (x._expr(),)))


def unary_float(prim: Primitive, x: Tensor) -> Tensor:
    """Record an elementwise primitive that integers enter as floats."""
    if not isinstance(x, Tensor):
        check_tensor(x, prim.name)
    d = as_float(x._dtype)
    if x._strides is not None and (order := storage_order(x)) is not None:
        return stored_in(record(prim, (cast(permuted(x, order)._expr(), d),)), order)
    return new_tensor(record(prim, (cast(x._expr(), d),)))


def binary(prim: Primitive, a: Any, b: Any, name: str, d: dtype | None = None) -> Tensor:
    """Record an elementwise primitive of two operands at their result type (or at ``d``).

    The result is stored in the order of dimensions of the first operand, as in PyTorch.
    """
    if d is None and isinstance(a, Tensor) and a._strides is None:  # the usual operands first
        if isinstance(b, Tensor):
            if a._dtype is b._dtype and b._strides is None:
                return new_tensor(record(prim, (a._expr(), b._expr())))
        elif (b.__class__ is float and a._dtype.category == 2) or (
            b.__class__ is int and a._dtype.category
        ):  # a number takes the tensor's dtype
            return new_tensor(record(prim, (a._expr(), constant(b, a._dtype))))
    if (order := joint_order(a, b)) is not None:
        rearranged = binary(prim, in_order(a, order), in_order(b, order), name, d)
        return stored_in(rearranged._expr(), order)
    if d is None:
        if not isinstance(a, Tensor) and not is_number(a):
            check_tensor(a, name)
        if not isinstance(b, Tensor) and not is_number(b):
            raise TypeError(
                f"{name}(): argument 'other' (position 1) must be Tensor, not {type_name(b)}"
            )
        d = result_dtype(a, b)
    return new_tensor(record(prim, (operand(a, d, name, "input"), operand(b, d, name))))


def dims_of(dim: Any, rank: int) -> tuple[int, ...]:
    """Dimensions to reduce over, wrapped: all for ``None`` or ``()``.

    Raises:
        IndexError: out of range. RuntimeError: one appears twice.
    """
    if dim is None:
        return tuple(range(rank))
    if isinstance(dim, int):
        found: tuple[int, ...] = (wrap_dim(dim, rank),)
    else:
        found = tuple(wrap_dim(int(d), rank) for d in dim)
        if not found:
            return tuple(range(rank))
    if rank == 0:
        return ()
    if len(set(found)) != len(found):
        twice = next(d for i, d in enumerate(found) if d in found[:i])
        raise RuntimeError(f"dim {twice} appears multiple times in the list of dims")
    return tuple(sorted(found))


def sizes_of(args: Sequence[Any]) -> tuple[int, ...]:
    """Sizes given as ``f(2, 3)``, ``f((2, 3))`` or ``f(Size)``."""
    if len(args) == 1 and isinstance(args[0], list | tuple):
        args = args[0]
    out = []
    for a in args:
        if isinstance(a, bool) or not hasattr(a, "__index__"):
            raise TypeError(
                f"expected sizes to be int, but found element of type {type(a).__name__}"
            )
        out.append(a.__index__())
    return tuple(out)
