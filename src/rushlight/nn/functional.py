"""The functional forms of the layers and losses, with PyTorch's signatures.

What has its own place in the autograd graph is an operator of ``rushlight.ops``; this module gives
it PyTorch's argument handling (legacy ``size_average``/``reduce``, ``inplace``, implicit ``dim``)
and its warnings, and composes the rest.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from rushlight import ops
from rushlight.autograd import no_grad
from rushlight.dtypes import bool_, finfo, float64, int64
from rushlight.dtypes import dtype as DType
from rushlight.ops import (
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    gelu,
    hardshrink,
    linear,
    one_hot,
    pad,
    prelu,
    softplus,
    softshrink,
)
from rushlight.tensor import Tensor

logsigmoid = ops.log_sigmoid
relu_ = ops.relu_
elu_ = ops.elu_
celu_ = ops.celu_
selu_ = ops.selu_
hardtanh_ = ops.hardtanh_
leaky_relu_ = ops.leaky_relu_
threshold_ = ops.threshold_

Size = int | Sequence[int]

# ------------------------------------------------------------------------------------------ helpers


def legacy_reduction(
    size_average: bool | None, reduce: bool | None, reduction: str, *, stacklevel: int = 3
) -> str:
    """Resolve the deprecated ``size_average`` and ``reduce`` arguments, with PyTorch's warning."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        reduction = "none"
    else:
        reduction = "sum" if size_average is False else "mean"
    warnings.warn(
        "size_average and reduce args will be deprecated, "
        f"please use reduction='{reduction}' instead.",
        stacklevel=stacklevel,
    )
    return reduction


def _check_reduction(reduction: str) -> str:
    """Return ``reduction`` if it is known.

    Raises:
        ValueError: if it is not.
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def _resolve_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce, reduction, stacklevel=5)
    return _check_reduction(reduction)


def _reduce(loss: Tensor, reduction: str) -> Tensor:
    """Apply a reduction to a loss of several elements."""
    if reduction == "none":
        return loss
    return loss.mean() if reduction == "mean" else loss.sum()


def _match_sizes(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Broadcast the two against each other, with PyTorch's warning if that changes anything."""
    if target.size() == input.size():
        return input, target
    warnings.warn(
        f"Using a target size ({target.size()}) that is different to the input size "
        f"({input.size()}). This will likely lead to incorrect results due to broadcasting. "
        "Please ensure they have the same size.",
        stacklevel=3,
    )
    expanded_input, expanded_target = ops.broadcast_tensors(input, target)
    return expanded_input, expanded_target


def _weighted(loss: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """Weigh an elementwise loss; the mean is over the weights."""
    if weight.size() != loss.size():
        raise ValueError("Weights and input must have the same size.")
    weighted = loss * weight
    if reduction == "mean":
        return weighted.sum() / weight.sum()
    return _reduce(weighted, reduction)


def _tuple(value: Any, n: int) -> tuple[Any, ...]:
    """``value`` as a tuple of ``n``: a number is repeated."""
    if isinstance(value, (list, tuple)):
        return tuple(value) if len(value) == n else (value[0],) * n
    return (value,) * n


def _check_probability(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


# -------------------------------------------------------------------------------------- activations


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(x, 0)`` elementwise."""
    return ops.relu_(input) if inplace else ops.relu(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(x, 0), 6)`` elementwise."""
    return ops.relu6_(input) if inplace else ops.relu6(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``negative_slope * x``."""
    if inplace:
        return ops.leaky_relu_(input, negative_slope)
    return ops.leaky_relu(input, negative_slope)


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """Leaky ReLU whose slope is drawn from ``[lower, upper]`` per element in training, else "
    "their mean.

    One double precision uniform is drawn per non-positive element, in order, as PyTorch does.
    """
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    with no_grad():
        negative = input <= 0
        slopes = ops.empty(int(negative.sum().item()), dtype=float64).uniform_(lower, upper)
        factor = ops.ones_like(input)
        factor[negative] = slopes.to(input.dtype)
    return input.mul_(factor) if inplace else input * factor


def rrelu_(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False
) -> Tensor:
    """In-place ``rrelu``."""
    return rrelu(input, lower, upper, training, inplace=True)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``alpha * (exp(x) - 1)``."""
    return ops.elu_(input, alpha) if inplace else ops.elu(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Scaled ELU with the self-normalising constants."""
    return ops.selu_(input) if inplace else ops.selu(input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``max(0, x) + min(0, alpha * (exp(x / alpha) - 1))``."""
    return ops.celu_(input, alpha) if inplace else ops.celu(input, alpha)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * sigmoid(x)``."""
    return ops.silu_(input) if inplace else ops.silu(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * tanh(softplus(x))``."""
    return ops.mish_(input) if inplace else ops.mish(input)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """Clamp to ``[min_val, max_val]``.

    Raises:
        ValueError: if the bounds are the wrong way round.
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if inplace:
        return ops.hardtanh_(input, min_val, max_val)
    return ops.hardtanh(input, min_val, max_val)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``relu6(x + 3) / 6``."""
    return ops.hardsigmoid_(input) if inplace else ops.hardsigmoid(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * relu6(x + 3) / 6``."""
    return ops.hardswish_(input) if inplace else ops.hardswish(input)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """``x`` where it is above ``threshold``, else ``value``."""
    if inplace:
        return ops.threshold_(input, threshold, value)
    return ops.threshold(input, threshold, value)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of ``dim`` times the sigmoid of the second.

    Raises:
        RuntimeError: for a 0-d input or an odd size.
    """
    if input.dim() == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    return ops.glu(input, dim)


def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent."""
    return ops.tanh(input)


def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-x))``."""
    return ops.sigmoid(input)


def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``."""
    return input - input.tanh()


def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``."""
    return input / (input.abs() + 1)


def _implicit_dim(name: str, ndim: int, stacklevel: int) -> int:
    """The dimension that softmax took before it asked for one."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. "
        "Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Tensor:
    """``exp(x) / sum(exp(x))`` along ``dim``; without ``dim`` the legacy choice, with a warning."""
    if dim is None:
        dim = _implicit_dim("softmax", input.dim(), _stacklevel)
    return ops.softmax(input, dim, dtype=dtype)


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Tensor:
    """Softmax of ``-input``."""
    if dim is None:
        dim = _implicit_dim("softmin", input.dim(), _stacklevel)
    return ops.softmax(-input, dim, dtype=dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Tensor:
    """``log(softmax(x))`` along ``dim``; without ``dim`` the legacy choice, with a warning."""
    if dim is None:
        dim = _implicit_dim("log_softmax", input.dim(), _stacklevel)
    return ops.log_softmax(input, dim, dtype=dtype)


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """A sample from the Gumbel-softmax distribution.

    Args:
        logits: unnormalised log probabilities.
        tau: temperature.
        hard: return one-hot vectors whose gradient is that of the soft sample.
        eps: deprecated, without effect.
        dim: the dimension of the classes.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    gumbels = -ops.empty_like(logits).exponential_().log()
    soft = ((logits + gumbels) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    one = ops.zeros_like(logits).scatter_(dim, index, 1.0)
    return one - soft.detach() + soft


# ------------------------------------------------------------------------------------------ dropout


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero elements with probability ``p`` and scale the others by ``1 / (1 - p)``, in training
    only.
    """
    if p < 0.0 or p > 1.0:
        _check_probability(p)
    return ops.dropout_(input, p, training) if inplace else ops.dropout(input, p, training)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout that keeps the mean and variance of self-normalising inputs."""
    _check_probability(p)
    if inplace:
        return ops.alpha_dropout_(input, p, training)
    return ops.alpha_dropout(input, p, training)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """``alpha_dropout`` of whole channels."""
    _check_probability(p)
    if inplace:
        return ops.feature_alpha_dropout_(input, p, training)
    return ops.feature_alpha_dropout(input, p, training)


def _feature_dropout(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    if inplace:
        return ops.feature_dropout_(input, p, training)
    return ops.feature_dropout(input, p, training)


def _warn_dropout_dims(name: str, ndim: int, spatial: int) -> None:
    plural = "s" if spatial > 1 else ""
    warnings.warn(
        f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an "
        "error in a future release. To retain the behavior and silence this warning, please use "
        f"dropout instead. Note that {name} exists to provide channel-wise dropout on inputs with "
        f"{spatial} spatial dimension{plural}, a channel dimension, and an optional batch "
        f"dimension "
        f"(i.e. {spatial + 1}D or {spatial + 2}D inputs).",
        stacklevel=3,
    )


def _unbatched_feature_dropout(
    input: Tensor, p: float, training: bool, inplace: bool, batched: bool
) -> Tensor:
    """Feature dropout of an input that may lack the batch dimension."""
    if batched:
        return _feature_dropout(input, p, training, inplace)
    if inplace:
        return ops.feature_dropout_(input.unsqueeze_(0), p, training).squeeze_(0)
    return ops.feature_dropout(input.unsqueeze(0), p, training).squeeze(0)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Zero whole channels of ``(C, L)`` or ``(N, C, L)`` input with probability ``p``.

    Raises:
        RuntimeError: for other numbers of dimensions.
    """
    _check_probability(p)
    ndim = input.dim()
    if ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {ndim}D input. Note that "
            f"dropout1d "
            "exists to provide channel-wise dropout on inputs with 1 spatial dimension, a channel "
            "dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return _unbatched_feature_dropout(input, p, training, inplace, ndim == 3)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Zero whole channels of ``(N, C, H, W)`` input with probability ``p``."""
    _check_probability(p)
    ndim = input.dim()
    if ndim not in (3, 4):
        _warn_dropout_dims("dropout2d", ndim, 2)
    if ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout "
            "behavior is desired - input is interpreted as shape (N, C, L), where C is the channel "
            "dim. This behavior will change in a future release to interpret the input as one "
            "without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise "
            "dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    return _feature_dropout(input, p, training, inplace)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Zero whole channels of ``(C, D, H, W)`` or ``(N, C, D, H, W)`` input with probability ``p``."""
    _check_probability(p)
    ndim = input.dim()
    if ndim not in (4, 5):
        _warn_dropout_dims("dropout3d", ndim, 3)
    return _unbatched_feature_dropout(input, p, training, inplace, ndim == 5)


# ------------------------------------------------------------------------------------------ pooling


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """Max pooling over ``(N, C, L)``; returns the values and their flat positions."""
    return ops.max_pool1d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """Max pooling over ``(N, C, H, W)``; returns the values and their flat positions."""
    return ops.max_pool2d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """Max pooling over ``(N, C, D, H, W)``; returns the values and their flat positions."""
    return ops.max_pool3d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool1d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Maximum over windows of the last dimension; with ``return_indices`` a pair."""
    pool = ops.max_pool1d_with_indices if return_indices else ops.max_pool1d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Maximum over windows of the last two dimensions; with ``return_indices`` a pair."""
    pool = ops.max_pool2d_with_indices if return_indices else ops.max_pool2d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Maximum over windows of the last three dimensions; with ``return_indices`` a pair."""
    pool = ops.max_pool3d_with_indices if return_indices else ops.max_pool3d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def _unpool_size(
    input: Tensor, kernel: Any, stride: Any, padding: Any, output_size: Any, spatial: int
) -> list[int]:
    """The spatial output size of max unpooling, checked against what pooling could have come from."""
    kernel = _tuple(kernel, spatial)
    stride = _tuple(stride if stride is not None else kernel, spatial)
    padding = _tuple(padding, spatial)
    sizes = input.size()[-spatial:]
    default = [
        (size - 1) * s + k - 2 * p
        for size, s, k, p in zip(sizes, stride, kernel, padding, strict=True)
    ]
    if output_size is None:
        return default
    given = list(output_size)
    if len(given) == spatial + 2:
        given = given[2:]
    if len(given) != spatial:
        raise ValueError(
            f"output_size should be a sequence containing {spatial} or {spatial + 2} elements, "
            f"but it has a length of '{len(given)}'"
        )
    for size, base, s in zip(given, default, stride, strict=True):
        if not base - s < size < base + s:
            raise ValueError(
                f'invalid output_size "{given}" (dim 0 must be between {base - s} and {base + s})'
            )
    return given


def _max_unpool(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
    spatial: int,
) -> Tensor:
    """Put pooled values back where ``indices`` says they came from; zero elsewhere."""
    if indices.dtype != int64:
        name = indices.type().rpartition(".")[2].removesuffix("Tensor")
        raise RuntimeError(f"elements in indices should be type int64 but got: {name}")
    if input.shape != indices.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({input.shape}) "
            f"but got indices tensor with shape: {indices.shape}"
        )
    size = _unpool_size(input, kernel_size, stride, padding, output_size, spatial)
    lead = list(input.shape[:-spatial])
    flat = ops.zeros([*lead, math.prod(size)], dtype=input.dtype)
    out = flat.scatter(-1, indices.flatten(-spatial), input.flatten(-spatial))
    return out.view(lead + size)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Partial inverse of ``max_pool1d``."""
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 1)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Partial inverse of ``max_pool2d``."""
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 2)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Partial inverse of ``max_pool3d``."""
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 3)


def _adaptive_size(output_size: Any, input: Tensor) -> Any:
    """Replace None in an adaptive output size by the input's size."""
    if not isinstance(output_size, (list, tuple)) or None not in output_size:
        return output_size
    if input.dim() <= len(output_size):
        raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
    sizes = input.size()[-len(output_size) :]
    return [d if v is None else v for v, d in zip(output_size, sizes, strict=True)]


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Mean over windows chosen so that the last dimension gets ``output_size`` elements."""
    return ops.adaptive_avg_pool1d(input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Mean over windows chosen for an output of ``(H, W)``; None keeps the input's size."""
    return ops.adaptive_avg_pool2d(input, _adaptive_size(output_size, input))


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Mean over windows chosen for an output of ``(D, H, W)``; None keeps the input's size."""
    return ops.adaptive_avg_pool3d(input, _adaptive_size(output_size, input))


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maximum over adaptive windows; with ``return_indices`` a pair."""
    out, indices = ops.adaptive_max_pool1d(input, output_size)
    return (out, indices) if return_indices else out


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maximum over adaptive windows; with ``return_indices`` a pair."""
    out, indices = ops.adaptive_max_pool2d(input, _adaptive_size(output_size, input))
    return (out, indices) if return_indices else out


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maximum over adaptive windows; with ``return_indices`` a pair."""
    out, indices = ops.adaptive_max_pool3d(input, _adaptive_size(output_size, input))
    return (out, indices) if return_indices else out


def _lp_pool(
    input: Tensor, norm_type: float, kernel: Any, stride: Any, ceil_mode: bool, spatial: int
) -> Tensor:
    pool = (ops.avg_pool1d, ops.avg_pool2d, ops.avg_pool3d)[spatial - 1]
    mean = pool(input.pow(norm_type), kernel, stride, 0, ceil_mode)
    total = ops.sign(mean) * ops.relu(ops.abs(mean)) * math.prod(_tuple(kernel, spatial))
    return total.pow(1.0 / norm_type)


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The ``norm_type``-norm of each window of the last dimension."""
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, 1)


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The ``norm_type``-norm of each window of the last two dimensions."""
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, 2)


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The ``norm_type``-norm of each window of the last three dimensions."""
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, 3)


def _window_index(
    size: Sequence[int], kernel: Sequence[int], dilation: Sequence[int], stride: Sequence[int]
) -> tuple[Tensor, list[int]]:
    """Flat positions of each kernel element in each window of a padded 2-d image, and the window
    counts.
    """
    counts = [
        (n - d * (k - 1) - 1) // s + 1
        for n, k, d, s in zip(size, kernel, dilation, stride, strict=True)
    ]
    rows, cols = (
        (ops.arange(k) * d).unsqueeze(1) + (ops.arange(c) * s).unsqueeze(0)
        for k, d, c, s in zip(kernel, dilation, counts, stride, strict=True)
    )
    flat = rows.view(kernel[0], 1, counts[0], 1) * size[1] + cols.view(1, kernel[1], 1, counts[1])
    return flat.reshape(-1), counts


def unfold(
    input: Tensor, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
) -> Tensor:
    """The sliding blocks of ``(N, C, H, W)`` input as columns: ``(N, C * kh * kw, L)``.

    Raises:
        RuntimeError: if the kernel does not fit.
    """
    if input.dim() == 3:
        return unfold(input.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0)
    if input.dim() != 4:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(input.shape)}"
        )
    kernel, dilation, padding, stride = (
        _tuple(v, 2) for v in (kernel_size, dilation, padding, stride)
    )
    padded = pad(input, (padding[1], padding[1], padding[0], padding[0]))
    index, counts = _window_index(padded.shape[2:], kernel, dilation, stride)
    if min(counts) < 1:
        raise RuntimeError(
            f"Given input with spatial size {tuple(input.shape[2:])}, kernel_size={kernel}, "
            f"dilation={dilation}, padding={padding}, calculated shape of the array of sliding "
            f"blocks as {tuple(counts)}, but its components must be at least one."
        )
    columns = padded.flatten(2).index_select(2, index)
    return columns.view(
        input.shape[0], input.shape[1] * kernel[0] * kernel[1], counts[0] * counts[1]
    )


def fold(
    input: Tensor,
    output_size: Size,
    kernel_size: Size,
    dilation: Size = 1,
    padding: Size = 0,
    stride: Size = 1,
) -> Tensor:
    """Add columns of sliding blocks ``(N, C * kh * kw, L)`` up into an image ``(N, C, H, W)``.

    Raises:
        RuntimeError: if the number of columns or rows does not fit.
    """
    if input.dim() == 2:
        return fold(
            input.unsqueeze(0), output_size, kernel_size, dilation, padding, stride
        ).squeeze(0)
    out, kernel, dilation, padding, stride = (
        _tuple(v, 2) for v in (output_size, kernel_size, dilation, padding, stride)
    )
    area = kernel[0] * kernel[1]
    if input.shape[1] % area:
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            "but "
            f"got input.size(1)={input.shape[1]} and kernel_size={kernel}."
        )
    padded = [n + 2 * p for n, p in zip(out, padding, strict=True)]
    index, counts = _window_index(padded, kernel, dilation, stride)
    if input.shape[2] != counts[0] * counts[1]:
        raise RuntimeError(
            f"Given output_size={out}, kernel_size={kernel}, dilation={dilation}, "
            f"padding={padding}, stride={stride}, expected size of input's dimension 2 to match "
            f"the "
            f"calculated number of sliding blocks {counts[0]} * {counts[1]} = "
            f"{counts[0] * counts[1]}, but got input.size(2)={input.shape[2]}."
        )
    batch, channels = input.shape[0], input.shape[1] // area
    image = ops.zeros([batch, channels, padded[0] * padded[1]], dtype=input.dtype)
    image = image.index_add(2, index, input.reshape(batch, channels, -1))
    image = image.view(batch, channels, *padded)
    return image[
        :, :, padding[0] : padding[0] + out[0], padding[1] : padding[1] + out[1]
    ].contiguous()


# ------------------------------------------------------------------------------------ normalisation


def _check_batch(size: Sequence[int]) -> None:
    """Raise if a channel has one value only, whose variance would be zero."""
    if size[0] * math.prod(size[2:]) == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {size}"
        )


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel over the batch, in training updating the running statistics in place.

    Raises:
        ValueError: in training, if there is one value per channel.
    """
    if training:
        _check_batch(input.size())
    return ops.batch_norm(
        input, weight, bias, running_mean, running_var, training, momentum, eps, True
    )


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of each instance: batch norm with the instances as channels.

    Raises:
        ValueError: if there is one spatial element.
        RuntimeError: if neither input nor running statistics are to be used.
    """
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.size()}"
        )
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError(
            "Expected running_mean and running_var to be defined when use_input_stats is false"
        )
    batch, channels = input.shape[0], input.shape[1]

    def repeat(t: Tensor | None) -> Tensor | None:
        return None if t is None else t.repeat(batch)

    mean, var = repeat(running_mean), repeat(running_var)
    folded = input.contiguous().view(1, batch * channels, *input.shape[2:])
    out = ops.batch_norm(
        folded, repeat(weight), repeat(bias), mean, var, use_input_stats, momentum, eps, True
    )
    if use_input_stats:
        with no_grad():
            for running, repeated in ((running_mean, mean), (running_var, var)):
                if running is not None and repeated is not None:
                    running.copy_(repeated.view(batch, channels).mean(0))
    return out.view(input.shape)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise over the last dimensions, which have ``normalized_shape``."""
    return ops.layer_norm(input, normalized_shape, weight, bias, eps)


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Divide by the root mean square over the last dimensions, which have ``normalized_shape``.

    Raises:
        RuntimeError: if the input does not end in ``normalized_shape``.
    """
    shape = list(normalized_shape)
    if list(input.shape[input.dim() - len(shape) :]) != shape:
        raise RuntimeError(
            f"Given normalized_shape={shape}, expected input with shape "
            f"[*{', '.join(map(str, shape))}], but got input of size{list(input.shape)}"
        )
    dims = tuple(range(-len(shape), 0))
    eps = finfo(input.dtype).eps if eps is None else eps
    out = input * ops.rsqrt(input.pow(2).mean(dims, keepdim=True) + eps)
    return out if weight is None else out * weight


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise over groups of channels of each instance.

    Raises:
        RuntimeError: if the channels cannot be divided into ``num_groups``.
        ValueError: if a group has one value.
    """
    if input.dim() < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.dim()}"
        )
    _check_batch([input.size(0) * input.size(1) // num_groups, num_groups, *input.shape[2:]])
    return ops.group_norm(input, num_groups, weight, bias, eps)


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Divide by ``(k + alpha * mean of squares over size neighbouring channels) ** beta``.

    Raises:
        ValueError: for fewer than three dimensions.
    """
    ndim = input.dim()
    if ndim < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality                          input (got {ndim} "
            "dimensions)"
        )
    if input.numel() == 0:
        return input
    channels = input.shape[1]
    spread = (0, 0) * (ndim - 2) + (size // 2, (size - 1) // 2)
    squares = pad(input.mul(input), spread)
    total = squares.narrow(1, 0, channels)
    for offset in range(1, size):
        total = total + squares.narrow(1, offset, channels)
    return input / (total * (alpha / size) + k).pow(beta)


def normalize(
    input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None
) -> Tensor:
    """Divide by the ``p``-norm along ``dim`` (or ``eps``, if that is greater)."""
    norm = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    return input / norm if out is None else ops.div(input, norm, out=out)


# --------------------------------------------------------------------------------------- embeddings


def _renormalise_rows(weight: Tensor, index: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows of ``weight`` that are looked up down to ``max_norm``, in place."""
    with no_grad():
        rows = index.reshape(-1).unique()
        picked = weight[rows]
        norms = picked.norm(norm_type, dim=1, keepdim=True)
        scale = ops.where(norms > max_norm, max_norm / (norms + 1e-7), ops.ones_like(norms))
        weight[rows] = picked * scale


def _check_padding_idx(padding_idx: int, rows: int) -> int:
    """The row number that ``padding_idx`` means."""
    if not -rows <= padding_idx < rows:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx % rows


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of ``weight`` that ``input`` names.

    Args:
        input: row numbers, of any shape.
        weight: ``(num_embeddings, embedding_dim)``.
        padding_idx: a row that gets no gradient.
        max_norm: rows looked up are first scaled down to this norm, in place.
        norm_type: the ``p`` of that norm.
        scale_grad_by_freq: divide a row's gradient by how often it was looked up.
        sparse: accepted; gradients are dense.

    Raises:
        AssertionError: if ``padding_idx`` is no row.
        IndexError: if ``input`` names a row that is not there.
    """
    padding_idx = -1 if padding_idx is None else _check_padding_idx(padding_idx, weight.size(0))
    if max_norm is not None:
        _renormalise_rows(weight, input, max_norm, norm_type)
    return ops.embedding(weight, input, padding_idx, scale_grad_by_freq, sparse)


def _bags(input: Tensor, offsets: Tensor, include_last_offset: bool) -> tuple[Tensor, Tensor]:
    """Positions in ``input`` of each bag's elements, padded to one length, and which are real."""
    starts = offsets.tolist()
    ends = starts[1:] if include_last_offset else [*starts[1:], input.numel()]
    lengths = [end - start for start, end in zip(starts, ends, strict=False)]
    longest = max(lengths, default=0)
    steps = ops.arange(longest).unsqueeze(0)
    real = steps < ops.tensor(lengths, dtype=int64).unsqueeze(1)
    positions = ops.tensor(starts[: len(lengths)], dtype=int64).unsqueeze(1) + steps
    return ops.where(real, positions, ops.zeros_like(positions)), real


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Sums, means or maxima of bags of embeddings.

    Args:
        input: ``(B, L)``: bags of one length; or 1-D with ``offsets``, where each bag starts.
        weight: ``(num_embeddings, embedding_dim)``.
        offsets: starts of the bags of a 1-D ``input``.
        max_norm: see ``embedding``.
        norm_type: see ``embedding``.
        scale_grad_by_freq: see ``embedding``.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        sparse: accepted; gradients are dense.
        per_sample_weights: factors for the elements, in mode "sum".
        include_last_offset: the last offset is the end of the last bag.
        padding_idx: a row that counts as absent.

    Returns:
        ``(B, embedding_dim)``; an empty bag gives zeros.

    Raises:
        ValueError: if the arguments do not fit each other.
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if per_sample_weights is not None and per_sample_weights.size() != input.size():
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then "
            f"it "
            f"must have the same shape as the input ({input.shape})"
        )
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            "for "
            f"mode='sum' (got mode='{mode}'). Please open a feature request on GitHub."
        )
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                "of "
                f"fixed length sequences. However, found offsets of type {type(offsets)}"
            )
        index, real = input, ops.ones_like(input, dtype=bool_)
    elif input.dim() == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets.dim() != 1:
            raise ValueError("offsets has to be a 1D Tensor")
        positions, real = _bags(input, offsets, include_last_offset)
        index = input[positions]
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights[positions]
    else:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}"
        )
    if padding_idx is not None:
        padding_idx = _check_padding_idx(padding_idx, weight.size(0))
        real = real & (index != padding_idx)
    rows = embedding(index, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
    absent = real.logical_not().unsqueeze(-1)
    if mode == "max":
        empty = absent.all(1)
        if rows.shape[1] == 0:
            return ops.zeros([rows.shape[0], rows.shape[2]], dtype=rows.dtype)
        return rows.masked_fill(absent, -math.inf).max(1)[0].masked_fill(empty, 0.0)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.unsqueeze(-1)
    total = rows.masked_fill(absent, 0.0).sum(1)
    if mode == "sum":
        return total
    return total / real.sum(1, keepdim=True).clamp_min(1).to(total.dtype)


# ----------------------------------------------------------------------------- distances and shapes


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``out[k] = input1 @ weight[k] @ input2 + bias[k]`` over the last dimensions.

    Raises:
        RuntimeError: if the sizes do not fit ``weight`` ``(out, in1, in2)``.
    """
    for name, axis, value in (("input1", 1, input1), ("input2", 2, input2)):
        if value.shape[-1] != weight.shape[axis]:
            raise RuntimeError(
                f"bilinear(): {name} size does not match weight size: got {value.shape[-1]} but "
                f"expected {weight.shape[axis]}"
            )
    out_features, in1, in2 = weight.shape
    left = input1.matmul(weight.permute(1, 0, 2).reshape(in1, out_features * in2))
    left = left.view(*input1.shape[:-1], out_features, in2)
    out = (left * input2.unsqueeze(-2)).sum(-1)
    return out if bias is None else out + bias


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along ``dim``; norms below ``eps`` count as ``eps``."""
    x1, x2 = ops.broadcast_tensors(x1, x2)
    norm1 = x1.norm(2, dim, keepdim=True).clamp_min(eps)
    norm2 = x2.norm(2, dim, keepdim=True).clamp_min(eps)
    return ((x1 / norm1) * (x2 / norm2)).sum(dim)


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The ``p``-norm of ``x1 - x2 + eps`` along the last dimension."""
    return (x1 - x2 + eps).norm(p, -1, keepdim)


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Rearrange ``(*, C * r * r, H, W)`` into ``(*, C, H * r, W * r)``.

    Raises:
        RuntimeError: if the channels are not divisible by ``r * r``.
    """
    r = upscale_factor
    *lead, channels, height, width = _image_shape("pixel_shuffle", input)
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            "of "
            f"upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}"
        )
    n = len(lead)
    split = input.reshape(*lead, channels // (r * r), r, r, height, width)
    mixed = split.permute(*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return mixed.reshape(*lead, channels // (r * r), height * r, width * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Rearrange ``(*, C, H * r, W * r)`` into ``(*, C * r * r, H, W)``.

    Raises:
        RuntimeError: if height or width are not divisible by ``r``.
    """
    r = downscale_factor
    *lead, channels, height, width = _image_shape("pixel_unshuffle", input)
    for name, axis, size in (("height", -2, height), ("width", -1, width)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({axis})={size} is not divisible by {r}"
            )
    n = len(lead)
    split = input.reshape(*lead, channels, height // r, r, width // r, r)
    mixed = split.permute(*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return mixed.reshape(*lead, channels * r * r, height // r, width // r)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Interleave ``groups`` groups of the channels of ``(N, C, *)`` input.

    Raises:
        RuntimeError: if the channels are not divisible by ``groups``.
    """
    batch, channels, *rest = input.shape
    if channels % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and "
            f"{groups} groups."
        )
    split = input.reshape(batch, groups, channels // groups, *rest)
    return split.transpose(1, 2).reshape(input.shape)


def _image_shape(name: str, input: Tensor) -> Any:
    if input.dim() < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with "
            f"{input.dim()} dimension(s)"
        )
    return input.shape


# --------------------------------------------------------------------------------------- resampling

_LINEAR_MODES = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}
_ALL_MODES = "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact"


def _cubic(x: float, a: float) -> float:
    """Keys' cubic convolution kernel."""
    x = abs(x)
    if x <= 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    return (((x - 5) * x + 8) * x - 4) * a if x < 2 else 0.0


def _triangle(x: float) -> float:
    return max(0.0, 1.0 - abs(x))


def _interpolation_taps(
    n: int, out: int, scale: float | None, mode: str, align_corners: bool, antialias: bool
) -> list[list[tuple[int, float]]]:
    """For each output position, the input positions it is made of and their weights."""
    cubic = mode == "bicubic"
    if align_corners:
        step = (n - 1) / (out - 1) if out > 1 else 0.0
    else:
        step = 1.0 / scale if scale else n / out
    taps = []
    for i in range(out):
        if antialias:
            stretch = max(step, 1.0)
            center = step * i + 0.5 if align_corners else step * (i + 0.5)
            reach = (2.0 if cubic else 1.0) * stretch
            first, last = max(int(center - reach + 0.5), 0), min(int(center + reach + 0.5), n)
            kernel = (lambda x: _cubic(x, -0.5)) if cubic else _triangle
            row = [(j, kernel((j + 0.5 - center) / stretch)) for j in range(first, last)]
            total = sum(w for _, w in row)
            taps.append([(j, w / total) for j, w in row])
            continue
        source = step * i if align_corners else step * (i + 0.5) - 0.5
        if cubic:
            base = math.floor(source)
            taps.append(
                [
                    (min(max(base + k, 0), n - 1), _cubic(source - base - k, -0.75))
                    for k in (-1, 0, 1, 2)
                ]
            )
        else:
            source = max(source, 0.0)
            base = min(int(source), n - 1)
            weight = source - base
            taps.append([(base, 1.0 - weight), (min(base + 1, n - 1), weight)])
    return taps


def _resample(input: Tensor, dim: int, taps: list[list[tuple[int, float]]]) -> Tensor:
    """Weighted sums of slices of one dimension."""
    width = max(len(row) for row in taps)
    shape = [1] * input.dim()
    shape[dim] = len(taps)
    total: Tensor | None = None
    for k in range(width):
        column = [row[k] if k < len(row) else (0, 0.0) for row in taps]
        index = ops.tensor([j for j, _ in column], dtype=int64)
        weight = ops.tensor([w for _, w in column], dtype=input.dtype).view(shape)
        part = input.index_select(dim, index) * weight
        total = part if total is None else total + part
    return input if total is None else total


def _nearest(input: Tensor, dim: int, out: int, scale: float | None, exact: bool) -> Tensor:
    n = input.shape[dim]
    step = 1.0 / scale if scale else n / out
    shift = 0.5 if exact else 0.0
    index = [min(math.floor((i + shift) * step), n - 1) for i in range(out)]
    return input.index_select(dim, ops.tensor(index, dtype=int64))


def _output_size(
    input: Tensor, size: Any, scale_factor: Any, recompute: bool | None
) -> tuple[list[int], list[float | None]]:
    """The spatial output size of ``interpolate`` and the scales it was asked for."""
    spatial = input.dim() - 2
    given = list(input.shape[2:])
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if isinstance(size, (list, tuple)) and len(size) != spatial:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input "
                "with "
                f"spatial dimensions of {given} and output size of {size}. Please provide input "
                f"tensor "
                "in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
            )
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return [int(s) for s in _tuple(size, spatial)], [None] * spatial
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if isinstance(scale_factor, (list, tuple)) and len(scale_factor) != spatial:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input "
            f"with spatial dimensions of {given} and scale_factor of shape {scale_factor}. Please "
            "provide input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in "
            "(s1, s2, ...,sK) format."
        )
    scales = [float(s) for s in _tuple(scale_factor, spatial)]
    sizes = [math.floor(n * s) for n, s in zip(given, scales, strict=True)]
    return sizes, [None] * spatial if recompute else list(scales)


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resize the spatial dimensions of ``(N, C, *)`` input.

    Args:
        input: 3-D, 4-D or 5-D.
        size: the spatial output size.
        scale_factor: or the factor(s) by which to multiply it.
        mode: nearest, nearest-exact, linear (3-D), bilinear and bicubic (4-D), trilinear (5-D),
            area.
        align_corners: whether corner pixels keep their values (linear modes).
        recompute_scale_factor: derive the scale from the sizes, which are whole numbers.
        antialias: widen the kernel when shrinking (bilinear and bicubic).

    Raises:
        ValueError: if the arguments do not fit each other.
        NotImplementedError: for a mode that does not go with the number of dimensions.
    """
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: "
                "linear | bilinear | bicubic | trilinear"
            )
    ndim = input.dim()
    needed = _LINEAR_MODES.get(mode)
    if ndim not in (3, 4, 5) or (
        needed is None and mode not in ("nearest", "area", "nearest-exact")
    ):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: "
            f"{_ALL_MODES} (got {mode})"
        )
    sizes, scales = _output_size(input, size, scale_factor, recompute_scale_factor)
    if antialias and not (mode in ("bilinear", "bicubic") and ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires "
            "a 4-D "
            "tensor as input"
        )
    if needed is not None and ndim != needed + 2:
        raise NotImplementedError(f"Got {ndim}D input, but {mode} mode needs {needed + 2}D input")
    if mode == "area":
        pool = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[ndim - 3]
        return pool(input, sizes[0] if ndim == 3 else sizes)
    out = input
    for dim in range(ndim - 1, 1, -1):
        target, scale = sizes[dim - 2], scales[dim - 2]
        if needed is None:
            out = _nearest(out, dim, target, scale, mode == "nearest-exact")
        elif target != out.shape[dim] or scale not in (None, 1.0):
            taps = _interpolation_taps(
                out.shape[dim], target, scale, mode, bool(align_corners), antialias
            )
            out = _resample(out, dim, taps)
    return out


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """Deprecated name of ``interpolate``."""
    _warn_upsample("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Deprecated: ``interpolate`` in mode nearest."""
    _warn_upsample("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Deprecated: ``interpolate`` in mode bilinear with aligned corners."""
    _warn_upsample("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _warn_upsample(name: str) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=3,
    )


# ------------------------------------------------------------------------------------------- losses


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Squared error."""
    input, target = _match_sizes(input, target)
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if weight is not None:
        return _weighted(ops.mse_loss(input, target, "none"), weight, reduction)
    return ops.mse_loss(input, target, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Absolute error."""
    input, target = _match_sizes(input, target)
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if weight is not None:
        return _weighted(ops.l1_loss(input, target, "none"), weight, reduction)
    return ops.l1_loss(input, target, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """``0.5 d^2 / beta`` where the error ``d`` is below ``beta``, else ``|d| - beta / 2``."""
    input, target = _match_sizes(input, target)
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0.0:
        return ops.l1_loss(input, target, reduction)
    return ops.smooth_l1_loss(input, target, reduction, beta)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """``0.5 d^2`` where the error ``d`` is below ``delta``, else ``delta * (|d| - delta / 2)``."""
    input, target = _match_sizes(input, target)
    _check_reduction(reduction)
    if weight is not None:
        if weight.size() != input.size():
            raise ValueError("Weights and input must have the same size.")
        return _reduce(ops.huber_loss(input, target, "none", delta) * weight, reduction)
    return ops.huber_loss(input, target, reduction, delta)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Negative log likelihood of ``log_softmax(input)``.

    Args:
        input: logits ``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)``.
        target: class numbers ``()``, ``(N,)``, ``(N, d1, ...)``, or probabilities of the shape of
            ``input``.
        weight: a factor for each class.
        size_average: deprecated.
        ignore_index: a class number that does not count.
        reduce: deprecated.
        reduction: mean (weighted by class), sum or none.
        label_smoothing: how much of the target is spread over all classes.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    return ops.cross_entropy(input, target, weight, reduction, ignore_index, label_smoothing)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log likelihood of log probabilities; arguments as in ``cross_entropy``."""
    reduction = _resolve_reduction(size_average, reduce, reduction)
    return ops.nll_loss(input, target, weight, reduction, ignore_index)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``-(t log x + (1 - t) log(1 - x))`` for probabilities, logarithms clamped at -100.

    Raises:
        ValueError: if sizes differ.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if target.size() != input.size():
        raise ValueError(
            f"Using a target size ({target.size()}) that is different to the input size "
            f"({input.size()}) is deprecated. Please ensure they have the same size."
        )
    if weight is not None and weight.size() != input.size():
        weight = ops.broadcast_tensors(weight, target)[0]
    return ops.binary_cross_entropy(input, target, weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """``binary_cross_entropy(sigmoid(input), target)``, stable for large logits.

    Raises:
        ValueError: if sizes differ.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if target.size() != input.size():
        raise ValueError(
            f"Target size ({target.size()}) must be the same as input size ({input.size()})"
        )
    return ops.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Kullback-Leibler divergence ``target * (log target - input)`` of log probabilities ``input``.

    The reduction "batchmean" is the divergence by its definition; "mean" divides by the number of
    elements.
    """
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce, reduction)
    elif reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    if reduction == "batchmean":
        total = ops.kl_div(input, target, "sum", log_target=log_target)
        return total / input.size(0) if input.size(0) else total
    return ops.kl_div(input, target, _check_reduction(reduction), log_target=log_target)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log likelihood of counts ``target`` under a Poisson distribution.

    Args:
        input: the (log of the) rate.
        target: the counts.
        log_input: whether ``input`` is the logarithm of the rate.
        full: add Stirling's approximation of the factorial term.
        size_average: deprecated.
        eps: keeps the logarithm finite.
        reduce: deprecated.
        reduction: mean, sum or none.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if log_input:
        loss = input.exp() - target * input
    else:
        loss = input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return _reduce(loss, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Negative log likelihood of ``target`` under a normal distribution of mean ``input``.

    Args:
        input: the mean.
        target: the sample.
        var: the variance: of the shape of ``input``, of one element for its last dimension, or a
            number.
        full: add the constant term.
        eps: the least variance.
        reduction: mean, sum or none.

    Raises:
        ValueError: for a negative variance, one of the wrong size, or an unknown reduction.
    """
    if not isinstance(var, Tensor):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = var * ops.ones_like(input)
    elif (var < 0).any():
        raise ValueError("var has negative entry/entries")
    if var.size() != input.size():
        if input.size()[:-1] == var.size():
            var = var.unsqueeze(-1)
        elif (
            var.dim() != input.dim()
            or sum(y for x, y in zip(input.size(), var.size(), strict=True) if x != y) != 1
        ):
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    var = var.clone()
    with no_grad():
        var.clamp_(min=eps)
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return _reduce(loss, reduction)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``x`` where the target is 1, ``max(0, margin - x)`` where it is -1."""
    reduction = _resolve_reduction(size_average, reduce, reduction)
    zero = ops.zeros_like(input)
    far = ops.where(target != 1, (margin - input).clamp_min(0), zero)
    near = ops.where(target != -1, input, zero)
    return _reduce(far + near, reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, -target * (input1 - input2) + margin)``.

    Raises:
        RuntimeError: if the numbers of dimensions differ.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.size()}, input2: {input2.size()}, target: {target.size()} "
        )
    return _reduce((-target * (input1 - input2) + margin).clamp_min(0), reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1.

    Raises:
        RuntimeError: if the numbers of dimensions do not fit.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if target.dim() not in (0, 1):
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    ndim = target.dim() + 1
    if input1.dim() != ndim or input2.dim() != ndim:
        raise RuntimeError(
            f"{target.dim()}D target tensor expects {ndim}D input tensors, but found inputs with "
            f"sizes {list(input1.shape)} and {list(input2.shape)}."
        )
    eps = 1e-12
    squares = ((input1 * input1).sum(-1) + eps) * ((input2 * input2).sum(-1) + eps)
    cos = (input1 * input2).sum(-1) / squares.sqrt()
    zero = ops.zeros_like(cos)
    near = ops.where(target == 1, 1 - cos, zero)
    far = ops.where(target == -1, (cos - margin).clamp_min(0), zero)
    return _reduce(near + far, reduction)


def _check_triplet(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> None:
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {anchor.dim()}D, positive {positive.dim()}D, and "
            f"negative "
            f"{negative.dim()}D inputs"
        )


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` for the ``p``-distance ``d``.

    Raises:
        ValueError: if the margin is not positive.
        RuntimeError: if the numbers of dimensions differ.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    return triplet_margin_with_distance_loss(
        anchor,
        positive,
        negative,
        distance_function=distance,
        margin=margin,
        swap=swap,
        reduction=reduction,
    )


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """``triplet_margin_loss`` with any distance (default: ``pairwise_distance``)."""
    _check_reduction(reduction)
    _check_triplet(anchor, positive, negative, margin)
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = ops.minimum(far, distance(positive, negative))
    return _reduce((margin + near - far).clamp_min(0), reduction)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``log(1 + exp(-target * input))``."""
    reduction = _resolve_reduction(size_average, reduce, reduction)
    return ops.soft_margin_loss(input, target, reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes ``j`` of ``max(0, margin - x[target] + x[j]) ** p``.

    Raises:
        ValueError: for another ``p``, or weights that are not 1-D.
        RuntimeError: if sizes do not fit.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional")
    if input.dim() == 1:
        loss = multi_margin_loss(
            input.unsqueeze(0), target.reshape(1), p, margin, weight, reduction="none"
        )
        return loss.squeeze(0)
    if target.dim() != 1 or target.size(0) != input.size(0):
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input "
            f"samples (batch size). Expected target size [{input.size(0)}], but got "
            f"{list(target.shape)}. Input has shape {list(input.shape)}."
        )
    index = target.unsqueeze(1)
    terms = (margin - input.gather(1, index) + input).clamp_min(0)
    if p == 2:
        terms = terms * terms
    if weight is not None:
        terms = terms * weight[target].unsqueeze(1)
    terms = terms.scatter(1, index, 0.0)
    return _reduce(terms.sum(1) / input.size(1), reduction)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Hinge loss between each target class and each other class.

    ``target`` lists class numbers per sample, ended by the first negative number.

    Raises:
        RuntimeError: if sizes differ.
    """
    reduction = _resolve_reduction(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise RuntimeError(
            f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}"
        )
    if input.dim() < 2:
        flat_in, flat_target = input.reshape(1, -1), target.reshape(1, -1)
        return multilabel_margin_loss(flat_in, flat_target, reduction="none").squeeze(0)
    listed = (target >= 0).to(int64).cumprod(1)
    index = target * listed
    is_target = ops.zeros_like(target).scatter_add(1, index, listed) > 0
    pairs = (1 - input.gather(1, index).unsqueeze(2) + input.unsqueeze(1)).clamp_min(0)
    counts = listed.unsqueeze(2) * is_target.logical_not().unsqueeze(1)
    return _reduce((pairs * counts).sum((1, 2)) / input.size(1), reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of the binary cross entropy with logits."""
    reduction = _resolve_reduction(size_average, reduce, reduction)
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return _reduce(loss.sum(-1) / input.size(-1), reduction)


# ---------------------------------------------------------------------------------------- attention


def _future(length: int, keys: int) -> Tensor:
    """Where a key stands after the position that attends: ``(length, keys)``, boolean."""
    return ops.arange(length).unsqueeze(1) < ops.arange(keys).unsqueeze(0)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """``softmax(query @ key^T * scale + mask) @ value``.

    Args:
        query: ``(..., Hq, L, E)``.
        key: ``(..., H, S, E)``.
        value: ``(..., H, S, Ev)``.
        attn_mask: boolean (True: take part) or added to the scores; broadcast to ``(..., L, S)``.
        dropout_p: dropout of the attention weights.
        is_causal: position ``i`` attends to positions up to ``i``.
        scale: default ``1 / sqrt(E)``.
        enable_gqa: repeat the heads of key and value to those of query.

    Raises:
        RuntimeError: if a mask is given although ``is_causal``.
    """
    if is_causal and attn_mask is not None:
        raise RuntimeError(
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
            "is_causal=True"
        )
    if enable_gqa:
        repeats = query.size(-3) // key.size(-3)
        key = key.repeat_interleave(repeats, -3)
        value = value.repeat_interleave(repeats, -3)
    scale = 1 / math.sqrt(query.size(-1)) if scale is None else scale
    scores = query.matmul(key.transpose(-2, -1)) * scale
    if is_causal:
        attn_mask = _future(query.size(-2), key.size(-2)).logical_not()
    if attn_mask is not None and attn_mask.dtype == bool_:
        scores = scores.masked_fill(attn_mask.logical_not(), -math.inf)
    elif attn_mask is not None:
        scores = scores + attn_mask
    weights = ops.softmax(scores, -1)
    if attn_mask is not None and attn_mask.dtype == bool_:
        weights = weights.masked_fill(attn_mask.logical_not(), 0.0)  # rows without any partner
    if dropout_p > 0.0:
        weights = ops.dropout(weights, dropout_p, True)
    return weights.matmul(value)


def _additive_mask(mask: Tensor | None, name: str, dtype: DType) -> Tensor | None:
    """A boolean mask (True: left out) as what is added to the scores."""
    if mask is None:
        return None
    if mask.dtype != bool_:
        if not mask.is_floating_point():
            raise AssertionError(f"only bool and floating types of {name} are supported")
        return mask
    return ops.zeros_like(mask, dtype=dtype).masked_fill(mask, -math.inf)


def _project_in(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    weight: Tensor | Sequence[Tensor],
    bias: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Project query, key and value, with one stacked weight or three."""
    embed = query.size(-1)
    if isinstance(weight, Tensor):
        if query is key and key is value:
            q, k, v = linear(query, weight, bias).split(embed, dim=-1)
            return q, k, v
        weights = weight.split(embed, dim=0)
    else:
        weights = tuple(weight)
    biases: Sequence[Tensor | None] = (None,) * 3 if bias is None else bias.split(embed, dim=0)
    q, k, v = (
        linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)
    )
    return q, k, v


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Multi-head attention over sequence-first input; see ``nn.MultiheadAttention``.

    Shapes: query ``(L, N, E)`` or ``(L, E)``, key and value ``(S, N, E)`` or ``(S, E)``,
        ``attn_mask`` ``(L, S)`` or
    ``(N * num_heads, L, S)``, ``key_padding_mask`` ``(N, S)`` or ``(S,)``.

    Returns:
        The attended values, and the attention weights if ``need_weights``.
    """
    batched = query.dim() == 3
    if query.dim() not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.dim()}-D "
            f"query tensor"
        )
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    if not batched:
        same = query is key and key is value
        query = query.unsqueeze(1)
        key, value = (query, query) if same else (key.unsqueeze(1), value.unsqueeze(1))
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    length, batch, embed = query.shape
    if embed != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {embed}"
        )
    head = embed // num_heads
    if head * num_heads != embed:
        raise AssertionError(f"embed_dim {embed} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        weight: Any = (q_proj_weight, k_proj_weight, v_proj_weight)
    else:
        weight = in_proj_weight
        if key.shape != value.shape:
            raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
    q, k, v = _project_in(query, key, value, weight, in_proj_bias)

    if attn_mask is not None and key_padding_mask is not None:
        if attn_mask.dtype != key_padding_mask.dtype:
            warnings.warn(
                "Support for mismatched key_padding_mask and attn_mask is deprecated. "
                "Use same type for both instead.",
                stacklevel=3,
            )
    mask = _additive_mask(attn_mask, "attn_mask", query.dtype)
    padding = _additive_mask(key_padding_mask, "key_padding_mask", query.dtype)
    if mask is not None:
        expected = (length, key.shape[0])
        if mask.dim() == 2 and tuple(mask.shape) != expected:
            raise RuntimeError(
                f"The shape of the 2D attn_mask is {mask.shape}, but should be {expected}."
            )
        if mask.dim() == 3 and tuple(mask.shape) != (batch * num_heads, *expected):
            raise RuntimeError(
                f"The shape of the 3D attn_mask is {mask.shape}, but should be "
                f"{(batch * num_heads, *expected)}."
            )
        mask = mask.unsqueeze(0) if mask.dim() == 2 else mask.view(batch, num_heads, *expected)

    def lengthen(m: Tensor | None) -> Tensor | None:
        return None if m is None else pad(m, (0, 1))

    if bias_k is not None and bias_v is not None:
        k = ops.cat([k, bias_k.repeat(1, batch, 1)])
        v = ops.cat([v, bias_v.repeat(1, batch, 1)])
        mask, padding = lengthen(mask), lengthen(padding)

    def split(t: Tensor) -> Tensor:
        return t.reshape(t.shape[0], batch, num_heads, head).permute(1, 2, 0, 3)

    q = split(q)
    k = split(k) if static_k is None else static_k.view(batch, num_heads, -1, head)
    v = split(v) if static_v is None else static_v.view(batch, num_heads, -1, head)
    if add_zero_attn:
        zero = ops.zeros([batch, num_heads, 1, head], dtype=k.dtype)
        k, v = ops.cat([k, zero], dim=2), ops.cat([v, zero], dim=2)
        mask, padding = lengthen(mask), lengthen(padding)
    if padding is not None:
        padding = padding.view(batch, 1, 1, k.shape[2])
        mask = padding if mask is None else mask + padding

    scores = (q * math.sqrt(1.0 / head)).matmul(k.transpose(-2, -1))
    weights = ops.softmax(scores if mask is None else scores + mask, -1)
    if training and dropout_p > 0.0:
        weights = ops.dropout(weights, dropout_p, True)
    out = weights.matmul(v).permute(2, 0, 1, 3).reshape(length * batch, embed)
    out = linear(out, out_proj_weight, out_proj_bias).view(length, batch, embed)
    if not batched:
        out = out.squeeze(1)
    if not need_weights:
        return out, None
    if average_attn_weights:
        weights = weights.mean(dim=1)
    return out, weights if batched else weights.squeeze(0)
