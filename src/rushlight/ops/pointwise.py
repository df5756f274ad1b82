"""Elementwise operators: arithmetic, comparison, mathematics, activations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..graph import primitives as P
from ..graph.tape import record
from ..tensor import Tensor, new_tensor
from .common import (
    as_float,
    binary,
    cast,
    check_tensor,
    constant,
    is_number,
    not_for,
    operand,
    result_dtype,
    unary,
    unary_float,
)
from .registry import METHODS, function, method, operator

# --- arithmetic ----------------------------------------------------------------------------------


def _no_bool_sub(a: Any, b: Any) -> None:
    kinds = [
        x._dtype is dtypes.bool_ if isinstance(x, Tensor) else isinstance(x, bool) for x in (a, b)
    ]
    if all(kinds):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    if any(kinds):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are "
            "trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )


def _scaled(other: Any, alpha: Any, d: dtypes.dtype) -> Any:
    """``alpha * other`` as an Expr of dtype ``d``."""
    e = operand(other, d, "add")
    if alpha.__class__ is int and alpha == 1:
        return e
    if isinstance(alpha, Tensor):
        alpha = alpha.item()
    if isinstance(alpha, float) and not d.is_floating_point:
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )
    if isinstance(alpha, bool) and d is not dtypes.bool_:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    return record(P.MUL, (e, constant(alpha, d)))


@operator(
    "AddBackward0",
    input=lambda grad: grad,
    other=lambda grad, alpha: grad if alpha.__class__ is int and alpha == 1 else grad * alpha,
    inplace=True,
    out=True,
    samples="binary",
)
def add(input: Any, other: Any, alpha: Any = 1) -> Tensor:
    """``input + alpha * other`` with broadcasting and type promotion."""
    if alpha.__class__ is int and alpha == 1:
        return binary(P.ADD, input, other, "add")
    d = result_dtype(input, other)
    return new_tensor(record(P.ADD, (operand(input, d, "add", "input"), _scaled(other, alpha, d))))


@operator(
    lambda bound: "SubBackward0" if isinstance(bound["input"], Tensor) else "RsubBackward1",
    input=lambda grad: grad,
    other=lambda grad, alpha: -grad if alpha.__class__ is int and alpha == 1 else grad * -alpha,
    inplace=True,
    out=True,
    samples="binary",
    aliases=("subtract",),
)
def sub(input: Any, other: Any, alpha: Any = 1) -> Tensor:
    """``input - alpha * other`` with broadcasting and type promotion."""
    if (
        not isinstance(input, Tensor)
        or input._dtype is dtypes.bool_
        or (isinstance(other, Tensor) and other._dtype is dtypes.bool_)
        or isinstance(other, bool)
    ):
        _no_bool_sub(input, other)
    if alpha.__class__ is int and alpha == 1:
        return binary(P.SUB, input, other, "sub")
    d = result_dtype(input, other)
    return new_tensor(record(P.SUB, (operand(input, d, "sub", "input"), _scaled(other, alpha, d))))


@function(method=True)
def rsub(input: Tensor, other: Any, alpha: Any = 1) -> Tensor:
    """``other - alpha * input``."""
    return sub(other, input, alpha)


@operator(
    "MulBackward0",
    input=lambda grad, other: grad * other,
    other=lambda grad, input: grad * input,
    inplace=True,
    out=True,
    samples="binary",
    aliases=("multiply",),
)
def mul(input: Any, other: Any) -> Tensor:
    """``input * other`` with broadcasting and type promotion."""
    return binary(P.MUL, input, other, "mul")


@operator(
    "DivBackward0",
    input=lambda grad, other, rounding_mode: (
        grad / other if rounding_mode is None else zeros_like(grad)
    ),
    other=lambda grad, input, other, rounding_mode: (
        -grad * ((input / other) / other) if rounding_mode is None else zeros_like(grad)
    ),
    inplace=True,
    out=True,
    samples="binary:nonzero",
    aliases=("divide",),
)
def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """``input / other``; ``rounding_mode`` is ``None``, ``"trunc"`` or ``"floor"``."""
    d = (
        result_dtype(input, other)
        if isinstance(input, Tensor) or isinstance(other, Tensor)
        else None
    )
    if rounding_mode is None:
        if not isinstance(other, Tensor) and not is_number(other):
            raise TypeError(
                f"div(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}"
            )
        return binary(P.DIV, input, other, "div", as_float(d or dtypes.get_default_dtype()))
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode != "trunc":
        raise RuntimeError(
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"'{rounding_mode}'"
        )
    if d is not None and d.is_floating_point:
        return unary(P.TRUNC, binary(P.DIV, input, other, "div", d))
    a, b = operand(input, d, "div"), operand(other, d, "div")  # type: ignore[arg-type]
    remainder_ = record(P.FMOD, (a, b))
    return new_tensor(record(P.FLOORDIV, (record(P.SUB, (a, remainder_)), b)))


@operator(
    "DivBackward0",
    input=lambda grad, other: grad / other,
    other=lambda grad, input, other: -grad * ((input / other) / other),
    inplace=True,
    out=True,
    samples="binary:nonzero",
)
def true_divide(input: Any, other: Any) -> Tensor:
    """``input / other`` in floating point."""
    return div(input, other)


def no_derivative(name: str) -> Any:
    """A formula for operators that have no derivative: backward raises, as in PyTorch."""

    def formula(grad: Tensor) -> Tensor:
        raise RuntimeError(f"derivative for aten::{name} is not implemented")

    return formula


@operator(
    "NotImplemented",
    input=no_derivative("floor_divide"),
    other=no_derivative("floor_divide"),
    inplace=True,
    out=True,
    samples="binary:nonzero",
)
def floor_divide(input: Any, other: Any) -> Tensor:
    """``floor(input / other)``; ``RuntimeError`` for an integer division by zero."""
    not_for(result_dtype(input, other), "div_floor_cpu", 0)
    return binary(P.FLOORDIV, input, other, "floor_divide")


@operator(
    lambda bound: f"RemainderBackward{int(isinstance(bound['other'], Tensor))}",
    input=lambda grad: grad,
    other=lambda grad, input, other: -grad * div(input, other, rounding_mode="floor"),
    inplace=True,
    out=True,
    samples="binary:nonzero",
)
def remainder(input: Any, other: Any) -> Tensor:
    """The remainder with the sign of the divisor (Python's ``%``)."""
    not_for(result_dtype(input, other), "remainder_cpu", 0)
    return binary(P.REMAINDER, input, other, "remainder")


@operator(
    lambda bound: f"FmodBackward{int(isinstance(bound['other'], Tensor))}",
    input=lambda grad: grad,
    other=lambda grad, input, other: -grad * div(input, other, rounding_mode="trunc"),
    inplace=True,
    out=True,
    samples="binary:nonzero",
)
def fmod(input: Any, other: Any) -> Tensor:
    """The remainder with the sign of the dividend (C's ``fmod``)."""
    not_for(result_dtype(input, other), "fmod_cpu", 0)
    return binary(P.FMOD, input, other, "fmod")


def _pow_input(grad: Tensor, input: Any, exponent: Any) -> Tensor:
    if is_number(exponent):
        if exponent == 0:
            return zeros_like(grad)
        return grad * (exponent * pow(input, exponent - 1))
    return where(exponent == 0, 0.0, grad * (exponent * pow(input, exponent - 1)))


def _pow_exponent(grad: Tensor, input: Any, exponent: Any, result: Tensor) -> Tensor:
    if is_number(input):
        return grad * (
            result * (math.log(input) if input > 0 else (-math.inf if input == 0 else math.nan))
        )
    zero = (input == 0) & (exponent >= 0)
    return grad * where(zero, 0.0, result * input.log())


def _pow_node(bound: dict[str, Any]) -> str:
    """PyTorch's overloads: a number on the right, two tensors, a number on the left."""
    if not isinstance(bound["exponent"], Tensor):
        return "PowBackward0"
    return "PowBackward1" if isinstance(bound["input"], Tensor) else "PowBackward2"


@operator(
    _pow_node,
    input=_pow_input,
    exponent=_pow_exponent,
    inplace=True,
    out=True,
    samples="binary:positive",
)
def pow(input: Any, exponent: Any) -> Tensor:
    """``input ** exponent``. Exponents 2, 1, 0.5, -1 ... select cheaper code."""
    if isinstance(input, Tensor) and not isinstance(exponent, Tensor) and is_number(exponent):
        d = result_dtype(input, exponent)
        if exponent == 2 and d is input._dtype and d is not dtypes.bool_:
            return binary(P.MUL, input, input, "pow")
        if d.is_floating_point:
            if exponent == 0.5:
                return unary_float(P.SQRT, input)
            if exponent == 3:
                return binary(P.MUL, binary(P.MUL, input, input, "pow", d), input, "pow", d)
            if exponent == -1:
                return binary(P.DIV, 1.0, input, "pow", d)
        elif exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
    if is_number(input) or isinstance(input, Tensor):
        not_for(result_dtype(input, exponent), "pow", 0)
    return binary(P.POW, input, exponent, "pow")


@operator(
    "NegBackward0",
    input=lambda grad: -grad,
    inplace=True,
    out=True,
    samples="unary",
    aliases=("negative",),
)
def neg(input: Tensor) -> Tensor:
    """``-input``."""
    check_tensor(input, "neg")
    if input._dtype is dtypes.bool_:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return unary(P.NEG, input)


@function(method=True)
def positive(input: Tensor) -> Tensor:
    """``input`` itself."""
    if input._dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@operator(
    "AbsBackward0",
    input=lambda grad, input: grad * input.sgn(),
    inplace=True,
    out=True,
    samples="unary",
    aliases=("absolute",),
)
def abs(input: Tensor) -> Tensor:
    """The absolute value."""
    check_tensor(input, "abs")
    not_for(input._dtype, "abs_cpu", 0)
    return unary(P.ABS, input)


def _zero_grad(grad: Tensor) -> Tensor:
    return zeros_like(grad)


@operator("SignBackward0", input=_zero_grad, inplace=True, out=True, samples="unary")
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1; NaN gives 0."""
    return unary(P.SIGN, input)


@operator("SgnBackward0", input=_zero_grad, inplace=True, out=True, samples="unary")
def sgn(input: Tensor) -> Tensor:
    """``sign``: there are no complex numbers."""
    return unary(P.SIGN, input)


# --- mathematics ---------------------------------------------------------------------------------

_UNARY_FLOAT: list[tuple[str, str, Any, Any, str, str]] = [
    # name, grad_fn, primitive, formula, sample domain, what it is
    ("exp", "ExpBackward0", P.EXP, lambda grad, result: grad * result, "", "``e ** input``"),
    (
        "expm1",
        "Expm1Backward0",
        P.EXPM1,
        lambda grad, result: grad * (result + 1),
        "",
        "``exp(input) - 1``, exact near 0",
    ),
    (
        "log",
        "LogBackward0",
        P.LOG,
        lambda grad, input: grad / input,
        "positive",
        "The natural logarithm",
    ),
    (
        "log2",
        "Log2Backward0",
        P.LOG2,
        lambda grad, input: grad / (input * math.log(2)),
        "positive",
        "The logarithm to base 2",
    ),
    (
        "log10",
        "Log10Backward0",
        P.LOG10,
        lambda grad, input: grad / (input * math.log(10)),
        "positive",
        "The logarithm to base 10",
    ),
    (
        "log1p",
        "Log1PBackward0",
        P.LOG1P,
        lambda grad, input: grad / (input + 1),
        "positive",
        "``log(1 + input)``, exact near 0",
    ),
    (
        "sqrt",
        "SqrtBackward0",
        P.SQRT,
        lambda grad, result: grad / (2 * result),
        "positive",
        "The square root",
    ),
    (
        "rsqrt",
        "RsqrtBackward0",
        P.RSQRT,
        lambda grad, result: -0.5 * grad * result.pow(3),
        "positive",
        "``1 / sqrt(input)``",
    ),
    ("sin", "SinBackward0", P.SIN, lambda grad, input: grad * input.cos(), "", "The sine"),
    ("cos", "CosBackward0", P.COS, lambda grad, input: grad * -input.sin(), "", "The cosine"),
    (
        "tan",
        "TanBackward0",
        P.TAN,
        lambda grad, result: grad * (1 + result.pow(2)),
        "",
        "The tangent",
    ),
    (
        "asin",
        "AsinBackward0",
        P.ASIN,
        lambda grad, input: grad * (1 - input * input).rsqrt(),
        "unit",
        "The inverse sine",
    ),
    (
        "acos",
        "AcosBackward0",
        P.ACOS,
        lambda grad, input: grad * -(1 - input * input).rsqrt(),
        "unit",
        "The inverse cosine",
    ),
    (
        "atan",
        "AtanBackward0",
        P.ATAN,
        lambda grad, input: grad / (input * input + 1),
        "",
        "The inverse tangent",
    ),
    (
        "sinh",
        "SinhBackward0",
        P.SINH,
        lambda grad, input: grad * input.cosh(),
        "",
        "The hyperbolic sine",
    ),
    (
        "cosh",
        "CoshBackward0",
        P.COSH,
        lambda grad, input: grad * input.sinh(),
        "",
        "The hyperbolic cosine",
    ),
    (
        "tanh",
        "TanhBackward0",
        P.TANH,
        lambda grad, result: grad * (1 - result * result),
        "",
        "The hyperbolic tangent",
    ),
    (
        "asinh",
        "AsinhBackward0",
        P.ASINH,
        lambda grad, input: grad * (input * input + 1).rsqrt(),
        "",
        "The inverse hyperbolic sine",
    ),
    (
        "acosh",
        "AcoshBackward0",
        P.ACOSH,
        lambda grad, input: grad * (input * input - 1).rsqrt(),
        "above_one",
        "The inverse hyperbolic cosine",
    ),
    (
        "atanh",
        "AtanhBackward0",
        P.ATANH,
        lambda grad, input: grad / (1 - input * input),
        "unit",
        "The inverse hyperbolic tangent",
    ),
    (
        "sigmoid",
        "SigmoidBackward0",
        P.SIGMOID,
        lambda grad, result: grad * ((1 - result) * result),
        "",
        "``1 / (1 + exp(-input))``",
    ),
    (
        "erf",
        "ErfBackward0",
        P.ERF,
        lambda grad, input: grad * (2 / math.sqrt(math.pi)) * (-(input * input)).exp(),
        "",
        "The error function",
    ),
    (
        "erfc",
        "ErfcBackward0",
        P.ERFC,
        lambda grad, input: grad * (-2 / math.sqrt(math.pi)) * (-(input * input)).exp(),
        "",
        "``1 - erf(input)``",
    ),
    (
        "erfinv",
        "ErfinvBackward0",
        P.ERFINV,
        lambda grad, result: grad * (math.sqrt(math.pi) / 2) * (result * result).exp(),
        "unit",
        "The inverse of ``erf``",
    ),
    (
        "lgamma",
        "LgammaBackward0",
        P.LGAMMA,
        lambda grad, input: grad * input.digamma(),
        "positive",
        "The logarithm of the absolute value of the gamma function",
    ),
    (
        "digamma",
        "DigammaBackward0",
        P.DIGAMMA,
        lambda grad, input: grad * _polygamma_one(input),
        "positive",
        "The derivative of ``lgamma``",
    ),
]


def _polygamma_one(x: Tensor) -> Tensor:
    from .special import polygamma

    return polygamma(1, x)


def _define_unary_float(
    name: str, grad_fn: str, prim: Any, formula: Any, domain: str, doc: str
) -> Any:
    def forward(input: Tensor) -> Tensor:
        return unary_float(prim, input)

    forward.__doc__ = f"{doc}, elementwise; integers become floats."
    formulas = {} if formula is None else {"input": formula}
    samples = f"unary:{domain}" if domain else "unary"
    inverse = ("arc" + name[1:],) if name[0] == "a" and name[1] in "sct" else ()
    return operator(
        grad_fn, name=name, inplace=True, out=True, samples=samples, aliases=inverse, **formulas
    )(forward)


for _row in _UNARY_FLOAT:
    globals()[_row[0]] = _define_unary_float(*_row)


@operator(
    "ReciprocalBackward0",
    input=lambda grad, result: -grad * (result * result),
    inplace=True,
    out=True,
    samples="unary:nonzero",
)
def reciprocal(input: Tensor) -> Tensor:
    """``1 / input``."""
    check_tensor(input, "reciprocal")
    d = as_float(input._dtype)
    return new_tensor(record(P.DIV, (constant(1.0, d), cast(input._expr(), d))))


@operator(
    "PowBackward0",
    input=lambda grad, input: grad * (2 * input),
    inplace=True,
    out=True,
    samples="unary",
)
def square(input: Tensor) -> Tensor:
    """``input * input``."""
    return pow(input, 2)


@operator(
    "Exp2Backward0",
    input=lambda grad, result: grad * result * math.log(2),
    inplace=True,
    out=True,
    samples="unary",
)
def exp2(input: Tensor) -> Tensor:
    """``2 ** input``."""
    check_tensor(input, "exp2")
    d = as_float(input._dtype)
    return new_tensor(record(P.POW, (constant(2.0, d), cast(input._expr(), d))))


@operator(
    "Deg2RadBackward0", input=lambda grad: grad.deg2rad(), inplace=True, out=True, samples="unary"
)
def deg2rad(input: Tensor) -> Tensor:
    """Degrees to radians."""
    return mul(input, math.pi / 180)


@operator(
    "Rad2DegBackward0", input=lambda grad: grad.rad2deg(), inplace=True, out=True, samples="unary"
)
def rad2deg(input: Tensor) -> Tensor:
    """Radians to degrees."""
    return mul(input, 180 / math.pi)


def _rounding(name: str, grad_fn: str, prim: Any, doc: str, aliases: tuple[str, ...] = ()) -> Any:
    def forward(input: Tensor) -> Tensor:
        check_tensor(input, name)
        not_for(input._dtype, f"{name}_vml_cpu", 0)
        return unary(prim, input)

    forward.__doc__ = doc
    return operator(
        grad_fn,
        name=name,
        inplace=True,
        out=True,
        samples="unary",
        aliases=aliases,
        input=_zero_grad,
    )(forward)


floor = _rounding("floor", "FloorBackward0", P.FLOOR, "The largest integer not above.")
ceil = _rounding("ceil", "CeilBackward0", P.CEIL, "The smallest integer not below.")
trunc = _rounding("trunc", "TruncBackward0", P.TRUNC, "The integer part.", ("fix",))


@operator("RoundBackward0", input=_zero_grad, inplace=True, out=True, samples="unary")
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """To the nearest integer (or ``decimals`` places), ties to even."""
    check_tensor(input, "round")
    not_for(input._dtype, "round_vml_cpu", 0)
    if decimals == 0:
        return unary(P.ROUND, input)
    scale = 10.0 ** builtin_abs(decimals)
    if decimals > 0:
        return div(unary(P.ROUND, mul(input, scale)), scale)
    return mul(unary(P.ROUND, div(input, scale)), scale)


def builtin_abs(n: int) -> int:
    """Python's ``abs``, which this module's operator hides."""
    return n if n >= 0 else -n


@operator("FracBackward0", input=lambda grad: grad, inplace=True, out=True, samples="unary")
def frac(input: Tensor) -> Tensor:
    """The fractional part, with the sign of ``input``."""
    check_tensor(input, "frac")
    not_for(input._dtype, "frac_cpu", 0, 1)
    return sub(input, unary(P.TRUNC, input))


@operator(
    "Atan2Backward0",
    input=lambda grad, input, other: grad * other / (input * input + other * other),
    other=lambda grad, input, other: grad * -input / (input * input + other * other),
    inplace=True,
    out=True,
    samples="binary:nonzero",
    aliases=("arctan2",),
)
def atan2(input: Tensor, other: Any) -> Tensor:
    """The angle of (other, input)."""
    return binary(P.ATAN2, input, other, "atan2", as_float(result_dtype(input, other)))


def _share_max(grad: Tensor, a: Any, b: Any, larger: Any) -> Tensor:
    """The gradient of the operand that won; halves at ties, as in PyTorch."""
    return where(a == b, grad / 2, grad).masked_fill(larger, 0.0)


def _extremum(name: str, grad_fn: str, prim: Any, wins: str, doc: str) -> Any:
    def forward(input: Tensor, other: Tensor) -> Tensor:
        check_tensor(input, name)
        check_tensor(other, name, "other", 2)
        return binary(prim, input, other, name)

    if wins == "max":
        first = lambda grad, input, other: _share_max(grad, input, other, input < other)  # noqa: E731
        second = lambda grad, input, other: _share_max(grad, input, other, other < input)  # noqa: E731
    else:
        first = lambda grad, input, other: _share_max(grad, input, other, input > other)  # noqa: E731
        second = lambda grad, input, other: _share_max(grad, input, other, other > input)  # noqa: E731
    forward.__doc__ = doc
    return operator(grad_fn, name=name, out=True, samples="binary", input=first, other=second)(
        forward
    )


maximum = _extremum("maximum", "MaximumBackward0", P.MAXIMUM, "max", "The larger; NaN wins.")
minimum = _extremum("minimum", "MinimumBackward0", P.MINIMUM, "min", "The smaller; NaN wins.")


@function("fmax", method=True)
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger; the number wins over NaN."""
    return where(other.isnan() | (input > other), input, other)


@function("fmin", method=True)
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller; the number wins over NaN."""
    return where(other.isnan() | (input < other), input, other)


def _clamp_mask(input: Tensor, min: Any, max: Any) -> Any:
    inside: Any = None
    if min is not None:
        inside = input >= min
    if max is not None:
        below = input <= max
        inside = below if inside is None else inside & below
    return inside


@operator(
    "ClampBackward1",
    input=lambda grad, input, min, max: where(_clamp_mask(input, min, max), grad, 0.0),
    min=lambda grad, input, min, max: where(
        (input < min) & (min < max if max is not None else input == input), grad, 0.0
    ),
    max=lambda grad, input, min, max: where(
        (input > max) | (max < min if min is not None else input != input), grad, 0.0
    ),
    inplace=True,
    out=True,
    samples="clamp",
    aliases=("clip",),
)
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """``input`` limited to ``[min, max]`` (numbers or tensors); NaN stays."""
    check_tensor(input, "clamp")
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    bounds = [b for b in (min, max) if b is not None]
    d = result_dtype(input, *bounds)
    if len(bounds) == 2 or not isinstance(bounds[0], Tensor):
        not_for(d, "clamp_cpu", 0)
    limited = input
    if min is not None:
        limited = binary(P.MAXIMUM, limited, min, "clamp", d)
    if max is not None:
        limited = binary(P.MINIMUM, limited, max, "clamp", d)
    return limited


@function("clamp_min", method=True)
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """``input`` limited from below."""
    return clamp(input, min=min)


@function("clamp_max", method=True)
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """``input`` limited from above."""
    return clamp(input, max=max)


method("clamp_min_")(lambda self, min: self.clamp_(min=min))
method("clamp_max_")(lambda self, max: self.clamp_(max=max))


# --- comparison and logic ------------------------------------------------------------------------


def _comparison(name: str, prim: Any, doc: str, aliases: tuple[str, ...] = ()) -> Any:
    def forward(input: Tensor, other: Any) -> Tensor:
        return binary(prim, input, other, name)

    forward.__doc__ = f"``input {doc} other``, elementwise, as bool."
    call = operator(None, name=name, out=True, samples="binary", aliases=aliases)(forward)
    for n in (name, *aliases):

        def inplace(self: Tensor, other: Any) -> Tensor:
            return self.copy_(forward(self, other))

        METHODS[n + "_"] = inplace
    return call


eq = _comparison("eq", P.EQ, "==")
ne = _comparison("ne", P.NE, "!=", ("not_equal",))
lt = _comparison("lt", P.LT, "<", ("less",))
le = _comparison("le", P.LE, "<=", ("less_equal",))
gt = _comparison("gt", P.GT, ">", ("greater",))
ge = _comparison("ge", P.GE, ">=", ("greater_equal",))


def _bitwise(name: str, prim: Any, symbol: str) -> Any:
    def forward(input: Any, other: Any) -> Tensor:
        d = result_dtype(input, other)
        if d.is_floating_point:
            kind = dtypes.SCALAR_TYPE_NAMES[d]
            raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{kind}'")
        return binary(prim, input, other, name, d)

    forward.__doc__ = f"``input {symbol} other`` on integers and bools."
    return operator(None, name=name, inplace=True, out=True, samples="bitwise")(forward)


bitwise_and = _bitwise("bitwise_and", P.AND, "&")
bitwise_or = _bitwise("bitwise_or", P.OR, "|")
bitwise_xor = _bitwise("bitwise_xor", P.XOR, "^")
bitwise_left_shift = _bitwise("bitwise_left_shift", P.SHL, "<<")
bitwise_right_shift = _bitwise("bitwise_right_shift", P.SHR, ">>")


@operator(None, inplace=True, out=True, samples="bitwise1")
def bitwise_not(input: Tensor) -> Tensor:
    """``~input``: all bits of integers, logical on bool."""
    check_tensor(input, "bitwise_not")
    if input._dtype.is_floating_point:
        kind = dtypes.SCALAR_TYPE_NAMES[input._dtype]
        raise NotImplementedError(f"\"bitwise_not_cpu\" not implemented for '{kind}'")
    return unary(P.NOT, input)


def _truth(x: Any) -> Any:
    return cast(x._expr(), dtypes.bool_)


def _logical(name: str, prim: Any) -> Any:
    def forward(input: Tensor, other: Tensor) -> Tensor:
        check_tensor(input, name)
        check_tensor(other, name, "other", 2)
        return new_tensor(record(prim, (_truth(input), _truth(other))))

    forward.__doc__ = f"``{name}`` of truth values, elementwise."
    return operator(None, name=name, inplace=True, out=True, samples="binary")(forward)


logical_and = _logical("logical_and", P.AND)
logical_or = _logical("logical_or", P.OR)
logical_xor = _logical("logical_xor", P.XOR)


@operator(None, inplace=True, out=True, samples="unary")
def logical_not(input: Tensor) -> Tensor:
    """Whether the element is zero."""
    check_tensor(input, "logical_not")
    return new_tensor(record(P.NOT, (_truth(input),)))


@operator(None, samples="unary")
def isnan(input: Tensor) -> Tensor:
    """Whether the element is NaN."""
    check_tensor(input, "isnan")
    return ne(input, input)


@operator(None, samples="unary")
def isinf(input: Tensor) -> Tensor:
    """Whether the element is plus or minus infinity."""
    check_tensor(input, "isinf")
    if not input._dtype.is_floating_point:
        return zeros_like(input, dtype=dtypes.bool_)
    return eq(unary(P.ABS, input), math.inf)


@operator(None, samples="unary")
def isfinite(input: Tensor) -> Tensor:
    """Whether the element is neither infinite nor NaN."""
    check_tensor(input, "isfinite")
    if not input._dtype.is_floating_point:
        return eq(input, input)
    return lt(unary(P.ABS, input), math.inf)


@operator(None, out=True, samples="unary")
def isposinf(input: Tensor) -> Tensor:
    """Whether the element is plus infinity."""
    return eq(input, math.inf)


@operator(None, out=True, samples="unary")
def isneginf(input: Tensor) -> Tensor:
    """Whether the element is minus infinity."""
    return eq(input, -math.inf)


@operator(None, out=True, samples="unary")
def signbit(input: Tensor) -> Tensor:
    """Whether the sign bit is set."""
    if not input._dtype.is_floating_point:
        return lt(input, 0)
    e = cast(input._expr(), dtypes.float64)
    return lt(new_tensor(record(P.BITCAST, (e,), (dtypes.int64,))), 0)


@operator(
    "WhereBackward0",
    input=lambda grad, condition: where(condition, grad, 0.0),
    other=lambda grad, condition: where(condition, 0.0, grad),
    method=False,
    samples="where",
)
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """``input`` where ``condition`` holds, else ``other``; with one argument: ``nonzero`` as a
    tuple."""
    check_tensor(condition, "where", "condition")
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition._dtype not in (dtypes.bool_, dtypes.uint8):
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{dtypes.SCALAR_TYPE_NAMES[condition._dtype]}"
        )
    c = cast(condition._expr(), dtypes.bool_)
    d = result_dtype(input, other)
    return new_tensor(record(P.WHERE, (c, operand(input, d, "where"), operand(other, d, "where"))))


@method("where")
def _where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """``self`` where ``condition`` holds, else ``other``."""
    return where(condition, self, other)


@operator(
    "MaskedFillBackward0",
    input=lambda grad, mask: grad.masked_fill(mask, 0),
    value=lambda grad, mask: where(mask, grad, 0.0).sum(),
    inplace=True,
    samples="masked_fill",
)
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """``input`` with ``value`` (a number or 0-d tensor) where ``mask`` holds."""
    check_tensor(input, "masked_fill")
    check_tensor(mask, "masked_fill", "mask", 2)
    if mask._dtype is not dtypes.bool_:
        raise RuntimeError(
            "masked_fill_ only supports boolean masks, but got mask with dtype "
            f"{dtypes.C_TYPE_NAMES[mask._dtype]}"
        )
    if isinstance(value, Tensor) and value._shape:
        raise RuntimeError(
            "masked_fill only supports a 0-dimensional value tensor, but got tensor with "
            f"{len(value._shape)} dimension(s)."
        )
    d = input._dtype
    if (isinstance(value, float) and d.category == 1) or (
        isinstance(value, float) and d.category == 0
    ):
        raise RuntimeError(f"value cannot be converted to type {_c_name(d)} without overflow")
    return new_tensor(
        record(P.WHERE, (mask._expr(), operand(value, d, "masked_fill"), input._expr()))
    )


def _c_name(d: dtypes.dtype) -> str:
    return "bool" if d.category == 0 else f"{d.name}_t"


@operator(
    lambda bound: f"LerpBackward{int(isinstance(bound['weight'], Tensor))}",
    input=lambda grad, weight: grad * (1 - weight),
    end=lambda grad, weight: grad * weight,
    weight=lambda grad, input, end: grad * (end - input),
    inplace=True,
    out=True,
    samples="ternary",
)
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """``input + weight * (end - input)``, from the nearer end."""
    check_tensor(input, "lerp")
    check_tensor(end, "lerp", "end", 2)
    if input._dtype is not end._dtype:
        raise RuntimeError(
            f"expected dtype {input._dtype.name} for `end` but got dtype {end._dtype.name}"
        )
    not_for(input._dtype, "lerp_kernel_tensor", 0, 1)
    gap = sub(end, input)
    if is_number(weight):
        if builtin_abs(weight) < 0.5:
            return add(input, mul(gap, weight))
        return sub(end, mul(gap, 1 - weight))
    near = lt(abs(weight), 0.5)
    return where(near, add(input, mul(gap, weight)), sub(end, mul(gap, sub(1, weight))))


@operator(
    "AddcmulBackward0",
    input=lambda grad: grad,
    tensor1=lambda grad, tensor2, value: grad * (tensor2 * value),
    tensor2=lambda grad, tensor1, value: grad * (tensor1 * value),
    inplace=True,
    out=True,
    samples="ternary",
)
def addcmul(input: Tensor, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
    """``input + value * tensor1 * tensor2``."""
    not_for(result_dtype(input, tensor1, tensor2), "addcmul_cpu_out", 0)
    product = mul(tensor1, tensor2) if _is_one(value) else mul(mul(tensor1, value), tensor2)
    return add(input, product)


@operator(
    "AddcdivBackward0",
    input=lambda grad: grad,
    tensor1=lambda grad, tensor2, value: grad * (value / tensor2),
    tensor2=lambda grad, tensor1, tensor2, value: -grad * (value * tensor1 / (tensor2 * tensor2)),
    inplace=True,
    out=True,
    samples="ternary:nonzero",
)
def addcdiv(input: Tensor, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
    """``input + value * tensor1 / tensor2``."""
    if not tensor1._dtype.is_floating_point and not tensor2._dtype.is_floating_point:
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release "
            "addcdiv "
            "will perform a true division of tensor1 and tensor2. The historic addcdiv behavior "
            "can be "
            "implemented as (input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for "
            "integer inputs and as (input + value * tensor1 / tensor2) for float inputs. The "
            "future addcdiv behavior is just the latter implementation: (input + value * tensor1 / "
            "tensor2), for all dtypes."
        )
    top = tensor1 if _is_one(value) else mul(tensor1, value)
    return add(input, div(top, tensor2))


def _is_one(value: Any) -> bool:
    return value.__class__ is int and bool(value == 1)


@operator(
    "LogitBackward0",
    input=lambda grad, input, eps: (
        grad / (input * (1 - input))
        if eps is None
        else where((input < eps) | (input > 1 - eps), 0.0, grad / (input * (1 - input)))
    ),
    inplace=True,
    out=True,
    samples="unary:probability",
)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """``log(input / (1 - input))``, with ``input`` limited to ``[eps, 1 - eps]`` if given."""
    check_tensor(input, "logit")
    input = new_tensor(cast(input._expr(), as_float(input._dtype)))
    x = input if eps is None else clamp(input, eps, 1 - eps)
    return div(x, sub(1, x)).log()


@function("xlogy", method=True)
def xlogy(input: Any, other: Any) -> Tensor:
    """``input * log(other)``, 0 where ``input`` is 0."""
    other = other if isinstance(other, Tensor) else new_tensor(constant(other, input._dtype))
    zero = eq(input, 0) & ~isnan(other)
    return mul(input, where(zero, 1.0, other).log())


@function("logaddexp", method=True)
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """``log(exp(input) + exp(other))`` without overflow."""
    not_for(result_dtype(input, other), "logaddexp_cpu", 0, 1)
    top = maximum(input, other)
    safe = where(isinf(top), 0.0, top)
    return ((input - safe).exp() + (other - safe).exp()).log() + safe


@function("hypot", method=True)
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """``sqrt(input**2 + other**2)``."""
    not_for(result_dtype(input, other), "hypot_cpu", 0, 1)
    return (input * input + other * other).sqrt()


@function("copysign", method=True)
def copysign(input: Tensor, other: Any) -> Tensor:
    """The magnitude of ``input`` with the sign of ``other``; integers become floats."""
    d = as_float(result_dtype(input, other))
    size = abs(input.to(d))
    if not isinstance(other, Tensor):
        return -size if math.copysign(1.0, other) < 0 else size
    return where(signbit(other.to(d)), -size, size)


@operator(
    "NotImplemented",
    input=no_derivative("heaviside"),
    values=no_derivative("heaviside"),
    inplace=True,
    out=True,
    samples="binary",
)
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 below zero, ``values`` at zero, 1 above."""
    return where(eq(input, 0), values, gt(input, 0).to(input._dtype))


@function("nan_to_num", method=True)
def nan_to_num(
    input: Tensor,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Tensor:
    """Replace NaN and the infinities by numbers (0 and the limits of the dtype)."""
    if not input._dtype.is_floating_point:
        return input.clone()
    limits = dtypes.finfo(input._dtype)
    x = masked_fill(input, isnan(input), 0.0 if nan is None else nan)
    x = masked_fill(x, isposinf(input), limits.max if posinf is None else posinf)
    return masked_fill(x, isneginf(input), limits.min if neginf is None else neginf)


# --- activations that are single operators -------------------------------------------------------


@operator(
    "ReluBackward0",
    input=lambda grad, result: where(result > 0, grad, 0.0),
    inplace=True,
    samples="unary",
)
def relu(input: Tensor) -> Tensor:
    """``max(input, 0)``; NaN stays."""
    check_tensor(input, "relu")
    if input._dtype is dtypes.bool_:
        raise RuntimeError("Boolean inputs not supported for relu")
    return unary(P.RELU, input)


# --- Python's operators --------------------------------------------------------------------------


def _reflected(f: Any) -> Any:
    if f is add or f is mul:  # PyTorch swaps them, which ``next_functions`` show

        def commuted(self: Tensor, other: Any) -> Any:
            return f(self, other) if is_number(other) else NotImplemented

        return commuted

    def call(self: Tensor, other: Any) -> Any:
        if not is_number(other):
            return NotImplemented
        return f(other, self)

    return call


def _guarded(f: Any) -> Any:
    """A dunder: operands it does not know give ``NotImplemented``, so Python raises its
    TypeError."""

    def call(self: Tensor, other: Any) -> Any:
        if isinstance(other, Tensor) or is_number(other):
            return f(self, other)
        if isinstance(other, np.ndarray):
            return f(self, _from_operand_array(other))
        return NotImplemented

    return call


def _from_operand_array(array: np.ndarray) -> Tensor:
    return Tensor._from_array(array.copy())


def _equality(f: Any, otherwise: bool) -> Any:
    def call(self: Tensor, other: Any) -> Any:
        if isinstance(other, Tensor) or is_number(other):
            return f(self, other)
        if isinstance(other, np.ndarray):
            return f(self, _from_operand_array(other))
        return NotImplemented if other is not None else otherwise

    return call


def _install_dunders() -> None:
    table: dict[str, Any] = {
        "add": add,
        "sub": sub,
        "mul": mul,
        "truediv": div,
        "floordiv": floor_divide,
        "mod": remainder,
        "pow": pow,
        "and": bitwise_and,
        "or": bitwise_or,
        "xor": bitwise_xor,
        "lshift": bitwise_left_shift,
        "rshift": bitwise_right_shift,
    }
    for n, f in table.items():
        setattr(Tensor, f"__{n}__", _guarded(f))
        setattr(Tensor, f"__r{n}__", _reflected(f))
    for n, f in {"lt": lt, "le": le, "gt": gt, "ge": ge}.items():
        setattr(Tensor, f"__{n}__", _guarded(f))
    for n in (
        "add",
        "sub",
        "mul",
        "floordiv",
        "mod",
        "pow",
        "and",
        "or",
        "xor",
        "lshift",
        "rshift",
    ):
        target = table[n].__name__ + "_"
        setattr(Tensor, f"__i{n}__", _inplace_dunder(target))
    others: dict[str, Any] = {
        "rtruediv": _reflected(lambda number, t: reciprocal(t) * number),  # as PyTorch rounds it
        "itruediv": _inplace_dunder("div_"),
        "eq": _equality(eq, False),
        "ne": _equality(ne, True),
        "neg": lambda self: neg(self),
        "pos": lambda self: positive(self),
        "abs": lambda self: abs(self),
        "invert": _invert,
        "round": lambda self, n=0: round(self, decimals=n or 0),
    }
    for n, f in others.items():
        setattr(Tensor, f"__{n}__", f)


def _invert(self: Tensor) -> Tensor:
    if self._dtype.is_floating_point:
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return bitwise_not(self)


def _inplace_dunder(name: str) -> Any:
    def call(self: Tensor, other: Any) -> Any:
        if not isinstance(other, Tensor) and not is_number(other):
            return NotImplemented
        return getattr(self, name)(other)

    return call


_install_dunders()


def zeros_like(t: Tensor, dtype: dtypes.dtype | None = None) -> Tensor:
    """Zeros of the shape of ``t`` (recorded, not computed)."""
    return new_tensor(record(P.FULL, (), (t._shape, dtype or t._dtype), (0,)))
