"""Matrices by their structure: triangles, diagonals, outer and cross products, distances."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import dtype
from ..graph import primitives as P
from ..graph.expr import Expr
from ..graph.tape import record
from ..shapes import broadcast_shapes, numel, wrap_dim
from ..tensor import Tensor, new_tensor
from .common import as_float, cast, check_tensor, constant, not_for
from .movement import cat, diagonal, expand, reshape, stack
from .registry import function, operator

# --- triangles -----------------------------------------------------------------------------------


def _ruler(n: int, shape: tuple[int, int], start: int = 0) -> Expr:
    steps = record(P.IOTA, (), (n, dtypes.int64), (start, 1))
    return record(P.RESHAPE, (steps,), (shape,))


def _below(rows: int, columns: int, diagonal: int) -> Expr:
    """Where column - row <= diagonal."""
    return record(P.GE, (_ruler(rows, (rows, 1), diagonal), _ruler(columns, (1, columns))))


def _triangle(input: Tensor, diagonal: int, lower: bool, name: str) -> Tensor:
    check_tensor(input, name)
    if len(input._shape) < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    zero = constant(0, input._dtype)
    if lower:
        inside = _below(input._shape[-2], input._shape[-1], diagonal)
        return new_tensor(record(P.WHERE, (inside, input._expr(), zero)))
    outside = _below(input._shape[-2], input._shape[-1], diagonal - 1)
    return new_tensor(record(P.WHERE, (outside, zero, input._expr())))


@operator(
    "TrilBackward0",
    input=lambda grad, diagonal: tril(grad, diagonal),
    inplace=True,
    out=True,
    samples="matrix",
)
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle (with ``diagonal`` more diagonals above); zeros elsewhere."""
    return _triangle(input, diagonal, True, "tril")


@operator(
    "TriuBackward0",
    input=lambda grad, diagonal: triu(grad, diagonal),
    inplace=True,
    out=True,
    samples="matrix",
)
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle (without the ``diagonal`` lowest diagonals); zeros elsewhere."""
    return _triangle(input, diagonal, False, "triu")


def _indices(mask: np.ndarray, d: dtype | None) -> Tensor:
    return Tensor._from_array(np.stack(np.nonzero(mask)).astype((d or dtypes.int64).numpy))


def _check_sizes(row: int, col: int) -> None:
    if row < 0 or col < 0:
        raise RuntimeError(
            f"{'row' if row < 0 else 'col'} must be non-negative, got{min(row, col)}"
        )


@function()
def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: dtype | None = None, **options: Any
) -> Tensor:
    """The coordinates of the lower triangle, as two rows."""
    _check_sizes(row, col)
    return _indices(np.tri(row, col, offset, dtype=bool), dtype)


@function()
def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: dtype | None = None, **options: Any
) -> Tensor:
    """The coordinates of the upper triangle, as two rows."""
    _check_sizes(row, col)
    return _indices(~np.tri(row, col, offset - 1, dtype=bool), dtype)


# --- diagonals -----------------------------------------------------------------------------------


@operator(
    "DiagEmbedBackward0",
    input=lambda grad, offset, dim1, dim2: diagonal(grad, offset, dim1, dim2),
    samples="diag_embed",
)
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with ``input``'s last dimension on a diagonal."""
    check_tensor(input, "diag_embed")
    rank = len(input._shape) + 1
    a, b = wrap_dim(dim1, rank), wrap_dim(dim2, rank)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    n = input._shape[-1] + abs(offset)
    shape = list(input._shape[:-1])
    for d in sorted((a, b)):
        shape.insert(d, n)
    zeros = record(P.FULL, (), (tuple(shape), input._dtype), (0,))
    base = new_tensor(zeros)
    view = diagonal(base, offset, a, b)
    return new_tensor(
        record(P.WRITE, (zeros, input._expr()), (view._shape, view.stride()), (view._offset,))
        if numel(input._shape)
        else zeros
    )


@operator(
    "DiagonalBackward0_copy",
    name="_diagonal_copy",
    function=False,
    method=False,
    input=lambda grad, input_like, offset: _diagonal_gradient(grad, input_like, offset),
)
def _diagonal_copy(input: Tensor, offset: int) -> Tensor:
    return new_tensor(diagonal(input, offset)._expr())


def _diagonal_gradient(grad: Tensor, input_like: Tensor, offset: int) -> Tensor:
    from .movement import _diagonal_back

    return _diagonal_back(grad, input_like._shape, offset, 0, 1)


@function(method=True)
def diag(input: Tensor, diagonal: int = 0, *, out: Any = None) -> Tensor:
    """The diagonal of a matrix, or the matrix that has a vector as its diagonal."""
    check_tensor(input, "diag")
    if len(input._shape) not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {len(input._shape)}D")
    if len(input._shape) == 1:
        result = diag_embed(input, diagonal)
    else:
        result = _diagonal_copy(input, diagonal)
    if out is None:
        return result
    from .registry import write_out

    return write_out("diag", result, out, (input,), {})


@function(method=True)
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """The matrix that has all elements of ``input`` as its diagonal."""
    return diag_embed(reshape(input, -1), offset)


@function(method=True)
def diagonal_scatter(
    input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Tensor:
    """A copy of ``input`` with ``src`` on a diagonal."""
    copy = input.clone()
    copy.diagonal(offset, dim1, dim2).copy_(src)
    return copy


@operator(
    "TraceBackward0", input=lambda grad, input_like: _eye_like(input_like) * grad, samples="square"
)
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    check_tensor(input, "trace")
    not_for(input._dtype, "trace", 0)
    if len(input._shape) != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {len(input._shape)}")
    return diagonal(input).sum()


def _eye_like(t: Tensor) -> Tensor:
    n, m = t._shape
    same = record(P.EQ, (_ruler(n, (n, 1)), _ruler(m, (1, m))))
    return new_tensor(record(P.CAST, (same,), (t._dtype,)))


# --- products ------------------------------------------------------------------------------------


@function(method=True)
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: every element of ``input`` times all of ``other``."""
    check_tensor(input, "kron")
    check_tensor(other, "kron", "other", 2)
    rank = max(input.ndim, other.ndim)
    a = (1,) * (rank - input.ndim) + input._shape
    b = (1,) * (rank - other.ndim) + other._shape
    wide_a = [n for size in a for n in (size, 1)]
    wide_b = [n for size in b for n in (1, size)]
    product = reshape(input, wide_a) * reshape(other, wide_b)
    return reshape(product, [n * m for n, m in zip(a, b, strict=True)])


@operator(
    "LinalgCrossBackward0",
    name="_cross",
    function=False,
    method=False,
    input=lambda grad, other, dim: _cross(other, grad, dim),
    other=lambda grad, input, dim: _cross(grad, input, dim),
)
def _cross(input: Tensor, other: Tensor, dim: int) -> Tensor:
    """``input[1] * other[2] - input[2] * other[1]`` and so on around."""
    a, b = input.unbind(dim), other.unbind(dim)
    return stack(
        [a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3] for i in range(3)], dim
    )


def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The cross product of vectors of size 3 along ``dim``."""
    check_tensor(input, "linalg.cross")
    check_tensor(other, "linalg.cross", "other", 2)
    if input.ndim != other.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    at = wrap_dim(dim, input.ndim)
    if input._shape[at] != 3 or other._shape[at] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input._shape[at]} and "
            f"{other._shape[at]}"
        )
    shape = broadcast_shapes(input._shape, other._shape)
    return _cross(expand(input, shape), expand(other, shape), at)


@function(method=True)
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The cross product along ``dim``, or along the first dimension of size 3."""
    if dim is None:
        dim = next((i for i, n in enumerate(input._shape) if n == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return linalg_cross(input, other, dim=dim)


@function()
def block_diag(*tensors: Any) -> Tensor:
    """A matrix with these matrices along its diagonal."""
    for i, t in enumerate(tensors):
        check_tensor(t, "block_diag", "tensors", i + 1)
        if t.ndim > 2:
            raise RuntimeError(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input "
                f"{i} has {t.ndim} dimensions"
            )
    blocks = [t if t.ndim == 2 else reshape(t, (1, -1)) for t in tensors]
    width = sum(b._shape[1] for b in blocks)
    rows, left = [], 0
    for b in blocks:
        h, w = b._shape
        before, after = b.new_zeros(h, left), b.new_zeros(h, width - left - w)
        rows.append(cat([before, b, after], 1))
        left += w
    return cat(rows, 0)


@function()
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of a vector as columns, from the highest (or with ``increasing`` the lowest) down."""
    if x.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    n = x._shape[0] if N is None else N
    if n < 0:
        raise RuntimeError("N must be non-negative.")
    powers = range(n) if increasing else range(n - 1, -1, -1)
    if not n:
        return x.new_zeros(x._shape[0], 0)
    if x._dtype.category < 2:
        x = new_tensor(cast(x._expr(), dtypes.int64))
    return stack([x**p for p in powers], 1)


@function()
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All combinations of ``r`` elements of a vector, as rows."""
    if input.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input._shape)}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input._shape[0]), r)), np.int64).reshape(-1, r)
    return input[Tensor._from_array(rows)]


# --- distances and covariance --------------------------------------------------------------------


@function()
def cdist(
    x1: Tensor,
    x2: Tensor,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Tensor:
    """The ``p``-norm distances between the rows of two matrices, or of batches of them."""
    from .reductions import _vector_norm

    for t, name in ((x1, "X1"), (x2, "X2")):
        if t.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {t.ndim}D")
        if not t._dtype.is_floating_point:
            kind = dtypes.SCALAR_TYPE_NAMES[t._dtype]
            raise RuntimeError(f"cdist only supports floating-point dtypes, {name} got: {kind}")
        not_for(t._dtype, "cdist", *((2,) if t._dtype.itemsize == 2 else ()))
    if x1._shape[-1] != x2._shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1._shape[-1]} X2: "
            f"{x2._shape[-1]}"
        )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    rows = max(x1._shape[-2], x2._shape[-2])
    always = compute_mode == "use_mm_for_euclid_dist"
    if p == 2 and (always or (rows > 25 and compute_mode != "donot_use_mm_for_euclid_dist")):
        return _euclidean_dist(x1, x2)
    gaps = x1.unsqueeze(-2) - x2.unsqueeze(-3)
    return _vector_norm(gaps, float(p), -1, False)


def _euclidean_grad(grad: Tensor, a: Tensor, b: Tensor, result: Tensor) -> Tensor:
    """The gradient of the distances between rows of ``a`` and of ``b`` with respect to ``a``."""
    ratio = (grad / result).masked_fill(result == 0, 0.0)
    return a * ratio.sum(-1, True) - ratio @ b


@operator(
    "CdistBackward0",
    function=False,
    method=False,
    x1=lambda grad, x1, x2, result: _euclidean_grad(grad, x1, x2, result),
    x2=lambda grad, x1, x2, result: _euclidean_grad(grad.mT, x2, x1, result.mT),
)
def _euclidean_dist(x1: Tensor, x2: Tensor) -> Tensor:
    """Distances by one matrix product: ``|a - b|^2 = |a|^2 - 2 a.b + |b|^2``."""
    squares1, squares2 = x1.pow(2).sum(-1, True), x2.pow(2).sum(-1, True)
    left = cat([x1 * -2, squares1, squares1.new_ones(squares1._shape)], -1)
    right = cat([x2, squares2.new_ones(squares2._shape), squares2], -1)
    return (left @ right.mT).clamp_min(0).sqrt()


@function()
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The ``p``-norm distances between all pairs of rows."""
    n = input._shape[0]
    i, j = np.triu_indices(n, 1)
    first, second = (Tensor._from_array(k.astype(np.int64)) for k in (i, j))
    from .reductions import _vector_norm

    return _vector_norm(input[first] - input[second], float(p), -1, False)


@function(method=True)
def cov(
    input: Tensor,
    *,
    correction: int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
) -> Tensor:
    """The covariance matrix of variables given as rows."""
    if input.ndim > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    if input._dtype.category == 0:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    if input._dtype.category == 1:
        input = new_tensor(cast(input._expr(), as_float(input._dtype)))
    x = reshape(input, (1, -1)) if input.ndim < 2 else input
    weights: Any = None
    if fweights is not None:
        weights = fweights
    if aweights is not None:
        weights = aweights if weights is None else weights * aweights
    if weights is None:
        total: Any = x._shape[1]
        mean = x.mean(1, True)
    else:
        total = weights.sum()
        mean = (x * weights).sum(1, True) / total
    if weights is not None and aweights is not None and correction:
        norm = total - correction * (weights * aweights).sum() / total
    else:
        norm = total - correction
    centered = x - mean
    scaled = centered if weights is None else centered * weights
    if not isinstance(norm, Tensor):
        norm = max(norm, 0) or x.new_zeros(())
    result = scaled @ centered.t() / norm
    return result.squeeze()


@function(method=True)
def corrcoef(input: Tensor) -> Tensor:
    """The correlation coefficients of variables given as rows."""
    c = cov(input)
    if c.ndim == 0:
        return c / c
    spread = diagonal(c).sqrt()
    return (c / spread.unsqueeze(1) / spread.unsqueeze(0)).clamp(-1, 1)
