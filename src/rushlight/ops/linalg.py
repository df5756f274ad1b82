"""Products of vectors, matrices and batches."""

from __future__ import annotations

from typing import Any

from ..dtypes import C_TYPE_NAMES, SCALAR_TYPE_NAMES
from ..errors import with_note
from ..graph import primitives as P
from ..graph.expr import Expr
from ..graph.tape import record
from ..tensor import Tensor, new_tensor
from .common import check_tensor, not_for
from .movement import expand, reshape, transpose
from .registry import function, operator


def _same_type(a: Tensor, b: Tensor) -> None:
    if a._dtype is not b._dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {C_TYPE_NAMES[a._dtype]} != "
            f"{C_TYPE_NAMES[b._dtype]}"
        )


def _same_scalar_type(a: Tensor, b: Tensor, names: str = "") -> None:
    """As ``_same_type``, in the words of the functions that name the types of their arguments."""
    if a._dtype is b._dtype:
        return
    first, second = SCALAR_TYPE_NAMES[a._dtype], SCALAR_TYPE_NAMES[b._dtype]
    if names:
        raise with_note(
            RuntimeError(f"{names} must have the same dtype, but got {first} and {second}"),
            f"convert the input with .to({b._dtype})",
        )
    raise RuntimeError(f"expected scalar type {first} but found {second}")


def _product(a: Tensor, b: Tensor) -> Expr:
    if a._dtype.category == 0 and 0 not in (*a._shape, *b._shape):
        raise RuntimeError("\"addmm_impl_cpu_\" not implemented for 'Bool'")
    return record(P.MATMUL, (a._expr(), b._expr()))


def _t(x: Tensor) -> Tensor:
    return transpose(x, -2, -1)


@operator(
    "MmBackward0",
    input=lambda grad, mat2: mm(grad, _t(mat2)),
    mat2=lambda grad, input: mm(_t(input), grad),
    out=True,
    samples="mm",
)
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices: (n, m) x (m, p)."""
    check_tensor(input, "mm")
    check_tensor(mat2, "mm", "mat2", 2)
    if len(input._shape) != 2:
        raise RuntimeError("self must be a matrix")
    if len(mat2._shape) != 2:
        raise RuntimeError("mat2 must be a matrix")
    if input._shape[1] != mat2._shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({input._shape[0]}x{input._shape[1]} and "
            f"{mat2._shape[0]}x{mat2._shape[1]})"
        )
    _same_type(input, mat2)
    return new_tensor(_product(input, mat2))


@operator(
    "BmmBackward0",
    input=lambda grad, mat2: bmm(grad, _t(mat2)),
    mat2=lambda grad, input: bmm(_t(input), grad),
    out=True,
    samples="bmm",
)
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Batched product: (b, n, m) x (b, m, p)."""
    check_tensor(input, "bmm")
    check_tensor(mat2, "bmm", "mat2", 2)
    if len(input._shape) != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if len(mat2._shape) != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    b, _, m = input._shape
    if mat2._shape[:2] != (b, m):
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{b}, {m}] but got: "
            f"[{mat2._shape[0]}, {mat2._shape[1]}]."
        )
    _same_scalar_type(input, mat2)
    return new_tensor(_product(input, mat2))


@operator(
    "MvBackward0",
    input=lambda grad, vec: grad.unsqueeze(1) * vec,
    vec=lambda grad, input: mv(_t(input), grad),
    out=True,
    samples="mv",
)
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix times a vector: (n, m) x (m,)."""
    check_tensor(input, "mv")
    check_tensor(vec, "mv", "vec", 2)
    not_for(input._dtype, "addmv_impl_cpu", 0)
    if len(input._shape) != 2 or len(vec._shape) != 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got {len(input._shape)}, {len(vec._shape)}"
        )
    if input._shape[1] != vec._shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({input._shape[0]}), mat "
            f"({input._shape[0]}x{input._shape[1]}), vec ({vec._shape[0]})"
        )
    if input._dtype is not vec._dtype:
        matrix, vector = SCALAR_TYPE_NAMES[input._dtype], SCALAR_TYPE_NAMES[vec._dtype]
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {vector}, {matrix}, and "
            f"{vector}"
        )
    column = record(P.RESHAPE, (vec._expr(),), ((vec._shape[0], 1),))
    out = record(P.MATMUL, (input._expr(), column))
    return new_tensor(record(P.RESHAPE, (out,), ((input._shape[0],),)))


@operator(
    "DotBackward0",
    input=lambda grad, tensor: grad * tensor,
    tensor=lambda grad, input: grad * input,
    out=True,
    samples="dot",
)
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The product of two vectors."""
    check_tensor(input, "dot")
    check_tensor(tensor, "dot", "tensor", 2)
    if len(input._shape) != 1 or len(tensor._shape) != 1:
        raise RuntimeError(
            f"1D tensors expected, but got {len(input._shape)}D and {len(tensor._shape)}D tensors"
        )
    if input._dtype is not tensor._dtype:
        raise RuntimeError(
            "dot : expected both vectors to have same dtype, but found "
            f"{SCALAR_TYPE_NAMES[input._dtype]} and {SCALAR_TYPE_NAMES[tensor._dtype]}"
        )
    if input._shape != tensor._shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{input._shape[0]}] and src "
            f"[{tensor._shape[0]}] to have the same number of elements, but got "
            f"{input._shape[0]} and {tensor._shape[0]} elements respectively"
        )
    not_for(input._dtype, "dot", 0)
    product = record(P.MUL, (input._expr(), tensor._expr()))
    return new_tensor(record(P.SUM, (product,), ((0,),)))


@operator(
    "VdotBackward0",
    input=lambda grad, other: grad * other,
    other=lambda grad, input: grad * input,
    out=True,
    samples="dot",
)
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The product of two vectors: there are no complex numbers to conjugate."""
    return dot(input, other)


def _blend(input: Tensor, product: Expr, beta: Any, alpha: Any) -> Tensor:
    """``beta * input + alpha * product``; beta 0 ignores NaN in ``input``."""
    from .common import constant

    d = product.dtype
    if not (alpha.__class__ is int and alpha == 1):
        product = record(P.MUL, (product, constant(alpha, d)))
    if beta == 0:
        return new_tensor(product)
    e = input._expr()
    if not (beta.__class__ is int and beta == 1):
        e = record(P.MUL, (e, constant(beta, d)))
    shape = product.shape
    out = record(P.ADD, (product, e))
    if out.shape != shape:
        raise RuntimeError(
            f"The expanded size of the tensor ({shape[-1]}) must match the existing size "
            f"({input._shape[-1]}) at non-singleton dimension {len(shape) - 1}.  Target sizes: "
            f"{list(shape)}.  Tensor sizes: {list(input._shape)}"
        )
    return new_tensor(out)


def _times(grad: Tensor, scale: Any) -> Tensor:
    return grad if scale.__class__ is int and scale == 1 else grad * scale


@operator(
    "AddmmBackward0",
    input=lambda grad, beta: _times(grad, beta),
    mat1=lambda grad, mat2, alpha: _times(mm(grad, _t(mat2)), alpha),
    mat2=lambda grad, mat1, alpha: _times(mm(_t(mat1), grad), alpha),
    inplace=True,
    out=True,
    samples="addmm",
)
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * (mat1 @ mat2)``."""
    check_tensor(input, "addmm")
    check_tensor(mat1, "addmm", "mat1", 2)
    check_tensor(mat2, "addmm", "mat2", 3)
    if len(mat1._shape) != 2:
        raise RuntimeError(f"mat1 must be a matrix, got {len(mat1._shape)}-D tensor")
    if len(mat2._shape) != 2:
        raise RuntimeError(f"mat2 must be a matrix, got {len(mat2._shape)}-D tensor")
    if mat1._shape[1] != mat2._shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({mat1._shape[0]}x{mat1._shape[1]} and "
            f"{mat2._shape[0]}x{mat2._shape[1]})"
        )
    _same_scalar_type(input, mat2, "self and mat2")
    _same_scalar_type(mat1, mat2, "mat1 and mat2")
    return _blend(input, _product(mat1, mat2), beta, alpha)


@operator(
    "BaddbmmBackward0",
    input=lambda grad, beta: _times(grad, beta),
    batch1=lambda grad, batch2, alpha: _times(bmm(grad, _t(batch2)), alpha),
    batch2=lambda grad, batch1, alpha: _times(bmm(_t(batch1), grad), alpha),
    inplace=True,
    out=True,
)
def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1
) -> Tensor:
    """``beta * input + alpha * (batch1 @ batch2)``, batched."""
    return _blend(input, bmm(batch1, batch2)._expr(), beta, alpha)


@operator(
    "AddmvBackward0",
    input=lambda grad, beta: _times(grad, beta),
    mat=lambda grad, vec, alpha: _times(grad.unsqueeze(1) * vec, alpha),
    vec=lambda grad, mat, alpha: _times(mv(_t(mat), grad), alpha),
    inplace=True,
    out=True,
)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * (mat @ vec)``."""
    return _blend(input, mv(mat, vec)._expr(), beta, alpha)


@function(method=True)
def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1
) -> Tensor:
    """``beta * input + alpha * sum(batch1 @ batch2)`` over the batch."""
    total = bmm(batch1, batch2).sum(0, dtype=batch1._dtype)
    return _times(input, beta) + _times(total, alpha)


@function(method=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``."""
    return _times(input, beta) + _times(outer(vec1, vec2), alpha)


@function(method=True)
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of the elements of two vectors."""
    if len(input._shape) != 1 or len(vec2._shape) != 1:
        raise RuntimeError(f"outer: Expected 1-D argument self, but got {len(input._shape)}-D")
    return reshape(input, (-1, 1)) * vec2


function("ger", method=True)(outer)


@function(method=True)
def inner(input: Tensor, other: Tensor) -> Tensor:
    """Products summed over the last dimensions."""
    if not input._shape or not other._shape:
        return input * other
    return tensordot(input, other, ([-1], [-1]))


@function(method=True)
def matmul(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor:
    """The matrix product ``input @ other``: vectors, matrices, and batches that broadcast.

    Raises:
        RuntimeError: the inner sizes differ, or the dtypes do.
    """
    check_tensor(input, "matmul")
    check_tensor(other, "matmul", "other", 2)
    if out is not None:
        from .registry import write_out

        result: Tensor = write_out("matmul", matmul(input, other), out, (input, other), {})
        return result
    n, m = len(input._shape), len(other._shape)
    if n == 0 or m == 0:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {n}D and {m}D"
        )
    if n == 1 and m == 1:
        return dot(input, other)
    if n == 2 and m == 1:
        return mv(input, other)
    if n == 2 and m == 2:
        return mm(input, other)
    if n == 1:
        return matmul(input.unsqueeze(0), other).squeeze(-2)
    if m == 1:
        return matmul(input, other.unsqueeze(1)).squeeze(-1)
    if m == 2:  # fold the batch into rows: one product
        if input._shape[-1] != other._shape[0]:
            rows = 1
            for s in input._shape[:-1]:
                rows *= s
            raise RuntimeError(
                f"mat1 and mat2 shapes cannot be multiplied ({rows}x{input._shape[-1]} and "
                f"{other._shape[0]}x{other._shape[1]})"
            )
        flat = mm(
            reshape(input, (-1, input._shape[-1]))
            if 0 not in input._shape
            else input.reshape(_rows(input._shape), input._shape[-1]),
            other,
        )
        from .movement import _unsafe_view

        return _unsafe_view(flat, (*input._shape[:-1], other._shape[1]))
    from ..shapes import broadcast_shapes

    batch = broadcast_shapes(input._shape[:-2], other._shape[:-2])
    a = expand(input, (*batch, *input._shape[-2:]))
    b = expand(other, (*batch, *other._shape[-2:]))
    count = 1
    for s in batch:
        count *= s
    a3 = a.reshape(count, *a._shape[-2:])
    b3 = b.reshape(count, *b._shape[-2:])
    from .movement import _unsafe_view

    return _unsafe_view(bmm(a3, b3), (*batch, a._shape[-2], b._shape[-1]))


def _rows(shape: tuple[int, ...]) -> int:
    rows = 1
    for s in shape[:-1]:
        rows *= s
    return rows


@function()
def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of several matrices."""
    result = matrices[0]
    for m in matrices[1:]:
        result = mm(result, m)
    return result


@function()
def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Any = None) -> Tensor:
    """Products summed over ``dims``: a count, or two lists of dimensions."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        da, db = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        da, db = ([d] if isinstance(d, int) else list(d) for d in dims)
    da = [d % a.ndim for d in da]
    db = [d % b.ndim for d in db]
    for x, y in zip(da, db, strict=True):
        if a._shape[x] != b._shape[y]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a._shape[x]} in dim "
                f"{x} and second has size {b._shape[y]} in dim {y}"
            )
    ra = [d for d in range(a.ndim) if d not in da]
    rb = [d for d in range(b.ndim) if d not in db]
    k = 1
    for d in da:
        k *= a._shape[d]
    left = a.permute(*ra, *da).reshape(-1, k) if a.ndim else a.reshape(1, 1)
    right = b.permute(*db, *rb).reshape(k, -1) if b.ndim else b.reshape(1, 1)
    return mm(left, right).reshape([a._shape[d] for d in ra] + [b._shape[d] for d in rb])


def _install() -> None:
    def dunder(self: Tensor, other: Any) -> Any:
        return matmul(self, other) if isinstance(other, Tensor) else NotImplemented

    Tensor.__matmul__ = dunder  # type: ignore[method-assign]
    setattr(Tensor, "__rmatmul__", lambda self, other: NotImplemented)  # noqa: B010 - unknown to the type checker


_install()
