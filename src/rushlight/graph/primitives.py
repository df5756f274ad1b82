"""The registry of primitives: one row each, with its shape rule and its NumPy reference.

Operands of elementwise primitives have one dtype and broadcast; every other conversion is an
explicit ``cast``. A row's attrs are part of the key; its args are run-time scalars.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import SCALAR_TYPE_NAMES, bool_, dtype, int64
from ..runtime.narrow import compute_type
from ..shapes import broadcast_shapes, reduced_shape
from .expr import Attrs, Expr, Primitive, Shape

Inputs = tuple[Expr, ...]
REGISTRY: dict[str, Primitive] = {}


def primitive(
    name: str,
    rule: Callable[[Inputs, Attrs], tuple[Shape, dtype]],
    reference: Callable[..., Any],
    kind: str,
    **facts: bool,
) -> Primitive:
    """Add a row to the registry."""
    if name in REGISTRY:
        raise ValueError(f"primitive {name!r} is registered twice")
    row = REGISTRY[name] = Primitive(name, rule, reference, kind, **facts)
    return row


# --- rules ---------------------------------------------------------------------------------------


def _same_dtype(inputs: Inputs) -> dtype:
    d = inputs[0].dtype
    for e in inputs[1:]:
        if e.dtype is not d:
            names = SCALAR_TYPE_NAMES
            raise RuntimeError(
                f"expected scalar type {names[d]} but found {names[e.dtype]}: operands of one "
                "primitive must have the same dtype"
            )
    return d


def _elementwise(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    d = _same_dtype(inputs)
    return broadcast_shapes(*[e.shape for e in inputs]), d


def _predicate(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    return _elementwise(inputs, attrs)[0], bool_


def _where_rule(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    d = _same_dtype(inputs[1:])
    return broadcast_shapes(*[e.shape for e in inputs]), d


def _reduce(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    return reduced_shape(inputs[0].shape, attrs[0], False), inputs[0].dtype


def _reduce_to(d: dtype) -> Callable[[Inputs, Attrs], tuple[Shape, dtype]]:
    return lambda inputs, attrs: (reduced_shape(inputs[0].shape, attrs[0], False), d)


def _like(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    return inputs[0].shape, inputs[0].dtype


# --- sources -------------------------------------------------------------------------------------

CONST = primitive(
    "const",  # attrs (dtype,), args (value,)
    lambda inputs, attrs: ((), attrs[0]),
    lambda attrs, args: np.array(args[0]).astype(compute_type(attrs[0])),
    "source",
)
FULL = primitive(
    "full",  # attrs (shape, dtype), args (value,)
    lambda inputs, attrs: (attrs[0], attrs[1]),
    lambda attrs, args: np.full(attrs[0], np.array(args[0]).astype(compute_type(attrs[1]))),
    "source",
)


def _iota_reference(attrs: Attrs, args: tuple[Any, ...]) -> np.ndarray:
    n, d = attrs
    start, step = args
    if d.is_floating_point:
        return (start + step * np.arange(n, dtype=np.float64)).astype(compute_type(d))
    return (start + step * np.arange(n, dtype=np.int64)).astype(d.numpy)


IOTA = primitive(  # attrs (n, dtype), args (start, step): start + i * step
    "iota", lambda inputs, attrs: ((attrs[0],), attrs[1]), _iota_reference, "source"
)

# --- elementwise ---------------------------------------------------------------------------------


def _ufunc(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda attrs, args, *arrays: f(*arrays)


def unary(name: str, f: Callable[..., Any], rule: Any = _elementwise) -> Primitive:
    """A row for an elementwise function of one operand."""
    return primitive(name, rule, _ufunc(f), "elementwise")


def _sigmoid(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e)).astype(x.dtype)


def _scalar_function(f: Callable[[float], float]) -> Callable[[np.ndarray], np.ndarray]:
    vectorized = np.frompyfunc(f, 1, 1)
    return lambda x: np.asarray(vectorized(x.astype(np.float64)), dtype=np.float64).astype(x.dtype)


def _lgamma(x: float) -> float:
    if math.isinf(x):
        return math.inf
    if x <= 0 and x == math.floor(x):
        return math.inf
    return math.lgamma(x)


def _digamma(x: float) -> float:
    """Recurrence up to 10, then the asymptotic series (Abramowitz and Stegun 6.3.5, 6.3.18)."""
    if x == 0:
        return -math.copysign(math.inf, x)
    if math.isinf(x):
        return x if x > 0 else math.nan
    if x < 0:
        if x == math.floor(x):
            return math.nan
        return _digamma(1 - x) - math.pi / math.tan(math.pi * (x - math.floor(x)))
    result = 0.0
    while x < 10:
        result -= 1 / x
        x += 1
    y = 1 / (x * x)
    series = y * (
        1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * 691 / 32760))))
    )
    return result + math.log(x) - 0.5 / x - series


def _erfinv(y: float) -> float:
    """A rational start (Giles, 2010, single precision branch), then Newton steps on erf."""
    if y <= -1 or y >= 1 or math.isnan(y):
        return math.copysign(math.inf, y) if abs(y) == 1 else math.nan
    a = 0.147  # Winitzki's approximation, good to 2e-3, then cubic convergence
    ln = math.log1p(-y * y)
    t = 2 / (math.pi * a) + ln / 2
    x = math.copysign(math.sqrt(math.sqrt(t * t - ln / a) - t), y)
    for _ in range(4):
        slope = 2 / math.sqrt(math.pi) * math.exp(-x * x)
        if slope == 0:
            break
        error = (
            (math.erf(x) - y)
            if abs(y) < 0.9
            else -math.copysign(math.erfc(abs(x)) - (1 - abs(y)), y)
        )
        step = error / slope
        x -= step / (1 + x * step)
    return x


def _round_half_even(x: np.ndarray) -> np.ndarray:
    return np.rint(x) if x.dtype.kind == "f" else x.copy()


def _keep_integers(f: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: f(x) if x.dtype.kind == "f" else x.copy()


NEG = unary("neg", np.negative)
ABS = unary("abs", np.abs)
SIGN = unary("sign", lambda x: x.copy() if x.dtype.kind == "b" else np.where(x != x, 0, np.sign(x)))
EXP = unary("exp", np.exp)
EXPM1 = unary("expm1", np.expm1)
LOG = unary("log", np.log)
LOG2 = unary("log2", np.log2)
LOG10 = unary("log10", np.log10)
LOG1P = unary("log1p", np.log1p)
SQRT = unary("sqrt", np.sqrt)
RSQRT = unary("rsqrt", lambda x: (1 / np.sqrt(x)).astype(x.dtype))
SIN = unary("sin", np.sin)
COS = unary("cos", np.cos)
TAN = unary("tan", np.tan)
ASIN = unary("asin", np.arcsin)
ACOS = unary("acos", np.arccos)
ATAN = unary("atan", np.arctan)
SINH = unary("sinh", np.sinh)
COSH = unary("cosh", np.cosh)
TANH = unary("tanh", np.tanh)
ASINH = unary("asinh", np.arcsinh)
ACOSH = unary("acosh", np.arccosh)
ATANH = unary("atanh", np.arctanh)
SIGMOID = unary("sigmoid", _sigmoid)
RELU = unary("relu", lambda x: np.maximum(x.dtype.type(0), x))  # -0 stays, as in PyTorch
ERF = unary("erf", _scalar_function(math.erf))
ERFC = unary("erfc", _scalar_function(math.erfc))
ERFINV = unary("erfinv", _scalar_function(_erfinv))
LGAMMA = unary("lgamma", _scalar_function(_lgamma))
DIGAMMA = unary("digamma", _scalar_function(_digamma))
FLOOR = unary("floor", _keep_integers(np.floor))
CEIL = unary("ceil", _keep_integers(np.ceil))
ROUND = unary("round", _round_half_even)
TRUNC = unary("trunc", _keep_integers(np.trunc))
NOT = unary("not", np.invert)  # bitwise; logical on bool
ISNAN = unary("isnan", np.isnan, _predicate)


def binary(name: str, f: Callable[..., Any], rule: Any = _elementwise, **facts: bool) -> Primitive:
    """A row for an elementwise function of two operands of one dtype."""
    return primitive(name, rule, _ufunc(f), "elementwise", **facts)


def _checked_divisor(f: Callable[..., Any]) -> Callable[..., Any]:
    def divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if a.dtype.kind != "f" and np.any(b == 0):
            raise RuntimeError("ZeroDivisionError")
        return f(a, b)

    return divide


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.true_divide(a, b) if a.dtype.kind == "f" else np.floor_divide(a, b)


def _floor_divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind != "f":
        return np.floor_divide(a, b)
    quotient = np.floor_divide(a, b)
    return np.where(b == 0, np.true_divide(a, b), quotient).astype(a.dtype)


def _power(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind == "f" or a.dtype.kind == "u":
        return np.power(a, b)
    # Integers: a negative exponent gives 0, or +-1 for a base of +-1, as in PyTorch.
    magnitude = np.power(a, np.where(b < 0, 0, b))
    odd = (b & 1).astype(bool)
    small = np.where(a == 1, 1, np.where(a == -1, np.where(odd, -1, 1), 0))
    return np.where(b < 0, small, magnitude).astype(a.dtype)


def _shift(f: Callable[..., Any]) -> Callable[..., Any]:
    def shift(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        bits = a.dtype.itemsize * 8
        inside = (b >= 0) & (b < bits)
        beyond = np.where(a < 0, -1, 0).astype(a.dtype) if f is np.right_shift else 0
        return np.where(inside, f(a, np.where(inside, b, 0)), beyond).astype(a.dtype)

    return shift


ADD = binary("add", np.add)
SUB = binary("sub", np.subtract)
MUL = binary("mul", np.multiply)
DIV = binary("div", _divide)
FLOORDIV = binary("floordiv", _checked_divisor(_floor_divide), fallible=True)
REMAINDER = binary("remainder", _checked_divisor(np.remainder), fallible=True)
FMOD = binary("fmod", _checked_divisor(np.fmod), fallible=True)
POW = binary("pow", _power)
ATAN2 = binary("atan2", np.arctan2)
MAXIMUM = binary("maximum", np.maximum)  # NaN wins
MINIMUM = binary("minimum", np.minimum)
NEXTAFTER = binary("nextafter", np.nextafter)
AND = binary("and", np.bitwise_and)
OR = binary("or", np.bitwise_or)
XOR = binary("xor", np.bitwise_xor)
SHL = binary("shl", _shift(np.left_shift))
SHR = binary("shr", _shift(np.right_shift))
EQ = binary("eq", np.equal, _predicate)
NE = binary("ne", np.not_equal, _predicate)
LT = binary("lt", np.less, _predicate)
LE = binary("le", np.less_equal, _predicate)
GT = binary("gt", np.greater, _predicate)
GE = binary("ge", np.greater_equal, _predicate)
WHERE = primitive("where", _where_rule, _ufunc(np.where), "elementwise", moves_bits=True)


def _fma_reference(attrs: Attrs, args: Any, a: Any, b: Any, c: Any) -> np.ndarray:
    """Rounded once. float32 in float64 (the product is exact there); float64 by error-free sums."""
    if a.dtype != np.float64:
        wide = a.astype(np.float64) * b.astype(np.float64) + c.astype(np.float64)
        return wide.astype(a.dtype)
    product = a * b
    # Dekker's exact product with Veltkamp splitting, then Knuth's exact sum.
    ta, tb = a * 134217729.0, b * 134217729.0
    ah, bh = ta - (ta - a), tb - (tb - b)
    al, bl = a - ah, b - bh
    low = ((ah * bh - product) + ah * bl + al * bh) + al * bl
    total = product + c
    virtual = total - product
    lost = (product - (total - virtual)) + (c - virtual)
    exact = total + (lost + low)
    return np.where(np.isfinite(exact), exact, product + c)


FMA = primitive("fma", _elementwise, _fma_reference, "elementwise")


def _cast_reference(attrs: Attrs, args: Any, a: np.ndarray) -> np.ndarray:
    to = compute_type(attrs[0])
    if a.dtype.kind == "f" and to.kind in "ui" and to.itemsize < 8:
        return a.astype(np.int64).astype(to)  # wraps around, as the C cast PyTorch compiles does
    return a.astype(to)


CAST = primitive(  # attrs (dtype,)
    "cast", lambda inputs, attrs: (inputs[0].shape, attrs[0]), _cast_reference, "elementwise"
)
BITCAST = primitive(  # attrs (dtype,), of the same itemsize
    "bitcast",
    lambda inputs, attrs: (inputs[0].shape, attrs[0]),
    lambda attrs, args, a: np.ascontiguousarray(a).view(attrs[0].numpy).reshape(a.shape),
    "elementwise",
    moves_bits=True,
    aliases=True,
)

# --- reductions: attrs (dims,) -------------------------------------------------------------------


def reduction(name: str, f: Callable[..., Any], rule: Any = _reduce) -> Primitive:
    """A row for a reduction over ``attrs[0]``, a tuple of dimensions."""
    return primitive(name, rule, lambda attrs, args, a: f(a, attrs[0]), "reduce")


SUM = reduction("sum", lambda a, dims: a.sum(axis=dims, dtype=a.dtype))
PROD = reduction("prod", lambda a, dims: a.prod(axis=dims, dtype=a.dtype))
MAX = reduction("max", lambda a, dims: a.max(axis=dims))
MIN = reduction("min", lambda a, dims: a.min(axis=dims))
ANY = reduction("any", lambda a, dims: a.any(axis=dims), _reduce_to(bool_))
ALL = reduction("all", lambda a, dims: a.all(axis=dims), _reduce_to(bool_))
# One dimension; the first of equals, the first NaN.
ARGMAX = reduction("argmax", lambda a, dims: a.argmax(axis=dims[0]), _reduce_to(int64))
ARGMIN = reduction("argmin", lambda a, dims: a.argmin(axis=dims[0]), _reduce_to(int64))

# --- scans: attrs (dim,) -------------------------------------------------------------------------

CUMSUM = primitive(
    "cumsum", _like, lambda attrs, args, a: np.cumsum(a, axis=attrs[0], dtype=a.dtype), "scan"
)
CUMPROD = primitive(
    "cumprod", _like, lambda attrs, args, a: np.cumprod(a, axis=attrs[0], dtype=a.dtype), "scan"
)
CUMMAX = primitive(
    "cummax", _like, lambda attrs, args, a: np.maximum.accumulate(a, axis=attrs[0]), "scan"
)
CUMMIN = primitive(
    "cummin", _like, lambda attrs, args, a: np.minimum.accumulate(a, axis=attrs[0]), "scan"
)

# --- movement ------------------------------------------------------------------------------------


def _strided_view(base: np.ndarray, shape: Shape, strides: Shape, offset: int) -> np.ndarray:
    if not base.flags.c_contiguous:
        base = np.ascontiguousarray(base)
    size = base.itemsize
    if 0 in shape:
        return np.empty(shape, base.dtype)
    return np.ndarray(shape, base.dtype, base, offset * size, tuple(s * size for s in strides))


RESHAPE = primitive(  # attrs (shape,)
    "reshape",
    lambda inputs, attrs: (attrs[0], inputs[0].dtype),
    lambda attrs, args, a: a.reshape(attrs[0]),
    "movement",
    moves_bits=True,
    aliases=True,
)
STRIDED = primitive(  # attrs (shape, strides), args (offset,): elements of the flat base
    "strided",
    lambda inputs, attrs: (attrs[0], inputs[0].dtype),
    lambda attrs, args, a: _strided_view(a, attrs[0], attrs[1], args[0]),
    "movement",
    moves_bits=True,
    aliases=True,
)


def _write_reference(attrs: Attrs, args: Any, base: np.ndarray, value: np.ndarray) -> np.ndarray:
    if not base.flags.c_contiguous:
        base = np.ascontiguousarray(base)
    if 0 not in attrs[0]:
        np.copyto(_strided_view(base, attrs[0], attrs[1], args[0]), value)
    return base


WRITE = primitive(  # attrs (shape, strides), args (offset,): the base with these elements replaced
    "write", _like, _write_reference, "movement", moves_bits=True, updates=True
)


def _concat_rule(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    dim = attrs[0]
    shape = list(inputs[0].shape)
    shape[dim] = sum(e.shape[dim] for e in inputs)
    return tuple(shape), _same_dtype(inputs)


CONCAT = primitive(  # attrs (dim,)
    "concat",
    _concat_rule,
    lambda attrs, args, *arrays: np.concatenate(arrays, axis=attrs[0]),
    "movement",
    moves_bits=True,
)
FLIP = primitive(  # attrs (dims,)
    "flip",
    _like,
    lambda attrs, args, a: np.flip(a, attrs[0]),
    "movement",
    moves_bits=True,
    aliases=True,
)


def _pad_rule(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    shape = tuple(n + lo + hi for n, (lo, hi) in zip(inputs[0].shape, attrs[0], strict=True))
    return shape, inputs[0].dtype


def _pad_reference(attrs: Attrs, args: Any, a: np.ndarray, fill: np.ndarray) -> np.ndarray:
    """Negative widths crop."""
    widths = attrs[0]
    cropped = a[
        tuple(
            slice(max(-lo, 0), n - max(-hi, 0)) for n, (lo, hi) in zip(a.shape, widths, strict=True)
        )
    ]
    out = np.full([n + lo + hi for n, (lo, hi) in zip(a.shape, widths, strict=True)], fill)
    inner = tuple(
        slice(max(lo, 0), max(lo, 0) + n) for n, (lo, _) in zip(cropped.shape, widths, strict=True)
    )
    out[inner] = cropped
    return out


PAD = primitive(  # attrs (((lo, hi), ...),); inputs: x, the 0-d fill
    "pad", _pad_rule, _pad_reference, "movement", moves_bits=True
)

# --- contraction ---------------------------------------------------------------------------------


def _matmul_rule(inputs: Inputs, attrs: Attrs) -> tuple[Shape, dtype]:
    a, b = inputs[0].shape, inputs[1].shape
    return (*broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1]), _same_dtype(inputs)


MATMUL = primitive(  # (..., m, k) x (..., k, n); batch dimensions broadcast
    "matmul", _matmul_rule, lambda attrs, args, a, b: np.matmul(a, b), "contraction"
)

# --- indexing ------------------------------------------------------------------------------------


def _index_error(index: np.ndarray, dim: int, size: int) -> IndexError:
    bad = index[(index < -size) | (index >= size)].flat[0]
    return IndexError(f"index {bad} is out of bounds for dimension {dim} with size {size}")


def _gather_reference(attrs: Attrs, args: Any, a: np.ndarray, index: np.ndarray) -> np.ndarray:
    dim = attrs[0]
    size = a.shape[dim]
    if index.size and (index.min() < 0 or index.max() >= size):
        bad = index[(index < 0) | (index >= size)].flat[0]
        raise IndexError(f"index {bad} is out of bounds for dimension {dim} with size {size}")
    a = a[tuple(slice(n) if i != dim else slice(None) for i, n in enumerate(index.shape))]
    return np.take_along_axis(a, index, axis=dim)


GATHER = primitive(  # attrs (dim,): out[i][j] = x[i][index[i][j]]
    "gather",
    lambda inputs, attrs: (inputs[1].shape, inputs[0].dtype),
    _gather_reference,
    "index",
    moves_bits=True,
    fallible=True,
)


def _along(index: np.ndarray, dim: int) -> tuple[np.ndarray, ...]:
    """Coordinates that pair each element of ``index`` with its own place in the other dims."""
    grids = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    grids[dim] = index
    return tuple(grids)


_COMBINE: dict[str, Any] = {
    "add": np.add,
    "multiply": np.multiply,
    "prod": np.multiply,
    "amax": np.maximum,
    "amin": np.minimum,
}


def _scatter_reference(
    attrs: Attrs, args: Any, base: np.ndarray, index: np.ndarray, value: np.ndarray
) -> np.ndarray:
    dim, mode = attrs
    size = base.shape[dim]
    if index.size and (index.min() < 0 or index.max() >= size):
        bad = index[(index < 0) | (index >= size)].flat[0]
        raise IndexError(f"index {bad} is out of bounds for dimension {dim} with size {size}")
    value = value[tuple(slice(n) for n in index.shape)]
    where = _along(index, dim)
    if mode == "set":
        base[where] = value
    else:
        _COMBINE[mode].at(base, where, value)
    return base


SCATTER = primitive(  # attrs (dim, "set" | "add" | "multiply" | "amax" | "amin"); x, index, value
    "scatter", _like, _scatter_reference, "index", fallible=True, updates=True
)


def _index_shape(shape: Shape, attrs: Attrs, indices: Inputs) -> Shape:
    dims: tuple[int, ...] = attrs[0]
    joined = broadcast_shapes(*[e.shape for e in indices])
    rest = [n for i, n in enumerate(shape) if i not in dims]
    adjacent = dims == tuple(range(dims[0], dims[0] + len(dims)))
    at = dims[0] if adjacent else 0
    return (*rest[:at], *joined, *rest[at:])


def _coordinates(
    shape: Shape, dims: tuple[int, ...], indices: tuple[np.ndarray, ...]
) -> tuple[Any, ...]:
    where: list[Any] = [slice(None)] * len(shape)
    for dim, index in zip(dims, indices, strict=True):
        size = shape[dim]
        if index.size and (index.min() < -size or index.max() >= size):
            raise _index_error(index, dim, size)
        where[dim] = index
    return tuple(where[: dims[-1] + 1])


def _index_reference(attrs: Attrs, args: Any, a: np.ndarray, *indices: np.ndarray) -> np.ndarray:
    return a[_coordinates(a.shape, attrs[0], indices)]


INDEX = primitive(  # attrs (dims,): x[..., i0, ..., i1, ...] with one int64 index per dim of dims
    "index",
    lambda inputs, attrs: (_index_shape(inputs[0].shape, attrs, inputs[1:]), inputs[0].dtype),
    _index_reference,
    "index",
    moves_bits=True,
    fallible=True,
)


def _index_put_reference(
    attrs: Attrs, args: Any, base: np.ndarray, value: np.ndarray, *indices: np.ndarray
) -> np.ndarray:
    where = _coordinates(base.shape, attrs[0], indices)
    if attrs[1]:
        np.add.at(base, where, value)
    else:
        base[where] = value
    return base


INDEX_PUT = primitive(  # attrs (dims, accumulate); x, value, *indices
    "index_put", _like, _index_put_reference, "index", fallible=True, updates=True
)

# --- sorting -------------------------------------------------------------------------------------


def _argsort_reference(attrs: Attrs, args: Any, a: np.ndarray) -> np.ndarray:
    """Stable in both directions; NaN counts as the largest value."""
    dim, descending = attrs
    if not descending:
        return np.argsort(a, axis=dim, kind="stable")
    reverse = np.flip(np.argsort(np.flip(a, dim), axis=dim, kind="stable"), dim)
    return a.shape[dim] - 1 - reverse if a.ndim else reverse


ARGSORT = primitive(  # attrs (dim, descending)
    "argsort", lambda inputs, attrs: (inputs[0].shape, int64), _argsort_reference, "sort"
)


def _searchsorted_reference(
    attrs: Attrs, args: Any, sequence: np.ndarray, values: np.ndarray
) -> np.ndarray:
    side: Any = "right" if attrs[0] else "left"
    if sequence.ndim == 1:
        return np.searchsorted(sequence, values, side)
    rows = sequence.reshape(-1, sequence.shape[-1])
    wanted = values.reshape(-1, values.shape[-1])
    found = [np.searchsorted(s, v, side) for s, v in zip(rows, wanted, strict=True)]
    return np.stack(found).reshape(values.shape)


SEARCHSORTED = primitive(  # attrs (right,); sorted sequence, values
    "searchsorted",
    lambda inputs, attrs: (inputs[1].shape, int64),
    _searchsorted_reference,
    "sort",
)


def verify(e: Expr) -> None:
    """Check one pending Expr against its row; ``ValueError`` says what does not hold."""
    if e.prim is None or e.buffer is not None:
        return
    if REGISTRY.get(e.prim.name) is not e.prim:
        raise ValueError(f"{e.prim!r} is not in the registry")
    shape, d = e.prim.rule(e.inputs, e.attrs)
    if shape != e.shape or d is not e.dtype:
        raise ValueError(f"{e!r} should be {d.name}{list(shape)}")
    for attr in _flat(e.attrs):
        if not isinstance(attr, int | str | dtype | type(None)):
            raise ValueError(f"{e!r}: attr {attr!r} cannot be part of a key")


def _flat(attrs: Attrs) -> list[Any]:
    return [x for a in attrs for x in (_flat(a) if isinstance(a, tuple) else [a])]
