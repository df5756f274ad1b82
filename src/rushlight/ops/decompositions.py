"""Factorizations and solvers, computed by LAPACK through NumPy.

A result with several parts is one packed vector per matrix, and the parts are views of it, so each
factorization runs once. What can fail on the values (a singular matrix) runs in the call, so that
the error comes where a script catches it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..graph import primitives as P
from ..graph.expr import Expr, Shape
from ..graph.tape import record, value_of
from ..return_types import named_result
from ..shapes import contiguous_strides, numel
from ..tensor import Tensor, new_tensor
from .common import check_tensor
from .matrices import diag_embed, tril, triu
from .movement import diagonal, expand, transpose
from .registry import function, operator


class LinAlgError(RuntimeError):
    """A factorization failed on the values of a matrix."""


def check_matrix(a: Any, name: str, square: bool = False) -> None:
    """PyTorch's errors unless ``a`` holds (square) matrices of a floating point dtype."""
    check_tensor(a, name, "A")
    if len(a._shape) < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if square and a._shape[-1] != a._shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {a._shape[-2]} by "
            f"{a._shape[-1]} matrices"
        )
    if not a._dtype.is_floating_point:
        kind = dtypes.SCALAR_TYPE_NAMES[a._dtype]
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {kind}"
        )
    if a._dtype.itemsize == 2:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {a._dtype.name}")


def _batch_note(a: np.ndarray, i: int) -> str:
    return f"(Batch element {i}): " if a.ndim > 2 else ""


def _matrices(a: np.ndarray) -> np.ndarray:
    return a.reshape(-1, *a.shape[-2:])


def _zero_pivot(a: np.ndarray) -> int | None:
    """The first zero on the diagonal of U in an LU factorization with row exchanges, from 1."""
    u = a.astype(np.float64)
    n = len(u)
    for k in range(n):
        pivot = k + int(np.argmax(np.abs(u[k:, k])))
        if u[pivot, k] == 0:
            return k + 1
        u[[k, pivot]] = u[[pivot, k]]
        u[k + 1 :, k:] -= np.outer(u[k + 1 :, k] / u[k, k], u[k, k:])
    return None


def _singular(a: np.ndarray) -> tuple[str, int]:
    """Which matrix is singular (as a prefix of the message), and at which pivot."""
    for i, m in enumerate(_matrices(a)):
        at = _zero_pivot(m)
        if at is not None:
            return _batch_note(a, i), at
    return "", a.shape[-1]


def _inv_reference(attrs: Any, args: Any, a: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        note, at = _singular(a)
        raise LinAlgError(
            f"linalg.inv: {note}The diagonal element {at} is zero, the inversion could not be "
            "completed because the input matrix is singular."
        ) from None


def _solve_reference(attrs: Any, args: Any, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        note, _ = _singular(a)
        raise LinAlgError(
            f"torch.linalg.solve: {note}The solver failed because the input matrix is singular."
        ) from None


def _cholesky_reference(attrs: Any, args: Any, a: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        for i, m in enumerate(_matrices(a)):
            for order in range(1, len(m) + 1):
                try:
                    np.linalg.cholesky(m[:order, :order])
                except np.linalg.LinAlgError:
                    raise LinAlgError(
                        f"linalg.cholesky: {_batch_note(a, i)}The factorization could not be "
                        "completed because the input is not positive-definite (the leading minor "
                        f"of order {order} is not positive-definite)."
                    ) from None
        raise


def _like(inputs: tuple[Expr, ...], attrs: Any) -> tuple[Shape, Any]:
    return inputs[0].shape, inputs[0].dtype


def _product_rule(inputs: tuple[Expr, ...], attrs: Any) -> tuple[Shape, Any]:
    return inputs[1].shape, inputs[1].dtype


INV = P.primitive("inv", _like, _inv_reference, "host", fallible=True)
SOLVE = P.primitive("solve", _product_rule, _solve_reference, "host", fallible=True)
CHOLESKY = P.primitive("cholesky", _like, _cholesky_reference, "host", fallible=True)
DET = P.primitive(
    "det",
    lambda inputs, attrs: (inputs[0].shape[:-2], inputs[0].dtype),
    lambda attrs, args, a: np.linalg.det(a),
    "host",
)


def _now(e: Expr) -> Tensor:
    """A tensor whose value is computed before the call returns, so that errors come here."""
    value_of(e)
    return new_tensor(e)


# --- packed results ------------------------------------------------------------------------------


def _packed(
    name: str, shapes: Callable[..., Sequence[Shape]], compute: Callable[..., Any]
) -> Callable[[Tensor, tuple[Any, ...]], list[Tensor]]:
    """Register a factorization of matrices into parts; returns ``(tensor, attrs) -> parts``.

    ``shapes(m, n, *attrs)`` are the parts' shapes for one m x n matrix, ``compute(array, *attrs)``
    their values for a batch.
    """

    def rule(inputs: tuple[Expr, ...], attrs: Any) -> tuple[Shape, Any]:
        *batch, m, n = inputs[0].shape
        return (*batch, sum(numel(s) for s in shapes(m, n, *attrs))), inputs[0].dtype

    def reference(attrs: Any, args: Any, a: np.ndarray) -> np.ndarray:
        batch = a.shape[:-2]
        parts = [np.asarray(p, a.dtype).reshape(*batch, -1) for p in compute(a, *attrs)]
        return np.concatenate(parts, axis=-1)

    prim = P.primitive(name, rule, reference, "host", fallible=True)

    def run(t: Tensor, attrs: tuple[Any, ...]) -> list[Tensor]:
        packed = record(prim, (t._expr(),), attrs)
        *batch, m, n = t._shape
        total = packed.shape[-1]
        steps = tuple(total * s for s in contiguous_strides(tuple(batch)))
        parts, start = [], 0
        for shape in shapes(m, n, *attrs):
            geometry = (*batch, *shape), (*steps, *contiguous_strides(shape))
            parts.append(new_tensor(record(P.STRIDED, (packed,), geometry, (start,))))
            start += numel(shape)
        return parts

    return run


def _qr_shapes(m: int, n: int, mode: str) -> list[Shape]:
    k = m if mode == "complete" else min(m, n)
    return [(m, k), (k, n)]


def _svd_shapes(m: int, n: int, full: int) -> list[Shape]:
    k = min(m, n)
    return [(m, m if full else k), (k,), (n if full else k, n)]


_qr_parts = _packed("qr", _qr_shapes, lambda a, mode: np.linalg.qr(a, mode))
_svd_parts = _packed("svd", _svd_shapes, lambda a, full: np.linalg.svd(a, bool(full)))
_eigh_parts = _packed(
    "eigh",
    lambda m, n, lower: [(n,), (n, n)],
    lambda a, lower: np.linalg.eigh(a, "L" if lower else "U"),
)
_slogdet_parts = _packed("slogdet", lambda m, n: [(), ()], lambda a: np.linalg.slogdet(a))


def _t(x: Tensor) -> Tensor:
    return transpose(x, -2, -1)


def _eye(n: int, like: Tensor) -> Tensor:
    from .matrices import _eye_like

    return _eye_like(like.new_zeros(n, n))


# --- inverse, determinant, solve -----------------------------------------------------------------


@operator(
    "LinalgInvExBackward0",
    name="_inv",
    function=False,
    method=False,
    A=lambda grad, result: -(_t(result) @ grad @ _t(result)),
)
def _inv(A: Tensor) -> Tensor:
    return _now(record(INV, (A._expr(),)))


@function("inverse", method=True)
def inv(A: Tensor) -> Tensor:
    """The inverse of square matrices; ``LinAlgError`` where there is none."""
    check_matrix(A, "linalg.inv", True)
    return _inv(A)


def _det_gradient(grad: Tensor, A: Tensor, result: Tensor) -> Tensor:
    """The transposed adjugate, by singular values where no second derivative is asked for."""
    from ..autograd.grad_mode import mode

    wide = grad.unsqueeze(-1).unsqueeze(-1)
    if mode.enabled:
        return wide * result.unsqueeze(-1).unsqueeze(-1) * _t(inv(A))
    from .reductions import _others_product

    u, s, vh = _svd_parts(A, (0,))
    orientation = (det(u) * det(vh)).unsqueeze(-1).unsqueeze(-1)
    others = _others_product(s, s.ndim - 1).unsqueeze(-2)
    return wide * orientation * ((u * others) @ vh)


@operator("LinalgDetBackward0", name="_det", function=False, method=False, A=_det_gradient)
def _det(A: Tensor) -> Tensor:
    return new_tensor(record(DET, (A._expr(),)))


@function("det", method=True)
def det(A: Tensor) -> Tensor:
    """The determinants of square matrices."""
    check_matrix(A, "linalg.det", True)
    return _det(A)


def _slogdet_gradient(grads: Any, A: Tensor) -> Tensor:
    grad = grads[1]
    if grad is None:
        return A.new_zeros(A._shape)
    return grad.unsqueeze(-1).unsqueeze(-1) * _t(inv(A))


@operator(
    "LinalgSlogdetBackward0", name="_slogdet", function=False, method=False, A=_slogdet_gradient
)
def _slogdet(A: Tensor) -> Any:
    return named_result("slogdet", ("sign", "logabsdet"))(tuple(_slogdet_parts(A, ())))


@function("slogdet", method=True)
def slogdet(A: Tensor) -> Any:
    """The sign of the determinants and the logarithm of their absolute value."""
    check_matrix(A, "linalg.slogdet", True)
    return _slogdet(A)


@function(method=True)
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinants; NaN where they are negative."""
    from .pointwise import where

    check_matrix(input, "logdet", True)
    sign, log = _slogdet(input)
    return where(sign == -1.0, float("nan"), log)


@operator(
    "LinalgSolveExBackward0",
    name="_solve",
    function=False,
    method=False,
    A=lambda grad, A, result: -(_solve(_t(A), grad) @ _t(result)),
    B=lambda grad, A: _solve(_t(A), grad),
)
def _solve(A: Tensor, B: Tensor) -> Tensor:
    return _now(record(SOLVE, (A._expr(), B._expr())))


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The solution of ``A X = B`` (``X A = B`` unless ``left``) for square ``A``.

    Raises:
        LinAlgError: ``A`` is singular.
    """
    check_matrix(A, "linalg.solve", True)
    check_tensor(B, "linalg.solve", "B", 2)
    if B._dtype is not A._dtype:
        raise RuntimeError(
            "linalg.solve: Expected A and B to have the same dtype, but found A of type "
            f"{A._dtype} and B of type {B._dtype} instead"
        )
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B._shape == A._shape[:-1])
    b = B.unsqueeze(-1) if vector else B
    if not left:
        a, b = _t(A), (b if vector else _t(b))
    else:
        a = A
    if a._shape[-1] != b._shape[-2]:
        raise RuntimeError(
            "linalg.solve: Incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'} ({A._shape[-2]}x{A._shape[-1]} and "
            f"{b._shape[-2]}x{b._shape[-1]})"
        )
    a, b = _broadcast_batches(a, b)
    x = _solve(a, b)
    if vector:
        return x.squeeze(-1)
    return x if left else _t(x)


def _broadcast_batches(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    from ..shapes import broadcast_shapes

    batch = broadcast_shapes(a._shape[:-2], b._shape[:-2])
    return expand(a, (*batch, *a._shape[-2:])), expand(b, (*batch, *b._shape[-2:]))


def _triangular_gradient(
    grad: Tensor, A: Tensor, upper: bool, unit: bool, result: Tensor
) -> Tensor:
    g = -(_solve_triangular(_t(A), grad, not upper, unit) @ _t(result))
    skip = 1 if unit else 0
    return triu(g, skip) if upper else tril(g, -skip)


@operator(
    "LinalgSolveTriangularBackward0",
    name="_solve_triangular",
    function=False,
    method=False,
    A=_triangular_gradient,
    B=lambda grad, A, upper, unit: _solve_triangular(_t(A), grad, not upper, unit),
)
def _solve_triangular(A: Tensor, B: Tensor, upper: bool, unit: bool) -> Tensor:
    a = triu(A, 1 if unit else 0) if upper else tril(A, -1 if unit else 0)
    if unit:
        a = a + _eye(A._shape[-1], A)
    return new_tensor(record(SOLVE, (a._expr(), B._expr())))


def solve_triangular(
    A: Tensor,
    B: Tensor,
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
) -> Tensor:
    """The solution of ``A X = B`` (``X A = B`` unless ``left``) for triangular ``A``."""
    check_matrix(A, "linalg.solve_triangular", True)
    check_matrix(B, "linalg.solve_triangular")
    if not left:
        return _t(solve_triangular(_t(A), _t(B), upper=not upper, unitriangular=unitriangular))
    a, b = _broadcast_batches(A, B)
    return _solve_triangular(a, b, upper, unitriangular)


@function("triangular_solve", method=True)
def triangular_solve(
    input: Tensor,
    A: Tensor,
    upper: bool = True,
    transpose: bool = False,
    unitriangular: bool = False,
) -> Any:
    """``solve_triangular`` in its old form: the solution and a copy of ``A``."""
    a = _t(A) if transpose else A
    found = solve_triangular(a, input, upper=upper != transpose, unitriangular=unitriangular)
    fields = ("solution", "cloned_coefficient")
    return named_result("triangular_solve", fields)((found, A.clone()))


# --- factorizations ------------------------------------------------------------------------------


def _cholesky_gradient(grad: Tensor, result: Tensor) -> Tensor:
    """Murray (2016), "Differentiation of the Cholesky decomposition"."""
    phi = _t(result) @ grad
    both = (tril(phi) + _t(tril(phi, -1))) * 0.5
    half = _solve_triangular(_t(result), both, True, False)
    return _t(_solve_triangular(_t(result), _t(half), True, False))


@operator(
    "LinalgCholeskyExBackward0",
    name="_cholesky",
    function=False,
    method=False,
    A=_cholesky_gradient,
)
def _cholesky(A: Tensor) -> Tensor:
    return _now(record(CHOLESKY, (A._expr(),)))


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower (or ``upper``) triangular factor of positive definite matrices.

    Raises:
        LinAlgError: a matrix is not positive definite.
    """
    check_matrix(A, "linalg.cholesky", True)
    factor = _cholesky(A)
    return _t(factor) if upper else factor


@function("cholesky", method=True)
def _old_cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """``linalg.cholesky`` in its old form."""
    return cholesky(input, upper=upper)


@function(method=True)
def cholesky_solve(input: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """The solution of ``A X = input`` from the Cholesky factor of ``A``."""
    lower = _t(L) if upper else L
    half = solve_triangular(lower, input, upper=False)
    return solve_triangular(_t(lower), half, upper=True)


@function(method=True)
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of ``A`` from its Cholesky factor."""
    return cholesky_solve(_eye(L._shape[-1], L), L, upper)


def _qr_gradient(grads: Any, A: Tensor, qr_mode: str, result: Any) -> Tensor:
    """Seeger et al. (2017), "Auto-differentiating linear algebra"; for m >= n."""
    (q, r), (gq, gr) = result, grads
    m, n = A._shape[-2:]
    if m < n:
        raise RuntimeError(
            "linalg.qr: The QR decomposition is not differentiable when mode='reduced' and nrows < "
            "ncols"
        )
    if qr_mode == "complete" and m > n:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols"
        )
    inner = r.new_zeros(r._shape) if gr is None else r @ _t(gr)
    if gq is not None:
        inner = inner - _t(gq) @ q
    total = q @ (tril(inner) + _t(tril(inner, -1)))
    if gq is not None:
        total = total + gq
    return _t(_solve_triangular(r, _t(total), True, False))


@operator("LinalgQrBackward0", name="_qr", function=False, method=False, A=_qr_gradient)
def _qr(A: Tensor, qr_mode: str) -> Any:
    return named_result("linalg_qr", ("Q", "R"))(tuple(_qr_parts(A, (qr_mode,))))


def qr(A: Tensor, mode: str = "reduced") -> Any:
    """Orthogonal ``Q`` and upper triangular ``R`` with ``A = Q R``."""
    check_matrix(A, "linalg.qr")
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', "
            "or 'complete'"
        )
    if mode == "r":
        return named_result("linalg_qr", ("Q", "R"))((A.new_zeros(0), _qr(A, "reduced")[1]))
    return _qr(A, mode)


@function("qr", method=True)
def _old_qr(input: Tensor, some: bool = True) -> Any:
    """``linalg.qr`` in its old form."""
    return named_result("qr", ("Q", "R"))(tuple(qr(input, "reduced" if some else "complete")))


def _svd_gradient(grads: Any, A: Tensor, full: bool, result: Any) -> Tensor:
    """Townsend (2016), "Differentiating the singular value decomposition"."""
    (gu, gs, gvh), (u, s, vh) = grads, result
    m, n = A._shape[-2:]
    k = min(m, n)
    if gu is None and gvh is None:
        return (u.narrow(-1, 0, k) * gs.unsqueeze(-2)) @ vh.narrow(-2, 0, k)
    if full and m != n:
        raise RuntimeError(
            "svd_backward: Setting compute_uv to false in torch.svd doesn't compute singular "
            "matrices, and full matrices have no unique gradient; use full_matrices=False"
        )
    squares = s * s
    gap = squares.unsqueeze(-2) - squares.unsqueeze(-1)
    gap = gap.masked_fill(gap == 0, float("inf"))
    inner = 0 if gs is None else diag_embed(gs)
    if gu is not None:
        w = _t(u) @ gu
        inner = inner + ((w - _t(w)) / gap) * s.unsqueeze(-2)
    if gvh is not None:
        w = vh @ _t(gvh)
        inner = inner + s.unsqueeze(-1) * ((w - _t(w)) / gap)
    total = u @ inner @ vh
    if gu is not None and m > k:
        outside = gu - u @ (_t(u) @ gu)
        total = total + (outside / s.unsqueeze(-2)) @ vh
    if gvh is not None and n > k:
        outside = gvh - (gvh @ _t(vh)) @ vh
        total = total + (u / s.unsqueeze(-2)) @ outside
    return total


@operator("LinalgSvdBackward0", name="_svd", function=False, method=False, A=_svd_gradient)
def _svd(A: Tensor, full: bool) -> Any:
    return named_result("linalg_svd", ("U", "S", "Vh"))(tuple(_svd_parts(A, (int(full),))))


def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """``U``, ``S`` and ``Vh`` with ``A = U diag(S) Vh``, singular values from the largest down."""
    check_matrix(A, "linalg.svd")
    return _svd(A, bool(full_matrices))


def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values of matrices, from the largest down."""
    check_matrix(A, "linalg.svdvals")
    return _svd(A, False)[1]


@function("svd", method=True)
def _old_svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """``linalg.svd`` in its old form: ``U``, ``S`` and ``V`` (not transposed)."""
    check_matrix(input, "linalg.svd")
    u, s, vh = _svd(input, not some)
    return named_result("svd", ("U", "S", "V"))((u, s, _t(vh)))


def _eigh_gradient(grads: Any, result: Any) -> Tensor:
    (gw, gv), (w, v) = grads, result
    inner = 0 if gw is None else diag_embed(gw)
    if gv is not None:
        gap = w.unsqueeze(-2) - w.unsqueeze(-1)
        inner = inner + (_t(v) @ gv) / gap.masked_fill(gap == 0, float("inf"))
    return v @ inner @ _t(v)


@operator("LinalgEighBackward0", name="_eigh", function=False, method=False, A=_eigh_gradient)
def _eigh(A: Tensor, lower: bool) -> Any:
    fields = ("eigenvalues", "eigenvectors")
    return named_result("linalg_eigh", fields)(tuple(_eigh_parts(A, (int(lower),))))


def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """Eigenvalues (ascending) and eigenvectors of symmetric matrices."""
    check_matrix(A, "linalg.eigh", True)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return _eigh(A, UPLO.upper() == "L")


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues (ascending) of symmetric matrices."""
    check_matrix(A, "linalg.eigvalsh", True)
    return eigh(A, UPLO)[0]


# --- least squares -------------------------------------------------------------------------------


def _pinv_gradient(grad: Tensor, A: Tensor, result: Tensor) -> Tensor:
    """Golub and Pereyra (1973): the differential of the pseudoinverse at constant rank."""
    p, g = result, grad
    first = _t(p) @ g @ _t(p)
    gp = _t(g) @ p @ _t(p)
    pg = _t(p) @ p @ _t(g)
    return -first + gp - A @ (p @ gp) + pg - (pg @ p) @ A


PINV = P.primitive(
    "pinv",  # args (relative cutoff or -1, absolute cutoff)
    lambda inputs, attrs: ((*inputs[0].shape[:-2], *inputs[0].shape[:-3:-1]), inputs[0].dtype),
    lambda attrs, args, a: _pinv_reference(a, *args),
    "host",
)


def _pinv_reference(a: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    top = s.max(-1, keepdims=True, initial=0)
    large = s > np.maximum(atol, rtol * top)
    inverse = np.where(large, 1 / np.where(large, s, 1), 0).astype(a.dtype)
    return np.matmul(np.swapaxes(vh, -1, -2) * inverse[..., None, :], np.swapaxes(u, -1, -2))


@operator("LinalgPinvBackward0", name="_pinv", function=False, method=False, A=_pinv_gradient)
def _pinv(A: Tensor, rtol: float, atol: float) -> Tensor:
    return new_tensor(record(PINV, (A._expr(),), (), (rtol, atol)))


def _tolerances(A: Tensor, rtol: Any, atol: Any) -> tuple[float, float]:
    if rtol is None:
        rtol = 0.0 if atol else max(A._shape[-2:]) * dtypes.finfo(A._dtype).eps
    return float(rtol), float(atol or 0.0)


@function("pinverse", method=True)
def pinv(
    A: Tensor,
    rcond: float | None = None,
    hermitian: bool = False,
    *,
    atol: float | None = None,
    rtol: float | None = None,
) -> Tensor:
    """The pseudoinverse: singular values below the cutoff count as zero."""
    check_matrix(A, "linalg.pinv")
    if isinstance(rcond, bool):  # pinv(A, hermitian)
        rcond = None
    return _pinv(A, *_tolerances(A, rtol if rcond is None else rcond, atol))


def lstsq(
    A: Tensor,
    B: Tensor,
    rcond: float | None = None,
    *,
    driver: str | None = None,
) -> Any:
    """The least-squares solution of ``A X = B`` with residuals, rank and singular values."""
    check_matrix(A, "linalg.lstsq")
    vector = B.ndim == A.ndim - 1
    b = B.unsqueeze(-1) if vector else B
    m, n = A._shape[-2:]
    if b._shape[-2] != m:
        raise RuntimeError("torch.linalg.lstsq: input.size(-2) should match other.size(-2)")
    solution = _pinv(A, *_tolerances(A, rcond, None)) @ b
    rank = matrix_rank(A, rtol=rcond)
    singular = svdvals(A) if driver in ("gelsd", "gelss") else A.new_zeros(0)
    residuals = A.new_zeros(0)
    if m > n and driver != "gelsy" and driver is not None and bool((rank == n).all()):
        residuals = ((A @ solution - b) ** 2).sum(-2)
    fields = ("solution", "residuals", "rank", "singular_values")
    x = solution.squeeze(-1) if vector else solution
    return named_result("linalg_lstsq", fields)((x, residuals, rank, singular))


def matrix_rank(
    A: Tensor,
    tol: Any = None,
    hermitian: bool = False,
    *,
    atol: Any = None,
    rtol: Any = None,
) -> Tensor:
    """How many singular values are above the cutoff."""
    check_matrix(A, "linalg.matrix_rank")
    s = svdvals(A.detach())
    relative, absolute = _tolerances(A, rtol, tol if atol is None else atol)
    if not s._shape[-1]:
        return s.sum(-1).to(dtypes.int64)
    cutoff = (s.amax(-1, True) * relative).clamp(min=absolute)
    return (s > cutoff).sum(-1)


def cond(A: Tensor, p: Any = None) -> Tensor:
    """The condition number: the ratio of the largest and smallest singular value, or by a norm."""
    check_matrix(A, "linalg.cond", p not in (None, 2, -2))
    if p in (None, 2, -2):
        s = svdvals(A)
        top, low = s.select(-1, 0), s.select(-1, -1)
        return low / top if p == -2 else top / low
    from ..linalg import matrix_norm

    return matrix_norm(A, p) * matrix_norm(inv(A), p)


# --- powers and chains ---------------------------------------------------------------------------


@function("matrix_power", method=True)
def matrix_power(A: Tensor, n: int) -> Tensor:
    """The product of ``n`` copies of square matrices; inverses for negative ``n``."""
    if n < 0:
        check_matrix(A, "linalg.matrix_power", True)
    if len(A._shape) < 2 or A._shape[-1] != A._shape[-2]:
        raise RuntimeError(
            "linalg.matrix_power: A must be batches of square matrices, but they are "
            f"{A._shape[-2] if A.ndim > 1 else 0} by {A._shape[-1] if A.ndim else 0} matrices"
        )
    if n == 0:
        from .movement import _copied

        return _copied(A, _eye(A._shape[-1], A))
    base: Any = inv(A) if n < 0 else A
    n = abs(n)
    result: Any = None
    while n:
        if n & 1:
            result = base if result is None else result @ base
        n >>= 1
        if n:
            base = base @ base
    return result


_TAYLOR_TERMS = 18


@function("matrix_exp", method=True)
def matrix_exp(A: Tensor) -> Tensor:
    """The matrix exponential: a Taylor polynomial of the scaled matrix, squared back."""
    if not A._dtype.is_floating_point or A._dtype.itemsize > 2:
        check_matrix(A, "linalg.matrix_exp", True)
    size = float(A.detach().abs().sum(-1).max()) if numel(A._shape) else 0.0
    squarings = max(0, int(np.ceil(np.log2(size))) + 1) if size > 0.5 else 0
    x = A / 2.0**squarings
    result: Any = expand(_eye(A._shape[-1], A), A._shape)
    for k in range(_TAYLOR_TERMS, 0, -1):  # Horner's scheme
        result = _eye(A._shape[-1], A) + (x @ result) / k
    for _ in range(squarings):
        result = result @ result
    return result


def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of several matrices (vectors at the ends) in the cheapest order."""
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    items = list(tensors)
    first, last = items[0].ndim == 1, items[-1].ndim == 1
    if first:
        items[0] = items[0].unsqueeze(0)
    if last:
        items[-1] = items[-1].unsqueeze(1)
    product = _chain(items, _chain_order([*[t._shape[0] for t in items], items[-1]._shape[1]]))
    if first:
        product = product.squeeze(0)
    return product.squeeze(-1) if last else product


def _chain_order(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to split each run of matrices (Cormen et al., "Introduction to Algorithms", 15.2)."""
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    split: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j], split[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            )
    return split


def _chain(items: list[Tensor], split: dict[tuple[int, int], int]) -> Any:
    def product(i: int, j: int) -> Any:
        if i == j:
            return items[i]
        k = split[i, j]
        return product(i, k) @ product(k + 1, j)

    return product(0, len(items) - 1)


def matrix_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, as a view."""
    return diagonal(A, offset, dim1, dim2)
