"""Special functions beyond the elementary ones: Bessel, polygamma, normal distribution, entropy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..graph import primitives as P
from ..graph.expr import Expr
from ..graph.tape import record
from ..tensor import Tensor, new_tensor
from .common import as_float, cast, check_tensor, not_for, result_dtype
from .pointwise import where
from .registry import function, operator


def _bessel(order: int, scaled: bool) -> Any:
    """I0 or I1 by the trapezoid rule on Bessel's integral, which converges exponentially."""

    def f(x: np.ndarray) -> np.ndarray:
        wide = np.abs(x.astype(np.float64))
        count = 64 + int(12 * math.sqrt(min(float(wide.max(initial=0.0)), 1e4)))
        total = np.zeros_like(wide)
        for k in range(count):
            angle = math.pi * (k + 0.5) / count
            total += np.exp(wide * (math.cos(angle) - 1)) * math.cos(order * angle)
        result = total / count if scaled else total / count * np.exp(wide)
        return (np.sign(x) * result if order else result).astype(x.dtype)

    return f


I0 = P.unary("i0", _bessel(0, False))
I0E = P.unary("i0e", _bessel(0, True))
I1 = P.unary("i1", _bessel(1, False))
I1E = P.unary("i1e", _bessel(1, True))


def _float_expr(x: Tensor, name: str) -> Expr:
    check_tensor(x, name)
    return cast(x._expr(), as_float(x._dtype))


@operator(
    "I0Backward0",
    input=lambda grad, input: grad * i1(input),
    inplace=True,
    out=True,
    samples="unary",
)
def i0(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind of order 0."""
    return new_tensor(record(I0, (_float_expr(input, "i0"),)))


@operator(
    "SpecialI1Backward0",
    method=False,
    function=False,
    input=lambda grad, input, result: grad * (i0(input) - where(input == 0, 0.5, result / input)),
)
def i1(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind of order 1."""
    return new_tensor(record(I1, (_float_expr(input, "i1"),)))


@operator(
    "SpecialI0EBackward0",
    method=False,
    function=False,
    input=lambda grad, input, result: grad * (i1e(input) - input.sgn() * result),
)
def i0e(input: Tensor) -> Tensor:
    """``exp(-abs(input)) * i0(input)``."""
    return new_tensor(record(I0E, (_float_expr(input, "i0e"),)))


@operator(
    "SpecialI1EBackward0",
    method=False,
    function=False,
    input=lambda grad, input, result: (
        grad * where(input == 0, 0.5, i0e(input) - result * (input.sgn() + 1 / input))
    ),
)
def i1e(input: Tensor) -> Tensor:
    """``exp(-abs(input)) * i1(input)``."""
    return new_tensor(record(I1E, (_float_expr(input, "i1e"),)))


def _sinc(x: np.ndarray) -> np.ndarray:
    return np.sinc(x).astype(x.dtype)


SINC = P.unary("sinc", _sinc)


def _sinc_gradient(grad: Tensor, input: Tensor) -> Tensor:
    angle = input * math.pi
    slope = (angle * angle.cos() - angle.sin()) / (angle * input)
    return grad * where(input == 0, 0.0, slope)


@operator("SincBackward0", input=_sinc_gradient, inplace=True, out=True, samples="unary")
def sinc(input: Tensor) -> Tensor:
    """``sin(pi x) / (pi x)``, 1 at zero."""
    return new_tensor(record(SINC, (_float_expr(input, "sinc"),)))


# Bernoulli numbers B2, B4, ... for the Euler-Maclaurin sum of the Hurwitz zeta function.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


def _zeta(s: float, q: float) -> float:
    """The Hurwitz zeta function by Euler-Maclaurin summation (Johansson, 2013)."""
    if s == 1:
        return math.inf
    if s < 1 or math.isnan(q):
        return math.nan
    if q <= 0:
        if q == math.floor(q):
            return math.inf
        if s != math.floor(s):
            return math.nan
    total = 0.0
    terms = 12
    for k in range(terms):
        total += (q + k) ** -s
    n = q + terms
    total += n ** (1 - s) / (s - 1) + 0.5 * n**-s
    factor, power = s, n ** (-s - 1)
    for j, b in enumerate(_BERNOULLI):
        total += b / math.factorial(2 * j + 2) * factor * power
        factor *= (s + 2 * j + 1) * (s + 2 * j + 2)
        power /= n * n
    return total


def _polygamma_value(n: int, x: float) -> float:
    if n == 1 and x < 0.5:
        sine = math.sin(math.pi * x)
        return math.inf if sine == 0 else (math.pi / sine) ** 2 - _zeta(2, 1 - x)
    return (-1.0) ** (n + 1) * math.factorial(n) * _zeta(n + 1, x)


def _polygamma_reference(attrs: Any, args: Any, x: np.ndarray) -> np.ndarray:
    values = [_polygamma_value(attrs[0], float(v)) for v in x.reshape(-1)]
    return np.array(values, np.float64).reshape(x.shape).astype(x.dtype)


POLYGAMMA = P.primitive(  # attrs (n,)
    "polygamma",
    lambda inputs, attrs: (inputs[0].shape, inputs[0].dtype),
    _polygamma_reference,
    "elementwise",
)


@operator(
    "PolygammaBackward0",
    name="_polygamma",
    function=False,
    method=False,
    input=lambda grad, n, input: grad * polygamma(n + 1, input),
)
def _polygamma(n: int, input: Tensor) -> Tensor:
    if n == 0:
        return input.digamma()
    return new_tensor(record(POLYGAMMA, (_float_expr(input, "polygamma"),), (n,)))


@function()
def polygamma(n: int, input: Tensor) -> Tensor:
    """The ``n``-th derivative of ``digamma``."""
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return _polygamma(n, input)


@function(method=True)
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension ``p``."""
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    steps = [input - 0.5 * i for i in range(p)]
    total = steps[0].lgamma()
    for x in steps[1:]:
        total = total + x.lgamma()
    return total + 0.25 * p * (p - 1) * math.log(math.pi)


@function(method=True)
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """``log2(2 ** input + 2 ** other)`` without overflow."""
    not_for(result_dtype(input, other), "logaddexp2_cpu", 0, 1)
    ln2 = math.log(2)
    return (input * ln2).logaddexp(other * ln2) / ln2


def ndtr(input: Tensor) -> Tensor:
    """The distribution function of the standard normal distribution."""
    return (input * -math.sqrt(0.5)).erfc() * 0.5


def log_ndtr(input: Tensor) -> Tensor:
    """The logarithm of ``ndtr``, exact also far to the left (an asymptotic series there)."""
    not_for(input._dtype, "log_ndtr_cpu", *((2,) if input._dtype.itemsize == 2 else ()))
    input = input if input._dtype.is_floating_point else input.to(as_float(input._dtype))
    left = input < -10
    x = where(left, input, -20.0)
    z = 1 / (x * x)
    series = 1 - z * (1 - 3 * z * (1 - 5 * z * (1 - 7 * z)))
    tail = -0.5 * x * x - (-x).log() - 0.5 * math.log(2 * math.pi) + series.log()
    return where(left, tail, ndtr(where(left, 0.0, input)).log())


def ndtri(input: Tensor) -> Tensor:
    """The inverse of ``ndtr``."""
    return (input * 2 - 1).erfinv() * math.sqrt(2)


def entr(input: Tensor) -> Tensor:
    """``-x * log(x)``: 0 at zero, minus infinity below."""
    safe = where(input > 0, input, 1.0)
    value = where(input == 0, 0.0, -safe * safe.log())
    return where(input < 0, -math.inf, where(input.isnan(), input, value))


def xlog1py(input: Any, other: Any) -> Tensor:
    """``input * log1p(other)``, 0 where ``input`` is 0."""
    if not isinstance(other, Tensor):
        other = input.new_full((), other)
    zero = (input == 0) & ~other.isnan()
    return where(zero, 0.0, other).log1p() * input


def zeta(input: Tensor, other: Tensor) -> Tensor:
    """The Hurwitz zeta function."""
    from .common import binary

    return binary(ZETA, input, other, "zeta")


ZETA = P.binary("zeta", lambda s, q: np.vectorize(_zeta, [np.float64])(s, q).astype(s.dtype))
