"""``torch.linalg``: factorizations, solvers, norms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from . import dtypes
from .dtypes import dtype
from .ops.common import check_tensor
from .ops.decompositions import (
    LinAlgError,
    check_matrix,
    cholesky,
    cond,
    det,
    eigh,
    eigvalsh,
    inv,
    lstsq,
    matrix_exp,
    matrix_power,
    matrix_rank,
    multi_dot,
    pinv,
    qr,
    slogdet,
    solve,
    solve_triangular,
    svd,
    svdvals,
)
from .ops.decompositions import matrix_diagonal as diagonal
from .ops.linalg import matmul
from .ops.matrices import linalg_cross as cross
from .ops.matrices import vander as _vander
from .ops.reductions import _vector_norm
from .tensor import Tensor


def _float_input(x: Tensor, name: str, d: dtype | None) -> Tensor:
    check_tensor(x, name)
    if not (d or x._dtype).is_floating_point or not x._dtype.is_floating_point:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got "
            f"{dtypes.SCALAR_TYPE_NAMES[x._dtype]}"
        )
    return x if d is None else x.to(d)


def vector_norm(
    x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None
) -> Tensor:
    """The ``ord``-norm of all elements, or over ``dim``."""
    return _vector_norm(_float_input(x, "linalg.vector_norm", dtype), float(ord), dim, keepdim)


def matrix_norm(
    A: Tensor,
    ord: Any = "fro",
    dim: tuple[int, int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
) -> Tensor:
    """The norm of matrices in the dimensions ``dim``: ``fro``, ``nuc``, 1, 2, inf or negative."""
    x = _float_input(A, "linalg.matrix_norm", dtype)
    if x.ndim < 2:
        raise RuntimeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
        )
    rows, columns = (d % x.ndim for d in dim)
    if rows == columns:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "fro":
        return _vector_norm(x, 2.0, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        s = svdvals(x.movedim((rows, columns), (-2, -1)))
        found = s.sum(-1) if ord == "nuc" else s.amax(-1) if ord == 2 else s.amin(-1)
        if keepdim:
            for d in sorted((rows, columns)):
                found = found.unsqueeze(d)
        return found
    if ord not in (1, -1, math.inf, -math.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    over, rest = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = x.abs().sum(over, keepdim)
    if not keepdim and over < rest:
        rest -= 1
    return sums.amax(rest, keepdim) if ord > 0 else sums.amin(rest, keepdim)


def norm(
    A: Tensor,
    ord: Any = None,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
) -> Tensor:
    """A vector norm, or a matrix norm where ``ord`` and the dimensions ask for one."""
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    dims = (dim,) if isinstance(dim, int) else dim
    if dims is None and A.ndim not in (1, 2):
        raise RuntimeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{A.ndim}D."
        )
    if (dims is None and A.ndim == 2) or (dims is not None and len(dims) == 2):
        plane: Any = (-2, -1) if dims is None else tuple(dims)
        return matrix_norm(A, ord, plane, keepdim, dtype=dtype)
    if isinstance(ord, str):
        raise RuntimeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
        )
    return vector_norm(A, ord, dim, keepdim, dtype=dtype)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The products of vectors along ``dim``."""
    return (x * y).sum(dim)


def vander(x: Tensor, N: int | None = None) -> Tensor:
    """Powers of a vector as columns, from the lowest up."""
    return _vander(x, N, increasing=True)


def _checked(
    result_name: str, fields: tuple[str, str], run: Callable[[Tensor], Tensor]
) -> Callable[..., Any]:
    def call(A: Tensor, *, check_errors: bool = False) -> Any:
        from .ops.creation import full_expr
        from .return_types import named_result

        try:
            found, info = run(A), 0
        except LinAlgError:
            if check_errors:
                raise
            found, info = full_expr(A._shape, math.nan, A._dtype), 1
        info_tensor = full_expr(A._shape[:-2], info, dtypes.int32)
        return named_result(result_name, fields)((found, info_tensor))

    return call


inv_ex = _checked("linalg_inv_ex", ("inverse", "info"), inv)
cholesky_ex = _checked("linalg_cholesky_ex", ("L", "info"), cholesky)
for _call, _what in ((inv_ex, "inv"), (cholesky_ex, "cholesky")):
    _call.__name__ = _call.__qualname__ = f"{_what}_ex"
    _call.__doc__ = f"``{_what}`` with ``info`` (not 0 where it failed) in place of an error."

__all__ = [
    "LinAlgError",
    "check_matrix",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "vander",
    "vecdot",
    "vector_norm",
]
