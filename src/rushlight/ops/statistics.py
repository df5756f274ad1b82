"""Counting, histograms, quantiles, comparison of tensors, integration by the trapezoid rule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..graph import primitives as P
from ..graph.expr import Expr
from ..graph.tape import record
from ..return_types import named_result
from ..shapes import numel, wrap_dim
from ..tensor import Tensor, new_tensor
from .common import check_tensor, constant
from .movement import reshape
from .pointwise import where
from .registry import function, method, operator

# --- counting ------------------------------------------------------------------------------------


@function(method=True)
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each non-negative integer occurs, or the sum of its weights.

    The number of results depends on the values, so pending work is run.
    """
    check_tensor(input, "bincount")
    if input._dtype.category != 1:
        kind = dtypes.SCALAR_TYPE_NAMES[input._dtype]
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{kind}'")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    array = input._array()
    if array.ndim != 1 or (array.size and array.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is not None and weights._shape != input._shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    if weights is None:
        return Tensor._from_array(np.bincount(array, minlength=minlength).astype(np.int64))
    wide = weights._wide()
    counts = np.bincount(array, wide.astype(np.float64), minlength)
    d = np.float32 if weights._dtype is dtypes.float32 else np.float64
    return Tensor._from_array(counts.astype(d))


def _bins(a: np.ndarray, bins: int, low: float, high: float) -> tuple[np.ndarray, float, float]:
    """The bin of each element inside [low, high], else -1. Equal bounds mean those of the data."""
    if low == high and a.size:
        low, high = float(a.min()), float(a.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"range of [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError("max must be larger than min")
    inside = (a >= low) & (a <= high)
    place = np.where(inside, (a - low) / (high - low) * bins, -1)
    return np.where(inside, np.minimum(place.astype(np.int64), bins - 1), -1), low, high


def _histc_reference(attrs: Any, args: Any, a: np.ndarray) -> np.ndarray:
    index, _, _ = _bins(a.reshape(-1), attrs[0], *args)
    return np.bincount(index[index >= 0], minlength=attrs[0]).astype(a.dtype)


HISTC = P.primitive(  # attrs (bins,), args (min, max)
    "histc",
    lambda inputs, attrs: ((attrs[0],), inputs[0].dtype),
    _histc_reference,
    "host",
    fallible=True,
)


@function(method=True)
def histc(
    input: Tensor, bins: int = 100, min: float = 0, max: float = 0, *, out: Any = None
) -> Tensor:
    """How many elements fall into each of ``bins`` equal intervals of [min, max]."""
    check_tensor(input, "histc")
    if not input._dtype.is_floating_point:
        kind = dtypes.SCALAR_TYPE_NAMES[input._dtype]
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{kind}'")
    if bins <= 0:
        raise RuntimeError("bins must be > 0")
    if max < min:
        raise RuntimeError("max must be larger than min")
    result = new_tensor(record(HISTC, (input._expr(),), (bins,), (float(min), float(max))))
    if out is None:
        return result
    from .registry import write_out

    return write_out("histc", result, out, (), {})


@function(method=True)
def histogram(
    input: Tensor,
    bins: Any,
    *,
    range: tuple[float, float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    """Counts (or weights) of elements in intervals, and the intervals' edges.

    ``bins`` is a number of equal intervals or a tensor of edges. Pending work is run.
    """
    check_tensor(input, "histogram")
    values = input._wide().reshape(-1)
    weights = None if weight is None else weight._wide().reshape(-1).astype(np.float64)
    if isinstance(bins, Tensor):
        edges = bins._wide().astype(np.float64)
    else:
        low, high = range if range is not None else (0.0, 0.0)
        _, low, high = _bins(values, bins, float(low), float(high))
        edges = np.linspace(low, high, bins + 1)
    counts, _ = np.histogram(values.astype(np.float64), edges, weights=weights, density=density)
    d = input._dtype.numpy
    return named_result("histogram", ("hist", "bin_edges"))(
        (Tensor._from_array(counts.astype(d)), Tensor._from_array(edges.astype(d)))
    )


# --- quantiles -----------------------------------------------------------------------------------

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile_error(input: Tensor, q: Any, interpolation: str, name: str) -> None:
    if input._dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if not numel(input._shape):
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if isinstance(q, Tensor):
        if q._dtype is not input._dtype:
            raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
        if q.ndim > 1:
            raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
        values = q._array()
        if ((values < 0) | (values > 1)).any():
            raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    elif not 0 <= q <= 1:
        raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q}")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )


def _quantile(
    input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, skip_nan: bool
) -> Tensor:
    from .sorting import sort

    name = "nanquantile" if skip_nan else "quantile"
    check_tensor(input, name)
    _quantile_error(input, q, interpolation, name)
    shape = input._shape
    rank = len(shape)
    at = 0 if dim is None else wrap_dim(dim, rank)
    x = reshape(input, -1) if dim is None or not rank else input.movedim(at, -1)
    ordered = sort(x, -1)[0]
    n = ordered._shape[-1]
    points = q if isinstance(q, Tensor) else input.new_full((), q)
    flat = points.detach().reshape(-1)
    missing = x.isnan().detach()
    if skip_nan:
        count = missing.logical_not().sum(-1, True).to(input._dtype)
        ranks = flat * (count - 1).clamp(min=0)
    else:
        ranks = (flat * (n - 1)).expand(*ordered._shape[:-1], flat._shape[0])
        ranks = where(missing.any(-1, True), float(n - 1), ranks)
    if interpolation == "nearest":
        ranks = ranks.round()
    elif interpolation == "lower":
        ranks = ranks.floor()
    elif interpolation == "higher":
        ranks = ranks.ceil()
    low = ranks.floor()
    result = ordered.gather(-1, low.long())
    if interpolation in ("linear", "midpoint"):
        high = ordered.gather(-1, ranks.ceil().long())
        weight = where(ranks == low, 0.0, 0.5) if interpolation == "midpoint" else ranks - low
        result = result.lerp(high, weight)
    result = result.movedim(-1, 0)
    if keepdim:
        kept = (
            (1,) * rank if dim is None else tuple(1 if i == at else s for i, s in enumerate(shape))
        )
        result = result.reshape(flat._shape[0], *kept)
    return result.squeeze(0) if points.ndim == 0 else result


@function(method=True)
def quantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The ``q``-th quantiles (0 to 1) of all elements or along ``dim``; NaN wins.

    Raises:
        RuntimeError: not float32 or float64, no elements, or ``q`` outside [0, 1].
    """
    return _quantile(input, q, dim, keepdim, interpolation, False)


@function(method=True)
def nanquantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """``quantile`` of the elements that are not NaN."""
    return _quantile(input, q, dim, keepdim, interpolation, True)


# --- comparison ----------------------------------------------------------------------------------


def _close(a: Tensor, b: Tensor, rtol: float, atol: float, equal_nan: bool) -> Tensor:
    if a._dtype is not b._dtype:
        raise RuntimeError(
            f"{dtypes.SCALAR_TYPE_NAMES[a._dtype]} did not match "
            f"{dtypes.SCALAR_TYPE_NAMES[b._dtype]}"
        )
    if rtol < 0:
        raise RuntimeError(f"rtol must be greater than or equal to zero, but got {rtol}")
    if atol < 0:
        raise RuntimeError(f"atol must be greater than or equal to zero, but got {atol}")
    a, b = a.detach(), b.detach()
    close = a == b
    if a._dtype.is_floating_point:
        if equal_nan:
            close = close | (a.isnan() & b.isnan())
        gap = (a - b).abs()
        close = close | (gap.isfinite() & (gap <= atol + (rtol * b).abs()))
    elif rtol or atol:
        gap = (a.to(dtypes.float64) - b.to(dtypes.float64)).abs()
        close = close | (gap <= atol + (rtol * b.to(dtypes.float64)).abs())
    return close


@function(method=True)
def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Where ``abs(input - other) <= atol + rtol * abs(other)``."""
    check_tensor(input, "isclose")
    check_tensor(other, "isclose", "other", 2)
    return _close(input, other, rtol, atol, equal_nan)


@function(method=True)
def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether all elements are close."""
    check_tensor(input, "allclose")
    check_tensor(other, "allclose", "other", 2)
    return bool(_close(input, other, rtol, atol, equal_nan).all())


@function(method=True)
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shapes and all elements are equal."""
    check_tensor(input, "equal")
    check_tensor(other, "equal", "other", 2)
    if input._shape != other._shape:
        return False
    return bool((input.detach() == other.detach()).all())


@method()
def is_same_size(self: Tensor, other: Tensor) -> bool:
    """Whether the shapes are equal."""
    return self._shape == other._shape


@method()
def is_nonzero(self: Tensor) -> bool:
    """Whether the only element is not zero."""
    return bool(self)


@method()
def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both show the same view of the same memory."""
    return (
        self._storage is tensor._storage
        and self._offset == tensor._offset
        and self._shape == tensor._shape
        and self.stride() == tensor.stride()
    )


# --- integration ---------------------------------------------------------------------------------


def _panels(y: Tensor, x: Tensor | None, dx: Any, dim: int, name: str) -> Tensor:
    if y._dtype.category == 0:
        raise RuntimeError(f"{name}: received a bool input for `y`, but bool is not supported")
    dim = wrap_dim(dim, y.ndim)
    n = y._shape[dim]
    both = y.narrow(dim, 1, n - 1) + y.narrow(dim, 0, n - 1)
    if x is None:
        return both * (0.5 * (1.0 if dx is None else dx))
    if x.ndim == 1:
        shape = [1] * y.ndim
        shape[dim] = -1
        x = reshape(x, shape)
    m = x._shape[wrap_dim(dim, x.ndim)]
    return both * (x.narrow(dim, 1, m - 1) - x.narrow(dim, 0, m - 1)) * 0.5


@function("trapezoid")
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral of ``y`` along ``dim`` by the trapezoid rule: points ``x`` or steps ``dx``."""
    return _panels(y, x, dx, dim, "trapezoid").sum(dim)


function("trapz")(trapezoid)


@function()
def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1
) -> Tensor:
    """The running integral of ``y`` along ``dim`` by the trapezoid rule."""
    return _panels(y, x, dx, dim, "cumulative_trapezoid").cumsum(dim)


@function()
def gradient(
    input: Tensor, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1
) -> list[Tensor]:
    """Derivatives along each dimension by differences of neighbours, central inside."""
    from .movement import cat

    dims = range(input.ndim) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    steps = list(spacing) if isinstance(spacing, list | tuple) else [spacing] * len(dims)
    out = []
    for d, h in zip(dims, steps, strict=True):
        n = input._shape[d]
        if n < edge_order + 1:
            raise RuntimeError(
                "torch.gradient expected each dimension size to be at least edge_order+1"
            )

        def at(i: int, length: int = 1, d: int = d) -> Any:
            return input.narrow(d, i, length)

        if isinstance(h, Tensor) and h.ndim == 1:
            out.append(_uneven_gradient(input, h, d, edge_order))
            continue
        inner = (at(2, n - 2) - at(0, n - 2)) / (2 * h)
        if edge_order == 1:
            first, last = (at(1) - at(0)) / h, (at(n - 1) - at(n - 2)) / h
        else:
            first = (-1.5 * at(0) + 2 * at(1) - 0.5 * at(2)) / h
            last = (0.5 * at(n - 3) - 2 * at(n - 2) + 1.5 * at(n - 1)) / h
        out.append(cat([first, inner, last], d))
    return out


def _uneven_gradient(input: Tensor, points: Tensor, dim: int, edge_order: int) -> Tensor:
    """Second-order differences for points at uneven distances."""
    from .movement import cat

    n = input._shape[dim]
    shape = [1] * input.ndim
    shape[dim] = -1
    h = reshape(points.diff(), shape)
    slope = input.diff(dim=dim) / h
    if n == 2 or edge_order == 1:
        first, last = slope.narrow(dim, 0, 1), slope.narrow(dim, n - 2, 1)
    before, after = h.narrow(dim, 0, n - 2), h.narrow(dim, 1, n - 2)
    left, right = slope.narrow(dim, 0, n - 2), slope.narrow(dim, 1, n - 2)
    inner = (left * after + right * before) / (before + after)
    if edge_order == 2 and n > 2:
        first = 2 * slope.narrow(dim, 0, 1) - inner.narrow(dim, 0, 1)
        last = 2 * slope.narrow(dim, n - 2, 1) - inner.narrow(dim, n - 3, 1)
    return cat([first, inner, last], dim)


# --- bits and parts of numbers -------------------------------------------------------------------


def _integers(name: str, a: Tensor, b: Any) -> tuple[Expr, Expr, dtypes.dtype]:
    from .common import operand, result_dtype

    d = result_dtype(a, b)
    if d.category != 1:
        kind = dtypes.SCALAR_TYPE_NAMES[d]
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{kind}'")
    return operand(a, d, name, "input"), operand(b, d, name), d


GCD = P.binary("gcd", np.gcd)
LCM = P.binary("lcm", np.lcm)


@function(method=True)
def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisors of integers."""
    a, b, _ = _integers("gcd", input, other)
    return new_tensor(record(GCD, (a, b)))


@function(method=True)
def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiples of integers."""
    a, b, _ = _integers("lcm", input, other)
    return new_tensor(record(LCM, (a, b)))


@operator(
    "NextafterBackward0",
    input=lambda grad, input, other: where(input != other, grad, 0.0),
    other=lambda grad: grad * 0.0,
    inplace=True,
    out=True,
    samples="binary",
)
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The next representable number after ``input`` towards ``other``."""
    from .common import binary

    check_tensor(input, "nextafter")
    if not input._dtype.is_floating_point:
        kind = dtypes.SCALAR_TYPE_NAMES[input._dtype]
        raise NotImplementedError(f"\"nextafter_cpu\" not implemented for '{kind}'")
    return binary(P.NEXTAFTER, input, other, "nextafter")


@function(method=True)
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """``input * 2 ** other``."""
    from .pointwise import pow

    return input * pow(2.0, other)


@operator(
    "FrexpBackward0", input=lambda grads, result: ldexp(grads[0], -result[1]), samples="unary"
)
def frexp(input: Tensor) -> Any:
    """The mantissa in [0.5, 1) and the exponent: ``input == mantissa * 2 ** exponent``."""
    check_tensor(input, "frexp")
    if not input._dtype.is_floating_point:
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    e = input._expr()
    exponent = record(FREXP_EXPONENT, (e,))
    mantissa = record(FREXP_MANTISSA, (e,))
    return named_result("frexp", ("mantissa", "exponent"))(
        (new_tensor(mantissa), new_tensor(exponent))
    )


FREXP_MANTISSA = P.unary("frexp_mantissa", lambda x: np.frexp(x)[0])
FREXP_EXPONENT = P.unary(
    "frexp_exponent",
    lambda x: np.frexp(x)[1].astype(np.int32),
    lambda inputs, attrs: (inputs[0].shape, dtypes.int32),
)


@function(method=True)
def float_power(input: Any, exponent: Any) -> Tensor:
    """``input ** exponent`` in float64."""
    from .pointwise import pow

    def wide(x: Any) -> Any:
        return x.to(dtypes.float64) if isinstance(x, Tensor) else float(x)

    if not isinstance(input, Tensor):
        input = new_tensor(constant(float(input), dtypes.float64))
    return pow(wide(input), wide(exponent))
