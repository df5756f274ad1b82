"""Convolutions: ``conv1d`` ... ``conv_transpose3d``, ``fold`` and ``unfold``.

One linear map in three roles (forward, gradient for the input, gradient for the weight) carries
all of it: the derivative of each role is another role, and a transposed convolution is the role
"gradient for the input" used forwards.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from ..dtypes import C_TYPE_NAMES, SCALAR_TYPE_NAMES, bool_
from ..graph import primitives as P
from ..graph import windows as W
from ..graph.expr import Shape
from ..graph.tape import record
from ..runtime.reference.convolution import output_size
from ..tensor import Tensor, new_tensor
from .common import check_tensor
from .registry import function, operator

Ints = tuple[int, ...]
Config = tuple[Ints, tuple[tuple[int, int], ...], Ints, int]  # stride, padding, dilation, groups


# --- the three roles -----------------------------------------------------------------------------


@operator(
    "ConvolutionBackwardBackward0",
    input=lambda grad, input, weight, config: _conv_input_grad(grad, weight, input._shape, config),
    weight=lambda grad, input, weight, config: _conv_weight_grad(
        input, grad, weight._shape, config
    ),
    method=False,
    function=False,
)
def _conv(input: Tensor, weight: Tensor, config: Config) -> Tensor:
    return new_tensor(record(W.CONV, (input._expr(), weight._expr()), config))


@operator(
    "ConvolutionBackwardBackward0",
    input=lambda grad, weight, config: _conv(grad, weight, config),
    weight=lambda grad, input, weight, config: _conv_weight_grad(
        grad, input, weight._shape, config
    ),
    method=False,
    function=False,
)
def _conv_input_grad(input: Tensor, weight: Tensor, shape: Shape, config: Config) -> Tensor:
    operands = input._expr(), weight._expr()
    return new_tensor(record(W.CONV_INPUT_GRAD, operands, (shape, *config)))


@operator(
    "ConvolutionBackwardBackward0",
    input=lambda grad, input, other, config: _conv_input_grad(other, grad, input._shape, config),
    other=lambda grad, input, config: _conv(input, grad, config),
    method=False,
    function=False,
)
def _conv_weight_grad(input: Tensor, other: Tensor, shape: Shape, config: Config) -> Tensor:
    operands = input._expr(), other._expr()
    return new_tensor(record(W.CONV_WEIGHT_GRAD, operands, (shape, *config)))


# --- convolution ---------------------------------------------------------------------------------


def _grad_input(
    grad: Tensor,
    input: Tensor,
    weight: Tensor,
    stride: Ints,
    padding: tuple[Any, ...],
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
) -> Any:
    options = stride, padding, dilation, transposed, output_padding, groups
    config, _ = _geometry(input._shape, weight._shape, None, *_hashable(options))
    if transposed:
        return _conv(grad, weight, config)
    return _conv_input_grad(grad, weight, input._shape, config)


def _grad_weight(
    grad: Tensor,
    input: Tensor,
    weight: Tensor,
    stride: Ints,
    padding: tuple[Any, ...],
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
) -> Any:
    options = stride, padding, dilation, transposed, output_padding, groups
    config, _ = _geometry(input._shape, weight._shape, None, *_hashable(options))
    if transposed:
        return _conv_weight_grad(grad, input, weight._shape, config)
    return _conv_weight_grad(input, grad, weight._shape, config)


def _hashable(options: tuple[Any, ...]) -> Any:
    """Options with lists made tuples."""
    return [tuple(o) if o.__class__ is list else o for o in options]


@operator(
    "ConvolutionBackward0",
    input=_grad_input,
    weight=_grad_weight,
    bias=lambda grad: grad.sum((0, *range(2, grad.dim()))),
    method=False,
)
def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    """Convolution of batched ``input[N, C, *]`` with ``weight[O, C / groups, *kernel]``.

    The transposed form takes ``weight[C, O / groups, *kernel]``.

    Raises:
        RuntimeError: sizes or dtypes that do not fit together.
    """
    _check_dtypes(input, weight, bias)
    options = stride, padding, dilation, transposed, output_padding, groups
    bias_shape = None if bias is None else bias._shape
    config, shape = _geometry(input._shape, weight._shape, bias_shape, *_hashable(options))
    operands = input._expr(), weight._expr()
    if transposed:
        e = record(W.CONV_INPUT_GRAD, operands, (shape, *config))
    else:
        e = record(W.CONV, operands, config)
    if bias is not None:
        column = (shape[1], *[1] * (len(shape) - 2))
        e = record(P.ADD, (e, record(P.RESHAPE, (bias._expr(),), (column,))))
    return new_tensor(e)


def _check_dtypes(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    d = input._dtype
    if bias is not None and bias._dtype is not d:
        raise RuntimeError(
            f"Input type ({C_TYPE_NAMES[d]}) and bias type ({C_TYPE_NAMES[bias._dtype]}) should be "
            f"the same: {_conversion(d, bias._dtype)}"
        )
    if weight._dtype is not d:
        raise RuntimeError(
            f"expected scalar type {SCALAR_TYPE_NAMES[d]} but found "
            f"{SCALAR_TYPE_NAMES[weight._dtype]}: {_conversion(d, weight._dtype)}"
        )
    if d is bool_:
        raise NotImplementedError("\"convolution\" not implemented for 'Bool'")


def _conversion(input: Any, module: Any) -> str:
    return f"convert the input with .to({module}) or the module with .to({input})"


@functools.lru_cache(maxsize=1024)
def _geometry(
    input: Shape,
    weight: Shape,
    bias: Shape | None,
    stride: Ints,
    padding: tuple[Any, ...],
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
) -> tuple[Config, Shape]:
    """Check all sizes; return the primitive's configuration and the shape of the result.

    ``padding`` holds an int or a (low, high) pair for each dimension.
    """
    pads = tuple(p if isinstance(p, tuple) else (p, p) for p in padding)
    if any(low < 0 or high < 0 for low, high in pads):
        raise RuntimeError("negative padding is not supported")
    if any(p < 0 for p in output_padding):
        raise RuntimeError("negative output_padding is not supported")
    for what, values in (("stride", stride), ("dilation", dilation), ("groups", (groups,))):
        if any(v <= 0 for v in values):
            raise RuntimeError(f"non-positive {what} is not supported")
    _check_channels(input, weight, bias, transposed, groups)
    kernel = weight[2:]
    if any(k <= 0 for k in kernel):
        raise RuntimeError(f"kernel size should be greater than zero, but got {list(kernel)}")
    if transposed:
        sizes = _transposed_size(input[2:], kernel, stride, pads, dilation, output_padding)
        pads = tuple((low, high - o) for (low, high), o in zip(pads, output_padding, strict=True))
        shape = (input[0], weight[1] * groups, *sizes)
    else:
        padded = tuple(n + low + high for n, (low, high) in zip(input[2:], pads, strict=True))
        reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
        if any(n < r for n, r in zip(padded, reach, strict=True)):
            raise RuntimeError(
                f"Calculated padded input size per channel: ({_times(padded)}). Kernel size: "
                f"({_times(reach)}). Kernel size can't be greater than actual input size"
            )
        sizes = output_size(input[2:], kernel, stride, pads, dilation)
        shape = (input[0], weight[0], *sizes)
    return (stride, pads, dilation, groups), shape


def _check_channels(
    input: Shape, weight: Shape, bias: Shape | None, transposed: bool, groups: int
) -> None:
    n = len(weight)
    if len(input) != n:
        raise RuntimeError(
            f"Expected {n}-dimensional input for {n}-dimensional weight {list(weight)}, but got "
            f"{len(input)}-dimensional input of size {list(input)} instead"
        )
    if weight[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but "
            f"got weight of size {list(weight)} instead"
        )
    if weight[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size [{list(weight)}] instead"
        )
    role = f"transposed={int(transposed)}" if transposed else f"groups={groups}"
    expected = weight[0] if transposed else weight[1] * groups
    if input[1] != expected:
        hint = ""
        if input[-1] == expected:
            order = (0, n - 1, *range(1, n - 1))
            hint = f": are the channels last? then permute{order} puts them where they belong"
        raise RuntimeError(
            f"Given {role}, weight of size {list(weight)}, expected input{list(input)} to have "
            f"{expected} channels, but got {input[1]} channels instead{hint}"
        )
    outputs = weight[1] * groups if transposed else weight[0]
    if bias is not None and bias != (outputs,):
        role = f"{role}, weight" if transposed else "weight"
        raise RuntimeError(
            f"Given {role} of size {list(weight)}, expected bias to be 1-dimensional with "
            f"{outputs} elements, but got bias of size {list(bias)} instead"
        )


def _transposed_size(
    spatial: Ints,
    kernel: Ints,
    stride: Ints,
    pads: tuple[tuple[int, int], ...],
    dilation: Ints,
    output_padding: Ints,
) -> Ints:
    if any(o >= s and o >= d for o, s, d in zip(output_padding, stride, dilation, strict=True)):
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got "
            f"output_padding={list(output_padding)}, stride={list(stride)}, "
            f"dilation={list(dilation)}"
        )
    sizes = tuple(
        (n - 1) * s - low - high + d * (k - 1) + o + 1
        for n, k, s, (low, high), d, o in zip(
            spatial, kernel, stride, pads, dilation, output_padding, strict=True
        )
    )
    if any(n < 1 for n in sizes):
        raise RuntimeError(
            f"Given input size per channel: ({_times(spatial)}). Calculated output size per "
            f"channel: ({_times(sizes)}). Output size is too small"
        )
    return sizes


def _times(sizes: Sequence[int]) -> str:
    return " x ".join(map(str, sizes))


# --- the public functions ------------------------------------------------------------------------


def expand(value: Any, dims: int, name: str, argument: str) -> Ints:
    """An int or a sequence of ints as ``dims`` ints; a sequence of one stands for all.

    Raises:
        TypeError: not an int or sequence of ints.
        RuntimeError: a sequence of another length.
    """
    if value.__class__ is int:
        return (value,) * dims
    try:
        if isinstance(value, list | tuple):
            found = tuple([v.__index__() for v in value])
        else:
            found = (value.__index__(),)
    except (AttributeError, TypeError):
        kind = type(value).__name__
        raise TypeError(
            f"{name}(): argument '{argument}' must be tuple of ints, not {kind}"
        ) from None
    if len(found) == 1:
        return found * dims
    if len(found) != dims:
        raise RuntimeError(
            f"expected {argument} to be a single integer value or a list of {dims} values to match "
            f"the convolution dimensions, but got {argument}={list(found)}"
        )
    return found


def _batched(input: Tensor, weight: Tensor, dims: int, name: str) -> bool:
    """Whether ``input`` has a batch dimension; checks that both are Tensors of a fitting rank."""
    check_tensor(input, name)
    check_tensor(weight, name, "weight", 2)
    rank = len(input._shape)
    if rank not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got "
            f"input of size: {list(input._shape)}"
        )
    return rank == dims + 2


def _same_padding(kernel: Ints, dilation: Ints, stride: Ints) -> tuple[tuple[int, int], ...]:
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return tuple((total // 2, total - total // 2) for total in totals)


def _conv_nd(
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Tensor:
    name = f"conv{dims}d"
    batched = _batched(input, weight, dims, name)
    stride = expand(stride, dims, name, "stride")
    dilation = expand(dilation, dims, name, "dilation")
    kernel = weight._shape[2:]
    if len(kernel) != dims:
        expand((1,) * dims, len(kernel), name, "stride")
    pads: tuple[Any, ...]
    if not isinstance(padding, str):
        pads = expand(padding, dims, name, "padding")
    elif padding == "valid":
        pads = (0,) * dims
    elif padding == "same":
        pads = _same_padding(kernel, dilation, stride)
    else:
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    x = input if batched else input.unsqueeze(0)
    out = convolution(x, weight, bias, stride, pads, dilation, False, (0,) * dims, groups)
    return out if batched else out.squeeze(0)


def _conv_transpose_nd(
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Tensor:
    name = f"conv_transpose{dims}d"
    batched = _batched(input, weight, dims, name)
    if len(weight._shape) != dims + 2:
        expand((1,) * dims, len(weight._shape) - 2, name, "stride")
    x = input if batched else input.unsqueeze(0)
    out = convolution(
        x,
        weight,
        bias,
        expand(stride, dims, name, "stride"),
        expand(padding, dims, name, "padding"),
        expand(dilation, dims, name, "dilation"),
        True,
        expand(output_padding, dims, name, "output_padding"),
        groups,
    )
    return out if batched else out.squeeze(0)


@function()
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution over signals: ``input[N, C, L]`` (or ``[C, L]``), ``weight[O, C / groups, k]``.

    ``padding`` is a number of zeros on both sides, ``"valid"`` (none) or ``"same"``.
    """
    return _conv_nd(1, input, weight, bias, stride, padding, dilation, groups)


@function()
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution over images: ``input[N, C, H, W]``, ``weight[O, C / groups, kH, kW]``.

    The input may lack the batch dimension.
    ``padding`` is a number of zeros on both sides, ``"valid"`` (none) or ``"same"``.
    """
    return _conv_nd(2, input, weight, bias, stride, padding, dilation, groups)


@function()
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution over volumes: ``input[N, C, D, H, W]`` (or unbatched)."""
    return _conv_nd(3, input, weight, bias, stride, padding, dilation, groups)


@function()
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Adjoint of ``conv1d``: ``input[N, C, L]``, ``weight[C, O / groups, k]``."""
    return _conv_transpose_nd(
        1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


@function()
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Adjoint of ``conv2d``: ``input[N, C, H, W]``, ``weight[C, O / groups, kH, kW]``."""
    return _conv_transpose_nd(
        2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


@function()
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Adjoint of ``conv3d``: ``input[N, C, D, H, W]``."""
    return _conv_transpose_nd(
        3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


# --- fold and unfold -----------------------------------------------------------------------------


def _check_blocks(kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> None:
    for what, short, values, least in (
        ("kernel size", "kernel", kernel, 1),
        ("stride", "stride", stride, 1),
        ("dilation", "dilation", dilation, 1),
        ("padding", "pad", padding, 0),
    ):
        if any(v < least for v in values):
            bound = "greater than zero" if least else "non-negative"
            raise RuntimeError(
                f"{what} should be {bound}, but got {short}_height: {values[0]} {short}_width: "
                f"{values[1]}"
            )


def _pairs(padding: Ints) -> tuple[tuple[int, int], ...]:
    return tuple((p, p) for p in padding)


@operator(
    "Im2ColBackward0",
    input=lambda grad, input, kernel_size, dilation, padding, stride: col2im(
        grad, input._shape[-2:], kernel_size, dilation, padding, stride
    ),
    method=False,
    function=False,
)
def im2col(input: Tensor, kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Tensor:
    """Sliding blocks of ``input[N, C, H, W]`` (or unbatched) as columns ``[N, C * kH * kW, L]``."""
    shape = input._shape
    config = kernel_size, stride, _pairs(padding), dilation
    blocks = output_size(shape[-2:], *config)
    if any(b < 1 for b in blocks):
        raise RuntimeError(
            f"Given input with spatial size {shape[-2:]}, kernel_size={kernel_size}, "
            f"dilation={dilation}, padding={padding}, calculated shape of the array of sliding "
            f"blocks as {blocks}, but its components must be at least one."
        )
    e = input._expr()
    if len(shape) == 4:
        return new_tensor(record(W.UNFOLD, (e,), config))
    e = record(W.UNFOLD, (record(P.RESHAPE, (e,), ((1, *shape),)),), config)
    return new_tensor(record(P.RESHAPE, (e,), (e.shape[1:],)))


@operator(
    "Col2ImBackward0",
    input=lambda grad, kernel_size, dilation, padding, stride: im2col(
        grad, kernel_size, dilation, padding, stride
    ),
    method=False,
    function=False,
)
def col2im(
    input: Tensor,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints,
    padding: Ints,
    stride: Ints,
) -> Tensor:
    """Adjoint of ``im2col``: blocks ``[N, C * kH * kW, L]`` added into ``[N, C, H, W]``."""
    *batch, rows, _ = input._shape
    channels = rows // (kernel_size[0] * kernel_size[1])
    shape = (batch[0] if batch else 1, channels, *output_size)
    e = input._expr()
    if not batch:
        e = record(P.RESHAPE, (e,), ((1, *e.shape),))
    e = record(W.FOLD, (e,), (shape, kernel_size, stride, _pairs(padding), dilation))
    return new_tensor(e if batch else record(P.RESHAPE, (e,), (shape[1:],)))


def unfold(
    input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """``nn.functional.unfold``: sliding blocks of images as columns ``[N, C * kH * kW, L]``.

    Raises:
        RuntimeError: sizes that leave no block.
    """
    check_tensor(input, "unfold")
    options = [
        expand(v, 2, "im2col", n)
        for n, v in (
            ("kernel_size", kernel_size),
            ("dilation", dilation),
            ("padding", padding),
            ("stride", stride),
        )
    ]
    _check_blocks(*options)
    if len(input._shape) not in (3, 4):
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(input._shape)}"
        )
    return im2col(input, *options)


def fold(
    input: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """``nn.functional.fold``: add blocks ``[N, C * kH * kW, L]`` up to images of ``output_size``.

    Raises:
        RuntimeError: the blocks are not those of such images.
    """
    check_tensor(input, "fold")
    size = expand(output_size, 2, "col2im", "output_size")
    kernel = expand(kernel_size, 2, "col2im", "kernel_size")
    dilation = expand(dilation, 2, "col2im", "dilation")
    padding = expand(padding, 2, "col2im", "padding")
    stride = expand(stride, 2, "col2im", "stride")
    _check_blocks(kernel, dilation, padding, stride)
    shape = input._shape
    if len(shape) not in (2, 3):
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
            f"non-zero dimensions for input, but got: {list(shape)}"
        )
    if shape[-2] % (kernel[0] * kernel[1]):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={shape[-2]} and kernel_size={kernel}."
        )
    blocks = _block_count(size, kernel, stride, padding, dilation)
    if blocks[0] * blocks[1] != shape[-1]:
        raise RuntimeError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={dilation}, "
            f"padding={padding}, stride={stride}, expected size of input's dimension 2 to match "
            f"the calculated number of sliding blocks {blocks[0]} * {blocks[1]} = "
            f"{blocks[0] * blocks[1]}, but got input.size(2)={shape[-1]}."
        )
    return col2im(input, size, kernel, dilation, padding, stride)


def _block_count(size: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Ints:
    return output_size(size, kernel, stride, _pairs(padding), dilation)
