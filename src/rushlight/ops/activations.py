"""Activation operators with a node of their own, and ``linear``."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import SCALAR_TYPE_NAMES
from ..errors import with_note
from ..graph import primitives as P
from ..graph.expr import Expr
from ..graph.tape import record
from ..shapes import wrap_dim
from ..tensor import Tensor, new_tensor
from .common import check_tensor, constant, not_for
from .linalg import _rows, addmm, mm
from .movement import _unsafe_view, reshape
from .pointwise import where
from .registry import nn_function, operator


def _op(prim: Any, *operands: Expr) -> Expr:
    return record(prim, operands)


def _const(value: float, like: Expr) -> Expr:
    return constant(value, like.dtype)


def _float_expr(input: Tensor, name: str) -> Expr:
    check_tensor(input, name)
    if not input._dtype.is_floating_point:
        raise RuntimeError(
            f"\"{name}_cpu\" not implemented for '{SCALAR_TYPE_NAMES[input._dtype]}'"
        )
    return input._expr()


# --- linear --------------------------------------------------------------------------------------


@nn_function
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias`` over the last dimension.

    Args:
        input: (..., in_features). weight: (out_features, in_features). bias: (out_features,).

    Raises:
        RuntimeError: the sizes or dtypes do not fit.
    """
    check_tensor(input, "linear")
    check_tensor(weight, "linear", "weight", 2)
    shape, n = input._shape, len(input._shape)
    if len(weight._shape) == 1:
        return (input @ weight) if bias is None else (input @ weight) + bias
    if n == 0:
        raise RuntimeError(
            "both arguments to linear need to be at least 1D, but they are 0D and 2D"
        )
    if shape[-1] != weight._shape[1]:
        rows = f"{_rows(shape)}x{shape[-1]}"
        raise with_note(
            RuntimeError(
                f"mat1 and mat2 shapes cannot be multiplied ({rows} and "
                f"{weight._shape[1]}x{weight._shape[0]})"
            ),
            _size_hint(shape, weight._shape[1]),
        )
    matrix = weight.t()
    if n == 2:
        return mm(input, matrix) if bias is None else addmm(bias, input, matrix)
    flat = reshape(input, (_rows(shape), shape[-1]))
    if n == 1:
        out = mm(flat, matrix) if bias is None else addmm(bias, flat, matrix)
        return reshape(out, (weight._shape[0],))
    full = (*shape[:-1], weight._shape[0])
    if bias is None:
        return _unsafe_view(mm(flat, matrix), full)
    return reshape(addmm(bias, flat, matrix), full)


def _size_hint(shape: tuple[int, ...], features: int) -> str:
    """What PyTorch never says: what came in, what was expected, and the likely repair."""
    hint = f"the input is {list(shape)}; the layer takes a last dimension of {features}"
    inner = 1
    for s in shape[1:]:
        inner *= s
    if len(shape) > 2 and inner == features:
        return f"{hint}. Did you forget torch.flatten(x, 1)?"
    if len(shape) > 2:
        return f"{hint}; torch.flatten(x, 1) would give {inner}"
    return f"{hint}: make in_features {shape[-1]}, or change what comes before"


# --- activations ---------------------------------------------------------------------------------

_SQRT_HALF = 1 / math.sqrt(2)
_TANH_SCALE = math.sqrt(2 / math.pi)


def _gelu_grad(grad: Tensor, input: Tensor, approximate: str) -> Tensor:
    x: Any = input
    if approximate == "tanh":
        inner = _TANH_SCALE * (x + 0.044715 * x * x * x)
        t = inner.tanh()
        slope = _TANH_SCALE * (1 + 3 * 0.044715 * x * x)
        return grad * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)
    cdf = 0.5 * (1 + (x * _SQRT_HALF).erf())
    pdf = (-0.5 * x * x).exp() * (1 / math.sqrt(2 * math.pi))
    return grad * (cdf + x * pdf)


@operator("GeluBackward0", input=_gelu_grad, method=False, function=False, samples="unary")
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """``input * Phi(input)``, by the error function or (``"tanh"``) its approximation."""
    e = _float_expr(input, "GeluKernelImpl")
    if approximate == "none":
        cdf = _op(P.ADD, _op(P.ERF, _op(P.MUL, e, _const(_SQRT_HALF, e))), _const(1.0, e))
        return new_tensor(_op(P.MUL, _op(P.MUL, e, _const(0.5, e)), cdf))
    if approximate != "tanh":
        raise RuntimeError("approximate argument must be either none or tanh.")
    cube = _op(P.MUL, _op(P.MUL, e, e), e)
    inner = _op(P.MUL, _op(P.ADD, e, _op(P.MUL, cube, _const(0.044715, e))), _const(_TANH_SCALE, e))
    gate = _op(P.ADD, _op(P.TANH, inner), _const(1.0, e))
    return new_tensor(_op(P.MUL, _op(P.MUL, e, _const(0.5, e)), gate))


def _silu_grad(grad: Tensor, input: Any) -> Tensor:
    s = input.sigmoid()
    return grad * (s * (1 + input * (1 - s)))


@operator(
    "SiluBackward0", input=_silu_grad, method=False, function=False, inplace=True, samples="unary"
)
def silu(input: Tensor) -> Tensor:
    """``input * sigmoid(input)``."""
    e = _float_expr(input, "silu")
    return new_tensor(_op(P.MUL, e, _op(P.SIGMOID, e)))


def _mish_grad(grad: Tensor, input: Any) -> Tensor:
    t = softplus(input).tanh()
    return grad * (t + input * input.sigmoid() * (1 - t * t))


@operator(
    "MishBackward0", input=_mish_grad, method=False, function=False, inplace=True, samples="unary"
)
def mish(input: Tensor) -> Tensor:
    """``input * tanh(softplus(input))``."""
    _float_expr(input, "mish")
    return input * softplus(input).tanh()


def _elu_grad(grad: Tensor, input: Any, alpha: float, scale: float, input_scale: float) -> Tensor:
    below = grad * (input_scale * alpha * scale) * (input * input_scale).exp()
    return where(input <= 0, below, grad * scale)


@operator(
    "EluBackward0", input=_elu_grad, method=False, function=False, inplace=True, samples="unary"
)
def elu(input: Tensor, alpha: float = 1.0, scale: float = 1, input_scale: float = 1) -> Tensor:
    """``scale * input`` above zero, ``scale * alpha * (exp(input_scale * input) - 1)`` below."""
    e = _float_expr(input, "elu")
    bent = e if input_scale == 1 else _op(P.MUL, e, _const(input_scale, e))
    low = _op(P.MUL, _op(P.EXPM1, bent), _const(alpha * scale, e))
    high = e if scale == 1 else _op(P.MUL, e, _const(scale, e))
    return new_tensor(_op(P.WHERE, _op(P.GT, e, _const(0.0, e)), high, low))


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


@operator(
    "EluBackward0",
    samples="unary",
    inplace=True,
    method=False,
    input=lambda grad, input: _elu_grad(grad, input, _SELU_ALPHA, _SELU_SCALE, 1.0),
)
def selu(input: Tensor) -> Tensor:
    """``elu`` with the constants that keep activations normalised (Klambauer et al., 2017)."""
    return elu(input, _SELU_ALPHA, _SELU_SCALE, 1.0)


@operator(
    "CeluBackward0",
    samples="unary",
    inplace=True,
    method=False,
    input=lambda grad, input, alpha: _elu_grad(grad, input, alpha, 1.0, 1.0 / alpha),
)
def celu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """``max(0, x) + min(0, alpha * (exp(x / alpha) - 1))``."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return elu(input, alpha, 1.0, 1.0 / alpha)


@operator(
    "LeakyReluBackward0",
    method=False,
    function=False,
    inplace=True,
    samples="unary",
    input=lambda grad, input, negative_slope: where(input > 0, grad, grad * negative_slope),
)
def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """``input`` above zero, ``negative_slope * input`` below."""
    e = _float_expr(input, "leaky_relu")
    low = _op(P.MUL, e, _const(negative_slope, e))
    return new_tensor(_op(P.WHERE, _op(P.GT, e, _const(0.0, e)), e, low))


@operator(
    "PreluKernelBackward0",
    method=True,
    samples=None,
    input=lambda grad, input, weight: where(input > 0, grad, grad * _channelwise(weight, input)),
    weight=lambda grad, input, weight: _prelu_weight_grad(grad, input, weight),
)
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``input`` above zero, ``weight * input`` below, one weight or one per channel."""
    check_tensor(input, "prelu")
    not_for(input._dtype, "prelu_cpu", 0, 1)
    channels = input._shape[1] if len(input._shape) > 1 else 1
    if weight.numel() not in (1, channels):
        raise RuntimeError(
            f"Mismatch of parameter numbers and input channel size. Found parameter numbers = "
            f"{weight.numel()} and channel size = {channels}."
        )
    return where(input > 0, input, input * _channelwise(weight, input))


def _channelwise(weight: Tensor, input: Tensor) -> Tensor:
    if weight.numel() == 1 or len(input._shape) < 2:
        return reshape(weight, (1,) * len(input._shape)) if input._shape else reshape(weight, ())
    return reshape(weight, (1, -1, *(1,) * (len(input._shape) - 2)))


def _prelu_weight_grad(grad: Any, input: Any, weight: Tensor) -> Tensor:
    part = where(input > 0, 0.0, grad * input)
    return part.sum_to_size(_channelwise(weight, input)._shape).reshape(weight._shape)


@operator(
    "HardtanhBackward0",
    method=False,
    function=False,
    inplace=True,
    samples="unary",
    input=lambda grad, input, min_val, max_val: where(
        (input > min_val) & (input < max_val), grad, 0.0
    ),
)
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """``input`` limited to ``[min_val, max_val]``."""
    check_tensor(input, "hardtanh")
    if input._dtype.category == 0:
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if not input._dtype.is_signed and (min_val < 0 or max_val < 0):
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    e = input._expr()
    return new_tensor(_op(P.MINIMUM, _op(P.MAXIMUM, e, _const(min_val, e)), _const(max_val, e)))


@operator(
    "HardtanhBackward0",
    method=False,
    function=False,
    inplace=True,
    samples="unary",
    input=lambda grad, input: where((input > 0) & (input < 6), grad, 0.0),
)
def relu6(input: Tensor) -> Tensor:
    """``input`` limited to ``[0, 6]``."""
    return hardtanh(input, 0.0, 6.0)


@operator(
    "HardsigmoidBackward0",
    method=False,
    function=False,
    inplace=True,
    samples="unary",
    input=lambda grad, input: where((input > -3) & (input < 3), grad * (1 / 6), 0.0),
)
def hardsigmoid(input: Tensor) -> Tensor:
    """``min(max(input + 3, 0), 6) / 6``."""
    e = _float_expr(input, "hardsigmoid")
    lifted = _op(P.MAXIMUM, _op(P.ADD, e, _const(3.0, e)), _const(0.0, e))
    return new_tensor(_op(P.DIV, _op(P.MINIMUM, lifted, _const(6.0, e)), _const(6.0, e)))


def _hardswish_grad(grad: Any, input: Any) -> Tensor:
    middle = grad * (input / 3 + 0.5)
    return where(input <= -3, 0.0, where(input < 3, middle, grad))


@operator(
    "HardswishBackward0",
    method=False,
    function=False,
    inplace=True,
    samples="unary",
    input=_hardswish_grad,
)
def hardswish(input: Tensor) -> Tensor:
    """``input * hardsigmoid(input)``."""
    e = _float_expr(input, "hardswish")
    lifted = _op(P.MAXIMUM, _op(P.ADD, e, _const(3.0, e)), _const(0.0, e))
    gate = _op(P.MUL, e, _op(P.MINIMUM, lifted, _const(6.0, e)))
    return new_tensor(_op(P.DIV, gate, _const(6.0, e)))


@operator(
    "LogSigmoidBackward0",
    method=False,
    function=False,
    samples="unary",
    input=lambda grad, input: grad * (-input).sigmoid(),
)
def log_sigmoid(input: Tensor) -> Tensor:
    """``log(sigmoid(input))`` without overflow."""
    e = _float_expr(input, "log_sigmoid")
    tail = _op(P.LOG1P, _op(P.EXP, _op(P.NEG, _op(P.ABS, e))))
    return new_tensor(_op(P.SUB, _op(P.MINIMUM, e, _const(0.0, e)), tail))


@operator(
    "SoftplusBackward0",
    method=False,
    function=False,
    samples="unary",
    input=lambda grad, input, beta, threshold: where(
        input * beta > threshold, grad, grad * (input * beta).sigmoid()
    ),
)
def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """``log(1 + exp(beta * input)) / beta``; linear where ``beta * input > threshold``."""
    e = _float_expr(input, "softplus")
    scaled = e if beta == 1 else _op(P.MUL, e, _const(beta, e))
    soft = _op(P.LOG1P, _op(P.EXP, scaled))
    if beta != 1:
        soft = _op(P.DIV, soft, _const(beta, e))
    return new_tensor(_op(P.WHERE, _op(P.GT, scaled, _const(threshold, e)), e, soft))


@operator(
    "HardshrinkBackward0",
    samples="unary",
    input=lambda grad, input, lambd: where((input >= -lambd) & (input <= lambd), 0.0, grad),
)
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``input`` outside ``[-lambd, lambd]``, else 0."""
    e = _float_expr(input, "hardshrink")
    inside = _op(P.LE, _op(P.ABS, e), _const(lambd, e))
    return new_tensor(_op(P.WHERE, inside, _const(0.0, e), e))


@operator(
    "SoftshrinkBackward0",
    method=False,
    function=False,
    samples="unary",
    input=lambda grad, input, lambd: where((input >= -lambd) & (input <= lambd), 0.0, grad),
)
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``input`` moved towards zero by ``lambd``."""
    e = _float_expr(input, "softshrink")
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    edge = _const(lambd, e)
    zero = _op(P.MUL, e, _const(0.0, e))  # NaN stays NaN
    low = _op(P.WHERE, _op(P.LT, e, _op(P.NEG, edge)), _op(P.ADD, e, edge), zero)
    return new_tensor(_op(P.WHERE, _op(P.GT, e, edge), _op(P.SUB, e, edge), low))


@operator(
    "ThresholdBackward0",
    method=False,
    inplace=True,
    samples=None,
    input=lambda grad, input, threshold: where(input <= threshold, 0.0, grad),
)
def threshold(input: Tensor, threshold: float, value: float) -> Tensor:
    """``input`` above ``threshold``, else ``value``."""
    e = input._expr()
    below = _op(P.LE, e, _const(threshold, e))
    return new_tensor(_op(P.WHERE, below, _const(value, e), e))


def _glu_grad(grad: Any, input: Any, dim: int) -> Tensor:
    from .movement import cat

    a, b = input.chunk(2, dim)
    s = b.sigmoid()
    return cat([grad * s, grad * a * s * (1 - s)], dim)


@operator("GluBackward0", method=False, function=False, samples=None, input=_glu_grad)
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along ``dim`` times the sigmoid of the second half."""
    if not input._shape:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    at = wrap_dim(dim, len(input._shape))
    if input._shape[at] % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {at} is size {input._shape[at]}"
        )
    a, b = input.chunk(2, at)
    return a * b.sigmoid()
